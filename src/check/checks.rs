//! Checks: one id, one assertion, and what is said about it.

use super::Checker;
use super::operands::{Rows, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::{Assertion, State};
use crate::policy::{Check, On, When};
use crate::source_text::Span;
use crate::syntax::ast::{self, Clause, Name, Pattern, Statement};
use crate::verdict::Level;

impl<'a> Checker<'a> {
    pub(super) fn check_statement(
        &mut self,
        statement: &'a Statement,
        gate: &str,
        gate_source: Option<&str>,
    ) -> Vec<Check> {
        let Clause::Check { name, title, template } = &statement.clause else { return Vec::new() };
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
        check.unwrap_or_default()
    }

    fn body(
        &mut self,
        (name, title, whole): (&Name, Option<&Name>, bool),
        children: &[&Statement],
        gate: &str,
        gate_source: Option<&str>,
    ) -> Option<Vec<Check>> {
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
        let standard = match assertion {
            ast::Assertion::State { subject, state, from, until, rest, label: _, since }
                if Self::is_standard(subject) =>
            {
                let behind = from.as_ref().map(|name| name.span).or(until.as_ref().map(|until| until.span));
                let behind =
                    behind.or(since.as_ref().map(|since| since.span)).or(rest.as_ref().map(|rest| rest.span));
                Some(self.standard(subject, (state, behind), children)?)
            }
            _ => {
                self.nothing_to_leave_out(children);
                None
            }
        };
        let mut checked = match &standard {
            Some(asked) => asked.assertion(),
            None => self.assertion(assertion, &mut on, *written),
        };
        for child in children {
            if let Clause::Retry { every, limit } = &child.clause {
                self.retry((every, limit), child.span, checked.as_mut());
            }
        }
        self.equals_itself(source.as_deref(), checked.as_ref(), *written);
        self.absent_from_itself(source.as_deref(), checked.as_ref(), *written);
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
                Clause::Timeout { limit } => {
                    check.timeout = self.measured_duration(limit);
                    if is_no_statement(&check.assertion) {
                        let help = "leave it out; a request has `within`";
                        let message = "`timeout` is for statements of a server, and this is none";
                        self.error(Code::BadAssertion, message, (child.span, "would be ignored"), help);
                    }
                }
                Clause::Runbook { url } => check.runbook = Some(url.node.clone()),
                Clause::AllowEmpty => check.allow_empty = true,
                Clause::Unwaivable => check.waivable = false,
                _ => {}
            }
        }
        self.choose_source(&mut check, name);
        Some(match standard {
            Some(asked) => asked.expand(&check),
            None => vec![check],
        })
    }

    fn repeated(&mut self, children: &[&Statement]) {
        let mut seen: Vec<(std::mem::Discriminant<Clause>, Span)> = Vec::new();
        for child in children {
            if matches!(child.clause, Clause::On { .. } | Clause::Assert { .. } | Clause::LeaveOut { .. }) {
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
        let patterns = self.patterns(tables);
        let mut scope = Scope { rows: Rows::On(None), aggregates: false };
        let filter = self.filter(filter, &mut scope).unwrap_or_default();
        *on = Some(On { patterns, filter });
    }

    /// Settles which source a check reads, when it reads any.
    fn choose_source(&mut self, check: &mut Check, name: &Name) {
        if !self.needs_source(&check.assertion) {
            return;
        }
        if let Some(source) = &check.source {
            let kind = self.sources.iter().find(|s| s.name == *source).map(|s| s.kind);
            if let Some(kind) = kind.filter(|k| !k.describe().relations) {
                let message = format!("`{source}` is of kind `{}`, which holds no tables", kind.word());
                let help = "add `on SOURCE` to the check, where SOURCE is a server or an archive";
                self.error(Code::BadAssertion, message, (name.span, "needs tables"), help);
            }
            return;
        }
        let holding: Vec<String> =
            self.sources.iter().filter(|s| s.kind.describe().relations).map(|s| s.name.clone()).collect();
        match holding.as_slice() {
            [only] => {
                let only = only.clone();
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
                let names: Vec<&str> = several.iter().map(String::as_str).collect();
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
impl Checker<'_> {
    /// Whether an assertion reads relations.
    fn needs_source(&self, assertion: &Assertion) -> bool {
        match assertion {
            Assertion::Values(list) => list.iter().any(|c| c.left.has_aggregate() || c.right.has_aggregate()),
            Assertion::State(State::Met(name)) => self.over_rows.contains(name),
            other => !is_no_statement(other),
        }
    }
}

/// Whether an assertion asks a source that runs no statements.
fn is_no_statement(assertion: &Assertion) -> bool {
    matches!(
        assertion,
        Assertion::State(State::Source(..))
            | Assertion::Request(..)
            | Assertion::Attested(..)
            | Assertion::Way(_)
            | Assertion::Elements(..)
    )
}
