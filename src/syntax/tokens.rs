//! The tokens of one statement, and how they stand beside each other in canonical text.
//!
//! The tokens are the leaves of the statement's own parse tree, so that `Journal*`, `bir:RR9-2009` and
//! `2026-01-14T14:30:00+08:00` are one token each, and a sign is told from a subtraction. What lies between
//! the leaves is punctuation, comments and line ends.

use pest::iterators::Pair;

use super::grammar::Rule;

/// What a token is, as far as its surroundings depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A word, name, literal or operator: a space on both sides.
    Piece,
    /// The name of a function; its parenthesis follows at once.
    Function,
    /// A sign before a number or value.
    Sign,
    /// `..`
    Dots,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `(` or `[`
    Open,
    /// `(` that always follows at once.
    Apply,
    /// `)` or `]`
    Close,
    /// `{` of an object.
    OpenObject,
    /// `}` of an object.
    CloseObject,
    /// `# ...`
    Comment,
}

/// A token and whether the author began a new line before it.
#[derive(Clone, Copy, Debug)]
struct Token<'t> {
    text: &'t str,
    kind: Kind,
    breaks: bool,
}

impl Kind {
    fn opens(self) -> bool {
        matches!(self, Self::Open | Self::Apply | Self::OpenObject)
    }

    fn closes(self) -> bool {
        matches!(self, Self::Close | Self::CloseObject)
    }

    /// Whether nothing may come between a token of this kind and the one before it.
    fn clings(self) -> bool {
        matches!(self, Self::Comma | Self::Colon | Self::Dots | Self::Apply)
    }

    /// Whether a space belongs between two neighbours on one line.
    fn space_before(self, next: Self) -> bool {
        let glued_left = next.clings() || next == Self::Close;
        let glued_right = matches!(self, Self::Open | Self::Apply | Self::Sign | Self::Dots);
        let call = self == Self::Function && next == Self::Open;
        let empty = self == Self::OpenObject && next == Self::CloseObject;
        !(glued_left || glued_right || call || empty)
    }
}

/// The canonical text of one statement without its block. Lines after the first are indented by `indent`
/// blanks and their depth; line ends are the author's, and there is none at the end.
pub(super) fn canonical(statement: Pair<'_, Rule>, text: &str, indent: usize) -> String {
    render(&tidy(tokens(statement, text)), indent)
}

/// Cuts a statement into tokens.
fn tokens<'t>(statement: Pair<'_, Rule>, text: &'t str) -> Vec<Token<'t>> {
    let mut found = Vec::new();
    leaves(statement, Rule::EOI, &mut found);
    let mut reader = Between { tokens: Vec::new(), breaks: false };
    let mut at = 0;
    for (start, end, kind) in found {
        reader.read(text.get(at..start).unwrap_or(""));
        reader.push(text.get(start..end).unwrap_or("").trim_end(), kind);
        at = end;
    }
    reader.read(text.get(at..).unwrap_or(""));
    reader.tokens
}

/// Collects the leaves of a tree: their places and what they are.
fn leaves(pair: Pair<'_, Rule>, parent: Rule, found: &mut Vec<(usize, usize, Kind)>) {
    let rule = pair.as_rule();
    let span = pair.as_span();
    let kind = match rule {
        Rule::EOI => return,
        Rule::path if parent == Rule::call => Kind::Function,
        Rule::k_int => Kind::Function,
        Rule::subtract if parent != Rule::expr => Kind::Sign,
        Rule::k_dots => Kind::Dots,
        Rule::k_colon => Kind::Colon,
        Rule::k_open => Kind::Apply,
        Rule::k_close => Kind::Close,
        Rule::path | Rule::ident => Kind::Piece,
        _ => {
            let mut inner = pair.into_inner().peekable();
            if inner.peek().is_some() {
                inner.for_each(|child| leaves(child, rule, found));
                return;
            }
            // An empty one is its brackets, which are read from the text.
            if matches!(rule, Rule::object | Rule::array) {
                return;
            }
            Kind::Piece
        }
    };
    found.push((span.start(), span.end(), kind));
}

/// Reads what stands between leaves.
struct Between<'t> {
    tokens: Vec<Token<'t>>,
    breaks: bool,
}

impl<'t> Between<'t> {
    fn push(&mut self, text: &'t str, kind: Kind) {
        let breaks = std::mem::replace(&mut self.breaks, kind == Kind::Comment);
        self.tokens.push(Token { text, kind, breaks });
    }

    fn read(&mut self, mut rest: &'t str) {
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
                '?' if rest.starts_with("??") => 2,
                c => c.len_utf8(),
            };
            let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            rest = after;
            match first {
                '\n' | '\r' => self.breaks = true,
                ' ' | '\t' => {}
                '#' => self.push(token.trim_end(), Kind::Comment),
                ',' => self.push(token, Kind::Comma),
                ':' => self.push(token, Kind::Colon),
                '(' | '[' => self.push(token, Kind::Open),
                ')' | ']' => self.push(token, Kind::Close),
                '{' => self.push(token, Kind::OpenObject),
                '}' => self.push(token, Kind::CloseObject),
                _ => self.push(token, Kind::Piece),
            }
        }
    }
}

/// Drops line ends where a line would begin with a comma or end with a sign, and the comma before a brace
/// on the same line. After a comment the line always ends.
fn tidy(tokens: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let mut tidied: Vec<Token<'_>> = Vec::with_capacity(tokens.len());
    for mut token in tokens {
        let before = tidied.last().map(|t| t.kind);
        if before != Some(Kind::Comment) && (token.kind.clings() || before == Some(Kind::Sign)) {
            token.breaks = false;
        }
        if token.kind == Kind::CloseObject && !token.breaks && before == Some(Kind::Comma) {
            tidied.pop();
        }
        tidied.push(token);
    }
    tidied
}

fn render(tokens: &[Token<'_>], indent: usize) -> String {
    let mut out = String::new();
    // Depth of each line, and of the lines on which the open brackets stand.
    let mut depth = 0;
    let mut open: Vec<usize> = Vec::new();
    let mut before: Option<Kind> = None;
    for (at, token) in tokens.iter().enumerate() {
        match before {
            Some(_) if token.breaks => {
                depth = line_depth(tokens.get(at..).unwrap_or(&[]), &open);
                out.push('\n');
                out.push_str(&" ".repeat(indent + 2 * depth));
            }
            Some(_) if token.kind == Kind::Comment => out.push_str("  "),
            Some(before) if before.space_before(token.kind) => out.push(' '),
            _ => {}
        }
        out.push_str(token.text);
        if token.kind.opens() {
            open.push(depth);
        } else if token.kind.closes() {
            open.pop();
        }
        before = Some(token.kind);
    }
    out
}

/// Depth of a line that begins with these tokens: a line that closes brackets stands under the line that
/// opened the outermost of them, any other one step further in than the innermost open bracket's line.
fn line_depth(tokens: &[Token<'_>], open: &[usize]) -> usize {
    let closed = tokens.iter().take_while(|t| t.kind.closes()).count();
    match closed {
        0 => open.last().map_or(1, |depth| depth + 1),
        _ => open.len().checked_sub(closed).and_then(|left| open.get(left)).copied().unwrap_or(0),
    }
}
