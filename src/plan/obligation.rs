//! What must be so for a check to hold, and what decides whether it applies.

use super::{Before, CutBy, Measured, Scalar, Shown};
use crate::baseline::compare::Whose;
use crate::policy::RelationName;
use crate::policy::assertion::Returns;
use crate::policy::operand::Comparator;
use crate::verdict::Verdict;
use bigdecimal::BigDecimal;

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
