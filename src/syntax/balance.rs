//! A scan before the parser: brackets, quotes and depth, so that their mistakes have narrow spans and
//! hostile nesting cannot exhaust the stack.

use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::{FileId, Span};

/// Deepest nesting of blocks, parentheses and arrays.
const MAX_DEPTH: usize = 64;

/// What ends a line for the grammar; a lone carriage return does too, or a comment could hide brackets here.
const LINE_ENDS: [char; 2] = ['\n', '\r'];

/// Checks one file; empty when brackets and quotes pair up.
pub(super) fn check(file: FileId, text: &str) -> Vec<Diagnostic> {
    Scan { file, text, at: 0, open: Vec::new(), found: Vec::new() }.run()
}

/// What closes an opening bracket.
fn closing(open: char) -> char {
    match open {
        '{' => '}',
        '[' => ']',
        _ => ')',
    }
}

struct Scan<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    open: Vec<(char, usize)>,
    found: Vec<Diagnostic>,
}

impl Scan<'_> {
    fn run(mut self) -> Vec<Diagnostic> {
        while let Some(c) = self.rest().chars().next() {
            let start = self.at;
            self.at += c.len_utf8();
            match c {
                '#' => self.skip_to_line_end(),
                '"' => self.quoted(start, '"', "text", true),
                '`' => self.quoted(start, '`', "name", false),
                '$' if self.rest().starts_with('$') => self.raw(start),
                '{' | '(' | '[' => {
                    self.open.push((c, start));
                    if self.open.len() > MAX_DEPTH {
                        let message = format!("nested more than {MAX_DEPTH} deep");
                        let span = self.span(start, self.at);
                        self.found.push(
                            Diagnostic::error(Code::TooDeep, message)
                                .at(span, "one too many")
                                .help("close something first, or split the expression over several checks"),
                        );
                        return self.found;
                    }
                }
                '}' | ')' | ']' => self.close(c, start),
                _ => {}
            }
        }
        for (c, start) in std::mem::take(&mut self.open) {
            let span = self.span(start, start + 1);
            self.found.push(
                Diagnostic::error(Code::Unbalanced, format!("`{c}` is never closed"))
                    .at(span, "opened here")
                    .help(format!("add the missing `{}`", closing(c))),
            );
        }
        self.found
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start, end }
    }

    fn skip_to_line_end(&mut self) {
        self.at += self.rest().find(LINE_ENDS).unwrap_or(self.rest().len());
    }

    fn quoted(&mut self, start: usize, quote: char, what: &str, escapes: bool) {
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices() {
            if LINE_ENDS.contains(&c) {
                break;
            }
            if !escaped && c == quote {
                self.at += offset + 1;
                return;
            }
            escaped = escapes && !escaped && c == '\\';
        }
        let end =
            start + self.text.get(start..).and_then(|t| t.find(LINE_ENDS)).unwrap_or(self.text.len() - start);
        let span = self.span(start, end);
        self.found.push(
            Diagnostic::error(Code::Unterminated, format!("this {what} never ends"))
                .at(span, "begins here")
                .help(format!("close it with `{quote}` on the same line")),
        );
        self.skip_to_line_end();
    }

    fn raw(&mut self, start: usize) {
        self.at += 1;
        match self.rest().find("$$") {
            Some(offset) => self.at += offset + 2,
            None => {
                let span = self.span(start, start + 2);
                self.found.push(
                    Diagnostic::error(Code::Unterminated, "this SQL never ends")
                        .at(span, "begins here")
                        .help("close it with `$$`"),
                );
                self.at = self.text.len();
            }
        }
    }

    fn close(&mut self, c: char, start: usize) {
        match self.open.last().copied() {
            Some((open, _)) if closing(open) == c => {
                self.open.pop();
            }
            Some((open, at)) => {
                let here = self.span(start, start + 1);
                let there = self.span(at, at + 1);
                self.found.push(
                    Diagnostic::error(Code::Unbalanced, format!("`{c}` closes nothing"))
                        .at(here, "does not fit")
                        .at(there, format!("this `{open}` is still open")),
                );
                // The outer one may still fit; dropping the inner keeps the rest of the file readable.
                self.open.pop();
                if self.open.last().is_some_and(|(open, _)| closing(*open) == c) {
                    self.open.pop();
                }
            }
            None => {
                let span = self.span(start, start + 1);
                self.found.push(
                    Diagnostic::error(Code::Unbalanced, format!("`{c}` closes nothing"))
                        .at(span, "nothing is open"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(Code, usize)> {
        check(FileId(0), text).iter().map(|d| (d.code, d.labels[0].span.start)).collect()
    }

    #[test]
    fn brackets_in_text_comments_and_sql_do_not_count() {
        assert_eq!(codes("gate a { # }\n x \"}\\\"\" $$ ( $$ `)` }"), vec![]);
    }

    #[test]
    fn mistakes_are_placed() {
        assert_eq!(codes("gate a {\n"), vec![(Code::Unbalanced, 7)]);
        assert_eq!(codes("a )"), vec![(Code::Unbalanced, 2)]);
        assert_eq!(codes("a \"x\nb"), vec![(Code::Unterminated, 2)]);
        assert_eq!(codes("a $$ x"), vec![(Code::Unterminated, 2)]);
        assert_eq!(codes(&"(".repeat(100)), vec![(Code::TooDeep, 64)]);
        assert_eq!(codes(&"[".repeat(100)), vec![(Code::TooDeep, 64)]);
        assert_eq!(codes("[(]"), vec![(Code::Unbalanced, 2)]);
    }
}
