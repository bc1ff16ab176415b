//! The manifest of a pgBackRest backup: every file, where in the repository it is, and its checksums
//! (`info/manifest.c`).

use serde_json::Value;

use super::ini::Ini;
use super::listed::{label, second};
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::{Packing, inside};

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, such as `pg_data/base/5/1259`.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Size in the repository in bytes, compressed as it is.
    pub stored: u64,
    /// SHA-1 of its contents; an empty file has none.
    pub sha1: Option<String>,
    /// SHA-1 of what is in the repository; versions before 2.45 do not say it.
    pub stored_sha1: Option<String>,
    /// The earlier backup that has it, if it is in one.
    pub reference: Option<String>,
    /// The bundle it is in, and at which byte of that.
    pub bundle: Option<(u64, u64)>,
    /// Whether it is kept as blocks that may be in several backups (2.46 and later), which are not put together here.
    pub blocks: bool,
    /// Pages that had a wrong checksum when they were copied: as it was written, such as `[1,[3,5]]`.
    pub wrong_pages: Option<String>,
}

/// A manifest whose own checksum fits.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The backup's name.
    pub label: String,
    /// The cluster.
    pub system_identifier: u64,
    /// How files are compressed.
    pub packing: Packing,
    /// Whether small files are together in bundles, where empty ones are nowhere.
    pub bundles: bool,
    /// Files, in the order of their names.
    pub files: Vec<File>,
    /// Whether page checksums were looked at when the backup was made.
    pub page_checksums: bool,
    /// When the backup was finished.
    pub finished: Option<jiff::Timestamp>,
}

impl Manifest {
    pub(super) fn of(file: &str, ini: &Ini) -> Result<Self, Damage> {
        let corrupt = |message: String| Damage::new(DamageKind::Corrupt, file, message);
        let text = |section, key| ini.get(section, key).and_then(Value::as_str);
        let flag = |section, key| ini.get(section, key).and_then(Value::as_bool).unwrap_or_default();
        let missing = |what: &str| corrupt(format!("it does not say {what}"));
        let packing = match text("backup:option", "option-compress-type") {
            Some("none") => Packing::Plain,
            Some("lz4") => Packing::Lz4,
            Some("zst") => Packing::Zstd,
            Some("bz2") => Packing::Bzip2,
            Some("gz") => Packing::Gzip,
            None if flag("backup:option", "option-compress") => Packing::Gzip,
            None => Packing::Plain,
            Some(other) => {
                let message = format!("its files are compressed with {other:?}, which is not known");
                return Err(Damage::new(DamageKind::Unread, file, message));
            }
        };
        let files: Result<Vec<File>, Damage> =
            ini.section("target:file").map(|(name, value)| entry(name, value).map_err(corrupt)).collect();
        Ok(Self {
            label: text("backup", "backup-label")
                .and_then(label)
                .ok_or_else(|| missing("which backup it is of"))?,
            system_identifier: ini
                .get("backup:db", "db-system-id")
                .and_then(Value::as_u64)
                .ok_or_else(|| missing("which cluster it is of"))?,
            packing,
            bundles: flag("backup", "backup-bundle"),
            files: files?,
            page_checksums: flag("backup:option", "option-checksum-page"),
            finished: second(ini.get("backup", "backup-timestamp-stop")),
        })
    }
}

fn entry(name: &str, value: &Value) -> Result<File, String> {
    let wrong = |what: &str| format!("what it says of `{name}` has no readable {what}");
    if !inside(name) {
        return Err(format!("the name {name:?} leads out of the backup"));
    }
    let number = |key: &str| match value.get(key) {
        None => Ok(None),
        Some(number) => number.as_u64().map(Some).ok_or_else(|| wrong(key)),
    };
    let digits = |key: &str| match value.get(key) {
        None => Ok(None),
        Some(text) => {
            let fine = |text: &&str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            text.as_str().filter(fine).map(|text| Some(text.to_ascii_lowercase())).ok_or_else(|| wrong(key))
        }
    };
    let bytes = number("size")?.ok_or_else(|| wrong("size"))?;
    let reference = match value.get("reference") {
        None => None,
        Some(text) => Some(text.as_str().and_then(label).ok_or_else(|| wrong("reference"))?),
    };
    let sha1 = digits("checksum")?;
    if sha1.is_none() && bytes > 0 {
        return Err(wrong("checksum"));
    }
    let bundle = match number("bni")? {
        None => None,
        Some(bundle) => Some((bundle, number("bno")?.unwrap_or_default())),
    };
    Ok(File {
        name: name.to_owned(),
        bytes,
        stored: number("repo-size")?.unwrap_or(bytes),
        sha1,
        stored_sha1: digits("rck")?,
        reference,
        bundle,
        blocks: value.get("bi").is_some() || value.get("bim").is_some(),
        wrong_pages: page_errors(value),
    })
}

/// Which pages were wrong is not always said.
fn page_errors(value: &Value) -> Option<String> {
    let pages = value.get("checksum-page-error").map(Value::to_string);
    pages.or_else(|| (value.get("checksum-page") == Some(&Value::Bool(false))).then(|| "unknown".to_owned()))
}
