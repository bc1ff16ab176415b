//! Walking over the pairs of one rule without trusting their number.

use pest::iterators::Pair;

use super::ast::{Name, Path, Pattern};
use super::grammar::Rule;
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::{FileId, Span, Spanned};

/// Where a parsed piece of text lies in its file.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) file: FileId,
    pub(super) base: usize,
}

impl Place {
    pub(super) fn span(self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        // A rule's span may take in the blanks before its end; the text proper is what a reader points at.
        let end = span.start() + span.as_str().trim_end().len();
        Span { file: self.file, start: self.base + span.start(), end: self.base + end }
    }

    pub(super) fn name(self, pair: &Pair<'_, Rule>) -> Name {
        Spanned::new(pair.as_str().trim_end().to_owned(), self.span(pair))
    }
}

/// The pairs inside one rule.
pub(super) struct Parts<'i> {
    list: std::vec::IntoIter<Pair<'i, Rule>>,
    keywords: Vec<(Rule, Span)>,
    pub(super) place: Place,
}

impl<'i> Parts<'i> {
    /// Takes a pair apart. Words of the language are set aside for [`Parts::saw`].
    pub(super) fn of(pair: Pair<'i, Rule>, place: Place) -> Self {
        let mut keywords = Vec::new();
        let mut list = Vec::new();
        for inner in pair.into_inner() {
            let rule = inner.as_rule();
            if rule == Rule::EOI {
                continue;
            }
            if is_word(rule) {
                keywords.push((rule, place.span(&inner)));
            } else {
                list.push(inner);
            }
        }
        Self { list: list.into_iter(), keywords, place }
    }

    /// Whether a word of the language stood directly in this rule.
    pub(super) fn saw(&self, keyword: Rule) -> bool {
        self.seen_at(keyword).is_some()
    }

    /// Where a word of the language stood directly in this rule.
    pub(super) fn seen_at(&self, keyword: Rule) -> Option<Span> {
        self.keywords.iter().find(|(rule, _)| *rule == keyword).map(|(_, span)| *span)
    }

    /// The next pair, whatever it is.
    pub(super) fn next(&mut self) -> Option<Pair<'i, Rule>> {
        self.list.next()
    }

    /// The rule of the next pair.
    pub(super) fn peek(&self) -> Option<Rule> {
        self.list.as_slice().first().map(Pair::as_rule)
    }

    /// The next pair if it is of this rule.
    pub(super) fn take(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        if self.peek() == Some(rule) { self.list.next() } else { None }
    }

    /// The next pair as a bare name, if it is of this rule.
    pub(super) fn word(&mut self, rule: Rule) -> Option<Name> {
        self.take(rule).map(|pair| self.place.name(&pair))
    }

    /// The next identifier, backticks removed.
    pub(super) fn ident(&mut self) -> Option<Name> {
        self.take(Rule::ident).map(|pair| ident(&pair, self.place))
    }

    /// All identifiers that follow.
    pub(super) fn idents(&mut self) -> Vec<Name> {
        std::iter::from_fn(|| self.ident()).collect()
    }

    /// The columns of a `columns` pair that follows.
    pub(super) fn columns(&mut self) -> Option<Vec<Name>> {
        let pair = self.take(Rule::columns)?;
        Some(Parts::of(pair, self.place).idents())
    }

    /// The columns of a `places` pair that follows.
    pub(super) fn places(&mut self) -> Option<Vec<Path>> {
        let pair = self.take(Rule::places)?;
        let mut inside = Parts::of(pair, self.place);
        Some(std::iter::from_fn(|| inside.path()).collect())
    }

    /// The next path.
    pub(super) fn path(&mut self) -> Option<Path> {
        self.take(Rule::path).map(|pair| path(pair, self.place))
    }

    /// The next text, quotes and escapes resolved.
    pub(super) fn text(&mut self, found: &mut Vec<Diagnostic>) -> Option<Name> {
        let pair = self.take(Rule::string)?;
        Some(text(&pair, self.place, found))
    }

    /// The next table pattern.
    pub(super) fn pattern(&mut self) -> Option<Pattern> {
        self.take(Rule::pattern).map(|pair| pattern(&pair, self.place))
    }
}

/// Whether a rule is a word of the language; these stand last in the grammar.
fn is_word(rule: Rule) -> bool {
    rule >= Rule::k_colon
}

pub(super) fn ident(pair: &Pair<'_, Rule>, place: Place) -> Name {
    let mut name = place.name(pair);
    if let Some(bare) = name.node.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        name.node = bare.to_owned();
    }
    name
}

pub(super) fn path(pair: Pair<'_, Rule>, place: Place) -> Path {
    let span = place.span(&pair);
    let parts = pair.into_inner().filter(|p| p.as_rule() == Rule::ident).map(|p| ident(&p, place)).collect();
    Path { parts, span }
}

/// A quoted text's meaning. Escapes are `\"`, `\\`, `\n`, `\t`; any other is reported.
pub(super) fn text(pair: &Pair<'_, Rule>, place: Place, found: &mut Vec<Diagnostic>) -> Name {
    let span = place.span(pair);
    let inner = pair.as_str().trim_end();
    let inner = inner.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(inner);
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.char_indices();
    while let Some((_, c)) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match chars.next() {
            Some((_, 'n')) => value.push('\n'),
            Some((_, 't')) => value.push('\t'),
            Some((_, c @ ('"' | '\\'))) => value.push(c),
            Some((at, c)) => {
                let start = span.start + at;
                let wrong = Span { file: span.file, start, end: start + 1 + c.len_utf8() };
                found.push(
                    Diagnostic::error(Code::BadLiteral, format!("unknown escape `\\{c}`"))
                        .at(wrong, "in this text")
                        .help("the escapes are `\\\"`, `\\\\`, `\\n` and `\\t`; write a backslash as `\\\\`"),
                );
            }
            None => {}
        }
    }
    Spanned::new(value, span)
}

fn pattern(pair: &Pair<'_, Rule>, place: Place) -> Pattern {
    let span = place.span(pair);
    let written = pair.as_str().trim_end();
    let dot = {
        let mut quoted = false;
        written.char_indices().find(|(_, c)| {
            quoted ^= *c == '`';
            *c == '.' && !quoted
        })
    };
    let (schema, table) = match dot {
        Some((at, _)) => (written.get(..at), written.get(at + 1..).unwrap_or("")),
        None => (None, written),
    };
    let bare = |part: &str| part.trim_matches('`').to_owned();
    Pattern {
        schema: schema.map(bare),
        table: bare(table),
        glob: table.contains('*') && !table.starts_with('`'),
        span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_language_stand_last_in_the_grammar() {
        for rule in Rule::all_rules() {
            assert_eq!(is_word(*rule), format!("{rule:?}").starts_with("k_"), "{rule:?}");
        }
    }
}
