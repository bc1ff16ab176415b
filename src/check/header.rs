//! The policy's head.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::{Clause, Statement};

/// The policy's head.
pub(super) struct Header {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) owner: String,
    pub(super) max_waiver: Option<i64>,
    pub(super) exact: bool,
}

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
}
