//! Canonical text of a policy file: the printer behind `holdtrue fmt`.
//!
//! It lays out the outline and the tokens of a file and knows nothing of their meaning, so that a policy with
//! unknown names can be formatted too. Every comment, text and raw SQL is kept as written.

use pest::Parser as _;
use pest::iterators::Pair;

use super::grammar::{Grammar, Rule};
use super::outline::{self, first_word};
use super::tokens;
use super::words::{Block, Has};
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::{FileId, Span};

/// Columns a block may take when it stays on one line.
const WIDTH: usize = 100;

/// Statements a block may hold when it stays on one line.
const SHORT_BLOCK: usize = 4;

/// The canonical text of one policy file.
///
/// One statement stands on a line, blocks are indented by two blanks, tokens are one blank apart, at most one
/// empty line is kept between statements. A block of a few short statements that was written on one line
/// stays there. The result parses to the same tree, and formatting it again changes nothing.
///
/// # Errors
///
/// The diagnostics of [`parse`](super::parse) when the text cannot be parsed; nothing is guessed then.
pub fn format(text: &str, file: FileId) -> Result<String, Vec<Diagnostic>> {
    let (_, found) = outline::parse(file, text);
    if found.iter().any(Diagnostic::is_error) {
        return Err(found);
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let parsed = Grammar::parse(Rule::outline, text).ok().and_then(|mut pairs| pairs.next());
    let printed = parsed.and_then(|file| {
        let body = body(file.into_inner(), text, 0, text.len(), Block::Top);
        items(&body.items, 0, &mut out)
    });
    match printed {
        Some(()) => Ok(out),
        None => Err(vec![
            Diagnostic::error(Code::Malformed, "this file was read and cannot be written back")
                .at(Span { file, start: 0, end: 0 }, "in this file")
                .help("please report this as a bug, with the file"),
        ]),
    }
}

/// What stands in a block or file.
struct Body<'t> {
    /// The comment on the line of the opening brace.
    beside: Option<&'t str>,
    items: Vec<Item<'t>>,
}

/// A statement or a comment on its own line.
struct Item<'t> {
    /// Whether the author left an empty line before it.
    apart: bool,
    content: Content<'t>,
    /// The comment at the end of its line.
    beside: Option<&'t str>,
}

enum Content<'t> {
    Comment(&'t str),
    Statement { head: &'t str, rule: Rule, body: Option<Body<'t>>, one_line: bool },
}

/// Reads the statements between two places of the text, and the comments around them.
fn body<'t>(
    statements: pest::iterators::Pairs<'t, Rule>,
    text: &'t str,
    start: usize,
    end: usize,
    block: Block,
) -> Body<'t> {
    let mut body = Body { beside: None, items: Vec::new() };
    let mut at = start;
    for pair in statements.filter(|inner| inner.as_rule() == Rule::statement) {
        let span = pair.as_span();
        let apart = gap(text.get(at..span.start()).unwrap_or(""), at == 0, &mut body);
        at = span.end();
        if let Some(content) = statement(pair, text, block) {
            body.items.push(Item { apart, content, beside: None });
        }
    }
    gap(text.get(at..end).unwrap_or(""), at == 0, &mut body);
    body
}

fn statement<'t>(pair: Pair<'t, Rule>, text: &'t str, block: Block) -> Option<Content<'t>> {
    let mut parts = pair.into_inner();
    let head = parts.next()?.as_str().trim_end();
    let known = block.words().iter().find(|known| known.word == first_word(head))?;
    let mut one_line = false;
    let body = match (parts.next(), known.has) {
        (Some(pair), Has::Maybe(inside) | Has::Always(inside)) => {
            let (span, written) = (pair.as_span(), pair.as_str());
            one_line = !written.contains(['\n', '\r']);
            // Both braces are one byte long.
            Some(body(pair.into_inner(), text, span.start() + 1, span.end() - 1, inside))
        }
        _ => None,
    };
    Some(Content::Statement { head, rule: known.rule, body, one_line })
}

/// Reads the blanks, semicolons and comments before the next statement, puts the comments into the body, and
/// tells whether an empty line comes last. `first` is set at the beginning of the file.
fn gap<'t>(mut rest: &'t str, first: bool, body: &mut Body<'t>) -> bool {
    let mut lines = usize::from(first);
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '\r' if rest.starts_with("\r\n") => 2,
            c => c.len_utf8(),
        };
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = after;
        match c {
            '\n' | '\r' => lines += 1,
            '#' => {
                let comment = piece.trim_end();
                let beside = match body.items.last_mut() {
                    Some(item) => &mut item.beside,
                    None => &mut body.beside,
                };
                if lines == 0 && beside.is_none() {
                    *beside = Some(comment);
                } else {
                    let content = Content::Comment(comment);
                    body.items.push(Item { apart: lines > 1, content, beside: None });
                }
                lines = 0;
            }
            _ => {}
        }
    }
    lines > 1
}

/// Writes items, each on its own line.
fn items(list: &[Item<'_>], indent: usize, out: &mut String) -> Option<()> {
    for (at, item) in list.iter().enumerate() {
        if item.apart && at > 0 {
            out.push('\n');
        }
        blanks(indent, out);
        match &item.content {
            Content::Comment(comment) => out.push_str(comment),
            Content::Statement { head, rule, body, one_line } => {
                let head = head_text(head, *rule, indent)?;
                out.push_str(&head);
                if let Some(body) = body {
                    let used = indent + head.rsplit('\n').next().unwrap_or("").chars().count();
                    match short(body, used).filter(|_| *one_line) {
                        Some(inside) => out.push_str(&inside),
                        None => long(body, indent, out)?,
                    }
                }
            }
        }
        beside(item.beside, out);
        out.push('\n');
    }
    Some(())
}

/// A block on the line of its head, when it is short enough. `used` columns are taken already.
fn short(body: &Body<'_>, used: usize) -> Option<String> {
    if body.beside.is_some() || body.items.len() > SHORT_BLOCK {
        return None;
    }
    if body.items.is_empty() {
        return Some(" {}".to_owned());
    }
    let mut inside = Vec::new();
    for item in &body.items {
        match &item.content {
            Content::Statement { head, rule, body: None, .. } => inside.push(head_text(head, *rule, 0)?),
            _ => return None,
        }
    }
    let text = format!(" {{ {} }}", inside.join("; "));
    (used + text.chars().count() <= WIDTH).then_some(text)
}

/// A block over several lines.
fn long(body: &Body<'_>, indent: usize, out: &mut String) -> Option<()> {
    out.push_str(" {");
    beside(body.beside, out);
    out.push('\n');
    items(&body.items, indent + 2, out)?;
    blanks(indent, out);
    out.push('}');
    Some(())
}

fn head_text(head: &str, rule: Rule, indent: usize) -> Option<String> {
    let pair = Grammar::parse(rule, head).ok()?.next()?;
    Some(tokens::canonical(pair, head, indent))
}

fn beside(comment: Option<&str>, out: &mut String) {
    if let Some(comment) = comment {
        out.push_str("  ");
        out.push_str(comment);
    }
}

fn blanks(count: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', count));
}
