//! Procedures: phases in their order, the gates that end them, and how long they should take.

use std::collections::BTreeMap;

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::Gate;
use crate::policy::procedure::{Expected, Phase, Procedure};
use crate::syntax::ast::{Clause, Name, Statement};

impl<'a> Checker<'a> {
    pub(super) fn procedures(&mut self, statements: &[&'a Statement], gates: &[Gate]) -> Vec<Procedure> {
        let mut procedures = Vec::new();
        let mut seen = BTreeMap::new();
        for statement in statements {
            let Clause::Procedure { name, title } = &statement.clause else { continue };
            self.unique(&mut seen, name, "procedure");
            let children = &statement.children;
            let total = match self
                .once(children, "expect", |c| matches!(c, Clause::Expect { .. }))
                .map(|s| &s.clause)
            {
                Some(Clause::Expect { from, to }) => self.expected(from, to),
                _ => None,
            };
            let phases = self.phases(children, gates);
            let back = self.once(children, "rollback", |c| matches!(c, Clause::Rollback));
            let rollback = back.map(|back| self.phases(&back.children, gates)).unwrap_or_default();
            for (of, missing) in
                [(Some(*statement), phases.is_empty()), (back, back.is_some() && rollback.is_empty())]
            {
                if let (Some(of), true) = (of.filter(|of| of.whole), missing) {
                    let help = "add `phase NAME expect 5min..10min gate GATE`, where what follows the name may be left out";
                    self.error(Code::Missing, "there is no phase in it", (of.span, "nothing to do"), help);
                }
            }
            if let Some(expected) = total {
                self.adds_up(statement, expected, &phases);
            }
            procedures.push(Procedure {
                name: name.node.clone(),
                title: title.as_ref().map(|t| t.node.clone()).unwrap_or_default(),
                expected: total,
                phases,
                rollback,
                span: name.span,
            });
        }
        procedures
    }

    fn phases(&mut self, children: &[Statement], gates: &[Gate]) -> Vec<Phase> {
        let mut phases = Vec::new();
        let mut seen = BTreeMap::new();
        let mut used: Vec<&Name> = Vec::new();
        for child in children {
            let Clause::Phase { name, title, expected, gate } = &child.clause else { continue };
            self.unique(&mut seen, name, "phase");
            if let Some(gate) = gate {
                self.gate_of_phase(gate, &used, gates);
                used.push(gate);
            }
            phases.push(Phase {
                name: name.node.clone(),
                title: title.as_ref().map(|t| t.node.clone()).unwrap_or_default(),
                expected: expected.as_ref().and_then(|(from, to)| self.expected(from, to)),
                gate: gate.as_ref().map(|gate| gate.node.clone()),
            });
        }
        phases
    }

    /// The gate of a phase is declared, and no phase before has one that opens only after it.
    fn gate_of_phase(&mut self, gate: &Name, used: &[&Name], gates: &[Gate]) {
        if !gates.iter().any(|g| g.id == gate.node) {
            self.sink.push(
                Diagnostic::error(Code::UnknownName, format!("unknown gate `{}`", gate.node))
                    .at(gate.span, "not declared")
                    .did_you_mean(&gate.node, gates.iter().map(|g| g.id.as_str())),
            );
            return;
        }
        let before = |name: &str| gates.iter().find(|g| g.id == name).and_then(|g| g.after.as_deref());
        for earlier in used {
            // A gate comes after one that is declared earlier, so this ends; the bound is for policies with mistakes.
            let mut chain =
                std::iter::successors(before(&earlier.node), |name| before(name)).take(gates.len());
            if chain.any(|name| name == gate.node) {
                self.sink.push(
                    Diagnostic::error(
                        Code::BadAssertion,
                        format!("gate `{}` opens only after `{}`", earlier.node, gate.node),
                    )
                    .at(gate.span, "the gate of a later phase")
                    .at(earlier.span, "the gate of an earlier one")
                    .help("put the phases in the order in which their gates open"),
                );
            }
        }
    }

    fn expected(&mut self, from: &Name, to: &Name) -> Option<Expected> {
        let (low, high) = (self.duration(from), self.duration(to));
        let (low, high) = (low?, high?);
        // The record counts milliseconds.
        if low % 1000 != 0 || high % 1000 != 0 {
            let help = "write whole milliseconds or more";
            self.error(
                Code::BadLiteral,
                "phases are not timed that finely",
                (from.span.to(to.span), "here"),
                help,
            );
            return None;
        }
        if low > high {
            let message = "the range ends before it begins";
            self.error(
                Code::BadLiteral,
                message,
                (from.span.to(to.span), "here"),
                "write the shorter time first",
            );
            return None;
        }
        Some(Expected { from: low, to: high })
    }

    /// A whole that is shorter than its parts is a mistake in one of them.
    fn adds_up(&mut self, statement: &Statement, total: Expected, phases: &[Phase]) {
        let least =
            phases.iter().filter_map(|phase| phase.expected).fold(0i64, |sum, e| sum.saturating_add(e.from));
        if least > total.to {
            let message = "the phases take longer than the whole, even if each is as short as expected";
            let help = "correct `expect` of the procedure or of a phase";
            self.error(Code::BadLiteral, message, (statement.span, "does not add up"), help);
        }
    }
}
