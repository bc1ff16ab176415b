//! Which files a source stands for, here or in a store.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::Failure;
use crate::failure::FailureKind;
use crate::probe::dump::medium::{Medium, ReadAt, Trouble};
use crate::probe::objects::{self, Bucket, Finder, Stated};
use crate::probe::tells::unread;

/// Files that one source stands for at most.
const MOST: usize = 200_000;

/// One file, as it was when it was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its name without its folder, as people read it.
    pub(super) name: String,
    /// Its path, or its key.
    pub(super) place: String,
    /// Its size in bytes.
    pub(super) bytes: u64,
    /// When it was last changed.
    pub(super) changed: Timestamp,
}

/// Where files are.
#[derive(Debug)]
pub(super) enum Folder {
    /// On this machine.
    Here,
    /// In a bucket.
    There(Bucket),
}

/// Finds the files that an address names: by a pattern, all directly in a folder, or one.
///
/// # Errors
/// They cannot be looked at. That there are none is none.
pub(super) fn find(address: &str, finder: Finder) -> Result<(Folder, Vec<Found>), Failure> {
    if objects::is_address(address) {
        let mut shown = String::new();
        let (bucket, listed) = finder.every(address, &mut shown).map_err(failure)?;
        let found = listed.into_iter().map(|object| Found {
            name: object.key.rsplit('/').next().unwrap_or_default().to_owned(),
            place: object.key,
            bytes: object.bytes,
            changed: object.changed,
        });
        return Ok((Folder::There(bucket), limited(address, found.collect())?));
    }
    let pattern = match fs::metadata(address) {
        Ok(meta) if meta.is_dir() => {
            format!("{}/*", glob::Pattern::escape(address.trim_end_matches('/')))
        }
        Ok(_) => glob::Pattern::escape(address),
        Err(_) => address.to_owned(),
    };
    here(&pattern, address)
}

fn here(pattern: &str, address: &str) -> Result<(Folder, Vec<Found>), Failure> {
    let other = |message: String| Failure { kind: FailureKind::Other, message };
    let matches =
        glob::glob(pattern).map_err(|e| other(format!("`{address}` is no pattern of file names: {e}")))?;
    let (mut found, mut seen, mut folders) = (Vec::new(), BTreeSet::new(), 0);
    for matched in matches {
        let path = matched.map_err(|e| {
            let path = e.path().display().to_string();
            unread(&format!("`{}`", path.escape_debug()), &e.into())
        })?;
        let shown = path.to_string_lossy().escape_debug().to_string();
        let meta = fs::metadata(&path).map_err(|e| unread(&format!("`{shown}`"), &e))?;
        if meta.is_dir() {
            folders += 1;
            continue;
        }
        if !meta.is_file() {
            return Err(other(format!("`{shown}` is neither a file nor a folder, and is not read")));
        }
        // A link to another of the files is the same file.
        let canonical = fs::canonicalize(&path).map_err(|e| unread(&format!("`{shown}`"), &e))?;
        if !seen.insert(canonical) {
            continue;
        }
        let changed = meta.modified().map_err(|e| unread(&format!("`{shown}`"), &e))?;
        let changed = Timestamp::try_from(changed)
            .map_err(|e| other(format!("`{shown}`: its time of change is none: {e}")))?;
        found.push(Found { name: name(&path), place: place(&path)?, bytes: meta.len(), changed });
        if found.len() > MOST {
            break;
        }
    }
    if found.is_empty() {
        // An empty folder is an answer; one that is not there, or cannot be read, is none.
        readable(pattern, address)?;
        if folders > 0 {
            return Err(other(format!("`{address}` matches folders only, and a set of files has none")));
        }
    }
    Ok((Folder::Here, limited(address, found)?))
}

/// Looks whether the folder that a pattern begins with can be listed.
fn readable(pattern: &str, address: &str) -> Result<(), Failure> {
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|c| !has_special(&c.as_os_str().to_string_lossy()))
        .collect();
    let folder =
        if has_special(pattern) { fixed } else { fixed.parent().map(Path::to_path_buf).unwrap_or_default() };
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    fs::read_dir(&folder)
        .map(|_| ())
        .map_err(|e| unread(&format!("the folder `{}` of `{address}`", folder.display()), &e))
}

fn has_special(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn place(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| Failure {
        kind: FailureKind::Other,
        message: format!("the name of `{}` is not Unicode", path.to_string_lossy().escape_debug()),
    })
}

fn limited(address: &str, found: Vec<Found>) -> Result<Vec<Found>, Failure> {
    if found.len() <= MOST {
        return Ok(found);
    }
    let message = format!("`{address}` matches more than {MOST} files; write out more of it");
    Err(Failure { kind: FailureKind::OutOfResources, message })
}

fn failure(trouble: Trouble) -> Failure {
    Failure { kind: trouble.kind, message: trouble.message }
}

impl Folder {
    /// The address of a place in it.
    pub(super) fn named(&self, place: &str) -> String {
        match self {
            Self::Here => place.escape_debug().to_string(),
            Self::There(bucket) => bucket.named(place),
        }
    }

    /// What a store says of an object beside its content.
    ///
    /// # Errors
    /// It could not be asked, or the file is none of a store.
    pub(super) fn stated(&self, place: &str) -> Result<Stated, Failure> {
        match self {
            Self::Here => Err(Failure {
                kind: FailureKind::Other,
                message: format!(
                    "`{}` is a file here, and a file system does not say how it is kept",
                    self.named(place)
                ),
            }),
            Self::There(bucket) => bucket.stated(place).map_err(failure),
        }
    }

    /// Opens a file to be read from its beginning; none if there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn open(&self, place: &str) -> Result<Option<Reading>, Failure> {
        match self {
            Self::Here => open_here(place),
            Self::There(bucket) => Ok(bucket.open(place).map_err(failure)?.map(Reading::of)),
        }
    }
}

fn open_here(place: &str) -> Result<Option<Reading>, Failure> {
    // Looked at before it is opened: opening a pipe would wait for ever.
    match fs::metadata(place) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(&format!("`{}`", place.escape_debug()), &error)),
        Ok(meta) if !meta.is_file() => {
            let message = format!("`{}` is not a file", place.escape_debug());
            return Err(Failure { kind: FailureKind::Other, message });
        }
        Ok(_) => {}
    }
    match fs::File::open(place) {
        Ok(file) => Ok(Some(Reading::Here(file))),
        Err(error) => Err(unread(&format!("`{}`", place.escape_debug()), &error)),
    }
}

/// Opens a file by a path or the address of an object.
///
/// # Errors
/// It cannot be read.
pub(super) fn open(address: &str, finder: Finder) -> Result<Option<Reading>, Failure> {
    if objects::is_address(address) {
        return Ok(finder.object(address).map_err(failure)?.map(Reading::of));
    }
    open_here(address)
}

/// A file that is being read.
#[derive(Debug)]
pub(super) enum Reading {
    Here(fs::File),
    There { reader: Box<dyn ReadAt>, at: u64, bytes: u64 },
}

impl Reading {
    fn of(medium: Arc<dyn Medium>) -> Self {
        Self::There { reader: medium.reader(), at: 0, bytes: medium.bytes() }
    }
}

impl Read for Reading {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Here(file) => file.read(room),
            Self::There { reader, at, bytes } => {
                let n = reader.read_at(room, *at, *bytes)?;
                *at += n as u64;
                Ok(n)
            }
        }
    }
}
