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
    #[arg(value_parser = ["postgres"])]
    kind: String,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let kind = SourceKind::Postgres;
    if args.kind != kind.word() {
        return talk.stop("only `postgres` publishes facts in this version");
    }
    let mut text = String::from("Facts of a source of kind `postgres`, written SOURCE.FACT:\n\n");
    for fact in published(kind) {
        let name = match fact.argument {
            Some(what) => format!("{} of \"{what}\"", fact.name),
            None => fact.name.to_owned(),
        };
        text.push_str(&format!("  {name:<24} {:<9} {}\n", fact.ty.word(), fact.about));
    }
    talk.print(&text)
}
