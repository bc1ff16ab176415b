//! Why rows may not recompute although nobody changed them: what writers are known to do otherwise, and what such
//! rows have in common.

pub(in crate::chain) mod carried;
pub(in crate::chain) mod era;
pub(in crate::chain) mod mark;
pub(in crate::chain) mod marks;
pub(in crate::chain) mod misfit;
pub(in crate::chain) mod probe;
pub(in crate::chain) mod scan;
pub(in crate::chain) mod spelt;
pub(in crate::chain) mod usual;
pub(crate) mod variants;
pub(in crate::chain) mod zone_variants;

#[cfg(test)]
use super::fixture;
use super::{eval, program, rows, run, search, spec, time, visit};
