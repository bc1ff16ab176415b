//! The one text of each value, whatever session or archive wrote it.
//!
//! A server's rows come under pinned settings (`probe::postgres::pins`). An archive's were written under those of pg_dump's
//! session, which pins the styles of dates and intervals and the digits of floats (`setup_connection` in `pg_dump.c`), and
//! neither the time zone, nor how bytes are spelt, nor the locale of money.

use crate::catalogue::{Column, ColumnKind};
use crate::chain::spec::TimePreset;
use crate::chain::time;

/// How the text of a column becomes its one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canon {
    /// It is already.
    AsIs,
    /// An instant, which becomes UTC.
    Instant,
    /// Something with instants inside: an array, a range.
    Instants,
    /// Bytes, which become hex digits.
    Bytes,
    /// A network address, whose full mask is left out.
    Address,
    /// An amount of money, of which sign and digits count.
    Money,
}

/// Said of a value that has no text of its own.
pub const NO_INSTANT: &str = "a time with time zone is outside years 1 to 9999 and not in UTC";

impl Canon {
    /// That of a column.
    #[must_use]
    pub fn of(column: &Column) -> Self {
        let name = column.type_name.as_str();
        match column.kind {
            ColumnKind::TimestampTz => Self::Instant,
            ColumnKind::Bytea => Self::Bytes,
            ColumnKind::Inet => Self::Address,
            ColumnKind::Money => Self::Money,
            ColumnKind::Other if name.contains("with time zone") || name.starts_with("tstz") => {
                Self::Instants
            }
            _ => Self::AsIs,
        }
    }

    /// Appends the one text of a value.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn write(self, text: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
        match self {
            Self::AsIs => out.extend_from_slice(text),
            Self::Instant => instant(text, out).ok_or(NO_INSTANT)?,
            Self::Instants => instants(text, out).ok_or(NO_INSTANT)?,
            Self::Bytes => {
                bytes(text, out).ok_or("a value of type bytea reads neither as hex nor as escaped")?
            }
            Self::Address => out.extend_from_slice(address(text)),
            Self::Money => {
                if text.iter().any(|b| matches!(b, b'-' | b'(')) {
                    out.push(b'-');
                }
                out.extend(text.iter().filter(|b| b.is_ascii_digit()));
            }
        }
        Ok(())
    }
}

fn instant(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if text.ends_with(b"+00") || matches!(text, b"infinity" | b"-infinity") {
        out.extend_from_slice(text);
        return Some(());
    }
    // UTC before the common era.
    if text.ends_with(b"+00 BC") {
        out.extend_from_slice(text);
        return Some(());
    }
    time::parse(std::str::from_utf8(text).ok()?)?.write(TimePreset::PgTz, out);
    Some(())
}

/// Every time with an offset inside a text becomes UTC; the rest stays as it is.
fn instants(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match length_of_instant(rest) {
            Some(length) => {
                instant(rest.get(..length)?, out)?;
                at += length;
            }
            None => {
                out.push(*rest.first()?);
                at += 1;
            }
        }
    }
    Some(())
}

/// How long the time with an offset is that a text begins with.
fn length_of_instant(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let is = |at: usize, byte: u8| text.get(at) == Some(&byte);
    let year = digits(0);
    if !(4..=6).contains(&year) || !is(year, b'-') {
        return None;
    }
    let clock = year + 6;
    if digits(year + 1) != 2 || !is(year + 3, b'-') || digits(year + 4) != 2 || !is(clock, b' ') {
        return None;
    }
    let mut at = clock + 1;
    if digits(at) != 2 || !is(at + 2, b':') || digits(at + 3) != 2 || !is(at + 5, b':') || digits(at + 6) != 2
    {
        return None;
    }
    at += 8;
    if is(at, b'.') {
        at += 1 + digits(at + 1);
    }
    if !(is(at, b'+') || is(at, b'-')) || digits(at + 1) != 2 {
        return None;
    }
    at += 3;
    while is(at, b':') && digits(at + 1) == 2 {
        at += 3;
    }
    if text.get(at..).is_some_and(|rest| rest.starts_with(b" BC")) {
        at += 3;
    }
    Some(at)
}

/// Hex digits as they are; what `bytea_output = escape` wrote is read and spelt as hex digits. Bytes that begin with a
/// backslash begin with two of them there, so the two spellings are never the same.
fn bytes(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if text.starts_with(b"\\x") {
        out.extend_from_slice(text);
        return Some(());
    }
    out.extend_from_slice(b"\\x");
    let mut hex = |byte: u8| {
        let digit = |n: u8| char::from_digit(u32::from(n), 16).map_or(b'0', |c| c as u8);
        out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    };
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'\\' {
            hex(*first);
            continue;
        }
        match *tail {
            [b'\\', ..] => {
                hex(b'\\');
                rest = tail.get(1..)?;
            }
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                hex((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = tail.get(3..)?;
            }
            _ => return None,
        }
    }
    Some(())
}

/// A cast to text shows the mask of a host, its own output does not.
fn address(text: &[u8]) -> &[u8] {
    let whole: &[u8] = if text.contains(&b':') { b"/128" } else { b"/32" };
    text.strip_suffix(whole).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(canon: Canon, text: &str) -> Option<String> {
        let mut out = Vec::new();
        canon.write(text.as_bytes(), &mut out).ok()?;
        String::from_utf8(out).ok()
    }

    #[test]
    fn one_instant_has_one_text() {
        for text in ["2026-01-02 03:04:05.5+00", "2026-01-02 05:04:05.5+02", "2026-01-01 21:34:05.5-05:30"] {
            assert_eq!(written(Canon::Instant, text).as_deref(), Some("2026-01-02 03:04:05.5+00"), "{text}");
        }
        assert_eq!(written(Canon::Instant, "infinity").as_deref(), Some("infinity"));
        assert_eq!(
            written(Canon::Instant, "0044-03-15 00:00:00+00 BC").as_deref(),
            Some("0044-03-15 00:00:00+00 BC")
        );
        assert_eq!(written(Canon::Instant, "0044-03-15 00:00:00+01 BC"), None);
        assert_eq!(written(Canon::Instant, "yesterday"), None);
        assert_eq!(
            written(Canon::Instants, "[\"2026-01-02 05:04:05+02\",\"2026-01-02 03:04:05-00:30\")").as_deref(),
            Some("[\"2026-01-02 03:04:05+00\",\"2026-01-02 03:34:05+00\")")
        );
        assert_eq!(
            written(Canon::Instants, "{2026-01-02,NULL,\"x\"}").as_deref(),
            Some("{2026-01-02,NULL,\"x\"}")
        );
        assert_eq!(written(Canon::Instants, "{\"0044-03-15 00:00:00+01 BC\"}"), None);
    }

    #[test]
    fn bytes_have_one_text_and_never_that_of_others() {
        assert_eq!(written(Canon::Bytes, "\\x00ff").as_deref(), Some("\\x00ff"));
        assert_eq!(written(Canon::Bytes, "\\000\\377").as_deref(), Some("\\x00ff"));
        assert_eq!(written(Canon::Bytes, "a\\\\x").as_deref(), Some("\\x615c78"));
        assert_eq!(written(Canon::Bytes, "\\\\x61").as_deref(), Some("\\x5c783631"));
        assert_eq!(written(Canon::Bytes, "").as_deref(), Some("\\x"));
        assert_eq!(written(Canon::Bytes, "\\9"), None);
    }

    #[test]
    fn masks_and_currencies_do_not_count() {
        assert_eq!(written(Canon::Address, "10.0.0.1/32"), written(Canon::Address, "10.0.0.1"));
        assert_eq!(written(Canon::Address, "::1/128"), written(Canon::Address, "::1"));
        assert_ne!(written(Canon::Address, "::1/32"), written(Canon::Address, "::1"));
        assert_eq!(written(Canon::Money, "-$1,234.50"), written(Canon::Money, "($1.234,50)"));
        assert_ne!(written(Canon::Money, "$1.00"), written(Canon::Money, "-$1.00"));
    }
}
