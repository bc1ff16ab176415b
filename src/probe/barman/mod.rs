//! Catalogues of Barman, read here and not believed: its backups, their files, and the WAL that it keeps.
//!
//! Barman 2 and 3, with local files. A backup that it made by copying files has no checksums, so nothing vouches for it; one
//! that it had pg_basebackup make has a manifest, and is read as any base backup.

mod catalogue;
mod info;
mod printed;

use std::collections::BTreeMap;

pub use info::{Info, Status};
pub use printed::{Printed, printed};

use super::basebackup::{self, Backup};
use super::damage::{Damage, DamageKind};
use super::tree::{Found, Sub, Tree};
use super::wal::{Archive, Followed, Options, Until};

/// One server of a catalogue, as it was when it was listed.
#[derive(Debug)]
pub struct Server {
    name: String,
    /// Backups of any status, oldest first.
    pub backups: Vec<Info>,
    /// Folders of backups that say nothing of themselves.
    pub unfinished: Vec<String>,
    /// The cluster that it is bound to; versions before 2.11 do not keep it.
    pub system_identifier: Option<u64>,
    /// WAL files that Barman put aside, being damaged, double or unknown to it.
    pub aside: u64,
    /// WAL files that have arrived and are not yet in the archive.
    pub incoming: u64,
    /// What is wrong with the catalogue as a whole.
    pub damages: Vec<Damage>,
}

/// What verifying a backup came to.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// The backup's own files.
    pub backup: Backup,
    /// What following the WAL from its beginning to its end came to.
    pub wal: Option<Followed>,
    /// Everything that is wrong.
    pub damages: Vec<Damage>,
}

impl Server {
    /// Reads what a catalogue (`barman_home`) has of a server. Whether backups are sound is told by [`Server::verify`].
    ///
    /// # Errors
    /// The catalogue cannot be listed, or has no such server.
    pub fn read(tree: &dyn Tree, name: &str) -> Result<Self, Damage> {
        let prefix = format!("{name}/");
        let all = tree.list()?;
        let files: BTreeMap<String, Found> = all
            .into_iter()
            .filter_map(|found| Some((found.name.strip_prefix(&prefix)?.to_owned(), found)))
            .collect();
        if !super::tree::inside(name) || name.contains('/') || files.is_empty() {
            return Err(Damage::new(
                DamageKind::Missing,
                name,
                "the catalogue has no such server, or nothing of it",
            ));
        }
        let mut server = Self {
            name: name.to_owned(),
            backups: Vec::new(),
            unfinished: Vec::new(),
            system_identifier: None,
            aside: 0,
            incoming: 0,
            damages: Vec::new(),
        };
        server.identity(tree, &files);
        server.list(tree, &files);
        server.wals(tree, &files);
        Ok(server)
    }

    /// A backup.
    #[must_use]
    pub fn backup(&self, id: &str) -> Option<&Info> {
        self.backups.iter().find(|backup| backup.id == id)
    }

    /// The backup that was finished last.
    #[must_use]
    pub fn newest(&self) -> Option<&Info> {
        let finished = |backup: &&Info| matches!(backup.status, Status::Done | Status::WaitingForWals);
        self.backups.iter().rfind(finished)
    }

    /// The folder of the catalogue in which the server's WAL is.
    #[must_use]
    pub fn wal_folder(&self) -> String {
        format!("{}/wals", self.name)
    }

    /// Reads a backup, every file of it, and the WAL it needs.
    ///
    /// # Errors
    /// There is no such backup, or nothing was copied of it.
    pub fn verify(&self, tree: &dyn Tree, id: &str) -> Result<Verified, Damage> {
        let folder = format!("{}/base/{id}", self.name);
        let Some(info) = self.backup(id) else {
            let begun = self.unfinished.iter().any(|one| one == id);
            let (kind, message) = if begun {
                (DamageKind::Unfinished, "the backup says nothing of itself, so it was not finished")
            } else {
                (DamageKind::Missing, "there is no such backup")
            };
            return Err(Damage::new(kind, folder, message));
        };
        let mut verified = Verified::default();
        match info.status {
            Status::Done | Status::WaitingForWals => {}
            status => {
                let why = info.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
                let message = format!("its status is {}{why}", status.word());
                verified.damages.push(Damage::new(DamageKind::Unfinished, &folder, message));
            }
        }
        if let (Some(found), Some(expected)) = (info.system_identifier, self.system_identifier)
            && found != expected
        {
            let message = format!("it is of the cluster with system identifier {found}, expected {expected}");
            verified.damages.push(Damage::new(DamageKind::Foreign, &folder, message));
        }
        let (data, wals) = (format!("{folder}/data"), self.wal_folder());
        let (data, wals) = (Sub::new(tree, &data), Sub::new(tree, &wals));
        let identifier = info.system_identifier.or(self.system_identifier);
        let options = basebackup::Options { wal: Some(&wals), system_identifier: identifier };
        verified.backup = Backup::read(&data, &options)
            .map_err(|damage| Damage { file: format!("{folder}/data"), ..damage })?;
        verified.damages.append(&mut verified.backup.damages.clone());
        let read =
            Options { segment_bytes: info.segment_bytes, system_identifier: identifier, names_only: false };
        self.follow(&wals, &read, info, &mut verified);
        Ok(verified)
    }

    fn follow(&self, wals: &Sub<'_>, options: &Options, info: &Info, verified: &mut Verified) {
        let (Some((from, to)), Some((first, last))) = (info.places, info.wal) else { return };
        let archive = match Archive::read(wals, options) {
            Ok(archive) => archive,
            Err(damage) => return verified.damages.push(damage),
        };
        let until = Until::Place(to);
        let followed = archive.follow(wals, (first.timeline, from), Some(last.timeline), until);
        if let Err(damage) = followed.reaches(until) {
            let message =
                format!("{}; needed for the backup, which has its WAL from {from} to {to}", damage.message);
            let file = format!("{}/{}", self.wal_folder(), damage.file);
            verified.damages.push(Damage { file, message, ..damage });
        }
        verified.wal = Some(followed);
    }
}
