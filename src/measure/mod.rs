//! Measurements: what a check needs to know about rows, and how a server is asked for it.
//!
//! A measurement is either a **fold**, one mergeable number about the rows of a relation, of which any number
//! ride in one scan, or a **tally**, a statement that counts the violations of something that needs rows
//! brought together (groups, keys and their parents, duplicates). Each tally knows the second, narrow
//! statement that fetches samples, which runs only when something was counted.

mod finite;
pub mod fold;
pub mod groups;
pub mod keys;
pub mod ledger;
pub mod rows;
pub mod sql;
pub mod tenants;

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
