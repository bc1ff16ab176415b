//! Everything under a prefix of keys, as a tree of files.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::ObjectMeta;

use super::object::{Held, Object, changed};
use super::store::Store;
use super::{Trouble, listing};
use crate::failure::FailureKind;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::dump::medium::{Medium, ReadAt};
use crate::probe::tree::{Found, FoundKind, Tree, inside};

/// Objects under a prefix, as they were when they were listed. Whatever is another by the time it is read is not read.
#[derive(Debug)]
pub(super) struct Grove {
    store: Arc<Store>,
    /// What names leave out of keys: nothing, or a prefix that ends with a slash.
    root: String,
    listed: BTreeMap<String, ObjectMeta>,
    /// What contents were called when they were first read, where the listing does not say it.
    tags: Mutex<BTreeMap<String, String>>,
}

impl Grove {
    /// Lists what is under a folder of keys, or only what begins with `under` there.
    ///
    /// # Errors
    /// It could not be listed, or there is nothing.
    pub(super) fn list(store: &Arc<Store>, root: &str, under: &str) -> Result<Self, Trouble> {
        let mut listed = BTreeMap::new();
        listing::all(store, &format!("{root}{under}"), &mut |found| {
            for object in found.objects {
                let name = object.location.as_ref().strip_prefix(root).map(str::to_owned);
                if let Some(name) = name.filter(|name| !name.is_empty()) {
                    listed.insert(name, object);
                }
            }
        })?;
        // Some tools leave an empty object where a folder would be.
        let folders: Vec<String> = listed
            .iter()
            .filter(|(name, object)| {
                let inner = format!("{name}/");
                object.size == 0
                    && listed.range(inner.clone()..).next().is_some_and(|(next, _)| next.starts_with(&inner))
            })
            .map(|(name, _)| name.clone())
            .collect();
        folders.iter().for_each(|name| {
            listed.remove(name);
        });
        if listed.is_empty() {
            let message = format!("there is no object under `{}`", store.named(&format!("{root}{under}")));
            return Err(Trouble { kind: FailureKind::MissingObject, message });
        }
        Ok(Self { store: Arc::clone(store), root: root.to_owned(), listed, tags: Mutex::default() })
    }

    /// Whether an object is what was listed, and what was read of it before.
    fn is_same(&self, name: &str, object: &Object) -> bool {
        let mut tags = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tags.entry(name.to_owned()).or_insert_with(|| object.tag().to_owned());
        *known == object.tag() && self.listed.get(name).is_some_and(|listed| object.is(listed))
    }
}

impl Tree for Grove {
    fn list(&self) -> Result<Vec<Found>, Damage> {
        let found = |(name, object): (&String, &ObjectMeta)| Found {
            name: name.clone(),
            kind: FoundKind::File,
            bytes: object.size,
            changed: Some(changed(object)),
        };
        Ok(self.listed.iter().map(found).collect())
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, Damage> {
        if !inside(name) {
            return Err(Damage::new(DamageKind::Corrupt, name, "this name leads out of the folder"));
        }
        if !self.listed.contains_key(name) {
            return Err(Damage::new(DamageKind::Missing, name, "it is not there"));
        }
        if let Some(lost) = self.store.lost.get() {
            return Err(Damage::new(DamageKind::Unread, name, lost.message.clone()));
        }
        let key = format!("{}{name}", self.root);
        let object = Object::open(&self.store, &key).map_err(|trouble| {
            self.store.note(&trouble);
            Damage::new(DamageKind::Unread, name, trouble.message)
        })?;
        if !self.is_same(name, &object) {
            let message =
                format!("`{}` was replaced while this run was reading; run again", self.store.named(&key));
            return Err(Damage::new(DamageKind::Unread, name, message));
        }
        Ok(Box::new(Stream::new(&Held(Arc::new(object)))))
    }
}

/// An object from its beginning to its end.
#[derive(Debug)]
pub(super) struct Stream {
    reader: Box<dyn ReadAt>,
    at: u64,
    bytes: u64,
}

impl Stream {
    pub(super) fn new(medium: &dyn Medium) -> Self {
        Self { reader: medium.reader(), at: 0, bytes: medium.bytes() }
    }
}

impl Read for Stream {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read_at(room, self.at, self.bytes)?;
        self.at += count as u64;
        Ok(count)
    }
}
