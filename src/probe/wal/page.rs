//! The header of a WAL page: `XLogPageHeaderData` and `XLogLongPageHeaderData` in `access/xlog_internal.h`, checked as
//! `XLogReaderValidatePageHeader` in `xlogreader.c` does.

use super::lsn::{Lsn, SegmentName, is_segment_size};
use crate::probe::damage::{Damage, DamageKind};

/// Length of the header that most pages have, in bytes.
pub(super) const SHORT: usize = 24;
/// Length of the header of the first page of a segment, in bytes.
pub(super) const LONG: usize = 40;

/// The page begins with the rest of a record.
pub(super) const CONTINUES: u16 = 1;
const IS_LONG: u16 = 2;
/// The record that should go on here was never finished, and this page begins anew.
pub(super) const OVERWRITES: u16 = 8;
const KNOWN: u16 = 15;

/// Page magic by major version (`XLOG_PAGE_MAGIC`).
const MAGIC: [(u16, u32); 6] =
    [(0xd106, 13), (0xd10d, 14), (0xd110, 15), (0xd113, 16), (0xd116, 17), (0xd118, 18)];

/// The major version whose pages have this magic.
#[must_use]
pub fn major(magic: u16) -> Option<u32> {
    MAGIC.iter().find(|(known, _)| *known == magic).map(|(_, major)| *major)
}

/// A page header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) magic: u16,
    pub(super) flags: u16,
    pub(super) timeline: u32,
    pub(super) address: u64,
    /// Bytes that are left of a record from the page before.
    pub(super) left: u32,
    pub(super) long: Option<SegmentHeader>,
}

/// What only the first page of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Major version of PostgreSQL.
    pub major: u32,
    /// Timeline of the first page, which is an older one than that of the name where a timeline began in this segment.
    pub timeline: u32,
    /// The cluster, as `pg_control_system()` shows it.
    pub system_identifier: u64,
    /// Segment size in bytes.
    pub segment_bytes: u64,
    /// Page size in bytes.
    pub page_bytes: u32,
}

impl Page {
    /// Length of the header in bytes.
    pub(super) fn length(&self) -> usize {
        if self.long.is_some() { LONG } else { SHORT }
    }

    /// Reads the header of a page that begins at `at` in a file. `first` says that it is the segment's first page.
    pub(super) fn read(bytes: &[u8], file: &str, at: u64, first: bool) -> Result<Self, Damage> {
        let short = || {
            let message = format!("it ends inside a page header, after {} bytes of it", bytes.len());
            Damage::new(DamageKind::Truncated, file, message).at(at)
        };
        let number = |from: usize, length: usize| -> Result<u64, Damage> {
            let field = bytes.get(from..from + length).ok_or_else(short)?;
            Ok(field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        };
        let corrupt = |message: String| Damage::new(DamageKind::Corrupt, file, message).at(at);
        let magic = u16::try_from(number(0, 2)?).unwrap_or_default();
        let flags = u16::try_from(number(2, 2)?).unwrap_or_default();
        let Some(major) = major(magic) else { return Err(unknown_magic(magic, file, at)) };
        if flags & !KNOWN != 0 {
            return Err(corrupt(format!("the page has unknown flags (0x{flags:04X})")));
        }
        if (flags & IS_LONG != 0) != first {
            let expected =
                if first { "a long header, being the first of a segment" } else { "a short header" };
            return Err(corrupt(format!(
                "the page should have {expected}, and its flags (0x{flags:04X}) say otherwise"
            )));
        }
        let timeline = u32::try_from(number(4, 4)?).unwrap_or_default();
        let mut page = Self {
            magic,
            flags,
            timeline,
            address: number(8, 8)?,
            left: u32::try_from(number(16, 4)?).unwrap_or_default(),
            long: None,
        };
        if timeline == 0 {
            return Err(corrupt("the page says that it is of timeline 0".to_owned()));
        }
        if first {
            let segment_bytes = number(32, 4)?;
            let page_bytes = u32::try_from(number(36, 4)?).unwrap_or_default();
            if !is_segment_size(segment_bytes) {
                return Err(corrupt(format!("the header claims segments of {segment_bytes} bytes")));
            }
            if !page_bytes.is_power_of_two() || !(1 << 10..=1 << 16).contains(&page_bytes) {
                return Err(corrupt(format!("the header claims WAL pages of {page_bytes} bytes")));
            }
            let system_identifier = number(24, 8)?;
            page.long = Some(SegmentHeader { major, timeline, system_identifier, segment_bytes, page_bytes });
        }
        Ok(page)
    }

    /// The page must be at its place, and of a timeline that can be in a segment of that name.
    pub(super) fn belongs(&self, name: SegmentName, address: u64, file: &str, at: u64) -> Result<(), Damage> {
        if self.address != address {
            let (expected, found) = (Lsn(address), Lsn(self.address));
            let message =
                format!("the page should be that of {expected}, and says that it is that of {found}");
            return Err(Damage::new(DamageKind::Corrupt, file, message).at(at));
        }
        if self.timeline > name.timeline {
            let message = format!(
                "the page is of timeline {}, and the file's name says {}",
                self.timeline, name.timeline
            );
            return Err(Damage::new(DamageKind::Foreign, file, message).at(at));
        }
        Ok(())
    }
}

fn unknown_magic(magic: u16, file: &str, at: u64) -> Damage {
    let known =
        format!("PostgreSQL {} to {}", MAGIC.first().map_or(0, |m| m.1), MAGIC.last().map_or(0, |m| m.1));
    if major(magic.swap_bytes()).is_some() {
        let message = "it was written on a machine of the other byte order, and cannot be read here";
        return Damage::new(DamageKind::Unread, file, message).at(at);
    }
    let (kind, why) = match magic {
        0 => (DamageKind::Truncated, "the page is empty".to_owned()),
        // A sound file of another version is not a damaged one, but none that can be vouched for either.
        0xd000..=0xd1ff if at == 0 => (
            DamageKind::Unread,
            format!("its pages have the magic number 0x{magic:04X}, which none of {known} has"),
        ),
        _ => (
            DamageKind::Corrupt,
            format!("no WAL page begins here: magic number 0x{magic:04X}, expected one of {known}"),
        ),
    };
    Damage::new(kind, file, why).at(at)
}
