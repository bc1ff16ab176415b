//! Groups: sums that must be equal in each, and everything else that must hold in each.

use std::collections::HashMap;

use super::accumulate::{Aggregator, Doubt, Seen, spelt};
use super::cell::Cell;
use super::chunk::Chunk;
use super::columns::KeyPlace;
use super::differences::{BITS, Buckets, Differences};
use super::expr::{Expr, Refusal, Scope, Test};
use super::job::{Job, fork_of};
use super::keyed::{Print, Printed};
use super::lane::Unit;
use super::row::{Filter, Row, Shown};
use super::samples::Samples;
use super::shared::{Shared, Suspicion};
use crate::catalogue::ColumnKind;
use crate::facts::{Observed, Tallied};

/// Sums that must be zero in every group, first by their identity.
pub(super) struct Identity {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The group's key.
    pub(super) place: KeyPlace,
    /// Whether NULL is a key like any other.
    pub(super) or_null: bool,
    /// What must sum to zero, each by itself.
    pub(super) amounts: Vec<Expr>,
    /// The sums.
    pub(super) sums: Vec<Differences>,
}

impl Identity {
    /// Observes the rows of a batch, the rows of a key at once; false where they must be looked at one by one.
    fn observe_wide(&mut self, chunk: &Chunk<'_>) -> bool {
        let lane =
            |amount: &Expr| amount.lane(chunk.values, chunk.derived).filter(|lane| lane.unit == Unit::Number);
        let lanes: Option<Vec<_>> = self.amounts.iter().map(lane).collect();
        let (Some(admitted), Some(lanes)) = (self.filter.wide(chunk), lanes) else { return false };
        let Some(prints) = chunk.prints.get(self.place).filter(|prints| prints.refused().is_none()) else {
            return false;
        };
        for (lane, sums) in lanes.iter().zip(&mut self.sums) {
            for (rows, printed) in prints.runs() {
                let (print, no_key) = match printed {
                    Printed::Whole(print) => (*print, false),
                    Printed::Part(print) => (*print, !self.or_null),
                    Printed::Refused(_) => continue,
                };
                // NULL is for the exact look to judge.
                let doubtful = |at: usize| admitted.has(at) && (no_key || lane.is_null(at));
                if (no_key || lane.nulls.is_some()) && rows.clone().any(doubtful) {
                    sums.doubt(print);
                }
                if !no_key && let Some(sum) = lane.sum(rows, &admitted) {
                    sums.add(print, &sum);
                }
            }
        }
        true
    }
}

impl Job for Identity {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let print = row.print_or_null(self.place)?;
        let scope = row.scope();
        let no_key = !self.or_null && row.no_key(self.place);
        for (amount, sums) in self.amounts.iter().zip(&mut self.sums) {
            match amount.eval(&scope)? {
                Cell::Number(n) if !no_key => sums.add(print, &n),
                Cell::Unreadable => return Err(super::expr::UNREADABLE.to_owned()),
                // NULL, and what is no number, is for the exact look to judge.
                _ => sums.doubt(print),
            }
        }
        Ok(())
    }

    fn observe_all(&mut self, chunk: &Chunk<'_>, shared: &Shared) -> Result<(), Refusal> {
        if self.observe_wide(chunk) {
            return Ok(());
        }
        chunk.rows().try_for_each(|row| self.observe(&row, shared))
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        Some(Box::new(Self {
            key: self.key.clone(),
            filter: self.filter.clone(),
            amounts: self.amounts.clone(),
            sums: vec![Differences::default(); self.sums.len()],
            ..*self
        }))
    }

    fn merge(&mut self, other: Box<dyn Job>, _shared: &Shared) -> Result<(), Refusal> {
        for (sums, other) in self.sums.iter_mut().zip(&fork_of::<Self>(other)?.sums) {
            sums.merge(other);
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, shared: &mut Shared) {
        shared.trust(BITS);
        let mut suspects = Buckets::none();
        for sums in &mut self.sums {
            suspects.join(&sums.suspects());
        }
        if !suspects.is_empty() {
            shared.suspects.insert(self.key, Suspicion::Groups(suspects));
        }
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// What must hold in a group, compiled.
#[derive(Clone)]
pub(super) struct Rule {
    /// Aggregates of the comparisons.
    pub(super) aggregates: Vec<Aggregator>,
    /// What must hold of them.
    pub(super) test: Test,
    /// Whether NULL and odd values are told of elsewhere.
    pub(super) lenient: bool,
    /// Aggregates that are shown.
    pub(super) shown: Vec<Aggregator>,
}

/// One group.
struct Group {
    key: Vec<Option<String>>,
    no_key: bool,
    doubt: bool,
    seen: Vec<Seen>,
    shown: Vec<Seen>,
}

/// Groups looked at exactly.
pub(super) struct Exactly {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The group's key.
    pub(super) place: KeyPlace,
    /// Its columns.
    pub(super) keys: Vec<Shown>,
    /// Whether NULL is a key like any other.
    pub(super) or_null: bool,
    /// What must hold.
    pub(super) rule: Rule,
    /// Only these groups; all of them without.
    pub(super) only: Option<Buckets>,
    /// Names of the sample columns.
    pub(super) columns: Vec<String>,
    /// Samples so far.
    pub(super) samples: Samples,
    groups: HashMap<Print, Group>,
}

impl Exactly {
    /// Looks at groups.
    #[must_use]
    pub(super) fn new(
        key: String,
        filter: Filter,
        (place, keys, or_null): (KeyPlace, Vec<Shown>, bool),
        rule: Rule,
        only: Option<Buckets>,
        columns: Vec<String>,
        samples: u64,
    ) -> Self {
        let (samples, groups) = (Samples::new(samples), HashMap::new());
        Self { key, filter, place, keys, or_null, rule, only, columns, samples, groups }
    }
}

impl Job for Exactly {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let print = row.print_or_null(self.place)?;
        if self.only.as_ref().is_some_and(|only| !only.has(print)) {
            return Ok(());
        }
        let rule = &self.rule;
        if !self.groups.contains_key(&print) {
            let key: Vec<Option<String>> = self.keys.iter().map(|s| row.text(s)).collect();
            let cells = rule.aggregates.len() + rule.shown.len();
            shared.take(
                96 + 64 * cells as u64 + key.iter().flatten().map(|t| t.len() as u64 + 24).sum::<u64>(),
            )?;
            let no_key = !self.or_null && key.iter().any(Option::is_none);
            let empty = |list: &[Aggregator]| list.iter().map(Aggregator::empty).collect();
            let (seen, shown) = (empty(&rule.aggregates), empty(&rule.shown));
            self.groups.insert(print, Group { key, no_key, doubt: false, seen, shown });
        }
        let Some(group) = self.groups.get_mut(&print) else { return Ok(()) };
        let scope = row.scope();
        for (aggregator, seen) in rule.aggregates.iter().zip(&mut group.seen) {
            let Doubt { undecided, null, odd } = aggregator.observe(seen, &scope)?;
            if !rule.lenient {
                use crate::policy::operand::Function;
                group.doubt |= undecided
                    || (null && aggregator.function == Function::Sum)
                    || (odd && !matches!(aggregator.function, Function::Count | Function::Rows));
            }
        }
        for (aggregator, seen) in rule.shown.iter().zip(&mut group.shown) {
            aggregator.observe(seen, &scope)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, shared: &mut Shared) {
        let (mut violations, mut unknown) = (0, 0);
        let rule = self.rule.clone();
        for group in std::mem::take(&mut self.groups).into_values() {
            let aggregates: Vec<Cell<'static>> =
                rule.aggregates.iter().zip(&group.seen).map(|(a, seen)| a.finish(seen)).collect();
            let scope = Scope { row: None, aggregates: &aggregates };
            let ok = if group.doubt { Ok(None) } else { rule.test.eval(&scope) };
            let ok = match ok {
                Ok(ok) => ok,
                Err(why) => {
                    shared.fail(&self.key, &why);
                    return;
                }
            };
            if !group.no_key && ok == Some(true) {
                continue;
            }
            let broken = group.no_key || ok == Some(false);
            violations += u64::from(broken);
            unknown += u64::from(!broken);
            self.samples.add(!broken, || {
                let shown =
                    rule.shown.iter().zip(&group.shown).map(|(a, seen)| spelt(&a.finish(seen), a.spelling));
                group.key.iter().cloned().chain(shown).collect()
            });
        }
        let tallied = Tallied { violations, unknown, columns: self.columns, samples: self.samples.finish() };
        shared.found.insert(self.key, Ok(Observed::Tally(tallied)));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// How a sum that has no column of its own is spelt.
pub(super) const SUM: ColumnKind = ColumnKind::Numeric;
