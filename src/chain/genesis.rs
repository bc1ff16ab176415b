//! What stands for the predecessor of the first row of a chain.

use super::keys::Keys;
use super::program::{self, Form, Program, SpecIssue};
use super::spec::{ChainSpec, Genesis};
use super::visit;

/// Where the genesis value comes from.
#[derive(Debug)]
pub(super) enum Source {
    Fixed(Option<Vec<u8>>),
    /// Of each split's first row; or, where it reads more than the split, of whichever row may be a first one.
    Derived {
        program: Program,
        by_row: bool,
    },
}

/// Whether the genesis value depends on more of a row than its split.
pub(crate) fn by_row(spec: &ChainSpec) -> bool {
    match &spec.genesis {
        Genesis::Derived(recipe) => visit::columns(recipe).iter().any(|column| !spec.split.contains(column)),
        _ => false,
    }
}

/// Where the genesis value of a chain comes from.
///
/// # Errors
///
/// When it can never be what hashes are stored as.
pub(super) fn genesis(spec: &ChainSpec, form: Form, keys: &Keys) -> Result<Source, SpecIssue> {
    match &spec.genesis {
        Genesis::Null => Ok(Source::Fixed(None)),
        Genesis::Text(text) if form == Form::Text => Ok(Source::Fixed(Some(text.clone().into_bytes()))),
        Genesis::Bytes(bytes) if form == Form::Bytes => Ok(Source::Fixed(Some(bytes.clone()))),
        Genesis::Derived(recipe) => {
            let program = Program::new(recipe, &spec.columns, form)?.keyed(keys);
            if program.form() == form {
                Ok(Source::Derived { program, by_row: by_row(spec) })
            } else {
                program::issue("the genesis and the hash are not both text or both bytes".to_owned())
            }
        }
        Genesis::Text(_) => {
            program::issue("the hash is bytea, so the genesis must be bytes, not text".to_owned())
        }
        Genesis::Bytes(_) => {
            program::issue("the hash is text, so the genesis must be text, not bytes".to_owned())
        }
    }
}
