//! Values of relations and of the run, and conditions on rows.

use super::builder::Planner;
use super::references::present;
use super::{Proof, Scalar, Work, bind};
use crate::catalogue::{Catalogue, Relation};
use crate::measure::Tally;
use crate::measure::fold::{Fold, Show};
use crate::measure::keys::Duplicates;
use crate::measure::rows::RowSet;
use crate::policy::Check;
use crate::policy::assertion::{ColumnSet, Comparison};
use crate::policy::facts::published;
use crate::policy::operand::{Aggregate, Condition, Function, Operand, Over};
use crate::value::Type;

impl<'a> Planner<'a> {
    /// `on` relations with their rows, filter applied; empty after reporting why.
    fn on_rows(&mut self, check: &'a Check) -> Vec<(String, &'a Catalogue, RowSet, bool)> {
        let Some((source, catalogue)) = self.source(check) else { return Vec::new() };
        let filter = check.on.as_ref().and_then(|on| on.filter.as_ref());
        let Some(filter) = self.resolved(self.resolver.filter(filter)) else { return Vec::new() };
        let mut sets = Vec::new();
        for (relation, named) in self.on_relations(check, catalogue, &source) {
            let mut wrong = Vec::new();
            if let Some(filter) = &filter {
                bind::condition(filter, relation, &mut wrong);
            }
            if !wrong.is_empty() {
                self.wrong(wrong);
                continue;
            }
            let rows = self.rows(catalogue, relation);
            let rows = self.narrow(&source, rows, filter.as_ref());
            sets.push((source.clone(), catalogue, rows, named));
        }
        sets
    }

    /// Comparisons of values; once for each relation of `on`, or once for the run.
    pub(super) fn values(&mut self, check: &'a Check, list: &[Comparison]) {
        let Some(list) = self.resolved(self.resolver.comparisons(list)) else { return };
        let uses_on = list
            .iter()
            .any(|c| crate::policy::operand::over_on(&c.left) || crate::policy::operand::over_on(&c.right));
        if uses_on {
            self.lost_since(check, &list);
            for (source, _, rows, named) in self.on_rows(check) {
                self.examined(&source, &rows, named);
                self.comparisons(check, &list, Some((&source, &rows)));
            }
        } else {
            self.comparisons(check, &list, None);
        }
    }

    fn comparisons(&mut self, check: &'a Check, list: &[Comparison], on: Option<(&str, &RowSet)>) {
        for comparison in list {
            let sides =
                [&comparison.left, &comparison.right].map(|o| self.scalar(o, check.source.as_deref(), on));
            let [Some((left, lt)), Some((right, rt))] = sides else { continue };
            if let (Some(lt), Some(rt)) = (lt, rt) {
                let mut wrong = Vec::new();
                bind::compare(lt, rt, comparison.span, &mut wrong);
                if !wrong.is_empty() {
                    self.wrong(wrong);
                    continue;
                }
            }
            let subject = on.map_or(String::new(), |(_, rows)| rows.name().to_string());
            self.must(subject, Proof::Compare { left, op: comparison.op, right });
        }
    }

    /// A scalar and its type, or `None` after reporting why not.
    pub(super) fn scalar(
        &mut self,
        operand: &Operand,
        source: Option<&str>,
        on: Option<(&str, &RowSet)>,
    ) -> Option<(Scalar, Option<Type>)> {
        match operand {
            Operand::Literal(value) => Some((Scalar::Literal(value.clone()), Some(value.ty()))),
            Operand::Fact(fact) => {
                let kind = self.policy.sources.iter().find(|s| s.name == fact.source)?.kind;
                let known = published(kind).iter().find(|f| f.name == fact.fact && f.ty == fact.ty)?;
                self.catalogue(&fact.source)?;
                let asked = self.asked_of_baseline(kind, fact, on)?;
                let mut key =
                    format!("{}: fact {} {}", fact.source, known.name, asked.as_deref().unwrap_or(""));
                // What is published in several types is looked at once for each.
                if published(kind).iter().filter(|f| f.name == fact.fact).count() > 1 {
                    key.push_str(&format!(" as {}", fact.ty.word()));
                }
                let asked_as = asked.as_ref().map(|asked| asked.replace('\u{1f}', " of tenant "));
                let key = self.other(&fact.source, String::new(), key, |key| Work::Fact {
                    key,
                    fact: known,
                    argument: asked,
                });
                let quoted = known.argument.is_none_or(|a| a.ty == Type::Text);
                let argument = asked_as.as_ref().map_or(String::new(), |a| {
                    if quoted { format!(" of \"{a}\"") } else { format!("({a})") }
                });
                let what = format!("{}.{}{argument}", fact.source, fact.fact);
                // `between` and `within` name a value twice; it is looked at once.
                let seen = |o: &super::Obligation| {
                    o.subject == what && matches!(o.proof, Proof::Looked | Proof::Counted { .. })
                };
                if !self.obligations.iter().any(seen) {
                    let key = key.clone();
                    let proof = if known.counts { Proof::Counted { key } } else { Proof::Looked };
                    self.must(what.clone(), proof);
                }
                Some((Scalar::Observed { key, ty: fact.ty, skipped: None, what }, Some(fact.ty)))
            }
            Operand::Aggregate(aggregate) => self.aggregate(aggregate, source, on),
            Operand::Negate(inner) => {
                let (inner, ty) = self.scalar(inner, source, on)?;
                Some((Scalar::Negate(Box::new(inner)), ty))
            }
            Operand::Coalesce(inner, value) => {
                let (inner, ty) = self.scalar(inner, source, on)?;
                Some((Scalar::Coalesce(Box::new(inner), value.clone()), ty))
            }
            Operand::Binary { op, left, right, .. } => {
                let (left, lt) = self.scalar(left, source, on)?;
                let (right, rt) = self.scalar(right, source, on)?;
                let ty = match (lt, rt) {
                    (Some(l), Some(r)) => crate::value::result_type(*op, l, r),
                    _ => None,
                };
                Some((Scalar::Binary(*op, Box::new(left), Box::new(right)), ty))
            }
            Operand::Param { .. }
            | Operand::Now
            | Operand::Column { .. }
            | Operand::Exact(_)
            | Operand::Choose(_) => {
                self.unprovable("", "a name was left unresolved");
                None
            }
        }
    }

    fn aggregate(
        &mut self,
        aggregate: &Aggregate,
        source: Option<&str>,
        on: Option<(&str, &RowSet)>,
    ) -> Option<(Scalar, Option<Type>)> {
        let (source, rows) = match (&aggregate.over, on) {
            (Over::On, Some((source, rows))) => (source.to_owned(), rows.clone()),
            (Over::Relation(name), _) => {
                let source = source?.to_owned();
                let catalogue = self.catalogue(&source)?;
                let relation: &Relation = self.relation(catalogue, &source, name, Some(aggregate.span))?;
                let rows = self.rows(catalogue, relation);
                self.examined_once(&source, &rows);
                (source, rows)
            }
            (Over::On, None) => {
                self.unprovable("", "no table is named for this value");
                return None;
            }
        };
        let mut wrong = Vec::new();
        let ty = bind::aggregate(aggregate, &rows.relation, &mut wrong);
        if !wrong.is_empty() {
            self.wrong(wrong);
            return None;
        }
        let ty = ty.or(Some(Type::Text))?;
        let key = self.fold(&source, &rows, &Fold::Aggregate(aggregate.clone()));
        if let Some(filter) = &aggregate.filter {
            self.inexact(filter, &rows.relation);
        }
        if let Some(filter) = &aggregate.filter
            && bind::may_be_unknown(filter, &rows.relation)
        {
            let key = self.fold(&source, &rows, &Fold::Unknown(filter.clone()));
            self.must(rows.name().to_string(), Proof::Decided { key });
        }
        // `NaN` is not the least and an infinity is at one end only, so the other end would look sound. A sum shows it.
        if matches!(aggregate.function, Function::Min | Function::Max | Function::Newest | Function::Oldest)
            && aggregate.argument.as_ref().is_some_and(|a| bind::may_be_infinite(a, &rows.relation))
        {
            let key = self.fold(&source, &rows, &Fold::Odd(aggregate.clone()));
            self.must(rows.name().to_string(), Proof::Finite { key });
        }
        let skipped = (aggregate.function == Function::Sum)
            .then(|| self.fold(&source, &rows, &Fold::SkippedNulls(aggregate.clone())));
        let argument = aggregate
            .argument
            .as_ref()
            .map_or(String::new(), |a| crate::policy::operand::columns_of(a).join(", "));
        let what = match argument.as_str() {
            "" => format!("{}({})", aggregate.function.word(), rows.name()),
            argument => format!("{}({}.{argument})", aggregate.function.word(), rows.name()),
        };
        Some((Scalar::Observed { key, ty, skipped, what }, Some(ty)))
    }

    /// A scalar without rows; `None` after reporting why not.
    pub(super) fn fixed(&mut self, operand: &Operand) -> Option<Scalar> {
        self.scalar(operand, None, None).map(|(scalar, _)| scalar)
    }

    /// A scalar of the run, for `when`: facts and fixed values only.
    pub(super) fn run_scalar(&mut self, operand: &Operand) -> Result<Scalar, String> {
        let operand = self.resolver.operand(operand)?;
        let before = self.obligations.len();
        let scalar = self.scalar(&operand, None, None);
        // What a condition looks at is not what the check looks at.
        self.obligations.retain({
            let mut n = 0;
            move |o| {
                n += 1;
                n <= before || !matches!(o.proof, Proof::Looked | Proof::Counted { .. })
            }
        });
        scalar.map(|(scalar, _)| scalar).ok_or_else(|| "its condition could not be looked at".to_owned())
    }

    /// A condition that every row must satisfy.
    pub(super) fn rows_condition(&mut self, check: &'a Check, condition: &Condition) {
        let Some(condition) = self.resolved(self.resolver.condition(condition)) else { return };
        for (source, _, rows, named) in self.on_rows(check) {
            let mut wrong = Vec::new();
            bind::condition(&condition, &rows.relation, &mut wrong);
            if !wrong.is_empty() {
                self.wrong(wrong);
                continue;
            }
            self.inexact(&condition, &rows.relation);
            self.examined(&source, &rows, named);
            let failing = self.fold(&source, &rows, &Fold::Failing(condition.clone()));
            let unknown = self.fold(&source, &rows, &Fold::Unknown(condition.clone()));
            let shown = crate::policy::operand::columns_of_condition(&condition);
            self.failing_rows(
                &source,
                &rows,
                (failing, Some(unknown)),
                condition.clone(),
                &shown,
                "condition",
                &format!("the row does not satisfy `{}`", check.written),
            );
        }
    }

    /// Adds the obligation that no row fails, with samples that show the columns concerned.
    #[expect(
        clippy::too_many_arguments,
        reason = "one obligation, each part of which differs between callers"
    )]
    pub(super) fn failing_rows(
        &mut self,
        source: &str,
        rows: &RowSet,
        (failing, unknown): (String, Option<String>),
        condition: Condition,
        shown: &[String],
        kind: &str,
        message: &str,
    ) {
        let show =
            Show { rows: rows.clone(), condition, may_be_null: unknown.is_some(), shown: shown.to_vec() };
        let see = show.sql().samples(100);
        let when = std::iter::once(failing.clone()).chain(unknown.clone()).collect();
        let show = self.show(source, when, show);
        self.must(
            rows.name().to_string(),
            Proof::Rows { failing, unknown, show, kind: kind.to_owned(), message: message.to_owned(), see },
        );
    }

    /// Columns that must not be NULL.
    pub(super) fn not_null(&mut self, check: &'a Check, columns: &ColumnSet) {
        for (source, _, rows, named) in self.on_rows(check) {
            let names = match bind::columns(&rows.relation, &columns.columns) {
                Ok(names) => names,
                Err(wrong) => {
                    self.wrong(wrong);
                    continue;
                }
            };
            self.examined(&source, &rows, named);
            let failing = self.fold(&source, &rows, &Fold::AnyNull(names.clone()));
            self.failing_rows(
                &source,
                &rows,
                (failing, None),
                present(&names),
                &names,
                "null",
                "a value is NULL",
            );
        }
    }

    /// Columns that must be unique together.
    pub(super) fn unique(&mut self, check: &'a Check, columns: &ColumnSet, or_null: bool) {
        for (source, _, rows, named) in self.on_rows(check) {
            let names = match bind::columns(&rows.relation, &columns.columns) {
                Ok(names) => names,
                Err(wrong) => {
                    self.wrong(wrong);
                    continue;
                }
            };
            self.examined(&source, &rows, named);
            let duplicates = Duplicates { rows: rows.clone(), columns: names.clone() };
            self.tally(&source, Tally::Duplicates(duplicates), "duplicate", "several rows have this key");
            if !or_null {
                let failing = self.fold(&source, &rows, &Fold::AnyNull(names.clone()));
                self.failing_rows(
                    &source,
                    &rows,
                    (failing, None),
                    present(&names),
                    &names,
                    "null_key",
                    "the key is NULL; write `or null` if that is allowed",
                );
            }
        }
    }

    /// Rows of `on` for grouped comparisons and references.
    pub(super) fn rows_of_on(&mut self, check: &'a Check) -> Vec<(String, &'a Catalogue, RowSet, bool)> {
        self.on_rows(check)
    }
}
