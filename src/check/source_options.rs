//! What the block of a source says: how its files are named, how often there is one, which headers a request has.

use bigdecimal::ToPrimitive;

use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::source::Named;
use crate::policy::{SourceAddress, SourceKind, SourceOptions};
use crate::syntax::ast::{Address, Clause, Name, Permission, Statement};
use crate::value::{Type, Value};

/// Most bytes of an answer that a policy may allow.
const MOST_BODY: u64 = 64 << 20;

impl Checker<'_> {
    /// What the block of a source says.
    pub(super) fn source_options(&mut self, kind: SourceKind, statement: &Statement) -> SourceOptions {
        let mut options = SourceOptions::default();
        let known = kind.describe();
        let mut seen: Vec<String> = Vec::new();
        for child in &statement.children {
            let text = self.texts.text(child.span);
            let word = text.split_whitespace().next().unwrap_or_default().to_owned();
            if !known.options.contains(&word.as_str()) {
                self.sink.push(
                    Diagnostic::error(
                        Code::BadAssertion,
                        format!("`{word}` means nothing for a source of kind `{}`", kind.word()),
                    )
                    .at(child.span, "not one of its words")
                    .did_you_mean(&word, known.options.iter().copied()),
                );
                continue;
            }
            // Headers and permissions may be several; the rest is said once.
            let what =
                if ["header", "allow"].contains(&word.as_str()) { text.to_owned() } else { word.clone() };
            if seen.contains(&what) {
                let help = "remove one of them";
                self.error(
                    Code::Duplicate,
                    format!("`{word}` stands twice"),
                    (child.span, "again here"),
                    help,
                );
            }
            seen.push(what);
            if let Clause::Permit { what } = &child.clause
                && !permits(kind, *what)
            {
                let message = match what {
                    Permission::Redirects => {
                        format!("nothing redirects for a source of kind `{}`", kind.word())
                    }
                    _ => format!("this is not allowed of a source of kind `{}`", kind.word()),
                };
                self.error(Code::BadAssertion, message, (child.span, "means nothing here"), "remove it");
                continue;
            }
            self.source_option(&child.clause, &mut options);
        }
        options
    }

    fn source_option(&mut self, clause: &Clause, options: &mut SourceOptions) {
        match clause {
            Clause::Named { pattern, zone } => options.named = self.naming(pattern, zone.as_ref()),
            Clause::Cadence { every } => options.every = self.duration(every),
            Clause::Checksums { lists } => {
                lists.iter().for_each(|list| {
                    self.refuses_secret(list);
                });
                options.checksums = lists.iter().map(|list| list.node.clone()).collect();
            }
            Clause::Header { name, value } => self.header_option(name, value, options),
            Clause::Permit { what: Permission::Redirects } => options.redirects = true,
            Clause::Permit { what: Permission::Private } => options.private = true,
            Clause::Permit { what: Permission::Empty } => options.empty = true,
            Clause::Pepper { value } => options.pepper = Some(secret(value)),
            Clause::MaxBody { limit } => {
                let size = literals::quantity_of(&limit.node, false, Type::Size, limit.span);
                if let Some(Value::Size(bytes)) = self.keep(size) {
                    options.max_body = bytes.to_u64().filter(|n| (1..=MOST_BODY).contains(n));
                    if options.max_body.is_none() {
                        let help = "write a size such as `1MiB`";
                        let message = "an answer may have at least one byte and at most 64MiB";
                        self.error(Code::BadLiteral, message, (limit.span, "here"), help);
                    }
                }
            }
            _ => {}
        }
    }

    /// How names are made, if the pattern tells one file from another: it has a year, and nothing but `strftime` conversions that
    /// read back what they write.
    fn naming(&mut self, pattern: &Name, zone: Option<&Name>) -> Option<Named> {
        let wrong = match unknown_conversion(&pattern.node) {
            Some(conversion) => Some(format!("`{conversion}` cannot be read from a name")),
            None if !pattern.node.contains("%Y")
                || !(pattern.node.contains("%d") || pattern.node.contains("%j")) =>
            {
                Some("a name needs a year (`%Y`) and a day (`%m` and `%d`, or `%j`)".to_owned())
            }
            None if pattern.node.contains('/') => Some("a name has no slash".to_owned()),
            None => None,
        };
        let Some(wrong) = wrong else {
            let zone = zone.map(|zone| zone.node.clone());
            return Some(Named { pattern: pattern.node.clone(), zone });
        };
        let help = "write for example `named \"db_%Y%m%d_%H%M%S.backup\"`; the conversions are %Y %m %d %j %H %M %S %z";
        self.error(Code::BadLiteral, wrong, (pattern.span, "not a pattern of names"), help);
        None
    }

    fn header_option(&mut self, name: &Name, value: &Address, options: &mut SourceOptions) {
        let token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let low = name.node.to_ascii_lowercase();
        let ours = ["host", "content-length", "transfer-encoding", "connection", "upgrade"];
        if name.node.is_empty() || !name.node.chars().all(token) || ours.contains(&low.as_str()) {
            let help = "write for example `header \"Authorization\" from env API_TOKEN`";
            self.error(Code::BadLiteral, "this is no header that can be set", (name.span, "here"), help);
            return;
        }
        options.headers.push((name.node.clone(), secret(value)));
    }
}

/// Where a secret comes from.
fn secret(value: &Address) -> SourceAddress {
    match value {
        Address::Env(variable) => SourceAddress::Env(variable.node.clone()),
        Address::File(path) | Address::Literal(path) | Address::Newest(path, _) => {
            SourceAddress::File(path.node.clone())
        }
    }
}

/// Whether a source of a kind can be allowed something.
fn permits(kind: SourceKind, what: Permission) -> bool {
    match what {
        Permission::Redirects => kind == SourceKind::Http,
        Permission::Private => kind != SourceKind::List,
        Permission::Empty => kind == SourceKind::List,
    }
}

/// The first `%` conversion of a pattern that is not one of those that names hold.
fn unknown_conversion(pattern: &str) -> Option<String> {
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        if c == '%' {
            match rest.next() {
                Some('Y' | 'm' | 'd' | 'j' | 'H' | 'M' | 'S' | 'z' | '%') => {}
                Some(other) => return Some(format!("%{other}")),
                None => return Some("%".to_owned()),
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::unknown_conversion;

    #[test]
    fn names_hold_times_and_nothing_else() {
        assert_eq!(unknown_conversion("tala_db_%Y%m%d_%H%M%S.backup"), None);
        assert_eq!(unknown_conversion("100%%_%Y"), None);
        assert_eq!(unknown_conversion("%Y_%s"), Some("%s".to_owned()));
        assert_eq!(unknown_conversion("%Y%"), Some("%".to_owned()));
    }
}
