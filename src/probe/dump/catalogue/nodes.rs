//! Small questions to PostgreSQL's parse trees.

use pg_query::NodeEnum;
use pg_query::protobuf::{CollateClause, Node, RangeVar, a_const};

use crate::policy::RelationName;

/// A list of names, such as `public.mood`.
pub(in super::super) fn texts(nodes: &[Node]) -> Vec<String> {
    nodes.iter().filter_map(text).map(str::to_owned).collect()
}

/// The text of a name or of a constant.
pub(super) fn text(node: &Node) -> Option<&str> {
    match node.node.as_ref()? {
        NodeEnum::String(text) => Some(&text.sval),
        NodeEnum::TypeCast(cast) => text(cast.arg.as_deref()?),
        NodeEnum::AConst(constant) => match constant.val.as_ref()? {
            a_const::Val::Sval(text) => Some(&text.sval),
            _ => None,
        },
        _ => None,
    }
}

/// The whole number that a node writes.
pub(super) fn number(node: &Node) -> Option<i64> {
    match node.node.as_ref()? {
        NodeEnum::Integer(number) => Some(i64::from(number.ival)),
        NodeEnum::Float(number) => number.fval.parse().ok(),
        NodeEnum::TypeCast(cast) => number(cast.arg.as_deref()?).or_else(|| text(node)?.parse().ok()),
        NodeEnum::AConst(constant) => match constant.val.as_ref()? {
            a_const::Val::Ival(number) => Some(i64::from(number.ival)),
            a_const::Val::Fval(number) => number.fval.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a node is the constant `true`.
pub(super) fn is_true(node: &Node) -> bool {
    match node.node.as_ref() {
        Some(NodeEnum::AConst(constant)) => {
            matches!(constant.val.as_ref(), Some(a_const::Val::Boolval(truth)) if truth.boolval)
        }
        _ => false,
    }
}

/// Whether an option in a list of definitions is switched off, however that is written.
pub(super) fn is_off(list: &[Node], name: &str) -> bool {
    list.iter().any(|node| match &node.node {
        Some(NodeEnum::DefElem(element)) if element.defname == name => {
            let word = match element.arg.as_deref().and_then(|arg| arg.node.as_ref()) {
                Some(NodeEnum::TypeName(word)) => texts(&word.names).pop(),
                _ => element.arg.as_deref().and_then(text).map(str::to_owned),
            };
            word.is_some_and(|word| {
                matches!(word.to_ascii_lowercase().as_str(), "false" | "off" | "no" | "0")
            })
        }
        _ => false,
    })
}

/// The collation a clause names; without a schema it is in `schema`.
pub(super) fn collation(clause: Option<&CollateClause>, schema: &str) -> Option<RelationName> {
    clause.map(|clause| qualified(&texts(&clause.collname), schema))
}

/// A relation's name; without a schema it is in `schema`.
pub(in super::super) fn relation(range: Option<&RangeVar>, schema: &str) -> RelationName {
    let (own, name) = range.map_or(("", ""), |range| (&range.schemaname, &range.relname));
    RelationName { schema: if own.is_empty() { schema } else { own }.to_owned(), name: name.to_owned() }
}

/// The last two of some names; without a schema it is in `schema`.
pub(super) fn qualified(names: &[String], schema: &str) -> RelationName {
    let mut names = names.iter().rev();
    let name = names.next().cloned().unwrap_or_default();
    RelationName { schema: names.next().cloned().unwrap_or_else(|| schema.to_owned()), name }
}

/// The parts of a name as `regclass` writes it, such as `public."Odd ""one"""`.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let doubled = quoted && letter == '"' && letters.peek() == Some(&'"');
        if letter == '"' && !doubled {
            quoted = !quoted;
        } else if letter == '.' && !quoted {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
            if doubled {
                letters.next();
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(parts("public.t"), ["public", "t"]);
        assert_eq!(parts(r#""a.b"."c ""d""""#), ["a.b", r#"c "d""#]);
        assert_eq!(parts("t"), ["t"]);
    }
}
