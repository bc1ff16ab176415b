//! Calls: aggregates over rows, and facts of sources.

use super::operands::{Rows, Scope};
use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::facts;
use crate::policy::operand::{Aggregate, Condition, FactRef, Function, Operand, Over};
use crate::source_text::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Path};
use crate::value::{Type, Value, duration_text};

impl Checker<'_> {
    pub(super) fn aggregate(
        &self,
        function: Function,
        argument: Option<Operand>,
        over: Over,
        filter: Option<Condition>,
        span: Span,
    ) -> Operand {
        Operand::Aggregate(Box::new(Aggregate { function, argument, over, filter, span }))
    }

    pub(super) fn call(
        &mut self,
        name: &Path,
        arguments: &[Argument],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Operand> {
        if let [source, fact] = name.parts.as_slice() {
            let [Argument { value, filter: None }] = arguments else {
                let help = format!("write `{}(...)`", name.dotted());
                self.error(Code::BadArity, "a fact takes one value", (span, "here"), help);
                return None;
            };
            let argument = self.fact_argument(value)?;
            return self.fact(&source.node, &fact.node, Some((argument, value.span)), name.span);
        }
        let word = name.dotted();
        let Some(function) = Function::ALL.into_iter().find(|f| f.word() == word) else {
            self.sink.push(
                Diagnostic::error(Code::UnknownName, format!("unknown function `{word}`"))
                    .at(name.span, "not a function")
                    .did_you_mean(&word, Function::ALL.map(Function::word)),
            );
            return None;
        };
        if !scope.aggregates {
            let help = "compare columns and values of the row, and put the aggregate into a check of its own";
            let message = format!("`{word}` cannot stand in a condition on one row");
            self.error(Code::BadAssertion, message, (span, "an aggregate"), help);
            return None;
        }
        let [argument] = arguments else {
            let help = if function == Function::Rows {
                "`rows(Table)`".to_owned()
            } else {
                format!("`{word}(Table.column)`")
            };
            let message = format!("`{word}` takes one argument, not {}", arguments.len());
            self.error(Code::BadArity, message, (span, "here"), format!("write {help}"));
            return None;
        };
        if function == Function::Rows {
            let ExprKind::Path(path) = &argument.value.kind else {
                let help = "write `rows(Table)`, or `rows(Table where ...)`";
                let at = (argument.value.span, "not a table");
                self.error(Code::BadAssertion, "`rows` counts the rows of a table", at, help);
                return None;
            };
            let relation = self.relation(path)?;
            let filter = self.filter(argument.filter.as_ref(), &mut Scope::row(&relation))?;
            return Some(self.aggregate(function, None, Over::Relation(relation), filter, span));
        }
        let mut inside = Scope {
            rows: match &scope.rows {
                Rows::On(name) if !qualifies(&argument.value) => Rows::On(name.clone()),
                _ => Rows::Open,
            },
            aggregates: false,
        };
        let operand = self.operand(&argument.value, &mut inside)?;
        if !operand.has_column() {
            let help = format!("write `{word}(Table.column)`");
            let at = (argument.value.span, "no column in it");
            self.error(Code::BadAssertion, format!("`{word}` needs a column"), at, help);
            return None;
        }
        let filter = self.filter(argument.filter.as_ref(), &mut inside)?;
        let over = match inside.rows {
            Rows::Relation(relation) => Over::Relation(relation),
            _ => Over::On,
        };
        Some(self.aggregate(function, Some(operand), over, filter, span))
    }

    /// The fixed value that a fact is asked with; a parameter nobody gave a value yet is its default's type alone.
    fn fact_argument(&mut self, expr: &Expr) -> Option<Value> {
        let operand = self.operand(expr, &mut Scope::run())?;
        if let Some(value) = self.known(&operand) {
            return Some(value.clone());
        }
        if let Operand::Param { name, .. } = &operand
            && self.given.lenient
        {
            return Some(Value::Text(format!("${name}")));
        }
        let help = "write a text, a number or a duration, or a parameter that has one value";
        self.error(Code::BadAssertion, "a fact is asked with a fixed value", (expr.span, "here"), help);
        None
    }

    /// Whether a fact takes a value; its text if it does.
    fn fits_argument(&mut self, takes: &facts::Argument, (value, span): (Value, Span)) -> Option<String> {
        let parameter = matches!(&value, Value::Text(text) if text.starts_with('$')) && self.given.lenient;
        let text = match &value {
            Value::Text(text) => text.clone(),
            Value::Duration(micros) => duration_text(*micros),
            other => other.to_string(),
        };
        if parameter {
            return Some(text);
        }
        let whole = match &value {
            Value::Number(n) => n.is_integer() && *n > 0,
            Value::Duration(micros) => *micros > 0,
            _ => true,
        };
        let one_of = takes.one_of.is_empty() || takes.one_of.contains(&text.as_str());
        if value.ty() == takes.ty && whole && one_of {
            return Some(text);
        }
        let help = match (takes.one_of, takes.ty) {
            ([], Type::Duration) => "write a duration such as `90d`".to_owned(),
            ([], Type::Number) => "write a whole number such as `15`".to_owned(),
            ([], _) => format!("write {} in double quotes", takes.what),
            (legal, _) => format!("write {}", crate::diagnostic::suggest::listing(legal)),
        };
        self.error(Code::BadArity, format!("{value} is not what it takes"), (span, "here"), help);
        None
    }

    /// A fact by its published name.
    pub(super) fn fact(
        &mut self,
        source: &str,
        fact: &str,
        argument: Option<(Value, Span)>,
        span: Span,
    ) -> Option<Operand> {
        let Some(kind) = self.sources.iter().find(|s| s.name == source).map(|s| s.kind) else {
            let legal: Vec<String> = self.sources.iter().map(|s| s.name.clone()).collect();
            self.sink.push(
                Diagnostic::error(Code::UnknownName, format!("unknown source `{source}`"))
                    .at(span, "not declared")
                    .did_you_mean(source, legal.iter().map(String::as_str)),
            );
            return None;
        };
        self.used.insert(format!("source {source}"));
        let published = facts::published(kind);
        let Some(known) = published.iter().find(|f| f.name == fact) else {
            self.sink.push(
                Diagnostic::error(Code::UnknownName, format!("`{source}` publishes no fact `{fact}`"))
                    .at(span, format!("a source of kind `{}`", kind.word()))
                    .did_you_mean(fact, published.iter().map(|f| f.name)),
            );
            return None;
        };
        if let Some(word) = known.needs
            && !self.sources.iter().any(|s| s.name == source && s.options.says(word))
        {
            let example = if word == "every" { "every 1d" } else { "named \"db_%Y%m%d.backup\"" };
            let help = format!("add `{{ {example} }}` to the declaration of `{source}`");
            self.error(
                Code::Missing,
                format!("`{source}.{fact}` needs to know `{word}`"),
                (span, "here"),
                help,
            );
            return None;
        }
        let argument = match (known.argument, argument) {
            (Some(takes), None) => match takes.otherwise {
                Some(otherwise) => Some(otherwise.to_owned()),
                None => {
                    let help = match takes.ty {
                        Type::Text => {
                            format!("write `{source}.{fact} of \"...\"` or `{source}.{fact}(\"...\")`")
                        }
                        ty => format!("write `{source}.{fact}({})`", literals::example(ty)),
                    };
                    self.sink.push(
                        Diagnostic::error(Code::BadArity, format!("`{source}.{fact}` needs {}", takes.what))
                            .at(span, "here")
                            .help(help),
                    );
                    return None;
                }
            },
            (None, Some(_)) => {
                let message = format!("`{source}.{fact}` takes no argument");
                self.error(Code::BadArity, message, (span, "here"), format!("write `{source}.{fact}`"));
                return None;
            }
            (Some(takes), Some(argument)) => Some(self.fits_argument(&takes, argument)?),
            (None, None) => None,
        };
        Some(Operand::Fact(FactRef {
            source: source.to_owned(),
            fact: fact.to_owned(),
            argument,
            ty: known.ty,
            span,
        }))
    }
}

/// Whether any path in an expression names its table.
fn qualifies(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Path(path) => path.parts.len() > 1,
        ExprKind::Binary { left, right, .. } => qualifies(left) || qualifies(right),
        ExprKind::Negate(inner) | ExprKind::Share { of: inner, .. } => qualifies(inner),
        ExprKind::Fallback { value, .. } => qualifies(value),
        _ => false,
    }
}
