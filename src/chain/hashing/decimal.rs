//! Exact decimals with a declared number of digits after the point.

use super::number::NumberIssue;

/// Appends an exact decimal with `scale` digits after the point.
pub(crate) fn decimal(text: &str, scale: usize, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if rest.contains(['e', 'E']) {
        let exact: bigdecimal::BigDecimal = text.parse().map_err(|_| NumberIssue::Unreadable)?;
        return decimal(&crate::value::plain(&exact), scale, out);
    }
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        let not_finite = matches!(rest, "NaN" | "Infinity");
        return Err(if not_finite { NumberIssue::NotFinite } else { NumberIssue::Unreadable });
    }
    if fraction.bytes().skip(scale).any(|b| b != b'0') {
        return Err(NumberIssue::Inexact);
    }
    if negative && rest.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
        out.push(b'-');
    }
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole.as_bytes() });
    if scale > 0 {
        out.push(b'.');
        out.extend(fraction.bytes().chain(std::iter::repeat(b'0')).take(scale));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(text: &str, scale: usize) -> String {
        let mut out = Vec::new();
        decimal(text, scale, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn decimals_keep_what_they_say() {
        for (text, scale, expected) in [
            ("1.10", 2, "1.10"),
            ("1.1", 2, "1.10"),
            ("-1.1000", 1, "-1.1"),
            ("5", 0, "5"),
            ("5", 3, "5.000"),
            ("-0.00", 1, "0.0"),
            ("1e+20", 0, "100000000000000000000"),
            ("1.5e-3", 4, "0.0015"),
        ] {
            assert_eq!(spelt(text, scale), expected);
        }
        assert_eq!(decimal("1.11", 1, &mut Vec::new()), Err(NumberIssue::Inexact));
        assert_eq!(decimal("NaN", 1, &mut Vec::new()), Err(NumberIssue::NotFinite));
        assert_eq!(decimal("1.1.1", 1, &mut Vec::new()), Err(NumberIssue::Unreadable));
        assert_eq!(decimal("", 1, &mut Vec::new()), Err(NumberIssue::Unreadable));
    }
}
