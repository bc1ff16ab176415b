//! What a snapshot does not protect from: tables that were truncated, rewritten or replaced, and partitions that came
//! or went, after it was taken.
//!
//! Rows are read by the snapshot, but which files and partitions hold them is read as it is now. A partition that was
//! detached a moment ago is then silently missing, and a truncated table reads as an empty one.
//! Source: "MVCC caveats" in the PostgreSQL documentation.

use super::failure::QueryError;
use super::session::Session;

/// A relation that is not what it was in the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// `schema.name`.
    pub name: String,
    /// The same in double quotes, as statements name it.
    pub quoted: String,
}

/// The catalogue is read by the snapshot where it is a table, and as it is now where a function looks into it. Where
/// the two differ, what stands above (partitioned tables, views) has changed as well.
const CHANGED: &str = "
  with recursive here as (
    select c.oid, c.relkind, c.relfilenode, n.nspname::text, c.relname::text, n.oid as schema
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'm', 'v', 'f') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'),
  above (whole, part) as (
    select inhparent, inhrelid from pg_inherits
    union all
    select r.ev_class, d.refobjid from pg_rewrite r join pg_class v on v.oid = r.ev_class and v.relkind = 'v'
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass),
  changed (oid) as (
    select h.oid from here h
     where (h.relfilenode <> 0 and h.relfilenode is distinct from pg_relation_filenode(h.oid))
        or case when has_schema_privilege(h.schema, 'USAGE')
                then to_regclass(quote_ident(h.nspname) || '.' || quote_ident(h.relname))::oid is distinct from h.oid end
        or case when h.relkind = 'p'
                then array(select i.inhrelid from pg_inherits i where i.inhparent = h.oid order by 1)
                  is distinct from array(select t.relid::oid from pg_partition_tree(h.oid) t where t.level = 1 order by 1) end
    union
    select a.whole from changed c join above a on a.part = c.oid)
  select h.nspname || '.' || h.relname, h.nspname, h.relname from changed c join here h on h.oid = c.oid order by 1";

impl Session {
    /// Relations of users' schemas that are not what they were when the snapshot was taken.
    ///
    /// # Errors
    /// The catalogue cannot be read, or the connection is lost.
    pub async fn changed(&self) -> Result<Vec<Changed>, QueryError> {
        let rows = self.rows(CHANGED, &[]).await?;
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let changed = |row: Vec<Option<String>>| {
            let mut cells = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || cells.next().unwrap_or_default();
            let (name, schema, table) = (next(), next(), next());
            Changed { name, quoted: format!("{}.{}", quote(&schema), quote(&table)) }
        };
        Ok(rows.into_iter().map(changed).collect())
    }
}
