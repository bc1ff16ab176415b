//! Which blocks of data hold a relation's rows, and in what shape.

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::CopyStmt;

use super::catalogue;
use super::copy::Shape;
use super::entry::Entry;
use super::error::ArchiveError;
use crate::policy::RelationName;

/// The blocks of rows an archive holds, by relation: indexes of entries, in their order. A materialized view's data is a
/// statement that fills it, and has no rows.
pub(super) fn all(entries: &[Entry]) -> BTreeMap<RelationName, Vec<usize>> {
    let mut blocks: BTreeMap<RelationName, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if entry.has_data && entry.kind == "TABLE DATA" {
            blocks.entry(relation(entry)).or_default().push(index);
        }
    }
    blocks
}

/// The relation an entry is about.
pub(super) fn relation(entry: &Entry) -> RelationName {
    RelationName { schema: entry.namespace.clone().unwrap_or_default(), name: entry.tag.clone() }
}

/// The columns that an entry's COPY statement names, in order.
pub(super) fn columns(entry: &Entry) -> Result<Vec<String>, ArchiveError> {
    if entry.copy_statement.is_empty() {
        let message = "the archive was made with --inserts or --column-inserts: its rows are INSERT statements, which \
                       are not read; dump again without that option";
        return Err(ArchiveError::unsupported(message));
    }
    parsed(&entry.copy_statement).map(|copy| catalogue::texts(&copy.attlist))
}

/// The relation that a COPY statement names; without a schema it is in `schema`.
pub(super) fn target(statement: &str, schema: &str) -> Result<RelationName, ArchiveError> {
    parsed(statement).map(|copy| catalogue::relation(copy.relation.as_ref(), schema))
}

fn parsed(statement: &str) -> Result<CopyStmt, ArchiveError> {
    let unreadable =
        |why: &str| ArchiveError::unsupported(format!("its COPY statement cannot be read: {why}"));
    let parsed = pg_query::parse(statement, pg_query::ParserOptions::default())
        .map_err(|error| unreadable(&error.to_string()))?;
    let mut statements = parsed.protobuf.stmts.into_iter().filter_map(|raw| raw.stmt?.node);
    match (statements.next(), statements.next()) {
        (Some(NodeEnum::CopyStmt(copy)), None) if copy.is_from && copy.options.is_empty() => Ok(*copy),
        _ => Err(unreadable("it is not of the form pg_dump writes")),
    }
}

/// The shape of a block, for a caller that has already seen the columns of another block of the same relation.
/// Partitions may have the columns of their table in another order, and tables that inherit have further ones.
pub(super) fn shape(own: Vec<String>, seen: Option<&[String]>) -> Result<Shape, ArchiveError> {
    let width = own.len();
    let Some(seen) = seen.filter(|seen| *seen != own.as_slice()) else {
        return Ok(Shape { width, columns: own, order: None });
    };
    let order: Option<Vec<usize>> =
        seen.iter().map(|column| own.iter().position(|other| other == column)).collect();
    match order {
        Some(order) => Ok(Shape { width, columns: seen.to_vec(), order: Some(order) }),
        None => Err(ArchiveError::corrupt("it lacks columns of the table it belongs to")),
    }
}
