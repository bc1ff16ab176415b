//! The list of files that a base backup consists of, `backup_manifest`.
//!
//! `backup_manifest.c`, `parse_manifest.c`; versions 1 (since PostgreSQL 13) and 2 (since 17, with the cluster's
//! identifier). Its last line is the SHA-256 of everything before that line.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::digest::Algorithm;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::{hex, inside};
use crate::probe::wal::Lsn;

/// Name of the manifest in a backup.
pub const MANIFEST: &str = "backup_manifest";

/// A file that belongs to a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Size in bytes.
    pub bytes: u64,
    /// When it had last been changed.
    pub changed: Option<Timestamp>,
    /// Algorithm of its checksum.
    pub algorithm: Algorithm,
    /// Its checksum in digits; nothing without an algorithm.
    pub checksum: String,
}

/// WAL that a restore cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalRange {
    /// Timeline.
    pub timeline: u32,
    /// Its beginning.
    pub start: Lsn,
    /// Its end.
    pub end: Lsn,
}

/// A manifest whose own checksum fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Version of the format.
    pub version: u64,
    /// The cluster; version 1 does not say it.
    pub system_identifier: Option<u64>,
    /// Files by name.
    pub files: BTreeMap<String, Entry>,
    /// WAL that is needed.
    pub wal: Vec<WalRange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(rename = "PostgreSQL-Backup-Manifest-Version")]
    version: u64,
    #[serde(rename = "System-Identifier")]
    system_identifier: Option<u64>,
    #[serde(rename = "Files", default)]
    files: Vec<RawFile>,
    #[serde(rename = "WAL-Ranges", default)]
    wal: Vec<RawRange>,
    #[serde(rename = "Manifest-Checksum")]
    _checksum: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RawFile {
    path: Option<String>,
    #[serde(rename = "Encoded-Path")]
    encoded: Option<String>,
    size: u64,
    #[serde(rename = "Last-Modified")]
    changed: Option<String>,
    #[serde(rename = "Checksum-Algorithm")]
    algorithm: Option<String>,
    checksum: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRange {
    #[serde(rename = "Timeline")]
    timeline: u32,
    #[serde(rename = "Start-LSN")]
    start: String,
    #[serde(rename = "End-LSN")]
    end: String,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// It is cut, its own checksum does not fit, or it is no manifest of a known version.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, Damage> {
        whole(file, bytes)?;
        let corrupt = |message: String| Damage::new(DamageKind::Corrupt, file, message);
        let raw: Raw =
            serde_json::from_slice(bytes).map_err(|error| corrupt(format!("it is no manifest: {error}")))?;
        let expected = match raw.version {
            1 => raw.system_identifier.is_none(),
            2 => raw.system_identifier.is_some(),
            other => {
                let message = format!("it has version {other}, and versions 1 and 2 can be read");
                return Err(Damage::new(DamageKind::Unread, file, message));
            }
        };
        if !expected {
            return Err(corrupt(format!(
                "version {} and the cluster's identifier do not go together",
                raw.version
            )));
        }
        let mut manifest = Self {
            version: raw.version,
            system_identifier: raw.system_identifier,
            files: BTreeMap::new(),
            wal: Vec::new(),
        };
        for raw in raw.files {
            let (name, entry) = entry(raw).map_err(corrupt)?;
            if manifest.files.contains_key(&name) {
                return Err(corrupt(format!("it names `{name}` twice")));
            }
            manifest.files.insert(name, entry);
        }
        for raw in raw.wal {
            let range = (raw.start.parse(), raw.end.parse());
            let (Ok(start), Ok(end)) = range else {
                return Err(corrupt(format!("WAL from {:?} to {:?} is no range", raw.start, raw.end)));
            };
            if raw.timeline == 0 || start > end {
                return Err(corrupt(format!(
                    "WAL from {start} to {end} of timeline {} is no range",
                    raw.timeline
                )));
            }
            manifest.wal.push(WalRange { timeline: raw.timeline, start, end });
        }
        Ok(manifest)
    }
}

/// The checksum in the last line (`verify_manifest_checksum`).
fn whole(file: &str, bytes: &[u8]) -> Result<(), Damage> {
    let cut = |message: &str| Err(Damage::new(DamageKind::Truncated, file, message).at(bytes.len() as u64));
    let Some(body) = bytes.strip_suffix(b"\n") else {
        return cut("it has no last line, and so no checksum of its own");
    };
    let Some(end) = body.iter().rposition(|byte| *byte == b'\n') else {
        return cut("it is one line, and so has no checksum of its own");
    };
    let (before, last) = bytes.split_at(end + 1);
    let stated = std::str::from_utf8(last).ok().and_then(|line| {
        let (key, value) = line.trim().split_once(':')?;
        let value = value.trim().strip_prefix('"')?.strip_suffix("\"}")?;
        (key == "\"Manifest-Checksum\"").then_some(value)
    });
    let Some(stated) = stated else {
        return cut("its last line is not its checksum");
    };
    let found = hex(&Sha256::digest(before));
    if !stated.eq_ignore_ascii_case(&found) {
        let message = format!("its last line says SHA-256 {stated}, and what is before has {found}");
        return Err(Damage::new(DamageKind::Checksum, file, message));
    }
    Ok(())
}

fn entry(raw: RawFile) -> Result<(String, Entry), String> {
    let name = match (raw.path, raw.encoded) {
        (Some(name), None) => name,
        (None, Some(digits)) => decoded(&digits).ok_or_else(|| format!("{digits:?} is no encoded name"))?,
        _ => return Err("a file has no name, or two".to_owned()),
    };
    if !inside(&name) {
        return Err(format!("the name {name:?} leads out of the backup"));
    }
    let algorithm = match raw.algorithm {
        None => Algorithm::None,
        Some(word) => Algorithm::named(&word)
            .ok_or_else(|| format!("`{name}` has a checksum of the unknown kind {word:?}"))?,
    };
    let checksum = raw.checksum.unwrap_or_default().to_ascii_lowercase();
    if checksum.len() != algorithm.digits() || !checksum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("`{name}` has {checksum:?} for its {} checksum", algorithm.word()));
    }
    let changed = raw.changed.as_deref().and_then(gmt);
    Ok((name, Entry { bytes: raw.size, changed, algorithm, checksum }))
}

/// A name that is not UTF-8 is written as the digits of its bytes. Files of other names are not looked for here.
fn decoded(digits: &str) -> Option<String> {
    let pairs = digits.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| {
            u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok()
        })
        .collect();
    Some(String::from_utf8_lossy(&bytes?).into_owned())
}

/// `2026-01-31 12:00:00 GMT`.
pub(super) fn gmt(text: &str) -> Option<Timestamp> {
    let plain = text.strip_suffix(" GMT").or_else(|| text.strip_suffix(" UTC"))?;
    let plain: jiff::civil::DateTime = plain.parse().ok()?;
    plain.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
