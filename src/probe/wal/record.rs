//! One WAL record: its header, its checksum, and the time it carries.
//!
//! `XLogRecord` in `access/xlogrecord.h`, `ValidXLogRecord` and `DecodeXLogRecord` in `xlogreader.c`, `xl_xact_commit` and
//! `xl_xact_abort` in `access/xact.h`, `xl_restore_point` in `access/xlog_internal.h`.

use crc_fast::{CrcAlgorithm, Digest};
use jiff::Timestamp;

use super::lsn::Lsn;

/// Length of a record's header in bytes.
pub(super) const HEADER: usize = 24;

/// Bytes of a record's body that are kept: enough for a commit's time and a restore point's name.
const KEPT: usize = 128;

/// Longest record in bytes: memory is allocated in one piece, of less than 1 GiB (`AllocSizeIsValid`).
pub(super) const LONGEST: u32 = 0x3fff_ffff;

const RM_XLOG: u8 = 0;
const RM_XACT: u8 = 1;

/// What a record is, as far as a restore minds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A transaction ended at this time: what a recovery target time is compared with.
    Ended(Timestamp),
    /// A named place (`pg_create_restore_point`).
    RestorePoint(String),
    /// The rest of the segment is empty.
    Switch,
    /// Anything else.
    Other,
}

/// A record that is being put together from the pages it lies on.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Where it begins.
    pub(super) at: Lsn,
    length: u32,
    header: Vec<u8>,
    body: Digest,
    kept: Vec<u8>,
    have: u32,
}

impl Record {
    pub(super) fn new(at: Lsn, length: u32) -> Self {
        let body = Digest::new(CrcAlgorithm::Crc32Iscsi);
        Self { at, length, header: Vec::with_capacity(HEADER), body, kept: Vec::new(), have: 0 }
    }

    /// Bytes that are still to come.
    pub(super) fn left(&self) -> u32 {
        self.length.saturating_sub(self.have)
    }

    /// Takes the next bytes, which are no more than what is left.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.have = self.have.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let (header, body) = bytes.split_at(HEADER.saturating_sub(self.header.len()).min(bytes.len()));
        self.header.extend_from_slice(header);
        if !body.is_empty() {
            self.body.update(body);
            let room = KEPT.saturating_sub(self.kept.len()).min(body.len());
            self.kept.extend_from_slice(body.get(..room).unwrap_or_default());
        }
    }

    fn number(&self, from: usize, length: usize) -> u64 {
        little(self.header.get(from..from + length).unwrap_or_default())
    }

    /// Where the record before it begins.
    pub(super) fn before(&self) -> Lsn {
        Lsn(self.number(8, 8))
    }

    /// The checksum it carries, and the one it has: over the body, then the header up to the checksum itself.
    pub(super) fn checksums(&self) -> (u32, u32) {
        let mut digest = self.body;
        digest.update(self.header.get(..20).unwrap_or_default());
        let narrow = |wide: u64| u32::try_from(wide).unwrap_or_default();
        (narrow(self.number(20, 4)), narrow(digest.finalize()))
    }

    /// What it is.
    pub(super) fn what(&self) -> What {
        let (info, manager) = (self.header.get(16).copied(), self.header.get(17).copied());
        let (Some(info), Some(manager)) = (info, manager) else { return What::Other };
        match (manager, info & 0xf0) {
            (RM_XLOG, 0x40) => What::Switch,
            (RM_XLOG, 0x70) => self.restore_point(),
            // Commit, abort, and both of prepared transactions. The highest bit only says that more follows.
            (RM_XACT, kind) if matches!(kind & 0x70, 0x00 | 0x20 | 0x30 | 0x40) => {
                self.data().and_then(|data| time(data.get(..8)?)).map_or(What::Other, What::Ended)
            }
            _ => What::Other,
        }
    }

    fn restore_point(&self) -> What {
        let name = self
            .data()
            .and_then(|data| data.get(8..72))
            .and_then(|name| name.split(|byte| *byte == 0).next());
        name.map_or(What::Other, |name| What::RestorePoint(String::from_utf8_lossy(name).into_owned()))
    }

    /// The main data of a record that touches no blocks, which is what all those have that are looked at here.
    fn data(&self) -> Option<&[u8]> {
        let mut at = 0;
        loop {
            match *self.kept.get(at)? {
                // Origin and top-level transaction come before the data, in no stated order.
                253 => at += 3,
                252 => at += 5,
                255 => return self.kept.get(at + 2..),
                254 => return self.kept.get(at + 5..),
                _ => return None,
            }
        }
    }
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Microseconds since 2000 (`TimestampTz`).
fn time(bytes: &[u8]) -> Option<Timestamp> {
    const FROM_1970: i64 = 946_684_800_000_000;
    let micros = i64::from_le_bytes(bytes.try_into().ok()?);
    Timestamp::from_microsecond(micros.checked_add(FROM_1970)?).ok()
}
