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
mod batch;
pub mod cell;
mod chain;
mod chunk;
mod columns;
mod compile;
mod compiler;
mod cores;
pub mod differences;
pub mod exact;
pub mod expr;
mod grouped;
mod job;
pub mod keyed;
mod lane;
mod pass;
mod print_set;
mod prints;
mod reference;
mod row;
mod samples;
mod scan;
mod shared;
#[cfg(test)]
mod testing;
mod totals;
mod wide;
mod wide_folds;
#[cfg(test)]
mod wide_tests;

use std::collections::BTreeMap;
use std::time::Instant;

use crate::facts::{Failure, Observation, Observed, Tallied};
use crate::failure::FailureKind;
use crate::plan::{Statement, Work};
use crate::policy::RelationName;
use compile::Builder;
use cores::Cores;
use keyed::Seed;
use shared::Shared;

pub use batch::Filler;

/// Something that holds rows.
pub trait Rows: Sync {
    /// Hands over every row of a relation, with these columns in this order, until it is told to break off.
    ///
    /// # Errors
    ///
    /// Why not all rows, to the last, could be read. What was handed over before is then worth nothing. Breaking off is no
    /// error.
    fn read(&self, relation: &RelationName, columns: &[String], to: &mut Filler<'_>) -> Result<(), Failure>;

    /// About how much work reading it is, in any unit.
    fn weight(&self, relation: &RelationName) -> u64;
}

/// What a run on rows may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of memory for tables, about.
    pub memory: u64,
    /// Threads that compute at once, at least one.
    pub jobs: usize,
}

/// Makes every measurement of these statements. Facts are not rows and are left to the source.
#[must_use]
pub fn observe(statements: &[&Statement], rows: &dyn Rows, limits: Limits) -> BTreeMap<String, Observation> {
    let started = Instant::now();
    let seed = match Seed::fresh() {
        Ok(seed) => seed,
        Err(why) => {
            let keys = statements.iter().flat_map(|s| s.work.keys());
            return keys.map(|key| (key.to_owned(), observation(Err(failure(&why)), started))).collect();
        }
    };
    let mut shared = Shared::new(seed, limits.memory);
    let cores = Cores::new(limits.jobs);
    let mut reads = BTreeMap::new();
    let mut first = Builder::default();
    for statement in statements {
        first_look(statement, &mut first, &mut shared);
    }
    let jobs = std::mem::take(&mut first.jobs);
    pass::run(jobs, &first.wanted, rows, &mut shared, &cores, &mut reads);
    shared.settle();

    let mut second = Builder::after(&first);
    for statement in statements {
        closer_look(statement, &first.parts, &mut second, &mut shared);
    }
    let jobs = std::mem::take(&mut second.jobs);
    pass::run(jobs, &second.wanted, rows, &mut shared, &cores, &mut reads);
    for (relation, times) in &reads {
        tracing::debug!(%relation, times, "read");
    }
    shared.found.into_iter().map(|(key, result)| (key, observation(result, started))).collect()
}

fn first_look(statement: &Statement, builder: &mut Builder, shared: &mut Shared) {
    match &statement.work {
        Work::Scan { rows, folds } => {
            for (key, why) in builder.folds(rows, folds) {
                shared.fail(&key, &why);
            }
        }
        Work::Tally { key, tally, samples } => {
            if let Err(why) = builder.tally(key, tally, *samples) {
                shared.fail(key, &why);
            }
        }
        Work::Chain { key, rows, spec, samples } => {
            if let Err(why) = builder.chain(key, rows, spec, *samples) {
                shared.fail(key, &why);
            }
        }
        Work::Table { key, .. } => shared.fail(
            key,
            "raw SQL needs a server, and this source is none: restore it into one and verify that",
        ),
        Work::Any { key, relation } => builder.any(key, relation),
        Work::Show { .. } | Work::Fact { .. } => {}
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
                // Nothing is in order that was not read to its last row.
                None if shared.looked.get(key).is_none_or(|n| Some(n) != parts.get(key)) => {
                    shared.fail(key, "it was not looked at to the last row");
                }
                None => {
                    let columns = tally.sql().columns;
                    let none = Tallied { columns, ..Tallied::default() };
                    shared.found.insert(key.clone(), Ok(Observed::Tally(none)));
                }
                Some(suspicion) => {
                    if let Err(why) = builder.closer(key, tally, suspicion, *samples) {
                        shared.fail(key, &why);
                    }
                }
            }
        }
        Work::Chain { key, rows, spec, samples } => {
            if shared.suspects.remove(key).is_some()
                && let Err(why) = builder.sorted_chain(key, rows, spec, *samples)
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

fn observation(result: Result<Observed, Failure>, started: Instant) -> Observation {
    Observation { result, micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX) }
}
