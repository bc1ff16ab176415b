//! What is wrong with a backup or an archive: which file, at which byte, what was expected and what was found.

use std::fmt;

/// What kind of trouble it is; the message says the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DamageKind {
    /// Something that must be there is not.
    Missing,
    /// Something is there that nothing accounts for, or is there twice.
    Extra,
    /// It ends too early.
    Truncated,
    /// It has another size than is recorded.
    Size,
    /// It has another checksum than is recorded.
    Checksum,
    /// It contradicts itself or its format.
    Corrupt,
    /// It is sound, and belongs to something else: another cluster, another timeline, another version.
    Foreign,
    /// The work that makes it was not finished, or was finished with errors.
    Unfinished,
    /// It could not be looked at. Nothing is said against it, and nothing for it.
    Unread,
}

/// One thing that is wrong. Prints as one sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Kind.
    pub kind: DamageKind,
    /// The file, by its name inside what is looked at.
    pub file: String,
    /// Byte at which it was noticed, from 0, of the contents behind any compression; where the file has to be read as
    /// it is stored, of the file.
    pub at: Option<u64>,
    /// What is wrong: expected and found.
    pub message: String,
}

impl Damage {
    /// With no particular byte.
    #[must_use]
    pub fn new(kind: DamageKind, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, file: file.into(), at: None, message: message.into() }
    }

    /// With the byte it was noticed at, unless a nearer one is known.
    #[must_use]
    pub fn at(mut self, at: u64) -> Self {
        self.at.get_or_insert(at);
        self
    }

    /// Whether this is about not having been able to look, which proves nothing either way.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.kind == DamageKind::Unread
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file)?;
        if let Some(at) = self.at {
            write!(f, " at byte {at}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Damage {}
