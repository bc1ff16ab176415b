//! The custom format: one file, in which each entry's data is a block of compressed chunks.
//!
//! `pg_backup_custom.c`: a block is a byte for its kind, its entry's number, then chunks, each with its length before
//! it, up to one of no length (`_readBlockHeader`, `_PrintData`, `_skipData`). Large objects are several such runs of
//! chunks, each after its number, up to the number 0 (`_skipLOs`, formerly `_skipBlobs`).

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read};
use std::ops::Bound;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use super::entry::{Entry, Place};
use super::error::ArchiveError;
use super::header::Compression;
use super::large::OnObject;
use super::medium::Medium;
use super::unpack::unpack;
use super::wire::Offset;

/// `BLK_DATA` and `BLK_BLOBS` of `pg_backup_archiver.h`.
const ROWS: u8 = 1;
const LARGE_OBJECTS: u8 = 3;

/// Where each entry's block begins, and where any does.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    by_entry: BTreeMap<i32, u64>,
    starts: BTreeSet<u64>,
}

impl Blocks {
    fn new(by_entry: BTreeMap<i32, u64>) -> Self {
        let starts = by_entry.values().copied().collect();
        Self { by_entry, starts }
    }

    /// Where the block of an entry begins.
    pub(super) fn get(&self, dump_id: i32) -> Option<u64> {
        self.by_entry.get(&dump_id).copied()
    }
}

/// The file, and where its blocks are.
#[derive(Debug)]
pub(super) struct Custom {
    file: Arc<dyn Medium>,
    bytes: u64,
    /// End of the table of contents.
    first: u64,
    int_size: u8,
    /// Block offsets by entry, where the table of contents has them all.
    stated: Option<Blocks>,
    /// Those found by walking through the file.
    walked: OnceLock<Result<Blocks, ArchiveError>>,
}

impl Custom {
    pub(super) fn new(file: Arc<dyn Medium>, first: u64, int_size: u8, entries: &[Entry]) -> Self {
        let bytes = file.bytes();
        let stated = entries
            .iter()
            .filter(|entry| entry.has_data)
            .map(|entry| match entry.place {
                Place::Offset(Offset::At(offset)) => Some((entry.dump_id, offset)),
                _ => None,
            })
            .collect::<Option<_>>()
            .map(Blocks::new);
        Self { file, bytes, first, int_size, stated, walked: OnceLock::new() }
    }

    /// Where the blocks are. An archive that was written to a pipe, or whose writer never came back to fill the
    /// offsets in, is walked through once.
    pub(super) fn blocks(&self) -> Result<&Blocks, ArchiveError> {
        if let Some(stated) = &self.stated {
            return Ok(stated);
        }
        self.walked.get_or_init(|| self.walk()).as_ref().map_err(Clone::clone)
    }

    /// The chunks of an entry's rows.
    pub(super) fn rows(&self, dump_id: i32) -> Result<Chunks, ArchiveError> {
        let (mut stretch, kind, end) = self.block(dump_id)?;
        if kind != ROWS {
            return Err(ArchiveError::corrupt(format!(
                "a block of rows was expected, and one of kind {kind} is there"
            ))
            .at(stretch.at));
        }
        stretch.end = Some(end);
        Ok(stretch)
    }

    /// Hands on all large objects of an entry, each to be read to its end.
    pub(super) fn large_objects(
        &self,
        dump_id: i32,
        compression: Compression,
        each: OnObject<'_>,
    ) -> Result<(), ArchiveError> {
        let (mut chunks, kind, end) = self.block(dump_id)?;
        if kind != LARGE_OBJECTS {
            let message = format!("large objects were expected, and a block of kind {kind} is there");
            return Err(ArchiveError::corrupt(message).at(chunks.at));
        }
        loop {
            let at = chunks.inner.at();
            let number = chunks.int()?;
            if number == 0 {
                break;
            }
            let oid = oid(number).ok_or_else(|| {
                ArchiveError::corrupt(format!("a large object has the impossible number {number}")).at(at)
            })?;
            let next = self.chunks(chunks.inner.at()).gently();
            let mark = next.mark();
            unpack(next, compression, false)
                .and_then(|bytes| each(oid, bytes))
                .map_err(|error| error.at(mark.get()))?;
            chunks = self.chunks(mark.get()).gently();
        }
        if chunks.inner.at() != end {
            let message = "its large objects end here, and the data of the next entry begins elsewhere";
            return Err(ArchiveError::corrupt(message).at(chunks.inner.at()));
        }
        Ok(())
    }

    /// The block of an entry: its chunks, its kind, and where the next block or the end of the file is.
    fn block(&self, dump_id: i32) -> Result<(Chunks, u8, u64), ArchiveError> {
        let blocks = self.blocks()?;
        let Some(offset) = blocks.get(dump_id) else {
            return Err(ArchiveError::truncated("its data is listed, and not there").at(self.bytes));
        };
        if offset < self.first {
            return Err(
                ArchiveError::corrupt("its data is said to lie inside the table of contents").at(offset)
            );
        }
        if offset >= self.bytes {
            let message = format!("its data would begin at byte {offset}, behind the end");
            return Err(ArchiveError::truncated(message).at(self.bytes));
        }
        let behind = (Bound::Excluded(offset), Bound::Unbounded);
        let end = blocks.starts.range(behind).next().copied().unwrap_or(self.bytes);
        let mut chunks = self.chunks(offset);
        let kind = chunks.byte()?;
        let id = chunks.int()?;
        if id != i64::from(dump_id) {
            let message = format!("its data is said to be here, and that of entry {id} is");
            return Err(ArchiveError::corrupt(message).at(offset));
        }
        Ok((chunks, kind, end))
    }

    fn chunks(&self, from: u64) -> Chunks {
        let inner = super::file::Stretch::new(&*self.file, from, self.bytes);
        Chunks { at: from, inner, left: 0, done: false, int_size: self.int_size, end: None }
    }

    fn walk(&self) -> Result<Blocks, ArchiveError> {
        let mut found = BTreeMap::new();
        let mut chunks = self.chunks(self.first);
        while chunks.inner.left() > 0 {
            let at = chunks.inner.at();
            let kind = chunks.byte()?;
            let id = chunks.int()?;
            match kind {
                ROWS => chunks.pass()?,
                LARGE_OBJECTS => {
                    while chunks.int()? != 0 {
                        chunks.pass()?;
                    }
                }
                other => {
                    let message = format!("a block of data is of the unknown kind {other}");
                    return Err(ArchiveError::corrupt(message).at(at));
                }
            }
            let known = i32::try_from(id).ok().filter(|id| found.insert(*id, at).is_none());
            if known.is_none() {
                let message = format!("a second block of data, or none of it, belongs to entry {id}");
                return Err(ArchiveError::corrupt(message).at(at));
            }
        }
        Ok(Blocks::new(found))
    }
}

/// The number of a large object. It is written as a signed number of 32 bits, so that the greater half is below zero.
fn oid(written: i64) -> Option<u32> {
    i32::try_from(written).map(i32::cast_unsigned).or_else(|_| u32::try_from(written)).ok()
}

/// What the chunks from some byte on hold together, still compressed.
#[derive(Debug)]
pub(super) struct Chunks {
    inner: super::file::Stretch,
    /// Where the block or the last number began.
    at: u64,
    /// Bytes left of the chunk.
    left: u64,
    done: bool,
    int_size: u8,
    /// Where the last chunk must end.
    end: Option<u64>,
}

impl Chunks {
    /// Where the next byte is read from the file.
    pub(super) fn mark(&self) -> Rc<Cell<u64>> {
        self.inner.mark()
    }

    /// For one of many small stretches.
    fn gently(self) -> Self {
        Self { inner: self.inner.gently(), ..self }
    }

    fn byte(&mut self) -> Result<u8, ArchiveError> {
        let mut byte = [0];
        self.at = self.inner.at();
        self.inner
            .read_exact(&mut byte)
            .map_err(|error| ArchiveError::from_io(&error, "a block of data").at(self.inner.at()))?;
        let [byte] = byte;
        Ok(byte)
    }

    fn int(&mut self) -> Result<i64, ArchiveError> {
        let at = self.inner.at();
        let mut wire = super::wire::Wire::new(&mut self.inner);
        wire.int_size = self.int_size;
        let value = wire.int();
        value.map_err(|mut error| {
            error.offset = error.offset.map(|within| at + within);
            error
        })
    }

    /// The length of the next chunk, which must be there in full.
    fn next_length(&mut self) -> Result<u64, ArchiveError> {
        let at = self.inner.at();
        let length = self.int()?;
        let length = u64::try_from(length)
            .map_err(|_| ArchiveError::corrupt(format!("a chunk of data has the length {length}")).at(at))?;
        if length > self.inner.left() {
            let message = format!("{length} bytes of data are announced at byte {at}, and fewer follow");
            return Err(ArchiveError::truncated(message).at(self.inner.at() + self.inner.left()));
        }
        Ok(length)
    }

    /// Passes over all chunks up to the one of no length.
    fn pass(&mut self) -> Result<(), ArchiveError> {
        loop {
            match self.next_length()? {
                0 => return Ok(()),
                length => self.inner.skip(length),
            }
        }
    }

    fn advance(&mut self) -> Result<(), ArchiveError> {
        self.left = self.next_length()?;
        self.done = self.left == 0;
        match self.end {
            Some(end) if self.done && end != self.inner.at() => {
                let message = "its data ends here, and the data of the next entry begins elsewhere";
                Err(ArchiveError::corrupt(message).at(self.inner.at()))
            }
            _ => Ok(()),
        }
    }
}

impl BufRead for Chunks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 && !self.done {
            self.advance().map_err(ArchiveError::into_io)?;
        }
        if self.done {
            return Ok(&[]);
        }
        let ready = self.inner.fill_buf()?;
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(ready.len());
        Ok(ready.get(..most).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.left = self.left.saturating_sub(amount as u64);
    }
}

impl Read for Chunks {
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
