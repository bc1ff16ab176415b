//! Literals and quantities where a value of one type is needed: written out, or given by a parameter.

use bigdecimal::ToPrimitive;

use super::operands::Scope;
use super::{Checker, literals};
use crate::diagnostic::Code;
use crate::policy::ParamValue;
use crate::policy::operand::Operand;
use crate::source_text::Span;
use crate::syntax::ast::{Literal, Measure, Name};
use crate::value::{Type, Value};

impl Checker<'_> {
    /// A quantity of one type, not negative.
    pub(super) fn measure(&mut self, measure: &Measure, ty: Type, scope: &mut Scope) -> Option<Operand> {
        let name = match measure {
            Measure::Written(text) => {
                return self
                    .keep(literals::quantity_of(&text.node, false, ty, text.span))
                    .map(Operand::Literal);
            }
            Measure::Param(name) => name,
        };
        let operand = self.param(&name.node, name.span, scope)?;
        let actual = self.type_of(&operand);
        if actual != Some(ty) {
            let what = actual.map_or("column", Type::word);
            let message = format!("`${}` is a {what}, and a {} is needed here", name.node, ty.word());
            let help =
                format!("declare it as `{}`, or write for example `{}`", ty.word(), literals::example(ty));
            self.error(Code::TypeMismatch, message, (name.span, "does not fit"), help);
            return None;
        }
        let negative = match self.known(&operand) {
            Some(Value::Duration(micros)) => *micros < 0,
            Some(Value::Percent(n) | Value::Size(n) | Value::Number(n)) => *n < 0,
            _ => false,
        };
        if negative {
            let message = format!("`${}` is less than nothing, which makes no sense here", name.node);
            let help = format!("give it a value such as `{}`", literals::example(ty));
            self.error(Code::BadParameter, message, (name.span, "a negative value"), help);
            return None;
        }
        Some(operand)
    }

    /// The value of a literal or of a parameter that has one.
    pub(super) fn known<'o>(&'o self, operand: &'o Operand) -> Option<&'o Value> {
        match operand {
            Operand::Literal(value) => Some(value),
            Operand::Param { name, .. } => match &self.params.iter().find(|p| p.name == *name)?.value {
                Some(ParamValue::Value(value)) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// A duration above zero, in microseconds; `None` as well for a parameter that nobody gave a value yet.
    pub(super) fn measured_duration(&mut self, measure: &Measure) -> Option<i64> {
        match measure {
            Measure::Written(text) => self.duration(text),
            Measure::Param(name) => {
                let operand = self.measure(measure, Type::Duration, &mut Scope::run())?;
                let value = self.known(&operand)?.clone();
                self.above_zero(&value, name.span)
            }
        }
    }

    /// A duration above zero, in microseconds.
    pub(super) fn duration(&mut self, written: &Name) -> Option<i64> {
        let value = self.keep(literals::quantity_of(&written.node, false, Type::Duration, written.span))?;
        self.above_zero(&value, written.span)
    }

    fn above_zero(&mut self, value: &Value, span: Span) -> Option<i64> {
        match value {
            Value::Duration(micros) if *micros > 0 => Some(*micros),
            _ => {
                let help = "write a duration above zero, such as `30s`";
                let message = "a duration of zero makes no sense here";
                self.error(Code::BadLiteral, message, (span, "here"), help);
                None
            }
        }
    }

    /// A whole number.
    pub(super) fn whole(&mut self, written: &Name) -> Option<i64> {
        let value = self.keep(literals::quantity_of(&written.node, false, Type::Number, written.span))?;
        match &value {
            Value::Number(n) if n.is_integer() => n.to_i64(),
            _ => {
                let message = format!("`{}` is not a whole number", written.node);
                self.error(
                    Code::BadLiteral,
                    message,
                    (written.span, "here"),
                    "write a whole number, such as `1`",
                );
                None
            }
        }
    }

    /// A literal's value, of a type if one is wanted. Parameters are not literals.
    pub(super) fn literal(&mut self, literal: &Literal, wanted: Option<Type>) -> Option<Value> {
        let value = match literal {
            Literal::All(span) => {
                self.error(Code::BadLiteral, "`all` has no meaning here", (*span, "here"), "write a value");
                None
            }
            Literal::Bool(b, _) => Some(Value::Bool(*b)),
            Literal::Text(text) => Some(Value::Text(text.node.clone())),
            Literal::Timestamp(at) => self.keep(literals::instant(&at.node, at.span)),
            Literal::Quantity(signed) => {
                let (text, span) = (&signed.text.node, signed.text.span);
                return match wanted {
                    Some(ty @ (Type::Number | Type::Duration | Type::Percent | Type::Size)) => {
                        self.keep(literals::quantity_of(text, signed.negative, ty, span))
                    }
                    Some(ty) => {
                        let help = format!("write a {}, such as `{}`", ty.word(), literals::example(ty));
                        self.error(
                            Code::TypeMismatch,
                            format!("`{text}` is not a {}", ty.word()),
                            (span, "here"),
                            help,
                        );
                        None
                    }
                    None => self.keep(literals::quantity(text, signed.negative, span)),
                };
            }
            Literal::Param(name) => {
                let help = "write the value itself";
                self.error(Code::BadLiteral, "a parameter cannot stand here", (name.span, "here"), help);
                None
            }
        }?;
        match wanted {
            Some(ty) if value.ty() != ty => {
                let message =
                    format!("{value} is a {}, and a {} is needed here", value.ty().word(), ty.word());
                let help = format!("write a {}, such as `{}`", ty.word(), literals::example(ty));
                self.error(Code::TypeMismatch, message, (literal.span(), "here"), help);
                None
            }
            _ => Some(value),
        }
    }
}
