//! Values of the binary format, spelt as PostgreSQL's output functions do with the settings of a run's session
//! (`DateStyle` ISO, `TimeZone` UTC, `bytea_output` hex). Every function is `None` for bytes that are no value.

use super::words;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Days from year 0, March 1st (proleptic Gregorian) to 2000-01-01.
const TO_2000: i64 = 730_425;

/// `int2out`, `int4out`, `int8out`.
pub(super) fn integer(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let value = words::integer(value)?;
    if value < 0 {
        out.push(b'-');
    }
    unsigned(value.unsigned_abs(), 1, out);
    Some(())
}

/// A number below 100 with two digits.
fn two(value: u64) -> [u8; 2] {
    [value / 10, value % 10].map(|digit| b'0' + u8::try_from(digit).unwrap_or(0))
}

/// A number with at least so many digits.
fn unsigned(mut value: u64, least: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for pair in digits.as_rchunks_mut::<2>().1.iter_mut().rev() {
        if value == 0 {
            break;
        }
        *pair = two(value % 100);
        used += if value < 10 { 1 } else { 2 };
        value /= 100;
    }
    let from = digits.len() - used.max(least).min(digits.len());
    out.extend_from_slice(digits.get(from..).unwrap_or_default());
}

/// `numeric_out`: groups of four digits, the first of which stands for so many groups before the point, and as many digits
/// after it as are displayed (`NumericVar` in `numeric.c`).
pub(super) fn numeric(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (head, groups) = value.split_first_chunk::<8>()?;
    let word = |at: usize| Some(u16::from_be_bytes([*head.get(at)?, *head.get(at + 1)?]));
    let (count, weight, sign, scale) = (word(0)?, word(2)?.cast_signed(), word(4)?, word(6)?);
    match sign {
        0x0000 => {}
        0x4000 => out.push(b'-'),
        0xC000 => return written(out, b"NaN"),
        0xD000 => return written(out, b"Infinity"),
        0xF000 => return written(out, b"-Infinity"),
        _ => return None,
    }
    if groups.len() != usize::from(count) * 2 || scale > 0x3FFF {
        return None;
    }
    let mut groups = groups.as_chunks::<2>().0.iter().map(|group| u16::from_be_bytes(*group));
    if weight < 0 {
        out.push(b'0');
    }
    for place in 0..=weight {
        let group = groups.next().unwrap_or(0);
        unsigned(u64::from(small(group)?), if place == 0 { 1 } else { 4 }, out);
    }
    if scale > 0 {
        out.push(b'.');
        let end = out.len() + usize::from(scale);
        // Groups that stand before the first one are zeros.
        for _ in 1..-i32::from(weight).min(0) {
            if out.len() >= end {
                break;
            }
            out.extend_from_slice(b"0000");
        }
        while out.len() < end {
            unsigned(u64::from(small(groups.next().unwrap_or(0))?), 4, out);
        }
        out.truncate(end);
    }
    Some(())
}

fn small(group: u16) -> Option<u16> {
    (group < 10_000).then_some(group)
}

fn written(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    out.extend_from_slice(text);
    Some(())
}

/// `timestamp_out` and `timestamptz_out`.
pub(super) fn timestamp(value: &[u8], zone: bool, out: &mut Vec<u8>) -> Option<()> {
    let micros = i64::from_be_bytes(value.try_into().ok()?);
    match micros {
        i64::MAX => return written(out, b"infinity"),
        i64::MIN => return written(out, b"-infinity"),
        _ => {}
    }
    let date = Date::of(micros.div_euclid(DAY));
    date.write(out);
    let clock = u64::try_from(micros.rem_euclid(DAY)).ok()?;
    let (seconds, fraction) = (clock / 1_000_000, clock % 1_000_000);
    // In one piece: what is appended one by one costs more than to work it out.
    let ([a, b], [c, d], [e, f]) = (two(seconds / 3600), two(seconds / 60 % 60), two(seconds % 60));
    let ([g, h], [i, j], [k, l]) = (two(fraction / 10_000), two(fraction / 100 % 100), two(fraction % 100));
    let text = [b' ', a, b, b':', c, d, b':', e, f, b'.', g, h, i, j, k, l];
    let end = out.len() + text.len();
    out.extend_from_slice(&text);
    // A fraction has no zeros at its end, and where it is all zeros there is none.
    let zeros = text.iter().rev().take(6).take_while(|digit| **digit == b'0').count();
    out.truncate(end - if zeros == 6 { 7 } else { zeros });
    if zone {
        out.extend_from_slice(b"+00");
    }
    if date.before_christ() {
        out.extend_from_slice(b" BC");
    }
    Some(())
}

/// `date_out`.
pub(super) fn date(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let days = i32::from_be_bytes(value.try_into().ok()?);
    match days {
        i32::MAX => return written(out, b"infinity"),
        i32::MIN => return written(out, b"-infinity"),
        _ => {}
    }
    let date = Date::of(i64::from(days));
    date.write(out);
    if date.before_christ() {
        out.extend_from_slice(b" BC");
    }
    Some(())
}

/// A day; the year 0 is 1 BC.
struct Date {
    year: i64,
    month: u64,
    day: u64,
}

impl Date {
    /// So many days since 2000.
    fn of(days: i64) -> Self {
        // Years that begin in March end with the leap day; 400 of them are 146,097 days.
        let days = days + TO_2000;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Self { year, month: month.unsigned_abs(), day: day.unsigned_abs() }
    }

    fn before_christ(&self) -> bool {
        self.year <= 0
    }

    fn write(&self, out: &mut Vec<u8>) {
        // There is no year 0: before 1 comes 1 BC.
        let year = if self.year > 0 { self.year } else { 1 - self.year }.unsigned_abs();
        if year > 9999 {
            unsigned(year / 10_000, 1, out);
        }
        let ([a, b], [c, d]) = (two(year / 100 % 100), two(year % 100));
        let ([e, f], [g, h]) = (two(self.month), two(self.day));
        out.extend_from_slice(&[a, b, c, d, b'-', e, f, b'-', g, h]);
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn hex(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|digit| HEX.get(usize::from(digit)).copied().unwrap_or(b'0'))
}

/// `uuid_out`.
pub(super) fn uuid(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let bytes: &[u8; 16] = value.try_into().ok()?;
    for (n, byte) in bytes.iter().enumerate() {
        if matches!(n, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.extend(hex(*byte));
    }
    Some(())
}

/// `byteaout`.
pub(super) fn bytea(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\x");
    value.iter().for_each(|byte| out.extend(hex(*byte)));
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::probe::postgres) fn spelt(
        spell: impl FnOnce(&mut Vec<u8>) -> Option<()>,
    ) -> Option<String> {
        let mut out = Vec::new();
        spell(&mut out)?;
        String::from_utf8(out).ok()
    }

    /// A `numeric` in binary.
    pub(in crate::probe::postgres) fn numeric_of(
        weight: i16,
        sign: u16,
        scale: u16,
        groups: &[u16],
    ) -> Vec<u8> {
        let mut value = u16::try_from(groups.len()).unwrap().to_be_bytes().to_vec();
        value.extend(weight.to_be_bytes());
        value.extend(sign.to_be_bytes());
        value.extend(scale.to_be_bytes());
        groups.iter().for_each(|group| value.extend(group.to_be_bytes()));
        value
    }

    fn of_numeric(weight: i16, sign: u16, scale: u16, groups: &[u16]) -> Option<String> {
        spelt(|out| numeric(&numeric_of(weight, sign, scale, groups), out))
    }

    #[test]
    fn numbers_are_spelt_as_the_server_spells_them() {
        for (weight, sign, scale, groups, text) in [
            (0, 0, 0, &[][..], "0"),
            (0, 0, 2, &[], "0.00"),
            (0, 0, 2, &[150, 2500], "150.25"),
            (1, 0x4000, 2, &[1, 0, 5000], "-10000.50"),
            (1, 0, 0, &[12], "120000"),
            (-1, 0, 4, &[1], "0.0001"),
            (-2, 0, 10, &[1234], "0.0000123400"),
            (-3, 0, 5, &[1], "0.00000"),
            (0, 0, 18, &[1, 2345, 6789], "1.234567890000000000"),
            (0, 0xC000, 0, &[], "NaN"),
            (0, 0xF000, 0, &[], "-Infinity"),
        ] {
            assert_eq!(of_numeric(weight, sign, scale, groups).as_deref(), Some(text));
        }
        assert_eq!(of_numeric(0, 0, 0, &[10_000]), None);
        assert_eq!(of_numeric(0, 1, 0, &[1]), None);
        assert_eq!(
            spelt(|out| integer(&i64::MIN.to_be_bytes(), out)).as_deref(),
            Some("-9223372036854775808")
        );
        assert_eq!(spelt(|out| integer(&0i16.to_be_bytes(), out)).as_deref(), Some("0"));
        assert_eq!(spelt(|out| integer(&[1], out)), None);
    }

    #[test]
    fn times_are_spelt_as_the_server_spells_them() {
        let at = |micros: i64, zone| spelt(|out| timestamp(&micros.to_be_bytes(), zone, out)).unwrap();
        assert_eq!(at(0, false), "2000-01-01 00:00:00");
        assert_eq!(at(-1, true), "1999-12-31 23:59:59.999999+00");
        assert_eq!(at(59 * DAY + 1_500_000, false), "2000-02-29 00:00:01.5");
        assert_eq!(at(i64::MAX, true), "infinity");
        assert_eq!(at(-730_119 * DAY, false), "0001-01-01 00:00:00");
        assert_eq!(at(-730_120 * DAY, true), "0001-12-31 00:00:00+00 BC");
        let on_day = |days: i32| spelt(|out| date(&days.to_be_bytes(), out)).unwrap();
        assert_eq!(on_day(9_551), "2026-02-24");
        assert_eq!(on_day(i32::MIN), "-infinity");
        assert_eq!(on_day(-730_486), on(-730_486));
    }

    /// By a calendar of somebody else's.
    fn on(days: i64) -> String {
        let day = jiff::civil::date(2000, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        if day.year() > 0 {
            day.to_string()
        } else {
            format!("{:04}-{:02}-{:02} BC", 1 - day.year(), day.month(), day.day())
        }
    }

    #[test]
    fn every_day_of_four_centuries_and_more_is_the_calendars() {
        for days in (-800_000..800_000).step_by(37) {
            let text = spelt(|out| date(&i32::try_from(days).unwrap().to_be_bytes(), out)).unwrap();
            assert_eq!(text, on(days));
        }
    }
}
