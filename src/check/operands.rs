//! Value expressions and row conditions: names and types.

use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::RelationName;
use crate::policy::facts;
use crate::policy::operand::{Aggregate, Arithmetic, Condition, FactRef, Function, Operand, Over};
use crate::source_text::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Fallback, Path};
use crate::value::{Type, Value};

/// Which rows a bare column belongs to.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// What columns mean here.
    pub(super) rows: Rows,
    /// Whether an aggregate may stand here.
    pub(super) aggregates: bool,
}

/// What a column name refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// There is no row at hand.
    None,
    /// The relation of the check's `on`; its name when it is a single one.
    On(Option<RelationName>),
    /// Not known yet: the first qualified column decides.
    Open,
    /// This relation.
    Relation(RelationName),
}

impl Scope {
    /// No rows: objectives, `when`.
    pub(super) fn run() -> Self {
        Self { rows: Rows::None, aggregates: true }
    }

    /// Rows of one relation, and no aggregates.
    pub(super) fn row(relation: &RelationName) -> Self {
        Self { rows: Rows::Relation(relation.clone()), aggregates: false }
    }
}

impl Checker<'_> {
    /// An operand, or `None` after reporting why not.
    pub(super) fn operand(&mut self, expr: &Expr, scope: &mut Scope) -> Option<Operand> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Quantity(text) => {
                self.keep(literals::quantity(text, false, span)).map(Operand::Literal)
            }
            ExprKind::Timestamp(text) => self.keep(literals::instant(text, span)).map(Operand::Literal),
            ExprKind::Text(text) => Some(Operand::Literal(Value::Text(text.clone()))),
            ExprKind::Param(name) => self.param(name, span, scope),
            ExprKind::Path(path) => self.path_operand(path, scope),
            ExprKind::Call { name, arguments } => self.call(name, arguments, span, scope),
            ExprKind::FactOf { path, of } => match path.parts.as_slice() {
                [source, fact] => {
                    self.fact(source.node.as_str(), fact.node.as_str(), Some(&of.node), path.span)
                }
                _ => {
                    self.error(
                        Code::BadAssertion,
                        format!("`{}` is not a fact of a source", path.dotted()),
                        (path.span, "not a fact"),
                        "write `SOURCE.FACT of \"...\"`",
                    );
                    None
                }
            },
            ExprKind::Share { percent, of } => {
                let share = self.measure(percent, Type::Percent, scope);
                let of = self.operand(of, scope);
                let (share, of) = (share?, of?);
                self.check_arithmetic(Arithmetic::Multiply, &share, &of, span)?;
                Some(self.arithmetic(Arithmetic::Multiply, share, of, span))
            }
            ExprKind::Negate(inner) => {
                let inner = self.operand(inner, scope)?;
                Some(Operand::Negate(Box::new(inner)))
            }
            ExprKind::Binary { op, left, right } => {
                let left = self.operand(left, scope);
                let right = self.operand(right, scope);
                let op = match op {
                    '+' => Arithmetic::Add,
                    '-' => Arithmetic::Subtract,
                    '*' => Arithmetic::Multiply,
                    _ => Arithmetic::Divide,
                };
                let (left, right) = (left?, right?);
                self.check_arithmetic(op, &left, &right, span)?;
                Some(self.arithmetic(op, left, right, span))
            }
            ExprKind::Fallback { value, fallback } => {
                let inner = self.operand(value, scope)?;
                let value = match fallback {
                    Fallback::Text(text) => Some(Value::Text(text.node.clone())),
                    Fallback::Quantity(q) => self.keep(literals::quantity(&q.node, false, q.span)),
                    Fallback::Timestamp(at) => self.keep(literals::instant(&at.node, at.span)),
                    Fallback::Null(span) | Fallback::Omit(span) => {
                        let help = "write a text or a number after `??`";
                        self.error(
                            Code::BadAssertion,
                            "NULL needs a value here",
                            (*span, "only in a chain's `json`"),
                            help,
                        );
                        None
                    }
                }?;
                Some(Operand::Coalesce(Box::new(inner), value))
            }
            ExprKind::Object(_) => {
                let help = "write a value";
                self.error(
                    Code::BadAssertion,
                    "an object has no place here",
                    (span, "only in a chain's `json`"),
                    help,
                );
                None
            }
        }
    }

    fn arithmetic(&self, op: Arithmetic, left: Operand, right: Operand, span: Span) -> Operand {
        Operand::Binary { op, left: Box::new(left), right: Box::new(right), span }
    }

    /// `$name`: a template's argument, else a parameter.
    pub(super) fn param(&mut self, name: &str, span: Span, scope: &mut Scope) -> Option<Operand> {
        if let Some((_, _, argument)) = self.slots.iter().find(|(slot, _, _)| slot == name).cloned() {
            let slots = std::mem::take(&mut self.slots);
            let operand = self.operand(&argument, scope);
            self.slots = slots;
            return operand;
        }
        if let Some(param) = self.params.iter().find(|p| p.name == name) {
            let ty = param.ty;
            self.used.insert(format!("parameter {name}"));
            return Some(Operand::Param { name: name.to_owned(), ty });
        }
        let legal: Vec<String> = self
            .params
            .iter()
            .map(|p| p.name.clone())
            .chain(self.slots.iter().map(|s| s.0.clone()))
            .collect();
        self.sink.push(
            Diagnostic::error(Code::UnknownName, format!("unknown parameter `${name}`"))
                .at(span, "not declared")
                .did_you_mean(name, legal.iter().map(String::as_str)),
        );
        None
    }

    fn path_operand(&mut self, path: &Path, scope: &mut Scope) -> Option<Operand> {
        if let Some(word) = path.single() {
            if self.texts.text(word.span).starts_with('`') {
                return self.column(None, &word.node, path.span, scope);
            }
            return match word.node.as_str() {
                "now" => Some(Operand::Now),
                "true" | "false" => Some(Operand::Literal(Value::Bool(word.node == "true"))),
                "null" => {
                    let help = "write `is null` or `is not null`; a column of this name stands in backticks";
                    let message = "nothing is ever equal to NULL";
                    self.error(Code::BadAssertion, message, (word.span, "not a value"), help);
                    None
                }
                "rows" => {
                    self.need_on(path.span, scope, "rows")?;
                    Some(self.aggregate(Function::Rows, None, Over::On, None, path.span))
                }
                name => self.column(None, name, path.span, scope),
            };
        }
        if let [first, second] = path.parts.as_slice()
            && self.sources.iter().any(|s| s.name == first.node)
        {
            return self.fact(&first.node, &second.node, None, path.span);
        }
        if let [first, second] = path.parts.as_slice()
            && ["restore", "before", "baseline", "record", "backup", "here"].contains(&first.node.as_str())
            && !self.texts.text(first.span).starts_with('`')
        {
            self.sink.push(
                Diagnostic::error(
                    Code::UnknownName,
                    format!("`{}.{}` is not known", first.node, second.node),
                )
                .at(first.span, "no source of this name is declared")
                .help("declare the source, or write `schema.table.column` if a table is meant"),
            );
            return None;
        }
        let (relation, column) = self.qualified(path)?;
        self.column(Some(relation), &column.node, path.span, scope)
    }

    fn column(
        &mut self,
        relation: Option<RelationName>,
        name: &str,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Operand> {
        let column = Operand::Column { name: name.to_owned(), span };
        match (&scope.rows, relation) {
            (Rows::None, _) => {
                self.sink.push(
                    Diagnostic::error(
                        Code::BadAssertion,
                        format!("`{}` needs a row, and there is none here", self.texts.text(span)),
                    )
                    .at(span, "a column")
                    .help("use an aggregate such as `newest(Table.column)`"),
                );
                None
            }
            (Rows::Open, None) => {
                self.sink.push(
                    Diagnostic::error(Code::NoSource, format!("of which table is column `{name}`?"))
                        .at(span, "no table named")
                        .help(format!("write `Table.{name}`, or add `on Table` to the check")),
                );
                None
            }
            (Rows::Open, Some(relation)) => {
                scope.rows = Rows::Relation(relation);
                Some(column)
            }
            (Rows::On(_) | Rows::Relation(_), None) => Some(column),
            (Rows::Relation(known) | Rows::On(Some(known)), Some(relation)) if *known == relation => {
                Some(column)
            }
            (Rows::On(_) | Rows::Relation(_), Some(relation)) => {
                let here = match &scope.rows {
                    Rows::Relation(known) | Rows::On(Some(known)) => {
                        format!("the rows here are those of `{known}`")
                    }
                    _ => "the rows here are those of several tables".to_owned(),
                };
                self.sink.push(
                    Diagnostic::error(Code::BadAssertion, format!("`{relation}` is another table"))
                        .at(span, here)
                        .help("compare columns of one table, or use `A.x in B.y` for keys of two"),
                );
                None
            }
        }
    }

    fn need_on(&mut self, span: Span, scope: &Scope, word: &str) -> Option<()> {
        if matches!(scope.rows, Rows::On(_)) {
            return Some(());
        }
        self.sink.push(
            Diagnostic::error(Code::NoSource, format!("`{word}` of which table?"))
                .at(span, "no table named")
                .help(format!("write `{word}(Table)`, or add `on Table` to the check")),
        );
        None
    }

    fn aggregate(
        &self,
        function: Function,
        argument: Option<Operand>,
        over: Over,
        filter: Option<Condition>,
        span: Span,
    ) -> Operand {
        Operand::Aggregate(Box::new(Aggregate { function, argument, over, filter, span }))
    }

    fn call(
        &mut self,
        name: &Path,
        arguments: &[Argument],
        span: Span,
        scope: &mut Scope,
    ) -> Option<Operand> {
        if let [source, fact] = name.parts.as_slice() {
            let argument = match arguments {
                [Argument { value: Expr { kind: ExprKind::Text(text), .. }, filter: None }] => text,
                _ => {
                    let help = format!("write `{}(\"...\")`", name.dotted());
                    self.error(Code::BadArity, "a fact takes one text", (span, "here"), help);
                    return None;
                }
            };
            return self.fact(&source.node, &fact.node, Some(argument), name.span);
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

    /// A fact by its published name.
    fn fact(&mut self, source: &str, fact: &str, argument: Option<&str>, span: Span) -> Option<Operand> {
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
        match (known.argument, argument) {
            (Some(what), None) => {
                self.sink.push(
                    Diagnostic::error(Code::BadArity, format!("`{source}.{fact}` needs {what}"))
                        .at(span, "here")
                        .help(format!("write `{source}.{fact} of \"...\"` or `{source}.{fact}(\"...\")`")),
                );
                return None;
            }
            (None, Some(_)) => {
                let message = format!("`{source}.{fact}` takes no argument");
                self.error(Code::BadArity, message, (span, "here"), format!("write `{source}.{fact}`"));
                return None;
            }
            _ => {}
        }
        Some(Operand::Fact(FactRef {
            source: source.to_owned(),
            fact: fact.to_owned(),
            argument: argument.map(str::to_owned),
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
