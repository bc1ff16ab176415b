//! How far a restore would come that begins at some place: the WAL followed from there on, record by record.

use std::fmt;

use jiff::Timestamp;

use super::Archive;
use super::lsn::{Lsn, SegmentName};
use super::path::Way;
use super::read::foreign;
use super::records::{Records, Seen};
use super::segment;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::Tree;

/// How far WAL is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// To whatever is the last segment.
    Newest,
    /// Up to a place, such as the end of a base backup.
    Place(Lsn),
    /// Up to a time: a transaction must have ended after it, or the server that restores to it never learns that it has
    /// arrived, and gives up (`recovery ended before configured recovery target was reached`).
    Time(Timestamp),
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("the newest segment"),
            Self::Place(place) => write!(f, "{place}"),
            Self::Time(time) => write!(f, "{time}"),
        }
    }
}

/// What following the WAL came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Where it was begun: timeline and place.
    pub from: (u32, Lsn),
    /// The timeline it was followed on to.
    pub timeline: u32,
    /// Segments that were read to their end and found sound.
    pub segments: u64,
    /// The last of these.
    pub last: Option<SegmentName>,
    /// The one that would have come next, and is not there.
    pub next: Option<SegmentName>,
    /// What was seen in these.
    pub seen: Seen,
    /// Whether contents were read. Else only names were followed, and no time is known.
    pub read: bool,
    /// Why it did not go on, if not for having come to the newest segment or as far as was wanted.
    pub stopped: Option<Damage>,
}

impl Followed {
    /// Whether a restore from here would come so far.
    ///
    /// # Errors
    /// Why not; [`DamageKind::Unread`] when that is open.
    pub fn reaches(&self, until: Until) -> Result<(), Damage> {
        let reached = match until {
            Until::Newest => self.stopped.is_none() && self.segments > 0,
            Until::Place(place) => self.seen.end >= place,
            Until::Time(time) => self.seen.newest.is_some_and(|newest| newest > time),
        };
        if reached {
            return Ok(());
        }
        if let Some(stopped) = &self.stopped {
            return Err(stopped.clone());
        }
        let end = self.seen.end;
        let file = self.last.map_or_else(|| "the archive".to_owned(), |last| last.to_string());
        let (kind, message) = match (until, self.seen.newest) {
            (Until::Time(_), _) if !self.read => (
                DamageKind::Unread,
                format!("only names are known, which tell no times; the last one ends at {end}"),
            ),
            (Until::Time(time), Some(newest)) => (
                DamageKind::Missing,
                format!(
                    "the WAL ends at {end}, and its last transaction ended at {newest}, not after {time}"
                ),
            ),
            (Until::Time(time), None) => (
                DamageKind::Missing,
                format!("the WAL ends at {end}, and no transaction ended in it, so none after {time}"),
            ),
            (until, _) => {
                // Here it is known which segment would have it.
                let next = self.next.map_or(file, |next| next.to_string());
                return Err(Damage::new(
                    DamageKind::Missing,
                    next,
                    format!("the WAL ends at {end}, before {until}"),
                ));
            }
        };
        Err(Damage::new(kind, file, message))
    }
}

impl Archive {
    /// Follows the WAL from a place of a timeline on, towards a timeline or the newest one that can be reached. Every
    /// page and every record on the way is checked.
    pub fn follow(&self, tree: &dyn Tree, from: (u32, Lsn), to: Option<u32>, until: Until) -> Followed {
        let mut followed = Followed {
            from,
            timeline: from.0,
            segments: 0,
            last: None,
            next: None,
            seen: Seen { end: from.1, ..Seen::default() },
            read: !self.names_only,
            stopped: None,
        };
        match Way::to(self, from, to) {
            Ok(way) => {
                followed.timeline = way.target();
                self.walk(tree, &way, until, &mut followed);
            }
            Err(damage) => followed.stopped = Some(damage),
        }
        followed
    }

    /// The same from the beginning of the oldest segment.
    ///
    /// # Errors
    /// There is no segment.
    pub fn follow_all(&self, tree: &dyn Tree, to: Option<u32>, until: Until) -> Result<Followed, Damage> {
        let oldest = self.oldest();
        let oldest = oldest
            .ok_or_else(|| Damage::new(DamageKind::Missing, "the archive", "there is no segment in it"))?;
        let begin = Lsn(oldest.number * self.segment_bytes);
        Ok(self.follow(tree, (oldest.name.timeline, begin), to, until))
    }

    fn walk(&self, tree: &dyn Tree, way: &Way, until: Until, followed: &mut Followed) {
        let place = if let Until::Place(place) = until { Some(place) } else { None };
        let mut records = Records::new(followed.from.1, place);
        let last = way.last(self);
        let mut number = followed.from.1.0 / self.segment_bytes;
        let arrived = |seen: &Seen| match until {
            Until::Newest => false,
            Until::Place(place) => seen.end >= place,
            Until::Time(time) => seen.newest.is_some_and(|newest| newest > time),
        };
        while !arrived(&records.seen) {
            let timeline = way.timeline(number, self.segment_bytes);
            let Some(segment) = self.segments.get(&(timeline, number)) else {
                followed.next = Some(SegmentName::of(timeline, number, self.segment_bytes));
                followed.stopped = self.missing(timeline, number, last);
                break;
            };
            let end = Lsn((number + 1).saturating_mul(self.segment_bytes));
            let before = records.seen.clone();
            if self.names_only {
                records.seen.end = end;
            } else if let Err(damage) = self.segment(tree, segment, &mut records) {
                // A file that cannot be unpacked, or is not what was archived, cannot be restored either: what was read of it
                // counts for nothing.
                (records.seen, followed.stopped) = (before, Some(damage));
                break;
            }
            records.segment_ends(end);
            followed.segments += 1;
            followed.last = Some(segment.name);
            number += 1;
        }
        followed.seen = records.seen;
    }

    fn segment(
        &self,
        tree: &dyn Tree,
        segment: &segment::Segment,
        records: &mut Records,
    ) -> Result<(), Damage> {
        segment::pages(tree, segment, self.segment_bytes, &mut |leaf| {
            if records.done() {
                return Ok(());
            }
            let (file, header) = (leaf.file, records.page(leaf)?);
            match (header, self.system_identifier) {
                (Some(header), Some(expected)) if header.system_identifier != expected => {
                    Err(foreign(file, expected, header.system_identifier))
                }
                _ => Ok(()),
            }
        })
    }

    /// A segment is not there: the end of the archive, or a hole in it.
    fn missing(&self, timeline: u32, number: u64, last: Option<u64>) -> Option<Damage> {
        let name = SegmentName::of(timeline, number, self.segment_bytes);
        let last = last.filter(|last| *last > number);
        if last.is_none() && self.oldest().is_some_and(|oldest| oldest.number < number) {
            return None;
        }
        let partial = self.partial.iter().any(|partial| partial.name == name);
        let unfinished = if partial { "; only an unfinished one (`.partial`) is" } else { "" };
        let message = match last {
            Some(last) => {
                let last = SegmentName::of(timeline, last, self.segment_bytes);
                format!("the segment is not there{unfinished}, and the archive goes on up to {last}")
            }
            None => format!("the segment is not there{unfinished}"),
        };
        Some(Damage::new(DamageKind::Missing, name.to_string(), message))
    }
}
