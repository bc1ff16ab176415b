//! Step 1: a file into statements and blocks, each statement handed to the rule of its first word.

use std::num::NonZeroUsize;

use pest::Parser as _;
use pest::iterators::Pair;

use super::ast::{Ast, Statement};
use super::grammar::{Grammar, Rule};
use super::mistakes::{continues, malformed, stray, unknown_word};
use super::parts::Place;
use super::words::{Block, Has};
use super::{balance, statements};
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::{FileId, Span};

/// Largest policy file that is read, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// Most steps of the parser over one text. A file at its limit of size stays well below; an expression made to
/// be read in exponentially many ways does not.
const MAX_STEPS: Option<NonZeroUsize> = NonZeroUsize::new(100_000_000);

/// Parses one file. Statements that cannot be read are left out of the tree and reported; all others are
/// in it, so that later steps can report their mistakes too.
#[must_use]
pub fn parse(file: FileId, text: &str) -> (Ast, Vec<Diagnostic>) {
    let mut reader = Outline { file, found: balance::check(file, text), lost: Vec::new() };
    let mut ast = Ast { file, statements: Vec::new(), lost: Vec::new(), whole: false };
    if text.len() > MAX_BYTES {
        let span = Span { file, start: 0, end: 0 };
        reader.found.push(
            Diagnostic::error(
                Code::Unreadable,
                format!("policy file is larger than {} MiB", MAX_BYTES >> 20),
            )
            .at(span, "this file")
            .help("split it into several files and `include` them"),
        );
    }
    if !reader.found.is_empty() {
        return (ast, reader.found);
    }
    pest::set_call_limit(MAX_STEPS);
    match Grammar::parse(Rule::outline, text) {
        Ok(pairs) => {
            for outline in pairs {
                (ast.statements, ast.whole) = reader.block(outline, Block::Top);
            }
        }
        Err(error) => reader.found.push(malformed(file, 0, text.len(), &error)),
    }
    ast.lost = reader.lost;
    ast.whole &= reader.found.is_empty();
    (ast, reader.found)
}

struct Outline {
    file: FileId,
    found: Vec<Diagnostic>,
    /// Names in statements that could not be read.
    lost: Vec<String>,
}

impl Outline {
    /// The statements of a block, and whether all of them could be read.
    fn block(&mut self, pair: Pair<'_, Rule>, block: Block) -> (Vec<Statement>, bool) {
        let mut statements = Vec::new();
        let mut whole = true;
        for inner in pair.into_inner().filter(|inner| inner.as_rule() == Rule::statement) {
            let text = inner.as_str();
            match self.statement(inner, block) {
                Some(statement) => statements.push(statement),
                None => {
                    whole = false;
                    self.lost.extend(names_in(text));
                }
            }
        }
        (statements, whole)
    }

    fn statement(&mut self, pair: Pair<'_, Rule>, block: Block) -> Option<Statement> {
        let mut parts = pair.into_inner();
        let head = parts.next()?;
        let body = parts.next();
        let text = head.as_str().trim_end();
        let start = head.as_span().start();
        let word = first_word(text);
        let word_span = Span { file: self.file, start, end: start + word.len() };
        let span = Span { file: self.file, start, end: start + text.len() };

        let Some(known) = block.words().iter().find(|known| known.word == word) else {
            if continues(word, block) {
                let one_more = stray(word, word_span, self.found.last_mut());
                self.found.extend(one_more);
            } else {
                self.found.push(unknown_word(word, word_span, block));
            }
            return None;
        };
        let (children, whole) = match (known.has, body) {
            (Has::Always(inside) | Has::Maybe(inside), Some(body)) => self.block(body, inside),
            (Has::Always(_), None) => {
                self.found.push(
                    Diagnostic::error(Code::BlockMismatch, format!("`{word}` needs a block"))
                        .at(span, "no `{ ... }` follows")
                        .help(format!("write `{text} {{ ... }}`")),
                );
                return None;
            }
            (Has::None, Some(body)) => {
                let at = body.as_span();
                self.found.push(
                    Diagnostic::error(Code::BlockMismatch, format!("`{word}` has no block"))
                        .at(
                            Span { file: self.file, start: at.start(), end: at.start() + 1 },
                            "not allowed here",
                        )
                        .help(format!("end the statement after `{text}`")),
                );
                return None;
            }
            (_, None) => (Vec::new(), true),
        };
        match Grammar::parse(known.rule, text) {
            Ok(mut pairs) => {
                let read = pairs.next().and_then(|pair| {
                    statements::read(pair, Place { file: self.file, base: start }, &mut self.found)
                });
                let clause = read?;
                Some(Statement { clause, span, children, whole })
            }
            Err(error) => {
                self.found.push(malformed(self.file, start, text.len(), &error));
                None
            }
        }
    }
}

/// The names a statement may have declared: the first words after its own.
fn names_in(statement: &str) -> impl Iterator<Item = String> {
    let words = statement.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    words.skip(1).take(3).map(str::to_owned)
}

/// The word a statement begins with; when it begins with something else, that one character.
pub(super) fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let end = if end == 0 { text.chars().next().map_or(0, char::len_utf8) } else { end };
    text.get(..end).unwrap_or(text)
}
