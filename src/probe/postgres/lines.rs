//! Rows as `COPY ... TO STDOUT (FORMAT text)` sends them (PostgreSQL's documentation of `COPY`, "Text Format"). Unlike a
//! file, what a server sends has no end marker: the protocol tells the end.

use std::ops::ControlFlow;

use memchr::{memchr3_iter, memrchr};

use super::copied::{Damage, Wire};
use crate::probe::copy_text::{NULL, decode};
use crate::stream::Filler;
use crate::stream::exact::Exact;

/// Reads what a server sends, piece by piece.
#[derive(Debug)]
pub struct Lines<'a> {
    wires: &'a [Wire],
    /// Which of them are taken in words, once that was asked.
    in_words: Option<Vec<bool>>,
    /// The beginning of a row whose end is still to come.
    rest: Vec<u8>,
    /// Bytes that came.
    bytes: u64,
}

impl<'a> Lines<'a> {
    /// Rows of these columns, of which there is one at least.
    #[must_use]
    pub fn new(wires: &'a [Wire]) -> Self {
        Self { wires, in_words: None, rest: Vec::new(), bytes: 0 }
    }

    /// Whether no row was begun that did not end.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.rest.is_empty()
    }

    /// Bytes that came so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Hands on the rows of the next piece.
    ///
    /// # Errors
    ///
    /// What does not read as rows of these columns.
    pub fn feed(&mut self, piece: &[u8], to: &mut Filler<'_>) -> Result<ControlFlow<()>, Damage> {
        self.bytes += piece.len() as u64;
        let Some(last) = memrchr(b'\n', piece) else {
            self.rest.extend_from_slice(piece);
            return Ok(ControlFlow::Continue(()));
        };
        let (whole, rest) = piece.split_at(last + 1);
        let flow = if self.rest.is_empty() {
            self.rows(whole, to)?
        } else {
            let mut joined = std::mem::take(&mut self.rest);
            joined.extend_from_slice(whole);
            self.rows(&joined, to)?
        };
        self.rest.extend_from_slice(rest);
        Ok(flow)
    }

    /// Hands on rows that are whole.
    fn rows(&mut self, lines: &[u8], to: &mut Filler<'_>) -> Result<ControlFlow<()>, Damage> {
        let numbers = || self.wires.iter().map(|wire| wire.is_number()).collect::<Vec<bool>>();
        let in_words = self.in_words.get_or_insert_with(|| to.in_words(&numbers()));
        let width = self.wires.len();
        let (mut from, mut column, mut escaped) = (0, 0, false);
        for at in memchr3_iter(b'\t', b'\n', b'\\', lines) {
            let Some(end) = lines.get(at).filter(|end| **end != b'\\') else {
                escaped = true;
                continue;
            };
            let cell = lines.get(from..at).unwrap_or_default();
            let word = if in_words.get(column) == Some(&true) { Exact::short(cell) } else { None };
            match (word, escaped, cell) {
                (Some((digits, scale)), ..) => to.word(digits, scale),
                (None, false, _) => to.cell(cell),
                (None, true, NULL) => to.null(),
                (None, true, _) => to.written(|bytes| decode(cell, bytes)),
            }
            (from, column, escaped) = (at + 1, column + 1, false);
            // Never more cells than there are columns, and never less.
            if (*end == b'\n') != (column == width) {
                return Err("a row has another number of columns than was asked for");
            }
            if column == width {
                column = 0;
                if to.end_row().is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Cells = Vec<Option<Vec<u8>>>;

    /// As `CopyAttributeOutText` in `copyto.c` writes rows.
    fn message(rows: &[Cells]) -> Vec<u8> {
        let cell = |cell: &Option<Vec<u8>>| match cell {
            None => NULL.to_vec(),
            Some(value) => value
                .iter()
                .flat_map(|byte| match byte {
                    8 => b"\\b".to_vec(),
                    12 => b"\\f".to_vec(),
                    b'\n' => b"\\n".to_vec(),
                    b'\r' => b"\\r".to_vec(),
                    b'\t' => b"\\t".to_vec(),
                    11 => b"\\v".to_vec(),
                    b'\\' => b"\\\\".to_vec(),
                    other => vec![*other],
                })
                .collect(),
        };
        rows.iter()
            .flat_map(|row| [row.iter().map(cell).collect::<Vec<_>>().join(&b'\t'), b"\n".to_vec()].concat())
            .collect()
    }

    fn read(width: usize, pieces: &[&[u8]]) -> Result<(Vec<Cells>, bool), Damage> {
        let wires = vec![Wire::Text; width];
        let (mut rows, mut lines) = (Vec::new(), Lines::new(&wires));
        crate::stream::collect(width, &mut rows, |filler| {
            pieces.iter().try_for_each(|piece| lines.feed(piece, filler).map(|_on| ()))
        })?;
        Ok((rows, lines.is_whole()))
    }

    fn cell() -> impl Strategy<Value = Option<Vec<u8>>> {
        let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\\\t\n\r\x08\x0b\x0cNtx.7".to_vec())];
        prop::option::of(prop::collection::vec(byte, 0..9))
    }

    proptest! {
        #[test]
        fn rows_come_out_whole_however_they_are_cut(
            rows in prop::collection::vec(prop::collection::vec(cell(), 3), 0..9),
            cuts in prop::collection::vec(0usize..200, 0..6),
        ) {
            let bytes = message(&rows);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(read(3, &pieces).unwrap(), (rows, true));
        }

        #[test]
        fn a_row_that_is_cut_is_never_whole_and_nothing_panics(
            rows in prop::collection::vec(prop::collection::vec(cell(), 2), 1..5),
            cut in 1usize..40,
            noise in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let bytes = message(&rows);
            let short = &bytes[..bytes.len().saturating_sub(cut)];
            match read(2, &[short]) {
                Ok((found, whole)) => prop_assert!(found.len() < rows.len() && whole == (short.is_empty() || short.ends_with(b"\n"))),
                Err(why) => prop_assert!(false, "{}", why),
            }
            let _any_answer = read(2, &[&noise]);
        }
    }

    #[test]
    fn other_columns_are_damage() {
        for bytes in [&b"a\n"[..], b"a\tb\tc\n", b"\n", b"a\tb\nc\n"] {
            assert!(read(2, &[bytes]).unwrap_err().contains("number of columns"), "{bytes:?}");
        }
        assert_eq!(
            read(1, &[b"\n\\\\N\n\\N\n"]).unwrap().0,
            [[Some(vec![])], [Some(b"\\N".to_vec())], [None]]
        );
    }
}
