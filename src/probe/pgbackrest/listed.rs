//! What pgBackRest says of its backups: in the repository's `backup.info`, and in what `info --output=json` prints.
//!
//! `info/infoBackup.c`, `command/info/info.c` of pgBackRest.

use jiff::Timestamp;
use serde_json::Value;

use crate::probe::damage::{Damage, DamageKind};
use crate::probe::wal::{Lsn, SegmentName};

/// How much of a cluster a backup has itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BackupType {
    /// All of it.
    Full,
    /// What changed since a full backup.
    Diff,
    /// What changed since the backup before.
    Incr,
}

impl BackupType {
    fn named(word: &str) -> Option<Self> {
        match word {
            "full" => Some(Self::Full),
            "diff" => Some(Self::Diff),
            "incr" => Some(Self::Incr),
            _ => None,
        }
    }

    /// The word pgBackRest uses for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Diff => "diff",
            Self::Incr => "incr",
        }
    }
}

/// A backup as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name, such as `20260131-120000F`.
    pub label: String,
    /// How much it has itself.
    pub kind: BackupType,
    /// The backup it was compared with when it was made.
    pub prior: Option<String>,
    /// Backups that have files of it.
    pub references: Vec<String>,
    /// When it was begun.
    pub started: Timestamp,
    /// When it was finished.
    pub finished: Timestamp,
    /// First and last WAL segment that it needs; none of a backup of a stopped cluster.
    pub wal: Option<(SegmentName, SegmentName)>,
    /// Where it begins and ends in WAL; older versions do not say it.
    pub places: Option<(Lsn, Lsn)>,
    /// Size of the cluster in bytes.
    pub bytes: u64,
    /// Bytes of it that are not in an earlier backup.
    pub own_bytes: u64,
    /// Bytes in the repository, with what is in earlier backups.
    pub stored: u64,
    /// Whether pages with wrong checksums were found when it was made; versions before 2.37 do not say it.
    pub error: Option<bool>,
    /// Which of the stanza's clusters it is of.
    pub database: u64,
}

/// What a stanza of a repository holds, by pgBackRest's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// Its name.
    pub name: String,
    /// pgBackRest's own verdict: 0 is its `ok`, which is also what it says of damaged backups.
    pub status: i64,
    /// The same in words.
    pub message: String,
    /// Backups, oldest first.
    pub backups: Vec<Listed>,
    /// Clusters by their number: version and system identifier.
    pub clusters: Vec<(u64, String, u64)>,
}

/// Reads what `pgbackrest info --output=json` printed.
///
/// # Errors
/// It is no such document.
pub fn info(file: &str, bytes: &[u8]) -> Result<Vec<Stanza>, Damage> {
    let corrupt = |message: String| Damage::new(DamageKind::Corrupt, file, message);
    let all: Value =
        serde_json::from_slice(bytes).map_err(|error| corrupt(format!("it is no JSON: {error}")))?;
    let all = all
        .as_array()
        .ok_or_else(|| corrupt("it is not the list that `info --output=json` prints".to_owned()))?;
    all.iter().map(|one| stanza(one).map_err(&corrupt)).collect()
}

fn stanza(one: &Value) -> Result<Stanza, String> {
    let text = |key: &str| one.pointer(key).and_then(Value::as_str).map(str::to_owned);
    let name = text("/name").ok_or("a stanza has no name")?;
    let status = one.pointer("/status/code").and_then(Value::as_i64);
    let list = |key: &str| one.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let backups = list("backup")
        .iter()
        .map(|backup| printed(backup).ok_or(format!("a backup of stanza `{name}` cannot be read")));
    let cluster = |one: &Value| {
        Some((
            one.get("id")?.as_u64()?,
            one.get("version")?.as_str()?.to_owned(),
            one.get("system-id")?.as_u64()?,
        ))
    };
    Ok(Stanza {
        status: status.ok_or_else(|| format!("stanza `{name}` has no status"))?,
        message: text("/status/message").unwrap_or_default(),
        backups: backups.collect::<Result<_, _>>()?,
        clusters: list("db").iter().filter_map(cluster).collect(),
        name,
    })
}

/// A backup in the words of `info --output=json`.
fn printed(one: &Value) -> Option<Listed> {
    let text = |key: &str| one.pointer(key).and_then(Value::as_str);
    let number = |key: &str| one.pointer(key).and_then(Value::as_u64);
    Some(Listed {
        label: label(text("/label")?)?,
        kind: BackupType::named(text("/type")?)?,
        prior: text("/prior").and_then(label),
        references: names(one.get("reference")),
        started: second(one.pointer("/timestamp/start"))?,
        finished: second(one.pointer("/timestamp/stop"))?,
        wal: segments(text("/archive/start"), text("/archive/stop")),
        places: places(text("/lsn/start"), text("/lsn/stop")),
        bytes: number("/info/size")?,
        own_bytes: number("/info/delta")?,
        stored: number("/info/repository/size").or_else(|| number("/info/repository/delta"))?,
        error: one.get("error").and_then(Value::as_bool),
        database: number("/database/id")?,
    })
}

/// A backup in the words of `backup.info`.
pub(super) fn recorded(name: &str, one: &Value) -> Option<Listed> {
    let text = |key: &str| one.get(key).and_then(Value::as_str);
    let number = |key: &str| one.get(key).and_then(Value::as_u64);
    Some(Listed {
        label: label(name)?,
        kind: BackupType::named(text("backup-type")?)?,
        prior: text("backup-prior").and_then(label),
        references: names(one.get("backup-reference")),
        started: second(one.get("backup-timestamp-start"))?,
        finished: second(one.get("backup-timestamp-stop"))?,
        wal: segments(text("backup-archive-start"), text("backup-archive-stop")),
        places: places(text("backup-lsn-start"), text("backup-lsn-stop")),
        bytes: number("backup-info-size")?,
        own_bytes: number("backup-info-size-delta")?,
        stored: number("backup-info-repo-size").or_else(|| number("backup-info-repo-size-delta"))?,
        error: one.get("backup-error").and_then(Value::as_bool),
        database: number("db-id")?,
    })
}

/// `20260131-120000F`, and with `_20260131-130000D` or `I` behind it. Anything else could lead anywhere.
pub(super) fn label(text: &str) -> Option<String> {
    let stamp = |text: &str| {
        let digits =
            |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        text.split_once('-').is_some_and(|(day, time)| digits(day, 8) && digits(time, 6))
    };
    let fine = match text.split_once('_') {
        None => text.strip_suffix('F').is_some_and(stamp),
        Some((full, rest)) => {
            full.strip_suffix('F').is_some_and(stamp) && rest.strip_suffix(['D', 'I']).is_some_and(stamp)
        }
    };
    fine.then(|| text.to_owned())
}

fn names(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(|one| label(one.as_str()?)).collect()
}

pub(super) fn second(value: Option<&Value>) -> Option<Timestamp> {
    Timestamp::from_second(value?.as_i64()?).ok()
}

fn segments(start: Option<&str>, stop: Option<&str>) -> Option<(SegmentName, SegmentName)> {
    Some((SegmentName::parse(start?)?, SegmentName::parse(stop?)?))
}

fn places(start: Option<&str>, stop: Option<&str>) -> Option<(Lsn, Lsn)> {
    Some((start?.parse().ok()?, stop?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for fine in
            ["20260131-120000F", "20260131-120000F_20260131-130000D", "20260131-120000F_20260131-130000I"]
        {
            assert_eq!(label(fine).as_deref(), Some(fine));
        }
        for wrong in [
            "",
            "latest",
            "../x",
            "20260131-120000",
            "20260131-120000D",
            "20260131-120000F_",
            "20260131-120000F/../x",
        ] {
            assert_eq!(label(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn documents_that_are_none() {
        for wrong in [
            "",
            "{}",
            "[1]",
            "[{}]",
            "[{\"name\":\"a\"}]",
            "[{\"name\":\"a\",\"status\":{\"code\":0},\"backup\":[{}]}]",
        ] {
            assert_eq!(info("f", wrong.as_bytes()).unwrap_err().kind, DamageKind::Corrupt, "{wrong}");
        }
        let empty = info("f", b"[{\"name\":\"a\",\"status\":{\"code\":2,\"message\":\"no valid backups\"}}]")
            .unwrap();
        assert_eq!((empty[0].status, empty[0].backups.len()), (2, 0));
    }
}
