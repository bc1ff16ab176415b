//! Asking: rows as text, all at once or one by one, and COPY.
//!
//! Every cell is text. The extended protocol takes one statement and carries parameters apart from it, so nothing
//! can be smuggled in; but it delivers values in binary, and only texts look the same there. So the caller's
//! SQL casts every column to `text`, every parameter is a `text`, and a statement with any other column is
//! refused by name before it runs. A statement without columns (COMMIT, SET, DO, INSERT) is refused too.

use std::ops::ControlFlow;
use std::pin::pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Statement};

use super::failure::QueryError;
use super::session::Session;
use super::turn::Turn;
use crate::failure::FailureKind;

/// How far a stream went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streamed {
    /// Rows, or chunks of a COPY, that were handed over.
    pub count: u64,
    /// Whether that was all of them. A stream that was left early has not been looked at completely.
    pub complete: bool,
}

/// What is copied.
#[derive(Clone, Copy, Debug)]
pub enum Selection<'a> {
    /// The rows of a query, given without the COPY around it.
    Query(&'a str),
    /// These columns of one plain table, all in double quotes: no query is run for them, which is quicker.
    Table(&'a str, &'a [String]),
}

/// How rows are written (PostgreSQL's documentation of `COPY`, "File Formats").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Each value behind its length, as its type sends it.
    Binary,
    /// A line for each row, each value as its type writes it.
    Text,
}

impl Format {
    /// As `COPY` calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Text => "text",
        }
    }
}

impl Session {
    /// All rows of a query, each cell as text, `None` for NULL. Columns must be cast to `text`, and `$1` and so on
    /// are texts.
    ///
    /// # Errors
    /// The query failed; the transaction and its snapshot remain usable unless [`QueryError::is_final`].
    pub async fn rows(&self, sql: &str, params: &[&str]) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        let mut rows = Vec::new();
        self.stream(sql, params, |cells| {
            rows.push(cells.iter().map(|cell| cell.map(str::to_owned)).collect());
            ControlFlow::Continue(())
        })
        .await?;
        Ok(rows)
    }

    /// All rows of a query without parameters, under a setting that ends with it.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub async fn rows_within(
        &self,
        sql: &str,
        setting: &str,
    ) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        let turn = self.turn().await?;
        let mut rows = Vec::new();
        let mut each = |cells: &[Option<&str>]| {
            rows.push(cells.iter().map(|cell| cell.map(str::to_owned)).collect());
            ControlFlow::Continue(())
        };
        let outcome = match self.command(setting).await {
            Ok(()) => self.stream_in(&turn, sql, &[], &mut each).await,
            Err(error) => Err(error),
        };
        finish(turn, outcome).await?;
        Ok(rows)
    }

    /// The rows of a query one by one, as they arrive; memory is bounded by a row, not by the result. Returning
    /// `Break` stops the query on the server.
    ///
    /// # Errors
    /// As [`Session::rows`]. Rows may have been handed over before the failure: they are not the whole answer.
    pub async fn stream(
        &self,
        sql: &str,
        params: &[&str],
        mut each: impl FnMut(&[Option<&str>]) -> ControlFlow<()> + Send,
    ) -> Result<Streamed, QueryError> {
        let turn = self.turn().await?;
        let outcome = self.stream_in(&turn, sql, params, &mut each).await;
        finish(turn, outcome).await
    }

    /// Rows as chunks of `COPY`, for folds that read them themselves. Chunks follow the wire, not the rows. What is set ends
    /// with it; empty for nothing.
    ///
    /// # Errors
    /// As [`Session::stream`].
    pub async fn copy(
        &self,
        what: Selection<'_>,
        format: Format,
        setting: &str,
        mut each: impl FnMut(Bytes) -> ControlFlow<()>,
    ) -> Result<Streamed, QueryError> {
        let turn = self.turn().await?;
        let set = if setting.is_empty() { Ok(()) } else { self.command(setting).await };
        let outcome = match set {
            Ok(()) => self.copy_in(&turn, what, format, &mut each).await,
            Err(error) => Err(error),
        };
        finish(turn, outcome).await
    }

    async fn stream_in(
        &self,
        turn: &Turn<'_>,
        sql: &str,
        params: &[&str],
        each: &mut (impl FnMut(&[Option<&str>]) -> ControlFlow<()> + Send),
    ) -> Result<Streamed, QueryError> {
        let statement = self.prepare(turn, sql, params.len()).await?;
        if let Some(column) = statement.columns().iter().find(|column| !is_text(column.type_())) {
            let message = format!("column `{}` is of type {}, not text", column.name(), column.type_());
            return Err(QueryError::new(FailureKind::Other, message).hint("cast it to text"));
        }
        let params = params.iter().map(|param| param as &(dyn ToSql + Sync));
        let stream = match self.client().query_raw(&statement, params).await {
            Ok(stream) => stream,
            Err(error) => return Err(turn.explain(&error).await),
        };
        let width = statement.columns().len();
        self.drain(turn, stream, |row| {
            let mut cells = Vec::with_capacity(width);
            for at in 0..width {
                cells.push(row.try_get::<_, Option<&str>>(at)?);
            }
            Ok(each(&cells))
        })
        .await
    }

    async fn copy_in(
        &self,
        turn: &Turn<'_>,
        what: Selection<'_>,
        format: Format,
        each: &mut impl FnMut(Bytes) -> ControlFlow<()>,
    ) -> Result<Streamed, QueryError> {
        let rows = match what {
            Selection::Table(table, columns) => format!("{table} ({})", columns.join(", ")),
            Selection::Query(query) => {
                // Prepared alone first: a text that is one complete query cannot close our parenthesis.
                self.prepare(turn, query, 0).await?;
                format!("(\n{query}\n)")
            }
        };
        let copy = format!("copy {rows} to stdout (format {})", format.name());
        let stream = match self.client().copy_out(&copy).await {
            Ok(stream) => stream,
            Err(error) => return Err(turn.explain(&error).await),
        };
        self.drain(turn, stream, |chunk| Ok(each(chunk))).await
    }

    async fn prepare(&self, turn: &Turn<'_>, sql: &str, params: usize) -> Result<Statement, QueryError> {
        let statement = match self.client().prepare_typed(sql, &vec![Type::TEXT; params]).await {
            Ok(statement) => statement,
            Err(error) => return Err(turn.explain(&error).await),
        };
        if statement.params().len() != params {
            let message = format!("the query wants {} parameters and got {params}", statement.params().len());
            return Err(QueryError::new(FailureKind::Other, message));
        }
        if statement.columns().is_empty() {
            let message = "the statement returns no columns, so it is not a query";
            return Err(QueryError::new(FailureKind::Other, message).hint("write one SELECT"));
        }
        Ok(statement)
    }

    /// Hands items over until the stream or the taker ends. What the taker leaves is cancelled on the server and
    /// read away, so that the session is ready for the next query.
    async fn drain<T>(
        &self,
        turn: &Turn<'_>,
        stream: impl Stream<Item = Result<T, Error>>,
        mut take: impl FnMut(T) -> Result<ControlFlow<()>, Error>,
    ) -> Result<Streamed, QueryError> {
        let mut stream = pin!(stream);
        let mut count = 0;
        while let Some(item) = stream.next().await {
            let taken = match item.and_then(&mut take) {
                Ok(taken) => taken,
                Err(error) => return Err(turn.explain(&error).await),
            };
            count += 1;
            if taken.is_break() {
                // If the request cannot be delivered the rest is merely read away at full length.
                let _undelivered = self.running.ask().await;
                while let Some(Ok(_)) = stream.next().await {}
                return Ok(Streamed { count, complete: false });
            }
        }
        Ok(Streamed { count, complete: true })
    }
}

/// Returns to the savepoint. A query whose transaction did not survive it has not been answered.
async fn finish<T>(turn: Turn<'_>, outcome: Result<T, QueryError>) -> Result<T, QueryError> {
    let back = turn.back().await;
    match outcome {
        // The first failure is the cause; the second follows from it and is kept by the session.
        Err(error) => Err(error),
        Ok(answer) => back.map(|()| answer),
    }
}

fn is_text(kind: &Type) -> bool {
    [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::UNKNOWN].contains(kind)
}
