//! `facts`: what a kind of source publishes.

use clap::Args as ClapArgs;

use super::terminal::Talk;
use crate::policy::SourceKind;
use crate::policy::facts::published;
use crate::verdict::ExitStatus;

/// Options of `facts`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Kind of source
    #[arg(value_parser = SourceKind::ALL.map(SourceKind::word))]
    kind: String,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let Some(kind) = SourceKind::ALL.into_iter().find(|kind| kind.word() == args.kind) else {
        return talk.stop(&format!("there are no sources of kind `{}`", args.kind));
    };
    let mut text = format!("Facts of a source of kind `{}`, written SOURCE.FACT:\n\n", kind.word());
    for fact in published(kind) {
        let name = match fact.argument {
            Some(what) => format!("{} of \"{what}\"", fact.name),
            None => fact.name.to_owned(),
        };
        text.push_str(&format!("  {name:<24} {:<9} {}\n", fact.ty.word(), fact.about));
    }
    talk.print(&text)
}
