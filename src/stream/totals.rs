//! Header totals against the sums of their lines.

use super::accumulate::{Aggregator, Seen, spelt};
use super::cell::Cell;
use super::columns::KeyPlace;
use super::differences::{Buckets, Differences};
use super::exact::Exact;
use super::expr::{Expr, Refusal, UNREADABLE};
use super::grouped::SUM;
use super::job::{Job, fork_of};
use super::keyed::{PrintMap, low};
use super::print_set::PrintSet;
use super::row::{Filter, Row, Shown};
use super::samples::Samples;
use super::shared::{Shared, Table, TableId};
use crate::facts::{Observed, Tallied};

/// One side of totals by their identity: headers add, lines take away.
pub(super) struct Side {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The entry's key.
    pub(super) place: KeyPlace,
    /// What is added.
    pub(super) amount: Expr,
    /// Whether this is the side of the lines.
    pub(super) lines: bool,
    /// Keys of entries seen, where nothing promises that they are unique.
    pub(super) once: Option<PrintSet>,
    /// The sums.
    pub(super) sums: Differences,
}

impl Job for Side {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let print = match self.lines {
            false => row.print_or_null(self.place)?,
            true => match row.print(self.place)? {
                Some(print) => print,
                None => return Ok(()),
            },
        };
        match self.amount.eval(&row.scope())? {
            Cell::Number(n) if self.lines => self.sums.add(print, &n.negated()),
            Cell::Number(n) => self.sums.add(print, &n),
            Cell::Null if self.lines => {}
            Cell::Unreadable => return Err(UNREADABLE.to_owned()),
            _ => self.sums.doubt(print),
        }
        // Two headers of one key could make up for each other.
        if let Some(once) = &mut self.once
            && !once.insert(low(print), &|bytes| shared.take(bytes))?
        {
            self.sums.doubt(print);
        }
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        Some(Box::new(Self {
            key: self.key.clone(),
            filter: self.filter.clone(),
            amount: self.amount.clone(),
            once: self.once.as_ref().map(|_| PrintSet::default()),
            sums: Differences::default(),
            ..*self
        }))
    }

    fn merge(&mut self, other: Box<dyn Job>, shared: &Shared) -> Result<(), Refusal> {
        let other = fork_of::<Self>(other)?;
        self.sums.merge(&other.sums);
        if let (Some(once), Some(other)) = (&mut self.once, &other.once) {
            for print in other.iter() {
                if !once.insert(print, &|bytes| shared.take(bytes))? {
                    // Which of the buckets its group is in only a whole fingerprint tells.
                    self.sums.doubt_all();
                }
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        shared.totals.entry(self.key).or_default().merge(&self.sums);
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// Sums of lines by entry.
pub(super) struct Sums {
    /// The table that comes of it.
    pub(super) table: TableId,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The entry's key.
    pub(super) place: KeyPlace,
    /// The sum.
    pub(super) sum: Aggregator,
    /// Only these entries; all without.
    pub(super) only: Option<Buckets>,
    /// The sums so far.
    pub(super) map: PrintMap<Seen>,
}

impl Job for Sums {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let Some(print) = row.print(self.place)? else { return Ok(()) };
        if self.only.as_ref().is_some_and(|only| !only.has(print)) {
            return Ok(());
        }
        let sum = &self.sum;
        if !self.map.contains_key(&print) {
            shared.take(80)?;
        }
        let seen = self.map.entry(print).or_insert_with(|| sum.empty());
        sum.observe(seen, &row.scope())?;
        Ok(())
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        shared.tables.insert(self.table, Ok(Table::Sums(self.map)));
    }

    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    fn gives(&self) -> Option<TableId> {
        Some(self.table)
    }
}

/// Headers against sums.
pub(super) struct Headers {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The entry's key.
    pub(super) place: KeyPlace,
    /// Its columns.
    pub(super) keys: Vec<Shown>,
    /// The header.
    pub(super) header: (Expr, String),
    /// The sums of the lines.
    pub(super) table: TableId,
    /// How a sum is made.
    pub(super) sum: Aggregator,
    /// Largest difference that counts as equal.
    pub(super) tolerance: Exact,
    /// Only these entries; all without.
    pub(super) only: Option<Buckets>,
    /// How many differ.
    pub(super) violations: u64,
    /// Samples so far.
    pub(super) samples: Samples,
}

impl Job for Headers {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let print = row.print_or_null(self.place)?;
        if self.only.as_ref().is_some_and(|only| !only.has(print)) {
            return Ok(());
        }
        let total = match shared.sums(self.table)?.get(&print).map(|seen| self.sum.finish(seen)) {
            None | Some(Cell::Null) => Cell::Number(Exact::ZERO),
            Some(total) => total,
        };
        let header = self.header.0.eval(&row.scope())?;
        let ok = match (&header, &total) {
            (Cell::Number(a), Cell::Number(b)) => a.minus(b).is_within(&self.tolerance),
            (Cell::Unreadable, _) => return Err(UNREADABLE.to_owned()),
            _ => false,
        };
        if !ok {
            self.violations += 1;
            self.samples.add(false, || {
                let mut sample: Vec<Option<String>> = self.keys.iter().map(|s| row.text(s)).collect();
                sample.extend([spelt(&header, SUM), spelt(&total, SUM)]);
                sample
            });
        }
        Ok(())
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        let columns = self.keys.iter().map(|s| s.name.clone());
        let columns = columns.chain([self.header.1, "sum of lines".to_owned()]).collect();
        let tallied =
            Tallied { violations: self.violations, unknown: 0, columns, samples: self.samples.finish() };
        shared.found.insert(self.key, Ok(Observed::Tally(tallied)));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}
