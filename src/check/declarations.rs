//! The names the rest of a policy may refer to, and those that nothing refers to.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::standard::PACK;
use crate::syntax::ast::{Clause, Name, Statement};
use std::collections::BTreeMap;

impl<'a> Checker<'a> {
    pub(super) fn declare_names(&mut self, statements: &[&'a Statement]) {
        let mut seen: [BTreeMap<String, crate::source_text::Span>; 4] = Default::default();
        for statement in statements {
            let [things, templates, gates, tenancies] = &mut seen;
            self.reserved(&statement.clause);
            match &statement.clause {
                Clause::Ledger { name, .. } => {
                    self.unique(things, name, "ledger, chain or objective");
                    self.names.ledgers.push(name.node.clone());
                }
                Clause::Chain { name, .. } => {
                    self.unique(things, name, "ledger, chain or objective");
                    self.names.chains.push(name.node.clone());
                }
                Clause::Objective { name, .. } => {
                    self.unique(things, name, "ledger, chain or objective");
                    self.names.objectives.push(name.node.clone());
                }
                Clause::Template { name, .. } => {
                    self.unique(templates, name, "template");
                    self.templates.insert(name.node.clone(), statement);
                }
                Clause::Gate { name, .. } => {
                    self.unique(gates, name, "gate");
                    self.names.gates.push(name.node.clone());
                    for child in &statement.children {
                        if let Clause::Check { name, .. } = &child.clause {
                            self.names.checks.push(name.node.clone());
                        }
                    }
                }
                Clause::Tenancy { .. } => {
                    let name = Name::new("tenancy".to_owned(), statement.span);
                    self.unique(tenancies, &name, "the");
                    self.names.tenancy = true;
                }
                _ => {}
            }
        }
    }

    /// `X is STATE` reads `tenancy` as the tenancy, so nothing else may have that name.
    fn reserved(&mut self, clause: &Clause) {
        let (Clause::Ledger { name, .. }
        | Clause::Chain { name, .. }
        | Clause::Objective { name, .. }
        | Clause::Source { name, .. }) = clause
        else {
            return;
        };
        if name.node == PACK {
            let message = "`standard` always means the standard pack";
            self.error(Code::Duplicate, message, (name.span, "cannot be a name"), "give it another name");
        }
        if matches!(clause, Clause::Source { .. }) {
            return;
        }
        if name.node == "tenancy" {
            let message = "`tenancy` always means the tenancy of the policy";
            self.error(Code::Duplicate, message, (name.span, "cannot be a name"), "give it another name");
        }
    }

    pub(super) fn report_unused(&mut self, statements: &[&'a Statement]) {
        for statement in statements {
            let (name, kind) = match &statement.clause {
                Clause::Param { name, .. } => (name, "parameter"),
                Clause::Source { name, .. } => (name, "source"),
                Clause::Ledger { name, .. } => (name, "ledger"),
                Clause::Chain { name, .. } => (name, "chain"),
                Clause::Objective { name, .. } => (name, "objective"),
                Clause::Template { name, .. } => (name, "template"),
                _ => continue,
            };
            if !self.used.contains(&format!("{kind} {}", name.node)) {
                self.sink.push(
                    Diagnostic::warning(Code::Unused, format!("{kind} `{}` is never used", name.node))
                        .at(name.span, "declared here")
                        .help("use it in a check, or remove it"),
                );
            }
        }
        if self.names.tenancy
            && !self.used.contains("tenancy")
            && let Some(statement) = statements.iter().find(|s| matches!(s.clause, Clause::Tenancy { .. }))
        {
            self.sink.push(
                Diagnostic::warning(Code::Unused, "the tenancy is never used")
                    .at(statement.span, "declared here")
                    .help("add `require tenancy is complete` and `require tenancy is isolated`"),
            );
        }
    }
}
