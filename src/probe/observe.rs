//! Plan to observations: every statement once, on as many connections as wanted, all in one snapshot.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::archive::Opened;
use super::postgres::{QueryError, Session, SessionOptions, Snapshot};
use super::queue::Queue;
use super::reach::{Reached, Server, failure};
use super::stale;
use crate::chain::report::ChainReport;
use crate::chain::segment::Segment;
use crate::chain::spec::ChainSpec;
use crate::chain::verify::{ChainFold, Limits};
use crate::facts::{Failure, Observation, Observed, Tallied};
use crate::failure::FailureKind;
use crate::measure::TallySql;
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::plan::{Plan, Statement, Work};

/// Choices that change how statements are run, not what they say.
#[derive(Clone, Debug)]
pub struct ObserveOptions {
    /// Connections per server, and threads that compute at once per archive; at least one.
    pub jobs: usize,
    /// Bytes of memory for tables of keys and the like, of a source whose rows are read here.
    pub memory: u64,
    /// Limits of every session; its statement timeout is the default for statements without their own.
    pub session: SessionOptions,
    /// Schema that raw SQL may leave unnamed.
    pub schema: String,
    /// The seed of keyed sums, which nobody who can write to a source may know beforehand.
    pub seed: i64,
}

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
) -> BTreeMap<String, Observation> {
    let total = plan.statements.len();
    let seen: Mutex<BTreeMap<String, Observation>> = Mutex::new(BTreeMap::new());
    let done = AtomicUsize::new(0);
    let run = Run { plan, options, progress, seen: &seen, done: &done, total };
    for (name, reached) in sources {
        match reached {
            Reached::Server(server) => run.server(name, server).await,
            Reached::Archive(archive) => run.archive(name, archive).await,
        }
    }
    seen.into_inner()
}

/// What all sources of a run share.
struct Run<'a> {
    plan: &'a Plan,
    options: &'a ObserveOptions,
    progress: Progress<'a>,
    seen: &'a Mutex<BTreeMap<String, Observation>>,
    done: &'a AtomicUsize,
    total: usize,
}

impl Run<'_> {
    /// Every statement on a server.
    async fn server(&self, name: &str, server: &Server) {
        let mine: Vec<&Statement> = self.plan.statements.iter().filter(|s| s.source == *name).collect();
        let hold: std::collections::BTreeSet<&str> = mine.iter().map(|s| s.relation.as_str()).collect();
        for relation in hold {
            // A table that may not be locked may not be read either, and the statement that reads it will say so.
            if let Some((schema, table)) = relation.split_once('.') {
                let _denied = server.session.hold(&[(schema, table)]).await;
            }
        }
        let changed = server.session.changed().await.unwrap_or_default();
        // Every session reads other servers in a snapshot of its own there, so one session reads all.
        let foreign = mine.iter().any(|s| s.work.foreign());
        let helpers = if foreign { Vec::new() } else { helpers(server, self.options, mine.len()).await };
        if foreign && let Err(error) = server.session.distrust_bounds().await {
            let seen = mine
                .iter()
                .flat_map(|s| s.work.keys())
                .map(|key| (key.to_owned(), observation(Err(failure(&error)), Instant::now())));
            self.seen.lock().await.extend(seen);
            return;
        }
        let queue = Queue::new(&mine);
        let workers = std::iter::once(&server.session).chain(&helpers).map(|session| {
            let (queue, seen, done) = (&queue, self.seen, self.done);
            async move {
                let mut worker = Worker { session, options: self.options, setting: None };
                while let Some(statement) = queue.next().await {
                    let found = worker.run(statement, seen).await;
                    let n = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                    let micros = found.first().map_or(0, |(_, o)| o.micros);
                    let failed = found.iter().any(|(_, o)| o.result.is_err());
                    // What is logged never holds SQL, whose constants may be a policy's, nor values.
                    tracing::debug!(source = %statement.source, relation = %statement.relation, micros, failed, "statement");
                    (self.progress)(n, self.total, &statement.relation);
                    seen.lock().await.extend(found);
                    queue.finished(statement).await;
                }
            }
        });
        futures_util::future::join_all(workers).await;
        for helper in helpers {
            helper.close().await;
        }
        // Asked again at the end, since what no statement holds may have changed until here.
        stale::look_again(&server.session, &changed, &mine, &mut *self.seen.lock().await).await;
    }

    /// Every statement on an archive. The rows are read on a thread of their own, since reading them waits for nothing
    /// but the disk and takes all of a core.
    async fn archive(&self, name: &str, archive: &Arc<Opened>) {
        let mine: Vec<Statement> =
            self.plan.statements.iter().filter(|s| s.source == *name).cloned().collect();
        let n = mine.len();
        let (archive, watched) = (Arc::clone(archive), Arc::clone(archive));
        let keys: Vec<String> = mine.iter().flat_map(|s| s.work.keys()).map(str::to_owned).collect();
        let limits = crate::stream::Limits { memory: self.options.memory, jobs: self.options.jobs };
        let started = Instant::now();
        let found = tokio::task::spawn_blocking(move || {
            let mine: Vec<&Statement> = mine.iter().collect();
            super::archive::observe(&archive, &mine, limits)
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
            keys.into_iter().map(|key| (key, observation(Err(lost.clone()), started))).collect()
        });
        let done = self.done.fetch_add(n, std::sync::atomic::Ordering::Relaxed) + n;
        (self.progress)(done, self.total, name);
        self.seen.lock().await.extend(found);
    }
}

/// How often it is said how much of an archive was read.
const LOOK: Duration = Duration::from_millis(200);

/// Further sessions in the same snapshot. Where none can be had, one connection does everything.
async fn helpers(reached: &Server, options: &ObserveOptions, statements: usize) -> Vec<Session> {
    let Snapshot::Shared(id) = &reached.snapshot else { return Vec::new() };
    let mut sessions = Vec::new();
    while sessions.len() + 1 < options.jobs.min(statements) {
        let Ok(session) = Session::open(&reached.address, &options.session).await else { break };
        if session.join(id).await.is_err() {
            session.close().await;
            break;
        }
        sessions.push(session);
    }
    sessions
}

/// Most bytes kept about the splits of a chain that is read as it lies.
const MOST_OF_SPLITS: usize = 128 << 20;

struct Worker<'a> {
    session: &'a Session,
    options: &'a ObserveOptions,
    setting: Option<(Duration, bool, bool)>,
}

impl Worker<'_> {
    async fn run(
        &mut self,
        statement: &Statement,
        seen: &Mutex<BTreeMap<String, Observation>>,
    ) -> Vec<(String, Observation)> {
        let started = Instant::now();
        if !statement.spared.is_empty() {
            let seen = seen.lock().await;
            if statement.spared.iter().all(|shortcut| shortcut.settles(&seen)) {
                let by = statement.spared.iter().flat_map(|s| s.keys()).map(str::to_owned).collect();
                return self.all(statement, Ok(Observed::Settled(by)), started);
            }
        }
        if let Err(error) = self.adjust(statement).await {
            return self.all(statement, Err(failure(&error)), started);
        }
        match &statement.work {
            Work::Scan { rows, folds } => match self
                .scan(&statement.work.sql(), statement.work.needs_seed())
                .await
            {
                Ok(answer) => match answer.into_iter().next() {
                    Some(cells) if cells.len() == folds.len() => folds
                        .iter()
                        .zip(cells)
                        .map(|((key, _), cell)| (key.clone(), observation(Ok(Observed::Cell(cell)), started)))
                        .collect(),
                    _ => self.all(statement, Err(unexpected()), started),
                },
                Err(error) if folds.len() > 1 && is_of_one_expression(&error) => {
                    self.apart(rows, folds, started).await
                }
                Err(error) => self.all(statement, Err(failure(&error)), started),
            },
            Work::Tally { tally, samples, .. } => {
                let result = self.tally(&tally.sql(), *samples).await;
                self.all(statement, result.map(Observed::Tally), started)
            }
            Work::Show { when, show, samples, .. } => {
                let tally = show.sql();
                let needed = {
                    let seen = seen.lock().await;
                    when.iter().any(|key| is_above_zero(seen.get(key)))
                };
                if !needed {
                    return Vec::new();
                }
                let result = self.samples(&tally, *samples).await.map(|samples| {
                    Observed::Tally(Tallied {
                        violations: 0,
                        unknown: 0,
                        columns: tally.columns.clone(),
                        samples,
                    })
                });
                self.all(statement, result, started)
            }
            Work::Any { .. } => {
                let result = self.table(&statement.work.sql(), &[], 1).await;
                self.all(statement, result, started)
            }
            Work::Fact { fact, argument, .. } => {
                let result = if fact.sql.is_empty() {
                    let message =
                        format!("`{}` is a fact of an archive, and this source is a server", fact.name);
                    Err(Failure { kind: FailureKind::Other, message })
                } else {
                    self.table(fact.sql, argument.as_slice(), 2).await
                };
                self.all(statement, result, started)
            }
            Work::Table { sql, arguments, limit, .. } => {
                let result = self.table(sql, arguments, *limit).await;
                self.all(statement, result, started)
            }
            Work::Chain { spec, samples, .. } => {
                let settled = match statement.work.laid() {
                    Some(sql) => self.laid(&sql, spec, *samples).await,
                    None => None,
                };
                let result = match settled {
                    Some(report) => Ok(Observed::Chain(report)),
                    None => self.chain(&statement.work.sql(), spec, *samples).await,
                };
                self.all(statement, result, started)
            }
        }
    }

    /// Every figure of a scan in a statement of its own, so that a division by zero in one check, or a column that may
    /// not be read, takes nothing away from its neighbours.
    async fn apart(
        &self,
        rows: &RowSet,
        folds: &[(String, Fold)],
        started: Instant,
    ) -> Vec<(String, Observation)> {
        let mut found = Vec::new();
        for (key, fold) in folds {
            // A condition of one fold goes back to where it keeps rows from being looked at in the first place.
            let (rows, fold) = match fold {
                Fold::Where(conditions, inner) => {
                    let mut narrowed = rows.clone();
                    narrowed.filters.extend(conditions.iter().cloned());
                    (narrowed, &**inner)
                }
                fold => (rows.clone(), fold),
            };
            let sql = format!("SELECT {} {}", fold.expression(&rows), rows.from("r", &[]));
            let result = match self.scan(&sql, fold.needs_seed()).await {
                Ok(rows) => match rows.into_iter().next().and_then(|cells| cells.into_iter().next()) {
                    Some(cell) => Ok(Observed::Cell(cell)),
                    None => Err(unexpected()),
                },
                Err(error) => Err(failure(&error)),
            };
            found.push((key.clone(), observation(result, started)));
        }
        found
    }

    /// The same outcome for every key of a statement.
    fn all(
        &self,
        statement: &Statement,
        result: Result<Observed, Failure>,
        started: Instant,
    ) -> Vec<(String, Observation)> {
        let keys = statement.work.keys().into_iter();
        keys.map(|key| (key.to_owned(), observation(result.clone(), started))).collect()
    }

    async fn adjust(&mut self, statement: &Statement) -> Result<(), QueryError> {
        let limit = statement
            .timeout
            .and_then(|micros| u64::try_from(micros).ok())
            .map_or(self.options.session.statement_timeout, Duration::from_micros);
        let raw = matches!(statement.work, Work::Table { .. });
        let join = matches!(&statement.work, Work::Tally { tally, .. } if tally.is_join());
        if self.setting != Some((limit, raw, join)) {
            let schemas: &[&str] = if raw { &[self.options.schema.as_str()] } else { &[] };
            self.session.adjust(limit, schemas, join).await?;
            self.setting = Some((limit, raw, join));
        }
        Ok(())
    }

    async fn scan(&self, sql: &str, seeded: bool) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        let seed = self.options.seed.to_string();
        let parameters = [seed.as_str()];
        self.session.rows(sql, if seeded { &parameters } else { &[] }).await
    }

    async fn tally(&self, tally: &TallySql, samples: u64) -> Result<Tallied, Failure> {
        let rows = self.session.rows(&tally.count, &[]).await.map_err(|e| failure(&e))?;
        let counts: Vec<u64> = rows
            .into_iter()
            .next()
            .unwrap_or_default()
            .into_iter()
            .map(|cell| cell.and_then(|text| text.parse().ok()).ok_or_else(unexpected))
            .collect::<Result<_, _>>()?;
        let [violations, unknown] = counts.as_slice() else { return Err(unexpected()) };
        let mut found = Tallied {
            violations: *violations,
            unknown: *unknown,
            columns: tally.columns.clone(),
            samples: Vec::new(),
        };
        if violations + unknown > 0 {
            found.samples = self.samples(tally, samples).await?;
        }
        Ok(found)
    }

    async fn samples(&self, tally: &TallySql, samples: u64) -> Result<Vec<Vec<Option<String>>>, Failure> {
        self.session.rows(&tally.samples(samples), &[]).await.map_err(|e| failure(&e))
    }

    /// A query whose columns may be of any type: they are named by number and cast to text around it.
    async fn table(&self, sql: &str, arguments: &[String], limit: u64) -> Result<Observed, Failure> {
        let columns = self.session.columns_of(sql, arguments.len()).await.map_err(|e| failure(&e))?;
        let names: Vec<String> = (1..=columns.len()).map(|n| format!("c{n}")).collect();
        let items: Vec<String> = names.iter().map(|n| format!("q.{n}::text")).collect();
        let wrapped = format!(
            "SELECT {} FROM (\n{sql}\n) AS q ({}) LIMIT {}",
            items.join(", "),
            names.join(", "),
            limit + 1
        );
        let parameters: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut rows = self.session.rows(&wrapped, &parameters).await.map_err(|e| failure(&e))?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        Ok(Observed::Table { rows, columns, more })
    }

    /// A chain as it lies in the table, without sorting it: nearly always enough, since rows are appended. `None` at the
    /// first row that is not in perfect order, and for every trouble, which the sorted look will name.
    async fn laid(&self, sql: &str, spec: &ChainSpec, samples: u64) -> Option<ChainReport> {
        let limits = Limits { samples: usize::try_from(samples).unwrap_or(usize::MAX), ..Limits::default() };
        let mut segment = Segment::new(spec, limits).ok()?;
        let mut going = true;
        let take = |cells: &[Option<&str>]| {
            // What is known of very many splits takes more memory than sorting them. The rest is read all the same: to
            // break off means to cancel, and a cancellation that comes late hits the next statement.
            going = going && segment.push(cells) && segment.bytes() < MOST_OF_SPLITS;
            ControlFlow::Continue(())
        };
        let streamed = self.session.stream(sql, &[], take).await.ok()?;
        if going && streamed.complete { segment.finish() } else { None }
    }

    async fn chain(&self, sql: &str, spec: &ChainSpec, samples: u64) -> Result<Observed, Failure> {
        let other = |message: String| Failure { kind: FailureKind::Other, message };
        let limits = Limits { samples: usize::try_from(samples).unwrap_or(usize::MAX), ..Limits::default() };
        let mut fold = ChainFold::new(spec, limits).map_err(|issue| other(issue.to_string()))?;
        let mut stopped = None;
        let streamed = self
            .session
            .stream(sql, &[], |cells| match fold.push(cells) {
                Ok(()) => ControlFlow::Continue(()),
                Err(issue) => {
                    stopped = Some(issue.to_string());
                    ControlFlow::Break(())
                }
            })
            .await
            .map_err(|e| failure(&e))?;
        if let Some(message) = stopped {
            return Err(other(message));
        }
        if !streamed.complete {
            return Err(unexpected());
        }
        Ok(Observed::Chain(fold.finish()))
    }
}

pub(super) fn observation(result: Result<Observed, Failure>, started: Instant) -> Observation {
    Observation { result, micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX) }
}

/// Whether an error may come from one expression of several, and asking again is no waste of time.
fn is_of_one_expression(error: &QueryError) -> bool {
    matches!(error.kind, FailureKind::Other | FailureKind::PermissionDenied | FailureKind::MissingObject)
        && error.sqlstate.is_some()
}

fn unexpected() -> Failure {
    Failure {
        kind: FailureKind::Other,
        message: "the server's answer does not have the expected shape".to_owned(),
    }
}

fn is_above_zero(observation: Option<&Observation>) -> bool {
    match observation.map(|o| &o.result) {
        Some(Ok(Observed::Cell(Some(text)))) => text.parse::<u64>().is_ok_and(|n| n > 0),
        _ => false,
    }
}
