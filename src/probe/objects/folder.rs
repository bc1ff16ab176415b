//! An archive in the directory format, whose files are objects under one prefix.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::ObjectMeta;

use super::object::{Held, Object, changed, replaced};
use super::store::Store;
use super::{Trouble, listing};
use crate::failure::FailureKind;
use crate::probe::dump::medium::{Folder, Medium};

/// Objects under a prefix, as they were when they were listed.
#[derive(Debug)]
pub(super) struct Objects {
    store: Arc<Store>,
    /// Ends with a slash.
    prefix: String,
    listed: BTreeMap<String, ObjectMeta>,
    /// Those that were asked for: each is pinned once in a run.
    opened: Mutex<BTreeMap<String, Arc<Object>>>,
}

impl Objects {
    /// Lists what lies directly under a prefix.
    ///
    /// # Errors
    /// It could not be listed.
    pub(super) fn list(store: &Arc<Store>, prefix: &str) -> Result<Self, Trouble> {
        let prefix = format!("{}/", prefix.trim_end_matches('/'));
        let mut listed = BTreeMap::new();
        listing::each(store, &prefix, &mut |found| {
            for object in found.objects {
                let name = object.location.as_ref().strip_prefix(prefix.as_str()).map(str::to_owned);
                // Some tools leave an empty object where a folder would be.
                if let Some(name) = name.filter(|name| !name.is_empty()) {
                    listed.insert(name, object);
                }
            }
        })?;
        Ok(Self { store: Arc::clone(store), prefix, listed, opened: Mutex::default() })
    }

    /// When its table of contents was written, where it has one.
    pub(super) fn archived(&self) -> Option<jiff::Timestamp> {
        let contents = self.listed.iter().filter(|(name, _)| name.starts_with("toc.dat"));
        contents.map(|(_, meta)| changed(meta)).max()
    }

    /// The same, or when whatever it has was written last. None if it has nothing.
    pub(super) fn changed(&self) -> Option<jiff::Timestamp> {
        self.archived().or_else(|| self.listed.values().map(changed).max())
    }
}

impl Folder for Objects {
    fn has(&self, name: &str) -> bool {
        self.listed.contains_key(name)
    }

    fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    fn bytes(&self) -> u64 {
        self.listed.values().map(|object| object.size).sum()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Medium>> {
        self.pinned(name).map(|object| Arc::new(Held(object)) as _).map_err(Trouble::into_io)
    }
}

impl Objects {
    fn pinned(&self, name: &str) -> Result<Arc<Object>, Trouble> {
        let key = format!("{}{name}", self.prefix);
        let Some(listed) = self.listed.get(name) else {
            let message = format!("there is no object `{}`", self.store.named(&key));
            return Err(Trouble { kind: FailureKind::MissingObject, message });
        };
        let opened = |objects: &Mutex<BTreeMap<String, Arc<Object>>>| {
            objects.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
        };
        if let Some(object) = opened(&self.opened) {
            return Ok(object);
        }
        // Asked without the lock, which would make others wait. Whoever comes second takes what the first one pinned.
        let object = Arc::new(Object::open(&self.store, &key)?);
        if !object.is(listed) {
            return Err(replaced(&self.store.named(&key)));
        }
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(opened.entry(name.to_owned()).or_insert(object)))
    }
}
