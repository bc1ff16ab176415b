//! Values of cells, read from the text that `COPY` writes.

use super::exact::Exact;
use crate::catalogue::ColumnKind;
use crate::chain::time;
use crate::value::Value;

/// A value of one row, as far as measurements tell them apart.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// An exact number.
    Number(Exact),
    /// Binary floating point, compared as the server compares it.
    Float(f64),
    /// `NaN`, an infinite number or an infinite time: there, but no comparison with it means anything.
    Odd(Odd),
    /// An instant, in microseconds since 1970; a time without zone is read as UTC, as in a session of a run.
    Time(i64),
    /// A span of time in microseconds; months count 30 days and days 24 hours, as where PostgreSQL compares intervals.
    Span(i64),
    /// Text, enums, UUIDs; compared for equality only.
    Text(&'a [u8]),
    /// True or false.
    Bool(bool),
    /// A type that no comparison is defined for; only whether it is NULL matters.
    Opaque,
    /// Not what its column's type says: the archive is damaged, or writes it in a way this program does not know. Whoever
    /// needs its value cannot be told anything.
    Unreadable,
}

/// What is no ordinary value, by PostgreSQL's spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// Not a number.
    NotANumber,
    /// Positive infinity, or a time after all others.
    Infinite,
    /// Negative infinity, or a time before all others.
    MinusInfinite,
}

impl Odd {
    /// A number of its own, from 0 to 2.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::NotANumber => 0,
            Self::Infinite => 1,
            Self::MinusInfinite => 2,
        }
    }

    /// As PostgreSQL spells it.
    #[must_use]
    pub fn word(self, time: bool) -> &'static str {
        match (self, time) {
            (Self::NotANumber, _) => "NaN",
            (Self::Infinite, false) => "Infinity",
            (Self::MinusInfinite, false) => "-Infinity",
            (Self::Infinite, true) => "infinity",
            (Self::MinusInfinite, true) => "-infinity",
        }
    }
}

impl<'a> Cell<'a> {
    /// Reads a cell of a column. Times outside years 1 to 9999 are unreadable.
    #[must_use]
    pub fn read(kind: ColumnKind, text: Option<&'a [u8]>) -> Self {
        Self::readable(kind, text).unwrap_or(Self::Unreadable)
    }

    fn readable(kind: ColumnKind, text: Option<&'a [u8]>) -> Option<Self> {
        let Some(text) = text else { return Some(Self::Null) };
        let odd = |text: &[u8]| match text {
            b"NaN" => Some(Odd::NotANumber),
            b"Infinity" | b"infinity" => Some(Odd::Infinite),
            b"-Infinity" | b"-infinity" => Some(Odd::MinusInfinite),
            _ => None,
        };
        Some(match kind {
            ColumnKind::Integer | ColumnKind::Numeric => match Exact::parse(text) {
                Some(number) => Self::Number(number),
                None => Self::Odd(odd(text)?),
            },
            ColumnKind::Float => match odd(text) {
                Some(odd) => Self::Odd(odd),
                None => Self::Float(utf8(text)?.parse().ok()?),
            },
            ColumnKind::Bool => match text {
                b"t" => Self::Bool(true),
                b"f" => Self::Bool(false),
                _ => return None,
            },
            ColumnKind::Timestamp | ColumnKind::TimestampTz | ColumnKind::Date => match odd(text) {
                Some(odd) => Self::Odd(odd),
                None => Self::Time(time::parse(utf8(text)?)?.micros_since_epoch()),
            },
            ColumnKind::Interval => Self::Span(interval(utf8(text)?)?),
            // Trailing blanks of `char(n)` do not count in any comparison.
            ColumnKind::PaddedText => Self::Text(text.trim_ascii_end()),
            ColumnKind::Text | ColumnKind::Enum | ColumnKind::Uuid => Self::Text(text),
            // `money` is spelt by the locale of whoever wrote the dump.
            ColumnKind::Money
            | ColumnKind::Json
            | ColumnKind::Jsonb
            | ColumnKind::Bytea
            | ColumnKind::Inet
            | ColumnKind::Other => Self::Opaque,
        })
    }

    /// A fixed value beside columns.
    #[must_use]
    pub fn literal(value: &'a Value) -> Self {
        match value {
            Value::Number(n) | Value::Percent(n) | Value::Size(n) => Self::Number(
                Exact::parse(crate::value::plain(n).as_bytes())
                    .unwrap_or_else(|| Exact::Large(Box::new(n.clone()))),
            ),
            Value::Duration(micros) => Self::Span(*micros),
            Value::Time(at) => Self::Time(at.as_microsecond()),
            Value::Text(text) => Self::Text(text.as_bytes()),
            Value::Bool(b) => Self::Bool(*b),
        }
    }
}

fn utf8(text: &[u8]) -> Option<&str> {
    std::str::from_utf8(text).ok()
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Reads an interval as `intervalstyle postgres` writes it, which pg_dump sets, as do a run's sessions:
/// `1 year 2 mons -3 days 04:05:06.789`; or as `iso_8601` does: `P1Y2M-3DT4H5M6.789S`.
fn interval(text: &str) -> Option<i64> {
    if let Some(designated) = text.strip_prefix('P') {
        return iso_interval(designated);
    }
    let mut total = 0i64;
    let mut words = text.split(' ');
    while let Some(word) = words.next() {
        if word.contains(':') {
            let (sign, clock) = match word.strip_prefix('-') {
                Some(rest) => (-1, rest),
                None => (1, word.strip_prefix('+').unwrap_or(word)),
            };
            let mut parts = clock.split(':');
            let hours: i64 = parts.next()?.parse().ok()?;
            let minutes: i64 = parts.next()?.parse().ok()?;
            let (seconds, fraction) =
                parts.next().map_or(("0", ""), |s| s.split_once('.').unwrap_or((s, "")));
            let seconds: i64 = seconds.parse().ok()?;
            let micros: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<6}").parse().ok()? };
            if fraction.len() > 6 || parts.next().is_some() {
                return None;
            }
            let clock = hours.checked_mul(3600)?.checked_add(minutes * 60)?.checked_add(seconds)?;
            total = total.checked_add(sign * clock.checked_mul(SECOND)?.checked_add(micros)?)?;
            continue;
        }
        let n: i64 = word.parse().ok()?;
        let days = match words.next()?.trim_end_matches('s') {
            "year" => 360,
            "mon" => 30,
            "day" => 1,
            _ => return None,
        };
        total = total.checked_add(n.checked_mul(days)?.checked_mul(DAY)?)?;
    }
    Some(total)
}

/// The designated parts of an interval: numbers, each with a letter behind it, which means another thing behind the `T`.
fn iso_interval(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once('T').unwrap_or((text, ""));
    if text.is_empty() || text.ends_with('T') {
        return None;
    }
    let mut total = 0i64;
    for (mut rest, units) in [
        (date, [('Y', 360 * DAY), ('M', 30 * DAY), ('D', DAY)]),
        (clock, [('H', 3600 * SECOND), ('M', 60 * SECOND), ('S', SECOND)]),
    ] {
        while !rest.is_empty() {
            let at = rest.find(|c: char| c.is_ascii_alphabetic())?;
            let (number, behind) = rest.split_at_checked(at)?;
            let letter = behind.chars().next()?;
            rest = behind.get(1..)?;
            let unit = units.iter().find(|(known, _)| *known == letter)?.1;
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            let count: i64 = if whole == "-" { 0 } else { whole.parse().ok()? };
            total = total.checked_add(count.checked_mul(unit)?)?;
            if !fraction.is_empty() {
                if letter != 'S' || fraction.len() > 6 {
                    return None;
                }
                let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
                total = total.checked_add(if number.starts_with('-') { -micros } else { micros })?;
            }
        }
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_count_as_postgresql_compares_them() {
        for (text, micros) in [
            ("00:00:00", 0),
            ("1 day", DAY),
            ("1 mon -1 days", 29 * DAY),
            ("-00:00:01.5", -1_500_000),
            ("1 year 2 mons 3 days 04:05:06.789", 423 * DAY + 14_706_789_000),
            ("PT0S", 0),
            ("P1M-1D", 29 * DAY),
            ("PT-1.5S", -1_500_000),
            ("PT-0.5S", -500_000),
            ("P1Y2M3DT4H5M6.789S", 423 * DAY + 14_706_789_000),
        ] {
            assert_eq!(interval(text), Some(micros), "{text}");
        }
        for text in ["1 fortnight", "P", "P1", "P1W", "PT1.5H", "P1DT", "1:2:3:4", "99999999999999 years"] {
            assert_eq!(interval(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_ordinary_value_is_told_apart() {
        assert!(matches!(Cell::read(ColumnKind::Numeric, Some(b"NaN")), Cell::Odd(Odd::NotANumber)));
        assert!(matches!(
            Cell::read(ColumnKind::Timestamp, Some(b"-infinity")),
            Cell::Odd(Odd::MinusInfinite)
        ));
        assert!(matches!(Cell::read(ColumnKind::Date, Some(b"2026-02-30")), Cell::Unreadable));
        assert!(matches!(Cell::read(ColumnKind::Bool, Some(b"true")), Cell::Unreadable));
        assert!(matches!(Cell::read(ColumnKind::Integer, None), Cell::Null));
    }
}
