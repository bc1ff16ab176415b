//! Looks that end before the answer is complete.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Cluster, Options, Run, Scratch, shared};

/// A view whose first row takes half a minute, and a table that answers at once.
const SLOW: &str = "create table quick (id int primary key); insert into quick values (1), (2);
     create view slow as select id, (pg_catalog.pg_sleep(30) is null) as never from quick;";

const CHECKS: &str =
    "check before { on quick; require id > 0 }\ncheck late { on slow; require (never = false) }";

#[test]
fn a_statement_timeout_is_named_and_spoils_only_its_check() {
    let s = Scratch::new("fg_timeout", SLOW).server_only();
    let run = s.verify("", "check before { on quick; require id > 0 }\ncheck late { on slow; require (never = false); timeout 300ms }");
    run.ends_with(3).judges("late", "unproven", "statement timeout").judges("before", "holds", "");
    s.policy("", CHECKS);
    let started = Instant::now();
    s.run(&["--statement-timeout", "1"]).ends_with(3).judges("late", "unproven", "statement timeout");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_lock_that_is_not_granted_is_named() {
    let s = Scratch::new(
        "fg_lock",
        "create table t (id int primary key); insert into t values (1); create table free (id int); insert into free values (1)",
    ).server_only();
    s.policy("", "check a { on t; require id > 0 }\ncheck b { on free; require id > 0 }");
    let mut psql =
        shared().background(&s.name, "begin; lock table t in access exclusive mode; select pg_sleep(60)");
    wait_for(
        &s,
        "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 't'::regclass::oid",
    );
    let run = s.run(&["--lock-timeout", "1"]);
    psql.kill().unwrap();
    psql.wait().unwrap();
    run.ends_with(3).judges("a", "unproven", "lock timeout").judges("b", "holds", "");
}

#[test]
fn a_killed_backend_leaves_what_it_did_not_finish_unproven() {
    let s = Scratch::new("fg_backend", SLOW).server_only();
    s.policy("", CHECKS);
    let child = s.command(&["--jobs", "1"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(
        &s,
        "select count(*) from pg_stat_activity where application_name = 'holdtrue' and wait_event = 'PgSleep' and datname = 'fg_backend'",
    );
    s.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holdtrue' and datname = 'fg_backend'");
    let run = finished(child).ends_with(3);
    run.judges("late", "unproven", "terminating connection");
}

#[test]
fn a_killed_server_leaves_what_it_did_not_finish_unproven() {
    let cluster = Cluster::start(&Options::default());
    cluster.create_database("fg_server", None);
    cluster.psql("fg_server", SLOW);
    let reader = cluster.reader_role("fg_server");
    let s = Scratch::around("fg_server");
    s.policy("", CHECKS);
    let mut command = s.command(&[]);
    command.env("DATABASE_URL", cluster.url_as(reader, "fg_server"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let asleep = "select count(*) from pg_stat_activity where application_name = 'holdtrue' and wait_event = 'PgSleep'";
    until(|| cluster.psql("fg_server", asleep) != "0");
    let pid = std::fs::read_to_string(cluster.folder().join("data/postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap().to_owned();
    assert!(std::process::Command::new("kill").args(["-QUIT", &pid]).status().unwrap().success());
    let run = finished(child).ends_with(3);
    let reason = run.check("late")["reason"].to_string();
    assert!(reason.contains("terminat") || reason.contains("connection"), "{}", run.said());
}

#[test]
fn an_interrupt_cancels_on_the_server_and_proves_nothing() {
    let s = Scratch::new("fg_interrupt", SLOW).server_only();
    s.policy("", CHECKS);
    let child = s.command(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let asleep = "select count(*) from pg_stat_activity where application_name = 'holdtrue' and wait_event = 'PgSleep' and datname = 'fg_interrupt'";
    wait_for(&s, asleep);
    let started = Instant::now();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let run = finished(child).ends_with(3).judges("late", "unproven", "cancel").says("interrupted");
    assert!(started.elapsed() < Duration::from_secs(15), "{}", run.said());
    assert_eq!(s.sql(asleep), "0");
}

fn finished(child: std::process::Child) -> Run {
    let output = child.wait_with_output().unwrap();
    Run {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Waits until a count on the server is no longer zero.
fn wait_for(s: &Scratch, count: &str) {
    until(|| shared().psql(&s.name, count) != "0");
}

fn until(mut come: impl FnMut() -> bool) {
    let started = Instant::now();
    while !come() {
        assert!(started.elapsed() < Duration::from_secs(20), "what was waited for did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}
