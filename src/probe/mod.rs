//! Looking: the only part of the program that touches the outside world. One folder per kind of source.

pub mod archive;
mod attestation;
mod backups;
pub mod barman;
pub mod basebackup;
pub mod damage;
mod document;
pub mod dump;
mod files;
mod host;
mod http;
mod objects;
pub mod observe;
pub mod options;
pub mod pgbackrest;
mod pool;
pub mod postgres;
mod queue;
pub mod reach;
pub mod redis;
pub mod served;
mod stale;
mod tells;
mod transfer;
pub mod tree;
pub mod wal;
mod worker;
