//! Listing an archive and reading the headers of its segments.

use std::collections::BTreeMap;

use super::history::{History, MOST};
use super::lsn::{SegmentName, USUAL_SEGMENT, is_segment_size};
use super::name::{Named, WalFile, parse};
use super::page::SegmentHeader;
use super::segment::{self, Segment};
use super::{Archive, Options};
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::{Found, FoundKind, Packing, Tree, packed};

impl Archive {
    /// Lists an archive and, unless only names are wanted, reads the header of every segment.
    ///
    /// # Errors
    /// It cannot be listed. Everything else that is wrong is in [`Archive::damages`].
    pub fn read(tree: &dyn Tree, options: &Options) -> Result<Self, Damage> {
        let mut archive = Self {
            segment_bytes: USUAL_SEGMENT,
            segment_bytes_known: false,
            system_identifier: options.system_identifier,
            major: None,
            segments: BTreeMap::new(),
            partial: Vec::new(),
            histories: BTreeMap::new(),
            backups: Vec::new(),
            others: 0,
            bytes: 0,
            damages: Vec::new(),
            names_only: options.names_only,
        };
        let mut files = Vec::new();
        for found in tree.list()? {
            archive.sort_in(tree, found, &mut files);
        }
        archive.measure(tree, options, &files);
        for (name, partial, found, sha1) in files {
            archive.place(name, partial, &found, sha1);
        }
        if !options.names_only {
            archive.headers(tree);
        }
        archive.descents();
        Ok(archive)
    }

    fn sort_in(&mut self, tree: &dyn Tree, found: Found, files: &mut Vec<File>) {
        let Named { file, sha1 } = parse(found.base());
        if file == WalFile::Other {
            self.others += 1;
            return;
        }
        if found.kind != FoundKind::File {
            let message = "it is not a regular file, and was not looked at";
            self.damages.push(Damage::new(DamageKind::Unread, found.name, message));
            return;
        }
        self.bytes += found.bytes;
        match file {
            WalFile::Segment(name) => files.push((name, false, found, sha1)),
            WalFile::Partial(name) => files.push((name, true, found, sha1)),
            WalFile::Backup(name) => self.backups.push(name),
            WalFile::History(_) if self.names_only => {}
            WalFile::History(timeline) => match history(tree, timeline, &found.name) {
                Ok(history) => drop(self.histories.insert(timeline, history)),
                Err(damage) => self.damages.push(damage),
            },
            WalFile::Other => {}
        }
    }

    /// Finds the segment size: as stated, else as the first segment with a readable header says.
    fn measure(&mut self, tree: &dyn Tree, options: &Options, files: &[File]) {
        let read = || {
            let segments = files.iter().filter(|(_, partial, _, _)| !partial && !options.names_only);
            // One that is damaged says nothing; more than a few are a reason not to go on for ever.
            segments.take(32).find_map(|(_, _, found, _)| segment::header(tree, &found.name).ok())
        };
        let size = options.segment_bytes.or_else(|| read().map(|(header, _, _)| header.segment_bytes));
        if let Some(size) = size.filter(|size| is_segment_size(*size)) {
            (self.segment_bytes, self.segment_bytes_known) = (size, true);
        }
    }

    fn place(&mut self, name: SegmentName, partial: bool, found: &Found, sha1: Option<String>) {
        let file = found.name.clone();
        let Some(number) = name.number(self.segment_bytes) else {
            let message = format!("no segment of {} bytes has this name", self.segment_bytes);
            self.damages.push(Damage::new(DamageKind::Corrupt, file, message));
            return;
        };
        let folder = found.folder().rsplit('/').next().unwrap_or_default();
        let numbered = folder.len() == 16 && folder.bytes().all(|byte| byte.is_ascii_hexdigit());
        if numbered && !name.to_string().starts_with(folder) {
            let message = format!("it lies in the folder of {folder}, where it is not looked for");
            self.damages.push(Damage::new(DamageKind::Corrupt, file, message));
            return;
        }
        let segment =
            Segment { name, number, file, stored: found.bytes, changed: found.changed, sha1, header: None };
        if partial {
            self.partial.push(segment);
            return;
        }
        if let Some(other) = self.segments.get(&(name.timeline, number)) {
            let message =
                format!("the same segment is also there as `{}`, and which one is right is open", other.file);
            self.damages.push(Damage::new(DamageKind::Extra, segment.file, message));
            return;
        }
        self.segments.insert((name.timeline, number), segment);
    }

    fn headers(&mut self, tree: &dyn Tree) {
        let mut damages = Vec::new();
        let mut clusters: BTreeMap<u64, usize> = BTreeMap::new();
        for segment in self.segments.values_mut() {
            match header(tree, segment, self.segment_bytes) {
                Ok(header) => {
                    *clusters.entry(header.system_identifier).or_default() += 1;
                    self.major = Some(header.major);
                    segment.header = Some(header);
                }
                Err(damage) => damages.push(damage),
            }
        }
        let most = clusters.iter().max_by_key(|(_, count)| **count).map(|(identifier, _)| *identifier);
        self.system_identifier = self.system_identifier.or(most);
        for segment in self.segments.values() {
            if let (Some(header), Some(expected)) = (segment.header, self.system_identifier)
                && header.system_identifier != expected
            {
                damages.push(foreign(&segment.file, expected, header.system_identifier));
            }
        }
        self.damages.append(&mut damages);
    }

    /// Every timeline but the first came from another one, and a file says from where.
    fn descents(&mut self) {
        let timelines: Vec<u32> = self.segments.keys().map(|(timeline, _)| *timeline).collect();
        let Some(first) = timelines.first().copied().filter(|_| !self.names_only) else { return };
        let mut without: Vec<u32> =
            timelines.into_iter().filter(|one| *one > first && !self.histories.contains_key(one)).collect();
        without.dedup();
        for timeline in without {
            let file = format!("{timeline:08X}.history");
            if self.damages.iter().any(|damage| {
                parse(damage.file.rsplit('/').next().unwrap_or_default()).file == WalFile::History(timeline)
            }) {
                continue;
            }
            let message = format!("it is not there, so where timeline {timeline} came from is unknown");
            self.damages.push(Damage::new(DamageKind::Missing, file, message));
        }
    }
}

/// A segment that is to be placed: its name, whether it is unfinished, its file, the SHA-1 in its name.
type File = (SegmentName, bool, Found, Option<String>);

fn history(tree: &dyn Tree, timeline: u32, file: &str) -> Result<History, Damage> {
    let (_, bytes) = packed(file, tree.open(file)?)?;
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(bytes, MOST), &mut text)
        .map_err(|error| crate::probe::tree::damaged(file, &error))?;
    History::read(timeline, file, &text)
}

fn header(tree: &dyn Tree, segment: &Segment, segment_bytes: u64) -> Result<SegmentHeader, Damage> {
    let file = segment.file.as_str();
    let (header, address, packing) = segment::header(tree, file)?;
    let corrupt = |message: String| Err(Damage::new(DamageKind::Corrupt, file, message).at(0));
    if header.segment_bytes != segment_bytes {
        return corrupt(format!(
            "it claims segments of {} bytes, and others have {segment_bytes}",
            header.segment_bytes
        ));
    }
    let expected = segment.number * segment_bytes;
    if address != expected {
        let (expected, found) = (super::Lsn(expected), super::Lsn(address));
        return corrupt(format!("by its name it begins at {expected}, and its first page says {found}"));
    }
    if header.timeline > segment.name.timeline {
        let message = format!(
            "its first page is of timeline {}, and its name says {}",
            header.timeline, segment.name.timeline
        );
        return Err(Damage::new(DamageKind::Foreign, file, message).at(0));
    }
    if packing == Packing::Plain {
        segment::size(file, segment_bytes, segment.stored)?;
    }
    Ok(header)
}

/// WAL of another cluster.
pub(super) fn foreign(file: &str, expected: u64, found: u64) -> Damage {
    let message = format!("it is of the cluster with system identifier {found}, expected {expected}");
    Damage::new(DamageKind::Foreign, file, message).at(24)
}
