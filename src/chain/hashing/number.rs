//! Numbers, spelt as the hashing runtime prints them.

use std::io::Write as _;

/// A number, or a JSON value, that cannot be spelt as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberIssue {
    /// The text is not a number.
    Unreadable,
    /// The target has no spelling for infinities and not-a-number.
    NotFinite,
    /// Digits other than zero would be dropped.
    Inexact,
    /// The members beside it are sorted by a rule that does not tell their order.
    NoOrder,
    /// A character that versions of the runtime write differently.
    NoSpelling,
}

/// Whether two spellings are one number, exactly. Infinities and not-a-number are nobody's neighbours.
pub(crate) fn is_same(text: &str, spelt: &[u8]) -> bool {
    let Ok(spelt) = std::str::from_utf8(spelt) else { return false };
    if spelt == text || spelt == "null" {
        return true;
    }
    if matches!(spelt, "0" | "-0") {
        // Compared by digits: an exponent could be as large as its author liked.
        return text.chars().take_while(|c| !matches!(c, 'e' | 'E')).all(|c| !matches!(c, '1'..='9'));
    }
    match (text.parse::<bigdecimal::BigDecimal>(), spelt.parse::<bigdecimal::BigDecimal>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Appends ECMAScript's `Number::toString` of the binary64 nearest to `text`.
pub(crate) fn ecmascript(text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let value = finite(text)?;
    if value == 0.0 {
        out.push(b'0');
        return Ok(());
    }
    let (negative, digits, point) = shortest(value);
    if negative {
        out.push(b'-');
    }
    // `point` is where the decimal point stands: 0.digits * 10^point.
    match usize::try_from(point) {
        Ok(point) if point > 0 && point <= 21 => positional(&digits, point, out),
        _ if point <= 0 && point > -6 => below_one(&digits, point, out),
        _ => exponential(&digits, point - 1, 1, out),
    }
    Ok(())
}

/// Appends CPython's `repr(float)` of the binary64 nearest to `text`; with `ints`, of its `int` where it has no fraction.
pub(crate) fn python_float(text: &str, ints: bool, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    match text {
        "NaN" | "Infinity" | "-Infinity" => {
            out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        _ => {}
    }
    let value = finite(text)?;
    if ints && value.fract() == 0.0 {
        // All digits of the exact value, as CPython's `int` has them; writing to a vector cannot fail.
        let _ = write!(out, "{:.0}", if value == 0.0 { 0.0 } else { value });
        return Ok(());
    }
    if value == 0.0 {
        out.extend_from_slice(if value.is_sign_negative() { b"-0.0" } else { b"0.0" });
        return Ok(());
    }
    let (negative, digits, point) = shortest(value);
    if negative {
        out.push(b'-');
    }
    match usize::try_from(point) {
        Ok(point) if point > 0 && point <= 16 => {
            positional(&digits, point, out);
            if digits.len() <= point {
                out.extend_from_slice(b".0");
            }
        }
        _ if point <= 0 && point > -4 => below_one(&digits, point, out),
        _ => exponential(&digits, point - 1, 2, out),
    }
    Ok(())
}

/// Appends what PHP's `json_encode` makes of the binary64 nearest to `text`, with `serialize_precision = -1`; `zeros` is
/// `JSON_PRESERVE_ZERO_FRACTION`.
pub(crate) fn php_float(text: &str, zeros: bool, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let value = finite(text)?;
    let fraction: &[u8] = if zeros { b".0" } else { b"" };
    if value == 0.0 {
        out.extend_from_slice(if value.is_sign_negative() { b"-0" } else { b"0" });
        out.extend_from_slice(fraction);
        return Ok(());
    }
    let (negative, digits, point) = shortest(value);
    if negative {
        out.push(b'-');
    }
    match usize::try_from(point) {
        Ok(point) if point > 0 && point <= 17 => {
            positional(&digits, point, out);
            if digits.len() <= point {
                out.extend_from_slice(fraction);
            }
        }
        _ if point <= 0 && point > -4 => below_one(&digits, point, out),
        _ => {
            // A lone digit takes a zero along.
            let mantissa = if digits.len() == 1 { format!("{digits}0") } else { digits };
            exponential(&mantissa, point - 1, 1, out);
        }
    }
    Ok(())
}

/// Whether CPython reads this JSON number as an `int`.
pub(crate) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Appends such a number as CPython prints it: exactly.
pub(crate) fn python_integer(text: &str, out: &mut Vec<u8>) {
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'-'));
    out.extend_from_slice(if zero { b"0" } else { text.as_bytes() });
}

pub(in crate::chain) fn finite(text: &str) -> Result<f64, NumberIssue> {
    match text {
        "NaN" | "Infinity" | "-Infinity" => return Err(NumberIssue::NotFinite),
        // Rust would also read words such as `inf`.
        _ if !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) => {
            return Err(NumberIssue::Unreadable);
        }
        _ => {}
    }
    let value: f64 = text.parse().map_err(|_| NumberIssue::Unreadable)?;
    if value.is_finite() { Ok(value) } else { Err(NumberIssue::NotFinite) }
}

/// The shortest digits that read back as the same value, and where the point stands before them.
pub(in crate::chain) fn shortest(value: f64) -> (bool, String, i32) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    (value < 0.0, digits, exponent.parse::<i32>().unwrap_or(0) + 1)
}

pub(in crate::chain) fn below_one(digits: &str, point: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0.");
    out.extend(std::iter::repeat_n(b'0', usize::try_from(-point).unwrap_or(0)));
    out.extend_from_slice(digits.as_bytes());
}

pub(in crate::chain) fn positional(digits: &str, point: usize, out: &mut Vec<u8>) {
    match digits.split_at_checked(point) {
        Some((whole, fraction)) => {
            out.extend_from_slice(whole.as_bytes());
            if !fraction.is_empty() {
                out.push(b'.');
                out.extend_from_slice(fraction.as_bytes());
            }
        }
        None => {
            out.extend_from_slice(digits.as_bytes());
            out.extend(std::iter::repeat_n(b'0', point - digits.len()));
        }
    }
}

fn exponential(digits: &str, exponent: i32, width: usize, out: &mut Vec<u8>) {
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    out.extend_from_slice(first.as_bytes());
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest.as_bytes());
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing to a vector cannot fail.
    let _ = write!(out, "e{sign}{:0width$}", exponent.unsigned_abs());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(f: impl Fn(&mut Vec<u8>) -> Result<(), NumberIssue>) -> String {
        let mut out = Vec::new();
        f(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_number_that_binary64_does_not_hold_is_another() {
        for (text, spelt, same) in [
            ("9007199254740993", "9007199254740992", false),
            ("0.300000000000000000001", "0.3", false),
            ("1e-400", "0", false),
            ("-0.0", "0", true),
            ("1.10", "1.1", true),
            ("1e21", "1e+21", true),
        ] {
            assert_eq!(is_same(text, spelt.as_bytes()), same, "{text}");
        }
    }

    /// Printed by Node 20.
    #[test]
    fn ecmascript_numbers() {
        for (text, expected) in [
            ("1e21", "1e+21"),
            ("0.0000001", "1e-7"),
            ("100.0", "100"),
            ("-0.0", "0"),
            ("123456789012345680000", "123456789012345680000"),
            ("0.000001", "0.000001"),
            ("1.5e300", "1.5e+300"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("9007199254740993", "9007199254740992"),
            ("100000000000000000000", "100000000000000000000"),
            ("1.10", "1.1"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("1.23e-18", "1.23e-18"),
            ("-1.5e-9", "-1.5e-9"),
            ("1000000000000000128", "1000000000000000100"),
        ] {
            assert_eq!(spelt(|out| ecmascript(text, out)), expected);
        }
    }

    /// Printed by CPython 3.11.
    #[test]
    fn python_numbers() {
        for (text, expected) in [
            ("1e21", "1e+21"),
            ("0.0000001", "1e-07"),
            ("100.0", "100.0"),
            ("-0.0", "-0.0"),
            ("-0", "0"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1e16", "1e+16"),
            ("1e15", "1000000000000000.0"),
            ("123456789012345680000", "123456789012345680000"),
            ("1.5e300", "1.5e+300"),
            ("5e-324", "5e-324"),
            ("9007199254740993", "9007199254740993"),
            ("123456789012345678.0", "1.2345678901234568e+17"),
            ("1E5", "100000.0"),
            ("1.10", "1.1"),
            ("NaN", "NaN"),
        ] {
            let spelt = spelt(|out| {
                if is_integer(text) {
                    python_integer(text, out);
                    return Ok(());
                }
                python_float(text, false, out)
            });
            assert_eq!(spelt, expected);
        }
        assert_eq!(spelt(|out| python_float("1", false, out)), "1.0");
        // `int(x) if x.is_integer() else x`.
        for (text, expected) in [
            ("1.0", "1"),
            ("-0.0", "0"),
            ("1.5", "1.5"),
            ("1e23", "99999999999999991611392"),
            ("-1e16", "-10000000000000000"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(spelt(|out| python_float(text, true, out)), expected);
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!(ecmascript("inf", &mut Vec::new()), Err(NumberIssue::Unreadable));
        assert_eq!(ecmascript("Infinity", &mut Vec::new()), Err(NumberIssue::NotFinite));
    }
}
