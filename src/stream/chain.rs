//! A chain among the rows of a pass: settled as it lies, or put in order and verified.

use std::cmp::Ordering;

use super::cell::Cell;
use super::chunk::Chunk;
use super::exact::Exact;
use super::expr::{Refusal, compare};
use super::job::{Job, fork_of};
use super::row::{Filter, Row, Shown};
use super::shared::{Shared, Suspicion};
use crate::catalogue::ColumnKind;
use crate::chain::given::Given;
use crate::chain::segment::Segment;
use crate::chain::spec::ChainSpec;
use crate::chain::verify::{ChainFold, Limits};
use crate::facts::Observed;

/// A chain as it lies.
pub(super) struct Laid {
    /// Key of the observation.
    pub(super) key: String,
    /// Its cells.
    pub(super) cells: Cells,
    /// What was settled so far.
    pub(super) segment: Segment,
    /// What the segment holds, of the run's memory.
    pub(super) taken: usize,
    /// Cells of the row at hand.
    pub(super) texts: Vec<Option<String>>,
}

impl Laid {
    /// Takes the memory that the segment has come to hold.
    fn held(&mut self, shared: &Shared) -> Result<(), Refusal> {
        let held = self.segment.bytes();
        if held > self.taken {
            let more = (held - self.taken).max(1 << 16);
            shared.take(more as u64)?;
            self.taken += more;
        }
        Ok(())
    }
}

impl Job for Laid {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.cells.filter.admits(row, shared)? {
            return Ok(());
        }
        let mut cells: Vec<Option<&str>> = Vec::with_capacity(self.cells.width());
        self.texts.clear();
        // Only times with a zone are spelt anew.
        self.texts.extend(self.cells.shown.iter().map(|shown| row.respelt(shown)));
        for (shown, text) in self.cells.shown.iter().zip(&self.texts) {
            cells.push(match text {
                Some(text) => Some(text.as_str()),
                None => row.str(shown)?,
            });
        }
        self.cells.conditions(row, shared, &mut cells)?;
        self.segment.push(&cells);
        self.held(shared)
    }

    fn observe_all(&mut self, chunk: &Chunk<'_>, shared: &Shared) -> Result<(), Refusal> {
        if self.cells.shown.iter().any(|shown| shown.kind == ColumnKind::TimestampTz) {
            return chunk.rows().try_for_each(|row| self.observe(&row, shared));
        }
        let text = chunk.batch.text();
        let mut cells: Vec<Option<&str>> = Vec::with_capacity(self.cells.width());
        for row in chunk.rows() {
            if self.cells.filter.admits(&row, shared)? {
                cells.clear();
                for shown in &self.cells.shown {
                    cells.push(row.str_within(text, shown)?);
                }
                self.cells.conditions(&row, shared, &mut cells)?;
                self.segment.push(&cells);
            }
        }
        self.held(shared)
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        Some(Box::new(Self {
            key: self.key.clone(),
            cells: self.cells.clone(),
            segment: self.segment.beside()?,
            taken: 0,
            texts: Vec::new(),
        }))
    }

    fn merge(&mut self, other: Box<dyn Job>, shared: &Shared) -> Result<(), Refusal> {
        self.segment.follow(fork_of::<Self>(other)?.segment);
        self.held(shared)
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        match self.segment.finish() {
            Some(report) => {
                shared.found.insert(self.key, Ok(Observed::Chain(report)));
            }
            None => {
                shared.suspects.insert(self.key, Suspicion::Rows);
            }
        }
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// The cells that a chain reads of a row.
#[derive(Clone)]
pub(super) struct Cells {
    /// Which rows count.
    pub(super) filter: Filter,
    /// Its columns.
    pub(super) shown: Vec<Shown>,
    /// Its conditions, which make further cells.
    pub(super) conditions: Vec<Filter>,
}

impl Cells {
    fn width(&self) -> usize {
        self.shown.len() + self.conditions.len()
    }

    fn conditions(
        &self,
        row: &Row<'_>,
        shared: &Shared,
        cells: &mut Vec<Option<&str>>,
    ) -> Result<(), Refusal> {
        for condition in &self.conditions {
            cells.push(Some(if condition.admits(row, shared)? { "t" } else { "f" }));
        }
        Ok(())
    }
}

/// A chain to be put in order.
pub(super) struct Sorted {
    /// Key of the observation.
    pub(super) key: String,
    /// Its cells.
    pub(super) cells: Cells,
    /// What it is.
    pub(super) spec: ChainSpec,
    /// What it is given.
    pub(super) given: Given,
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

impl Job for Sorted {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.cells.filter.admits(row, shared)? {
            return Ok(());
        }
        let mut cells: Vec<Option<Box<str>>> = Vec::with_capacity(self.cells.width());
        for shown in &self.cells.shown {
            if row.raw.get(shown.place).is_some_and(|raw| std::str::from_utf8(raw).is_err()) {
                return Err(format!("a value of `{}` is not valid UTF-8", shown.name));
            }
            cells.push(row.text(shown).map(Into::into));
        }
        let mut truths = Vec::new();
        self.cells.conditions(row, shared, &mut truths)?;
        cells.extend(truths.into_iter().map(|truth| truth.map(Into::into)));
        let cell = |at: &usize| -> Option<Box<str>> { cells.get(*at).cloned().flatten() };
        let split = self.spec.split.iter().map(cell).collect();
        let mut order = Vec::new();
        for at in &self.spec.order {
            let place = self.cells.shown.get(*at).map_or(0, |s| s.place);
            order.push(match row.cell(place) {
                Cell::Number(n) => Cell::Number(n),
                Cell::Time(n) => Cell::Time(n),
                Cell::Null => Cell::Null,
                // Numbers in text come first, by their value; the rest follows by its bytes.
                Cell::Text(text) if self.spec.numeric.contains(at) => {
                    counted(text).map_or(Cell::Opaque, Cell::Number)
                }
                Cell::Text(_) => Cell::Opaque,
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
            let mut fold = ChainFold::new(&self.spec, &self.given, limits).map_err(|e| e.to_string())?;
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
            (Some(Cell::Number(_)), Some(Cell::Opaque)) => Ordering::Less,
            (Some(Cell::Opaque), Some(Cell::Number(_))) => Ordering::Greater,
            (Some(Cell::Null) | None, Some(Cell::Null) | None) => Ordering::Equal,
            (Some(Cell::Null) | None, _) => Ordering::Greater,
            (_, Some(Cell::Null) | None) => Ordering::Less,
            (Some(x), Some(y)) => {
                let by_value = compare(x, y).ok().flatten().unwrap_or(Ordering::Equal);
                by_value.then_with(|| a.cells.get(*place).cmp(&b.cells.get(*place)))
            }
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

/// The number a text stands for where it orders: a sign or none, and up to 30 digits.
fn counted(text: &[u8]) -> Option<Exact> {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if !(1..=30).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Exact::parse(text.strip_prefix(b"+").unwrap_or(text))
}
