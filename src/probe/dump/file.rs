//! Stretches of a file. Several can be read at once, each with a place of its own.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::error::ArchiveError;
use super::medium::{Medium, ReadAt};

/// Bytes read from the file at once.
const AHEAD: usize = 256 * 1024;

/// The same at first, where little may be needed.
const GENTLE: usize = 4 * 1024;

/// Bytes `from..to` of a file, buffered.
#[derive(Debug)]
pub(super) struct Stretch {
    reader: Box<dyn ReadAt>,
    /// Where the next byte to be handed out is; shared with who has to say where something went wrong further up.
    at: Rc<Cell<u64>>,
    to: u64,
    buffer: Vec<u8>,
    /// Bytes read at once next time.
    ahead: usize,
    used: usize,
    filled: usize,
}

impl Stretch {
    pub(super) fn new(file: &dyn Medium, from: u64, to: u64) -> Self {
        Self {
            reader: file.reader(),
            at: Rc::new(Cell::new(from)),
            to,
            buffer: Vec::new(),
            ahead: AHEAD,
            used: 0,
            filled: 0,
        }
    }

    /// Reads little at first and more from time to time, for stretches of which most are left soon.
    pub(super) fn gently(mut self) -> Self {
        self.ahead = GENTLE;
        self
    }

    /// Where the next byte is, in the file.
    pub(super) fn at(&self) -> u64 {
        self.at.get()
    }

    /// The same, kept up to date.
    pub(super) fn mark(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.at)
    }

    /// Bytes left.
    pub(super) fn left(&self) -> u64 {
        self.to.saturating_sub(self.at())
    }

    /// Passes over bytes; at most what is left.
    pub(super) fn skip(&mut self, bytes: u64) {
        let bytes = bytes.min(self.left());
        self.at.set(self.at() + bytes);
        let buffered = self.filled.saturating_sub(self.used);
        match usize::try_from(bytes) {
            Ok(bytes) if bytes <= buffered => self.used += bytes,
            _ => (self.used, self.filled) = (0, 0),
        }
    }
}

impl BufRead for Stretch {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used >= self.filled {
            let wanted = usize::try_from(self.left()).unwrap_or(usize::MAX).min(self.ahead);
            self.ahead = self.ahead.saturating_mul(2).min(AHEAD);
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted, 0);
            }
            let room = self.buffer.get_mut(..wanted).unwrap_or_default();
            self.filled = loop {
                match self.reader.read_at(room, self.at.get(), self.to) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            self.used = 0;
            if self.filled == 0 && wanted > 0 {
                let error = ArchiveError::truncated("the file was cut while it was being read").at(self.at());
                return Err(error.into_io());
            }
        }
        Ok(self.buffer.get(self.used..self.filled).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        let amount = amount.min(self.filled.saturating_sub(self.used));
        self.used += amount;
        self.at.set(self.at() + amount as u64);
    }
}

impl Read for Stretch {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(room.len());
        if let (Some(to), Some(from)) = (room.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}
