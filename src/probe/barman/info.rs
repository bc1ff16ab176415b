//! What Barman writes beside each backup, `backup.info`: lines `key=value` with values as Python prints them
//! (`barman/infofile.py`, `BackupInfo`).

use jiff::Timestamp;

use crate::probe::damage::{Damage, DamageKind};
use crate::probe::wal::{Lsn, SegmentName};

/// Longest that is read, in bytes; most of it is the label and the list of tablespaces.
pub(super) const MOST: u64 = 8 << 20;

/// How far a backup has come, by Barman's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Finished, with the WAL that it needs.
    Done,
    /// Finished, and not all the WAL that it needs has arrived, as Barman knows it.
    WaitingForWals,
    /// Begun.
    Started,
    /// Nothing was copied yet.
    Empty,
    /// It went wrong.
    Failed,
    /// It is being copied from another Barman.
    Syncing,
}

impl Status {
    /// By Barman's word.
    pub(super) fn named(word: &str) -> Option<Self> {
        let all = [Self::Done, Self::WaitingForWals, Self::Started, Self::Empty, Self::Failed, Self::Syncing];
        all.into_iter().find(|one| one.word() == word)
    }

    /// Barman's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "DONE",
            Self::WaitingForWals => "WAITING_FOR_WALS",
            Self::Started => "STARTED",
            Self::Empty => "EMPTY",
            Self::Failed => "FAILED",
            Self::Syncing => "SYNCING",
        }
    }
}

/// A backup as Barman describes it. What it does not say yet is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its name, such as `20260131T120000`.
    pub id: String,
    /// How far it has come.
    pub status: Status,
    /// What went wrong.
    pub error: Option<String>,
    /// When it was begun.
    pub started: Option<Timestamp>,
    /// When it was finished.
    pub finished: Option<Timestamp>,
    /// First and last WAL segment that it needs.
    pub wal: Option<(SegmentName, SegmentName)>,
    /// Where it begins and ends in WAL.
    pub places: Option<(Lsn, Lsn)>,
    /// Timeline.
    pub timeline: Option<u32>,
    /// The cluster; versions before 2.0 do not say it.
    pub system_identifier: Option<u64>,
    /// Server version as one number, such as 150018.
    pub version: Option<u32>,
    /// Size in bytes.
    pub bytes: Option<u64>,
    /// Size of a WAL segment in bytes.
    pub segment_bytes: Option<u64>,
    /// How it was made: `postgres` by pg_basebackup, `rsync` and the like by copying files.
    pub mode: Option<String>,
}

impl Info {
    /// Reads the file of a backup.
    ///
    /// # Errors
    /// It is cut, or does not say how far the backup has come.
    pub fn read(id: &str, file: &str, bytes: &[u8]) -> Result<Self, Damage> {
        let text = String::from_utf8_lossy(bytes);
        if !text.ends_with('\n') {
            return Err(
                Damage::new(DamageKind::Truncated, file, "its last line has no end").at(bytes.len() as u64)
            );
        }
        let value = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            found.filter(|value| *value != "None")
        };
        let pair = |from: &str, to: &str| Some((value(from)?, value(to)?));
        // What is there must be readable: a value that is passed over would look like one that was never written.
        let wrong =
            |key: &str| Damage::new(DamageKind::Corrupt, file, format!("`{key}` has no readable value"));
        let places = match pair("begin_xlog", "end_xlog") {
            None => None,
            Some((from, to)) => Some((
                from.parse().map_err(|()| wrong("begin_xlog"))?,
                to.parse().map_err(|()| wrong("end_xlog"))?,
            )),
        };
        let wal = match pair("begin_wal", "end_wal") {
            None => None,
            Some((from, to)) => Some((
                SegmentName::parse(from).ok_or_else(|| wrong("begin_wal"))?,
                SegmentName::parse(to).ok_or_else(|| wrong("end_wal"))?,
            )),
        };
        let number = |key: &str| match value(key) {
            None => Ok(None),
            Some(text) => text.trim_matches('\'').parse::<u64>().map(Some).map_err(|_| wrong(key)),
        };
        let time = |key: &str| match value(key) {
            None => Ok(None),
            Some(text) => text.parse::<Timestamp>().map(Some).map_err(|_| wrong(key)),
        };
        let status = value("status").ok_or_else(|| wrong("status"))?;
        Ok(Self {
            id: id.to_owned(),
            status: Status::named(status).ok_or_else(|| wrong("status"))?,
            error: value("error").map(str::to_owned),
            started: time("begin_time")?,
            finished: time("end_time")?,
            wal,
            places,
            timeline: number("timeline")?.and_then(|number| u32::try_from(number).ok()),
            system_identifier: number("systemid")?,
            version: number("version")?.and_then(|number| u32::try_from(number).ok()),
            bytes: number("size")?,
            segment_bytes: number("xlog_segment_size")?,
            mode: value("mode").map(str::to_owned),
        })
    }
}

/// `20260131T120000`. Anything else could lead anywhere.
pub(super) fn is_id(text: &str) -> bool {
    let digits =
        |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('T').is_some_and(|(day, time)| digits(day, 8) && digits(time, 6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "begin_time=2026-11-27 22:29:46.060235+00:00\nbegin_wal=000000010000000000000005\n\
                        begin_xlog=0/5000028\nend_time=None\nend_wal=000000010000000000000005\nend_xlog=0/6000000\n\
                        error=None\nsize=24539775\nstatus=DONE\nsystemid=7712982017167623933\ntimeline=1\nversion=150018\n";

    #[test]
    fn files() {
        let info = Info::read("20261127T222946", "f", TEXT.as_bytes()).unwrap();
        assert_eq!((info.status, info.finished, info.error.as_deref()), (Status::Done, None, None));
        assert_eq!(info.started.unwrap().to_string(), "2026-11-27T22:29:46.060235Z");
        assert_eq!(info.places, Some((Lsn(0x500_0028), Lsn(0x600_0000))));
        assert_eq!(info.system_identifier, Some(7_712_982_017_167_623_933));
        for (from, to) in [
            ("status=DONE\n", ""),
            ("status=DONE", "status=GOOD"),
            ("0/5000028", "0-5000028"),
            ("000000010000000000000005", "5"),
            ("2026-11-27", "yesterday"),
            ("size=2", "size=x"),
        ] {
            let found = Info::read("i", "f", TEXT.replace(from, to).as_bytes()).unwrap_err();
            assert_eq!(found.kind, DamageKind::Corrupt, "{from}");
        }
        assert_eq!(Info::read("i", "f", TEXT.trim_end().as_bytes()).unwrap_err().kind, DamageKind::Truncated);
        assert!(is_id("20261127T222946") && !is_id("../20261127T222946") && !is_id("latest"));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Info::read("i", "f", &bytes).is_err());
        }
    }
}
