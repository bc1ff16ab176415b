//! Files and folders of this machine.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{ArchiveError, ArchiveErrorKind};
use super::medium::{Folder, Medium, Place, ReadAt};

/// An open file, and its length when it was opened.
#[derive(Debug)]
struct LocalFile {
    file: Arc<File>,
    bytes: u64,
}

impl Medium for LocalFile {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn reader(&self) -> Box<dyn ReadAt> {
        Box::new(Reader(Arc::clone(&self.file)))
    }
}

#[derive(Debug)]
struct Reader(Arc<File>);

impl ReadAt for Reader {
    fn read_at(&mut self, room: &mut [u8], at: u64, _: u64) -> io::Result<usize> {
        self.0.read_at(room, at)
    }
}

/// A folder, without links in its path, so that files can be seen to lie inside.
#[derive(Debug)]
struct LocalFolder(PathBuf);

impl Folder for LocalFolder {
    fn has(&self, name: &str) -> bool {
        self.0.join(name).symlink_metadata().is_ok()
    }

    fn is_empty(&self) -> bool {
        self.0.read_dir().is_ok_and(|mut files| files.next().is_none())
    }

    fn bytes(&self) -> u64 {
        let files = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        files
            .filter_map(|file| file.metadata().ok())
            .filter(|file| file.is_file())
            .map(|file| file.len())
            .sum()
    }

    /// A regular file that lies in the folder itself: a link out of it is not part of the archive.
    fn open(&self, name: &str) -> io::Result<Arc<dyn Medium>> {
        let path = self.0.join(name);
        let real = path.canonicalize().map_err(|error| {
            ArchiveError::new(ArchiveErrorKind::Io, format!("`{name}` cannot be opened: {error}")).into_io()
        })?;
        if real.parent() != Some(self.0.as_path()) {
            let message = format!("`{name}` is a link out of the archive's folder");
            return Err(ArchiveError::corrupt(message).into_io());
        }
        file(&path).map_err(ArchiveError::into_io)
    }
}

/// What a path leads to.
///
/// # Errors
/// It cannot be opened, or is neither a regular file nor a folder.
pub(super) fn place(path: &Path) -> Result<Place, ArchiveError> {
    if !path.is_dir() {
        return file(path).map(Place::One);
    }
    let path = path.canonicalize().map_err(|error| {
        ArchiveError::new(
            ArchiveErrorKind::Io,
            format!("folder `{}` cannot be read: {error}", path.display()),
        )
    })?;
    Ok(Place::Many(Arc::new(LocalFolder(path))))
}

/// Opens a regular file. Anything else, such as a pipe, would have to be waited for.
fn file(path: &Path) -> Result<Arc<dyn Medium>, ArchiveError> {
    let name = path.display();
    let trouble = |error: io::Error| {
        ArchiveError::new(ArchiveErrorKind::Io, format!("`{name}` cannot be opened: {error}"))
    };
    if !std::fs::metadata(path).map_err(trouble)?.is_file() {
        let message = format!("`{name}` is not a regular file");
        return Err(ArchiveError::new(ArchiveErrorKind::NotAnArchive, message));
    }
    let file = File::open(path).map_err(trouble)?;
    let bytes = file.metadata().map_err(trouble)?.len();
    Ok(Arc::new(LocalFile { file: Arc::new(file), bytes }))
}
