//! Everything observed in one run, in a form that can be kept and judged again without any source.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::baseline::large::LargeSeal;
use crate::baseline::model::Inventory;
use crate::baseline::{Baseline, Seal};
use crate::catalogue::Catalogue;
use crate::chain::report::ChainReport;
use crate::failure::FailureKind;
use crate::finding::{Finding, KeyPart};
use crate::verdict::Verdict;

/// Value of the `schema` key of a facts file.
pub const SCHEMA: &str = "holdtrue.facts/1";

/// What a run observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Version of holdtrue that took them.
    pub version: String,
    /// Digest of the policy the facts were taken for.
    pub policy_digest: String,
    /// The instant `now` meant.
    pub now: jiff::Timestamp,
    /// The seed of the run's keyed sums, if there were any: `0x` and 16 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// Where fingerprints of keys settled something: a difference goes unseen with a probability of about 1 in 2 to this
    /// power, or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint_bits: Option<u32>,
    /// Sources by name.
    pub sources: BTreeMap<String, SourceFacts>,
    /// Observations by the key of their measurement.
    pub observations: BTreeMap<String, Observation>,
}

/// One source as it presented itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// Address without secrets.
    pub address: String,
    /// Why it could not be read at all, if so.
    pub failure: Option<Failure>,
    /// What it says of itself.
    pub identity: Vec<(String, String)>,
    /// Remarks for the report.
    pub notes: Vec<String>,
    /// Its catalogue.
    pub catalogue: Catalogue,
}

/// Why something could not be observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// One line for people, without secrets.
    pub message: String,
}

/// The outcome of one measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// What was seen, or why not.
    pub result: Result<Observed, Failure>,
    /// Time it took, in microseconds; a shared scan's whole time for each of its cells. Where rows are read for all statements
    /// together, from an archive or a stream, each statement's even share.
    pub micros: u64,
}

impl Observation {
    /// What has been seen since an instant.
    #[must_use]
    pub fn since(started: Instant, result: Result<Observed, Failure>) -> Self {
        Self { result, micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX) }
    }
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// One value as text; `None` is NULL.
    Cell(Option<String>),
    /// The value of a fact, with what it was made of.
    Told {
        /// The value as text; `None` is NULL.
        value: Option<String>,
        /// What it comes from, for people, such as the name of a file; possibly empty.
        because: String,
    },
    /// Things of a source that were looked at one by one.
    Inspected(Inspected),
    /// WAL that was followed.
    Followed(Box<Followed>),
    /// Counted violations with samples.
    Tally(Tallied),
    /// Rows as text, at most as many as were asked for.
    Table {
        /// The rows.
        rows: Vec<Vec<Option<String>>>,
        /// Column names.
        columns: Vec<String>,
        /// Whether there were more.
        more: bool,
    },
    /// A chain.
    Chain(ChainReport),
    /// The contents of a relation.
    Sealed(Box<Seal>),
    /// The objects of a database.
    Inventory(Box<Inventory>),
    /// The large objects of a database.
    LargeObjects(Box<LargeSeal>),
    /// What was sealed earlier.
    Baseline(Box<Baseline>),
    /// It was not looked at, since what was seen under these keys leaves no other answer than that nothing is wrong.
    Settled(Vec<String>),
}

/// Counted violations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tallied {
    /// Things that are not so.
    pub violations: u64,
    /// Things that cannot be told, because a NULL makes the comparison unknown.
    pub unknown: u64,
    /// Names of the sample columns.
    pub columns: Vec<String>,
    /// Samples.
    pub samples: Vec<Vec<Option<String>>>,
}

/// Things of a source that were looked at one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspected {
    /// How many.
    pub examined: u64,
    /// What they are, in the plural, such as `files`.
    pub things: String,
    /// Things that are not so.
    pub broken: u64,
    /// Things that cannot be told.
    pub unknown: u64,
    /// What was found, broken things first; not always all of it.
    pub findings: Vec<Finding>,
    /// Remarks for the report.
    pub notes: Vec<String>,
}

/// WAL that was followed as far as it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// Where it begins, for people.
    pub from: String,
    /// When the backup was begun that it begins with, where that is known.
    pub begun: Option<jiff::Timestamp>,
    /// When the last transaction ended before the end of that backup.
    pub within: Option<jiff::Timestamp>,
    /// Segments that were read to their end and are sound.
    pub segments: u64,
    /// The last of these.
    pub last: Option<String>,
    /// Where it ends.
    pub end: String,
    /// When the last transaction ended.
    pub newest: Option<jiff::Timestamp>,
    /// Why it does not lead to the newest segment, if so.
    pub stopped: Option<Obstacle>,
    /// What makes it useless however far it leads.
    pub useless: Option<Obstacle>,
}

/// What is in the way of a restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// Whether it is so, or could not be told.
    pub verdict: Verdict,
    /// What kind of trouble.
    pub kind: String,
    /// Which file, where, what was expected and found.
    pub message: String,
}

/// Where something was found.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The relation, as `schema.name`; empty where there is none.
    pub relation: String,
    /// Key columns and their values as text; `None` is NULL.
    pub key: Vec<(String, Option<String>)>,
    /// A statement to run to see it; empty where there is none.
    pub sql: String,
}

/// Findings that are kept of one look.
const MOST_FINDINGS: usize = 1000;

impl Inspected {
    /// Nothing looked at yet.
    #[must_use]
    pub fn of(things: &str) -> Self {
        Self { things: things.to_owned(), ..Self::default() }
    }

    /// Adds one thing that is not so, or cannot be told.
    pub fn add(&mut self, verdict: Verdict, kind: &str, message: String) {
        self.add_at(verdict, kind, message, Place::default());
    }

    /// Adds one thing that is not so, or cannot be told, with where it is.
    pub fn add_at(&mut self, verdict: Verdict, kind: &str, message: String, place: Place) {
        let count = if verdict == Verdict::Broken { &mut self.broken } else { &mut self.unknown };
        *count += 1;
        if self.findings.len() >= MOST_FINDINGS {
            return;
        }
        let Place { relation, key, sql } = place;
        let key = key.into_iter().map(|(column, value)| KeyPart { column, value }).collect();
        let finding = Finding { verdict, kind: kind.to_owned(), message, relation, key, sql };
        // Broken ones first, each in its order.
        let at = match verdict {
            Verdict::Broken => self.findings.iter().take_while(|f| f.verdict == Verdict::Broken).count(),
            _ => self.findings.len(),
        };
        self.findings.insert(at, finding);
    }
}
