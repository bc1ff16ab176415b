//! A base backup as a source.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::begin::{Begin, Place};
use super::{count, failed, folder, inspected, none, number, other, since, size, text};
use crate::facts::{Failure, Observed};
use crate::plan::Inspection;
use crate::policy::facts::Fact;
use crate::probe::basebackup::{Backup, LABEL, Label, MANIFEST, Options, chain};
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::objects::{self, Finder, Trouble};
use crate::probe::tells::{Tells, Told};
use crate::probe::tree::{Local, Tree};
use crate::value::Value;

/// Longest label that is read of other backups, in bytes.
const MOST_LABEL: u64 = 64 << 10;

/// Another backup: its name, its files, and its label.
type Beside = (String, Arc<dyn Tree>, Label);

/// A backup that is there.
#[derive(Debug)]
pub(super) struct Base {
    address: String,
    finder: Finder,
    tree: Arc<dyn Tree>,
    /// Reading all of it takes long, and is done once.
    read: OnceLock<Result<Backup, Damage>>,
    /// The same for those that it builds on.
    chained: OnceLock<Vec<Damage>>,
}

impl Base {
    pub(super) fn open(address: &str, finder: &Finder) -> Result<Self, Failure> {
        let tree = folder(address, finder)?;
        let (address, finder) = (address.to_owned(), finder.clone());
        Ok(Self { address, finder, tree, read: OnceLock::new(), chained: OnceLock::new() })
    }

    fn backup(&self) -> Result<&Backup, Failure> {
        let read = || Backup::read(&*self.tree, &Options::default());
        self.read.get_or_init(read).as_ref().map_err(failed)
    }

    /// What is wrong with the backups that this one builds on, which lie in folders beside it.
    fn chained(&self, backup: &Backup) -> &[Damage] {
        self.chained.get_or_init(|| {
            let (mut others, mut taken) = (Vec::new(), Vec::new());
            let mut damages = Vec::new();
            let mut wanted = backup.label.as_ref().and_then(|label| label.incremental_from);
            let beside = match wanted.map(|_| self.beside()) {
                Some(Ok(beside)) => beside,
                Some(Err(damage)) => return vec![damage],
                None => Vec::new(),
            };
            while let Some(from) = wanted {
                let next = beside
                    .iter()
                    .find(|(name, _, label)| (label.start, label.timeline) == from && !taken.contains(name));
                let Some((name, tree, label)) = next else { break };
                match Backup::read(&**tree, &Options::default()) {
                    Ok(other) => {
                        let named = |damage: &Damage| Damage {
                            file: format!("../{name}/{}", damage.file),
                            ..damage.clone()
                        };
                        damages.extend(other.damages.iter().map(named));
                        others.push(other);
                    }
                    Err(damage) => damages.push(damage),
                }
                taken.push(name.clone());
                wanted = label.incremental_from;
            }
            damages.extend(chain(backup, &others).err());
            damages
        })
    }

    /// Other backups in the folder that this one is in, by their names there.
    fn beside(&self) -> Result<Vec<Beside>, Damage> {
        let labelled = |name: String, tree: Arc<dyn Tree>| {
            let label = Label::read(LABEL, &tree.read(LABEL, MOST_LABEL).ok()?).ok()?;
            Some((name, tree, label))
        };
        if objects::is_address(&self.address) {
            let unread = |trouble: Trouble| Damage::new(DamageKind::Unread, "..", trouble.message);
            let mut found = Vec::new();
            for address in self.finder.clone().beside(&self.address).map_err(unread)? {
                let name = address.rsplit('/').next().unwrap_or_default().to_owned();
                let tree = self.finder.clone().tree(&address, "").map_err(unread)?;
                found.extend(labelled(name, tree));
            }
            return Ok(found);
        }
        let Ok(path) = Path::new(&self.address).canonicalize() else { return Ok(Vec::new()) };
        let entries = path.parent().and_then(|parent| std::fs::read_dir(parent).ok());
        let mut paths: Vec<_> = entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.retain(|other| *other != path);
        paths.sort();
        let tree = |other: PathBuf| {
            let name = other.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            labelled(name, Arc::new(Local::new(&other).ok()?.with_tablespaces()))
        };
        Ok(paths.into_iter().filter_map(tree).collect())
    }
}

impl Tells for Base {
    fn fact(&self, fact: &Fact, _: Option<&str>) -> Result<Told, Failure> {
        let backup = self.backup()?;
        let label = || backup.label.as_ref().ok_or_else(|| other("its label cannot be read"));
        let control = || backup.control.as_ref().ok_or_else(|| other("its control file cannot be read"));
        Ok(Told::plain(match fact.name {
            "age" => return since(backup.started, "the backup"),
            "size" => size(backup.stored),
            "restored_size" if backup.manifest.is_none() => return Err(other("its manifest cannot be read")),
            "restored_size" => size(backup.bytes),
            "files" => number(backup.files),
            "damages" => {
                let all = || backup.damages.iter().chain(self.chained(backup));
                if let Some(unread) = all().find(|damage| damage.is_unread()) {
                    return Err(failed(unread));
                }
                count(all().count())
            }
            "incremental" => Value::Bool(label()?.incremental_from.is_some()),
            "system_identifier" => return text(backup.system_identifier, "the cluster"),
            "timeline" => number(label()?.timeline),
            "page_checksums" => Value::Bool(control()?.page_checksums),
            _ => return Err(none(fact)),
        }))
    }

    fn begin(&self, label: Option<&str>) -> Result<Begin, Failure> {
        if label.is_some() {
            return Err(other("it is one backup, and has no labels"));
        }
        let backup = self.backup()?;
        // A label that the manifest does not vouch for may name any place.
        if let Some(damage) = backup.damages.iter().find(|damage| [LABEL, MANIFEST].contains(&&*damage.file))
        {
            return Err(failed(damage));
        }
        let label = backup.label.as_ref().ok_or_else(|| other("its label cannot be read"))?;
        let manifest = backup.manifest.as_ref().ok_or_else(|| other("its manifest cannot be read"))?;
        let end = manifest.wal.last().ok_or_else(|| other("its manifest names no WAL"))?;
        Ok(Begin {
            name: "the backup".to_owned(),
            start: (label.timeline, Place::At(label.start)),
            end: (end.timeline, Place::At(end.end)),
            started: backup.started,
            system_identifier: backup.system_identifier,
        })
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        let Inspection::State("verified") = inspection else {
            return Err(other("a base backup cannot be asked for this"));
        };
        let backup = self.backup()?;
        let damages: Vec<&Damage> = backup.damages.iter().chain(self.chained(backup)).collect();
        let examined = backup.files + damages.len() as u64;
        Ok(Observed::Inspected(inspected("files", examined, damages)))
    }
}
