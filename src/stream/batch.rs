//! Rows on their way from where they are read to where they are measured: many at once, in one piece of memory.

use std::ops::{ControlFlow, Range};

/// Rows in a batch, at most.
const ROWS: usize = 1024;

/// Bytes after which a batch is full.
const FULL: usize = 128 << 10;

/// Some rows of a relation: of each, the cells of the wanted columns, one after another.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Where each cell ends, twice, and one more for NULL; before them all, where the first begins.
    ends: Vec<u32>,
    /// Whether any cell is NULL.
    nulls: bool,
    rows: usize,
    width: usize,
}

impl Batch {
    /// How many rows it holds.
    #[must_use]
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// One of its rows.
    #[must_use]
    pub(super) fn row(&self, at: usize) -> Raw<'_> {
        Raw { batch: self, first: at * self.width }
    }

    /// All cells as one text, if all of them together are valid UTF-8: that is looked at far quicker than cell by cell.
    #[must_use]
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// A cell, counted over all rows.
    fn cell(&self, at: usize) -> Option<&[u8]> {
        self.bytes.get(self.range(at)?)
    }

    /// Where a cell stands; `None` for NULL.
    fn range(&self, at: usize) -> Option<Range<usize>> {
        match self.ends.get(at..)? {
            [from, end, ..] if end & 1 == 0 => Some((from >> 1) as usize..(end >> 1) as usize),
            _ => None,
        }
    }

    /// The cells of a column, row by row; NULL in all rows of a column that there is not.
    pub(super) fn column(&self, place: usize) -> impl Iterator<Item = Option<&[u8]>> {
        let there = place < self.width;
        let ends = self.ends.get(place..).filter(|_| there).unwrap_or_default();
        let cell = |ends: &[u32]| match ends {
            [from, end] if end & 1 == 0 => self.bytes.get((from >> 1) as usize..(end >> 1) as usize),
            _ => None,
        };
        let lacking = std::iter::repeat_n(None, if there { 0 } else { self.rows });
        ends.windows(2).step_by(self.width.max(1)).map(cell).chain(lacking)
    }

    /// Which rows have NULL in a column; `None` if none has.
    pub(super) fn nulls(&self, place: usize) -> Option<Vec<bool>> {
        self.nulls.then(|| self.column(place).map(|cell| cell.is_none()).collect())
    }
}

/// The text of a row's cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    batch: &'a Batch,
    first: usize,
}

impl<'a> Raw<'a> {
    /// The cell of a column, by place; `None` for NULL.
    #[must_use]
    pub(super) fn get(&self, place: usize) -> Option<&'a [u8]> {
        if place >= self.batch.width {
            return None;
        }
        self.batch.cell(self.first + place)
    }

    /// The cell of a column out of [`Batch::text`]; `None` for NULL, and where it begins or ends inside a character.
    #[must_use]
    pub(super) fn within(&self, text: &'a str, place: usize) -> Option<&'a str> {
        if place >= self.batch.width {
            return None;
        }
        text.get(self.batch.range(self.first + place)?)
    }
}

/// Takes rows cell by cell, and hands them on in batches.
pub struct Filler<'a> {
    batch: Batch,
    width: usize,
    give: &'a mut dyn FnMut(Batch) -> ControlFlow<()>,
}

impl<'a> Filler<'a> {
    /// Rows of so many cells.
    pub(super) fn new(width: usize, give: &'a mut dyn FnMut(Batch) -> ControlFlow<()>) -> Self {
        Self { batch: Self::empty(width), width, give }
    }

    fn empty(width: usize) -> Batch {
        let bytes = Vec::with_capacity(FULL + FULL / 8);
        let mut ends = Vec::with_capacity(ROWS * width + 1);
        ends.push(0);
        Batch { bytes, ends, nulls: false, rows: 0, width }
    }

    /// The next cell of a row: its text as `COPY` writes it, unescaped.
    pub fn cell(&mut self, text: &[u8]) {
        self.batch.bytes.extend_from_slice(text);
        self.end(0);
    }

    /// The next cell of a row, which is NULL.
    pub fn null(&mut self) {
        self.batch.nulls = true;
        self.end(1);
    }

    /// The next cell of a row, written by somebody else behind what is there.
    pub fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.batch.bytes);
        self.end(0);
    }

    fn end(&mut self, null: u32) {
        // A row has less than 2^30 bytes, and a batch ends with the first row that fills it.
        let end = u32::try_from(self.batch.bytes.len()).unwrap_or(u32::MAX >> 1);
        self.batch.ends.push(end << 1 | null);
    }

    /// Ends a row, which has all its cells.
    pub fn end_row(&mut self) -> ControlFlow<()> {
        self.batch.rows += 1;
        if self.batch.rows >= ROWS || self.batch.bytes.len() >= FULL {
            return self.flush();
        }
        ControlFlow::Continue(())
    }

    /// Hands on what there is.
    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        if self.batch.rows == 0 {
            return ControlFlow::Continue(());
        }
        let full = std::mem::replace(&mut self.batch, Self::empty(self.width));
        (self.give)(full)
    }
}

/// The rows that somebody fills in, for tests and fuzzing.
///
/// # Errors
///
/// Those of whoever fills them in.
#[doc(hidden)]
pub fn collect<E>(
    width: usize,
    rows: &mut Vec<Vec<Option<Vec<u8>>>>,
    fill: impl FnOnce(&mut Filler<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut give = |batch: Batch| {
        let cells = |row: Raw<'_>| (0..width).map(|place| row.get(place).map(<[u8]>::to_vec)).collect();
        rows.extend((0..batch.rows()).map(|at| cells(batch.row(at))));
        ControlFlow::Continue(())
    };
    let mut filler = Filler::new(width, &mut give);
    fill(&mut filler)?;
    let _all_the_same = filler.flush();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_as_they_went_in_and_in_order() {
        let long = vec![b'x'; FULL];
        let mut batches = Vec::new();
        let mut give = |batch: Batch| {
            batches.push(batch);
            ControlFlow::Continue(())
        };
        let mut filler = Filler::new(3, &mut give);
        for n in 0..3000u32 {
            filler.cell(n.to_string().as_bytes());
            filler.null();
            if n == 2000 {
                filler.cell(&long);
            } else {
                filler.written(|bytes| bytes.extend_from_slice(b""));
            }
            assert!(filler.end_row().is_continue());
        }
        assert!(filler.flush().is_continue());
        for batch in &batches {
            for place in 0..4 {
                let alone: Vec<_> = (0..batch.rows()).map(|at| batch.row(at).get(place)).collect();
                assert_eq!(batch.column(place).collect::<Vec<_>>(), alone);
            }
        }
        let rows = batches.iter().flat_map(|b| (0..b.rows()).map(|at| b.row(at)));
        let mut count = 0;
        for (n, row) in rows.enumerate() {
            assert_eq!(row.get(0), Some(n.to_string().as_bytes()));
            assert_eq!((row.get(1), row.get(3)), (None, None));
            assert_eq!(row.get(2).map(<[u8]>::len), Some(if n == 2000 { FULL } else { 0 }));
            count += 1;
        }
        assert_eq!(count, 3000);
        assert_eq!(batches.len(), 3);
    }

    #[test]
    fn cells_out_of_the_whole_text_are_those_read_one_by_one() {
        let batch = |cells: &[Option<&[u8]>]| {
            let mut made = None;
            let mut give = |batch: Batch| {
                made = Some(batch);
                ControlFlow::Continue(())
            };
            let mut filler = Filler::new(cells.len(), &mut give);
            cells.iter().for_each(|cell| match cell {
                Some(text) => filler.cell(text),
                None => filler.null(),
            });
            assert!(filler.end_row().is_continue() && filler.flush().is_continue());
            made.unwrap()
        };
        let whole = batch(&[Some("Zürich".as_bytes()), None, Some(b""), Some("€".as_bytes())]);
        let text = whole.text().unwrap();
        let cells: Vec<Option<&str>> = (0..5).map(|n| whole.row(0).within(text, n)).collect();
        assert_eq!(cells, [Some("Zürich"), None, Some(""), Some("€"), None]);
        assert_eq!(batch(&[Some(b"a"), Some(b"\xff")]).text(), None);
        // Halves of a character are no texts, though together they are one.
        let (left, right) = "ü".as_bytes().split_at(1);
        let halves = batch(&[Some(b"a"), Some(left), Some(right), Some(b"b")]);
        let text = halves.text().unwrap();
        let cells: Vec<Option<&str>> = (0..4).map(|n| halves.row(0).within(text, n)).collect();
        assert_eq!(cells, [Some("a"), None, None, Some("b")]);
    }

    #[test]
    fn rows_without_columns_are_counted_all_the_same() {
        let mut rows = 0;
        let mut give = |batch: Batch| {
            rows += batch.rows();
            ControlFlow::Continue(())
        };
        let mut filler = Filler::new(0, &mut give);
        for _ in 0..1500 {
            assert!(filler.end_row().is_continue());
        }
        assert!(filler.flush().is_continue());
        assert_eq!(rows, 1500);
    }
}
