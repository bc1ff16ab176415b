//! What the cells of a row are like, as far as writers and recipes are known to differ over it: NULL, an empty text, a
//! number with an exponent, a fraction of a second ... Rows that recompute and rows that do not are counted by these
//! marks, so that a recipe that does not fit one sort of row is told from rows that were changed. Counts merge.

use std::collections::HashMap;

use super::mark::Mark;
use super::scan;
use super::spec::{CellKind, ChainSpec, Recipe};
use super::{time, visit};

/// Most sorts of failing rows that are told apart.
const MOST_SORTS: usize = 256;

/// A column's marks in one row, or a row's marks by column.
type Marks = Box<[u32]>;

/// Rows counted by their marks.
#[derive(Debug)]
pub(crate) struct Marked {
    /// The columns that the recipe reads, with their kind and whether NULL is allowed in them.
    columns: Vec<(usize, CellKind, bool)>,
    json: bool,
    /// Recomputing rows, by column and mark; the last entry is about the row itself.
    good: Vec<[u64; Mark::ALL.len()]>,
    sorts: HashMap<Marks, u32>,
    /// What each sort has that no recomputing row had so far.
    by_sort: Vec<Marks>,
    buffer: Vec<u32>,
}

/// A sort of failing rows: the marks they share. Zero is the sort without marks.
pub(crate) const PLAIN: u32 = 0;
/// Further sorts than are told apart.
pub(crate) const OTHERS: u32 = u32::MAX;

impl Marked {
    pub(crate) fn new(spec: &ChainSpec) -> Self {
        let columns: Vec<_> = visit::all_columns(spec)
            .into_iter()
            .filter_map(|index| spec.columns.get(index).map(|column| (index, column.kind, column.nullable)))
            .collect();
        let mut json = false;
        for (_, recipe) in spec.recipes() {
            visit::visit(recipe, &mut |part| json |= matches!(part, Recipe::Json(..)));
        }
        let width = columns.len() + 1;
        Self {
            columns,
            json,
            good: vec![[0; Mark::ALL.len()]; width],
            sorts: HashMap::new(),
            by_sort: vec![vec![0; width].into()],
            buffer: vec![0; width],
        }
    }

    /// Counts a row that recomputes; `first` when it has no predecessor.
    pub(crate) fn recomputes(&mut self, row: &[Option<&str>], first: bool) {
        self.mark(row, first);
        for (marks, good) in self.buffer.iter().zip(&mut self.good) {
            let mut rest = *marks;
            while rest != 0 {
                if let Some(count) = good.get_mut(rest.trailing_zeros() as usize) {
                    *count += 1;
                }
                rest &= rest - 1;
            }
        }
    }

    /// The sort of a row that does not recompute.
    pub(crate) fn fails(&mut self, row: &[Option<&str>], first: bool) -> u32 {
        self.mark(row, first);
        for (marks, good) in self.buffer.iter_mut().zip(&self.good) {
            // What recomputing rows have too tells nothing, which keeps the sorts few.
            for (mark, count) in Mark::ALL.into_iter().zip(good) {
                if *count > 0 && !mark.by_luck() {
                    *marks &= !mark.bit();
                }
            }
        }
        if self.buffer.iter().all(|marks| *marks == 0) {
            return PLAIN;
        }
        if let Some(sort) = self.sorts.get(self.buffer.as_slice()) {
            return *sort;
        }
        let next = self.by_sort.len();
        if next > MOST_SORTS {
            return OTHERS;
        }
        let sort = u32::try_from(next).unwrap_or(OTHERS);
        self.sorts.insert(self.buffer.as_slice().into(), sort);
        self.by_sort.push(self.buffer.as_slice().into());
        sort
    }

    /// Whether the rows of a sort have a mark, in the column at that place.
    pub(crate) fn has(&self, sort: u32, place: usize, mark: Mark) -> bool {
        let marks = usize::try_from(sort).ok().and_then(|sort| self.by_sort.get(sort)?.get(place));
        marks.is_some_and(|marks| marks & mark.bit() != 0)
    }

    /// Whether rows of a sort have a mark, in some column, that no recomputing row has there.
    pub(crate) fn alone(&self, sort: u32, mark: Mark) -> bool {
        self.counted().any(|(place, _, seen, good)| seen == mark && good == 0 && self.has(sort, place, mark))
    }

    /// Every place and mark there is, with the column (`None`: the row itself) and the recomputing rows that have it.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (usize, Option<usize>, Mark, u64)> {
        self.good.iter().enumerate().flat_map(|(place, good)| {
            let column = self.columns.get(place).map(|(index, ..)| *index);
            Mark::ALL.into_iter().zip(good).map(move |(mark, count)| (place, column, mark, *count))
        })
    }

    fn mark(&mut self, row: &[Option<&str>], first: bool) {
        for ((index, kind, nullable), marks) in self.columns.iter().zip(&mut self.buffer) {
            *marks = match row.get(*index).copied().flatten() {
                None => Mark::Null.bit(),
                Some(cell) => {
                    let there = if *nullable { Mark::Present.bit() } else { 0 };
                    there | cell_marks(cell, *kind, self.json)
                }
            };
        }
        if let Some(last) = self.buffer.last_mut() {
            *last = if first { Mark::First.bit() } else { 0 };
        }
    }
}

fn cell_marks(cell: &str, kind: CellKind, json: bool) -> u32 {
    match kind {
        CellKind::Text | CellKind::Inet | CellKind::Other => scan::text(cell, json),
        CellKind::Integer | CellKind::Numeric | CellKind::Float => {
            let blank = if scan::is_zero(cell) { Mark::Blank.bit() } else { 0 };
            blank | scan::number(cell)
        }
        CellKind::Bool if cell == "f" => Mark::Blank.bit(),
        CellKind::Timestamp | CellKind::TimestampTz => clock(cell),
        CellKind::Json | CellKind::Jsonb => scan::json(cell),
        CellKind::Bool | CellKind::Date | CellKind::Uuid | CellKind::Bytea | CellKind::Rows => 0,
    }
}

fn clock(cell: &str) -> u32 {
    let Some(at) = time::parse(cell) else { return 0 };
    let (second, milli) =
        (at.micros_since_epoch().rem_euclid(1_000_000), at.micros_since_epoch().rem_euclid(1000));
    let mut marks = if milli == 0 { Mark::WholeMilli.bit() } else { Mark::SubMilli.bit() };
    for (seen, mark) in
        [(second == 0, Mark::WholeSecond), (milli >= 500, Mark::MilliUp), (second >= 500_000, Mark::SecondUp)]
    {
        if seen {
            marks |= mark.bit();
        }
    }
    marks
}
