//! `backup_label`: where a restore of the backup begins (`build_backup_content` in `xlogbackup.c`, `read_backup_label` in
//! `xlogrecovery.c`).

use jiff::Timestamp;

use super::manifest::gmt;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::wal::Lsn;

/// Name of the label in a backup.
pub const LABEL: &str = "backup_label";

/// Longest that is read, in bytes.
pub(super) const MOST: u64 = 64 << 10;

/// What a label says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where replay begins.
    pub start: Lsn,
    /// The checkpoint that the backup began with.
    pub checkpoint: Lsn,
    /// Timeline it began on.
    pub timeline: u32,
    /// When it began, if that was written in UTC; abbreviations of other time zones do not tell a time.
    pub started: Option<Timestamp>,
    /// Whether it was taken from a standby.
    pub from_standby: bool,
    /// The words it was given.
    pub label: String,
    /// For an incremental backup, place and timeline of the beginning of the backup that it builds on.
    pub incremental_from: Option<(Lsn, u32)>,
}

impl Label {
    /// Reads a label.
    ///
    /// # Errors
    /// It is cut, or a line that a restore needs is not one.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, Damage> {
        let text = String::from_utf8_lossy(bytes);
        let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let wrong = |name: &str| {
            let kind = if line(name).is_some() { DamageKind::Corrupt } else { DamageKind::Truncated };
            Damage::new(kind, file, format!("it has no readable line `{name}`"))
        };
        let place = |name: &'static str| {
            let first = line(name).and_then(|rest| rest.split(' ').next());
            first.and_then(|place| place.parse::<Lsn>().ok()).ok_or_else(|| wrong(name))
        };
        let number = |name: &'static str| {
            line(name)
                .and_then(|rest| rest.trim().parse::<u32>().ok())
                .filter(|number| *number > 0)
                .ok_or_else(|| wrong(name))
        };
        if !bytes.ends_with(b"\n") {
            return Err(
                Damage::new(DamageKind::Truncated, file, "its last line has no end").at(bytes.len() as u64)
            );
        }
        let (start, checkpoint) = (place("START WAL LOCATION")?, place("CHECKPOINT LOCATION")?);
        let incremental_from = match line("INCREMENTAL FROM LSN") {
            None if line("INCREMENTAL FROM TLI").is_none() => None,
            _ => Some((place("INCREMENTAL FROM LSN")?, number("INCREMENTAL FROM TLI")?)),
        };
        Ok(Self {
            start,
            checkpoint,
            timeline: number("START TIMELINE")?,
            started: line("START TIME").and_then(gmt),
            from_standby: line("BACKUP FROM") == Some("standby"),
            label: line("LABEL").unwrap_or_default().to_owned(),
            incremental_from,
        })
    }
}
