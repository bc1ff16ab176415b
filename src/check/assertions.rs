//! Assertions: which of the forms is meant, and whether its parts go together.

use super::operands::{Rows, Scope};
use super::{Checker, sql_cage};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::{Assertion, ColumnSet, Comparison, RawSql, Returns};
use crate::policy::operand::{Arithmetic, Comparator, Operand};
use crate::policy::{On, RelationName, RelationPattern};
use crate::source_text::Span;
use crate::syntax::ast::{self, Literal, Name};
use crate::value::Type;

impl Checker<'_> {
    /// A checked assertion. `on` is what the check is about; an assertion that names its table itself fills it in.
    pub(super) fn assertion(
        &mut self,
        assertion: &ast::Assertion,
        on: &mut Option<On>,
        written: Span,
    ) -> Option<Assertion> {
        match assertion {
            ast::Assertion::Compare { left, op, right, per } => {
                let mut scope = self.scope(on.as_ref());
                let (l, r) = (self.operand(left, &mut scope), self.operand(right, &mut scope));
                let op = self.comparator(op)?;
                let (mut l, mut r) = (l?, r?);
                self.adapt(&mut l, &mut r);
                self.check_comparable(&l, &r, right.span)?;
                self.check_ordered(op, [&l, &r], right.span)?;
                if self.same_text(left.span, right.span) {
                    self.vacuous(written);
                    return None;
                }
                let comparison = Comparison { left: l, op, right: r, span: left.span.to(right.span) };
                self.comparisons(vec![comparison], per.as_ref(), scope, on, written)
            }
            ast::Assertion::Between { value, low, high, per } => {
                let mut scope = self.scope(on.as_ref());
                let operands = [value, low, high].map(|e| self.operand(e, &mut scope));
                let [Some(mut v), Some(mut lo), Some(hi)] = operands else { return None };
                self.adapt(&mut v, &mut lo);
                self.check_comparable(&v, &lo, low.span)?;
                self.check_ordered(Comparator::LessOrEqual, [&v, &lo], low.span)?;
                self.check_comparable(&v, &hi, high.span)?;
                let span = value.span.to(high.span);
                let both = vec![
                    Comparison { left: v.clone(), op: Comparator::GreaterOrEqual, right: lo, span },
                    Comparison { left: v, op: Comparator::LessOrEqual, right: hi, span },
                ];
                self.comparisons(both, per.as_ref(), scope, on, written)
            }
            ast::Assertion::Within { value, limit, relation, reference } => {
                let mut scope = self.scope(on.as_ref());
                let (v, at) = (self.operand(value, &mut scope), self.operand(reference, &mut scope));
                let limit = self.measure(limit, Type::Duration, &mut scope);
                let (v, at, limit) = (v?, at?, limit?);
                self.check_comparable(&v, &at, reference.span)?;
                for (operand, span) in [(&v, value.span), (&at, reference.span)] {
                    if self.type_of(operand).is_some_and(|t| t != Type::Time) {
                        let help =
                            "write for example `newest(Table.column) within 15min before $target_time`";
                        self.error(
                            Code::TypeMismatch,
                            "`within` compares two instants",
                            (span, "not an instant"),
                            help,
                        );
                        return None;
                    }
                }
                let span = value.span.to(reference.span);
                let shifted = |op| Operand::Binary {
                    op,
                    left: Box::new(at.clone()),
                    right: Box::new(limit.clone()),
                    span,
                };
                let (low, high) = match relation.node.as_str() {
                    "before" => (shifted(Arithmetic::Subtract), at.clone()),
                    "after" => (at.clone(), shifted(Arithmetic::Add)),
                    _ => (shifted(Arithmetic::Subtract), shifted(Arithmetic::Add)),
                };
                let both = vec![
                    Comparison { left: v.clone(), op: Comparator::GreaterOrEqual, right: low, span },
                    Comparison { left: v, op: Comparator::LessOrEqual, right: high, span },
                ];
                self.comparisons(both, None, scope, on, written)
            }
            ast::Assertion::Rows(predicate) => {
                let mut scope = self.scope(on.as_ref());
                scope.aggregates = false;
                let condition = self.condition(predicate, &mut scope)?;
                self.fill_on(scope.rows, on);
                Some(Assertion::Rows(condition))
            }
            ast::Assertion::In { child, parent, or_null } => self.membership(child, parent, *or_null, on),
            ast::Assertion::Unique { columns, or_null } => {
                let columns = self.own_columns(columns, on, written)?;
                Some(Assertion::Unique { columns, or_null: *or_null })
            }
            ast::Assertion::NotNull { columns } => {
                Some(Assertion::NotNull(self.own_columns(columns, on, written)?))
            }
            ast::Assertion::State { subject, state, since: Some(since), from, label: _, until, rest } => {
                let left = from.as_ref().map(|f| f.span).or(until.as_ref().map(|u| u.span));
                self.unchanged(subject, state, since, left.or(rest.as_ref().map(|rest| rest.span)))
            }
            ast::Assertion::State { subject, state, from, label, until, rest, since: None } => {
                let from = from.as_ref().map(|from| (from, label.as_ref()));
                self.state(subject, state, (from, until.as_deref(), rest.as_ref()))
            }
            ast::Assertion::Equals { subject, of, source, except } => {
                self.equals(subject, of.as_ref(), source, except)
            }
            ast::Assertion::Absent { columns, listing } => self.absent(columns, listing, on),
            ast::Assertion::Every { kind, state } => self.every(kind, state),
            ast::Assertion::Request { source, method, path, status, members, within } => {
                self.request((source, method, path), status, members, within.as_ref())
            }
            ast::Assertion::Attested { by, within } => self.attested(by, within.as_ref(), written),
            ast::Assertion::Elements { quantifier, pointer, source, filter, has } => {
                self.elements(quantifier, (pointer, source), filter.as_deref(), has.as_deref())
            }
            ast::Assertion::Sql { returns, text } => self.raw_sql(returns.as_ref(), text),
        }
    }

    /// Reports an assertion that says the same on both sides: it never depends on what is observed.
    pub(super) fn vacuous(&mut self, span: Span) {
        let help = "compare with something else; this check could never tell good from bad";
        self.error(Code::BadAssertion, "both sides are the same", (span, "compares with itself"), help);
    }

    fn same_text(&self, left: Span, right: Span) -> bool {
        let words = |span| self.texts.text(span).split_whitespace().collect::<String>();
        words(left) == words(right)
    }

    fn scope(&self, on: Option<&On>) -> Scope {
        let rows = match on {
            None => Rows::Open,
            Some(on) => Rows::On(match on.patterns.as_slice() {
                [RelationPattern { schema, table, glob: false, .. }] => {
                    Some(RelationName { schema: schema.clone(), name: table.clone() })
                }
                _ => None,
            }),
        };
        Scope { rows, aggregates: true }
    }

    /// What an assertion that named its table says the check is about.
    pub(super) fn fill_on(&self, rows: Rows, on: &mut Option<On>) {
        if let (Rows::Relation(relation), None) = (rows, &on) {
            let span = Span { file: crate::source_text::FileId(u32::MAX), start: 0, end: 0 };
            let pattern =
                RelationPattern { schema: relation.schema, table: relation.name, glob: false, span };
            *on = Some(On { patterns: vec![pattern], filter: None });
        }
    }

    fn own_columns(&mut self, columns: &[Name], on: &Option<On>, span: Span) -> Option<ColumnSet> {
        if on.is_none() {
            self.sink.push(
                Diagnostic::error(Code::NoSource, "columns of which table?")
                    .at(span, "no table named")
                    .help("add `on Table` to the check"),
            );
            return None;
        }
        Some(ColumnSet { relation: None, columns: Self::columns(columns), span })
    }

    fn raw_sql(&mut self, returns: Option<&Literal>, text: &Name) -> Option<Assertion> {
        let returns = match returns {
            None => Some(Returns::NoRows),
            Some(literal) => self.literal(literal, None).map(Returns::Value),
        };
        let sql = self.caged(text)?;
        Some(Assertion::Sql(returns?, sql))
    }

    /// Raw SQL that may be run.
    pub(super) fn caged(&mut self, text: &Name) -> Option<RawSql> {
        if self.given.no_raw_sql {
            let help = "express the check without SQL, or run without `--no-raw-sql`";
            self.error(
                Code::SqlRefused,
                "raw SQL is forbidden in this run",
                (text.span, "`--no-raw-sql` is in force"),
                help,
            );
            return None;
        }
        let declared: Vec<(String, Type)> = self.params.iter().map(|p| (p.name.clone(), p.ty)).collect();
        let sql = self.keep(sql_cage::cage(&text.node, text.span, &declared))?;
        for name in &sql.parameters {
            self.used.insert(format!("parameter {name}"));
        }
        Some(sql)
    }
}
