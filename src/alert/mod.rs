//! Alerts: who is told of what a run found, and when it is said again.
//!
//! Pure: a report, what was told earlier and the routes come in, and what is to be sent comes out. Nothing here decides a
//! verdict, and nothing here sends. An alert names what was judged and how it ended; of rows it holds key columns alone, as
//! the report has them. Reasons and messages stay in the report, since they may quote other values.

mod due;
mod route;
mod state;
mod words;

pub use due::{Due, Situation, Told, due, unrouted};
pub use route::{Route, Shape};
pub use state::{FORMAT as STATE_FORMAT, State};
pub use words::payload;

use serde::Serialize;

use crate::finding::KeyPart;
use crate::verdict::{Level, Verdict};

/// What became of a subject that somebody is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It does not hold, or does not hold in another way than was told, or still does not.
    Firing,
    /// It was told earlier, and holds now: looked at in this run.
    Resolved,
    /// It was told earlier, and is waived or skipped now. It does not hold.
    Quiet,
}

impl Status {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
            Self::Quiet => "quiet",
        }
    }
}

/// One thing that somebody is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// What became of it.
    pub status: Status,
    /// How urgent it is, as the route says, or by its level.
    pub severity: String,
    /// The gate.
    pub gate: String,
    /// The check; `null` where the gate itself is closed for a reason that no check shows.
    pub check: Option<String>,
    /// The check's title in the policy, possibly empty.
    pub title: String,
    /// `require` or `recommend`.
    pub level: Level,
    /// How it ended.
    pub verdict: Verdict,
    /// Since when it has not held, by the state; RFC 3339.
    pub since: String,
    /// How many findings there are.
    pub findings: u64,
    /// Key columns of some of them.
    pub keys: Vec<Vec<KeyPart>>,
    /// Where to read what to do.
    pub runbook: Option<String>,
}

#[cfg(test)]
mod tests;
