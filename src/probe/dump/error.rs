//! Why an archive, or a table in it, could not be read.

use std::fmt;
use std::io;

use super::medium::Trouble;
use crate::failure::FailureKind;

/// What kind of trouble it is; the message says the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArchiveErrorKind {
    /// There is nothing in the file or folder.
    Empty,
    /// It is something else; the message says what, as far as that can be seen.
    NotAnArchive,
    /// It ends too early.
    Truncated,
    /// It contradicts itself, or a checksum does not fit.
    Corrupt,
    /// An archive version this program does not know.
    UnsupportedVersion,
    /// An archive that is sound as far as was looked, but not of a kind that can be read in place.
    Unsupported,
    /// The archive does not know this relation.
    NoSuchTable,
    /// The archive knows the relation, but holds none of its rows, or not all of them.
    NoData,
    /// The file system said no.
    Io,
    /// The bytes could not be had from where they are kept: no route, no permission, another object by now.
    Medium(FailureKind),
}

/// Why an archive could not be read. Prints as one or two sentences for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveError {
    /// Kind.
    pub kind: ArchiveErrorKind,
    /// What is wrong, and what to do about it.
    pub message: String,
    /// Byte of the file at which it was noticed, from 0: of the archive itself, compressed as it is, or of the file
    /// that `entry` names.
    pub offset: Option<u64>,
    /// The table or file of the archive it was noticed in.
    pub entry: Option<String>,
}

impl ArchiveError {
    pub(super) fn new(kind: ArchiveErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), offset: None, entry: None }
    }

    pub(super) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ArchiveErrorKind::Corrupt, message)
    }

    pub(super) fn truncated(message: impl Into<String>) -> Self {
        Self::new(ArchiveErrorKind::Truncated, message)
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ArchiveErrorKind::Unsupported, message)
    }

    /// With the byte it was noticed at, unless a nearer one is known.
    pub(super) fn at(mut self, offset: u64) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    /// With what it was noticed in, unless something nearer is known.
    pub(super) fn inside(mut self, entry: &str) -> Self {
        self.entry.get_or_insert_with(|| entry.to_owned());
        self
    }

    /// What a reader below said: one of ours that was carried through it, the end of the data, or the system's own.
    /// `what` was being read.
    pub(in crate::probe) fn from_io(error: &io::Error, what: &str) -> Self {
        if let Some(ours) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return ours.clone();
        }
        if let Some(trouble) = error.get_ref().and_then(|inner| inner.downcast_ref::<Trouble>()) {
            return Self::new(ArchiveErrorKind::Medium(trouble.kind), &trouble.message);
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::truncated(format!("it ends inside {what}")),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                Self::corrupt(format!("{what} cannot be read: {error}"))
            }
            _ => Self::new(ArchiveErrorKind::Io, format!("{what} cannot be read: {error}")),
        }
    }

    /// Carried through a reader, to be found again by [`ArchiveError::from_io`].
    pub(super) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ArchiveErrorKind::Truncated => f.write_str("truncated")?,
            ArchiveErrorKind::Corrupt => f.write_str("damaged")?,
            _ => return f.write_str(&self.message),
        }
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        if let Some(entry) = &self.entry {
            write!(f, ", in {entry}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ArchiveError {}
