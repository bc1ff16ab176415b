//! Rows on their way from where they are read to where they are measured: many at once, in one piece of memory.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::lane::Lane;
use super::words::{Wording, Words};
use crate::catalogue::ColumnKind;

/// Rows in a batch, at most.
const ROWS: usize = 1024;

/// Bytes after which a batch is full.
const FULL: usize = 128 << 10;

/// Where the cells of a column are.
#[derive(Clone, Copy, Debug)]
enum Slot {
    /// Among the texts of the rows.
    Text(usize),
    /// In a column of their own.
    Words(usize),
}

/// Some rows of a relation: of each, the cells of the wanted columns.
#[derive(Debug)]
pub(super) struct Batch {
    /// The texts of the rows, one after another.
    bytes: Vec<u8>,
    /// Where each of them ends, twice, and one more for NULL; before them all, where the first begins.
    ends: Vec<u32>,
    /// Whether any of them is NULL.
    nulls: bool,
    rows: usize,
    /// Texts of a row.
    width: usize,
    /// Where each column is, by place.
    slots: Arc<[Slot]>,
    words: Vec<Words>,
}

/// The cells of a column, row by row.
struct Column<'a> {
    bytes: &'a [u8],
    ends: &'a [u32],
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
        Raw { batch: self, at }
    }

    /// All texts of the rows as one, if all of them together are valid UTF-8: that is looked at far quicker than cell by
    /// cell.
    #[must_use]
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// A column as it came, if in words that all fit.
    pub(super) fn lane(&self, place: usize) -> Option<&Lane> {
        match self.slots.get(place)? {
            Slot::Words(at) => self.words.get(*at)?.lane(),
            Slot::Text(_) => None,
        }
    }

    fn texts(&self, words: usize) -> Column<'_> {
        let texts = self.words.get(words).map(Words::texts);
        texts.map_or(Column { bytes: &[], ends: &[] }, |t| Column { bytes: &t.bytes, ends: &t.ends })
    }

    /// The cells of a column, row by row; NULL in all rows of a column that there is not.
    pub(super) fn column(&self, place: usize) -> impl Iterator<Item = Option<&[u8]>> {
        let (column, step) = match self.slots.get(place) {
            Some(Slot::Text(at)) => {
                (Column { bytes: &self.bytes, ends: self.ends.get(*at..).unwrap_or_default() }, self.width)
            }
            Some(Slot::Words(at)) => (self.texts(*at), 1),
            None => (Column { bytes: &[], ends: &[] }, 1),
        };
        let cell = move |ends: &[u32]| match ends {
            [from, end] if end & 1 == 0 => column.bytes.get((from >> 1) as usize..(end >> 1) as usize),
            _ => None,
        };
        let lacking = std::iter::repeat_n(None, if column.ends.is_empty() { self.rows } else { 0 });
        column.ends.windows(2).step_by(step.max(1)).map(cell).chain(lacking)
    }

    /// Whether a cell is NULL.
    pub(super) fn is_null(&self, place: usize, at: usize) -> bool {
        self.lane(place).map_or_else(|| self.row(at).get(place).is_none(), |lane| lane.is_null(at))
    }

    /// The first rows of runs that have the same spelling in a column.
    pub(super) fn starts(&self, place: usize) -> Vec<usize> {
        if let Some(lane) = self.lane(place) {
            return lane.starts();
        }
        let mut before: Option<Option<&[u8]>> = None;
        let anew = |(at, cell)| (before.replace(cell) != Some(cell)).then_some(at);
        self.column(place).enumerate().filter_map(anew).collect()
    }

    /// Which rows have NULL in a column; `None` if none has.
    pub(super) fn nulls(&self, place: usize) -> Option<Vec<bool>> {
        if let Some(lane) = self.lane(place) {
            return lane.nulls.clone();
        }
        let some = self.nulls || matches!(self.slots.get(place), Some(Slot::Words(_)));
        some.then(|| self.column(place).map(|cell| cell.is_none()).collect())
    }
}

/// The text of a row's cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    batch: &'a Batch,
    at: usize,
}

impl<'a> Raw<'a> {
    /// The cell of a column, by place; `None` for NULL.
    #[must_use]
    pub(super) fn get(&self, place: usize) -> Option<&'a [u8]> {
        let (column, at) = match *self.batch.slots.get(place)? {
            Slot::Text(at) => {
                (Column { bytes: &self.batch.bytes, ends: &self.batch.ends }, self.at * self.batch.width + at)
            }
            Slot::Words(words) => (self.batch.texts(words), self.at),
        };
        column.bytes.get(range(column.ends, at)?)
    }

    /// The cell of a column out of [`Batch::text`]; `None` for NULL, where it begins or ends inside a character, and where it
    /// is none of the row's texts.
    #[must_use]
    pub(super) fn within(&self, text: &'a str, place: usize) -> Option<&'a str> {
        match *self.batch.slots.get(place)? {
            Slot::Text(at) => text.get(range(&self.batch.ends, self.at * self.batch.width + at)?),
            Slot::Words(_) => None,
        }
    }
}

/// Where a cell stands; `None` for NULL.
fn range(ends: &[u32], at: usize) -> Option<Range<usize>> {
    match ends.get(at..)? {
        [from, end, ..] if end & 1 == 0 => Some((from >> 1) as usize..(end >> 1) as usize),
        _ => None,
    }
}

/// Takes rows cell by cell, and hands them on in batches.
pub struct Filler<'a> {
    batch: Batch,
    give: &'a mut dyn FnMut(Batch) -> ControlFlow<()>,
    /// Kinds of the columns whose value alone is asked for, by place.
    valued: Vec<Option<ColumnKind>>,
    words: Vec<Wording>,
    /// The place of the next cell.
    place: usize,
    /// Bytes of cells that came in words and were none.
    odd: usize,
}

impl<'a> Filler<'a> {
    /// Rows of so many cells.
    pub(super) fn new(width: usize, give: &'a mut dyn FnMut(Batch) -> ControlFlow<()>) -> Self {
        Self::of(vec![None; width], give)
    }

    /// Rows of these columns, with their kinds where nobody asks for their text.
    pub(super) fn of(
        valued: Vec<Option<ColumnKind>>,
        give: &'a mut dyn FnMut(Batch) -> ControlFlow<()>,
    ) -> Self {
        let (width, slots) = (valued.len(), (0..valued.len()).map(Slot::Text).collect());
        Self { batch: Self::empty(width, slots), give, valued, words: Vec::new(), place: 0, odd: 0 }
    }

    fn empty(width: usize, slots: Arc<[Slot]>) -> Batch {
        let bytes = Vec::with_capacity(FULL + FULL / 8);
        let mut ends = Vec::with_capacity(ROWS * width + 1);
        ends.push(0);
        Batch { bytes, ends, nulls: false, rows: 0, width, slots, words: Vec::new() }
    }

    /// Before the first row: which columns are taken in words, among those, by place, that whoever fills in has as such.
    /// Of these, [`Filler::word`] takes what is one; what is not comes as text all the same.
    pub fn in_words(&mut self, has: &[bool]) -> Vec<bool> {
        let wording = |(place, kind): (usize, &Option<ColumnKind>)| {
            kind.filter(|_| has.get(place) == Some(&true)).and_then(Wording::of)
        };
        let (mut slots, mut texts) = (Vec::new(), 0);
        self.words.clear();
        for found in self.valued.iter().enumerate().map(wording) {
            slots.push(match found {
                Some(wording) => {
                    self.words.push(wording);
                    Slot::Words(self.words.len() - 1)
                }
                None => {
                    texts += 1;
                    Slot::Text(texts - 1)
                }
            });
        }
        let taken = slots.iter().map(|slot| matches!(slot, Slot::Words(_))).collect();
        self.batch = Self::empty(texts, slots.into());
        taken
    }

    /// Where the next cell goes, if into a column of words; `None` among the texts.
    fn next(&mut self) -> Option<&mut Wording> {
        if self.words.is_empty() {
            return None;
        }
        self.place += 1;
        match self.batch.slots.get(self.place - 1)? {
            Slot::Words(at) => self.words.get_mut(*at),
            Slot::Text(_) => None,
        }
    }

    /// The next cell of a row: its text as `COPY` writes it, unescaped.
    pub fn cell(&mut self, text: &[u8]) {
        if let Some(words) = self.next() {
            self.odd += words.text(text);
            return;
        }
        self.batch.bytes.extend_from_slice(text);
        self.end(0);
    }

    /// The next cell of a row, which is NULL.
    pub fn null(&mut self) {
        if let Some(words) = self.next() {
            words.null();
            return;
        }
        self.batch.nulls = true;
        self.end(1);
    }

    /// The next cell of a row, written by somebody else behind what is there.
    pub fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(words) = self.next() {
            let mut text = Vec::new();
            write(&mut text);
            self.odd += words.text(&text);
            return;
        }
        write(&mut self.batch.bytes);
        self.end(0);
    }

    /// The next cell of a row, of a column that is taken in words: a number of so many digits after the point, or the
    /// microseconds since 1970 of an instant in the years 1 to 9999.
    pub fn word(&mut self, digits: i64, scale: u32) {
        if let Some(words) = self.next() {
            words.word(digits, scale);
        }
    }

    fn end(&mut self, null: u32) {
        // A row has less than 2^30 bytes, and a batch ends with the first row that fills it.
        let end = u32::try_from(self.batch.bytes.len()).unwrap_or(u32::MAX >> 1);
        self.batch.ends.push(end << 1 | null);
    }

    /// Ends a row, which has all its cells.
    pub fn end_row(&mut self) -> ControlFlow<()> {
        self.batch.rows += 1;
        self.place = 0;
        if self.batch.rows >= ROWS || self.batch.bytes.len() + self.odd >= FULL {
            return self.flush();
        }
        ControlFlow::Continue(())
    }

    /// Hands on what there is.
    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        if self.batch.rows == 0 {
            return ControlFlow::Continue(());
        }
        let empty = Self::empty(self.batch.width, Arc::clone(&self.batch.slots));
        let mut full = std::mem::replace(&mut self.batch, empty);
        let next = self.words.iter().filter_map(Wording::anew).collect();
        full.words = std::mem::replace(&mut self.words, next).into_iter().map(Wording::finish).collect();
        self.odd = 0;
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
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn words_and_texts_of_the_same_cells_look_alike(
            rows in prop::collection::vec(
                (prop::sample::select(vec![None, Some("0.00"), Some("12.34"), Some("-7"), Some("0.5"), Some("NaN"),
                    Some("99999999999999999"), Some("0.000000000000000001"), Some("123456789012345678901234567890")]),
                 prop::sample::select(vec![None, Some("2026-01-01 00:00:00"), Some("2026-01-01 00:00:00.5"), Some("infinity")])),
                1..12,
            ),
            plain in any::<bool>(),
        ) {
            let kinds = [ColumnKind::Numeric, ColumnKind::Text, ColumnKind::Timestamp];
            let made = |in_words: bool| {
                let mut batches = Vec::new();
                let mut give = |batch: Batch| {
                    batches.push(batch);
                    ControlFlow::Continue(())
                };
                let mut filler = Filler::of(kinds.map(|kind| (kind != ColumnKind::Text).then_some(kind)).to_vec(), &mut give);
                if in_words {
                    assert_eq!(filler.in_words(&[true, true, true]), [true, false, true]);
                }
                for (number, time) in &rows {
                    for (text, kind) in [(number, kinds[0]), (&Some("text"), kinds[1]), (time, kinds[2])] {
                        let ordinary = text.filter(|text| in_words && (!plain || *text != "infinity"));
                        let word = ordinary.and_then(|text| match kind {
                            ColumnKind::Numeric => crate::stream::exact::Exact::short(text.as_bytes()),
                            ColumnKind::Timestamp => crate::chain::time::parse(text).map(|at| (at.micros_since_epoch(), 0)),
                            _ => None,
                        });
                        match (word, text) {
                            (Some((digits, scale)), _) => filler.word(digits, scale),
                            (None, Some(text)) => filler.cell(text.as_bytes()),
                            (None, None) => filler.null(),
                        }
                    }
                    assert!(filler.end_row().is_continue());
                }
                assert!(filler.flush().is_continue());
                batches.pop().unwrap()
            };
            let (words, texts) = (made(true), made(false));
            prop_assert_eq!(words.rows(), texts.rows());
            for place in 0..4 {
                prop_assert_eq!(words.column(place).collect::<Vec<_>>(), texts.column(place).collect::<Vec<_>>());
                let no_nulls = |nulls: Option<Vec<bool>>| nulls.unwrap_or_else(|| vec![false; rows.len()]);
                if place < 3 {
                    prop_assert_eq!(no_nulls(words.nulls(place)), no_nulls(texts.nulls(place)));
                }
                for at in 0..rows.len() {
                    prop_assert_eq!(words.row(at).get(place), texts.row(at).get(place));
                    prop_assert_eq!(words.is_null(place, at), texts.is_null(place, at));
                }
                prop_assert_eq!(words.starts(place), texts.starts(place));
            }
            // What fits is not spelt for nothing.
            let ordinary = rows.iter().all(|(_, time)| *time != Some("infinity"));
            prop_assert_eq!(words.lane(2).is_some(), ordinary);
        }
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
