//! Options of `drill`: what is restored, and how.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use crate::cli::recording::KeyArgs;
use crate::cli::run::{RunArgs, cores};
use crate::cli::verify::output;
use crate::drill::{Action, Request, Target};
use crate::probe::stores::Stores;
use crate::report::Format;

/// Options of `drill`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) restore: RestoreArgs,
    /// The source of the policy that stands for the restored database, where the policy has several servers
    #[arg(long = "as", value_name = "NAME")]
    pub(super) bound: Option<String>,
    /// The procedure that phases are compared with, where the policy has several
    #[arg(long, value_name = "NAME")]
    pub(super) procedure: Option<String>,
    /// Leave the restored files where they are, with the server stopped
    #[arg(long)]
    pub(super) keep: bool,
    /// Format of the report on standard output [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Write the report to a file as well; may be given several times
    #[arg(long, value_name = "FORMAT=PATH", value_parser = output)]
    pub(super) output: Vec<(Format, PathBuf)>,
    /// Let a gate open although the gate it comes after was not judged in this drill, for this reason, which is recorded
    #[arg(long, value_name = "REASON", value_parser = crate::cli::attest::filled)]
    pub(super) out_of_order: Option<String>,
    /// Add the drill to the restore record in a folder; without that, no gate opens
    #[arg(long, value_name = "FOLDER")]
    pub(super) record: Option<PathBuf>,
    #[command(flatten)]
    pub(super) key: KeyArgs,
}

/// What is restored, and how.
#[derive(Debug, ClapArgs)]
pub(super) struct RestoreArgs {
    /// The backup: an archive of pg_dump, a base backup, a repository of pgBackRest or a catalogue of Barman, here or in object
    /// storage (`s3://`, `gs://`, `az://`); of several that a pattern matches, the newest
    #[arg(long, value_name = "PATH")]
    pub(super) backup: String,
    /// Folder with the archived WAL of a base backup, here or in object storage
    #[arg(long, value_name = "FOLDER")]
    pub(super) wal: Option<String>,
    /// Where replay ends: `time:2026-01-14T14:30:00Z`, `lsn:0/3000060`, `name:POINT` or `immediate` [default: the end of the WAL]
    #[arg(long, value_name = "TARGET", value_parser = Target::parse)]
    pub(super) target: Option<Target>,
    /// What comes when the target is reached
    #[arg(long, value_enum, default_value = "promote", value_name = "ACTION", requires = "target")]
    pub(super) target_action: TargetAction,
    /// Stanza of pgBackRest or server of Barman, where there are several
    #[arg(long, value_name = "NAME")]
    pub(super) stanza: Option<String>,
    /// One backup of a repository, by its label or id [default: the newest]
    #[arg(long, value_name = "ID")]
    pub(super) backup_id: Option<String>,
    /// Database to look into, of a restored cluster that has several
    #[arg(long, value_name = "NAME")]
    pub(super) database: Option<String>,
    /// A superuser of a restored cluster
    #[arg(long, default_value = "postgres", value_name = "ROLE")]
    pub(super) superuser: String,
    /// Let errors of pg_restore pass that hold this text, in which `*` stands for anything; each must meet one. May be given
    /// several times
    #[arg(long, value_name = "PATTERN", value_parser = crate::cli::attest::filled)]
    pub(super) ignore_error: Vec<String>,
    /// Connections that restore at once [default: one for each core of this machine, at most 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=64))]
    pub(super) restore_jobs: Option<u64>,
    /// Folder in which the scratch folder is made [default: the system's folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    pub(super) scratch: Option<PathBuf>,
}

/// What comes when the target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TargetAction {
    /// The cluster goes on and takes writes
    Promote,
    /// It stays in recovery, and is asked as its superuser, which needs `--allow-privileged-role`
    Pause,
}

impl RestoreArgs {
    pub(super) fn request(&self, stores: Stores) -> Request {
        Request {
            backup: self.backup.clone(),
            stores,
            wal: self.wal.clone(),
            target: self.target.clone(),
            action: if self.target_action == TargetAction::Pause { Action::Pause } else { Action::Promote },
            stanza: self.stanza.clone(),
            set: self.backup_id.clone(),
            database: self.database.clone(),
            superuser: self.superuser.clone(),
            ignore: self.ignore_error.clone(),
            jobs: self.restore_jobs.unwrap_or_else(cores),
            scratch: self.scratch.clone().unwrap_or_else(std::env::temp_dir),
        }
    }
}
