//! The rows of a server, read by binary COPY on connections of the run's snapshot.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::pool::Pool;
use super::postgres::adjust::{Like, Setting};
use super::postgres::copied::{Copied, Damage, Wire};
use super::postgres::lines::Lines;
use super::postgres::stream::{Format, Selection, Streamed};
use super::postgres::{Address, QueryError, Session, SessionOptions, Snapshot};
use super::transfer::{TOO_MUCH, spend};
use crate::catalogue::{Catalogue, Relation, RelationKind};
use crate::facts::Failure;
use crate::failure::FailureKind;
use crate::measure::rows::qualified;
use crate::measure::sql::ident;
use crate::policy::RelationName;
use crate::stream::{Filler, Part, Rows};

/// Blocks of a part, at least: below that, starting another process costs more than it brings.
const LEAST_BLOCKS: u64 = 2048;

/// The first version that finds a range of blocks without reading the others.
const FINDS_BLOCKS: u32 = 140_000;

/// A server's relations as rows.
pub(super) struct Served {
    pub(super) pool: Arc<Pool>,
    pub(super) address: Address,
    pub(super) options: SessionOptions,
    pub(super) snapshot: Snapshot,
    /// Statements that may run at once.
    pub(super) jobs: usize,
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

/// How columns of a relation are fetched, and how they travel.
#[derive(Debug)]
pub struct Fetch {
    /// The relation in double quotes.
    table: String,
    /// Its columns, cast where their own format is not read here.
    items: Vec<String>,
    /// How they travel.
    wires: Vec<Wire>,
    /// Which rows, as a condition.
    only: Option<String>,
    /// Whether the table can be copied as it lies.
    plain: bool,
    format: Format,
}

impl Fetch {
    /// Columns of a relation, of all its rows or of those from a block on, to before another. Without columns one of our own
    /// stands in, so that rows can be counted.
    #[must_use]
    pub fn new(relation: &Relation, columns: &[String], blocks: Option<(u64, Option<u64>)>) -> Self {
        let (mut items, mut wires, mut plain) = (Vec::new(), Vec::new(), relation.plain && blocks.is_none());
        for column in columns.iter().filter_map(|name| relation.column(name)) {
            let (wire, cast) = Wire::of(column);
            plain &= !cast;
            items.push(format!("{}{}", ident(&column.name), if cast { "::text" } else { "" }));
            wires.push(wire);
        }
        if items.is_empty() {
            items.push("true".to_owned());
            plain = false;
        }
        let only = blocks.map(|(from, to)| {
            let to = to.map_or(String::new(), |to| format!(" AND ctid < '({to},0)'::tid"));
            format!("ctid >= '({from},0)'::tid{to}")
        });
        // What costs the server less.
        let saved: i32 = wires.iter().map(|wire| wire.saved_by_text()).sum();
        let format = if saved > 0 { Format::Text } else { Format::Binary };
        Self { table: qualified(&relation.name), items, wires, only, plain, format }
    }

    fn query(&self) -> String {
        let only = self.only.as_ref().map_or(String::new(), |only| format!(" WHERE {only}"));
        format!("SELECT {} FROM {}{only}", self.items.join(", "), self.table)
    }

    /// The statement.
    #[must_use]
    pub fn sql(&self) -> String {
        let rows = match self.plain {
            true => format!("{} ({})", self.table, self.items.join(", ")),
            false => format!("({})", self.query()),
        };
        format!("COPY {rows} TO STDOUT (FORMAT {})", self.format.name())
    }

    async fn on(
        &self,
        session: &Session,
        each: &mut dyn FnMut(bytes::Bytes) -> ControlFlow<()>,
    ) -> Result<Streamed, QueryError> {
        match self.plain {
            true => session.copy(Selection::Table(&self.table, &self.items), self.format, "", each).await,
            false => session.copy(Selection::Query(&self.query()), self.format, "", each).await,
        }
    }
}

impl Served {
    /// Copies on a connection that lives in this thread: one that another thread drives would hand over every few rows, and
    /// the two would mostly wait for each other. Where none can be had, on one of the run's.
    fn copy(
        &self,
        fetch: &Fetch,
        each: &mut dyn FnMut(bytes::Bytes) -> ControlFlow<()>,
    ) -> Result<Streamed, QueryError> {
        let setting = Setting { limit: self.limit, like: Like::Stream };
        if let Some(id) = self.snapshot.id()
            && let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build()
            && let Some(streamed) = runtime.block_on(async {
                let _leave = self.pool.leave().await?;
                let options = SessionOptions { alone: true, ..self.options.clone() };
                let session = Session::open(&self.address, &options).await.ok()?;
                let ready = session.join(id).await.is_ok() && session.adjust(&setting).await.is_ok();
                let streamed = if ready { Some(fetch.on(&session, &mut *each).await) } else { None };
                session.close().await;
                streamed
            })
        {
            return streamed;
        }
        self.runtime.block_on(async {
            let lent = self.pool.take(setting).await?;
            fetch.on(&lent, each).await
        })
    }

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
        let fetch = Fetch::new(relation, columns, range);
        if fetch.wires.len() != columns.len() {
            return Err(wrong(format!("`{name}` lacks a column that is asked for")));
        }
        // A row without columns carries one that nobody looks at.
        let wires = if fetch.wires.is_empty() { &[Wire::Bool] } else { fetch.wires.as_slice() };
        let mut copied = match fetch.format {
            Format::Binary => Incoming::Binary(Copied::new(wires)),
            Format::Text => Incoming::Text(Lines::new(wires)),
        };
        let mut stopped = None;
        let mut each = |piece: bytes::Bytes| {
            if !spend(&self.transfer, piece.len() as u64) {
                stopped = Some(TOO_MUCH);
                return ControlFlow::Break(());
            }
            copied.feed(&piece, to).unwrap_or_else(|damage| {
                stopped = Some(damage);
                ControlFlow::Break(())
            })
        };
        let streamed = self.copy(&fetch, &mut each);
        if let Some(why) = stopped {
            return Err(wrong(format!("reading `{name}` was stopped: {why}")));
        }
        let streamed = streamed.map_err(|error: QueryError| Failure::from(&error))?;
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
        usize::try_from(most).unwrap_or(usize::MAX).clamp(1, self.jobs)
    }

    fn waits(&self) -> bool {
        true
    }
}

/// What a server sends, in either format.
enum Incoming<'a> {
    Binary(Copied<'a>),
    Text(Lines<'a>),
}

impl Incoming<'_> {
    fn feed(&mut self, piece: &[u8], to: &mut Filler<'_>) -> Result<ControlFlow<()>, Damage> {
        match self {
            Self::Binary(copied) => copied.feed(piece, to),
            Self::Text(lines) => lines.feed(piece, to),
        }
    }

    fn is_whole(&self) -> bool {
        match self {
            Self::Binary(copied) => copied.is_whole(),
            Self::Text(lines) => lines.is_whole(),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Binary(copied) => copied.bytes(),
            Self::Text(lines) => lines.bytes(),
        }
    }
}

fn wrong(message: String) -> Failure {
    Failure { kind: FailureKind::Other, message }
}
