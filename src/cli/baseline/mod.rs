//! `baseline`: seals what a database holds, and shows and compares what was sealed.

mod diff;
mod record;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};

use super::terminal::Talk;
use crate::baseline::Baseline;
use crate::probe::baseline::read;
use crate::verdict::ExitStatus;

/// Options of `baseline`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Seal the contents of a source in one snapshot and keep them in a new file
    Record(Box<record::Args>),
    /// Show what a baseline holds
    Show {
        /// The baseline
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Compare two baselines: exit status 0 where they are the same, 1 where they differ, 3 where that cannot be told
    Diff {
        /// The earlier one
        #[arg(value_name = "BEFORE")]
        before: PathBuf,
        /// The later one
        #[arg(value_name = "AFTER")]
        after: PathBuf,
        /// A tenant that may differ; may be given several times
        #[arg(long, value_name = "TENANT")]
        except: Vec<String>,
    },
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let done = match &args.command {
        Command::Record(args) => record::record(args, talk),
        Command::Show { file } => {
            opened(file, talk).map(|(baseline, digest)| talk.print(&show::text(&baseline, &digest)))
        }
        Command::Diff { before, after, except } => (|| {
            let (before, after) = (opened(before, talk)?.0, opened(after, talk)?.0);
            Ok(diff::diff((&before, &after), except, talk))
        })(),
    };
    match done {
        Ok(status) | Err(status) => status,
    }
}

fn opened(path: &Path, talk: &Talk) -> Result<(Baseline, String), ExitStatus> {
    read(&path.to_string_lossy()).map_err(|failure| talk.stop(&failure.message))
}
