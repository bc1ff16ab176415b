//! Relations in the making: own columns, and what they take over from others.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::{ColumnDef, ConstrType, Node};

use super::nodes;
use super::types::{Resolved, TypeRef, Types};
use crate::catalogue::{Column, Relation, RelationKind};
use crate::policy::RelationName;

/// A relation as its statements describe it.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) kind: RelationKind,
    pub(super) columns: Vec<DraftColumn>,
    pub(super) primary_key: Vec<String>,
    /// Tables or a composite type whose columns come first.
    pub(super) from: Vec<RelationName>,
    pub(super) partition_of: Option<RelationName>,
    /// Tables among whose rows its own show.
    pub(super) inherits: Vec<RelationName>,
    /// Schema for names without one.
    pub(super) schema: String,
}

/// A column as it is written.
#[derive(Clone, Debug)]
pub(super) struct DraftColumn {
    pub(super) name: String,
    /// Empty where only options of an inherited column are given.
    pub(super) type_name: String,
    pub(super) ty: TypeRef,
    pub(super) not_null: bool,
    pub(super) generated: bool,
}

impl Draft {
    pub(super) fn new(kind: RelationKind, schema: &str) -> Self {
        Self {
            kind,
            columns: Vec::new(),
            primary_key: Vec::new(),
            from: Vec::new(),
            partition_of: None,
            inherits: Vec::new(),
            schema: schema.to_owned(),
        }
    }

    /// A column that statements speak of by name; it may be an inherited one.
    pub(super) fn column(&mut self, name: &str) -> Option<&mut DraftColumn> {
        if !self.columns.iter().any(|column| column.name == name) {
            let ty = TypeRef::new(None);
            self.columns.push(DraftColumn {
                name: name.to_owned(),
                type_name: String::new(),
                ty,
                not_null: false,
                generated: false,
            });
        }
        self.columns.iter_mut().find(|column| column.name == name)
    }
}

impl DraftColumn {
    /// From `name type ...` in a statement. pg_dump writes one column to a line, and the type as `format_type` spells
    /// it.
    pub(super) fn new(definition: &ColumnDef, statement: &str, schema: &str) -> Self {
        let type_name = definition.type_name.as_ref();
        let mut ty = TypeRef::new(type_name);
        ty.collation = nodes::collation(definition.coll_clause.as_deref(), schema);
        Self {
            name: definition.colname.clone(),
            type_name: type_name.map(|ty| spelling(definition, ty.location, statement)).unwrap_or_default(),
            ty,
            not_null: definition.constraints.iter().any(is_not_null),
            generated: definition.constraints.iter().any(is_generated),
        }
    }
}

fn is_not_null(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::Constraint(constraint)) => {
            constraint.contype() == ConstrType::ConstrNotnull && !constraint.skip_validation
        }
        _ => false,
    }
}

fn is_generated(node: &Node) -> bool {
    matches!(&node.node, Some(NodeEnum::Constraint(own)) if own.contype() == ConstrType::ConstrGenerated)
}

/// The type's text: from where it begins to where the next clause or line does.
fn spelling(definition: &ColumnDef, from: i32, statement: &str) -> String {
    let clauses = definition.constraints.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::Constraint(constraint)) => Some(constraint.location),
        _ => None,
    });
    let collation = definition.coll_clause.iter().map(|collation| collation.location);
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let next =
        clauses.chain(collation).filter_map(|at| usize::try_from(at).ok()).filter(|at| *at > from).min();
    let rest = statement.get(from..next.unwrap_or(statement.len())).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let line = line.split(" OPTIONS (").next().unwrap_or_default().trim_end();
    let line = line.strip_suffix(',').unwrap_or(line);
    // The closing parenthesis of the statement itself, where everything is on one line.
    let open = line.matches('(').count();
    let closed = line.matches(')').count();
    let line = if closed > open { line.trim_end_matches([';', ')']).trim_end() } else { line };
    line.to_owned()
}

/// The finished relation.
pub(super) fn finish(
    name: &RelationName,
    drafts: &BTreeMap<RelationName, Draft>,
    types: &Types,
) -> Option<Relation> {
    let draft = drafts.get(name)?;
    let kind = if draft.partition_of.is_some() { RelationKind::Partition } else { draft.kind };
    let columns = gather(name, drafts).into_iter().map(|(column, schema)| {
        let Resolved { kind, operators, words } = types.resolve(&column.ty, &schema);
        let key = draft.primary_key.contains(&column.name);
        Column {
            name: column.name,
            type_name: column.type_name,
            kind,
            // Nobody enforces NOT NULL on a foreign table.
            nullable: !(column.not_null || key) || draft.kind == RelationKind::Foreign,
            operators,
            words,
            generated: column.generated,
            computed: column.generated,
            folding: false,
        }
    });
    Some(Relation {
        name: name.clone(),
        kind,
        columns: columns.collect(),
        primary_key: draft.primary_key.clone(),
        estimated_rows: -1,
        foreign: kind == RelationKind::Foreign,
        plain: false,
        parts: Vec::new(),
    })
}

/// All columns with the schema their types are looked up in: inherited ones first, each once. Each ancestor is visited
/// once, whatever circles an archive claims.
fn gather(name: &RelationName, drafts: &BTreeMap<RelationName, Draft>) -> Vec<(DraftColumn, String)> {
    let mut columns: Vec<(DraftColumn, String)> = Vec::new();
    let mut add = |column: &DraftColumn, schema: &str| match columns
        .iter_mut()
        .find(|(known, _)| known.name == column.name)
    {
        Some((known, _)) => {
            known.not_null |= column.not_null;
            known.generated |= column.generated;
        }
        None => columns.push((column.clone(), schema.to_owned())),
    };
    for ancestor in lineage(name, drafts) {
        for column in &ancestor.columns {
            add(column, &ancestor.schema);
        }
    }
    // What no parent and no definition gave a type is no column.
    columns.retain(|(column, _)| !column.type_name.is_empty());
    columns
}

/// A relation and its ancestors, each behind its own.
fn lineage<'a>(name: &'a RelationName, drafts: &'a BTreeMap<RelationName, Draft>) -> Vec<&'a Draft> {
    let mut seen = BTreeSet::from([name]);
    let mut lineage = Vec::new();
    let mut open: Vec<_> = drafts.get(name).map(|draft| (draft, draft.from.iter())).into_iter().collect();
    while let Some((draft, parents)) = open.last_mut() {
        let next = parents.find(|parent| seen.insert(parent));
        match next {
            Some(parent) => open.extend(drafts.get(parent).map(|draft| (draft, draft.from.iter()))),
            None => {
                lineage.push(*draft);
                open.pop();
            }
        }
    }
    lineage
}
