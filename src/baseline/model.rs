//! A baseline: what one database held in one snapshot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::large::LargeSeal;
use super::seal::Seal;
use crate::catalogue::{Catalogue, Column, ColumnKind, Relation, RelationKind};
use crate::chain::anchor::Anchor;
use crate::policy::RelationName;

/// Value of the `schema` key of a baseline file.
pub const SCHEMA: &str = "holdtrue.baseline/1";

/// Kind of the owner and the grants of a large object. Large objects come and go with the data, so those that only one side has are no
/// change of a schema.
pub const LARGE_OBJECT_ACCESS: &str = "large object access";

/// Everything that was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Version of holdtrue that took it.
    pub version: String,
    /// When the snapshot was taken, by the clock of the machine that took it.
    pub taken: jiff::Timestamp,
    /// The policy it was taken under.
    pub policy: PolicyRef,
    /// What was read.
    pub source: SourceRef,
    /// Relations that hold rows, by name.
    pub relations: Vec<Sealed>,
    /// Objects around them.
    pub inventory: Inventory,
    /// Last value of each sequence that feeds a column; none where it was never used.
    pub sequences: BTreeMap<String, Option<String>>,
    /// Its large objects; nothing in a baseline of a version that did not seal them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub large_objects: Option<LargeSeal>,
    /// Exact sums of the ledgers' columns, as `schema.table.column`.
    pub sums: BTreeMap<String, String>,
    /// The last row of each split of each chain that was intact.
    pub heads: Vec<Anchor>,
}

/// The policy a baseline was taken under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// Its name.
    pub name: String,
    /// Its digest.
    pub digest: String,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRef {
    /// Its name in the policy.
    pub name: String,
    /// `postgres` or `dump`.
    pub kind: String,
    /// What it said of itself: database, versions, positions.
    pub identity: BTreeMap<String, String>,
}

/// A relation with its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// Its name.
    pub name: RelationName,
    /// Its columns in order.
    pub columns: Vec<SealedColumn>,
    /// Columns of its primary key; empty without one.
    pub key: Vec<String>,
    /// How its rows belong to tenants, as the planner spells the way; empty where they do not.
    pub tenant_by: String,
    /// Its contents, if they could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsealed: Option<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedColumn {
    /// Its name.
    pub name: String,
    /// Its type as PostgreSQL writes it.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// Objects of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// Kinds of objects that were looked at: of others nothing is known.
    pub kinds: Vec<String>,
    /// Whose words the definitions are, such as `postgresql 15`: those of another version differ without a change. Empty
    /// where there are none.
    pub definitions: String,
    /// The objects, by kind and name.
    pub objects: Vec<Object>,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// What it is, such as `index`.
    pub kind: String,
    /// Its name with its schema.
    pub name: String,
    /// SHA-256 of its definition, or of the text that says everything about it; empty where that is not known.
    pub definition: String,
}

/// Columns as a baseline keeps them: without those whose values a server computes.
#[must_use]
pub fn columns_of(relation: &Relation) -> Vec<SealedColumn> {
    let of = |c: &Column| SealedColumn { name: c.name.clone(), type_name: c.type_name.clone() };
    relation.columns.iter().filter(|c| !(c.computed || c.generated)).map(of).collect()
}

impl Baseline {
    /// A relation by its name.
    #[must_use]
    pub fn relation(&self, name: &RelationName) -> Option<&Sealed> {
        self.relations.iter().find(|r| r.name == *name)
    }

    /// What it holds, as a catalogue: relations and columns, of which only names and types are known.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        let column = |column: &SealedColumn| Column {
            name: column.name.clone(),
            type_name: column.type_name.clone(),
            kind: ColumnKind::Other,
            nullable: true,
            operators: None,
            words: Vec::new(),
            generated: false,
            folding: false,
            computed: false,
        };
        let relation = |sealed: &Sealed| Relation {
            name: sealed.name.clone(),
            kind: RelationKind::Table,
            columns: sealed.columns.iter().map(column).collect(),
            primary_key: sealed.key.clone(),
            estimated_rows: sealed.seal.as_ref().map_or(-1, |s| i64::try_from(s.whole.rows).unwrap_or(-1)),
            foreign: false,
            plain: false,
            parts: Vec::new(),
        };
        let sealed = self.relations.iter().filter_map(|r| Some((r.name.to_string(), r.seal.as_ref()?)));
        let greatest = sealed.filter(|(_, seal)| !seal.greatest.is_empty());
        Catalogue {
            relations: self.relations.iter().map(relation).collect(),
            greatest: greatest.map(|(name, seal)| (name, seal.greatest.clone())).collect(),
            ..Catalogue::default()
        }
    }
}
