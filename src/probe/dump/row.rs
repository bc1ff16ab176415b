//! A row of COPY text, split and decoded only as far as somebody asks.

use std::borrow::Cow;

use memchr::memchr;

use crate::probe::copy_text::{NULL, decode};

/// A row. Its cells lie in the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct RowRef<'a> {
    pub(super) line: &'a [u8],
    /// Where each cell ends in the line, as the archive has them.
    pub(super) ends: &'a [usize],
    /// For each column, which cell it is; none when they are in the same order.
    pub(super) order: Option<&'a [usize]>,
    pub(super) columns: &'a [String],
}

impl<'a> RowRef<'a> {
    /// The names of its columns, in the order of its cells. The same for all rows of a relation.
    #[must_use]
    pub fn columns(&self) -> &'a [String] {
        self.columns
    }

    /// The cell of a column, counted from 0; `None` if there is no such column.
    #[must_use]
    pub fn cell(&self, column: usize) -> Option<Cell<'a>> {
        let at = match self.order {
            Some(order) => *order.get(column)?,
            None => column,
        };
        let to = *self.ends.get(at)?;
        let from = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)? + 1,
            None => 0,
        };
        self.line.get(from..to).map(Cell)
    }

    /// All cells in the order of the columns.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'a>> + '_ {
        (0..self.columns.len()).filter_map(|column| self.cell(column))
    }

    /// Whether any of its cells may be NULL or escaped.
    #[must_use]
    pub fn is_escaped(&self) -> bool {
        memchr(b'\\', self.line).is_some()
    }

    /// The row as the archive has it, without its line feed.
    #[must_use]
    pub fn line(&self) -> &'a [u8] {
        self.line
    }
}

/// A cell as the archive has it: escaped, in the archive's encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a>(pub(super) &'a [u8]);

impl<'a> Cell<'a> {
    /// Its bytes as they are written.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.0
    }

    /// Whether it is NULL.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.0 == NULL
    }

    /// Its value, `None` for NULL. Borrowed unless something in it is escaped.
    #[must_use]
    pub fn bytes(self) -> Option<Cow<'a, [u8]>> {
        if self.is_null() {
            return None;
        }
        if memchr(b'\\', self.0).is_none() {
            return Some(Cow::Borrowed(self.0));
        }
        let mut decoded = Vec::with_capacity(self.0.len());
        decode(self.0, &mut decoded);
        Some(Cow::Owned(decoded))
    }

    /// Its value as text, `None` for NULL.
    ///
    /// # Errors
    /// The value is not UTF-8: the archive has another encoding, or is damaged.
    pub fn text(self) -> Result<Option<Cow<'a, str>>, std::str::Utf8Error> {
        Ok(match self.bytes() {
            None => None,
            Some(Cow::Borrowed(bytes)) => Some(Cow::Borrowed(std::str::from_utf8(bytes)?)),
            Some(Cow::Owned(bytes)) => {
                Some(Cow::Owned(String::from_utf8(bytes).map_err(|error| error.utf8_error())?))
            }
        })
    }

    /// Puts its value behind what a buffer holds; nothing for NULL. For callers that keep one buffer for many cells.
    pub fn decode_onto(self, buffer: &mut Vec<u8>) {
        if !self.is_null() {
            decode(self.0, buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        for (written, value) in [
            (&b"plain"[..], &b"plain"[..]),
            (b"", b""),
            (b"a\\tb\\nc\\\\d", b"a\tb\nc\\d"),
            (b"\\b\\f\\r\\v", b"\x08\x0c\r\x0b"),
            (b"\\x41\\101\\x4g\\7", b"AA\x04g\x07"),
            (b"\\.\\q\\xz", b".qxz"),
            (b"end\\", b"end\\"),
            (b"\\\\N", b"\\N"),
            (b"\\Nx", b"Nx"),
        ] {
            assert_eq!(Cell(written).bytes().as_deref(), Some(value), "{written:?}");
            let mut buffer = b"old".to_vec();
            Cell(written).decode_onto(&mut buffer);
            assert_eq!(buffer, [b"old", value].concat());
        }
        assert_eq!(Cell(b"\\N").bytes(), None);
        assert!(matches!(Cell(b"plain").bytes(), Some(Cow::Borrowed(_))));
    }

    #[test]
    fn cells_follow_the_columns() {
        let columns = ["b".to_owned(), "a".to_owned()];
        let row = RowRef { line: b"1\ttwo", ends: &[1, 5], order: Some(&[1, 0]), columns: &columns };
        let cells: Vec<_> = row.cells().map(Cell::raw).collect();
        assert_eq!(cells, [&b"two"[..], b"1"]);
        assert_eq!(RowRef { order: None, ..row }.cell(0).map(Cell::raw), Some(&b"1"[..]));
        assert_eq!(row.cell(2), None);
    }
}
