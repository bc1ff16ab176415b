//! Value expressions and row conditions: names and types.

use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::RelationName;
use crate::policy::operand::{Arithmetic, Function, Operand, Over};
use crate::source_text::Span;
use crate::syntax::ast::{Expr, ExprKind, Fallback, Path};
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
                    let argument = (Value::Text(of.node.clone()), of.span);
                    self.fact(source.node.as_str(), fact.node.as_str(), Some(argument), path.span)
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
                    Fallback::Value(other) => {
                        let help = "write a number, a text or a time";
                        self.error(
                            Code::BadAssertion,
                            "NULL becomes a fixed value here",
                            (other.span, "not fixed"),
                            help,
                        );
                        None
                    }
                    Fallback::Null(span) | Fallback::Omit(span) | Fallback::OmitEmpty(span) => {
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
            ExprKind::Object(_) | ExprKind::Array(_) => {
                let help = "write a value";
                self.error(
                    Code::BadAssertion,
                    "an object or an array has no place here",
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
            && let Some(kind) = self.sources.iter().find(|s| s.name == first.node).map(|s| s.kind)
        {
            // What a baseline counted of a table is compared with what that table holds now.
            if kind == crate::policy::SourceKind::Baseline && second.node == "rows" {
                self.need_table(path.span, scope, &first.node)?;
            }
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

    fn need_table(&mut self, span: Span, scope: &Scope, source: &str) -> Option<()> {
        if matches!(scope.rows, Rows::On(_)) {
            return Some(());
        }
        self.sink.push(
            Diagnostic::error(Code::NoSource, format!("`{source}.rows` of which table?"))
                .at(span, "no table named")
                .help(format!("write `{source}.rows of \"Table\"`, or add `on Table` to the check")),
        );
        None
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
}
