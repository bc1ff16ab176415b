//! Tenants that have schemas of their own: each schema has its tenant, each tenant its schema, and none leads to another's.

use std::collections::BTreeMap;

use super::Proof;
use super::belongs::tenant_in;
use super::builder::Planner;
use crate::catalogue::{Catalogue, ColumnKind};
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::policy::RelationName;
use crate::policy::operand::{Comparator, Condition, Operand};
use crate::policy::tenancy::Tenancy;
use crate::source_text::Span;
use crate::value::Value;
use crate::verdict::Verdict;

/// Most schemas of which each is looked up: a server returns no more columns in one row than some 1600.
const MOST: usize = 1000;

impl Planner<'_> {
    /// Every schema of a tenant has a tenant, and every tenant a schema.
    pub(super) fn schemas_complete(
        &mut self,
        source: &str,
        catalogue: &Catalogue,
        tenancy: &Tenancy,
        tenants: &RowSet,
    ) {
        let stored = catalogue.relations.iter().filter(|r| r.kind.stores());
        let schemas: BTreeMap<&str, &str> =
            stored.filter_map(|r| Some((tenant_in(tenancy, r)?, r.name.schema.as_str()))).collect();
        if schemas.is_empty() {
            return self.unprovable("", "no table is in a schema of a tenant");
        }
        if schemas.len() > MOST {
            let why = format!("more than {MOST} schemas are not looked up among the tenants");
            return self.unprovable("", &why);
        }
        let kind = tenants.relation.column(&tenancy.key).map(|c| c.kind);
        // `007` is no number as the key writes it, and not tenant 7's schema.
        let readable = |tenant: &str| match kind {
            Some(ColumnKind::Integer) => tenant.parse::<i64>().is_ok_and(|n| n.to_string() == tenant),
            Some(ColumnKind::Uuid) => {
                tenant.len() == 36
                    && super::bind::readable(&tenants.relation, &tenancy.key, tenant, Span::NOWHERE).is_ok()
            }
            _ => true,
        };
        let column = || Operand::Column { name: tenancy.key.clone(), span: Span::NOWHERE };
        let of = tenancy.relation.to_string();
        let mut known = Vec::new();
        for (tenant, schema) in schemas {
            if !readable(tenant) {
                let message = format!("`{of}` can have no tenant `{tenant}`, whose schema this is");
                let kind = "orphan_schema".to_owned();
                self.must(schema, Proof::Found { verdict: Verdict::Broken, kind, message });
                continue;
            }
            let literal = Operand::Literal(Value::Text(tenant.to_owned()));
            known.push(literal.clone());
            let other = Condition::Compare {
                left: column(),
                op: Comparator::NotEqual,
                right: literal,
                span: Span::NOWHERE,
            };
            let key = self.fold(source, tenants, &Fold::Failing(other));
            self.must(schema, Proof::Known { key, tenant: tenant.to_owned(), of: of.clone() });
        }
        if known.is_empty() {
            return;
        }
        let has = Condition::In(column(), known);
        let failing = self.fold(source, tenants, &Fold::Failing(has.clone()));
        let unknown = self.fold(source, tenants, &Fold::Unknown(has.clone()));
        let message = "the tenant has no schema with a table";
        let shown = [tenancy.key.clone()];
        self.failing_rows(
            source,
            tenants,
            (failing, Some(unknown)),
            has,
            &shown,
            "tenant_without_schema",
            message,
        );
    }

    /// A foreign key leads from the tables of one tenant to those of another.
    pub(super) fn crosses(
        &mut self,
        child: &RelationName,
        columns: &[String],
        parent: &RelationName,
        to: &str,
    ) {
        let message =
            format!("foreign key `{}` leads to `{parent}`, which is of tenant `{to}`", columns.join(", "));
        let kind = "cross_tenant".to_owned();
        self.must(child.to_string(), Proof::Found { verdict: Verdict::Broken, kind, message });
    }
}
