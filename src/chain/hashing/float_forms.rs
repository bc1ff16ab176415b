//! Binary64 as further runtimes print it, from the same shortest digits.

use std::io::Write as _;

use super::number::{NumberIssue, below_one, finite, is_same, positional, shortest};

/// Appends `Float#to_s` of Ruby. What it spells with an exponent is refused: generations of the gem `json` differ there.
pub(crate) fn ruby(text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let value = finite(text)?;
    if zero(value, b"-0.0", b"0.0", out) {
        return Ok(());
    }
    let (negative, digits, point) = shortest(value);
    if !(-3..=15).contains(&point) {
        return Err(NumberIssue::Inexact);
    }
    with_fraction(negative, &digits, point, out);
    Ok(())
}

/// Appends what `serde_json` makes of an `f64` (crate `ryu`, `format_finite`). From 1e16 on it is refused: later versions write
/// `1e+16` where earlier ones wrote `1e16`.
pub(crate) fn serde(text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let value = finite(text)?;
    if zero(value, b"-0.0", b"0.0", out) {
        return Ok(());
    }
    let (negative, digits, point) = shortest(value);
    match point {
        -4..=16 => with_fraction(negative, &digits, point, out),
        17.. => return Err(NumberIssue::Inexact),
        _ => {
            mantissa(negative, &digits, false, out);
            // Writing to a vector cannot fail.
            let _ = write!(out, "e{}", point - 1);
        }
    }
    Ok(())
}

/// Appends `Double.toString` of Java (its documentation, and JDK-4511638 for what changed in JDK 19). Before that it did
/// not always print the shortest digits: only where few digits are enough is it certain that it did.
pub(crate) fn java(text: &str, jdk19: bool, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let value = finite(text)?;
    if zero(value, b"-0.0", b"0.0", out) {
        return Ok(());
    }
    let (negative, digits, point) = shortest(value);
    // The least numbers take the nearest two digits, not the shortest one.
    let certain = value.abs() > 1e-300 && (jdk19 || (digits.len() <= 15 && (-21..=16).contains(&point)));
    if !certain {
        return Err(NumberIssue::Inexact);
    }
    if (-2..=7).contains(&point) {
        with_fraction(negative, &digits, point, out);
    } else {
        mantissa(negative, &digits, true, out);
        let _ = write!(out, "E{}", point - 1);
    }
    Ok(())
}

/// Appends `BigDecimal.toString` of Java (its documentation) of a number without exponent.
pub(crate) fn java_decimal(text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let all = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all(whole) || !all(fraction) {
        let not_finite = matches!(rest, "NaN" | "Infinity");
        return Err(if not_finite { NumberIssue::NotFinite } else { NumberIssue::Unreadable });
    }
    let digits = [whole, fraction].concat();
    let unscaled = digits.trim_start_matches('0');
    let unscaled = if unscaled.is_empty() { "0" } else { unscaled };
    if negative && unscaled != "0" {
        out.push(b'-');
    }
    // The exponent of the first digit; both lengths are those of a cell.
    let (length, scale) = (unscaled.len(), fraction.len());
    if scale == 0 {
        out.extend_from_slice(unscaled.as_bytes());
    } else if scale < length + 6 {
        let whole = whole.trim_start_matches('0');
        out.extend_from_slice(if whole.is_empty() { b"0" } else { whole.as_bytes() });
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
    } else {
        mantissa(false, unscaled, false, out);
        let _ = write!(out, "E-{}", scale + 1 - length);
    }
    Ok(())
}

/// Appends `double.ToString("R")` of .NET Core 3.0 and later with the invariant culture. From 1e15 on it is refused: where it
/// begins to write an exponent, and which of two nearest digits it takes, is not the same in all versions.
pub(crate) fn dotnet(text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let value = finite(text)?;
    if zero(value, b"-0", b"0", out) {
        return Ok(());
    }
    let (negative, digits, point) = shortest(value);
    match usize::try_from(point) {
        _ if point > 15 => return Err(NumberIssue::Inexact),
        _ if point < -3 => {
            mantissa(negative, &digits, false, out);
            let _ = write!(out, "E-{:02}", 1 - point);
        }
        Ok(whole) if whole > 0 => {
            sign(negative, out);
            positional(&digits, whole, out);
        }
        _ => {
            sign(negative, out);
            below_one(&digits, point, out);
        }
    }
    Ok(())
}

/// Whether a double of exactly this value may be written with an exponent by .NET.
pub(crate) fn dotnet_exponent(text: &str) -> bool {
    let Ok(value) = finite(text) else { return false };
    let (_, _, point) = shortest(value);
    value != 0.0 && !(-3..=15).contains(&point) && is_same(text, format!("{value:e}").as_bytes())
}

fn zero(value: f64, negative: &[u8], positive: &[u8], out: &mut Vec<u8>) -> bool {
    if value == 0.0 {
        out.extend_from_slice(if value.is_sign_negative() { negative } else { positive });
    }
    value == 0.0
}

fn sign(negative: bool, out: &mut Vec<u8>) {
    if negative {
        out.push(b'-');
    }
}

/// Without exponent, and with a zero behind the point where there is nothing else.
fn with_fraction(negative: bool, digits: &str, point: i32, out: &mut Vec<u8>) {
    sign(negative, out);
    match usize::try_from(point) {
        Ok(whole) if whole > 0 => {
            positional(digits, whole, out);
            if digits.len() <= whole {
                out.extend_from_slice(b".0");
            }
        }
        _ => below_one(digits, point, out),
    }
}

/// One digit, the point and the rest, with a zero where there is no rest and `always`.
fn mantissa(negative: bool, digits: &str, always: bool, out: &mut Vec<u8>) {
    sign(negative, out);
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    out.extend_from_slice(first.as_bytes());
    if always || !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(if rest.is_empty() { b"0" } else { rest.as_bytes() });
    }
}
