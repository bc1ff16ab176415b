//! What integration tests share: a scratch PostgreSQL cluster and databases with known contents.

mod archive;
mod binaries;
pub(crate) mod cluster;
mod command;
mod fixtures;
mod scratch;
mod selfcheck;
mod watchdog;

pub(crate) use archive::{alike, pg_dump, same};
pub(crate) use cluster::{Cluster, Options};
pub(crate) use command::{Run, program};
pub(crate) use fixtures::{AccuBooks, Tala, accubooks, accubooks_copy, shared, tala, tala_copy};
pub(crate) use scratch::Scratch;

/// Ends the test with a readable reason. The one place where the support code may panic.
#[track_caller]
#[expect(clippy::panic, reason = "a test whose server cannot be had has failed, whatever it wanted to show")]
pub(crate) fn fail(reason: &str) -> ! {
    panic!("{reason}");
}

/// Every format of a report by its word, so that no test leaves a new one out.
pub(crate) fn formats() -> Vec<&'static str> {
    holdtrue::report::Format::ALL.iter().map(|format| format.word()).collect()
}

/// A program of PostgreSQL: from the server's folder, else by its name.
pub(crate) fn postgres_program(name: &str) -> std::path::PathBuf {
    binaries::program(name)
}

/// The command, without the caller's settings, as whoever the server may run as.
pub(crate) fn run_as_server(command: &mut std::process::Command) -> &mut std::process::Command {
    use std::os::unix::process::CommandExt;
    watchdog::without_pg_variables(command);
    if let Some((user, group)) = binaries::unprivileged().unwrap_or_else(|reason| fail(&reason)) {
        command.uid(user).gid(group);
    }
    command
}
