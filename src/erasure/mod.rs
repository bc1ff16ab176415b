//! Erased people: reading a list of them, and finding one of them in a column, without keeping what identifies them.
//!
//! A list is read once into the SHA-256 of what it names ([`subjects`]), in the text form that a column of a type has
//! ([`form`]), so that every engine compares the same bytes and no identifier stays in memory or in what is kept of a run.

pub mod form;
pub mod lines;
pub mod subjects;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use form::Form;
pub use subjects::{Gather, Mark, Subjects};

/// The lists of a run by the keys of their observations, each with why it could not be used.
#[derive(Clone, Debug, Default)]
pub struct Lists(BTreeMap<String, Result<Arc<Subjects>, String>>);

impl Lists {
    /// Adds a list, or why there is none.
    pub fn add(&mut self, key: &str, list: Result<Subjects, String>) {
        self.0.insert(key.to_owned(), list.map(Arc::new));
    }

    /// The list of a key.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub fn of(&self, key: &str) -> Result<Arc<Subjects>, String> {
        self.0.get(key).cloned().unwrap_or_else(|| Err("the list was not read".to_owned()))
    }
}
