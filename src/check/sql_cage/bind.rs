//! Parameters of the policy in raw SQL: from `$name` to a bind parameter with its type.

use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::Span;
use crate::value::Type;

/// Replaces `$name` outside of quotes and comments by `CAST($n AS type)` over a text parameter.
pub(super) fn bind(
    text: &str,
    span: Span,
    declared: &[(String, Type)],
) -> Result<(String, Vec<String>), Diagnostic> {
    let mut out = String::with_capacity(text.len());
    let mut parameters: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\'' | '"' => quoted(rest, first),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '$' => {
                let name: String =
                    rest.chars().skip(1).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                    return Err(Diagnostic::error(Code::SqlRefused, "`$` begins a parameter of the policy")
                        .at(span, "in this SQL")
                        .help("write `$name`; positional parameters and dollar quotes are not allowed"));
                }
                let Some((_, ty)) = declared.iter().find(|(known, _)| *known == name) else {
                    return Err(Diagnostic::error(
                        Code::UnknownName,
                        format!("unknown parameter `${name}` in SQL"),
                    )
                    .at(span, "in this SQL")
                    .did_you_mean(&name, declared.iter().map(|(known, _)| known.as_str())));
                };
                let number = match parameters.iter().position(|p| *p == name) {
                    Some(at) => at + 1,
                    None => {
                        parameters.push(name.clone());
                        parameters.len()
                    }
                };
                out.push_str(&format!("CAST(${number} AS {})", sql_type(*ty)));
                rest = rest.get(1 + name.len()..).unwrap_or("");
                continue;
            }
            c => c.len_utf8(),
        };
        let (copied, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        out.push_str(copied);
        rest = after;
    }
    Ok((out, parameters))
}

/// Length of a quoted piece, doubled quotes included; the whole rest when it never ends.
fn quoted(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return at + 1;
            }
        }
    }
    text.len()
}

/// Length of a block comment; PostgreSQL's nest.
fn comment(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            match rest.chars().next() {
                Some(c) => at += c.len_utf8(),
                None => break,
            }
        }
    }
    text.len()
}

/// The PostgreSQL type a parameter of the policy is cast to; durations and shares as plain numbers.
fn sql_type(ty: Type) -> &'static str {
    match ty {
        Type::Number | Type::Percent | Type::Size => "numeric",
        Type::Duration => "interval",
        Type::Time => "timestamptz",
        Type::Text => "text",
        Type::Bool => "boolean",
    }
}
