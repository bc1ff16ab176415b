//! Whether an archive is whole: everything in it is read to its end, large objects too.

use std::ops::ControlFlow;

use super::body::Body;
use super::entry::Entry;
use super::error::ArchiveError;
use super::header::Compression;
use super::unpack::drain;
use super::{Archive, blocks, named};

impl Archive {
    /// Reads all data of the archive, and says what is wrong with it: one error for each entry, none if it is whole.
    /// `progress` is told how many entries were read, and how many there are.
    ///
    /// Whole means complete and in form. Only gzip has checksums ([`Archive::has_checksums`]); without them a changed
    /// value that is still a value cannot be seen.
    pub fn damages(&self, progress: &mut dyn FnMut(usize, usize)) -> Vec<ArchiveError> {
        let mut with_data: Vec<&Entry> = self.entries.iter().filter(|entry| entry.has_data).collect();
        with_data.sort_by_cached_key(|entry| self.body.position(entry));
        let total = with_data.len();
        let mut pass = None;
        let mut damages = Vec::new();
        for (done, entry) in with_data.into_iter().enumerate() {
            progress(done, total);
            let result = match entry.kind.as_str() {
                "TABLE DATA" if !entry.copy_statement.is_empty() => blocks::columns(entry)
                    .and_then(|columns| blocks::shape(columns, None))
                    .and_then(|shape| {
                        self.read(entry, &shape, &mut pass, &mut |_| ControlFlow::Continue(())).map(|_| ())
                    }),
                "BLOBS" => {
                    let mut read = |_, bytes| drain(bytes, "a large object");
                    self.body.large_objects(entry, self.header.compression, &mut read)
                }
                // INSERT statements, which plain SQL has among its others.
                _ if matches!(self.body, Body::Plain(_)) => Ok(()),
                _ => self.body.open(entry, self.header.compression, &mut pass).and_then(|data| {
                    drain(data.bytes, "its data").map_err(|error| error.at(data.mark.get()))
                }),
            };
            if let Err(error) = result {
                damages.push(error.inside(&place(entry)));
            }
        }
        progress(total, total);
        damages
    }

    /// Whether flipped bits in its data are seen.
    #[must_use]
    pub fn has_checksums(&self) -> bool {
        self.header.compression == Compression::Gzip
    }
}

fn place(entry: &Entry) -> String {
    if entry.kind == "TABLE DATA" { named(entry) } else { format!("{} {}", entry.kind, entry.tag) }
}
