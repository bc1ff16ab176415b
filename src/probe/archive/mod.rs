//! A pg_dump archive as a source: what it says of itself, its facts, and its rows.

mod facts;
mod large;
mod newest;
mod rows;

use std::path::Path;
use std::time::Instant;

use super::dump::{Archive, ArchiveError, ArchiveErrorKind, OnRow, TableData};
use super::objects::{self, Finder};
use crate::catalogue::RelationKind;
use crate::erasure::Gather;
use crate::facts::{Failure, Observation, Observed, SourceFacts};
use crate::failure::FailureKind;
use crate::measure::rows::RowSet;
use crate::plan::{Inspection, Statement, Work};
use crate::policy::RelationName;
use crate::stream::{self, Measured};

/// The beginning of an archive's address.
pub const SCHEME: &str = "dump:";

/// The file that an address names: the path itself, or the newest of those that a pattern matches.
///
/// # Errors
/// A sentence: nothing matches, or the pattern is none.
pub fn newest(path: &str) -> Result<std::path::PathBuf, String> {
    newest::find(path)
}

/// An archive that was opened.
#[derive(Debug)]
pub struct Opened {
    archive: Archive,
    /// When its file or object was written, or why that is not known.
    changed: Result<jiff::Timestamp, String>,
}

impl Opened {
    /// How much of it was read, for people.
    pub(super) fn progress(&self) -> String {
        let (read, all) = (self.archive.bytes_read(), self.archive.header().bytes);
        format!("{} read of an archive of {}", size(read), size(all))
    }
}

/// A size in the unit that suits it, with one digit behind the point.
fn size(bytes: u64) -> String {
    let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    units.into_iter().find(|(_, unit)| bytes >= *unit).map_or_else(
        || format!("{bytes} B"),
        |(name, unit)| format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    )
}

/// Whether an address is that of an archive although it does not begin with [`SCHEME`].
pub(super) fn is_object(address: &str) -> bool {
    objects::is_store(address)
}

/// Opens the archive that an address names, without its scheme: a file, a folder, an object, or the newest of those that
/// a pattern matches. Lets it say what it is.
///
/// # Errors
///
/// Why there is none, why it is none, or not a whole one.
pub(super) fn open(address: &str, finder: Finder, facts: &mut SourceFacts) -> Result<Opened, Failure> {
    let opened = if objects::is_address(address) {
        // Until it is known to carry no credential.
        facts.address = format!("{SCHEME}(an object)");
        let mut shown = None;
        let found = finder.find(address, &mut shown);
        if let Some(shown) = shown {
            facts.address = format!("{SCHEME}{shown}");
        }
        let found = found.map_err(|trouble| Failure { kind: trouble.kind, message: trouble.message })?;
        facts.identity.extend(found.tag.map(|tag| ("etag".to_owned(), tag)));
        let archive = Archive::read_from(&found.place, &found.address).map_err(|e| failure(&e))?;
        Opened { archive, changed: Ok(found.changed) }
    } else {
        facts.address = format!("{SCHEME}{address}");
        let path =
            newest::find(address).map_err(|message| Failure { kind: FailureKind::MissingObject, message })?;
        facts.address = format!("{SCHEME}{}", path.display());
        let archive = Archive::open(&path).map_err(|e| failure(&e))?;
        Opened { archive, changed: changed(&path) }
    };
    describe(&opened.archive, facts)?;
    Ok(opened)
}

/// When a file, or the table of contents of a folder, was written.
fn changed(path: &Path) -> Result<jiff::Timestamp, String> {
    let newest = if path.is_dir() { path.join("toc.dat") } else { path.to_owned() };
    let changed = std::fs::metadata(&newest)
        .and_then(|m| m.modified())
        .map_err(|e| format!("`{}` cannot be looked at: {e}", newest.display()))?;
    jiff::Timestamp::try_from(changed).map_err(|e| format!("its time of change is none: {e}"))
}

/// Lets an archive say what it is.
fn describe(archive: &Archive, facts: &mut SourceFacts) -> Result<(), Failure> {
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
    say("compression", Some(header.compression.word().to_owned()));
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
    Ok(())
}

fn failure(error: &ArchiveError) -> Failure {
    let kind = match error.kind {
        ArchiveErrorKind::NoSuchTable | ArchiveErrorKind::NoData => FailureKind::MissingObject,
        ArchiveErrorKind::Medium(kind) => kind,
        _ => FailureKind::Other,
    };
    Failure { kind, message: error.to_string() }
}

/// The rows of a relation one by one, as far as they are wanted; whether these were all.
///
/// # Errors
///
/// Why they could not be read.
pub(super) fn rows_of(opened: &Opened, relation: &RelationName, on_row: OnRow<'_>) -> Result<bool, Failure> {
    opened.archive.rows(relation, on_row).map(|read| read.complete).map_err(|error| failure(&error))
}

/// The subjects that a column of an archive names.
///
/// # Errors
///
/// Why they could not be read.
pub(super) fn named(
    opened: &Opened,
    column: (&RowSet, &str),
    limits: &stream::Limits,
    gather: Gather,
) -> Result<Gather, Failure> {
    stream::erased::named(column, &rows::Held::new(&opened.archive), limits, gather)
}

/// Makes every observation of these statements on an archive.
pub fn observe(opened: &Opened, statements: &[&Statement], limits: &stream::Limits) -> Measured {
    let started = Instant::now();
    let Measured { mut found, bits } = stream::observe(statements, &rows::Held::new(&opened.archive), limits);
    for statement in statements {
        if let Work::Fact { key, fact, argument } = &statement.work {
            let result = facts::fact(opened, fact, argument.as_deref());
            found.insert(key.clone(), Observation::since(started, result));
        } else if let Work::Inventory { key } = &statement.work {
            let objects = Ok(Observed::Inventory(Box::new(super::inventory::of_archive(&opened.archive))));
            found.insert(key.clone(), Observation::since(started, objects));
        } else if let Work::LargeObjects { key } = &statement.work {
            found.insert(key.clone(), Observation::since(started, large::seal(&opened.archive)));
        } else if let Work::Inspect { key, inspection } = &statement.work {
            let message = match &**inspection {
                Inspection::Standard { member, .. } => format!(
                    "an archive does not tell whether {}; restore it in a drill and look at that server",
                    member.title
                ),
                _ => "this source is an archive, which cannot be asked for this".to_owned(),
            };
            let failure = Failure { kind: FailureKind::Other, message };
            found.insert(key.clone(), Observation::since(started, Err(failure)));
        }
    }
    // Everything is read together, so nothing has a time of its own.
    let elapsed = started.elapsed().as_micros() / statements.len().max(1) as u128;
    let share = u64::try_from(elapsed).unwrap_or(u64::MAX);
    found.values_mut().for_each(|observation| observation.micros = share);
    Measured { found, bits }
}
