//! States: what a declared thing can be required to be.

use super::Checker;
use super::ways::Backup;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::policy::SourceKind;
use crate::policy::assertion::{Assertion, State};
use crate::policy::standard::PACK;
use crate::source_text::Span;
use crate::syntax::ast::{Expr, Name, Path};

impl Checker<'_> {
    /// `THING is STATE [from BACKUP] [until VALUE]`, and what may be left over behind it.
    pub(super) fn state(
        &mut self,
        subject: &Path,
        state: &Name,
        (from, until, rest): (Option<Backup<'_>>, Option<&Expr>, Option<&Name>),
    ) -> Option<Assertion> {
        if state.node == "unchanged" {
            let help = "write `is unchanged since BASELINE`, with a source of kind `baseline`";
            let message = "unchanged since when?";
            self.error(Code::BadAssertion, message, (state.span, "compared with nothing"), help);
            return None;
        }
        let behind = rest.map(|rest| rest.span);
        let more = from.map(|(from, _)| from.span).or(until.map(|until| until.span)).or(behind);
        let name = subject.dotted();
        let (known, legal): (Option<State>, &[&str]) = if name == "tenancy" {
            if !self.names.tenancy {
                self.sink.push(
                    Diagnostic::error(Code::UnknownName, "the policy declares no tenancy")
                        .at(subject.span, "not declared")
                        .help("add `tenancy Tenant.id by tenantId { ... }`"),
                );
                return None;
            }
            self.used.insert("tenancy".to_owned());
            let state = match state.node.as_str() {
                "complete" => Some(State::Complete),
                "isolated" => Some(State::Isolated),
                _ => None,
            };
            (state, &["complete", "isolated"])
        } else if self.names.ledgers.contains(&name) {
            self.used.insert(format!("ledger {name}"));
            ((state.node == "balanced").then(|| State::Balanced(name.clone())), &["balanced"])
        } else if self.names.chains.contains(&name) {
            self.used.insert(format!("chain {name}"));
            ((state.node == "intact").then(|| State::Intact(name.clone())), &["intact"])
        } else if self.names.objectives.contains(&name) {
            self.used.insert(format!("objective {name}"));
            ((state.node == "met").then(|| State::Met(name.clone())), &["met"])
        } else if let Some((source, kind)) = self.source_kind(&name) {
            self.used.insert(format!("source {source}"));
            let known = kind.describe().states.iter().find(|(word, _)| *word == state.node);
            let words: Vec<&str> = kind.describe().states.iter().map(|(word, _)| *word).collect();
            let Some((word, _)) = known else {
                let message = format!("a source of kind `{}` cannot be `{}`", kind.word(), state.node);
                let diagnostic =
                    Diagnostic::error(Code::BadAssertion, message).at(state.span, "not one of its states");
                self.sink.push(match words.is_empty() {
                    true => diagnostic.help("ask for its facts; `holdtrue facts` lists them"),
                    false => diagnostic.did_you_mean(&state.node, words),
                });
                return None;
            };
            let way = kind == SourceKind::Wal && *word == "continuous";
            return match if way { behind } else { more } {
                Some(span) => {
                    self.nothing_follows(&name, &state.node, span);
                    None
                }
                None if way && more.is_some() => self.way(&source, from, until),
                None => self.source_state(&source, word, state.span),
            };
        } else {
            let legal: Vec<String> = [&self.names.ledgers, &self.names.chains, &self.names.objectives]
                .into_iter()
                .flatten()
                .cloned()
                .chain(self.names.tenancy.then(|| "tenancy".to_owned()))
                .chain(suggest::nearest(&name, &[PACK]).map(str::to_owned))
                .collect();
            let message =
                format!("`{name}` is no ledger, chain, objective, source or tenancy of this policy");
            self.sink.push(
                Diagnostic::error(Code::UnknownName, message)
                    .at(subject.span, "not declared")
                    .did_you_mean(&name, legal.iter().map(String::as_str)),
            );
            return None;
        };
        if known.is_none() {
            let diagnostic =
                Diagnostic::error(Code::BadAssertion, format!("`{name}` cannot be `{}`", state.node))
                    .at(state.span, "not one of its states");
            self.sink.push(diagnostic.did_you_mean(&state.node, legal.iter().copied()));
            return None;
        }
        if let Some(span) = more {
            self.nothing_follows(&name, &state.node, span);
            return None;
        }
        known.map(Assertion::State)
    }

    fn nothing_follows(&mut self, name: &str, state: &str, span: Span) {
        let (message, help) = if state == "continuous" {
            let message = format!("this cannot follow `{name} is {state}`");
            (
                message,
                "write `from BACKUP`, `from BACKUP \"LABEL\"`, `until TIME`, both in this order, or end the statement".to_owned(),
            )
        } else {
            let message = format!("nothing can follow `{name} is {state}`");
            (message, format!("end the statement after `{state}`"))
        };
        self.error(Code::Malformed, message, (span, "left over"), help);
    }

    /// A state of a source, which may need something of its declaration.
    fn source_state(&mut self, source: &str, state: &'static str, span: Span) -> Option<Assertion> {
        let declared = self.sources.iter().find(|s| s.name == source)?;
        if state == "named" && declared.options.named.is_none() {
            let help =
                format!("add `{{ named \"db_%Y%m%d_%H%M%S.backup\" }}` to the declaration of `{source}`");
            let message = format!("how the files of `{source}` are named is not said");
            self.error(Code::Missing, message, (span, "named how?"), help);
            return None;
        }
        Some(Assertion::State(State::Source(source.to_owned(), state)))
    }

    /// A declared source and its kind.
    pub(super) fn source_kind(&self, name: &str) -> Option<(String, SourceKind)> {
        self.sources.iter().find(|s| s.name == name).map(|s| (s.name.clone(), s.kind))
    }
}
