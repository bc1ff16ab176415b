//! What a file in an archive is, by its name.
//!
//! PostgreSQL's own names are those of `xlog_internal.h`. Archivers add the suffix of a compression or an encryption;
//! pgBackRest also adds the SHA-1 of the contents (`<segment>-<sha1>.gz`) and puts segments in folders named by their
//! first 16 digits, as Barman does.

use super::lsn::SegmentName;

/// Suffixes of compression and encryption. Those that can be read are told by contents, not by these.
const PACKED: [&str; 12] =
    [".gz", ".lz4", ".zst", ".zstd", ".bz2", ".xz", ".lzma", ".br", ".gpg", ".age", ".enc", ".snappy"];

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WalFile {
    /// A segment.
    Segment(SegmentName),
    /// The last segment of a timeline, unfinished when it was archived at a promotion, or still being received.
    Partial(SegmentName),
    /// A note that a base backup began in this segment (`.backup`).
    Backup(SegmentName),
    /// Where a timeline came from (`.history`).
    History(u32),
    /// Something else.
    Other,
}

/// A name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What the file is.
    pub file: WalFile,
    /// SHA-1 of the contents behind any compression, where the name has it (pgBackRest).
    pub sha1: Option<String>,
}

/// Takes the last part of a name apart.
#[must_use]
pub fn parse(base: &str) -> Named {
    let mut plain = base;
    while let Some(rest) = PACKED.iter().find_map(|suffix| plain.strip_suffix(suffix)) {
        plain = rest;
    }
    let mut sha1 = None;
    if let Some((rest, digits)) = plain.rsplit_once('-')
        && digits.len() == 40
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        sha1 = Some(digits.to_owned());
        plain = rest;
    }
    let file = if let Some(segment) = SegmentName::parse(plain) {
        WalFile::Segment(segment)
    } else if let Some(segment) = plain.strip_suffix(".partial").and_then(partial) {
        WalFile::Partial(segment)
    } else if let Some(timeline) = plain.strip_suffix(".history").and_then(timeline) {
        WalFile::History(timeline)
    } else {
        backup(plain).map_or(WalFile::Other, WalFile::Backup)
    };
    Named { file, sha1 }
}

/// pg_receivewal puts the suffix of the compression before `.partial`.
fn partial(text: &str) -> Option<SegmentName> {
    SegmentName::parse(PACKED.iter().find_map(|suffix| text.strip_suffix(suffix)).unwrap_or(text))
}

/// Eight digits (`TLHistoryFileName`).
fn timeline(text: &str) -> Option<u32> {
    let fine = text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    let number = u32::from_str_radix(text, 16).ok()?;
    (fine && number > 0).then_some(number)
}

/// `<segment>.<eight digits>.backup` (`BackupHistoryFileName`).
fn backup(text: &str) -> Option<SegmentName> {
    let (segment, offset) = text.strip_suffix(".backup")?.split_once('.')?;
    let fine = offset.len() == 8 && offset.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fine { SegmentName::parse(segment) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let segment = SegmentName { timeline: 1, high: 0, low: 7 };
        let sha1 = "0123456789abcdef0123456789abcdef01234567";
        for (name, file, hashed) in [
            ("000000010000000000000007", WalFile::Segment(segment), false),
            ("000000010000000000000007.gz", WalFile::Segment(segment), false),
            ("000000010000000000000007.zst.gpg", WalFile::Segment(segment), false),
            (&format!("000000010000000000000007-{sha1}"), WalFile::Segment(segment), true),
            (&format!("000000010000000000000007-{sha1}.lz4"), WalFile::Segment(segment), true),
            (&format!("000000010000000000000007.partial-{sha1}.gz"), WalFile::Partial(segment), true),
            ("000000010000000000000007.partial", WalFile::Partial(segment), false),
            ("000000010000000000000007.gz.partial", WalFile::Partial(segment), false),
            ("000000010000000000000007.00000028.backup", WalFile::Backup(segment), false),
            ("00000002.history", WalFile::History(2), false),
            ("00000002.history.gz", WalFile::History(2), false),
            ("00000000.history", WalFile::Other, false),
            ("000000010000000000000007.tmp", WalFile::Other, false),
            (".000000010000000000000007", WalFile::Other, false),
            ("000000010000000000000007-0123", WalFile::Other, false),
            ("archive.info", WalFile::Other, false),
            ("", WalFile::Other, false),
        ] {
            let named = parse(name);
            assert_eq!((named.file, named.sha1.is_some()), (file, hashed), "{name}");
        }
    }
}
