//! What integration tests share: a scratch PostgreSQL cluster and databases with known contents.

mod binaries;
pub(crate) mod cluster;
mod fixtures;
mod selfcheck;
mod watchdog;

pub(crate) use cluster::{Cluster, Options};
pub(crate) use fixtures::{AccuBooks, Tala, accubooks, accubooks_copy, shared, tala, tala_copy};

/// Ends the test with a readable reason. The one place where the support code may panic.
#[track_caller]
#[expect(clippy::panic, reason = "a test whose server cannot be had has failed, whatever it wanted to show")]
pub(crate) fn fail(reason: &str) -> ! {
    panic!("{reason}");
}
