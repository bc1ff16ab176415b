//! The standard pack: what must be so of any PostgreSQL database, one member for each kind of thing.
//!
//! One table serves `require standard is healthy`, `require standard.MEMBER is healthy`, `every KIND is STATE` and
//! `holdtrue explain standard`. A member is added as an entry of the table and nowhere else.

mod access;
mod contents;
mod effects;
mod software;
mod structure;
mod upkeep;

use crate::verdict::Level;

/// The name of the pack in policies.
pub const PACK: &str = "standard";

/// The state it, and each of its members, can be required to be in.
pub const HEALTHY: &str = "healthy";

/// One rule about the objects of a database.
#[derive(Debug)]
pub struct Member {
    /// Its name after `standard.`, and after the id of the check that asks for the whole pack.
    pub name: &'static str,
    /// What must be so, as a short sentence without its full stop.
    pub title: &'static str,
    /// The kind and the state it is written with as `every KIND is STATE`, if it is.
    pub every: Option<(&'static str, &'static str)>,
    /// What the whole pack makes of it. Advice warns; named alone it is whatever the check says.
    pub level: Level,
    /// How it is looked at.
    pub look: Look,
    /// An extension without which the whole pack skips it; named alone it is unproven then.
    pub needs: Option<&'static str>,
    /// Things it looks at, in the plural, for people.
    pub things: &'static str,
    /// The stable word of its findings.
    pub finding: &'static str,
    /// Why it matters, and what exactly is looked at.
    pub means: &'static str,
    /// What looking costs.
    pub cost: &'static str,
    /// What to do about a finding.
    pub fix: &'static str,
}

/// How a member is looked at.
#[derive(Debug)]
pub enum Look {
    /// The objects of this kind in the catalogue that every run reads.
    Objects(&'static str),
    /// Every foreign key, proven on the rows.
    ForeignKeys,
    /// Every sequence, against the column it feeds.
    Sequences,
    /// What a server is asked.
    Asked(Asked),
}

/// A statement that lists things, each with its state.
///
/// Its columns are texts: the name of the thing, its relation as `schema.name` or nothing, a state, a sentence, and a
/// further statement or NULL. States: empty for what is as it should be, `broken`, `unproven`, and `note` for a remark
/// that is no verdict. A further statement runs on its own, without trusting an index or a constraint, and lists what is
/// not so: name, state, sentence, and the key as a JSON object or NULL; a row of state `empty` says that there were no
/// rows to look at. Names are those of `pg_catalog` only.
#[derive(Debug)]
pub struct Asked {
    /// By the least `server_version_num` that knows it, in ascending order.
    pub sql: &'static [(u32, &'static str)],
}

impl Asked {
    /// The statement for a server.
    #[must_use]
    pub fn of(&self, version: u32) -> Option<&'static str> {
        self.sql.iter().rev().find(|(since, _)| *since <= version).map(|(_, sql)| *sql)
    }
}

/// Parts of the pack, each in its order.
const PARTS: [&[Member]; 6] = [
    structure::MEMBERS,
    contents::MEMBERS,
    software::MEMBERS,
    access::MEMBERS,
    effects::MEMBERS,
    upkeep::MEMBERS,
];

/// Every member, in the order in which checks are made of them.
pub fn members() -> impl Iterator<Item = &'static Member> {
    PARTS.into_iter().flatten()
}

/// The member of a name.
#[must_use]
pub fn member(name: &str) -> Option<&'static Member> {
    members().find(|m| m.name == name)
}

/// What a check requires of one member.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The member.
    pub member: &'static Member,
    /// How it was asked for.
    pub asked: AskedAs,
    /// Objects that are not looked at, each with the reason.
    pub without: Vec<(String, String)>,
}

/// How a member was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedAs {
    /// `every KIND is STATE`.
    Every,
    /// `standard.MEMBER is healthy`.
    Alone,
    /// `standard is healthy`.
    Pack,
    /// As a part of the pack that is left out, for this reason.
    LeftOut(String),
}

#[cfg(test)]
mod tests {
    use super::{Look, members};

    #[test]
    fn names_are_unique_and_pages_are_whole() {
        let mut seen = std::collections::BTreeSet::new();
        for member in members() {
            assert!(seen.insert(member.name), "{} stands twice", member.name);
            assert!(member.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", member.name);
            for text in [member.title, member.things, member.finding] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", member.name);
            }
            for text in [member.means, member.cost, member.fix] {
                assert!(text.ends_with('.'), "{}: {text}", member.name);
            }
        }
    }

    #[test]
    fn every_version_that_is_supported_has_a_statement() {
        for member in members() {
            let Look::Asked(asked) = &member.look else { continue };
            assert!(asked.of(130_000).is_some() && asked.of(190_000).is_some(), "{}", member.name);
            assert!(asked.sql.is_sorted_by_key(|(since, _)| *since), "{}", member.name);
        }
    }

    /// Everything outside of `pg_catalog` is reached through its own name, and nothing is written.
    #[test]
    fn statements_only_read() {
        for member in members() {
            let Look::Asked(asked) = &member.look else { continue };
            for (_, sql) in asked.sql {
                let lower = sql.to_lowercase();
                assert!(lower.trim_start().starts_with("select") || lower.trim_start().starts_with("with"));
                let mut words = lower.split(|c: char| !(c.is_alphanumeric() || c == '_'));
                let writes =
                    ["insert", "update", "delete", "truncate", "create", "alter", "nextval", "setval"];
                let found = words.find(|word| writes.contains(word) || *word == "set_config");
                assert_eq!(found, None, "{}", member.name);
            }
        }
    }
}
