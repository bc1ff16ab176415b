//! Where a statement of SQL text ends, line by line.
//!
//! The same rules as `psqlscan.l` has: quotes, dollar quotes, nested comments, parentheses, and the `BEGIN ATOMIC ...
//! END` of functions, since a line of data, a comment or a statement may stand inside any of them.

/// What a scanner is inside of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Inside {
    Nothing,
    /// A text in single quotes, with or without backslash escapes.
    Text(bool),
    Name,
    Dollars(Vec<u8>),
    Comment(u32),
}

/// Follows one statement.
#[derive(Debug)]
pub(super) struct Scanner {
    inside: Inside,
    parentheses: u32,
    /// Open `BEGIN` and `CASE` of a function's body.
    begins: u32,
    /// The first words, in upper case, as far as they matter.
    words: Vec<Vec<u8>>,
    /// `standard_conforming_strings`.
    pub(super) standard: bool,
}

/// Where a line left the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// In the middle, or before its first word.
    Open,
    /// Behind its semicolon, which is this byte of the line.
    Ended(usize),
}

impl Default for Scanner {
    fn default() -> Self {
        Self { inside: Inside::Nothing, parentheses: 0, begins: 0, words: Vec::new(), standard: true }
    }
}

impl Scanner {
    /// Whether nothing of a statement was seen yet.
    pub(super) fn is_between(&self) -> bool {
        self.inside == Inside::Nothing && self.words.is_empty() && self.parentheses == 0
    }

    /// For the next statement.
    pub(super) fn reset(&mut self) {
        *self = Self { standard: self.standard, ..Self::default() };
    }

    /// Goes on from byte `at` of a line.
    pub(super) fn line(&mut self, line: &[u8], mut at: usize) -> After {
        while let Some(&byte) = line.get(at) {
            let next = line.get(at + 1).copied();
            match &mut self.inside {
                Inside::Text(escapes) => match byte {
                    b'\\' if *escapes => at += 1,
                    b'\'' if next == Some(b'\'') => at += 1,
                    b'\'' => self.inside = Inside::Nothing,
                    _ => {}
                },
                Inside::Name => {
                    if byte == b'"' {
                        self.inside = Inside::Nothing;
                    }
                }
                Inside::Dollars(tag) => {
                    if line.get(at..).is_some_and(|rest| rest.starts_with(tag)) {
                        at += tag.len() - 1;
                        self.inside = Inside::Nothing;
                    }
                }
                Inside::Comment(depth) => match (byte, next) {
                    (b'/', Some(b'*')) => {
                        *depth += 1;
                        at += 1;
                    }
                    (b'*', Some(b'/')) => {
                        *depth -= 1;
                        at += 1;
                        if *depth == 0 {
                            self.inside = Inside::Nothing;
                        }
                    }
                    _ => {}
                },
                Inside::Nothing => match byte {
                    b'-' if next == Some(b'-') => return After::Open,
                    b'/' if next == Some(b'*') => {
                        self.inside = Inside::Comment(1);
                        at += 1;
                    }
                    b'\'' => self.inside = Inside::Text(!self.standard),
                    b'"' => {
                        self.inside = Inside::Name;
                        self.word(b"");
                    }
                    b'(' => self.parentheses += 1,
                    b')' => self.parentheses = self.parentheses.saturating_sub(1),
                    b';' if self.parentheses == 0 && self.begins == 0 => return After::Ended(at),
                    b'$' => {
                        if let Some(tag) = dollars(line, at) {
                            at += tag.len() - 1;
                            self.inside = Inside::Dollars(tag);
                        }
                    }
                    _ if starts_word(byte) => {
                        let rest = line.get(at..).unwrap_or_default();
                        let length = rest.iter().position(|byte| !in_word(*byte)).unwrap_or(rest.len());
                        let word = rest.get(..length).unwrap_or_default();
                        at += length;
                        if word.eq_ignore_ascii_case(b"e") && line.get(at) == Some(&b'\'') {
                            self.inside = Inside::Text(true);
                            at += 1;
                        } else {
                            self.word(word);
                        }
                        continue;
                    }
                    _ => {}
                },
            }
            at += 1;
        }
        After::Open
    }

    /// `identifier_count` and `begin_depth` of `psqlscan.l`.
    fn word(&mut self, word: &[u8]) {
        if self.words.len() < 4 {
            self.words.push(word.to_ascii_uppercase());
        }
        let is = |nth: usize, what: &[u8]| self.words.get(nth).is_some_and(|word| word == what);
        let routine = |nth: usize| is(nth, b"FUNCTION") || is(nth, b"PROCEDURE");
        let makes_one = is(0, b"CREATE") && (routine(1) || (is(1, b"OR") && is(2, b"REPLACE") && routine(3)));
        if !makes_one || self.parentheses > 0 {
            return;
        }
        if word.eq_ignore_ascii_case(b"begin") || (self.begins > 0 && word.eq_ignore_ascii_case(b"case")) {
            self.begins += 1;
        } else if word.eq_ignore_ascii_case(b"end") {
            self.begins = self.begins.saturating_sub(1);
        }
    }
}

/// `$tag$` at this byte.
fn dollars(line: &[u8], at: usize) -> Option<Vec<u8>> {
    let rest = line.get(at + 1..)?;
    let length = rest.iter().position(|byte| *byte == b'$')?;
    let tag = rest.get(..length)?;
    let fine = tag.first().is_none_or(|byte| starts_word(*byte)) && tag.iter().all(|byte| in_word(*byte));
    fine.then(|| line.get(at..at + length + 2).unwrap_or_default().to_vec())
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn in_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(text: &str) -> Vec<String> {
        let mut scanner = Scanner::default();
        let mut found = vec![String::new()];
        for line in text.lines() {
            let mut from = 0;
            while let After::Ended(at) = scanner.line(line.as_bytes(), from) {
                found.last_mut().unwrap().push_str(line.get(from..=at).unwrap());
                found.push(String::new());
                scanner.reset();
                from = at + 1;
            }
            found.last_mut().unwrap().push_str(line.get(from..).unwrap());
            found.last_mut().unwrap().push('\n');
        }
        found.retain(|statement| !statement.trim().is_empty());
        found
    }

    #[test]
    fn a_semicolon_ends_a_statement_only_outside() {
        for one in [
            "select ';';",
            "select 'it''s;';",
            r"select e'\';';",
            r"select 'back\';",
            "select \"a;\"\";\";",
            "select $$;'$$;",
            "select $a$;$$;$b$;$a$;",
            "select a$b$c;",
            "select 1 -- ;\n;",
            "select /* ; /* ; */ ; */ 1;",
            "create rule r as on insert to t do (a; b);",
            "CREATE FUNCTION f() RETURNS int\n    BEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 ELSE 2 END;\n SELECT 2;\nEND;",
            "create or replace procedure p() begin atomic select 1; end;",
            "create function \"begin\"() returns int language sql as $$ begin $$;",
            "create table \"case\" (\"end\" int);",
        ] {
            assert_eq!(statements(one).len(), 1, "{one}");
        }
        assert_eq!(statements("begin; select 1; end;").len(), 3);
        assert_eq!(statements("create function f(begin int) returns int as 'x'; select 1;").len(), 2);
    }
}
