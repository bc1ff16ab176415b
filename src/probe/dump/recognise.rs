//! What a file is, by its first bytes, and what to do when it is not an archive.

use std::io::Read;
use std::path::Path;

use super::error::{ArchiveError, ArchiveErrorKind};
use super::header::MAGIC;

/// Bytes looked at.
const HEAD: u64 = 4096;

/// What can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Custom,
}

/// Looks at a path.
pub(super) fn recognise(path: &Path) -> Result<Kind, ArchiveError> {
    let (file, bytes) = super::file::open(path)?;
    let name = path.display();
    if bytes == 0 {
        let message = format!("`{name}` is empty: the dump was not written, or not copied");
        return Err(ArchiveError::new(ArchiveErrorKind::Empty, message));
    }
    let mut head = Vec::new();
    super::file::Stretch::new(&file, 0, bytes)
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(|error| ArchiveError::from_io(&error, "its beginning"))?;
    if head.starts_with(MAGIC) {
        return Ok(Kind::Custom);
    }
    let message = format!("`{name}` is not a pg_dump archive");
    Err(ArchiveError::new(ArchiveErrorKind::NotAnArchive, message))
}
