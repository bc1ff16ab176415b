//! Passes: which jobs ride together, in which order relations are read, and the reading itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, mpsc};

use super::batch::{Batch, Filler};
use super::chunk::{self, Chunk, Values};
use super::columns::Columns;
use super::cores::Cores;
use super::job::{self, Job, Planned, Wanted};
use super::shared::{Shared, TableId};
use super::{Part, Rows};
use crate::facts::Failure;
use crate::policy::RelationName;

/// Batches that are read ahead of the jobs.
const AHEAD: usize = 8;

/// Runs jobs until none is left. Relations whose keys others look for are read first; a relation is read again only where
/// jobs on it wait for what another job on it gives. Relations that do not wait for each other are read side by side.
pub(super) fn run(
    mut jobs: Vec<Planned>,
    wanted: &Wanted,
    rows: &dyn Rows,
    shared: &mut Shared,
    cores: &Cores,
    reads: &mut Reads,
) {
    let givers: Givers =
        jobs.iter().filter_map(|j| Some((j.job.gives()?, j.relation.name.clone()))).collect();
    let none = Columns::default();
    let shared = RwLock::new(shared);
    std::thread::scope(|scope| {
        let mut running: BTreeSet<RelationName> = BTreeSet::new();
        let (done, finished) = mpsc::channel();
        loop {
            // Never two guards at once: one that waits to write between them would wait for ever.
            let free = running.len() < cores.many();
            let chosen = if free { next(&jobs, &givers, &running, rows, &read(&shared)) } else { None };
            if let Some(relation) = chosen {
                let now = {
                    let shared = read(&shared);
                    jobs.extract_if(.., |j| j.relation.name == relation && ready(j, &shared)).collect()
                };
                *reads.entry(relation.clone()).or_default() += 1;
                running.insert(relation.clone());
                // What can be read beside it keeps the other cores busy.
                let others = next(&jobs, &givers, &running, rows, &read(&shared)).is_some();
                let most = (cores.many() / (running.len() + usize::from(others))).max(1);
                let over = Over(done.clone(), relation);
                let (columns, shared) = (wanted.get(&over.1).unwrap_or(&none), &shared);
                scope.spawn(move || pass((&over.1, most), now, columns, rows, shared, cores));
                continue;
            }
            if running.is_empty() {
                break;
            }
            let Ok(relation) = finished.recv() else { break };
            running.remove(&relation);
        }
    });
    for planned in jobs {
        job::fail(&*planned.job, "what it needs depends on itself", &mut write(&shared));
    }
}

/// Which relation each table comes from.
type Givers = BTreeMap<TableId, RelationName>;

/// What passes that run side by side share.
type Common<'a> = RwLock<&'a mut Shared>;

fn read<'a, 'b>(shared: &'a Common<'b>) -> RwLockReadGuard<'a, &'b mut Shared> {
    // A thread that panics takes the whole run with it, so nobody sees what it left behind.
    shared.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<'a, 'b>(shared: &'a Common<'b>) -> RwLockWriteGuard<'a, &'b mut Shared> {
    shared.write().unwrap_or_else(PoisonError::into_inner)
}

/// Tells that a pass is over, however it ends.
struct Over(mpsc::Sender<RelationName>, RelationName);

impl Drop for Over {
    fn drop(&mut self) {
        let _nobody_waits = self.0.send(self.1.clone());
    }
}

/// How often each relation was read.
pub(super) type Reads = BTreeMap<RelationName, u32>;

fn ready(planned: &Planned, shared: &Shared) -> bool {
    planned.needs.iter().all(|table| shared.tables.contains_key(table))
}

/// The relation to read next: one all of whose jobs can run, better one whose parents were read, better one that gives
/// what others look for, better a small one. While others are being read, only one that waits for nothing.
fn next(
    jobs: &[Planned],
    givers: &Givers,
    running: &BTreeSet<RelationName>,
    rows: &dyn Rows,
    shared: &Shared,
) -> Option<RelationName> {
    let mut scores: BTreeMap<&RelationName, Score> = BTreeMap::new();
    for planned in jobs.iter().filter(|j| !running.contains(&j.relation.name)) {
        let name = &planned.relation.name;
        let score = scores.entry(name).or_default();
        let can = ready(planned, shared);
        score.any |= can;
        score.blocked |= !can;
        score.gives |= planned.job.gives().is_some();
        // Tables that another relation would give first.
        score.early |= planned.likes.iter().any(|table| {
            !shared.tables.contains_key(table) && givers.get(table).is_some_and(|of| of != name)
        });
    }
    scores
        .into_iter()
        .filter(|(_, score)| score.any && (running.is_empty() || !(score.blocked || score.early)))
        .min_by_key(|(name, score)| (score.blocked, score.early, !score.gives, rows.weight(name)))
        .map(|(name, _)| name.clone())
}

/// What speaks for and against reading a relation now.
#[derive(Default)]
struct Score {
    any: bool,
    blocked: bool,
    early: bool,
    gives: bool,
}

/// Reads a relation once for all its jobs, in so many parts at most.
fn pass(
    (relation, most): (&RelationName, usize),
    jobs: Vec<Planned>,
    columns: &Columns,
    rows: &dyn Rows,
    common: &Common<'_>,
    cores: &Cores,
) {
    let mut riding: Vec<Riding> = Vec::new();
    for planned in jobs {
        let lost = planned.needs.iter().find_map(|table| match read(common).tables.get(table) {
            Some(Err(why)) => Some(why.clone()),
            _ => None,
        });
        match lost {
            Some(why) => job::fail(&*planned.job, &why, &mut write(common)),
            None => riding.push((planned.job, None)),
        }
    }
    if riding.is_empty() {
        return;
    }
    let forks = forked(&riding, rows.parts(relation).min(most));
    let read = if forks.is_empty() {
        let from = From { relation, part: Part::WHOLE, columns, rows };
        let mut take = |batch: Batch| {
            let _leave = cores.enter();
            observe(&batch, columns, &mut riding, &read(common))
        };
        // Where others are read beside it, a server and whoever takes its rows keep as many cores busy as are left to them:
        // a third thread would only carry the rows from one cache to another.
        match cores.many() {
            1 => from.fill(&mut take),
            _ if most == 1 && rows.waits() => from.fill(&mut take),
            _ => from.beside(cores, &mut take),
        }
    } else {
        apart((relation, columns, rows), &mut riding, forks, common)
    };
    let _leave = cores.enter();
    let shared = &mut write(common);
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

/// The jobs of a pass for each part but the first; none where it must be read as a whole.
fn forked(riding: &[Riding], parts: usize) -> Vec<Vec<Riding>> {
    let fork = |_| riding.iter().map(|(job, _)| Some((job.fork()?, None))).collect::<Option<Vec<Riding>>>();
    (1..parts).map(fork).collect::<Option<_>>().unwrap_or_default()
}

/// Reads parts side by side, each for jobs of its own, and puts the jobs together in the order of their parts.
fn apart(
    (relation, columns, rows): (&RelationName, &Columns, &dyn Rows),
    riding: &mut [Riding],
    mut forks: Vec<Vec<Riding>>,
    common: &Common<'_>,
) -> Result<(), Failure> {
    let of = forks.len() + 1;
    let mut whole = Ok(());
    std::thread::scope(|scope| {
        let lists = std::iter::once(&mut *riding).chain(forks.iter_mut().map(Vec::as_mut_slice));
        let threads: Vec<_> = lists
            .enumerate()
            .map(|(at, list)| {
                scope.spawn(move || {
                    let from = From { relation, part: Part { at, of }, columns, rows };
                    from.fill(&mut |batch| observe(&batch, columns, list, &read(common)))
                })
            })
            .collect();
        for thread in threads {
            let part = thread.join().unwrap_or_else(|_| Err(super::failure("reading the rows broke off")));
            whole = std::mem::replace(&mut whole, Ok(())).and(part);
        }
    });
    for part in forks {
        for ((job, lost), (fork, fork_lost)) in riding.iter_mut().zip(part) {
            *lost = lost.take().or(fork_lost).or_else(|| job.merge(fork, &read(common)).err());
        }
    }
    whole
}

/// Where rows come from.
#[derive(Clone, Copy)]
struct From<'a> {
    relation: &'a RelationName,
    part: Part,
    columns: &'a Columns,
    rows: &'a dyn Rows,
}

impl From<'_> {
    /// Reads them in batches.
    fn fill(self, take: &mut dyn FnMut(Batch) -> ControlFlow<()>) -> Result<(), Failure> {
        let names = self.columns.names();
        let mut filler = Filler::of(self.columns.unread(), take);
        let read = self.rows.read(self.relation, self.part, names, &mut filler);
        // The last rows are worth nothing if not all were read, and then do no harm either.
        let _all_the_same = filler.flush();
        read
    }

    /// Reads them on a thread of their own, which is some batches ahead.
    fn beside(self, cores: &Cores, take: &mut dyn FnMut(Batch) -> ControlFlow<()>) -> Result<(), Failure> {
        let (ahead, batches) = mpsc::sync_channel(AHEAD);
        // Who waits for a server computes little.
        let leave_to_read = move || (!self.rows.waits()).then(|| cores.enter());
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut leave = leave_to_read();
                let mut give = |batch| {
                    leave = None;
                    let sent = ahead.send(batch);
                    leave = leave_to_read();
                    // Nobody takes any more.
                    if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                };
                self.fill(&mut give)
            });
            for batch in batches {
                if take(batch).is_break() {
                    break;
                }
            }
            reader.join().unwrap_or_else(|_| Err(super::failure("reading the rows broke off")))
        })
    }
}

/// A job on its way, and why it goes no further.
type Riding = (Box<dyn Job>, Option<String>);

/// Lets every job observe the rows of a batch; breaks off when none goes on.
fn observe(batch: &Batch, columns: &Columns, riding: &mut [Riding], shared: &Shared) -> ControlFlow<()> {
    let values = Values::read(batch, columns);
    let derived = values.derived(columns, batch.rows());
    let prints = chunk::prints(batch, &values, columns, shared.seed);
    let chunk = Chunk { batch, values: &values, derived: &derived, prints: &prints };
    let mut going = ControlFlow::Break(());
    for (job, lost) in riding.iter_mut().filter(|(_, lost)| lost.is_none()) {
        match job.observe_all(&chunk, shared) {
            Ok(()) => going = ControlFlow::Continue(()),
            Err(why) => *lost = Some(why),
        }
    }
    going
}
