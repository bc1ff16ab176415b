//! Archives of pg_dump, read in place, without a server: the table of contents, the catalogue its statements
//! describe, and the rows.
//!
//! An archive is only as good as its last byte. Everything that is read is read to its proper end (the end marker of
//! the rows, the end and the checksum of each compressed stream, the last chunk, nothing behind it) or ends in an
//! error; what cannot be told from a sound archive is documented at [`Archive::rows`].

#[cfg(test)]
mod archive_tests;
mod blocks;
mod body;
mod catalogue;
mod copy;
mod counted;
mod custom;
mod directory;
mod entry;
mod error;
mod file;
mod header;
mod large;
mod lines;
mod local;
pub(super) mod medium;
mod plain;
mod recognise;
mod row;
mod tables;
mod tar;
mod unpack;
mod whole;
mod wire;
mod words;

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

pub use entry::Entry;
pub use error::{ArchiveError, ArchiveErrorKind};
pub use header::{Compression, Format, Header};
pub use row::{Cell, RowRef};
pub use tables::{Table, TableData};
pub(super) use unpack::unpack;

use crate::policy::RelationName;
use body::Body;
use catalogue::Model;
use medium::{Folder, Medium, Place};
use recognise::Kind;

/// An archive whose table of contents was read. All methods may be called from several threads at once; each reads
/// with a place of its own.
#[derive(Debug)]
pub struct Archive {
    header: Header,
    entries: Vec<Entry>,
    /// Blocks of rows by relation, as indexes of entries.
    blocks: BTreeMap<RelationName, Vec<usize>>,
    body: Body,
    /// What its statements say, once somebody asked.
    model: OnceLock<Result<Model, ArchiveError>>,
    count: counted::Count,
}

/// What reading a relation's rows came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowsRead {
    /// Rows that were handed over.
    pub rows: u64,
    /// Whether these were all, up to the end of the data and everything that proves it. Not so when the taker broke
    /// off.
    pub complete: bool,
}

/// Takes rows one by one, and may break off.
pub type OnRow<'a> = &'a mut dyn FnMut(&RowRef<'_>) -> ControlFlow<()>;

impl Archive {
    /// Opens an archive and reads its table of contents. Of plain SQL, everything has to be read for that.
    ///
    /// # Errors
    /// It cannot be read, is damaged, or is something else, which the message names as far as it can be seen.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        Self::read_from(&local::place(path)?, &path.display().to_string())
    }

    /// The same for bytes that are anywhere; `name` is what messages call it.
    pub(super) fn read_from(place: &Place, name: &str) -> Result<Self, ArchiveError> {
        let count = counted::Count::default();
        let read = match recognise::recognise(&counted::place(place, &count), name)? {
            Kind::Custom(file) => Self::custom(file),
            Kind::Directory(files) => Self::directory(files),
            Kind::Tar(file) => Self::tar(file),
            Kind::Plain(file, compression) => {
                let (header, entries, plain) = plain::Plain::read(file, compression)?;
                Ok(Self::of(header, entries, Body::Plain(plain)))
            }
        };
        read.map(|read| Self { count, ..read })
    }

    fn custom(file: Arc<dyn Medium>) -> Result<Self, ArchiveError> {
        let bytes = file.bytes();
        let mut wire = wire::Wire::new(BufReader::new(file::Stretch::new(&*file, 0, bytes)));
        let mut header = Header::read(&mut wire, bytes)?;
        if header.format != Format::Custom {
            let message = "it is the table of contents of a pg_dump archive without its data; for pg_dump -Fd name the \
                           folder, for -Ft the tar file";
            return Err(ArchiveError::new(ArchiveErrorKind::NotAnArchive, message));
        }
        let entries = entry::read(&mut wire, &mut header)?;
        let body = Body::Custom(custom::Custom::new(file, wire.at, wire.int_size, &entries));
        Ok(Self::of(header, entries, body))
    }

    fn directory(files: Arc<dyn Folder>) -> Result<Self, ArchiveError> {
        let directory = directory::Directory::new(files);
        let mut wire = wire::Wire::new(directory.contents()?);
        let (header, entries) = contents(&mut wire, Format::Directory, directory.bytes())
            .map_err(|error| error.inside(directory::CONTENTS))?;
        Ok(Self::of(header, entries, Body::Directory(directory)))
    }

    fn tar(file: Arc<dyn Medium>) -> Result<Self, ArchiveError> {
        let bytes = file.bytes();
        let tar = tar::Tar::read(file)?;
        let mut wire = wire::Wire::new(BufReader::new(tar.open(directory::CONTENTS)?));
        let (header, entries) =
            contents(&mut wire, Format::Tar, bytes).map_err(|error| error.inside(directory::CONTENTS))?;
        Ok(Self::of(header, entries, Body::Tar(tar)))
    }

    fn of(header: Header, entries: Vec<Entry>, body: Body) -> Self {
        let blocks = blocks::all(&entries);
        Self { header, entries, blocks, body, model: OnceLock::new(), count: counted::Count::default() }
    }

    /// What the archive says of itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of it that were read so far, compressed as they are, and however often.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.count.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The table of contents, in the order of a restore.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Reads the rows a server would show for a relation: its own, those of its partitions, and those of tables that
    /// inherit from it. Columns come in the order of the COPY statement (of the first partition's); generated columns are
    /// not in archives.
    ///
    /// What cannot be seen: flipped bits inside a value where the data has no checksum (nothing, LZ4 and Zstandard as
    /// pg_dump writes them), as long as the row keeps its shape; and partitions that were left out of the dump with their
    /// definition (--exclude-table), of which no trace is left.
    ///
    /// # Errors
    /// The archive has no rows of it or not of all its partitions, or is damaged. Rows may have been handed over before:
    /// they are not the whole answer.
    pub fn rows(&self, relation: &RelationName, on_row: OnRow<'_>) -> Result<RowsRead, ArchiveError> {
        let mut results = self.scan(std::slice::from_ref(relation), &mut |_, row| on_row(row));
        results.pop().unwrap_or_else(|| Ok(RowsRead::default()))
    }

    /// Reads the rows of several relations in one pass, in the order in which they lie in the archive. The taker gets
    /// the index of the relation in `wanted`, and breaks off that relation only. One result for each relation.
    pub fn scan(
        &self,
        wanted: &[RelationName],
        on_row: &mut dyn FnMut(usize, &RowRef<'_>) -> ControlFlow<()>,
    ) -> Vec<Result<RowsRead, ArchiveError>> {
        let mut results = Vec::with_capacity(wanted.len());
        let mut work = Vec::new();
        for (index, relation) in wanted.iter().enumerate() {
            match self.parts(relation) {
                Ok(parts) => {
                    results.push(Ok(RowsRead { rows: 0, complete: true }));
                    work.extend(parts.into_iter().map(|(entry, shape)| (index, entry, shape)));
                }
                Err(error) => results.push(Err(error)),
            }
        }
        work.sort_by_cached_key(|(_, entry, _)| self.body.position(entry));
        let mut pass = None;
        for (index, entry, shape) in work {
            let Some(result) = results.get_mut(index) else { continue };
            let Ok(so_far) = *result else { continue };
            if !so_far.complete {
                continue;
            }
            *result = self
                .read(entry, &shape, &mut pass, &mut |row| on_row(index, row))
                .map(|copied| RowsRead { rows: so_far.rows + copied.rows, complete: copied.complete });
        }
        results
    }

    /// The blocks that hold a relation's rows, with their shapes.
    fn parts(&self, relation: &RelationName) -> Result<Vec<(&Entry, copy::Shape)>, ArchiveError> {
        let encoding = self.header.encoding.as_deref().unwrap_or_default();
        if !words::splittable(encoding) {
            return Err(ArchiveError::unsupported(format!(
                "the archive was made with --encoding={encoding}, in which rows cannot be told apart reliably; dump it \
                 in UTF8"
            )));
        }
        let mut parts: Vec<(&Entry, copy::Shape)> = Vec::new();
        let mut seen: Option<Vec<String>> = None;
        for entry in self.blocks_of(relation)? {
            let Some(entry) = self.entries.get(entry) else { continue };
            let columns = blocks::columns(entry).map_err(|error| error.inside(&named(entry)))?;
            self.agrees(entry, &columns).map_err(|error| error.inside(&named(entry)))?;
            let shape =
                blocks::shape(columns, seen.as_deref()).map_err(|error| error.inside(&named(entry)))?;
            seen.get_or_insert_with(|| shape.columns.clone());
            parts.push((entry, shape));
        }
        Ok(parts)
    }

    /// The columns of a block must be columns of its table, where the archive defines it: neither text has a checksum.
    fn agrees(&self, entry: &Entry, columns: &[String]) -> Result<(), ArchiveError> {
        let known = self.model().ok().and_then(|model| model.relation(&blocks::relation(entry)));
        let Some(relation) = known else {
            return Ok(());
        };
        match columns.iter().find(|column| relation.column(column).is_none()) {
            Some(column) => Err(ArchiveError::corrupt(format!(
                "its rows have a column {column:?}, and its definition has none of that name"
            ))),
            None => Ok(()),
        }
    }

    fn read(
        &self,
        entry: &Entry,
        shape: &copy::Shape,
        pass: &mut Option<plain::Pass>,
        on_row: OnRow<'_>,
    ) -> Result<copy::Copied, ArchiveError> {
        let data = self
            .body
            .open(entry, self.header.compression, pass)
            .map_err(|error| error.inside(&named(entry)))?;
        let mut lines = lines::Lines::new(data.bytes);
        lines.crlf = data.crlf;
        let copied = copy::rows(&mut lines, shape, on_row).and_then(|copied| {
            if copied.complete {
                copy::nothing_follows(&mut lines)?;
            }
            Ok(copied)
        });
        copied.map_err(|error| {
            let place = match &data.file {
                Some(file) => format!("{} (`{file}`)", named(entry)),
                None => named(entry),
            };
            error.at(data.mark.get()).inside(&place)
        })
    }
}

/// A table of contents that is a file of its own: nothing may follow it. Folders have the same as tar files, down to
/// the format they claim (`_CloseArchive` in `pg_backup_directory.c`).
fn contents<R: Read>(
    wire: &mut wire::Wire<R>,
    format: Format,
    bytes: u64,
) -> Result<(Header, Vec<Entry>), ArchiveError> {
    let mut header = Header::read(wire, bytes)?;
    if header.format == Format::Custom {
        return Err(ArchiveError::corrupt("it belongs to an archive of the custom format, and was put here"));
    }
    header.format = format;
    let entries = entry::read(wire, &mut header)?;
    wire.end()?;
    Ok((header, entries))
}

fn named(entry: &Entry) -> String {
    format!("table {}", blocks::relation(entry))
}
