//! Indexes, constraints, triggers and sequences: whether they are in force, and whether the rows obey them.

use super::{Asked, Look, Member};
use crate::verdict::Level;

pub(super) const MEMBERS: &[Member] = &[
    Member {
        name: "indexes",
        title: "every index is valid and ready",
        every: Some(("index", "valid")),
        level: Level::Require,
        look: Look::Objects("index"),
        needs: None,
        things: "indexes",
        finding: "invalid_index",
        means: "An index that is not valid is not used, and if it is not ready it is not kept up to date either: a unique\n\
                one no longer keeps duplicates out. A build that broke off leaves such an index, and so does a partition\n\
                whose index was never attached to that of its parent. Looked at: `pg_index.indislive`, `indisready`,\n\
                `indisvalid` of every index of a table outside the system schemas. That an index is missing altogether\n\
                only a comparison with what was there before can tell: pg_dump leaves invalid ones out.",
        cost: "Catalogue only, read by every run anyway.",
        fix: "`REINDEX INDEX CONCURRENTLY name`, or drop it and create it again.",
    },
    Member {
        name: "constraints",
        title: "every constraint is validated",
        every: Some(("constraint", "valid")),
        level: Level::Require,
        look: Look::Objects("constraint"),
        needs: None,
        things: "constraints",
        finding: "unvalidated_constraint",
        means: "A constraint that is NOT VALID holds for new rows and says nothing about those that are there. It stays so\n\
                in every dump and restore. Looked at: `pg_constraint.convalidated`.",
        cost: "Catalogue only, read by every run anyway.",
        fix: "`ALTER TABLE t VALIDATE CONSTRAINT name`, after mending the rows it complains about.",
    },
    Member {
        name: "foreign_keys",
        title: "every foreign key is valid, and no row violates it",
        every: Some(("foreign_key", "valid")),
        level: Level::Require,
        look: Look::ForeignKeys,
        needs: None,
        things: "foreign keys",
        finding: "foreign_key",
        means: "A load under `session_replication_role = replica` or with `--disable-triggers` does not check foreign keys,\n\
                and they count as valid all the same, for ever. So every key is proven on the rows: those without a parent\n\
                are looked for, and for MATCH FULL also those that are half NULL.",
        cost: "Each child table is read once, with one join per key; shared with other checks that read the same rows.",
        fix: "Bring back the parents from the backup, or remove the orphans; then find out what else the load got wrong.",
    },
    Member {
        name: "unique_keys",
        title: "every primary key and unique index keeps duplicates out",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, UNIQUE)] }),
        needs: None,
        things: "unique indexes",
        finding: "duplicate_key",
        means: "A unique index whose order is broken, say by another version of a collation, lets duplicates in, and asking\n\
                the index would not show them. So the rows of every valid unique index are grouped by its key without any\n\
                index: expressions, partial indexes, NULLS NOT DISTINCT and collations are taken as the index takes them. A\n\
                key with an operator class of its own notion of equality is unproven. Exclusion constraints are not tried.",
        cost: "One pass with a grouping per unique index; the largest of the pack. Bounded by `timeout`.",
        fix: "Find out which of the rows is right, remove the others, then `REINDEX`.",
    },
    Member {
        name: "check_constraints",
        title: "no row violates a check constraint",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, CHECKS)] }),
        needs: None,
        things: "check constraints",
        finding: "check_constraint",
        means: "A check constraint that calls a function, or that came in with an edited catalogue, need not hold for rows\n\
                that are there. So each validated one is evaluated again on every row, also those of the domains of columns (not\n\
                of elements and fields that are of a domain). Of a foreign table it is unproven.",
        cost: "One pass per constraint and per column of such a domain. Bounded by `timeout`.",
        fix: "Mend the rows that are shown, or the function that the constraint calls.",
    },
    Member {
        name: "partitions",
        title: "every row lies in the partition of its key",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, PARTITIONS)] }),
        needs: None,
        things: "partitions",
        finding: "misplaced_row",
        means: "After a change of collation or of a hash function a row may lie in another partition than its key says. It is\n\
                then seen by a full scan and not by a search. The bounds of every partition are evaluated on its rows.",
        cost: "One pass over every partition. Bounded by `timeout`.",
        fix: "Load such rows through the parent again, after `REINDEX` of what the key is indexed by.",
    },
    Member {
        name: "triggers",
        title: "every trigger is enabled",
        every: Some(("trigger", "enabled")),
        level: Level::Require,
        look: Look::Objects("trigger"),
        needs: None,
        things: "triggers",
        finding: "disabled_trigger",
        means: "A load with `--disable-triggers` that stops half-way leaves triggers disabled, also those that enforce foreign\n\
                keys. Looked at: `pg_trigger.tgenabled`; those that fire only on replicas count as not enabled.",
        cost: "Catalogue only, read by every run anyway.",
        fix: "`ALTER TABLE t ENABLE TRIGGER name`, or `ENABLE TRIGGER ALL` for those of foreign keys.",
    },
    Member {
        name: "rules",
        title: "every rule is enabled",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, RULES)] }),
        needs: None,
        things: "rules",
        finding: "disabled_rule",
        means: "A rule of a table can be disabled, or left to fire on replicas only, just as a trigger. Looked at:\n\
                `pg_rewrite.ev_enabled`.",
        cost: "Catalogue only.",
        fix: "`ALTER TABLE t ENABLE RULE name`.",
    },
    Member {
        name: "event_triggers",
        title: "every event trigger is enabled",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, EVENT_TRIGGERS)] }),
        needs: None,
        things: "event triggers",
        finding: "disabled_event_trigger",
        means: "Event triggers often guard DDL or keep an audit of it. Looked at: `pg_event_trigger.evtenabled`.",
        cost: "Catalogue only.",
        fix: "`ALTER EVENT TRIGGER name ENABLE`.",
    },
    Member {
        name: "replica_mode",
        title: "no session starts as a replica",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, REPLICA_MODE)] }),
        needs: None,
        things: "settings of sessions",
        finding: "replica_mode",
        means: "`session_replication_role = replica` as a setting of the server, the database or a role turns off ordinary\n\
                triggers and the checking of foreign keys for everybody it applies to. Some load it that way and forget it.",
        cost: "Catalogue only.",
        fix: "`ALTER DATABASE d RESET session_replication_role`, `ALTER ROLE r RESET ...`, or the line in postgresql.conf.",
    },
    Member {
        name: "sequences",
        title: "every sequence is ahead of its column",
        every: Some(("sequence", "ahead")),
        level: Level::Require,
        look: Look::Sequences,
        needs: None,
        things: "sequences",
        finding: "comparison",
        means: "A sequence behind its column hands out keys that are taken: everything reads well, and the first write fails.\n\
                Looked at: sequences owned by a column, of identity columns, and those that a column's default calls, also\n\
                unowned ones; the last value against the greatest in the column, or the least for those that count down.",
        cost: "The greatest value of each such column: an index makes that free; otherwise a pass, shared with other checks.",
        fix: "`SELECT setval('s', (SELECT max(c) FROM t))`.",
    },
];

/// Ordinary tables of the user and partitions, what extensions brought along left out; names quoted as statements need
/// them. Starts a WITH.
macro_rules! tables {
    ($rest:literal) => {
        concat!(
            "with t as (
  select c.oid, c.relkind, n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted,
         replace(format(' union all select '''', ''empty'', '''', null::text where not exists (select 1 from only %I.%I)', n.nspname, c.relname), '%', '%%') as empty,
         coalesce((select 'json_build_object(' || string_agg(format('%L, r.%I::text', a.attname, a.attname), ', ' order by u.ord) || ')::text'
                     from pg_index p, lateral unnest(p.indkey::int2[]) with ordinality as u (attnum, ord)
                     join pg_attribute a on a.attnum = u.attnum
                    where p.indrelid = c.oid and p.indisprimary and a.attrelid = c.oid),
                  'json_build_object(''ctid'', r.ctid::text)::text') as key
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'm') and c.relispopulated and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'))
",
            $rest
        )
    };
}

const UNIQUE: &str = tables!(
    ", k as (
  select x.indexrelid, x.indrelid, i.relname, u.ord,
         '(' || pg_get_indexdef(x.indexrelid, u.ord::int, false) || ')'
           || coalesce((select format(' collate %I.%I', cn.nspname, co.collname) from pg_collation co
                          join pg_namespace cn on cn.oid = co.collnamespace where co.oid = x.indcollation[u.ord - 1]), '') as expression,
         coalesce((select a.attname::text from pg_attribute a where a.attrelid = x.indrelid and a.attnum = x.indkey[u.ord - 1] and a.attnum > 0),
                  pg_get_indexdef(x.indexrelid, u.ord::int, true)) as word,
         (select oc.opcdefault or oc.opcname in ('text_pattern_ops', 'varchar_pattern_ops', 'bpchar_pattern_ops')
            from pg_opclass oc where oc.oid = x.indclass[u.ord - 1]) as usual,
         coalesce((to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false) as nulls_alike,
         pg_get_expr(x.indpred, x.indrelid) as predicate
    from pg_index x join pg_class i on i.oid = x.indexrelid,
         lateral generate_series(1, x.indnkeyatts) as u (ord)
   where x.indisunique and x.indisvalid and x.indisready and x.indislive),
  g as (
  select indexrelid, indrelid, relname, nulls_alike, predicate, bool_and(usual) as usual,
         string_agg(expression || ' as k' || ord, ', ' order by ord) as selected,
         string_agg('k' || ord, ', ' order by ord) as grouped,
         string_agg('k' || ord || ' is distinct from null', ' and ' order by ord) as present,
         string_agg(format('%L, k%s::text', word, ord), ', ' order by ord) as shown
    from k group by indexrelid, indrelid, relname, nulls_alike, predicate)
  select t.name || '.' || g.relname, t.name,
         case when g.usual then '' else 'unproven' end,
         case when g.usual then '' else format('unique index `%s` has an operator class with a notion of equality of its own', g.relname) end,
         case when g.usual then format(
           '(select %L, %L, format(%L, count(*)), json_build_object(%s)::text from (select %s from only %s%s) as s%s group by %s having count(*) > 1 limit 1000)' || t.empty,
           t.name || '.' || g.relname, 'broken', format('%%s rows share a key of unique index `%s`', replace(g.relname, '%', '%%')),
           g.shown, g.selected, t.quoted, coalesce(' where ' || g.predicate, ''),
           case when g.nulls_alike then '' else ' where ' || g.present end, g.grouped) end
    from g join t on t.oid = g.indrelid
   order by 1"
);

/// A value is taken down to what its domain is made of and given back to the domain, which then looks at it again: who
/// violates it raises an error, and that is read as a finding.
const CHECKS: &str = tables!(
    ", d as (
  select distinct a.attrelid, a.attname, a.atttypid, u.typ, b.root, b.rootmod
    from pg_attribute a,
         lateral (with recursive up (typ, base, typmod) as (
                    select y.oid, y.typbasetype, y.typtypmod from pg_type y where y.oid = a.atttypid and y.typtype = 'd'
                    union all
                    select y.oid, y.typbasetype, y.typtypmod from up join pg_type y on y.oid = up.base and y.typtype = 'd')
                  select typ, base, typmod from up) as u,
         lateral (with recursive up (base, typmod) as (
                    select y.typbasetype, y.typtypmod from pg_type y where y.oid = a.atttypid and y.typtype = 'd'
                    union all
                    select y.typbasetype, y.typtypmod from up join pg_type y on y.oid = up.base and y.typtype = 'd')
                  select base as root, typmod as rootmod from up
                   where not exists (select 1 from pg_type y where y.oid = up.base and y.typtype = 'd')) as b
   where a.attnum > 0 and not a.attisdropped),
  v as (
  select d.attrelid, d.attname, d.atttypid, d.root, d.rootmod, bool_and(k.convalidated) as valid, string_agg(k.conname, ', ' order by k.conname) as names
    from d join pg_constraint k on k.contypid = d.typ and k.contype = 'c'
   group by d.attrelid, d.attname, d.atttypid, d.root, d.rootmod)
  select t.name || '.' || k.conname, t.name, '', '',
         format('(select %L, %L, %L, %s from only %s as r where not (%s) limit 1000)' || t.empty,
                t.name || '.' || k.conname, 'broken', format('violates check constraint `%s`', k.conname), t.key, t.quoted,
                pg_get_expr(k.conbin, k.conrelid))
    from pg_constraint k join t on t.oid = k.conrelid
   where k.contype = 'c' and k.convalidated and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
  union all
  select t.name || '.' || v.attname, t.name, case when v.valid then '' else 'broken' end,
         case when v.valid then '' else format('`%s` is of a domain with a constraint that is NOT VALID: %s', v.attname, v.names) end,
         case when v.valid then format('select %L, %L, count((r.%I::%s)::%s)::text, null::text from only %s as r' || t.empty,
           t.name || '.' || v.attname, '', v.attname, format_type(v.root, v.rootmod), format_type(v.atttypid, null), t.quoted) end
    from v join t on t.oid = v.attrelid
  union all
  select n.nspname || '.' || c.relname || '.' || k.conname, n.nspname || '.' || c.relname, 'unproven',
         format('`%s` is a foreign table, whose server holds its rows to nothing that is declared here', c.relname), null::text
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
   where k.contype = 'c' and k.convalidated and c.relkind = 'f'
   order by 1"
);

const PARTITIONS: &str = tables!(
    "select t.name, t.name, '', '',
         format('(select %L, %L, %L, %s from only %s as r where not (%s) limit 1000)' || t.empty,
                t.name, 'broken', 'does not belong into this partition', t.key, t.quoted, pg_get_partition_constraintdef(t.oid))
    from t join pg_class c on c.oid = t.oid
   where c.relispartition and pg_get_partition_constraintdef(t.oid) is not null
  union all
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname, 'unproven',
         format('`%s` is a foreign table, whose server holds its rows to nothing that is declared here', c.relname), null::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'f' and c.relispartition
   order by 1"
);

const RULES: &str = "
  select n.nspname || '.' || c.relname || '.' || r.rulename, n.nspname || '.' || c.relname,
         case when r.ev_enabled in ('D', 'R') then 'broken' else '' end,
         format('rule `%s` %s', r.rulename, case r.ev_enabled when 'D' then 'is disabled' when 'R' then 'fires only on replicas' else 'is enabled' end),
         null::text
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
   where r.rulename <> '_RETURN' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not exists (select 1 from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
   order by 1";

const EVENT_TRIGGERS: &str = "
  select evtname::text, '', case when evtenabled in ('D', 'R') then 'broken' else '' end,
         format('event trigger `%s` %s', evtname, case evtenabled when 'D' then 'is disabled' when 'R' then 'fires only on replicas' else 'is enabled' end),
         null::text
    from pg_event_trigger order by 1";

const REPLICA_MODE: &str = "
  select case when s.setdatabase = 0 then '' else 'database ' || d.datname end
           || case when s.setdatabase <> 0 and s.setrole <> 0 then ', ' else '' end
           || case when s.setrole = 0 then '' else 'role ' || pg_get_userbyid(s.setrole) end, '',
         'broken', format('sessions of %s start with %s',
           concat_ws(', ', case when s.setdatabase <> 0 then 'database `' || d.datname || '`' end,
                           case when s.setrole <> 0 then 'role `' || pg_get_userbyid(s.setrole) || '`' end), c), null::text
    from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase, lateral unnest(s.setconfig) as c
   where c ~ '^session_replication_role=' and c !~* '=\"?origin\"?$' and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
  union all
  select 'server', '', case when reset_val = 'origin' or source in ('database', 'user', 'database user') then '' else 'broken' end,
         format('the server starts sessions with session_replication_role=%s', reset_val), null::text
    from pg_settings where name = 'session_replication_role'
   order by 1";
