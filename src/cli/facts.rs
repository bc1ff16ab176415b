//! `facts`: the kinds of sources there are, and what each publishes.

use clap::Args as ClapArgs;

use super::terminal::Talk;
use crate::policy::SourceKind;
use crate::verdict::ExitStatus;

/// Options of `facts`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Kind of source; without one, the kinds are listed
    #[arg(value_parser = SourceKind::ALL.map(SourceKind::word))]
    kind: Option<String>,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let Some(word) = &args.kind else { return talk.print(&kinds()) };
    match SourceKind::ALL.into_iter().find(|kind| kind.word() == word) {
        Some(kind) => talk.print(&of(kind)),
        None => talk.stop(&format!("there are no sources of kind `{word}`")),
    }
}

fn kinds() -> String {
    let mut text = "Kinds of sources, declared as `source KIND NAME from \"ADDRESS\"`:\n\n".to_owned();
    for kind in SourceKind::ALL {
        text.push_str(&format!("  {:<12} {}\n", kind.word(), kind.describe().about));
    }
    text.push_str("\n`holdtrue facts KIND` lists what one publishes.\n");
    text
}

fn of(kind: SourceKind) -> String {
    let known = kind.describe();
    let mut text =
        format!("Facts of a source of kind `{}` ({}), written SOURCE.FACT:\n\n", known.word, known.about);
    for fact in kind.facts() {
        let name = match fact.argument {
            Some(argument) => format!("{}({})", fact.name, argument.written()),
            None => fact.name.to_owned(),
        };
        text.push_str(&format!("  {name:<28} {:<9} {}\n", fact.ty.word(), fact.about));
    }
    if !known.states.is_empty() {
        text.push_str("\nStates, written `SOURCE is STATE`:\n\n");
        for (word, about) in known.states {
            text.push_str(&format!("  {word:<28} {about}\n"));
        }
    }
    if !known.options.is_empty() {
        let words: Vec<String> = known.options.iter().map(|word| format!("`{word}`")).collect();
        text.push_str(&format!("\nIts declaration may have a block with {}.\n", words.join(", ")));
    }
    text
}
