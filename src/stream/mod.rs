//! Measurements made on rows themselves, wherever they come from: an archive, or a server's `COPY`.
//!
//! A plan's statements become jobs that ride along while a relation is read once. Key sets are kept as fingerprints, sums
//! of groups as identities under a secret of the run ([`differences`], [`keyed`]), so that memory does not grow with what
//! is in order; only what is under suspicion is looked at a second time, exactly, and that look alone says `broken`.
//!
//! Rows come in batches, and what is ordinary in a batch is measured column by column (`lane`, `wide`); anything else
//! sends its batch the way of single rows, which decides what both must come to.
//!
//! What only a server can tell (the order of text in a collation, operators of extensions, raw SQL) is refused by name and
//! ends as unproven.

pub mod accumulate;
mod balances;
mod batch;
mod carried;
pub mod cell;
mod chain;
mod chunk;
mod columns;
mod compile;
mod compiler;
mod cores;
pub mod differences;
pub mod engine;
pub mod erased;
pub mod exact;
pub mod expr;
mod gathered;
mod grouped;
mod held;
mod job;
pub mod keyed;
mod lane;
mod looks;
mod pass;
mod print_set;
mod prints;
mod reference;
mod repeats;
mod row;
mod samples;
mod scan;
mod seal;
mod shared;
#[cfg(test)]
mod testing;
mod totals;
mod wide;
mod wide_folds;
#[cfg(test)]
mod wide_tests;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::chain::given::Outside;
use crate::erasure::Lists;
use crate::facts::{Failure, Observation, Observed, Tallied};
use crate::failure::FailureKind;
use crate::plan::{Statement, Work};
use crate::policy::RelationName;
use compile::Builder;
use keyed::Seed;
use looks::Looks;
use shared::Shared;

pub use batch::{Filler, collect};

/// Something that holds rows.
pub trait Rows: Sync {
    /// Hands over every row of a part of a relation, with these columns in this order, until it is told to break off.
    ///
    /// # Errors
    ///
    /// Why not all rows, to the last, could be read. What was handed over before is then worth nothing. Breaking off is no
    /// error.
    fn read(
        &self,
        relation: &RelationName,
        part: Part,
        columns: &[String],
        to: &mut Filler<'_>,
    ) -> Result<(), Failure>;

    /// About how much work reading it is, in any unit.
    fn weight(&self, relation: &RelationName) -> u64;

    /// In how many parts it can be read side by side. Each row is in one of them, and they lie one after another.
    fn parts(&self, _relation: &RelationName) -> usize {
        1
    }

    /// Whether somebody else does most of the work of reading.
    fn waits(&self) -> bool {
        false
    }
}

/// A part of a relation's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which one, counted from 0.
    pub at: usize,
    /// Of how many.
    pub of: usize,
}

impl Part {
    /// All rows.
    pub const WHOLE: Self = Self { at: 0, of: 1 };
}

/// What a run on rows may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of memory for tables, about.
    pub memory: u64,
    /// Threads that compute at once, at least one.
    pub jobs: usize,
    /// What the run's fingerprints are made with, which nobody who can write to a source may know beforehand.
    pub seed: i64,
    /// What chains are given beside their rows.
    pub outside: Arc<Outside>,
    /// The lists that subjects are looked for in.
    pub lists: Arc<Lists>,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Measured {
    /// Observations by key.
    pub found: BTreeMap<String, Observation>,
    /// Where something was settled by fingerprints of keys or by sums weighted with them: a difference goes unseen with a
    /// probability of about 1 in 2 to this power, or less.
    pub bits: Option<u32>,
}

impl Measured {
    /// All statements are measured together, so none has a time of its own but an even share.
    fn of(shared: Shared, started: Instant, statements: usize) -> Self {
        let bits = shared.bits();
        let share = started.elapsed().as_micros() / statements.max(1) as u128;
        let micros = u64::try_from(share).unwrap_or(u64::MAX);
        let found = shared.found.into_iter().map(|(key, result)| (key, Observation { result, micros }));
        Self { found: found.collect(), bits }
    }
}

/// Makes every measurement of these statements. Facts are not rows and are left to the source.
#[must_use]
pub fn observe(statements: &[&Statement], rows: &dyn Rows, limits: &Limits) -> Measured {
    let started = Instant::now();
    let mut shared = Shared::new(Seed::of(limits.seed), limits.memory);
    let mut looks = Looks::new(rows, limits);
    let mut builder = looks.builder();
    let (mut begun, mut held) = held::begin(statements, &mut builder, &mut |key, why| shared.fail(key, &why));
    while !builder.jobs.is_empty() || !begun.is_empty() {
        looks.look(&mut builder, &mut shared);
        let mut next = Builder::after(&builder);
        for statement in begun {
            closer_look(statement, &builder.parts, &mut next, &mut shared);
        }
        begun = open(&mut held, &mut next, &mut shared);
        builder = next;
    }
    looks.log();
    Measured::of(shared, started, statements.len())
}

/// Makes those measurements that nothing speaks against and that one look settles. What is missing from the answer, or is
/// an error there, is for the source to look at itself.
#[must_use]
pub fn glance(statements: &[&Statement], rows: &dyn Rows, limits: &Limits) -> Measured {
    let started = Instant::now();
    let mut shared = Shared::new(Seed::of(limits.seed), limits.memory);
    let mut looks = Looks::new(rows, limits);
    let mut builder = looks.builder();
    let (mut begun, mut held) = held::begin(statements, &mut builder, &mut |key, why| shared.fail(key, &why));
    while !begun.is_empty() {
        looks.look(&mut builder, &mut shared);
        for statement in begun {
            if let Work::Tally { key, tally, .. } = &statement.work
                && !shared.found.contains_key(key)
                && !shared.suspects.contains_key(key)
                && was_looked_at(key, &builder.parts, &shared)
            {
                shared.found.insert(key.clone(), Ok(nothing(tally)));
            }
        }
        builder = Builder::after(&builder);
        begun = open(&mut held, &mut builder, &mut shared);
    }
    looks.log();
    Measured::of(shared, started, statements.len())
}

/// Begins with what was held back and is not spared.
fn open<'s>(held: &mut Vec<&'s Statement>, builder: &mut Builder, shared: &mut Shared) -> Vec<&'s Statement> {
    let open = held::settle(std::mem::take(held), shared);
    for (key, why) in open.iter().flat_map(|statement| compile(statement, builder)) {
        shared.fail(&key, &why);
    }
    open
}

/// Whether every part of a tally was looked at to the last row. Nothing is in order that was not.
fn was_looked_at(key: &str, parts: &BTreeMap<String, u32>, shared: &Shared) -> bool {
    shared.looked.get(key).is_some_and(|n| Some(n) == parts.get(key))
}

/// A tally that counted nothing.
fn nothing(tally: &crate::measure::Tally) -> Observed {
    Observed::Tally(Tallied { columns: tally.sql().columns, ..Tallied::default() })
}

/// The jobs of a first look. Handed back are the keys of what only a server can measure, and why.
fn compile(statement: &Statement, builder: &mut Builder) -> Vec<(String, expr::Refusal)> {
    let one = |key: &String, made: Result<(), expr::Refusal>| {
        made.err().map(|why| (key.clone(), why)).into_iter().collect()
    };
    match &statement.work {
        Work::Scan { rows, folds } => builder.folds(rows, folds),
        Work::Tally { key, tally, samples } => one(key, builder.tally(key, tally, *samples, statement.exact)),
        Work::Chain { key, chained, samples } => one(key, builder.chain(key, chained, *samples)),
        Work::Table { key, .. } => {
            let why = "raw SQL needs a server, and this source is none: restore it into one and verify that";
            vec![(key.clone(), why.to_owned())]
        }
        Work::Any { key, relation } => {
            builder.any(key, relation);
            Vec::new()
        }
        Work::Seal { key, sealing } => one(key, builder.seal(key, sealing)),
        Work::Erased { key, erased, samples } => one(key, builder.erased(key, erased, *samples)),
        // A list is read before all else.
        Work::List { .. }
        | Work::Show { .. }
        | Work::Fact { .. }
        | Work::Inspect { .. }
        | Work::Inventory { .. }
        | Work::LargeObjects { .. } => Vec::new(),
    }
}

/// Looks again at what is under suspicion, and calls the rest in order.
fn closer_look(
    statement: &Statement,
    parts: &BTreeMap<String, u32>,
    builder: &mut Builder,
    shared: &mut Shared,
) {
    match &statement.work {
        Work::Tally { key, tally, samples } => {
            if shared.found.contains_key(key) {
                return;
            }
            match shared.suspects.remove(key) {
                None if !was_looked_at(key, parts, shared) => {
                    shared.fail(key, "it was not looked at to the last row");
                }
                None => {
                    shared.found.insert(key.clone(), Ok(nothing(tally)));
                }
                Some(suspicion) => {
                    if let Err(why) = builder.closer(key, tally, suspicion, *samples) {
                        shared.fail(key, &why);
                    }
                }
            }
        }
        Work::Chain { key, chained, samples } => {
            if shared.suspects.remove(key).is_some()
                && let Err(why) = builder.sorted_chain(key, chained, *samples)
            {
                shared.fail(key, &why);
            }
        }
        Work::Show { key, when, show, samples } => {
            let counted = |key: &String| match shared.found.get(key) {
                Some(Ok(Observed::Cell(Some(text)))) => text.parse::<u64>().is_ok_and(|n| n > 0),
                _ => false,
            };
            if when.iter().any(counted)
                && let Err(why) = builder.show(key, show, *samples)
            {
                shared.fail(key, &why);
            }
        }
        _ => {}
    }
}

/// A failure of a measurement that a source without a server cannot make.
fn failure(why: &str) -> Failure {
    Failure { kind: FailureKind::Other, message: why.to_owned() }
}
