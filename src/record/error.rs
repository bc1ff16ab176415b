//! Why the record could not be read or written.

use std::fmt;

use super::check::Flaw;

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError(String);

impl RecordError {
    /// A record that was changed.
    #[must_use]
    pub fn changed(folder: &std::path::Path, flaw: &Flaw) -> Self {
        Self(format!("the record in `{}` was changed: {flaw}", folder.display()))
    }

    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RecordError {}
