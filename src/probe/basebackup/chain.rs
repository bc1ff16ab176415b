//! Incremental backups and what they build on: `pg_combinebackup.c`, `reconstruct.c`, `basebackup_incremental.c`.

use std::io::Read;

use super::Backup;
use super::members::Member;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::damaged;

/// First bytes of a file that has only changed blocks (`INCREMENTAL_MAGIC`).
const MAGIC: u32 = 0xd3ae_1f0d;

/// What such a file's name begins with.
pub(super) const PREFIX: &str = "INCREMENTAL.";

/// The name that a file has in a full backup, if this one has only its changed blocks.
pub(super) fn full_name(name: &str) -> Option<String> {
    let (folder, base) = name.rsplit_once('/').map_or(("", name), |(folder, base)| (folder, base));
    let base = base.strip_prefix(PREFIX)?;
    Some(if folder.is_empty() { base.to_owned() } else { format!("{folder}/{base}") })
}

/// Reads the header of a file with changed blocks: its length must be what the number of blocks makes it.
pub(super) fn header(member: &Member<'_>, block_bytes: u64, bytes: &mut dyn Read) -> Result<(), Damage> {
    let mut start = Vec::new();
    bytes.take(12).read_to_end(&mut start).map_err(|error| damaged(member.place, &error))?;
    let number = |from: usize| -> Result<u32, Damage> {
        let field = start.get(from..from + 4).and_then(|field| field.try_into().ok());
        field.map(u32::from_le_bytes).ok_or_else(|| {
            let message = format!("it ends after {} bytes, inside its header", start.len());
            Damage::new(DamageKind::Truncated, member.place, message).at(start.len() as u64)
        })
    };
    if number(0)? != MAGIC {
        let message = "it does not begin as a file of changed blocks does";
        return Err(Damage::new(DamageKind::Corrupt, member.place, message).at(0));
    }
    let blocks = u64::from(number(4)?);
    let mut length = 12 + 4 * blocks;
    if blocks > 0 {
        length = length.next_multiple_of(block_bytes.max(1)) + blocks * block_bytes;
    }
    if member.bytes != length {
        let message =
            format!("it has {} bytes, and with {blocks} changed blocks it must have {length}", member.bytes);
        return Err(Damage::new(DamageKind::Corrupt, member.place, message).at(4));
    }
    Ok(())
}

/// The backups that one builds on, as indexes of `others`, the nearest first and the full one last. Nothing for a full
/// backup.
///
/// # Errors
/// One of them is not among `others`, is of another cluster, or lacks a file that a later one has only changes of.
pub fn chain(backup: &Backup, others: &[Backup]) -> Result<Vec<usize>, Damage> {
    let mut links = Vec::new();
    let mut last = backup;
    while let Some((start, timeline)) = last.label.as_ref().and_then(|label| label.incremental_from) {
        let fits = |other: &Backup| {
            let label = other.label.as_ref();
            let same =
                other.system_identifier.is_none() || other.system_identifier == backup.system_identifier;
            same && label.is_some_and(|label| (label.start, label.timeline) == (start, timeline))
        };
        // A backup cannot come twice: what began at one place cannot build on a later one.
        let next = others.iter().enumerate().find(|(index, other)| fits(other) && !links.contains(index));
        let Some((index, next)) = next else {
            let message = format!(
                "it builds on the backup of cluster {} that began at {start} of timeline {timeline}, which is not here",
                backup
                    .system_identifier
                    .map_or_else(|| "(unknown)".to_owned(), |identifier| identifier.to_string())
            );
            return Err(Damage::new(DamageKind::Missing, super::LABEL, message));
        };
        links.push(index);
        last = next;
    }
    let mut later = backup;
    for index in &links {
        let Some(earlier) = others.get(*index) else { continue };
        for name in &later.incremental {
            let known = earlier.manifest.as_ref().is_some_and(|manifest| manifest.files.contains_key(name));
            if !known && !earlier.incremental.contains(name) {
                let message = "only its changed blocks are here, and the backup before has nothing of it";
                return Err(Damage::new(DamageKind::Missing, name, message));
            }
        }
        later = earlier;
    }
    match later.incremental.iter().next() {
        Some(name) => {
            let message = "only its changed blocks are here, and the backup says that it is a full one";
            Err(Damage::new(DamageKind::Corrupt, name, message))
        }
        None => Ok(links),
    }
}
