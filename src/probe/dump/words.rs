//! Texts of an archive: their encoding and their quotes.

/// Client-only encodings in which a backslash or a tab can be the second byte of a character (`PG_ENCODING_BE_LAST`
/// in `mb/pg_wchar.h` divides them from the others). Rows in them cannot be split byte by byte.
const UNSPLITTABLE: [&str; 7] = ["SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB", "SHIFT_JIS_2004"];

/// Whether rows in this encoding can be split at tabs and backslashes.
pub(super) fn splittable(encoding: &str) -> bool {
    !UNSPLITTABLE.iter().any(|name| name.eq_ignore_ascii_case(encoding))
}

/// A text as Unicode. Where the bytes do not say which characters they are, they are replaced, so that a name with
/// such a character is never found instead of found wrongly.
pub(super) fn decode(bytes: Vec<u8>, encoding: &str) -> String {
    if encoding.eq_ignore_ascii_case("LATIN1") {
        return bytes.into_iter().map(char::from).collect();
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The nth text in single quotes, from 0.
pub(super) fn quoted(statement: &str, nth: usize) -> Option<String> {
    statement.split('\'').nth(2 * nth + 1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_counted() {
        let statement = "SELECT pg_catalog.set_config('search_path', '', false);";
        assert_eq!(quoted(statement, 0).as_deref(), Some("search_path"));
        assert_eq!(quoted(statement, 1).as_deref(), Some(""));
        assert_eq!(quoted(statement, 2), None);
    }

    #[test]
    fn latin1_is_every_byte() {
        assert_eq!(decode(vec![b'a', 0xe4], "LATIN1"), "a\u{e4}");
        assert_eq!(decode(vec![b'a', 0xe4], "UTF8"), "a\u{fffd}");
    }
}
