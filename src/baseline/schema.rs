//! What changed between the objects of two sealed states.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Inventory, LARGE_OBJECT_ACCESS, Object};

/// What comparing two inventories came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Objects that were compared.
    pub examined: u64,
    /// Kind of change, object and sentence.
    pub changes: Vec<(&'static str, Object, String)>,
    /// What was not compared, and why.
    pub notes: Vec<String>,
}

/// Compares the objects of kinds that were looked at both times; definitions only where they are in the same words.
#[must_use]
pub fn schema(before: &Inventory, now: &Inventory) -> Schema {
    let both = |kind: &str| [before, now].iter().all(|i| i.kinds.iter().any(|k| k == kind));
    let of = |i: &Inventory| -> BTreeMap<(String, String), Object> {
        let mine = i.objects.iter().filter(|o| both(&o.kind));
        mine.map(|o| ((o.kind.clone(), o.name.clone()), o.clone())).collect()
    };
    let (was, is) = (of(before), of(now));
    let words = !before.definitions.is_empty() && before.definitions == now.definitions;
    let mut found = Schema::default();
    let all: BTreeSet<&(String, String)> = was.keys().chain(is.keys()).collect();
    for at in all {
        if at.0 == LARGE_OBJECT_ACCESS && !(was.contains_key(at) && is.contains_key(at)) {
            continue;
        }
        found.examined += 1;
        match (was.get(at), is.get(at)) {
            (Some(was), None) => {
                let what = format!("{} `{}` is missing", was.kind, was.name);
                found.changes.push(("missing_object", was.clone(), what));
            }
            (None, Some(is)) => {
                let what = format!("{} `{}` was not there", is.kind, is.name);
                found.changes.push(("unexpected_object", is.clone(), what));
            }
            (Some(was), Some(is)) if words && was.definition != is.definition => {
                let what = format!("{} `{}` is defined otherwise", is.kind, is.name);
                found.changes.push(("altered_object", is.clone(), what));
            }
            _ => {}
        }
    }
    let left: BTreeSet<&str> =
        before.kinds.iter().chain(&now.kinds).map(String::as_str).filter(|kind| !both(kind)).collect();
    if !left.is_empty() {
        let left: Vec<&str> = left.into_iter().collect();
        found.notes.push(format!("not compared, since only one of the two tells: {}", left.join(", ")));
    }
    if !words {
        found.notes.push(format!(
            "objects were compared by name alone: definitions are in the words of {} and of {}",
            named_words(before),
            named_words(now)
        ));
    }
    found
}

fn named_words(inventory: &Inventory) -> &str {
    if inventory.definitions.is_empty() { "an archive" } else { &inventory.definitions }
}
