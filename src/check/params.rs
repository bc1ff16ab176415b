//! Parameters: their types, their defaults and the values given for them.

use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Param, ParamValue};
use crate::syntax::ast::{Clause, Literal, Statement};
use crate::value::Type;
use std::collections::BTreeMap;

impl<'a> Checker<'a> {
    pub(super) fn declare_params(&mut self, statements: &[&'a Statement]) {
        let mut seen = BTreeMap::new();
        for statement in statements {
            let Clause::Param { name, ty, default } = &statement.clause else { continue };
            self.unique(&mut seen, name, "parameter");
            let Some(known) = Type::ALL.into_iter().find(|t| t.word() == ty.node) else {
                self.sink.push(
                    Diagnostic::error(Code::UnknownName, format!("unknown type `{}`", ty.node))
                        .at(ty.span, "not a type")
                        .did_you_mean(&ty.node, Type::ALL.map(Type::word)),
                );
                self.lost.insert(name.node.clone());
                continue;
            };
            let default = default.as_ref().and_then(|literal| self.param_default(literal, known));
            let value = match self.given.parameters.get(&name.node) {
                Some(text) if text == "all" && default == Some(ParamValue::All) => Some(ParamValue::All),
                Some(text) => match literals::given(text, known) {
                    Ok(value) => Some(ParamValue::Value(value)),
                    Err(why) => {
                        self.sink.push(
                            Diagnostic::error(
                                Code::BadParameter,
                                format!("value of parameter `{}`: {why}", name.node),
                            )
                            .at(name.span, format!("a {}", known.word())),
                        );
                        None
                    }
                },
                None => default,
            };
            if value.is_none() && !self.given.lenient && !self.given.parameters.contains_key(&name.node) {
                self.sink.push(
                    Diagnostic::error(Code::BadParameter, format!("parameter `{}` has no value", name.node))
                        .at(name.span, format!("a {} without default", known.word()))
                        .help(format!("give it with `--set {}=...`", name.node)),
                );
            }
            self.params.push(Param { name: name.node.clone(), ty: known, value, span: name.span });
        }
        for given in self.given.parameters.keys() {
            if !seen.contains_key(given) {
                let legal: Vec<String> = seen.keys().cloned().collect();
                self.sink.push(
                    Diagnostic::error(
                        Code::BadParameter,
                        format!("the policy declares no parameter `{given}`"),
                    )
                    .did_you_mean(given, legal.iter().map(String::as_str)),
                );
            }
        }
    }

    fn param_default(&mut self, literal: &Literal, ty: Type) -> Option<ParamValue> {
        if let Literal::All(span) = literal {
            if ty == Type::Text {
                return Some(ParamValue::All);
            }
            let help = "leave the default out, or declare the parameter as `text`";
            self.error(
                Code::TypeMismatch,
                "only a text parameter can default to `all`",
                (*span, "here"),
                help,
            );
            return None;
        }
        self.literal(literal, Some(ty)).map(ParamValue::Value)
    }
}
