//! One statement on a session of a server.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::options::ObserveOptions;
use super::pool::Pool;
use super::postgres::adjust::{Like, Setting};
use super::postgres::{QueryError, Session};
use super::transfer::{TOO_MUCH, spend};
use crate::chain::given::{Given, Outside};
use crate::chain::report::ChainReport;
use crate::chain::segment::Segment;
use crate::chain::spec::ChainSpec;
use crate::chain::verify::{ChainFold, Limits};
use crate::erasure::Lists;
use crate::facts::{Failure, Observation, Observed, Tallied};
use crate::failure::FailureKind;
use crate::measure::TallySql;
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::plan::{Erased, Inspection, Statement, Work};
use crate::stream::erased::{self, Sought};

/// Most bytes kept about the splits of a chain that is read as it lies.
const MOST_OF_SPLITS: usize = 128 << 20;

/// Carries out a statement on whichever session is free.
pub(super) async fn carry_out(
    statement: &Statement,
    pool: &Pool,
    options: &ObserveOptions,
    (outside, lists): (&Outside, &Lists),
    seen: &Mutex<BTreeMap<String, Observation>>,
) -> Vec<(String, Observation)> {
    let started = Instant::now();
    if !statement.spared.is_empty() {
        let seen = seen.lock().await;
        if let Some(settled) = statement.settled(&|key| seen.get(key).map(|observation| &observation.result))
        {
            return all(statement, Ok(settled), started);
        }
    }
    let lent = match pool.take(setting(statement, options)).await {
        Ok(lent) => lent,
        Err(error) => return all(statement, Err(Failure::from(&error)), started),
    };
    Worker { session: &lent, options, outside, lists }.run(statement, seen, started).await
}

/// How a statement is run.
fn setting(statement: &Statement, options: &ObserveOptions) -> Setting {
    let like = match &statement.work {
        Work::Table { .. } => Like::Raw(options.schema.clone()),
        Work::Tally { tally, .. } if tally.is_join() => Like::Join,
        _ => Like::Plain,
    };
    Setting { limit: limit(statement, options), like }
}

/// The longest a statement may take.
pub(super) fn limit(statement: &Statement, options: &ObserveOptions) -> Duration {
    let own = statement.timeout.and_then(|micros| u64::try_from(micros).ok());
    own.map_or(options.session.statement_timeout, Duration::from_micros)
}

/// The same outcome for every key of a statement.
fn all(
    statement: &Statement,
    result: Result<Observed, Failure>,
    started: Instant,
) -> Vec<(String, Observation)> {
    let keys = statement.work.keys().into_iter();
    keys.map(|key| (key.to_owned(), Observation::since(started, result.clone()))).collect()
}

struct Worker<'a> {
    session: &'a Session,
    options: &'a ObserveOptions,
    outside: &'a Outside,
    lists: &'a Lists,
}

impl Worker<'_> {
    async fn run(
        &self,
        statement: &Statement,
        seen: &Mutex<BTreeMap<String, Observation>>,
        started: Instant,
    ) -> Vec<(String, Observation)> {
        match &statement.work {
            Work::Scan { rows, folds } => {
                match self.scan(&statement.work.sql(), statement.work.needs_seed()).await {
                    Ok(answer) => match answer.into_iter().next() {
                        Some(cells) if cells.len() == folds.len() => folds
                            .iter()
                            .zip(cells)
                            .map(|((key, _), cell)| {
                                (key.clone(), Observation::since(started, Ok(Observed::Cell(cell))))
                            })
                            .collect(),
                        _ => all(statement, Err(unexpected()), started),
                    },
                    Err(error) if folds.len() > 1 && is_of_one_expression(&error) => {
                        self.apart(rows, folds, started).await
                    }
                    Err(error) => all(statement, Err(Failure::from(&error)), started),
                }
            }
            Work::Tally { tally, samples, .. } => {
                let result = self.tally(&tally.sql(), *samples).await;
                all(statement, result.map(Observed::Tally), started)
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
                all(statement, result, started)
            }
            Work::Any { .. } => {
                let result = self.table(&statement.work.sql(), &[], 1).await;
                all(statement, result, started)
            }
            Work::Fact { fact, argument, .. } => {
                let result = if fact.sql.is_empty() {
                    let message =
                        format!("`{}` is a fact of an archive, and this source is a server", fact.name);
                    Err(Failure { kind: FailureKind::Other, message })
                } else {
                    self.table(fact.sql, argument.as_slice(), 2).await.map_err(|failure| Failure {
                        message: format!("{}.{}: {}", statement.source, fact.name, failure.message),
                        ..failure
                    })
                };
                all(statement, result, started)
            }
            Work::Seal { .. } => {
                let message =
                    "its rows are sealed as they pass, and they could not be fetched for that".to_owned();
                all(statement, Err(Failure { kind: FailureKind::Other, message }), started)
            }
            Work::List { .. } => Vec::new(),
            Work::Erased { erased, samples, .. } => {
                let result = self.erased(erased, *samples).await;
                all(statement, result.map(Observed::Tally), started)
            }
            Work::Inventory { .. } => {
                let found = super::inventory::of_server(self.session).await;
                let found = found.map(|found| Observed::Inventory(Box::new(found)));
                all(statement, found.map_err(|error| Failure::from(&error)), started)
            }
            Work::LargeObjects { .. } => {
                let result = super::large::seal(self.session, &self.options.transfer).await;
                all(statement, result, started)
            }
            Work::Inspect { inspection, .. } => {
                let result = match &**inspection {
                    Inspection::Standard { member, without } => {
                        super::standard::inspect(self.session, member, without).await.map(Observed::Inspected)
                    }
                    _ => {
                        let message = "this source is a server, which cannot be asked for this".to_owned();
                        Err(Failure { kind: FailureKind::Other, message })
                    }
                };
                all(statement, result, started)
            }
            Work::Table { sql, arguments, limit, .. } => {
                let result = self.table(sql, arguments, *limit).await;
                all(statement, result, started)
            }
            Work::Chain { chained, samples, .. } => {
                let spec = &chained.spec;
                let result = match self.outside.of(spec) {
                    Err(message) => Err(Failure { kind: FailureKind::Other, message }),
                    Ok(given) => {
                        let settled = match statement.work.laid() {
                            Some(sql) => self.laid(&sql, spec, &given, *samples).await,
                            None => None,
                        };
                        match settled {
                            Some(report) => Ok(Observed::Chain(report)),
                            None => self.chain(&statement.work.sql(), spec, &given, *samples).await,
                        }
                    }
                };
                all(statement, result, started)
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
                Err(error) => Err(Failure::from(&error)),
            };
            found.push((key.clone(), Observation::since(started, result)));
        }
        found
    }

    async fn scan(&self, sql: &str, seeded: bool) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        let seed = self.options.seed.to_string();
        let parameters = [seed.as_str()];
        self.session.rows(sql, if seeded { &parameters } else { &[] }).await
    }

    async fn tally(&self, tally: &TallySql, samples: u64) -> Result<Tallied, Failure> {
        let rows = self.session.rows(&tally.count, &[]).await.map_err(|e| Failure::from(&e))?;
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
        self.session.rows(&tally.samples(samples), &[]).await.map_err(|e| Failure::from(&e))
    }

    /// A query whose columns may be of any type: they are named by number and cast to text around it.
    async fn table(&self, sql: &str, arguments: &[String], limit: u64) -> Result<Observed, Failure> {
        let columns = self.session.columns_of(sql, arguments.len()).await.map_err(|e| Failure::from(&e))?;
        let names: Vec<String> = (1..=columns.len()).map(|n| format!("c{n}")).collect();
        let items: Vec<String> = names.iter().map(|n| format!("q.{n}::text")).collect();
        let wrapped = format!(
            "SELECT {} FROM (\n{sql}\n) AS q ({}) LIMIT {}",
            items.join(", "),
            names.join(", "),
            limit + 1
        );
        let parameters: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut rows = self.session.rows(&wrapped, &parameters).await.map_err(|e| Failure::from(&e))?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        Ok(Observed::Table { rows, columns, more })
    }

    /// A chain as it lies in the table, without sorting it: nearly always enough, since rows are appended. `None` at the
    /// first row that is not in perfect order, and for every trouble, which the sorted look will name.
    async fn laid(&self, sql: &str, spec: &ChainSpec, given: &Given, samples: u64) -> Option<ChainReport> {
        let limits = Limits { samples: usize::try_from(samples).unwrap_or(usize::MAX), ..Limits::default() };
        let mut segment = Segment::new(spec, given, limits).ok()?;
        let mut going = true;
        let take = |cells: &[Option<&str>]| {
            // What is known of very many splits takes more memory than sorting them. The rest is read all the same: to
            // break off means to cancel, and a cancellation that comes late hits the next statement.
            going = going && segment.push(cells) && segment.bytes() < MOST_OF_SPLITS;
            self.fetched(cells)
        };
        let streamed = self.session.stream(sql, &[], take).await.ok()?;
        if going && streamed.complete { segment.finish() } else { None }
    }

    /// Rows of subjects of a list. Where it names few and all by their values, the server looks for them, by an index if it
    /// has one; else every row is looked at here.
    async fn erased(&self, erased: &Erased, samples: u64) -> Result<Tallied, Failure> {
        let other = |message: String| Failure { kind: FailureKind::Other, message };
        let subjects = erased::subjects(self.lists, erased).map_err(other)?;
        let mut sought = Sought::new(erased, Arc::clone(&subjects), samples);
        let asked = (subjects.few(erased.form), erased.count_sql(), erased.show_sql(samples));
        let (Some(few), Some(count), Some(show)) = asked else {
            let take = |cells: &[Option<&str>]| {
                sought.push(cells);
                self.fetched(cells)
            };
            let streamed = self.session.stream(&erased.rows_sql(), &[], take).await;
            if !streamed.map_err(|e| Failure::from(&e))?.complete {
                return Err(other(TOO_MUCH.to_owned()));
            }
            return Ok(sought.finish());
        };
        let array = array(few.iter().map(String::as_str));
        let asked = [array.as_str()];
        let counted = self.session.rows(&count, &asked).await.map_err(|e| Failure::from(&e))?;
        let counted = counted.into_iter().flatten().next().flatten();
        let violations = counted.and_then(|text| text.parse().ok()).ok_or_else(unexpected)?;
        if violations > 0 {
            for row in self.session.rows(&show, &asked).await.map_err(|e| Failure::from(&e))? {
                let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
                sought.push(&cells);
            }
        }
        Ok(Tallied { violations, ..sought.finish() })
    }

    /// Takes a row from what may be fetched.
    fn fetched(&self, cells: &[Option<&str>]) -> ControlFlow<()> {
        let bytes: usize = cells.iter().map(|cell| 4 + cell.map_or(0, str::len)).sum();
        match spend(&self.options.transfer, bytes as u64) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    }

    async fn chain(
        &self,
        sql: &str,
        spec: &ChainSpec,
        given: &Given,
        samples: u64,
    ) -> Result<Observed, Failure> {
        let other = |message: String| Failure { kind: FailureKind::Other, message };
        let limits = Limits { samples: usize::try_from(samples).unwrap_or(usize::MAX), ..Limits::default() };
        let mut fold = ChainFold::new(spec, given, limits).map_err(|issue| other(issue.to_string()))?;
        let mut stopped = None;
        let streamed = self
            .session
            .stream(sql, &[], |cells| match fold.push(cells) {
                Ok(()) => self.fetched(cells),
                Err(issue) => {
                    stopped = Some(issue.to_string());
                    ControlFlow::Break(())
                }
            })
            .await
            .map_err(|e| Failure::from(&e))?;
        if let Some(message) = stopped {
            return Err(other(message));
        }
        if !streamed.complete {
            return Err(other(TOO_MUCH.to_owned()));
        }
        Ok(Observed::Chain(fold.finish()))
    }
}

/// An array of texts as PostgreSQL reads one (`array_in` in its `arrayfuncs.c`).
fn array<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut out = String::from("{");
    for (n, text) in texts.enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push('"');
        for c in text.chars() {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
    }
    out.push('}');
    out
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
