//! What was told, kept from run to run. It is no evidence: losing it makes alerts come twice, and never makes one green.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

/// The `format` of the file.
pub const FORMAT: &str = "holdtrue.alerts/1";

/// Everything that does not hold or was told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Always [`FORMAT`].
    pub format: String,
    /// One for each.
    pub subjects: Vec<Subject>,
}

/// Something that does not hold, or was told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// What it is.
    pub of: Name,
    /// When it was first seen not to hold, and has not held since.
    pub since: Timestamp,
    /// Who was told.
    pub told: Vec<Said>,
}

/// By what a subject is known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// Name of the policy.
    pub policy: String,
    /// The profile.
    pub profile: String,
    /// The tenant that the run was narrowed to.
    pub tenant: Option<String>,
    /// The gate.
    pub gate: String,
    /// The check, or none of a gate.
    pub check: Option<String>,
}

/// What a route was told, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The route.
    pub route: String,
    /// The verdict.
    pub verdict: Verdict,
    /// When it was delivered.
    pub at: Timestamp,
}

impl Default for State {
    fn default() -> Self {
        Self { format: FORMAT.to_owned(), subjects: Vec::new() }
    }
}

impl State {
    /// Reads a file of them.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let state: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if state.format == FORMAT { Ok(state) } else { Err(format!("its format is not `{FORMAT}`")) }
    }

    /// What is known of a subject.
    #[must_use]
    pub fn of(&self, name: &Name) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.of == *name)
    }

    pub(super) fn of_mut(&mut self, name: &Name) -> Option<&mut Subject> {
        self.subjects.iter_mut().find(|subject| subject.of == *name)
    }
}
