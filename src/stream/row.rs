//! One row of a pass, and which rows a measurement is about.

use super::batch::Raw;
use super::cell::Cell;
use super::expr::{Derived, KeyPlace, Refusal, Scope, Test};
use super::keyed::{self, Print, Printed};
use super::shared::{Shared, TableId};
use crate::catalogue::{ColumnKind, Relation};
use crate::chain::spec::TimePreset;
use crate::chain::time;

/// A row: its cells as text and as values, by the places of the pass's columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    /// As `COPY` writes them, unescaped.
    pub(super) raw: Raw<'a>,
    /// As values.
    pub(super) cells: &'a [Cell<'a>],
    /// Values of shared expressions.
    pub(super) derived: &'a [Derived<'a>],
    /// Fingerprints of keys.
    pub(super) prints: &'a [Printed],
}

impl<'a> Row<'a> {
    /// For expressions.
    #[must_use]
    pub(super) fn scope(&self) -> Scope<'a> {
        Scope { cells: self.cells, derived: self.derived, aggregates: &[] }
    }

    /// The fingerprint of a key; `None` where part of it is NULL.
    ///
    /// # Errors
    ///
    /// When a cell has no value that could be compared.
    pub(super) fn print(&self, key: KeyPlace) -> Result<Option<Print>, Refusal> {
        match self.prints.get(key) {
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
        match self.prints.get(key) {
            Some(Printed::Whole(print) | Printed::Part(print)) => Ok(*print),
            Some(Printed::Refused(why)) => Err((*why).to_owned()),
            None => Err("a key was left without a fingerprint".to_owned()),
        }
    }

    /// Whether part of a key is NULL.
    #[must_use]
    pub(super) fn no_key(&self, key: KeyPlace) -> bool {
        !matches!(self.prints.get(key), Some(Printed::Whole(_)))
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
