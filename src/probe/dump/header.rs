//! What an archive says of itself before its table of contents.

use std::io::Read;

use jiff::civil::DateTime;

use super::error::{ArchiveError, ArchiveErrorKind};
use super::wire::Wire;

/// First bytes of every archive that is not plain SQL.
pub(super) const MAGIC: &[u8; 5] = b"PGDMP";

/// The oldest and the newest minor archive version that are read: 1.12 came with PostgreSQL 9.0, 1.16 with 17.
const MINORS: std::ops::RangeInclusive<u8> = 12..=16;

/// How an archive is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One file with a table of contents (`pg_dump -Fc`).
    Custom,
    /// A folder with `toc.dat` and a file per table (`-Fd`).
    Directory,
    /// The same as a tar file (`-Ft`).
    Tar,
    /// SQL text (`-Fp`), perhaps compressed as a whole.
    Plain,
}

impl Format {
    /// The word pg_dump uses for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::Directory => "directory",
            Self::Tar => "tar",
            Self::Plain => "plain",
        }
    }
}

/// How table data is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// zlib or gzip.
    Gzip,
    /// LZ4 frames.
    Lz4,
    /// Zstandard frames.
    Zstd,
}

impl Compression {
    /// The word pg_dump uses for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// What an archive says of itself. What a format does not record is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Layout.
    pub format: Format,
    /// Archive version: major, minor, revision. Plain SQL has none.
    pub archive_version: Option<(u8, u8, u8)>,
    /// Version of the server that was dumped, as it wrote it.
    pub server_version: Option<String>,
    /// Version of pg_dump, as it wrote it.
    pub pg_dump_version: Option<String>,
    /// Name of the database.
    pub database: Option<String>,
    /// When the dump began, on the clock and in the time zone of the machine that ran pg_dump; neither is recorded.
    pub created: Option<DateTime>,
    /// Compression of table data. In a folder each file tells for itself.
    pub compression: Compression,
    /// Encoding of all texts, as PostgreSQL names it.
    pub encoding: Option<String>,
    /// `standard_conforming_strings`.
    pub standard_strings: Option<bool>,
    /// `search_path` the statements rely on; empty in archives since 2018.
    pub search_path: Option<String>,
    /// Whether row security was left on while dumping (--enable-row-security), so that rows may be missing. Only plain
    /// SQL tells.
    pub row_security: Option<bool>,
    /// Size on disk in bytes, compressed as it is.
    pub bytes: u64,
}

impl Header {
    pub(super) fn new(format: Format, bytes: u64) -> Self {
        Self {
            format,
            archive_version: None,
            server_version: None,
            pg_dump_version: None,
            database: None,
            created: None,
            compression: Compression::None,
            encoding: None,
            standard_strings: None,
            search_path: None,
            row_security: None,
            bytes,
        }
    }

    /// Reads everything before the table of contents (`ReadHead` in `pg_backup_archiver.c`), and sets the sizes that
    /// the rest is to be read with.
    pub(super) fn read<R: Read>(wire: &mut Wire<R>, bytes: u64) -> Result<Self, ArchiveError> {
        let mut magic = [0; 5];
        wire.fill(&mut magic)?;
        if &magic != MAGIC {
            let message = "it does not begin with PGDMP, so it is not a pg_dump archive";
            return Err(ArchiveError::new(ArchiveErrorKind::NotAnArchive, message));
        }
        let version = (wire.byte()?, wire.byte()?, wire.byte()?);
        known(version)?;
        wire.int_size = size(wire.byte()?, "integers", wire.at)?;
        wire.offset_size = size(wire.byte()?, "offsets", wire.at)?;
        // `ArchiveFormat` in `pg_backup.h`.
        let format = match wire.byte()? {
            1 => Format::Custom,
            3 => Format::Tar,
            5 => Format::Directory,
            other => {
                return Err(
                    ArchiveError::corrupt(format!("it claims the unknown format {other}")).at(wire.at - 1)
                );
            }
        };
        let mut header = Self::new(format, bytes);
        header.archive_version = Some(version);
        header.compression = compression(wire, version.1)?;
        header.created = created(wire)?;
        let text = |wire: &mut Wire<R>| -> Result<Option<String>, ArchiveError> {
            Ok(wire.text()?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        };
        header.database = text(wire)?;
        header.server_version = text(wire)?;
        header.pg_dump_version = text(wire)?;
        Ok(header)
    }
}

fn known(version: (u8, u8, u8)) -> Result<(), ArchiveError> {
    let (major, minor, _) = version;
    if major == 1 && MINORS.contains(&minor) {
        return Ok(());
    }
    let why = if (major, minor) < (1, *MINORS.start()) {
        "it is older than PostgreSQL 9.0; restore it, and dump it again"
    } else {
        "it is newer than this program; if it is not damaged, use a newer holdtrue"
    };
    let message = format!(
        "the archive has version {major}.{minor}, and 1.{} to 1.{} can be read: {why}",
        MINORS.start(),
        MINORS.end()
    );
    Err(ArchiveError::new(ArchiveErrorKind::UnsupportedVersion, message))
}

fn size(size: u8, what: &str, at: u64) -> Result<u8, ArchiveError> {
    if (1..=32).contains(&size) {
        return Ok(size);
    }
    Err(ArchiveError::corrupt(format!("it claims {what} of {size} bytes")).at(at - 1))
}

/// Since version 1.15 the algorithm is recorded; before, a level, where 0 means none and anything else gzip.
fn compression<R: Read>(wire: &mut Wire<R>, minor: u8) -> Result<Compression, ArchiveError> {
    let at = wire.at;
    if minor < 15 {
        let level = wire.int()?;
        return match level {
            0 => Ok(Compression::None),
            -1..=9 => Ok(Compression::Gzip),
            _ => Err(ArchiveError::corrupt(format!("it claims the compression level {level}")).at(at)),
        };
    }
    // `pg_compress_algorithm` in `common/compression.h`.
    match wire.byte()? {
        0 => Ok(Compression::None),
        1 => Ok(Compression::Gzip),
        2 => Ok(Compression::Lz4),
        3 => Ok(Compression::Zstd),
        other => Err(ArchiveError::unsupported(format!(
            "its data is compressed by an algorithm of number {other}, and only none, gzip, lz4 and zstd are known"
        ))
        .at(at)),
    }
}

/// Seven numbers of a C `struct tm`: seconds first, months from 0, years since 1900, then daylight saving.
fn created<R: Read>(wire: &mut Wire<R>) -> Result<Option<DateTime>, ArchiveError> {
    let mut fields = [0_i64; 7];
    for field in &mut fields {
        *field = wire.int()?;
    }
    let [second, minute, hour, day, month, year, _] = fields;
    let small = |value: i64| i8::try_from(value).ok();
    let read = || {
        let year = i16::try_from(year.checked_add(1900)?).ok()?;
        let month = small(month.checked_add(1)?)?;
        // A clock may show second 60.
        DateTime::new(year, month, small(day)?, small(hour)?, small(minute)?, small(second.min(59))?, 0).ok()
    };
    Ok(read())
}
