//! Plain SQL, perhaps compressed as a whole.
//!
//! What such a dump holds is known only after its last line, so all of it is read when it is opened. Uncompressed, its
//! data is then read from where it was found; compressed, from the beginning again.

mod comments;
mod index;
mod scanner;

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;

use super::entry::Entry;
use super::error::ArchiveError;
use super::file::Stretch;
use super::header::{Compression, Format, Header};
use super::lines::Lines;
use super::medium::Medium;
use super::unpack::unpack;

/// The file.
#[derive(Debug)]
pub(super) struct Plain {
    file: Arc<dyn Medium>,
    compression: Compression,
    /// Whether its lines end as on Windows.
    pub(super) crlf: bool,
}

impl Plain {
    /// Reads all of it.
    pub(super) fn read(
        file: Arc<dyn Medium>,
        compression: Compression,
    ) -> Result<(Header, Vec<Entry>, Self), ArchiveError> {
        let bytes = file.bytes();
        let mut header = Header::new(Format::Plain, bytes);
        header.compression = compression;
        let mut plain = Self { file, compression, crlf: false };
        let stretch = Stretch::new(&*plain.file, 0, bytes);
        let mark = stretch.mark();
        let mut lines = Lines::new(unpack(stretch, compression, true)?);
        let entries = index::read(&mut lines, &mut header).map_err(|mut error| {
            // Places in the text are of no use to somebody who has the compressed file.
            if compression != Compression::None {
                error.offset = None;
            }
            error.at(mark.get())
        })?;
        plain.crlf = lines.crlf;
        Ok((header, entries, plain))
    }

    /// The text from one byte to another, and where the file is being read.
    pub(super) fn open(&self, from: u64, to: u64, pass: &mut Option<Pass>) -> Result<Marked, ArchiveError> {
        if self.compression == Compression::None {
            let stretch = Stretch::new(&*self.file, from, to);
            let mark = stretch.mark();
            return Ok((Box::new(stretch), mark));
        }
        let fits = pass.take().filter(|pass| pass.stream.borrow().at <= from);
        let current = match fits {
            Some(current) => current,
            None => {
                let stretch = Stretch::new(&*self.file, 0, self.file.bytes());
                let mark = stretch.mark();
                let bytes = unpack(stretch, self.compression, true)?;
                Pass { stream: Rc::new(RefCell::new(Stream { bytes, at: 0 })), mark }
            }
        };
        let behind = from - current.stream.borrow().at;
        let mut skipped = Section { stream: Rc::clone(&current.stream), left: behind };
        let passed = io::copy(&mut skipped, &mut io::sink())
            .map_err(|error| ArchiveError::from_io(&error, "its data").at(current.mark.get()))?;
        if passed != behind {
            return Err(
                ArchiveError::truncated("the file has changed since it was opened").at(current.mark.get())
            );
        }
        let section = Section { stream: Rc::clone(&current.stream), left: to.saturating_sub(from) };
        let mark = Rc::clone(&current.mark);
        *pass = Some(current);
        Ok((Box::new(section), mark))
    }
}

/// Text, and where the file is being read for it.
pub(super) type Marked = (Box<dyn Read>, Rc<Cell<u64>>);

/// A decompressed text that is read forward, kept from one table to the next.
pub(super) struct Pass {
    stream: Rc<RefCell<Stream>>,
    mark: Rc<Cell<u64>>,
}

struct Stream {
    bytes: Box<dyn Read>,
    at: u64,
}

/// Some bytes of it.
struct Section {
    stream: Rc<RefCell<Stream>>,
    left: u64,
}

impl Read for Section {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(room.len());
        let room = room.get_mut(..most).unwrap_or_default();
        let mut stream = self.stream.borrow_mut();
        let count = stream.bytes.read(room)?;
        stream.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
