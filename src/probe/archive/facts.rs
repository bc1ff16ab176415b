//! The facts of an archive.

use super::{Opened, failure};
use crate::catalogue::RelationKind;
use crate::facts::{Failure, Observed};
use crate::failure::FailureKind;
use crate::policy::facts::Fact;
use crate::probe::dump::{Archive, Entry, Table, TableData};

/// The value of a fact.
///
/// # Errors
///
/// It is none of an archive, or what it is about could not be read.
pub(super) fn fact(opened: &Opened, fact: &Fact, argument: Option<&str>) -> Result<Observed, Failure> {
    let archive = &opened.archive;
    let header = archive.header();
    let other = |message: String| Failure { kind: FailureKind::Other, message };
    let tables = || archive.tables().map_err(|e| failure(&e));
    let is_table = |t: &&Table| matches!(t.kind, Some(RelationKind::Table | RelationKind::Partition));
    let cell = match (fact.name, argument) {
        ("age", None) => Some(format!("{} microseconds", age(opened).map_err(other)?)),
        ("size", None) => Some(header.bytes.to_string()),
        ("format", None) => Some(header.format.word().to_owned()),
        ("database", None) => header.database.clone(),
        ("encoding", None) => header.encoding.clone(),
        ("server_version", None) => header.server_version.clone(),
        ("pg_dump_version", None) => header.pg_dump_version.clone(),
        ("tables", None) => Some(tables()?.iter().filter(is_table).count().to_string()),
        ("tables_without_rows", None) => {
            let all = tables()?;
            if !all.iter().any(|table| is_table(&table)) {
                return Err(other("the archive knows no table, so there is nothing to look at".to_owned()));
            }
            Some(all.iter().filter(is_table).filter(|t| t.data != TableData::Rows).count().to_string())
        }
        ("large_objects", None) => Some(large_objects(archive).to_string()),
        ("large_objects_without_contents", None) => {
            let without = if archive.has_large_objects() { 0 } else { large_objects(archive) };
            Some(without.to_string())
        }
        ("compression", None) => Some(header.compression.word().to_owned()),
        (name, None) if kinds(name).is_some() => {
            kinds(name).map(|kinds| entries(archive, kinds).count().to_string())
        }
        _ => {
            return Err(other(format!(
                "`{}` is a fact of a server, and this source is an archive",
                fact.name
            )));
        }
    };
    Ok(Observed::Cell(cell))
}

/// The entries of a table of contents that an inventory counts under a name, as pg_dump calls them (`pg_dump.c`).
fn kinds(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "schemas" => &["SCHEMA"],
        "extensions" => &["EXTENSION"],
        "sequences" => &["SEQUENCE"],
        "indexes" => &["INDEX"],
        "constraints" => &["CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT"],
        "functions" => &["FUNCTION", "PROCEDURE", "AGGREGATE"],
        "triggers" => &["TRIGGER"],
        _ => return None,
    })
}

fn entries<'a>(archive: &'a Archive, kinds: &'a [&str]) -> impl Iterator<Item = &'a Entry> {
    archive.entries().iter().filter(|entry| kinds.contains(&entry.kind.as_str()))
}

/// Each of its own up to PostgreSQL 16, and many in one entry from 17 on.
fn large_objects(archive: &Archive) -> usize {
    entries(archive, &["BLOB", "BLOB METADATA"]).count()
}

/// Microseconds since the archive was made: since its file was changed, or, since copying makes a file look young, since
/// the latest instant that the local time recorded in it can have been anywhere (UTC-12).
fn age(opened: &Opened) -> Result<i64, String> {
    let changed = opened.changed.clone()?;
    let recorded = opened.archive.header().created.and_then(|at| {
        let west = jiff::tz::TimeZone::fixed(jiff::tz::offset(-12));
        at.to_zoned(west).ok().map(|at| at.timestamp())
    });
    let at = recorded.map_or(changed, |recorded| recorded.min(changed));
    crate::probe::tells::age(at, "the archive").map_err(|failure| failure.message)
}
