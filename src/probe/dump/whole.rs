//! Whether an archive is whole: everything in it is read to its end, large objects too.

use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;

use super::body::Body;
use super::entry::{Entry, Place};
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
                "BLOBS" => self.body.large_objects(entry, self.header.compression),
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

impl Body {
    /// Reads the large objects of an entry: in one file after each other, else in a file each, which a list names
    /// (`_StartLOs` in `pg_backup_directory.c` and `pg_backup_tar.c`).
    fn large_objects(&self, entry: &Entry, compression: Compression) -> Result<(), ArchiveError> {
        match (self, &entry.place) {
            (Self::Custom(custom), _) => custom.large_objects(entry.dump_id, compression),
            (Self::Directory(_) | Self::Tar(_), Place::File(stated)) => {
                // A tar file's entry names a member that is not there; one list for all came before one for each.
                let list = match self {
                    Self::Tar(tar) => {
                        let own = format!("blobs_{}.toc", entry.dump_id);
                        if tar.position(&own).is_some() { own } else { "blobs.toc".to_owned() }
                    }
                    _ => stated.clone(),
                };
                let mut list = BufReader::new(self.file(&list)?);
                let mut line = String::new();
                loop {
                    line.clear();
                    let read = list
                        .by_ref()
                        .take(4096)
                        .read_line(&mut line)
                        .map_err(|error| ArchiveError::from_io(&error, "its list of large objects"))?;
                    if read == 0 {
                        return Ok(());
                    }
                    let name =
                        line.strip_suffix('\n').and_then(|line| line.split_once(' ')).map(|(_, name)| name);
                    let plain = |name: &&str| {
                        name.starts_with("blob_")
                            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c))
                    };
                    let Some(name) = name.filter(plain) else {
                        return Err(ArchiveError::corrupt("its list of large objects cannot be read"));
                    };
                    drain(self.file(name)?, "a large object").map_err(|error| error.inside(name))?;
                }
            }
            _ => Err(ArchiveError::corrupt("it has data, and the table of contents does not say where")),
        }
    }

    fn file(&self, name: &str) -> Result<Box<dyn Read>, ArchiveError> {
        match self {
            Self::Directory(directory) => directory.open(name).map(|member| member.bytes),
            Self::Tar(tar) => Ok(Box::new(tar.open(name)?)),
            Self::Custom(_) | Self::Plain(_) => Err(ArchiveError::corrupt("it has no files of its own")),
        }
    }
}
