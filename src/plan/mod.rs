//! Policy and catalogues to [`Plan`]: which statements run, each once, and what every check needs from them.
//!
//! Checks ask for folds and tallies; the planner keeps one of each and puts all folds over the same rows of a
//! relation into one scan. A plan is plain data: it can be printed, and facts can be judged against it later.

mod belongs;
mod bind;
mod builder;
mod chains;
mod every;
mod groups;
mod inexact;
mod ledgers;
#[cfg(test)]
mod looks_tests;
mod measurements;
mod narrowing;
mod references;
mod resolve;
mod scalars;
mod sql;
mod tenancies;

use std::collections::BTreeMap;

pub use builder::plan;

use crate::catalogue::Catalogue;
use crate::chain::spec::ChainSpec;
use crate::diagnostic::Diagnostic;
use crate::facts::Failure;
use crate::measure::TallySql;
use crate::policy::assertion::Returns;
use crate::policy::operand::{Arithmetic, Comparator};
use crate::value::{Type, Value};
use crate::verdict::Verdict;

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
}

/// Everything that will run, and what it is for.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Statements in the order in which they are worth running: cheap ones first.
    pub statements: Vec<Statement>,
    /// One entry per selected check, in policy order.
    pub checks: Vec<CheckPlan>,
}

/// One statement for one source.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The source it runs on.
    pub source: String,
    /// The relation it mainly reads, as `schema.name`; empty where there is none.
    pub relation: String,
    /// What it does.
    pub work: Work,
    /// Longest it may take, in microseconds, when a check says so.
    pub timeout: Option<i64>,
    /// Checks that need it.
    pub checks: Vec<String>,
}

/// What a statement does.
#[derive(Clone, Debug)]
pub enum Work {
    /// One row with one cell per key.
    Scan {
        /// The statement.
        sql: String,
        /// Keys of the observations, in column order.
        keys: Vec<String>,
        /// The same with one column each, for when one of them makes the statement fail.
        apart: Vec<String>,
    },
    /// Counts violations, then fetches samples if there are any.
    Tally {
        /// Key of the observation.
        key: String,
        /// The statements.
        tally: TallySql,
        /// Most samples.
        samples: u64,
    },
    /// Fetches samples when folds of a scan counted something.
    Show {
        /// Key of the observation.
        key: String,
        /// Keys of the folds; the statement runs only if one of them is above zero.
        when: Vec<String>,
        /// The statement.
        tally: TallySql,
        /// Most samples.
        samples: u64,
    },
    /// Rows as text.
    Table {
        /// Key of the observation.
        key: String,
        /// The statement.
        sql: String,
        /// Text parameters.
        arguments: Vec<String>,
        /// Most rows fetched.
        limit: u64,
    },
    /// A chain, streamed.
    Chain {
        /// Key of the observation.
        key: String,
        /// The statement, ordered by split and order.
        sql: String,
        /// What the rows are.
        spec: Box<ChainSpec>,
        /// Most anomalies listed.
        samples: u64,
    },
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

/// The condition of a check, ready to be judged.
#[derive(Clone, Debug)]
pub struct WhenPlan {
    /// As written.
    pub written: String,
    /// What decides.
    pub test: Applies,
}

/// Whether a conditional check applies.
#[derive(Clone, Debug)]
pub enum Applies {
    /// Known without looking, such as `$tenant = all`.
    Known(bool),
    /// To be compared when the facts are there.
    Compare {
        /// Left side.
        left: Scalar,
        /// Comparison.
        op: Comparator,
        /// Right side.
        right: Scalar,
    },
}

/// One thing that must be so.
#[derive(Clone, Debug)]
pub struct Obligation {
    /// What it is about, for people: usually a relation.
    pub subject: String,
    /// How it is settled.
    pub proof: Proof,
}

/// How an obligation is settled.
#[derive(Clone, Debug)]
pub enum Proof {
    /// It cannot be; why.
    Unprovable(String),
    /// The catalogue already settles it.
    Found {
        /// `broken` or `unproven`.
        verdict: Verdict,
        /// Stable word.
        kind: String,
        /// Sentence.
        message: String,
    },
    /// So many units were looked at. None at all proves nothing.
    Examined {
        /// Key of the count.
        key: String,
        /// Whether zero of these alone makes the check unproven; else it is only noted.
        strict: bool,
    },
    /// Whether there are rows at all behind a look that does not count them.
    Inhabited {
        /// Key of a cell that is not zero if there are.
        key: String,
    },
    /// A fact was looked at, which counts as one unit.
    Looked,
    /// A relation that raw SQL reads. How many of its rows it looks at is not known, only whether there are any.
    Read {
        /// Key of a cell that is not zero if there are rows; `None` for a relation of the system, which is never empty.
        key: Option<String>,
    },
    /// Rows that fail a condition.
    Rows {
        /// Key of the count of failing rows.
        failing: String,
        /// Key of the count of rows that cannot be told.
        unknown: Option<String>,
        /// Key of the samples.
        show: String,
        /// Stable word.
        kind: String,
        /// Sentence for one row.
        message: String,
        /// How to see them.
        see: String,
    },
    /// Counted violations.
    Tally {
        /// Key of the tally.
        key: String,
        /// Stable word.
        kind: String,
        /// Sentence for one violation.
        message: String,
        /// How to see them.
        see: String,
    },
    /// No row may have been left out because nobody can tell whether a `where` applies to it.
    Decided {
        /// Key of the count of such rows.
        key: String,
    },
    /// The tenant the run is narrowed to must be there.
    Tenant {
        /// Key of the count of its rows in the relation of tenants.
        key: String,
        /// The tenant.
        tenant: String,
    },
    /// A sum must be a finite number, or every comparison with it is worthless.
    Finite {
        /// Key of the sum.
        key: String,
    },
    /// A comparison of values.
    Compare {
        /// Left side.
        left: Scalar,
        /// Comparison.
        op: Comparator,
        /// Right side.
        right: Scalar,
    },
    /// An objective: a span from one instant to another, not negative and not longer than a limit.
    Span {
        /// Name of the objective.
        name: String,
        /// Limit in microseconds.
        limit: i64,
        /// Where it begins.
        from: Scalar,
        /// Where it ends.
        to: Scalar,
    },
    /// A chain.
    Chain {
        /// Key of the report.
        key: String,
    },
    /// Raw SQL.
    Returned {
        /// Key of the rows.
        key: String,
        /// What they must be.
        returns: Returns,
        /// How to see them.
        see: String,
    },
}

/// A value made of observations.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// A fixed value.
    Literal(Value),
    /// An observed cell.
    Observed {
        /// Key of the cell.
        key: String,
        /// What it must read as.
        ty: Type,
        /// Key of the count of NULLs an aggregate skipped, if that makes it unknown.
        skipped: Option<String>,
        /// What it is, for people.
        what: String,
    },
    /// Arithmetic.
    Binary(Arithmetic, Box<Scalar>, Box<Scalar>),
    /// `-value`.
    Negate(Box<Scalar>),
    /// `value ?? fallback`.
    Coalesce(Box<Scalar>, Value),
}

/// A plan, and what its names ran into in the catalogues.
pub type Planned = (Plan, Vec<Diagnostic>);
