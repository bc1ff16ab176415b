//! How large tables are on disk.

use std::collections::BTreeMap;

use super::failure::QueryError;
use super::session::Session;
use crate::policy::RelationName;

/// Asking for a size takes a lock on the table, so that this is for tables that the run holds already.
const BLOCKS: &str = "
  select n.nspname::text, c.relname::text, (pg_relation_size(c.oid) / current_setting('block_size')::int)::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'r' and n.nspname || '.' || c.relname = any (string_to_array($1::text, chr(10)))";

/// A row of a table that nobody has analysed, assumed in bytes.
const ROW: i64 = 100;

/// Tables that were never analysed, as after a restore, with what their files hold. No more is waited for than the lock of
/// a table that is in use, and where it cannot be had nothing is known.
const UNCOUNTED: &str = "
  select n.nspname::text, c.relname::text, pg_relation_size(c.oid)::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'r' and c.reltuples <= 0 and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'";

impl Session {
    /// Rows of tables that were never analysed, guessed by their size.
    ///
    /// # Errors
    /// They cannot be asked for, or the connection is lost.
    pub async fn guessed_rows(&self) -> Result<BTreeMap<RelationName, i64>, QueryError> {
        let rows = self.rows_within(UNCOUNTED, "set local lock_timeout = '100ms'").await?;
        let guess = |row: Vec<Option<String>>| {
            let mut cells = row.into_iter().map(Option::unwrap_or_default);
            let schema = cells.next()?;
            let name = RelationName { schema, name: cells.next()? };
            Some((name, cells.next()?.parse::<i64>().ok()? / ROW))
        };
        Ok(rows.into_iter().filter_map(guess).collect())
    }

    /// Blocks of tables that are stored as one piece.
    ///
    /// # Errors
    /// They cannot be asked for, or the connection is lost.
    pub async fn blocks(&self, of: &[RelationName]) -> Result<BTreeMap<RelationName, u64>, QueryError> {
        let names: Vec<String> = of.iter().map(ToString::to_string).collect();
        let rows = self.rows(BLOCKS, &[&names.join("\n")]).await?;
        let block = |row: Vec<Option<String>>| {
            let mut cells = row.into_iter().map(Option::unwrap_or_default);
            let schema = cells.next()?;
            let name = RelationName { schema, name: cells.next()? };
            Some((name, cells.next()?.parse().ok()?))
        };
        Ok(rows.into_iter().filter_map(block).collect())
    }
}
