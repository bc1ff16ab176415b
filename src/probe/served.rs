//! The rows of a server, read by binary COPY on connections of the run's snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::pool::Pool;
use super::postgres::QueryError;
use super::postgres::adjust::{Like, Setting};
use super::postgres::copied::{Copied, Wire};
use super::reach::failure;
use crate::catalogue::{Catalogue, Relation, RelationKind};
use crate::facts::Failure;
use crate::failure::FailureKind;
use crate::measure::rows::qualified;
use crate::measure::sql::ident;
use crate::policy::RelationName;
use crate::stream::{Filler, Part, Rows};

/// Blocks of a part, at least: below that, starting another process costs more than it brings.
const LEAST_BLOCKS: u64 = 2048;

/// Why reading stops where `--max-transfer` is reached.
pub(super) const TOO_MUCH: &str = "more would have to be fetched than `--max-transfer` allows";

/// The first version that finds a range of blocks without reading the others.
const FINDS_BLOCKS: u32 = 140_000;

/// A server's relations as rows.
pub(super) struct Served {
    pub(super) pool: Arc<Pool>,
    pub(super) catalogue: Arc<Catalogue>,
    /// Blocks of relations that are stored as one piece, from the server's own files.
    pub(super) blocks: BTreeMap<RelationName, u64>,
    /// `server_version_num`.
    pub(super) version: u32,
    /// The longest one reading may take.
    pub(super) limit: Duration,
    /// Bytes that may still be fetched.
    pub(super) transfer: Arc<AtomicU64>,
    pub(super) runtime: tokio::runtime::Handle,
}

/// The statement that fetches columns of a relation, and how they travel. Without columns one of our own stands in, so that
/// rows can be counted.
pub fn fetch(
    relation: &Relation,
    columns: &[String],
    blocks: Option<(u64, Option<u64>)>,
) -> (String, Vec<Wire>) {
    let (mut items, mut wires) = (Vec::new(), Vec::new());
    for column in columns.iter().filter_map(|name| relation.column(name)) {
        let (wire, cast) = Wire::of(column);
        items.push(format!("r.{}{}", ident(&column.name), if cast { "::text" } else { "" }));
        wires.push(wire);
    }
    if items.is_empty() {
        items.push("true".to_owned());
    }
    let range = blocks.map_or(String::new(), |(from, to)| {
        let to = to.map_or(String::new(), |to| format!(" AND r.ctid < '({to},0)'::tid"));
        format!(" WHERE r.ctid >= '({from},0)'::tid{to}")
    });
    (format!("SELECT {} FROM {} AS r{range}", items.join(", "), qualified(&relation.name)), wires)
}

impl Served {
    fn relation(&self, name: &RelationName) -> Result<&Relation, Failure> {
        self.catalogue.relation(name).ok_or_else(|| Failure {
            kind: FailureKind::MissingObject,
            message: format!("there is no relation `{name}`"),
        })
    }

    /// The blocks of a part: from one, to before another; `None` for all rows.
    fn range(&self, name: &RelationName, part: Part) -> Option<(u64, Option<u64>)> {
        if part.of == 1 {
            return None;
        }
        let (blocks, of) = (*self.blocks.get(name)?, part.of as u64);
        let at = |n: usize| blocks * n as u64 / of;
        Some((at(part.at), (part.at + 1 < part.of).then(|| at(part.at + 1))))
    }
}

impl Rows for Served {
    fn read(
        &self,
        name: &RelationName,
        part: Part,
        columns: &[String],
        to: &mut Filler<'_>,
    ) -> Result<(), Failure> {
        let relation = self.relation(name)?;
        let range = self.range(name, part);
        if part.of > 1 && range.is_none() {
            return Err(wrong("a relation was cut that cannot be".to_owned()));
        }
        let (sql, wires) = fetch(relation, columns, range);
        if wires.len() != columns.len() {
            return Err(wrong(format!("`{name}` lacks a column that is asked for")));
        }
        // A row without columns carries one that nobody looks at.
        let (alone, counted) = ([Wire::Bool], wires.is_empty());
        let wires = if counted { alone.as_slice() } else { wires.as_slice() };
        let mut copied = Copied::new(wires);
        let mut stopped = None;
        let streamed = self.runtime.block_on(async {
            let lent = self.pool.take(Setting { limit: self.limit, like: Like::Stream }).await?;
            lent.copy_binary(&sql, |piece| {
                if !spend(&self.transfer, piece.len() as u64) {
                    stopped = Some(TOO_MUCH);
                    return std::ops::ControlFlow::Break(());
                }
                copied.feed(&piece, to).unwrap_or_else(|damage| {
                    stopped = Some(damage);
                    std::ops::ControlFlow::Break(())
                })
            })
            .await
        });
        if let Some(why) = stopped {
            return Err(wrong(format!("reading `{name}` was stopped: {why}")));
        }
        let streamed = streamed.map_err(|error: QueryError| failure(&error))?;
        tracing::debug!(relation = %name, bytes = copied.bytes(), at = part.at, of = part.of, "fetched");
        // A taker that has enough leaves early, which is no error.
        if streamed.complete && !copied.is_whole() {
            return Err(wrong(format!("the rows of `{name}` ended before their end")));
        }
        Ok(())
    }

    fn weight(&self, name: &RelationName) -> u64 {
        let estimate = |relation: &Relation| u64::try_from(relation.estimated_rows).unwrap_or(0);
        self.blocks.get(name).copied().or_else(|| self.catalogue.relation(name).map(estimate)).unwrap_or(0)
    }

    fn parts(&self, name: &RelationName) -> usize {
        let table = |relation: &&Relation| relation.kind == RelationKind::Table && !relation.foreign;
        if self.version < FINDS_BLOCKS || self.catalogue.relation(name).filter(table).is_none() {
            return 1;
        }
        let most = self.blocks.get(name).map_or(1, |blocks| blocks / LEAST_BLOCKS);
        usize::try_from(most).unwrap_or(usize::MAX).clamp(1, self.pool.many())
    }

    fn waits(&self) -> bool {
        true
    }
}

/// Takes bytes from what may be fetched; false when there are not so many left.
pub(super) fn spend(transfer: &AtomicU64, bytes: u64) -> bool {
    transfer.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
}

fn wrong(message: String) -> Failure {
    Failure { kind: FailureKind::Other, message }
}
