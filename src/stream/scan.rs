//! Folds over the rows of a relation, and the rows for which a condition is not true.

use super::accumulate::{Aggregator, Doubt, Seen};
use super::chunk::Chunk;
use super::columns::Columns;
use super::compiler::Compiler;
use super::expr::{Refusal, Test};
use super::job::{Job, fork_of};
use super::row::{Admitted, Filter, Row, Shown};
use super::samples::Samples;
use super::shared::Shared;
use crate::catalogue::{ColumnKind, Relation};
use crate::facts::{Observed, Tallied};
use crate::measure::fold::Fold;
use crate::policy::operand::{Aggregate, Operand};

/// A fold, compiled.
#[derive(Clone)]
enum Counter {
    Rows,
    Any,
    Failing(Test),
    Unknown(Test),
    AnyNull(Vec<usize>),
    SkippedNulls(Aggregator),
    Odd(Aggregator),
    Aggregate(Aggregator),
}

/// Compiles an aggregate.
///
/// # Errors
///
/// When only a server can evaluate it.
pub(super) fn aggregator(
    aggregate: &Aggregate,
    relation: &Relation,
    columns: &mut Columns,
) -> Result<Aggregator, Refusal> {
    let mut compiler = Compiler { relation, columns, aggregates: Vec::new() };
    let argument = match &aggregate.argument {
        // Only whether it is NULL is asked, so any type will do.
        Some(Operand::Column { name, .. })
            if aggregate.function == crate::policy::operand::Function::Count =>
        {
            Some(super::expr::Expr::Column(compiler.columns.place(relation, name)?))
        }
        Some(argument) => {
            let argument = compiler.operand(argument)?;
            Some(compiler.columns.derive(argument))
        }
        None => None,
    };
    let filter = aggregate.filter.as_ref().map(|f| compiler.condition(f)).transpose()?;
    let kind = |operand: &Operand| match operand {
        Operand::Column { name, .. } => relation.column(name).map(|c| c.kind),
        _ => None,
    };
    let spelling = aggregate.argument.as_ref().and_then(kind).unwrap_or(ColumnKind::Numeric);
    Ok(Aggregator { function: aggregate.function, argument, filter, spelling })
}

/// One fold on its way.
pub(super) struct Folding {
    key: String,
    counter: Counter,
    seen: Seen,
    count: u64,
    odd: Option<String>,
    /// Why it goes no further.
    lost: Option<Refusal>,
}

/// Folds over the same rows.
pub(super) struct Folds {
    /// Which rows count.
    pub(super) filter: Filter,
    /// The folds.
    pub(super) folds: Vec<Folding>,
}

impl Folding {
    /// Whether there are any rows, as 1 or 0.
    pub(super) fn any(key: &str) -> Self {
        let (key, seen) = (key.to_owned(), Seen::Count(0));
        Self { key, counter: Counter::Any, seen, count: 0, odd: None, lost: None }
    }

    /// Compiles a fold.
    ///
    /// # Errors
    ///
    /// When only a server can evaluate it.
    pub(super) fn new(
        key: &str,
        fold: &Fold,
        relation: &Relation,
        columns: &mut Columns,
    ) -> Result<Self, Refusal> {
        let mut seen = Seen::Count(0);
        let counter = match fold {
            Fold::Count => Counter::Rows,
            Fold::Failing(condition) => Counter::Failing(test(condition, relation, columns)?),
            Fold::Unknown(condition) => Counter::Unknown(test(condition, relation, columns)?),
            Fold::AnyNull(names) => Counter::AnyNull(
                names.iter().map(|name| columns.place(relation, name)).collect::<Result<_, _>>()?,
            ),
            Fold::SkippedNulls(aggregate) => Counter::SkippedNulls(aggregator(aggregate, relation, columns)?),
            Fold::Odd(aggregate) => Counter::Odd(aggregator(aggregate, relation, columns)?),
            Fold::Unmet(_) | Fold::Keyed(_) | Fold::Where(..) => {
                return Err("this figure is made of others".to_owned());
            }
            Fold::Aggregate(aggregate) => {
                let aggregator = aggregator(aggregate, relation, columns)?;
                seen = aggregator.empty();
                Counter::Aggregate(aggregator)
            }
        };
        Ok(Self { key: key.to_owned(), counter, seen, count: 0, odd: None, lost: None })
    }
}

fn test(
    condition: &crate::policy::operand::Condition,
    relation: &Relation,
    columns: &mut Columns,
) -> Result<Test, Refusal> {
    Compiler { relation, columns, aggregates: Vec::new() }.condition(condition)
}

impl Folding {
    fn observe(&mut self, row: &Row<'_>) -> Result<(), Refusal> {
        let scope = row.scope();
        let mut doubt = Doubt::default();
        let counts = match &self.counter {
            Counter::Rows | Counter::Any => true,
            Counter::Failing(test) => test.eval(&scope)? == Some(false),
            Counter::Unknown(test) => test.eval(&scope)?.is_none(),
            Counter::AnyNull(places) => places.iter().any(|place| row.raw.get(*place).is_none()),
            Counter::SkippedNulls(aggregator) => {
                aggregator.value(&scope, &mut doubt)?.is_some() && doubt.null
            }
            Counter::Odd(aggregator) => {
                if let Some(super::cell::Cell::Odd(odd)) = aggregator.value(&scope, &mut doubt)? {
                    let is_time = !matches!(
                        aggregator.spelling,
                        ColumnKind::Numeric | ColumnKind::Float | ColumnKind::Integer
                    );
                    let word = odd.word(is_time).to_owned();
                    // The least spelling, as `min` over text.
                    self.odd = Some(self.odd.take().map_or(word.clone(), |known| known.min(word)));
                }
                false
            }
            Counter::Aggregate(aggregator) => {
                aggregator.observe(&mut self.seen, &scope)?;
                false
            }
        };
        self.count += u64::from(counts);
        Ok(())
    }

    fn fork(&self) -> Self {
        let seen = match &self.counter {
            Counter::Aggregate(aggregator) => aggregator.empty(),
            _ => Seen::Count(0),
        };
        Self { key: self.key.clone(), counter: self.counter.clone(), seen, count: 0, odd: None, lost: None }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.odd = match (self.odd.take(), other.odd) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.lost = self.lost.take().or(other.lost);
        if let Counter::Aggregate(aggregator) = &self.counter
            && let Err(why) = aggregator.merge(&mut self.seen, other.seen)
        {
            self.lost.get_or_insert(why);
        }
    }

    /// Observes all rows of a batch that count. False where they must be looked at one by one.
    fn observe_wide(&mut self, chunk: &Chunk<'_>, admitted: &Admitted) -> Result<bool, Refusal> {
        let truths = |test: &Test, wanted: Option<bool>| {
            let truths = test.truths(chunk.values, chunk.derived)?;
            Some(
                truths
                    .iter()
                    .enumerate()
                    .filter(|(at, truth)| **truth == wanted && admitted.has(*at))
                    .count(),
            )
        };
        let counted = match &self.counter {
            Counter::Rows | Counter::Any => Some(admitted.count(chunk.len())),
            Counter::Failing(test) => truths(test, Some(false)),
            Counter::Unknown(test) => truths(test, None),
            Counter::AnyNull(places) => {
                let columns: Vec<Vec<bool>> = places.iter().filter_map(|at| chunk.batch.nulls(*at)).collect();
                let any = |at: &usize| columns.iter().any(|nulls| nulls.get(*at).copied().unwrap_or(false));
                let rows = if columns.is_empty() { 0 } else { chunk.len() };
                Some((0..rows).filter(|at| any(at) && admitted.has(*at)).count())
            }
            Counter::SkippedNulls(aggregator) => {
                let admitted = aggregator.admitted(chunk, admitted);
                admitted.and_then(|admitted| aggregator.nulls(chunk, &admitted))
            }
            Counter::Odd(aggregator) => {
                let told = aggregator.is_ordinary(chunk) && aggregator.admitted(chunk, admitted).is_some();
                told.then_some(0)
            }
            Counter::Aggregate(aggregator) => {
                aggregator.observe_wide(&mut self.seen, chunk, admitted)?.then_some(0)
            }
        };
        self.count += counted.unwrap_or(0) as u64;
        Ok(counted.is_some())
    }

    /// Observes the rows of a batch that count.
    fn observe_all(&mut self, chunk: &Chunk<'_>, admitted: &Admitted) -> Result<(), Refusal> {
        if self.observe_wide(chunk, admitted)? {
            return Ok(());
        }
        (0..chunk.len()).filter(|at| admitted.has(*at)).try_for_each(|at| self.observe(&chunk.row(at)))
    }

    fn finish(self, shared: &mut Shared) {
        if let Some(why) = self.lost {
            shared.fail(&self.key, &why);
            return;
        }
        let cell = match &self.counter {
            Counter::Odd(_) => self.odd,
            Counter::Aggregate(aggregator) => aggregator.text(&self.seen),
            Counter::Any => Some(u8::from(self.count > 0).to_string()),
            _ => Some(self.count.to_string()),
        };
        shared.found.insert(self.key, Ok(Observed::Cell(cell)));
    }
}

impl Job for Folds {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if self.filter.admits(row, shared)? {
            // One that cannot go on takes nothing away from its neighbours.
            for fold in self.folds.iter_mut().filter(|fold| fold.lost.is_none()) {
                fold.lost = fold.observe(row).err();
            }
        }
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        let folds = self.folds.iter().map(Folding::fork).collect();
        Some(Box::new(Self { filter: self.filter.clone(), folds }))
    }

    fn merge(&mut self, other: Box<dyn Job>, _shared: &Shared) -> Result<(), Refusal> {
        for (fold, other) in self.folds.iter_mut().zip(fork_of::<Self>(other)?.folds) {
            fold.merge(other);
        }
        Ok(())
    }

    fn observe_all(&mut self, chunk: &Chunk<'_>, shared: &Shared) -> Result<(), Refusal> {
        let admitted = self.filter.admitted(chunk, shared)?;
        for fold in self.folds.iter_mut().filter(|fold| fold.lost.is_none()) {
            fold.lost = fold.observe_all(chunk, &admitted).err();
        }
        Ok(())
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        self.folds.into_iter().for_each(|fold| fold.finish(shared));
    }

    fn keys(&self) -> Vec<String> {
        self.folds.iter().map(|fold| fold.key.clone()).collect()
    }
}

/// Rows for which a condition is false, or NULL where such are shown.
pub(super) struct Showing {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The condition.
    pub(super) test: Test,
    /// Whether rows are shown for which it is NULL.
    pub(super) may_be_null: bool,
    /// What is shown.
    pub(super) shown: Vec<Shown>,
    /// Samples so far.
    pub(super) samples: Samples,
}

impl Job for Showing {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        match self.test.eval(&row.scope())? {
            Some(true) => {}
            None if !self.may_be_null => {}
            verdict => {
                self.samples
                    .add(verdict.is_none(), || self.shown.iter().map(|shown| row.text(shown)).collect());
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        let tallied = Tallied {
            violations: 0,
            unknown: 0,
            columns: self.shown.iter().map(|s| s.name.clone()).collect(),
            samples: self.samples.finish(),
        };
        shared.found.insert(self.key, Ok(Observed::Tally(tallied)));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}
