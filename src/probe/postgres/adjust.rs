//! What one statement needs differently: its time limit, the schemas raw SQL may leave unnamed, memory for a join, rows as
//! they lie.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::failure::QueryError;
use super::session::Session;

/// What the statements that follow are like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Like {
    /// None of these.
    Plain,
    /// A join, whose hash table gets more memory. Others do not: with more of it the server would group by hashing where
    /// going along an index is faster, having guessed too few groups.
    Join,
    /// Raw SQL, which may leave this schema unnamed.
    Raw(String),
    /// Rows as they lie, from the first block on, by one process.
    Stream,
}

/// How the statements that follow are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The longest one may take.
    pub limit: Duration,
    /// What they are like.
    pub like: Like,
}

impl Session {
    /// Sets what differs for the statements that follow in this transaction.
    ///
    /// `pg_catalog` always comes first on the search path, so that no schema can shadow the system's functions.
    ///
    /// # Errors
    /// The setting is refused, or the connection is lost.
    pub async fn adjust(&self, setting: &Setting) -> Result<(), QueryError> {
        let turn = self.turn().await?;
        let mut path = String::from("pg_catalog");
        if let Like::Raw(schema) = &setting.like {
            path.push_str(&format!(", \"{}\"", schema.replace('"', "\"\"")));
        }
        let limit = i32::try_from(setting.limit.as_millis()).unwrap_or(i32::MAX).max(1);
        // Never lowered: a server that gives more has reasons. A hash table takes this times a multiplier, so that the
        // two together keep to the limit.
        let memory = if setting.like == Like::Join {
            format!(
                "select set_config('work_mem', greatest(setting::bigint, {} / greatest(1, multiplier))::bigint || 'kB', true) \
                   from pg_settings, (select current_setting('hash_mem_multiplier')::numeric as multiplier) as m \
                  where name = 'work_mem'",
                self.work_mem.min(1 << 20) * 1024
            )
        } else {
            "set local work_mem to default".to_owned()
        };
        // Workers would mix the rows, and a scan that joins another one begins in the middle.
        let order = if setting.like == Like::Stream {
            "set local max_parallel_workers_per_gather = 0; set local synchronize_seqscans = off"
        } else {
            "set local max_parallel_workers_per_gather to default; set local synchronize_seqscans to default"
        };
        let sql = format!(
            "set local statement_timeout = {limit}; set local search_path = {path}; {order}; {memory}"
        );
        match self.command(&sql).await {
            Ok(()) => turn.keep().await,
            Err(error) => {
                turn.back().await?;
                Err(error)
            }
        }
    }

    /// Has the statements that follow read every partition, whatever its bounds or checks say: a foreign one may hold
    /// rows that they rule out, and nobody has looked.
    ///
    /// # Errors
    /// The setting is refused, or the connection is lost.
    pub async fn distrust_bounds(&self) -> Result<(), QueryError> {
        let turn = self.turn().await?;
        match self
            .command("set local enable_partition_pruning = off; set local constraint_exclusion = off")
            .await
        {
            Ok(()) => turn.keep().await,
            Err(error) => {
                turn.back().await?;
                Err(error)
            }
        }
    }

    /// Names of the columns a query would return, without running it.
    ///
    /// # Errors
    /// The query cannot be prepared.
    pub async fn columns_of(&self, sql: &str, params: usize) -> Result<Vec<String>, QueryError> {
        let turn = self.turn().await?;
        let described = match self.client().prepare_typed(sql, &vec![Type::TEXT; params]).await {
            Ok(statement) => Ok(statement.columns().iter().map(|c| c.name().to_owned()).collect()),
            Err(error) => Err(turn.explain(&error).await),
        };
        let back = turn.back().await;
        described.and_then(|columns| back.map(|()| columns))
    }
}
