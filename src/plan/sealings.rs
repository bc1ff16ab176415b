//! Contents to be sealed, and what "unchanged since" comes down to.

use std::collections::BTreeSet;

use super::belongs::{Belongs, belongs, tenant_in};
use super::builder::Planner;
use super::cutoffs::{Cut, CutBy};
use super::{Catalogues, Inspection, Options, Plan, Proof, Work};
use crate::baseline::compare::Whose;
use crate::baseline::model::{SealedColumn, columns_of};
use crate::catalogue::{Catalogue, Column, ColumnKind, Relation};
use crate::diagnostic::Diagnostic;
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::measure::tenants::TenantPath;
use crate::policy::assertion::{Assertion, Comparison, Equal, Subject, Unchanged};
use crate::policy::ledger::Amount;
use crate::policy::operand::{Aggregate, FactRef, Function, Operand, Over, columns_of as columns_of_operand};
use crate::policy::{Check, Policy, RelationName, RelationPattern, SourceKind};
use crate::source_text::Span;
use crate::value::Value;
use crate::verdict::Verdict;

/// A relation whose contents are sealed.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// The relation.
    pub relation: Relation,
    /// Columns that name a row.
    pub named: Vec<String>,
    /// The way to the tenant, if its rows belong to one.
    pub path: Option<TenantPath>,
    /// That way as text; empty without one.
    pub tenant_by: String,
    /// Columns whose greatest value is sealed as well, so that cut-offs may be by them.
    pub greatest: Vec<String>,
    /// Which rows are not sealed.
    pub cut: Option<Cut>,
}

/// What the contents of a relation are compared with.
#[derive(Clone, Debug)]
pub enum Before {
    /// A baseline, by the key of its observation.
    Baseline(String),
    /// The relation of another source, sealed in the same run.
    Other {
        /// The source.
        source: String,
        /// Key of the observation.
        key: String,
        /// How its rows belong to tenants; empty where they do not.
        tenant_by: String,
        /// Columns of its primary key.
        columns: Vec<String>,
    },
}

/// Key of the observation that seals a relation.
#[must_use]
pub fn sealed_key(source: &str, relation: &RelationName, tenant_by: &str, cut: Option<&Cut>) -> String {
    let cut = cut.map_or(String::new(), |cut| format!(" as of {cut}"));
    format!("{source}: seal {relation} by [{tenant_by}]{cut}")
}

/// Key of the observation of a source's objects.
#[must_use]
pub fn inventory_key(source: &str) -> String {
    format!("{source}: inventory")
}

/// Key of the observation of a source's large objects.
#[must_use]
pub fn large_objects_key(source: &str) -> String {
    format!("{source}: large objects")
}

/// Everything that a baseline of a source needs.
#[derive(Debug)]
pub struct Seals {
    /// The statements, with those of the selected checks.
    pub plan: Plan,
    /// What the policy's names ran into.
    pub found: Vec<Diagnostic>,
    /// Relations that hold rows: how each is sealed, or why it cannot be.
    pub relations: Vec<(Relation, Result<Sealing, String>)>,
    /// Columns whose sums are sealed, as `schema.table.column`, with the keys of the sums.
    pub sums: Vec<(String, String)>,
}

/// Plans a baseline of a source.
#[must_use]
pub fn seals(policy: &Policy, catalogues: &Catalogues, options: &Options, source: &str) -> Seals {
    let mut planner = Planner::new(policy, catalogues, options);
    let checks = planner.checks();
    "baseline".clone_into(&mut planner.check);
    planner.timeout = None;
    let (mut relations, mut sums) = (Vec::new(), Vec::new());
    if let Some(catalogue) = planner.catalogue(source) {
        for relation in catalogue.relations.iter().filter(|r| r.kind.stores()) {
            let mut sealing = planner.sealing(source, catalogue, relation);
            if let Ok(sealing) = &mut sealing {
                sealing.greatest = super::cutoffs::columns(policy, relation);
            }
            if let Ok(sealing) = &sealing {
                planner.sealed(source, sealing.clone());
            }
            relations.push((relation.clone(), sealing));
        }
        planner.inventory(source);
        planner.large_objects(source);
        for ledger in &policy.ledgers {
            if let Some(relation) = catalogue.relation(&ledger.relation) {
                sums.extend(planner.ledger_sums(source, relation, &ledger.amount));
            }
        }
        sums.sort();
        sums.dedup();
    }
    let (plan, found) = planner.finish(checks);
    Seals { plan, found, relations, sums }
}

impl<'a> Planner<'a> {
    /// How a relation is sealed.
    ///
    /// # Errors
    ///
    /// Why it cannot be.
    fn sealing(
        &mut self,
        source: &str,
        catalogue: &'a Catalogue,
        relation: &Relation,
    ) -> Result<Sealing, String> {
        if relation.foreign && !self.names(&relation.name) {
            let why = "other servers keep its rows, and each has a snapshot of its own; a check that says `TABLE is unchanged since BASELINE` of it has it sealed";
            return Err(why.to_owned());
        }
        let mut path = None;
        if let Some(tenancy) = &self.policy.tenancy
            && matches!(belongs(tenancy, relation), Belongs::Tenants | Belongs::Keyed | Belongs::Reached)
        {
            let before = self.obligations.len();
            path = self.tenant_path(source, catalogue, tenancy, relation, 0);
            let said = self.obligations.split_off(before);
            if path.is_none() {
                let why = said.into_iter().find_map(|o| match o.proof {
                    Proof::Unprovable(why) => Some(why),
                    _ => None,
                });
                return Err(why.unwrap_or_else(|| "nothing leads from it to a tenant".to_owned()));
            }
        }
        if let Some(path) = &path
            && path.steps.is_empty()
            && relation.column(&path.column).is_none()
        {
            return Err(format!("it has no column `{}`", path.column));
        }
        let tenant_by = path.as_ref().map(spelt).unwrap_or_default();
        Ok(Sealing {
            relation: relation.clone(),
            named: relation.key_columns(),
            path,
            tenant_by,
            greatest: Vec::new(),
            cut: None,
        })
    }

    /// Whether a check names a relation that must be what was sealed.
    fn names(&self, relation: &RelationName) -> bool {
        self.policy.checks.iter().any(|check| match &check.assertion {
            Assertion::Unchanged(Unchanged { subject: Subject::Relation(name, _), .. })
            | Assertion::Equal(Equal { subject: Subject::Relation(name, _), .. }) => name == relation,
            _ => false,
        })
    }

    /// Seals a relation, once for all who ask.
    fn sealed(&mut self, source: &str, sealing: Sealing) -> String {
        let key = sealed_key(source, &sealing.relation.name, &sealing.tenant_by, sealing.cut.as_ref());
        let relation = sealing.relation.name.to_string();
        self.other(source, relation, key, |key| Work::Seal { key, sealing: Box::new(sealing) })
    }

    /// Sums of a ledger's columns, where its amounts are plain columns.
    fn ledger_sums(&mut self, source: &str, relation: &Relation, amount: &Amount) -> Vec<(String, String)> {
        let operands = match amount {
            Amount::TwoColumns { debit, credit } => vec![debit, credit],
            Amount::Signed(amount) | Amount::Sided { amount, .. } => vec![amount],
        };
        let rows = RowSet::all(relation);
        let mut sums = Vec::new();
        for name in operands.into_iter().flat_map(columns_of_operand) {
            let exact = |c: &Column| matches!(c.kind, ColumnKind::Integer | ColumnKind::Numeric);
            if !relation.column(&name).is_some_and(exact) {
                continue;
            }
            let argument = Operand::Column { name: name.clone(), span: Span::NOWHERE };
            let sum = Aggregate {
                function: Function::Sum,
                argument: Some(argument),
                over: Over::On,
                filter: None,
                span: Span::NOWHERE,
            };
            let key = self.fold(source, &rows, &Fold::Aggregate(sum));
            sums.push((format!("{}.{name}", relation.name), key));
        }
        sums
    }

    fn inventory(&mut self, source: &str) -> String {
        self.other(source, String::new(), inventory_key(source), |key| Work::Inventory { key })
    }

    /// The large objects of a source, sealed once for all who ask.
    pub(super) fn large_objects(&mut self, source: &str) -> String {
        self.other(source, String::new(), large_objects_key(source), |key| Work::LargeObjects { key })
    }

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

    /// A relation of both. Without the key of a baseline, that of the other source is sealed in this run.
    pub(super) fn same(
        &mut self,
        source: &str,
        (catalogue, sealed): (&'a Catalogue, &'a Catalogue),
        relation: &'a Relation,
        (since, baseline): (&str, Option<&str>),
        (whose, cut): (&Whose, Option<CutBy>),
    ) {
        let subject = relation.name.to_string();
        let Some(before) = sealed.relation(&relation.name) else {
            self.unprovable(&subject, &format!("`{since}` holds nothing of it"));
            return;
        };
        let (was, is) = (columns_of(before), columns_of(relation));
        let differing = |from: &[SealedColumn], to: &[SealedColumn]| {
            let lacking = from.iter().filter(|c| !to.iter().any(|other| other.name == c.name));
            lacking.map(|c| format!("`{}`", c.name)).collect::<Vec<_>>()
        };
        let (lost, new) = (differing(&was, &is), differing(&is, &was));
        let mut said: Vec<String> = Vec::new();
        if !lost.is_empty() {
            said.push(format!("without {}", lost.join(", ")));
        }
        if !new.is_empty() {
            said.push(format!("with {}", new.join(", ")));
        }
        for column in &is {
            let earlier = was.iter().find(|c| c.name == column.name);
            if let Some(earlier) = earlier.filter(|c| c.type_name != column.type_name) {
                said.push(format!("`{}` was {} and is {}", column.name, earlier.type_name, column.type_name));
            }
        }
        if !said.is_empty() {
            let message = format!("its columns are not those of `{since}`: {}", said.join("; "));
            let kind = "columns_changed".to_owned();
            self.must(subject.clone(), Proof::Found { verdict: Verdict::Broken, kind, message });
        }
        // Rows of other columns cannot be the same.
        if !lost.is_empty() || !new.is_empty() {
            return;
        }
        match self.sealing(source, catalogue, relation) {
            Err(why) => self.unprovable(&subject, &why),
            Ok(mut sealing) => {
                sealing.cut = cut.as_ref().and_then(|by| by.cut.clone());
                let tenant_by = sealing.tenant_by.clone();
                let columns = relation.primary_key.clone();
                let before = match baseline {
                    Some(baseline) => Before::Baseline(baseline.to_owned()),
                    None => match self.sealing(since, sealed, before) {
                        Err(why) => return self.unprovable(&subject, &format!("in `{since}`: {why}")),
                        Ok(other) => Before::Other {
                            source: since.to_owned(),
                            tenant_by: other.tenant_by.clone(),
                            columns: before.primary_key.clone(),
                            key: self.sealed(since, other),
                        },
                    },
                };
                let key = self.sealed(source, sealing);
                let whose = match whose {
                    Whose::AllBut(_) if tenant_by.is_empty() => Whose::AllBut(Vec::new()),
                    whose => whose.clone(),
                };
                let relation = relation.name.clone();
                let tenants = self.policy.tenancy.as_ref().is_some_and(|t| t.relation == relation);
                let needed = tenants && matches!(whose, Whose::Only(_));
                self.must(
                    subject,
                    Proof::Unchanged { before, relation, columns, tenant_by, key, whose, needed, cut },
                );
            }
        }
    }
}

/// A way to a tenant as text: the same text is the same way.
fn spelt(path: &TenantPath) -> String {
    let mut text = String::new();
    for (columns, parent, key) in &path.steps {
        text.push_str(&format!("{} -> {}({}) ", columns.join(","), parent.name(), key.join(",")));
    }
    text.push_str(&path.column);
    text
}
