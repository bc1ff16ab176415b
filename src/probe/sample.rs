//! A few rows of a relation as text, from several places in it: for looking at, never for judging.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::archive::{Opened, rows_of};
use super::reach::{Reached, Server};
use crate::catalogue::{ColumnKind, Relation, RelationKind};
use crate::chain::spec::TimePreset;
use crate::chain::time;
use crate::facts::Failure;
use crate::failure::FailureKind;
use crate::measure::rows::RowSet;
use crate::measure::sql::{ident, quote};

/// Most rows of an archive that are passed over to come to its last ones.
const FAR: usize = 200_000;

/// Rows of a relation, in the order in which they lie there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Names of the columns there are values of, in the order of the cells.
    pub columns: Vec<String>,
    /// Rows; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// The first row of each run of rows that lie together; the first run begins where the relation begins.
    pub runs: Vec<usize>,
    /// Whether these are all rows of the relation.
    pub whole: bool,
}

/// Samples a relation: half of the rows from its beginning, the others from further on. Times come in UTC.
///
/// # Errors
///
/// Why it could not be read.
pub async fn sample(reached: &Reached, relation: &Relation, rows: usize) -> Result<Sample, Failure> {
    match reached {
        Reached::Server(server) => served(server, relation, rows).await,
        Reached::Archive(opened) => {
            let (opened, relation) = (Arc::clone(opened), relation.clone());
            let read = tokio::task::spawn_blocking(move || archived(&opened, &relation, rows)).await;
            read.unwrap_or_else(|_| {
                let message = "reading the archive broke off".to_owned();
                Err(Failure { kind: FailureKind::Other, message })
            })
        }
        Reached::Told(_) => {
            let message = "this source holds no relations".to_owned();
            Err(Failure { kind: FailureKind::Other, message })
        }
    }
}

async fn served(server: &Server, relation: &Relation, most: usize) -> Result<Sample, Failure> {
    let columns: Vec<String> = relation.columns.iter().map(|column| column.name.clone()).collect();
    let set = RowSet::all(relation);
    let sql = set.sql("r");
    let items: Vec<String> = columns.iter().map(|name| sql.text(name)).collect();
    let laid = relation.kind == RelationKind::Table;
    let ask = async |from: u64, limit: usize| {
        let place = if laid { "r.ctid::text".to_owned() } else { "NULL::text".to_owned() };
        let only: Vec<String> = if laid { vec![format!("r.ctid >= '({from},0)'::tid")] } else { Vec::new() };
        let text = format!("SELECT {place}, {} {} LIMIT {limit}", items.join(", "), set.from("r", &only));
        server.session.rows(&text, &[]).await.map_err(|error| Failure::from(&error))
    };
    let mut sample = Sample { columns: columns.clone(), ..Sample::default() };
    let mut seen: HashSet<String> = HashSet::new();
    let head = (most / 2).max(1);
    let read = ask(0, most + 1).await?;
    sample.whole = read.len() <= most;
    let taken = if sample.whole || !laid { most } else { head };
    add(&mut sample, &mut seen, read.into_iter().take(taken));
    if sample.whole || !laid {
        return Ok(sample);
    }
    let name = relation.name.clone();
    let blocks = server.session.blocks(std::slice::from_ref(&name)).await.unwrap_or_default();
    let blocks = blocks.get(&name).copied().unwrap_or_default();
    for from in [blocks / 2, blocks - blocks / 10] {
        let read = ask(from, (most - head).div_ceil(2)).await?;
        add(&mut sample, &mut seen, read);
    }
    Ok(sample)
}

/// Adds a run of rows, each with its place before its cells.
fn add(sample: &mut Sample, seen: &mut HashSet<String>, rows: impl IntoIterator<Item = Vec<Option<String>>>) {
    let begin = sample.rows.len();
    for row in rows {
        let mut cells = row.into_iter();
        let place = cells.next().flatten();
        if place.is_none_or(|place| seen.insert(place)) {
            sample.rows.push(cells.collect());
        }
    }
    if sample.rows.len() > begin {
        sample.runs.push(begin);
    }
}

fn archived(opened: &Opened, relation: &Relation, most: usize) -> Result<Sample, Failure> {
    let head = (most / 2).max(1);
    let mut sample = Sample::default();
    let mut last: VecDeque<Vec<Option<String>>> = VecDeque::new();
    let (mut count, mut unreadable) = (0usize, false);
    let complete = rows_of(opened, &relation.name, &mut |row| {
        if sample.columns.is_empty() {
            sample.columns = row.columns().to_vec();
        }
        let read = row.cells().zip(row.columns()).map(|(cell, name)| {
            let text = cell.text().ok()?.map(std::borrow::Cow::into_owned);
            let utc = relation.column(name).is_some_and(|c| c.kind == ColumnKind::TimestampTz);
            Some(if utc { text.map(in_utc) } else { text })
        });
        let Some(cells) = read.collect::<Option<Vec<_>>>() else {
            unreadable = true;
            return ControlFlow::Break(());
        };
        count += 1;
        if count <= head {
            sample.rows.push(cells);
        } else {
            last.push_back(cells);
            if last.len() > most - head {
                last.pop_front();
            }
        }
        if count < FAR { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if unreadable {
        let message = format!("{} holds text that is not UTF-8", relation.name);
        return Err(Failure { kind: FailureKind::Other, message });
    }
    sample.whole = complete && count <= most;
    if !sample.rows.is_empty() {
        sample.runs.push(0);
    }
    if !sample.whole && !last.is_empty() {
        sample.runs.push(sample.rows.len());
    }
    sample.rows.extend(last);
    Ok(sample)
}

/// Rows of a relation by the value of a column that tells them apart: those with one of these values. Each is given as its
/// cells in these columns.
///
/// # Errors
///
/// Why they could not be read, or that an archive holds so many rows that some of them were not found.
pub async fn pointed(
    reached: &Reached,
    relation: &Relation,
    to: &str,
    columns: &[String],
    values: HashSet<String>,
) -> Result<HashMap<String, Vec<Option<String>>>, Failure> {
    match reached {
        Reached::Server(server) => {
            let set = RowSet::all(relation);
            let sql = set.sql("r");
            let items: Vec<String> =
                std::iter::once(to).chain(columns.iter().map(String::as_str)).map(|c| sql.text(c)).collect();
            let listed: Vec<String> = values.iter().map(|value| quote(value)).collect();
            // Written so that an index of the column serves.
            let only = format!("r.{} IN ({})", ident(to), listed.join(", "));
            let text = format!("SELECT {} {}", items.join(", "), set.from("r", &[only]));
            let rows = server.session.rows(&text, &[]).await.map_err(|error| Failure::from(&error))?;
            let keyed = rows.into_iter().filter_map(|row| {
                let mut cells = row.into_iter();
                Some((cells.next()??, cells.collect()))
            });
            Ok(keyed.collect())
        }
        Reached::Archive(opened) => {
            let (opened, relation) = (Arc::clone(opened), relation.clone());
            let (to, columns) = (to.to_owned(), columns.to_vec());
            let read = move || archived_pointed(&opened, &relation, &to, &columns, &values);
            tokio::task::spawn_blocking(read)
                .await
                .unwrap_or_else(|_| Err(other("reading the archive broke off")))
        }
        Reached::Told(_) => Err(other("this source holds no relations")),
    }
}

fn other(message: &str) -> Failure {
    Failure { kind: FailureKind::Other, message: message.to_owned() }
}

fn archived_pointed(
    opened: &Opened,
    relation: &Relation,
    to: &str,
    columns: &[String],
    values: &HashSet<String>,
) -> Result<HashMap<String, Vec<Option<String>>>, Failure> {
    let mut found = HashMap::new();
    let mut count = 0usize;
    rows_of(opened, &relation.name, &mut |row| {
        let text = |name: &str| -> Option<Option<String>> {
            let at = row.columns().iter().position(|known| known == name)?;
            let text = row.cells().nth(at)?.text().ok()?.map(std::borrow::Cow::into_owned);
            let utc = relation.column(name).is_some_and(|c| c.kind == ColumnKind::TimestampTz);
            Some(if utc { text.map(in_utc) } else { text })
        };
        if let Some(Some(key)) = text(to).filter(|key| key.as_ref().is_some_and(|key| values.contains(key)))
            && let Some(cells) = columns.iter().map(|name| text(name)).collect()
        {
            found.insert(key, cells);
        }
        count += 1;
        if count < FAR && found.len() < values.len() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    if count >= FAR && found.len() < values.len() {
        return Err(other("it is too large to find a few rows in it"));
    }
    Ok(found)
}

/// A time with a zone as a server in UTC shows it.
fn in_utc(cell: String) -> String {
    if cell.ends_with("+00") {
        return cell;
    }
    let mut out = Vec::new();
    match time::parse(&cell) {
        Some(at) => at.write(TimePreset::PgTz, &mut out),
        None => return cell,
    }
    String::from_utf8(out).unwrap_or(cell)
}
