//! What a restored server may do to others, or others to it, once it is let loose.

use super::{Asked, Look, Member};
use crate::verdict::Level;

pub(super) const MEMBERS: &[Member] = &[
    Member {
        name: "recovery",
        title: "recovery has ended",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, RECOVERY)] }),
        needs: None,
        things: "servers",
        finding: "in_recovery",
        means: "A server that is still in recovery, or paused at its target, takes no writes, and what is read now may still\n\
                change. For a standby, or a look before promotion, leave it out with that reason.",
        cost: "One function.",
        fix: "`SELECT pg_promote()`, when the target is reached; `pg_wal_replay_resume()` if it is not.",
    },
    Member {
        name: "publications",
        title: "every published table can be updated",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, PUBLICATIONS)] }),
        needs: None,
        things: "published tables",
        finding: "no_replica_identity",
        means: "A table that a publication of updates or deletes covers needs a replica identity: without its key, say after a\n\
                restore that did not create it, every UPDATE and DELETE fails. Looked at: `pg_publication_tables`,\n\
                `pg_class.relreplident` and the indexes.",
        cost: "Catalogue only.",
        fix: "Create the primary key again, or `ALTER TABLE t REPLICA IDENTITY FULL`.",
    },
    Member {
        name: "subscriptions",
        title: "no subscription is enabled",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, SUBSCRIPTIONS)] }),
        needs: None,
        things: "subscriptions",
        finding: "enabled_subscription",
        means: "A restored subscription that is enabled goes on pulling rows from the publisher, and moves the slot there that the\n\
                original needs. pg_dump leaves them disabled, a physical restore does not. On a server whose subscription is\n\
                meant to run, leave it out with that reason.",
        cost: "Catalogue only.",
        fix: "`ALTER SUBSCRIPTION s DISABLE`, then `SET (slot_name = NONE)` before dropping it.",
    },
    Member {
        name: "replication_slots",
        title: "no replication slot lies idle or has lost its WAL",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, SLOTS)] }),
        needs: None,
        things: "replication slots",
        finding: "idle_slot",
        means: "A slot that nobody reads keeps WAL until the disk is full. Looked at: `pg_replication_slots`.",
        cost: "One view.",
        fix: "`SELECT pg_drop_replication_slot('s')`, or start its consumer.",
    },
    Member {
        name: "prepared_transactions",
        title: "no prepared transaction is left open",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, PREPARED)] }),
        needs: None,
        things: "prepared transactions",
        finding: "prepared_transaction",
        means: "A physical restore brings prepared transactions back with their locks, and they hold up VACUUM until somebody\n\
                ends them. Their rows are not seen. Looked at: `pg_prepared_xacts`.",
        cost: "One view.",
        fix: "`COMMIT PREPARED 'gid'` or `ROLLBACK PREPARED 'gid'`, as its coordinator says.",
    },
    Member {
        name: "foreign_servers",
        title: "no foreign server leads elsewhere",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, SERVERS)] }),
        needs: None,
        things: "foreign servers",
        finding: "foreign_server",
        means: "A restored database with the foreign servers and user mappings of production reads from there, and writes there.\n\
                Only `file_fdw` is not counted. A server that is meant to be there is left out with its reason.",
        cost: "Catalogue only. Of the options only host, port and database are shown.",
        fix: "`ALTER SERVER s OPTIONS (SET host '...')`, or `DROP SERVER s CASCADE`; or leave it out: `without foreign_servers \"s\" because ...`.",
    },
    Member {
        name: "archiving",
        title: "the server archives no WAL",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, ARCHIVING)] }),
        needs: None,
        things: "settings",
        finding: "archiving",
        means: "A restored server with the archive command of the original writes its WAL into the original's archive, and can\n\
                spoil it. On a server that is meant to archive, leave it out with that reason. Looked at: `archive_mode`,\n\
                `archive_command`, `archive_library`; commands such as `/bin/true` are not counted. The command is not shown.",
        cost: "Three settings.",
        fix: "`ALTER SYSTEM SET archive_mode = off` before the first start; or point it at an archive of its own.",
    },
    Member {
        name: "scheduled_jobs",
        title: "no scheduled job would start",
        every: None,
        level: Level::Require,
        look: Look::Asked(Asked { sql: &[(0, JOBS)] }),
        needs: None,
        things: "schedulers",
        finding: "scheduled_job",
        means: "Jobs of `pg_cron`, `pgagent` and `pg_timetable` are rows, and a restore brings them along: mails are sent, and\n\
                partitions dropped, from the copy. Looked at: the active rows of `cron.job`, `pgagent.pga_job` and\n\
                `timetable.chain`, where these tables exist in this database. `cron.job` shows a role its own jobs only, unless it has BYPASSRLS:\n\
                then it is unproven.",
        cost: "Small tables.",
        fix: "`UPDATE cron.job SET active = false`, `UPDATE pgagent.pga_job SET jobenabled = false`, before the scheduler starts.",
    },
];

const RECOVERY: &str = "
  select 'server', '', case when pg_is_in_recovery() then 'broken' else '' end,
         case when pg_is_in_recovery() then 'the server is in recovery' || case when pg_is_wal_replay_paused() then ', and paused' else '' end
              else 'recovery has ended' end, null::text";

const PUBLICATIONS: &str = "
  select n.nspname || '.' || c.relname, n.nspname || '.' || c.relname,
         case when c.relreplident = 'f' then ''
              when c.relreplident = 'd' and exists (select 1 from pg_index x where x.indrelid = c.oid and x.indisprimary and x.indimmediate and x.indisvalid) then ''
              when c.relreplident = 'i' and exists (select 1 from pg_index x where x.indrelid = c.oid and x.indisreplident and x.indisvalid) then ''
              else 'broken' end,
         format('`%s` is in publication %s and has no replica identity: updates and deletes fail', c.relname, string_agg('`' || p.pubname || '`', ', ' order by p.pubname)), null::text
    from pg_publication p join pg_publication_tables t on t.pubname = p.pubname
    join pg_namespace n on n.nspname = t.schemaname join pg_class c on c.relname = t.tablename and c.relnamespace = n.oid
   where p.pubupdate or p.pubdelete
   group by n.nspname, c.relname, c.relreplident, c.oid
   order by 1";

const SUBSCRIPTIONS: &str = "
  select subname::text, '', case when subenabled then 'broken' else '' end, format('subscription `%s` is enabled', subname), null::text
    from pg_subscription where subdbid = (select oid from pg_database where datname = current_database()) order by 1";

const SLOTS: &str = "
  select slot_name::text, '', case when wal_status = 'lost' or not active then 'broken' else '' end,
         case when wal_status = 'lost' then format('replication slot `%s` has lost the WAL it needs', slot_name)
              else format('replication slot `%s` is read by nobody and keeps WAL', slot_name) end, null::text
    from pg_replication_slots where not temporary order by 1";

const PREPARED: &str = "
  select gid::text, '', 'broken', format('transaction `%s` of `%s` was prepared at %s and is open', gid, owner, prepared), null::text
    from pg_prepared_xacts where database = current_database() order by 1";

const SERVERS: &str = "
  select s.srvname::text, '', case when w.fdwname = 'file_fdw' then '' else 'broken' end,
         format('foreign server `%s` of `%s`%s, with %s user mappings', s.srvname, w.fdwname,
           coalesce((select ' leads to ' || string_agg(o.option_name || ' ' || o.option_value, ', ' order by o.option_name)
                       from pg_options_to_table(s.srvoptions) o where o.option_name in ('host', 'hostaddr', 'port', 'dbname')), ''),
           (select count(*) from pg_user_mappings m where m.srvid = s.oid)), null::text
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw order by 1";

const ARCHIVING: &str = "
  with s as (
  select coalesce((select setting from pg_settings where name = 'archive_mode'), '?') as mode,
         (select btrim(setting) from pg_settings where name = 'archive_command') as command,
         coalesce((select setting from pg_settings where name = 'archive_library'), '') as library)
  select 'archive_mode', '',
         case when mode = 'off' then '' when mode = '?' or command is null then 'unproven'
              when library = '' and command in ('', '(disabled)', 'true', '/bin/true', '/usr/bin/true', ':', 'exit 0') then '' else 'broken' end,
         case when mode = '?' or command is null then 'the settings of archiving may not be read'
              else format('archive_mode is %s, and %s is set', mode, case when library = '' then 'archive_command' else 'archive_library' end) end, null::text
    from s";

const JOBS: &str = "
  select j.name, j.place, '', '', j.statement
    from (values
      ('pg_cron', 'cron', 'job', 'select ''pg_cron job '' || jobid, ''broken'', format(''pg_cron job %s of role `%s` in database `%s` is active'', jobid, username, database), null::text from cron.job where active order by jobid limit 1000'),
      ('pgagent', 'pgagent', 'pga_job', 'select ''pgagent job '' || jobid, ''broken'', format(''pgagent job %s `%s` is enabled'', jobid, jobname), null::text from pgagent.pga_job where jobenabled order by jobid limit 1000'),
      ('pg_timetable', 'timetable', 'chain', 'select ''pg_timetable chain '' || chain_id, ''broken'', format(''pg_timetable chain %s `%s` is live'', chain_id, chain_name), null::text from timetable.chain where live order by chain_id limit 1000')
    ) as v (name, schema, tab, statement),
    lateral (select v.name, v.schema || '.' || v.tab as place, v.statement
               from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = v.schema and c.relname = v.tab and c.relkind in ('r', 'p', 'v', 'm')) as j
   order by 1";
