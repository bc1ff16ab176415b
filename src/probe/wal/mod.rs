//! Archives of WAL: which segments there are, which are missing, what their headers say, and how far a restore would
//! come.
//!
//! Names are those of `archive_command`, `pg_receivewal`, Barman and pgBackRest. A name proves nothing: the header of each
//! segment is read when the archive is opened, and following the WAL from a place on reads every record.

mod continuous;
mod history;
mod lsn;
mod name;
mod page;
mod path;
mod read;
mod record;
mod records;
mod segment;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use continuous::{Followed, Until};
pub use history::History;
pub use lsn::{Lsn, SegmentName, USUAL_SEGMENT, is_segment_size};
pub use name::{Named, WalFile, parse};
pub use page::{SegmentHeader, major};
pub use records::Seen;
pub use segment::Segment;

use super::damage::Damage;

/// How an archive is to be read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Segment size in bytes, where it is known; else the segments' own headers say it.
    pub segment_bytes: Option<u64>,
    /// The cluster that the WAL must be of, where it is known; else that of most segments.
    pub system_identifier: Option<u64>,
    /// Only names are looked at; nothing is opened.
    pub names_only: bool,
}

/// Segments that are missing between two that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first that is missing.
    pub from: SegmentName,
    /// The last that is missing.
    pub to: SegmentName,
    /// How many are missing.
    pub segments: u64,
}

/// An archive, as it was when it was listed.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Segment size in bytes.
    pub segment_bytes: u64,
    /// Whether that was stated or read; if not, it is the usual one.
    pub segment_bytes_known: bool,
    /// The cluster: the one that was stated, else that of most segments; none if no header was read.
    pub system_identifier: Option<u64>,
    /// Major version of PostgreSQL that wrote the newest segment whose header was read.
    pub major: Option<u32>,
    /// Whole segments by timeline and number.
    pub segments: BTreeMap<(u32, u64), Segment>,
    /// Unfinished segments (`.partial`).
    pub partial: Vec<Segment>,
    /// Where timelines came from, by timeline.
    pub histories: BTreeMap<u32, History>,
    /// Segments in which base backups began (`.backup` files).
    pub backups: Vec<SegmentName>,
    /// Files that are none of these, such as an archiver's own.
    pub others: u64,
    /// Bytes on disk of everything that belongs to WAL.
    pub bytes: u64,
    /// What is wrong with single files. What is missing is told by [`Archive::gaps`].
    pub damages: Vec<Damage>,
    names_only: bool,
}

impl Archive {
    /// The timelines that have segments or a history.
    #[must_use]
    pub fn timelines(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.segments.keys().map(|(timeline, _)| *timeline).collect();
        all.extend(self.histories.keys());
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The newest whole segment: the last of the highest timeline.
    #[must_use]
    pub fn newest(&self) -> Option<&Segment> {
        self.segments.values().next_back()
    }

    /// The oldest whole segment: the one of the lowest number, whatever its timeline.
    #[must_use]
    pub fn oldest(&self) -> Option<&Segment> {
        self.segments.values().min_by_key(|segment| segment.number)
    }

    /// When a segment was last added, by the times of the files.
    #[must_use]
    pub fn newest_change(&self) -> Option<Timestamp> {
        self.segments.values().filter_map(|segment| segment.changed).max()
    }

    /// Segments that are missing between others: on each timeline, and from where a timeline began.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for timeline in self.timelines() {
            let mut expected = self.begins(timeline);
            for (_, number) in self.segments.range((timeline, 0)..=(timeline, u64::MAX)).map(|(key, _)| *key)
            {
                if let Some(expected) = expected.filter(|expected| *expected < number) {
                    gaps.push(self.gap(timeline, expected, number - 1));
                }
                expected = Some(number + 1);
            }
        }
        gaps
    }

    /// The number of the segment in which a timeline began, where its parent is in the archive as well: before that,
    /// nothing was kept, and nothing is missing.
    fn begins(&self, timeline: u32) -> Option<u64> {
        let (parent, switch) = self.histories.get(&timeline)?.ancestors.last()?;
        let number = switch.0 / self.segment_bytes;
        let before = self.segments.range((*parent, 0)..(*parent, number)).next_back();
        before.map(|_| number)
    }

    fn gap(&self, timeline: u32, from: u64, to: u64) -> Gap {
        let name = |number| SegmentName::of(timeline, number, self.segment_bytes);
        Gap { from: name(from), to: name(to), segments: to - from + 1 }
    }
}
