//! Types: what a column's values really are, once domains are seen through.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::protobuf::TypeName;

use super::nodes;
use crate::catalogue::ColumnKind;
use crate::policy::RelationName;

/// Domains over domains are followed this far. PostgreSQL has no such limit, and nobody comes near.
const DEEPEST: usize = 64;

/// A type as some definition names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TypeRef {
    /// Its schema; none where it was left to the search path.
    schema: Option<String>,
    name: String,
    array: bool,
    /// The collation of its texts, where one is written.
    pub(super) collation: Option<RelationName>,
}

/// A type the archive defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TypeDef {
    /// With its words.
    Enum(Vec<String>),
    Domain(TypeRef),
    /// Composite, range or base.
    Other,
}

/// The types an archive defines.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// By name.
    pub(super) known: BTreeMap<RelationName, TypeDef>,
    /// Collations in which different texts are equal.
    pub(super) folding: BTreeSet<RelationName>,
}

/// What a type comes down to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The kind of its values.
    pub(super) kind: ColumnKind,
    /// The schema of its own comparison operators.
    pub(super) operators: Option<String>,
    /// The words of an enum.
    pub(super) words: Vec<String>,
}

impl Resolved {
    fn new(kind: ColumnKind, operators: Option<String>) -> Self {
        Self { kind, operators, words: Vec::new() }
    }
}

impl TypeRef {
    pub(super) fn new(name: Option<&TypeName>) -> Self {
        let mut names = name.map(|name| nodes::texts(&name.names)).unwrap_or_default();
        let array = name.is_some_and(|name| !name.array_bounds.is_empty());
        let last = names.pop().unwrap_or_default();
        Self { schema: names.pop(), name: last, array, collation: None }
    }
}

impl Types {
    /// What a type comes down to. `schema` is where names without one are looked up before the system's (archives from
    /// before 2018).
    pub(super) fn resolve(&self, written: &TypeRef, schema: &str) -> Resolved {
        let mut current = written.clone();
        let mut folding = None;
        for _ in 0..DEEPEST {
            // The outermost collation counts.
            if let Some(collation) = current.collation.take() {
                let of = self.folding.contains(&collation).then_some(collation.schema);
                folding = folding.or(Some(of));
            }
            if current.array {
                return Resolved::new(ColumnKind::Other, None);
            }
            let own = match &current.schema {
                Some(own) => own.clone(),
                None if self.knows(schema, &current.name) || is_of_an_extension(schema, &current.name) => {
                    schema.to_owned()
                }
                None => "pg_catalog".to_owned(),
            };
            if own == "pg_catalog" {
                return Resolved::new(ColumnKind::of(&current.name, "b"), folding.flatten());
            }
            let key = RelationName { schema: own.clone(), name: current.name.clone() };
            match self.known.get(&key) {
                Some(TypeDef::Enum(words)) => {
                    return Resolved { words: words.clone(), ..Resolved::new(ColumnKind::Enum, None) };
                }
                Some(TypeDef::Other) => return Resolved::new(ColumnKind::Other, None),
                Some(TypeDef::Domain(base)) => current = base.clone(),
                // Whatever is not defined comes from an extension, or was left out; then nobody knows what it is.
                None if current.name == "citext" => {
                    return Resolved::new(ColumnKind::of("citext", "b"), Some(own));
                }
                None => return Resolved::new(ColumnKind::Other, Some(own)),
            }
        }
        Resolved::new(ColumnKind::Other, None)
    }

    fn knows(&self, schema: &str, name: &str) -> bool {
        self.known.contains_key(&RelationName { schema: schema.to_owned(), name: name.to_owned() })
    }
}

/// The one extension type that is treated as text, where its schema was left to the search path.
fn is_of_an_extension(schema: &str, name: &str) -> bool {
    !schema.is_empty() && name == "citext"
}
