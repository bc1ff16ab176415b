//! Definitions of objects as a restore of them reads.
//!
//! What the server spells (`ruleutils.c`) and reads again is not always spelt the same a second time. Two such spellings are
//! brought into the second form, which stays as it is however often it is dumped and restored:
//!
//! - `(ARRAY['a'::character varying])::text[]`, as every `IN` over a `varchar` column is kept, is read as a cast of each element
//!   (`transformTypeCast` in `parse_expr.c`): `ARRAY[('a'::character varying)::text]`.
//! - `EXTRACT(YEAR FROM ...)` of a field that was written as a string is read as a name, which is in small letters.
//!
//! Both forms mean the same, so that nothing that differs becomes equal.

use serde_json::Value;

/// The definition of an object as the server told it: JSON whose texts are each spelt as a restore spells them.
pub(super) fn settled(definition: &str) -> String {
    match serde_json::from_str(definition) {
        Ok(value) => in_texts(value).to_string(),
        Err(_) => spelt(definition),
    }
}

fn in_texts(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(spelt(&text)),
        Value::Array(values) => Value::Array(values.into_iter().map(in_texts).collect()),
        other => other,
    }
}

/// A text as a restore spells it.
fn spelt(text: &str) -> String {
    rebuilt(&tokens(text))
}

fn rebuilt(tokens: &[&str]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let rest = tokens.get(at..).unwrap_or_default();
        if let Some((cast, length)) = cast_array(rest) {
            out.push_str(&cast);
            at += length;
        } else if let ["EXTRACT", "(", field, " ", "FROM", ..] = rest
            && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            out.push_str("EXTRACT(");
            out.push_str(&field.to_ascii_lowercase());
            at += 3;
        } else {
            out.push_str(token);
            at += 1;
        }
    }
    out
}

/// `(ARRAY[...])::T[]` at the start, with the cast on each element; and how many tokens it is.
fn cast_array(tokens: &[&str]) -> Option<(String, usize)> {
    let ["(", "ARRAY", "[", ..] = tokens else { return None };
    let close = closing(tokens, 2)?;
    let [")", ":", ":", target @ ..] = tokens.get(close + 1..)? else { return None };
    let end = target.windows(2).position(|pair| pair == ["[", "]"])?;
    let name = target.get(..end)?;
    let of_a_type = |token: &&str| {
        matches!(*token, "." | "," | "(" | ")" | " ") || token.starts_with('"') || is_word(token)
    };
    // A second pair of brackets, or anything that no name of a type has, is not what is looked for.
    if name.is_empty() || !name.iter().all(of_a_type) || target.get(end + 2) == Some(&"[") {
        return None;
    }
    let name = name.concat();
    let elements = elements(tokens.get(3..close)?);
    let cast = elements.into_iter().map(|element| {
        let element = rebuilt(element);
        format!("({})::{name}", element.trim())
    });
    let cast: Vec<String> = cast.collect();
    Some((format!("ARRAY[{}]", cast.join(", ")), close + 4 + end + 2))
}

/// The parts between the commas that no brackets enclose.
fn elements<'t, 'a>(tokens: &'t [&'a str]) -> Vec<&'t [&'a str]> {
    let mut depth = 0usize;
    let parts = tokens.split(|token| {
        match *token {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == ","
    });
    parts.collect()
}

/// Where the bracket that opens at a place is closed.
fn closing(tokens: &[&str], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match *token {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.checked_sub(1)?,
            _ => continue,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Texts, quoted names, words, and single characters. Joined, they are the text.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let before = found.last().copied().unwrap_or_default();
        let length = match first {
            '\'' => quoted(rest, '\'', before == "E"),
            '"' => quoted(rest, '"', false),
            '$' => dollar_quoted(rest),
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        found.push(token);
        rest = after;
    }
    found
}

/// The length of what is quoted, to the end of the text where it is not closed.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if escapes && c == '\\' {
            characters.next();
        } else if c == quote {
            if characters.peek().is_some_and(|(_, next)| *next == quote) {
                characters.next();
            } else {
                return at + quote.len_utf8();
            }
        }
    }
    text.len()
}

/// The length of `$tag$ ... $tag$`; that of the sign where it opens none.
fn dollar_quoted(text: &str) -> usize {
    let tag = text.get(1..).and_then(|rest| rest.find('$')).and_then(|at| text.get(..at + 2));
    let Some(tag) = tag.filter(|tag| tag.trim_matches('$').chars().all(|c| c.is_alphanumeric() || c == '_'))
    else {
        return 1;
    };
    let body = text.get(tag.len()..).unwrap_or_default();
    body.find(tag).map_or(text.len(), |at| at + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{settled, spelt, tokens};

    #[test]
    fn what_is_read_otherwise_is_spelt_as_it_is_read() {
        for (was, is) in [
            (
                "CHECK (((v)::text = ANY ((ARRAY['a'::character varying, 'b,]'::character varying])::text[])))",
                "CHECK (((v)::text = ANY (ARRAY[('a'::character varying)::text, ('b,]'::character varying)::text])))",
            ),
            (
                "(ARRAY[f(a, b[1]), 'it''s'::x])::\"My S\".\"T\"[]",
                "ARRAY[(f(a, b[1]))::\"My S\".\"T\", ('it''s'::x)::\"My S\".\"T\"]",
            ),
            ("(ARRAY[a])::numeric(10,2)[]", "ARRAY[(a)::numeric(10,2)]"),
            ("(ARRAY[(ARRAY[a])::text[]])::y[]", "ARRAY[(ARRAY[(a)::text])::y]"),
            ("EXTRACT(YEAR FROM now())", "EXTRACT(year FROM now())"),
        ] {
            assert_eq!(spelt(was), is);
            assert_eq!(spelt(is), is, "it stays so");
        }
    }

    #[test]
    fn nothing_else_is_touched() {
        for text in [
            "'(ARRAY[a])::text[]'",
            "E'\\'(ARRAY[a])::text[]'",
            "\"EXTRACT(YEAR FROM x)\"",
            "$f$ select (ARRAY[a])::text[], EXTRACT(YEAR FROM x) $f$",
            "(ARRAY[a])::text",
            "(ARRAY[a])::text[][]",
            "(ARRAY[a]",
            "(ARRAY[a])::text || x[1]",
            "(ARRAY[a, b] || c)::text[]",
            "$1 + 1",
            "'unclosed (ARRAY[a])::text[]",
        ] {
            assert_eq!(spelt(text), text);
        }
        assert_eq!(
            settled("[\"r\",true,null,[\"EXTRACT(A FROM b)\"]]"),
            "[\"r\",true,null,[\"EXTRACT(a FROM b)\"]]"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_comes_to_rest(text in "[(\\[\\])'\"$EA:,. a-zé\\\\]{0,40}|\\PC{0,40}") {
            prop_assert_eq!(tokens(&text).concat(), text.clone());
            let once = spelt(&text);
            prop_assert_eq!(spelt(&once), once);
        }
    }
}
