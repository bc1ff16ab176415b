//! Decimal numbers beside columns of binary floating point.

use bigdecimal::BigDecimal;

use super::builder::Planner;
use crate::catalogue::Relation;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::operand::{Condition, Operand};
use crate::source_text::Span;
use crate::value::{Value, plain};

impl Planner<'_> {
    /// Warns about a `real` column beside a number that no such column can hold: 0.1 stored there is not 0.1, so a row
    /// that looks right fails. `double precision` is compared in its own precision and needs no such care.
    pub(super) fn inexact(&mut self, condition: &Condition, relation: &Relation) {
        match condition {
            Condition::And(list) | Condition::Or(list) => list.iter().for_each(|c| self.inexact(c, relation)),
            Condition::Not(inner) => self.inexact(inner, relation),
            Condition::IsNull(_) => {}
            Condition::In(operand, list) => {
                list.iter().for_each(|item| self.inexact_pair(operand, item, relation));
            }
            Condition::Compare { left, right, .. } => {
                self.inexact_pair(left, right, relation);
                self.inexact_pair(right, left, relation);
            }
        }
    }

    fn inexact_pair(&mut self, column: &Operand, number: &Operand, relation: &Relation) {
        let (Operand::Column { name, span }, Some(number)) = (column, fixed(number)) else { return };
        let real = relation.column(name).is_some_and(|c| c.type_name == "real");
        if !real || *span == crate::source_text::Span::NOWHERE || holds_exactly(&number) {
            return;
        }
        self.sink.push(warning(name, &number, *span));
    }
}

fn fixed(operand: &Operand) -> Option<BigDecimal> {
    match operand {
        Operand::Literal(Value::Number(n)) => Some(n.clone()),
        Operand::Negate(inner) => fixed(inner).map(|n| -n),
        _ => None,
    }
}

fn holds_exactly(number: &BigDecimal) -> bool {
    let nearest = plain(number).parse::<f32>().ok().and_then(|n| BigDecimal::try_from(n).ok());
    nearest.as_ref() == Some(number)
}

fn warning(name: &str, number: &BigDecimal, span: Span) -> Diagnostic {
    // A `real` has six digits that can be relied on.
    let margin = number.abs() * BigDecimal::new(1.into(), 6);
    let (low, high) = ((number - &margin).normalized(), (number + &margin).normalized());
    Diagnostic::warning(
        Code::ColumnType,
        format!("`{name}` is `real`, which cannot hold {} exactly", plain(number)),
    )
    .at(span, "a row that looks right may fail")
    .help(format!(
        "write `{name} between {} and {}`, or make the column `numeric`",
        plain(&low),
        plain(&high)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sums_of_powers_of_two_are_held_exactly() {
        for (text, exact) in
            [("0.5", true), ("-2.25", true), ("16777216", true), ("0.1", false), ("16777217", false)]
        {
            assert_eq!(holds_exactly(&text.parse().unwrap()), exact, "{text}");
        }
    }

    #[test]
    fn the_help_names_a_margin() {
        let span = crate::source_text::Span::NOWHERE;
        let help = warning("r", &"-0.1".parse().unwrap(), span).help.unwrap();
        assert!(help.contains("`r between -0.1000001 and -0.0999999`"), "{help}");
    }
}
