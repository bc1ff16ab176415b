//! Conditions on one row, and the lists and comparisons in them.

use super::Checker;
use super::operands::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::operand::{Comparator, Condition, Operand};
use crate::syntax::ast::{Comparison, Literal, Predicate, PredicateRight};
use crate::value::Value;

impl Checker<'_> {
    /// An optional `where`: `Some(None)` when there is none, `None` when it is wrong.
    pub(super) fn filter(
        &mut self,
        filter: Option<&Predicate>,
        scope: &mut Scope,
    ) -> Option<Option<Condition>> {
        match filter {
            None => Some(None),
            Some(predicate) => {
                let aggregates = std::mem::replace(&mut scope.aggregates, false);
                let condition = self.condition(predicate, scope);
                scope.aggregates = aggregates;
                condition.map(Some)
            }
        }
    }

    /// A comparison operator.
    pub(super) fn comparator(&mut self, op: &Comparison) -> Option<Comparator> {
        Some(match op.node.as_str() {
            "=" => Comparator::Equal,
            "!=" => Comparator::NotEqual,
            "<" => Comparator::Less,
            "<=" => Comparator::LessOrEqual,
            ">" => Comparator::Greater,
            ">=" => Comparator::GreaterOrEqual,
            other => {
                let right = if other == "==" { "=" } else { "!=" };
                self.sink.push(
                    Diagnostic::error(Code::Malformed, format!("`{other}` is not a comparison here"))
                        .at(op.span, "here")
                        .help(format!("write `{right}`")),
                );
                return None;
            }
        })
    }

    /// A condition on one row.
    pub(super) fn condition(&mut self, predicate: &Predicate, scope: &mut Scope) -> Option<Condition> {
        match predicate {
            Predicate::And(all) => self.conditions(all, scope).map(Condition::And),
            Predicate::Or(any) => self.conditions(any, scope).map(Condition::Or),
            Predicate::Not(inner, _) => Some(Condition::Not(Box::new(self.condition(inner, scope)?))),
            Predicate::IsNull { value, negated } => {
                let condition = Condition::IsNull(self.operand(value, scope)?);
                Some(if *negated { Condition::Not(Box::new(condition)) } else { condition })
            }
            Predicate::In { value, list, negated } => {
                let operand = self.operand(value, scope)?;
                let list = self.list(list)?;
                for item in &list {
                    self.check_comparable(&operand, item, value.span)?;
                }
                let condition = Condition::In(operand, list);
                Some(if *negated { Condition::Not(Box::new(condition)) } else { condition })
            }
            Predicate::Between { value, low, high } => {
                let value_operand = self.operand(value, scope);
                let (low_operand, high_operand) = (self.operand(low, scope), self.operand(high, scope));
                let (v, low_operand, high_operand) = (value_operand?, low_operand?, high_operand?);
                self.check_comparable(&v, &low_operand, low.span)?;
                self.check_comparable(&v, &high_operand, high.span)?;
                let span = value.span.to(high.span);
                Some(Condition::And(vec![
                    Condition::Compare {
                        left: v.clone(),
                        op: Comparator::GreaterOrEqual,
                        right: low_operand,
                        span,
                    },
                    Condition::Compare { left: v, op: Comparator::LessOrEqual, right: high_operand, span },
                ]))
            }
            Predicate::Compare { left, op, right } => {
                let left_operand = self.operand(left, scope);
                let (right_operand, right_span) = match right {
                    PredicateRight::Bool(b, span) => (Some(Operand::Literal(Value::Bool(*b))), *span),
                    PredicateRight::Value(expr) => (self.operand(expr, scope), expr.span),
                };
                let op = self.comparator(op)?;
                let (left_operand, right_operand) = (left_operand?, right_operand?);
                self.check_comparable(&left_operand, &right_operand, right_span)?;
                Some(Condition::Compare {
                    left: left_operand,
                    op,
                    right: right_operand,
                    span: left.span.to(right_span),
                })
            }
        }
    }

    fn conditions(&mut self, list: &[Predicate], scope: &mut Scope) -> Option<Vec<Condition>> {
        let read: Vec<_> = list.iter().map(|p| self.condition(p, scope)).collect();
        read.into_iter().collect()
    }

    /// Literals and parameters of a list.
    pub(super) fn list(&mut self, list: &[Literal]) -> Option<Vec<Operand>> {
        let read: Vec<_> = list
            .iter()
            .map(|literal| match literal {
                Literal::Param(name) => self.param(&name.node, name.span, &mut Scope::run()),
                other => self.literal(other, None).map(Operand::Literal),
            })
            .collect();
        read.into_iter().collect()
    }
}
