//! Which statements of a plan are better made on the rows of a server as they pass than asked of the server.
//!
//! Asking costs the server a scan, a join or a sort for each statement; fetching costs it one scan and this program some
//! work, however many statements ride along. Both are estimated in nanoseconds of computing for each row. The figures are
//! those of PostgreSQL 15 and this program on one machine (`benches/README.md` says how they were taken); only their
//! proportions matter.

use std::collections::{BTreeMap, BTreeSet};

use super::compile::Builder;
use super::{compile, held};
use crate::catalogue::{ColumnKind, Relation};
use crate::measure::Tally;
use crate::measure::fold::Fold;
use crate::plan::{Engine, Plan, Reading, Statement, Work};
use crate::policy::RelationName;
use crate::policy::operand::Function;

/// What somebody wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Whatever is estimated to need less.
    #[default]
    Auto,
    /// Everything by the server that it can do.
    Server,
    /// Everything on the rows that can be done there.
    Stream,
}

/// What there is to work with.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// What somebody wants.
    pub choice: Choice,
    /// Whether the server is on this machine, so that fetching costs computing alone.
    pub near: bool,
    /// Bytes that may be fetched.
    pub transfer: u64,
}

/// Rows assumed of a relation nobody has counted.
const UNCOUNTED: i64 = 100_000;

/// Server, for each row: reading it.
const SCAN: u64 = 50;
/// Server, for each row: putting it on the wire, beside its columns.
const SEND: u64 = 60;
/// Server, for each cell: putting it on the wire.
const SEND_CELL: u64 = 55;
/// Here, for each row: taking it off the wire.
const TAKE: u64 = 40;
/// Here, for each cell.
const TAKE_CELL: u64 = 10;
/// Here, for each row and job: an ordinary one.
const JOB: u64 = 15;
/// Here, for each row: recomputing a chain's hash.
const HASH: u64 = 350;
/// Server, for each row of a child, and of a parent: a join by hashing.
const PROBE: u64 = 300;
const BUILD: u64 = 350;
/// The same where the parent's keys stay in the cache.
const PROBE_FEW: u64 = 100;
const FEW: u64 = 10_000;
/// Server, for each row: grouping or sorting.
const GROUP: u64 = 400;

/// Server, for each statement: the way there and back, and planning it.
const ASK: u64 = 1_000_000;
/// Here, for each relation: preparing to read it.
const OPEN: u64 = 3_000_000;

/// Decides for each statement on a server where it is carried out, and says why.
pub fn assign(plan: &mut Plan, source: &str, means: Means) {
    let mine: Vec<usize> = (0..plan.statements.len())
        .filter(|at| plan.statements.get(*at).is_some_and(|s| s.source == source))
        .collect();
    let statement = |at: &usize| plan.statements.get(*at);
    let can: BTreeSet<usize> =
        mine.iter().filter(|at| statement(at).is_some_and(can_stream)).copied().collect();
    let is_chain = |at: &usize| statement(at).is_some_and(|s| matches!(s.work, Work::Chain { .. }));
    // No server can make them, and there is no other way.
    let is_seal = |at: &usize| statement(at).is_some_and(|s| matches!(s.work, Work::Seal { .. }));
    let mut chosen: BTreeSet<usize> = match means.choice {
        Choice::Server => can.iter().filter(|at| is_seal(at)).copied().collect(),
        Choice::Stream => can.clone(),
        Choice::Auto => can.iter().filter(|at| is_chain(at) || is_seal(at)).copied().collect(),
    };
    let cost = |set: &BTreeSet<usize>| Cost::of(plan, &mine, set);
    let mut best = cost(&chosen);
    if means.choice == Choice::Auto && means.near {
        // Relations one by one, the costliest first: what is read for one of them may be there for the next already.
        for name in by_cost(plan, &can) {
            let more = can.iter().filter(|at| statement(at).is_some_and(|s| s.relation == name));
            let wider: BTreeSet<usize> = chosen.iter().chain(more).copied().collect();
            let found = cost(&wider);
            if found.total() < best.total() && found.bytes <= means.transfer {
                (chosen, best) = (wider, found);
            }
        }
    }
    let mut fetched = Fetched::of(plan, &chosen).relations;
    let mut readings: Vec<Reading> = relations(plan, &mine)
        .into_iter()
        .map(|relation| {
            let why = explained(plan, &relation, (&mine, &can, &chosen), means);
            let fetched = fetched.remove(&relation).map(|of| of.columns);
            Reading { source: source.to_owned(), relation, fetched, why }
        })
        .collect();
    readings.extend(fetched.into_iter().map(|(relation, of)| Reading {
        source: source.to_owned(),
        relation,
        fetched: Some(of.columns),
        why: "its keys, which others look for".to_owned(),
    }));
    plan.readings.extend(readings);
    for at in chosen {
        if let Some(statement) = plan.statements.get_mut(at) {
            statement.engine = Engine::Stream;
        }
    }
}

/// Relations that statements read rows of, by name.
fn relations(plan: &Plan, mine: &[usize]) -> BTreeSet<String> {
    let reads = |s: &&Statement| {
        !matches!(s.work, Work::Fact { .. } | Work::Inventory { .. } | Work::LargeObjects { .. })
            && !s.relation.is_empty()
    };
    mine.iter().filter_map(|at| plan.statements.get(*at)).filter(reads).map(|s| s.relation.clone()).collect()
}

/// Why a relation is read the way it is.
fn explained(
    plan: &Plan,
    relation: &str,
    (mine, can, chosen): (&[usize], &BTreeSet<usize>, &BTreeSet<usize>),
    means: Means,
) -> String {
    let of = |at: &usize| plan.statements.get(*at).filter(|s| s.relation == relation);
    let able: BTreeSet<usize> = can.iter().filter(|at| of(at).is_some()).copied().collect();
    let riding: Vec<&Statement> = able.iter().filter(|at| chosen.contains(at)).filter_map(of).collect();
    let with: BTreeSet<usize> = chosen.union(&able).copied().collect();
    let without: BTreeSet<usize> = chosen.difference(&able).copied().collect();
    let (with, without) = (Cost::of(plan, mine, &with), Cost::of(plan, mine, &without));
    let fetched = size(with.bytes.saturating_sub(without.bytes));
    let on_rows = time(with.streamed.saturating_sub(without.streamed));
    let there = time(able.iter().filter_map(of).map(asked).fold(0, u64::saturating_add));
    if riding.is_empty() {
        // Such as a chain with a time limit of its own.
        if mine.iter().filter_map(of).any(is_always) {
            return "by the server, but for its chain, whose rows come here".to_owned();
        }
        return match (able.is_empty(), means.near, means.choice) {
            (true, ..) | (_, _, Choice::Server) => "by the server".to_owned(),
            (_, false, _) => {
                format!("by the server, which is elsewhere; on its rows here would mean to fetch {fetched}")
            }
            _ => format!(
                "by the server, about {there} of computing; on its rows here it would be {on_rows}, with {fetched} to fetch"
            ),
        };
    }
    let statements =
        if riding.len() == 1 { "1 statement".to_owned() } else { format!("{} statements", riding.len()) };
    let why = if means.choice == Choice::Stream {
        "as `--engine stream` asks for".to_owned()
    } else if riding.iter().all(|s| is_always(s)) {
        "which no server can do".to_owned()
    } else if riding.iter().any(|s| is_always(s)) {
        "one of which no server can do".to_owned()
    } else {
        format!("where the server would need {there}")
    };
    format!(
        "on its rows here, in one pass for {statements}: about {on_rows} of computing, with {fetched} to fetch, {why}"
    )
}

/// All that is asked of an archive is made on its rows.
pub fn archived(plan: &mut Plan, source: &str) {
    for statement in plan.statements.iter_mut().filter(|s| s.source == source) {
        statement.engine = Engine::Archive;
    }
}

fn is_always(statement: &Statement) -> bool {
    matches!(statement.work, Work::Chain { .. } | Work::Seal { .. })
}

/// Whether a statement can be carried out on rows, at least in part. One that has a time limit of its own is left to a
/// statement of its own, as is what other servers keep, and what is not to be settled by fingerprints.
fn can_stream(statement: &Statement) -> bool {
    if matches!(statement.work, Work::Seal { .. }) {
        return compile(statement, &mut Builder::default()).is_empty();
    }
    let exact = statement.exact && matches!(statement.work, Work::Tally { .. });
    if exact || statement.timeout.is_some() || statement.work.foreign() {
        return false;
    }
    let rides = match &statement.work {
        Work::Scan { folds, .. } => folds.iter().any(|(_, fold)| !fold.only_spares()),
        Work::Tally { .. } | Work::Chain { .. } | Work::Erased { .. } => true,
        _ => false,
    };
    rides && compile(statement, &mut Builder::default()).is_empty()
}

/// Names of the relations that statements are about, those first that cost the server most.
fn by_cost(plan: &Plan, of: &BTreeSet<usize>) -> Vec<String> {
    let mut costs: BTreeMap<&str, u64> = BTreeMap::new();
    for statement in of.iter().filter_map(|at| plan.statements.get(*at)) {
        *costs.entry(&statement.relation).or_default() += asked(statement);
    }
    let mut names: Vec<(&str, u64)> = costs.into_iter().collect();
    names.sort_by_key(|(name, cost)| (std::cmp::Reverse(*cost), *name));
    names.into_iter().map(|(name, _)| name.to_owned()).collect()
}

/// What a choice costs, in nanoseconds.
struct Cost {
    asked: u64,
    streamed: u64,
    bytes: u64,
}

impl Cost {
    fn of(plan: &Plan, all: &[usize], streamed: &BTreeSet<usize>) -> Self {
        let reading = Fetched::of(plan, streamed);
        let rest = all.iter().filter(|at| !streamed.contains(at)).filter_map(|at| plan.statements.get(*at));
        let parts = reading.relations.values();
        Self {
            asked: rest.map(asked).fold(0, u64::saturating_add),
            streamed: parts.clone().map(|part| part.cost).fold(0, u64::saturating_add),
            bytes: parts.map(|part| part.bytes).fold(0, u64::saturating_add),
        }
    }

    fn total(&self) -> u64 {
        self.asked.saturating_add(self.streamed)
    }
}

/// What is read for some statements.
#[derive(Default)]
struct Fetched {
    relations: BTreeMap<String, Of>,
}

/// What is read of a relation.
#[derive(Default)]
struct Of {
    bytes: u64,
    cost: u64,
    columns: Vec<String>,
}

impl Fetched {
    fn of(plan: &Plan, streamed: &BTreeSet<usize>) -> Self {
        let mut builder = Builder::default();
        let mut reading = Self::default();
        let streamed: Vec<&Statement> = streamed.iter().filter_map(|at| plan.statements.get(*at)).collect();
        // What is held back is mostly spared.
        let (begun, _held) = held::begin(&streamed, &mut builder, &mut |_, _| {});
        for statement in begun {
            let hashed = match &statement.work {
                Work::Chain { chained, .. } => &chained.rows.relation,
                Work::Seal { sealing, .. } => &sealing.relation,
                Work::Erased { erased, .. } => &erased.rows.relation,
                _ => continue,
            };
            let of = reading.relations.entry(statement.relation.clone()).or_default();
            of.cost += counted(hashed).saturating_mul(HASH);
        }
        let relations: BTreeMap<RelationName, &Relation> =
            builder.jobs.iter().map(|job| (job.relation.name.clone(), &job.relation)).collect();
        for (name, relation) in relations {
            let columns = builder.wanted.get(&name).map(|c| c.names()).unwrap_or_default();
            let jobs = builder.jobs.iter().filter(|job| job.relation.name == name).count() as u64;
            let (rows, cells) = (counted(relation), columns.len() as u64);
            let each = SCAN + SEND + TAKE + cells * (SEND_CELL + TAKE_CELL) + jobs * JOB;
            let of = reading.relations.entry(name.to_string()).or_default();
            of.columns = columns.to_vec();
            of.bytes =
                rows.saturating_mul(7 + columns.iter().map(|column| width(relation, column)).sum::<u64>());
            of.cost = of.cost.saturating_add(rows.saturating_mul(each)).saturating_add(OPEN);
        }
        reading
    }
}

/// Rows of a relation, about.
fn counted(relation: &Relation) -> u64 {
    let rows = if relation.estimated_rows < 0 { UNCOUNTED } else { relation.estimated_rows };
    u64::try_from(rows).unwrap_or(0)
}

/// Bytes of a cell on the wire with its length, about. What text takes is not known, and a key of a few dozen characters is
/// assumed.
fn width(relation: &Relation, column: &str) -> u64 {
    4 + match relation.column(column).map(|c| c.kind) {
        Some(ColumnKind::Integer | ColumnKind::Float | ColumnKind::Timestamp | ColumnKind::TimestampTz) => 8,
        Some(ColumnKind::Numeric | ColumnKind::Money) => 12,
        Some(ColumnKind::Bool) => 1,
        Some(ColumnKind::Date) => 4,
        Some(ColumnKind::Uuid) => 16,
        _ => 28,
    }
}

/// What a statement costs a server that is asked, in nanoseconds; nothing where it is mostly spared.
fn asked(statement: &Statement) -> u64 {
    if !statement.spared.is_empty() {
        return 0;
    }
    ASK + match &statement.work {
        Work::Scan { rows, folds } => {
            // Two that are spelt alike the server works out once, such as balances over the same amount.
            let folds: BTreeMap<String, u64> =
                folds.iter().map(|(_, fold)| (fold.expression(rows), of_fold(fold))).collect();
            let each = SCAN + folds.values().sum::<u64>();
            counted(&rows.relation).saturating_mul(each)
        }
        Work::Tally { tally, .. } => {
            let child = counted(&tally.rows().relation);
            let join = |parent: &Relation| {
                let parent = counted(parent);
                let probe = if parent <= FEW { PROBE_FEW } else { PROBE };
                child.saturating_mul(probe).saturating_add(parent.saturating_mul(BUILD))
            };
            match &**tally {
                Tally::Orphans(orphans) => join(&orphans.parent.relation),
                Tally::Crossing(crossing) => join(&crossing.parent.relation),
                Tally::Totals(totals) => {
                    child.saturating_add(counted(&totals.lines.relation)).saturating_mul(GROUP)
                }
                Tally::Groups(_) | Tally::Duplicates(_) => child.saturating_mul(GROUP),
                Tally::Running(_) => child.saturating_mul(2 * GROUP),
            }
        }
        Work::Erased { erased, .. } => counted(&erased.rows.relation).saturating_mul(SCAN + PROBE_FEW),
        _ => 0,
    }
}

fn of_fold(fold: &Fold) -> u64 {
    match fold {
        Fold::Count | Fold::AnyNull(_) | Fold::SkippedNulls(_) => 8,
        Fold::Failing(_) | Fold::Unknown(_) => 40,
        Fold::Unmet(conditions) => 40 * conditions.len() as u64,
        Fold::Odd(_) => 60,
        Fold::Aggregate(aggregate) => match aggregate.function {
            Function::Rows | Function::Count => 8,
            Function::Sum => 45,
            Function::Min | Function::Max | Function::Oldest | Function::Newest => 30,
        },
        // Hashing, and exact decimals that are subtracted and multiplied.
        Fold::Keyed(keyed) => 190 + 60 * keyed.groups.iter().map(|columns| columns.len() as u64).sum::<u64>(),
        Fold::Where(conditions, inner) => 40 * conditions.len() as u64 + of_fold(inner),
    }
}

/// A time for people.
fn time(nanoseconds: u64) -> String {
    match nanoseconds / 1_000_000 {
        0..1000 => format!("{} ms", (nanoseconds / 1_000_000).max(1)),
        millis => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
    }
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}
