//! Objects in a store (Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage), read in place.
//!
//! Nothing is copied to disk. Every object is pinned by its ETag when it is first asked for, and every later request is
//! refused by the store, or here, once it is another: what a run reads of it is one content, or the run says that it is
//! not. Answers are as long as was asked for, or they are errors.

mod address;
mod ahead;
mod bridge;
mod folder;
mod grove;
mod listing;
mod newest;
mod object;
mod stated;
mod store;
#[cfg(test)]
mod tests;
mod trouble;

use std::sync::Arc;

pub(super) use super::dump::medium::{Medium, Place, Trouble};
use super::postgres::Canceller;
use super::tree::Tree;
use crate::failure::FailureKind;
use address::Address;
use bridge::Bridge;
use folder::Objects;
use grove::Grove;
use object::{Held, Object};
pub(super) use stated::Stated;
use store::Store;
pub(super) use store::encrypt;

/// Whether an address is one of an object, or of something else that is no path.
pub(super) fn is_address(text: &str) -> bool {
    address::scheme(text).is_some()
}

/// Whether an address can only be that of an object.
pub(super) fn is_store(text: &str) -> bool {
    ["s3", "gs", "az"].contains(&address::scheme(text).unwrap_or_default())
}

/// An address as it may be shown; nothing of one that carries a credential.
pub(super) fn shown(text: &str) -> String {
    Address::folder(text).map_or_else(|_| "(no address)".to_owned(), |_| text.to_owned())
}

/// Makes sure that an address carries no credential, in whichever part of it.
///
/// # Errors
/// It does, or is none; nothing of it is repeated where it does.
pub(super) fn check(text: &str) -> Result<(), Trouble> {
    Address::folder(text).map(drop)
}

/// An object, and what the store calls its content.
pub(super) type Tagged = (Arc<dyn Medium>, String);

/// An object from its beginning to its end.
pub(super) fn stream(medium: &dyn Medium) -> Box<dyn std::io::Read> {
    Box::new(grove::Stream::new(medium))
}

/// An archive that was found in a store.
#[derive(Debug)]
pub(super) struct Found {
    /// Its address, with the key that was chosen. Holds no secret.
    pub(super) address: String,
    pub(super) place: Place,
    /// When the store says it was written.
    pub(super) changed: jiff::Timestamp,
    /// What the store calls the content that is read; none of several objects.
    pub(super) tag: Option<String>,
}

/// An object as a listing shows it.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) bytes: u64,
    /// When the store says it was written.
    pub(super) changed: jiff::Timestamp,
}

/// A bucket that objects were found in.
#[derive(Debug)]
pub(super) struct Bucket {
    store: Arc<Store>,
}

impl Bucket {
    /// The address of a key. Holds no secret.
    pub(super) fn named(&self, key: &str) -> String {
        self.store.named(key)
    }

    /// What the store says of an object beside its content.
    ///
    /// # Errors
    /// It could not be asked.
    pub(super) fn stated(&self, key: &str) -> Result<Stated, Trouble> {
        stated::stated(&self.store, key)
    }

    /// One object, pinned to the content it has now; none if there is none of this key.
    ///
    /// # Errors
    /// Why it is not to be had.
    pub(super) fn open(&self, key: &str) -> Result<Option<Arc<dyn Medium>>, Trouble> {
        match Object::open(&self.store, key) {
            Ok(object) => Ok(Some(Arc::new(Held(Arc::new(object))))),
            Err(trouble) if trouble.kind == FailureKind::MissingObject => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }
}

/// Finds archives in stores: made on the runtime that fetches, used on a thread that may block.
#[derive(Clone, Debug)]
pub(super) struct Finder {
    bridge: Bridge,
}

impl Finder {
    /// For the runtime this is called on; `canceller` stops everything that is read through it.
    pub(super) fn here(canceller: &Canceller) -> Self {
        Self { bridge: Bridge::here(canceller) }
    }

    /// Every object whose key the pattern in an address matches; a prefix stands for all directly under it.
    ///
    /// # Errors
    /// Why they could not be listed.
    pub(super) fn every(self, text: &str, shown: &mut String) -> Result<(Bucket, Vec<Listed>), Trouble> {
        let address = Address::parse(text)?;
        *shown = address.to_string();
        let store = Arc::new(Store::new(&address, &store::variables(), self.bridge)?);
        let key = if address.key.ends_with('/') { format!("{}*", address.key) } else { address.key };
        let listed = newest::every(&store, &key)?;
        Ok((Bucket { store }, listed))
    }

    /// Everything under the folder that an address names, or only what begins with `under` there.
    ///
    /// # Errors
    /// It could not be listed, or there is nothing.
    pub(super) fn tree(self, text: &str, under: &str) -> Result<Arc<dyn Tree>, Trouble> {
        let address = Address::folder(text)?;
        let store = Arc::new(Store::new(&address, &store::variables(), self.bridge)?);
        Ok(Arc::new(Grove::list(&store, &address.key, under)?))
    }

    /// The folders that lie beside the one that an address names, as addresses.
    ///
    /// # Errors
    /// They could not be listed.
    pub(super) fn beside(self, text: &str) -> Result<Vec<String>, Trouble> {
        let address = Address::folder(text)?;
        let own = address.key.trim_end_matches('/');
        let parent = own.rsplit_once('/').map_or(String::new(), |(parent, _)| format!("{parent}/"));
        let store = Arc::new(Store::new(&address, &store::variables(), self.bridge)?);
        let mut folders = Vec::new();
        listing::each(&store, &parent, &mut |found| {
            let others = found.common_prefixes.iter().map(|prefix| prefix.as_ref().trim_end_matches('/'));
            folders.extend(others.filter(|other| *other != own).map(|other| store.named(other)));
        })?;
        Ok(folders)
    }

    /// The object that an address names, in full.
    ///
    /// # Errors
    /// Why it is not to be had.
    pub(super) fn object(self, text: &str) -> Result<Option<Arc<dyn Medium>>, Trouble> {
        let address = Address::parse(text)?;
        let bucket = Bucket { store: Arc::new(Store::new(&address, &store::variables(), self.bridge)?) };
        bucket.open(&address.key)
    }

    /// The same with what the store calls its content.
    ///
    /// # Errors
    /// Why it is not to be had.
    pub(super) fn tagged(self, text: &str) -> Result<Option<Tagged>, Trouble> {
        let address = Address::parse(text)?;
        let store = Arc::new(Store::new(&address, &store::variables(), self.bridge)?);
        match Object::open(&store, &address.key) {
            Ok(object) => {
                let tag = object.tag().to_owned();
                Ok(Some((Arc::new(Held(Arc::new(object))), tag)))
            }
            Err(trouble) if trouble.kind == FailureKind::MissingObject => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Finds what an address names: an object, a folder of them, or the newest of those that a pattern matches. `found` is
    /// told the address as it may be shown, as soon as that is known.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn find(self, text: &str, shown: &mut Option<String>) -> Result<Found, Trouble> {
        let address = Address::parse(text)?;
        *shown = Some(address.to_string());
        let store = Arc::new(Store::new(&address, &store::variables(), self.bridge)?);
        let key = if address.is_pattern() { newest::newest(&store, &address.key)? } else { address.key };
        let address = store.named(&key);
        *shown = Some(address.clone());
        if key.ends_with('/') {
            return folder(&store, &key, address);
        }
        match Object::open(&store, &key) {
            Ok(object) => {
                let (changed, tag) = (object.changed(), Some(object.tag().to_owned()));
                let place = Place::One(Arc::new(Held(Arc::new(object))));
                Ok(Found { address, place, changed, tag })
            }
            // A folder may be named without its slash.
            Err(trouble) if trouble.kind == FailureKind::MissingObject => {
                folder(&store, &key, address).map_err(|_| trouble)
            }
            Err(trouble) => Err(trouble),
        }
    }
}

fn folder(store: &Arc<Store>, key: &str, address: String) -> Result<Found, Trouble> {
    let objects = Objects::list(store, key)?;
    let Some(changed) = objects.changed() else {
        let message = format!("there is no object under `{}`", store.named(key));
        return Err(Trouble { kind: FailureKind::MissingObject, message });
    };
    Ok(Found { address, place: Place::Many(Arc::new(objects)), changed, tag: None })
}
