//! What a restore may leave empty: unlogged tables, materialized views, large objects.

use super::{Asked, Look, Member};
use crate::verdict::Level;

pub(super) const MEMBERS: &[Member] = &[
    Member {
        name: "contents",
        title: "tables hold rows",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, CONTENTS)] }),
        needs: None,
        things: "tables",
        finding: "no_rows",
        means: "A dump of nothing restores without a complaint, and an empty database has no faults. At least one table outside\n\
                the system schemas must hold a row; where none does, it is unproven unless the check says `allow empty`. How\n\
                many rows there should be, `rows(Table) > N` and a comparison with what was there before say.",
        cost: "The first row of each table.",
        fix: "Look at what the restore said; restore from another backup.",
    },
    Member {
        name: "unlogged_tables",
        title: "no table is unlogged",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, UNLOGGED)] }),
        needs: None,
        things: "tables",
        finding: "unlogged_table",
        means: "Base backups leave the rows of unlogged tables out, and a crash or a promotion empties them: after a physical\n\
                restore such a table is there and empty. Looked at: `pg_class.relpersistence`.",
        cost: "Catalogue only.",
        fix: "`ALTER TABLE t SET LOGGED`, or leave a table out that may be lost: `without unlogged_tables \"public.t\" because ...`.",
    },
    Member {
        name: "materialized_views",
        title: "every materialized view is populated",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, VIEWS)] }),
        needs: None,
        things: "materialized views",
        finding: "unpopulated_view",
        means: "pg_restore refreshes materialized views last and goes on when that fails, often for an empty search_path: the\n\
                view is there and cannot be read. Looked at: `pg_class.relispopulated`.",
        cost: "Catalogue only.",
        fix: "`REFRESH MATERIALIZED VIEW v`; if that fails, name the schemas in its query.",
    },
    Member {
        name: "large_objects",
        title: "every large object that is referred to is there",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, LARGE_OBJECTS)] }),
        needs: None,
        things: "columns that may hold large objects",
        finding: "missing_large_object",
        means: "pg_dump leaves large objects out with `-n`, `-t` and `-B`. Looked at: columns of type `oid`, of domains over it\n\
                such as `lo`, and all their values, against `pg_largeobject_metadata`. A column counts as one of large objects\n\
                if its domain is called `lo`, if the trigger function `lo_manage` works on its table, or if any of its values is\n\
                one; values that are oids of other objects are not counted then. Where none of a column's values is anything\n\
                that is there, it is unproven: it holds something else, or all of them are lost.",
        cost: "One pass over each table with such a column. Bounded by `timeout`.",
        fix: "Restore with `-b`; leave a column out that holds something else: `without large_objects \"public.t.c\" because ...`.",
    },
    Member {
        name: "orphaned_large_objects",
        title: "every large object is referred to",
        every: None,
        level: Level::Recommend,
        look: Look::Asked(Asked { sql: &[(0, ORPHANS)] }),
        needs: None,
        things: "large objects",
        finding: "orphaned_large_object",
        means: "A large object that no column of type `oid` refers to is lost to everybody, or its number is kept in a text or\n\
                a bigint, which nobody can tell apart. So this only warns.",
        cost: "One pass over each table with such a column, if there are large objects at all. Bounded by `timeout`.",
        fix: "`vacuumlo -n` shows what it would remove.",
    },
];

const CONTENTS: &str = "
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname, '', '',
         format('select %L, %L, %L, null::text where not exists (select 1 from only %I.%I)', '', 'empty', '', n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
   order by 1";

const UNLOGGED: &str = "
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname, case c.relpersistence when 'u' then 'broken' else '' end,
         format('`%s` is unlogged: a physical restore or a crash empties it', c.relname), null::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'm') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
   order by 1";

const VIEWS: &str = "
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname, case when c.relispopulated then '' else 'broken' end,
         format('materialized view `%s` was never filled and cannot be read', c.relname), null::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'm' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
   order by 1";

/// Columns that may hold the number of a large object. Starts a WITH.
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "with recursive base (oid, root, lo) as (
  select oid, oid, false from pg_type where typtype <> 'd'
  union all
  select t.oid, b.root, b.lo or t.typname = 'lo' from pg_type t join base b on t.typbasetype = b.oid where t.typtype = 'd'),
  col as (
  select n.nspname || '.' || c.relname as name, c.relname, a.attname, format('%I.%I', n.nspname, c.relname) as quoted,
         b.lo or exists (select 1 from pg_trigger g join pg_proc p on p.oid = g.tgfoid where g.tgrelid = c.oid and p.proname = 'lo_manage') as sure
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped join base b on b.oid = a.atttypid
   where c.relkind in ('r', 'm') and c.relispopulated and b.root = 'pg_catalog.oid'::regtype
     and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'))
",
            $rest
        )
    };
}

const LARGE_OBJECTS: &str = columns!(
    "select name || '.' || attname, name, '', '', format(
  'with v as materialized (select distinct r.%I::oid as o from only %s as r where r.%I::oid <> 0),
     m as materialized (select v.o from v where not exists (select 1 from pg_largeobject_metadata l where l.oid = v.o)),
     s as (select %L or exists (select 1 from v where exists (select 1 from pg_largeobject_metadata l where l.oid = v.o)) as sure),
     u as (select m.o from m where %L or not exists (
       select 1 from pg_class x where x.oid = m.o union all select 1 from pg_type x where x.oid = m.o union all select 1 from pg_proc x where x.oid = m.o
       union all select 1 from pg_namespace x where x.oid = m.o union all select 1 from pg_roles x where x.oid = m.o
       union all select 1 from pg_database x where x.oid = m.o union all select 1 from pg_tablespace x where x.oid = m.o
       union all select 1 from pg_constraint x where x.oid = m.o union all select 1 from pg_operator x where x.oid = m.o
       union all select 1 from pg_collation x where x.oid = m.o union all select 1 from pg_extension x where x.oid = m.o))
   (select %L, %L, format(%L, u.o), json_build_object(%L, u.o::text)::text from u, s where s.sure order by u.o limit 1000)
   union all
   select %L, %L, format(%L, count(*)), null::text from u, s where not s.sure having count(*) > 0',
  attname, quoted, attname, sure, sure,
  name || '.' || attname, 'broken', format('`%s` refers to large object %%s, which is not there', replace(attname, '%', '%%')), attname,
  name || '.' || attname, 'unproven', format('`%s` holds %%s numbers that are no large object here: it holds something else, or all are lost', replace(attname, '%', '%%')))
    from col order by 1"
);

const ORPHANS: &str = columns!(
    "select 'large objects', '', '', '', format(
  'select l.oid::text, %L, format(%L, l.oid), null::text from pg_largeobject_metadata l where true%s order by l.oid limit 1000',
  'broken', 'no column of type oid refers to large object %s',
  coalesce((select string_agg(format(' and not exists (select 1 from only %s as r where r.%I::oid = l.oid)', quoted, attname), '' order by name, attname) from col), ''))
   where exists (select 1 from pg_largeobject_metadata)"
);
