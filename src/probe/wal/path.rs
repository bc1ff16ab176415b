//! The way of a restore through timelines: `readTimeLineHistory`, `findNewestTimeLine` in `timeline.c` and
//! `XLogFileReadAnyTLI` in `xlogrecovery.c`.

use super::Archive;
use super::lsn::Lsn;
use crate::probe::damage::{Damage, DamageKind};

/// The timelines a restore passes through, oldest first, each with the place where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way(Vec<(u32, Lsn)>);

impl Way {
    /// To a timeline, or to the newest one that can be reached, as `recovery_target_timeline = latest` means it.
    pub(super) fn to(archive: &Archive, from: (u32, Lsn), to: Option<u32>) -> Result<Self, Damage> {
        let target = to.unwrap_or_else(|| newest(archive, from.0));
        let mut way = vec![(from.0, Lsn(0))];
        if target != from.0 {
            let file = format!("{target:08X}.history");
            let Some(history) = archive.histories.get(&target) else {
                let message =
                    format!("it is needed to get from timeline {} to {target}, and is not there", from.0);
                return Err(Damage::new(DamageKind::Missing, file, message));
            };
            let mut begin = Lsn(0);
            way.clear();
            for (timeline, switch) in &history.ancestors {
                way.push((*timeline, begin));
                begin = *switch;
            }
            way.push((target, begin));
            let left = history.ancestors.iter().find(|(timeline, _)| *timeline == from.0);
            match left {
                Some((_, switch)) if *switch >= from.1 => {}
                Some((_, switch)) => {
                    let message = format!(
                        "timeline {target} left timeline {} at {switch}, before {}, where the restore begins",
                        from.0, from.1
                    );
                    return Err(Damage::new(DamageKind::Foreign, file, message));
                }
                None => {
                    let message = format!("timeline {target} did not come from timeline {}", from.0);
                    return Err(Damage::new(DamageKind::Foreign, file, message));
                }
            }
        }
        Ok(Self(way))
    }

    /// The timeline it ends on.
    pub(super) fn target(&self) -> u32 {
        self.0.last().map_or(0, |(timeline, _)| *timeline)
    }

    /// The timeline whose file has a segment: where one begins inside a segment, that file has both.
    pub(super) fn timeline(&self, number: u64, segment_bytes: u64) -> u32 {
        let begun = |begin: Lsn| begin.0 / segment_bytes <= number;
        self.0.iter().rev().find(|(_, begin)| begun(*begin)).map_or(0, |(timeline, _)| *timeline)
    }

    /// The highest segment number that is there on the way.
    pub(super) fn last(&self, archive: &Archive) -> Option<u64> {
        let of = |timeline: u32| {
            let mut numbers =
                archive.segments.range((timeline, 0)..=(timeline, u64::MAX)).map(|((_, number), _)| *number);
            numbers.rfind(|number| self.timeline(*number, archive.segment_bytes) == timeline)
        };
        self.0.iter().filter_map(|(timeline, _)| of(*timeline)).max()
    }
}

/// The server asks for the history of one timeline after the other until there is none.
fn newest(archive: &Archive, from: u32) -> u32 {
    let mut newest = from;
    while archive.histories.contains_key(&newest.saturating_add(1)) {
        newest += 1;
    }
    newest
}
