//! Backups and archives of WAL as the real tools make them, sound and damaged.

pub(crate) mod archived;
pub(crate) mod barman;
mod basebackup;
mod continuous;
mod gated;
pub(crate) mod paused;
pub(crate) mod pgbackrest;
mod wal;
