//! What an archive's statements say it holds, read with PostgreSQL's own grammar.
//!
//! Statements about other things (functions, rights, policies) are passed over. A table that cannot be understood is an
//! error: leaving it out would make its rows invisible.

mod columns;
mod constraints;
mod nodes;
mod sequences;
#[cfg(test)]
mod tests;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, AlterTableStmt, AlterTableType, ConstrType, CreateStmt, ObjectType};

use self::columns::{Draft, DraftColumn};
use self::constraints::{Around, constraint};
use self::sequences::Sequences;
use self::types::{TypeDef, TypeRef, Types};
use super::entry::Entry;
use super::error::ArchiveError;
use crate::catalogue::{Catalogue, Relation, RelationKind};
use crate::policy::RelationName;

pub(super) use nodes::{relation, texts};

/// Kinds of entries whose statements say nothing that is asked for; parsing them would only take time, or fail on words
/// that later grammars have dropped.
const PASSED: [&str; 12] = [
    "ACL",
    "AGGREGATE",
    "BLOB",
    "BLOBS",
    "COMMENT",
    "DATABASE",
    "FUNCTION",
    "POLICY",
    "PROCEDURE",
    "RULE",
    "SECURITY LABEL",
    "STATISTICS DATA",
];

/// What an archive says it holds, and how its tables hang together.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) catalogue: Catalogue,
    /// What each relation is, a partition or not.
    pub(super) kinds: BTreeMap<RelationName, RelationKind>,
    /// The partitioned table of each partition.
    pub(super) partition_of: BTreeMap<RelationName, RelationName>,
    /// The tables that each table inherits from otherwise.
    pub(super) inherits: BTreeMap<RelationName, Vec<RelationName>>,
    /// Tables with row security enabled.
    pub(super) secured: BTreeSet<RelationName>,
    /// Both the other way round.
    below: BTreeMap<RelationName, Vec<RelationName>>,
}

impl Model {
    /// A relation by its name, if it is defined.
    pub(super) fn relation(&self, name: &RelationName) -> Option<&Relation> {
        let relations = &self.catalogue.relations;
        relations.binary_search_by(|relation| relation.name.cmp(name)).ok().and_then(|at| relations.get(at))
    }

    /// A relation and everything below it, each once: partitions, and tables that inherit.
    pub(super) fn family<'a>(&'a self, name: &'a RelationName) -> Vec<&'a RelationName> {
        let mut family = vec![name];
        let mut seen = BTreeSet::from([name]);
        let mut next = 0;
        while let Some(parent) = family.get(next) {
            let below = self.below.get(*parent).into_iter().flatten();
            let fresh: Vec<&RelationName> = below.filter(|child| seen.insert(child)).collect();
            family.extend(fresh);
            next += 1;
        }
        family
    }
}

/// Reads the definitions of all entries. `bare` says that names without a schema are in their entry's (archives from
/// before 2018, when the search path was set for each entry).
pub(super) fn read(entries: &[Entry], bare: bool) -> Result<Model, ArchiveError> {
    let mut reader = Reader::default();
    for entry in entries {
        if entry.definition.trim().is_empty() || PASSED.contains(&entry.kind.as_str()) {
            continue;
        }
        let schema = entry.namespace.as_deref().filter(|_| bare).unwrap_or("pg_catalog");
        match pg_query::parse(&entry.definition, pg_query::ParserOptions::default()) {
            Ok(parsed) => {
                for statement in parsed.protobuf.stmts.into_iter().filter_map(|raw| raw.stmt?.node) {
                    reader.statement(&statement, &entry.definition, &entry.kind, schema);
                }
            }
            Err(error) if entry.kind.contains("TABLE") || entry.kind.is_empty() => {
                let message = format!("its definition cannot be understood: {error}");
                let place = format!("{} {}", entry.kind, entry.tag);
                return Err(ArchiveError::unsupported(message).inside(place.trim()));
            }
            Err(_) => {}
        }
    }
    Ok(reader.finish())
}

#[derive(Debug, Default)]
struct Reader {
    drafts: BTreeMap<RelationName, Draft>,
    types: Types,
    sequences: Sequences,
    around: Around,
    /// Tables with row security.
    secured: BTreeSet<RelationName>,
    /// Composite types, whose columns a table may take over.
    composites: BTreeMap<RelationName, Draft>,
}

impl Reader {
    fn statement(&mut self, statement: &NodeEnum, text: &str, kind: &str, schema: &str) {
        match statement {
            NodeEnum::CreateStmt(create) => self.create(create, RelationKind::Table, text, schema),
            NodeEnum::CreateForeignTableStmt(create) => {
                if let Some(base) = &create.base_stmt {
                    self.create(base, RelationKind::Foreign, text, schema);
                }
            }
            NodeEnum::ViewStmt(view) => {
                let name = nodes::relation(view.view.as_ref(), schema);
                self.drafts.insert(name, Draft::new(RelationKind::View, schema));
            }
            NodeEnum::CreateTableAsStmt(create) if create.objtype() == ObjectType::ObjectMatview => {
                let into = create.into.as_ref().and_then(|into| into.rel.as_ref());
                let name = nodes::relation(into, schema);
                self.drafts.insert(name, Draft::new(RelationKind::MaterializedView, schema));
            }
            NodeEnum::AlterTableStmt(alter) => self.alter(alter, schema),
            NodeEnum::IndexStmt(index) => self.around.index(index, schema),
            NodeEnum::CreateTrigStmt(trigger) => self.around.trigger(trigger, schema),
            NodeEnum::CreateSeqStmt(create) => {
                let name = nodes::relation(create.sequence.as_ref(), schema);
                self.sequences.options(name, &create.options, schema);
            }
            NodeEnum::AlterSeqStmt(alter) => {
                let name = nodes::relation(alter.sequence.as_ref(), schema);
                self.sequences.options(name, &alter.options, schema);
            }
            NodeEnum::SelectStmt(select) if kind == "SEQUENCE SET" => self.sequences.set(select, schema),
            other => self.type_definition(other, text, schema),
        }
    }

    fn type_definition(&mut self, statement: &NodeEnum, text: &str, schema: &str) {
        let (name, definition) = match statement {
            NodeEnum::CreateEnumStmt(create) => {
                (nodes::texts(&create.type_name), TypeDef::Enum(nodes::texts(&create.vals)))
            }
            NodeEnum::CreateDomainStmt(create) => {
                let mut base = TypeRef::new(create.type_name.as_ref());
                base.collation = nodes::collation(create.coll_clause.as_deref(), schema);
                (nodes::texts(&create.domainname), TypeDef::Domain(base))
            }
            NodeEnum::CreateRangeStmt(create) => (nodes::texts(&create.type_name), TypeDef::Other),
            NodeEnum::DefineStmt(define) if define.kind() == ObjectType::ObjectCollation => {
                if nodes::is_off(&define.definition, "deterministic") {
                    self.types.folding.insert(nodes::qualified(&nodes::texts(&define.defnames), schema));
                }
                return;
            }
            NodeEnum::DefineStmt(define) if define.kind() == ObjectType::ObjectType => {
                (nodes::texts(&define.defnames), TypeDef::Other)
            }
            NodeEnum::CompositeTypeStmt(create) => {
                let name = nodes::relation(create.typevar.as_ref(), schema);
                let mut draft = Draft::new(RelationKind::Table, schema);
                draft.columns =
                    create.coldeflist.iter().filter_map(|node| column(node, text, schema)).collect();
                self.composites.insert(name.clone(), draft);
                (vec![name.schema, name.name], TypeDef::Other)
            }
            _ => return,
        };
        self.types.known.insert(nodes::qualified(&name, schema), definition);
    }

    fn create(&mut self, create: &CreateStmt, kind: RelationKind, text: &str, schema: &str) {
        let name = nodes::relation(create.relation.as_ref(), schema);
        let kind = if create.partspec.is_some() { RelationKind::Partitioned } else { kind };
        let mut draft = Draft::new(kind, schema);
        let parents = create.inh_relations.iter().filter_map(|node| match &node.node {
            Some(NodeEnum::RangeVar(range)) => Some(nodes::relation(Some(range), schema)),
            _ => None,
        });
        draft.from = parents.collect();
        if create.partbound.is_some() {
            draft.partition_of = draft.from.first().cloned();
        } else {
            draft.inherits.clone_from(&draft.from);
        }
        if let Some(of) = &create.of_typename {
            draft.from.push(nodes::qualified(&nodes::texts(&of.names), schema));
        }
        let mut defaults = Vec::new();
        for element in &create.table_elts {
            match &element.node {
                Some(NodeEnum::ColumnDef(definition)) => {
                    for own in definition.constraints.iter().filter_map(constraint) {
                        if own.contype() == ConstrType::ConstrDefault {
                            defaults.push((definition.colname.clone(), own.raw_expr.clone()));
                        } else if own.contype() != ConstrType::ConstrNotnull || !own.conname.is_empty() {
                            self.around.constraint(&name, &mut draft, own);
                        }
                    }
                    draft.columns.push(DraftColumn::new(definition, text, schema));
                }
                Some(NodeEnum::Constraint(own)) => self.around.constraint(&name, &mut draft, own),
                _ => {}
            }
        }
        for (column, expression) in defaults {
            if let Some(expression) = expression {
                self.sequences.default(&name, &column, &expression, schema);
            }
        }
        self.drafts.insert(name, draft);
    }

    fn alter(&mut self, alter: &AlterTableStmt, schema: &str) {
        let name = nodes::relation(alter.relation.as_ref(), schema);
        for command in &alter.cmds {
            if let Some(NodeEnum::AlterTableCmd(command)) = &command.node {
                self.command(&name, command, schema);
            }
        }
    }

    fn command(&mut self, name: &RelationName, command: &AlterTableCmd, schema: &str) {
        let definition = command.def.as_deref();
        let node = definition.and_then(|definition| definition.node.as_ref());
        match (command.subtype(), node) {
            (AlterTableType::AtAddConstraint, Some(NodeEnum::Constraint(constraint))) => {
                // A constraint may be in an archive without its table, and is then of no use.
                if let Some(draft) = self.drafts.get_mut(name) {
                    self.around.constraint(name, draft, constraint);
                }
            }
            (AlterTableType::AtSetNotNull, _) => {
                if let Some(column) = self.drafts.get_mut(name).and_then(|draft| draft.column(&command.name))
                {
                    column.not_null = true;
                }
            }
            (AlterTableType::AtColumnDefault, Some(_)) => {
                if let Some(expression) = definition {
                    self.sequences.default(name, &command.name, expression, schema);
                }
            }
            (AlterTableType::AtAddIdentity, Some(NodeEnum::Constraint(constraint))) => {
                self.sequences.identity(name, &command.name, &constraint.options, schema);
            }
            (AlterTableType::AtAttachPartition, Some(NodeEnum::PartitionCmd(attach))) => {
                let partition = nodes::relation(attach.name.as_ref(), schema);
                if let Some(draft) = self.drafts.get_mut(&partition) {
                    draft.partition_of = Some(name.clone());
                }
            }
            (AlterTableType::AtAddInherit, Some(NodeEnum::RangeVar(parent))) => {
                let parent = nodes::relation(Some(parent), schema);
                if let Some(draft) = self.drafts.get_mut(name) {
                    draft.inherits.push(parent);
                }
            }
            (AlterTableType::AtDisableTrig, _) => self.around.switch(name, &command.name, "is disabled"),
            (AlterTableType::AtEnableReplicaTrig, _) => {
                self.around.switch(name, &command.name, "fires only on replicas");
            }
            (AlterTableType::AtEnableRowSecurity, _) => {
                self.secured.insert(name.clone());
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Model {
        self.around.sort();
        let partition_of =
            self.drafts.iter().filter_map(|(name, draft)| Some((name.clone(), draft.partition_of.clone()?)));
        let partition_of: BTreeMap<_, _> = partition_of.collect();
        let inherits = self.drafts.iter().filter(|(_, draft)| !draft.inherits.is_empty());
        let inherits = inherits.map(|(name, draft)| (name.clone(), draft.inherits.clone())).collect();
        let kinds: BTreeMap<_, _> =
            self.drafts.iter().map(|(name, draft)| (name.clone(), draft.kind)).collect();
        for (name, draft) in self.composites {
            self.drafts.entry(name).or_insert(draft);
        }
        let mut below: BTreeMap<RelationName, Vec<RelationName>> = BTreeMap::new();
        for (child, draft) in &self.drafts {
            for parent in draft.partition_of.iter().chain(&draft.inherits) {
                below.entry(parent.clone()).or_default().push(child.clone());
            }
        }
        let mut relations: Vec<Relation> =
            kinds.keys().filter_map(|name| columns::finish(name, &self.drafts, &self.types)).collect();
        // NOT NULL binds partitions, and not all of the tables that inherit.
        for relation in &mut relations {
            if relation.kind == RelationKind::Table && below.contains_key(&relation.name) {
                relation.columns.iter_mut().for_each(|column| column.nullable = true);
            }
        }
        let catalogue = Catalogue {
            relations,
            foreign_keys: self.around.foreign_keys,
            objects: self.around.objects,
            sequences: self.sequences.finish(),
            ..Catalogue::default()
        };
        Model { catalogue, kinds, partition_of, inherits, secured: self.secured, below }
    }
}

fn column(node: &pg_query::protobuf::Node, text: &str, schema: &str) -> Option<DraftColumn> {
    match &node.node {
        Some(NodeEnum::ColumnDef(definition)) => Some(DraftColumn::new(definition, text, schema)),
        _ => None,
    }
}
