//! What an archive needs of the server that it is restored into: roles and extensions.

use std::collections::BTreeSet;

use crate::probe::dump::Entry;

/// Kinds of entries whose statements name roles.
const GRANTS: [&str; 5] = ["ACL", "DEFAULT ACL", "POLICY", "ROW SECURITY", "USER MAPPING"];

/// Names that stand for whoever is connected, or for everybody.
const NOBODY: [&str; 1] = ["public"];

/// Roles that own something, or that something is granted to.
#[must_use]
pub(super) fn roles(entries: &[Entry]) -> BTreeSet<String> {
    let mut roles: BTreeSet<String> = entries.iter().filter_map(|entry| entry.owner.clone()).collect();
    for entry in entries.iter().filter(|entry| GRANTS.contains(&entry.kind.as_str())) {
        // What cannot be read here is said by the server, as an error of the restore.
        let Ok(parsed) = pg_query::parse(&entry.definition, pg_query::ParserOptions::default()) else {
            continue;
        };
        if let Ok(tree) = serde_json::to_value(&parsed.protobuf) {
            named(&tree, &mut roles);
        }
    }
    roles.retain(|role| !NOBODY.contains(&role.as_str()));
    roles
}

/// `RoleSpec` anywhere in a statement.
fn named(tree: &serde_json::Value, roles: &mut BTreeSet<String>) {
    match tree {
        serde_json::Value::Object(members) => {
            if let Some(role) =
                members.get("rolename").and_then(serde_json::Value::as_str).filter(|role| !role.is_empty())
            {
                roles.insert(role.to_owned());
            }
            members.values().for_each(|member| named(member, roles));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| named(item, roles)),
        _ => {}
    }
}

/// Extensions that it creates.
#[must_use]
pub(super) fn extensions(entries: &[Entry]) -> BTreeSet<String> {
    entries.iter().filter(|entry| entry.kind == "EXTENSION").map(|entry| entry.tag.clone()).collect()
}

/// An identifier as SQL spells it.
#[must_use]
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL spells it, whatever `standard_conforming_strings` is.
#[must_use]
pub(super) fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
