//! The rows a search looks at: a sample of a table, as text.

use crate::chain::spec::{CellKind, ChainColumn};

/// A sample of a table's rows, in the order in which they lie there.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// The table's schema.
    pub schema: String,
    /// The table's name.
    pub table: String,
    /// All of its columns.
    pub columns: Vec<ChainColumn>,
    /// Names of the columns of its primary key.
    pub key: Vec<String>,
    /// Rows, each with one cell per column; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// The first row of every run of rows that lie together. The first run begins at the table's first row.
    pub runs: Vec<usize>,
    /// Whether these are all rows of the table.
    pub whole: bool,
}

impl Sheet {
    /// A row as the recipes' evaluation wants it.
    pub(super) fn row(&self, at: usize) -> Vec<Option<&str>> {
        self.rows.get(at).map(|row| row.iter().map(Option::as_deref).collect()).unwrap_or_default()
    }

    /// A cell; `None` for NULL, and for what is not there.
    pub(super) fn cell(&self, row: usize, column: usize) -> Option<&str> {
        self.rows.get(row)?.get(column)?.as_deref()
    }

    pub(super) fn kind(&self, column: usize) -> CellKind {
        self.columns.get(column).map_or(CellKind::Other, |column| column.kind)
    }

    pub(super) fn name(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", |column| &column.name)
    }

    pub(super) fn is_key(&self, column: usize) -> bool {
        self.key.iter().any(|name| name == self.name(column))
    }

    /// Whether any row of the sample is NULL there.
    pub(super) fn has_null(&self, column: usize) -> bool {
        (0..self.rows.len()).any(|row| self.cell(row, column).is_none())
    }
}
