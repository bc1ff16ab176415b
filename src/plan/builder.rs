//! The planner: walks the selected checks, keeps every measurement once, and puts folds into scans.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::Resolver;
use super::{
    Applies, Catalogues, CheckPlan, Obligation, Options, Plan, Planned, Proof, Shortcut, Statement, WhenPlan,
};
use crate::catalogue::{Catalogue, Relation};
use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::policy::assertion::{Assertion, State};
use crate::policy::operand::{Comparator, Operand};
use crate::policy::standard::AskedAs;
use crate::policy::{Check, Policy, RelationName};
use crate::source_text::Span;

/// Plans the selected checks. Diagnostics that are errors mean that nothing may run.
#[must_use]
pub fn plan(policy: &Policy, catalogues: &Catalogues, options: &Options) -> Planned {
    let mut planner = Planner::new(policy, catalogues, options);
    let checks = planner.checks();
    planner.finish(checks)
}

/// Folds over the same rows.
#[derive(Clone)]
pub(super) struct Scan {
    pub(super) source: String,
    pub(super) rows: RowSet,
    pub(super) folds: BTreeMap<String, Fold>,
    pub(super) users: Users,
}

/// Who needs a statement, and how long each lets it take.
#[derive(Clone, Default)]
pub(super) struct Users {
    pub(super) checks: Vec<String>,
    pub(super) timeouts: Vec<Option<i64>>,
    pub(super) shortcuts: Vec<Shortcut>,
}

impl Users {
    pub(super) fn add(&mut self, check: &str, timeout: Option<i64>, shortcut: Shortcut) {
        if !self.shortcuts.contains(&shortcut) {
            self.shortcuts.push(shortcut);
        }
        if !self.checks.iter().any(|c| c == check) {
            self.checks.push(check.to_owned());
            self.timeouts.push(timeout);
        }
    }

    /// Takes over the users of another statement.
    pub(super) fn join(&mut self, other: Self) {
        for shortcut in other.shortcuts {
            if !self.shortcuts.contains(&shortcut) {
                self.shortcuts.push(shortcut);
            }
        }
        for (check, timeout) in other.checks.into_iter().zip(other.timeouts) {
            if !self.checks.contains(&check) {
                self.checks.push(check);
                self.timeouts.push(timeout);
            }
        }
    }

    /// The longest any user allows; a user without a limit of its own takes the run's.
    pub(super) fn timeout(&self) -> Option<i64> {
        let limits: Option<Vec<i64>> = self.timeouts.iter().copied().collect();
        limits.and_then(|list| list.into_iter().max())
    }

    /// What spares the statement; nothing where one of its users has no shortcut.
    pub(super) fn spared(&self) -> Vec<Shortcut> {
        if self.shortcuts.contains(&Shortcut::default()) { Vec::new() } else { self.shortcuts.clone() }
    }
}

pub(super) struct Planner<'a> {
    pub(super) policy: &'a Policy,
    pub(super) catalogues: &'a Catalogues,
    pub(super) options: &'a Options,
    pub(super) resolver: Resolver<'a>,
    pub(super) sink: Sink,
    /// By source, rows, and the shortcut that spares them.
    pub(super) scans: BTreeMap<(String, String, String), Scan>,
    /// Keys of the keyed sums that should be 0.
    pub(super) sums: BTreeSet<String>,
    pub(super) others: BTreeMap<String, (Statement, Users)>,
    pub(super) check: String,
    pub(super) timeout: Option<i64>,
    pub(super) obligations: Vec<Obligation>,
    pub(super) notes: Vec<String>,
}

impl<'a> Planner<'a> {
    /// A planner that was asked for nothing yet.
    pub(super) fn new(policy: &'a Policy, catalogues: &'a Catalogues, options: &'a Options) -> Self {
        Self {
            policy,
            catalogues,
            options,
            resolver: Resolver { policy, now: options.now },
            sink: Sink::default(),
            scans: BTreeMap::new(),
            sums: BTreeSet::new(),
            others: BTreeMap::new(),
            check: String::new(),
            timeout: None,
            obligations: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// What the selected checks need.
    pub(super) fn checks(&mut self) -> Vec<CheckPlan> {
        let selected = self.policy.checks.iter().filter(|check| self.options.selected.contains(&check.id));
        selected.map(|check| self.check(check)).collect()
    }

    /// The plan of everything that was asked for.
    pub(super) fn finish(mut self, checks: Vec<CheckPlan>) -> Planned {
        let statements = self.statements();
        (Plan { statements, checks, readings: Vec::new() }, self.sink.finish())
    }

    fn check(&mut self, check: &'a Check) -> CheckPlan {
        self.check.clone_from(&check.id);
        self.timeout = check.timeout;
        self.obligations = Vec::new();
        self.notes = Vec::new();
        let when = check.when.as_ref().map(|when| {
            let test = self.when(&when.left, when.op, when.right.as_ref());
            WhenPlan { written: when.written.clone(), test }
        });
        let when = when.or_else(|| self.left_out(check));
        if !matches!(&when, Some(WhenPlan { test: Applies::LeftOut(_), .. })) {
            self.assertion(check);
            self.tenant_exists(check);
        }
        CheckPlan {
            id: check.id.clone(),
            obligations: std::mem::take(&mut self.obligations),
            when,
            notes: std::mem::take(&mut self.notes),
        }
    }

    /// Why a member of the standard pack is not looked at.
    fn left_out(&self, check: &Check) -> Option<WhenPlan> {
        let Assertion::Standard(rule) = &check.assertion else { return None };
        let why = match &rule.asked {
            AskedAs::LeftOut(because) => because.clone(),
            AskedAs::Pack => {
                let needed = rule.member.needs?;
                let Ok(catalogue) = self.catalogues.get(check.source.as_ref()?)? else { return None };
                let there = catalogue.extensions.as_ref()?.iter().any(|e| e == needed);
                if there {
                    return None;
                }
                format!("the extension `{needed}` is not installed, and a verification creates nothing")
            }
            AskedAs::Every | AskedAs::Alone => return None,
        };
        Some(WhenPlan { written: check.written.clone(), test: Applies::LeftOut(why) })
    }

    fn when(&mut self, left: &Operand, op: Comparator, right: Option<&Operand>) -> Applies {
        let is_all = |operand: &Operand| match operand {
            Operand::Param { name, .. } => self.policy.param(name).is_none(),
            _ => false,
        };
        match right {
            None => Applies::Known(is_all(left) == (op == Comparator::Equal)),
            // `all` is none of the values it could be compared with.
            Some(right) if is_all(left) || is_all(right) => Applies::Known(op == Comparator::NotEqual),
            Some(right) => match [left, right].map(|o| self.run_scalar(o)) {
                [Ok(left), Ok(right)] => Applies::Compare { left, op, right },
                [Err(why), _] | [_, Err(why)] => {
                    self.unprovable("when", &why);
                    Applies::Known(true)
                }
            },
        }
    }

    fn assertion(&mut self, check: &'a Check) {
        if let Some(on) = &check.on
            && !uses_on(&check.assertion)
        {
            let span = on.patterns.first().map_or(check.span, |p| p.span);
            self.wrong(vec![
                Diagnostic::error(Code::Unused, "nothing in this check is about the rows of `on`")
                    .at(span, "would not be looked at")
                    .help("remove the `on`, or leave the relation's name out of the assertion"),
            ]);
            return;
        }
        match &check.assertion {
            Assertion::Values(list) => self.values(check, list),
            Assertion::Groups(list, per) => self.groups(check, list, per),
            Assertion::Rows(condition) => self.rows_condition(check, condition),
            Assertion::References { child, parent, or_null } => {
                self.references(check, child, parent, *or_null)
            }
            Assertion::Unique { columns, or_null } => self.unique(check, columns, *or_null),
            Assertion::NotNull(columns) => self.not_null(check, columns),
            Assertion::Standard(rule) => self.standard(check, rule),
            Assertion::Sql(returns, sql) => self.raw_sql(check, returns, sql),
            Assertion::State(State::Balanced(name)) => self.ledger(check, name),
            Assertion::State(State::Intact(name)) => self.chain(check, name),
            Assertion::State(State::Complete) => self.complete(check),
            Assertion::State(State::Isolated) => self.isolated(check),
            Assertion::State(State::Met(name)) => self.objective(check, name),
            Assertion::State(State::Source(source, state)) => self.source_state(source, state),
            Assertion::Request(source, request) => self.request(source, request),
            Assertion::Elements(source, elements) => self.elements(source, elements),
            Assertion::Attested(source, attested) => self.attested(check, source, attested),
            Assertion::Way(way) => self.way(way),
            Assertion::Unchanged(unchanged) => self.unchanged(check, unchanged),
            Assertion::Equal(equal) => self.equal(check, equal),
            Assertion::Absent(absent) => self.absent(check, absent),
        }
    }

    // ---- obligations -------------------------------------------------------------------------------

    pub(super) fn must(&mut self, subject: impl Into<String>, proof: Proof) {
        self.obligations.push(Obligation { subject: subject.into(), proof });
    }

    pub(super) fn unprovable(&mut self, subject: &str, why: &str) {
        self.must(subject, Proof::Unprovable(why.to_owned()));
    }

    /// The source of a check and its catalogue; reports why there is none.
    pub(super) fn source(&mut self, check: &Check) -> Option<(String, &'a Catalogue)> {
        let name = check.source.clone()?;
        self.catalogue(&name).map(|catalogue| (name, catalogue))
    }

    /// The catalogue of a source; reports why there is none.
    pub(super) fn catalogue(&mut self, name: &str) -> Option<&'a Catalogue> {
        match self.catalogues.get(name) {
            Some(Ok(catalogue)) => Some(catalogue),
            Some(Err(failure)) => {
                let why = failure.message.clone();
                self.unprovable(name, &format!("source `{name}` could not be read: {why}"));
                None
            }
            None => {
                self.unprovable(name, &format!("source `{name}` was not looked at"));
                None
            }
        }
    }

    /// A relation of a source; a missing one makes the check unprovable and is shown as a diagnostic too.
    pub(super) fn relation(
        &mut self,
        catalogue: &'a Catalogue,
        source: &str,
        name: &RelationName,
        span: Option<Span>,
    ) -> Option<&'a Relation> {
        match super::bind::relation(catalogue, name, source) {
            Ok(relation) => Some(relation),
            Err(why) => {
                if let Some(span) = span.filter(|s| *s != Span::NOWHERE) {
                    let here = catalogue.relation(name).is_some();
                    let label = if here { "not readable here" } else { "not found" };
                    self.sink.push(Diagnostic::warning(Code::NoRelation, why.clone()).at(span, label));
                }
                self.unprovable(&name.to_string(), &why);
                None
            }
        }
    }

    /// Keeps diagnostics about columns and types; such a check cannot be planned.
    pub(super) fn wrong(&mut self, diagnostics: Vec<Diagnostic>) {
        self.unprovable("", "the policy does not fit the catalogue");
        self.sink.extend(diagnostics);
    }

    /// Keeps the value of a resolution, or makes the check unprovable.
    pub(super) fn resolved<T>(&mut self, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(why) => {
                self.unprovable("", &why);
                None
            }
        }
    }

    /// The relations a check's `on` covers, each with whether it was named outright.
    pub(super) fn on_relations(
        &mut self,
        check: &'a Check,
        catalogue: &'a Catalogue,
        source: &str,
    ) -> Vec<(&'a Relation, bool)> {
        let Some(on) = &check.on else { return Vec::new() };
        let mut found: Vec<(&Relation, bool)> = Vec::new();
        for pattern in &on.patterns {
            if !pattern.glob {
                let name = RelationName { schema: pattern.schema.clone(), name: pattern.table.clone() };
                if let Some(relation) = self.relation(catalogue, source, &name, Some(pattern.span))
                    && !found.iter().any(|(r, _)| r.name == relation.name)
                {
                    found.push((relation, true));
                }
                continue;
            }
            let matching: Vec<&Relation> =
                catalogue.relations.iter().filter(|r| r.kind.stores() && pattern.covers(&r.name)).collect();
            if matching.is_empty() {
                let why = format!(
                    "`{}` in schema `{}` matches no table of source `{source}`",
                    pattern.table, pattern.schema
                );
                self.sink.push(
                    Diagnostic::warning(Code::NoRelation, why.clone()).at(pattern.span, "matches nothing"),
                );
                self.unprovable(&pattern.table, &why);
            }
            for relation in matching {
                if !found.iter().any(|(r, _)| r.name == relation.name) {
                    found.push((relation, false));
                }
            }
        }
        found
    }
}

/// Whether an assertion is about the rows that `on` names.
fn uses_on(assertion: &Assertion) -> bool {
    match assertion {
        Assertion::Values(list) => list
            .iter()
            .any(|c| crate::policy::operand::over_on(&c.left) || crate::policy::operand::over_on(&c.right)),
        Assertion::References { child, .. } => child.relation.is_none(),
        Assertion::Absent(absent) => absent.columns.iter().all(|set| set.relation.is_none()),
        Assertion::Groups(..) | Assertion::Rows(_) | Assertion::Unique { .. } | Assertion::NotNull(_) => true,
        Assertion::Standard(rule) => rule.asked == AskedAs::Every,
        Assertion::Sql(..)
        | Assertion::State(_)
        | Assertion::Request(..)
        | Assertion::Elements(..)
        | Assertion::Attested(..)
        | Assertion::Unchanged(_)
        | Assertion::Equal(_)
        | Assertion::Way(_) => false,
    }
}
