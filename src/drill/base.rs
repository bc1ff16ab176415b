//! Restoring a base backup of pg_basebackup.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::fetching::WalFrom;
use super::phases::FETCH;
use super::programs::{Wanted, find, major};
use super::trouble::Trouble;
use super::{Drill, Restored};
use crate::probe::basebackup::{Backup, Options};
use crate::probe::damage::Damage;
use crate::probe::stores::Away;
use crate::probe::tree::{Local, Tree, packed};

/// Most damages that are listed.
const SHOWN: usize = 20;
/// What replay takes beside the data: bytes.
pub(super) const OVERHEAD: u64 = 320 << 20;

/// What the damages of a backup amount to.
pub(super) fn sound(what: &str, damages: &[Damage]) -> Result<(), Trouble> {
    let Some(first) = damages.iter().find(|damage| !damage.is_unread()).or(damages.first()) else {
        return Ok(());
    };
    let message = format!("the {what} is not sound: {first}");
    let trouble = if first.is_unread() { Trouble::unproven(message) } else { Trouble::broken(message) };
    Err(trouble.with(damages.iter().take(SHOWN).map(ToString::to_string)))
}

/// Archived WAL.
enum Wal {
    None,
    Here(Local, PathBuf),
    Away(Away),
}

impl Drill<'_> {
    pub(super) fn base(&mut self, folder: &Path) -> Result<Restored, Trouble> {
        let unread = |why: Damage| Trouble::unproven(format!("`{}` cannot be read: {why}", folder.display()));
        let tree = Local::new(folder).map_err(unread)?.with_tablespaces();
        let wal = self.wal()?;
        let archived = match &wal {
            Wal::None => None,
            Wal::Here(tree, _) => Some(tree as &dyn Tree),
            Wal::Away(away) => Some(&*away.tree),
        };
        let options = Options { wal: archived, system_identifier: None };
        let backup = Backup::read(&tree, &options).map_err(unread)?;
        let say = |text: Option<String>| text.unwrap_or_else(|| "not recorded".to_owned());
        self.told("format", if backup.tar { "tar" } else { "folder" });
        self.told("system_identifier", say(backup.system_identifier.map(|id| id.to_string())));
        self.told("started", say(backup.started.map(|at| at.to_string())));
        self.told("finished", say(backup.finished.map(|at| at.to_string())));
        if let Some(label) = &backup.label {
            self.told("start_lsn", label.start);
            self.told("timeline", label.timeline);
        }
        self.told("bytes", backup.stored);
        sound("backup", &backup.damages)?;
        let tars = tars(folder);
        let version = match (&tars, backup.tar) {
            (tars, true) => version_in(tars)?,
            _ => fs::read_to_string(folder.join("PG_VERSION")).unwrap_or_default(),
        };
        let version = major(&version)
            .ok_or_else(|| Trouble::broken("the backup does not say which version of PostgreSQL it is of"))?;
        self.told("server_version", version);
        let programs = find(Wanted::Exactly(version))?;
        let incremental = backup.label.as_ref().is_some_and(|label| label.incremental_from.is_some());
        let links = if incremental { self.chain_of(folder, &backup)? } else { Vec::new() };
        let need = match (backup.tar, self.fetched.is_some(), links.is_empty()) {
            // What was fetched is the data folder itself.
            (false, true, true) => 0,
            (false, _, true) => backup.bytes.max(backup.stored),
            (_, _, true) => backup.bytes,
            (_, _, false) => links.iter().fold(backup.stored, |all, link| all.saturating_add(link.stored())),
        };
        let need = need.saturating_add(OVERHEAD);
        self.room(need)?;
        let from = match wal {
            Wal::None => WalFrom::Backup,
            Wal::Here(_, path) => WalFrom::Folder(path),
            Wal::Away(away) => WalFrom::Folder(self.fetched_wal(&away, &backup, need)?),
        };
        self.clock(FETCH);
        self.cluster(programs)?;
        let data = self.here()?.data();
        if !links.is_empty() {
            self.combined(folder, &links)?;
        } else if backup.tar {
            for (tar, root) in &tars {
                self.unpacked(tar, root, &data)?;
            }
        } else if self.fetched.is_some() {
            fs::rename(folder, &data).map_err(|why| {
                Trouble::unproven(format!("what was fetched cannot be put in its place: {why}"))
            })?;
        } else {
            self.copied(folder, &data)?;
        }
        self.settle()?;
        self.replay(&from)
    }

    /// The archived WAL that is named.
    fn wal(&self) -> Result<Wal, Trouble> {
        let Some(wal) = &self.request.wal else { return Ok(Wal::None) };
        if let Some(away) = self.wal_away(wal)? {
            return Ok(Wal::Away(away));
        }
        let unread =
            |why: &dyn std::fmt::Display| Trouble::unproven(format!("`{wal}` cannot be read: {why}"));
        let path = fs::canonicalize(wal).map_err(|why| unread(&why))?;
        let tree = Local::new(&path).map_err(|why| unread(&why))?;
        Ok(Wal::Here(tree, path))
    }

    /// Unpacks a tar file of a backup below the data folder, or a tablespace beside it.
    fn unpacked(&self, tar: &Path, root: &str, data: &Path) -> Result<(), Trouble> {
        let to = match root.strip_prefix("pg_tblspc/") {
            Some(number) => self.scratch.server().join("ts").join(number),
            None => data.join(root),
        };
        let name = tar.display().to_string();
        let failed = |why: std::io::Error| Trouble::unproven(format!("`{name}` cannot be unpacked: {why}"));
        fs::create_dir_all(&to).map_err(failed)?;
        let bytes = File::open(tar).map_err(failed)?;
        let (_, bytes) = packed(&name, Box::new(bytes)).map_err(|why| Trouble::unproven(why.to_string()))?;
        let mut archive = tar::Archive::new(bytes);
        for entry in archive.entries().map_err(failed)? {
            self.runner.go_on()?;
            let mut entry = entry.map_err(failed)?;
            // Links of tablespaces lead to where they were, and are made anew.
            if !matches!(entry.header().entry_type(), tar::EntryType::Regular | tar::EntryType::Directory) {
                continue;
            }
            if !entry.unpack_in(&to).map_err(failed)? {
                return Err(Trouble::broken(format!("`{name}` has a member that leads out of it")));
            }
        }
        if let Some(number) = root.strip_prefix("pg_tblspc/") {
            let links = data.join("pg_tblspc");
            fs::create_dir_all(&links).map_err(failed)?;
            std::os::unix::fs::symlink(&to, links.join(number)).map_err(failed)?;
        }
        Ok(())
    }
}

/// Tar files of a backup with the folder that each belongs in, the data folder first.
fn tars(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found: Vec<(PathBuf, String)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (stem, rest) = name.split_once('.')?;
            if !(rest == "tgz" || rest == "tar" || rest.starts_with("tar.")) {
                return None;
            }
            let root = match stem {
                "base" => String::new(),
                "pg_wal" => "pg_wal".to_owned(),
                number if number.bytes().all(|byte| byte.is_ascii_digit()) => format!("pg_tblspc/{number}"),
                _ => return None,
            };
            Some((entry.path(), root))
        })
        .collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    found
}

/// `PG_VERSION` in the tar file of the data folder.
fn version_in(tars: &[(PathBuf, String)]) -> Result<String, Trouble> {
    let Some((tar, _)) = tars.iter().find(|(_, root)| root.is_empty()) else {
        return Err(Trouble::unproven(
            "tar files of a base backup are known by their names, and there is no `base.tar`",
        ));
    };
    let name = tar.display().to_string();
    let failed = |why: std::io::Error| Trouble::unproven(format!("`{name}` cannot be read: {why}"));
    let (_, bytes) = packed(&name, Box::new(File::open(tar).map_err(failed)?))
        .map_err(|why| Trouble::unproven(why.to_string()))?;
    for entry in tar::Archive::new(bytes).entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        if entry.path_bytes().strip_prefix(b"./").unwrap_or(&entry.path_bytes()) == b"PG_VERSION" {
            let mut text = String::new();
            entry.by_ref().take(64).read_to_string(&mut text).map_err(failed)?;
            return Ok(text);
        }
    }
    Err(Trouble::broken(format!("`{name}` holds no `PG_VERSION`")))
}
