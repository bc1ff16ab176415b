//! The rows' bytes, wherever a format keeps them.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

use super::custom::Custom;
use super::directory::Directory;
use super::entry::{Entry, Place};
use super::error::ArchiveError;
use super::header::Compression;
use super::plain::{Pass, Plain};
use super::tar::Tar;
use super::unpack::unpack;

/// Where the data is.
#[derive(Debug)]
pub(super) enum Body {
    Custom(Custom),
    Directory(Directory),
    Tar(Tar),
    Plain(Plain),
}

/// An entry's data, decompressed, and how far the file was read for it.
pub(super) struct Data {
    pub(super) bytes: Box<dyn Read>,
    pub(super) mark: Rc<Cell<u64>>,
    /// The file of the archive it is in, where there are several.
    pub(super) file: Option<String>,
    /// Whether its lines end as on Windows.
    pub(super) crlf: bool,
}

impl Body {
    /// Opens the data of one entry. `pass` is kept from entry to entry, for what can be read only from the beginning.
    pub(super) fn open(
        &self,
        entry: &Entry,
        compression: Compression,
        pass: &mut Option<Pass>,
    ) -> Result<Data, ArchiveError> {
        match (self, &entry.place) {
            (Self::Custom(custom), _) => {
                let chunks = custom.rows(entry.dump_id)?;
                let mark = chunks.mark();
                Ok(Data { bytes: unpack(chunks, compression, false)?, mark, file: None, crlf: false })
            }
            (Self::Directory(directory), Place::File(name)) => {
                let member = directory.open(name)?;
                Ok(Data { bytes: member.bytes, mark: member.mark, file: Some(member.file), crlf: false })
            }
            (Self::Tar(tar), Place::File(name)) => {
                let stretch = tar.open(name)?;
                let mark = stretch.mark();
                let compression = if name.ends_with(".gz") { Compression::Gzip } else { Compression::None };
                let bytes = unpack(stretch, compression, true)?;
                Ok(Data { bytes, mark, file: Some(name.clone()), crlf: false })
            }
            (Self::Plain(plain), Place::Text(from, to)) => {
                let (bytes, mark) = plain.open(*from, *to, pass)?;
                Ok(Data { bytes, mark, file: None, crlf: plain.crlf })
            }
            _ => Err(ArchiveError::corrupt("it has data, and the table of contents does not say where")),
        }
    }

    /// A number that grows along the file, so that a pass over several entries reads forward.
    pub(super) fn position(&self, entry: &Entry) -> u64 {
        let position = match (self, &entry.place) {
            (Self::Custom(custom), _) => custom.blocks().ok().and_then(|blocks| blocks.get(entry.dump_id)),
            (Self::Tar(tar), Place::File(name)) => tar.position(name),
            (Self::Plain(_), Place::Text(from, _)) => Some(*from),
            _ => u64::try_from(entry.dump_id).ok(),
        };
        position.unwrap_or(u64::MAX)
    }
}
