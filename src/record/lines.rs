//! The lines of a record file, as bytes: nothing is taken for granted.

use std::io::{self, BufRead, Read as _};

use super::entry::LONGEST;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1 on.
    pub(super) number: u64,
    /// The place of its first byte in the file.
    pub(super) start: u64,
    /// Its bytes without the line end.
    pub(super) bytes: Vec<u8>,
    /// Whether it has a line end.
    pub(super) ended: bool,
    /// Whether it is longer than any entry may be; then its bytes are not all there.
    pub(super) too_long: bool,
}

impl Line {
    /// Whether it was not written to its end: without a line end, or with zeros, which a file system leaves where data
    /// did not reach the disk. No entry holds a zero byte.
    pub(super) fn is_torn(&self) -> bool {
        !self.ended || self.bytes.contains(&0)
    }
}

/// Reads the lines of a file.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    number: u64,
    start: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, number: 0, start: 0 }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let mut length = (&mut self.input).take(LONGEST as u64 + 1).read_until(b'\n', &mut bytes)? as u64;
        if length == 0 {
            return Ok(None);
        }
        let mut ended = bytes.last() == Some(&b'\n');
        let too_long = bytes.len() > LONGEST;
        if too_long && !ended {
            let (rest, found) = skip_line(&mut self.input)?;
            length += rest;
            ended = found;
        } else if ended {
            bytes.pop();
        }
        let line = Line { number: self.number + 1, start: self.start, bytes, ended, too_long };
        self.number += 1;
        self.start += length;
        Ok(Some(line))
    }
}

/// Passes over the rest of a line; how many bytes, and whether it has an end.
fn skip_line(input: &mut impl BufRead) -> io::Result<(u64, bool)> {
    let mut passed = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok((passed, false));
        }
        let (used, found) = match memchr::memchr(b'\n', buffer) {
            Some(at) => (at + 1, true),
            None => (buffer.len(), false),
        };
        input.consume(used);
        passed += used as u64;
        if found {
            return Ok((passed, true));
        }
    }
}
