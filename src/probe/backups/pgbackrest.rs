//! A stanza of a pgBackRest repository as a source.

use std::sync::{Arc, OnceLock};

use super::begin::{Begin, Place};
use super::runs::Due;
use super::{count, failed, folder, inspected, none, other, since, size, text};
use crate::facts::{Failure, Observed};
use crate::plan::Inspection;
use crate::policy::facts::Fact;
use crate::probe::damage::Damage;
use crate::probe::objects::Finder;
use crate::probe::pgbackrest::{self, BackupType, Listed, Verified};
use crate::probe::tells::{Tells, Told};
use crate::probe::tree::Tree;
use crate::value::Value;

/// A stanza that was listed.
#[derive(Debug)]
pub(super) struct Repository {
    tree: Arc<dyn Tree>,
    repository: pgbackrest::Repository,
    /// How often there should be a backup.
    every: Option<i64>,
    /// Reading the newest backup takes long, and is done once.
    verified: OnceLock<Result<Verified, Damage>>,
}

impl Repository {
    /// At `PATH#STANZA`.
    pub(super) fn open(address: &str, every: Option<i64>, finder: &Finder) -> Result<Self, Failure> {
        let (path, stanza) = address
            .rsplit_once('#')
            .ok_or_else(|| other("the address does not say which stanza: write `REPOSITORY#STANZA`"))?;
        let tree = folder(path, finder)?;
        let repository = pgbackrest::Repository::read(&*tree, stanza).map_err(|damage| failed(&damage))?;
        Ok(Self { tree, repository, every, verified: OnceLock::new() })
    }

    fn newest(&self) -> Result<&Listed, Failure> {
        self.repository.newest().ok_or_else(|| other("there is no finished backup"))
    }

    /// Finished backups, without those in which wrong page checksums were noted.
    fn due(&self) -> Due {
        let good = self.repository.backups.iter().filter(|backup| backup.error != Some(true));
        Due { times: good.map(|backup| backup.started).collect(), every: self.every }
    }
}

impl Tells for Repository {
    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure> {
        if let Some(argument) = argument {
            return self.due().fact(fact.name, argument);
        }
        let backups = &self.repository.backups;
        let named = |backup: &Listed| format!("backup `{}`", backup.label);
        Ok(Told::plain(match fact.name {
            "backups" => count(backups.len()),
            "unfinished" => count(self.repository.unfinished.len()),
            "age" => return since(Some(self.newest()?.started), &named(self.newest()?)),
            "full_age" => {
                let full = backups.iter().rfind(|backup| backup.kind == BackupType::Full);
                let full = full.ok_or_else(|| other("there is no full backup"))?;
                return since(Some(full.started), &named(full));
            }
            "oldest_age" => {
                let oldest = backups.first().ok_or_else(|| other("there is no finished backup"))?;
                return since(Some(oldest.started), &named(oldest));
            }
            "type" => Value::Text(self.newest()?.kind.word().to_owned()),
            "size" => size(self.newest()?.stored),
            "restored_size" => size(self.newest()?.bytes),
            "error" => {
                let said = self.newest()?.error;
                Value::Bool(said.ok_or_else(|| other("this version of pgBackRest does not note errors"))?)
            }
            "system_identifier" => {
                let cluster = self.repository.clusters.get(&self.newest()?.database);
                return text(cluster.map(|cluster| cluster.system_identifier), "the cluster");
            }
            _ => return Err(none(fact)),
        }))
    }

    fn identity(&self) -> Vec<(String, String)> {
        let newest = self.repository.newest();
        let mut says = vec![("backups".to_owned(), self.repository.backups.len().to_string())];
        says.extend(newest.map(|newest| ("newest".to_owned(), newest.label.clone())));
        says
    }

    fn begin(&self, label: Option<&str>) -> Result<Begin, Failure> {
        let newest = match label {
            None => self.newest()?,
            Some(label) => {
                let named = self.repository.backups.iter().find(|backup| backup.label == label);
                named
                    .ok_or_else(|| other(format!("there is no finished backup `{}`", label.escape_debug())))?
            }
        };
        let name = format!("backup `{}`", newest.label);
        let (first, last) =
            newest.wal.ok_or_else(|| other(format!("{name} does not say which WAL it needs")))?;
        let (start, end) = match newest.places {
            Some((start, end)) => (Place::At(start), Place::At(end)),
            None => (Place::Begin(first), Place::End(last)),
        };
        let cluster = self.repository.clusters.get(&newest.database);
        Ok(Begin {
            name,
            start: (first.timeline, start),
            end: (last.timeline, end),
            started: Some(newest.started),
            system_identifier: cluster.map(|cluster| cluster.system_identifier),
        })
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        if let Inspection::Runs { over, .. } = inspection {
            return self.due().looked(*over).map(Observed::Inspected);
        }
        let Inspection::State("verified") = inspection else {
            return Err(other("a repository cannot be asked for this"));
        };
        let newest = self.newest()?;
        let verify = || self.repository.verify(&*self.tree, &newest.label);
        let verified = self.verified.get_or_init(verify).as_ref().map_err(failed)?;
        let damages: Vec<&Damage> = self.repository.damages.iter().chain(&verified.damages).collect();
        let examined = verified.files + damages.len() as u64;
        Ok(Observed::Inspected(inspected("files", examined, damages)))
    }
}
