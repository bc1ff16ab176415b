//! Rows that belong to subjects of a list, and columns that name subjects.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::compile::Builder;
use super::cores::Cores;
use super::expr::Refusal;
use super::job::{Job, fork_of};
use super::keyed::Seed;
use super::row::{Filter, Row, Shown};
use super::samples::Samples;
use super::shared::Shared;
use super::{Limits, Rows, failure, pass};
use crate::erasure::{Form, Gather, Lists, Subjects, lines};
use crate::facts::{Failure, Observed, Tallied};
use crate::measure::rows::RowSet;
use crate::plan::{self, SUBJECT};

/// The list that rows are looked for in, if it is one of what their column holds.
///
/// # Errors
///
/// There is no such list, or it names what the column cannot hold.
pub fn subjects(lists: &Lists, erased: &plan::Erased) -> Result<Arc<Subjects>, String> {
    let subjects = lists.of(&erased.list)?;
    subjects.fits(erased.form).map_err(|why| {
        let (relation, column) = (erased.rows.name(), &erased.column);
        format!(
            "{} does not fit `{relation}.{column}`: {why}, so that it could never be found there",
            erased.called
        )
    })?;
    Ok(subjects)
}

/// Takes what a cell of a table, in which subjects are named, says.
///
/// # Errors
///
/// It says nothing that could be looked for.
pub fn take(gather: &mut Gather, number: u64, cell: Option<&str>) -> Result<(), String> {
    let Some(text) = cell else {
        return Err("a subject is NULL, and nobody can look for that; leave such rows out, as with `where COLUMN is not null`"
            .to_owned());
    };
    let entry = lines::entry(text).map_err(|why| format!("one of its values {why}"))?;
    gather.add(number, entry)
}

/// Rows of subjects, found one after another.
#[derive(Debug)]
pub struct Sought<'e> {
    erased: &'e plan::Erased,
    subjects: Arc<Subjects>,
    violations: u64,
    samples: Samples,
}

impl<'e> Sought<'e> {
    /// Nothing found yet.
    #[must_use]
    pub fn new(erased: &'e plan::Erased, subjects: Arc<Subjects>, samples: u64) -> Self {
        Self { erased, subjects, violations: 0, samples: Samples::new(samples) }
    }

    /// Takes a row: the cells that name it, and last the one that says whose it is.
    pub fn push(&mut self, cells: &[Option<&str>]) {
        let Some((Some(stored), named)) = cells.split_last() else { return };
        let Some(mark) = self.subjects.find(self.erased.form, stored) else { return };
        self.violations += 1;
        let called = || self.subjects.called(mark, self.erased.form, stored);
        self.samples.add(false, || {
            named.iter().map(|cell| cell.map(str::to_owned)).chain([Some(called())]).collect()
        });
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> Tallied {
        let columns = self.erased.named().iter().cloned().chain([SUBJECT.to_owned()]).collect();
        Tallied { violations: self.violations, unknown: 0, columns, samples: self.samples.finish() }
    }
}

/// Looks for subjects in the rows of a relation.
pub(super) struct Seeking {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// How values are compared.
    pub(super) form: Form,
    /// The column that says whose a row is.
    pub(super) column: Shown,
    /// The columns that name a row.
    pub(super) named: Vec<Shown>,
    /// Who is looked for.
    pub(super) subjects: Arc<Subjects>,
    /// How many rows there are of them.
    pub(super) violations: u64,
    /// Samples so far.
    pub(super) samples: Samples,
}

impl Job for Seeking {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let Some(stored) = row.str(&self.column)? else { return Ok(()) };
        let Some(mark) = self.subjects.find(self.form, stored) else { return Ok(()) };
        self.violations += 1;
        let (subjects, named, form) = (&self.subjects, &self.named, self.form);
        self.samples.add(false, || {
            let called = subjects.called(mark, form, stored);
            named.iter().map(|shown| row.text(shown)).chain([Some(called)]).collect()
        });
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        Some(Box::new(Self {
            key: self.key.clone(),
            filter: self.filter.clone(),
            form: self.form,
            column: self.column.clone(),
            named: self.named.clone(),
            subjects: Arc::clone(&self.subjects),
            violations: 0,
            samples: self.samples.clone(),
        }))
    }

    fn merge(&mut self, other: Box<dyn Job>, _shared: &Shared) -> Result<(), Refusal> {
        let other = fork_of::<Self>(other)?;
        self.violations += other.violations;
        for sample in other.samples.finish() {
            self.samples.add(false, || sample);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        let columns = self.named.iter().map(|s| s.name.clone()).chain([SUBJECT.to_owned()]).collect();
        let tallied =
            Tallied { violations: self.violations, unknown: 0, columns, samples: self.samples.finish() };
        shared.found.insert(self.key, Ok(Observed::Tally(tallied)));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// Reads the subjects that a column names.
pub(super) struct Naming {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The column.
    pub(super) column: Shown,
    /// Takes them.
    pub(super) gather: Arc<Mutex<Gather>>,
    /// Rows so far.
    pub(super) number: u64,
}

impl Job for Naming {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        self.number += 1;
        let cell = row.str(&self.column)?;
        take(&mut self.gather.lock().unwrap_or_else(PoisonError::into_inner), self.number, cell)
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        shared.found.insert(self.key, Ok(Observed::Cell(Some(self.number.to_string()))));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// Reads the subjects that a column of something that holds rows names.
///
/// # Errors
///
/// Why they could not be read to the last.
pub fn named(
    (rows, column): (&RowSet, &str),
    source: &dyn Rows,
    limits: &Limits,
    gather: Gather,
) -> Result<Gather, Failure> {
    const KEY: &str = "list";
    let gather = Arc::new(Mutex::new(gather));
    let mut builder = Builder::default();
    builder.naming(KEY, (rows, column), Arc::clone(&gather)).map_err(|why| failure(&why))?;
    let mut shared = Shared::new(Seed::of(limits.seed), limits.memory);
    let jobs = std::mem::take(&mut builder.jobs);
    let cores = Cores::new(limits.jobs);
    pass::run(jobs, &builder.wanted, source, &mut shared, &cores, &mut BTreeMap::new());
    match shared.found.remove(KEY) {
        Some(Ok(_)) => {}
        Some(Err(failure)) => return Err(failure),
        None => return Err(failure("it was not read to the last row")),
    }
    let gather = Arc::into_inner(gather).ok_or_else(|| failure("it was not read to the last row"))?;
    Ok(gather.into_inner().unwrap_or_else(PoisonError::into_inner))
}
