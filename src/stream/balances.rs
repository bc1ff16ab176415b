//! Balances that are kept along the way, against the sums of the postings up to them.

use std::collections::BTreeMap;

use super::cell::{Cell, Odd};
use super::columns::KeyPlace;
use super::exact::Exact;
use super::expr::{Expr, Refusal, UNREADABLE, compare};
use super::job::Job;
use super::row::{Filter, Row, Shown};
use super::samples::Samples;
use super::shared::Shared;
use crate::facts::{Observed, Tallied};

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
                        (false, kept.minus(sum).is_within(&self.tolerance))
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
