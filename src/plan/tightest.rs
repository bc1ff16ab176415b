//! Of conditions that must all be true, those that do not follow from the others.
//!
//! Where a column stays below one bound it stays below all greater ones, so that any number of bounds on one column cost
//! one comparison for each row.

use std::cmp::Ordering;

use crate::measure::bounds::bound;
use crate::policy::operand::Condition;
use crate::value::Value;

/// Those of the conditions of which the others follow.
pub(super) fn tightest(conditions: impl Iterator<Item = Condition>) -> Vec<Condition> {
    let mut kept: Vec<Condition> = Vec::new();
    for condition in conditions {
        if kept.iter().any(|known| implies(known, &condition)) {
            continue;
        }
        kept.retain(|known| !implies(&condition, known));
        kept.push(condition);
    }
    kept
}

/// Whether a row for which the first is true is one for which the second is. Only bounds on one column are compared.
fn implies(first: &Condition, second: &Condition) -> bool {
    let (Some(a), Some(b)) = (bound(first), bound(second)) else { return false };
    if a.column != b.column || a.upper != b.upper {
        return false;
    }
    match compared(a.value, b.value) {
        Some(Ordering::Equal) => a.strict || !b.strict,
        Some(order) => (order == Ordering::Less) == a.upper,
        None => false,
    }
}

/// Which of two values is less, where every server and type that compares them says the same.
fn compared(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::operand::{Comparator, Operand};
    use crate::source_text::Span;
    use proptest::prelude::*;

    fn compare(op: Comparator, n: i64, turned: bool) -> Condition {
        let column = Operand::Column { name: "x".to_owned(), span: Span::NOWHERE };
        let literal = Operand::Literal(Value::Number(n.into()));
        let (left, right) = if turned { (literal, column) } else { (column, literal) };
        Condition::Compare { left, op, right, span: Span::NOWHERE }
    }

    fn holds(condition: &Condition, x: i64) -> bool {
        let Condition::Compare { left, op, right, .. } = condition else { return false };
        let value = |operand: &Operand| match operand {
            Operand::Literal(Value::Number(n)) => n.clone(),
            _ => x.into(),
        };
        let order = value(left).cmp(&value(right));
        match op {
            Comparator::Less => order.is_lt(),
            Comparator::LessOrEqual => order.is_le(),
            Comparator::Greater => order.is_gt(),
            Comparator::GreaterOrEqual => order.is_ge(),
            Comparator::Equal => order.is_eq(),
            Comparator::NotEqual => order.is_ne(),
        }
    }

    proptest! {
        #[test]
        fn what_is_left_says_all_that_was_said(
            list in proptest::collection::vec((0usize..6, -4i64..4, any::<bool>()), 1..8),
        ) {
            use Comparator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
            let ops = [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual];
            let all: Vec<Condition> = list.into_iter().map(|(op, n, turned)| compare(ops[op], n, turned)).collect();
            let left = tightest(all.iter().cloned());
            let bounds = left.iter().filter(|c| bound(c).is_some()).count();
            prop_assert!(bounds <= 2);
            for x in -6..6 {
                let holds_all = |list: &[Condition]| list.iter().all(|c| holds(c, x));
                prop_assert_eq!(holds_all(&all), holds_all(&left));
            }
        }
    }
}
