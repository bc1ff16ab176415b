//! `THING is unchanged since BASELINE [except ...]`.

use super::Checker;
use super::operands::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::SourceKind;
use crate::policy::assertion::{Assertion, CutOff, Subject, Unchanged};
use crate::policy::operand::Operand;
use crate::source_text::Span;
use crate::syntax::ast::{Excepted, Name, Path, Since};
use crate::value::Value;

/// What a policy calls the large objects of a database.
pub(super) const LARGE_OBJECTS: &str = "large_objects";

impl Checker<'_> {
    /// The state `unchanged`, and nothing behind it.
    pub(super) fn unchanged(
        &mut self,
        subject: &Path,
        state: &Name,
        since: &Since,
        left: Option<Span>,
    ) -> Option<Assertion> {
        if state.node != "unchanged" {
            let help = "write `is unchanged since BASELINE`, or leave out what begins with `since`";
            let message = format!("nothing is `{}` since a baseline", state.node);
            self.error(Code::BadAssertion, message, (since.span, "only after `unchanged`"), help);
            return None;
        }
        if let Some(span) = left {
            let help = "write `is unchanged since BASELINE except $tenant, Table`, in this order";
            self.error(Code::Malformed, "this cannot stand here", (span, "left over"), help);
            return None;
        }
        let baseline = self.source_of(&since.baseline, SourceKind::Baseline);
        let quoted = self.texts.text(subject.span).starts_with('`');
        let what = match subject.single().map(|name| name.node.as_str()).filter(|_| !quoted) {
            Some("schema") => Some(Subject::Schema),
            Some(LARGE_OBJECTS) => Some(Subject::LargeObjects),
            Some("tenancy") if !self.names.tenancy => {
                self.sink.push(
                    Diagnostic::error(Code::UnknownName, "the policy declares no tenancy")
                        .at(subject.span, "not declared")
                        .help("add `tenancy Tenant.id by tenantId { ... }`"),
                );
                None
            }
            Some("tenancy") => {
                self.used.insert("tenancy".to_owned());
                Some(Subject::Tenancy)
            }
            _ => self.unchanged_relation(subject),
        };
        let (mut except, mut tables) = (Vec::new(), Vec::new());
        let mut whole = true;
        for excepted in &since.except {
            match excepted {
                Excepted::Text(text) => except.push(Operand::Literal(Value::Text(text.node.clone()))),
                Excepted::Param(name) => match self.param(&name.node, name.span, &mut Scope::run()) {
                    Some(operand) => except.push(operand),
                    None => whole = false,
                },
                Excepted::Tables(pattern) => {
                    tables.extend(self.patterns(std::slice::from_ref(pattern)));
                    if !matches!(what, Some(Subject::Tenancy) | None) {
                        let help = "leave it out; only `tenancy is unchanged` is about several tables";
                        let message = "a table cannot be excepted here";
                        self.error(Code::BadAssertion, message, (pattern.span, "a table"), help);
                        whole = false;
                    }
                }
            }
        }
        let of_nobody = matches!(what, Some(Subject::Schema | Subject::LargeObjects));
        if !except.is_empty() && (of_nobody || !self.names.tenancy) {
            let help = "leave it out, or declare a `tenancy`";
            let message = "no tenant can be excepted here";
            self.error(Code::BadAssertion, message, (since.span, "nothing here belongs to tenants"), help);
            whole = false;
        }
        if !except.is_empty() {
            self.used.insert("tenancy".to_owned());
        }
        let as_of = self.cut_offs(&since.as_of, what.as_ref());
        let updates = self.cut_offs(&since.updates, what.as_ref());
        let (subject, since) = (what?, baseline?);
        let (as_of, updates) = (as_of?, updates?);
        whole.then_some(Assertion::Unchanged(Unchanged { subject, since, except, tables, as_of, updates }))
    }

    /// The columns of a cut-off: one name for every table that has it, or `table.column`.
    fn cut_offs(&mut self, paths: &[Path], of: Option<&Subject>) -> Option<Vec<CutOff>> {
        let mut found: Vec<CutOff> = Vec::new();
        let mut whole = true;
        for path in paths {
            let relation = match path.single() {
                Some(column) => Some((None, column.node.clone())),
                None => self.qualified(path).map(|(relation, column)| (Some(relation), column.node)),
            };
            let Some((relation, column)) = relation else {
                whole = false;
                continue;
            };
            let elsewhere = match (of, &relation) {
                (Some(Subject::Relation(name, _)), Some(relation)) => name != relation,
                _ => false,
            };
            let refused = match of {
                Some(Subject::Schema) => Some("objects of a database carry no column that tells their age"),
                Some(Subject::LargeObjects) => Some("large objects carry no column that tells their age"),
                Some(Subject::Relation(..)) if elsewhere => Some("this check is about another table"),
                _ => None,
            };
            if let Some(why) = refused {
                let help = "leave it out, or name a column of a table that is compared";
                self.error(
                    Code::BadAssertion,
                    "this column cannot be a cut-off here",
                    (path.span, why),
                    help,
                );
                whole = false;
                continue;
            }
            let twice = found.iter().find(|c| c.relation == relation && c.column == column);
            if let Some(first) = twice.map(|first| first.span) {
                self.sink.push(
                    Diagnostic::error(Code::Duplicate, format!("`{}` is named twice", path.dotted()))
                        .at(path.span, "again here")
                        .at(first, "first here")
                        .help("keep one of them"),
                );
                whole = false;
                continue;
            }
            found.push(CutOff { relation, column, span: path.span });
        }
        whole.then_some(found)
    }

    /// A relation, and none of the things that have states of their own.
    pub(super) fn unchanged_relation(&mut self, subject: &Path) -> Option<Subject> {
        let name = subject.dotted();
        let quoted = self.texts.text(subject.span).starts_with('`');
        let thing = [&self.names.ledgers, &self.names.chains, &self.names.objectives]
            .into_iter()
            .any(|names| names.contains(&name));
        if !quoted && (thing || self.source_kind(&name).is_some()) {
            let help = "write `tenancy`, `schema`, `large_objects` or the name of a table; a table of this name stands in backticks";
            let message = format!("`{name}` cannot be `unchanged`");
            self.error(Code::BadAssertion, message, (subject.span, "not a table"), help);
            return None;
        }
        let relation = self.relation(subject)?;
        Some(Subject::Relation(relation, subject.span))
    }
}
