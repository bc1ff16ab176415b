//! A data folder that was fetched, made harmless before a server starts on it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use super::Drill;
use super::trouble::Trouble;

/// Files that would steer the server: settings of the production, and whether and how to replay.
const STEERING: [&str; 6] = [
    "postgresql.auto.conf",
    "recovery.signal",
    "standby.signal",
    "postmaster.pid",
    "postmaster.opts",
    "tablespace_map",
];

/// Folders of a cluster that may be empty in a base backup (`subdirs` of `initdb.c`).
const EMPTY: [&str; 18] = [
    "global",
    "base",
    "pg_wal/archive_status",
    "pg_commit_ts",
    "pg_dynshmem",
    "pg_logical/mappings",
    "pg_logical/snapshots",
    "pg_multixact/members",
    "pg_multixact/offsets",
    "pg_notify",
    "pg_replslot",
    "pg_serial",
    "pg_snapshots",
    "pg_stat",
    "pg_stat_tmp",
    "pg_subtrans",
    "pg_tblspc",
    "pg_twophase",
];

impl Drill<'_> {
    /// Tablespaces that are folders where links should be, as in a store, beside the data folder and linked.
    fn brought_in(&self, data: &Path) -> Result<(), Trouble> {
        let failed = |why: std::io::Error| {
            Trouble::unproven(format!(
                "the tablespaces of the restored data folder cannot be prepared: {why}"
            ))
        };
        for entry in fs::read_dir(data.join("pg_tblspc")).map_err(failed)?.flatten() {
            let number = entry.file_name().to_string_lossy().into_owned();
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let own = self.scratch.server().join("ts").join(&number);
            fs::create_dir_all(self.scratch.server().join("ts")).map_err(failed)?;
            fs::rename(entry.path(), &own).map_err(failed)?;
            symlink(&own, entry.path()).map_err(failed)?;
        }
        Ok(())
    }

    /// Takes out what would lead elsewhere: settings, slots, and links that leave the scratch folder. Files of tablespaces come
    /// in.
    pub(super) fn settle(&self) -> Result<(), Trouble> {
        let data = self.here()?.data();
        let failed = |why: std::io::Error| {
            Trouble::unproven(format!("the restored data folder cannot be prepared: {why}"))
        };
        for name in STEERING {
            match fs::remove_file(data.join(name)) {
                Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(failed(why)),
                _ => {}
            }
        }
        // Slots hold WAL back for somebody who will never come.
        for slot in fs::read_dir(data.join("pg_replslot")).into_iter().flatten().flatten() {
            fs::remove_dir_all(slot.path()).map_err(failed)?;
        }
        // A store keeps no empty folders, and the server makes none of these itself.
        for name in
            EMPTY.into_iter().filter(|name| !name.starts_with("pg_wal") || !data.join("pg_wal").is_symlink())
        {
            fs::create_dir_all(data.join(name)).map_err(failed)?;
        }
        self.brought_in(&data)?;
        let mut map = String::new();
        for link in self.links(&data)? {
            let inside = link.strip_prefix(&data).unwrap_or(&link).to_string_lossy().into_owned();
            let to = fs::canonicalize(&link).map_err(|why| {
                Trouble::broken(format!(
                    "`{inside}` of the backup is a link to something that is not there: {why}"
                ))
            })?;
            let own = match inside.split_once('/') {
                Some(("pg_tblspc", number)) => self.scratch.server().join("ts").join(number),
                None if inside == "pg_wal" => self.scratch.server().join("wal"),
                _ => {
                    return Err(Trouble::unproven(format!(
                        "`{inside}` of the backup is a link, which no base backup has"
                    )));
                }
            };
            let server = fs::canonicalize(self.scratch.server()).map_err(failed)?;
            let own = if to.starts_with(&server) { to } else { self.copied(&to, &own).map(|()| own)? };
            fs::remove_file(&link).map_err(failed)?;
            symlink(&own, &link).map_err(failed)?;
            if let Some(number) = inside.strip_prefix("pg_tblspc/") {
                map.push_str(&format!("{number} {}\n", own.display()));
            }
        }
        if !map.is_empty() {
            fs::write(data.join("tablespace_map"), map).map_err(failed)?;
        }
        fs::create_dir_all(data.join("pg_wal")).map_err(failed)?;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        self.owned(&self.scratch.server())
    }

    /// All links in a folder.
    fn links(&self, folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
        let (mut open, mut links) = (vec![folder.to_owned()], Vec::new());
        while let Some(folder) = open.pop() {
            self.runner.go_on()?;
            let entries = fs::read_dir(&folder).map_err(|why| {
                Trouble::unproven(format!("`{}` cannot be listed: {why}", folder.display()))
            })?;
            for entry in entries.flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_symlink() => links.push(entry.path()),
                    Ok(kind) if kind.is_dir() => open.push(entry.path()),
                    _ => {}
                }
            }
        }
        Ok(links)
    }
}
