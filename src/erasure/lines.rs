//! The file of a list: one subject a line, as a plain value or as a digest of it.
//!
//! What is written here is compared with values byte by byte, so that a line that nobody meant so would silently match
//! nothing. Every such line makes the whole list unusable, and is named by its number, never by what it holds.

/// What a line, or a cell of a table that lists, says of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'t> {
    /// The value itself.
    Plain(&'t str),
    /// SHA-256 of its text (`sha256:`).
    Digest([u8; 32]),
    /// HMAC-SHA-256 of its text under the pepper of the list (`hmac-sha256:`).
    Keyed([u8; 32]),
}

/// Lines that are named of a damaged list.
const NAMED: usize = 3;

/// Names of digests that are not read, and that a value would hardly begin with.
const OTHERS: [&str; 10] = [
    "md5:",
    "sha1:",
    "sha224:",
    "sha384:",
    "sha512:",
    "sha-256:",
    "sha3-256:",
    "blake2b:",
    "blake3:",
    "hmac:",
];

/// Hands over every entry with the number of its line, from 1. Blank lines, and lines that begin with `#`, are none.
///
/// # Errors
///
/// One sentence about the lines that cannot be read, or the first that was refused by the taker.
pub fn read<'t>(
    bytes: &'t [u8],
    mut each: impl FnMut(u64, Entry<'t>) -> Result<(), String>,
) -> Result<(), String> {
    // The mark that some editors put before UTF-8 belongs to no line.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut wrong: Vec<(u64, String)> = Vec::new();
    let mut more = 0u64;
    let mut number = 0;
    let mut rest = bytes;
    while !rest.is_empty() {
        number += 1;
        let found = match memchr::memchr(b'\n', rest) {
            Some(at) => {
                let (line, after) = rest.split_at(at);
                rest = after.get(1..).unwrap_or_default();
                line_of(line)
            }
            None => {
                rest = &[];
                Err("does not end, so that the file may be cut off".to_owned())
            }
        };
        match found {
            Ok(None) => {}
            Ok(Some(entry)) => each(number, entry)?,
            Err(why) if wrong.len() < NAMED => wrong.push((number, why)),
            Err(_) => more += 1,
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = wrong.iter().map(|(number, why)| format!("line {number} {why}")).collect();
    let more = match more {
        0 => String::new(),
        1 => ", and 1 more line cannot be read".to_owned(),
        n => format!(", and {n} more lines cannot be read"),
    };
    Err(format!("{}{more}", named.join("; ")))
}

/// A line without its end.
fn line_of(line: &[u8]) -> Result<Option<Entry<'_>>, String> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Ok(text) = std::str::from_utf8(line) else { return Err("is no text in UTF-8".to_owned()) };
    if text.trim().is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    if text.trim() != text {
        return Err("begins or ends with a blank".to_owned());
    }
    if text.chars().any(is_unseen) {
        return Err("holds a character that is not seen, such as a tab".to_owned());
    }
    if text.len() > 1 && text.starts_with('"') && text.ends_with('"') {
        return Err("stands in quotes, which would belong to the value".to_owned());
    }
    entry(text).map(Some)
}

/// Characters that nobody types on purpose in an identifier: controls, the mark of byte order, and what has no width.
fn is_unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}')
}

/// What a text says of a subject.
///
/// # Errors
///
/// What is wrong with it, to stand behind its number.
pub fn entry(text: &str) -> Result<Entry<'_>, String> {
    if let Some(hex) = text.strip_prefix("sha256:") {
        let digest = digest(hex).ok_or("is no SHA-256: 64 digits of base 16 follow `sha256:`")?;
        return if is_of_nothing(&digest) {
            Err("is the digest of an empty text, which is nobody's".to_owned())
        } else {
            Ok(Entry::Digest(digest))
        };
    }
    if let Some(hex) = text.strip_prefix("hmac-sha256:") {
        let digest = digest(hex).ok_or("is no HMAC-SHA-256: 64 digits of base 16 follow `hmac-sha256:`")?;
        return Ok(Entry::Keyed(digest));
    }
    let low = text.get(..text.len().min(14)).unwrap_or(text).to_ascii_lowercase();
    if OTHERS.iter().chain(&["sha256:", "hmac-sha256:"]).any(|name| low.starts_with(name)) {
        return Err("is a digest of another kind than `sha256:` and `hmac-sha256:`".to_owned());
    }
    if digest(text).is_some() {
        return Err("looks like a digest: write `sha256:` before it".to_owned());
    }
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(Entry::Plain(text))
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digit = |at: usize| pair.get(at).and_then(|c| char::from(*c).to_digit(16));
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(digest)
}

/// Of an empty text, or of an empty line: what a script makes of a variable that was never set.
fn is_of_nothing(digest: &[u8; 32]) -> bool {
    use sha2::Digest as _;
    [&b""[..], b"\n", b"\r\n"].iter().any(|text| sha2::Sha256::digest(text).as_slice() == digest)
}
