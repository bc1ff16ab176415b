//! The command line: one file per command. Nothing below may use it.

mod alerting;
mod attest;
mod baseline;
mod chain;
mod chain_joins;
mod chain_keys;
mod chain_report;
mod dashboard;
mod drill;
mod explain;
mod facts;
mod fmt;
mod heads;
mod lint;
mod load;
mod manual;
mod outfile;
mod parameters;
mod plan;
mod rebind;
mod record;
mod record_show;
mod recording;
mod replay;
mod restore;
mod run;
mod settings;
mod shared;
mod size;
mod terminal;
mod verify;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::verdict::ExitStatus;

/// Does this database, this restore still hold true? Policy-as-code for PostgreSQL backups and restores.
#[derive(Debug, Parser)]
#[command(name = "holdtrue", version, propagate_version = true, max_term_width = 100, after_help = EXITS)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    talk: terminal::Talk,
}

const EXITS: &str = "Exit status: 0 every selected gate is open; 1 something required is broken; 2 bad usage or bad \
policy, nothing was run; 3 something required is unproven; 70 a bug in holdtrue. Only 0 means proceed.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Look at the sources, judge every check, and say whether the gates are open
    Verify(verify::Args),
    /// Restore a backup into a scratch server, judge what was restored, and take the time
    Drill(Box<drill::Args>),
    /// Show every statement that `verify` would run, and why
    Plan(plan::Args),
    /// Check policies without connecting to anything
    Lint(lint::Args),
    /// Rewrite policy files in the one canonical layout
    Fmt(fmt::Args),
    /// Seal what a database holds, to compare it with later, and show and compare what was sealed
    Baseline(baseline::Args),
    /// Work out how an audit log is hashed
    Chain(chain::Args),
    /// Explain a diagnostic code, such as HT0203
    Explain(explain::Args),
    /// Add a statement to a file of attestations
    Attest(attest::Args),
    /// Keep the record of a restore that people carry out
    Restore(restore::Args),
    /// Re-check, show and keep a restore record
    Record(record::Args),
    /// List the kinds of sources, or the facts that one publishes
    Facts(facts::Args),
    /// Print a completion script for a shell
    Completions(manual::CompletionArgs),
    /// Print the manual page
    Man,
}

/// Runs the program and returns its exit status: the number of an [`ExitStatus`], or that of a plugin's state where the report
/// on standard output is a plugin's.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let printed = error.print();
            // Help and version are answers, everything else is a mistake on the command line.
            let answered = !error.use_stderr() && printed.is_ok() && !terminal::stdout_is_closed();
            return if answered { ExitStatus::Open } else { ExitStatus::Usage }.code();
        }
    };
    let talk = &cli.talk;
    talk.start_log();
    let status = match &cli.command {
        Command::Verify(args) => return verify::run(args, talk),
        Command::Drill(args) => return drill::run(args, talk),
        Command::Plan(args) => plan::run(args, talk),
        Command::Lint(args) => lint::run(args, talk),
        Command::Fmt(args) => fmt::run(args, talk),
        Command::Baseline(args) => baseline::run(args, talk),
        Command::Chain(args) => chain::run(args, talk),
        Command::Explain(args) => explain::run(args, talk),
        Command::Attest(args) => attest::run(args, talk),
        Command::Restore(args) => restore::run(args, talk),
        Command::Record(args) => record::run(args, talk),
        Command::Facts(args) => facts::run(args, talk),
        Command::Completions(args) => manual::completions(args, talk),
        Command::Man => manual::man(talk),
    };
    status.code()
}
