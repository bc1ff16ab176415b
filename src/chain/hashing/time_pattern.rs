//! Times by a pattern in the words of `strftime` (POSIX.1-2017, `strftime`; `%6f` as in chrono, `%-d` as in glibc). Only
//! words that mean the same wherever they are known are taken; names of days and months are English.

use std::io::Write as _;

use serde::{Deserialize, Serialize};

use super::zone::{Local, OffsetForm, offset};

/// A pattern, read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimePattern {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// A number of so many digits, filled up with zeros.
    Number(Part, usize),
    /// `%e`, `%l`: two places, filled up with a blank.
    Blank(Part),
    Name(NameOf, bool),
    /// `AM` or `am`.
    HalfDay(bool),
    /// Digits of the second's fraction.
    Fraction(usize),
    /// `%z`, `%:z`.
    Offset(OffsetForm),
    /// `%Z`.
    ZoneName,
    /// `%s`.
    Epoch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    ShortYear,
    Month,
    Day,
    DayOfYear,
    Hour,
    Hour12,
    Minute,
    Second,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameOf {
    Weekday,
    Month,
}

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The words a pattern may have, for messages.
pub(crate) const WORDS: &str = "%Y %y %m %d %e %j %H %I %l %M %S %p %P %f (six digits) %1f to %9f %a %A %b %B %z %:z %Z %s %F %T %R %D %% and \
    without leading zeros %-m %-d %-H %-I %-M %-S";

impl TimePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// The word that is not taken, or `None` where there is no word at all.
    pub fn new(text: &str) -> Result<Self, Option<String>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if first == '%' { word(rest)? } else { rest.find('%').unwrap_or(rest.len()) };
            let (piece, after) = rest.split_at_checked(length).ok_or_else(|| Some(rest.to_owned()))?;
            rest = after;
            match piece.strip_prefix('%') {
                None => pieces.push(Piece::Literal(piece.to_owned())),
                Some(word) => pieces.extend(meaning(word).ok_or_else(|| Some(piece.to_owned()))?),
            }
        }
        if pieces.iter().all(|piece| matches!(piece, Piece::Literal(_))) {
            return Err(None);
        }
        Ok(Self { text: text.to_owned(), pieces })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many digits of the second's fraction it keeps; `None` when it does not even keep the second.
    pub(crate) fn digits(&self) -> Option<u8> {
        let seconds = |piece: &Piece| matches!(piece, Piece::Number(Part::Second, _) | Piece::Epoch);
        let digits = self.pieces.iter().map(|piece| match piece {
            Piece::Fraction(digits) => u8::try_from(*digits).unwrap_or(9),
            _ => 0,
        });
        self.pieces.iter().any(seconds).then(|| digits.max().unwrap_or(0))
    }

    /// Appends an instant; `None` where a word of the pattern spells it in more than one way.
    pub(crate) fn write(&self, at: &Local, out: &mut Vec<u8>) -> Option<()> {
        let clock = at.clock;
        for piece in &self.pieces {
            // Writing to a vector cannot fail.
            let _ = match piece {
                Piece::Literal(text) => out.write_all(text.as_bytes()),
                Piece::Number(part, width) => {
                    let value = number(*part, at)?;
                    write!(out, "{value:0width$}")
                }
                Piece::Blank(part) => {
                    let value = number(*part, at)?;
                    write!(out, "{value:2}")
                }
                Piece::Name(of, whole) => {
                    let name = match of {
                        NameOf::Weekday => {
                            let days = clock.micros_since_epoch().div_euclid(86_400_000_000);
                            // The first of January 1970 was a Thursday.
                            WEEKDAYS.get(usize::try_from((days + 4).rem_euclid(7)).ok()?)
                        }
                        NameOf::Month => MONTHS.get(usize::from(clock.month).checked_sub(1)?),
                    }?;
                    let name = if *whole { Some(*name) } else { name.get(..3) };
                    out.write_all(name?.as_bytes())
                }
                Piece::HalfDay(upper) => out.write_all(match (clock.hour < 12, upper) {
                    (true, true) => b"AM",
                    (true, false) => b"am",
                    (false, true) => b"PM",
                    (false, false) => b"pm",
                }),
                Piece::Fraction(digits) => {
                    let nanos = format!("{:06}{:03}", clock.micros, clock.nanos);
                    out.write_all(nanos.as_bytes().get(..*digits)?)
                }
                Piece::Offset(form) => {
                    offset(at.offset, *form, out)?;
                    Ok(())
                }
                Piece::ZoneName => {
                    // Places without letters of their own show a number there, which runtimes spell in their own ways.
                    if !at.name.bytes().all(|b| b.is_ascii_alphabetic()) {
                        return None;
                    }
                    out.write_all(at.name.as_bytes())
                }
                Piece::Epoch => {
                    let micros = at.utc.micros_since_epoch();
                    // Before 1970 a fraction counts backwards or forwards, as the runtime likes.
                    let seconds = u64::try_from(micros).ok()? / 1_000_000;
                    write!(out, "{seconds}")
                }
            };
        }
        Some(())
    }
}

impl TryFrom<String> for TimePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text).map_err(|_| format!("no pattern of a time: {text}"))
    }
}

impl From<TimePattern> for String {
    fn from(pattern: TimePattern) -> Self {
        pattern.text
    }
}

/// How long the word is that stands first.
fn word(text: &str) -> Result<usize, Option<String>> {
    let after = text.get(1..).unwrap_or_default();
    let prefix = match after.chars().next() {
        Some('-' | ':' | '1'..='9') => 1,
        _ => 0,
    };
    match after.chars().nth(prefix) {
        Some(letter) => Ok(1 + prefix + letter.len_utf8()),
        None => Err(Some(text.to_owned())),
    }
}

/// What a word stands for, without its `%`.
fn meaning(word: &str) -> Option<Vec<Piece>> {
    let number = Piece::Number;
    let text = |text: &str| Piece::Literal(text.to_owned());
    let (year, month, day) = (number(Part::Year, 4), number(Part::Month, 2), number(Part::Day, 2));
    let (hour, minute, second) = (number(Part::Hour, 2), number(Part::Minute, 2), number(Part::Second, 2));
    let piece = match word {
        "Y" => year,
        "y" => number(Part::ShortYear, 2),
        "m" => month,
        "d" => day,
        "e" => Piece::Blank(Part::Day),
        "j" => number(Part::DayOfYear, 3),
        "H" => hour,
        "I" => number(Part::Hour12, 2),
        "l" => Piece::Blank(Part::Hour12),
        "M" => minute,
        "S" => second,
        "-m" => number(Part::Month, 1),
        "-d" => number(Part::Day, 1),
        "-H" => number(Part::Hour, 1),
        "-I" => number(Part::Hour12, 1),
        "-M" => number(Part::Minute, 1),
        "-S" => number(Part::Second, 1),
        "p" => Piece::HalfDay(true),
        "P" => Piece::HalfDay(false),
        "a" => Piece::Name(NameOf::Weekday, false),
        "A" => Piece::Name(NameOf::Weekday, true),
        "b" => Piece::Name(NameOf::Month, false),
        "B" => Piece::Name(NameOf::Month, true),
        "f" => Piece::Fraction(6),
        "z" => Piece::Offset(OffsetForm::Plain),
        ":z" => Piece::Offset(OffsetForm::Colon),
        "Z" => Piece::ZoneName,
        "s" => Piece::Epoch,
        "%" => text("%"),
        "F" => return Some(vec![year, text("-"), month, text("-"), day]),
        "T" => return Some(vec![hour, text(":"), minute, text(":"), second]),
        "R" => return Some(vec![hour, text(":"), minute]),
        "D" => return Some(vec![month, text("/"), day, text("/"), number(Part::ShortYear, 2)]),
        other => Piece::Fraction(other.strip_suffix('f')?.parse().ok()?),
    };
    Some(vec![piece])
}

fn number(part: Part, at: &Local) -> Option<u32> {
    let clock = at.clock;
    let twelve = u32::from(clock.hour % 12);
    Some(match part {
        // Some runtimes fill up shorter years with zeros, others do not.
        Part::Year => (clock.year > 999).then(|| u32::from(clock.year))?,
        Part::ShortYear => u32::from(clock.year % 100),
        Part::Month => u32::from(clock.month),
        Part::Day => u32::from(clock.day),
        Part::DayOfYear => {
            let days = |at: super::time::Civil| at.micros_since_epoch().div_euclid(86_400_000_000);
            let first = super::time::Civil { month: 1, day: 1, ..clock };
            u32::try_from(days(clock) - days(first) + 1).ok()?
        }
        Part::Hour => u32::from(clock.hour),
        Part::Hour12 => {
            if twelve == 0 {
                12
            } else {
                twelve
            }
        }
        Part::Minute => u32::from(clock.minute),
        Part::Second => u32::from(clock.second),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chain::time;

    fn spelt(pattern: &str, at: &str) -> Option<String> {
        let mut out = Vec::new();
        let at = Local::utc(time::parse(at).unwrap());
        TimePattern::new(pattern).unwrap().write(&at, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn words_that_differ_between_runtimes_are_refused() {
        for (pattern, named) in [
            ("%Y-%q", Some("%q")),
            ("%U", Some("%U")),
            ("%c", Some("%c")),
            ("%Y %", Some("%")),
            ("%-", Some("%-")),
            ("%0f", Some("%0")),
            ("%-Y", Some("%-Y")),
            ("%10f", Some("%10")),
            ("%é", Some("%é")),
            ("", None),
            ("YYYY-MM-DD", None),
        ] {
            assert_eq!(TimePattern::new(pattern).unwrap_err().as_deref(), named, "{pattern}");
        }
    }

    #[test]
    fn what_has_no_single_spelling_is_left_unsaid() {
        assert_eq!(spelt("%Y", "0999-12-31"), None);
        assert_eq!(spelt("%s", "1969-12-31 23:59:59.5"), None);
        assert_eq!(spelt("%H:%M é%%", "0999-12-31").as_deref(), Some("00:00 é%"));
        assert_eq!(spelt("%l%P %1f %9f", "2026-12-31 12:00:00.5").as_deref(), Some("12pm 5 500000000"));
    }

    #[test]
    fn a_pattern_says_what_it_keeps() {
        for (pattern, digits) in
            [("%F", None), ("%F %T", Some(0)), ("%s", Some(0)), ("%F %T.%3f", Some(3)), ("%T.%f", Some(6))]
        {
            assert_eq!(TimePattern::new(pattern).unwrap().digits(), digits, "{pattern}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_pattern_is_read_or_refused(text in "(%?[-:]?.){0,8}") {
            if let Ok(pattern) = TimePattern::new(&text) {
                let mut out = Vec::new();
                let _ = pattern.write(&Local::utc(time::parse("2026-01-02 03:04:05.678901").unwrap()), &mut out);
                prop_assert!(String::from_utf8(out).is_ok());
                let again = serde_json::from_str::<TimePattern>(&serde_json::to_string(&pattern).unwrap());
                prop_assert_eq!(again.unwrap(), pattern);
            }
        }
    }
}
