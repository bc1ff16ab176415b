//! An archive of WAL as a source.

use std::sync::{Arc, OnceLock};

use super::begin::Begin;
use super::{count, failed, folder, inspected, none, number, other, since, size, text};
use crate::facts::{Failure, Observed};
use crate::plan::Inspection;
use crate::policy::facts::Fact;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::objects::Finder;
use crate::probe::tells::{Tells, Told, age};
use crate::probe::tree::Tree;
use crate::probe::wal::{Archive, Followed, Options, Until};
use crate::value::Value;

/// An archive whose headers were read.
#[derive(Debug)]
pub(super) struct Wal {
    tree: Arc<dyn Tree>,
    archive: Archive,
    /// Reading all of it takes long, and is done once.
    followed: OnceLock<Result<Followed, Damage>>,
}

impl Wal {
    pub(super) fn open(address: &str, finder: &Finder) -> Result<Self, Failure> {
        let tree = folder(address, finder)?;
        let archive = Archive::read(&*tree, &Options::default()).map_err(|damage| failed(&damage))?;
        Ok(Self { tree, archive, followed: OnceLock::new() })
    }

    fn followed(&self) -> Result<&Followed, Failure> {
        let follow = || self.archive.follow_all(&*self.tree, None, Until::Newest);
        self.followed.get_or_init(follow).as_ref().map_err(failed)
    }

    /// Segments that are missing are damage as well.
    fn holes(&self) -> Vec<Damage> {
        let hole = |gap: crate::probe::wal::Gap| {
            let message = if gap.segments == 1 {
                "the segment is not there, and later ones are".to_owned()
            } else {
                format!("{} segments, up to {}, are not there, and later ones are", gap.segments, gap.to)
            };
            Damage::new(DamageKind::Missing, gap.from.to_string(), message)
        };
        self.archive.gaps().into_iter().map(hole).collect()
    }
}

impl Tells for Wal {
    fn fact(&self, fact: &Fact, _: Option<&str>) -> Result<Told, Failure> {
        let archive = &self.archive;
        Ok(Told::plain(match fact.name {
            "segments" => count(archive.segments.len()),
            "missing" => number(archive.gaps().iter().map(|gap| gap.segments).sum::<u64>()),
            "damaged" => {
                // What could not be looked at may be damaged too.
                if let Some(unread) = archive.damages.iter().find(|damage| damage.is_unread()) {
                    return Err(failed(unread));
                }
                count(archive.damages.len())
            }
            "timelines" => count(archive.timelines().len()),
            "size" => size(archive.bytes),
            "segment_size" if !archive.segment_bytes_known => {
                return Err(other("no segment states its size"));
            }
            "segment_size" => size(archive.segment_bytes),
            "newest" => return text(archive.newest().map(|segment| segment.name), "the newest segment"),
            "age" => return since(archive.newest_change(), "the newest segment"),
            "archived_at" => {
                let at = archive.newest_change();
                let at = at.ok_or_else(|| other("when the newest segment was made is not known"))?;
                age(at, "the newest segment")?;
                return Ok(Told::plain(Value::Time(at)));
            }
            "system_identifier" => return text(archive.system_identifier, "the cluster"),
            "version" => number(archive.major.ok_or_else(|| other("no segment states its version"))?),
            "reaches" => {
                let followed = self.followed()?;
                let because = match &followed.stopped {
                    Some(damage) => format!("the WAL can be followed up to {}: {damage}", followed.seen.end),
                    None => format!("the WAL can be followed to its end at {}", followed.seen.end),
                };
                let newest = followed.seen.newest;
                let newest =
                    newest.ok_or_else(|| other(format!("{because}, and no transaction ended in it")))?;
                return Ok(Told::of(Value::Time(newest), because));
            }
            _ => return Err(none(fact)),
        }))
    }

    fn identity(&self) -> Vec<(String, String)> {
        let archive = &self.archive;
        let mut says = vec![("segments".to_owned(), archive.segments.len().to_string())];
        says.extend(archive.system_identifier.map(|one| ("system_identifier".to_owned(), one.to_string())));
        says.extend(archive.newest().map(|newest| ("newest".to_owned(), newest.name.to_string())));
        says
    }

    fn way(&self, from: Option<&Begin>) -> Result<Observed, Failure> {
        let whole = match from {
            Some(from) => return from.follow(&*self.tree, &self.archive),
            None => self.followed()?,
        };
        Ok(Observed::Followed(Box::new(super::begin::seen("the oldest segment", whole))))
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        let (examined, damages) = match inspection {
            Inspection::State("continuous") => {
                let followed = self.followed()?;
                let stopped = followed.reaches(Until::Newest).err();
                (followed.segments + u64::from(stopped.is_some()), stopped.into_iter().collect())
            }
            Inspection::State("verified") => {
                let mut damages = self.archive.damages.clone();
                damages.extend(self.holes());
                let stopped = self.followed()?.stopped.clone();
                damages.extend(stopped.filter(|one| !damages.iter().any(|damage| damage.file == one.file)));
                (self.archive.segments.len() as u64, damages)
            }
            _ => return Err(other("WAL cannot be asked for this")),
        };
        Ok(Observed::Inspected(inspected("segments", examined, &damages)))
    }
}
