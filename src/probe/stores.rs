//! Backups in object storage for those who need them as files: what an address names, as a tree that is pinned.

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use super::basebackup::{LABEL, Label};
use super::damage::{Damage, DamageKind};
use super::dump::medium::{Medium, Place};
use super::objects::{self, Finder, Trouble};
use super::postgres::Canceller;
use super::tree::{Found, FoundKind, Tree};

/// Longest label that is read, in bytes.
const MOST_LABEL: u64 = 64 << 10;

/// Stores as the environment describes them.
#[derive(Clone, Debug)]
pub struct Stores(Finder);

/// What an address names in a store. Every object is pinned to the content it has when it is first read, and where the store
/// says so to the one that was listed.
#[derive(Clone, Debug)]
pub struct Away {
    /// Its address with the key that was chosen. Holds no secret.
    pub address: String,
    /// What the store calls the content of a single object.
    pub tag: Option<String>,
    /// Whether it is one object.
    pub single: bool,
    /// The object, or everything in the folder.
    pub tree: Arc<dyn Tree>,
}

/// Whether an address is that of something in a store, or of something else that is no path.
#[must_use]
pub fn is_away(text: &str) -> bool {
    objects::is_address(text)
}

/// An address as it may be shown: nothing but the scheme of one that is none, or carries a credential.
#[must_use]
pub fn shown(text: &str) -> String {
    match objects::check(text) {
        Ok(()) => text.to_owned(),
        Err(_) => format!("{}://(not shown)", text.split("://").next().unwrap_or_default()),
    }
}

impl Stores {
    /// For the runtime this is called on; `canceller` ends everything that is read.
    #[must_use]
    pub fn here(canceller: &Canceller) -> Self {
        Self(Finder::here(canceller))
    }

    /// What an address names: an object, everything in a folder, or the newest of what a pattern matches.
    ///
    /// # Errors
    /// A sentence that says why it is not to be had, without secrets.
    pub fn find(&self, text: &str) -> Result<Away, String> {
        let said = |trouble: Trouble| trouble.message;
        objects::check(text).map_err(said)?;
        if text.contains(['*', '?', '[']) {
            let found = self.0.clone().find(text, &mut None).map_err(said)?;
            return match found.place {
                Place::One(medium) => Ok(single(found.address, found.tag, medium)),
                Place::Many(_) => self.folder(&found.address),
            };
        }
        let key =
            text.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, key)| key);
        if key.is_empty() || key.ends_with('/') {
            return self.folder(text);
        }
        match self.0.clone().tagged(text).map_err(said)? {
            Some((medium, tag)) => Ok(single(text.to_owned(), Some(tag), medium)),
            None => self.folder(text),
        }
    }

    /// Everything in the folder that an address names.
    ///
    /// # Errors
    /// The same.
    pub fn folder(&self, text: &str) -> Result<Away, String> {
        let tree = self.0.clone().tree(text, "").map_err(|trouble| trouble.message)?;
        Ok(Away { address: text.trim_end_matches('/').to_owned(), tag: None, single: false, tree })
    }

    /// Base backups in the folders beside the one that an address names, with their labels.
    ///
    /// # Errors
    /// They could not be listed.
    pub fn beside(&self, text: &str) -> Result<Vec<(Away, Label)>, String> {
        let mut found = Vec::new();
        for address in self.0.clone().beside(text).map_err(|trouble| trouble.message)? {
            let away = self.folder(&address)?;
            let label =
                away.tree.read(LABEL, MOST_LABEL).ok().and_then(|bytes| Label::read(LABEL, &bytes).ok());
            found.extend(label.map(|label| (away, label)));
        }
        Ok(found)
    }
}

fn single(address: String, tag: Option<String>, medium: Arc<dyn Medium>) -> Away {
    let name = address.rsplit('/').next().unwrap_or_default().to_owned();
    Away { address, tag, single: true, tree: Arc::new(Single { name, medium }) }
}

/// One object as a tree.
struct Single {
    name: String,
    medium: Arc<dyn Medium>,
}

impl fmt::Debug for Single {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Single").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Tree for Single {
    fn list(&self) -> Result<Vec<Found>, Damage> {
        let (name, bytes) = (self.name.clone(), self.medium.bytes());
        Ok(vec![Found { name, kind: FoundKind::File, bytes, changed: None }])
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, Damage> {
        if name != self.name {
            return Err(Damage::new(DamageKind::Missing, name, "it is not there"));
        }
        Ok(objects::stream(&*self.medium))
    }
}
