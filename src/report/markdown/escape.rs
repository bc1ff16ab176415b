//! Values that mean nothing to Markdown, to HTML, or to what a forge makes of either.

use std::fmt::Write as _;

use crate::report::escape::{visible, visible_lines};

/// Text in which no character means anything to Markdown or HTML, on one line. An invisible blank after `@` keeps
/// a value from notifying whoever bears that name.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in visible(text, true).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("@&#8203;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '~' | '|' | '!' | '$' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

/// A value to be read letter by letter. Entities, since a code span in a table cannot hold every `|` and backtick.
pub(super) fn code(text: &str) -> String {
    let mut out = String::from("<code>");
    for character in visible(text, true).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ if character.is_ascii_punctuation()
                && !matches!(character, '.' | ',' | '\'' | '/' | '-' | '=') =>
            {
                // Writing to a String cannot fail.
                let _ = write!(out, "&#{};", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push_str("</code>");
    out
}

/// SQL in a fence longer than any run of backticks in it.
pub(super) fn fenced(sql: &str) -> String {
    let longest = sql.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let lines: Vec<String> = visible_lines(sql, true).map(|line| format!("  {line}")).collect();
    format!("  {fence}sql\n{}\n  {fence}", lines.join("\n"))
}

/// An address to click on, or plain text where it is none.
pub(super) fn link(text: &str) -> String {
    let safe = text.starts_with("https://") || text.starts_with("http://");
    let plain = text
        .chars()
        .all(|character| character.is_ascii_graphic() && !matches!(character, '<' | '>' | '`' | '|'));
    if safe && plain { format!("<{text}>") } else { escape(text) }
}

#[cfg(test)]
pub(in crate::report) mod tests {
    use super::*;
    use crate::report::fixture;

    /// What a Markdown reader shows for escaped text.
    pub(in crate::report) fn shown(text: &str) -> String {
        let mut out = text.replace("<code>", "").replace("</code>", "");
        for character in 33..127_u32 {
            let plain = char::from_u32(character).unwrap().to_string();
            out = out.replace(&format!("&#{character};"), &plain);
        }
        out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    #[test]
    fn values_mean_nothing_to_markdown() {
        assert_eq!(escape("a|b `c` <i> & @x \\"), "a\\|b \\`c\\` &lt;i&gt; &amp; @&#8203;x \\\\");
        assert_eq!(code("a|b_c`"), "<code>a&#124;b&#95;c&#96;</code>");
        for value in fixture::HOSTILE {
            let expected = visible(value, true);
            assert_eq!(shown(&code(value)), expected);
            assert!(!escape(value).contains("<script") && !escape(value).contains('\n'));
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("select 1"), "  ```sql\n  select 1\n  ```");
        assert!(fenced("select '````'").starts_with("  `````sql\n"));
    }
}
