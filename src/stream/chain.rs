//! A chain among the rows of a pass: settled as it lies, or put in order and verified.

use std::cmp::Ordering;

use super::carried::Carried;
use super::cell::Cell;
use super::chunk::Chunk;
use super::columns::KeyPlace;
use super::exact::Exact;
use super::expr::{Refusal, compare};
use super::job::{Job, fork_of};
use super::row::{Filter, Row, Shown};
use super::shared::{Shared, Suspicion, TableId};
use crate::catalogue::ColumnKind;
use crate::chain::given::Given;
use crate::chain::rows_cell;
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
        self.cells.read(row, shared, &mut self.texts, &mut cells)?;
        self.cells.conditions(row, shared, &mut cells)?;
        self.segment.push(&cells);
        self.held(shared)
    }

    fn observe_all(&mut self, chunk: &Chunk<'_>, shared: &Shared) -> Result<(), Refusal> {
        let Some(shown) = self.cells.as_they_lie() else {
            return chunk.rows().try_for_each(|row| self.observe(&row, shared));
        };
        let text = chunk.batch.text();
        let mut cells: Vec<Option<&str>> = Vec::with_capacity(self.cells.width());
        for row in chunk.rows() {
            if self.cells.filter.admits(&row, shared)? {
                cells.clear();
                for shown in &shown {
                    cells.push(match shown {
                        Some(shown) => row.str_within(text, shown)?,
                        None => None,
                    });
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
    /// Where each comes from.
    pub(super) places: Vec<Place>,
    /// Rows that its rows carry.
    pub(super) joins: Vec<Carrying>,
    /// Its conditions, which make further cells.
    pub(super) conditions: Vec<Filter>,
}

/// Where a cell comes from.
#[derive(Clone)]
pub(super) enum Place {
    /// The row itself.
    Own(Shown),
    /// The row that a join finds: the cell of that number.
    Joined(usize, usize, ColumnKind),
    /// All rows that a join finds.
    Rows(usize),
    /// Nowhere: it only names the row, which nobody asks for yet, or one of several rows must be looked at first.
    Nowhere,
}

/// Rows that a row carries.
#[derive(Clone, Copy)]
pub(super) struct Carrying {
    /// The row's key to them.
    pub(super) key: KeyPlace,
    /// Where they are.
    pub(super) table: TableId,
}

impl Cells {
    fn width(&self) -> usize {
        self.places.len() + self.conditions.len()
    }

    /// The cells, where all are the row's own and none is spelt anew; `None` for one that is not read.
    fn as_they_lie(&self) -> Option<Vec<Option<Shown>>> {
        let own = |place: &Place| match place {
            Place::Own(shown) if shown.kind != ColumnKind::TimestampTz => Some(Some(shown.clone())),
            Place::Nowhere => Some(None),
            _ => None,
        };
        self.places.iter().map(own).collect()
    }

    /// Appends the cells of a row; `texts` holds those that are spelt anew.
    fn read<'c>(
        &self,
        row: &Row<'c>,
        shared: &'c Shared,
        texts: &'c mut Vec<Option<String>>,
        cells: &mut Vec<Option<&'c str>>,
    ) -> Result<(), Refusal> {
        let mut found: Vec<&'c [Carried]> = Vec::with_capacity(self.joins.len());
        for join in &self.joins {
            let rows = match row.print(join.key)? {
                Some(key) => shared.carried(join.table)?.get(&key).map(Vec::as_slice),
                None => None,
            };
            found.push(rows.unwrap_or_default());
        }
        texts.extend(self.places.iter().map(|place| match place {
            // Only times with a zone are spelt anew.
            Place::Own(shown) => row.respelt(shown),
            Place::Rows(join) => {
                let rows = found.get(*join).copied().unwrap_or_default();
                (!rows.is_empty()).then(|| rows_cell::spell(rows.iter().map(|row| &**row)))
            }
            Place::Joined(..) | Place::Nowhere => None,
        }));
        for (place, text) in self.places.iter().zip(texts.iter()) {
            cells.push(match (place, text) {
                (_, Some(text)) => Some(text.as_str()),
                (Place::Own(shown), None) => row.str(shown)?,
                (Place::Joined(join, at, _), None) => {
                    let carried = found.get(*join).and_then(|rows| rows.first());
                    carried.and_then(|cells| cells.get(*at)).and_then(|cell| cell.as_deref())
                }
                (Place::Rows(_) | Place::Nowhere, None) => None,
            });
        }
        Ok(())
    }

    /// What a cell orders by.
    fn order<'c>(&self, row: &Row<'c>, at: usize, cell: Option<&'c str>) -> Cell<'c> {
        match self.places.get(at) {
            Some(Place::Own(shown)) => row.cell(shown.place),
            Some(Place::Joined(_, _, kind)) => Cell::read(*kind, cell.map(str::as_bytes)),
            Some(Place::Rows(_) | Place::Nowhere) | None => Cell::Opaque,
        }
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
        let mut texts = Vec::new();
        let mut read: Vec<Option<&str>> = Vec::with_capacity(self.cells.width());
        self.cells.read(row, shared, &mut texts, &mut read)?;
        self.cells.conditions(row, shared, &mut read)?;
        let boxed = |cell: &Option<&str>| -> Option<Box<str>> { cell.map(Into::into) };
        let split = self.spec.split.iter().map(|at| read.get(*at).and_then(boxed)).collect();
        let mut order = Vec::new();
        for at in &self.spec.order {
            let cell = read.get(*at).copied().flatten();
            order.push(match self.cells.order(row, *at, cell) {
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
        let cells: Vec<Option<Box<str>>> = read.iter().map(boxed).collect();
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
