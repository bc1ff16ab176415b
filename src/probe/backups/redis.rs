//! A snapshot of Redis as a source.

use super::{failed, inspected, none, number, other, since, size, text, within};
use crate::facts::{Failure, Observed};
use crate::plan::Inspection;
use crate::policy::facts::Fact;
use crate::probe::objects::Finder;
use crate::probe::redis::Snapshot;
use crate::probe::tells::{Tells, Told};

/// A snapshot that was read.
#[derive(Debug)]
pub(super) struct Redis(Snapshot);

impl Redis {
    pub(super) fn open(address: &str, finder: &Finder) -> Result<Self, Failure> {
        let (tree, name) = within(address, ("the file of a snapshot", ""), finder)?;
        Snapshot::read(&*tree, &name).map(Self).map_err(|damage| failed(&damage))
    }
}

impl Tells for Redis {
    fn fact(&self, fact: &Fact, _: Option<&str>) -> Result<Told, Failure> {
        let snapshot = &self.0;
        Ok(Told::plain(match fact.name {
            // Copying makes a file look young.
            "age" => {
                let made = snapshot.saved.into_iter().chain(snapshot.changed).min();
                return since(made, "the snapshot");
            }
            "size" => size(snapshot.bytes),
            "format_version" => number(snapshot.version),
            "server_version" => {
                let fields = &snapshot.fields;
                let said = fields.get("redis-ver").or_else(|| fields.get("valkey-ver"));
                return text(said, "the server's version");
            }
            name if fact.argument.is_none() && !name.is_empty() => {
                let message =
                    format!("a snapshot does not say `{name}`; name the server, as `redis://HOST:PORT`");
                return Err(other(message));
            }
            _ => return Err(none(fact)),
        }))
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        let Inspection::State("verified") = inspection else {
            return Err(other("a snapshot cannot be asked for this"));
        };
        Ok(Observed::Inspected(inspected("files", 1, &self.0.damages)))
    }
}
