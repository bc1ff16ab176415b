//! Warnings about what is legal and can hide what it seems to check. All of them follow from the text alone.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::Check;
use crate::policy::assertion::{Assertion, Comparison, State};
use crate::policy::operand::{Comparator, Function, Operand};
use crate::source_text::Span;
use crate::syntax::ast::{Clause, Name, Statement};
use crate::value::Value;
use crate::verdict::Level;

impl Checker<'_> {
    /// Reports loose constructs of a policy without mistakes.
    pub(super) fn report_loose(&mut self, statements: &[&Statement], checks: &[Check]) {
        for statement in statements {
            self.empty_reasons(statement);
            if let Clause::Gate { name, .. } = &statement.clause {
                self.only_recommends(name, checks);
            }
        }
        self.objectives_only_recommended(statements, checks);
        for check in checks {
            self.allows_empty(check);
            if let Assertion::Values(list) | Assertion::Groups(list, _) = &check.assertion {
                list.iter().filter(|c| always(c)).for_each(|c| self.always_so(c));
            }
        }
    }

    fn loose(&mut self, message: impl Into<String>, span: Span, label: &str, help: &str) {
        self.sink.push(Diagnostic::warning(Code::Loose, message).at(span, label).help(help));
    }

    /// `because ""` gives no reason.
    fn empty_reasons(&mut self, statement: &Statement) {
        for child in &statement.children {
            let (because, what) = match &child.clause {
                Clause::Without { because, .. } => (because, "a rule is switched off"),
                Clause::Global { because, .. } => (because, "tables are taken out of the tenancy"),
                _ => continue,
            };
            if because.node.trim().is_empty() {
                let help = "write the reason an auditor would ask for";
                self.loose(format!("{what} without a reason"), because.span, "empty", help);
            }
        }
    }

    fn only_recommends(&mut self, gate: &Name, checks: &[Check]) {
        let mut own = checks.iter().filter(|check| check.gate == gate.node).peekable();
        if own.peek().is_some() && own.all(|check| check.level == Level::Recommend) {
            let message = format!("gate `{}` requires nothing", gate.node);
            self.loose(
                message,
                gate.span,
                "it is always open",
                "write `require` in at least one of its checks",
            );
        }
    }

    fn objectives_only_recommended(&mut self, statements: &[&Statement], checks: &[Check]) {
        for statement in statements {
            let Clause::Objective { name, .. } = &statement.clause else { continue };
            let mut on_it = checks
                .iter()
                .filter(|c| matches!(&c.assertion, Assertion::State(State::Met(met)) if *met == name.node))
                .peekable();
            if on_it.peek().is_some() && on_it.all(|c| c.level == Level::Recommend) {
                let message = format!("objective `{}` is never required", name.node);
                let help = format!("write `require {} is met` if missing it must close a gate", name.node);
                self.loose(message, name.span, "missing it only warns", &help);
            }
        }
    }

    fn allows_empty(&mut self, check: &Check) {
        let what = match &check.assertion {
            Assertion::State(State::Balanced(_)) => "a ledger",
            Assertion::State(State::Intact(_)) => "a chain",
            _ => return,
        };
        if check.allow_empty {
            let message = format!("check `{}` holds for {what} without rows", check.id);
            let help = "leave `allow empty` out; after a failed restore the table may be empty";
            self.loose(message, check.span, "has `allow empty`", help);
        }
    }

    fn always_so(&mut self, comparison: &Comparison) {
        let help = "compare with a number above zero; an empty table satisfies this";
        self.loose("a count is never below zero, so this always holds", comparison.span, "always so", help);
    }
}

/// Whether a comparison says no more than that a count is not negative.
fn always(comparison: &Comparison) -> bool {
    let Operand::Aggregate(aggregate) = &comparison.left else { return false };
    let Operand::Literal(Value::Number(limit)) = &comparison.right else { return false };
    let zero = bigdecimal::BigDecimal::default();
    matches!(aggregate.function, Function::Rows | Function::Count)
        && match comparison.op {
            Comparator::GreaterOrEqual => limit <= &zero,
            Comparator::Greater => limit < &zero,
            _ => false,
        }
}
