//! A chain among the rows of a pass, put in order and verified.

use std::cmp::Ordering;

use super::cell::Cell;
use super::expr::{Refusal, compare};
use super::job::Job;
use super::row::{Filter, Row, Shown};
use super::shared::Shared;
use crate::chain::spec::ChainSpec;
use crate::chain::verify::{ChainFold, Limits};
use crate::facts::Observed;

/// A chain on its way.
pub(super) struct Chained {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// Its columns.
    pub(super) shown: Vec<Shown>,
    /// What it is.
    pub(super) spec: ChainSpec,
    /// Most anomalies listed.
    pub(super) samples: u64,
    /// The rows.
    pub(super) rows: Vec<Kept>,
}

/// A row until it is put in its place.
pub(super) struct Kept {
    split: Vec<Option<Box<str>>>,
    order: Vec<Cell<'static>>,
    cells: Vec<Option<Box<str>>>,
}

impl Job for Chained {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let mut cells = Vec::with_capacity(self.shown.len());
        for shown in &self.shown {
            if row
                .raw
                .get(shown.place)
                .copied()
                .flatten()
                .is_some_and(|raw| std::str::from_utf8(raw).is_err())
            {
                return Err(format!("a value of `{}` is not valid UTF-8", shown.name));
            }
            cells.push(row.text(shown).map(Into::into));
        }
        let cell = |at: &usize| -> Option<Box<str>> { cells.get(*at).cloned().flatten() };
        let split = self.spec.split.iter().map(cell).collect();
        let mut order = Vec::new();
        for at in &self.spec.order {
            let place = self.shown.get(*at).map_or(0, |s| s.place);
            order.push(match row.cells.get(place) {
                Some(Cell::Number(n)) => Cell::Number(n.clone()),
                Some(Cell::Time(n)) => Cell::Time(*n),
                None | Some(Cell::Null) => Cell::Null,
                Some(Cell::Text(_)) => Cell::Opaque,
                _ => return Err("only a server knows the order of these rows".to_owned()),
            });
        }
        shared.take(160 + cells.iter().flatten().map(|t| t.len() as u64 + 16).sum::<u64>())?;
        self.rows.push(Kept { split, order, cells });
        Ok(())
    }

    fn finish(mut self: Box<Self>, shared: &mut Shared) {
        let places = self.spec.order.clone();
        self.rows.sort_by(|a, b| a.split.cmp(&b.split).then_with(|| sequence(a, b, &places)));
        let limits =
            Limits { samples: usize::try_from(self.samples).unwrap_or(usize::MAX), ..Limits::default() };
        let verified = (|| {
            let mut fold = ChainFold::new(&self.spec, limits).map_err(|e| e.to_string())?;
            let mut cells: Vec<Option<&str>> = Vec::new();
            for row in &self.rows {
                cells.clear();
                cells.extend(row.cells.iter().map(Option::as_deref));
                fold.push(&cells).map_err(|e| e.to_string())?;
            }
            Ok::<_, String>(fold.finish())
        })();
        match verified {
            Ok(report) => {
                shared.found.insert(self.key, Ok(Observed::Chain(report)));
            }
            Err(why) => shared.fail(&self.key, &why),
        }
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// As a server sorts, NULL last, text by its bytes.
fn sequence(a: &Kept, b: &Kept, places: &[usize]) -> Ordering {
    for (n, place) in places.iter().enumerate() {
        let ordering = match (a.order.get(n), b.order.get(n)) {
            (Some(Cell::Opaque), Some(Cell::Opaque)) => a.cells.get(*place).cmp(&b.cells.get(*place)),
            (Some(Cell::Null) | None, Some(Cell::Null) | None) => Ordering::Equal,
            (Some(Cell::Null) | None, _) => Ordering::Greater,
            (_, Some(Cell::Null) | None) => Ordering::Less,
            (Some(a), Some(b)) => compare(a, b).ok().flatten().unwrap_or(Ordering::Equal),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}
