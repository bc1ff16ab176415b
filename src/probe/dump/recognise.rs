//! What a place holds, by its first bytes, and what to do when it is not an archive.

use std::io::Read;
use std::sync::Arc;

use super::directory::CONTENTS;
use super::error::{ArchiveError, ArchiveErrorKind};
use super::file::Stretch;
use super::header::{Compression, MAGIC};
use super::medium::{Folder, Medium, Place};
use super::unpack::unpack;

/// Bytes looked at.
const HEAD: u64 = 4096;

/// What can be opened.
#[derive(Debug)]
pub(super) enum Kind {
    Custom(Arc<dyn Medium>),
    Tar(Arc<dyn Medium>),
    Plain(Arc<dyn Medium>, Compression),
    Directory(Arc<dyn Folder>),
}

/// Looks at a place, which messages call `name`.
pub(super) fn recognise(place: &Place, name: &str) -> Result<Kind, ArchiveError> {
    let file = match place {
        Place::Many(files) => return folder(files, name),
        Place::One(file) => Arc::clone(file),
    };
    let bytes = file.bytes();
    if bytes == 0 {
        let message = format!("`{name}` is empty: the dump was not written, or not copied");
        return Err(ArchiveError::new(ArchiveErrorKind::Empty, message));
    }
    let head = head(Stretch::new(&*file, 0, bytes))?;
    if head.starts_with(MAGIC) {
        return Ok(Kind::Custom(file));
    }
    if is_tar(&head) {
        if head.starts_with(b"toc.dat\0") {
            return Ok(Kind::Tar(file));
        }
        return Err(not(name, tar_of(&head)));
    }
    let compression = match head.as_slice() {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        [0x04, 0x22, 0x4d, 0x18, ..] => Compression::Lz4,
        _ if is_sql(&head) => return Ok(Kind::Plain(file, Compression::None)),
        _ => return Err(not(name, other(&head))),
    };
    let word = compression.word();
    let inner = unpack(Stretch::new(&*file, 0, bytes), compression, true)
        .and_then(self::head)
        .map_err(|error| error.at(0).inside(&format!("the {word} stream")))?;
    if is_sql(&inner) {
        return Ok(Kind::Plain(file, compression));
    }
    let inside = if inner.starts_with(MAGIC) {
        "a pg_dump archive, compressed once more"
    } else if inner.starts_with(b"toc.dat\0") {
        "a tar archive of pg_dump, compressed once more"
    } else if is_tar(&inner) {
        tar_of(&inner)
    } else {
        other(&inner)
    };
    Err(not(name, &format!("{word}-compressed, and inside is {inside}; decompress it first")))
}

fn folder(files: &Arc<dyn Folder>, name: &str) -> Result<Kind, ArchiveError> {
    let has = |name: &str| files.has(name);
    if ["", ".gz", ".lz4", ".zst"].iter().any(|suffix| has(&format!("{CONTENTS}{suffix}"))) {
        return Ok(Kind::Directory(Arc::clone(files)));
    }
    let what = if has("PG_VERSION") {
        "the data directory of a server, or a copy of one"
    } else if has("backup_manifest")
        || has("base.tar")
        || has("base.tar.gz")
        || has("base.tar.zst")
        || has("base.tar.lz4")
    {
        "a base backup, as pg_basebackup writes it"
    } else if files.is_empty() {
        let message = format!("folder `{name}` is empty: the dump was not written, or not copied");
        return Err(ArchiveError::new(ArchiveErrorKind::Empty, message));
    } else {
        "a folder without `toc.dat`: either not written by pg_dump -Fd, or not copied completely; of several dumps, name one"
    };
    Err(not(name, what))
}

fn head(bytes: impl Read) -> Result<Vec<u8>, ArchiveError> {
    let mut head = Vec::new();
    bytes
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(|error| ArchiveError::from_io(&error, "its beginning"))?;
    Ok(head)
}

fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// pg_dump's first line, on Unix or Windows, or behind a byte order mark. What pg_dumpall writes is told apart later.
fn is_sql(head: &[u8]) -> bool {
    let text = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    lines.next() == Some(b"--")
        && lines.next().is_some_and(|line| line.starts_with(b"-- PostgreSQL database "))
}

fn tar_of(head: &[u8]) -> &'static str {
    let name = head.split(|byte| *byte == 0).next().unwrap_or_default();
    let last = name.rsplit(|byte| *byte == b'/').find(|part| !part.is_empty()).unwrap_or_default();
    match last {
        b"PG_VERSION" | b"backup_label" | b"tablespace_map" | b"base" | b"global" | b"pg_wal" => {
            "a tar file of a server's data directory (a base backup)"
        }
        b"toc.dat" => "a tar file of a folder that pg_dump -Fd has written; unpack it, and name the folder",
        _ => "a tar file, but its first member is not `toc.dat`",
    }
}

/// What else people have at hand.
fn other(head: &[u8]) -> &'static str {
    let begins = |with: &[u8]| head.starts_with(with);
    if begins(b"version https://git-lfs") {
        "only a pointer to a file in Git LFS; fetch it with `git lfs pull`"
    } else if begins(b"-----BEGIN PGP")
        || begins(b"age-encryption.org")
        || begins(b"Salted__")
        || begins(&[0x8c, 0x0d])
    {
        "encrypted; decrypt it first"
    } else if begins(b"BZh")
        || begins(&[0xfd, b'7', b'z', b'X', b'Z'])
        || begins(b"PK\x03\x04")
        || begins(b"7z\xbc\xaf")
    {
        "compressed with bzip2, xz, zip or 7z; decompress it first"
    } else if begins(&[0xff, 0xfe]) || begins(&[0xfe, 0xff]) {
        "text in UTF-16, as PowerShell writes it; dump with `pg_dump -f FILE` instead of `>`"
    } else if begins(b"SQLite format 3") {
        "an SQLite database"
    } else if begins(b"-- MySQL dump") || begins(b"-- MariaDB dump") || begins(b"/*M!") {
        "a dump of MySQL or MariaDB"
    } else if begins(b"pg_dump: ") || begins(b"pg_dump (PostgreSQL)") {
        "the messages of pg_dump instead of what it dumped"
    } else if head.iter().all(|byte| *byte == 0) {
        "nothing but zeros: the disk was full, or the copy broke off"
    } else if std::str::from_utf8(head.get(..64.min(head.len())).unwrap_or_default()).is_ok() {
        "text, but it does not begin as pg_dump's does (`-- PostgreSQL database dump`)"
    } else {
        "neither PGDMP, nor tar, nor SQL text, nor compressed with gzip, zstd or lz4"
    }
}

fn not(name: &str, what: &str) -> ArchiveError {
    let message = format!("`{name}` is not a pg_dump archive: it is {what}");
    ArchiveError::new(ArchiveErrorKind::NotAnArchive, message)
}
