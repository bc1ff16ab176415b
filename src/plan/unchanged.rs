//! What "unchanged since" and figures of a baseline come down to.

use std::collections::BTreeSet;

use super::belongs::{Belongs, belongs, tenant_in};
use super::builder::Planner;
use super::{Inspection, Proof};
use crate::baseline::compare::Whose;
use crate::catalogue::{Catalogue, Relation};
use crate::measure::rows::RowSet;
use crate::policy::assertion::{Comparison, Subject, Unchanged};
use crate::policy::operand::{FactRef, Operand};
use crate::policy::{Check, RelationName, RelationPattern, SourceKind};
use crate::value::Value;
use crate::verdict::Verdict;

impl<'a> Planner<'a> {
    /// Something is what it was when a baseline was taken.
    pub(super) fn unchanged(&mut self, check: &'a Check, unchanged: &'a Unchanged) {
        let Some((source, catalogue)) = self.source(check) else { return };
        let Some(sealed) = self.catalogue(&unchanged.since) else { return };
        let what = "contents";
        let Some(baseline) = self.inspect(&unchanged.since, what, Inspection::Baseline) else { return };
        let mut except = Vec::new();
        for operand in &unchanged.except {
            let Some(operand) = self.resolved(self.resolver.operand(operand)) else { return };
            match operand {
                Operand::Literal(Value::Text(text)) => except.push(text),
                Operand::Literal(value) => except.push(value.to_string()),
                _ => return self.unprovable("", "a tenant that is excepted is no fixed value"),
            }
        }
        if self.options.tenant.is_some() {
            self.notes.push(
                "`--tenant` does not narrow this check, which is about what must not change".to_owned(),
            );
        }
        match &unchanged.subject {
            Subject::Schema => {
                let key = self.inventory(&source);
                self.must("schema", Proof::SameObjects { baseline, key });
            }
            Subject::LargeObjects => {
                let key = self.large_objects(&source);
                self.must("large objects", Proof::SameLargeObjects { before: baseline, other: None, key });
            }
            Subject::Relation(name, span) => {
                if catalogue.relation(name).is_none() && sealed.relation(name).is_some() {
                    self.gone(sealed, name, &unchanged.since);
                    return;
                }
                let Some(relation) = self.relation(catalogue, &source, name, Some(*span)) else { return };
                if !relation.kind.stores() {
                    self.unprovable(&name.to_string(), "it stores no rows of its own, so none were sealed");
                    return;
                }
                if let Some(other) = self.policy.tenancy.as_ref().and_then(|t| tenant_in(t, relation)) {
                    if except.iter().any(|name| name == other) {
                        let why = format!("all its rows are those of tenant `{other}`, which is excepted");
                        return self.unprovable(&name.to_string(), &why);
                    }
                } else if !except.is_empty() {
                    let whose = self.policy.tenancy.as_ref().map(|tenancy| belongs(tenancy, relation));
                    if !matches!(whose, Some(Belongs::Tenants | Belongs::Keyed | Belongs::Reached)) {
                        let why = "its rows belong to no tenant, so none can be excepted";
                        self.unprovable(&name.to_string(), why);
                        return;
                    }
                }
                let cut = match self.cut(unchanged, relation, sealed) {
                    Ok(cut) => cut,
                    Err(why) => return self.unprovable(&name.to_string(), &why),
                };
                let missing = Self::cut_missing(unchanged, relation);
                if !missing.is_empty() {
                    return self.wrong(missing);
                }
                let whose = Whose::AllBut(except);
                let before = Some(baseline.as_str());
                self.same(&source, (catalogue, sealed), relation, (&unchanged.since, before), (&whose, cut));
            }
            Subject::Tenancy => {
                self.whole_tenancy(
                    &source,
                    (catalogue, sealed),
                    (&unchanged.since, &baseline),
                    (&except, unchanged),
                );
            }
        }
    }

    /// Every relation of both, but for those that are excepted.
    fn whole_tenancy(
        &mut self,
        source: &str,
        (catalogue, sealed): (&'a Catalogue, &'a Catalogue),
        (since, baseline): (&str, &str),
        (except, unchanged): (&[String], &'a Unchanged),
    ) {
        let tables: &'a [RelationPattern] = &unchanged.tables;
        let mut uncut = BTreeSet::new();
        let tenancy = self.policy.tenancy.as_ref();
        let schema_of = |relation: &'a Relation| tenancy.and_then(|t| tenant_in(t, relation));
        // What is left out of the comparison, as the report calls it.
        let excepted = |relation: &'a Relation| -> Option<String> {
            let name = &relation.name;
            match schema_of(relation).filter(|tenant| except.iter().any(|name| name == tenant)) {
                Some(_) => Some(format!("every table of schema {}", name.schema)),
                None => tables.iter().any(|pattern| pattern.covers(name)).then(|| name.to_string()),
            }
        };
        if let Some(schemas) = tenancy.and_then(|t| t.schemas.as_ref())
            && !catalogue.relations.iter().chain(&sealed.relations).any(|r| schema_of(r).is_some())
        {
            let why = format!(
                "neither the source nor the baseline has a table in a schema `{}*{}`",
                schemas.before, schemas.after
            );
            return self.unprovable("", &why);
        }
        let stored: Vec<&'a Relation> = catalogue.relations.iter().filter(|r| r.kind.stores()).collect();
        let shared = stored.iter().any(|r| sealed.relation(&r.name).is_some());
        if !shared {
            let why = format!(
                "`{since}` holds no table of source `{source}`: it is the baseline of another database, or of nothing"
            );
            self.unprovable("", &why);
            return;
        }
        let mut left_out = BTreeSet::new();
        for relation in stored {
            if let Some(what) = excepted(relation) {
                left_out.insert(what);
                continue;
            }
            if sealed.relation(&relation.name).is_none() {
                let message = format!("the table was not there when `{since}` was taken");
                let kind = "unexpected_table".to_owned();
                self.must(
                    relation.name.to_string(),
                    Proof::Found { verdict: Verdict::Broken, kind, message },
                );
                continue;
            }
            let cut = match self.cut(unchanged, relation, sealed) {
                Ok(cut) => cut,
                Err(why) => {
                    self.unprovable(&relation.name.to_string(), &why);
                    continue;
                }
            };
            if cut.is_none() && !unchanged.as_of.is_empty() {
                uncut.insert(relation.name.to_string());
            }
            let whose = Whose::AllBut(except.to_vec());
            self.same(source, (catalogue, sealed), relation, (since, Some(baseline)), (&whose, cut));
        }
        self.cut_columns(unchanged, catalogue, source);
        if !uncut.is_empty() {
            let names: Vec<String> = uncut.into_iter().collect();
            self.notes.push(format!(
                "compared with all their rows, since they have no column of the cut-off: {}",
                names.join(", ")
            ));
        }
        for relation in &sealed.relations {
            if let Some(what) = excepted(relation) {
                left_out.insert(what);
            } else if !catalogue.relation(&relation.name).is_some_and(|r| r.kind.stores()) {
                self.gone(sealed, &relation.name, since);
            }
        }
        for pattern in tables {
            let here = catalogue.relations.iter().chain(&sealed.relations).any(|r| pattern.covers(&r.name));
            if !here {
                self.unprovable(
                    &pattern.table,
                    "it is excepted, and neither the source nor the baseline has it",
                );
            }
        }
        if !left_out.is_empty() {
            let names: Vec<String> = left_out.into_iter().collect();
            self.notes.push(format!("excepted, and not compared: {}", names.join(", ")));
        }
    }

    /// What a fact is asked with. A baseline is asked about the table at hand, or about one by its whole name.
    pub(super) fn asked_of_baseline(
        &mut self,
        kind: SourceKind,
        fact: &FactRef,
        on: Option<(&str, &RowSet)>,
    ) -> Option<Option<String>> {
        let Some(argument) = fact.argument.clone().filter(|_| kind == SourceKind::Baseline) else {
            return Some(fact.argument.clone());
        };
        let whole = |name: &str, dots: usize| match name.matches('.').count() < dots {
            true => format!("{}.{name}", self.policy.schema),
            false => name.to_owned(),
        };
        match (fact.fact.as_str(), argument.as_str()) {
            ("sum", column) => return Some(Some(whole(column, 2))),
            ("rows", name) if !name.is_empty() => return Some(Some(whole(name, 1))),
            ("rows", _) => {}
            _ => return Some(Some(argument)),
        }
        let what = format!("{}.rows", fact.source);
        let Some((source, rows)) = on else {
            self.unprovable("", &format!("`{what}` of which table?"));
            return None;
        };
        let name = rows.name().to_string();
        if rows.filters.is_empty() && rows.within.is_empty() {
            return Some(Some(name));
        }
        // Of the rows of one tenant it knows the number as well; of any other part it does not.
        let narrowed = self.catalogue(source).map(|catalogue| self.rows(catalogue, &rows.relation));
        let alike = |narrowed: &RowSet| {
            (narrowed.filters.len(), narrowed.within.len()) == (rows.filters.len(), rows.within.len())
        };
        match (&self.options.tenant, narrowed.filter(alike)) {
            (Some(tenant), Some(_)) => Some(Some(format!("{name}\u{1f}{tenant}"))),
            _ => {
                self.unprovable(
                    &name,
                    &format!("`{what}` counts all rows, and this check is about some of them"),
                );
                None
            }
        }
    }

    /// Tables of a baseline that a pattern of `on` covers and the source does not have: none of their rows is left.
    pub(super) fn lost_since(&mut self, check: &'a Check, list: &[Comparison]) {
        let mut since: BTreeSet<String> = BTreeSet::new();
        for operand in list.iter().flat_map(|c| [&c.left, &c.right]) {
            operand.walk(&mut |operand| {
                if let Operand::Fact(fact) = operand
                    && fact.fact == "rows"
                    && fact.argument.as_deref() == Some("")
                    && self
                        .policy
                        .sources
                        .iter()
                        .any(|s| s.name == fact.source && s.kind == SourceKind::Baseline)
                {
                    since.insert(fact.source.clone());
                }
            });
        }
        let Some(on) = &check.on else { return };
        for since in since {
            let Some((_, catalogue)) = self.source(check) else { return };
            let Some(sealed) = self.catalogue(&since) else { return };
            for relation in &sealed.relations {
                let covered = on.patterns.iter().any(|p| p.glob && p.covers(&relation.name));
                if covered && !catalogue.relation(&relation.name).is_some_and(|r| r.kind.stores()) {
                    self.gone(sealed, &relation.name, &since);
                }
            }
        }
    }

    /// A relation of the baseline is not there.
    pub(super) fn gone(&mut self, sealed: &Catalogue, name: &RelationName, since: &str) {
        let rows = sealed.relation(name).map_or(-1, |r| r.estimated_rows);
        let held = if rows < 0 { String::new() } else { format!(", with {rows} rows") };
        self.lost(name, format!("the table is missing; it was there when `{since}` was taken{held}"));
    }

    /// A relation is not there.
    pub(super) fn lost(&mut self, name: &RelationName, message: String) {
        let kind = "missing_table".to_owned();
        self.must(name.to_string(), Proof::Found { verdict: Verdict::Broken, kind, message });
    }
}
