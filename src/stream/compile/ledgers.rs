//! Ledgers: totals in headers, and balances that are kept.

use super::super::balances::Balances;
use super::super::differences::{Buckets, Differences};
use super::super::exact::Exact;
use super::super::expr::{Expr, Refusal};
use super::super::keyed::PrintMap;
use super::super::print_set::PrintSet;
use super::super::samples::Samples;
use super::super::scan::aggregator;
use super::super::totals::{Headers, Side, Sums};
use super::{Builder, Narrowed};
use crate::measure::ledger::{self, Running, Totals};
use crate::policy::operand::Operand;
use crate::source_text::Span;
use crate::value::plain;

impl Builder {
    /// The lines that count for totals: those of the entries that are looked at.
    pub(super) fn lines(&mut self, totals: &Totals) -> Result<Narrowed, Refusal> {
        let mut narrowed = self.narrowed(&totals.lines)?;
        if !(totals.entries.filters.is_empty() && totals.entries.within.is_empty()) {
            let table = self.keys(&totals.entries, &totals.key, None)?;
            let key = self.key(&totals.lines.relation, &totals.columns)?;
            narrowed.filter.within.push((key, table));
            narrowed.needs.push(table);
        }
        Ok(narrowed)
    }

    pub(super) fn totals(&mut self, key: &str, totals: &Totals, samples: u64) -> Result<(), Refusal> {
        let (entries, lines) = (&totals.entries.relation, &totals.lines.relation);
        if !bigdecimal::Zero::is_zero(&totals.tolerance) {
            // No identity tolerates anything, so every entry is looked at.
            return self.headers(key, totals, &Buckets::all(), samples);
        }
        let narrowed = self.lines(totals)?;
        let side = Side {
            key: key.to_owned(),
            filter: narrowed.filter,
            place: self.key(lines, &totals.columns)?,
            amount: self.expr(lines, &totals.side)?,
            lines: true,
            once: None,
            sums: Differences::default(),
        };
        self.push(lines, narrowed.needs, Vec::new(), Box::new(side));
        let narrowed = self.narrowed(&totals.entries)?;
        let header = self.header(totals)?;
        let side = Side {
            key: key.to_owned(),
            filter: narrowed.filter,
            place: self.key(entries, &totals.key)?,
            amount: header,
            lines: false,
            // A primary key says nothing of rows that heirs add, and an archive enforces none.
            once: Some(PrintSet::default()),
            sums: Differences::default(),
        };
        self.push(entries, narrowed.needs, Vec::new(), Box::new(side));
        Ok(())
    }

    pub(super) fn header(&mut self, totals: &Totals) -> Result<Expr, Refusal> {
        let column = Operand::Column { name: totals.header.clone(), span: Span::NOWHERE };
        self.expr(&totals.entries.relation, &Operand::Exact(Box::new(column)))
    }

    pub(super) fn headers(
        &mut self,
        key: &str,
        totals: &Totals,
        only: &Buckets,
        samples: u64,
    ) -> Result<(), Refusal> {
        let (entries, lines) = (&totals.entries.relation, &totals.lines.relation);
        let narrowed = self.lines(totals)?;
        let sum = aggregator(&ledger::sum(&totals.side), lines, self.columns(lines))?;
        let table = self.table();
        let sums = Sums {
            table,
            filter: narrowed.filter,
            place: self.key(lines, &totals.columns)?,
            sum: sum.clone(),
            only: Some(only.clone()),
            map: PrintMap::default(),
        };
        self.push(lines, narrowed.needs, Vec::new(), Box::new(sums));
        let mut narrowed = self.narrowed(&totals.entries)?;
        narrowed.needs.push(table);
        let place = self.key(entries, &totals.key)?;
        let job = Headers {
            key: key.to_owned(),
            filter: narrowed.filter,
            place,
            keys: self.shown(entries, &totals.key)?,
            header: (self.header(totals)?, totals.header.clone()),
            table,
            sum,
            tolerance: exact(&totals.tolerance),
            only: Some(only.clone()),
            violations: 0,
            samples: Samples::new(samples),
        };
        self.push(entries, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    pub(super) fn running(&mut self, key: &str, running: &Running, samples: u64) -> Result<(), Refusal> {
        let relation = &running.lines.relation;
        let narrowed = self.narrowed(&running.lines)?;
        let column = Operand::Column { name: running.balance.clone(), span: Span::NOWHERE };
        let kept = self.expr(relation, &Operand::Exact(Box::new(column)))?;
        let job = Balances::new(
            key.to_owned(),
            narrowed.filter,
            self.key(relation, &running.per)?,
            self.places(relation, &running.order)?,
            self.expr(relation, &running.net)?,
            (kept, running.balance.clone()),
            exact(&running.tolerance),
            self.shown(relation, &relation.key_columns())?,
            samples,
        );
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }
}

fn exact(n: &bigdecimal::BigDecimal) -> Exact {
    Exact::parse(plain(n).as_bytes()).unwrap_or_else(|| Exact::Large(Box::new(n.clone())))
}
