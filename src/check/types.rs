//! Types of operands, as far as the text alone tells, and what can be compared with what.

use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::facts;
use crate::policy::operand::{Arithmetic, Comparator, Function, Operand};
use crate::source_text::Span;
use crate::value::{Type, comparable, result_type};

impl Checker<'_> {
    /// The type of an operand as far as the text alone tells; a column's is known only to the catalogue.
    pub(super) fn type_of(&self, operand: &Operand) -> Option<Type> {
        match operand {
            Operand::Literal(value) => Some(value.ty()),
            Operand::Param { ty, .. } => Some(*ty),
            Operand::Now => Some(Type::Time),
            Operand::Column { .. } => None,
            Operand::Aggregate(aggregate) => match aggregate.function {
                Function::Rows | Function::Count => Some(Type::Number),
                Function::Newest | Function::Oldest => Some(Type::Time),
                Function::Sum => Some(Type::Number),
                Function::Min | Function::Max => None,
            },
            Operand::Fact(fact) => Some(fact.ty),
            Operand::Negate(inner) => self.type_of(inner),
            Operand::Coalesce(inner, value) => self.type_of(inner).or(Some(value.ty())),
            Operand::Exact(_) | Operand::Choose(_) => Some(Type::Number),
            Operand::Binary { op, left, right, .. } => {
                result_type(*op, self.type_of(left)?, self.type_of(right)?)
            }
        }
    }

    pub(super) fn check_arithmetic(
        &mut self,
        op: Arithmetic,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Option<()> {
        let (Some(left), Some(right)) = (self.type_of(left), self.type_of(right)) else { return Some(()) };
        match result_type(op, left, right) {
            Some(_) => Some(()),
            None => {
                let message =
                    format!("a {} and a {} cannot be combined like this", left.word(), right.word());
                let help = match (left, right) {
                    (Type::Percent, _) | (_, Type::Percent) => {
                        "say what the share is of, such as `99.9% of rows(Table)`"
                    }
                    (Type::Time, _) | (_, Type::Time) => {
                        "add a duration to an instant, or subtract two instants"
                    }
                    _ => "give both the same unit",
                };
                self.error(Code::TypeMismatch, message, (span, "here"), help);
                None
            }
        }
    }

    /// Gives a fact that is published in several types the type of what it is compared with.
    pub(super) fn adapt(&self, left: &mut Operand, right: &mut Operand) {
        let (l, r) = (self.type_of(left), self.type_of(right));
        for (operand, wanted) in [(left, r), (right, l)] {
            let (Operand::Fact(fact), Some(wanted)) = (operand, wanted) else { continue };
            let kind = self.sources.iter().find(|s| s.name == fact.source).map(|s| s.kind);
            let mut published = kind.map(facts::published).into_iter().flatten();
            if published.any(|known| known.name == fact.fact && known.ty == wanted) {
                fact.ty = wanted;
            }
        }
    }

    /// Reports an order of texts that a fact gives: `"512MB"` comes after `"1GB"`.
    pub(super) fn check_ordered(&mut self, op: Comparator, sides: [&Operand; 2], span: Span) -> Option<()> {
        if matches!(op, Comparator::Equal | Comparator::NotEqual)
            || !sides.iter().any(|o| matches!(o, Operand::Fact(fact) if fact.ty == Type::Text))
        {
            return Some(());
        }
        let help = "compare with a quantity, such as `5min`, `64MiB` or `100`, or use `=` or `!=`";
        self.error(
            Code::TypeMismatch,
            "texts of the server have no order that means anything",
            (span, "as text"),
            help,
        );
        None
    }

    /// Reports two sides of a comparison that can never be compared.
    pub(super) fn check_comparable(&mut self, left: &Operand, right: &Operand, span: Span) -> Option<()> {
        let sides = [left, right];
        let (Some(left), Some(right)) = (self.type_of(left), self.type_of(right)) else { return Some(()) };
        // A share beside a bare number would be off by a factor of a hundred, and seem to hold.
        let bare = is_share(sides) && [left, right].contains(&Type::Number);
        if comparable(left, right) && !bare {
            return Some(());
        }
        let mut diagnostic = Diagnostic::error(
            Code::TypeMismatch,
            format!("a {} cannot be compared with a {}", left.word(), right.word()),
        )
        .at(span, format!("{} against {}", left.word(), right.word()));
        if right == Type::Number && matches!(left, Type::Duration | Type::Size | Type::Percent) {
            diagnostic = diagnostic.help(match left {
                Type::Duration => "write the number with a unit, such as `15min`",
                Type::Size => "write the number with a unit, such as `64MiB`",
                _ => "write the number as a share, such as `99.9%`",
            });
        } else if left == Type::Percent && right != Type::Number || right == Type::Percent {
            diagnostic = diagnostic.help("say what the share is of, such as `99.9% of rows(Table)`");
        } else {
            diagnostic =
                diagnostic.help(format!("write a {}, such as `{}`", left.word(), literals::example(left)));
        }
        self.sink.push(diagnostic);
        None
    }
}

/// Whether one of two values is a fact that is a share, and the other a number that is written out.
fn is_share(sides: [&Operand; 2]) -> bool {
    let share = |o: &Operand| matches!(o, Operand::Fact(fact) if fact.ty == Type::Percent);
    let number = |o: &Operand| matches!(o, Operand::Literal(_) | Operand::Param { .. });
    sides.iter().any(|o| share(o)) && sides.iter().any(|o| number(o))
}
