//! One segment file: its header, its pages, its size.

use std::io::{Cursor, Read};

use jiff::Timestamp;
use sha1::{Digest, Sha1};

use super::lsn::SegmentName;
use super::page::{LONG, Page, SegmentHeader};
use super::records::Leaf;
use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::{Packing, Tree, damaged, hex, packed};

/// A segment as it lies in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its name without suffixes.
    pub name: SegmentName,
    /// Its number from the beginning of WAL.
    pub number: u64,
    /// Its file, by its name inside the archive.
    pub file: String,
    /// Bytes on disk, compressed as they are.
    pub stored: u64,
    /// When the file was last changed, which is when it was archived, if nobody touched it since.
    pub changed: Option<Timestamp>,
    /// SHA-1 of the contents, where the name has it.
    pub sha1: Option<String>,
    /// What its first page says, once that was read.
    pub header: Option<SegmentHeader>,
}

/// The first page's header and how the file is stored.
pub(super) fn header(tree: &dyn Tree, file: &str) -> Result<(SegmentHeader, u64, Packing), Damage> {
    let (packing, mut bytes) = packed(file, tree.open(file)?)?;
    let mut start = Vec::new();
    (&mut bytes).take(LONG as u64).read_to_end(&mut start).map_err(|error| damaged(file, &error))?;
    if start.is_empty() {
        return Err(Damage::new(DamageKind::Truncated, file, "it is empty").at(0));
    }
    let page = Page::read(&start, file, 0, true)?;
    let header =
        page.long.ok_or_else(|| Damage::new(DamageKind::Corrupt, file, "it has no segment header"))?;
    Ok((header, page.address, packing))
}

/// Hands over every page of a segment, to the end of the file, and makes sure that its size and, where the name has one,
/// its SHA-1 fit.
pub(super) fn pages(
    tree: &dyn Tree,
    segment: &Segment,
    segment_bytes: u64,
    on_page: &mut dyn FnMut(Leaf<'_>) -> Result<(), Damage>,
) -> Result<(), Damage> {
    let file = segment.file.as_str();
    let (_, bytes) = packed(file, tree.open(file)?)?;
    // One byte more tells a file that is too long, whatever a compressed one would unpack to.
    let mut bytes = bytes.take(segment_bytes.saturating_add(1));
    let mut start = Vec::new();
    (&mut bytes).take(LONG as u64).read_to_end(&mut start).map_err(|error| damaged(file, &error).at(0))?;
    let said = Page::read(&start, file, 0, true).ok().and_then(|page| page.long);
    let page_bytes = said.map_or(8192, |said| u64::from(said.page_bytes));
    let mut bytes = Cursor::new(start).chain(bytes);
    let mut sha1 = segment.sha1.as_ref().map(|_| Sha1::new());
    let mut room = Vec::new();
    let mut at = 0_u64;
    // What a page says is told only if the file as a whole gives no better reason.
    let mut within = Ok(());
    loop {
        room.clear();
        (&mut bytes).take(page_bytes).read_to_end(&mut room).map_err(|error| damaged(file, &error).at(at))?;
        if room.is_empty() {
            break;
        }
        if let Some(sha1) = &mut sha1 {
            sha1.update(&room);
        }
        if within.is_ok() && at < segment_bytes {
            let address = segment.number.saturating_mul(segment_bytes).saturating_add(at);
            within = on_page(Leaf { bytes: &room, file, name: segment.name, at, address });
        }
        at += room.len() as u64;
    }
    size(file, segment_bytes, at)?;
    if let (Some(sha1), Some(named)) = (sha1, &segment.sha1) {
        let found = hex(&sha1.finalize());
        if found != *named {
            let place =
                within.as_ref().err().map_or_else(String::new, |damage| format!("; {}", damage.message));
            let message = format!("its name says SHA-1 {named}, and its contents have {found}{place}");
            let damage = Damage::new(DamageKind::Checksum, file, message);
            return Err(within.err().and_then(|within| within.at).into_iter().fold(damage, Damage::at));
        }
    }
    within
}

/// A segment has one size.
pub(super) fn size(file: &str, expected: u64, found: u64) -> Result<(), Damage> {
    if found < expected {
        let message = format!("the segment ends after {found} bytes, and must have {expected}");
        return Err(Damage::new(DamageKind::Truncated, file, message).at(found));
    }
    if found > expected {
        let message = format!("the segment has more than the {expected} bytes that it must have");
        return Err(Damage::new(DamageKind::Size, file, message).at(expected));
    }
    Ok(())
}
