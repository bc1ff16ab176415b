//! Gates and checks, with templates expanded.

use std::collections::BTreeMap;

use super::operands::{Rows, Scope};
use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::Assertion;
use crate::policy::operand::Operand;
use crate::policy::{Check, Gate, On, RelationPattern, When};
use crate::source_text::Span;
use crate::syntax::ast::{Clause, Expr, ExprKind, Name, Pattern, Statement, WhenRight};
use crate::value::{Type, Value};
use crate::verdict::Level;

impl<'a> Checker<'a> {
    pub(super) fn gates(&mut self, statements: &[&'a Statement]) -> (Vec<Gate>, Vec<Check>) {
        let (mut gates, mut checks) = (Vec::<Gate>::new(), Vec::new());
        let mut seen = BTreeMap::new();
        for statement in statements {
            let Clause::Gate { name, title, on, after } = &statement.clause else { continue };
            if let Some(after) = after {
                self.gate_order(name, after, &gates);
            }
            let source = on.as_ref().and_then(|on| self.source_named(on));
            if statement.children.is_empty() && statement.whole {
                self.error(
                    Code::NothingToCheck,
                    format!("gate `{}` has no check", name.node),
                    (name.span, "it would always be open"),
                    "add `check NAME { require ... }`, or remove the gate",
                );
            }
            for child in &statement.children {
                if let Clause::Check { name: check, .. } = &child.clause {
                    self.unique(&mut seen, check, "check");
                    checks.extend(self.check_statement(child, &name.node, source.as_deref()));
                }
            }
            gates.push(Gate {
                id: name.node.clone(),
                title: title.as_ref().map(|t| t.node.clone()).unwrap_or_default(),
                after: after.as_ref().map(|a| a.node.clone()),
                span: name.span,
            });
        }
        let templates: Vec<&Statement> = self.templates.values().copied().collect();
        for template in templates {
            self.template_words(template);
        }
        (gates, checks)
    }

    fn gate_order(&mut self, gate: &Name, after: &Name, earlier: &[Gate]) {
        if earlier.iter().any(|g| g.id == after.node) {
            return;
        }
        let later = self.names.gates.contains(&after.node);
        let legal: Vec<&str> = earlier.iter().map(|g| g.id.as_str()).collect();
        let diagnostic = if later {
            Diagnostic::error(
                Code::BadAssertion,
                format!("gate `{}` cannot come after `{}`", gate.node, after.node),
            )
            .at(after.span, "declared later")
            .help("declare gates in the order in which they open")
        } else {
            Diagnostic::error(Code::UnknownName, format!("unknown gate `{}`", after.node))
                .at(after.span, "not declared")
                .did_you_mean(&after.node, legal)
        };
        self.sink.push(diagnostic);
    }

    fn source_named(&mut self, name: &Name) -> Option<String> {
        if self.sources.iter().any(|s| s.name == name.node) {
            self.used.insert(format!("source {}", name.node));
            return Some(name.node.clone());
        }
        let legal: Vec<String> = self.sources.iter().map(|s| s.name.clone()).collect();
        self.sink.push(
            Diagnostic::error(Code::UnknownName, format!("unknown source `{}`", name.node))
                .at(name.span, "not declared")
                .did_you_mean(&name.node, legal.iter().map(String::as_str)),
        );
        None
    }

    /// The types of a template's slots.
    fn template_words(&mut self, template: &Statement) {
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

    fn check_statement(
        &mut self,
        statement: &'a Statement,
        gate: &str,
        gate_source: Option<&str>,
    ) -> Option<Check> {
        let Clause::Check { name, title, template } = &statement.clause else { return None };
        let mut children: Vec<&Statement> = statement.children.iter().collect();
        let mut whole = statement.whole;
        let expanded = match template {
            None => true,
            Some((template, arguments)) => {
                let inner = self.expand(template, arguments);
                whole &= self.templates.get(&template.node).is_some_and(|t| t.whole);
                children.extend(inner.unwrap_or_default());
                inner.is_some()
            }
        };
        let check = if expanded {
            self.body((name, title.as_ref(), whole), &children, gate, gate_source)
        } else {
            None
        };
        self.slots.clear();
        check
    }

    /// Binds a template's slots and returns its statements.
    fn expand(&mut self, name: &Name, arguments: &[Expr]) -> Option<&'a [Statement]> {
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

    fn body(
        &mut self,
        (name, title, whole): (&Name, Option<&Name>, bool),
        children: &[&Statement],
        gate: &str,
        gate_source: Option<&str>,
    ) -> Option<Check> {
        self.repeated(children);
        let mut source = gate_source.map(str::to_owned);
        let mut on = None;
        for child in children {
            if let Clause::On { tables, filter } = &child.clause {
                self.on_clause(tables, filter.as_ref(), &mut source, &mut on);
            }
        }
        let asserts: Vec<_> = children.iter().filter(|c| matches!(c.clause, Clause::Assert { .. })).collect();
        let Some(first) = asserts.first() else {
            if !whole {
                return None;
            }
            self.sink.push(
                Diagnostic::error(Code::Missing, format!("check `{}` requires nothing", name.node))
                    .at(name.span, "no `require` or `recommend`")
                    .help("add one `require ...`, or `recommend ...` to warn only"),
            );
            return None;
        };
        if let Some(again) = asserts.get(1) {
            self.sink.push(
                Diagnostic::error(Code::Duplicate, "a check makes one assertion")
                    .at(again.span, "a second one")
                    .at(first.span, "the first")
                    .help("make it a check of its own, so that it has its own verdict"),
            );
        }
        let Clause::Assert { required, assertion, written } = &first.clause else { return None };
        let checked = self.assertion(assertion, &mut on, *written);
        let mut check = Check {
            id: name.node.clone(),
            gate: gate.to_owned(),
            title: title.map(|t| t.node.clone()).unwrap_or_default(),
            level: if *required { Level::Require } else { Level::Recommend },
            source,
            on,
            assertion: checked?,
            written: self.written(*written),
            when: None,
            controls: Vec::new(),
            timeout: None,
            runbook: None,
            allow_empty: false,
            waivable: true,
            span: name.span,
        };
        for child in children {
            match &child.clause {
                Clause::When { left, op, right } => {
                    let mut left_operand = self.operand(left, &mut Scope::run());
                    let right = self.when_right(right, left_operand.as_mut());
                    let op = self.comparator(op);
                    if let (Some(left), Some(right), Some(op)) = (left_operand, right, op) {
                        if let Some(right) = &right {
                            self.check_ordered(op, [&left, right], child.span);
                        }
                        self.depends(&left, right.as_ref(), child.span);
                        let text = self.texts.text(child.span);
                        let written = text.strip_prefix("when").unwrap_or(text).trim().to_owned();
                        check.when = Some(When { left, op, right, written });
                    }
                }
                Clause::Evidence { controls } => {
                    check.controls = controls.iter().map(|c| c.node.clone()).collect();
                }
                Clause::Timeout { limit } => check.timeout = self.measured_duration(limit),
                Clause::Runbook { url } => check.runbook = Some(url.node.clone()),
                Clause::AllowEmpty => check.allow_empty = true,
                Clause::Unwaivable => check.waivable = false,
                _ => {}
            }
        }
        self.choose_source(&mut check, name);
        Some(check)
    }

    /// An assertion as written, on one line, with a template's arguments in place of its slots.
    fn written(&self, span: Span) -> String {
        let mut text = self.texts.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let mut slots: Vec<_> = self.slots.iter().collect();
        // A slot may begin with another's name.
        slots.sort_by_key(|(name, _, _)| std::cmp::Reverse(name.len()));
        for (name, _, argument) in slots {
            text = text.replace(&format!("${name}"), self.texts.text(argument.span));
        }
        text
    }

    fn repeated(&mut self, children: &[&Statement]) {
        let mut seen: Vec<(std::mem::Discriminant<Clause>, Span)> = Vec::new();
        for child in children {
            if matches!(child.clause, Clause::On { .. } | Clause::Assert { .. }) {
                continue;
            }
            let kind = std::mem::discriminant(&child.clause);
            match seen.iter().find(|(k, _)| *k == kind) {
                Some((_, first)) => self.sink.push(
                    Diagnostic::error(Code::Duplicate, "this stands twice in one check")
                        .at(child.span, "again here")
                        .at(*first, "first here")
                        .help("remove one of them"),
                ),
                None => seen.push((kind, child.span)),
            }
        }
    }

    fn on_clause(
        &mut self,
        tables: &[Pattern],
        filter: Option<&crate::syntax::ast::Predicate>,
        source: &mut Option<String>,
        on: &mut Option<On>,
    ) {
        if let ([one], None) = (tables, filter)
            && one.schema.is_none()
            && !one.glob
            && self.sources.iter().any(|s| s.name == one.table)
        {
            self.used.insert(format!("source {}", one.table));
            *source = Some(one.table.clone());
            return;
        }
        if on.is_some() {
            let span = tables.first().map(|t| t.span);
            if let Some(span) = span {
                let help = "write all tables after one `on`, separated by commas";
                self.error(
                    Code::Duplicate,
                    "a check is about one set of tables",
                    (span, "a second `on`"),
                    help,
                );
            }
            return;
        }
        let patterns: Vec<RelationPattern> = tables
            .iter()
            .map(|t| RelationPattern {
                schema: t.schema.clone().unwrap_or_else(|| self.schema.clone()),
                table: t.table.clone(),
                glob: t.glob,
                span: t.span,
            })
            .collect();
        let mut scope = Scope { rows: Rows::On(None), aggregates: false };
        let filter = self.filter(filter, &mut scope).unwrap_or_default();
        *on = Some(On { patterns, filter });
    }

    fn when_right(&mut self, right: &WhenRight, left: Option<&mut Operand>) -> Option<Option<Operand>> {
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

    /// A condition over fixed values would skip its check always or never, whatever is observed.
    fn depends(&mut self, left: &Operand, right: Option<&Operand>, span: Span) {
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

    /// Settles which source a check reads, when it reads any.
    fn choose_source(&mut self, check: &mut Check, name: &Name) {
        let condition = check.when.as_ref().is_some_and(|when| {
            when.left.has_aggregate() || when.right.as_ref().is_some_and(Operand::has_aggregate)
        });
        if check.source.is_some() || !(condition || needs_source(&check.assertion)) {
            return;
        }
        match self.sources.as_slice() {
            [only] => {
                let only = only.name.clone();
                self.used.insert(format!("source {only}"));
                check.source = Some(only);
            }
            [] if !self.lost.is_empty() => {}
            [] => self.sink.push(
                Diagnostic::error(Code::NoSource, format!("check `{}` has no source to read", name.node))
                    .at(name.span, "needs a database")
                    .help("add `source postgres NAME from env DATABASE_URL`"),
            ),
            several => {
                let names: Vec<&str> = several.iter().map(|s| s.name.as_str()).collect();
                let help = format!(
                    "add `on SOURCE` to the check or its gate, one of {}",
                    crate::diagnostic::suggest::listing(&names)
                );
                self.sink.push(
                    Diagnostic::error(
                        Code::NoSource,
                        format!("which source does check `{}` read?", name.node),
                    )
                    .at(name.span, "several are declared")
                    .help(help),
                );
            }
        }
    }
}

fn slot_names(slots: &[(Name, Name)]) -> String {
    slots.iter().map(|(slot, _)| slot.node.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether an assertion reads relations.
fn needs_source(assertion: &Assertion) -> bool {
    match assertion {
        Assertion::Values(list) => list.iter().any(|c| c.left.has_aggregate() || c.right.has_aggregate()),
        _ => true,
    }
}
