//! Values from a database or a policy, made safe to look at without losing a character of them.
//!
//! A key can hold a newline, a terminal escape sequence, or a mark that turns the reading direction around.
//! Written raw, it could forge a line of the report. Everything invisible is therefore written as PostgreSQL
//! would write it in an escape string (`\n`, `\t`, `\u001B`, `\U000E0001`).

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::finding::KeyPart;

/// Whether a character moves the cursor, cannot be seen, or changes how its neighbours are read.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

fn push_escape(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            let code = u32::from(character);
            // Writing to a String cannot fail.
            let _ = if code > 0xffff { write!(out, "\\U{code:08X}") } else { write!(out, "\\u{code:04X}") };
        }
    }
}

fn needs_escape(character: char, unicode: bool) -> bool {
    is_hidden(character) || (!unicode && !character.is_ascii())
}

/// Text for one line: hidden characters escaped, and those outside ASCII too unless `unicode`.
#[must_use]
pub fn visible(text: &str, unicode: bool) -> Cow<'_, str> {
    if !text.chars().any(|character| needs_escape(character, unicode)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if needs_escape(character, unicode) {
            push_escape(&mut out, character);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// Lines of a text that keeps its own line breaks and tabs, such as SQL; everything else as in [`visible`].
pub(super) fn visible_lines(text: &str, unicode: bool) -> impl Iterator<Item = String> + '_ {
    text.lines()
        .map(move |line| line.split('\t').map(|piece| visible(piece, unicode)).collect::<Vec<_>>().join("\t"))
}

/// A value as PostgreSQL reads it back: `'it''s'`, `E'two\nlines'` where something had to be escaped, `NULL`.
#[must_use]
pub fn literal(value: Option<&str>, unicode: bool) -> String {
    let Some(value) = value else { return "NULL".to_string() };
    if !value.chars().any(|character| needs_escape(character, unicode)) {
        return format!("'{}'", value.replace('\'', "''"));
    }
    let mut out = String::from("E'");
    for character in value.chars() {
        match character {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            _ if needs_escape(character, unicode) => push_escape(&mut out, character),
            _ => out.push(character),
        }
    }
    out.push('\'');
    out
}

/// A key as `column='value', other=NULL`.
#[must_use]
pub fn key(parts: &[KeyPart], unicode: bool) -> String {
    let pairs: Vec<String> = parts
        .iter()
        .map(|part| format!("{}={}", visible(&part.column, unicode), literal(part.value.as_deref(), unicode)))
        .collect();
    pairs.join(", ")
}

/// Characters of a key's value that a reader of plain text is shown.
const SHOWN: usize = 120;

/// A key for reading: a very long value only by its beginning, and how long it is, outside of the quotes.
#[must_use]
pub fn brief_key(parts: &[KeyPart], unicode: bool) -> String {
    let pair = |part: &KeyPart| {
        let long = part.value.as_deref().map_or(0, |value| value.chars().count());
        if long <= SHOWN {
            return key(std::slice::from_ref(part), unicode);
        }
        let start: Option<String> = part.value.as_deref().map(|value| value.chars().take(SHOWN).collect());
        let start = literal(start.as_deref(), unicode);
        format!("{}={start}... ({long} characters)", visible(&part.column, unicode))
    };
    parts.iter().map(pair).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hidden_characters_become_visible() {
        assert_eq!(visible("a\x1b[31mred\r\n\u{9b}2J", true), "a\\u001B[31mred\\r\\n\\u009B2J");
        assert_eq!(visible("left\u{202e}thgir", true), "left\\u202Ethgir");
        assert_eq!(visible("tag\u{e0001}", true), "tag\\U000E0001");
        assert_eq!(visible("Peña 試", true), "Peña 試");
        assert_eq!(visible("Peña", false), "Pe\\u00F1a");
    }

    #[test]
    fn a_literal_tells_null_from_the_word_and_an_escape_from_a_backslash() {
        assert_eq!(literal(None, true), "NULL");
        assert_eq!(literal(Some("NULL"), true), "'NULL'");
        assert_eq!(literal(Some("it's"), true), "'it''s'");
        assert_eq!(literal(Some("a\\n"), true), "'a\\n'");
        assert_eq!(literal(Some("a\\\n"), true), "E'a\\\\\\n'");
        assert_eq!(literal(Some(""), true), "''");
    }

    #[test]
    fn a_very_long_key_is_shown_by_its_beginning() {
        let part = |value: &str| KeyPart { column: "k".to_owned(), value: Some(value.to_owned()) };
        let long = brief_key(&[part(&"é".repeat(5000)), part("x")], true);
        assert!(long.starts_with("k='éé") && long.ends_with("é'... (5000 characters), k='x'"), "{long}");
        assert!(long.chars().count() < 200, "{long}");
        let short = [part(&"a".repeat(120))];
        assert_eq!(brief_key(&short, true), key(&short, true));
    }

    #[test]
    fn a_text_of_several_lines_keeps_them() {
        let lines: Vec<String> = visible_lines("select 1\n\tfrom t -- \x1b[2J", false).collect();
        assert_eq!(lines, ["select 1", "\tfrom t -- \\u001B[2J"]);
    }

    proptest! {
        #[test]
        fn nothing_hidden_survives(text in any::<String>(), unicode in any::<bool>()) {
            let shown = visible(&text, unicode);
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert!(unicode || shown.is_ascii());
        }

        #[test]
        fn different_values_never_look_the_same(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(a == b, literal(Some(&a), false) == literal(Some(&b), false));
        }
    }
}
