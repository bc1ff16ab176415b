//! Instants: read from PostgreSQL's ISO text, written as the hashing runtime spells them.

use super::spec::TimePreset;
use super::{number, time_plain};

const DAY: i64 = 86_400_000_000;
/// Microseconds from the first of January of year 1 to 1970.
const SINCE_YEAR_ONE: i64 = 62_135_596_800_000_000;

/// A UTC date and time of day with microseconds, in years 1 to 9999, which every runtime spells alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(in crate::chain) year: u16,
    pub(in crate::chain) month: u8,
    pub(in crate::chain) day: u8,
    pub(in crate::chain) hour: u8,
    pub(in crate::chain) minute: u8,
    pub(in crate::chain) second: u8,
    pub(in crate::chain) micros: u32,
    /// Nanoseconds beyond them, which no column keeps and a search may try.
    pub(in crate::chain) nanos: u16,
}

/// Reads `YYYY-MM-DD[ HH:MM:SS[.ffffff][+HH[:MM[:SS]]]]`. A text without offset is UTC.
/// `None` for `infinity`, years before 1 or after 9999, and anything else.
pub(crate) fn parse(text: &str) -> Option<Civil> {
    time_plain::read(text.as_bytes()).or_else(|| parse_any(text))
}

/// Reads every spelling, digit by digit.
pub(in crate::chain) fn parse_any(text: &str) -> Option<Civil> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    expect(&mut rest, b"-")?;
    let month = number(&mut rest, 2)?;
    expect(&mut rest, b"-")?;
    let day = number(&mut rest, 2)?;
    let mut civil = Civil {
        year: u16::try_from(year).ok()?,
        month: u8::try_from(month).ok()?,
        day: u8::try_from(day).ok()?,
        hour: 0,
        minute: 0,
        second: 0,
        micros: 0,
        nanos: 0,
    };
    if year == 0 || !(1..=12).contains(&month) || day == 0 || civil.day > month_days(year, month) {
        return None;
    }
    if rest.is_empty() {
        return Some(civil);
    }
    expect(&mut rest, b" T")?;
    let hour = number(&mut rest, 2)?;
    expect(&mut rest, b":")?;
    let minute = number(&mut rest, 2)?;
    expect(&mut rest, b":")?;
    let second = number(&mut rest, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    civil.hour = u8::try_from(hour).ok()?;
    civil.minute = u8::try_from(minute).ok()?;
    civil.second = u8::try_from(second).ok()?;
    if let Some((b'.', digits)) = rest.split_first() {
        let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        if length == 0 || length > 6 {
            return None;
        }
        rest = digits;
        let value = number(&mut rest, length)?;
        civil.micros = value * 10u32.pow(6 - u32::try_from(length).ok()?);
    }
    match rest.split_first() {
        None => Some(civil),
        Some((sign @ (b'+' | b'-'), offset)) => {
            rest = offset;
            let hours = number(&mut rest, 2)?;
            let minutes = if expect(&mut rest, b":").is_some() { number(&mut rest, 2)? } else { 0 };
            let seconds = if expect(&mut rest, b":").is_some() { number(&mut rest, 2)? } else { 0 };
            if !rest.is_empty() {
                return None;
            }
            let east = i64::from(hours * 3600 + minutes * 60 + seconds) * 1_000_000;
            match (east, sign) {
                (0, _) => Some(civil),
                (_, b'+') => civil.shifted(-east),
                _ => civil.shifted(east),
            }
        }
        Some((b'Z', [])) => Some(civil),
        Some(_) => None,
    }
}

fn expect(rest: &mut &[u8], any_of: &[u8]) -> Option<()> {
    let (first, tail) = rest.split_first()?;
    any_of.contains(first).then(|| *rest = tail)
}

fn number(rest: &mut &[u8], digits: usize) -> Option<u32> {
    let (head, tail) = rest.split_at_checked(digits)?;
    let mut value = 0u32;
    for byte in head {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u32::from(byte - b'0');
    }
    *rest = tail;
    Some(value)
}

pub(in crate::chain) fn month_days(year: u32, month: u32) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl TimePreset {
    /// Whether it spells digits of the second beyond microseconds, where there are any.
    pub(crate) fn is_finer(self) -> bool {
        matches!(
            self,
            Self::Java
                | Self::JavaLocal
                | Self::JavaOffset
                | Self::JavaTimestamp
                | Self::Chrono
                | Self::ChronoStr
                | Self::ChronoNaive
                | Self::Go
                | Self::GoStr
                | Self::Dotnet
                | Self::DotnetOffset
                | Self::EpochNanos
                | Self::EpochTicks
        )
    }
}

impl Civil {
    /// Microseconds since 1970.
    pub(crate) fn micros_since_epoch(self) -> i64 {
        // Days from a civil date, counting years from March so that the leap day comes last.
        let (y, m) = (i64::from(self.year), i64::from(self.month));
        let y = if m <= 2 { y - 1 } else { y };
        let era = y.div_euclid(400);
        let year_of_era = y - era * 400;
        let day_of_year = (153 * (m + if m > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        let seconds = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days * DAY + seconds * 1_000_000 + i64::from(self.micros)
    }

    /// The instant that many nanoseconds later; `None` outside years 1 to 9999.
    pub(crate) fn shifted_nanos(self, nanos: i64) -> Option<Self> {
        let all = nanos.checked_add(i64::from(self.nanos))?;
        let micros = self.shifted(all.div_euclid(1_000))?;
        Some(Self { nanos: u16::try_from(all.rem_euclid(1_000)).ok()?, ..micros })
    }

    /// The instant that many microseconds later; `None` outside years 1 to 9999.
    pub(crate) fn shifted(self, micros: i64) -> Option<Self> {
        let at = self.micros_since_epoch().checked_add(micros)?;
        let (days, in_day) = (at.div_euclid(DAY), at.rem_euclid(DAY));
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let seconds = in_day / 1_000_000;
        let civil = Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day_of_year - (153 * month_from_march + 2) / 5 + 1).ok()?,
            hour: u8::try_from(seconds / 3600).ok()?,
            minute: u8::try_from(seconds / 60 % 60).ok()?,
            second: u8::try_from(seconds % 60).ok()?,
            micros: u32::try_from(in_day % 1_000_000).ok()?,
            nanos: self.nanos,
        };
        (1..=9999).contains(&civil.year).then_some(civil)
    }

    /// Appends the instant as `preset` spells it in UTC.
    pub(crate) fn write(self, preset: TimePreset, out: &mut Vec<u8>) {
        self.clock(preset, out);
        out.extend_from_slice(match preset {
            TimePreset::Js
            | TimePreset::PyZ
            | TimePreset::Java
            | TimePreset::JavaOffset
            | TimePreset::Go
            | TimePreset::Dotnet
            | TimePreset::IsoSeconds
            | TimePreset::IsoMillis
            | TimePreset::IsoMicros => b"Z",
            TimePreset::Py
            | TimePreset::PyStrTz
            | TimePreset::Chrono
            | TimePreset::DotnetOffset
            | TimePreset::Laravel
            | TimePreset::PgJson => b"+00:00",
            TimePreset::PgTz => b"+00",
            TimePreset::ChronoStr => b" UTC",
            TimePreset::GoStr => b" +0000 UTC",
            TimePreset::PyNaive
            | TimePreset::PyStr
            | TimePreset::PyEpoch
            | TimePreset::JavaLocal
            | TimePreset::JavaTimestamp
            | TimePreset::ChronoNaive
            | TimePreset::Pg
            | TimePreset::EpochSeconds
            | TimePreset::EpochSecondsRound
            | TimePreset::EpochMillis
            | TimePreset::EpochMicros
            | TimePreset::EpochNanos
            | TimePreset::EpochTicks => b"",
        });
    }

    /// Appends what `preset` spells before the zone, or all of a number.
    pub(in crate::chain) fn clock(self, preset: TimePreset, out: &mut Vec<u8>) {
        let us = self.micros;
        let ns = us * 1_000 + u32::from(self.nanos);
        match preset {
            TimePreset::Js | TimePreset::IsoMillis => self.date_time(b'T', true, 3, out),
            TimePreset::IsoMicros => self.date_time(b'T', true, 6, out),
            TimePreset::Dotnet | TimePreset::DotnetOffset => {
                self.date_time(b'T', true, 7, out);
            }
            TimePreset::IsoSeconds | TimePreset::Laravel => self.date_time(b'T', true, 0, out),
            TimePreset::Py | TimePreset::PyZ | TimePreset::PyNaive => {
                self.date_time(b'T', true, if us == 0 { 0 } else { 6 }, out);
            }
            TimePreset::PyStr | TimePreset::PyStrTz => {
                self.date_time(b' ', true, if us == 0 { 0 } else { 6 }, out);
            }
            TimePreset::Java | TimePreset::Chrono | TimePreset::ChronoNaive => {
                self.date_time(b'T', true, grouped(ns), out);
            }
            TimePreset::ChronoStr => self.date_time(b' ', true, grouped(ns), out),
            TimePreset::JavaLocal | TimePreset::JavaOffset => {
                self.date_time(b'T', self.second != 0 || ns != 0, grouped(ns), out);
            }
            TimePreset::JavaTimestamp => self.date_time(b' ', true, trimmed(ns).max(1), out),
            TimePreset::Go => self.date_time(b'T', true, trimmed(ns), out),
            TimePreset::GoStr => self.date_time(b' ', true, trimmed(ns), out),
            TimePreset::PgJson => self.date_time(b'T', true, trimmed(us * 1_000), out),
            TimePreset::Pg | TimePreset::PgTz => self.date_time(b' ', true, trimmed(us * 1_000), out),
            // Towards the past, as every runtime's integer clock does.
            TimePreset::EpochSeconds => integer(self.micros_since_epoch().div_euclid(1_000_000), out),
            TimePreset::EpochMillis => integer(self.micros_since_epoch().div_euclid(1000), out),
            TimePreset::EpochMicros => integer(self.micros_since_epoch(), out),
            TimePreset::EpochNanos => {
                // Nanoseconds of year 9999 do not fit 64 bits.
                let nanos = i128::from(self.micros_since_epoch()) * 1_000 + i128::from(self.nanos);
                out.extend_from_slice(nanos.to_string().as_bytes());
            }
            TimePreset::EpochSecondsRound => {
                let micros = self.micros_since_epoch();
                let half = if micros < 0 { -500_000 } else { 500_000 };
                integer((micros + half) / 1_000_000, out);
            }
            // Year 9999 has fewer than 2^63 of them.
            TimePreset::EpochTicks => {
                integer((self.micros_since_epoch() + SINCE_YEAR_ONE) * 10 + i64::from(self.nanos / 100), out);
            }
            TimePreset::PyEpoch => {
                let micros = self.micros_since_epoch();
                let (sign, all) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
                let exact = format!("{sign}{}.{:06}", all / 1_000_000, all % 1_000_000);
                // Always a number: the nearest float is what CPython's true division yields.
                let _ = number::python_float(&exact, false, out);
            }
        }
    }

    /// Date and clock, to the minute or the second, and so many digits of its fraction.
    fn date_time(self, between: u8, seconds: bool, digits: usize, out: &mut Vec<u8>) {
        let text = time_plain::spell(self, between);
        let length = match (seconds, digits) {
            (false, 0) => 16,
            (true, 0) => 19,
            _ => 20 + digits.min(6),
        };
        out.extend_from_slice(text.get(..length).unwrap_or(&text));
        if digits > 6 {
            let finer = [self.nanos / 100, self.nanos / 10 % 10, self.nanos % 10];
            let written =
                finer.into_iter().filter_map(|digit| u8::try_from(digit).ok()).map(|digit| b'0' + digit);
            out.extend(written.take(digits - 6));
        }
    }
}

/// Digits of a fraction in nanoseconds without trailing zeros.
fn trimmed(nanos: u32) -> usize {
    if nanos == 0 {
        return 0;
    }
    let (mut digits, mut rest) = (9, nanos);
    while rest.is_multiple_of(10) {
        rest /= 10;
        digits -= 1;
    }
    digits
}

/// Digits of a fraction in nanoseconds in groups of three.
fn grouped(nanos: u32) -> usize {
    match nanos {
        0 => 0,
        ns if ns.is_multiple_of(1_000_000) => 3,
        ns if ns.is_multiple_of(1_000) => 6,
        _ => 9,
    }
}

/// Appends an integer in decimal.
pub(crate) fn integer(n: i64, out: &mut Vec<u8>) {
    use std::io::Write as _;
    // Writing to a vector cannot fail.
    let _ = write!(out, "{n}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(cell: &str, preset: TimePreset) -> String {
        let mut out = Vec::new();
        parse(cell).unwrap().write(preset, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// Each line was printed by the runtime itself or follows its measured rule.
    #[test]
    fn presets_spell_as_their_runtime() {
        use TimePreset as P;
        let whole = "2026-01-02 03:04:00";
        let milli = "2026-01-02 03:04:00.678";
        let micro = "2026-01-02 03:04:00.678901+00";
        let tenth = "2026-01-02 03:04:00.1";
        for (preset, expected) in [
            (P::Js, ["03:04:00.000Z", "03:04:00.678Z", "03:04:00.678Z", "03:04:00.100Z"]),
            (
                P::Py,
                ["03:04:00+00:00", "03:04:00.678000+00:00", "03:04:00.678901+00:00", "03:04:00.100000+00:00"],
            ),
            (P::PyNaive, ["03:04:00", "03:04:00.678000", "03:04:00.678901", "03:04:00.100000"]),
            (P::Java, ["03:04:00Z", "03:04:00.678Z", "03:04:00.678901Z", "03:04:00.100Z"]),
            (P::JavaLocal, ["03:04", "03:04:00.678", "03:04:00.678901", "03:04:00.100"]),
            (P::Go, ["03:04:00Z", "03:04:00.678Z", "03:04:00.678901Z", "03:04:00.1Z"]),
            (P::Dotnet, ["03:04:00.0000000Z", "03:04:00.6780000Z", "03:04:00.6789010Z", "03:04:00.1000000Z"]),
            (P::IsoSeconds, ["03:04:00Z", "03:04:00Z", "03:04:00Z", "03:04:00Z"]),
            (P::IsoMillis, ["03:04:00.000Z", "03:04:00.678Z", "03:04:00.678Z", "03:04:00.100Z"]),
            (P::IsoMicros, ["03:04:00.000000Z", "03:04:00.678000Z", "03:04:00.678901Z", "03:04:00.100000Z"]),
            (P::Laravel, ["03:04:00+00:00", "03:04:00+00:00", "03:04:00+00:00", "03:04:00+00:00"]),
        ] {
            for (cell, clock) in [whole, milli, micro, tenth].into_iter().zip(expected) {
                assert_eq!(spelt(cell, preset), format!("2026-01-02T{clock}"), "{preset:?} of {cell}");
            }
        }
        assert_eq!(spelt(micro, P::PyStr), "2026-01-02 03:04:00.678901");
        assert_eq!(spelt(whole, P::PyStr), "2026-01-02 03:04:00");
        assert_eq!(spelt(tenth, P::Pg), "2026-01-02 03:04:00.1");
        assert_eq!(spelt(micro, P::PgTz), "2026-01-02 03:04:00.678901+00");
        assert_eq!(spelt(micro, P::EpochSeconds), "1767323040");
        assert_eq!(spelt(micro, P::EpochMillis), "1767323040678");
        assert_eq!(spelt(micro, P::EpochMicros), "1767323040678901");
        assert_eq!(spelt(micro, P::EpochNanos), "1767323040678901000");
        assert_eq!(spelt("2026-01-02 03:04:05", P::JavaLocal), "2026-01-02T03:04:05");
    }

    #[test]
    fn times_before_1970_go_towards_the_past() {
        assert_eq!(spelt("1969-12-31 23:59:59.9995", TimePreset::EpochMillis), "-1");
        assert_eq!(spelt("1969-12-31 23:59:59.9995", TimePreset::Js), "1969-12-31T23:59:59.999Z");
        assert_eq!(spelt("0001-01-01", TimePreset::EpochMillis), "-62135596800000");
        assert_eq!(spelt("1970-01-01", TimePreset::EpochNanos), "0");
    }

    #[test]
    fn offsets_are_taken_to_utc() {
        assert_eq!(spelt("2026-01-01 00:30:00+05:30", TimePreset::IsoSeconds), "2025-12-31T19:00:00Z");
        assert_eq!(spelt("2024-02-28 22:00:00-05", TimePreset::IsoSeconds), "2024-02-29T03:00:00Z");
    }

    #[test]
    fn what_is_no_plain_instant_is_refused() {
        for text in [
            "infinity",
            "-infinity",
            "",
            "0044-03-15 00:00:00 BC",
            "10000-01-01 00:00:00",
            "2026-02-29",
            "2026-13-01",
            "2026-01-01 24:00:00",
            "2026-01-01 00:00",
            "2026-01-01 00:00:00.",
            "2026-01-01 00:00:00.1234567",
            "2026-01-01 00:00:00 +",
            "0001-01-01 00:00:00+01",
            "2026-01-01x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn shifting_agrees_with_an_independent_calendar() {
        let start = parse("1999-12-31 23:59:59.999999").unwrap();
        for step in [1i64, -1, 86_400_000_000 * 60, -86_400_000_000 * 400, 3_155_760_000_000_000] {
            let ours = start.shifted(step).unwrap();
            let theirs = jiff::Timestamp::from_microsecond(start.micros_since_epoch() + step).unwrap();
            let mut out = Vec::new();
            ours.write(TimePreset::IsoMicros, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{theirs:.6}"));
            assert_eq!(ours.micros_since_epoch(), theirs.as_microsecond());
        }
    }

    #[test]
    fn nanoseconds_are_written_by_those_who_have_them() {
        let at = parse("2026-01-02 03:04:05.678901").unwrap().shifted_nanos(-655).unwrap();
        for (preset, expected) in [
            (TimePreset::Go, "2026-01-02T03:04:05.678900345Z"),
            (TimePreset::Java, "2026-01-02T03:04:05.678900345Z"),
            (TimePreset::JavaTimestamp, "2026-01-02 03:04:05.678900345"),
            (TimePreset::Chrono, "2026-01-02T03:04:05.678900345+00:00"),
            (TimePreset::Dotnet, "2026-01-02T03:04:05.6789003Z"),
            (TimePreset::Py, "2026-01-02T03:04:05.678900+00:00"),
            (TimePreset::Pg, "2026-01-02 03:04:05.6789"),
            (TimePreset::EpochNanos, "1767323045678900345"),
            (TimePreset::EpochTicks, "639029198456789003"),
        ] {
            let mut out = Vec::new();
            at.write(preset, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let before = parse("1969-12-31 23:59:59.999999").unwrap().shifted_nanos(1).unwrap();
        let mut out = Vec::new();
        before.write(TimePreset::EpochNanos, &mut out);
        assert_eq!(out, b"-999");
    }
}
