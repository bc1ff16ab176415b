//! Audit chains: recomputing what an application hashed, and naming what is wrong by its cause.
//!
//! Rows stream through [`verify::ChainFold`] grouped by split and in declared order. Each row is recomputed with the
//! predecessor it states; a split in which anything is wrong is diagnosed with all its rows in view; and nothing is
//! called tampering before the whole run has been judged, because a wrong declaration looks the same in a single row.

pub mod anchor;
mod bound;
mod branches;
mod bytea_cast;
mod case;
mod check;
mod decimal;
mod diagnose;
mod digest;
mod encodings;
mod era;
pub mod eval;
mod eval_json;
mod eval_other;
mod float_forms;
mod framing;
pub mod given;
mod graph;
mod hex;
mod identity;
mod implicit;
mod json_number;
mod json_profile;
mod json_read;
mod json_relaxed;
mod json_write;
mod judge;
pub mod keys;
mod mark;
mod marks;
mod misfit;
mod moved;
mod number;
mod orders_of;
mod place;
mod probe;
pub mod program;
pub mod report;
mod roots;
mod rows;
mod run;
mod scan;
pub mod search;
pub mod segment;
mod sha;
pub mod spec;
mod spelt;
mod split_key;
mod strands;
mod textual;
pub(crate) mod time;
mod time_form;
pub(crate) mod time_pattern;
mod time_plain;
mod usual;
mod variants;
pub mod verify;
pub(crate) mod visit;
pub mod weakness;
mod words;
mod zone;
mod zone_variants;

#[cfg(test)]
mod classes_test;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod formats_test;
#[cfg(test)]
mod incomplete;
#[cfg(test)]
mod json_roundtrip_test;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod parts_test;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod recast_test;
#[cfg(test)]
mod segment_test;
#[cfg(test)]
mod spellings_test;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod ways_test;
