//! Contents to be sealed, and what "unchanged since" comes down to.

use super::belongs::{Belongs, belongs};
use super::builder::Planner;
use super::cutoffs::{Cut, CutBy};
use super::{Catalogues, Options, Plan, Proof, Work};
use crate::baseline::compare::Whose;
use crate::baseline::model::{SealedColumn, columns_of};
use crate::catalogue::{Catalogue, Column, ColumnKind, Relation};
use crate::diagnostic::Diagnostic;
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::measure::tenants::TenantPath;
use crate::policy::assertion::{Assertion, Equal, Subject, Unchanged};
use crate::policy::ledger::Amount;
use crate::policy::operand::{Aggregate, Function, Operand, Over, columns_of as columns_of_operand};
use crate::policy::{Policy, RelationName};
use crate::source_text::Span;
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

    pub(super) fn inventory(&mut self, source: &str) -> String {
        self.other(source, String::new(), inventory_key(source), |key| Work::Inventory { key })
    }

    /// The large objects of a source, sealed once for all who ask.
    pub(super) fn large_objects(&mut self, source: &str) -> String {
        self.other(source, String::new(), large_objects_key(source), |key| Work::LargeObjects { key })
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
