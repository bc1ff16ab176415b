//! One row of a pass, and which rows a measurement is about.

use super::batch::Raw;
use super::cell::Cell;
use super::chunk::{Chunk, Column, Values};
use super::columns::KeyPlace;
use super::expr::{Derived, Refusal, Scope, Test};
use super::keyed::{self, Print, Printed};
use super::prints::Prints;
use super::shared::{Shared, TableId};
use crate::catalogue::{ColumnKind, Relation};
use crate::chain::spec::TimePreset;
use crate::chain::time;

/// A row: its cells as text and as values, by the places of the pass's columns.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// As `COPY` writes them, unescaped.
    pub(super) raw: Raw<'a>,
    values: &'a Values<'a>,
    derived: &'a [Column<'a>],
    prints: &'a [Prints],
    at: usize,
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("at", &self.at).finish_non_exhaustive()
    }
}

impl<'a> Row<'a> {
    /// Row `at` of a batch.
    pub(super) fn new(
        values: &'a Values<'a>,
        derived: &'a [Column<'a>],
        prints: &'a [Prints],
        at: usize,
    ) -> Self {
        Self { raw: values.batch().row(at), values, derived, prints, at }
    }

    /// For expressions.
    #[must_use]
    pub(super) fn scope(&self) -> Scope<'a> {
        Scope { row: Some(*self), aggregates: &[] }
    }

    /// A cell as a value.
    #[must_use]
    pub(super) fn cell(&self, place: usize) -> Cell<'a> {
        self.values.cell(place, self.at)
    }

    /// The value of a shared expression.
    ///
    /// # Errors
    ///
    /// When only a server could tell.
    pub(super) fn derived(&self, place: usize) -> Derived<'a> {
        match self.derived.get(place) {
            Some(Column::Lane(lane)) => Ok(lane.cell(self.at)),
            Some(Column::Cells(cells)) => cells.get(self.at).cloned().unwrap_or(Ok(Cell::Null)),
            Some(Column::Text(_)) | None => Ok(Cell::Null),
        }
    }

    fn printed(&self, key: KeyPlace) -> Option<&'a Printed> {
        self.prints.get(key).and_then(|prints| prints.get(self.at))
    }

    /// The fingerprint of a key; `None` where part of it is NULL.
    ///
    /// # Errors
    ///
    /// When a cell has no value that could be compared.
    pub(super) fn print(&self, key: KeyPlace) -> Result<Option<Print>, Refusal> {
        match self.printed(key) {
            Some(Printed::Whole(print)) => Ok(Some(*print)),
            // A key that is NULL in part is none, whatever its other cells are.
            Some(Printed::Part(_)) | None => Ok(None),
            Some(Printed::Refused(why)) => Err((*why).to_owned()),
        }
    }

    /// The fingerprint of a key in which NULL is a value like any other.
    ///
    /// # Errors
    ///
    /// When a cell has no value that could be compared.
    pub(super) fn print_or_null(&self, key: KeyPlace) -> Result<Print, Refusal> {
        match self.printed(key) {
            Some(Printed::Whole(print) | Printed::Part(print)) => Ok(*print),
            Some(Printed::Refused(why)) => Err((*why).to_owned()),
            None => Err("a key was left without a fingerprint".to_owned()),
        }
    }

    /// Whether part of a key is NULL.
    #[must_use]
    pub(super) fn no_key(&self, key: KeyPlace) -> bool {
        !matches!(self.printed(key), Some(Printed::Whole(_)))
    }

    /// A cell as text.
    ///
    /// # Errors
    ///
    /// When it is not valid UTF-8.
    pub(super) fn str(&self, shown: &Shown) -> Result<Option<&'a str>, Refusal> {
        let Some(raw) = self.raw.get(shown.place) else { return Ok(None) };
        std::str::from_utf8(raw)
            .map(Some)
            .map_err(|_| format!("a value of `{}` is not valid UTF-8", shown.name))
    }

    /// A cell as text, out of the text of all rows, where there is one.
    ///
    /// # Errors
    ///
    /// When it is not valid UTF-8.
    pub(super) fn str_within(
        &self,
        text: Option<&'a str>,
        shown: &Shown,
    ) -> Result<Option<&'a str>, Refusal> {
        match text.and_then(|text| self.raw.within(text, shown.place)) {
            Some(cell) => Ok(Some(cell)),
            None => self.str(shown),
        }
    }

    /// A time with a zone, as a server in UTC would show it.
    pub(super) fn respelt(&self, shown: &Shown) -> Option<String> {
        if shown.kind != ColumnKind::TimestampTz {
            return None;
        }
        let raw = self.raw.get(shown.place)?;
        if raw.ends_with(b"+00") {
            return None;
        }
        let mut out = Vec::new();
        time::parse(std::str::from_utf8(raw).ok()?)?.write(TimePreset::PgTz, &mut out);
        String::from_utf8(out).ok()
    }

    /// A cell as a server in UTC would show it.
    #[must_use]
    pub(super) fn text(&self, shown: &Shown) -> Option<String> {
        let raw = self.raw.get(shown.place)?;
        self.respelt(shown).or_else(|| Some(String::from_utf8_lossy(raw).into_owned()))
    }
}

/// A column that samples show.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// Its place.
    pub(super) place: usize,
    /// Its name.
    pub(super) name: String,
    /// How it is spelt.
    pub(super) kind: ColumnKind,
}

impl Shown {
    /// A column of a relation at a place.
    #[must_use]
    pub(super) fn new(relation: &Relation, name: &str, place: usize) -> Self {
        let kind = relation.column(name).map_or(ColumnKind::Other, |c| c.kind);
        Self { place, name: name.to_owned(), kind }
    }
}

/// Which rows count.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// Conditions that must be true.
    pub(super) tests: Vec<Test>,
    /// Keys that must be in a set.
    pub(super) within: Vec<(KeyPlace, TableId)>,
}

impl Filter {
    /// Which rows of a batch count; `None` where that has to be found out one by one.
    pub(super) fn wide(&self, chunk: &Chunk<'_>) -> Option<Admitted> {
        if !self.within.is_empty() {
            return None;
        }
        let mut admitted = Admitted::All;
        for test in &self.tests {
            let truths = test.truths(chunk.values, chunk.derived)?;
            let marked =
                truths.iter().enumerate().map(|(at, truth)| admitted.has(at) && *truth == Some(true));
            admitted = Admitted::Marked(marked.collect());
        }
        Some(admitted)
    }

    /// Which rows of a batch count.
    ///
    /// # Errors
    ///
    /// When only a server could tell.
    pub(super) fn admitted(&self, chunk: &Chunk<'_>, shared: &Shared) -> Result<Admitted, Refusal> {
        if let Some(admitted) = self.wide(chunk) {
            return Ok(admitted);
        }
        chunk.rows().map(|row| self.admits(&row, shared)).collect::<Result<_, _>>().map(Admitted::Marked)
    }

    /// Whether a row counts.
    ///
    /// # Errors
    ///
    /// When only a server could tell.
    pub(super) fn admits(&self, row: &Row<'_>, shared: &Shared) -> Result<bool, Refusal> {
        for test in &self.tests {
            if test.eval(&row.scope())? != Some(true) {
                return Ok(false);
            }
        }
        for (key, table) in &self.within {
            let set = shared.set(*table)?;
            match row.print(*key)? {
                Some(print) if set.contains(keyed::low(print)) => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// Which rows of a batch count.
#[derive(Clone)]
pub(super) enum Admitted {
    /// All of them.
    All,
    /// Those that are marked.
    Marked(Vec<bool>),
}

impl Admitted {
    /// Whether a row counts.
    #[must_use]
    pub(super) fn has(&self, at: usize) -> bool {
        match self {
            Self::All => true,
            Self::Marked(marked) => marked.get(at).copied().unwrap_or(false),
        }
    }

    /// How many of so many rows count.
    #[must_use]
    pub(super) fn count(&self, rows: usize) -> usize {
        match self {
            Self::All => rows,
            Self::Marked(marked) => marked.iter().filter(|marked| **marked).count(),
        }
    }
}
