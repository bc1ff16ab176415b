//! Why a drill did not come to its end.

use std::fmt;

use crate::verdict::Verdict;

/// Why a drill did not come to its end, and what that says of the backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// `broken` where the backup was tried and does not restore; `unproven` where it could not be tried.
    pub verdict: Verdict,
    /// One sentence, without secrets and row values.
    pub message: String,
    /// What there is to say beside it, one sentence each; may quote what PostgreSQL says, but no rows.
    pub details: Vec<String>,
    /// Whether somebody broke it off.
    pub interrupted: bool,
}

impl Trouble {
    /// It could not be tried.
    pub fn unproven(message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unproven, message: message.into(), details: Vec::new(), interrupted: false }
    }

    /// It was tried, and does not restore.
    pub fn broken(message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Broken, ..Self::unproven(message) }
    }

    /// Somebody broke it off.
    #[must_use]
    pub fn interrupted() -> Self {
        Self { interrupted: true, ..Self::unproven("the drill was interrupted") }
    }

    /// The same with more to say.
    #[must_use]
    pub fn with(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}
