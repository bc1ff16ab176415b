//! One split under diagnosis: its rows, and how they are named to people.

use super::era::Era;
use super::report::AnomalyKind;
use super::rows::Rows;
use super::run::{self, Found, Place, Run, Sort};
use super::spec::{CellKind, ChainSpec};
use crate::finding::KeyPart;

/// A split whose rows are all in view.
pub(crate) struct Case<'a> {
    pub(crate) spec: &'a ChainSpec,
    pub(crate) rows: &'a Rows,
    pub(crate) split: Vec<KeyPart>,
    /// Place of the split's first row in the order of arrival.
    pub(crate) first: u64,
    /// Whether the split looks like several chains under one roof.
    pub(crate) several: bool,
}

impl Case<'_> {
    /// The key columns of a row.
    pub(crate) fn key(&self, row: usize) -> Vec<KeyPart> {
        self.spec
            .key
            .iter()
            .zip(self.rows.cells(row))
            .map(|(index, value)| KeyPart { column: self.column(*index), value })
            .collect()
    }

    fn column(&self, index: usize) -> String {
        self.spec.columns.get(index).map(|column| column.name.clone()).unwrap_or_default()
    }

    /// A row in a sentence.
    pub(crate) fn name(&self, row: usize) -> String {
        let parts: Vec<String> = self
            .key(row)
            .into_iter()
            .map(|part| format!("{} {}", part.column, part.value.as_deref().unwrap_or("NULL")))
            .collect();
        if parts.is_empty() { format!("row {}", row + 1) } else { parts.join(", ") }
    }

    /// The first order value of a row.
    pub(crate) fn order(&self, row: usize) -> Option<String> {
        self.rows.cells(row).into_iter().nth(self.spec.key.len()).flatten()
    }

    /// The number of a row, where the first order column counts.
    pub(crate) fn number(&self, row: usize) -> Option<i64> {
        let by_number = self.spec.order.first().is_some_and(|first| self.spec.numeric.contains(first));
        let counts =
            self.spec.dense_from.is_some() || by_number || self.order_kind() == Some(CellKind::Integer);
        if counts { self.order(row)?.parse().ok() } else { None }
    }

    pub(crate) fn order_kind(&self) -> Option<CellKind> {
        let column = self.spec.columns.get(*self.spec.order.first()?)?;
        Some(column.kind)
    }

    /// What tells a failing row from others.
    pub(crate) fn sort(&self, row: usize, era: Era) -> Sort {
        let (marks, carried) = self.rows.odd(row).map_or((0, 0), |odd| (odd.marks, odd.carried));
        Sort { marks, era, carried }
    }

    /// Builds an anomaly about a row.
    pub(crate) fn found(&self, row: usize, kind: AnomalyKind, message: String) -> Found {
        run::found(self.first + row as u64, kind, message, self.key(row), self.split.clone())
    }

    /// Holds back an anomaly about a row; it is only put into words while there is room for it.
    pub(crate) fn hold(
        &self,
        run: &mut Run,
        place: Place,
        row: usize,
        kind: AnomalyKind,
        message: impl FnOnce(&Self) -> String,
    ) {
        run.hold(place, || self.found(row, kind, message(self)));
    }
}
