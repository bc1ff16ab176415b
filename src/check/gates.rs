//! Gates in their order, and the sources their checks read.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Check, Gate};
use crate::syntax::ast::{Clause, Name, Statement};
use std::collections::BTreeMap;

impl<'a> Checker<'a> {
    pub(super) fn gates(&mut self, statements: &[&'a Statement]) -> (Vec<Gate>, Vec<Check>) {
        let (mut gates, mut checks) = (Vec::<Gate>::new(), Vec::new());
        let mut seen = BTreeMap::new();
        for statement in statements {
            let Clause::Gate { name, title, on, after } = &statement.clause else { continue };
            if let Some(after) = after {
                self.gate_order(name, after, &gates);
            }
            let source = on.as_ref().and_then(|on| self.source_named(on));
            if statement.children.is_empty() && statement.whole {
                self.error(
                    Code::NothingToCheck,
                    format!("gate `{}` has no check", name.node),
                    (name.span, "it would always be open"),
                    "add `check NAME { require ... }`, or remove the gate",
                );
            }
            for child in &statement.children {
                if let Clause::Check { name: check, .. } = &child.clause {
                    self.unique(&mut seen, check, "check");
                    checks.extend(self.check_statement(child, &name.node, source.as_deref()));
                }
            }
            gates.push(Gate {
                id: name.node.clone(),
                title: title.as_ref().map(|t| t.node.clone()).unwrap_or_default(),
                after: after.as_ref().map(|a| a.node.clone()),
                span: name.span,
            });
        }
        let templates: Vec<&Statement> = self.templates.values().copied().collect();
        for template in templates {
            self.template_words(template);
        }
        (gates, checks)
    }

    fn gate_order(&mut self, gate: &Name, after: &Name, earlier: &[Gate]) {
        if earlier.iter().any(|g| g.id == after.node) {
            return;
        }
        let later = self.names.gates.contains(&after.node);
        let legal: Vec<&str> = earlier.iter().map(|g| g.id.as_str()).collect();
        let diagnostic = if later {
            Diagnostic::error(
                Code::BadAssertion,
                format!("gate `{}` cannot come after `{}`", gate.node, after.node),
            )
            .at(after.span, "declared later")
            .help("declare gates in the order in which they open")
        } else {
            Diagnostic::error(Code::UnknownName, format!("unknown gate `{}`", after.node))
                .at(after.span, "not declared")
                .did_you_mean(&after.node, legal)
        };
        self.sink.push(diagnostic);
    }

    fn source_named(&mut self, name: &Name) -> Option<String> {
        if self.sources.iter().any(|s| s.name == name.node) {
            self.used.insert(format!("source {}", name.node));
            return Some(name.node.clone());
        }
        let legal: Vec<String> = self.sources.iter().map(|s| s.name.clone()).collect();
        self.sink.push(
            Diagnostic::error(Code::UnknownName, format!("unknown source `{}`", name.node))
                .at(name.span, "not declared")
                .did_you_mean(&name.node, legal.iter().map(String::as_str)),
        );
        None
    }
}
