//! What "the tenancy is complete" and "is isolated" come down to.

use super::Proof;
use super::belongs::{Belongs, belongs, tenant_in};
use super::builder::Planner;
use super::references::Reference;
use crate::catalogue::{Catalogue, Relation};
use crate::measure::Tally;
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::measure::tenants::{Crossing, TenantPath};
use crate::policy::tenancy::Tenancy;
use crate::policy::{Check, RelationName};
use crate::verdict::Verdict;

impl<'a> Planner<'a> {
    /// Every tenant-keyed row has a tenant, and every table is accounted for.
    pub(super) fn complete(&mut self, check: &'a Check) {
        let Some((source, catalogue, tenancy, tenants)) = self.tenants(check) else { return };
        self.examined(&source, &tenants, true);
        if tenancy.schemas.is_some() {
            self.schemas_complete(&source, catalogue, tenancy, &tenants);
        }
        let key = vec![tenancy.key.clone()];
        let column = vec![tenancy.column.clone()];
        let owned = |r: &&Relation| {
            r.kind.stores() && matches!(belongs(tenancy, r), Belongs::Keyed | Belongs::Reached)
        };
        if tenancy.schemas.is_none() && !catalogue.relations.iter().any(|r| owned(&r)) {
            self.unprovable(
                "",
                &format!(
                    "no table belongs to a tenant: none has a column `{}` or is declared `reached`",
                    tenancy.column
                ),
            );
        }
        for relation in catalogue.relations.iter().filter(|r| r.kind.stores()) {
            match belongs(tenancy, relation) {
                Belongs::Tenants | Belongs::Global | Belongs::Schema => {}
                Belongs::Undeclared => self.must(
                    relation.name.to_string(),
                    Proof::Found {
                        verdict: Verdict::Broken,
                        kind: "undeclared_table".to_owned(),
                        message: format!("nobody says whose the rows are: {}", tenancy.lacking()),
                    },
                ),
                Belongs::Keyed => {
                    let rows = self.rows(catalogue, relation);
                    self.examined(&source, &rows, false);
                    let parent = RowSet::all(&tenants.relation);
                    let reference =
                        Reference { child: &rows, columns: &column, parent: &parent, parent_columns: &key };
                    let message = format!("`{}` has no such tenant", tenancy.relation);
                    self.reference(&source, &reference, true, "orphan_tenant", &message);
                }
                Belongs::Reached => {
                    let Some((through, parent, parent_key)) =
                        self.reach(&source, catalogue, tenancy, relation)
                    else {
                        continue;
                    };
                    // A way that ends at no tenant leaves its rows with nobody, and says so.
                    if self.tenant_path(&source, catalogue, tenancy, relation, 0).is_none() {
                        continue;
                    }
                    let rows = self.rows(catalogue, relation);
                    self.examined(&source, &rows, false);
                    let reference = Reference {
                        child: &rows,
                        columns: &through,
                        parent: &parent,
                        parent_columns: &parent_key,
                    };
                    let message =
                        format!("`{}` has no such row, so this one belongs to no tenant", parent.name());
                    self.reference(&source, &reference, true, "orphan", &message);
                }
            }
        }
    }

    /// No reference leads from one tenant's row to another's.
    pub(super) fn isolated(&mut self, check: &'a Check) {
        let Some((source, catalogue, tenancy, tenants)) = self.tenants(check) else { return };
        self.examined(&source, &tenants, true);
        let mut bridges: Vec<(RelationName, Vec<String>, RelationName, Vec<String>)> = catalogue
            .foreign_keys
            .iter()
            .map(|f| (f.child.clone(), f.child_columns.clone(), f.parent.clone(), f.parent_columns.clone()))
            .collect();
        // Companies of one group, resellers and their customers: that tenants stand in a relation to each other is the
        // application's own model, and only the policy can say that a relation like that must not be.
        bridges.retain(|(child, columns, parent, _)| {
            let among_tenants = [child, parent].into_iter().all(|r| *r == tenancy.relation);
            if among_tenants {
                self.notes.push(format!(
                    "foreign key `{}` of `{child}` was left out, since it relates tenants to each other; a `link` in the tenancy would forbid it",
                    columns.join(", ")
                ));
            }
            !among_tenants
        });
        for link in &tenancy.links {
            let names =
                |list: &[(String, crate::source_text::Span)]| list.iter().map(|(c, _)| c.clone()).collect();
            let (child, parent) = (
                self.relation(catalogue, &source, &link.child, Some(link.span)),
                self.relation(catalogue, &source, &link.parent, Some(link.span)),
            );
            let (Some(child), Some(parent)) = (child, parent) else { continue };
            let mut wrong = Vec::new();
            wrong.extend(super::bind::columns(child, &link.child_columns).err().into_iter().flatten());
            wrong.extend(super::bind::columns(parent, &link.parent_columns).err().into_iter().flatten());
            for ((c, span), (p, _)) in link.child_columns.iter().zip(&link.parent_columns) {
                wrong.extend(super::bind::joinable((child, c), (parent, p), *span).err());
            }
            if wrong.is_empty() {
                bridges.push((
                    link.child.clone(),
                    names(&link.child_columns),
                    link.parent.clone(),
                    names(&link.parent_columns),
                ));
            } else {
                self.wrong(wrong);
            }
        }
        bridges.sort();
        bridges.dedup();
        let mut proven = 0;
        for (child, columns, parent, parent_columns) in bridges {
            let (Some(child), Some(parent)) = (catalogue.relation(&child), catalogue.relation(&parent))
            else {
                continue;
            };
            let tenants = [child, parent].map(|r| tenant_in(tenancy, r));
            if let [Some(from), Some(to)] = tenants {
                proven += 1;
                if from != to {
                    self.crosses(&child.name, &columns, &parent.name, to);
                }
                continue;
            }
            let whose = [child, parent].map(|r| belongs(tenancy, r));
            if whose.iter().any(|w| matches!(w, Belongs::Global | Belongs::Undeclared | Belongs::Schema)) {
                continue;
            }
            // A row that takes its tenant from the very row it points to cannot cross; that proves nothing.
            let inherited = tenancy.reached.iter().any(|r| {
                r.relation == child.name
                    && r.parent == parent.name
                    && r.through.len() == columns.len()
                    && r.through.iter().all(|(c, _)| columns.contains(c))
            });
            if inherited {
                continue;
            }
            // The tenant column itself leads to the tenant; whether it does is "complete".
            if whose[1] == Belongs::Tenants && columns == [tenancy.column.clone()] {
                continue;
            }
            let paths = [child, parent].map(|r| self.tenant_path(&source, catalogue, tenancy, r, 0));
            let [Some(child_path), Some(parent_path)] = paths else { continue };
            let rows = self.rows(catalogue, child);
            let mut pointing = rows.clone();
            pointing.filters.extend(columns.iter().map(|c| {
                let column = crate::policy::operand::Operand::Column {
                    name: c.clone(),
                    span: crate::source_text::Span::NOWHERE,
                };
                let is_null = crate::policy::operand::Condition::IsNull(column);
                crate::policy::operand::Condition::Not(Box::new(is_null))
            }));
            let key = self.fold(&source, &pointing, &Fold::Count);
            self.must(child.name.to_string(), Proof::Examined { key, strict: false });
            let message = format!(
                "`{}` leads to no row of `{}` that is the same tenant's",
                columns.join(", "),
                parent.name
            );
            let crossing = Crossing {
                child: rows,
                columns,
                child_path,
                parent: RowSet::all(parent),
                parent_columns,
                parent_path,
            };
            self.tally(&source, Tally::Crossing(crossing), "cross_tenant", &message);
            proven += 1;
        }
        if proven == 0 {
            self.unprovable(
                "",
                if tenancy.schemas.is_some() {
                    "there is no foreign key between tables of tenants' schemas, so nothing shows isolation"
                } else {
                    "there is no foreign key and no declared `link` between tenants' tables, so nothing shows isolation"
                },
            );
        }
        let undeclared: Vec<String> = catalogue
            .relations
            .iter()
            .filter(|r| r.kind.stores() && belongs(tenancy, r) == Belongs::Undeclared)
            .map(|r| r.name.to_string())
            .collect();
        if !undeclared.is_empty() {
            self.unprovable("", &format!("nobody says whose the rows of {} are", undeclared.join(", ")));
        }
    }

    /// The declared way from a relation to its parent.
    fn reach(
        &mut self,
        source: &str,
        catalogue: &'a Catalogue,
        tenancy: &'a Tenancy,
        relation: &Relation,
    ) -> Option<(Vec<String>, RowSet, Vec<String>)> {
        let reached = tenancy.reached.iter().find(|r| r.relation == relation.name)?;
        let columns = match super::bind::columns(relation, &reached.through) {
            Ok(columns) => columns,
            Err(wrong) => {
                self.wrong(wrong);
                return None;
            }
        };
        let parent = self.relation(catalogue, source, &reached.parent, Some(reached.span))?;
        let rows = RowSet::all(parent);
        let key = self.key_for(catalogue, &relation.name, &columns, &rows)?;
        Some((columns, rows, key))
    }

    pub(super) fn tenant_path(
        &mut self,
        source: &str,
        catalogue: &'a Catalogue,
        tenancy: &'a Tenancy,
        relation: &Relation,
        depth: usize,
    ) -> Option<TenantPath> {
        match belongs(tenancy, relation) {
            Belongs::Tenants => Some(TenantPath { steps: Vec::new(), column: tenancy.key.clone() }),
            Belongs::Keyed => Some(TenantPath { steps: Vec::new(), column: tenancy.column.clone() }),
            Belongs::Reached if depth < 8 => {
                let (columns, parent, key) = self.reach(source, catalogue, tenancy, relation)?;
                let rest = self.tenant_path(source, catalogue, tenancy, &parent.relation, depth + 1)?;
                let mut steps = vec![(columns, parent, key)];
                steps.extend(rest.steps);
                Some(TenantPath { steps, column: rest.column })
            }
            _ => {
                let global = matches!(belongs(tenancy, relation), Belongs::Global);
                let because = if global { ": it is declared `global`" } else { "" };
                let why = format!("nothing leads from `{}` to a tenant{because}", relation.name);
                self.unprovable(&relation.name.to_string(), &why);
                None
            }
        }
    }
}
