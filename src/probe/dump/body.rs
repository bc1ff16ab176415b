//! The rows' bytes, wherever a format keeps them.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

use super::custom::Custom;
use super::entry::Entry;
use super::error::ArchiveError;
use super::header::Compression;
use super::unpack::unpack;

/// Where the data is.
#[derive(Debug)]
pub(super) enum Body {
    Custom(Custom),
}

/// An entry's data, decompressed, and how far the file was read for it.
pub(super) struct Data {
    pub(super) bytes: Box<dyn Read>,
    pub(super) mark: Rc<Cell<u64>>,
    /// The file of the archive it is in, where there are several.
    pub(super) file: Option<String>,
}

impl Body {
    /// Opens the data of one entry.
    pub(super) fn open(&self, entry: &Entry, compression: Compression) -> Result<Data, ArchiveError> {
        match self {
            Self::Custom(custom) => {
                let chunks = custom.rows(entry.dump_id)?;
                let mark = chunks.mark();
                Ok(Data { bytes: unpack(chunks, compression, false)?, mark, file: None })
            }
        }
    }

    /// A number that grows along the file, so that a pass over several entries reads forward.
    pub(super) fn position(&self, entry: &Entry) -> u64 {
        match self {
            Self::Custom(custom) => custom
                .blocks()
                .ok()
                .and_then(|blocks| blocks.get(&entry.dump_id).copied())
                .unwrap_or(u64::MAX),
        }
    }
}
