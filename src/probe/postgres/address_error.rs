//! Why an address cannot be used.

use std::fmt;

/// Why an address was not understood. Shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    /// What is wrong and where.
    pub message: String,
    /// What to do; empty where the message says it all.
    pub help: String,
}

impl AddressError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: String::new() }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, "; {}", self.help) }
    }
}

impl std::error::Error for AddressError {}
