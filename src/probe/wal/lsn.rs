//! Places in WAL: log sequence numbers, timelines, segments.

use std::fmt;
use std::str::FromStr;

/// The segment size of nearly every cluster (`initdb --wal-segsize`).
pub const USUAL_SEGMENT: u64 = 16 << 20;

/// A place in WAL, in bytes from its beginning (`XLogRecPtr`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lsn(pub u64);

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xffff_ffff)
    }
}

impl FromStr for Lsn {
    type Err = ();

    /// Two hexadecimal numbers of at most eight digits with a slash between (`pg_lsn_in_internal`).
    fn from_str(text: &str) -> Result<Self, ()> {
        let half = |text: &str| {
            let fine = (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if fine { u64::from_str_radix(text, 16).map_err(|_| ()) } else { Err(()) }
        };
        let (high, low) = text.split_once('/').ok_or(())?;
        Ok(Self(half(high)? << 32 | half(low)?))
    }
}

/// Whether a cluster can have segments of this many bytes: a power of two from 1 MiB to 1 GiB
/// (`IsValidWalSegSize` in `xlog_internal.h`).
#[must_use]
pub fn is_segment_size(bytes: u64) -> bool {
    bytes.is_power_of_two() && (1 << 20..=1 << 30).contains(&bytes)
}

/// The three numbers that are the name of a segment (`XLogFileName`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentName {
    /// Timeline.
    pub timeline: u32,
    /// Upper half of the address.
    pub high: u32,
    /// Segment within the four gigabytes of `high`.
    pub low: u32,
}

impl SegmentName {
    /// 24 hexadecimal digits in upper case (`IsXLogFileName`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |from: usize| -> Option<u32> { u32::from_str_radix(text.get(from..from + 8)?, 16).ok() };
        let fine = text.len() == 24 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        if !fine {
            return None;
        }
        Some(Self { timeline: digits(0)?, high: digits(8)?, low: digits(16)? })
    }

    /// The name of the segment of this number on a timeline.
    #[must_use]
    pub fn of(timeline: u32, number: u64, segment_bytes: u64) -> Self {
        let in_four = (1_u64 << 32) / segment_bytes.clamp(1, 1 << 32);
        let half = |part: u64| u32::try_from(part).unwrap_or(u32::MAX);
        Self { timeline, high: half(number / in_four), low: half(number % in_four) }
    }

    /// Its number from the beginning of WAL. None if there is no such segment of that size.
    #[must_use]
    pub fn number(self, segment_bytes: u64) -> Option<u64> {
        let in_four = (1_u64 << 32).checked_div(segment_bytes)?;
        let low = u64::from(self.low);
        (self.timeline > 0 && low < in_four).then_some(u64::from(self.high) * in_four + low)
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}{:08X}{:08X}", self.timeline, self.high, self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lsns() {
        assert_eq!("16/B374D848".parse(), Ok(Lsn(0x16_b374_d848)));
        assert_eq!(Lsn(0x16_0000_0028).to_string(), "16/28");
        for wrong in ["", "/", "1/", "/1", "1/123456789", "1/+1", "1/1/1", "g/0", "1 /1"] {
            assert_eq!(wrong.parse::<Lsn>(), Err(()), "{wrong:?}");
        }
    }

    #[test]
    fn names() {
        let name = SegmentName::parse("0000000200000001000000FF").unwrap();
        assert_eq!(name.number(USUAL_SEGMENT), Some(511));
        assert_eq!(SegmentName::of(2, 512, USUAL_SEGMENT).to_string(), "000000020000000200000000");
        assert_eq!(SegmentName::parse("000000020000000100000100").unwrap().number(USUAL_SEGMENT), None);
        assert_eq!(SegmentName::parse("000000000000000000000001").unwrap().number(USUAL_SEGMENT), None);
        assert_eq!(SegmentName::parse("0000000200000001000000ff"), None);
        assert_eq!(SegmentName::parse("0000000200000001000000F"), None);
    }

    proptest! {
        #[test]
        fn a_name_and_its_number(timeline in 1_u32.., number in 0_u64..(1 << 30), shift in 20_u32..=30) {
            let bytes = 1_u64 << shift;
            let number = number >> (shift - 20);
            let name = SegmentName::of(timeline, number, bytes);
            prop_assert_eq!(SegmentName::parse(&name.to_string()), Some(name));
            prop_assert_eq!(name.number(bytes), Some(number));
        }

        #[test]
        fn any_text(text in ".{0,30}") {
            if let Some(name) = SegmentName::parse(&text) {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
