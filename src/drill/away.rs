//! Backups that lie in object storage: what is needed of them is fetched into the scratch folder, then they are like any other.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::backup::{Backup, KINDS, is_base_tar};
use super::fetching::segment;
use super::phases::{CHECK_BACKUP, FETCH};
use super::trouble::Trouble;
use super::{Drill, archive, base};
use crate::probe::barman::Server;
use crate::probe::basebackup::Backup as BaseBackup;
use crate::probe::damage::Damage;
use crate::probe::pgbackrest::Repository;
use crate::probe::stores::{Away, is_away};
use crate::probe::tree::{Found, inside};
use crate::probe::wal::{SegmentName, WalFile, parse};

/// Objects that are fetched at once.
const AT_ONCE: usize = 4;

impl Drill<'_> {
    /// Fetches the backup that an address names.
    pub(super) fn brought(&mut self, kind: Option<&str>, address: &str) -> Result<Backup, Trouble> {
        let mut away = self.found(address)?;
        let name = away.address.rsplit('/').next().unwrap_or_default();
        if away.single && is_base_tar(name) {
            let folder = away.address.strip_suffix(name).unwrap_or_default().to_owned();
            away = self.request.stores.folder(&folder).map_err(|why| self.unfetched(why))?;
        }
        let found = away.tree.list().map_err(|why| self.unfetched(at(&away, &why)))?;
        let kind = match kind.and_then(|kind| KINDS.into_iter().find(|known| *known == kind)) {
            Some(kind) => kind,
            None => recognised(&away, &found)?,
        };
        (self.kind, self.place) = (kind, away.address.clone());
        self.suits(kind)?;
        let (wanted, more) = self.wanted(kind, &away, found)?;
        let bytes: u64 = wanted.iter().map(|found| found.bytes).sum();
        if let Some(tag) = &away.tag {
            self.told("etag", tag);
        }
        self.told("objects", wanted.len());
        self.told("fetched_bytes", bytes);
        self.room(bytes.saturating_add(more))?;
        let to = self.scratch.server().join("fetched");
        self.fetched = Some(to.clone());
        self.clock(FETCH);
        self.fetch(&away, &wanted, &to)?;
        self.clock(CHECK_BACKUP);
        let path = if away.single { to.join(name_of(&away)) } else { to };
        Backup::at(Some(kind), path)
    }

    fn found(&self, address: &str) -> Result<Away, Trouble> {
        self.request.stores.find(address).map_err(|why| self.unfetched(why))
    }

    /// What could not be had says nothing of the backup.
    pub(super) fn unfetched(&self, why: String) -> Trouble {
        self.runner.go_on().err().unwrap_or_else(|| Trouble::unproven(why))
    }

    /// What is needed of what was found, and how much room there must be beside that, at the least.
    fn wanted(&self, kind: &str, away: &Away, found: Vec<Found>) -> Result<(Vec<Found>, u64), Trouble> {
        let bytes: u64 = found.iter().map(|found| found.bytes).sum();
        let unread = |why: Damage| self.unfetched(at(away, &why));
        Ok(match kind {
            "pgbackrest" => {
                let stanza =
                    self.only(names_of(&found, "backup/", "/backup.info"), "stanza", &away.address)?;
                let repository = Repository::read(&*away.tree, &stanza).map_err(unread)?;
                let listed = match &self.request.set {
                    Some(label) => repository.backup(label),
                    None => repository.newest(),
                };
                // That there is none is said when it is looked for again.
                let Some(listed) = listed else { return Ok((found, base::OVERHEAD)) };
                // A backup has files of the full one that it begins with, and of others that do.
                let full = listed.label.get(..16).unwrap_or(&listed.label);
                let (own, others) = (format!("backup/{stanza}/{full}"), format!("backup/{stanza}/"));
                let first = listed.wal.map(|(first, _)| first);
                let keep = |name: &str| match name.strip_prefix(&others) {
                    Some(rest) => !rest.contains('/') || name.starts_with(&own),
                    None => name.starts_with("archive/") && !before(name, first),
                };
                let more = listed.bytes.saturating_add(base::OVERHEAD);
                (found.into_iter().filter(|found| keep(&found.name)).collect(), more)
            }
            "barman" => {
                let name = self.only(folders_with(&found, "/base/"), "server", &away.address)?;
                let server = Server::read(&*away.tree, &name).map_err(unread)?;
                let info = match &self.request.set {
                    Some(id) => server.backup(id),
                    None => server.newest(),
                };
                let Some(info) = info else { return Ok((found, base::OVERHEAD)) };
                let (root, backups) = (format!("{name}/"), format!("{name}/base/"));
                let own = format!("{backups}{}/", info.id);
                let first = info.wal.map(|(first, _)| first);
                let keep = |name: &str| {
                    // What others say of themselves is listed by Barman as well.
                    let own = name.starts_with(&own)
                        || !name.starts_with(&backups)
                        || name.ends_with("/backup.info");
                    name.starts_with(&root) && own && !before(name, first)
                };
                let more = info.bytes.unwrap_or(bytes).saturating_add(base::OVERHEAD);
                (found.into_iter().filter(|found| keep(&found.name)).collect(), more)
            }
            "basebackup" => {
                // Tar files are unpacked beside themselves; a data folder is what the server starts on.
                let tars = found.iter().filter(|found| is_base_tar(&found.name)).count();
                (found, if tars > 0 { bytes } else { 0 }.saturating_add(base::OVERHEAD))
            }
            _ => (found, bytes.saturating_mul(2).saturating_add(archive::OVERHEAD)),
        })
    }

    /// Fetches WAL that a base backup may need: what its own segment begins, and what comes after that.
    pub(super) fn fetched_wal(
        &mut self,
        away: &Away,
        backup: &BaseBackup,
        beside: u64,
    ) -> Result<PathBuf, Trouble> {
        let found = away.tree.list().map_err(|why| self.unfetched(at(away, &why)))?;
        let bytes = backup.control.map_or(16 << 20, |control| control.segment_bytes);
        let first = backup.label.as_ref().map(|label| label.start.0 / bytes);
        // Whatever suffix it has: what cannot be unpacked must be missed, and not look like the end of WAL.
        let needed = |found: &Found| match segment(found.base()).and_then(SegmentName::parse) {
            Some(name) => first.is_none_or(|first| name.number(bytes).is_none_or(|number| number >= first)),
            None => found.base().contains(".history"),
        };
        let wanted: Vec<Found> = found.into_iter().filter(needed).collect();
        let all: u64 = wanted.iter().map(|found| found.bytes).sum();
        self.told("wal_objects", wanted.len());
        self.told("wal_bytes", all);
        self.room(beside.saturating_add(all))?;
        self.clock(FETCH);
        let to = self.scratch.server().join("fetched-wal");
        self.fetch(away, &wanted, &to)?;
        Ok(to)
    }

    /// What `--wal` names in a store.
    pub(super) fn wal_away(&self, address: &str) -> Result<Option<Away>, Trouble> {
        if !is_away(address) {
            return Ok(None);
        }
        self.request.stores.folder(address).map(Some).map_err(|why| self.unfetched(why))
    }

    /// Fetches objects into a folder that belongs to whoever runs the server.
    pub(super) fn fetch(&self, away: &Away, wanted: &[Found], to: &Path) -> Result<(), Trouble> {
        fs::create_dir_all(to)
            .map_err(|why| Trouble::unproven(format!("`{}` cannot be made: {why}", to.display())))?;
        let all: u64 = wanted.iter().map(|found| found.bytes).sum();
        let (next, done, halt) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let failed: Mutex<Option<Trouble>> = Mutex::new(None);
        let work = || {
            while !halt.load(Ordering::SeqCst) {
                let Some(found) = wanted.get(next.fetch_add(1, Ordering::SeqCst)) else { return };
                if let Err(why) = one(away, found, to, (&done, &halt)) {
                    halt.store(true, Ordering::SeqCst);
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
                }
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            while !workers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                if self.runner.go_on().is_err() {
                    halt.store(true, Ordering::SeqCst);
                }
                self.watch.moved(done.load(Ordering::Relaxed), all);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        self.runner.go_on()?;
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(why),
            None => self.owned(to),
        }
    }
}

/// Fetches one object. What came must be as long as what was listed.
fn one(
    away: &Away,
    found: &Found,
    to: &Path,
    (done, halt): (&AtomicU64, &AtomicBool),
) -> Result<(), Trouble> {
    let name = if away.single { away.address.clone() } else { format!("{}/{}", away.address, found.name) };
    if !inside(&found.name) {
        return Err(Trouble::unproven(format!(
            "`{}` has an object whose name leads out of it",
            away.address
        )));
    }
    let path = to.join(&found.name);
    let full = |why: std::io::Error| Trouble::unproven(format!("`{name}` cannot be kept: {why}"));
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(full)?;
    }
    let mut file = File::create_new(&path).map_err(full)?;
    let lost = |why: String| Trouble::unproven(format!("`{name}` was not fetched: {why}"));
    let mut from = away.tree.open(&found.name).map_err(|why| lost(why.message))?;
    let (mut part, mut came) = (vec![0; 256 << 10], 0_u64);
    loop {
        let read = from.read(&mut part).map_err(|why| lost(why.to_string()))?;
        if read == 0 || halt.load(Ordering::SeqCst) {
            break;
        }
        file.write_all(part.get(..read).unwrap_or_default()).map_err(full)?;
        came += read as u64;
        done.fetch_add(read as u64, Ordering::Relaxed);
    }
    if came == found.bytes {
        return Ok(());
    }
    Err(lost(format!("{} bytes were listed, and {came} came", found.bytes)))
}

fn at(away: &Away, why: &Damage) -> String {
    format!("`{}` cannot be read: {why}", away.address)
}

fn name_of(away: &Away) -> &str {
    away.address.rsplit('/').next().unwrap_or_default()
}

/// Whether a file is WAL from before a segment.
fn before(name: &str, first: Option<SegmentName>) -> bool {
    let base = name.rsplit('/').next().unwrap_or_default();
    match (parse(base).file, first) {
        // Of whichever timeline: what comes behind the timeline is a place in WAL.
        (WalFile::Segment(name), Some(first)) => (name.high, name.low) < (first.high, first.low),
        _ => false,
    }
}

/// What stands between a beginning and an end in names.
fn names_of(found: &[Found], begin: &str, end: &str) -> Vec<String> {
    let between = |found: &Found| found.name.strip_prefix(begin)?.strip_suffix(end).map(str::to_owned);
    let mut names: Vec<String> =
        found.iter().filter_map(between).filter(|name| !name.contains('/')).collect();
    names.dedup();
    names
}

/// First folders of names that go on in some way.
fn folders_with(found: &[Found], then: &str) -> Vec<String> {
    let first = |found: &Found| found.name.split_once(then).map(|(first, _)| first.to_owned());
    let mut names: Vec<String> = found.iter().filter_map(first).filter(|name| !name.contains('/')).collect();
    names.dedup();
    names
}

/// What kind of backup lies there.
fn recognised(away: &Away, found: &[Found]) -> Result<&'static str, Trouble> {
    let has = |test: &dyn Fn(&str) -> bool| found.iter().any(|found| test(&found.name));
    Ok(if away.single || has(&|name| name.starts_with("toc.dat")) {
        "dump"
    } else if has(&|name| ["PG_VERSION", "backup_manifest"].contains(&name) || is_base_tar(name)) {
        "basebackup"
    } else if !names_of(found, "backup/", "/backup.info").is_empty() {
        "pgbackrest"
    } else if has(&|name| name.contains("/base/") && name.ends_with("/backup.info")) {
        "barman"
    } else {
        return Err(Trouble::unproven(format!(
            "nothing under `{}` is a backup that is known: neither an archive of pg_dump (`toc.dat`), nor a base backup \
             (`PG_VERSION`, `base.tar`), a repository of pgBackRest (`backup/STANZA/backup.info`) or a catalogue of Barman \
             (`SERVER/base/ID/backup.info`)",
            away.address
        )));
    })
}

/// Words of a trouble with the folder of what was fetched named by its address.
pub(super) fn renamed(why: Trouble, folder: &Path, address: &str) -> Trouble {
    let folder = folder.display().to_string();
    // A single object's name is the last part of both.
    let (parent, _) = address.rsplit_once('/').unwrap_or((address, ""));
    let rename = |text: String| {
        let single =
            text.replace(&format!("{folder}/{}", address.rsplit('/').next().unwrap_or_default()), address);
        if single == text { text.replace(&folder, address) } else { single.replace(&folder, parent) }
    };
    Trouble { message: rename(why.message), details: why.details.into_iter().map(rename).collect(), ..why }
}
