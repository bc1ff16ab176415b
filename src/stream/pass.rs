//! Passes: which jobs ride together, in which order relations are read, and the reading itself.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::Rows;
use super::batch::{Batch, Filler};
use super::chunk::{self, Chunk, Values};
use super::expr::Columns;
use super::job::{self, Job, Planned, Wanted};
use super::shared::{Shared, TableId};
use crate::policy::RelationName;

/// Runs jobs until none is left. Relations whose keys others look for are read first; a relation is read again only where
/// jobs on it wait for what another job on it gives.
pub(super) fn run(
    mut jobs: Vec<Planned>,
    wanted: &Wanted,
    rows: &dyn Rows,
    shared: &mut Shared,
    reads: &mut Reads,
) {
    while let Some(relation) = next(&jobs, rows, shared) {
        let (now, later): (Vec<Planned>, Vec<Planned>) =
            jobs.into_iter().partition(|j| j.relation.name == relation && ready(j, shared));
        jobs = later;
        *reads.entry(relation.clone()).or_default() += 1;
        let none = Columns::default();
        pass(&relation, now, wanted.get(&relation).unwrap_or(&none), rows, shared);
    }
    for planned in jobs {
        job::fail(&*planned.job, "what it needs depends on itself", shared);
    }
}

/// How often each relation was read.
pub(super) type Reads = BTreeMap<RelationName, u32>;

fn ready(planned: &Planned, shared: &Shared) -> bool {
    planned.needs.iter().all(|table| shared.tables.contains_key(table))
}

/// The relation to read next: one all of whose jobs can run, better one whose parents were read, better a small one.
fn next(jobs: &[Planned], rows: &dyn Rows, shared: &Shared) -> Option<RelationName> {
    let mut scores: BTreeMap<&RelationName, (bool, usize, bool)> = BTreeMap::new();
    let given: Vec<(TableId, &RelationName)> =
        jobs.iter().filter_map(|j| Some((j.job.gives()?, &j.relation.name))).collect();
    for planned in jobs {
        let name = &planned.relation.name;
        let score = scores.entry(name).or_insert((false, 0, false));
        if ready(planned, shared) {
            score.2 = true;
        } else {
            score.0 = true;
        }
        // Tables that another relation would give first.
        score.1 += planned
            .likes
            .iter()
            .filter(|table| {
                !shared.tables.contains_key(table) && given.iter().any(|(t, of)| t == *table && *of != name)
            })
            .count();
    }
    scores
        .into_iter()
        .filter(|(_, (_, _, any))| *any)
        .min_by_key(|(name, (blocked, early, _))| (*blocked, *early > 0, rows.weight(name)))
        .map(|(name, _)| name.clone())
}

/// Reads a relation once for all its jobs.
fn pass(
    relation: &RelationName,
    jobs: Vec<Planned>,
    columns: &Columns,
    rows: &dyn Rows,
    shared: &mut Shared,
) {
    let mut riding: Vec<Riding> = Vec::new();
    for planned in jobs {
        let lost = planned.needs.iter().find_map(|table| match shared.tables.get(table) {
            Some(Err(why)) => Some(why.clone()),
            _ => None,
        });
        match lost {
            Some(why) => job::fail(&*planned.job, &why, shared),
            None => riding.push((planned.job, None)),
        }
    }
    if riding.is_empty() {
        return;
    }
    let mut take = |batch: Batch| observe(&batch, columns, &mut riding, shared);
    let mut filler = Filler::new(columns.names().len(), &mut take);
    let read = rows.read(relation, columns.names(), &mut filler);
    // The last rows are worth nothing if not all were read, and then do no harm either.
    let _all_the_same = filler.flush();
    for (job, lost) in riding {
        match (lost, &read) {
            (Some(why), _) => job::fail(&*job, &why, shared),
            (None, Err(failure)) => {
                for key in job.keys() {
                    shared.found.insert(key, Err(failure.clone()));
                }
                if let Some(table) = job.gives() {
                    shared.tables.insert(table, Err(failure.message.clone()));
                }
            }
            (None, Ok(())) => {
                for key in job.keys() {
                    *shared.looked.entry(key).or_default() += 1;
                }
                job.finish(shared);
            }
        }
    }
}

/// A job on its way, and why it goes no further.
type Riding = (Box<dyn Job>, Option<String>);

/// Lets every job observe the rows of a batch; breaks off when none goes on.
fn observe(batch: &Batch, columns: &Columns, riding: &mut [Riding], shared: &Shared) -> ControlFlow<()> {
    let values = Values::read(batch, columns);
    let derived = values.derived(columns, batch.rows());
    let prints = chunk::prints(batch, &values, columns, shared.seed);
    let chunk = Chunk { batch, columns, values: &values, derived: &derived, prints: &prints };
    let mut going = ControlFlow::Break(());
    for (job, lost) in riding.iter_mut().filter(|(_, lost)| lost.is_none()) {
        match job.observe_all(&chunk, shared) {
            Ok(()) => going = ControlFlow::Continue(()),
            Err(why) => *lost = Some(why),
        }
    }
    going
}
