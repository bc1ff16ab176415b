//! The policy's head, parameters, sources and objectives, and the names the rest may refer to.

use std::collections::BTreeMap;

use bigdecimal::ToPrimitive;

use super::operands::Scope;
use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Objective, Param, ParamValue, Source, SourceAddress, SourceKind};
use crate::syntax::ast::{Address, Clause, Literal, Name, Statement};
use crate::value::{Type, Value};

/// The policy's head.
pub(super) struct Header {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) owner: String,
    pub(super) max_waiver: Option<i64>,
    pub(super) exact: bool,
}

/// Kinds of sources the design names and this version cannot read.
const LATER_KINDS: [&str; 13] = [
    "dump",
    "backup",
    "pgbackrest",
    "barman",
    "basebackup",
    "wal",
    "files",
    "host",
    "http",
    "redis",
    "document",
    "baseline",
    "record",
];

impl<'a> Checker<'a> {
    pub(super) fn header(&mut self, statements: &[&'a Statement]) -> Option<Header> {
        let heads: Vec<_> =
            statements.iter().filter(|s| matches!(s.clause, Clause::Policy { .. })).copied().collect();
        if let [first, again, ..] = heads.as_slice() {
            self.sink.push(
                Diagnostic::error(Code::Duplicate, "a policy has one `policy` statement")
                    .at(again.span, "again here")
                    .at(first.span, "first here")
                    .help("a file that is included starts without `policy`"),
            );
        }
        let Some(head) = heads.first() else {
            if !self.whole {
                return None;
            }
            let diagnostic = Diagnostic::error(Code::Missing, "the policy has no `policy` statement")
                .help("begin with `policy NAME \"title\" { language 1; owner \"@team\" }`");
            let diagnostic = match statements.first() {
                Some(first) => diagnostic.at(first.span, "expected before this"),
                None => diagnostic,
            };
            self.sink.push(diagnostic);
            return None;
        };
        let Clause::Policy { name, title } = &head.clause else { return None };
        let mut header = Header {
            name: name.node.clone(),
            title: title.as_ref().map(|t| t.node.clone()).unwrap_or_default(),
            owner: String::new(),
            max_waiver: None,
            exact: false,
        };
        let children = &head.children;
        if let Some(Clause::Language { version }) =
            self.once(children, "language", |c| matches!(c, Clause::Language { .. })).map(|s| &s.clause)
            && version.node != "1"
        {
            self.error(
                Code::NotAvailable,
                format!("language {} is not known; this version speaks language 1", version.node),
                (version.span, "here"),
                "write `language 1`",
            );
        }
        if let Some(Clause::Owner { owner }) =
            self.once(children, "owner", |c| matches!(c, Clause::Owner { .. })).map(|s| &s.clause)
        {
            header.owner.clone_from(&owner.node);
        }
        if let Some(Clause::Schema { schema }) =
            self.once(children, "schema", |c| matches!(c, Clause::Schema { .. })).map(|s| &s.clause)
        {
            self.schema.clone_from(&schema.node);
        }
        if let Some(Clause::MaxWaiver { limit }) =
            self.once(children, "max_waiver", |c| matches!(c, Clause::MaxWaiver { .. })).map(|s| &s.clause)
        {
            header.max_waiver = self.duration(limit);
        }
        header.exact = self.once(children, "exact", |c| matches!(c, Clause::Exact)).is_some();
        Some(header)
    }

    /// A duration above zero, in microseconds.
    pub(super) fn duration(&mut self, written: &Name) -> Option<i64> {
        let value = self.keep(literals::quantity_of(&written.node, false, Type::Duration, written.span))?;
        match value {
            Value::Duration(micros) if micros > 0 => Some(micros),
            _ => {
                let help = "write a duration above zero, such as `30s`";
                self.error(
                    Code::BadLiteral,
                    "a duration of zero makes no sense here",
                    (written.span, "here"),
                    help,
                );
                None
            }
        }
    }

    /// A whole number.
    pub(super) fn whole(&mut self, written: &Name) -> Option<i64> {
        let value = self.keep(literals::quantity_of(&written.node, false, Type::Number, written.span))?;
        match &value {
            Value::Number(n) if n.is_integer() => n.to_i64(),
            _ => {
                let message = format!("`{}` is not a whole number", written.node);
                self.error(
                    Code::BadLiteral,
                    message,
                    (written.span, "here"),
                    "write a whole number, such as `1`",
                );
                None
            }
        }
    }

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

    /// A literal's value, of a type if one is wanted. Parameters are not literals.
    pub(super) fn literal(&mut self, literal: &Literal, wanted: Option<Type>) -> Option<Value> {
        let value = match literal {
            Literal::All(span) => {
                self.error(Code::BadLiteral, "`all` has no meaning here", (*span, "here"), "write a value");
                None
            }
            Literal::Bool(b, _) => Some(Value::Bool(*b)),
            Literal::Text(text) => Some(Value::Text(text.node.clone())),
            Literal::Timestamp(at) => self.keep(literals::instant(&at.node, at.span)),
            Literal::Quantity(signed) => {
                let (text, span) = (&signed.text.node, signed.text.span);
                return match wanted {
                    Some(ty @ (Type::Number | Type::Duration | Type::Percent | Type::Size)) => {
                        self.keep(literals::quantity_of(text, signed.negative, ty, span))
                    }
                    Some(ty) => {
                        let help = format!("write a {}, such as `{}`", ty.word(), literals::example(ty));
                        self.error(
                            Code::TypeMismatch,
                            format!("`{text}` is not a {}", ty.word()),
                            (span, "here"),
                            help,
                        );
                        None
                    }
                    None => self.keep(literals::quantity(text, signed.negative, span)),
                };
            }
            Literal::Param(name) => {
                let help = "write the value itself";
                self.error(Code::BadLiteral, "a parameter cannot stand here", (name.span, "here"), help);
                None
            }
        }?;
        match wanted {
            Some(ty) if value.ty() != ty => {
                let message =
                    format!("{value} is a {}, and a {} is needed here", value.ty().word(), ty.word());
                let help = format!("write a {}, such as `{}`", ty.word(), literals::example(ty));
                self.error(Code::TypeMismatch, message, (literal.span(), "here"), help);
                None
            }
            _ => Some(value),
        }
    }

    pub(super) fn declare_sources(&mut self, statements: &[&'a Statement]) {
        let mut seen = BTreeMap::new();
        for statement in statements {
            let Clause::Source { kind, name, address } = &statement.clause else { continue };
            self.unique(&mut seen, name, "source");
            if kind.node != SourceKind::Postgres.word() {
                let diagnostic = if LATER_KINDS.contains(&kind.node.as_str()) {
                    Diagnostic::error(
                        Code::NotAvailable,
                        format!("sources of kind `{}` are not available in this version", kind.node),
                    )
                    .at(kind.span, "cannot be read")
                    .help("leave the source and its checks out, so that nothing looks checked that is not")
                } else {
                    Diagnostic::error(Code::UnknownName, format!("unknown kind of source `{}`", kind.node))
                        .at(kind.span, "not a kind")
                        .did_you_mean(&kind.node, [SourceKind::Postgres.word()])
                };
                self.sink.push(diagnostic);
                self.lost.insert(name.node.clone());
                continue;
            }
            if ["now", "rows"].contains(&name.node.as_str()) {
                self.error(
                    Code::Duplicate,
                    format!("`{}` is a word of the language and cannot name a source", name.node),
                    (name.span, "here"),
                    "give the source another name",
                );
            }
            let address = match address {
                None => SourceAddress::Default,
                Some(Address::Env(variable)) => SourceAddress::Env(variable.node.clone()),
                Some(Address::File(path)) => SourceAddress::File(path.node.clone()),
                Some(Address::Literal(text)) => {
                    if carries_password(&text.node) {
                        self.sink.push(
                            Diagnostic::error(Code::LiteralSecret, "a password is written in the policy")
                                .at(text.span, "this address carries one")
                                .help("write `from env NAME`, or use a service file or a password file"),
                        );
                    }
                    SourceAddress::Literal(text.node.clone())
                }
            };
            self.sources.push(Source {
                name: name.node.clone(),
                kind: SourceKind::Postgres,
                address,
                span: name.span,
            });
        }
    }

    pub(super) fn declare_names(&mut self, statements: &[&'a Statement]) {
        let mut seen: [BTreeMap<String, crate::source_text::Span>; 4] = Default::default();
        for statement in statements {
            let [things, templates, gates, tenancies] = &mut seen;
            self.reserved(&statement.clause);
            match &statement.clause {
                Clause::Ledger { name, .. } => {
                    self.unique(things, name, "ledger, chain or objective");
                    self.names.ledgers.push(name.node.clone());
                }
                Clause::Chain { name, .. } => {
                    self.unique(things, name, "ledger, chain or objective");
                    self.names.chains.push(name.node.clone());
                }
                Clause::Objective { name, .. } => {
                    self.unique(things, name, "ledger, chain or objective");
                    self.names.objectives.push(name.node.clone());
                }
                Clause::Template { name, .. } => {
                    self.unique(templates, name, "template");
                    self.templates.insert(name.node.clone(), statement);
                }
                Clause::Gate { name, .. } => {
                    self.unique(gates, name, "gate");
                    self.names.gates.push(name.node.clone());
                    for child in &statement.children {
                        if let Clause::Check { name, .. } = &child.clause {
                            self.names.checks.push(name.node.clone());
                        }
                    }
                }
                Clause::Tenancy { .. } => {
                    let name = Name::new("tenancy".to_owned(), statement.span);
                    self.unique(tenancies, &name, "the");
                    self.names.tenancy = true;
                }
                _ => {}
            }
        }
    }

    /// `X is STATE` reads `tenancy` as the tenancy, so nothing else may have that name.
    fn reserved(&mut self, clause: &Clause) {
        let (Clause::Ledger { name, .. } | Clause::Chain { name, .. } | Clause::Objective { name, .. }) =
            clause
        else {
            return;
        };
        if name.node == "tenancy" {
            let message = "`tenancy` always means the tenancy of the policy";
            self.error(Code::Duplicate, message, (name.span, "cannot be a name"), "give it another name");
        }
    }

    pub(super) fn objectives(&mut self, statements: &[&'a Statement]) -> Vec<Objective> {
        let mut objectives = Vec::new();
        for statement in statements {
            let Clause::Objective { name, target, from, to } = &statement.clause else { continue };
            let limit = self.duration(target);
            let mut instant = |expr| {
                let mut scope = Scope::run();
                let operand = self.operand(expr, &mut scope)?;
                match self.type_of(&operand) {
                    Some(Type::Time) => Some(operand),
                    other => {
                        let what = other.map_or("a column's value", Type::word);
                        self.error(
                            Code::TypeMismatch,
                            format!("an objective spans two instants, and this is {what}"),
                            (expr.span, "not an instant"),
                            "write for example `newest(Table.column)`, a `time` parameter or `now`",
                        );
                        None
                    }
                }
            };
            let (from, to) = (instant(from), instant(to));
            if let (Some(limit), Some(from), Some(to)) = (limit, from, to) {
                objectives.push(Objective { name: name.node.clone(), limit, from, to, span: name.span });
            }
        }
        objectives
    }

    pub(super) fn report_unused(&mut self, statements: &[&'a Statement]) {
        for statement in statements {
            let (name, kind) = match &statement.clause {
                Clause::Param { name, .. } => (name, "parameter"),
                Clause::Source { name, .. } => (name, "source"),
                Clause::Ledger { name, .. } => (name, "ledger"),
                Clause::Chain { name, .. } => (name, "chain"),
                Clause::Objective { name, .. } => (name, "objective"),
                Clause::Template { name, .. } => (name, "template"),
                _ => continue,
            };
            if !self.used.contains(&format!("{kind} {}", name.node)) {
                self.sink.push(
                    Diagnostic::warning(Code::Unused, format!("{kind} `{}` is never used", name.node))
                        .at(name.span, "declared here")
                        .help("use it in a check, or remove it"),
                );
            }
        }
        if self.names.tenancy
            && !self.used.contains("tenancy")
            && let Some(statement) = statements.iter().find(|s| matches!(s.clause, Clause::Tenancy { .. }))
        {
            self.sink.push(
                Diagnostic::warning(Code::Unused, "the tenancy is never used")
                    .at(statement.span, "declared here")
                    .help("add `require tenancy is complete` and `require tenancy is isolated`"),
            );
        }
    }
}

/// Whether an address, as a URL or as keywords, holds a password.
fn carries_password(address: &str) -> bool {
    let address = percent_encoding::percent_decode_str(address).decode_utf8_lossy();
    let address: String = address.chars().filter(|c| !c.is_whitespace()).collect();
    // `user:password@host` without a scheme is no address, and still shows a password.
    let bare = !address.contains("://")
        && address.split('/').any(|part| {
            part.rsplit_once('@')
                .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, p)| !p.is_empty()))
        });
    let in_authority = address
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?']).next())
        .and_then(|authority| authority.rsplit_once('@'))
        .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()));
    in_authority || bare || address.to_ascii_lowercase().contains("password=")
}

#[cfg(test)]
mod tests {
    use super::carries_password;

    #[test]
    fn passwords_are_seen_in_every_spelling() {
        assert!(carries_password("postgres://u:secret@h/db"));
        assert!(carries_password("host=h Password=secret"));
        assert!(carries_password("postgres://h/db?password=x"));
        assert!(
            carries_password("password = 'x' host=h") && carries_password("postgres://h/db?%70assword=x")
        );
        assert!(carries_password("a:secret@h"));
        assert!(!carries_password("postgres://u@h:5432/db"));
        assert!(!carries_password("postgres://h:5432/db?host=/tmp"));
    }
}
