//! Large objects: which there are, and their contents.
//!
//! Each is an entry `BLOB` of its own up to PostgreSQL 16, and one of the lines of an entry `BLOB METADATA` from 17 on (`dumpLO` in
//! `pg_dump.c`, `IssueCommandPerBlob` in `pg_backup_archiver.c`). Their contents are the data of entries `BLOBS`: in one file after each
//! other, else in a file each, which a list names (`_StartLOs` in `pg_backup_directory.c` and `pg_backup_tar.c`).

use std::io::{BufRead, BufReader, Read};

use super::Archive;
use super::body::Body;
use super::entry::{Entry, Place};
use super::error::ArchiveError;
use super::header::{Compression, Format};
use super::unpack::unpack;

/// Takes the number and the bytes of an object, and reads these to their end.
pub(in crate::probe) type OnObject<'a> = &'a mut dyn FnMut(u32, Box<dyn Read>) -> Result<(), ArchiveError>;

/// The longest line of a list of files.
const LONGEST: u64 = 4096;

impl Archive {
    /// Numbers of the large objects that its table of contents lists, with or without their contents, in order.
    ///
    /// # Errors
    /// An entry does not say which it is about.
    pub(in crate::probe) fn large_objects_listed(&self) -> Result<Vec<u32>, ArchiveError> {
        let mut listed = Vec::new();
        let mut take = |entry: &Entry, text: &str| match text.trim().parse() {
            Ok(oid) => {
                listed.push(oid);
                Ok(())
            }
            Err(_) => Err(ArchiveError::corrupt("an entry does not say which large object it is about")
                .inside(&format!("{} {}", entry.kind, entry.tag))),
        };
        for entry in &self.entries {
            match entry.kind.as_str() {
                "BLOB" => take(entry, &entry.tag)?,
                // In plain SQL each has a statement instead of a line, and the name says from which to which they are.
                "BLOB METADATA" if self.header.format == Format::Plain => {
                    take(entry, entry.tag.split("..").next().unwrap_or_default())?;
                }
                "BLOB METADATA" => {
                    for line in entry.definition.lines().filter(|line| !line.trim().is_empty()) {
                        take(entry, line)?;
                    }
                }
                _ => {}
            }
        }
        listed.sort_unstable();
        Ok(listed)
    }

    /// Whether it may hold contents of large objects: in plain SQL they are statements, which no entry has as its data.
    #[must_use]
    pub(in crate::probe) fn has_large_objects(&self) -> bool {
        let plain = self.header.format == Format::Plain;
        self.entries.iter().any(|entry| entry.kind == "BLOBS" && (entry.has_data || plain))
    }

    /// Hands on the contents of all large objects, in the order in which they lie.
    ///
    /// # Errors
    /// They cannot be read whole, are not where the table of contents says, or `each` refuses one.
    pub(in crate::probe) fn large_objects(&self, each: OnObject<'_>) -> Result<(), ArchiveError> {
        let mut entries: Vec<&Entry> =
            self.entries.iter().filter(|entry| entry.kind == "BLOBS" && entry.has_data).collect();
        entries.sort_by_cached_key(|entry| self.body.position(entry));
        entries.into_iter().try_for_each(|entry| {
            self.body
                .large_objects(entry, self.header.compression, each)
                .map_err(|error| error.inside(&format!("{} {}", entry.kind, entry.tag)))
        })
    }
}

impl Body {
    /// Hands on the large objects of an entry, each to be read to its end.
    pub(super) fn large_objects(
        &self,
        entry: &Entry,
        compression: Compression,
        each: OnObject<'_>,
    ) -> Result<(), ArchiveError> {
        match (self, &entry.place) {
            (Self::Custom(custom), _) => custom.large_objects(entry.dump_id, compression, each),
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
                        .take(LONGEST)
                        .read_line(&mut line)
                        .map_err(|error| ArchiveError::from_io(&error, "its list of large objects"))?;
                    if read == 0 {
                        return Ok(());
                    }
                    let Some((oid, name)) = listed(&line) else {
                        return Err(ArchiveError::corrupt("its list of large objects cannot be read"));
                    };
                    each(oid, self.file(name)?).map_err(|error| error.inside(name))?;
                }
            }
            _ => Err(ArchiveError::corrupt("it has data, and the table of contents does not say where")),
        }
    }

    fn file(&self, name: &str) -> Result<Box<dyn Read>, ArchiveError> {
        match self {
            Self::Directory(directory) => directory.open(name).map(|member| member.bytes),
            Self::Tar(tar) => {
                let compression = if name.ends_with(".gz") { Compression::Gzip } else { Compression::None };
                unpack(tar.open(name)?, compression, true)
            }
            Self::Custom(_) | Self::Plain(_) => Err(ArchiveError::corrupt("it has no files of its own")),
        }
    }
}

/// The number of an object and the file it is in, which must be one of large objects.
fn listed(line: &str) -> Option<(u32, &str)> {
    let (oid, name) = line.strip_suffix('\n')?.split_once(' ')?;
    let plain =
        name.starts_with("blob_") && name.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
    let oid = oid.parse().ok().filter(|oid| *oid > 0)?;
    plain.then_some((oid, name))
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_list_names_objects_and_files_of_them_and_nothing_else() {
        assert_eq!(listed("16400 blob_16400.dat\n"), Some((16400, "blob_16400.dat")));
        assert_eq!(listed("4294967295 blob_4294967295.dat.gz\n"), Some((u32::MAX, "blob_4294967295.dat.gz")));
        for line in [
            "16400 blob_16400.dat",
            "16400 ../blob_1\n",
            "16400 blob_../x\n",
            "0 blob_0.dat\n",
            "4294967296 blob_1.dat\n",
            "-1 blob_1.dat\n",
            "blob_1.dat\n",
            "16400 toc.dat\n",
            "\n",
        ] {
            assert_eq!(listed(line), None, "{line:?}");
        }
    }
}
