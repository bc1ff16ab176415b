//! Raw SQL behind bars, on a server.

use crate::support::Scratch;

fn scratch(name: &str) -> Scratch {
    Scratch::new(
        name,
        "create table t (id int primary key, name text not null, at timestamptz not null);
         insert into t select n, 'name ' || n, '2026-01-01Z' from generate_series(1, 300) n;
         create sequence counter; grant usage on sequence counter to public;
         create function quiet_write() returns int language plpgsql stable as 'begin insert into t values (0, '''', ''2026-01-01Z''); return 1; end';
         create function write() returns int language plpgsql volatile as 'begin insert into t values (0, '''', ''2026-01-01Z''); return 1; end';
         create function deep_write() returns int language plpgsql stable as 'begin return write(); end';
         create function loud() returns int language sql volatile as 'select 1';
         create function slow() returns boolean language plpgsql stable as 'begin perform pg_sleep(20); return true; end'",
    ).server_only()
}

#[test]
fn statements_that_do_more_than_look_are_refused() {
    let s = scratch("sql_cage");
    for sql in [
        "delete from t",
        "select 1; select 2",
        "select * from t for update",
        "with d as (delete from t returning 1) select * from d",
        "select * into u from t",
        "copy t to stdout",
        "set role postgres",
        "select now()",
        "select current_timestamp",
        "explain select 1",
        "select loud() from t",
        "select nextval('counter')",
        "select pg_sleep(1)",
        "select set_config('search_path', 'x', false)",
        "select random() from t",
        "select pg_terminate_backend(1)",
        "select lo_unlink(1)",
        "select pg_advisory_lock(1)",
        "select 1 from t where id = (select loud())",
        "select * from loud()",
        "select dblink_exec('x')",
    ] {
        let run = s.verify("", &format!("check c {{ require sql returns no rows $$ {sql} $$ }}"));
        assert!(matches!(run.status, Some(2 | 3)), "{sql}\n{}", run.said());
        assert!(run.status == Some(2) || sql.contains("dblink"), "{sql}\n{}", run.said());
    }
    assert_eq!(s.sql("select count(*) from t"), "300");
}

#[test]
fn a_function_that_lies_about_writing_is_stopped_by_the_transaction() {
    let s = scratch("sql_liar");
    for (call, why) in [("quiet_write()", "non-volatile function"), ("deep_write()", "read-only transaction")]
    {
        s.unproven("", &format!("require sql returns no rows $$ select {call} from t $$"), why);
        s.unproven("", &format!("require sql returns no rows $$ select * from t, {call} f $$"), why);
    }
    assert_eq!(s.sql("select count(*) from t"), "300");
}

#[test]
fn parameters_are_bound_and_never_text_of_the_statement() {
    let s = scratch("sql_bound");
    let words = "param who: text";
    s.policy(words, "check c { on t; require rows = 300 }\ncheck d { require sql returns 0 $$ select count(*) from t where name = $who $$ }");
    for who in ["x' or '1'='1", "'; drop table t; --", "$1", "\\", "name 1' --", "\"", "$$"] {
        s.run(&["--set", &format!("who={who}")]).ends_with(0).judges("d", "holds", "");
    }
    s.run(&["--set", "who=name 1"]).ends_with(1).judges("d", "broken", "the SQL returned 1");
    s.policy(words, "check c { on t; require name != $who }");
    s.run(&["--set", "who=x' or true or name <> '"]).ends_with(0);
    s.run(&["--set", "who=name 7"]).ends_with(1);
    assert_eq!(s.sql("select count(*) from t"), "300");
}

#[test]
fn what_it_returns_must_have_the_declared_shape() {
    let s = scratch("sql_shape");
    s.holds("", "require sql returns 300 $$ select count(*) from t $$");
    s.holds("", "require sql returns \"name 1\" $$ select name from t where id = 1 $$");
    s.holds("", "require sql returns true $$ select bool_and(id > 0) from t $$");
    s.holds("", "require sql returns no rows $$ select 1 from t where id < 0 -- a comment $$");
    s.unproven("", "require sql returns 300 $$ select id from t $$", "more than 100 rows");
    s.unproven("", "require sql returns 300 $$ select id from t where id < 0 $$", "returned 0 rows");
    s.unproven("", "require sql returns 1 $$ select 1, 2 from t where id = 1 $$", "2 columns");
    s.unproven("", "require sql returns 1 $$ select null from t where id = 1 $$", "NULL");
    s.unproven("", "require sql returns 1 $$ select name from t where id = 1 $$", "not a number");
    s.unproven("", "require sql returns no rows $$ select 1 / (id - id) from t $$", "division by zero");
    s.unproven("", "require sql returns no rows $$ select gone from t $$", "\"gone\" does not exist");
}

#[test]
fn rows_are_capped_and_the_cap_is_told() {
    let s = scratch("sql_cap");
    let run = s.broken("", "require sql returns no rows $$ select id from t $$", "100 cases");
    assert!(run.check("c")["notes"].to_string().contains("more than 100 rows"), "{}", run.said());
}

#[test]
fn time_runs_out_in_the_cage_too() {
    let s = scratch("sql_slow");
    s.unproven(
        "",
        "require sql returns no rows $$ select 1 from t where not slow() $$; timeout 500ms",
        "statement timeout",
    );
}

#[test]
fn it_can_be_forbidden_altogether() {
    let s = scratch("sql_forbidden");
    s.policy("", "check c { require sql returns 300 $$ select count(*) from t $$ }");
    s.run(&["--no-raw-sql"]).ends_with(2).says("raw SQL");
}

#[test]
fn catalogue_queries_are_looks_of_their_own() {
    let s = scratch("sql_catalogue");
    s.holds("", "require sql returns no rows $$ select 1 from pg_class where relname = 'gone' $$");
    s.refused("", "require sql returns 1 $$ select 1 $$", "reads no table");
}

#[test]
fn a_clock_inside_a_function_of_the_database_is_a_clock() {
    let s = scratch("sql_clocks");
    s.sql(
        "create function today_here() returns date language sql stable as 'select current_date';
         create function calm() returns int language sql immutable as 'select 1';
         create function late(t timestamptz) returns boolean language plpgsql immutable as 'begin return t::date < today_here(); end'",
    );
    for call in ["today_here() is null", "late(at)", "public.late(at)"] {
        let body = format!("require sql returns no rows $$ select 1 from t where {call} $$");
        s.refused("", &body, "reads a clock by its definition");
    }
    s.holds("", "require sql returns no rows $$ select 1 from t where id < calm() $$");
}

#[test]
fn what_it_looked_at_is_named_and_not_counted() {
    let s = scratch("sql_looked");
    s.sql("create table u (id int); create table empty (id int); insert into u values (1); grant select on u, empty to public");
    let run = s.holds("", "require sql returns no rows $$ select 1 from t join u using (id) where id > 2 $$");
    let check = run.check("c");
    assert_eq!(check["rows_examined"], 0, "{check:#}");
    assert_eq!(check["reason"], "SQL over public.t, public.u says so");
    let body = "require sql returns no rows $$ select 1 from t join empty using (id) $$";
    s.unproven("", body, "public.empty holds no rows");
    s.holds("", &format!("{body}; allow empty"));
}
