//! The tenancy: its key, what is global, what is reached through a parent, what is linked.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::RelationName;
use crate::policy::tenancy::{Link, Reached, Tenancy, TenantSchemas};
use crate::source_text::{Span, Spanned};
use crate::syntax::ast::{Clause, Reference, Statement, TenantBy};

impl<'a> Checker<'a> {
    pub(super) fn tenancy(&mut self, statements: &[&'a Statement]) -> Option<Tenancy> {
        let statement = statements.iter().find(|s| matches!(s.clause, Clause::Tenancy { .. }))?;
        let Clause::Tenancy { key, by } = &statement.clause else { return None };
        let (relation, key) = self.qualified(key)?;
        let (column, column_span, schemas) = match by {
            TenantBy::Column(column) => (column.node.clone(), column.span, None),
            TenantBy::Schema(pattern) => (String::new(), pattern.span, Some(self.schemas(pattern)?)),
        };
        let mut tenancy = Tenancy {
            relation,
            key: key.node,
            column,
            column_span,
            schemas,
            global: Vec::new(),
            reached: Vec::new(),
            links: Vec::new(),
            span: statement.span,
        };
        for child in &statement.children {
            if tenancy.schemas.is_some() && !matches!(child.clause, Clause::Global { .. }) {
                let help = "remove it: a table is the tenant's whose schema it is in";
                let message = "tenants that have schemas of their own are reached and linked through none of their columns";
                self.error(Code::BadAssertion, message, (child.span, "not with `by schema`"), help);
                continue;
            }
            match &child.clause {
                Clause::Global { tables, because } => {
                    tenancy.global.push((self.patterns(tables), because.node.clone()));
                }
                Clause::Reached { table, through, of } => {
                    let (Some(relation), Some(parent)) = (self.relation(table), self.relation(of)) else {
                        continue;
                    };
                    let earlier = tenancy.reached.iter().find(|r| r.relation == relation).map(|r| r.span);
                    if let Some(first) = earlier {
                        self.sink.push(
                            Diagnostic::error(Code::Duplicate, format!("`{relation}` is reached twice"))
                                .at(table.span, "again here")
                                .at(first, "first here")
                                .help("keep the one whose parent leads to the tenant"),
                        );
                    }
                    tenancy.reached.push(Reached {
                        relation,
                        through: Self::columns(through),
                        parent,
                        span: table.span,
                    });
                }
                Clause::Bridge { from, to } => {
                    let (from, to) = (self.side(from), self.side(to));
                    if let (Some((from, cc)), Some((parent, pc))) = (from, to) {
                        if cc.len() == pc.len() {
                            tenancy.links.push(Link {
                                child: from,
                                child_columns: cc,
                                parent,
                                parent_columns: pc,
                                span: child.span,
                            });
                        } else {
                            let help = "write `link (A.x, A.y) to (B.x, B.y)`";
                            self.error(
                                Code::BadArity,
                                "both sides of a link need as many columns",
                                (child.span, "here"),
                                help,
                            );
                        }
                    }
                }
                _ => {}
            }
        }
        self.reached_in_circles(&tenancy);
        Some(tenancy)
    }

    /// The pattern of tenants' schemas: one `*` and no other.
    fn schemas(&mut self, pattern: &Spanned<String>) -> Option<TenantSchemas> {
        match pattern.node.split('*').collect::<Vec<_>>().as_slice() {
            [before, after] => {
                Some(TenantSchemas { before: (*before).to_owned(), after: (*after).to_owned() })
            }
            _ => {
                let help = "write `by schema \"tenant_*\"`, with one `*` where the tenant's key stands";
                let message = format!("`{}` does not say where in it the tenant stands", pattern.node);
                self.error(Code::Malformed, message, (pattern.span, "one `*` is needed"), help);
                None
            }
        }
    }

    fn side(&mut self, references: &[Reference]) -> Option<(RelationName, Vec<(String, Span)>)> {
        let mut relation = None;
        let mut columns = Vec::new();
        for reference in references {
            let path = self.reference_path(reference)?;
            let (table, column) = self.qualified(&path)?;
            if relation.as_ref().is_some_and(|known| *known != table) {
                let help = "write the columns of one table on each side";
                self.error(
                    Code::BadAssertion,
                    "the columns of one side belong to one table",
                    (path.span, "another table"),
                    help,
                );
                return None;
            }
            relation = Some(table);
            columns.push((column.node, path.span));
        }
        Some((relation?, columns))
    }

    /// A relation reached through itself would never arrive at a tenant.
    fn reached_in_circles(&mut self, tenancy: &Tenancy) {
        for start in &tenancy.reached {
            let mut at = &start.parent;
            for _ in 0..=tenancy.reached.len() {
                if *at == start.relation {
                    self.error(
                        Code::BadAssertion,
                        format!("`{}` is reached through itself", start.relation),
                        (start.span, "never arrives at a tenant"),
                        "end the way at a table with the tenant's column, or declare this one `global`",
                    );
                    break;
                }
                match tenancy.reached.iter().find(|r| r.relation == *at) {
                    Some(next) => at = &next.parent,
                    None => break,
                }
            }
        }
    }
}
