//! Large objects, sealed: how many, how many bytes, and the sum of one hash for each, in whatever order they were read.

mod compare;
mod hash;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::seal::{read_sum, write_sum};
use super::sketch::{Item, Sketch, pack};

pub use compare::{LargeChange, LargeDifference, compare};
pub use hash::ObjectHasher;

/// What large objects a database held. The bytes are defined in `docs/fingerprint.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LargeObjects {
    /// How many.
    pub objects: u64,
    /// Bytes in all of them together, holes included.
    pub bytes: u64,
    /// The sum of their hashes modulo 2^128, as 32 hex digits.
    #[serde(serialize_with = "write_sum", deserialize_with = "read_sum")]
    pub sum: u128,
    /// Each object by its number, where they are few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<BTreeMap<u32, Each>>,
    /// What can name those that changed; the key of each is its number and how many bytes it has.
    pub sketch: Sketch,
}

/// One of few large objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Its bytes.
    pub bytes: u64,
    /// Its hash, as 32 hex digits.
    #[serde(serialize_with = "write_sum", deserialize_with = "read_sum")]
    pub hash: u128,
}

/// Most objects that are kept one by one.
const FEW: usize = 1000;

impl Default for LargeObjects {
    fn default() -> Self {
        Self { objects: 0, bytes: 0, sum: 0, each: Some(BTreeMap::new()), sketch: Sketch::new(false) }
    }
}

impl LargeObjects {
    /// Adds an object that was read to its end.
    pub fn add(&mut self, object: &ObjectHasher) {
        let (oid, bytes, row) = (object.oid(), object.bytes(), object.hash());
        self.objects += 1;
        // No database holds that much; a baseline that claimed it would not be written.
        self.bytes = self.bytes.saturating_add(bytes);
        self.sum = self.sum.wrapping_add(row);
        if let Some(each) = &mut self.each {
            each.insert(oid, Each { bytes, hash: row });
        }
        if self.objects > FEW as u64 {
            self.each = None;
        }
        let key = pack(Some(format!("{oid}\u{1f}{bytes}").as_bytes()));
        self.sketch.add(0, &Item { row, key, tenant: pack(None) });
    }
}

impl LargeObjects {
    /// Whether the objects that are kept one by one make up the whole.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let Some(each) = &self.each else { return self.objects > FEW as u64 };
        let bytes = each.values().try_fold(0u64, |all, one| all.checked_add(one.bytes));
        let sum = each.values().fold(0u128, |all, one| all.wrapping_add(one.hash));
        each.len() as u64 == self.objects && bytes == Some(self.bytes) && sum == self.sum
    }
}

/// The large objects of a source, or why they are not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LargeSeal {
    /// All were read.
    Sealed(LargeObjects),
    /// An archive that lists none: there were none, or it was made without them, and it does not say which.
    Unlisted,
    /// They were not sealed, for this reason.
    Unsealed(String),
}
