//! What is wrong with a statement that cannot be read, in words for people.

use super::grammar::{Rule, describe};
use super::words::Block;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::source_text::{FileId, Span};

/// What stands around a text in SQL and not here.
const QUOTE: char = '\'';

const LINE_END: &str = "a statement ends at the line end; write this on the line before, or break the line inside `( )` or after \
                        `,` or an operator";

/// The message of a statement that lacks its end.
const TOO_EARLY: &str = "the statement ends too early";

/// Whether a word that begins no statement of a block stands in the middle of some.
pub(super) fn continues(word: &str, block: Block) -> bool {
    if word.starts_with(|c: char| "=<>!+-*/,?.()".contains(c)) {
        return true;
    }
    let keyword = Rule::all_rules().iter().any(|rule| format!("{rule:?}").strip_prefix("k_") == Some(word));
    keyword
        && block.not_available(word).is_none()
        && !Block::ALL.iter().any(|b| b.words().iter().any(|w| w.word == word))
}

/// A line that goes on with the statement before it. When that one was found too short, it is the same mistake.
pub(super) fn stray(word: &str, span: Span, last: Option<&mut Diagnostic>) -> Option<Diagnostic> {
    match last {
        Some(last) if last.message == TOO_EARLY => {
            *last = std::mem::replace(last, Diagnostic::error(Code::Malformed, ""))
                .at(span, "goes on here")
                .help(LINE_END);
            None
        }
        _ => Some(
            Diagnostic::error(Code::Malformed, format!("`{word}` cannot begin a statement"))
                .at(span, "here")
                .help(LINE_END),
        ),
    }
}

/// A word that begins no statement of a block.
pub(super) fn unknown_word(word: &str, span: Span, block: Block) -> Diagnostic {
    if let Some(advice) = block.not_available(word) {
        return Diagnostic::error(Code::NotAvailable, format!("`{word}` is not available in this version"))
            .at(span, "cannot be carried out")
            .help(advice);
    }
    let legal: Vec<&str> = block.words().iter().map(|known| known.word).collect();
    let message = format!("unknown word `{word}` {}", block.place());
    let diagnostic = Diagnostic::error(Code::UnknownWord, message).at(span, "not known here");
    // What a template may hold, a check may as well, and people know checks.
    let elsewhere = Block::ALL
        .into_iter()
        .filter(|other| *other != Block::Template)
        .find(|other| *other != block && other.words().iter().any(|known| known.word == word));
    match elsewhere {
        Some(home) if suggest::nearest(word, &legal).is_none() => diagnostic.help(format!(
            "`{word}` belongs {}; legal here: {}",
            home.place(),
            suggest::listing(&legal)
        )),
        _ => diagnostic.did_you_mean(word, legal),
    }
}

/// Turns pest's furthest failure inside one statement into words for people.
pub(super) fn malformed(
    file: FileId,
    base: usize,
    length: usize,
    error: &pest::error::Error<Rule>,
) -> Diagnostic {
    if matches!(error.variant, pest::error::ErrorVariant::CustomError { .. }) {
        let span = Span { file, start: base, end: base + length };
        return Diagnostic::error(Code::TooDeep, "this is too tangled to be read")
            .at(span, "here")
            .help("split it into several simpler statements");
    }
    let at = match error.location {
        pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at.min(length),
    };
    let line = match &error.line_col {
        pest::error::LineColLocation::Pos((_, column))
        | pest::error::LineColLocation::Span((_, column), _) => {
            error.line().chars().skip(column.saturating_sub(1)).collect::<String>()
        }
    };
    let wrong = wrong_piece(&line);
    let span = Span { file, start: base + at, end: (base + at + wrong.len()).min(base + length) };
    let mut expected: Vec<String> = match &error.variant {
        pest::error::ErrorVariant::ParsingError { positives, .. } => {
            positives.iter().filter_map(|rule| describe(*rule)).collect()
        }
        pest::error::ErrorVariant::CustomError { .. } => Vec::new(),
    };
    expected.sort();
    expected.dedup();
    if expected.iter().any(|e| e == "a value") {
        expected.retain(|e| {
            !e.starts_with("a date") && !e.starts_with("a parameter") && !e.starts_with("a number")
        });
    }
    let message =
        if wrong.is_empty() { TOO_EARLY.to_owned() } else { format!("`{wrong}` does not fit here") };
    let diagnostic = Diagnostic::error(Code::Malformed, message).at(span, "here");
    match advice(wrong, &expected) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// What to write instead of a piece that does not fit.
fn advice(wrong: &str, expected: &[String]) -> Option<String> {
    if let Some(text) = wrong.strip_prefix(QUOTE) {
        let text = text.trim_end_matches(QUOTE);
        return Some(format!("a text stands in double quotes: `\"{text}\"`"));
    }
    let words: Vec<&str> = expected.iter().filter_map(|e| e.strip_prefix('`')?.strip_suffix('`')).collect();
    if let Some(near) = suggest::nearest(wrong, &words).filter(|_| !wrong.is_empty()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let list = match expected {
        [] if wrong == "of" => return Some("put the inner share in parentheses".to_owned()),
        [] => return None,
        list => suggest::alternatives(list),
    };
    let expects = |what: &str| expected.iter().any(|e| e == what);
    Some(if wrong.starts_with('$') {
        format!("a parameter cannot stand here; write the value itself, expected {list}")
    } else if wrong == "per" && expects("`and`") {
        "`per` belongs to a single comparison; write a check of its own for each, such as \
         `require sum(T.a) = sum(T.b) per c`"
            .to_owned()
    } else if wrong.starts_with(char::is_alphabetic)
        && (expects("a literal") || expects("text in double quotes"))
    {
        format!("expected {list}; a text stands in double quotes: `\"{wrong}\"`")
    } else {
        format!("expected {list}")
    })
}

/// The token at the place of failure, for its span and for the message.
fn wrong_piece(rest: &str) -> &str {
    let mut chars = rest.char_indices();
    let end = match chars.next() {
        None => 0,
        Some((_, first)) if first.is_alphanumeric() || first == '_' || first == '$' => chars
            .find(|(_, c)| !(c.is_alphanumeric() || *c == '_' || *c == '%'))
            .map_or(rest.len(), |(at, _)| at),
        // What was meant as a text, to its end if it has one.
        Some((_, first)) if first == QUOTE => {
            chars.find(|(_, c)| *c == QUOTE).map_or(first.len_utf8(), |(at, last)| at + last.len_utf8())
        }
        Some((_, first)) => first.len_utf8(),
    };
    rest.get(..end).unwrap_or("")
}
