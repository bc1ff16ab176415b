//! A batch of rows made ready for all jobs of a pass: values where anybody asks for values, expressions that several share,
//! and fingerprints of keys, each once.

use super::batch::{Batch, Raw};
use super::cell::Cell;
use super::expr::{Columns, Derived, Scope};
use super::keyed::{Printed, Seed, printed};
use super::row::Row;
use crate::catalogue::ColumnKind;

/// The cells of a batch as values, row by row.
pub(super) struct Values<'a> {
    cells: Vec<Cell<'a>>,
}

impl<'a> Values<'a> {
    /// Reads those that anybody wants.
    #[must_use]
    pub(super) fn read(batch: &'a Batch, columns: &Columns) -> Self {
        let wanted: Vec<Option<ColumnKind>> = columns.valued().collect();
        let mut cells = Vec::with_capacity(batch.rows() * wanted.len());
        for at in 0..batch.rows() {
            let raw = batch.row(at);
            cells.extend(wanted.iter().enumerate().map(|(place, kind)| match kind {
                Some(kind) => Cell::read(*kind, raw.get(place)),
                // Whether it is NULL can be asked of every cell.
                None => raw.get(place).map_or(Cell::Null, |_| Cell::Opaque),
            }));
        }
        Self { cells }
    }

    /// The values of shared expressions, row by row.
    #[must_use]
    pub(super) fn derived(&'a self, columns: &'a Columns, rows: usize) -> Vec<Derived<'a>> {
        let mut derived = Vec::with_capacity(rows * columns.derived().len());
        for at in 0..if columns.derived().len() == 0 { 0 } else { rows } {
            let scope = Scope { cells: self.row(columns, at), derived: &[], aggregates: &[] };
            derived.extend(columns.derived().map(|expression| expression.eval(&scope)));
        }
        derived
    }

    fn row(&self, columns: &Columns, at: usize) -> &[Cell<'a>] {
        part(&self.cells, columns.names().len(), at)
    }
}

/// The cells of row `at` among those of all rows.
fn part<T>(all: &[T], width: usize, at: usize) -> &[T] {
    all.get(at * width..(at + 1) * width).unwrap_or_default()
}

/// The fingerprints of all keys, row by row. Neighbouring rows often share a key, and then its fingerprint too.
#[must_use]
pub(super) fn prints(batch: &Batch, values: &Values<'_>, columns: &Columns, seed: Seed) -> Vec<Printed> {
    let keys = columns.keys();
    let mut prints: Vec<Printed> = Vec::with_capacity(batch.rows() * keys.len());
    let mut buffer = Vec::new();
    let mut before: Option<Raw<'_>> = None;
    for at in 0..if keys.is_empty() { 0 } else { batch.rows() } {
        let raw = batch.row(at);
        for places in keys {
            let same = before.is_some_and(|before| places.iter().all(|p| before.get(*p) == raw.get(*p)));
            let known = prints.len().checked_sub(keys.len()).and_then(|n| prints.get(n)).filter(|_| same);
            let print = match known {
                Some(known) => *known,
                None => printed(seed, values.row(columns, at), places, &mut buffer),
            };
            prints.push(print);
        }
        before = Some(raw);
    }
    prints
}

/// Rows with everything that jobs ask for.
pub(super) struct Chunk<'a> {
    /// As they came.
    pub(super) batch: &'a Batch,
    /// The columns they have.
    pub(super) columns: &'a Columns,
    /// Their values.
    pub(super) values: &'a Values<'a>,
    /// Values of shared expressions.
    pub(super) derived: &'a [Derived<'a>],
    /// Fingerprints.
    pub(super) prints: &'a [Printed],
}

impl<'a> Chunk<'a> {
    /// Its rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let Self { batch, columns, values, derived, prints } = *self;
        (0..batch.rows()).map(move |at| Row {
            raw: batch.row(at),
            cells: values.row(columns, at),
            derived: part(derived, columns.derived().len(), at),
            prints: part(prints, columns.keys().len(), at),
        })
    }
}
