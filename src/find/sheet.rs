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
    /// Rows of other tables that these point to. Their columns follow those of the table.
    pub joins: Vec<Joined>,
}

/// The row of another table that a column points to.
#[derive(Clone, Debug)]
pub struct Joined {
    /// Its name in the block.
    pub alias: String,
    /// The other table's schema.
    pub schema: String,
    /// The other table's name.
    pub table: String,
    /// The column that points to it.
    pub by: usize,
    /// The column of the other table that is pointed to.
    pub to: String,
    /// The place of the first of its columns.
    pub first: usize,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Whether the table that points to it has hardly anything of its own that could be hashed.
    pub bare: bool,
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

    /// The number of the table's own columns, which come first.
    pub(super) fn own(&self) -> usize {
        self.joins.iter().map(|join| join.first).min().unwrap_or(self.columns.len())
    }

    /// What a column of another table belongs to, and its name there.
    pub(super) fn joined(&self, column: usize) -> Option<(&Joined, &str)> {
        self.joins.iter().find_map(|join| {
            let name = join.columns.get(column.checked_sub(join.first)?)?;
            Some((join, name.as_str()))
        })
    }

    /// A column's name where it is declared.
    pub(super) fn bare(&self, column: usize) -> &str {
        self.joined(column).map_or_else(|| self.name(column), |(_, name)| name)
    }

    /// All columns, those of another table behind the one that points to it.
    pub(super) fn placed(&self) -> Vec<usize> {
        let with = |column: usize| {
            let joins = self.joins.iter().filter(move |join| join.by == column);
            std::iter::once(column).chain(joins.flat_map(|join| join.first..join.first + join.columns.len()))
        };
        (0..self.own()).flat_map(with).collect()
    }

    pub(super) fn is_key(&self, column: usize) -> bool {
        self.key.iter().any(|name| name == self.name(column))
    }

    /// Whether any row of the sample is NULL there.
    pub(super) fn has_null(&self, column: usize) -> bool {
        (0..self.rows.len()).any(|row| self.cell(row, column).is_none())
    }
}
