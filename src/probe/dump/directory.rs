//! The directory format: `toc.dat` and a file for each entry with data.
//!
//! `pg_backup_directory.c`. Files are named in the table of contents without the suffix of their compression, which is
//! found by looking (`InitDiscoverCompressFileHandle` in `compress_io.c`).

use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::error::{ArchiveError, ArchiveErrorKind};
use super::file::{self, Stretch};
use super::header::Compression;
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
    /// Without links, so that files can be seen to lie inside.
    path: PathBuf,
}

/// One of its files, decompressed.
pub(super) struct Member {
    pub(super) bytes: Box<dyn Read>,
    pub(super) mark: Rc<Cell<u64>>,
    pub(super) file: String,
}

impl Directory {
    pub(super) fn new(path: &Path) -> Result<Self, ArchiveError> {
        let path = path.canonicalize().map_err(|error| {
            ArchiveError::new(
                ArchiveErrorKind::Io,
                format!("folder `{}` cannot be read: {error}", path.display()),
            )
        })?;
        Ok(Self { path })
    }

    /// Opens a file by its name without suffix.
    pub(super) fn open(&self, name: &str) -> Result<Member, ArchiveError> {
        for (suffix, compression) in SUFFIXES {
            let file = format!("{name}{suffix}");
            if self.path.join(&file).symlink_metadata().is_err() {
                continue;
            }
            let (opened, bytes) = self.regular(&file).map_err(|error| error.inside(&file))?;
            let stretch = Stretch::new(&opened, 0, bytes);
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

    /// A regular file that lies in the folder itself: a link out of it is not part of the archive.
    fn regular(&self, name: &str) -> Result<(Arc<File>, u64), ArchiveError> {
        let path = self.path.join(name);
        let real = path.canonicalize().map_err(|error| {
            ArchiveError::new(ArchiveErrorKind::Io, format!("`{name}` cannot be opened: {error}"))
        })?;
        if real.parent() != Some(self.path.as_path()) {
            return Err(ArchiveError::corrupt(format!("`{name}` is a link out of the archive's folder")));
        }
        file::open(&path)
    }

    /// The table of contents.
    pub(super) fn contents(&self) -> Result<impl Read + use<>, ArchiveError> {
        Ok(BufReader::new(self.open(CONTENTS)?.bytes))
    }

    /// Size of all files in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let files = std::fs::read_dir(&self.path).into_iter().flatten().flatten();
        files
            .filter_map(|file| file.metadata().ok())
            .filter(|file| file.is_file())
            .map(|file| file.len())
            .sum()
    }
}
