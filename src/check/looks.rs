//! What is asked of sources that hold no rows: requests, statements of people, elements of documents.

use super::operands::Scope;
use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::SourceKind;
use crate::policy::assertion::Assertion;
use crate::policy::look::{Attested, Elements, MemberTest, Quantifier, Request, Retry, Test};
use crate::policy::operand::{Arithmetic, Comparator, Operand};
use crate::source_text::Span;
use crate::syntax::ast::{self, Expr, ExprKind, Measure, Name, Predicate, PredicateRight};
use crate::value::{Type, Value};

impl Checker<'_> {
    /// A source that must be declared and of a kind.
    fn source_of(&mut self, name: &Name, kind: SourceKind) -> Option<String> {
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
            Some(literal) => Some(self.literal(literal, None)?),
        };
        self.plain_value(value.as_ref(), op, test.op.span)?;
        Some(MemberTest { pointer: pointer?, op, value })
    }

    /// Whether a document can hold a value, and an order of it means something.
    fn plain_value(&mut self, value: Option<&Value>, op: Comparator, span: Span) -> Option<()> {
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
    fn pointer(&mut self, written: &Name) -> Option<String> {
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
        let recorded: Vec<String> = self
            .sources
            .iter()
            .filter(|s| s.kind == SourceKind::Attestation)
            .map(|s| s.name.clone())
            .collect();
        let source = match recorded.as_slice() {
            [only] => only.clone(),
            list => {
                let (message, help) = match list {
                    [] => (
                        "no source holds statements of people",
                        "add `source attestation NAME from \"attestations.toml\"`",
                    ),
                    _ => ("several sources hold statements of people", "declare one file only"),
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
                let values: Vec<Option<Value>> = list.iter().map(|l| self.literal(l, None)).collect();
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
        match self.known(&operand) {
            Some(value) => Some(value.clone()),
            None if self.given.lenient && matches!(operand, Operand::Param { .. }) => {
                Some(Value::Text(String::new()))
            }
            None => {
                let help = "write a text, a number, `true` or `false`, or a parameter that has one value";
                self.error(
                    Code::BadAssertion,
                    "a fixed value stands on the right",
                    (expr.span, "here"),
                    help,
                );
                None
            }
        }
    }
}
