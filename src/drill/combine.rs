//! Incremental base backups: the chain is found in the folders beside the last one, and put together by `pg_combinebackup`.

use std::fs;
use std::path::{Path, PathBuf};

use super::Drill;
use super::base::{OVERHEAD, sound};
use super::complaints;
use super::phases::{CHECK_BACKUP, FETCH, RESTORE_DATA};
use super::trouble::Trouble;
use crate::probe::basebackup::{Backup, LABEL, Label, Options, chain};
use crate::probe::tree::{Local, Tree as _};

/// Longest label that is read, in bytes.
const MOST_LABEL: u64 = 64 << 10;

/// A backup that a later one builds on.
#[derive(Debug)]
pub(super) struct Link {
    folder: PathBuf,
    backup: Backup,
}

impl Link {
    /// Bytes of its files.
    pub(super) fn stored(&self) -> u64 {
        self.backup.stored
    }
}

impl Drill<'_> {
    /// The backups that one builds on, the nearest first and the full one last.
    pub(super) fn chain_of(&mut self, folder: &Path, backup: &Backup) -> Result<Vec<Link>, Trouble> {
        if backup.tar {
            return Err(Trouble::unproven(
                "the backup is an incremental one in tar files, and `pg_combinebackup` reads folders: unpack it and those it builds \
                 on into folders beside each other, or put them together first",
            ));
        }
        let mut links: Vec<Link> = Vec::new();
        let mut wanted = backup.label.as_ref().and_then(|label| label.incremental_from);
        let beside = if self.fetched.is_some() { Vec::new() } else { here(folder) };
        let mut taken = vec![folder.to_owned()];
        while let Some(from) = wanted {
            self.runner.go_on()?;
            let next = if self.fetched.is_some() {
                self.fetched_link(from, links.len())?
            } else {
                let fits = |(path, label): &&(PathBuf, Label)| {
                    (label.start, label.timeline) == from && !taken.contains(path)
                };
                beside.iter().find(fits).cloned()
            };
            let Some((path, label)) = next else { break };
            let unread = |why| Trouble::unproven(format!("`{}` cannot be read: {why}", path.display()));
            let tree = Local::new(&path).map_err(unread)?.with_tablespaces();
            // The WAL of an earlier one is not replayed.
            let mut read = Backup::read(&tree, &Options::default()).map_err(unread)?;
            read.damages.retain(|damage| !damage.file.starts_with("pg_wal"));
            sound(&format!("backup `{}` that it builds on", path.display()), &read.damages)?;
            taken.push(path.clone());
            links.push(Link { folder: path, backup: read });
            wanted = label.incremental_from;
        }
        let others: Vec<Backup> = links.iter().map(|link| link.backup.clone()).collect();
        // Looked for by their labels; this also compares what files they have.
        chain(backup, &others).map_err(|why| {
            Trouble::broken(format!("the chain of incremental backups is not whole: {why}; they are looked for in the folders beside it"))
        })?;
        let full = links.last().map(|link| link.folder.display().to_string()).unwrap_or_default();
        self.told("incremental", format!("{} on the full backup `{full}`", links.len()));
        Ok(links)
    }

    /// The backup in a store that began at a place, fetched.
    fn fetched_link(
        &mut self,
        from: (crate::probe::wal::Lsn, u32),
        number: usize,
    ) -> Result<Option<(PathBuf, Label)>, Trouble> {
        let beside = self.request.stores.beside(&self.place).map_err(|why| self.unfetched(why))?;
        let Some((away, label)) = beside.into_iter().find(|(_, label)| (label.start, label.timeline) == from)
        else {
            return Ok(None);
        };
        let found = away.tree.list().map_err(|why| self.unfetched(why.to_string()))?;
        self.room(found.iter().map(|found| found.bytes).sum::<u64>().saturating_add(OVERHEAD))?;
        let to = self.scratch.server().join(format!("fetched-{number}"));
        self.clock(FETCH);
        self.fetch(&away, &found, &to)?;
        self.clock(CHECK_BACKUP);
        self.told("builds_on", &away.address);
        Ok(Some((to, label)))
    }

    /// Puts a chain together as the data folder.
    pub(super) fn combined(&mut self, folder: &Path, links: &[Link]) -> Result<(), Trouble> {
        let programs = self.here()?.programs.clone();
        if !programs.has("pg_combinebackup") {
            return Err(Trouble::unproven(format!(
                "the backup is incremental, and `pg_combinebackup` is not installed for PostgreSQL {0}: install it \
                 (`postgresql-client-{0}` or `postgresql-{0}` on Debian and Ubuntu), or run `pg_combinebackup -o FOLDER FULL ... LAST` \
                 where it is, and drill that folder",
                programs.major
            )));
        }
        let mut chain: Vec<PathBuf> = links.iter().rev().map(|link| link.folder.clone()).collect();
        chain.push(folder.to_owned());
        for (number, folder) in chain.iter_mut().enumerate() {
            if !self.readable_to_its_end(folder)? {
                let own = self.scratch.server().join(format!("link-{number}"));
                self.clock(FETCH);
                self.copied(folder, &own)?;
                *folder = own;
            }
        }
        self.clock(RESTORE_DATA);
        let data = self.here()?.data();
        let mut call = self.here()?.call("pg_combinebackup").arg("--no-sync").arg("-o").arg(&data);
        for (number, place) in tablespaces(chain.last().unwrap_or(&folder.to_owned())) {
            let own = self.scratch.server().join("ts").join(number);
            // An equals sign would end the name.
            let text = |path: &Path| path.display().to_string().replace('=', "\\=");
            call = call.arg(format!("--tablespace-mapping={}={}", text(&place), text(&own)));
        }
        let said = self.moving(call.args(&chain))?;
        if said.status.success() {
            return Ok(());
        }
        let message = match complaints::machine(&said.err) {
            Some(why) => {
                return Err(Trouble::unproven(format!(
                    "the backups could not be put together, since this machine has too little room or memory: {why}"
                )));
            }
            None => format!("`pg_combinebackup` does not put the backups together: {}", said.last()),
        };
        Err(Trouble::broken(message).with(super::cluster::lines(&said.err)))
    }

    /// Whether whoever runs the server can read all of a folder.
    fn readable_to_its_end(&self, folder: &Path) -> Result<bool, Trouble> {
        let call = self.here()?.call("find").arg(folder).args(["!", "-readable", "-print", "-quit"]);
        let said = self.runner.run(call)?;
        Ok(said.status.success() && said.out.trim().is_empty())
    }
}

/// Base backups in the folders beside one.
fn here(folder: &Path) -> Vec<(PathBuf, Label)> {
    let entries = folder.parent().and_then(|parent| fs::read_dir(parent).ok());
    let mut paths: Vec<PathBuf> = entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.retain(|other| other != folder && other.is_dir());
    paths.sort();
    let labelled = |path: PathBuf| {
        let label = Local::new(&path).ok()?.read(LABEL, MOST_LABEL).ok()?;
        Some((path, Label::read(LABEL, &label).ok()?))
    };
    paths.into_iter().filter_map(labelled).collect()
}

/// Numbers of tablespaces, and where they were.
fn tablespaces(folder: &Path) -> Vec<(String, PathBuf)> {
    let links = fs::read_dir(folder.join("pg_tblspc")).into_iter().flatten().flatten();
    links
        .filter_map(|link| Some((link.file_name().into_string().ok()?, fs::read_link(link.path()).ok()?)))
        .collect()
}
