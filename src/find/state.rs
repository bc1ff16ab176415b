//! How far a search has come, to go on from there another time.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::keyed::Key;
use super::prior::Cost;
use super::sheet::Sheet;

/// Value of the `schema` key of a kept state. Changes whenever what a search goes through changes.
pub const SCHEMA: &str = "holdtrue.find/3";

/// A key of a kept search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Where it is kept.
    pub from: String,
    /// Four hex digits of a keyed digest of the sample. They tell another key in the same place. They are too few to tell
    /// the key: one of 65 536 wrong guesses has them as well.
    pub check: String,
}

/// How far a search has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Digest of the table's definition and of the sample: on other rows, candidates cost otherwise.
    pub sample: String,
    /// The keys it searches with, never what they are: under others, what was tried says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Kept>,
    /// Every candidate that costs no more than so many tenths of a bit was tried.
    pub tenths_of_bits: u32,
    /// Candidates tried.
    pub tried: u64,
}

impl State {
    /// A search that has not begun.
    #[must_use]
    pub fn begin(sheet: &Sheet) -> Self {
        let mut hash = Sha256::new();
        let mut part = |text: Option<&str>| {
            hash.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
            hash.update(text.unwrap_or_default());
        };
        part(Some(&sheet.schema));
        part(Some(&sheet.table));
        for column in &sheet.columns {
            part(Some(&column.name));
            part(Some(&format!("{:?} {} {:?}", column.kind, column.nullable, column.digits)));
        }
        for cell in sheet.rows.iter().flatten() {
            part(cell.as_deref());
        }
        let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        let sample = format!("sha256:{hex}");
        Self { schema: SCHEMA.to_owned(), sample, keys: Vec::new(), tenths_of_bits: 0, tried: 0 }
    }

    /// The same search with keys.
    #[must_use]
    pub fn keyed(self, keys: &[Key]) -> Self {
        let mut kept: Vec<Kept> = Vec::new();
        for key in keys {
            let from = key.from();
            // The readings of one text have it in common.
            if !kept.iter().any(|known| known.from == from) {
                kept.push(Kept { from, check: key.check(&self.sample) });
            }
        }
        Self { keys: kept, ..self }
    }

    /// Whether a kept state is of the same search.
    #[must_use]
    pub fn continues(&self, other: &Self) -> bool {
        self.schema == other.schema && self.sample == other.sample && self.keys == other.keys
    }

    pub(super) fn low(&self) -> Cost {
        self.tenths_of_bits
    }
}
