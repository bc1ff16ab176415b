//! `explain`: the page behind a diagnostic code, and that of a member of the standard pack.

use clap::Args as ClapArgs;

use super::terminal::Talk;
use crate::diagnostic::{Code, suggest};
use crate::policy::standard::{self, Look, Member, PACK};
use crate::verdict::{ExitStatus, Level};

/// Options of `explain`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// A code such as HT0203, `standard`, or a member of it such as `standard.indexes`; without one, all codes are listed
    code: Option<String>,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let Some(wanted) = &args.code else {
        let list: String =
            Code::ALL.iter().map(|code| format!("{}  {}\n", code.id(), code.title())).collect();
        return talk.print(&list);
    };
    if wanted == PACK {
        return talk.print(&pack());
    }
    if let Some(name) = wanted.strip_prefix(PACK).and_then(|rest| rest.strip_prefix('.')) {
        return match standard::member(name) {
            Some(member) => talk.print(&page(member)),
            None => {
                let names: Vec<&str> = standard::members().map(|m| m.name).collect();
                let hint = suggest::nearest(name, &names).map(|near| format!("; did you mean `{near}`?"));
                talk.stop(&format!(
                    "the standard pack has no member `{name}`{}",
                    hint.unwrap_or_else(|| "; `holdtrue explain standard` lists them".to_owned())
                ))
            }
        };
    }
    match wanted.parse::<Code>() {
        Ok(code) => talk.print(&format!("{}: {}\n\n{}\n", code.id(), code.title(), code.explanation())),
        Err(()) => {
            talk.stop(&format!("there is no diagnostic `{wanted}`; `holdtrue explain` lists all codes"))
        }
    }
}

/// The list of all members.
fn pack() -> String {
    let mut text =
        "require standard is healthy: one check for each of these, each with a verdict of its own\n\n"
            .to_owned();
    for member in standard::members() {
        text.push_str(&format!("{PACK}.{}  {}{}\n", member.name, member.title, in_brackets(member)));
    }
    text
}

fn in_brackets(member: &Member) -> String {
    match (member.level, member.needs) {
        (Level::Recommend, _) => " (the pack only warns)".to_owned(),
        (_, Some(extension)) => format!(" (where the extension `{extension}` is installed)"),
        _ => String::new(),
    }
}

/// Everything about one member.
fn page(member: &Member) -> String {
    let mut text =
        format!("{PACK}.{}: {}{}\n\n{}\n", member.name, member.title, in_brackets(member), member.means);
    if let Some((kind, state)) = member.every {
        text.push_str(&format!("\nAlso written: every {kind} is {state}\n"));
    }
    text.push_str(&format!("\nCost: {}\n\nWhat to do: {}\n", member.cost, member.fix));
    if let Look::Asked(asked) = &member.look {
        for (since, sql) in asked.sql {
            let since =
                if *since == 0 { String::new() } else { format!(", from version {} on", since / 10_000) };
            text.push_str(&format!("\nWhat the server is asked{since}:\n{}\n", sql.trim_end()));
        }
    }
    text
}
