//! The records of a stretch of WAL, followed from segment to segment: every checksum and every link is checked.
//!
//! `XLogDecodeNextRecord` in `xlogreader.c`. A record's checksum covers all of it, and the link to the record before it
//! leaves no room between two records, so nothing that a restore would replay can be altered unseen; a page header is
//! checked field by field.

use jiff::Timestamp;

use super::lsn::{Lsn, SegmentName};
use super::page::{CONTINUES, OVERWRITES, Page, SegmentHeader};
use super::record::{HEADER, LONGEST, Record, What};
use crate::probe::damage::{Damage, DamageKind};

/// Named places that are kept; more are counted and not kept.
const MOST_POINTS: usize = 1000;

/// What was seen on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whole records.
    pub records: u64,
    /// Transactions that ended, by commit or by rollback.
    pub ended: u64,
    /// The earliest time at which one ended.
    pub oldest: Option<Timestamp>,
    /// The latest time at which one ended. A restore to a later time cannot know that it has arrived.
    pub newest: Option<Timestamp>,
    /// Named restore points, at most a thousand, in their order.
    pub restore_points: Vec<(String, Lsn)>,
    /// The end of the last whole record.
    pub end: Lsn,
}

/// Where reading stands.
#[derive(Clone, Debug)]
pub(super) struct Records {
    pub(super) seen: Seen,
    /// Where the first record begins, if that is known; without, the first one that begins in a page is taken.
    from: Lsn,
    /// Where reading may stop.
    to: Option<Lsn>,
    started: bool,
    open: Option<Record>,
    /// Bytes of a record that began before all of this, still to be passed over.
    passing: u32,
    before: Option<Lsn>,
    /// The rest of this segment is empty.
    switched: bool,
    timeline: u32,
    magic: Option<u16>,
}

/// One page and where it is from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) file: &'a str,
    pub(super) name: SegmentName,
    /// Of the page, in the file.
    pub(super) at: u64,
    /// Of the page, in WAL.
    pub(super) address: u64,
}

impl Leaf<'_> {
    fn damage(&self, kind: DamageKind, offset: usize, message: impl Into<String>) -> Damage {
        Damage::new(kind, self.file, message).at(self.at + offset as u64)
    }

    fn number(&self, from: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes.get(from..from + 4)?.try_into().ok()?))
    }
}

impl Records {
    /// From a place on, up to another one or to the end.
    pub(super) fn new(from: Lsn, to: Option<Lsn>) -> Self {
        Self {
            seen: Seen { end: from, ..Seen::default() },
            from,
            to,
            started: false,
            open: None,
            passing: 0,
            before: None,
            switched: false,
            timeline: 0,
            magic: None,
        }
    }

    /// Whether everything up to the wanted place was read.
    pub(super) fn done(&self) -> bool {
        self.to.is_some_and(|to| self.seen.end >= to)
    }

    /// The segment was read to its end, where a switch puts the next record.
    pub(super) fn segment_ends(&mut self, at: Lsn) {
        if self.switched {
            self.seen.end = at;
        }
    }

    /// The next page; the first of a segment hands back what its long header says.
    pub(super) fn page(&mut self, leaf: Leaf<'_>) -> Result<Option<SegmentHeader>, Damage> {
        let first = leaf.at == 0;
        if first {
            self.switched = false;
        }
        if self.switched {
            return self.empty(&leaf, 0).map(|()| None);
        }
        let page = Page::read(leaf.bytes, leaf.file, leaf.at, first)?;
        page.belongs(leaf.name, leaf.address, leaf.file, leaf.at)?;
        self.follows(&page, &leaf)?;
        self.records(&page, leaf)?;
        Ok(page.long)
    }

    /// A page must not be of an older timeline or of another version than the one before it.
    fn follows(&mut self, page: &Page, leaf: &Leaf<'_>) -> Result<(), Damage> {
        if page.timeline < self.timeline {
            let message =
                format!("a page of timeline {} follows one of timeline {}", page.timeline, self.timeline);
            return Err(leaf.damage(DamageKind::Foreign, 0, message));
        }
        self.timeline = page.timeline;
        if *self.magic.get_or_insert(page.magic) != page.magic {
            return Err(leaf.damage(
                DamageKind::Foreign,
                0,
                "the page was written by another major version than the one before it",
            ));
        }
        Ok(())
    }

    fn records(&mut self, page: &Page, leaf: Leaf<'_>) -> Result<(), Damage> {
        let mut at = page.length();
        if page.flags & OVERWRITES != 0 {
            (self.open, self.passing) = (None, 0);
        }
        let continues = page.flags & CONTINUES != 0;
        let wanted = self.open.as_ref().map(Record::left);
        match wanted {
            Some(left) if !continues || left != page.left => {
                let found = if continues { page.left } else { 0 };
                let begun = self.open.as_ref().map(|record| record.at).unwrap_or_default();
                let message =
                    format!("the record at {begun} has {left} more bytes, and the page says {found}");
                return Err(leaf.damage(DamageKind::Corrupt, 16, message));
            }
            None if self.started && continues => {
                let message =
                    format!("the page begins with {} bytes of a record, and none is open", page.left);
                return Err(leaf.damage(DamageKind::Corrupt, 16, message));
            }
            None if !self.started => self.passing = if continues { page.left } else { 0 },
            _ => {}
        }
        let length = leaf.bytes.len();
        if self.passing > 0 {
            let passed = (self.passing as usize).min(length.saturating_sub(at));
            self.passing -= u32::try_from(passed).unwrap_or(self.passing);
            at += passed;
            if self.passing > 0 {
                return Ok(());
            }
        }
        at = self.begin(at, &leaf);
        while at < length && !self.done() && !self.switched {
            at = aligned(at);
            if at < length {
                at = self.piece(at, &leaf)?;
            }
        }
        Ok(())
    }

    /// Skips to where the first record begins, while none was read.
    fn begin(&mut self, at: usize, leaf: &Leaf<'_>) -> usize {
        if self.started {
            return at;
        }
        let wanted = self.from.0.saturating_sub(leaf.address);
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).max(at);
        self.started = wanted < leaf.bytes.len();
        wanted
    }

    /// As much of a record as is on this page; where the next one begins.
    fn piece(&mut self, at: usize, leaf: &Leaf<'_>) -> Result<usize, Damage> {
        let mut record = match self.open.take() {
            Some(record) => record,
            None => {
                let here = Lsn(leaf.address + at as u64);
                let length = leaf.number(at).unwrap_or_default();
                if length == 0 {
                    return Err(self.ends(at, leaf));
                }
                if !(HEADER as u32..=LONGEST).contains(&length) {
                    let message = format!("the record at {here} claims a length of {length} bytes");
                    return Err(leaf.damage(DamageKind::Corrupt, at, message));
                }
                Record::new(here, length)
            }
        };
        let rest = leaf.bytes.get(at..).unwrap_or_default();
        let taken = (record.left() as usize).min(rest.len());
        record.take(rest.get(..taken).unwrap_or_default());
        if record.left() > 0 {
            self.open = Some(record);
            return Ok(leaf.bytes.len());
        }
        let end = aligned(at + taken);
        self.seen.end = Lsn(leaf.address + end as u64);
        if let Err(error) = self.whole(&record, leaf) {
            self.seen.end = record.at;
            return Err(error);
        }
        if self.switched {
            self.empty(leaf, end)?;
        }
        Ok(end)
    }

    /// Nothing follows where a record should: the end of what was written.
    fn ends(&mut self, at: usize, leaf: &Leaf<'_>) -> Damage {
        let here = Lsn(leaf.address + at as u64);
        let message = format!("the WAL in it ends at {here}, before the end of the segment");
        leaf.damage(DamageKind::Truncated, at, message)
    }

    fn whole(&mut self, record: &Record, leaf: &Leaf<'_>) -> Result<(), Damage> {
        // Where it begins, or the beginning of the file if that was in the one before.
        let place = record.at.0.saturating_sub(leaf.address.saturating_sub(leaf.at));
        let damage = |kind, message| Err(Damage::new(kind, leaf.file, message).at(place));
        let (carried, computed) = record.checksums();
        if carried != computed {
            let message = format!(
                "the record at {} has the checksum {computed:08x}, and carries {carried:08x}",
                record.at
            );
            return damage(DamageKind::Checksum, message);
        }
        if let Some(before) = self.before
            && record.before() != before
        {
            let message = format!(
                "the record at {} follows the one at {before}, and says that it follows {}",
                record.at,
                record.before()
            );
            return damage(DamageKind::Corrupt, message);
        }
        self.before = Some(record.at);
        self.seen.records += 1;
        match record.what() {
            What::Ended(time) => {
                self.seen.ended += 1;
                self.seen.oldest = Some(self.seen.oldest.map_or(time, |oldest| oldest.min(time)));
                self.seen.newest = Some(self.seen.newest.map_or(time, |newest| newest.max(time)));
            }
            What::RestorePoint(name) if self.seen.restore_points.len() < MOST_POINTS => {
                self.seen.restore_points.push((name, record.at));
            }
            What::Switch => self.switched = true,
            _ => {}
        }
        Ok(())
    }

    /// After a switch there is nothing up to the end of the segment.
    fn empty(&self, leaf: &Leaf<'_>, from: usize) -> Result<(), Damage> {
        match leaf.bytes.iter().skip(from).position(|byte| *byte != 0) {
            None => Ok(()),
            Some(first) => {
                let message =
                    format!("the WAL in it was switched at {}, and something follows", self.seen.end);
                Err(leaf.damage(DamageKind::Corrupt, from + first, message))
            }
        }
    }
}

/// Records begin at multiples of eight (`MAXALIGN`).
fn aligned(at: usize) -> usize {
    at.next_multiple_of(8)
}
