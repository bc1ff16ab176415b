//! Statements: what is measured, where, and for whom.

use super::{Chained, Erased, Inspection, Listing, Outcome, Sealing, Shortcut, chains};
use crate::facts::Observed;
use crate::measure::Tally;
use crate::measure::fold::Fold;
use crate::measure::fold::Show;
use crate::measure::parts;
use crate::measure::rows::RowSet;
use crate::policy::RelationName;
use crate::policy::facts::Fact;

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

    /// What is kept instead of an answer where what was observed so far spares it.
    #[must_use]
    pub fn settled<'o>(&self, seen: &impl Fn(&str) -> Option<Outcome<'o>>) -> Option<Observed> {
        let spared = !self.spared.is_empty() && self.spared.iter().all(|shortcut| shortcut.settles(seen));
        let by = self.spared.iter().flat_map(Shortcut::keys).map(str::to_owned);
        spared.then(|| Observed::Settled(by.collect()))
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
