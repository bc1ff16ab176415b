//! The orders in which the members of a JSON value may have been written, by number. Zero is the order it is stored in.

use super::json_read::Tree;

/// How many orders there are: the product of the factorials of its objects' sizes; `None` beyond `u64`.
pub(crate) fn count(tree: &Tree<'_>) -> Option<u64> {
    match tree {
        Tree::Array(items) => items.iter().try_fold(1u64, |all, item| all.checked_mul(count(item)?)),
        Tree::Object(members) => {
            let own = (1..=members.len() as u64).try_fold(1u64, u64::checked_mul)?;
            members.iter().try_fold(own, |all, (_, value)| all.checked_mul(count(value)?))
        }
        _ => Some(1),
    }
}

/// The names of its members at every level, for telling values apart whose members one piece of code has written.
pub(crate) fn shape(tree: &Tree<'_>, into: &mut String) {
    match tree {
        Tree::Array(items) => {
            into.push('[');
            items.iter().for_each(|item| shape(item, into));
            into.push(']');
        }
        Tree::Object(members) => {
            into.push('{');
            for (name, value) in members {
                into.push_str(name);
                into.push('\0');
                shape(value, into);
            }
            into.push('}');
        }
        _ => {}
    }
}

/// Puts the members into the order of that number.
pub(crate) fn arrange(tree: &mut Tree<'_>, number: u64) {
    let mut rest = number;
    walk(tree, &mut rest);
}

fn walk(tree: &mut Tree<'_>, rest: &mut u64) {
    match tree {
        Tree::Array(items) => items.iter_mut().for_each(|item| walk(item, rest)),
        Tree::Object(members) => {
            // Lehmer's code: which of those that are left comes next.
            let mut left = std::mem::take(members);
            while !left.is_empty() {
                let choices = left.len() as u64;
                let pick = usize::try_from(*rest % choices).unwrap_or(0);
                *rest /= choices;
                members.push(left.remove(pick));
            }
            // The members inside come after, in stored order of their owners, so that a number means one order.
            members.iter_mut().for_each(|(_, value)| walk(value, rest));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::json_read::read;
    use super::*;
    use std::collections::HashSet;

    fn names(tree: &Tree<'_>) -> String {
        let mut text = String::new();
        shape(tree, &mut text);
        text
    }

    #[test]
    fn every_order_comes_once_and_zero_is_as_stored() {
        let text = r#"{"a": 1, "b": {"x": 1, "y": [{"p": 1, "q": 2}]}, "c": 3}"#;
        let tree = read(text).unwrap();
        assert_eq!(count(&tree), Some(6 * 2 * 2));
        let all: HashSet<String> = (0..24)
            .map(|number| {
                let mut arranged = tree.clone();
                arrange(&mut arranged, number);
                names(&arranged)
            })
            .collect();
        assert_eq!(all.len(), 24);
        let mut first = tree.clone();
        arrange(&mut first, 0);
        assert_eq!(first, tree);
    }

    #[test]
    fn too_many_orders_have_no_number() {
        let members: Vec<String> = (0..30).map(|n| format!("\"m{n}\": {n}")).collect();
        let text = format!("{{{}}}", members.join(","));
        assert_eq!(count(&read(&text).unwrap()), None);
        assert_eq!(count(&read("[1, {}, {\"a\": 2}]").unwrap()), Some(1));
    }
}
