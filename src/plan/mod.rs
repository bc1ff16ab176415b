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
mod references;
mod resolve;
mod scalars;
mod scans;
mod schemas;
mod sealings;
mod shortcut;
mod sql;
mod standard;
mod tenancies;
mod tightest;

use std::collections::{BTreeMap, BTreeSet};

pub use builder::plan;
pub use chains::Chained;
pub use cutoffs::{Cut, CutBy};
pub use erased::{Erased, Listed, Listing, SUBJECT};
pub use inspections::Inspection;
pub use joins::Joined;
pub use sealings::{Before, Sealing, Seals, inventory_key, large_objects_key, sealed_key, seals};
pub use shortcut::{Evidence, Shortcut};

use bigdecimal::BigDecimal;

use crate::baseline::compare::Whose;
use crate::catalogue::Catalogue;
use crate::diagnostic::Diagnostic;
use crate::facts::{Failure, Observation, Observed};
use crate::measure::Tally;
use crate::measure::fold::{Fold, Show};
use crate::measure::parts;
use crate::measure::rows::RowSet;
use crate::policy::RelationName;
use crate::policy::assertion::Returns;
use crate::policy::facts::Fact;
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
    /// What spares it: it does not run if all of these settle what they stand for. Empty when it always runs.
    pub spared: Vec<Shortcut>,
    /// Whether somebody asks for a look at each group and key, and not at sums and fingerprints of them.
    pub exact: bool,
    /// Where it is carried out.
    pub engine: Engine,
    /// Why it is done like this, for people.
    pub why: String,
}

/// Where a statement is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// By the server, which is asked for the answer.
    #[default]
    Server,
    /// Here, on the rows of a server as they pass; what that leaves open is asked of the server.
    Stream,
    /// Here, on the rows of an archive.
    Archive,
}

/// What a statement does: what is measured, never how. Each kind of source has its own way.
#[derive(Clone, Debug)]
pub enum Work {
    /// Folds over the same rows; one cell each.
    Scan {
        /// The rows.
        rows: Box<RowSet>,
        /// The folds, with the keys of their observations.
        folds: Vec<(String, Fold)>,
    },
    /// Counts violations, then fetches samples if there are any.
    Tally {
        /// Key of the observation.
        key: String,
        /// What is counted.
        tally: Box<Tally>,
        /// Most samples.
        samples: u64,
    },
    /// Fetches samples when folds of a scan counted something.
    Show {
        /// Key of the observation.
        key: String,
        /// Keys of the folds; the statement runs only if one of them is above zero.
        when: Vec<String>,
        /// What is shown.
        show: Box<Show>,
        /// Most samples.
        samples: u64,
    },
    /// Whether a relation has any rows, as a cell that is 1 or 0.
    Any {
        /// Key of the observation.
        key: String,
        /// The relation, which the catalogue may not have.
        relation: RelationName,
    },
    /// A fact the source publishes about itself.
    Fact {
        /// Key of the observation.
        key: String,
        /// The fact.
        fact: &'static Fact,
        /// Its argument, for facts that take one.
        argument: Option<String>,
    },
    /// A look at a source that holds no rows.
    Inspect {
        /// Key of the observation.
        key: String,
        /// What is looked at.
        inspection: Box<Inspection>,
    },
    /// Raw SQL, rows as text.
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
    /// The contents of a relation, sealed.
    Seal {
        /// Key of the observation.
        key: String,
        /// What is sealed.
        sealing: Box<Sealing>,
    },
    /// The subjects that a list names, counted; what names them is kept beside what is observed.
    List {
        /// Key of the observation.
        key: String,
        /// Where they are named.
        listing: Box<Listing>,
    },
    /// Rows of subjects of a list, counted and shown.
    Erased {
        /// Key of the observation.
        key: String,
        /// The rows, and the list.
        erased: Box<Erased>,
        /// Most samples.
        samples: u64,
    },
    /// The objects of a database.
    Inventory {
        /// Key of the observation.
        key: String,
    },
    /// The large objects of a database, sealed.
    LargeObjects {
        /// Key of the observation.
        key: String,
    },
    /// A chain, streamed.
    Chain {
        /// Key of the observation.
        key: String,
        /// What is read, and as what.
        chained: Box<Chained>,
        /// Most anomalies listed.
        samples: u64,
    },
}

impl Statement {
    /// Keys of what must be observed before it.
    #[must_use]
    pub fn needs(&self) -> Vec<&str> {
        let samples = match &self.work {
            Work::Show { when, .. } => when.as_slice(),
            _ => &[],
        };
        samples.iter().map(String::as_str).chain(self.spared.iter().flat_map(Shortcut::keys)).collect()
    }
}

impl Work {
    /// Keys of what it observes.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        match self {
            Self::Scan { folds, .. } => folds.iter().map(|(key, _)| key.as_str()).collect(),
            Self::Tally { key, .. }
            | Self::Show { key, .. }
            | Self::Any { key, .. }
            | Self::Fact { key, .. }
            | Self::Inspect { key, .. }
            | Self::Table { key, .. }
            | Self::Seal { key, .. }
            | Self::List { key, .. }
            | Self::Erased { key, .. }
            | Self::Inventory { key }
            | Self::LargeObjects { key }
            | Self::Chain { key, .. } => vec![key],
        }
    }

    /// Whether its statement takes the run's seed as `$1`.
    #[must_use]
    pub fn needs_seed(&self) -> bool {
        matches!(self, Self::Scan { folds, .. } if folds.iter().any(|(_, fold)| fold.needs_seed()))
    }

    /// For a chain, the statement that reads its rows as they lie; `None` where nothing keeps them in place.
    #[must_use]
    pub fn laid(&self) -> Option<String> {
        match self {
            Self::Chain { chained, .. } => chains::laid(chained),
            _ => None,
        }
    }

    /// For subjects of a list, the statement for all rows, where the values are not sent to the server; `None` where that is
    /// the only one.
    #[must_use]
    pub fn row_by_row(&self) -> Option<String> {
        match self {
            Self::Erased { erased, .. } => erased.count_sql().map(|_| erased.rows_sql()),
            _ => None,
        }
    }

    /// Whether it reads rows of which another server keeps some.
    #[must_use]
    pub fn foreign(&self) -> bool {
        match self {
            Self::Scan { rows, .. } => rows.foreign(),
            Self::Chain { chained, .. } => chained.foreign(),
            Self::Tally { tally, .. } => tally.foreign(),
            Self::Show { show, .. } => show.rows.foreign(),
            Self::Seal { sealing, .. } => sealing.relation.foreign,
            Self::Erased { erased, .. } => erased.rows.foreign(),
            // It is read before all else, by one session.
            Self::List { .. } => false,
            // Rows that are there are there, and what raw SQL reads is its own affair.
            Self::Any { .. }
            | Self::Fact { .. }
            | Self::Inspect { .. }
            | Self::Inventory { .. }
            | Self::LargeObjects { .. }
            | Self::Table { .. } => false,
        }
    }

    /// The statement a server is asked first.
    #[must_use]
    pub fn sql(&self) -> String {
        match self {
            Self::Scan { rows, folds } => parts::scan(rows, folds.iter().map(|(_, fold)| fold)),
            Self::Tally { tally, .. } => tally.sql().count,
            Self::Show { show, samples, .. } => show.sql().samples(*samples),
            Self::Any { relation, .. } => format!(
                "SELECT CASE WHEN EXISTS (SELECT 1 FROM {}) THEN '1' ELSE '0' END",
                crate::measure::rows::qualified(relation)
            ),
            Self::Fact { fact, .. } => fact.sql.to_owned(),
            Self::Inspect { .. } | Self::Seal { .. } | Self::Inventory { .. } | Self::LargeObjects { .. } => {
                String::new()
            }
            Self::Table { sql, .. } => sql.clone(),
            Self::Chain { chained, .. } => chains::stream(chained),
            Self::List { listing, .. } => listing.sql(),
            Self::Erased { erased, .. } => erased.count_sql().unwrap_or_else(|| erased.rows_sql()),
        }
    }
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
    /// It is not looked at, for this reason.
    LeftOut(String),
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
    /// A tenant that has a schema is known.
    Known {
        /// Key of the count of its rows in the relation of tenants.
        key: String,
        /// The tenant.
        tenant: String,
        /// The relation of tenants.
        of: String,
    },
    /// No value may be `NaN` or infinite, or comparisons with it are worthless.
    Finite {
        /// Key of a sum, which shows such a value, or of the fold that looks for one.
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
        /// The span.
        measured: Measured,
        /// Figures that are shown with it and decide nothing.
        beside: Vec<Shown>,
    },
    /// A fact counts what its source stands for, and none is nothing to look at.
    Counted {
        /// Key of the fact.
        key: String,
    },
    /// Things of a source that were looked at one by one.
    Inspected {
        /// Key of the observation.
        key: String,
    },
    /// WAL leads to an instant, or to its newest segment.
    Way {
        /// Key of the observation.
        key: String,
        /// The instant.
        until: Option<Scalar>,
    },
    /// An objective: a share of what should have happened.
    Share {
        /// Name of the objective.
        name: String,
        /// The least it may be, as a fraction.
        least: BigDecimal,
        /// The time before now, in microseconds.
        over: i64,
        /// What it measures, as written.
        measures: String,
        /// Key of the observation.
        key: String,
    },
    /// Somebody said so, and it still counts.
    Attested {
        /// Key of the statements.
        key: String,
        /// The check they are about.
        check: String,
        /// Who must have said it.
        by: String,
        /// Not before.
        from: Option<Scalar>,
        /// Not after.
        to: Option<Scalar>,
        /// The pinned instant of the run.
        now: jiff::Timestamp,
    },
    /// A list was read, and names somebody.
    Listed {
        /// Key of the count of its subjects.
        key: String,
        /// Whether it may name nobody.
        allowed: bool,
    },
    /// No row of a subject of a list.
    Absent {
        /// Key of the list.
        list: String,
        /// Key of the tally.
        key: String,
        /// Key of the count of rows.
        rows: String,
        /// Key of the count of values.
        values: String,
        /// The column.
        column: String,
        /// Whether the relation came in by its name.
        named: bool,
        /// Whether there may be nothing to compare.
        allowed: bool,
    },
    /// The contents of a relation are what was sealed.
    Unchanged {
        /// What it is compared with.
        before: Before,
        /// The relation.
        relation: RelationName,
        /// Columns of its primary key.
        columns: Vec<String>,
        /// How its rows belong to tenants; empty where they do not.
        tenant_by: String,
        /// Key of its contents.
        key: String,
        /// Whose rows are compared.
        whose: Whose,
        /// Whether having no such rows on either side is unproven even where a check allows emptiness: of a tenant in the
        /// table of tenants.
        needed: bool,
        /// What tells which rows are newer than the baseline, and are not compared.
        cut: Option<CutBy>,
    },
    /// The objects of a database are what was sealed.
    SameObjects {
        /// Key of the baseline.
        baseline: String,
        /// Key of the objects.
        key: String,
    },
    /// The large objects of a database are what was sealed.
    SameLargeObjects {
        /// Key of the baseline, or of the large objects of another source.
        before: String,
        /// That other source; `None` for a baseline.
        other: Option<String>,
        /// Key of the large objects.
        key: String,
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

/// A figure of an objective.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What it measures, as written.
    pub written: String,
    /// What it is made of, or why it could not be planned.
    pub figure: Result<Figured, String>,
    /// What must be so for it to be believed.
    pub needs: Vec<Obligation>,
}

/// What a figure is made of.
#[derive(Clone, Debug)]
pub enum Figured {
    /// A span of time.
    Span {
        /// Where it begins.
        from: Scalar,
        /// Where it ends.
        to: Scalar,
    },
    /// Rows that the anchors of a chain know and that are gone.
    Lost {
        /// Key of the chain's report.
        key: String,
    },
}

/// A figure that is shown beside that of an objective.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub measured: Measured,
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
