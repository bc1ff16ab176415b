//! How the members of an object are named after columns.

use super::prior::Cost;
use super::sheet::Sheet;

/// How members are named after columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    AsIs,
    Camel,
    Snake,
}

impl Naming {
    pub(super) const ALL: [Self; 3] = [Self::AsIs, Self::Camel, Self::Snake];

    pub(super) fn cost(self) -> Cost {
        match self {
            Self::AsIs => 5,
            Self::Camel => 14,
            Self::Snake => 28,
        }
    }

    pub(super) fn key(self, sheet: &Sheet, column: usize) -> String {
        let name = sheet.bare(column);
        match self {
            Self::AsIs => name.to_owned(),
            Self::Camel => camel(name),
            Self::Snake => snake(name),
        }
    }
}

/// Words that stand for each other in names of columns and of members.
const ALIKE: [(&str, &str); 8] = [
    ("owner", "user"),
    ("actor", "user"),
    ("author", "user"),
    ("creator", "user"),
    ("user", "actor"),
    ("organization", "org"),
    ("organisation", "org"),
    ("recipient", "receiver"),
];
/// What it costs that a member is called by such a word.
pub(super) const CALLED_OTHERWISE: Cost = 45;

/// Another word in place of the first of a name.
pub(super) fn otherwise(name: &str) -> Option<String> {
    ALIKE.iter().find_map(|(word, other)| name.strip_prefix(word).map(|rest| format!("{other}{rest}")))
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut out, part| {
        let mut letters = part.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.extend(letters);
        out
    })
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_in_the_ways_of_runtimes() {
        assert_eq!(camel("resource_type"), "resourceType");
        assert_eq!(snake("resourceType"), "resource_type");
        assert_eq!(camel("id"), "id");
        assert_eq!(otherwise("owner_id").as_deref(), Some("user_id"));
        assert_eq!(otherwise("id"), None);
    }
}
