//! What "equals another source" comes down to: both are sealed in one run, and the sums compared.

use std::collections::BTreeMap;

use super::belongs::{Belongs, belongs, tenant_in};
use super::builder::Planner;
use super::{Inspection, Proof};
use crate::baseline::compare::Whose;
use crate::catalogue::{Catalogue, Relation};
use crate::policy::assertion::{Equal, Subject};
use crate::policy::operand::Operand;
use crate::policy::tenancy::Tenancy;
use crate::policy::{Check, RelationName};
use crate::value::Value;
use crate::verdict::Verdict;

impl<'a> Planner<'a> {
    /// Something is what another source holds.
    pub(super) fn equal(&mut self, check: &'a Check, equal: &'a Equal) {
        let Some((source, here)) = self.source(check) else { return };
        let Some(there) = self.catalogue(&equal.source) else { return };
        let baseline = match equal.sealed {
            false => None,
            true => match self.inspect(&equal.source, "contents", Inspection::Baseline) {
                Some(key) => Some(key),
                None => return,
            },
        };
        let only = match &equal.of {
            None => None,
            Some(operand) => match self.resolved(self.resolver.operand(operand)) {
                Some(Operand::Literal(Value::Text(text))) => Some(text),
                Some(Operand::Literal(value)) => Some(value.to_string()),
                Some(_) => return self.unprovable("", "the tenant is no fixed value"),
                None => return,
            },
        };
        if self.options.tenant.is_some() {
            self.notes.push(
                "`--tenant` does not narrow this check, which says itself whose rows it is about".to_owned(),
            );
        }
        let beside = (equal.source.as_str(), baseline.as_deref());
        match (&equal.subject, only) {
            (Subject::LargeObjects, _) => {
                let key = self.large_objects(&source);
                let (before, other) = match baseline {
                    Some(baseline) => (baseline, None),
                    None => (self.large_objects(&equal.source), Some(equal.source.clone())),
                };
                self.must("large objects", Proof::SameLargeObjects { before, other, key });
            }
            (Subject::Relation(name, span), only) => {
                if here.relation(name).is_none() && there.relation(name).is_some() {
                    return self.lost(name, missing(&equal.source));
                }
                let Some(relation) = self.relation(here, &source, name, Some(*span)) else { return };
                if !relation.kind.stores() {
                    return self.unprovable(&name.to_string(), "it stores no rows of its own");
                }
                let whose = match only {
                    None => Whose::AllBut(Vec::new()),
                    Some(tenant) if self.is_owned(relation) => Whose::Only(tenant),
                    Some(tenant)
                        if self.policy.tenancy.as_ref().and_then(|t| tenant_in(t, relation))
                            == Some(tenant.as_str()) =>
                    {
                        Whose::AllBut(Vec::new())
                    }
                    Some(_) => {
                        let why = match self.policy.tenancy.as_ref().and_then(|t| tenant_in(t, relation)) {
                            Some(other) => format!("its rows are those of tenant `{other}`"),
                            None => "its rows belong to no tenant".to_owned(),
                        };
                        return self.unprovable(&name.to_string(), &why);
                    }
                };
                self.same(&source, (here, there), relation, beside, (&whose, None));
            }
            (_, Some(tenant)) => self.tenant_of(&source, (here, there), beside, (equal, tenant)),
            (_, None) => self.unprovable("", "the rows of which tenant?"),
        }
    }

    fn is_owned(&self, relation: &Relation) -> bool {
        let whose = self.policy.tenancy.as_ref().map(|tenancy| belongs(tenancy, relation));
        matches!(whose, Some(Belongs::Tenants | Belongs::Keyed | Belongs::Reached))
    }

    /// The rows of one tenant in every table that belongs to tenants, here or there.
    fn tenant_of(
        &mut self,
        source: &str,
        (here, there): (&'a Catalogue, &'a Catalogue),
        (other, baseline): (&str, Option<&str>),
        (equal, tenant): (&Equal, String),
    ) {
        let Some(tenancy) = &self.policy.tenancy else { return };
        let mut tables: BTreeMap<&RelationName, (Option<&'a Relation>, Option<&'a Relation>)> =
            BTreeMap::new();
        for relation in here.relations.iter().filter(|r| r.kind.stores()) {
            tables.entry(&relation.name).or_default().0 = Some(relation);
        }
        for relation in there.relations.iter().filter(|r| r.kind.stores()) {
            tables.entry(&relation.name).or_default().1 = Some(relation);
        }
        // Of schemas, those of other tenants are not looked at, and those of this one are compared with all they hold.
        let others = |relation: &Relation| tenant_in(tenancy, relation).is_some_and(|other| other != tenant);
        let in_schema = |pair: (Option<&Relation>, Option<&Relation>)| {
            [pair.0, pair.1].into_iter().flatten().any(|r| tenant_in(tenancy, r) == Some(tenant.as_str()))
        };
        if tenancy.schemas.is_some() && !tables.values().any(|pair| in_schema(*pair)) {
            let why = format!("neither source has a table in a schema of tenant `{tenant}`");
            self.unprovable("", &why);
        }
        tables.retain(|_, pair| ![pair.0, pair.1].into_iter().flatten().any(others));
        let mut left_out = Vec::new();
        for (name, pair) in tables {
            if equal.tables.iter().any(|pattern| pattern.covers(name)) {
                left_out.push(name.to_string());
                continue;
            }
            match pair {
                (Some(relation), Some(_)) => match belongs(tenancy, relation) {
                    Belongs::Global => {}
                    Belongs::Undeclared => self.nobody_says(tenancy, name),
                    Belongs::Schema => {
                        let whose = Whose::AllBut(Vec::new());
                        self.same(source, (here, there), relation, (other, baseline), (&whose, None));
                    }
                    Belongs::Tenants | Belongs::Keyed | Belongs::Reached => {
                        let whose = Whose::Only(tenant.clone());
                        self.same(source, (here, there), relation, (other, baseline), (&whose, None));
                    }
                },
                (Some(relation), None) if belongs(tenancy, relation) != Belongs::Global => {
                    let message = format!("`{other}` has no such table");
                    let kind = "unexpected_table".to_owned();
                    self.must(name.to_string(), Proof::Found { verdict: Verdict::Broken, kind, message });
                }
                (None, Some(relation)) if belongs(tenancy, relation) != Belongs::Global => {
                    self.lost(name, missing(other));
                }
                _ => {}
            }
        }
        for pattern in &equal.tables {
            if !here.relations.iter().chain(&there.relations).any(|r| pattern.covers(&r.name)) {
                self.unprovable(&pattern.table, "it is excepted, and neither source has it");
            }
        }
        // A tenant that neither knows has no rows on either side, and equals nothing.
        if [here, there].iter().all(|c| c.relation(&tenancy.relation).is_none()) {
            let why = format!("neither source has the table of tenants, `{}`", tenancy.relation);
            self.unprovable("", &why);
        }
        if !left_out.is_empty() {
            self.notes.push(format!("excepted, and not compared: {}", left_out.join(", ")));
        }
    }

    fn nobody_says(&mut self, tenancy: &Tenancy, name: &RelationName) {
        let why = format!("nobody says whose the rows are: {}", tenancy.lacking());
        self.unprovable(&name.to_string(), &why);
    }
}

fn missing(other: &str) -> String {
    format!("the table is missing; `{other}` has it")
}
