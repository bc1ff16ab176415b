//! Rows that come from elsewhere, or go away while they are being looked at.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Run, Scratch, shared};

#[test]
fn a_foreign_server_that_is_down_spoils_only_what_it_holds() {
    let s = Scratch::new(
        "fg_foreign_down",
        "create extension postgres_fdw;
         create server away foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1', dbname 'x');
         create user mapping for public server away options (user 'nobody', password_required 'false');
         create foreign table remote (id int not null, parent_id int) server away;
         create table near (id int primary key); insert into near values (1);",
    );
    s.sql("grant select on remote to holdtrue_reader");
    let run = s.verify(
        "",
        "check a { on remote; require id > 0 }
         check b { on near; require id > 0 }
         check c { on near; require id in remote.id }
         check d { on *; require rows >= 1 }
         check e { require sql returns no rows $$ select 1 from remote where id < 0 $$ }
         check f { on near; require unique id }",
    );
    let run = run.ends_with(3).judges("b", "holds", "").judges("f", "holds", "");
    ["a", "c", "d", "e"]
        .into_iter()
        .fold(run, |run, id| run.judges(id, "unproven", "could not connect to server"));
}

#[test]
fn a_foreign_table_whose_other_end_is_gone_is_unproven() {
    let s = Scratch::new(
        "fg_foreign_gone",
        "create table near (id int primary key); insert into near values (1);",
    );
    let folder = shared().folder().display().to_string();
    s.sql(&format!(
        "create extension postgres_fdw;
         create server away foreign data wrapper postgres_fdw options (host '{folder}', port '5432', dbname 'fg_foreign_gone');
         create user mapping for public server away options (user 'holdtrue_reader', password_required 'false');
         create foreign table remote (id int not null) server away options (table_name 'missing');
         create foreign table reached (id int not null) server away options (table_name 'near');
         grant select on remote, reached to holdtrue_reader"
    ));
    s.unproven("", "on remote; require id > 0", "\"public.missing\" does not exist");
    s.holds("", "on reached; require id > 0");
    s.holds("", "on near; require id in reached.id");
}

#[test]
fn a_view_that_fails_on_some_rows_proves_nothing() {
    let s = Scratch::new(
        "fg_view_error",
        "create table raw (id int primary key, text text not null); insert into raw values (1, '5'), (2, 'five'), (3, '7');
         create view numbers as select id, text::int as n from raw;
         create function loud(int) returns int language plpgsql stable as $$ begin
           if $1 = 3 then raise exception 'row three is off limits' using errcode = 'P0001'; end if; return $1; end $$;
         create view guarded as select id, loud(id) as n from raw;",
    ).server_only();
    let run = s.verify(
        "",
        "check a { on numbers; require n > 0 }
         check b { on numbers; require id > 0 }
         check c { on guarded; require n > 0 }
         check d { on guarded; require unique n }
         check e { on guarded; require sum(n) > 0 per id }
         check f { on raw; require id > 0 }",
    );
    let run = run.ends_with(3).judges("f", "holds", "").judges("b", "holds", "");
    let run = run.judges("a", "unproven", "invalid input syntax for type integer");
    ["c", "d", "e"].into_iter().fold(run, |run, id| run.judges(id, "unproven", "row three is off limits"));
}

#[test]
fn a_sequence_that_may_not_be_read_is_unproven() {
    let s = Scratch::new(
        "fg_sequence_denied",
        "create table t (id serial primary key); insert into t default values; create table u (id int primary key); insert into u values (1);",
    );
    s.verify("", "check a { require every sequence is ahead }\ncheck b { on u; require id > 0 }")
        .ends_with(3)
        .judges("a", "unproven", "may not read sequence `public.t_id_seq`; grant SELECT")
        .judges("b", "holds", "");
}

/// Starts a run that has its snapshot and its plan and waits for the first of its locks, changes something, and lets
/// the run go on.
fn changed_meanwhile(name: &str, tables: &str, checks: &str, change: &str) -> Run {
    let s = Scratch::new(
        name,
        &format!("create table a_first (id int primary key); insert into a_first values (1); {tables}"),
    );
    s.policy("", &format!("check first {{ on a_first; require id > 0 }}\n{checks}"));
    let mut blocker = shared()
        .background(&s.name, "begin; lock table a_first in access exclusive mode; select pg_sleep(60)");
    let locks = |granted: bool| {
        format!(
            "select count(*) from pg_locks l join pg_database d on d.oid = l.database
             where d.datname = '{name}' and relation = 'a_first'::regclass::oid and granted = {granted}"
        )
    };
    until(|| s.sql(&locks(true)) != "0");
    let child =
        s.command(&["--lock-timeout", "30"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until(|| s.sql(&locks(false)) != "0");
    s.sql(change);
    blocker.kill().unwrap();
    blocker.wait().unwrap();
    s.sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()");
    let output = child.wait_with_output().unwrap();
    Run {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn until(mut come: impl FnMut() -> bool) {
    let started = Instant::now();
    while !come() {
        assert!(started.elapsed() < Duration::from_secs(20), "what was waited for did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const PARTED: &str = "create table p (id int not null, at date not null, amount numeric not null) partition by range (at);
     create table p_25 partition of p for values from ('2025-01-01') to ('2026-01-01');
     create table p_26 partition of p for values from ('2026-01-01') to ('2027-01-01') partition by range (at);
     create table p_26_all partition of p_26 for values from ('2026-01-01') to ('2027-01-01');
     create table q (id int primary key); insert into q values (1), (2);
     insert into p values (1, '2025-05-05', -5), (2, '2026-06-06', 5);";

const AMOUNTS: &str = "check c { on p; require amount > 0 }\ncheck q { on q; require id > 0 }";

#[test]
fn a_partition_detached_during_the_run_is_missed() {
    changed_meanwhile("fg_detached", PARTED, AMOUNTS, "alter table p detach partition p_25")
        .ends_with(3)
        .judges("c", "unproven", "`public.p` was changed during the run")
        .judges("first", "holds", "")
        .judges("q", "holds", "");
}

#[test]
fn a_partition_truncated_during_the_run_is_missed() {
    changed_meanwhile("fg_truncated", PARTED, AMOUNTS, "truncate p_25").ends_with(3).judges(
        "c",
        "unproven",
        "`public.p` was changed during the run",
    );
    changed_meanwhile(
        "fg_truncated_below",
        &PARTED.replace("'2025-05-05'", "'2026-05-05'"),
        AMOUNTS,
        "truncate p_26_all",
    )
    .ends_with(3)
    .judges("c", "unproven", "`public.p` was changed during the run");
}

#[test]
fn a_table_replaced_during_the_run_is_missed() {
    changed_meanwhile("fg_replaced", PARTED, AMOUNTS, "drop table q; create table q (id int primary key); insert into q values (3); grant select on q to holdtrue_reader")
        .judges("q", "unproven", "`public.q` was changed during the run");
}

#[test]
fn a_parent_truncated_during_the_run_makes_no_orphans() {
    let tables = "create table parent (id int primary key); insert into parent values (1);
         create table child (id int primary key, parent_id int not null); insert into child values (1, 1);
         create view family as select c.id, p.id as parent from child c join parent p on p.id = c.parent_id;";
    let checks = "check c { on child; require parent_id in parent.id }\ncheck v { on family; require parent > 0; allow empty }\ncheck own { on child; require id > 0 }";
    changed_meanwhile("fg_parent_truncated", tables, checks, "truncate parent")
        .ends_with(3)
        .judges("c", "unproven", "`public.parent` was changed during the run")
        .judges("v", "unproven", "`public.family` was changed during the run")
        .judges("own", "holds", "");
}

#[test]
fn rows_written_during_the_run_change_nothing() {
    changed_meanwhile(
        "fg_written",
        PARTED,
        "check c { on p; require rows = 2 }\ncheck q { on q; require id > 0 }",
        "insert into p values (3, '2026-07-07', -1); insert into q values (-1)",
    )
    .ends_with(0);
}
