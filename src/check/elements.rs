//! Elements of documents: which of them a check is about, and what they must be.

use super::operands::Scope;
use super::{Checker, literals};
use crate::diagnostic::Code;
use crate::policy::SourceKind;
use crate::policy::assertion::Assertion;
use crate::policy::look::{Elements, Quantifier, Test};
use crate::policy::operand::{Comparator, Operand};
use crate::source_text::Span;
use crate::syntax::ast::{Expr, ExprKind, Literal, Name, Predicate, PredicateRight};
use crate::value::Value;

impl Checker<'_> {
    /// `every|some|no "/pointer" of SOURCE [where ...] [has ...]`.
    pub(super) fn elements(
        &mut self,
        quantifier: &Name,
        (pointer, source): (&Name, &Name),
        filter: Option<&Predicate>,
        has: Option<&Predicate>,
    ) -> Option<Assertion> {
        let known = Quantifier::ALL.into_iter().find(|q| q.word() == quantifier.node)?;
        let (source, pointer) = (self.source_of(source, SourceKind::Document), self.pointer(pointer));
        match (known, filter, has) {
            (Quantifier::Every, _, None) => {
                let help = "add `has ...`, such as `has Effect = \"Deny\"`";
                self.error(
                    Code::Missing,
                    "what every one must be is not said",
                    (quantifier.span, "has what?"),
                    help,
                );
                return None;
            }
            (Quantifier::Some | Quantifier::No, None, None) => {
                let help = "add `has ...`, such as `has Effect = \"Deny\"`";
                self.error(Code::Missing, "which one is not said", (quantifier.span, "which?"), help);
                return None;
            }
            _ => {}
        }
        let filter = match filter {
            Some(predicate) => Some(self.document_test(predicate)?),
            None => None,
        };
        let has = match has {
            Some(predicate) => Some(self.document_test(predicate)?),
            None => None,
        };
        Some(Assertion::Elements(source?, Elements { quantifier: known, pointer: pointer?, filter, has }))
    }

    fn document_test(&mut self, predicate: &Predicate) -> Option<Test> {
        match predicate {
            Predicate::And(list) => self.document_tests(list).map(Test::And),
            Predicate::Or(list) => self.document_tests(list).map(Test::Or),
            Predicate::Not(inner, _) => Some(Test::Not(Box::new(self.document_test(inner)?))),
            Predicate::IsNull { value, negated } => {
                let test = Test::Null(self.member_path(value)?);
                Some(if *negated { Test::Not(Box::new(test)) } else { test })
            }
            Predicate::In { value, list, negated } => {
                let path = self.member_path(value)?;
                let values: Vec<Option<Value>> = list.iter().map(|l| self.fixed_literal(l)).collect();
                let test = Test::In(path, values.into_iter().collect::<Option<Vec<_>>>()?);
                Some(if *negated { Test::Not(Box::new(test)) } else { test })
            }
            Predicate::Between { value, low, high } => {
                let path = self.member_path(value)?;
                let (low, high) = (self.fixed_value(low)?, self.fixed_value(high)?);
                Some(Test::And(vec![
                    Test::Compare(path.clone(), Comparator::GreaterOrEqual, low),
                    Test::Compare(path, Comparator::LessOrEqual, high),
                ]))
            }
            Predicate::Compare { left, op, right } => {
                let path = self.member_path(left)?;
                let known = self.comparator(op)?;
                let value = match right {
                    PredicateRight::Bool(b, _) => Value::Bool(*b),
                    PredicateRight::Value(expr) => self.fixed_value(expr)?,
                };
                self.plain_value(Some(&value), known, op.span)?;
                Some(match known {
                    // Of several, none may be it, and not only one be another.
                    Comparator::NotEqual => {
                        Test::Not(Box::new(Test::Compare(path, Comparator::Equal, value)))
                    }
                    known => Test::Compare(path, known, value),
                })
            }
        }
    }

    fn document_tests(&mut self, list: &[Predicate]) -> Option<Vec<Test>> {
        let tests: Vec<Option<Test>> = list.iter().map(|p| self.document_test(p)).collect();
        tests.into_iter().collect()
    }

    fn member_path(&mut self, expr: &Expr) -> Option<Vec<String>> {
        if let ExprKind::Path(path) = &expr.kind {
            return Some(path.parts.iter().map(|part| part.node.clone()).collect());
        }
        let help = "write its name, such as `Condition.Bool.`aws:MultiFactorAuthPresent``";
        self.error(
            Code::BadAssertion,
            "a member of the document stands on the left",
            (expr.span, "not a member"),
            help,
        );
        None
    }

    fn fixed_value(&mut self, expr: &Expr) -> Option<Value> {
        match &expr.kind {
            ExprKind::Path(path) => {
                let help = format!("write `\"{}\"` in double quotes", path.dotted());
                self.error(
                    Code::BadAssertion,
                    "a fixed value stands on the right",
                    (expr.span, "a name"),
                    help,
                );
                return None;
            }
            ExprKind::Negate(inner) => {
                if let ExprKind::Quantity(text) = &inner.kind {
                    return self.keep(literals::quantity(text, true, expr.span));
                }
            }
            _ => {}
        }
        let operand = self.operand(expr, &mut Scope::run())?;
        self.fixed(&operand, expr.span)
    }

    /// A literal, or what a parameter stands for, beside a member of a document.
    pub(super) fn fixed_literal(&mut self, literal: &Literal) -> Option<Value> {
        let Literal::Param(name) = literal else { return self.literal(literal, None) };
        let operand = self.param(&name.node, name.span, &mut Scope::run())?;
        self.fixed(&operand, name.span)
    }

    fn fixed(&mut self, operand: &Operand, span: Span) -> Option<Value> {
        let open = |name: &str| self.params.iter().any(|param| param.name == name && param.value.is_none());
        match (self.known(operand), operand) {
            (Some(value), _) => Some(value.clone()),
            // Without its value a policy is checked and not run.
            (None, Operand::Param { name, ty }) if self.given.lenient && open(name) => {
                literals::given(literals::example(*ty), *ty).ok()
            }
            (None, _) => {
                let help = "write a text, a number, `true` or `false`, or a parameter that has one value";
                self.error(Code::BadAssertion, "a fixed value stands on the right", (span, "here"), help);
                None
            }
        }
    }
}
