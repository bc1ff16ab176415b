//! What the database stands on: extensions, collations, pages.

use super::{Asked, Look, Member};
use crate::verdict::Level;

pub(super) const MEMBERS: &[Member] = &[
    Member {
        name: "extensions",
        title: "every extension is available on this server",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, EXTENSIONS)] }),
        needs: None,
        things: "extensions",
        finding: "missing_extension",
        means: "After a physical restore on another host the catalogue may name extensions that are not installed there:\n\
                whatever uses them fails when it is used, and the next dump cannot be restored. Looked at: `pg_extension`\n\
                against the control files that the server finds. That a shared library loads is not tried, since loading one\n\
                runs its code.",
        cost: "Reads the control files.",
        fix: "Install the package of the extension for this version of PostgreSQL.",
    },
    Member {
        name: "extension_versions",
        title: "every extension has the version that is installed here",
        every: None,
        level: Level::Recommend,
        look: Look::Asked(Asked { sql: &[(0, EXTENSION_VERSIONS)] }),
        needs: None,
        things: "extensions",
        finding: "extension_version",
        means: "An extension whose objects are of another version than its package waits for `ALTER EXTENSION ... UPDATE`, and\n\
                a dump of it comes out with the other version. Common, and seldom a fault, so it only warns.",
        cost: "Reads the control files.",
        fix: "`ALTER EXTENSION name UPDATE`, after reading its notes.",
    },
    Member {
        name: "collations",
        title: "every collation in use has the version it was used with",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, COLLATIONS), (150_000, COLLATIONS_15)] }),
        needs: None,
        things: "collations",
        finding: "collation_version",
        means: "Another version of the C library or of ICU sorts otherwise. An index built with the old order then misses rows,\n\
                lets duplicates in, and range partitions hold the wrong rows. Looked at: the recorded and the actual version of\n\
                every collation that a column, an index or a partition key uses or a user made, and from PostgreSQL 15 on that\n\
                of the database; before that it is recorded nowhere, which is noted. The number of indexes at risk is shown.",
        cost: "Catalogue only.",
        fix: "`REINDEX` the indexes that use it, then `ALTER COLLATION c REFRESH VERSION`, or `ALTER DATABASE d REFRESH COLLATION VERSION`.",
    },
    Member {
        name: "btree",
        title: "every btree index is sound and holds every row of its table",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, BTREE)] }),
        needs: Some("amcheck"),
        things: "btree indexes",
        finding: "corrupt_index",
        means: "`bt_index_check` of the extension `amcheck` follows every page of an index and compares it with the rows. The\n\
                extension is never created by a verification. Where it is not installed, the pack skips this member and says\n\
                so; `require standard.btree is healthy` is unproven then.",
        cost: "Reads every index and every table with one. Bounded by `timeout`. Needs EXECUTE on `bt_index_check(regclass, boolean)`.",
        fix: "`REINDEX INDEX name`; then find out why, since hardware or a collation is often behind it.",
    },
    Member {
        name: "heap",
        title: "no page of a table is damaged",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, HEAP)] }),
        needs: Some("amcheck"),
        things: "tables",
        finding: "corrupt_table",
        means: "`verify_heapam` of the extension `amcheck` (from PostgreSQL 14 on) looks at every row and its TOAST. As with\n\
                `btree`, the pack skips it where the extension is not installed.",
        cost: "Reads every table. Bounded by `timeout`. Needs EXECUTE on `verify_heapam`.",
        fix: "Restore again from another backup; a damaged table cannot be mended with certainty.",
    },
    Member {
        name: "data_checksums",
        title: "pages carry checksums",
        every: None,
        level: Level::Recommend,
        look: Look::Asked(Asked { sql: &[(0, CHECKSUMS)] }),
        needs: None,
        things: "settings",
        finding: "no_checksums",
        means: "Without checksums, a page that a disk damaged is read as if it were sound. A cluster without them is no fault of a\n\
                restore, so this only warns.",
        cost: "One setting.",
        fix: "`pg_checksums --enable` on the stopped server; the default from PostgreSQL 18 on.",
    },
    Member {
        name: "encoding",
        title: "the database has an encoding that is checked",
        every: None,
        level: Level::Recommend,
        look: Look::Asked(Asked { sql: &[(0, ENCODING)] }),
        needs: None,
        things: "databases",
        finding: "sql_ascii",
        means: "In a database with encoding SQL_ASCII any bytes pass as text, and clients read them as they please. Whether it was\n\
                so before a restore only a comparison can tell, so this only warns.",
        cost: "Catalogue only.",
        fix: "Dump it, convert the dump, and restore it into a database with `ENCODING 'UTF8'`.",
    },
];

const EXTENSIONS: &str = "
  select e.extname::text, '', case when a.name is null then 'broken' else '' end,
         format('extension `%s` %s is used here and not installed on this server', e.extname, e.extversion), null::text
    from pg_extension e left join pg_available_extensions() a on a.name = e.extname
   order by 1";

const EXTENSION_VERSIONS: &str = "
  select e.extname::text, '', case when a.default_version is distinct from e.extversion and a.name is not null then 'broken' else '' end,
         format('extension `%s` is of version %s, and %s is installed', e.extname, e.extversion, coalesce(a.default_version, 'none')), null::text
    from pg_extension e left join pg_available_extensions() a on a.name = e.extname
   order by 1";

/// The collations themselves; what is said of the database's own differs by version.
macro_rules! collations {
    ($rest:literal) => {
        concat!(
            "with o as (
  select c.oid, n.nspname || '.' || c.collname as name, c.collversion, pg_collation_actual_version(c.oid) as actual,
         (select count(*) from pg_index x where c.oid = any (x.indcollation::oid[])) as indexes,
         exists (select 1 from pg_attribute a join pg_class r on r.oid = a.attrelid where a.attcollation = c.oid and r.relkind in ('r', 'm', 'p', 'i', 'I') and r.oid >= 16384)
           or exists (select 1 from pg_partitioned_table p where c.oid = any (p.partcollation::oid[])) or c.oid >= 16384 as used
    from pg_collation c join pg_namespace n on n.oid = c.collnamespace
   where c.collversion is not null and c.collprovider <> 'd'
     and c.collencoding in (-1, (select encoding from pg_database where datname = current_database())))
  select name, '', case when actual is null then 'unproven' when actual <> collversion then 'broken' else '' end,
         case when actual is null then format('collation `%s` was version %s, and which it is now is not known', name, collversion)
              else format('collation `%s` was version %s and is %s: %s indexes are at risk', name, collversion, actual, indexes) end, null::text
    from o where used or indexes > 0
  union all
  select 'others', '', 'note', format('%s collations that nothing uses are of another version than recorded', count(*)), null::text
    from o where not used and indexes = 0 and actual is distinct from collversion having count(*) > 0
  union all
",
            $rest
        )
    };
}

const COLLATIONS: &str = collations!(
    "select 'database', '', 'note', format('the database''s own collation is %s, whose version servers before 15 do not record', datcollate), null::text
    from pg_database where datname = current_database() and datcollate not in ('C', 'POSIX')
   order by 1"
);

const COLLATIONS_15: &str = collations!(
    "select 'database ' || datname, '', case when datcollversion is null then 'note' when actual is null then 'unproven' when actual <> datcollversion then 'broken' else '' end,
         case when datcollversion is null then 'the database''s own collation has no version'
              when actual is null then format('the database''s own collation was version %s, and which it is now is not known', datcollversion)
              else format('the database''s own collation was version %s and is %s: %s indexes are at risk', datcollversion, actual,
                (select count(*) from pg_index x where 100 = any (x.indcollation::oid[]))) end, null::text
    from (select datname, datcollate, to_jsonb(d) ->> 'datcollversion' as datcollversion, pg_database_collation_actual_version(oid) as actual
            from pg_database d where datname = current_database()) as d
   where datcollversion is not null or datcollate not in ('C', 'POSIX')
   order by 1"
);

const BTREE: &str = "
  with x as (select format('%I', n.nspname) as place from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'amcheck')
  select 'amcheck', '', 'unproven', 'the extension amcheck is not installed in this database, and a verification creates nothing', null::text
   where not exists (select 1 from x)
  union all
  select n.nspname || '.' || c.relname || '.' || i.relname, n.nspname || '.' || c.relname, '', '',
         format('select %L, %L, %L, null::text from %s.bt_index_check(%s::regclass, true)', n.nspname || '.' || c.relname || '.' || i.relname, '', '', x.place, i.oid)
    from x, pg_index p join pg_class i on i.oid = p.indexrelid join pg_am am on am.oid = i.relam
    join pg_class c on c.oid = p.indrelid join pg_namespace n on n.oid = c.relnamespace
   where am.amname = 'btree' and i.relkind = 'i' and p.indisready and p.indisvalid and i.relpersistence = 'p'
     and n.nspname !~ '^pg_temp' and n.nspname !~ '^pg_toast_temp'
   order by 1";

const HEAP: &str = "
  with x as (select e.oid, format('%I', n.nspname) as place,
                    exists (select 1 from pg_proc p where p.pronamespace = n.oid and p.proname = 'verify_heapam') as able
               from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'amcheck')
  select 'amcheck', '', 'unproven', 'the extension amcheck is not installed in this database, and a verification creates nothing', null::text
   where not exists (select 1 from x)
  union all
  select 'amcheck', '', 'unproven', 'this version of amcheck cannot look at tables; from PostgreSQL 14 on it can', null::text from x where not able
  union all
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname, '', '',
         format('select %L, %L, format(%L, blkno, offnum, msg), null::text from %s.verify_heapam(relation => %s::regclass, check_toast => true) limit 1000',
           n.nspname || '.' || c.relname, 'broken', 'block %s, item %s: %s', x.place, c.oid)
    from x, pg_class c join pg_namespace n on n.oid = c.relnamespace
   where x.able and c.relkind in ('r', 'm') and c.relpersistence = 'p'
   order by 1";

const CHECKSUMS: &str = "
  select 'data_checksums', '', case setting when 'on' then '' else 'broken' end,
         format('data_checksums is %s: a damaged page is read as if it were sound', setting), null::text
    from pg_settings where name = 'data_checksums'";

const ENCODING: &str = "
  select datname::text, '', case pg_encoding_to_char(encoding) when 'SQL_ASCII' then 'broken' else '' end,
         format('database `%s` has encoding %s, in which any bytes pass as text', datname, pg_encoding_to_char(encoding)), null::text
    from pg_database where datname = current_database()";
