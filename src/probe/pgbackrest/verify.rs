//! One backup, every byte of it, wherever in the repository that is, and the WAL it needs.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Cursor, Read};

use sha1::{Digest, Sha1};

use super::ini::Ini;
use super::listed::Listed;
use super::manifest::{File, Manifest};
use super::{Cluster, Repository};
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::{Packing, Sub, Tree, damaged, hex, unpacked, unread};
use crate::probe::wal::{Archive, Followed, Lsn, Options, Until};

/// Longest file in a bundle that is read, in bytes; by default only files of up to 2 MiB are put into one.
const MOST_BUNDLED: u64 = 1 << 30;

/// What verifying a backup came to.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Its manifest, if its checksum fits.
    pub manifest: Option<Manifest>,
    /// Files that are sound.
    pub files: u64,
    /// Their bytes, as they are restored.
    pub bytes: u64,
    /// What following the WAL it needs came to.
    pub wal: Option<Followed>,
    /// Everything that is wrong.
    pub damages: Vec<Damage>,
}

impl Repository {
    /// Reads a backup, with what it has in earlier ones.
    ///
    /// # Errors
    /// There is no finished backup of this name.
    pub fn verify(&self, tree: &dyn Tree, label: &str) -> Result<Verified, Damage> {
        let Some(listed) = self.backup(label) else {
            let unfinished = self.unfinished.iter().any(|one| one == label);
            let (kind, message) = if unfinished {
                (DamageKind::Unfinished, "the backup was begun and not finished")
            } else {
                (DamageKind::Missing, "no such backup is listed")
            };
            return Err(Damage::new(kind, self.folder(label), message));
        };
        let mut verified = Verified::default();
        if listed.error == Some(true) {
            let message = "pgBackRest noted errors when it made the backup: pages had wrong checksums";
            verified.damages.push(Damage::new(DamageKind::Unfinished, self.folder(label), message));
        }
        let cluster = self.clusters.get(&listed.database);
        if cluster.is_none() {
            let message = format!("it is of cluster {}, which the stanza does not know", listed.database);
            verified.damages.push(Damage::new(DamageKind::Corrupt, self.folder(label), message));
        }
        if let Some(manifest) = self.manifest(tree, listed, cluster, &mut verified.damages) {
            self.files(tree, listed, &manifest, &mut verified);
            verified.manifest = Some(manifest);
        }
        self.wal(tree, listed, cluster, &mut verified);
        Ok(verified)
    }

    fn manifest(
        &self,
        tree: &dyn Tree,
        listed: &Listed,
        cluster: Option<&Cluster>,
        damages: &mut Vec<Damage>,
    ) -> Option<Manifest> {
        let file = format!("{}/backup.manifest", self.folder(&listed.label));
        let copy = format!("{file}.copy");
        let (first, second) = (Ini::read(tree, &file), Ini::read(tree, &copy));
        damages.extend(second.as_ref().err().cloned());
        damages.extend(first.as_ref().err().cloned());
        let manifest = match Manifest::of(&file, &first.or(second).ok()?) {
            Ok(manifest) => manifest,
            Err(damage) => {
                damages.push(damage);
                return None;
            }
        };
        if manifest.label != listed.label {
            let message = format!("it is the manifest of backup `{}`", manifest.label);
            damages.push(Damage::new(DamageKind::Foreign, &file, message));
        }
        if let Some(cluster) =
            cluster.filter(|cluster| cluster.system_identifier != manifest.system_identifier)
        {
            let message = format!(
                "it is of the cluster with system identifier {}, expected {}",
                manifest.system_identifier, cluster.system_identifier
            );
            damages.push(Damage::new(DamageKind::Foreign, &file, message));
        }
        if manifest.finished != Some(listed.finished) {
            let message = "it was finished at another time than the list of backups says";
            damages.push(Damage::new(DamageKind::Corrupt, &file, message));
        }
        if manifest.files.is_empty() {
            damages.push(Damage::new(DamageKind::Corrupt, &file, "it names no files"));
        }
        Some(manifest)
    }

    fn files(&self, tree: &dyn Tree, listed: &Listed, manifest: &Manifest, verified: &mut Verified) {
        let mut bundles: BTreeMap<String, Vec<&File>> = BTreeMap::new();
        for file in &manifest.files {
            let owner = file.reference.as_ref().unwrap_or(&listed.label);
            if *owner != listed.label && !listed.references.contains(owner) {
                let message = format!("it is in backup `{owner}`, which is not one that this one builds on");
                verified.damages.push(Damage::new(DamageKind::Corrupt, &file.name, message));
                continue;
            }
            if let Some(pages) = &file.wrong_pages {
                let message = format!("pages had wrong checksums when they were copied: {pages}");
                verified.damages.push(Damage::new(DamageKind::Corrupt, &file.name, message));
            }
            let folder = self.folder(owner);
            if let Some((number, _)) = file.bundle {
                bundles.entry(format!("{folder}/bundle/{number}")).or_default().push(file);
                continue;
            }
            let path = format!("{folder}/{}{}", file.name, suffix(file, manifest.packing));
            if file.bytes == 0
                && !self.files.contains_key(&path)
                && (manifest.bundles || file.stored_sha1.is_none())
            {
                // Where there are bundles, an empty file is only in the manifest.
                verified.files += 1;
                continue;
            }
            verified.take(file, self.one(tree, file, &path, manifest.packing));
        }
        for (path, mut files) in bundles {
            files.sort_by_key(|file| file.bundle);
            verified.bundle(tree, &path, &files, manifest.packing);
        }
    }

    fn one(&self, tree: &dyn Tree, file: &File, path: &str, packing: Packing) -> Result<(), Damage> {
        let Some(found) = self.files.get(path) else {
            return Err(Damage::new(DamageKind::Missing, path, "the manifest lists it, and it is not there"));
        };
        if found.bytes != file.stored {
            let kind = if found.bytes < file.stored { DamageKind::Truncated } else { DamageKind::Size };
            let message = format!("it has {} bytes, and by the manifest {}", found.bytes, file.stored);
            return Err(Damage::new(kind, path, message).at(found.bytes.min(file.stored)));
        }
        sound(file, path, tree.open(path)?, packing)
    }

    fn wal(&self, tree: &dyn Tree, listed: &Listed, cluster: Option<&Cluster>, verified: &mut Verified) {
        let (Some((first, last)), Some(cluster)) = (listed.wal, cluster) else { return };
        let Some(folder) = self.archive(listed.database) else { return };
        let archive = Sub::new(tree, &folder);
        let options = Options { system_identifier: Some(cluster.system_identifier), ..Options::default() };
        let read = match Archive::read(&archive, &options) {
            Ok(read) => read,
            Err(damage) => return verified.damages.push(damage),
        };
        let size = read.segment_bytes;
        let Some((from, to)) = first.number(size).zip(last.number(size)) else {
            let message = format!(
                "the WAL from {first} to {last} that it needs cannot be with segments of {size} bytes"
            );
            return verified.damages.push(Damage::new(
                DamageKind::Corrupt,
                self.folder(&listed.label),
                message,
            ));
        };
        let (from, to) = listed.places.unwrap_or((Lsn(from * size), Lsn((to + 1) * size)));
        let until = Until::Place(to);
        let followed = read.follow(&archive, (first.timeline, from), Some(last.timeline), until);
        if let Err(damage) = followed.reaches(until) {
            let message =
                format!("{}; needed for the backup, which has its WAL from {from} to {to}", damage.message);
            let file = format!("{folder}/{}", damage.file);
            verified.damages.push(Damage { file, message, ..damage });
        }
        verified.wal = Some(followed);
    }
}

impl Verified {
    fn take(&mut self, file: &File, result: Result<(), Damage>) {
        match result {
            Ok(()) => {
                self.files += 1;
                self.bytes += file.bytes;
            }
            Err(damage) => self.damages.push(damage),
        }
    }

    /// Files that lie one behind the other in one file, sorted by their places.
    fn bundle(&mut self, tree: &dyn Tree, path: &str, files: &[&File], packing: Packing) {
        let mut bundle = match tree.open(path) {
            Ok(bundle) => BufReader::with_capacity(1 << 20, bundle),
            Err(damage) => {
                let message = format!("{}; {} files of the backup are in it", damage.message, files.len());
                return self.damages.push(Damage { message, ..damage });
            }
        };
        let mut at = 0;
        for file in files {
            let begin = file.bundle.map_or(0, |(_, begin)| begin);
            let place = format!("{path}, in which {} is", file.name);
            let mut piece = || -> Result<(), Damage> {
                // Two files cannot be at the same place, unless they are one.
                let ahead = begin.checked_sub(at).ok_or_else(|| {
                    Damage::new(DamageKind::Corrupt, &place, "it begins inside the file before it").at(begin)
                })?;
                at += io::copy(&mut (&mut bundle).take(ahead), &mut io::sink())
                    .map_err(|error| unread(path, &error))?;
                if file.stored > MOST_BUNDLED {
                    let message = format!("it is said to have {} bytes in a bundle", file.stored);
                    return Err(Damage::new(DamageKind::Corrupt, &place, message));
                }
                let mut stored = Vec::new();
                (&mut bundle)
                    .take(file.stored)
                    .read_to_end(&mut stored)
                    .map_err(|error| unread(path, &error))?;
                at += stored.len() as u64;
                if stored.len() as u64 != file.stored {
                    let message = format!("the bundle ends at byte {at}, inside it");
                    return Err(Damage::new(DamageKind::Truncated, &place, message).at(at));
                }
                sound(file, &place, Box::new(Cursor::new(stored)), packing).map_err(|damage| damage.at(begin))
            };
            let result = piece();
            self.take(file, result);
        }
    }
}

/// A file's contents must have its size and its checksum; where they cannot be read here, what is stored must have its own.
fn sound(file: &File, path: &str, mut stored: Box<dyn Read>, packing: Packing) -> Result<(), Damage> {
    if file.blocks || packing == Packing::Bzip2 {
        let Some(stated) = &file.stored_sha1 else {
            let why = if file.blocks { "it is kept as blocks" } else { "it is compressed with bzip2" };
            return Err(Damage::new(DamageKind::Unread, path, format!("{why}, which cannot be read here")));
        };
        return compare(path, &mut stored, None, stated, "in the repository");
    }
    let empty = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let stated = file.sha1.as_deref().unwrap_or(empty);
    let mut contents = unpacked(path, stored, packing)?;
    compare(path, &mut contents, Some(file.bytes), stated, "behind its compression")
}

fn compare(
    path: &str,
    bytes: &mut dyn Read,
    length: Option<u64>,
    stated: &str,
    what: &str,
) -> Result<(), Damage> {
    let mut sum = Sha1::new();
    let mut room = vec![0; 128 * 1024];
    let mut at = 0_u64;
    loop {
        let read = match bytes.read(&mut room) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(damaged(path, &error).at(at)),
        };
        sum.update(room.get(..read).unwrap_or_default());
        at += read as u64;
        // What unpacks to more than it should need not be unpacked to its end.
        if length.is_some_and(|length| at > length) {
            break;
        }
    }
    if let Some(length) = length.filter(|length| *length != at) {
        let kind = if at < length { DamageKind::Truncated } else { DamageKind::Size };
        let message = format!("it has {at} bytes {what}, and by the manifest {length}");
        return Err(Damage::new(kind, path, message).at(at.min(length)));
    }
    let found = hex(&sum.finalize());
    if found == *stated {
        return Ok(());
    }
    let message = format!("it has SHA-1 {found} {what}, and by the manifest {stated}");
    Err(Damage::new(DamageKind::Checksum, path, message))
}

fn suffix(file: &File, packing: Packing) -> &'static str {
    match packing {
        _ if file.blocks => ".pgbi",
        Packing::Gzip => ".gz",
        Packing::Lz4 => ".lz4",
        Packing::Zstd => ".zst",
        Packing::Bzip2 => ".bz2",
        Packing::Plain | Packing::Xz | Packing::Encrypted => "",
    }
}
