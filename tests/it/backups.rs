//! Backups and archives of WAL as the real tools make them, sound and damaged.

mod archived;
mod barman;
mod basebackup;
mod gated;
mod pgbackrest;
mod wal;
