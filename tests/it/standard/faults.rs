//! One fault at a time.

use super::{PACK, cluster, not_holding, verify};
use crate::support::{Cluster, Options, fail};

/// A fault: its name, what is done, the members that see it with a piece of what they say, and what is done after it.
struct Fault(&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

const FAULTS: &[Fault] = &[
    Fault("index", "update pg_index set indisvalid = false where indexrelid = 'plain_pkey'::regclass",
        &[("indexes", "`plain_pkey` is not valid")], ""),
    Fault("constraint", "alter table plain add constraint late check (id <> 77) not valid",
        &[("constraints", "`late` is NOT VALID")], ""),
    Fault("foreign_key", "set session_replication_role = replica; insert into line (entry_id, v) values (999, 1)",
        &[("foreign_keys", "violates foreign key")], ""),
    // An index that is not ready is not kept up to date, as one with a broken order is not found in.
    Fault("unique_key",
        "update pg_index set indisready = false where indexrelid = 'plain_pkey'::regclass;
         insert into plain values (1, 'again'), (1, 'and again');
         update pg_index set indisready = true where indexrelid = 'plain_pkey'::regclass",
        &[("unique_keys", "3 rows share a key of unique index `plain_pkey`")], ""),
    Fault("check", "create or replace function fine(int) returns boolean language sql immutable as 'select $1 > 3'",
        &[("check_constraints", "violates check constraint `line_v_check`")], ""),
    Fault("domain",
        "alter domain amount add constraint later check (value < 500) not valid",
        &[("check_constraints", "NOT VALID")], ""),
    Fault("domain_value",
        "alter domain amount drop constraint amount_check; update line set v = 5000 where id = 1;
         alter domain amount add constraint later check (value < 1000) not valid;
         update pg_constraint set convalidated = true where conname = 'later'",
        &[("check_constraints", "violates check constraint \"later\"")], ""),
    Fault("partition",
        "alter table by_year detach partition by_year_2020; insert into by_year_2020 values (2, '2025-01-01');
         alter table by_year_2020 add constraint bound check (at >= '2020-01-01' and at < '2021-01-01') not valid;
         update pg_constraint set convalidated = true where conname = 'bound';
         alter table by_year attach partition by_year_2020 for values from ('2020-01-01') to ('2021-01-01');
         alter table by_year_2020 drop constraint bound",
        &[("partitions", "does not belong into this partition")], ""),
    Fault("trigger", "alter table entry disable trigger touched", &[("triggers", "`touched` is disabled")], ""),
    Fault("replica_trigger", "alter table entry enable replica trigger touched",
        &[("triggers", "`touched` fires only on replicas")], ""),
    Fault("key_trigger", "alter table line disable trigger all", &[("triggers", "is disabled")], ""),
    Fault("rule", "alter table plain disable rule keep", &[("rules", "`keep` is disabled")], ""),
    Fault("event_trigger",
        "create function on_ddl() returns event_trigger language plpgsql as $$ begin end $$;
         create event trigger watch on ddl_command_end execute function on_ddl();
         alter event trigger watch enable replica",
        &[("event_triggers", "`watch` fires only on replicas")], ""),
    Fault("replica_mode", "alter database standard_replica_mode set session_replication_role = replica",
        &[("replica_mode", "database `standard_replica_mode` start with session_replication_role=replica")], ""),
    Fault("sequence", "select setval('line_id_seq', 2)", &[("sequences", "")], ""),
    Fault("unowned_sequence", "create sequence counter; alter table plain alter id set default nextval('counter')",
        &[("sequences", "")], ""),
    Fault("unlogged", "alter table plain set unlogged", &[("unlogged_tables", "`plain` is unlogged")], ""),
    Fault("view", "refresh materialized view seen with no data", &[("materialized_views", "`seen` was never filled")], ""),
    Fault("large_object", "select lo_unlink(body) from entry where id = 2",
        &[("large_objects", "which is not there")], ""),
    Fault("orphan", "select lo_create(424242)", &[("orphaned_large_objects", "large object 424242")], ""),
    Fault("plain_oid", "create table files (id int primary key, o oid); insert into files values (1, 4100000000); analyze files",
        &[("large_objects", "or all are lost")], ""),
    Fault("extension", "update pg_extension set extname = 'gone' where extname = 'lo'",
        &[("extensions", "`gone` 1.1 is used here and not installed")], ""),
    Fault("extension_version", "update pg_extension set extversion = '0.9' where extname = 'lo'",
        &[("extension_versions", "is of version 0.9")], ""),
    Fault("collation", "update pg_collation set collversion = '1.2' where collname = 'loose'",
        &[("collations", "was version 1.2")], ""),
    Fault("policy", "create policy own on plain using (owner = current_user)",
        &[("row_security", "row-level security is off")], ""),
    Fault("gap", "alter table plain enable row level security", &[("row_security_gaps", "no policy")], ""),
    Fault("publication", "create publication p for table by_year_2020",
        &[("publications", "has no replica identity")], ""),
    Fault("subscription",
        "create subscription s connection 'host=/nonexistent' publication p with (connect = false, slot_name = none);
         update pg_subscription set subenabled = true",
        &[("subscriptions", "`s` is enabled")],
        "update pg_subscription set subenabled = false; drop subscription s"),
    Fault("slot", "select pg_create_physical_replication_slot('idle', true)",
        &[("replication_slots", "`idle` is read by nobody")], "select pg_drop_replication_slot('idle')"),
    Fault("prepared", "begin; insert into plain values (50, 'x'); prepare transaction 'left'",
        &[("prepared_transactions", "`left`")], "rollback prepared 'left'"),
    Fault("server",
        "create extension postgres_fdw; create server production foreign data wrapper postgres_fdw options (host 'db.prod', dbname 'books');
         create user mapping for postgres server production options (user 'app', password 'hunter2secret')",
        &[("foreign_servers", "`production` of `postgres_fdw` leads to dbname books, host db.prod, with 1 user mappings")], ""),
    Fault("cron",
        "create schema cron; create table cron.job (jobid bigint primary key, schedule text, command text, nodename text, nodeport int, database text, username text, active boolean, jobname text);
         insert into cron.job values (7, '* * * * *', 'select 1', '', 5432, 'books', 'app', true, 'mail'), (8, '', '', '', 1, '', '', false, ''); analyze cron.job",
        &[("scheduled_jobs", "pg_cron job 7 of role `app` in database `books` is active")], ""),
    Fault("pgagent",
        "create schema pgagent; create table pgagent.pga_job (jobid int primary key, jobname text, jobenabled boolean);
         insert into pgagent.pga_job values (3, 'mail', true); analyze pgagent.pga_job",
        &[("scheduled_jobs", "pgagent job 3 `mail` is enabled")], ""),
    Fault("statistics", "create table fresh (id int primary key); insert into fresh values (1)",
        &[("statistics", "`fresh` was never analysed")], ""),
    Fault("wraparound",
        "update pg_class set relfrozenxid = ((txid_current() + 4294967296 - 1700000000) % 4294967296)::text::xid where oid = 'plain'::regclass",
        &[("wraparound", "`plain` is 17000000")], ""),
];

#[test]
fn each_fault_is_found_alone_and_by_name() {
    let cluster = cluster();
    cluster.create_database("standard_faults", None);
    cluster.psql("standard_faults", include_str!("sound.sql"));
    let clean = verify(&cluster.url("standard_faults"), PACK, &[]).ends_with(0);
    assert!(not_holding(&clean).is_empty(), "{}", clean.said());
    let mut wrong = Vec::new();
    for Fault(name, sql, seen_by, after) in FAULTS {
        let database = format!("standard_{name}");
        cluster.create_database(&database, Some("standard_faults"));
        cluster.psql(&database, sql);
        let run = verify(&cluster.url(&database), PACK, &[]);
        if !after.is_empty() {
            after.split("; ").for_each(|sql| drop(cluster.psql(&database, sql)));
        }
        let found: Vec<String> = not_holding(&run).into_iter().map(|(member, _)| member).collect();
        let wanted: Vec<&str> = seen_by.iter().map(|(member, _)| *member).collect();
        if found != wanted {
            wrong.push(format!("{name}: found {found:?}, wanted {wanted:?}\n{}", run.said()));
            continue;
        }
        for (member, piece) in *seen_by {
            let check = run.check(&format!("c.{member}"));
            if !check.to_string().contains(&piece.replace('"', "\\\"")) || check["findings_total"] == 0 {
                wrong.push(format!("{name}: {member} does not say `{piece}`: {check:#}"));
            }
        }
        assert!(!run.said().contains("hunter2secret"), "{}", run.said());
    }
    if !wrong.is_empty() {
        fail(&wrong.join("\n\n"));
    }
}

#[test]
fn faults_of_a_server_are_found() {
    let settings = [
        ("archive_mode", "on"),
        ("archive_command", "test secret-place = %p"),
        ("track_counts", "off"),
        ("session_replication_role", "replica"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let other = Cluster::start(&Options { tcp: false, settings });
    other.psql("postgres", "create database ascii template template0 encoding 'SQL_ASCII' locale 'C'");
    other.psql("ascii", "create table t (id int primary key); insert into t values (1); analyze");
    other.psql("ascii", "alter table t set (autovacuum_enabled = no)");
    let run = verify(&other.url("ascii"), PACK, &[]).ends_with(1);
    let found: Vec<String> = not_holding(&run).into_iter().map(|(member, _)| member).collect();
    assert_eq!(found, ["replica_mode", "encoding", "archiving"]);
    assert!(!run.said().contains("secret-place"), "{}", run.said());
    let run = run.judges("c.archiving", "broken", "archive_mode is on, and archive_command is set");
    assert!(run.check("c.autovacuum").to_string().contains("track_counts is off"), "{}", run.said());
    run.judges("c.autovacuum", "broken", "autovacuum is off for `t`, and 1 more").judges(
        "c.encoding",
        "broken",
        "SQL_ASCII",
    );
    // What does nothing harms nobody.
    other.psql("postgres", "alter system set archive_command = '/bin/true'");
    other.psql("postgres", "select pg_reload_conf()");
    other.psql("postgres", "select pg_sleep(0.2)");
    verify(&other.url("ascii"), PACK, &[]).judges("c.archiving", "holds", "");
}

#[test]
fn the_version_of_a_databases_collation_counts() {
    let cluster = cluster();
    cluster.psql(
        "postgres",
        "create database standard_icu template template0 locale_provider icu icu_locale 'en' locale 'C'",
    );
    cluster
        .psql("standard_icu", "create table t (name text primary key); insert into t values ('a'); analyze");
    verify(&cluster.url("standard_icu"), PACK, &[]).judges("c.collations", "holds", "");
    cluster
        .psql("standard_icu", "update pg_database set datcollversion = '1.2' where datname = 'standard_icu'");
    verify(&cluster.url("standard_icu"), PACK, &[])
        .ends_with(1)
        .judges("c.collations", "broken", "was version 1.2 and is")
        .judges("c.indexes", "holds", "");
}

#[test]
fn damaged_pages_are_found_where_amcheck_is_installed() {
    let cluster = cluster();
    cluster.create_database("standard_amcheck", None);
    let sql = "create table t (id int primary key, v text); insert into t values (1, 'a');";
    cluster.psql("standard_amcheck", sql);
    cluster.psql("standard_amcheck", "analyze");
    let url = cluster.url("standard_amcheck");
    let run = verify(&url, PACK, &[]).ends_with(0);
    run.judges("c.btree", "skipped", "`amcheck` is not installed").judges(
        "c.heap",
        "skipped",
        "not looked at",
    );
    verify(&url, "check c { require standard.btree is healthy }", &[]).ends_with(3).judges(
        "c",
        "unproven",
        "creates nothing",
    );
    cluster.psql("standard_amcheck", "create extension amcheck");
    verify(&url, PACK, &[]).judges("c.btree", "holds", "").judges("c.heap", "holds", "");
    // A row that the index does not know.
    cluster.psql(
        "standard_amcheck",
        "update pg_index set indisready = false where indexrelid = 't_pkey'::regclass;
         insert into t values (2, 'b');
         update pg_index set indisready = true where indexrelid = 't_pkey'::regclass",
    );
    verify(&url, PACK, &[])
        .ends_with(1)
        .judges("c.btree", "broken", "public.t.t_pkey")
        .judges("c.heap", "holds", "");
    // A row from the future, which no transaction can have written.
    cluster.psql("standard_amcheck", "create extension pg_surgery; reindex table t; update pg_class set relfrozenxid = (txid_current() + 5)::text::xid where oid = 't'::regclass");
    verify(&url, PACK, &[]).judges("c.heap", "broken", "block 0");
}
