//! Compression and encryption of single files, told by their first bytes: Barman keeps the names of compressed segments
//! as they were, so a suffix proves nothing.

use std::io::{self, BufReader, Cursor, Read};

use super::unread;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::dump::{ArchiveError, ArchiveErrorKind, Compression, unpack};

/// How a file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Packing {
    /// As it is.
    Plain,
    /// gzip.
    Gzip,
    /// LZ4 frames.
    Lz4,
    /// Zstandard frames.
    Zstd,
    /// bzip2, which is recognised and not read.
    Bzip2,
    /// xz, which is recognised and not read.
    Xz,
    /// Encrypted as OpenSSL and pgBackRest do (`Salted__`), or with GnuPG or age; not read.
    Encrypted,
}

impl Packing {
    /// By the first bytes.
    #[must_use]
    pub fn of(start: &[u8]) -> Self {
        const KNOWN: [(&[u8], Packing); 8] = [
            (&[0x1f, 0x8b, 0x08], Packing::Gzip),
            (&[0x04, 0x22, 0x4d, 0x18], Packing::Lz4),
            (&[0x28, 0xb5, 0x2f, 0xfd], Packing::Zstd),
            (b"BZh", Packing::Bzip2),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0], Packing::Xz),
            (b"Salted__", Packing::Encrypted),
            (b"-----BEGIN PGP MESSAGE", Packing::Encrypted),
            (b"age-encryption.org/", Packing::Encrypted),
        ];
        KNOWN.iter().find(|(magic, _)| start.starts_with(magic)).map_or(Self::Plain, |(_, packing)| *packing)
    }

    /// The word in messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "none",
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Encrypted => "encrypted",
        }
    }
}

/// The contents behind a file's compression, and what that was. Reading them to their end proves that the compressed
/// stream has an end, that its checksum fits where it has one, and that nothing follows.
///
/// # Errors
/// [`DamageKind::Unread`]: it cannot be read, or is packed in a way that is not read.
pub fn packed(name: &str, mut inner: Box<dyn Read>) -> Result<(Packing, Box<dyn Read>), Damage> {
    let mut start = Vec::new();
    (&mut inner).take(24).read_to_end(&mut start).map_err(|error| unread(name, &error))?;
    let packing = Packing::of(&start);
    let whole: Box<dyn Read> = Box::new(Cursor::new(start).chain(inner));
    Ok((packing, unpacked(name, whole, packing)?))
}

/// The same where it is known how the file is stored: contents of any kind may happen to begin like a compression.
///
/// # Errors
/// [`DamageKind::Unread`]: it is packed in a way that is not read.
pub fn unpacked(name: &str, stored: Box<dyn Read>, packing: Packing) -> Result<Box<dyn Read>, Damage> {
    let compression = match packing {
        Packing::Plain => Compression::None,
        Packing::Gzip => Compression::Gzip,
        Packing::Lz4 => Compression::Lz4,
        Packing::Zstd => Compression::Zstd,
        Packing::Bzip2 | Packing::Xz => {
            let message = format!("it is compressed with {}, which cannot be read here", packing.word());
            return Err(Damage::new(DamageKind::Unread, name, message));
        }
        Packing::Encrypted => {
            return Err(Damage::new(DamageKind::Unread, name, "it is encrypted, and cannot be looked into"));
        }
    };
    unpack(BufReader::with_capacity(128 * 1024, stored), compression, true)
        .map_err(|error| Damage::new(DamageKind::Unread, name, error.to_string()))
}

/// What a reader of such contents said.
pub(in crate::probe) fn damaged(name: &str, error: &io::Error) -> Damage {
    let ours = ArchiveError::from_io(error, "it");
    let kind = match ours.kind {
        ArchiveErrorKind::Truncated => DamageKind::Truncated,
        ArchiveErrorKind::Corrupt => DamageKind::Corrupt,
        _ => DamageKind::Unread,
    };
    Damage::new(kind, name, ours.message)
}
