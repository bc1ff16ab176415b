//! Bounds: a column compared with a fixed value.

use crate::policy::operand::{Comparator, Condition, Operand};
use crate::value::Value;

/// A column's bound.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// The column.
    pub column: &'a str,
    /// Whether it is an upper one.
    pub upper: bool,
    /// Its value.
    pub value: &'a Value,
    /// Whether the value itself is excluded.
    pub strict: bool,
}

/// The bound that a condition is, if it is no more than that.
#[must_use]
pub fn bound(condition: &Condition) -> Option<Bound<'_>> {
    let Condition::Compare { left, op, right, .. } = condition else { return None };
    let (column, value, turned) = match (left, right) {
        (Operand::Column { name, .. }, Operand::Literal(value)) => (name, value, false),
        (Operand::Literal(value), Operand::Column { name, .. }) => (name, value, true),
        _ => return None,
    };
    let (upper, strict) = match op {
        Comparator::Less => (true, true),
        Comparator::LessOrEqual => (true, false),
        Comparator::Greater => (false, true),
        Comparator::GreaterOrEqual => (false, false),
        Comparator::Equal | Comparator::NotEqual => return None,
    };
    Some(Bound { column, upper: upper != turned, value, strict })
}
