//! `global/pg_control`: `ControlFileData` in `catalog/pg_control.h`, on machines of this byte order.

use crc_fast::{CrcAlgorithm, checksum};
use jiff::Timestamp;

use crate::probe::damage::{Damage, DamageKind};
use crate::probe::wal::{Lsn, is_segment_size};

/// Name of the file in a backup.
pub const CONTROL: &str = "global/pg_control";

/// Size of the file in bytes, most of it empty (`PG_CONTROL_FILE_SIZE`).
pub(super) const SIZE: u64 = 8192;

/// Where its checksum is, by its own version: 1300 is that of PostgreSQL 13 to 16.
const CHECKSUM: [(u32, usize); 3] = [(1300, 288), (1700, 288), (1800, 292)];

/// What a control file says, whose checksum fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// The cluster.
    pub system_identifier: u64,
    /// Version of the file's format, such as 1300.
    pub version: u32,
    /// When it was last written.
    pub written: Option<Timestamp>,
    /// The last checkpoint, and where replay would begin from it.
    pub checkpoint: Lsn,
    /// Where replay from that checkpoint begins.
    pub redo: Lsn,
    /// Timeline of that checkpoint.
    pub timeline: u32,
    /// Size of a WAL segment in bytes.
    pub segment_bytes: u64,
    /// Size of a page of a table in bytes.
    pub block_bytes: u32,
    /// Whether pages have checksums.
    pub page_checksums: bool,
}

impl Control {
    /// Reads a control file.
    ///
    /// # Errors
    /// It is too short, its checksum does not fit, or it is of a version that is not known.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, Damage> {
        let number = |from: usize, length: usize| -> Result<u64, Damage> {
            let field = bytes.get(from..from + length).ok_or_else(|| {
                let message = format!("it has {} bytes, and its contents need more", bytes.len());
                Damage::new(DamageKind::Truncated, file, message).at(bytes.len() as u64)
            })?;
            Ok(field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        };
        let narrow = |from: usize| number(from, 4).map(|wide| u32::try_from(wide).unwrap_or_default());
        let version = narrow(8)?;
        let Some((_, at)) = CHECKSUM.iter().find(|(known, _)| *known == version) else {
            // It may as well be a damaged number, which no checksum can tell before its place is known.
            let message =
                format!("it says that it is of version {version}, and 1300, 1700 and 1800 can be read");
            return Err(Damage::new(DamageKind::Unread, file, message).at(8));
        };
        let stated = narrow(*at)?;
        let found = checksum(CrcAlgorithm::Crc32Iscsi, bytes.get(..*at).unwrap_or_default());
        if u64::from(stated) != found {
            let message = format!("it carries the checksum {stated:08x}, and has {found:08x}");
            return Err(Damage::new(DamageKind::Checksum, file, message).at(*at as u64));
        }
        let segment_bytes = number(228, 4)?;
        if !is_segment_size(segment_bytes) {
            let message = format!("it claims WAL segments of {segment_bytes} bytes");
            return Err(Damage::new(DamageKind::Corrupt, file, message).at(228));
        }
        Ok(Self {
            system_identifier: number(0, 8)?,
            version,
            written: i64::try_from(number(24, 8)?).ok().and_then(|at| Timestamp::from_second(at).ok()),
            checkpoint: Lsn(number(32, 8)?),
            redo: Lsn(number(40, 8)?),
            timeline: narrow(48)?,
            segment_bytes,
            block_bytes: narrow(216)?,
            page_checksums: narrow(252)? != 0,
        })
    }
}
