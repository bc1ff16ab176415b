//! `explain`: the page behind a diagnostic code.

use clap::Args as ClapArgs;

use super::terminal::Talk;
use crate::diagnostic::Code;
use crate::verdict::ExitStatus;

/// Options of `explain`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// A code such as HT0203; without one, all codes are listed
    code: Option<String>,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let Some(wanted) = &args.code else {
        let list: String =
            Code::ALL.iter().map(|code| format!("{}  {}\n", code.id(), code.title())).collect();
        return talk.print(&list);
    };
    match wanted.parse::<Code>() {
        Ok(code) => talk.print(&format!("{}: {}\n\n{}\n", code.id(), code.title(), code.explanation())),
        Err(()) => {
            talk.stop(&format!("there is no diagnostic `{wanted}`; `holdtrue explain` lists all codes"))
        }
    }
}
