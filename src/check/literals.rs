//! Literals: numbers, units, instants, dates.

use bigdecimal::{BigDecimal, ToPrimitive};
use jiff::civil::Date;

use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::Span;
use crate::value::{Type, Value};

/// Longest number, in digits and the point.
const MAX_DIGITS: usize = 100;

const DURATIONS: [(&str, i64); 6] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("min", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

const SIZES: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Units people write and the language does not know, with what was probably meant.
const ALMOST: [(&str, &str); 30] = [
    ("m", "`min` for minutes; months have no fixed length"),
    ("M", "`MB` or `MiB` for sizes, `min` for minutes"),
    ("sec", "`s`"),
    ("secs", "`s`"),
    ("second", "`s`"),
    ("seconds", "`s`"),
    ("mins", "`min`"),
    ("minute", "`min`"),
    ("minutes", "`min`"),
    ("hr", "`h`"),
    ("hrs", "`h`"),
    ("hour", "`h`"),
    ("hours", "`h`"),
    ("day", "`d`"),
    ("days", "`d`"),
    ("w", "days, such as `7d`"),
    ("week", "days, such as `7d`"),
    ("weeks", "days, such as `7d`"),
    ("month", "days, such as `30d`; months have no fixed length"),
    ("months", "days, such as `90d`; months have no fixed length"),
    ("y", "days, such as `365d`"),
    ("year", "days, such as `365d`"),
    ("G", "`GB` (10^9) or `GiB` (2^30)"),
    ("K", "`kB` (10^3) or `KiB` (2^10)"),
    ("k", "`kB` (10^3) or `KiB` (2^10)"),
    ("KB", "`kB` (10^3) or `KiB` (2^10)"),
    ("T", "`TB` (10^12) or `TiB` (2^40)"),
    ("gb", "`GB` (10^9) or `GiB` (2^30)"),
    ("mb", "`MB` (10^6) or `MiB` (2^20)"),
    ("percent", "`%`"),
];

/// Reads `123`, `99.9%`, `1h30min`, `64MiB`.
pub(super) fn quantity(text: &str, negative: bool, span: Span) -> Result<Value, Diagnostic> {
    let (number, unit, rest) = split(text);
    let mut amount = decimal(number, span)?;
    if negative {
        amount = -amount;
    }
    if unit.is_empty() {
        return Ok(Value::Number(amount));
    }
    if unit == "%" {
        return Ok(Value::Percent(amount / BigDecimal::from(100)));
    }
    if let Some((_, bytes)) = SIZES.iter().find(|(word, _)| *word == unit)
        && rest.is_empty()
    {
        return Ok(Value::Size(amount * BigDecimal::from(*bytes)));
    }
    duration(text, span).map(|micros| Value::Duration(if negative { -micros } else { micros }))
}

fn duration(text: &str, span: Span) -> Result<i64, Diagnostic> {
    let mut total = BigDecimal::from(0);
    let mut left = text;
    let mut smallest = i64::MAX;
    while !left.is_empty() {
        let (number, unit, rest) = split(left);
        let Some((_, micros)) = DURATIONS.iter().find(|(word, _)| *word == unit) else {
            return Err(bad_unit(unit, text, span));
        };
        if *micros >= smallest {
            return Err(Diagnostic::error(
                Code::BadUnit,
                format!("`{text}` repeats a unit or has them out of order"),
            )
            .at(span, "here")
            .help("write compound durations from the largest unit to the smallest, such as `1h30min`"));
        }
        smallest = *micros;
        total += decimal(number, span)? * BigDecimal::from(*micros);
        left = rest;
    }
    let whole = total.with_scale(0);
    if whole != total {
        return Err(Diagnostic::error(Code::BadUnit, format!("`{text}` is finer than a microsecond"))
            .at(span, "here")
            .help("microseconds are the resolution of PostgreSQL's clock"));
    }
    whole.to_i64().ok_or_else(|| {
        Diagnostic::error(Code::BadLiteral, format!("`{text}` is longer than can be reckoned with"))
            .at(span, "here")
            .help("write a shorter duration; PostgreSQL's timestamps reach 292 277 years")
    })
}

fn bad_unit(unit: &str, text: &str, span: Span) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(Code::BadUnit, format!("unknown unit `{unit}` in `{text}`")).at(span, "this unit");
    match ALMOST.iter().find(|(word, _)| *word == unit) {
        Some((_, meant)) => diagnostic.help(format!("write {meant}")),
        None => {
            let units: Vec<&str> =
                DURATIONS.iter().map(|(w, _)| *w).chain(SIZES.iter().map(|(w, _)| *w)).chain(["%"]).collect();
            diagnostic.did_you_mean(unit, units)
        }
    }
}

/// The leading number, the unit after it, and what follows.
fn split(text: &str) -> (&str, &str, &str) {
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, tail) = text.split_at_checked(digits).unwrap_or((text, ""));
    let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
    let (unit, rest) = tail.split_at_checked(letters).unwrap_or((tail, ""));
    (number, unit, rest)
}

fn decimal(text: &str, span: Span) -> Result<BigDecimal, Diagnostic> {
    if text.len() > MAX_DIGITS {
        return Err(Diagnostic::error(
            Code::BadLiteral,
            format!("a number of more than {MAX_DIGITS} digits"),
        )
        .at(span, "too long")
        .help("write a shorter number"));
    }
    text.parse().map_err(|_| {
        Diagnostic::error(Code::BadLiteral, format!("`{text}` is not a number")).at(span, "here")
    })
}

/// A value of a type as a policy writes it.
pub(super) fn example(ty: Type) -> &'static str {
    match ty {
        Type::Number => "100",
        Type::Percent => "99.9%",
        Type::Duration => "15min",
        Type::Size => "64MiB",
        Type::Time => "2026-01-14T14:30:00Z",
        Type::Text => "\"text\"",
        Type::Bool => "true",
    }
}

/// A quantity that must be of one type, with the fix in the help when it is not.
pub(super) fn quantity_of(text: &str, negative: bool, ty: Type, span: Span) -> Result<Value, Diagnostic> {
    let value = quantity(text, negative, span)?;
    if value.ty() == ty {
        return Ok(value);
    }
    let example = match ty {
        Type::Duration => format!("`{}min`", split(text).0),
        Type::Percent => format!("`{}%`", split(text).0),
        Type::Size => format!("`{}MiB`", split(text).0),
        _ => format!("`{}`", split(text).0),
    };
    let message = if value.ty() == Type::Number {
        format!("`{text}` has no unit, and a {} is needed here", ty.word())
    } else {
        format!("`{text}` is a {}, and a {} is needed here", value.ty().word(), ty.word())
    };
    Err(Diagnostic::error(Code::BadUnit, message)
        .at(span, format!("needs a {}", ty.word()))
        .help(format!("write for example {example}")))
}

/// An instant: RFC 3339 with an offset.
pub(super) fn instant(text: &str, span: Span) -> Result<Value, Diagnostic> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Value::Time(at));
    }
    let (message, help) = if text.contains('T') {
        match text.parse::<jiff::civil::DateTime>() {
            Ok(_) => (
                format!("`{text}` has no offset"),
                format!("write `{text}Z` for UTC, or an offset such as `{text}+08:00`"),
            ),
            Err(_) => {
                (format!("`{text}` is not an instant"), "write it like `2026-01-14T14:30:00Z`".to_owned())
            }
        }
    } else if text.parse::<Date>().is_err() {
        (
            format!("`{text}` is not an instant"),
            "write a date, a time and an offset, such as `2026-01-14T14:30:00Z`".to_owned(),
        )
    } else {
        (
            format!("`{text}` is a date, and an instant is needed here"),
            format!("write for example `{text}T00:00:00Z`"),
        )
    };
    Err(Diagnostic::error(Code::BadLiteral, message).at(span, "here").help(help))
}

/// A plain date, after `until`.
pub(super) fn date(text: &str, span: Span) -> Result<Date, Diagnostic> {
    if text.contains('T') {
        return Err(Diagnostic::error(
            Code::BadLiteral,
            format!("`{text}` is an instant, and a date is needed here"),
        )
        .at(span, "here")
        .help("`until` is a day and lasts to its end, 24:00 UTC"));
    }
    text.parse().map_err(|_| {
        Diagnostic::error(Code::BadLiteral, format!("`{text}` is not a date of the calendar"))
            .at(span, "here")
            .help("write a day such as `2026-12-31`")
    })
}

/// The value of a parameter given from outside, such as by `--set`.
///
/// # Errors
///
/// A sentence: what is wrong with it, and what to write instead.
pub fn given(text: &str, ty: Type) -> Result<Value, String> {
    let nowhere = Span { file: crate::source_text::FileId(u32::MAX), start: 0, end: 0 };
    let explain = |d: Diagnostic| match d.help {
        Some(help) => format!("{}; {help}", d.message),
        None => d.message,
    };
    match ty {
        Type::Text => Ok(Value::Text(text.to_owned())),
        Type::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(format!("`{text}` is neither `true` nor `false`")),
        },
        Type::Time => instant(text, nowhere).map_err(explain),
        _ => {
            let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
            if !digits.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(format!("`{text}` is not a {}", ty.word()));
            }
            quantity_of(digits, negative, ty, nowhere).map_err(explain)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_text::FileId;

    const AT: Span = Span { file: FileId(0), start: 0, end: 1 };

    fn text(written: &str) -> String {
        match quantity(written, false, AT) {
            Ok(value) => value.to_string(),
            Err(d) => format!("{} {}", d.code.id(), d.help.unwrap_or_default()),
        }
    }

    #[test]
    fn units_are_exact() {
        assert_eq!(text("1h30min"), "1h30min");
        assert_eq!(text("1.5h"), "1h30min");
        assert_eq!(text("99.9%"), "99.9%");
        assert_eq!(text("64MiB"), "64MiB");
        assert_eq!(text("0.01"), "0.01");
    }

    #[test]
    fn doubtful_units_are_refused_with_a_fix() {
        assert!(text("15m").starts_with("HT0203 write `min`"));
        assert!(text("64G").contains("GiB"));
        assert!(text("30min1h").starts_with("HT0203"));
        assert!(text("0.5us").starts_with("HT0203"));
        assert!(text("99999999999d").starts_with("HT0208"));
    }

    #[test]
    fn instants_need_an_offset() {
        assert!(instant("2026-01-14T14:30:00Z", AT).is_ok());
        assert!(instant("2026-01-14T14:30:00+08:00", AT).is_ok());
        assert!(instant("2026-01-14T14:30:00", AT).unwrap_err().help.unwrap().contains('Z'));
        assert!(instant("2026-01-14", AT).is_err());
        assert!(date("2026-02-30", AT).is_err());
    }
}
