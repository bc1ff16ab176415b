//! Lines of a stream, without a copy of each: they are handed out where they lie in the buffer.

use std::io::Read;

use memchr::memchr;

use super::error::ArchiveError;

/// Size of the buffer to begin with, in bytes.
const BUFFER: usize = 256 * 1024;

/// The longest line, in bytes: what PostgreSQL itself cannot take in one piece (`MaxAllocSize` in `memutils.h`) no
/// dump of it can hold.
pub(super) const LONGEST: usize = (1 << 30) - 1;

/// A stream's lines.
pub(super) struct Lines<R> {
    inner: R,
    buffer: Vec<u8>,
    /// The next line begins here, and what was read ends there.
    start: usize,
    end: usize,
    ended: bool,
    longest: usize,
    /// Bytes of the stream before the buffer.
    before: u64,
    /// Whether lines end as on Windows, where pg_dump's plain text went through a text-mode stream.
    pub(super) crlf: bool,
}

/// A line without its line feed, which the last one of a stream may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) ended: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            ended: false,
            longest: LONGEST,
            before: 0,
            crlf: false,
        }
    }

    /// The next line; none at the end of the stream.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, ArchiveError> {
        let mut searched = 0;
        let (from, to, ended) = loop {
            let ready = self.buffer.get(self.start + searched..self.end).unwrap_or_default();
            if let Some(length) = memchr(b'\n', ready) {
                let from = self.start;
                let to = from + searched + length;
                self.start = to + 1;
                break (from, to, true);
            }
            searched = self.end - self.start;
            if self.ended {
                if searched == 0 {
                    return Ok(None);
                }
                let from = self.start;
                self.start = self.end;
                break (from, self.end, false);
            }
            self.fill()?;
        };
        let bytes = self.buffer.get(from..to).unwrap_or_default();
        let bytes = if self.crlf { bytes.strip_suffix(b"\r").unwrap_or(bytes) } else { bytes };
        Ok(Some(Line { bytes, ended }))
    }

    /// Where the next line begins in the stream.
    pub(super) fn offset(&self) -> u64 {
        self.before + self.start as u64
    }

    /// Reads on. What is left of a line moves to the front; a line that fills the buffer doubles it.
    fn fill(&mut self) -> Result<(), ArchiveError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.before += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            if self.end >= self.longest {
                return Err(ArchiveError::corrupt(format!("a line is longer than {} bytes", self.longest)));
            }
            let doubled = (self.end * 2).min(self.longest.max(1));
            self.buffer.resize(doubled, 0);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let count = loop {
            match self.inner.read(room) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ArchiveError::from_io(&error, "its data")),
                Ok(count) => break count,
            }
        };
        self.ended = count == 0;
        self.end += count.min(room.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], longest: usize, buffer: usize) -> Result<Vec<(Vec<u8>, bool)>, ArchiveError> {
        let mut lines = Lines::new(text);
        lines.longest = longest;
        lines.buffer = vec![0; buffer];
        let mut found = Vec::new();
        while let Some(line) = lines.next()? {
            found.push((line.bytes.to_vec(), line.ended));
        }
        Ok(found)
    }

    #[test]
    fn lines_are_found_however_small_the_buffer() {
        let text = b"one\n\ntwenty two\nlast";
        let expected = [("one", true), ("", true), ("twenty two", true), ("last", false)];
        let expected: Vec<_> =
            expected.iter().map(|(line, ended)| (line.as_bytes().to_vec(), *ended)).collect();
        for buffer in 1..30 {
            assert_eq!(all(text, 100, buffer).unwrap(), expected, "buffer of {buffer}");
        }
        assert_eq!(all(b"", 100, 4).unwrap(), []);
    }

    #[test]
    fn a_line_has_a_limit() {
        assert!(all(b"0123456789\n", 8, 2).unwrap_err().message.contains("longer than 8 bytes"));
    }
}
