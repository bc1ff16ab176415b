//! One line of the record: how it is sealed, and how it is read back.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::RecordError;
use super::key::Signer;

/// The `format` of every entry. A change that breaks readers changes this.
pub const FORMAT: &str = "holdtrue.record/1";

/// What the first entry states as its `previous`.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Longest line that is written or read, in bytes, with its line end.
pub(super) const LONGEST: usize = 16 << 20;

/// The greatest whole number that every reader of JSON takes exactly (RFC 8785, section 3.2.2.3).
const GREATEST: u64 = (1 << 53) - 1;

/// An entry as it stands on its line. All members are always there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What is said, by [`Entry::kind`].
    pub body: Value,
    /// Always [`FORMAT`].
    pub format: String,
    /// SHA-256 over the canonical JSON of all members but `hash` and `signature`, in lower-case hex.
    pub hash: String,
    /// The id of the key it is signed with; `null` when it is not signed.
    pub key: Option<String>,
    /// What kind of thing is said.
    pub kind: String,
    /// The hash of the entry before; [`GENESIS`] of the first.
    pub previous: String,
    /// 1 for the first entry, and so on without gaps.
    pub sequence: u64,
    /// Ed25519 signature over the bytes that `hash` is taken of, in lower-case hex; `null` when it is not signed.
    pub signature: Option<String>,
    /// When it was written: RFC 3339, UTC, by the writer's clock.
    pub time: String,
}

/// What is hashed and signed of an entry.
#[derive(Serialize)]
struct Preimage<'a> {
    body: &'a Value,
    format: &'a str,
    key: Option<&'a str>,
    kind: &'a str,
    previous: &'a str,
    sequence: u64,
    time: &'a str,
}

/// Where an entry stands that was written and is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its number.
    pub sequence: u64,
    /// Its hash.
    pub hash: String,
}

impl Entry {
    /// Makes an entry that follows another one.
    ///
    /// # Errors
    ///
    /// When the body holds a number that not every reader takes exactly.
    pub(super) fn seal(
        (kind, body): (&str, Value),
        (sequence, previous): (u64, &str),
        time: jiff::Timestamp,
        signer: Option<&Signer>,
    ) -> Result<Self, RecordError> {
        if !plain(&body) || sequence > GREATEST {
            return Err(RecordError::new(
                "an entry may hold no number that is not whole, or is beyond 2^53 - 1",
            ));
        }
        let mut entry = Self {
            body,
            format: FORMAT.to_owned(),
            hash: String::new(),
            key: signer.map(|signer| signer.id().to_owned()),
            kind: kind.to_owned(),
            previous: previous.to_owned(),
            sequence,
            signature: None,
            time: time.to_string(),
        };
        let preimage = entry.preimage()?;
        entry.hash = hex(&Sha256::digest(&preimage));
        entry.signature = signer.map(|signer| hex(&signer.sign(&preimage)));
        Ok(entry)
    }

    /// The bytes that are hashed and signed.
    pub(super) fn preimage(&self) -> Result<Vec<u8>, RecordError> {
        canonical(&Preimage {
            body: &self.body,
            format: &self.format,
            key: self.key.as_deref(),
            kind: &self.kind,
            previous: &self.previous,
            sequence: self.sequence,
            time: &self.time,
        })
    }

    /// The entry's line with its end.
    pub(super) fn line(&self) -> Result<Vec<u8>, RecordError> {
        let mut line = canonical(self)?;
        line.push(b'\n');
        if line.len() > LONGEST {
            return Err(RecordError::new(format!("an entry would be longer than {} MiB", LONGEST >> 20)));
        }
        Ok(line)
    }

    /// Reads a line without its end.
    ///
    /// # Errors
    ///
    /// Why it is no entry. One that is an entry in any other spelling than the canonical one is refused as well: what two
    /// readers may read differently, such as a member that stands there twice, can be no evidence.
    pub(super) fn read(line: &[u8]) -> Result<Self, Unfit> {
        let entry: Self = serde_json::from_slice(line).map_err(|error| {
            // Neither the position, which is a byte of the line, nor the value may be long.
            Unfit { entry: None, why: format!("it is no entry: {error}") }
        })?;
        let spelt = canonical(&entry).is_ok_and(|canonical| canonical == line);
        let why = if !spelt {
            "it is not in the canonical form (RFC 8785) in which every entry is written"
        } else if entry.format != FORMAT {
            "its format is not `holdtrue.record/1`"
        } else if !plain(&entry.body) || entry.sequence > GREATEST {
            "it holds a number that is not whole, or beyond 2^53 - 1"
        } else if entry.time.parse::<jiff::Timestamp>().is_err() {
            "its time is no RFC 3339 time"
        } else {
            return Ok(entry);
        };
        Err(Unfit { entry: Some(Box::new(entry)), why: why.to_owned() })
    }

    /// When it was written.
    #[must_use]
    pub fn at(&self) -> Option<jiff::Timestamp> {
        self.time.parse().ok()
    }
}

/// A line that is no entry, and what could be read of it.
#[derive(Debug)]
pub(super) struct Unfit {
    pub(super) entry: Option<Box<Entry>>,
    pub(super) why: String,
}

/// Whether all numbers are whole and exact for every reader.
fn plain(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_some_and(|n| n.unsigned_abs() <= GREATEST),
        Value::Array(items) => items.iter().all(plain),
        Value::Object(members) => members.values().all(plain),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn canonical(value: &impl Serialize) -> Result<Vec<u8>, RecordError> {
    serde_json_canonicalizer::to_vec(value)
        .map_err(|error| RecordError::new(format!("an entry cannot be written as canonical JSON: {error}")))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Bytes of lower-case hex of that many bytes; `None` for anything else.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}
