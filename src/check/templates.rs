//! Templates: their arguments, and a check's statements in place of them.

use super::operands::Scope;
use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::Span;
use crate::syntax::ast::{Clause, Expr, ExprKind, Name, Statement};
use crate::value::Type;
use std::collections::BTreeMap;

impl<'a> Checker<'a> {
    /// The types of a template's slots.
    pub(super) fn template_words(&mut self, template: &Statement) {
        let Clause::Template { name, slots } = &template.clause else { return };
        let mut seen = BTreeMap::new();
        for (slot, ty) in slots {
            self.unique(&mut seen, slot, "argument");
            if ty.node != "column" && !Type::ALL.iter().any(|t| t.word() == ty.node) {
                let legal = Type::ALL.iter().map(|t| t.word()).chain(["column"]);
                self.sink.push(
                    Diagnostic::error(Code::UnknownName, format!("unknown type `{}`", ty.node))
                        .at(ty.span, "not a type")
                        .did_you_mean(&ty.node, legal),
                );
            }
        }
        if template.whole && !template.children.iter().any(|c| matches!(c.clause, Clause::Assert { .. })) {
            self.error(
                Code::Missing,
                format!("template `{}` has no `require` or `recommend`", name.node),
                (name.span, "it says nothing"),
                "add `require ...`",
            );
        }
    }

    /// Binds a template's slots and returns its statements.
    pub(super) fn expand(&mut self, name: &Name, arguments: &[Expr]) -> Option<&'a [Statement]> {
        let Some(template) = self.templates.get(&name.node).copied() else {
            let legal: Vec<String> = self.templates.keys().cloned().collect();
            self.sink.push(
                Diagnostic::error(Code::UnknownName, format!("unknown template `{}`", name.node))
                    .at(name.span, "not declared")
                    .did_you_mean(&name.node, legal.iter().map(String::as_str)),
            );
            return None;
        };
        self.used.insert(format!("template {}", name.node));
        let Clause::Template { slots, .. } = &template.clause else { return None };
        if slots.len() != arguments.len() {
            self.sink.push(
                Diagnostic::error(
                    Code::BadArity,
                    format!(
                        "template `{}` takes {} arguments, not {}",
                        name.node,
                        slots.len(),
                        arguments.len()
                    ),
                )
                .at(name.span, "used here")
                .at(template.span, "declared here")
                .help(format!("write `use {}({})`", name.node, slot_names(slots))),
            );
            return None;
        }
        let mut fits = true;
        for ((slot, ty), argument) in slots.iter().zip(arguments) {
            let is_column = matches!(&argument.kind, ExprKind::Path(path) if path.parts.len() > 1);
            if ty.node == "column" {
                if !is_column {
                    fits = false;
                    self.sink.push(
                        Diagnostic::error(Code::TypeMismatch, format!("`${}` is a column", slot.node))
                            .at(argument.span, "not a column")
                            .help("write `Table.column`"),
                    );
                }
            } else if let Some(operand) = self.operand(argument, &mut Scope::run()) {
                let actual = self.type_of(&operand);
                if actual.map(Type::word) != Some(ty.node.as_str()) {
                    fits = false;
                    let what = actual.map_or("something else", Type::word);
                    let known = Type::ALL.into_iter().find(|t| t.word() == ty.node);
                    let example = known.map_or("a value", literals::example);
                    self.error(
                        Code::TypeMismatch,
                        format!("`${}` is a {}, and this is a {what}", slot.node, ty.node),
                        (argument.span, "does not fit"),
                        format!("write a {}, such as `{example}`", ty.node),
                    );
                }
            } else {
                fits = false;
            }
        }
        self.slots = slots
            .iter()
            .zip(arguments)
            .map(|((slot, ty), argument)| (slot.node.clone(), ty.node.clone(), argument.clone()))
            .collect();
        fits.then_some(template.children.as_slice())
    }

    /// An assertion as written, on one line, with a template's arguments in place of its slots.
    pub(super) fn written(&self, span: Span) -> String {
        let mut text = self.texts.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let mut slots: Vec<_> = self.slots.iter().collect();
        // A slot may begin with another's name.
        slots.sort_by_key(|(name, _, _)| std::cmp::Reverse(name.len()));
        for (name, _, argument) in slots {
            text = text.replace(&format!("${name}"), self.texts.text(argument.span));
        }
        text
    }
}

fn slot_names(slots: &[(Name, Name)]) -> String {
    slots.iter().map(|(slot, _)| slot.node.as_str()).collect::<Vec<_>>().join(", ")
}
