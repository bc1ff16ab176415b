//! A pg_dump archive as a source: what it says of itself, its facts, and its rows.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::dump::{Archive, ArchiveError, ArchiveErrorKind, RowRef, Table, TableData};
use super::observe::observation;
use crate::catalogue::RelationKind;
use crate::facts::{Failure, Observed, SourceFacts};
use crate::failure::FailureKind;
use crate::plan::{Statement, Work};
use crate::policy::RelationName;
use crate::policy::facts::Fact;
use crate::stream::{self, Filler, Measured, Part, Rows};

/// The beginning of an archive's address.
pub const SCHEME: &str = "dump:";

/// The file an address names: the path itself, or the newest of those that a pattern matches.
///
/// # Errors
///
/// A sentence: nothing matches, or the pattern is none.
pub fn find(path: &str) -> Result<PathBuf, String> {
    if !path.contains(['*', '?', '[']) || Path::new(path).exists() {
        return Ok(PathBuf::from(path));
    }
    let matches = glob::glob(path).map_err(|e| format!("`{path}` is no pattern of file names: {e}"))?;
    let mut newest: Option<(std::time::SystemTime, PathBuf)> = None;
    for found in matches {
        let found =
            found.map_err(|e| format!("`{}` cannot be looked at: {}", e.path().display(), e.error()))?;
        let changed = std::fs::metadata(&found)
            .and_then(|m| m.modified())
            .map_err(|e| format!("`{}` cannot be looked at: {e}", found.display()))?;
        // Of files of one instant the last name counts, since names often hold a time too.
        if newest.as_ref().is_none_or(|(at, path)| (*at, path) < (changed, &found)) {
            newest = Some((changed, found));
        }
    }
    newest.map(|(_, path)| path).ok_or_else(|| format!("no file matches `{path}`"))
}

/// Opens an archive and lets it say what it is.
///
/// # Errors
///
/// Why it is none, or not a whole one.
pub fn open(path: &Path, facts: &mut SourceFacts) -> Result<Archive, Failure> {
    let archive = Archive::open(path).map_err(|e| failure(&e))?;
    facts.catalogue = archive.catalogue().map_err(|e| failure(&e))?.clone();
    let header = archive.header();
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.identity.push((name.to_owned(), value));
        }
    };
    say("format", Some(header.format.word().to_owned()));
    say("database", header.database.clone());
    say("server_version", header.server_version.clone());
    say("pg_dump_version", header.pg_dump_version.clone());
    say("encoding", header.encoding.clone());
    say("created", header.created.map(|at| format!("{at} (the dumping machine's clock, without its zone)")));
    say("bytes", Some(header.bytes.to_string()));
    let tables = archive.tables().map_err(|e| failure(&e))?;
    let without: Vec<String> = tables
        .iter()
        .filter(|t| t.data != TableData::Rows && t.kind == Some(RelationKind::Table))
        .map(|t| t.name.to_string())
        .collect();
    if !without.is_empty() {
        facts.notes.push(format!("the archive holds no rows of {}", without.join(", ")));
    }
    facts.notes.push(
        "read in place: what only a server can tell (raw SQL, collations, settings) is unproven here"
            .to_owned(),
    );
    Ok(archive)
}

fn failure(error: &ArchiveError) -> Failure {
    let kind = match error.kind {
        ArchiveErrorKind::NoSuchTable | ArchiveErrorKind::NoData => FailureKind::MissingObject,
        _ => FailureKind::Other,
    };
    Failure { kind, message: error.to_string() }
}

/// Makes every observation of these statements on an archive.
pub fn observe(
    archive: &Archive,
    path: &Path,
    statements: &[&Statement],
    limits: stream::Limits,
) -> Measured {
    let started = Instant::now();
    let Measured { mut found, bits } = stream::observe(statements, &Held::new(archive), limits);
    for statement in statements {
        if let Work::Fact { key, fact, argument } = &statement.work {
            let result = self::fact(archive, path, fact, argument.as_deref());
            found.insert(key.clone(), observation(result, started));
        }
    }
    // Everything is read together, so nothing has a time of its own.
    let elapsed = started.elapsed().as_micros() / statements.len().max(1) as u128;
    let share = u64::try_from(elapsed).unwrap_or(u64::MAX);
    found.values_mut().for_each(|observation| observation.micros = share);
    Measured { found, bits }
}

fn fact(archive: &Archive, path: &Path, fact: &Fact, argument: Option<&str>) -> Result<Observed, Failure> {
    let header = archive.header();
    let other = |message: String| Failure { kind: FailureKind::Other, message };
    let tables = || archive.tables().map_err(|e| failure(&e));
    let is_table = |t: &&Table| matches!(t.kind, Some(RelationKind::Table | RelationKind::Partition));
    let cell = match (fact.name, argument) {
        ("age", None) => Some(format!("{} microseconds", age(archive, path).map_err(other)?)),
        ("size", None) => Some(header.bytes.to_string()),
        ("format", None) => Some(header.format.word().to_owned()),
        ("database", None) => header.database.clone(),
        ("encoding", None) => header.encoding.clone(),
        ("server_version", None) => header.server_version.clone(),
        ("pg_dump_version", None) => header.pg_dump_version.clone(),
        ("tables", None) => Some(tables()?.iter().filter(is_table).count().to_string()),
        ("tables_without_rows", None) => {
            let all = tables()?;
            Some(all.iter().filter(is_table).filter(|t| t.data != TableData::Rows).count().to_string())
        }
        ("large_objects", None) => {
            let blobs =
                archive.entries().iter().filter(|e| matches!(e.kind.as_str(), "BLOB" | "BLOB METADATA"));
            Some(blobs.count().to_string())
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

/// Microseconds since the archive was made: since its file was changed, or, since copying makes a file look young, since
/// the latest instant that the local time recorded in it can have been anywhere (UTC-12).
fn age(archive: &Archive, path: &Path) -> Result<i64, String> {
    let newest = if path.is_dir() { path.join("toc.dat") } else { path.to_owned() };
    let changed = std::fs::metadata(&newest)
        .and_then(|m| m.modified())
        .map_err(|e| format!("`{}` cannot be looked at: {e}", newest.display()))?;
    let changed =
        jiff::Timestamp::try_from(changed).map_err(|e| format!("its time of change is none: {e}"))?;
    let recorded = archive.header().created.and_then(|at| {
        let west = jiff::tz::TimeZone::fixed(jiff::tz::offset(-12));
        at.to_zoned(west).ok().map(|at| at.timestamp())
    });
    let at = recorded.map_or(changed, |recorded| recorded.min(changed));
    let now = jiff::Timestamp::now().as_microsecond();
    now.checked_sub(at.as_microsecond()).ok_or_else(|| "its age cannot be counted".to_owned())
}

/// The rows of an archive.
struct Held<'a> {
    archive: &'a Archive,
    /// Whether its text is compared as a server would, byte by byte with a policy's: in UTF-8, or as bytes of no encoding.
    utf8: bool,
}

impl<'a> Held<'a> {
    fn new(archive: &'a Archive) -> Self {
        let encoding = archive.header().encoding.as_deref().unwrap_or_default();
        let utf8 = ["UTF8", "SQL_ASCII"].iter().any(|name| encoding.eq_ignore_ascii_case(name));
        Self { archive, utf8 }
    }
}

/// The first of these columns whose cell has a character beyond ASCII.
fn foreign<'r>(row: &RowRef<'r>, places: impl IntoIterator<Item = &'r usize>) -> Option<String> {
    let beyond = |place: &&usize| row.cell(**place).is_some_and(|cell| !cell.raw().is_ascii());
    places.into_iter().find(beyond).and_then(|place| row.columns().get(*place).cloned())
}

impl Rows for Held<'_> {
    fn read(
        &self,
        relation: &RelationName,
        _whole: Part,
        columns: &[String],
        to: &mut Filler<'_>,
    ) -> Result<(), Failure> {
        let mut places: Option<Vec<usize>> = None;
        let mut lacking = None;
        let mut unread = None;
        let read = self.archive.rows(relation, &mut |row| {
            if places.is_none() {
                let found: Result<Vec<usize>, &String> = columns
                    .iter()
                    .map(|name| row.columns().iter().position(|c| c == name).ok_or(name))
                    .collect();
                match found {
                    Ok(found) => places = Some(found),
                    Err(name) => {
                        lacking = Some(name.clone());
                        return ControlFlow::Break(());
                    }
                }
            }
            if !self.utf8 {
                unread = foreign(row, places.iter().flatten());
                if unread.is_some() {
                    return ControlFlow::Break(());
                }
            }
            let escaped = row.is_escaped();
            for cell in places.iter().flatten().map(|place| row.cell(*place)) {
                match cell {
                    Some(cell) if !escaped => to.cell(cell.raw()),
                    Some(cell) if !cell.is_null() => to.written(|bytes| cell.decode_onto(bytes)),
                    _ => to.null(),
                }
            }
            to.end_row()
        });
        if let Some(name) = lacking {
            return Err(Failure {
                kind: FailureKind::MissingObject,
                message: format!(
                    "the archive holds no values of column `{name}` of {relation}: a server generates them"
                ),
            });
        }
        if let Some(name) = unread {
            let encoding = self.archive.header().encoding.as_deref().unwrap_or("it does not name");
            return Err(Failure {
                kind: FailureKind::Other,
                message: format!(
                    "`{relation}.{name}` holds text beyond ASCII in encoding {encoding}, and archives are read in UTF8 \
                     only; dump again with `pg_dump --encoding=UTF8`"
                ),
            });
        }
        read.map(|_| ()).map_err(|e| failure(&e))
    }

    fn weight(&self, relation: &RelationName) -> u64 {
        self.archive.weight(relation)
    }
}
