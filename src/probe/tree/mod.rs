//! Files by relative names, wherever they are: what a backup or an archive of WAL consists of.

mod local;
mod memory;
mod packing;
mod sub;

use std::fmt;
use std::io::Read;

use jiff::Timestamp;

pub use local::Local;
pub use memory::Memory;
pub(super) use packing::damaged;
pub use packing::{Packing, packed, unpacked};
pub use sub::Sub;

use super::damage::{Damage, DamageKind};

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FoundKind {
    /// A regular file, or an object in a store.
    File,
    /// A link, which is not followed.
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// One thing that a listing found. Folders are not listed; what is in them is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Name from the root on, with slashes, without `.` and `..`.
    pub name: String,
    /// What it is.
    pub kind: FoundKind,
    /// Size in bytes as it is stored.
    pub bytes: u64,
    /// When it was last changed.
    pub changed: Option<Timestamp>,
}

impl Found {
    /// The part of its name behind the last slash.
    #[must_use]
    pub fn base(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// The part of its name before the last slash; nothing for what lies at the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// Files under one root.
pub trait Tree: fmt::Debug + Send + Sync {
    /// Everything that is there, at any depth, sorted by name.
    ///
    /// # Errors
    /// A folder cannot be read, which leaves it open what is in it.
    fn list(&self) -> Result<Vec<Found>, Damage>;

    /// Opens a regular file that lies under the root.
    ///
    /// # Errors
    /// [`DamageKind::Missing`] when there is none of that name, [`DamageKind::Corrupt`] when the name leads out of the
    /// root, [`DamageKind::Unread`] when it cannot be opened.
    fn open(&self, name: &str) -> Result<Box<dyn Read>, Damage>;

    /// A file's whole content, which must not be longer than `most` bytes.
    ///
    /// # Errors
    /// As for opening it; and [`DamageKind::Corrupt`] when it is longer.
    fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, Damage> {
        let mut bytes = Vec::new();
        let mut limited = self.open(name)?.take(most.saturating_add(1));
        limited.read_to_end(&mut bytes).map_err(|error| unread(name, &error))?;
        if bytes.len() as u64 > most {
            let message = format!("it is longer than {most} bytes, which no such file is");
            return Err(Damage::new(DamageKind::Corrupt, name, message));
        }
        Ok(bytes)
    }
}

/// A name that came from outside, if it stays under a root: no root of its own, no `..`, nothing empty.
#[must_use]
pub fn inside(name: &str) -> bool {
    !name.is_empty()
        && !name.contains('\0')
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// The system said no.
pub(super) fn unread(name: &str, error: &std::io::Error) -> Damage {
    Damage::new(DamageKind::Unread, name, format!("it cannot be read: {error}"))
}

/// Bytes as the digits that checksums are written in.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
        }
        text
    })
}
