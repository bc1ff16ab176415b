//! Plan to observations: every statement once, on as many connections as wanted, all in one snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::archive::Opened;
use super::options::ObserveOptions;
use super::pool::Pool;
use super::postgres::{Session, Snapshot};
use super::queue::Queue;
use super::reach::{Reached, Server, Told};
use super::served::Served;
use super::{brought, lists, stale, worker};
use crate::chain::given::Outside;
use crate::erasure::Lists;
use crate::facts::{Failure, Observation};
use crate::failure::FailureKind;
use crate::plan::{Engine, Plan, Statement, Work};
use crate::policy::RelationName;
use crate::stream::{self, Measured};

/// Called after each statement with how many are done and how many there are.
pub type Progress<'a> = &'a (dyn Fn(usize, usize, &str) + Sync);

/// Runs every statement of a plan on the sources that were reached.
///
/// A statement runs after those whose answers it needs, and not at all where they spare it. A statement that fails fails alone; one whose connection is lost
/// takes the statements that come after it on that connection along, each with its reason.
pub async fn observe(
    plan: &Plan,
    sources: &BTreeMap<String, Reached>,
    options: &ObserveOptions,
    progress: Progress<'_>,
) -> Measured {
    let total = plan.statements.len();
    let seen: Mutex<BTreeMap<String, Observation>> = Mutex::new(BTreeMap::new());
    let done = AtomicUsize::new(0);
    let bits = AtomicU32::new(u32::MAX);
    let mut outside = brought::read(plan);
    outside.want_heads(options.heads);
    let outside = Arc::new(outside);
    // Every other reading needs them whole.
    let (named, listed) = lists::read(plan, sources, options).await;
    seen.lock().await.extend(listed);
    let lists = Arc::new(named);
    let run = Run { plan, options, outside, lists, progress, seen: &seen, done: &done, bits: &bits, total };
    for (name, reached) in sources {
        match reached {
            Reached::Server(server) => run.server(name, server).await,
            Reached::Archive(archive) => run.archive(name, archive).await,
            Reached::Told(told) => run.told(name, told, sources).await,
        }
    }
    let bits = bits.into_inner();
    Measured { found: seen.into_inner(), bits: (bits != u32::MAX).then_some(bits) }
}

/// What all sources of a run share.
struct Run<'a> {
    plan: &'a Plan,
    options: &'a ObserveOptions,
    outside: Arc<Outside>,
    lists: Arc<Lists>,
    progress: Progress<'a>,
    seen: &'a Mutex<BTreeMap<String, Observation>>,
    done: &'a AtomicUsize,
    bits: &'a AtomicU32,
    total: usize,
}

impl Run<'_> {
    /// Every statement on a server.
    async fn server(&self, name: &str, server: &Server) {
        let mine: Vec<&Statement> = self.plan.statements.iter().filter(|s| s.source == *name).collect();
        let hold: BTreeSet<&str> = mine.iter().map(|s| s.relation.as_str()).collect();
        for relation in hold {
            // A table that may not be locked may not be read either, and the statement that reads it will say so.
            if let Some((schema, table)) = relation.split_once('.') {
                let _denied = server.session.hold(&[(schema, table)]).await;
            }
        }
        let changed = server.session.changed().await.unwrap_or_default();
        // Every session reads other servers in a snapshot of its own there, so one session reads all.
        let foreign = mine.iter().any(|s| s.work.foreign());
        let most = mine.iter().filter(|s| s.engine != Engine::Stream && s.spared.is_empty()).count().max(1);
        let jobs = if foreign { 1 } else { self.options.jobs };
        if foreign && let Err(error) = server.session.distrust_bounds().await {
            let seen = mine
                .iter()
                .flat_map(|s| s.work.keys())
                .map(|key| (key.to_owned(), Observation::since(Instant::now(), Err(Failure::from(&error)))));
            self.seen.lock().await.extend(seen);
            return;
        }
        let pool = Arc::new(Pool::new(sessions(server, self.options, jobs.min(most)).await, jobs));
        let shared = |s: &&Statement| Arc::new((*s).clone());
        let (streamed, asked): (Vec<&Statement>, Vec<&Statement>) =
            mine.iter().filter(|s| !is_list(s)).partition(|s| s.engine == Engine::Stream);
        let streamed: Vec<Arc<Statement>> = streamed.iter().map(shared).collect();
        let elsewhere = streamed.iter().flat_map(|s| s.work.keys()).map(str::to_owned).collect();
        let queue = Queue::new(asked.iter().map(shared).collect(), elsewhere);
        let workers = (0..pool.many()).map(|_| self.work(&queue, &pool));
        let both = futures_util::future::join(
            futures_util::future::join_all(workers),
            self.stream(server, &pool, &streamed, &queue),
        );
        both.await;
        for session in Arc::into_inner(pool).map(Pool::into_sessions).unwrap_or_default() {
            if let Some(helper) = Arc::into_inner(session) {
                helper.close().await;
            }
        }
        // Asked again at the end, since what no statement holds may have changed until here.
        stale::look_again(&server.session, &changed, &mine, &mut *self.seen.lock().await).await;
    }

    /// Carries out statements until none is left.
    async fn work(&self, queue: &Queue, pool: &Pool) {
        while let Some(statement) = queue.next().await {
            let found =
                worker::carry_out(&statement, pool, self.options, (&self.outside, &self.lists), self.seen)
                    .await;
            self.took(&statement, &found);
            self.seen.lock().await.extend(found);
            queue.finished(&statement).await;
        }
    }

    fn trust(&self, bits: Option<u32>) {
        self.bits.fetch_min(bits.unwrap_or(u32::MAX), std::sync::atomic::Ordering::Relaxed);
    }

    fn took(&self, statement: &Statement, found: &[(String, Observation)]) {
        let n = self.done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        let micros = found.first().map_or(0, |(_, o)| o.micros);
        let failed = found.iter().any(|(_, o)| o.result.is_err());
        // What is logged never holds SQL, whose constants may be a policy's, nor values.
        tracing::debug!(source = %statement.source, relation = %statement.relation, micros, failed, "statement");
        (self.progress)(n.min(self.total), self.total, &statement.relation);
    }

    /// Measures on the rows themselves what is to be measured there, and leaves to the queue what that leaves open.
    async fn stream(&self, server: &Server, pool: &Arc<Pool>, statements: &[Arc<Statement>], queue: &Queue) {
        if statements.is_empty() {
            return;
        }
        let served = self.served(server, pool, statements).await;
        let limits = stream::Limits {
            memory: self.options.memory,
            jobs: self.options.jobs.max(2),
            seed: self.options.seed,
            outside: Arc::clone(&self.outside),
            lists: Arc::clone(&self.lists),
        };
        let mine = statements.to_vec();
        let found = tokio::task::spawn_blocking(move || {
            let mine: Vec<&Statement> = mine.iter().map(|s| &**s).collect();
            stream::glance(&mine, &served, &limits)
        });
        let Measured { mut found, bits } = found.await.unwrap_or_default();
        self.trust(bits);
        // Nobody else can seal rows, so why they could not be is the answer.
        let sealed = |key: &str| {
            let seals = |s: &Arc<Statement>| matches!(&s.work, Work::Seal { key: of, .. } if of == key);
            statements.iter().any(seals)
        };
        found.retain(|key, observation| observation.result.is_ok() || sealed(key));
        let left: Vec<Arc<Statement>> =
            statements.iter().filter_map(|s| open(s, &found)).map(Arc::new).collect();
        let observed = statements.iter().flat_map(|s| s.work.keys()).map(str::to_owned).collect();
        for statement in statements {
            let keys = statement.work.keys();
            let mine: Vec<_> =
                keys.iter().filter_map(|k| Some(((*k).to_owned(), found.get(*k)?.clone()))).collect();
            if !left.iter().any(|open| open.work.keys().iter().any(|key| keys.contains(key))) {
                self.took(statement, &mine);
            }
        }
        self.seen.lock().await.extend(found);
        queue.rest(&observed, left).await;
    }

    async fn served(&self, server: &Server, pool: &Arc<Pool>, statements: &[Arc<Statement>]) -> Served {
        let catalogue = Arc::clone(&server.catalogue);
        let names: Vec<RelationName> = catalogue.relations.iter().map(|r| r.name.clone()).collect();
        let held: Vec<RelationName> = names
            .into_iter()
            .filter(|name| statements.iter().any(|s| s.relation == name.to_string()))
            .collect();
        let limits = statements.iter().map(|s| worker::limit(s, self.options));
        Served {
            pool: Arc::clone(pool),
            address: server.address.clone(),
            options: self.options.session.clone(),
            snapshot: server.snapshot.clone(),
            jobs: self.options.jobs,
            catalogue,
            // Where they cannot be asked for, nothing is read in parts.
            blocks: server.session.blocks(&held).await.unwrap_or_default(),
            version: server.session.version(),
            limit: limits.max().unwrap_or(self.options.session.statement_timeout),
            transfer: Arc::clone(&self.options.transfer),
            runtime: tokio::runtime::Handle::current(),
        }
    }

    /// Every statement on a source that holds no rows.
    async fn told(&self, name: &str, told: &Told, sources: &BTreeMap<String, Reached>) {
        let mine =
            self.plan.statements.iter().filter(|s| s.source == *name && !is_list(s)).cloned().collect();
        let done = |statement: &Statement, found: &[(String, Observation)]| self.took(statement, found);
        let beside = |name: &str| match sources.get(name) {
            Some(Reached::Told(told)) => Some(Arc::clone(&told.0)),
            _ => None,
        };
        let found = super::tells::observe(&told.0, mine, self.options, (&beside, &done)).await;
        self.seen.lock().await.extend(found);
    }

    /// Every statement on an archive. The rows are read on a thread of their own, since reading them waits for nothing
    /// but the disk and takes all of a core.
    async fn archive(&self, name: &str, archive: &Arc<Opened>) {
        let mine: Vec<Statement> =
            self.plan.statements.iter().filter(|s| s.source == *name).cloned().collect();
        let n = mine.len();
        let (archive, watched) = (Arc::clone(archive), Arc::clone(archive));
        let keys: Vec<String> = mine.iter().flat_map(|s| s.work.keys()).map(str::to_owned).collect();
        let limits = stream::Limits {
            memory: self.options.memory,
            jobs: self.options.jobs,
            seed: self.options.seed,
            outside: Arc::clone(&self.outside),
            lists: Arc::clone(&self.lists),
        };
        let started = Instant::now();
        let found = tokio::task::spawn_blocking(move || {
            let mine: Vec<&Statement> = mine.iter().collect();
            super::archive::observe(&archive, &mine, &limits)
        });
        tokio::pin!(found);
        let found = loop {
            match tokio::time::timeout(LOOK, &mut found).await {
                Ok(found) => break found,
                Err(_) => {
                    let done = self.done.load(std::sync::atomic::Ordering::Relaxed);
                    (self.progress)(done, self.total, &format!("{name}: {}", watched.progress()));
                }
            }
        };
        let found = found.unwrap_or_else(|_| {
            let lost =
                Failure { kind: FailureKind::Other, message: "reading the archive broke off".to_owned() };
            let found = keys.into_iter().map(|key| (key, Observation::since(started, Err(lost.clone()))));
            Measured { found: found.collect(), bits: None }
        });
        let Measured { found, bits } = found;
        self.trust(bits);
        let done = self.done.fetch_add(n, std::sync::atomic::Ordering::Relaxed) + n;
        (self.progress)(done, self.total, name);
        self.seen.lock().await.extend(found);
    }
}

/// Whether a statement was carried out before all else.
fn is_list(statement: &Statement) -> bool {
    matches!(statement.work, Work::List { .. })
}

/// How often it is said how much of an archive was read.
const LOOK: Duration = Duration::from_millis(200);

/// The session of the snapshot, and further ones in it. Where none can be had, one connection does everything.
async fn sessions(reached: &Server, options: &ObserveOptions, jobs: usize) -> Vec<Arc<Session>> {
    let mut sessions = vec![Arc::clone(&reached.session)];
    let Snapshot::Shared(id) = &reached.snapshot else { return sessions };
    while sessions.len() < jobs {
        let Ok(session) = Session::open(&reached.address, &options.session).await else { break };
        if session.join(id).await.is_err() {
            session.close().await;
            break;
        }
        sessions.push(Arc::new(session));
    }
    sessions
}

/// What is left of a statement when some of its observations have been made; `None` when nothing is.
fn open(statement: &Statement, found: &BTreeMap<String, Observation>) -> Option<Statement> {
    let mut left = statement.clone();
    match &mut left.work {
        // What only spares a server a look was not asked for.
        Work::Scan { folds, .. } => {
            folds.retain(|(key, fold)| !fold.only_spares() && !found.contains_key(key))
        }
        work if work.keys().iter().all(|key| found.contains_key(*key)) => return None,
        _ => {}
    }
    (!left.work.keys().is_empty()).then_some(left)
}
