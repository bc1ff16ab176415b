//! Policy and catalogues to [`Plan`]: which statements run, each once, and what every check needs from them.
//!
//! Checks ask for folds and tallies; the planner keeps one of each and puts all folds over the same rows of a
//! relation into one scan. A plan is plain data: it can be printed, and facts can be judged against it later.

mod belongs;
mod bind;
mod builder;
mod chains;
mod cutoffs;
mod equals;
mod erased;
mod figures;
mod groups;
mod inexact;
mod inspections;
mod joins;
mod keyed;
mod ledgers;
#[cfg(test)]
mod looks_tests;
mod measurements;
mod narrowing;
mod objectives;
mod obligation;
mod references;
mod resolve;
mod scalars;
mod scans;
mod schemas;
mod sealings;
mod shortcut;
mod sql;
mod standard;
mod statement;
mod tenancies;
mod tightest;
mod unchanged;

use std::collections::{BTreeMap, BTreeSet};

pub use builder::plan;
pub use chains::Chained;
pub use cutoffs::{Cut, CutBy};
pub use erased::{Erased, Listed, Listing, SUBJECT};
pub use figures::{Figured, Measured, Scalar, Shown};
pub use inspections::Inspection;
pub use joins::Joined;
pub use obligation::{Applies, Obligation, Proof, WhenPlan};
pub use sealings::{Before, Sealing, Seals, inventory_key, large_objects_key, sealed_key, seals};
pub use shortcut::{Evidence, Outcome, Shortcut};
pub use statement::{Engine, Statement, Work};

use crate::catalogue::Catalogue;
use crate::diagnostic::Diagnostic;
use crate::facts::{Failure, Observation, Observed};

/// What the planner knows about each source: its catalogue, or why there is none.
pub type Catalogues = BTreeMap<String, Result<Catalogue, Failure>>;

/// Choices of a run that change what is measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// Checks to run, by id, in policy order.
    pub selected: Vec<String>,
    /// The tenant to narrow every check to.
    pub tenant: Option<String>,
    /// The pinned instant of the run.
    pub now: jiff::Timestamp,
    /// Most samples per finding.
    pub samples: u64,
    /// Whether groups are compared one by one even where keyed sums could tell.
    pub exact: bool,
}

/// Everything that will run, and what it is for.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Statements in the order in which they are worth starting: long ones first, and each after those whose answers
    /// it needs.
    pub statements: Vec<Statement>,
    /// One entry per selected check, in policy order.
    pub checks: Vec<CheckPlan>,
    /// How relations of servers are read, and why so.
    pub readings: Vec<Reading>,
}

/// How a relation is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The source it is of.
    pub source: String,
    /// The relation, as `schema.name`.
    pub relation: String,
    /// The columns that are fetched; none where the server is asked.
    pub fetched: Option<Vec<String>>,
    /// How, and why so.
    pub why: String,
}

/// What one check needs.
#[derive(Clone, Debug)]
pub struct CheckPlan {
    /// The check.
    pub id: String,
    /// Things that must all be so.
    pub obligations: Vec<Obligation>,
    /// What decides whether it applies, if it is conditional.
    pub when: Option<WhenPlan>,
    /// Remarks for the report.
    pub notes: Vec<String>,
}

impl Plan {
    /// Whether anything of it takes a seed.
    #[must_use]
    pub fn needs_seed(&self) -> bool {
        self.statements.iter().any(|s| s.work.needs_seed())
    }

    /// Of the weights of those keyed sums that settled something, the fewest bits; `None` where none did.
    #[must_use]
    pub fn hash_bits(&self, observations: &BTreeMap<String, Observation>) -> Option<u32> {
        let settled: BTreeSet<&str> = observations
            .values()
            .filter_map(|o| match &o.result {
                Ok(Observed::Settled(by)) => Some(by.iter().map(String::as_str)),
                _ => None,
            })
            .flatten()
            .collect();
        let folds = self.statements.iter().filter_map(|s| match &s.work {
            Work::Scan { folds, .. } => Some(folds),
            _ => None,
        });
        let used = folds.flatten().filter(|(key, _)| settled.contains(key.as_str()));
        used.filter_map(|(_, fold)| fold.hash_bits()).min()
    }
}

/// A plan, and what its names ran into in the catalogues.
pub type Planned = (Plan, Vec<Diagnostic>);
