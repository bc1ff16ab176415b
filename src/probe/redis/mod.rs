//! Snapshots of Redis and Valkey (RDB files): version, when they were saved, and the checksum over all of it.
//!
//! `rdb.c`, `rdb.h` (`rdbSaveRio`, `rdbSaveInfoAuxFields`, `rdbLoadLenByRef`) and `crc64.c` of Redis. Keys and values are
//! not read: the checksum covers them.

mod fields;
mod info;
mod resp;
mod server;

pub(in crate::probe) use info::Info;
pub(in crate::probe) use server::{ask, is_server};

use std::collections::BTreeMap;
use std::io::Write;

use crc_fast::{CrcAlgorithm, Digest};
use jiff::Timestamp;

use super::damage::{Damage, DamageKind};
use super::tree::{Found, FoundKind, Tree, damaged};

/// Bytes at the beginning that are kept to be looked into. What a snapshot says of itself is far shorter.
const KEPT: usize = 64 << 10;

/// What is behind the last key: one byte, and the checksum.
const TRAILER: usize = 9;

/// Marks the end of the keys.
const END: u8 = 0xff;

/// A snapshot, every byte of which was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// `REDIS` or `VALKEY`.
    pub product: &'static str,
    /// Version of the format.
    pub version: u32,
    /// Size in bytes.
    pub bytes: u64,
    /// When the file was last changed.
    pub changed: Option<Timestamp>,
    /// What it says of itself, by name, such as `redis-ver`.
    pub fields: BTreeMap<String, String>,
    /// When it was saved, by its own words, to the second.
    pub saved: Option<Timestamp>,
    /// Everything that is wrong.
    pub damages: Vec<Damage>,
}

impl Snapshot {
    /// Reads a snapshot to its end.
    ///
    /// # Errors
    /// It is not there, cannot be read, or is no such file.
    pub fn read(tree: &dyn Tree, file: &str) -> Result<Self, Damage> {
        let found = tree.list()?.into_iter().find(|found| found.name == file);
        let found = found.ok_or_else(|| Damage::new(DamageKind::Missing, file, "it is not there"))?;
        if found.kind != FoundKind::File {
            return Err(Damage::new(DamageKind::Unread, file, "it is not a regular file"));
        }
        let mut whole = Whole::default();
        let mut bytes = tree.open(file)?;
        std::io::copy(&mut bytes, &mut whole).map_err(|error| damaged(file, &error))?;
        Self::of(&found, &whole)
    }

    fn of(found: &Found, whole: &Whole) -> Result<Self, Damage> {
        let file = found.name.as_str();
        if whole.bytes == 0 {
            return Err(Damage::new(DamageKind::Truncated, file, "it is empty").at(0));
        }
        let (product, version, begin) = header(&whole.start).ok_or_else(|| {
            let message = "it does not begin with REDIS or VALKEY and a version, so it is no snapshot";
            Damage::new(DamageKind::Corrupt, file, message).at(0)
        })?;
        let (fields, error) = fields::read(whole.start.get(begin..).unwrap_or_default());
        let saved = fields
            .get("ctime")
            .and_then(|second| second.parse().ok())
            .and_then(|at| Timestamp::from_second(at).ok());
        let mut snapshot = Self {
            product,
            version,
            bytes: whole.bytes,
            changed: found.changed,
            fields,
            saved,
            damages: Vec::new(),
        };
        if let Some((at, message)) = error {
            let at = (begin + at) as u64;
            let end = at >= whole.bytes;
            let kind = if end { DamageKind::Truncated } else { DamageKind::Corrupt };
            snapshot.damages.push(Damage::new(kind, file, message).at(at));
        }
        snapshot.damages.extend(whole.end(file, version, begin));
        Ok(snapshot)
    }
}

/// `REDIS0011`, `VALKEY080`: nine bytes either way.
fn header(start: &[u8]) -> Option<(&'static str, u32, usize)> {
    let (start, _) = start.split_at_checked(9)?;
    let start = std::str::from_utf8(start).ok()?;
    let (product, digits) = match (start.strip_prefix("REDIS"), start.strip_prefix("VALKEY")) {
        (Some(digits), _) => ("REDIS", digits),
        (_, Some(digits)) => ("VALKEY", digits),
        _ => return None,
    };
    let fine = digits.bytes().all(|byte| byte.is_ascii_digit());
    let version: u32 = digits.parse().ok().filter(|_| fine)?;
    (version > 0).then_some((product, version, 9))
}

/// The checksum of everything but the last eight bytes, which are only known when nothing follows.
struct Whole {
    start: Vec<u8>,
    last: Vec<u8>,
    sum: Digest,
    bytes: u64,
}

impl Default for Whole {
    fn default() -> Self {
        Self { start: Vec::new(), last: Vec::new(), sum: Digest::new(CrcAlgorithm::Crc64Redis), bytes: 0 }
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = KEPT.saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.bytes += bytes.len() as u64;
        self.last.extend_from_slice(bytes);
        let ready = self.last.len().saturating_sub(TRAILER);
        self.sum.update(self.last.get(..ready).unwrap_or_default());
        self.last.drain(..ready);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Whole {
    /// What is wrong with its end.
    fn end(&self, file: &str, version: u32, begin: usize) -> Option<Damage> {
        if version < 5 {
            let message =
                format!("it has version {version}, which has no checksum, so nothing vouches for it");
            return Some(Damage::new(DamageKind::Unread, file, message));
        }
        let at = self.bytes.saturating_sub(TRAILER as u64);
        let end = self.last.split_first().filter(|_| self.bytes >= (begin + TRAILER) as u64);
        let Some((mark, stated)) = end else {
            let message = "it ends before its first key, and has no checksum";
            return Some(Damage::new(DamageKind::Truncated, file, message).at(self.bytes));
        };
        let stated = stated.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let mut sum = self.sum;
        sum.update(&[*mark]);
        let computed = sum.finalize();
        if *mark != END {
            let message = format!(
                "its end mark is not where it must be, before the last 8 bytes: 0x{mark:02x} instead of 0xff"
            );
            return Some(Damage::new(DamageKind::Truncated, file, message).at(at));
        }
        if stated == 0 {
            let message = "it was saved without a checksum (rdbchecksum no), so nothing vouches for it";
            return Some(Damage::new(DamageKind::Unread, file, message).at(at + 1));
        }
        if stated != computed {
            let message = format!("it carries CRC-64 {stated:016x}, and has {computed:016x}");
            return Some(Damage::new(DamageKind::Checksum, file, message).at(at + 1));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probe::tree::Memory;

    fn sample() -> Vec<u8> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/backup/redis.rdb");
        std::fs::read(path).unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Snapshot, Damage> {
        let mut tree = Memory::default();
        tree.put("dump.rdb", bytes);
        Snapshot::read(&tree, "dump.rdb")
    }

    #[test]
    fn a_snapshot_of_redis_7() {
        let snapshot = read(&sample()).unwrap();
        assert_eq!(snapshot.damages, []);
        assert_eq!((snapshot.product, snapshot.version, snapshot.bytes), ("REDIS", 10, 145));
        assert_eq!(snapshot.fields.get("redis-ver").map(String::as_str), Some("7.0.15"));
        assert_eq!(snapshot.fields.get("redis-bits").map(String::as_str), Some("64"));
        assert_eq!(snapshot.saved.unwrap().as_second(), 0x6b0a_0588);
    }

    #[test]
    fn damage() {
        let whole = sample();
        for length in 0..whole.len() {
            let cut = read(&whole[..length]);
            assert!(cut.is_err() || cut.is_ok_and(|cut| !cut.damages.is_empty()), "{length}");
        }
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1 << (at % 8);
            let other = read(&other);
            assert!(other.is_err() || other.is_ok_and(|other| !other.damages.is_empty()), "{at}");
        }
        let mut without = whole.clone();
        let end = without.len() - 8;
        without[end..].fill(0);
        assert!(read(&without).unwrap().damages[0].is_unread());
        assert!(read(&[&whole[..], b"x"].concat()).unwrap().damages[0].message.contains("end mark"));
        assert_eq!(read(b"").unwrap_err().kind, DamageKind::Truncated);
        assert_eq!(read(b"PGDMP....").unwrap_err().kind, DamageKind::Corrupt);
        assert!(read(b"REDIS0004\xff").unwrap().damages[0].is_unread());
        assert_eq!(Snapshot::read(&Memory::default(), "dump.rdb").unwrap_err().kind, DamageKind::Missing);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), version in 1_u32..20) {
            let bytes = [format!("REDIS{version:04}").as_bytes(), &bytes].concat();
            let read = read(&bytes);
            prop_assert!(read.is_err() || read.is_ok_and(|read| !read.damages.is_empty()));
        }
    }
}
