//! Where an archive's bytes are: files here, or objects elsewhere.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::failure::FailureKind;

/// Bytes that do not change while an archive is open: what cannot promise that fails when it is read.
pub(in crate::probe) trait Medium: fmt::Debug + Send + Sync {
    /// Length in bytes.
    fn bytes(&self) -> u64;

    /// A reader with a place of its own, so that several can read at once.
    fn reader(&self) -> Box<dyn ReadAt>;
}

/// Reads at any place.
pub(in crate::probe) trait ReadAt: fmt::Debug {
    /// Fills the beginning of `room` with the bytes from `at` on. None means that the end was reached. `to` is where the
    /// caller will stop at the latest, for those that read ahead.
    ///
    /// # Errors
    /// The system's own, or one that carries a [`Trouble`].
    fn read_at(&mut self, room: &mut [u8], at: u64, to: u64) -> io::Result<usize>;
}

/// The files of an archive in the directory format.
pub(in crate::probe) trait Folder: fmt::Debug + Send + Sync {
    /// Whether there is a file of this name.
    fn has(&self, name: &str) -> bool;

    /// Whether there is nothing at all.
    fn is_empty(&self) -> bool;

    /// Size of all files in bytes.
    fn bytes(&self) -> u64;

    /// Opens a file that is there.
    ///
    /// # Errors
    /// One that carries a [`Trouble`].
    fn open(&self, name: &str) -> io::Result<Arc<dyn Medium>>;
}

/// An archive before it is known to be one.
#[derive(Clone, Debug)]
pub(in crate::probe) enum Place {
    /// One file.
    One(Arc<dyn Medium>),
    /// A folder of files.
    Many(Arc<dyn Folder>),
}

/// Why bytes could not be had although nothing is said against the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::probe) struct Trouble {
    /// What kind of trouble.
    pub(in crate::probe) kind: FailureKind,
    /// What, where, and what to do; without secrets.
    pub(in crate::probe) message: String,
}

impl Trouble {
    /// Carried through readers as an error of the system.
    pub(in crate::probe) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}
