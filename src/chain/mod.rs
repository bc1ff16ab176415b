//! Audit chains: recomputing what an application hashed, and naming what is wrong by its cause.
//!
//! Rows stream through [`verify::ChainFold`] grouped by split and in declared order. Each row is recomputed with the
//! predecessor it states; a split in which anything is wrong is diagnosed with all its rows in view; and nothing is
//! called tampering before the whole run has been judged, because a wrong declaration looks the same in a single row.

pub mod anchor;
mod bound;
mod check;
pub(crate) mod explaining;
mod genesis;
pub mod given;
pub mod hashing;
mod judge;
mod limits;
mod linking;
mod orders_of;
pub mod report;
mod run;
pub mod search;
pub mod segment;
mod sought;
pub mod spec;
pub mod verify;
pub(crate) mod visit;
mod ways;
pub mod weakness;
mod words;

#[cfg(test)]
mod classes_test;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod incomplete;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod segment_test;
#[cfg(test)]
mod ways_test;

pub(crate) use explaining::variants;
use explaining::{carried, era, mark, marks, misfit, probe};
#[cfg(test)]
use hashing::digest;
pub use hashing::{eval, keys, program};
pub(crate) use hashing::{hex, rows_cell, time, time_pattern};
use hashing::{json_profile, json_read, recipe, time_form, zone};
use linking::{case, diagnose, identity, implicit, place, rows, split_key, strands};
