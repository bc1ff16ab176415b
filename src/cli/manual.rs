//! `completions` and `man`, generated from the same definition the parser uses.

use clap::{Args as ClapArgs, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;
use super::terminal::Talk;
use crate::verdict::ExitStatus;

/// Options of `completions`.
#[derive(Debug, ClapArgs)]
pub(super) struct CompletionArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn completions(args: &CompletionArgs, talk: &Talk) -> ExitStatus {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "holdtrue", &mut out);
    talk.print(&String::from_utf8_lossy(&out))
}

pub(super) fn man(talk: &Talk) -> ExitStatus {
    let mut out = Vec::new();
    let command = Cli::command();
    let mut render = |command: clap::Command| clap_mangen::Man::new(command).render(&mut out);
    let mut result = render(command.clone());
    for sub in command.get_subcommands() {
        if result.is_ok() {
            result = render(sub.clone().display_name(format!("holdtrue {}", sub.get_name())));
        }
    }
    match result {
        Ok(()) => talk.print(&String::from_utf8_lossy(&out)),
        Err(error) => {
            talk.say(&format!("error: the manual page cannot be made: {error}"));
            ExitStatus::Internal
        }
    }
}
