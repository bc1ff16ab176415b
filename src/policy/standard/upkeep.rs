//! Whether the server keeps itself in order: statistics, autovacuum, the age of transaction numbers.

use super::{Asked, Look, Member};
use crate::verdict::Level;

pub(super) const MEMBERS: &[Member] = &[
    Member {
        name: "statistics",
        title: "every table that holds rows was analysed",
        every: None,
        level: Level::Recommend,
        look: Look::Asked(Asked { sql: &[(0, STATISTICS)] }),
        needs: None,
        things: "tables",
        finding: "no_statistics",
        means: "A logical restore leaves no planner statistics before PostgreSQL 18, and queries are slow until ANALYZE has run:\n\
                the time to recovery is longer than it looks. Autovacuum catches up by itself, so this only warns. Looked at:\n\
                `pg_class.reltuples`, `relpages`, and `pg_stats` of tables that the role may read.",
        cost: "Catalogue only.",
        fix: "`vacuumdb --analyze-in-stages` or `ANALYZE`.",
    },
    Member {
        name: "autovacuum",
        title: "autovacuum is on",
        every: None,
        level: Level::Recommend,
        look: Look::Asked(Asked { sql: &[(0, AUTOVACUUM)] }),
        needs: None,
        things: "settings and tables",
        finding: "autovacuum_off",
        means: "Autovacuum is often turned off for a load and forgotten. Looked at: `autovacuum` and `track_counts`, without which it\n\
                does nothing, and tables that have `autovacuum_enabled` off. On a server that is thrown away after a drill it does not\n\
                matter, so this only warns.",
        cost: "Two settings, and the catalogue.",
        fix: "`ALTER SYSTEM SET autovacuum = on`, `track_counts = on`, and reload; `ALTER TABLE t RESET (autovacuum_enabled)`.",
    },
    Member {
        name: "wraparound",
        title: "no table is near the end of transaction numbers",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, WRAPAROUND)] }),
        needs: None,
        things: "databases and tables",
        finding: "wraparound",
        means: "At an age of about two thousand million transactions without VACUUM FREEZE the server stops taking writes. Found are\n\
                databases and tables at 1600 million or beyond, where servers from version 14 on drop everything else to vacuum\n\
                them; for numbers of transactions and of multixacts.",
        cost: "Catalogue only.",
        fix: "`VACUUM (FREEZE) t`; look for what holds it up: old transactions, prepared ones, slots.",
    },
];

const STATISTICS: &str = "
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname,
         case when pg_relation_size(c.oid) > 0 and (c.reltuples < 0 or (c.reltuples = 0 and c.relpages = 0)
                or (c.reltuples > 0 and not c.relrowsecurity and has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT')
                    and exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
                    and not exists (select 1 from pg_stats s where s.schemaname = n.nspname and s.tablename = c.relname))) then 'broken' else '' end,
         format('`%s` was never analysed', c.relname), null::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'm') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
   order by 1";

const AUTOVACUUM: &str = "
  select name::text, '', case setting when 'on' then '' else 'broken' end, format('%s is %s', name, setting), null::text
    from pg_settings where name in ('autovacuum', 'track_counts')
  union all
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname, case when o.option_value::boolean then '' else 'broken' end,
         format('autovacuum is off for `%s`', c.relname), null::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_options_to_table(c.reloptions) o
   where c.relkind in ('r', 'm') and o.option_name = 'autovacuum_enabled'
     and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
   order by 1";

const WRAPAROUND: &str = "
  select 'database ' || datname, '', case when greatest(age(datfrozenxid), mxid_age(datminmxid)) >= 1600000000 then 'broken' else '' end,
         format('database `%s` is %s transactions and %s multixacts old', datname, age(datfrozenxid), mxid_age(datminmxid)), null::text
    from pg_database
  union all
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname,
         case when greatest(age(c.relfrozenxid), mxid_age(c.relminmxid)) >= 1600000000 then 'broken' else '' end,
         format('`%s` is %s transactions and %s multixacts old', c.relname, age(c.relfrozenxid), mxid_age(c.relminmxid)), null::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'm', 't') and c.relfrozenxid <> '0'
   order by 1";
