//! `tenancy of $tenant equals SOURCE`, `TABLE [of $tenant] equals SOURCE`.

use super::Checker;
use super::operands::Scope;
use super::unchanged::LARGE_OBJECTS;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::policy::SourceKind;
use crate::policy::assertion::{Assertion, Equal, Subject};
use crate::policy::operand::Operand;
use crate::source_text::Span;
use crate::syntax::ast::{Excepted, Name, Path, Pattern};
use crate::value::Value;

impl Checker<'_> {
    /// What must be as another source holds it.
    pub(super) fn equals(
        &mut self,
        subject: &Path,
        of: Option<&Excepted>,
        source: &Name,
        except: &[Pattern],
    ) -> Option<Assertion> {
        let other = self.other_source(source);
        let quoted = self.texts.text(subject.span).starts_with('`');
        let tenancy = !quoted && subject.single().is_some_and(|name| name.node == "tenancy");
        if (tenancy || of.is_some()) && !self.names.tenancy {
            self.sink.push(
                Diagnostic::error(Code::UnknownName, "the policy declares no tenancy")
                    .at(subject.span, "whose rows?")
                    .help("add `tenancy Tenant.id by tenantId { ... }`"),
            );
            return None;
        }
        if tenancy || of.is_some() {
            self.used.insert("tenancy".to_owned());
        }
        let large = !quoted && subject.single().is_some_and(|name| name.node == LARGE_OBJECTS);
        if let (true, Some(of)) = (large, of) {
            let help = "leave `of` out; all large objects are compared";
            let span = match of {
                Excepted::Text(text) => text.span,
                Excepted::Param(name) => name.span,
                Excepted::Tables(pattern) => pattern.span,
            };
            self.error(Code::BadAssertion, "large objects belong to no tenant", (span, "a tenant"), help);
            return None;
        }
        let what = match (tenancy, large) {
            (true, _) => Some(Subject::Tenancy),
            (_, true) => Some(Subject::LargeObjects),
            _ => self.unchanged_relation(subject),
        };
        if tenancy && of.is_none() {
            let help = "write `tenancy of $tenant equals SOURCE`; for all tenants, `tenancy is unchanged since BASELINE`";
            self.error(Code::Missing, "the rows of which tenant?", (subject.span, "no tenant"), help);
            return None;
        }
        if let (false, Some(pattern)) = (tenancy, except.first()) {
            let help = "leave it out; only `tenancy of TENANT equals` is about several tables";
            let message = "a table cannot be excepted here";
            self.error(Code::BadAssertion, message, (pattern.span, "a table"), help);
            return None;
        }
        let of = match of {
            None => None,
            Some(Excepted::Param(name)) => Some(self.param(&name.node, name.span, &mut Scope::run())?),
            Some(Excepted::Text(text)) => Some(Operand::Literal(Value::Text(text.node.clone()))),
            Some(Excepted::Tables(_)) => return None,
        };
        let tables = self.patterns(except);
        let (subject, (source, sealed)) = (what?, other?);
        Some(Assertion::Equal(Equal { subject, of, source, sealed, tables }))
    }

    /// A source that holds tables to compare with, and whether it is a baseline.
    fn other_source(&mut self, name: &Name) -> Option<(String, bool)> {
        let fits = |kind: SourceKind| matches!(kind, SourceKind::Dump | SourceKind::Baseline);
        match self.source_kind(&name.node) {
            Some((source, kind)) if fits(kind) => {
                self.used.insert(format!("source {source}"));
                Some((source, kind == SourceKind::Baseline))
            }
            Some((source, kind)) => {
                let message =
                    format!("`{source}` is of kind `{}`, and no backup to compare with", kind.word());
                let help = "name a source of kind `dump` or `baseline`";
                self.error(Code::BadAssertion, message, (name.span, "of another kind"), help);
                None
            }
            None => {
                let legal: Vec<String> =
                    self.sources.iter().filter(|s| fits(s.kind)).map(|s| s.name.clone()).collect();
                let message = format!("no source `{}` of kind `dump` or `baseline` is declared", name.node);
                let diagnostic = Diagnostic::error(Code::UnknownName, message).at(name.span, "not declared");
                let near =
                    suggest::nearest(&name.node, &legal.iter().map(String::as_str).collect::<Vec<_>>());
                self.sink.push(match near {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic.help(format!("add `source dump {} from \"...\"`", name.node)),
                });
                None
            }
        }
    }

    /// A source that is compared with itself always equals.
    pub(super) fn equals_itself(&mut self, source: Option<&str>, checked: Option<&Assertion>, written: Span) {
        if let Some(Assertion::Equal(equal)) = checked
            && source == Some(equal.source.as_str())
        {
            self.vacuous(written);
        }
    }
}
