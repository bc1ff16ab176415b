//! Which relations belong to tenants, and whether the declaration of the tenancy fits the catalogue.

use super::builder::Planner;
use crate::catalogue::{Catalogue, Relation};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::measure::rows::RowSet;
use crate::policy::tenancy::Tenancy;
use crate::policy::{Check, RelationName};

/// How a relation belongs to tenants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// It is the relation of tenants.
    Tenants,
    /// It carries the tenant.
    Keyed,
    /// Through a declared parent.
    Reached,
    /// To nobody, as declared.
    Global,
    /// To the tenant whose schema it is in.
    Schema,
    /// Nobody said.
    Undeclared,
}

/// Which of them a relation is.
pub(super) fn belongs(tenancy: &Tenancy, relation: &Relation) -> Belongs {
    if relation.name == tenancy.relation {
        Belongs::Tenants
    } else if tenancy.reached.iter().any(|r| r.relation == relation.name) {
        Belongs::Reached
    } else {
        let mut covering =
            tenancy.global.iter().flat_map(|(patterns, _)| patterns).filter(|p| p.covers(&relation.name));
        // A pattern speaks of tables that nobody thought of one by one. One that carries the tenant is excused by its name only.
        let carries = if tenancy.schemas.as_ref().is_some_and(|s| s.tenant(&relation.name.schema).is_some()) {
            Some(Belongs::Schema)
        } else {
            relation.column(&tenancy.column).map(|_| Belongs::Keyed)
        };
        if covering.any(|pattern| !(pattern.glob && carries.is_some())) {
            Belongs::Global
        } else {
            carries.unwrap_or(Belongs::Undeclared)
        }
    }
}

/// The tenant whose schema a relation is in, where all of it is that tenant's.
pub(super) fn tenant_in<'r>(tenancy: &Tenancy, relation: &'r Relation) -> Option<&'r str> {
    let schemas = tenancy.schemas.as_ref().filter(|_| belongs(tenancy, relation) == Belongs::Schema)?;
    schemas.tenant(&relation.name.schema)
}

impl<'a> Planner<'a> {
    /// The relation of tenants and the declaration, if it fits the catalogue; reports why it does not.
    pub(super) fn tenants(
        &mut self,
        check: &'a Check,
    ) -> Option<(String, &'a Catalogue, &'a Tenancy, RowSet)> {
        let tenancy = self.policy.tenancy.as_ref()?;
        let (source, catalogue) = self.source(check)?;
        let relation = self.relation(catalogue, &source, &tenancy.relation, Some(tenancy.span))?;
        if let Err(diagnostic) = super::bind::column(relation, &tenancy.key, tenancy.span) {
            self.wrong(vec![diagnostic]);
            return None;
        }
        self.global_patterns(tenancy, catalogue, &source);
        self.tenant_column(tenancy, catalogue, &source)?;
        let rows = self.rows(catalogue, relation);
        Some((source, catalogue, tenancy, rows))
    }

    /// A pattern that covers no table excuses nothing, and may be misspelt.
    fn global_patterns(&mut self, tenancy: &Tenancy, catalogue: &Catalogue, source: &str) {
        for pattern in tenancy.global.iter().flat_map(|(patterns, _)| patterns) {
            if catalogue.relations.iter().any(|r| pattern.covers(&r.name)) {
                continue;
            }
            let name = RelationName { schema: pattern.schema.clone(), name: pattern.table.clone() };
            let why = match super::bind::relation(catalogue, &name, source) {
                Err(why) if !pattern.glob => why,
                _ => format!(
                    "`{}` in schema `{}` matches no table of source `{source}`",
                    pattern.table, pattern.schema
                ),
            };
            self.sink.push(
                Diagnostic::warning(Code::NoRelation, why)
                    .at(pattern.span, "declares nothing `global`")
                    .help("correct the name, or remove it"),
            );
        }
    }

    /// A column that no table has makes every table look undeclared, when it is the column's name that is wrong.
    fn tenant_column(&mut self, tenancy: &Tenancy, catalogue: &Catalogue, source: &str) -> Option<()> {
        if tenancy.schemas.is_some() {
            return Some(());
        }
        let stored = || catalogue.relations.iter().filter(|r| r.kind.stores());
        let keyed = stored().any(|r| r.column(&tenancy.column).is_some());
        if keyed || !stored().any(|r| belongs(tenancy, r) == Belongs::Undeclared) {
            return Some(());
        }
        let mut names: Vec<&str> = stored()
            .filter(|r| r.name != tenancy.relation)
            .flat_map(|r| &r.columns)
            .map(|c| c.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        let why = format!("no table of source `{source}` has a column `{}`", tenancy.column);
        match suggest::nearest(&tenancy.column, &names) {
            Some(near) => self.wrong(vec![
                Diagnostic::error(Code::NoColumn, why)
                    .at(tenancy.column_span, "not in the catalogue")
                    .help(format!("did you mean `{near}`?")),
            ]),
            // Nothing is like it: a restore may have lost the tables, and that is no mistake of the policy.
            None => {
                self.sink.push(
                    Diagnostic::warning(Code::NoColumn, why.clone())
                        .at(tenancy.column_span, "not in the catalogue"),
                );
                self.unprovable("", &format!("{why}, so nobody says whose the rows of any table are"));
            }
        }
        None
    }
}
