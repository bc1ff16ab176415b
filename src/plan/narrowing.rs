//! Row sets: what of a relation a check looks at, in a run that may be narrowed to one tenant.

use super::Proof;
use super::builder::Planner;
use crate::catalogue::{Catalogue, Relation};
use crate::measure::fold::Fold;
use crate::measure::rows::{RowSet, Within};
use crate::policy::Check;
use crate::policy::operand::{Comparator, Condition, Operand};
use crate::source_text::Span;
use crate::value::Value;

impl<'a> Planner<'a> {
    /// The rows of a relation, narrowed to the run's tenant where it belongs to tenants.
    pub(super) fn rows(&mut self, catalogue: &Catalogue, relation: &Relation) -> RowSet {
        let rows = RowSet::all(relation);
        match &self.options.tenant {
            Some(tenant) => self.narrowed(catalogue, rows, tenant, 0),
            None => rows,
        }
    }

    fn narrowed(&self, catalogue: &Catalogue, mut rows: RowSet, tenant: &str, depth: usize) -> RowSet {
        let Some(tenancy) = &self.policy.tenancy else { return rows };
        let column = if rows.relation.name == tenancy.relation {
            Some(&tenancy.key)
        } else {
            rows.relation.column(&tenancy.column).map(|_| &tenancy.column)
        };
        if let Some(column) = column {
            rows.filters.push(Condition::Compare {
                left: Operand::Column { name: column.clone(), span: Span::NOWHERE },
                op: Comparator::Equal,
                right: Operand::Literal(Value::Text(tenant.to_owned())),
                span: Span::NOWHERE,
            });
            return rows;
        }
        if depth < 8
            && let Some(reached) = tenancy.reached.iter().find(|r| r.relation == rows.relation.name)
            && let Some(parent) = catalogue.relation(&reached.parent)
        {
            let columns: Vec<String> = reached.through.iter().map(|(c, _)| c.clone()).collect();
            let parent_columns = catalogue.key_for(rows.name(), &columns, parent);
            let parent = self.narrowed(catalogue, RowSet::all(parent), tenant, depth + 1);
            rows.within.push(Within { columns, parent: Box::new(parent), parent_columns });
        }
        rows
    }

    /// Narrows rows by a `where`, and demands that it is true or false for every one of them.
    pub(super) fn narrow(&mut self, source: &str, rows: RowSet, filter: Option<&Condition>) -> RowSet {
        if let Some(filter) = filter {
            self.inexact(filter, &rows.relation);
        }
        if let Some(filter) = filter
            && super::bind::may_be_unknown(filter, &rows.relation)
        {
            let key = self.fold(source, &rows, &Fold::Unknown(filter.clone()));
            self.must(rows.name().to_string(), Proof::Decided { key });
        }
        rows.filtered(filter)
    }

    /// Narrowing to a tenant that is not there would leave nothing to look at in some places and everything global in
    /// others.
    pub(super) fn tenant_exists(&mut self, check: &Check) {
        let (Some(tenant), Some(tenancy)) = (&self.options.tenant, &self.policy.tenancy) else { return };
        let Some((source, catalogue)) = self.source(check) else { return };
        let Some(relation) = self.relation(catalogue, &source, &tenancy.relation, Some(tenancy.span)) else {
            return;
        };
        if let Err(diagnostic) = super::bind::readable(relation, &tenancy.key, tenant, tenancy.span) {
            self.wrong(vec![diagnostic]);
            return;
        }
        let rows = self.rows(catalogue, relation);
        let key = self.fold(&source, &rows, &Fold::Count);
        self.must(rows.name().to_string(), Proof::Tenant { key, tenant: tenant.clone() });
    }
}
