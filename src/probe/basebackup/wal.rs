//! The WAL that a base backup needs to become consistent: in its own `pg_wal`, or in an archive.

use super::manifest::WalRange;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::Tree;
use crate::probe::wal::{Archive, Options, Until};

/// Makes sure that every range can be followed to its end, in the first of some places that has it.
pub(super) fn needed(ranges: &[WalRange], options: &Options, places: &[&dyn Tree]) -> Vec<Damage> {
    let mut archives = Vec::new();
    let mut damages = Vec::new();
    for place in places {
        match Archive::read(*place, options) {
            Ok(archive) if !archive.segments.is_empty() => archives.push((*place, archive)),
            Ok(_) => {}
            Err(damage) => damages.push(damage),
        }
    }
    let unread = |damage: &Damage| damage.is_unread();
    for range in ranges {
        let follow = |(place, archive): &(&dyn Tree, Archive)| {
            let (from, until) = ((range.timeline, range.start), Until::Place(range.end));
            archive.follow(*place, from, Some(range.timeline), until).reaches(until).err()
        };
        let found: Vec<Option<Damage>> = archives.iter().map(follow).collect();
        if found.iter().any(Option::is_none) && !found.is_empty() {
            continue;
        }
        let wanted = format!(
            "the WAL from {} to {} of timeline {}, which a restore of the backup needs",
            range.start, range.end, range.timeline
        );
        // A place that could not be looked at may have it. Else the first one, the backup's own, has the nearest answer.
        let found: Vec<Damage> = found.into_iter().flatten().collect();
        let damage = found
            .iter()
            .find(|damage| unread(damage))
            .or_else(|| found.first())
            .cloned()
            .or_else(|| damages.iter().find(|damage| unread(damage)).cloned());
        damages.push(match damage {
            Some(damage) => Damage { message: format!("{}; needed for {wanted}", damage.message), ..damage },
            None => Damage::new(DamageKind::Missing, "pg_wal", format!("there is no segment of {wanted}")),
        });
    }
    damages
}
