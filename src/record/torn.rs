//! A last line that was not written to its end: a killed writer, a full disk, a lost power supply.
//!
//! An entry is acknowledged when its line, with its end, is on the disk. So what has no end was never acknowledged, and
//! setting it aside loses nothing that anybody was told; it is kept and recorded all the same.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::entry::hex;
use super::error::RecordError;
use super::event::Recovered;
use super::file::sync_folder;
use super::lines::Line;

/// How the names of files begin that such lines are moved to.
const ASIDE: &str = "torn-";

/// What is known of such a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Its number.
    pub line: u64,
    /// Its first byte in the file.
    pub start: u64,
    /// How many bytes there are.
    pub bytes: u64,
    /// Whether it is a whole entry that only lacks its line end, and counts.
    pub whole: bool,
    sha256: String,
}

impl Torn {
    pub(super) fn new(line: &Line, whole: bool) -> Self {
        let mut digest = Sha256::new();
        digest.update(&line.bytes);
        if line.ended {
            digest.update(b"\n");
        }
        Self {
            line: line.number,
            start: line.start,
            bytes: line.bytes.len() as u64 + u64::from(line.ended),
            whole,
            sha256: hex(&digest.finalize()),
        }
    }

    /// One sentence.
    #[must_use]
    pub fn note(&self) -> String {
        let Self { line, bytes, .. } = self;
        if self.whole {
            return format!(
                "line {line} is a whole entry without its line end; the next entry that is added completes it"
            );
        }
        format!(
            "line {line} was not written to its end ({bytes} bytes) and was never acknowledged; the next entry that is \
             added sets it aside and says so"
        )
    }

    /// Mends the file, and says what was done: a whole entry gets its line end, anything else is moved to a file beside
    /// the record.
    pub(super) fn mend(&self, file: &mut File, folder: &Path) -> Result<Recovered, RecordError> {
        let failed = |error: std::io::Error| {
            RecordError::new(format!(
                "the last line of the record was not written to its end and cannot be mended: {error}"
            ))
        };
        let (bytes, sha256) = (self.bytes, self.sha256.clone());
        if self.whole {
            file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(b"\n")).map_err(failed)?;
            file.sync_all().map_err(failed)?;
            return Ok(Recovered { bytes, sha256, kept: None });
        }
        let mut torn = Vec::new();
        file.seek(SeekFrom::Start(self.start)).and_then(|_| file.read_to_end(&mut torn)).map_err(failed)?;
        if hex(&Sha256::digest(&torn)) != self.sha256 {
            return Err(RecordError::new("the last line of the record changed while it was read"));
        }
        let name = format!("{ASIDE}{}-{}.bin", self.line, self.sha256.get(..16).unwrap_or_default());
        // On the disk before it is taken from the record, so that it is in one of both at any time.
        let mut kept = File::create(folder.join(&name)).map_err(failed)?;
        kept.write_all(&torn).and_then(|()| kept.sync_all()).map_err(failed)?;
        sync_folder(folder).map_err(failed)?;
        file.set_len(self.start).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(Recovered { bytes, sha256, kept: Some(name) })
    }
}

/// What lies beside a record of lines that were set aside.
pub(super) fn set_aside(folder: &Path) -> Result<Vec<Recovered>, RecordError> {
    let failed = |error: std::io::Error| {
        RecordError::new(format!("the folder `{}` of the record cannot be read: {error}", folder.display()))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with(ASIDE) && name.ends_with(".bin") && entry.file_type().map_err(failed)?.is_file() {
            let bytes = std::fs::read(entry.path()).map_err(failed)?;
            let sha256 = hex(&Sha256::digest(&bytes));
            found.push(Recovered { bytes: bytes.len() as u64, sha256, kept: Some(name) });
        }
    }
    found.sort_by(|a, b| a.kept.cmp(&b.kept));
    Ok(found)
}
