//! A JSON text as a tree that keeps what ordinary readers lose: member order and the spelling of numbers.

/// How deep a stored value may nest before it is refused.
const DEPTH: usize = 128;

/// A JSON value. Numbers keep their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree<'t> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(&'t str),
    /// A string, unescaped.
    String(String),
    /// An array.
    Array(Vec<Tree<'t>>),
    /// Members in stored order; of a repeated name the last value stands in the first one's place.
    Object(Vec<(String, Tree<'t>)>),
}

impl Tree<'_> {
    /// Whether any object in it has an order that could have been another.
    pub(crate) fn has_order(&self) -> bool {
        match self {
            Self::Array(items) => items.iter().any(Tree::has_order),
            Self::Object(members) => members.len() > 1 || members.iter().any(|(_, value)| value.has_order()),
            _ => false,
        }
    }
}

/// Reads one JSON text; `None` when it is not one, or nests deeper than 128 levels.
pub(crate) fn read(text: &str) -> Option<Tree<'_>> {
    let mut reader = Reader { text, at: 0 };
    let tree = reader.value(0)?;
    reader.space();
    (reader.at == text.len()).then_some(tree)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn word(&mut self, word: &str, tree: Tree<'t>) -> Option<Tree<'t>> {
        self.text.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            tree
        })
    }

    fn value(&mut self, depth: usize) -> Option<Tree<'t>> {
        if depth > DEPTH {
            return None;
        }
        self.space();
        match self.peek()? {
            b'n' => self.word("null", Tree::Null),
            b't' => self.word("true", Tree::Bool(true)),
            b'f' => self.word("false", Tree::Bool(false)),
            b'"' => self.string().map(Tree::String),
            b'[' => self.array(depth),
            b'{' => self.object(depth),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<Tree<'t>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Some(Tree::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Some(Tree::Array(items));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Tree<'t>> {
        self.at += 1;
        let mut members: Vec<(String, Tree<'t>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        if self.take(b'}') {
            return Some(Tree::Object(members));
        }
        loop {
            self.space();
            if self.peek()? != b'"' {
                return None;
            }
            let name = self.string()?;
            if !self.take(b':') {
                return None;
            }
            let value = self.value(depth + 1)?;
            let place = *places.entry(name.clone()).or_insert(members.len());
            match members.get_mut(place) {
                Some(member) => member.1 = value,
                None => members.push((name, value)),
            }
            if self.take(b'}') {
                return Some(Tree::Object(members));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        loop {
            match bytes.get(end)? {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let quoted = self.text.get(self.at..=end)?;
        self.at = end + 1;
        // Escapes and surrogates are left to the library; a lone surrogate cannot be stored as text anyway.
        serde_json::from_str(quoted).ok()
    }

    fn number(&mut self) -> Option<Tree<'t>> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let text = self.text.get(start..self.at)?;
        // The library knows the grammar of numbers.
        serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
        Some(Tree::Number(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_number_text_are_kept() {
        let tree =
            read(" {\"b\": 1.10, \"a\": [true, null, {\"x\": \"\\u00e9\\n\"}], \"b\": -0.0} ").unwrap();
        let Tree::Object(members) = &tree else { panic!("an object") };
        assert_eq!(members[0], ("b".to_owned(), Tree::Number("-0.0")));
        assert_eq!(members[1].0, "a");
        let inner = Tree::Object(vec![("x".to_owned(), Tree::String("é\n".to_owned()))]);
        assert_eq!(members[1].1, Tree::Array(vec![Tree::Bool(true), Tree::Null, inner]));
        assert!(tree.has_order());
        assert!(!read("{\"a\":[{}, {\"b\":1}]}").unwrap().has_order());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "01",
            "1.",
            "nul",
            "\"\\x\"",
            "\"\\ud800\"",
            "1 2",
            "{a:1}",
            "\"a",
            "-",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(read(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_some());
        assert_eq!(read(&"[".repeat(100_000)), None);
    }
}
