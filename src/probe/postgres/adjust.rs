//! What one statement needs differently: its time limit, the schemas raw SQL may leave unnamed, memory for a join.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::failure::QueryError;
use super::session::Session;

impl Session {
    /// Sets the time limit and the search path for the statements that follow in this transaction, and whether they are
    /// joins, whose hash tables get more memory. Others do not: with more of it the server would group by hashing where
    /// going along an index is faster, having guessed too few groups.
    ///
    /// `pg_catalog` always comes first, so that no schema can shadow the system's functions.
    ///
    /// # Errors
    /// The setting is refused, or the connection is lost.
    pub async fn adjust(
        &self,
        statement_timeout: Duration,
        schemas: &[&str],
        join: bool,
    ) -> Result<(), QueryError> {
        let turn = self.turn().await?;
        let mut path = String::from("pg_catalog");
        for schema in schemas {
            path.push_str(&format!(", \"{}\"", schema.replace('"', "\"\"")));
        }
        let limit = i32::try_from(statement_timeout.as_millis()).unwrap_or(i32::MAX).max(1);
        // Never lowered: a server that gives more has reasons. A hash table takes this times a multiplier, so that the
        // two together keep to the limit.
        let memory = if join {
            format!(
                "select set_config('work_mem', greatest(setting::bigint, {} / greatest(1, multiplier))::bigint || 'kB', true) \
                   from pg_settings, (select current_setting('hash_mem_multiplier')::numeric as multiplier) as m \
                  where name = 'work_mem'",
                self.work_mem.min(1 << 20) * 1024
            )
        } else {
            "set local work_mem to default".to_owned()
        };
        let sql = format!("set local statement_timeout = {limit}; set local search_path = {path}; {memory}");
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
