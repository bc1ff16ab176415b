//! Objectives: a span of time that must not be longer, a share that must not be less.

use super::operands::Scope;
use super::{Checker, literals};
use crate::diagnostic::Code;
use crate::policy::{Objective, Target};
use crate::syntax::ast::{self, Clause, Expr, Name, Path, Statement};
use crate::value::{Type, Value};

impl<'a> Checker<'a> {
    pub(super) fn objectives(&mut self, statements: &[&'a Statement]) -> Vec<Objective> {
        let mut objectives = Vec::new();
        for statement in statements {
            let Clause::Objective { name, target, of } = &statement.clause else { continue };
            let target = match of {
                ast::Target::Span(from, to) => self.span_target(target, from, to),
                ast::Target::Share(path, over) => self.share_target(target, path, over),
            };
            if let Some(target) = target {
                if let Target::Span { from, to, .. } = &target
                    && (from.has_aggregate() || to.has_aggregate())
                {
                    self.over_rows.insert(name.node.clone());
                }
                objectives.push(Objective { name: name.node.clone(), target, span: name.span });
            }
        }
        objectives
    }

    /// A span between two instants.
    fn span_target(&mut self, limit: &Name, from: &Expr, to: &Expr) -> Option<Target> {
        let limit = self.duration(limit);
        let mut instant = |expr: &Expr| {
            let mut scope = Scope::run();
            let operand = self.operand(expr, &mut scope)?;
            match self.type_of(&operand) {
                Some(Type::Time) => Some(operand),
                other => {
                    let what = other.map_or("a column's value", Type::word);
                    self.error(
                        Code::TypeMismatch,
                        format!("an objective spans two instants, and this is {what}"),
                        (expr.span, "not an instant"),
                        "write for example `newest(Table.column)`, a `time` parameter or `now`",
                    );
                    None
                }
            }
        };
        let (from, to) = (instant(from), instant(to));
        Some(Target::Span { limit: limit?, from: from?, to: to? })
    }

    /// A share of the runs that a source should have seen.
    fn share_target(&mut self, least: &Name, path: &Path, over: &Name) -> Option<Target> {
        let share = self.keep(literals::quantity_of(&least.node, false, Type::Percent, least.span));
        let over = self.duration(over);
        let Some(Value::Percent(share)) = share else { return None };
        if share <= 0 || share > 1 {
            let help = "write a share such as `99.9%`";
            let message = "the share must be above 0% and not above 100%";
            self.error(Code::BadLiteral, message, (least.span, "here"), help);
            return None;
        }
        let source = match path.parts.as_slice() {
            [source, fact] if fact.node == "runs" => self.sources.iter().find(|s| s.name == source.node),
            _ => None,
        };
        let Some(source) = source.filter(|s| s.kind.facts().iter().any(|f| f.name == "runs")) else {
            let help = "write `SOURCE.runs`, where SOURCE is declared as `source files SOURCE from \"...\" { every 1d }`";
            self.error(
                Code::UnknownName,
                "this is nothing whose runs are known",
                (path.span, "not known"),
                help,
            );
            return None;
        };
        let (name, cadence) = (source.name.clone(), source.options.every);
        self.used.insert(format!("source {name}"));
        let over = over?;
        match cadence {
            Some(every) if every <= over => Some(Target::Share { least: share, source: name, over }),
            Some(_) => {
                let help = "look at a longer time";
                self.error(
                    Code::BadAssertion,
                    "no run is expected in so short a time",
                    (path.span, "here"),
                    help,
                );
                None
            }
            None => {
                let help = format!("add `{{ every 1d }}` to the declaration of `{name}`");
                self.error(
                    Code::Missing,
                    format!("how often `{name}` should run is not said"),
                    (path.span, "here"),
                    help,
                );
                None
            }
        }
    }
}
