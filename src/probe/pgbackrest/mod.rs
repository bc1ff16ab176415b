//! Repositories of pgBackRest, read here and not believed: `info` says `ok` of damaged backups, and `verify` of some versions
//! ends with status 0 whatever it finds.
//!
//! Versions 2.0 and later, format 5. An encrypted repository cannot be looked into.

mod ini;
mod listed;
mod manifest;
#[cfg(test)]
mod tests;
mod verify;

use std::collections::BTreeMap;

use serde_json::Value;

pub use listed::{BackupType, Listed, Stanza, info};
pub use manifest::{File, Manifest};
pub use verify::Verified;

use super::damage::{Damage, DamageKind};
use super::tree::{Found, Tree};
use ini::Ini;

/// One of the clusters that a stanza has had: an upgrade begins a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Version of PostgreSQL, such as `15`.
    pub version: String,
    /// As `pg_control_system()` shows it.
    pub system_identifier: u64,
}

/// A stanza of a repository, as it was when it was listed.
#[derive(Debug)]
pub struct Repository {
    stanza: String,
    files: BTreeMap<String, Found>,
    /// Finished backups, oldest first.
    pub backups: Vec<Listed>,
    /// Clusters by number.
    pub clusters: BTreeMap<u64, Cluster>,
    /// The cluster that is backed up now.
    pub current: Option<u64>,
    /// Folders of backups that were begun and not finished, or are being made now.
    pub unfinished: Vec<String>,
    /// What is wrong with the repository as a whole, and with which backups there are.
    pub damages: Vec<Damage>,
}

impl Repository {
    /// Reads which backups a stanza has. Whether they are sound is told by [`Repository::verify`].
    ///
    /// # Errors
    /// The repository cannot be listed, or has no such stanza, or neither copy of its list of backups can be read.
    pub fn read(tree: &dyn Tree, stanza: &str) -> Result<Self, Damage> {
        let files: BTreeMap<String, Found> =
            tree.list()?.into_iter().map(|found| (found.name.clone(), found)).collect();
        let mut repository = Self {
            stanza: stanza.to_owned(),
            files,
            backups: Vec::new(),
            clusters: BTreeMap::new(),
            current: None,
            unfinished: Vec::new(),
            damages: Vec::new(),
        };
        let file = format!("backup/{stanza}/backup.info");
        if !super::tree::inside(&file) || !repository.files.keys().any(|name| name.starts_with(&file)) {
            let known = repository.stanzas().join("`, `");
            let message = format!("there is no such file; stanzas in the repository: `{known}`");
            return Err(Damage::new(DamageKind::Missing, file, message));
        }
        let info = repository.both(tree, &file)?;
        repository.list(&file, &info);
        repository.archive_info(tree, &info);
        repository.depend();
        repository.strays();
        Ok(repository)
    }

    /// Names of stanzas that have backups or WAL.
    fn stanzas(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.files.keys().filter_map(|name| name.split('/').nth(1)).collect();
        names.dedup();
        names
    }

    /// A file and its copy: each is written whole before the other is touched, so one of them is always sound.
    fn both(&mut self, tree: &dyn Tree, file: &str) -> Result<Ini, Damage> {
        let copy = format!("{file}.copy");
        match (Ini::read(tree, file), Ini::read(tree, &copy)) {
            (Ok(ini), Ok(_)) => Ok(ini),
            (Ok(ini), Err(damage)) | (Err(damage), Ok(ini)) => {
                self.damages.push(damage);
                Ok(ini)
            }
            (Err(damage), Err(_)) => Err(damage),
        }
    }

    fn list(&mut self, file: &str, info: &Ini) {
        for (label, value) in info.section("backup:current") {
            match listed::recorded(label, value) {
                Some(listed) => self.backups.push(listed),
                None => {
                    let message = format!("what it says of backup `{label}` cannot be read");
                    self.damages.push(Damage::new(DamageKind::Corrupt, file, message));
                }
            }
        }
        self.backups.sort_by_key(|backup| backup.finished);
        self.current = info.get("db", "db-id").and_then(Value::as_u64);
        for (number, value) in info.section("db:history") {
            let cluster = || {
                let version = value.get("db-version")?.as_str()?.to_owned();
                let plain = version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                let system_identifier = value.get("db-system-id")?.as_u64()?;
                plain.then_some((number.parse().ok()?, Cluster { version, system_identifier }))
            };
            match cluster() {
                Some((number, cluster)) => drop(self.clusters.insert(number, cluster)),
                None => {
                    let message = format!("what it says of cluster `{number}` cannot be read");
                    self.damages.push(Damage::new(DamageKind::Corrupt, file, message));
                }
            }
        }
    }

    /// The archive must be of the same cluster.
    fn archive_info(&mut self, tree: &dyn Tree, info: &Ini) {
        let file = format!("archive/{}/archive.info", self.stanza);
        match self.both(tree, &file) {
            Ok(archive) => {
                let of = |ini: &Ini| ini.get("db", "db-system-id").and_then(Value::as_u64);
                let (backups, archive) = (of(info), of(&archive));
                if backups != archive {
                    let word =
                        |one: Option<u64>| one.map_or_else(|| "none".to_owned(), |one| one.to_string());
                    let message = format!(
                        "it is of cluster {}, and the backups are of {}",
                        word(archive),
                        word(backups)
                    );
                    self.damages.push(Damage::new(DamageKind::Foreign, file, message));
                }
            }
            Err(damage) => self.damages.push(damage),
        }
    }

    /// A backup is worth nothing without those that it builds on.
    fn depend(&mut self) {
        let mut damages = Vec::new();
        for backup in &self.backups {
            let needed = backup.prior.iter().chain(&backup.references);
            let mut missing: Vec<&String> = needed.filter(|needed| self.backup(needed).is_none()).collect();
            missing.dedup();
            for missing in missing {
                let message = format!("it builds on backup `{missing}`, which is not listed any more");
                damages.push(Damage::new(DamageKind::Missing, self.folder(&backup.label), message));
            }
            if backup.kind != BackupType::Full && backup.prior.is_none() {
                let message = format!("it is a {} backup, and does not say of which", backup.kind.word());
                damages.push(Damage::new(DamageKind::Corrupt, self.folder(&backup.label), message));
            }
        }
        self.damages.append(&mut damages);
    }

    /// Folders of backups that are not listed.
    fn strays(&mut self) {
        let root = format!("backup/{}/", self.stanza);
        let folders = self.files.keys().filter_map(|name| name.strip_prefix(&root)?.split_once('/'));
        let mut labels: Vec<&str> =
            folders.map(|(folder, _)| folder).filter(|name| listed::label(name).is_some()).collect();
        labels.dedup();
        let strays = labels.into_iter().filter(|label| self.backup(label).is_none()).map(str::to_owned);
        self.unfinished = strays.collect();
    }

    /// A finished backup.
    #[must_use]
    pub fn backup(&self, label: &str) -> Option<&Listed> {
        self.backups.iter().find(|backup| backup.label == label)
    }

    /// The backup that was finished last.
    #[must_use]
    pub fn newest(&self) -> Option<&Listed> {
        self.backups.last()
    }

    /// Where the WAL of a cluster is in the repository.
    #[must_use]
    pub fn archive(&self, cluster: u64) -> Option<String> {
        let version = &self.clusters.get(&cluster)?.version;
        Some(format!("archive/{}/{version}-{cluster}", self.stanza))
    }

    fn folder(&self, label: &str) -> String {
        format!("backup/{}/{label}", self.stanza)
    }
}
