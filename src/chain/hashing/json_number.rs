//! Numbers in JSON as a runtime's own serialiser spells them. What versions of a runtime spell differently is refused, so
//! that a row is unproven and not called changed.

use super::float_forms;
use super::json_profile::{JsonProfile, PgJson, PyJson};
use super::number::{self, NumberIssue};

/// Appends a number read from JSON.
pub(crate) fn number(profile: JsonProfile, text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let start = out.len();
    match profile {
        JsonProfile::Py(_) | JsonProfile::Rails {} | JsonProfile::Jackson { .. }
            if number::is_integer(text) =>
        {
            number::python_integer(text, out);
            return Ok(());
        }
        JsonProfile::Py(_) => number::python_float(text, false, out)?,
        JsonProfile::Php(_) if number::is_integer(text) && text.parse::<i64>().is_ok() => {
            number::python_integer(text, out);
            return Ok(());
        }
        JsonProfile::Php(php) => number::php_float(text, php.zeros, out)?,
        JsonProfile::Rails {} => float_forms::ruby(text, out)?,
        JsonProfile::Jackson { jdk19, .. } => float_forms::java(text, jdk19, out)?,
        JsonProfile::Serde { insertion, .. } if number::is_integer(text) => {
            return serde_integer(text, insertion, out);
        }
        JsonProfile::Serde { .. } => float_forms::serde(text, out)?,
        JsonProfile::Stj { .. } => return verbatim(text, out),
        JsonProfile::Pg(_) => return pg_numeric(text, out),
        _ => ecmascript(profile, text, out)?,
    }
    exactly(profile, text, start, out)
}

/// A runtime that holds binary64 cannot have told a number from its neighbours, and neither can its hash: what is stored now
/// may have been changed since, so the row is not proven.
fn exactly(profile: JsonProfile, text: &str, start: usize, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    if !number::is_same(text, out.get(start..).unwrap_or_default()) {
        return Err(NumberIssue::Inexact);
    }
    if matches!(profile, JsonProfile::Py(PyJson { ints: true, .. })) {
        out.truncate(start);
        number::python_float(text, true, out)?;
    }
    Ok(())
}

/// Appends a number of an exact SQL type.
pub(crate) fn numeric(profile: JsonProfile, text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    match profile {
        // BigDecimal, which ActiveSupport writes as a string; a column without a scale could also be an Integer there.
        JsonProfile::Rails {} => {
            if !plain(text) || !text.contains('.') {
                return Err(special(text));
            }
            let short = text.trim_end_matches('0');
            let zero = if short.ends_with('.') { "0" } else { "" };
            out.extend([b"\"", short.as_bytes(), zero.as_bytes(), b"\""].concat());
            Ok(())
        }
        JsonProfile::Jackson { .. } => float_forms::java_decimal(text, out),
        JsonProfile::Stj { .. } => {
            // System.Decimal holds 28 digits.
            if !plain(text) || text.bytes().filter(u8::is_ascii_digit).count() > 28 {
                return Err(special(text));
            }
            let zero = text.bytes().all(|b| matches!(b, b'0' | b'.' | b'-'));
            let text = if zero { text.trim_start_matches('-') } else { text };
            out.extend_from_slice(text.as_bytes());
            Ok(())
        }
        JsonProfile::Pg(_) if matches!(text, "NaN" | "Infinity" | "-Infinity") => {
            quoted(text, out);
            Ok(())
        }
        JsonProfile::Pg(_) => pg_numeric(text, out),
        _ => number(profile, text, out),
    }
}

/// Appends an integer that the runtime held as one.
pub(crate) fn integer(profile: JsonProfile, text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    match profile {
        JsonProfile::Go { .. }
        | JsonProfile::Rails {}
        | JsonProfile::Serde { .. }
        | JsonProfile::Stj { .. }
        | JsonProfile::Jackson { .. }
        | JsonProfile::Pg(_)
            if number::is_integer(text) =>
        {
            number::python_integer(text, out);
            Ok(())
        }
        _ => number(profile, text, out),
    }
}

/// Appends a number read from a binary floating-point column.
pub(crate) fn float(profile: JsonProfile, text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let not_finite = matches!(text, "NaN" | "Infinity" | "-Infinity");
    match profile {
        JsonProfile::Py(py) => number::python_float(text, py.ints, out),
        JsonProfile::Php(php) => number::php_float(text, php.zeros, out),
        JsonProfile::Rails {} | JsonProfile::Serde { .. } if not_finite => {
            out.extend_from_slice(b"null");
            Ok(())
        }
        JsonProfile::Jackson { .. } | JsonProfile::Pg(_) if not_finite => {
            quoted(text, out);
            Ok(())
        }
        JsonProfile::Rails {} => float_forms::ruby(text, out),
        JsonProfile::Serde { .. } => float_forms::serde(text, out),
        JsonProfile::Jackson { jdk19, .. } => float_forms::java(text, jdk19, out),
        JsonProfile::Stj { .. } => float_forms::dotnet(text, out),
        JsonProfile::Pg(PgJson::Jsonb) => pg_numeric(text, out),
        JsonProfile::Pg(_) => {
            out.extend_from_slice(text.as_bytes());
            Ok(())
        }
        _ => ecmascript(profile, text, out),
    }
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Whether a text is a number without an exponent.
fn plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all(whole) && all(fraction)
}

fn special(text: &str) -> NumberIssue {
    match text {
        "NaN" | "Infinity" | "-Infinity" => NumberIssue::NotFinite,
        _ if plain(text) => NumberIssue::Inexact,
        _ => NumberIssue::Unreadable,
    }
}

/// Integers are held in 64 bits. Larger ones become floats, but not in pydantic.
fn serde_integer(text: &str, insertion: bool, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    if text == "-0" {
        // A float to serde_json, an integer to Python.
        return Err(NumberIssue::Inexact);
    }
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    if insertion {
        return Err(NumberIssue::Inexact);
    }
    let start = out.len();
    float_forms::serde(text, out)?;
    exactly(JsonProfile::Serde { sorted: true, insertion }, text, start, out)
}

/// `JsonElement` writes the text that it read. A `jsonb` column holds another text than was sent where that had an exponent,
/// as a double has that is very large or small.
fn verbatim(text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    if !text.contains(['e', 'E']) && float_forms::dotnet_exponent(text) {
        return Err(NumberIssue::Inexact);
    }
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// As `numeric` prints it: no exponent, the written digits kept.
fn pg_numeric(text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    const MOST_DIGITS: i64 = 131_072;
    let exponent = text.split_once(['e', 'E']).map_or(Ok(0), |(_, exponent)| exponent.parse::<i64>());
    if !exponent.is_ok_and(|exponent| exponent.abs() <= MOST_DIGITS) {
        return Err(NumberIssue::Unreadable);
    }
    let exact: bigdecimal::BigDecimal = text.parse().map_err(|_| NumberIssue::Unreadable)?;
    out.extend_from_slice(exact.to_plain_string().as_bytes());
    Ok(())
}

fn ecmascript(profile: JsonProfile, text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let start = out.len();
    match number::ecmascript(text, out) {
        // Go spells numbers as ECMAScript does, but for this one.
        Ok(())
            if matches!(profile, JsonProfile::Go { .. })
                && text.starts_with('-')
                && out.get(start..) == Some(b"0") =>
        {
            out.insert(start, b'-');
            Ok(())
        }
        // `JSON.stringify(NaN)` is `null`; RFC 8785 has no such value.
        Err(NumberIssue::NotFinite) if matches!(profile, JsonProfile::Js { .. }) => {
            out.extend_from_slice(b"null");
            Ok(())
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(profile: JsonProfile, text: &str) -> Result<String, NumberIssue> {
        let mut out = Vec::new();
        number(profile, text, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_may_have_been_an_exponent_is_not_certain_in_dotnet() {
        let stj = JsonProfile::Stj { relaxed: false };
        for text in ["1.10", "100", "123456789012345678", "1E+16", "0.1000", "999999999999999"] {
            assert_eq!(spelt(stj, text).as_deref(), Ok(text));
        }
        for text in ["10000000000000000", "0.00000015", "-1000000000000000"] {
            assert_eq!(spelt(stj, text), Err(NumberIssue::Inexact), "{text}");
        }
    }

    #[test]
    fn numbers_beyond_64_bits_differ_between_those_who_keep_order() {
        let serde = |insertion| JsonProfile::Serde { sorted: false, insertion };
        assert_eq!(spelt(serde(true), "18446744073709551615").as_deref(), Ok("18446744073709551615"));
        assert_eq!(spelt(serde(true), "18446744073709551616"), Err(NumberIssue::Inexact));
        assert_eq!(spelt(serde(false), "-0"), Err(NumberIssue::Inexact));
    }

    #[test]
    fn numbers_of_jsonb_keep_their_digits() {
        let pg = JsonProfile::Pg(PgJson::Jsonb);
        for (text, expected) in
            [("1e2", "100"), ("100e-2", "1.00"), ("1.10", "1.10"), ("-0.0", "0.0"), ("1e-7", "0.0000001")]
        {
            assert_eq!(spelt(pg, text).as_deref(), Ok(expected));
        }
        assert_eq!(spelt(pg, "1e999999999999"), Err(NumberIssue::Unreadable));
        assert_eq!(spelt(pg, "1e99999999999999999999"), Err(NumberIssue::Unreadable));
    }

    #[test]
    fn a_decimal_that_rails_could_hold_as_an_integer_is_refused() {
        let mut out = Vec::new();
        assert_eq!(numeric(JsonProfile::Rails {}, "5", &mut out), Err(NumberIssue::Inexact));
        assert_eq!(numeric(JsonProfile::Rails {}, "NaN", &mut out), Err(NumberIssue::NotFinite));
        assert_eq!(numeric(JsonProfile::Rails {}, "1.1.1", &mut out), Err(NumberIssue::Unreadable));
        let long = "12345678901234567890.123456789";
        assert_eq!(numeric(JsonProfile::Stj { relaxed: false }, long, &mut out), Err(NumberIssue::Inexact));
        assert!(out.is_empty());
    }
}
