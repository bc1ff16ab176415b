//! Where a restore of a backup begins in WAL, and how far an archive leads it from there.

use jiff::Timestamp;

use super::{other, word};
use crate::facts::{self, Failure, Observed, Obstacle};
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::Tree;
use crate::probe::wal::{Archive, Followed, Lsn, SegmentName, Until};
use crate::verdict::Verdict;

/// A place in WAL, as precisely as a backup says it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// Itself.
    At(Lsn),
    /// Somewhere in a segment: its beginning is early enough.
    Begin(SegmentName),
    /// Somewhere in a segment: its end is late enough.
    End(SegmentName),
}

/// What a backup says of its own WAL.
#[derive(Clone, Debug)]
pub(in crate::probe) struct Begin {
    /// Which backup, for people.
    pub(super) name: String,
    /// Timeline and place where replay begins.
    pub(super) start: (u32, Place),
    /// Timeline and place up to which it has to be replayed, or what is restored contradicts itself.
    pub(super) end: (u32, Place),
    /// When it was begun.
    pub(super) started: Option<Timestamp>,
    /// The cluster that it is of.
    pub(super) system_identifier: Option<u64>,
}

impl Place {
    fn in_archive(self, archive: &Archive) -> Result<Lsn, Failure> {
        let bytes = archive.segment_bytes;
        let number = |name: SegmentName| {
            name.number(bytes)
                .ok_or_else(|| other(format!("there is no segment {name} where segments have {bytes} bytes")))
        };
        Ok(match self {
            Self::At(place) => place,
            Self::Begin(name) => Lsn(number(name)? * bytes),
            Self::End(name) => Lsn((number(name)? + 1) * bytes),
        })
    }
}

impl Begin {
    /// Follows the WAL of an archive from here on, as far as it leads.
    ///
    /// # Errors
    /// The archive cannot have the places that the backup names.
    pub(super) fn follow(&self, tree: &dyn Tree, archive: &Archive) -> Result<Observed, Failure> {
        let start = (self.start.0, self.start.1.in_archive(archive)?);
        let end = self.end.1.in_archive(archive)?;
        let from = format!("{} at {} of timeline {}", self.name, start.1, start.0);
        let followed = archive.follow(tree, start, None, Until::Newest);
        let way_timeline = followed.timeline;
        let mut way = seen(&from, &followed);
        way.begun = self.started;
        // Up to its end a restore may not stop, so what ended until then cannot be left out.
        let own = archive.follow(tree, start, Some(self.end.0), Until::Place(end));
        way.within = own.seen.newest;
        let useless = self.foreign(archive).or_else(|| self.left(archive, way_timeline, end)).or_else(|| {
            own.reaches(Until::Place(end)).err().map(|damage| Damage {
                message: format!("{}; {} needs its WAL from {} to {end}", damage.message, self.name, start.1),
                ..damage
            })
        });
        way.useless = useless.map(|damage| obstacle(&damage));
        Ok(Observed::Followed(Box::new(way)))
    }

    /// WAL of another cluster.
    fn foreign(&self, archive: &Archive) -> Option<Damage> {
        let (expected, found) = (self.system_identifier?, archive.system_identifier?);
        let message = format!(
            "it is of the cluster with system identifier {found}, and {} is of {expected}",
            self.name
        );
        (expected != found).then(|| Damage::new(DamageKind::Foreign, "the archive", message))
    }

    /// A way that leaves the timeline of the backup before the backup ends.
    fn left(&self, archive: &Archive, timeline: u32, end: Lsn) -> Option<Damage> {
        let ancestors = &archive.histories.get(&timeline)?.ancestors;
        let (own, switch) = ancestors.iter().find(|(ancestor, _)| *ancestor == self.end.0)?;
        let message = format!(
            "timeline {timeline} left timeline {own} at {switch}, before {end}, where {} ends",
            self.name
        );
        (*switch < end).then(|| Damage::new(DamageKind::Foreign, format!("{timeline:08X}.history"), message))
    }
}

/// What following WAL came to, as it is kept.
pub(super) fn seen(from: &str, followed: &Followed) -> facts::Followed {
    facts::Followed {
        from: from.to_owned(),
        begun: None,
        within: None,
        segments: followed.segments,
        last: followed.last.map(|last| last.to_string()),
        end: format!("{} of timeline {}", followed.seen.end, followed.timeline),
        newest: followed.seen.newest,
        stopped: followed.reaches(Until::Newest).err().map(|damage| obstacle(&damage)),
        useless: None,
    }
}

fn obstacle(damage: &Damage) -> Obstacle {
    Obstacle {
        verdict: if damage.is_unread() { Verdict::Unproven } else { Verdict::Broken },
        kind: word(damage.kind).to_owned(),
        message: damage.to_string(),
    }
}
