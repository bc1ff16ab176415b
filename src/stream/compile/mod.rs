//! Statements of a plan to jobs.

mod chains;
mod erased;
mod groups;
mod ledgers;
mod references;
mod seals;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::columns::{Columns, KeyPlace};
use super::compiler::{Compiler, by_bytes};
use super::expr::{Expr, Refusal};
use super::gathered::Gathered;
use super::job::{Job, Planned, Wanted};
use super::keyed::PrintMap;
use super::reference::{Gather, Key, Owners, Whose};
use super::repeats::Repeated;
use super::row::{Filter, Shown};
use super::samples::Samples;
use super::scan::{Folding, Folds, Showing};
use super::shared::{Suspicion, TableId};
use crate::catalogue::{Relation, RelationKind};
use crate::chain::given::Outside;
use crate::erasure::Lists;
use crate::measure::Tally;
use crate::measure::fold::{Fold, Show};
use crate::measure::rows::RowSet;
use crate::measure::tenants::TenantPath;
use crate::policy::RelationName;
use crate::policy::operand::Operand;

/// Makes jobs, each table once.
#[derive(Default)]
pub(super) struct Builder {
    /// What was made.
    pub(super) jobs: Vec<Planned>,
    /// The columns they read.
    pub(super) wanted: Wanted,
    /// How many jobs make up each observation.
    pub(super) parts: BTreeMap<String, u32>,
    /// What chains are given; `None` where it is only found out what could be made.
    outside: Option<Arc<Outside>>,
    /// The lists of the run; `None` likewise.
    lists: Option<Arc<Lists>>,
    known: BTreeMap<String, TableId>,
    next: TableId,
}

/// A row set on its way to a job.
struct Narrowed {
    filter: Filter,
    needs: Vec<TableId>,
}

impl Builder {
    /// A builder that knows what chains are given, and who is looked for.
    #[must_use]
    pub(super) fn with(outside: Arc<Outside>, lists: Arc<Lists>) -> Self {
        Self { outside: Some(outside), lists: Some(lists), ..Self::default() }
    }

    /// A builder whose tables do not meet those of an earlier stage, but whose equal key sets are the same.
    #[must_use]
    pub(super) fn after(earlier: &Self) -> Self {
        Self {
            outside: earlier.outside.clone(),
            lists: earlier.lists.clone(),
            known: earlier.known.clone(),
            next: earlier.next,
            ..Self::default()
        }
    }

    /// The key that some columns make.
    fn key(&mut self, relation: &Relation, names: &[String]) -> Result<KeyPlace, Refusal> {
        let places = self.places(relation, names)?;
        Ok(self.columns(relation).key(&places))
    }

    fn places(&mut self, relation: &Relation, names: &[String]) -> Result<Vec<usize>, Refusal> {
        for name in names {
            relation.column(name).map_or(Ok(()), by_bytes)?;
        }
        names.iter().map(|name| self.columns(relation).value(relation, name)).collect()
    }

    fn columns(&mut self, relation: &Relation) -> &mut Columns {
        self.wanted.entry(relation.name.clone()).or_default()
    }

    fn shown(&mut self, relation: &Relation, names: &[String]) -> Result<Vec<Shown>, Refusal> {
        let columns = self.columns(relation);
        names.iter().map(|name| Ok(Shown::new(relation, name, columns.text(relation, name)?))).collect()
    }

    fn shown_one(&mut self, relation: &Relation, name: &str) -> Result<Shown, Refusal> {
        Ok(Shown::new(relation, name, self.columns(relation).text(relation, name)?))
    }

    fn expr(&mut self, relation: &Relation, operand: &Operand) -> Result<Expr, Refusal> {
        let columns = self.columns(relation);
        let expression = Compiler { relation, columns, aggregates: Vec::new() }.operand(operand)?;
        Ok(columns.derive(expression))
    }

    fn push(&mut self, relation: &Relation, needs: Vec<TableId>, likes: Vec<TableId>, job: Box<dyn Job>) {
        for key in job.keys() {
            *self.parts.entry(key).or_default() += 1;
        }
        self.jobs.push(Planned { relation: relation.clone(), needs, likes, job });
    }

    fn table(&mut self) -> TableId {
        self.next += 1;
        self.next
    }

    /// Which rows count.
    fn narrowed(&mut self, rows: &RowSet) -> Result<Narrowed, Refusal> {
        let relation = &rows.relation;
        let mut narrowed = Narrowed { filter: Filter::default(), needs: Vec::new() };
        for condition in &rows.filters {
            let mut compiler = Compiler { relation, columns: self.columns(relation), aggregates: Vec::new() };
            narrowed.filter.tests.push(compiler.condition(condition)?);
        }
        for within in &rows.within {
            let table = self.keys(&within.parent, &within.parent_columns, None)?;
            let key = self.key(relation, &within.columns)?;
            narrowed.filter.within.push((key, table));
            narrowed.needs.push(table);
        }
        Ok(narrowed)
    }

    /// The table of some rows' keys.
    fn keys(
        &mut self,
        rows: &RowSet,
        columns: &[String],
        path: Option<&TenantPath>,
    ) -> Result<TableId, Refusal> {
        let what = format!("keys {} {} {path:?}", columns.join(","), rows.from("r", &[]));
        if let Some(known) = self.known.get(&what) {
            return Ok(*known);
        }
        let mut narrowed = self.narrowed(rows)?;
        let place = self.key(&rows.relation, columns)?;
        let whose = path.map(|path| self.whose(&rows.relation, path, &mut narrowed.needs)).transpose()?;
        let table = self.table();
        self.known.insert(what, table);
        let gather = Gather {
            table,
            filter: narrowed.filter,
            key: Key { place, whose },
            found: Gathered::default(),
            asked: Vec::new(),
        };
        self.push(&rows.relation, narrowed.needs, Vec::new(), Box::new(gather));
        Ok(table)
    }

    /// Whose a row is.
    fn whose(
        &mut self,
        relation: &Relation,
        path: &TenantPath,
        needs: &mut Vec<TableId>,
    ) -> Result<Whose, Refusal> {
        let Some(((columns, parent, keys), rest)) = path.steps.split_first() else {
            let names = std::slice::from_ref(&path.column);
            let key = self.key(relation, names)?;
            let place = self.columns(relation).value(relation, &path.column)?;
            return Ok(Whose::Own(Shown::new(relation, &path.column, place), key));
        };
        let rest = TenantPath { steps: rest.to_vec(), column: path.column.clone() };
        let what = format!("owners {} {} {rest:?}", keys.join(","), parent.from("r", &[]));
        let table = match self.known.get(&what) {
            Some(known) => *known,
            None => {
                let mut narrowed = self.narrowed(parent)?;
                let whose = self.whose(&parent.relation, &rest, &mut narrowed.needs)?;
                let place = self.key(&parent.relation, keys)?;
                let table = self.table();
                self.known.insert(what, table);
                let owners =
                    Owners { table, filter: narrowed.filter, place, whose, map: PrintMap::default() };
                self.push(&parent.relation, narrowed.needs, Vec::new(), Box::new(owners));
                table
            }
        };
        needs.push(table);
        Ok(Whose::Through(self.key(relation, columns)?, table))
    }

    /// Folds over some rows. Handed back are those that only a server can make.
    pub(super) fn folds(&mut self, rows: &RowSet, list: &[(String, Fold)]) -> Vec<(String, Refusal)> {
        let relation = &rows.relation;
        let narrowed = match self.narrowed(rows) {
            Ok(narrowed) => narrowed,
            Err(why) => return list.iter().map(|(key, _)| (key.clone(), why.clone())).collect(),
        };
        let (mut folds, mut refused) = (Vec::new(), Vec::new());
        for (key, fold) in list {
            match fold {
                Fold::Where(conditions, inner) => {
                    let mut rows = rows.clone();
                    rows.filters.extend(conditions.iter().cloned());
                    refused.extend(self.folds(&rows, &[(key.clone(), (**inner).clone())]));
                    continue;
                }
                // They only spare a server the look at what is looked at here anyway.
                Fold::Keyed(_) | Fold::Unmet(_) => continue,
                _ => {}
            }
            match Folding::new(key, fold, relation, self.columns(relation)) {
                Ok(fold) => folds.push(fold),
                Err(why) => refused.push((key.clone(), why)),
            }
        }
        if !folds.is_empty() {
            let job = Folds { filter: narrowed.filter, folds };
            self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        }
        refused
    }

    /// Whether a relation has any rows.
    pub(super) fn any(&mut self, key: &str, name: &RelationName) {
        // No column of it is read, so nothing has to be known about it.
        let relation = Relation {
            name: name.clone(),
            kind: RelationKind::Table,
            columns: Vec::new(),
            primary_key: Vec::new(),
            estimated_rows: -1,
            foreign: false,
            plain: false,
            parts: Vec::new(),
        };
        let job = Folds { filter: Filter::default(), folds: vec![Folding::any(key)] };
        self.push(&relation, Vec::new(), Vec::new(), Box::new(job));
    }

    /// Samples of rows for which a condition is false, or NULL where such are shown.
    ///
    /// # Errors
    ///
    /// When only a server can make it.
    pub(super) fn show(&mut self, key: &str, show: &Show, samples: u64) -> Result<(), Refusal> {
        let relation = &show.rows.relation;
        let narrowed = self.narrowed(&show.rows)?;
        let test = Compiler { relation, columns: self.columns(relation), aggregates: Vec::new() }
            .condition(&show.condition)?;
        let mut names = relation.key_columns();
        for name in &show.shown {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let shown = self.shown(relation, &names)?;
        let (samples, may_be_null) = (Samples::new(samples), show.may_be_null);
        let job = Showing { key: key.to_owned(), filter: narrowed.filter, test, may_be_null, shown, samples };
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    /// The first look of a tally.
    ///
    /// # Errors
    ///
    /// When only a server can make it.
    pub(super) fn tally(
        &mut self,
        key: &str,
        tally: &Tally,
        samples: u64,
        exact: bool,
    ) -> Result<(), Refusal> {
        match tally {
            Tally::Groups(groups) if exact => {
                let rule = self.rule(groups)?;
                self.exactly(key, groups, rule, None, samples)
            }
            Tally::Totals(totals) if exact => {
                self.headers(key, totals, &super::differences::Buckets::all(), samples)
            }
            Tally::Groups(groups) => self.groups(key, groups, samples),
            Tally::Orphans(orphans) => self.orphans(key, orphans),
            Tally::Crossing(crossing) => self.crossing(key, crossing),
            Tally::Duplicates(duplicates) => self.duplicates(key, duplicates),
            Tally::Totals(totals) => self.totals(key, totals, samples),
            Tally::Running(running) => self.running(key, running, samples),
        }
    }

    /// The closer look at a tally under suspicion.
    ///
    /// # Errors
    ///
    /// When only a server can make it.
    pub(super) fn closer(
        &mut self,
        key: &str,
        tally: &Tally,
        suspicion: Suspicion,
        samples: u64,
    ) -> Result<(), Refusal> {
        match (tally, suspicion) {
            (Tally::Groups(groups), Suspicion::Groups(only)) => {
                let rule = self.rule(groups)?;
                self.exactly(key, groups, rule, Some(only), samples)
            }
            (Tally::Orphans(orphans), _) => self.locate_orphans(key, orphans, samples),
            (Tally::Crossing(crossing), _) => self.locate_crossing(key, crossing, samples),
            (Tally::Duplicates(duplicates), Suspicion::Keys(again)) => {
                let relation = &duplicates.rows.relation;
                let narrowed = self.narrowed(&duplicates.rows)?;
                let place = self.key(relation, &duplicates.columns)?;
                let shown = self.shown(relation, &duplicates.columns)?;
                let job = Repeated {
                    key: key.to_owned(),
                    filter: narrowed.filter,
                    place,
                    shown,
                    again,
                    counts: std::collections::HashMap::new(),
                    samples: Samples::new(samples),
                };
                self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
                Ok(())
            }
            (Tally::Totals(totals), Suspicion::Groups(only)) => self.headers(key, totals, &only, samples),
            _ => Err("it was looked at in another way than it can be shown".to_owned()),
        }
    }
}
