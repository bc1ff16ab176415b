//! `fmt`: the one canonical layout.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::terminal::Talk;
use crate::source_text::SourceSet;
use crate::verdict::ExitStatus;

/// Options of `fmt`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Policy files
    #[arg(required = true, value_name = "POLICY")]
    files: Vec<PathBuf>,
    /// Change nothing; fail if a file is not in canonical layout
    #[arg(long)]
    check: bool,
    /// Write to standard output instead of the files
    #[arg(long, conflicts_with = "check")]
    stdout: bool,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let mut status = ExitStatus::Open;
    for path in &args.files {
        let shown = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                status = talk.stop(&format!("`{shown}` cannot be read: {error}"));
                continue;
            }
        };
        let mut texts = SourceSet::default();
        let id = texts.add(shown.clone(), &text);
        let formatted = match crate::syntax::format(&text, id) {
            Ok(formatted) => formatted,
            Err(found) => {
                talk.diagnostics(&found, &texts);
                status = ExitStatus::Usage;
                continue;
            }
        };
        if args.stdout {
            if talk.print(&formatted) != ExitStatus::Open {
                status = ExitStatus::Usage;
            }
        } else if formatted != text {
            if args.check {
                talk.say(&format!("{shown}: not in canonical layout; run `holdtrue fmt {shown}`"));
                status = ExitStatus::Broken;
            } else if let Err(error) = std::fs::write(path, &formatted) {
                status = talk.stop(&format!("`{shown}` cannot be written: {error}"));
            }
        }
    }
    status
}
