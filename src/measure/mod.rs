//! Measurements: what a check needs to know about rows, and how a server is asked for it.
//!
//! A measurement is either a **fold**, one mergeable number about the rows of a relation, of which any number
//! ride in one scan, or a **tally**, a statement that counts the violations of something that needs rows
//! brought together (groups, keys and their parents, duplicates). Each tally knows the second, narrow
//! statement that fetches samples, which runs only when something was counted.

pub mod bounds;
mod finite;
pub mod fold;
pub mod groups;
pub mod keyed;
pub mod keys;
pub mod ledger;
pub mod parts;
pub mod rows;
pub mod sql;
pub mod tenants;

use crate::policy::RelationName;

/// What needs rows brought together to be counted.
#[derive(Clone, Debug)]
pub enum Tally {
    /// Groups in which a comparison does not hold.
    Groups(groups::Groups),
    /// Rows without a parent.
    Orphans(keys::Orphans),
    /// Keys that several rows share.
    Duplicates(keys::Duplicates),
    /// Header totals that are not those of the lines.
    Totals(ledger::Totals),
    /// Kept balances that are not the sum of the postings.
    Running(ledger::Running),
    /// References into another tenant.
    Crossing(tenants::Crossing),
}

impl Tally {
    /// Its statements.
    #[must_use]
    pub fn sql(&self) -> TallySql {
        match self {
            Self::Groups(groups) => groups.sql(),
            Self::Orphans(orphans) => orphans.sql(),
            Self::Duplicates(duplicates) => duplicates.sql(),
            Self::Totals(totals) => totals.sql(),
            Self::Running(running) => running.sql(),
            Self::Crossing(crossing) => crossing.sql(),
        }
    }

    /// Whether rows of one relation are looked up in another, without being grouped.
    #[must_use]
    pub fn is_join(&self) -> bool {
        matches!(self, Self::Orphans(_) | Self::Crossing(_))
    }

    /// The rows it counts among.
    #[must_use]
    pub fn rows(&self) -> &rows::RowSet {
        match self {
            Self::Groups(groups) => &groups.rows,
            Self::Orphans(orphans) => &orphans.child,
            Self::Duplicates(duplicates) => &duplicates.rows,
            Self::Totals(totals) => &totals.entries,
            Self::Running(running) => &running.lines,
            Self::Crossing(crossing) => &crossing.child,
        }
    }

    /// Whether another server keeps some of the rows that it reads.
    #[must_use]
    pub fn foreign(&self) -> bool {
        let looked_up = match self {
            Self::Orphans(orphans) => Some(&orphans.parent),
            Self::Crossing(crossing) => Some(&crossing.parent),
            Self::Totals(totals) => Some(&totals.lines),
            Self::Groups(_) | Self::Duplicates(_) | Self::Running(_) => None,
        };
        self.rows().foreign() || looked_up.is_some_and(rows::RowSet::foreign)
    }

    /// The relation they are of.
    #[must_use]
    pub fn relation(&self) -> &RelationName {
        self.rows().name()
    }
}

/// A statement that counts, and the one that shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TallySql {
    /// One row with two whole numbers: violations, and units that cannot be told for a NULL.
    pub count: String,
    /// Up to a number of samples; every column is text. The limit is appended by [`TallySql::samples`].
    pub show: String,
    /// Names of the sample columns.
    pub columns: Vec<String>,
}

impl TallySql {
    /// The statement for samples, limited.
    #[must_use]
    pub fn samples(&self, limit: u64) -> String {
        format!("{} LIMIT {limit}", self.show)
    }
}
