//! Sources: of which kind, and where.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::kind::{LATER, Newest, Place};
use crate::policy::{Source, SourceAddress, SourceKind};
use crate::source_text::Spanned;
use crate::syntax::ast::{Address, Clause, Name, Statement};
use std::collections::BTreeMap;

impl<'a> Checker<'a> {
    pub(super) fn declare_sources(&mut self, statements: &[&'a Statement]) {
        let mut seen = BTreeMap::new();
        for statement in statements {
            let Clause::Source { kind, name, address } = &statement.clause else { continue };
            self.unique(&mut seen, name, "source");
            let Some(known) = SourceKind::ALL.into_iter().find(|k| k.word() == kind.node) else {
                let diagnostic = if LATER.contains(&kind.node.as_str()) {
                    Diagnostic::error(
                        Code::NotAvailable,
                        format!("sources of kind `{}` are not available in this version", kind.node),
                    )
                    .at(kind.span, "cannot be read")
                    .help("leave the source and its checks out, so that nothing looks checked that is not")
                } else {
                    Diagnostic::error(Code::UnknownName, format!("unknown kind of source `{}`", kind.node))
                        .at(kind.span, "not a kind")
                        .did_you_mean(&kind.node, SourceKind::ALL.map(SourceKind::word))
                };
                self.sink.push(diagnostic);
                self.lost.insert(name.node.clone());
                continue;
            };
            if ["now", "rows"].contains(&name.node.as_str()) {
                self.error(
                    Code::Duplicate,
                    format!("`{}` is a word of the language and cannot name a source", name.node),
                    (name.span, "here"),
                    "give the source another name",
                );
            }
            let mut options = self.source_options(known, statement);
            let address = self.source_address(known, name, address.as_ref(), &mut options.newest);
            self.sources.push(Source {
                name: name.node.clone(),
                kind: known,
                address,
                options,
                span: name.span,
            });
        }
    }

    /// Where a source is, and whether only the newest of several counts.
    fn source_address(
        &mut self,
        kind: SourceKind,
        name: &Name,
        address: Option<&Address>,
        newest: &mut bool,
    ) -> SourceAddress {
        let known = kind.describe();
        match (address, known.place) {
            (None, Place::Always(help)) => {
                let message = format!("`{}` has no place", name.node);
                self.error(Code::BadArity, message, (name.span, "where is it?"), help);
            }
            (Some(_), Place::Never) => {
                let message = format!("a source of kind `{}` is always this machine", known.word);
                self.error(
                    Code::BadArity,
                    message,
                    (name.span, "has no address"),
                    "remove what begins with `from`",
                );
            }
            _ => {}
        }
        match address {
            None => SourceAddress::Default,
            Some(Address::Env(variable)) => SourceAddress::Env(variable.node.clone()),
            Some(Address::File(path)) => SourceAddress::File(path.node.clone()),
            Some(Address::Literal(text)) => {
                // Nothing else is said of an address with a secret, since that would show it.
                let secret = self.refuses_secret(text);
                if !secret && known.newest == Newest::Needed && text.node.contains(['*', '?', '[']) {
                    self.error(
                        Code::BadArity,
                        format!(
                            "several {} may match this pattern",
                            if kind == SourceKind::Dump { "archives" } else { "files" }
                        ),
                        (text.span, "which of them?"),
                        "write `newest` after it",
                    );
                }
                SourceAddress::Literal(text.node.clone())
            }
            Some(Address::Newest(text, at)) => {
                if known.newest == Newest::No {
                    self.error(
                        Code::BadArity,
                        format!("a source of kind `{}` is not one of several files", kind.word()),
                        (*at, "means nothing here"),
                        "remove `newest`",
                    );
                }
                self.refuses_secret(text);
                *newest = true;
                SourceAddress::Literal(text.node.clone())
            }
        }
    }

    /// Whether an address holds a secret, which is an error.
    pub(super) fn refuses_secret(&mut self, text: &Spanned<String>) -> bool {
        let Some(what) = secret_in(&text.node) else { return false };
        let help = if what == PASSWORD {
            "write `from env NAME`, or use a service file or a password file"
        } else {
            "write `s3://BUCKET/KEY` alone, and give credentials in the environment"
        };
        self.sink.push(
            Diagnostic::error(Code::LiteralSecret, format!("{what} is written in the policy"))
                .at(text.span, "this address carries one")
                .help(help),
        );
        true
    }
}

const PASSWORD: &str = "a password";

/// What an address holds that does not belong into a file under version control, if it holds any.
#[must_use]
pub fn secret_in(address: &str) -> Option<&'static str> {
    match (carries_password(address), carries_signature(address)) {
        (true, _) => Some(PASSWORD),
        (false, true) => Some("a credential"),
        (false, false) => None,
    }
}

/// Whether the address of an object holds a key, or is signed, so that whoever has it may read.
fn carries_signature(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let low = rest.to_ascii_lowercase();
    let signed = ["signature=", "x-amz-", "x-goog-", "awsaccesskeyid=", "&sig=", "?sig="];
    let user = low.split('/').next().is_some_and(|bucket| bucket.contains('@'));
    !scheme.contains("postgres") && (user || signed.iter().any(|part| low.contains(part)))
}

/// Whether an address, as a URL or as keywords, holds a password.
fn carries_password(address: &str) -> bool {
    let address = percent_encoding::percent_decode_str(address).decode_utf8_lossy();
    let address: String = address.chars().filter(|c| !c.is_whitespace()).collect();
    // `user:password@host` without a scheme is no address, and still shows a password.
    let bare = !address.contains("://")
        && address.split('/').any(|part| {
            part.rsplit_once('@')
                .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, p)| !p.is_empty()))
        });
    let in_authority = address
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?']).next())
        .and_then(|authority| authority.rsplit_once('@'))
        .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()));
    in_authority || bare || address.to_ascii_lowercase().contains("password=")
}

#[cfg(test)]
mod tests {
    use super::{carries_password, carries_signature};

    #[test]
    fn passwords_are_seen_in_every_spelling() {
        assert!(carries_password("postgres://u:secret@h/db"));
        assert!(carries_password("host=h Password=secret"));
        assert!(carries_password("postgres://h/db?password=x"));
        assert!(
            carries_password("password = 'x' host=h") && carries_password("postgres://h/db?%70assword=x")
        );
        assert!(carries_password("a:secret@h"));
        assert!(carries_signature("s3://AKID@bucket/key") && carries_signature("az://c/k?sv=1&sig=x"));
        assert!(carries_signature("dump:https://b/k?X-Amz-Signature=0"));
        assert!(!carries_signature("s3://bucket/key_*.dump") && !carries_signature("backups/a@b.dump"));
        assert!(!carries_password("postgres://u@h:5432/db"));
        assert!(!carries_password("postgres://h:5432/db?host=/tmp"));
    }
}
