//! The files of a base backup beside its manifest, as pg_verifybackup compares them.

use std::collections::BTreeSet;
use std::io::Read;

use super::digest::{self, Algorithm};
use super::manifest::{Entry, Manifest};
use super::members::Member;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::damaged;

/// What is not compared: what the manifest cannot list, and what an administrator writes before a restore
/// (`pg_verifybackup.c`). WAL is looked at on its own.
const APART: [&str; 5] =
    ["backup_manifest", "pg_wal", "postgresql.auto.conf", "recovery.signal", "standby.signal"];

/// Whether a file takes part in the comparison.
pub(super) fn compared(name: &str) -> bool {
    !APART
        .iter()
        .any(|apart| name.strip_prefix(apart).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// What comparing came to.
#[derive(Debug, Default)]
pub(super) struct Compared {
    seen: BTreeSet<String>,
    /// Files that are in the manifest and sound.
    pub(super) sound: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Files whose manifest entry has no checksum.
    unchecked: u64,
    pub(super) damages: Vec<Damage>,
}

impl Compared {
    /// Compares one file with its entry, reading it to its end.
    pub(super) fn file(
        &mut self,
        manifest: &Manifest,
        member: &Member<'_>,
        bytes: &mut dyn Read,
    ) -> Result<(), Damage> {
        let Some(entry) = manifest.files.get(member.name) else {
            let message = "it is there, and the manifest does not know it";
            self.damages.push(Damage::new(DamageKind::Extra, member.place, message));
            return Ok(());
        };
        self.seen.insert(member.name.to_owned());
        if member.bytes != entry.bytes {
            let found = member.bytes;
            let kind = if found < entry.bytes { DamageKind::Truncated } else { DamageKind::Size };
            let message = format!("it has {found} bytes, and by the manifest {}", entry.bytes);
            self.damages.push(Damage::new(kind, member.place, message).at(found.min(entry.bytes)));
            return Ok(());
        }
        let (read, found) =
            digest::of(bytes, entry.algorithm).map_err(|error| damaged(member.place, &error))?;
        match agrees(entry, read, &found) {
            Ok(()) => {
                self.sound += 1;
                self.bytes += read;
                self.unchecked += u64::from(entry.algorithm == Algorithm::None);
            }
            Err((kind, message)) => self.damages.push(Damage::new(kind, member.place, message)),
        }
        Ok(())
    }

    /// What the manifest lists and nobody saw.
    pub(super) fn finish(&mut self, manifest: &Manifest) {
        for name in manifest.files.keys().filter(|name| compared(name) && !self.seen.contains(*name)) {
            // A file that could not be opened was named already.
            if !self.damages.iter().any(|damage| damage.file == *name) {
                let message = "the manifest lists it, and it is not there";
                self.damages.push(Damage::new(DamageKind::Missing, name, message));
            }
        }
        if self.unchecked > 0 {
            let message = format!(
                "it has no checksums for {} files, so nothing vouches for their contents",
                self.unchecked
            );
            self.damages.push(Damage::new(DamageKind::Unread, super::MANIFEST, message));
        }
    }
}

fn agrees(entry: &Entry, read: u64, found: &str) -> Result<(), (DamageKind, String)> {
    if read != entry.bytes {
        return Err((
            DamageKind::Truncated,
            format!("{read} bytes of it can be read, and it should have {}", entry.bytes),
        ));
    }
    if found != entry.checksum {
        let word = entry.algorithm.word();
        return Err((
            DamageKind::Checksum,
            format!("it has {word} {found}, and by the manifest {}", entry.checksum),
        ));
    }
    Ok(())
}
