//! One object, pinned: whatever is read of it in a run is of the same content.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStoreExt as _};

use super::ahead::Ahead;
use super::bridge::Pending;
use super::store::Store;
use super::{Trouble, trouble};
use crate::failure::FailureKind;
use crate::probe::dump::medium::{Medium, ReadAt};

/// Bytes that come with the first answer.
const HEAD: u64 = 64 << 10;

/// An object as it was when it was first asked for.
#[derive(Debug)]
pub(super) struct Object {
    store: Arc<Store>,
    path: Path,
    /// What the store calls this content of it. Sent along with every request, so that another content is refused.
    tag: String,
    /// Length in bytes.
    bytes: u64,
    head: Bytes,
    /// When the store says it was written.
    changed: jiff::Timestamp,
    /// Why nothing more is read of it, once something could not be. Asking again and again, for every table, would take
    /// for ever and prove nothing.
    lost: OnceLock<Trouble>,
}

impl Object {
    /// Asks for an object, and keeps its first bytes.
    ///
    /// # Errors
    /// Why it is not to be had, or that its content could not be pinned.
    pub(super) fn open(store: &Arc<Store>, key: &str) -> Result<Self, Trouble> {
        let path = trouble::path(store, key)?;
        let (asked, at) = (Arc::clone(store), path.clone());
        let (meta, head) = store.bridge.wait(async move {
            let range = Some(GetRange::Bounded(0..HEAD));
            let found = asked.objects.get_opts(&at, GetOptions { range, ..GetOptions::default() }).await;
            let found = match found {
                // There are no first bytes of nothing (`416 Range Not Satisfiable`).
                Err(error) if trouble::status(&error) == Some(416) => {
                    let meta = asked.objects.head(&at).await;
                    return meta.map(|meta| (meta, Bytes::new())).map_err(|e| asked.trouble(&e, at.as_ref()));
                }
                other => other.map_err(|error| asked.trouble(&error, at.as_ref()))?,
            };
            let meta = found.meta.clone();
            let head = found.bytes().await.map_err(|error| asked.trouble(&error, at.as_ref()))?;
            Ok((meta, head))
        })?;
        let name = store.named(key);
        let expected = meta.size.min(HEAD);
        if head.len() as u64 != expected {
            return Err(short(&name, 0, expected, head.len()));
        }
        let Some(tag) = meta.e_tag.clone() else {
            return Err(Trouble {
                kind: FailureKind::Other,
                message: format!(
                    "`{name}` has no ETag, without which nobody sees whether it is replaced while it is being read; copy it \
                     here and verify the file"
                ),
            });
        };
        let changed = changed(&meta);
        Ok(Self {
            store: Arc::clone(store),
            path,
            tag,
            bytes: meta.size,
            head,
            changed,
            lost: OnceLock::new(),
        })
    }

    /// What every reader begins with.
    pub(super) fn head(&self) -> Bytes {
        self.head.clone()
    }

    /// What the store calls this content.
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    pub(super) fn length(&self) -> u64 {
        self.bytes
    }

    pub(super) fn changed(&self) -> jiff::Timestamp {
        self.changed
    }

    /// Whether this is what a listing showed.
    pub(super) fn is(&self, listed: &ObjectMeta) -> bool {
        // Some stores quote it in one place only.
        let bare = |tag: &str| tag.trim_matches('"').to_owned();
        self.bytes == listed.size && listed.e_tag.as_ref().is_none_or(|tag| bare(tag) == bare(&self.tag))
    }

    /// Lets the bytes `from..to` come.
    pub(super) fn begin(self: &Arc<Self>, from: u64, to: u64) -> Pending<Bytes> {
        let object = Arc::clone(self);
        self.store.bridge.begin(async move {
            if let Some(trouble) = object.lost.get().or_else(|| object.store.lost.get()) {
                return Err(trouble.clone());
            }
            let found = object.get(from, to).await;
            if let Err(trouble) = &found {
                object.store.note(trouble);
                let _first_stays = object.lost.set(trouble.clone());
            }
            found
        })
    }

    async fn get(&self, from: u64, to: u64) -> Result<Bytes, Trouble> {
        let (range, if_match) = (Some(GetRange::Bounded(from..to)), Some(self.tag.clone()));
        let options = GetOptions { range, if_match, ..GetOptions::default() };
        let trouble = |error| self.store.trouble(&error, self.path.as_ref());
        let found = self.store.objects.get_opts(&self.path, options).await.map_err(trouble)?;
        let name = || self.store.named(self.path.as_ref());
        // Not every server that speaks the protocol minds the condition.
        if found.meta.size != self.bytes || found.meta.e_tag.as_ref() != Some(&self.tag) {
            return Err(replaced(&name()));
        }
        let bytes = found.bytes().await.map_err(trouble)?;
        if bytes.len() as u64 != to - from {
            return Err(short(&name(), from, to - from, bytes.len()));
        }
        Ok(bytes)
    }
}

/// When a listing or an answer says an object was written.
pub(super) fn changed(meta: &ObjectMeta) -> jiff::Timestamp {
    let nanos = i32::try_from(meta.last_modified.timestamp_subsec_nanos()).unwrap_or_default();
    jiff::Timestamp::new(meta.last_modified.timestamp(), nanos).unwrap_or(jiff::Timestamp::MIN)
}

/// Why nothing more is read of an object that is not the same any more.
pub(super) fn replaced(name: &str) -> Trouble {
    Trouble {
        kind: FailureKind::SnapshotConflict,
        message: format!(
            "`{name}` was replaced while it was being read, so the rest of what it was cannot be had any more; run again, and \
             write each dump under a key of its own"
        ),
    }
}

fn short(name: &str, from: u64, asked: u64, came: usize) -> Trouble {
    Trouble {
        kind: FailureKind::ConnectionLost,
        message: format!("`{name}`: {asked} bytes from byte {from} on were asked for, and {came} came"),
    }
}

/// An object as a medium.
#[derive(Debug)]
pub(super) struct Held(pub(super) Arc<Object>);

impl Medium for Held {
    fn bytes(&self) -> u64 {
        self.0.length()
    }

    fn reader(&self) -> Box<dyn ReadAt> {
        Box::new(Ahead::new(&self.0))
    }
}
