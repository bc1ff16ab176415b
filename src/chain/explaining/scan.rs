//! Reads the marks of a text, a number or a JSON value in one pass, without building anything: it runs for every row.

use super::mark::Mark;

/// The marks of a text; `json` when the recipe writes JSON, where writers differ over what to escape.
pub(crate) fn text(cell: &str, json: bool) -> u32 {
    let mut marks = if cell.is_empty() { Mark::Blank.bit() } else { 0 };
    if !cell.is_ascii() {
        marks |= Mark::NonAscii.bit();
    }
    if json && cell.bytes().any(escaped) {
        marks |= Mark::Escaped.bit();
    }
    if is_redacted(cell) {
        marks |= Mark::Redacted.bit();
    }
    marks
}

/// Words that applications put in the place of what they erase.
const REDACTED: [&str; 7] = ["redacted", "erased", "anonym", "deleted", "removed", "gdpr", "xxxxx"];

/// Whether a text begins, after any brackets, with a word for something erased, or is made of asterisks.
fn is_redacted(cell: &str) -> bool {
    if cell.len() > 64 {
        return false;
    }
    let word = cell.trim_start_matches(['[', '<', '(', '{', '*', '_', '-']);
    (word.is_empty() && cell.len() > 2)
        || REDACTED
            .iter()
            .any(|known| word.get(..known.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(known)))
}

/// Whether some JSON writers escape this character and others do not.
fn escaped(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&' | b'/' | 0x7f)
}

pub(crate) fn is_zero(number: &str) -> bool {
    number.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'))
}

/// The marks of a number as written.
pub(crate) fn number(token: &str) -> u32 {
    let mut marks = 0;
    let digits = token.split(['e', 'E']).next().unwrap_or_default();
    if digits.len() < token.len()
        && token.starts_with(['-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    {
        marks |= Mark::Exponent.bit();
    }
    if let Some((_, fraction)) = digits.split_once('.') {
        marks |= if fraction.ends_with('0') { Mark::TrailingZero.bit() } else { 0 };
        marks |= if fraction.bytes().any(|byte| byte != b'0') { Mark::Fraction.bit() } else { 0 };
    }
    // Short numbers without a point are neither large nor small, and are most of them.
    if token.len() > 4
        && let Ok(value) = token.parse::<f64>()
    {
        let size = value.abs();
        marks |= if size >= 9_007_199_254_740_992.0 { Mark::Huge.bit() } else { 0 };
        marks |= if size > 0.0 && size < 0.001 { Mark::Tiny.bit() } else { 0 };
    }
    marks
}

/// The marks of a JSON text.
pub(crate) fn json(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let mut marks = if text.is_ascii() { 0 } else { Mark::NonAscii.bit() };
    // One bit for each open container, set for objects; deeper ones than it holds count as nested anyway.
    let (mut containers, mut depth) = (0u128, 0u32);
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        at += 1;
        match byte {
            b'"' => {
                while let Some(inner) = bytes.get(at).copied() {
                    at += 1;
                    if inner == b'"' {
                        break;
                    }
                    marks |= if escaped(inner) { Mark::Escaped.bit() } else { 0 };
                    at += usize::from(inner == b'\\');
                }
            }
            b'{' | b'[' => {
                containers = containers << 1 | u128::from(byte == b'{');
                depth += 1;
                marks |= if depth > 1 { Mark::Nested.bit() } else { 0 };
            }
            b'}' | b']' => {
                containers >>= 1;
                depth = depth.saturating_sub(1);
            }
            b':' => marks |= Mark::Members.bit(),
            b',' => {
                marks |= Mark::Members.bit();
                marks |= if containers & 1 == 1 { Mark::Several.bit() } else { 0 };
            }
            b'-' | b'0'..=b'9' => {
                let start = at - 1;
                while bytes
                    .get(at)
                    .is_some_and(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
                {
                    at += 1;
                }
                marks |= number(text.get(start..at).unwrap_or_default());
            }
            _ => {}
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::mark::Mark as M;

    fn of(marks: u32) -> Vec<M> {
        M::ALL.into_iter().filter(|mark| marks & mark.bit() != 0).collect()
    }

    #[test]
    fn texts_and_numbers_have_their_marks() {
        assert_eq!(of(text("", true)), [M::Blank]);
        assert_eq!(of(text("a/b", true)), [M::Escaped]);
        assert_eq!(of(text("a/b", false)), []);
        assert_eq!(of(text("Zoë", false)), [M::NonAscii]);
        assert_eq!(of(number("12")), []);
        assert_eq!(of(number("1.50")), [M::TrailingZero, M::Fraction]);
        assert_eq!(of(number("1e+21")), [M::Exponent, M::Huge]);
        assert_eq!(of(number("0.0000001")), [M::Tiny, M::Fraction]);
        assert_eq!(of(number("9007199254740993")), [M::Huge]);
        assert_eq!(of(number("9007199254740991")), []);
        assert!(is_zero("0.00") && is_zero("-0") && !is_zero("10"));
    }

    #[test]
    fn json_is_read_without_its_strings() {
        assert_eq!(of(json("{}")), []);
        assert_eq!(of(json(r#"{"a": "1e9, {2}"}"#)), [M::Members]);
        assert_eq!(of(json(r#"{"a": 1, "b": 2}"#)), [M::Members, M::Several]);
        assert_eq!(of(json(r#"[{"a": 1}, 1.0]"#)), [M::Members, M::Nested, M::TrailingZero]);
        assert_eq!(
            of(json(r#"{"a": "q\"{,1.0", "b": 1e9}"#)),
            [M::Escaped, M::Members, M::Several, M::Exponent]
        );
        assert_eq!(of(json(r#"["Zoë"]"#)), [M::NonAscii]);
    }
}
