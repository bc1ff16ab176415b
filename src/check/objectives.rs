//! Objectives: a span of time that must not be longer, a share that must not be less.

use super::operands::Scope;
use super::{Checker, literals};
use crate::diagnostic::Code;
use crate::policy::operand::Operand;
use crate::policy::{Beside, Figure, Objective, Target};
use crate::source_text::Span;
use crate::syntax::ast::{self, Clause, Expr, Name, Path, Statement};
use crate::value::{Type, Value};

/// What is due at a cadence.
const RUNS: &str = "runs";

/// What a share can be of.
const COUNTED: [&str; 3] = [RUNS, "drills", "restores"];

impl<'a> Checker<'a> {
    pub(super) fn objectives(&mut self, statements: &[&'a Statement]) -> Vec<Objective> {
        let mut objectives = Vec::new();
        for statement in statements {
            let Clause::Objective { name, target, of } = &statement.clause else { continue };
            let (target, measures) = match of {
                ast::Target::Span(from, to) => {
                    (self.span_target(target, from, to), self.written(from.span.to(to.span)))
                }
                ast::Target::Share(path, over) => {
                    (self.share_target(target, path, over), self.written(path.span.to(over.span)))
                }
            };
            let beside = self.beside(statement, statements, matches!(of, ast::Target::Span(..)));
            if let Some(target) = target {
                let name_of = name.node.clone();
                let objective = Objective { name: name_of, target, measures, beside, span: name.span };
                if objective.is_over_rows() {
                    self.over_rows.insert(name.node.clone());
                }
                objectives.push(objective);
            }
        }
        objectives
    }

    /// The figures that stand beside an objective's own.
    fn beside(&mut self, statement: &Statement, all: &[&Statement], span: bool) -> Vec<Beside> {
        let mut figures: Vec<Beside> = Vec::new();
        for child in &statement.children {
            let Clause::Beside { name, of } = &child.clause else { continue };
            if !span {
                let help = "remove it; only an objective `from ... to ...` has figures beside it";
                let message = "a share has nothing beside it";
                self.error(Code::BadAssertion, message, (child.span, "means nothing here"), help);
                continue;
            }
            if name.node.trim().is_empty() || name.node.contains(char::is_control) {
                let help = "write for example `beside \"archive lag\" from archive.reaches to now`";
                self.error(Code::BadLiteral, "this figure has no name", (name.span, "here"), help);
                continue;
            }
            if figures.iter().any(|figure| figure.name == name.node) {
                let message = format!("`{}` stands twice beside one objective", name.node);
                self.error(Code::Duplicate, message, (name.span, "again here"), "give it another name");
                continue;
            }
            let (figure, written) = match of {
                ast::Beside::Span(from, to) => {
                    let ends = (self.end_of(from), self.end_of(to));
                    let (Some(from_at), Some(to_at)) = ends else { continue };
                    (Figure::Span { from: from_at, to: to_at }, self.written(from.span.to(to.span)))
                }
                ast::Beside::Anchors(chain) => {
                    let Some(chain) = self.anchored(chain, all, child.span) else { continue };
                    let written = format!("anchors of {chain}");
                    (Figure::Lost { chain }, written)
                }
            };
            figures.push(Beside { name: name.node.clone(), measures: written, figure });
        }
        figures
    }

    /// A chain that says where its anchors are.
    fn anchored(&mut self, chain: &Name, all: &[&Statement], span: Span) -> Option<String> {
        let declared = all.iter().find(
            |statement| matches!(&statement.clause, Clause::Chain { name, .. } if name.node == chain.node),
        );
        let Some(declared) = declared else {
            let legal = self.names.chains.clone();
            let message = format!("no chain `{}` is declared", chain.node);
            let diagnostic = crate::diagnostic::Diagnostic::error(Code::UnknownName, message)
                .at(chain.span, "not declared");
            self.sink.push(match legal.as_slice() {
                [] => diagnostic.help("declare a `chain` with `anchor from \"FILE\"`"),
                legal => diagnostic.did_you_mean(&chain.node, legal.iter().map(String::as_str)),
            });
            return None;
        };
        self.used.insert(format!("chain {}", chain.node));
        if !declared.children.iter().any(|child| matches!(child.clause, Clause::Anchor { .. })) {
            let message = format!("chain `{}` has no anchors to count lost rows by", chain.node);
            let help = format!("add `anchor from \"FILE\"` to chain `{}`", chain.node);
            self.error(Code::Missing, message, (span, "counted by what?"), &help);
            return None;
        }
        Some(chain.node.clone())
    }

    /// A span between two instants.
    fn span_target(&mut self, limit: &Name, from: &Expr, to: &Expr) -> Option<Target> {
        let limit = self.duration(limit);
        let (from, to) = (self.end_of(from), self.end_of(to));
        Some(Target::Span { limit: limit?, from: from?, to: to? })
    }

    /// One end of a span.
    fn end_of(&mut self, expr: &Expr) -> Option<Operand> {
        let operand = self.operand(expr, &mut Scope::run())?;
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
        let known = match path.parts.as_slice() {
            [source, fact] => self.sources.iter().find(|s| s.name == source.node).and_then(|source| {
                let counted = COUNTED.into_iter().find(|word| *word == fact.node)?;
                source.kind.facts().iter().any(|f| f.name == counted).then_some((source, counted))
            }),
            _ => None,
        };
        let Some((source, counted)) = known else {
            let help = "write `SOURCE.runs`, where SOURCE is declared as `source files SOURCE from \"...\" { every 1d }`, or \
                        `SOURCE.drills` or `SOURCE.restores` of a `source record`";
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
            Some(every) if every <= over => Some(Target::Share { least: share, source: name, counted, over }),
            // What a record holds is counted as it is; nobody says how often there should be some.
            None if counted != RUNS => Some(Target::Share { least: share, source: name, counted, over }),
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
