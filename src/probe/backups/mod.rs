//! Backups and archives of WAL as sources: what their readers found, as facts and states.

mod barman;
mod basebackup;
mod begin;
mod pgbackrest;
mod redis;
mod runs;
mod server;
mod wal;

pub(super) use begin::Begin;
pub(super) use server::server;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::damage::{Damage, DamageKind};
use super::objects::{self, Finder, Trouble};
use super::tells::{Tells, Told, age, other};
use super::tree::{Local, Tree};
use crate::facts::{Failure, Inspected};
use crate::failure::FailureKind;
use crate::policy::SourceKind;
use crate::policy::facts::Fact;
use crate::value::Value;
use crate::verdict::Verdict;

/// Opens a source of one of these kinds.
///
/// # Errors
/// Why it cannot be looked at.
pub(super) fn open(
    (kind, every): (SourceKind, Option<i64>),
    address: &str,
    finder: &Finder,
) -> Result<Arc<dyn Tells>, Failure> {
    // Before any part of it can stand in a message.
    if objects::is_address(address) {
        objects::check(address).map_err(trouble)?;
    }
    Ok(match kind {
        SourceKind::Wal => Arc::new(wal::Wal::open(address, finder)?),
        SourceKind::Basebackup => Arc::new(basebackup::Base::open(address, finder)?),
        SourceKind::Pgbackrest => Arc::new(pgbackrest::Repository::open(address, every, finder)?),
        SourceKind::Barman => Arc::new(barman::Catalogue::open(address, every, finder)?),
        SourceKind::Redis => Arc::new(redis::Redis::open(address, finder)?),
        _ => return Err(other(format!("`{}` is no kind of backup", kind.word()))),
    })
}

/// A folder of this machine or in a store.
fn folder(address: &str, finder: &Finder) -> Result<Arc<dyn Tree>, Failure> {
    if objects::is_address(address) {
        return finder.clone().tree(address, "").map_err(trouble);
    }
    here(address)
}

fn here(address: &str) -> Result<Arc<dyn Tree>, Failure> {
    Ok(Arc::new(Local::new(Path::new(address)).map_err(|damage| failed(&damage))?.with_tablespaces()))
}

/// The folder that something lies in, and its name there. In a store only what has this name is listed, or what begins
/// with it and a slash.
fn within(
    address: &str,
    (what, slash): (&str, &str),
    finder: &Finder,
) -> Result<(Arc<dyn Tree>, String), Failure> {
    let none = || other(format!("`{address}` is not {what}"));
    if objects::is_address(address) {
        let (parent, name) = address.trim_end_matches('/').rsplit_once('/').ok_or_else(none)?;
        if name.is_empty() || parent.ends_with('/') {
            return Err(other(format!("this address is not {what}")));
        }
        let tree = finder.clone().tree(parent, &format!("{name}{slash}")).map_err(trouble)?;
        return Ok((tree, name.to_owned()));
    }
    let path = Path::new(address);
    let name = path.file_name().and_then(|name| name.to_str());
    let (Some(parent), Some(name)) = (path.parent().and_then(Path::to_str), name) else { return Err(none()) };
    Ok((here(if parent.is_empty() { "." } else { parent })?, name.to_owned()))
}

fn trouble(trouble: Trouble) -> Failure {
    Failure { kind: trouble.kind, message: trouble.message }
}

/// What could not be looked at.
fn failed(damage: &Damage) -> Failure {
    let kind = match damage.kind {
        DamageKind::Missing => FailureKind::MissingObject,
        _ => FailureKind::Other,
    };
    Failure { kind, message: damage.to_string() }
}

/// What was found, as findings. What could not be looked at is unproven, and all else is broken.
fn inspected<'a>(things: &str, examined: u64, damages: impl IntoIterator<Item = &'a Damage>) -> Inspected {
    let mut seen = Inspected::of(things);
    seen.examined = examined;
    for damage in damages {
        let verdict = if damage.is_unread() { Verdict::Unproven } else { Verdict::Broken };
        seen.add(verdict, word(damage.kind), damage.to_string());
    }
    seen
}

fn word(kind: DamageKind) -> &'static str {
    match kind {
        DamageKind::Missing => "missing",
        DamageKind::Extra => "extra",
        DamageKind::Truncated => "truncated",
        DamageKind::Size => "size",
        DamageKind::Checksum => "checksum",
        DamageKind::Corrupt => "corrupt",
        DamageKind::Foreign => "foreign",
        DamageKind::Unfinished => "unfinished",
        DamageKind::Unread => "unread",
    }
}

/// A number as a value.
fn number(count: impl Into<u64>) -> Value {
    Value::Number(count.into().into())
}

/// A count as a value.
fn count(count: usize) -> Value {
    number(count as u64)
}

/// A size as a value.
fn size(bytes: u64) -> Value {
    Value::Size(bytes.into())
}

/// The time since an instant that is known.
fn since(at: Option<Timestamp>, what: &str) -> Result<Told, Failure> {
    let at = at.ok_or_else(|| other(format!("when {what} was made is not known")))?;
    Ok(Told::of(Value::Duration(age(at, what)?), format!("{what} is of {at}")))
}

/// A text that is known.
fn text(known: Option<impl ToString>, what: &str) -> Result<Told, Failure> {
    let known = known.ok_or_else(|| other(format!("{what} is not known")))?;
    Ok(Told::plain(Value::Text(known.to_string())))
}

/// No fact of this kind.
fn none(fact: &Fact) -> Failure {
    other(format!("`{}` is no fact of this source", fact.name))
}
