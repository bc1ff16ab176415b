//! Header totals against the sums of their lines, and balances that are kept along the way.

use std::collections::BTreeMap;

use super::accumulate::{Aggregator, Seen, spelt};
use super::cell::{Cell, Odd};
use super::columns::KeyPlace;
use super::differences::{Buckets, Differences};
use super::exact::Exact;
use super::expr::{Expr, Refusal, UNREADABLE, compare};
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
            (Cell::Number(a), Cell::Number(b)) => within(&a.minus(b), &self.tolerance),
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

/// Whether a difference counts as none.
fn within(difference: &Exact, tolerance: &Exact) -> bool {
    *difference <= *tolerance && difference.negated() <= *tolerance
}

/// A posting.
struct Posting {
    order: Vec<Cell<'static>>,
    lost: bool,
    net: Amount,
    kept: Amount,
    key: Vec<Option<String>>,
}

/// What an amount is, or some of them come to.
#[derive(Clone)]
enum Amount {
    None,
    Number(Exact),
    Odd(Odd),
}

impl Amount {
    fn of(cell: Cell<'_>) -> Result<Self, Refusal> {
        match cell {
            Cell::Number(n) => Ok(Self::Number(n)),
            Cell::Odd(odd) => Ok(Self::Odd(odd)),
            Cell::Unreadable => Err(UNREADABLE.to_owned()),
            _ => Ok(Self::None),
        }
    }

    /// As PostgreSQL adds numbers.
    fn plus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::None, one) | (one, Self::None) => one.clone(),
            (Self::Number(a), Self::Number(b)) => Self::Number(a.plus(b)),
            (Self::Odd(a), Self::Odd(b)) if a != b => Self::Odd(Odd::NotANumber),
            (Self::Odd(odd), _) | (_, Self::Odd(odd)) => Self::Odd(*odd),
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Number(n) => Some(n.to_string()),
            Self::Odd(odd) => Some(odd.word(false).to_owned()),
        }
    }
}

/// Balances kept along the way.
pub(super) struct Balances {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The account.
    pub(super) per: KeyPlace,
    /// Columns of the order.
    pub(super) order: Vec<usize>,
    /// What a posting moves.
    pub(super) net: Expr,
    /// The kept balance.
    pub(super) kept: (Expr, String),
    /// Largest difference that counts as equal.
    pub(super) tolerance: Exact,
    /// What is shown.
    pub(super) shown: Vec<Shown>,
    /// Most samples.
    pub(super) samples: Samples,
    accounts: BTreeMap<u128, Vec<Posting>>,
}

impl Balances {
    /// Looks at balances.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "one measurement, each part of which is its own")]
    pub(super) fn new(
        key: String,
        filter: Filter,
        per: KeyPlace,
        order: Vec<usize>,
        net: Expr,
        kept: (Expr, String),
        tolerance: Exact,
        shown: Vec<Shown>,
        samples: u64,
    ) -> Self {
        let (samples, accounts) = (Samples::new(samples), BTreeMap::new());
        Self { key, filter, per, order, net, kept, tolerance, shown, samples, accounts }
    }
}

impl Job for Balances {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let print = row.print_or_null(self.per)?;
        let mut order = Vec::new();
        let lost = row.no_key(self.per) || self.order.iter().any(|place| row.raw.get(*place).is_none());
        for place in &self.order {
            order.push(match row.cell(*place) {
                Cell::Number(n) => Cell::Number(n),
                Cell::Time(n) => Cell::Time(n),
                Cell::Null => Cell::Null,
                _ => return Err("only a server knows the order of these postings".to_owned()),
            });
        }
        let net = Amount::of(self.net.eval(&row.scope())?)?;
        let kept = Amount::of(self.kept.0.eval(&row.scope())?)?;
        let key: Vec<Option<String>> = self.shown.iter().map(|s| row.text(s)).collect();
        shared.take(200 + key.iter().flatten().map(|t| t.len() as u64 + 24).sum::<u64>())?;
        self.accounts.entry(print).or_default().push(Posting { order, lost, net, kept, key });
        Ok(())
    }

    fn finish(mut self: Box<Self>, shared: &mut Shared) {
        let (mut violations, mut unknown) = (0, 0);
        for mut postings in std::mem::take(&mut self.accounts).into_values() {
            let lost = postings.iter().any(|p| p.lost);
            postings.sort_by(|a, b| sequence(&a.order, &b.order));
            let mut sum = Amount::None;
            let tie =
                |a: Option<&Posting>, b: &Posting| a.is_some_and(|a| sequence(&a.order, &b.order).is_eq());
            for (n, posting) in postings.iter().enumerate() {
                sum = sum.plus(&posting.net);
                let before = n.checked_sub(1).and_then(|n| postings.get(n));
                let tied = lost || tie(before, posting) || tie(postings.get(n + 1), posting);
                let (odd, ok) = match (&posting.kept, &sum) {
                    (Amount::Odd(_), _) | (_, Amount::Odd(_)) => (true, false),
                    (Amount::Number(kept), Amount::Number(sum)) => {
                        (false, within(&kept.minus(sum), &self.tolerance))
                    }
                    _ => (false, false),
                };
                let unsure = tied || odd;
                violations += u64::from(!unsure && !ok);
                unknown += u64::from(unsure);
                if unsure || !ok {
                    self.samples.add(unsure, || {
                        posting.key.iter().cloned().chain([posting.kept.text(), sum.text()]).collect()
                    });
                }
            }
        }
        let columns = self.shown.iter().map(|s| s.name.clone());
        let columns = columns.chain([self.kept.1, "sum of postings".to_owned()]).collect();
        let tallied = Tallied { violations, unknown, columns, samples: self.samples.finish() };
        shared.found.insert(self.key, Ok(Observed::Tally(tallied)));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

fn sequence(a: &[Cell<'static>], b: &[Cell<'static>]) -> std::cmp::Ordering {
    for (a, b) in a.iter().zip(b) {
        let ordering = match (a, b) {
            (Cell::Null, Cell::Null) => std::cmp::Ordering::Equal,
            (Cell::Null, _) => std::cmp::Ordering::Greater,
            (_, Cell::Null) => std::cmp::Ordering::Less,
            (a, b) => compare(a, b).ok().flatten().unwrap_or(std::cmp::Ordering::Equal),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    std::cmp::Ordering::Equal
}
