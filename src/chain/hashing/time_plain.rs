//! Instants as they nearly always stand in a column, read and written eight bytes at a time.
//!
//! [`super::time::parse`] reads every spelling, digit by digit. Millions of rows spell their times alike, to the second
//! and at fixed places, and there the digits can be checked and put together all at once.

use super::time::{Civil, month_days};

/// What each byte of a part is, had it digits of 0, and what must be added to it to pass 127 where it is too large: more
/// than 9 where a digit stands, more than nothing elsewhere.
type Pattern = (u64, u64);

const DATE: Pattern = pattern(*b"0000-00-");
const DAY_AND_CLOCK: Pattern = pattern(*b"00 00:00");
const CLOCK: Pattern = pattern(*b"00:00:00");

const fn pattern(zeros: [u8; 8]) -> Pattern {
    let (zeros, mut room, mut at) = (u64::from_le_bytes(zeros), 0u64, 0);
    while at < 64 {
        let digit = zeros >> at & 0xff == b'0' as u64;
        room |= (if digit { 127 - 9 } else { 127 }) << at;
        at += 8;
    }
    (zeros, room)
}

/// Each two digits as one number, at the place of the first.
fn pairs(text: [u8; 8], (zeros, room): Pattern) -> Option<[u8; 8]> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let digits = u64::from_le_bytes(text) ^ zeros;
    // No byte carries into the next one, for those above 127 are refused by themselves.
    if (digits | digits.wrapping_add(room)) & HIGH != 0 {
        return None;
    }
    // At most 99 in each byte.
    Some((digits.wrapping_mul(10).wrapping_add(digits >> 8)).to_le_bytes())
}

/// Reads `YYYY-MM-DD hh:mm:ss[.ffffff][+00]`. `None` says nothing about a text: it is left to the reader of all spellings.
pub(in crate::chain) fn read(text: &[u8]) -> Option<Civil> {
    let part = |from: usize| text.get(from..)?.first_chunk::<8>();
    // From the end on, so that it is seen but once how long the text is.
    let [_, _, _, _, _, _, second, _] = pairs(*part(11)?, CLOCK)?;
    let [day, _, _, hour, _, _, minute, _] = pairs(*part(8)?, DAY_AND_CLOCK)?;
    let [century, _, of_century, _, _, month, _, _] = pairs(*part(0)?, DATE)?;
    let year = u16::from(century) * 100 + u16::from(of_century);
    let there = year != 0 && (1..=12).contains(&month) && day != 0 && hour < 24 && minute < 60 && second < 60;
    if !there || day > month_days(u32::from(year), u32::from(month)) {
        return None;
    }
    let micros = fraction(text.get(19..)?)?;
    Some(Civil { year, month, day, hour, minute, second, micros, nanos: 0 })
}

fn fraction(tail: &[u8]) -> Option<u32> {
    let Some((b'.', digits)) = tail.split_first() else {
        return matches!(tail, b"" | b"+00").then_some(0);
    };
    let digits = digits.strip_suffix(b"+00").unwrap_or(digits);
    let unit = match digits.len() {
        1 => 100_000,
        2 => 10_000,
        3 => 1000,
        4 => 100,
        5 => 10,
        6 => 1,
        _ => return None,
    };
    let mut value = 0u32;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u32::from(digit);
    }
    Some(value * unit)
}

/// `YYYY-MM-DD hh:mm:ss.ffffff`, with something between date and clock; whoever asks takes as much of it as is wanted.
pub(in crate::chain) fn spell(at: Civil, between: u8) -> [u8; 26] {
    let ([a, b], [c, d]) = (two(at.year / 100), two(at.year % 100));
    let ([e, f], [g, h]) = (two(at.month), two(at.day));
    let ([i, j], [k, l], [m, n]) = (two(at.hour), two(at.minute), two(at.second));
    let ([o, p], [q, r], [s, t]) =
        (two(at.micros / 10_000), two(at.micros / 100 % 100), two(at.micros % 100));
    [a, b, c, d, b'-', e, f, b'-', g, h, between, i, j, b':', k, l, b':', m, n, b'.', o, p, q, r, s, t]
}

/// All numbers of two digits.
const TWO: [[u8; 2]; 100] = {
    let (mut all, mut n) = ([[b'0'; 2]; 100], 0u8);
    while n < 100 {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler; n is below 100")]
        {
            all[n as usize] = [b'0' + n / 10, b'0' + n % 10];
        }
        n += 1;
    }
    all
};

/// Two digits of a number below 100.
fn two(n: impl TryInto<usize>) -> [u8; 2] {
    n.try_into().ok().and_then(|n| TWO.get(n)).copied().unwrap_or(*b"00")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::time::{parse, parse_any};
    use super::*;

    /// Times of all spellings, with a byte changed, lost or gained in some.
    fn hostile() -> impl Strategy<Value = String> {
        let clock = "[0-2][0-9]:[0-6][0-9]:[0-6][0-9]";
        let time = (
            "[0-9]{4}-[01][0-9]-[0-3][0-9]",
            prop::sample::select(vec![" ", " ", " ", "T", "", "  "]),
            prop_oneof![clock, clock, "[0-9]{2}:[0-9]{2}"],
            prop_oneof!["", r"\.[0-9]{0,7}", r"\.[0-9]{3}"],
            prop_oneof!["", "Z", r"[+]00", r"[+-][0-9]{2}(:[0-9]{2}(:[0-9]{2})?)?", " BC"],
        )
            .prop_map(|(date, between, clock, fraction, zone)| {
                format!("{date}{between}{clock}{fraction}{zone}")
            });
        (time, any::<prop::sample::Index>(), any::<char>(), 0u8..8).prop_map(|(time, at, other, how)| {
            let mut all: Vec<char> = time.chars().collect();
            let n = at.index(all.len());
            match how {
                0 => all[n] = other,
                1 => drop(all.remove(n)),
                2 => all.insert(n, other),
                // Neighbours of the digits.
                3 => all[n] = if other.is_ascii() { '/' } else { ':' },
                _ => {}
            }
            all.into_iter().collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn both_readers_agree(text in hostile()) {
            prop_assert_eq!(parse(&text), parse_any(&text));
            if let Some(read) = read(text.as_bytes()) {
                prop_assert_eq!(Some(read), parse_any(&text));
            }
        }

        #[test]
        fn what_is_plain_is_read_and_written_back(
            year in 1u16..10_000, month in 1u8..13, day in 1u8..29,
            hour in 0u8..24, minute in 0u8..60, second in 0u8..60, micros in 0u32..1_000_000,
        ) {
            let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}");
            let at = read(text.as_bytes()).unwrap();
            prop_assert_eq!(at, Civil { year, month, day, hour, minute, second, micros, nanos: 0 });
            prop_assert_eq!(&spell(at, b' ')[..], text.as_bytes());
            prop_assert_eq!(read(format!("{text}+00").as_bytes()), Some(at));
            prop_assert_eq!(read(&text.as_bytes()[..19]), Some(Civil { micros: 0, ..at }));
        }
    }

    #[test]
    fn no_byte_stands_for_another() {
        let plain = *b"2024-02-29 23:59:58.123456";
        for at in 0..plain.len() {
            for byte in 0..=255u8 {
                let mut text = plain;
                text[at] = byte;
                let general = std::str::from_utf8(&text).ok().and_then(parse_any);
                let fast = read(&text);
                assert!(fast.is_none() || fast == general, "{byte} at {at}");
                // The general reader also takes a `T`, and an offset for a fraction.
                assert!(fast == general || byte == b'T' || at >= 19, "{byte} at {at}");
            }
        }
    }
}
