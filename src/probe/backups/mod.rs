//! Backups and archives of WAL as sources: what their readers found, as facts and states.

mod barman;
mod basebackup;
mod begin;
mod pgbackrest;
mod redis;
mod wal;

pub(super) use begin::Begin;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::damage::{Damage, DamageKind};
use super::tells::{Tells, Told, age, other};
use super::tree::Local;
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
pub(super) fn open(kind: SourceKind, address: &str) -> Result<Arc<dyn Tells>, Failure> {
    Ok(match kind {
        SourceKind::Wal => Arc::new(wal::Wal::open(address)?),
        SourceKind::Basebackup => Arc::new(basebackup::Base::open(address)?),
        SourceKind::Pgbackrest => Arc::new(pgbackrest::Repository::open(address)?),
        SourceKind::Barman => Arc::new(barman::Catalogue::open(address)?),
        SourceKind::Redis => Arc::new(redis::Redis::open(address)?),
        _ => return Err(other(format!("`{}` is no kind of backup", kind.word()))),
    })
}

/// A folder of this machine.
fn folder(address: &str) -> Result<Local, Failure> {
    if address.contains("://") {
        return Err(other(format!(
            "`{address}` is not a folder of this machine, and others cannot be read yet"
        )));
    }
    Ok(Local::new(Path::new(address)).map_err(|damage| failed(&damage))?.with_tablespaces())
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
