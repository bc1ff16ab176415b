//! `lint`: check policies without connecting to anything.

use clap::Args as ClapArgs;

use super::shared::PolicyArgs;
use super::terminal::{Talk, counted};
use crate::diagnostic::{Diagnostic, Severity};
use crate::verdict::ExitStatus;

/// Options of `lint`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Count warnings as errors
    #[arg(long)]
    deny_warnings: bool,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let (ready, mut found, texts) = match args.policy.checked(talk, true, None) {
        Ok(checked) => checked,
        Err(status) => return status,
    };
    if let Some(ready) = &ready {
        found.extend(crate::check::weaknesses(&ready.policy));
    }
    if let Some(profile) = ready.as_ref().and_then(|ready| ready.profile.as_ref()) {
        talk.say(&format!("note: {}", profile.note(true)));
    }
    talk.diagnostics(&found, &texts);
    let failed = ready.is_none()
        || found.iter().any(|d| d.is_error() || (args.deny_warnings && d.severity == Severity::Warning));
    if failed {
        return ExitStatus::Usage;
    }
    let checks = ready.map_or(0, |r| r.policy.checks.len());
    let remarks = found.iter().filter(|d: &&Diagnostic| !d.is_error()).count();
    let rest = if remarks > 0 { format!(", {}", counted(remarks, "remark")) } else { String::new() };
    talk.print(&format!("{}: no errors{rest}\n", counted(checks, "check")))
}
