//! Looking: the only part of the program that touches the outside world. One folder per kind of source.

pub mod archive;
pub mod barman;
pub mod basebackup;
pub mod damage;
pub mod dump;
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
mod transfer;
pub mod tree;
pub mod wal;
mod worker;
