//! `when`: under which condition a check applies.

use super::Checker;
use super::operands::Scope;
use crate::diagnostic::Code;
use crate::policy::operand::Operand;
use crate::source_text::Span;
use crate::syntax::ast::WhenRight;
use crate::value::{Type, Value};

impl Checker<'_> {
    pub(super) fn when_right(
        &mut self,
        right: &WhenRight,
        left: Option<&mut Operand>,
    ) -> Option<Option<Operand>> {
        match right {
            WhenRight::All(span) => match left {
                Some(Operand::Param { ty: Type::Text, .. }) | None => Some(None),
                _ => {
                    let help = "compare with a value, or put a text parameter on the left";
                    self.error(
                        Code::TypeMismatch,
                        "only a text parameter can be `all`",
                        (*span, "here"),
                        help,
                    );
                    None
                }
            },
            WhenRight::Bool(b, span) => {
                let mut operand = Operand::Literal(Value::Bool(*b));
                if let Some(left) = left {
                    self.adapt(left, &mut operand);
                    self.check_comparable(left, &operand, *span)?;
                }
                Some(Some(operand))
            }
            WhenRight::Value(expr) => {
                let mut operand = self.operand(expr, &mut Scope::run())?;
                if let Some(left) = left {
                    self.adapt(left, &mut operand);
                    self.check_comparable(left, &operand, expr.span)?;
                }
                Some(Some(operand))
            }
        }
    }

    /// A condition over fixed values would skip its check always or never, whatever is observed. One over rows would skip
    /// it because of what the check is there to find: rows that are gone.
    pub(super) fn depends(&mut self, left: &Operand, right: Option<&Operand>, span: Span) {
        if left.has_aggregate() || right.is_some_and(Operand::has_aggregate) {
            let message = "`when` cannot look at rows: what is gone would skip the check that misses it";
            let help = "compare a parameter or a fact, such as `when $tenant != all` or `when db.in_recovery = false`; \
                        `allow empty` says that there may be no rows";
            self.error(Code::BadAssertion, message, (span, "about rows"), help);
        }
        let mut varies = false;
        for operand in [Some(left), right].into_iter().flatten() {
            operand.walk(&mut |o| varies |= !matches!(o, Operand::Literal(_)));
        }
        if !varies {
            let message = "this condition compares fixed values and depends on nothing";
            let help = "compare a parameter, such as `when $tenant != all`, or leave `when` out";
            self.error(Code::BadAssertion, message, (span, "always the same"), help);
        }
    }
}
