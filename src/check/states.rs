//! States: what a declared thing, or every object of a kind, can be required to be.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::{Assertion, ObjectKind, State};
use crate::syntax::ast::{Name, Path};

/// States of the language's design that this version cannot prove.
const LATER_STATES: [&str; 4] = ["unchanged", "continuous", "verified", "healthy"];

impl Checker<'_> {
    pub(super) fn state(&mut self, subject: &Path, state: &Name, rest: Option<&Name>) -> Option<Assertion> {
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
        } else {
            let legal: Vec<String> = [&self.names.ledgers, &self.names.chains, &self.names.objectives]
                .into_iter()
                .flatten()
                .cloned()
                .chain(self.names.tenancy.then(|| "tenancy".to_owned()))
                .collect();
            if LATER_STATES.contains(&state.node.as_str()) {
                self.error(
                    Code::NotAvailable,
                    format!("`is {}` is not available in this version", state.node),
                    (state.span, "cannot be proven yet"),
                    "leave the check out, so that nothing looks checked that is not",
                );
                return None;
            }
            let message = format!("`{name}` is no ledger, chain, objective or tenancy of this policy");
            self.sink.push(
                Diagnostic::error(Code::UnknownName, message)
                    .at(subject.span, "not declared")
                    .did_you_mean(&name, legal.iter().map(String::as_str)),
            );
            return None;
        };
        if known.is_none() {
            let later = LATER_STATES.contains(&state.node.as_str());
            let diagnostic = if later {
                Diagnostic::error(
                    Code::NotAvailable,
                    format!("`{name} is {}` is not available in this version", state.node),
                )
                .at(state.span, "cannot be proven yet")
            } else {
                Diagnostic::error(Code::BadAssertion, format!("`{name}` cannot be `{}`", state.node))
                    .at(state.span, "not one of its states")
            };
            self.sink.push(diagnostic.did_you_mean(&state.node, legal.iter().copied()));
            return None;
        }
        if let Some(rest) = rest {
            let help = format!("end the statement after `{}`", state.node);
            let message = format!("nothing can follow `{name} is {}`", state.node);
            self.error(Code::Malformed, message, (rest.span, "left over"), help);
            return None;
        }
        known.map(Assertion::State)
    }

    pub(super) fn every(&mut self, kind: &Name, state: &Name) -> Option<Assertion> {
        let Some((_, legal, known)) = ObjectKind::ALL.into_iter().find(|(word, _, _)| *word == kind.node)
        else {
            self.sink.push(
                Diagnostic::error(Code::UnknownName, format!("unknown kind of object `{}`", kind.node))
                    .at(kind.span, "not known to `every`")
                    .did_you_mean(&kind.node, ObjectKind::ALL.map(|(word, _, _)| word)),
            );
            return None;
        };
        if state.node != legal {
            self.sink.push(
                Diagnostic::error(
                    Code::BadAssertion,
                    format!("`every {}` cannot be `{}`", kind.node, state.node),
                )
                .at(state.span, "not its state")
                .help(format!("write `every {} is {legal}`", kind.node)),
            );
            return None;
        }
        Some(Assertion::Every(known))
    }
}
