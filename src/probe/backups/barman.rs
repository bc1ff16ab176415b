//! A server of a Barman catalogue as a source.

use std::sync::{Arc, OnceLock};

use super::begin::{Begin, Place};
use super::runs::Due;
use super::{count, failed, inspected, none, number, other, since, size, text, within};
use crate::facts::{Failure, Observed};
use crate::plan::Inspection;
use crate::policy::facts::Fact;
use crate::probe::barman::{Info, Server, Status, Verified};
use crate::probe::damage::Damage;
use crate::probe::objects::Finder;
use crate::probe::tells::{Tells, Told};
use crate::probe::tree::Tree;

/// A server that was listed.
#[derive(Debug)]
pub(super) struct Catalogue {
    tree: Arc<dyn Tree>,
    server: Server,
    /// How often there should be a backup.
    every: Option<i64>,
    /// Reading the newest backup takes long, and is done once.
    verified: OnceLock<Result<Verified, Damage>>,
}

impl Catalogue {
    /// At the folder of the server in the catalogue.
    pub(super) fn open(address: &str, every: Option<i64>, finder: &Finder) -> Result<Self, Failure> {
        let what = ("the folder of a server in a catalogue of Barman", "/");
        let (tree, name) = within(address, what, finder)?;
        let server = Server::read(&*tree, &name).map_err(|damage| failed(&damage))?;
        Ok(Self { tree, server, every, verified: OnceLock::new() })
    }

    fn newest(&self) -> Result<&Info, Failure> {
        self.server.newest().ok_or_else(|| other("there is no finished backup"))
    }

    fn due(&self) -> Due {
        let done = |one: &&Info| matches!(one.status, Status::Done | Status::WaitingForWals);
        let times = self.server.backups.iter().filter(done).filter_map(|backup| backup.started);
        Due { times: times.collect(), every: self.every }
    }

    fn finished(&self) -> usize {
        let done = |one: &&Info| matches!(one.status, Status::Done | Status::WaitingForWals);
        self.server.backups.iter().filter(done).count()
    }
}

impl Tells for Catalogue {
    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure> {
        if let Some(argument) = argument {
            return self.due().fact(fact.name, argument);
        }
        let server = &self.server;
        Ok(Told::plain(match fact.name {
            "backups" => count(self.finished()),
            "unfinished" => count(server.backups.len() - self.finished() + server.unfinished.len()),
            "age" => {
                let newest = self.newest()?;
                return since(newest.started, &format!("backup `{}`", newest.id));
            }
            "restored_size" => {
                size(self.newest()?.bytes.ok_or_else(|| other("the newest backup does not say its size"))?)
            }
            "incoming" => number(server.incoming),
            "aside" => number(server.aside),
            "system_identifier" => return text(server.system_identifier, "the cluster"),
            _ => return Err(none(fact)),
        }))
    }

    fn identity(&self) -> Vec<(String, String)> {
        let newest = self.server.newest();
        let mut says = vec![("backups".to_owned(), self.finished().to_string())];
        says.extend(newest.map(|newest| ("newest".to_owned(), newest.id.clone())));
        says
    }

    fn begin(&self, label: Option<&str>) -> Result<Begin, Failure> {
        let newest = match label {
            None => self.newest()?,
            Some(label) => {
                let done = |one: &&Info| matches!(one.status, Status::Done | Status::WaitingForWals);
                let named = self.server.backups.iter().filter(done).find(|backup| backup.id == label);
                named
                    .ok_or_else(|| other(format!("there is no finished backup `{}`", label.escape_debug())))?
            }
        };
        let name = format!("backup `{}`", newest.id);
        let (first, last) =
            newest.wal.ok_or_else(|| other(format!("{name} does not say which WAL it needs")))?;
        let (start, end) = match newest.places {
            Some((start, end)) => (Place::At(start), Place::At(end)),
            None => (Place::Begin(first), Place::End(last)),
        };
        Ok(Begin {
            name,
            start: (first.timeline, start),
            end: (last.timeline, end),
            started: newest.started,
            system_identifier: newest.system_identifier.or(self.server.system_identifier),
        })
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        if let Inspection::Runs { over, .. } = inspection {
            return self.due().looked(*over).map(Observed::Inspected);
        }
        let Inspection::State("verified") = inspection else {
            return Err(other("a catalogue of Barman cannot be asked for this"));
        };
        let newest = self.newest()?;
        let verify = || self.server.verify(&*self.tree, &newest.id);
        let verified = self.verified.get_or_init(verify).as_ref().map_err(failed)?;
        let damages: Vec<&Damage> = self.server.damages.iter().chain(&verified.damages).collect();
        let examined = verified.backup.files + damages.len() as u64;
        Ok(Observed::Inspected(inspected("files", examined, damages)))
    }
}
