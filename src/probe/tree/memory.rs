//! Files that are only in memory: names from a list, or contents from a test.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

use super::{Found, FoundKind, Tree};
use crate::probe::damage::{Damage, DamageKind};

/// Files by name. A name without contents can be listed and not opened.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<String, Option<Arc<[u8]>>>,
}

impl Memory {
    /// Only names, such as a listing from elsewhere.
    pub fn names<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self { files: names.into_iter().map(|name| (name.into(), None)).collect() }
    }

    /// Puts a file in, or replaces it.
    pub fn put(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(name.into(), Some(bytes.into().into()));
    }

    /// Takes a file out.
    pub fn remove(&mut self, name: &str) {
        self.files.remove(name);
    }
}

impl Tree for Memory {
    fn list(&self) -> Result<Vec<Found>, Damage> {
        let found = |(name, bytes): (&String, &Option<Arc<[u8]>>)| Found {
            name: name.clone(),
            kind: FoundKind::File,
            bytes: bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            changed: None,
        };
        Ok(self.files.iter().map(found).collect())
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, Damage> {
        match self.files.get(name) {
            Some(Some(bytes)) => Ok(Box::new(Cursor::new(Arc::clone(bytes)))),
            Some(None) => Err(Damage::new(DamageKind::Unread, name, "only its name is known")),
            None => Err(Damage::new(DamageKind::Missing, name, "it is not there")),
        }
    }
}
