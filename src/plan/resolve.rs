//! Parameters and the clock become fixed values before anything is measured.

use crate::policy::Policy;
use crate::policy::assertion::Comparison;
use crate::policy::operand::{Aggregate, Condition, Operand};
use crate::value::Value;

/// Replaces parameters and `now`.
pub(super) struct Resolver<'a> {
    pub(super) policy: &'a Policy,
    pub(super) now: jiff::Timestamp,
}

impl Resolver<'_> {
    /// The same operand without names; a parameter without a single value is named in the error.
    pub(super) fn operand(&self, operand: &Operand) -> Result<Operand, String> {
        Ok(match operand {
            Operand::Param { name, .. } => match self.policy.param(name) {
                Some(value) => Operand::Literal(value.clone()),
                None => {
                    return Err(format!(
                        "parameter `${name}` is `all` or was not given, and one value is needed"
                    ));
                }
            },
            Operand::Now => Operand::Literal(Value::Time(self.now)),
            Operand::Aggregate(aggregate) => Operand::Aggregate(Box::new(Aggregate {
                function: aggregate.function,
                argument: match &aggregate.argument {
                    Some(argument) => Some(self.operand(argument)?),
                    None => None,
                },
                over: aggregate.over.clone(),
                filter: match &aggregate.filter {
                    Some(filter) => Some(self.condition(filter)?),
                    None => None,
                },
                span: aggregate.span,
            })),
            Operand::Binary { op, left, right, span } => Operand::Binary {
                op: *op,
                left: Box::new(self.operand(left)?),
                right: Box::new(self.operand(right)?),
                span: *span,
            },
            Operand::Negate(inner) => Operand::Negate(Box::new(self.operand(inner)?)),
            Operand::Coalesce(inner, value) => {
                Operand::Coalesce(Box::new(self.operand(inner)?), value.clone())
            }
            Operand::Exact(inner) => Operand::Exact(Box::new(self.operand(inner)?)),
            Operand::Choose(list) => Operand::Choose(
                list.iter()
                    .map(|(condition, value)| Ok((self.condition(condition)?, self.operand(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Operand::Literal(_) | Operand::Column { .. } | Operand::Fact(_) => operand.clone(),
        })
    }

    /// The same condition without names.
    pub(super) fn condition(&self, condition: &Condition) -> Result<Condition, String> {
        let all = |list: &[Condition]| list.iter().map(|c| self.condition(c)).collect::<Result<Vec<_>, _>>();
        Ok(match condition {
            Condition::And(list) => Condition::And(all(list)?),
            Condition::Or(list) => Condition::Or(all(list)?),
            Condition::Not(inner) => Condition::Not(Box::new(self.condition(inner)?)),
            Condition::IsNull(operand) => Condition::IsNull(self.operand(operand)?),
            Condition::In(operand, list) => {
                let list = list.iter().map(|o| self.operand(o)).collect::<Result<Vec<_>, _>>()?;
                Condition::In(self.operand(operand)?, list)
            }
            Condition::Compare { left, op, right, span } => Condition::Compare {
                left: self.operand(left)?,
                op: *op,
                right: self.operand(right)?,
                span: *span,
            },
        })
    }

    /// An optional condition without names.
    pub(super) fn filter(&self, filter: Option<&Condition>) -> Result<Option<Condition>, String> {
        filter.map(|f| self.condition(f)).transpose()
    }

    /// Comparisons without names.
    pub(super) fn comparisons(&self, list: &[Comparison]) -> Result<Vec<Comparison>, String> {
        list.iter()
            .map(|c| {
                Ok(Comparison {
                    left: self.operand(&c.left)?,
                    op: c.op,
                    right: self.operand(&c.right)?,
                    span: c.span,
                })
            })
            .collect()
    }
}
