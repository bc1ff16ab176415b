//! A batch of rows made ready for all jobs of a pass: values where anybody asks for values, expressions that several share,
//! and fingerprints of keys, each once and column by column.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::batch::Batch;
use super::cell::Cell;
use super::columns::{Columns, KeyPlace};
use super::expr::{Derived, Scope};
use super::lane::Lane;
use super::prints::{Prints, merged};
use super::row::Row;
use crate::catalogue::ColumnKind;

/// The values of a column.
pub(super) enum Column<'a> {
    /// Ordinary ones.
    Lane(Cow<'a, Lane>),
    /// Any, read once since reading costs.
    Cells(Vec<Derived<'a>>),
    /// Read when they are asked for, which costs nothing: text, or whether it is NULL.
    Text(Option<ColumnKind>),
}

/// The values of a batch's columns.
pub(super) struct Values<'a> {
    batch: &'a Batch,
    columns: Vec<Column<'a>>,
}

impl<'a> Values<'a> {
    /// Reads those that anybody wants.
    #[must_use]
    pub(super) fn read(batch: &'a Batch, columns: &Columns) -> Self {
        let read = |(place, wanted): (usize, Option<ColumnKind>)| {
            let Some(kind) = wanted.filter(|kind| !is_text(*kind)) else { return Column::Text(wanted) };
            if let Some(lane) = batch.lane(place) {
                return Column::Lane(Cow::Borrowed(lane));
            }
            match Lane::read(kind, batch.rows(), batch.column(place)) {
                Some(lane) => Column::Lane(Cow::Owned(lane)),
                None => Column::Cells(batch.column(place).map(|text| Ok(Cell::read(kind, text))).collect()),
            }
        };
        Self { batch, columns: columns.valued().enumerate().map(read).collect() }
    }

    /// The values of shared expressions.
    #[must_use]
    pub(super) fn derived(&'a self, columns: &'a Columns, rows: usize) -> Vec<Column<'a>> {
        let derive = |expression: &'a super::expr::Expr| match expression.lane(self, &[]) {
            Some(lane) => Column::Lane(lane),
            None => {
                let scope = |at| Scope { row: Some(Row::new(self, &[], &[], at)), aggregates: &[] };
                Column::Cells((0..rows).map(|at| expression.eval(&scope(at))).collect())
            }
        };
        columns.derived().map(derive).collect()
    }

    /// The batch they are of.
    pub(super) fn batch(&self) -> &'a Batch {
        self.batch
    }

    /// A column, by place.
    pub(super) fn column(&self, place: usize) -> Option<&Column<'a>> {
        self.columns.get(place)
    }

    /// A cell.
    pub(super) fn cell(&self, place: usize, at: usize) -> Cell<'a> {
        match self.columns.get(place) {
            Some(Column::Lane(lane)) => lane.cell(at),
            Some(Column::Cells(cells)) => match cells.get(at) {
                Some(Ok(cell)) => cell.clone(),
                Some(Err(_)) => Cell::Unreadable,
                None => Cell::Null,
            },
            Some(Column::Text(Some(kind))) => Cell::read(*kind, self.batch.row(at).get(place)),
            // Whether it is NULL can be asked of every cell.
            Some(Column::Text(None)) if self.batch.is_null(place, at) => Cell::Null,
            Some(Column::Text(None)) => Cell::Opaque,
            None => Cell::Null,
        }
    }
}

/// Whether reading a value does nothing but look at its bytes.
fn is_text(kind: ColumnKind) -> bool {
    !matches!(
        kind,
        ColumnKind::Integer
            | ColumnKind::Numeric
            | ColumnKind::Float
            | ColumnKind::Bool
            | ColumnKind::Timestamp
            | ColumnKind::TimestampTz
            | ColumnKind::Date
            | ColumnKind::Interval
    )
}

/// The fingerprints of all keys.
#[must_use]
pub(super) fn prints(
    batch: &Batch,
    values: &Values<'_>,
    columns: &Columns,
    seed: super::keyed::Seed,
) -> Vec<Prints> {
    let mut of_columns: BTreeMap<usize, Prints> = BTreeMap::new();
    for place in columns.keys().iter().flatten() {
        of_columns.entry(*place).or_insert_with(|| Prints::of_column(batch, values, *place, seed));
    }
    let several = |places: &Vec<usize>| {
        let of_columns: Vec<&Prints> = places.iter().filter_map(|place| of_columns.get(place)).collect();
        (places.len() != 1).then(|| Prints::of_key(batch, &of_columns, seed))
    };
    let made: Vec<Option<Prints>> = columns.keys().iter().map(several).collect();
    let mut of_column = |place: usize| {
        of_columns.remove(&place).unwrap_or_else(|| Prints::of_column(batch, values, place, seed))
    };
    let all = columns.keys().iter().zip(made);
    all.filter_map(|(places, made)| made.or_else(|| places.first().copied().map(&mut of_column))).collect()
}

/// Rows with everything that jobs ask for.
pub(super) struct Chunk<'a> {
    /// As they came.
    pub(super) batch: &'a Batch,
    /// Their values.
    pub(super) values: &'a Values<'a>,
    /// Values of shared expressions.
    pub(super) derived: &'a [Column<'a>],
    /// Fingerprints, by key.
    pub(super) prints: &'a [Prints],
}

impl<'a> Chunk<'a> {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.batch.rows()
    }

    /// A row.
    pub(super) fn row(&self, at: usize) -> Row<'a> {
        Row::new(self.values, self.derived, self.prints, at)
    }

    /// The first rows of runs in which all of some keys stay the same.
    pub(super) fn first_rows(&self, keys: &[KeyPlace]) -> Vec<usize> {
        let mut starts = keys.iter().filter_map(|key| self.prints.get(*key)).map(Prints::starts);
        let mut rows = starts.next().unwrap_or_default().to_vec();
        for more in starts {
            rows = merged(&rows, more);
        }
        rows
    }

    /// Its rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let Self { values, derived, prints, .. } = *self;
        (0..self.len()).map(move |at| Row::new(values, derived, prints, at))
    }
}
