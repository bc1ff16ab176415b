//! Checksum lists, as `md5sum`, `sha1sum`, `sha256sum`, `sha512sum`, `shasum` and BSD's tools write them.

use std::fmt::Write as _;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// All of them, with the endings of sidecars.
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Sha256, "sha256"),
        (Self::Sha512, "sha512"),
        (Self::Sha384, "sha384"),
        (Self::Sha1, "sha1"),
        (Self::Md5, "md5"),
    ];

    /// Its name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }

    /// Whether files can be made that share a digest with another.
    pub(super) fn is_weak(self) -> bool {
        matches!(self, Self::Md5 | Self::Sha1)
    }

    fn of_digits(digits: usize) -> Option<Self> {
        [(Self::Md5, 32), (Self::Sha1, 40), (Self::Sha256, 64), (Self::Sha384, 96), (Self::Sha512, 128)]
            .into_iter()
            .find_map(|(algorithm, length)| (length == digits).then_some(algorithm))
    }

    /// The digest of what a reader hands out, in hexadecimal. `read` fills a buffer and returns 0 at the end.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn digest<E>(self, read: &mut dyn FnMut(&mut [u8]) -> Result<usize, E>) -> Result<String, E> {
        match self {
            Self::Md5 => run::<Md5, E>(read),
            Self::Sha1 => run::<Sha1, E>(read),
            Self::Sha256 => run::<Sha256, E>(read),
            Self::Sha384 => run::<Sha384, E>(read),
            Self::Sha512 => run::<Sha512, E>(read),
        }
    }
}

fn run<D: Digest, E>(read: &mut dyn FnMut(&mut [u8]) -> Result<usize, E>) -> Result<String, E> {
    let mut digest = D::new();
    let mut room = vec![0; 256 << 10];
    loop {
        let n = read(&mut room)?;
        match room.get(..n) {
            Some([]) | None => break,
            Some(bytes) => digest.update(bytes),
        }
    }
    Ok(digest.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) algorithm: Algorithm,
    /// In lower case.
    pub(super) digest: String,
    /// As the list names the file; none in a sidecar that holds a digest only.
    pub(super) name: Option<String>,
}

/// The lines of a list, each with its number, or what is wrong with it. Blank lines and comments are none.
pub(super) fn lines(text: &str) -> Vec<(usize, Result<Line, &'static str>)> {
    let all = text.lines().enumerate();
    all.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(at, text)| (at + 1, line(text.trim_end_matches('\r'))))
        .collect()
}

fn line(text: &str) -> Result<Line, &'static str> {
    const NOT: &str = "is no line of a checksum list; the list may be cut off";
    // A leading backslash says that the name has escapes.
    let (escaped, text) = match text.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (digest, name, stated) = match tagged(text) {
        Some((tag, name, digest)) => {
            let known = |(a, _): &(Algorithm, &str)| a.name() == tag.replace('-', "").to_ascii_uppercase();
            let Some((stated, _)) = Algorithm::ALL.into_iter().find(known) else {
                return Err("states a digest of a kind that is not known here");
            };
            (digest, Some(name), Some(stated))
        }
        None => match text.split_once(' ') {
            // Two blanks, or a blank and the mark of binary mode.
            Some((digest, rest)) => match rest.strip_prefix([' ', '*']) {
                Some(name) if !name.is_empty() => (digest, Some(name), None),
                _ => return Err(NOT),
            },
            None => (text.trim(), None, None),
        },
    };
    let algorithm = Algorithm::of_digits(digest.len()).ok_or(NOT)?;
    if !digest.chars().all(|c| c.is_ascii_hexdigit()) || stated.is_some_and(|stated| stated != algorithm) {
        return Err(NOT);
    }
    let name = match name {
        Some(name) if escaped => Some(unescaped(name).ok_or(NOT)?),
        other => other.map(str::to_owned),
    };
    Ok(Line { algorithm, digest: digest.to_ascii_lowercase(), name })
}

/// `SHA256 (name) = digest`.
fn tagged(text: &str) -> Option<(&str, &str, &str)> {
    let (tag, rest) = text.split_once(" (")?;
    let (name, digest) = rest.rsplit_once(") = ")?;
    (!tag.contains(' ')).then_some((tag, name, digest))
}

fn unescaped(name: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY_MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
    const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn one(text: &str) -> Result<Line, &'static str> {
        let mut all = lines(text);
        assert_eq!(all.len(), 1, "{text}");
        all.remove(0).1
    }

    #[test]
    fn every_tool_is_read() {
        let named = |line: Line| (line.algorithm, line.name.unwrap_or_default());
        let plain = format!("{EMPTY_MD5}  /backups/a b.backup");
        assert_eq!(named(one(&plain).unwrap()), (Algorithm::Md5, "/backups/a b.backup".to_owned()));
        let binary = format!("{} *a.dump\r\n", EMPTY_SHA256.to_uppercase());
        assert_eq!(one(&binary).unwrap().digest, EMPTY_SHA256);
        let bsd = format!("SHA256 (a (1).dump) = {EMPTY_SHA256}");
        assert_eq!(named(one(&bsd).unwrap()), (Algorithm::Sha256, "a (1).dump".to_owned()));
        let odd = format!("\\{EMPTY_MD5}  a\\nb\\\\c");
        assert_eq!(one(&odd).unwrap().name.unwrap(), "a\nb\\c");
        assert_eq!(one(EMPTY_SHA256).unwrap().name, None);
        assert_eq!(lines("# made by a job\n\n").len(), 0);
    }

    #[test]
    fn what_is_no_line_is_said() {
        for text in [
            "d41d8cd98f00b204e9800998ecf84",
            "d41d8cd98f00b204e9800998ecf8427e ",
            "d41d8cd98f00b204e9800998ecf8427e a.dump",
            "zzzd8cd98f00b204e9800998ecf8427e  a.dump",
            "MD5 (a) = e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "BLAKE2b (a) = d41d8cd98f00b204e9800998ecf8427e",
            "\\d41d8cd98f00b204e9800998ecf8427e  a\\x",
            "tala_db.backup: OK",
        ] {
            assert!(one(text).is_err(), "{text}");
        }
    }

    #[test]
    fn digests_are_those_of_the_tools() {
        let mut left: &[u8] = b"abc";
        let mut read = |room: &mut [u8]| std::io::Read::read(&mut left, room);
        let sha1 = Algorithm::Sha1.digest(&mut read).unwrap();
        assert_eq!(sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
        let mut nothing = |_: &mut [u8]| Ok::<usize, ()>(0);
        assert_eq!(Algorithm::Md5.digest(&mut nothing).unwrap(), EMPTY_MD5);
        assert_eq!(Algorithm::Sha256.digest(&mut nothing).unwrap(), EMPTY_SHA256);
    }
}
