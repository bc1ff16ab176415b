//! Looking: the only part of the program that touches the outside world. One folder per kind of source.

pub mod archive;
mod attestation;
mod brought;
mod document;
pub mod dump;
mod files;
mod host;
mod http;
mod objects;
pub mod observe;
pub mod options;
mod pool;
pub mod postgres;
mod queue;
pub mod reach;
pub mod sample;
pub mod served;
mod skew;
mod stale;
mod tells;
mod transfer;
mod worker;
