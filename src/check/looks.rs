//! What is asked of sources that hold no rows: requests and statements of people.

use super::Checker;
use super::operands::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::SourceKind;
use crate::policy::assertion::Assertion;
use crate::policy::look::{Attested, MemberTest, Request, Retry};
use crate::policy::operand::{Arithmetic, Comparator, Operand};
use crate::source_text::Span;
use crate::syntax::ast::{self, Expr, Measure, Name};
use crate::value::{Type, Value};

impl Checker<'_> {
    /// A source that must be declared and of a kind.
    pub(super) fn source_of(&mut self, name: &Name, kind: SourceKind) -> Option<String> {
        match self.source_kind(&name.node) {
            Some((source, actual)) if actual == kind => {
                self.used.insert(format!("source {source}"));
                Some(source)
            }
            Some((source, actual)) => {
                let message = format!(
                    "`{source}` is of kind `{}`, and this asks one of kind `{}`",
                    actual.word(),
                    kind.word()
                );
                let help = format!("name a source that is declared as `source {} NAME ...`", kind.word());
                self.error(Code::BadAssertion, message, (name.span, "of another kind"), help);
                None
            }
            None => {
                let legal: Vec<String> =
                    self.sources.iter().filter(|s| s.kind == kind).map(|s| s.name.clone()).collect();
                let message = format!("no source `{}` of kind `{}` is declared", name.node, kind.word());
                let diagnostic = Diagnostic::error(Code::UnknownName, message).at(name.span, "not declared");
                self.sink.push(match legal.as_slice() {
                    [] => diagnostic.help(format!("add `source {} {} from \"...\"`", kind.word(), name.node)),
                    legal => diagnostic.did_you_mean(&name.node, legal.iter().map(String::as_str)),
                });
                None
            }
        }
    }

    /// `SOURCE METHOD "/path" returns STATUS ...`.
    pub(super) fn request(
        &mut self,
        (source, method, path): (&Name, &Name, &Name),
        status: &Name,
        members: &[ast::MemberTest],
        within: Option<&Measure>,
    ) -> Option<Assertion> {
        let source = self.source_of(source, SourceKind::Http);
        if !["GET", "HEAD"].contains(&method.node.as_str()) {
            let help = "write `GET` or `HEAD`; a verifier asks for nothing that could change something";
            self.error(
                Code::BadAssertion,
                format!("`{}` is not asked", method.node),
                (method.span, "here"),
                help,
            );
            return None;
        }
        let odd = |c: char| c.is_control() || c.is_whitespace() || c == '#';
        if !path.node.starts_with('/') || path.node.starts_with("//") || path.node.contains(odd) {
            let help = "write the path and query from the first slash, such as `\"/health?full=1\"`";
            self.error(Code::BadLiteral, "this is not a path of a request", (path.span, "here"), help);
            return None;
        }
        let code = self.whole(status)?;
        let Some(code) = u16::try_from(code).ok().filter(|n| (100..=599).contains(n)) else {
            let help = "write a status from 100 to 599, such as `200`";
            self.error(
                Code::BadLiteral,
                format!("`{}` is no status", status.node),
                (status.span, "here"),
                help,
            );
            return None;
        };
        let members: Vec<Option<MemberTest>> = members.iter().map(|test| self.member_test(test)).collect();
        let members = members.into_iter().collect::<Option<Vec<_>>>()?;
        if method.node == "HEAD" && !members.is_empty() {
            let help = "write `GET`";
            self.error(
                Code::BadAssertion,
                "an answer to `HEAD` has no body",
                (method.span, "no JSON comes"),
                help,
            );
            return None;
        }
        let within = match within {
            Some(limit) => Some(self.measured_duration(limit)?),
            None => None,
        };
        let request = Request {
            method: method.node.clone(),
            path: path.node.clone(),
            status: code,
            members,
            within,
            retry: None,
        };
        Some(Assertion::Request(source?, Box::new(request)))
    }

    fn member_test(&mut self, test: &ast::MemberTest) -> Option<MemberTest> {
        let pointer = self.pointer(&test.pointer);
        let op = self.comparator(&test.op)?;
        let value = match &test.value {
            None => None,
            Some(literal) => Some(self.fixed_literal(literal)?),
        };
        self.plain_value(value.as_ref(), op, test.op.span)?;
        Some(MemberTest { pointer: pointer?, op, value })
    }

    /// Whether a document can hold a value, and an order of it means something.
    pub(super) fn plain_value(&mut self, value: Option<&Value>, op: Comparator, span: Span) -> Option<()> {
        let ordered = !matches!(op, Comparator::Equal | Comparator::NotEqual);
        let wrong = match value {
            Some(Value::Duration(_) | Value::Size(_) | Value::Percent(_)) => {
                "a document has no units; compare with the number or text that stands in it"
            }
            Some(Value::Text(_) | Value::Bool(_)) | None if ordered => {
                "only numbers and instants have an order here"
            }
            _ => return Some(()),
        };
        let help = "use `=` or `!=` with texts, and plain numbers";
        self.error(Code::TypeMismatch, wrong, (span, "does not fit"), help);
        None
    }

    /// A JSON pointer.
    pub(super) fn pointer(&mut self, written: &Name) -> Option<String> {
        let bad_escape = written.node.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
        if (written.node.is_empty() || written.node.starts_with('/')) && !bad_escape {
            return Some(written.node.clone());
        }
        let help =
            "write for example `\"/Statement/0/Action\"`; `\"\"` is all of it, and `~1` a slash in a name";
        self.error(Code::BadLiteral, "this is not a JSON pointer", (written.span, "here"), help);
        None
    }

    /// `retry every 5s for 3min` of a check.
    pub(super) fn retry(
        &mut self,
        (every, limit): (&Measure, &Measure),
        span: Span,
        assertion: Option<&mut Assertion>,
    ) {
        let (every, limit) = (self.measured_duration(every), self.measured_duration(limit));
        match assertion {
            Some(Assertion::Request(_, request)) => {
                if let (Some(every), Some(limit)) = (every, limit) {
                    if every < 100_000 || every > limit || limit > 3_600_000_000 {
                        let help = "write for example `retry every 5s for 3min`; at least 100ms apart and at most 1h long";
                        self.error(Code::BadLiteral, "these times do not go together", (span, "here"), help);
                    }
                    request.retry = Some(Retry { every, limit });
                }
            }
            Some(_) => {
                let help = "leave it out; what is looked at in a snapshot does not change by looking again";
                self.error(
                    Code::BadAssertion,
                    "only a request is tried again",
                    (span, "means nothing here"),
                    help,
                );
            }
            None => {}
        }
    }

    /// `attested by "WHO" [within LIMIT [before|after|of VALUE]]`.
    pub(super) fn attested(
        &mut self,
        by: &Name,
        within: Option<&(Measure, Option<(Name, Expr)>)>,
        span: Span,
    ) -> Option<Assertion> {
        let of = |kind: SourceKind| -> Vec<String> {
            self.sources.iter().filter(|s| s.kind == kind).map(|s| s.name.clone()).collect()
        };
        // A record holds statements beside much else, so it is asked where no file of them is declared.
        let mut recorded = of(SourceKind::Attestation);
        if recorded.is_empty() {
            recorded = of(SourceKind::Record);
        }
        let source = match recorded.as_slice() {
            [only] => only.clone(),
            list => {
                let (message, help) = match list {
                    [] => (
                        "no source holds statements of people",
                        "add `source attestation NAME from \"attestations.toml\"`, or `source record NAME from \"FOLDER\"`",
                    ),
                    _ => ("several sources hold statements of people", "declare one of them only"),
                };
                self.error(Code::NoSource, message, (span, "whose statements?"), help);
                return None;
            }
        };
        self.used.insert(format!("source {source}"));
        if by.node.trim().is_empty() {
            self.error(
                Code::BadLiteral,
                "nobody is named",
                (by.span, "empty"),
                "write who must have said so",
            );
            return None;
        }
        let mut attested = Attested { by: by.node.clone(), from: None, to: None };
        if let Some((limit, about)) = within {
            let limit = self.measure(limit, Type::Duration, &mut Scope::run())?;
            let (side, at) = match about {
                None => ("before", Operand::Now),
                Some((side, expr)) => {
                    let at = self.operand(expr, &mut Scope::run())?;
                    if self.type_of(&at) != Some(Type::Time) {
                        let help = "write for example `within 15min after $recovery_started`";
                        self.error(Code::TypeMismatch, "this is not an instant", (expr.span, "here"), help);
                        return None;
                    }
                    (side.node.as_str(), at)
                }
            };
            let shifted = |op| {
                Some(Operand::Binary { op, left: Box::new(at.clone()), right: Box::new(limit.clone()), span })
            };
            (attested.from, attested.to) = match side {
                "before" => (shifted(Arithmetic::Subtract), Some(at.clone())),
                "after" => (Some(at.clone()), shifted(Arithmetic::Add)),
                _ => (shifted(Arithmetic::Subtract), shifted(Arithmetic::Add)),
            };
        }
        Some(Assertion::Attested(source, attested))
    }
}
