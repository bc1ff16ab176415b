//! Where alerts go, and which.

use jiff::SignedDuration;

use crate::verdict::{Level, Verdict};

/// In which form an alert is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// JSON as `docs/alerts.md` describes it.
    Json,
    /// An incoming webhook of Slack, and of what takes the same: an object with a `text`.
    Slack,
    /// `POST /api/v2/alerts` of Alertmanager.
    Alertmanager,
}

/// One way of telling somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name in the settings.
    pub name: String,
    /// In which form.
    pub shape: Shape,
    /// Verdicts that are told.
    pub verdicts: Vec<Verdict>,
    /// Levels that are told.
    pub levels: Vec<Level>,
    /// Gates that are told of; none named is all of them.
    pub gates: Vec<String>,
    /// Checks that are told of; none named is all of them.
    pub checks: Vec<String>,
    /// How urgent it is called; by default `critical` of what is required and `warning` of the rest.
    pub severity: Option<String>,
    /// After which time what does not change is told again.
    pub repeat: Option<SignedDuration>,
    /// How long something must not have held before it is told: the next step of an escalation.
    pub after: Option<SignedDuration>,
    /// How long Alertmanager shows an alert that no run repeats.
    pub keep: SignedDuration,
}

impl Route {
    /// Whether it is for a subject, whatever its verdict.
    #[must_use]
    pub fn is_for(&self, gate: &str, check: Option<&str>, level: Level) -> bool {
        let named = |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
        self.levels.contains(&level)
            && named(&self.gates, gate)
            && check.map_or(self.checks.is_empty(), |check| named(&self.checks, check))
    }

    /// How urgent something of a level is.
    #[must_use]
    pub fn severity(&self, level: Level) -> String {
        let usual = if level == Level::Require { "critical" } else { "warning" };
        self.severity.clone().unwrap_or_else(|| usual.to_owned())
    }
}
