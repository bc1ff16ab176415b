//! The sealed contents of a relation: how many rows, the sum of their hashes, and both by tenant.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::sketch::Sketch;

/// Rows, and the sum of their hashes modulo 2^128.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many rows.
    pub rows: u64,
    /// The sum of their hashes, as 32 hex digits.
    #[serde(serialize_with = "write_sum", deserialize_with = "read_sum")]
    pub sum: u128,
}

impl Count {
    /// Adds a row.
    pub fn add(&mut self, hash: u128) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(hash);
    }

    /// Adds the rows of another part.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

pub(super) fn write_sum<S: Serializer>(sum: &u128, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{sum:032x}"))
}

pub(super) fn read_sum<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
    let text = String::deserialize(from)?;
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    match u128::from_str_radix(&text, 16) {
        Ok(sum) if text.len() == 32 && text.bytes().all(lower) => Ok(sum),
        _ => Err(serde::de::Error::custom("a sum is 32 lower-case hex digits")),
    }
}

/// What a relation held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// All rows.
    pub whole: Count,
    /// Rows by tenant, where the tenancy says whose they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenants: Option<BTreeMap<String, Count>>,
    /// Rows that belong to no tenant although they should.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub unowned: Count,
    /// What can name the rows that changed.
    pub sketch: Sketch,
    /// The greatest value of each column that a cut-off may be by; none where no row has one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub greatest: BTreeMap<String, Option<String>>,
    /// What a cut-off kept out of the sums, or let in for want of a value.
    #[serde(default, skip_serializing_if = "Aside::is_nothing")]
    pub aside: Aside,
}

/// Rows that a cut-off is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aside {
    /// Rows beyond the cut-off: not in the sums.
    pub newer: u64,
    /// Rows without a value: in the sums, as if they were old.
    pub undated: u64,
    /// Rows that are not newer and were changed beyond the cut-off of changes: not in the sums.
    pub changed: u64,
    /// Tenant and key of those, as the sketch packs them, at most [`Aside::MOST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<AsideName>,
}

/// Whose a row is and which, both packed, as hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsideName {
    /// The tenant.
    pub tenant: String,
    /// The key.
    pub key: String,
}

impl Aside {
    /// Most rows that are named: a sketch tells no more of them apart.
    pub const MOST: usize = 512;

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Adds those of another part.
    pub fn merge(&mut self, other: Self) {
        self.newer += other.newer;
        self.undated += other.undated;
        self.changed += other.changed;
        self.names.extend(other.names);
        self.names.truncate(Self::MOST);
    }
}

fn is_nothing(count: &Count) -> bool {
    *count == Count::default()
}

impl Seal {
    /// Whether the parts make up the whole, as they do in everything that was measured.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let Some(tenants) = &self.tenants else { return self.unowned == Count::default() };
        let rows = tenants.values().try_fold(self.unowned.rows, |all, count| all.checked_add(count.rows));
        let sum = tenants.values().fold(self.unowned.sum, |all, count| all.wrapping_add(count.sum));
        rows == Some(self.whole.rows) && sum == self.whole.sum
    }
}
