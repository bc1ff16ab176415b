//! The directory format: `toc.dat` and a file for each entry with data.
//!
//! `pg_backup_directory.c`. Files are named in the table of contents without the suffix of their compression, which is
//! found by looking (`InitDiscoverCompressFileHandle` in `compress_io.c`).

use std::cell::Cell;
use std::io::{BufReader, Read};
use std::rc::Rc;
use std::sync::Arc;

use super::error::ArchiveError;
use super::file::Stretch;
use super::header::Compression;
use super::medium::Folder;
use super::unpack::unpack;

const SUFFIXES: [(&str, Compression); 4] = [
    ("", Compression::None),
    (".gz", Compression::Gzip),
    (".lz4", Compression::Lz4),
    (".zst", Compression::Zstd),
];

/// The file with the table of contents.
pub(super) const CONTENTS: &str = "toc.dat";

/// A folder of files.
#[derive(Debug)]
pub(super) struct Directory {
    files: Arc<dyn Folder>,
}

/// One of its files, decompressed.
pub(super) struct Member {
    pub(super) bytes: Box<dyn Read>,
    pub(super) mark: Rc<Cell<u64>>,
    pub(super) file: String,
}

impl Directory {
    pub(super) fn new(files: Arc<dyn Folder>) -> Self {
        Self { files }
    }

    /// Opens a file by its name without suffix.
    pub(super) fn open(&self, name: &str) -> Result<Member, ArchiveError> {
        for (suffix, compression) in SUFFIXES {
            let file = format!("{name}{suffix}");
            if !self.files.has(&file) {
                continue;
            }
            let opened = self
                .files
                .open(&file)
                .map_err(|error| ArchiveError::from_io(&error, "the file").inside(&file))?;
            let bytes = opened.bytes();
            let stretch = Stretch::new(&*opened, 0, bytes);
            let mark = stretch.mark();
            // Uncompressed, nothing may be the whole of a large object; compressed, nothing is no stream.
            if bytes == 0 && compression != Compression::None {
                return Err(ArchiveError::truncated("the file is empty").at(0).inside(&file));
            }
            return Ok(Member { bytes: unpack(stretch, compression, true)?, mark, file });
        }
        let message =
            format!("its file `{name}`, with or without .gz, .lz4 or .zst, is missing from the folder");
        Err(ArchiveError::truncated(message))
    }

    /// The table of contents.
    pub(super) fn contents(&self) -> Result<impl Read + use<>, ArchiveError> {
        Ok(BufReader::new(self.open(CONTENTS)?.bytes))
    }

    /// Size of all files in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.files.bytes()
    }
}
