//! Audit chains: recomputing what an application hashed, and naming what is wrong by its cause.
//!
//! Rows stream through [`verify::ChainFold`] grouped by split and in declared order. Each row is recomputed with the
//! predecessor it states; a split in which anything is wrong is diagnosed with all its rows in view; and nothing is
//! called tampering before the whole run has been judged, because a wrong declaration looks the same in a single row.

mod branches;
mod case;
mod check;
mod decimal;
mod diagnose;
mod era;
pub mod eval;
mod eval_json;
mod eval_other;
mod graph;
pub(crate) mod hex;
mod identity;
mod implicit;
mod json_profile;
mod json_read;
mod json_write;
mod judge;
mod mark;
mod marks;
mod misfit;
mod moved;
mod number;
mod place;
mod probe;
pub mod program;
pub mod report;
mod roots;
mod rows;
mod run;
mod scan;
mod search;
pub mod segment;
mod sha;
pub mod spec;
mod split_key;
mod strands;
mod textual;
pub(crate) mod time;
mod time_plain;
pub(crate) mod variants;
pub mod verify;
pub(crate) mod visit;
pub mod weakness;
mod words;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod incomplete;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod parts_test;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod segment_test;
#[cfg(test)]
mod spellings_test;
#[cfg(test)]
mod vectors;
