//! Audit chains: recomputing what an application hashed, and naming what is wrong by its cause.

pub mod report;
pub mod spec;
