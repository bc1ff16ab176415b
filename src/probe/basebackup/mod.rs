//! Base backups of pg_basebackup: a data folder or tar files, with a manifest that every file is compared with.
//!
//! What pg_verifybackup looks for is looked for here as well, and beside it: the label, the control file and its checksum,
//! the end of each tar file, the WAL that is needed, record by record, and the backups that an incremental one builds on.

mod chain;
mod control;
mod digest;
mod files;
mod label;
mod manifest;
mod members;
#[cfg(test)]
mod tests;
mod wal;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use jiff::Timestamp;

pub use chain::chain;
pub use control::{CONTROL, Control};
pub use digest::Algorithm;
pub use label::{LABEL, Label};
pub use manifest::{Entry, MANIFEST, Manifest, WalRange};

use super::damage::{Damage, DamageKind};
use super::tree::{Memory, Tree, damaged};
use files::{Compared, compared};
use members::{Layout, Member};

/// Longest manifest that is read, in bytes: some ten million files.
const MOST_MANIFEST: u64 = 2 << 30;

/// WAL segments in tar files are kept in memory to be followed, up to this many bytes.
const MOST_WAL: u64 = 1 << 30;

/// How a backup is to be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// An archive where WAL is, beside what the backup has itself.
    pub wal: Option<&'a dyn Tree>,
    /// The cluster that the backup must be of, where it is known.
    pub system_identifier: Option<u64>,
}

/// A base backup, every byte of which was read.
#[derive(Clone, Debug, Default)]
pub struct Backup {
    /// Whether it is tar files and not a folder.
    pub tar: bool,
    /// Bytes on disk, compressed as they are.
    pub stored: u64,
    /// The manifest, if there is one and its checksum fits.
    pub manifest: Option<Manifest>,
    /// The label.
    pub label: Option<Label>,
    /// The control file.
    pub control: Option<Control>,
    /// The cluster, by the control file, else by the manifest.
    pub system_identifier: Option<u64>,
    /// When it began: by the label or, where that is in a time zone that is not known, when the manifest says that the
    /// label was written.
    pub started: Option<Timestamp>,
    /// When the last of its files had been written, by the manifest: nearly when it was finished.
    pub finished: Option<Timestamp>,
    /// Files that agree with the manifest.
    pub files: u64,
    /// Bytes of these: what a restore takes, without WAL.
    pub bytes: u64,
    /// Files of which it has only changed blocks, by the names that they have in a full backup.
    pub incremental: BTreeSet<String>,
    /// Everything that is wrong.
    pub damages: Vec<Damage>,
}

/// Files that are looked into, in a tar file while it is passed through.
#[derive(Debug, Default)]
struct Kept {
    small: BTreeMap<String, Vec<u8>>,
    wal: Memory,
    wal_bytes: u64,
    wal_over: bool,
}

impl Backup {
    /// Reads a backup. Everything that is wrong is in [`Backup::damages`].
    ///
    /// # Errors
    /// It cannot be listed, or there is nothing.
    pub fn read(tree: &dyn Tree, options: &Options<'_>) -> Result<Self, Damage> {
        let found = tree.list()?;
        if found.is_empty() {
            return Err(Damage::new(DamageKind::Missing, ".", "there is nothing in it"));
        }
        let mut backup = Self { stored: found.iter().map(|found| found.bytes).sum(), ..Self::default() };
        let unfinished = found.iter().find(|found| found.base().starts_with("backup_manifest.tmp")).cloned();
        let beside = found.iter().any(|found| found.name == MANIFEST);
        let names: Vec<String> = found.iter().map(|found| found.name.clone()).collect();
        let layout = Layout::of(found);
        if let Layout::Tar(tars) = &layout {
            let extra = names
                .into_iter()
                .filter(|name| name != MANIFEST && !tars.iter().any(|(tar, _)| tar.name == *name));
            let message = "no backup in tar files has such a file";
            backup.damages.extend(extra.map(|name| Damage::new(DamageKind::Extra, name, message)));
        }
        backup.tar = matches!(layout, Layout::Tar(_));
        let manifest = if beside {
            tree.read(MANIFEST, MOST_MANIFEST).map(Some)
        } else if backup.tar {
            Ok(backup.within(&layout, tree))
        } else {
            Ok(None)
        };
        match manifest.and_then(|bytes| bytes.map(|bytes| Manifest::read(MANIFEST, &bytes)).transpose()) {
            Ok(Some(manifest)) => backup.manifest = Some(manifest),
            Ok(None) => backup.damages.push(without_manifest(unfinished.is_some())),
            Err(damage) => backup.damages.push(damage),
        }
        let kept = backup.compare(&layout, tree);
        backup.look_into(&kept);
        backup.identify(options);
        backup.follow(&kept, tree, options);
        Ok(backup)
    }

    /// A manifest that is the last member of a tar file.
    fn within(&mut self, layout: &Layout, tree: &dyn Tree) -> Option<Vec<u8>> {
        let mut manifest = None;
        let mut ignored = Vec::new();
        layout.each(
            tree,
            &|name| name == MANIFEST,
            &mut |member, bytes| {
                let mut read = Vec::new();
                let taken = bytes.take(MOST_MANIFEST).read_to_end(&mut read);
                taken.map_err(|error| damaged(member.place, &error))?;
                manifest = Some(read);
                Ok(())
            },
            // The same is found again, and told then.
            &mut ignored,
        );
        manifest
    }

    fn compare(&mut self, layout: &Layout, tree: &dyn Tree) -> Kept {
        let mut kept = Kept::default();
        let mut comparison = Compared::default();
        let manifest = self.manifest.clone();
        let tar = self.tar;
        let mut incremental = BTreeSet::new();
        let mut damages = Vec::new();
        layout.each(
            tree,
            &|name| compared(name) || (tar && name.starts_with("pg_wal/")),
            &mut |member, bytes| {
                if let Some(name) = member.name.strip_prefix("pg_wal/") {
                    return kept.wal(name, &member, bytes);
                }
                let mut start = Vec::new();
                if [LABEL, CONTROL].contains(&member.name) {
                    let most = label::MOST.max(control::SIZE);
                    bytes
                        .take(most)
                        .read_to_end(&mut start)
                        .map_err(|error| damaged(member.place, &error))?;
                    kept.small.insert(member.name.to_owned(), start.clone());
                } else if let Some(name) = chain::full_name(member.name) {
                    incremental.insert(name);
                    bytes.take(12).read_to_end(&mut start).map_err(|error| damaged(member.place, &error))?;
                    kept.small.insert(member.name.to_owned(), start.clone());
                }
                match &manifest {
                    Some(manifest) => comparison.file(manifest, &member, &mut start.as_slice().chain(bytes)),
                    None => Ok(()),
                }
            },
            &mut damages,
        );
        comparison.damages.append(&mut damages);
        if let Some(manifest) = &manifest {
            comparison.finish(manifest);
        }
        (self.files, self.bytes, self.incremental) = (comparison.sound, comparison.bytes, incremental);
        self.damages.append(&mut comparison.damages);
        kept
    }

    /// Label, control file, and headers of files with changed blocks.
    fn look_into(&mut self, kept: &Kept) {
        match kept.small.get(LABEL) {
            Some(bytes) => match Label::read(LABEL, bytes) {
                Ok(label) => self.label = Some(label),
                Err(damage) => self.damages.push(damage),
            },
            None => {
                let message = "it is not there, and without it a restore begins at the wrong place";
                self.damage_once(Damage::new(DamageKind::Missing, LABEL, message));
            }
        }
        match kept.small.get(CONTROL).map(|bytes| Control::read(CONTROL, bytes)) {
            Some(Ok(control)) => self.control = Some(control),
            Some(Err(damage)) => self.damages.push(damage),
            None => self.damage_once(Damage::new(DamageKind::Missing, CONTROL, "it is not there")),
        }
        let block_bytes = self.control.map_or(8192, |control| u64::from(control.block_bytes));
        let Some(manifest) = &self.manifest else { return };
        let mut damages = Vec::new();
        for (name, start) in kept.small.iter().filter(|(name, _)| chain::full_name(name).is_some()) {
            let bytes = manifest.files.get(name).map_or(0, |entry| entry.bytes);
            let member = Member { name, place: name, bytes };
            damages.extend(chain::header(&member, block_bytes, &mut start.as_slice()).err());
        }
        self.damages.append(&mut damages);
        let incremental = self.label.as_ref().is_some_and(|label| label.incremental_from.is_some());
        if !incremental && !self.incremental.is_empty() {
            let message =
                "the backup has files of changed blocks, and its label names no backup that it builds on";
            self.damages.push(Damage::new(DamageKind::Corrupt, LABEL, message));
        }
    }

    /// Unless the same file was named for something already.
    fn damage_once(&mut self, damage: Damage) {
        if !self.damages.iter().any(|before| before.file == damage.file) {
            self.damages.push(damage);
        }
    }

    fn identify(&mut self, options: &Options<'_>) {
        let control = self.control.map(|control| control.system_identifier);
        let stated = self.manifest.as_ref().and_then(|manifest| manifest.system_identifier);
        self.system_identifier = control.or(stated);
        let other = |file: &str, found: u64, expected: u64, whose: &str| {
            let message =
                format!("it is of the cluster with system identifier {found}, and {whose} {expected}");
            Damage::new(DamageKind::Foreign, file, message)
        };
        if let (Some(control), Some(stated)) = (control, stated)
            && control != stated
        {
            self.damages.push(other(CONTROL, control, stated, "the manifest says"));
        }
        if let (Some(found), Some(expected)) = (self.system_identifier, options.system_identifier)
            && found != expected
        {
            self.damages.push(other(CONTROL, found, expected, "it should be"));
        }
        let files = self.manifest.as_ref().map(|manifest| &manifest.files);
        let label = files.and_then(|files| files.get(LABEL)).and_then(|entry| entry.changed);
        self.started = self.label.as_ref().and_then(|label| label.started).or(label);
        self.finished = files.and_then(|files| files.values().filter_map(|entry| entry.changed).max());
    }

    fn follow(&mut self, kept: &Kept, tree: &dyn Tree, options: &Options<'_>) {
        let Some(manifest) = &self.manifest else { return };
        let (ranges, start) =
            (manifest.wal.clone(), self.label.as_ref().map(|label| (label.timeline, label.start)));
        let first = ranges.first().map(|range| (range.timeline, range.start));
        if ranges.is_empty() {
            let message = "it names no WAL, and no backup can do without";
            self.damages.push(Damage::new(DamageKind::Corrupt, MANIFEST, message));
        } else if start.is_some()
            && first != start
            && !ranges.iter().any(|range| Some((range.timeline, range.start)) == start)
        {
            let message =
                "the WAL that the manifest names does not begin where the label says that the backup began";
            self.damages.push(Damage::new(DamageKind::Corrupt, MANIFEST, message));
        }
        if kept.wal_over {
            let message =
                format!("more than {MOST_WAL} bytes of WAL are in tar files; unpack them to have it checked");
            self.damages.push(Damage::new(DamageKind::Unread, "pg_wal", message));
            return;
        }
        let wal_options = super::wal::Options {
            segment_bytes: self.control.map(|control| control.segment_bytes),
            system_identifier: self.system_identifier,
            names_only: false,
        };
        let own = super::tree::Sub::new(tree, "pg_wal");
        let own: &dyn Tree = if self.tar { &kept.wal } else { &own };
        let places: Vec<&dyn Tree> = std::iter::once(own).chain(options.wal).collect();
        self.damages.extend(wal::needed(&ranges, &wal_options, &places));
    }
}

impl Kept {
    fn wal(&mut self, name: &str, member: &Member<'_>, bytes: &mut dyn Read) -> Result<(), Damage> {
        if super::wal::parse(name).file == super::wal::WalFile::Other {
            return Ok(());
        }
        if self.wal_bytes.saturating_add(member.bytes) > MOST_WAL {
            self.wal_over = true;
            return Ok(());
        }
        let mut read = Vec::new();
        bytes.read_to_end(&mut read).map_err(|error| damaged(member.place, &error))?;
        self.wal_bytes += read.len() as u64;
        self.wal.put(name, read);
        Ok(())
    }
}

/// pg_basebackup writes the manifest last, under another name until it is whole.
fn without_manifest(unfinished: bool) -> Damage {
    if unfinished {
        let message = "there is only its beginning under another name, so the backup was interrupted";
        return Damage::new(DamageKind::Unfinished, MANIFEST, message);
    }
    let message = "it is not there: the backup was interrupted, or made with --no-manifest, and nothing vouches for its files";
    Damage::new(DamageKind::Missing, MANIFEST, message)
}
