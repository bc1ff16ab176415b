//! Statements of a plan to jobs.

use std::collections::BTreeMap;

use super::chain::{Chained, Laid};
use super::columns::{Columns, KeyPlace};
use super::compiler::{Compiler, by_bytes};
use super::differences::Differences;
use super::exact::Exact;
use super::expr::{Expr, Refusal, Test};
use super::gathered::Gathered;
use super::grouped::{Exactly, Identity, Rule};
use super::job::{Job, Planned, Wanted};
use super::keyed::PrintMap;
use super::print_set::PrintSet;
use super::reference::{Gather, Key, Locate, Others, Owners, Repeated, Repeats, Seek, Whose};
use super::row::{Filter, Shown};
use super::samples::Samples;
use super::scan::{Folding, Folds, Showing, aggregator};
use super::shared::{Suspicion, TableId};
use super::totals::{Balances, Headers, Side, Sums};
use crate::catalogue::{Relation, RelationKind};
use crate::chain::segment::Segment;
use crate::chain::spec::ChainSpec;
use crate::chain::verify::Limits;
use crate::measure::Tally;
use crate::measure::fold::{Fold, Show};
use crate::measure::groups::Groups;
use crate::measure::keys::{Duplicates, Orphans};
use crate::measure::ledger::{self, Running, Totals};
use crate::measure::rows::RowSet;
use crate::measure::tenants::{Crossing, TenantPath};
use crate::policy::RelationName;
use crate::policy::operand::{Arithmetic, Comparator, Function, Operand};
use crate::value::{Value, plain};

/// Makes jobs, each table once.
#[derive(Default)]
pub(super) struct Builder {
    /// What was made.
    pub(super) jobs: Vec<Planned>,
    /// The columns they read.
    pub(super) wanted: Wanted,
    /// How many jobs make up each observation.
    pub(super) parts: BTreeMap<String, u32>,
    known: BTreeMap<String, TableId>,
    next: TableId,
}

/// A row set on its way to a job.
struct Narrowed {
    filter: Filter,
    needs: Vec<TableId>,
}

impl Builder {
    /// A builder whose tables do not meet those of an earlier stage, but whose equal key sets are the same.
    #[must_use]
    pub(super) fn after(earlier: &Self) -> Self {
        Self { known: earlier.known.clone(), next: earlier.next, ..Self::default() }
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
        names.iter().map(|name| Ok(Shown::new(relation, name, columns.place(relation, name)?))).collect()
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

    /// Samples of rows for which a condition is not true.
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
        let samples = Samples::new(samples);
        let job = Showing { key: key.to_owned(), filter: narrowed.filter, test, shown, samples };
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

    /// A chain, as it lies.
    ///
    /// # Errors
    ///
    /// When only a server can make it.
    pub(super) fn chain(
        &mut self,
        key: &str,
        rows: &RowSet,
        spec: &ChainSpec,
        samples: u64,
    ) -> Result<(), Refusal> {
        let (narrowed, shown) = self.chained(rows, spec)?;
        let limits = Limits { samples: usize::try_from(samples).unwrap_or(usize::MAX), ..Limits::default() };
        let segment = Segment::new(spec, limits).map_err(|e| e.to_string())?;
        let (key, filter, texts) = (key.to_owned(), narrowed.filter, Vec::new());
        let job = Laid { key, filter, shown, segment, taken: 0, texts };
        self.push(&rows.relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    /// A chain that did not lie in order.
    ///
    /// # Errors
    ///
    /// When only a server can make it.
    pub(super) fn sorted_chain(
        &mut self,
        key: &str,
        rows: &RowSet,
        spec: &ChainSpec,
        samples: u64,
    ) -> Result<(), Refusal> {
        let (narrowed, shown) = self.chained(rows, spec)?;
        for name in spec.order.iter().filter_map(|at| spec.columns.get(*at)).map(|c| &c.name) {
            self.columns(&rows.relation).value(&rows.relation, name)?;
        }
        let (key, filter, spec) = (key.to_owned(), narrowed.filter, spec.clone());
        let job = Chained { key, filter, shown, spec, samples, rows: Vec::new() };
        self.push(&rows.relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    fn chained(&mut self, rows: &RowSet, spec: &ChainSpec) -> Result<(Narrowed, Vec<Shown>), Refusal> {
        let narrowed = self.narrowed(rows)?;
        let names: Vec<String> = spec.columns.iter().map(|c| c.name.clone()).collect();
        Ok((narrowed, self.shown(&rows.relation, &names)?))
    }

    // ---- groups ------------------------------------------------------------------------------------

    fn groups(&mut self, key: &str, groups: &Groups, samples: u64) -> Result<(), Refusal> {
        let relation = &groups.rows.relation;
        let narrowed = self.narrowed(&groups.rows)?;
        let place = self.key(relation, &groups.keys)?;
        let amounts: Option<Vec<Operand>> = groups.comparisons.iter().map(balance).collect();
        let Some(amounts) = amounts else {
            let rule = self.rule(groups)?;
            return self.exactly(key, groups, rule, None, samples);
        };
        let amounts = amounts.iter().map(|a| self.expr(relation, a)).collect::<Result<Vec<_>, _>>()?;
        let job = Identity {
            key: key.to_owned(),
            filter: narrowed.filter,
            place,
            or_null: groups.or_null,
            sums: vec![Differences::default(); amounts.len()],
            amounts,
        };
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    fn rule(&mut self, groups: &Groups) -> Result<Rule, Refusal> {
        let relation = &groups.rows.relation;
        let (mut list, mut tests) = (Vec::new(), Vec::new());
        for comparison in &groups.comparisons {
            let mut compiler =
                Compiler { relation, columns: self.columns(relation), aggregates: std::mem::take(&mut list) };
            let sides = [&comparison.left, &comparison.right].map(|side| compiler.operand(side));
            list = compiler.aggregates;
            let [left, right] = sides;
            tests.push(Test::Compare(left?, comparison.op, right?));
        }
        let columns = self.wanted.entry(relation.name.clone()).or_default();
        let aggregates =
            list.iter().map(|a| aggregator(a, relation, columns)).collect::<Result<Vec<_>, _>>()?;
        let shown = groups
            .shown()
            .iter()
            .map(|operand| match operand {
                Operand::Aggregate(aggregate) => aggregator(aggregate, relation, columns),
                _ => Err("only aggregates are shown with a group".to_owned()),
            })
            .collect::<Result<_, _>>()?;
        Ok(Rule { aggregates, test: Test::And(tests), lenient: groups.lenient, shown })
    }

    fn exactly(
        &mut self,
        key: &str,
        groups: &Groups,
        rule: Rule,
        only: Option<super::differences::Buckets>,
        samples: u64,
    ) -> Result<(), Refusal> {
        let relation = &groups.rows.relation;
        let narrowed = self.narrowed(&groups.rows)?;
        let place = self.key(relation, &groups.keys)?;
        let keys = self.shown(relation, &groups.keys)?;
        let columns = groups.sql().columns;
        let job = Exactly::new(
            key.to_owned(),
            narrowed.filter,
            (place, keys, groups.or_null),
            rule,
            only,
            columns,
            samples,
        );
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    // ---- references --------------------------------------------------------------------------------

    fn orphans(&mut self, key: &str, orphans: &Orphans) -> Result<(), Refusal> {
        let parents = self.keys(&orphans.parent, &orphans.parent_columns, None)?;
        let place = self.key(&orphans.child.relation, &orphans.columns)?;
        self.seek(key, &orphans.child, Key { place, whose: None }, parents, Vec::new())
    }

    fn crossing(&mut self, key: &str, crossing: &Crossing) -> Result<(), Refusal> {
        let parents = self.keys(&crossing.parent, &crossing.parent_columns, Some(&crossing.parent_path))?;
        let mut needs = Vec::new();
        let child = &crossing.child.relation;
        let whose = self.whose(child, &crossing.child_path, &mut needs)?;
        let place = self.key(child, &crossing.columns)?;
        self.seek(key, &crossing.child, Key { place, whose: Some(whose) }, parents, needs)
    }

    fn seek(
        &mut self,
        key: &str,
        child: &RowSet,
        wanted: Key,
        parents: TableId,
        mut needs: Vec<TableId>,
    ) -> Result<(), Refusal> {
        let narrowed = self.narrowed(child)?;
        needs.extend(narrowed.needs);
        let job = Seek {
            key: key.to_owned(),
            filter: narrowed.filter,
            wanted,
            parents,
            missing: false,
            pending: PrintSet::default(),
            last: None,
            asked: Vec::new(),
            firsts: Vec::new(),
        };
        self.push(&child.relation, needs, vec![parents], Box::new(job));
        Ok(())
    }

    fn locate_orphans(&mut self, key: &str, orphans: &Orphans, samples: u64) -> Result<(), Refusal> {
        let parents = self.keys(&orphans.parent, &orphans.parent_columns, None)?;
        let child = &orphans.child.relation;
        let place = self.key(child, &orphans.columns)?;
        let wanted = Key { place, whose: None };
        self.locate(key, (&orphans.child, &orphans.columns), wanted, (parents, None), Vec::new(), samples)
    }

    fn locate_crossing(&mut self, key: &str, crossing: &Crossing, samples: u64) -> Result<(), Refusal> {
        let parents = self.keys(&crossing.parent, &crossing.parent_columns, Some(&crossing.parent_path))?;
        let mut needs = Vec::new();
        let child = &crossing.child.relation;
        let whose = self.whose(child, &crossing.child_path, &mut needs)?;
        let place = self.key(child, &crossing.columns)?;
        // Whose the rows are that they point to instead.
        let parent = &crossing.parent.relation;
        let mut parent_needs = Vec::new();
        let other = self.whose(parent, &crossing.parent_path, &mut parent_needs)?;
        let place_of = self.key(parent, &crossing.parent_columns)?;
        let table = self.table();
        let others = Others { table, place: place_of, whose: other, map: PrintMap::default() };
        self.push(parent, parent_needs, Vec::new(), Box::new(others));
        needs.push(table);
        let wanted = Key { place, whose: Some(whose) };
        let rows = (&crossing.child, crossing.columns.as_slice());
        self.locate(key, rows, wanted, (parents, Some(table)), needs, samples)
    }

    fn locate(
        &mut self,
        key: &str,
        (child, columns): (&RowSet, &[String]),
        wanted: Key,
        (parents, others): (TableId, Option<TableId>),
        mut needs: Vec<TableId>,
        samples: u64,
    ) -> Result<(), Refusal> {
        let narrowed = self.narrowed(child)?;
        needs.extend(narrowed.needs);
        needs.push(parents);
        let mut names = child.relation.key_columns();
        for column in columns {
            if !names.contains(column) {
                names.push(column.clone());
            }
        }
        let shown = self.shown(&child.relation, &names)?;
        let job = Locate {
            key: key.to_owned(),
            filter: narrowed.filter,
            wanted,
            parents,
            others,
            shown,
            violations: 0,
            samples: Samples::new(samples),
        };
        self.push(&child.relation, needs, Vec::new(), Box::new(job));
        Ok(())
    }

    fn duplicates(&mut self, key: &str, duplicates: &Duplicates) -> Result<(), Refusal> {
        let relation = &duplicates.rows.relation;
        let narrowed = self.narrowed(&duplicates.rows)?;
        let place = self.key(relation, &duplicates.columns)?;
        let job = Repeats {
            key: key.to_owned(),
            filter: narrowed.filter,
            place,
            once: PrintSet::default(),
            again: PrintSet::default(),
        };
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    // ---- ledgers -----------------------------------------------------------------------------------

    /// The lines that count for totals: those of the entries that are looked at.
    fn lines(&mut self, totals: &Totals) -> Result<Narrowed, Refusal> {
        let mut narrowed = self.narrowed(&totals.lines)?;
        if !(totals.entries.filters.is_empty() && totals.entries.within.is_empty()) {
            let table = self.keys(&totals.entries, &totals.key, None)?;
            let key = self.key(&totals.lines.relation, &totals.columns)?;
            narrowed.filter.within.push((key, table));
            narrowed.needs.push(table);
        }
        Ok(narrowed)
    }

    fn totals(&mut self, key: &str, totals: &Totals, samples: u64) -> Result<(), Refusal> {
        let (entries, lines) = (&totals.entries.relation, &totals.lines.relation);
        if !bigdecimal::Zero::is_zero(&totals.tolerance) {
            // No identity tolerates anything, so every entry is looked at.
            return self.headers(key, totals, &super::differences::Buckets::all(), samples);
        }
        let narrowed = self.lines(totals)?;
        let side = Side {
            key: key.to_owned(),
            filter: narrowed.filter,
            place: self.key(lines, &totals.columns)?,
            amount: self.expr(lines, &totals.side)?,
            lines: true,
            once: None,
            sums: Differences::default(),
        };
        self.push(lines, narrowed.needs, Vec::new(), Box::new(side));
        let narrowed = self.narrowed(&totals.entries)?;
        let header = self.header(totals)?;
        let side = Side {
            key: key.to_owned(),
            filter: narrowed.filter,
            place: self.key(entries, &totals.key)?,
            amount: header,
            lines: false,
            // A primary key says nothing of rows that heirs add, and an archive enforces none.
            once: Some(PrintSet::default()),
            sums: Differences::default(),
        };
        self.push(entries, narrowed.needs, Vec::new(), Box::new(side));
        Ok(())
    }

    fn header(&mut self, totals: &Totals) -> Result<Expr, Refusal> {
        let column = Operand::Column { name: totals.header.clone(), span: crate::source_text::Span::NOWHERE };
        self.expr(&totals.entries.relation, &Operand::Exact(Box::new(column)))
    }

    fn headers(
        &mut self,
        key: &str,
        totals: &Totals,
        only: &super::differences::Buckets,
        samples: u64,
    ) -> Result<(), Refusal> {
        let (entries, lines) = (&totals.entries.relation, &totals.lines.relation);
        let narrowed = self.lines(totals)?;
        let sum = aggregator(&ledger::sum(&totals.side), lines, self.columns(lines))?;
        let table = self.table();
        let sums = Sums {
            table,
            filter: narrowed.filter,
            place: self.key(lines, &totals.columns)?,
            sum: sum.clone(),
            only: Some(only.clone()),
            map: PrintMap::default(),
        };
        self.push(lines, narrowed.needs, Vec::new(), Box::new(sums));
        let mut narrowed = self.narrowed(&totals.entries)?;
        narrowed.needs.push(table);
        let place = self.key(entries, &totals.key)?;
        let job = Headers {
            key: key.to_owned(),
            filter: narrowed.filter,
            place,
            keys: self.shown(entries, &totals.key)?,
            header: (self.header(totals)?, totals.header.clone()),
            table,
            sum,
            tolerance: exact(&totals.tolerance),
            only: Some(only.clone()),
            violations: 0,
            samples: Samples::new(samples),
        };
        self.push(entries, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    fn running(&mut self, key: &str, running: &Running, samples: u64) -> Result<(), Refusal> {
        let relation = &running.lines.relation;
        let narrowed = self.narrowed(&running.lines)?;
        let column =
            Operand::Column { name: running.balance.clone(), span: crate::source_text::Span::NOWHERE };
        let kept = self.expr(relation, &Operand::Exact(Box::new(column)))?;
        let job = Balances::new(
            key.to_owned(),
            narrowed.filter,
            self.key(relation, &running.per)?,
            self.places(relation, &running.order)?,
            self.expr(relation, &running.net)?,
            (kept, running.balance.clone()),
            exact(&running.tolerance),
            self.shown(relation, &relation.key_columns())?,
            samples,
        );
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }
}

fn exact(n: &bigdecimal::BigDecimal) -> Exact {
    Exact::parse(plain(n).as_bytes()).unwrap_or_else(|| Exact::Large(Box::new(n.clone())))
}

/// What must sum to zero in a group for a comparison to hold; `None` when it is not about sums of all rows alone. A group
/// whose amounts are all NULL has no sum at all, which the look at single rows leaves in doubt.
fn balance(comparison: &crate::policy::assertion::Comparison) -> Option<Operand> {
    if comparison.op != Comparator::Equal {
        return None;
    }
    let left = amount(&comparison.left)?;
    match &comparison.right {
        Operand::Literal(Value::Number(n)) if bigdecimal::Zero::is_zero(n) => Some(left),
        right => Some(Operand::Binary {
            op: Arithmetic::Subtract,
            left: Box::new(left),
            right: Box::new(amount(right)?),
            span: crate::source_text::Span::NOWHERE,
        }),
    }
}

/// What a linear combination of sums adds for one row.
fn amount(operand: &Operand) -> Option<Operand> {
    match operand {
        Operand::Aggregate(aggregate)
            if aggregate.function == Function::Sum && aggregate.filter.is_none() =>
        {
            aggregate.argument.clone()
        }
        Operand::Negate(inner) => Some(Operand::Negate(Box::new(amount(inner)?))),
        Operand::Binary { op: op @ (Arithmetic::Add | Arithmetic::Subtract), left, right, span } => {
            Some(Operand::Binary {
                op: *op,
                left: Box::new(amount(left)?),
                right: Box::new(amount(right)?),
                span: *span,
            })
        }
        _ => None,
    }
}
