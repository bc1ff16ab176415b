//! How a row is hashed: recipes, their evaluation, and every spelling of times, numbers, JSON and bytes that
//! runtimes use.

pub(in crate::chain) mod bytea_cast;
pub(in crate::chain) mod decimal;
pub(in crate::chain) mod digest;
pub(in crate::chain) mod encodings;
pub mod eval;
pub(in crate::chain) mod eval_json;
pub(in crate::chain) mod eval_other;
pub(in crate::chain) mod float_forms;
pub(in crate::chain) mod framing;
pub(crate) mod hex;
pub(in crate::chain) mod json_number;
pub(in crate::chain) mod json_profile;
pub(in crate::chain) mod json_read;
pub(in crate::chain) mod json_relaxed;
pub(in crate::chain) mod json_write;
pub mod keys;
pub(in crate::chain) mod number;
pub mod program;
pub(in crate::chain) mod recipe;
pub(crate) mod rows_cell;
pub(in crate::chain) mod sha;
pub(crate) mod time;
pub(in crate::chain) mod time_form;
pub(crate) mod time_pattern;
pub(in crate::chain) mod time_plain;
pub(in crate::chain) mod zone;

#[cfg(test)]
mod formats_test;
#[cfg(test)]
mod json_roundtrip_test;
#[cfg(test)]
mod parts_test;
#[cfg(test)]
mod recast_test;
#[cfg(test)]
mod spellings_test;
#[cfg(test)]
mod vectors;

#[cfg(test)]
use super::{fixture, variants, visit};
use super::{orders_of, spec};
