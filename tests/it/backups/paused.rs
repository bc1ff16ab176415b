//! A restore to a point in time, looked at while it is paused at its target and before it is promoted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::archived::{Archived, Second};
use crate::support::{Run, Scratch, postgres_program, program, run_as_server};

/// Restores a backup up to a time and waits until it is paused there, or until it ended.
fn restored(
    server: &Archived,
    backup: &Path,
    (name, port): (&str, &str),
    at: &str,
    wal: &str,
) -> (Second, String, bool) {
    let folder: PathBuf = server.cluster.folder().join(name);
    let copied = run_as_server(Command::new("cp").arg("-a").arg(backup).arg(&folder)).status().unwrap();
    assert!(copied.success());
    fs::write(folder.join("recovery.signal"), "").unwrap();
    let mut command = Command::new(postgres_program("postgres"));
    command.arg("-D").arg(&folder).args(["-c", &format!("port={port}"), "-c", "archive_mode=off"]);
    command.args([
        "-c",
        &format!("restore_command=cp ../{wal}/%f %p"),
        "-c",
        &format!("recovery_target_time={}", at.replace('Z', "+00")),
    ]);
    let mut child = run_as_server(command.stdout(Stdio::null()).stderr(Stdio::null())).spawn().unwrap();
    let url = server.cluster.url("copy").replace("port=5432", &format!("port={port}"));
    let begun = Instant::now();
    let paused = loop {
        let mut psql = Command::new(postgres_program("psql"));
        psql.args(["-X", "-A", "-t", "-d", &url, "-c", "select pg_get_wal_replay_pause_state()"]);
        let said = run_as_server(&mut psql).output().unwrap();
        if String::from_utf8_lossy(&said.stdout).trim() == "paused" {
            break true;
        }
        if child.try_wait().unwrap().is_some() {
            break false;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the restored copy neither paused nor ended");
        std::thread::sleep(Duration::from_millis(100));
    };
    (Second::of(child), url, paused)
}

const WORDS: &str = "param target: time
source baseline before from \"before.json\"";

const CHECKS: &str = "
    check paused { require db.in_recovery = true }
    check still { require db.replay_paused = true }
    check not_past { require db.replay_time <= $target }
    check near { require db.replay_time within 10min before $target }
    check kept { on marker where name = \"before\"; require rows = 1 }
    check newest { require newest(marker.at) within 10min before $target }
    check nothing_later { on marker; require at <= $target }
    check timeline { require db.timeline = 1 }
    check cluster { require db.system_identifier = before.system_identifier }
    check sealed { on entry; require rows >= before.rows }";

#[test]
fn a_restore_paused_at_its_target_is_proven_before_it_is_promoted() {
    let server = Archived::start(&[]);
    server.cluster.create_database("copy", None);
    let sql = |sql: &str| server.cluster.psql("copy", sql);
    let clock =
        || sql("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    sql("create table marker (name text primary key, at timestamptz not null default clock_timestamp());
         create table entry (id int primary key); insert into entry select generate_series(1, 100)");
    let reader = server.cluster.reader_role("copy");
    let backup = server.backup("base", &[]);
    sql("insert into marker values ('first')");
    let early = clock();
    sql("insert into entry values (101)");
    sql("insert into marker values ('before')");
    let s = Scratch::around("copy");
    s.policy(WORDS, CHECKS);
    let mut record = program();
    record.current_dir(s.folder()).args([
        "baseline",
        "record",
        "p.hold",
        "--set",
        "target=2026-01-01T00:00:00Z",
        "-o",
        "before.json",
    ]);
    Run::of(record.env("DATABASE_URL", server.cluster.url_as(reader, "copy"))).ends_with(0);
    let target = clock();
    sql("insert into entry values (102)");
    sql("insert into marker values ('after')");
    let late = clock();
    sql("insert into marker values ('last')");
    server.switch();
    let verify = |url: &str| {
        let url = url.replace("postgres@", &format!("{reader}@"));
        Run::of(s.command(&["--set", &format!("target={target}")]).env("DATABASE_URL", url))
    };

    let (planned, url, paused) = restored(&server, &backup, ("planned", "5433"), &target, "archive");
    assert!(paused);
    verify(&url).ends_with(0);
    drop(planned);

    // It stopped too early: what was committed before the target is missing.
    let (earlier, url, paused) = restored(&server, &backup, ("earlier", "5434"), &early, "archive");
    assert!(paused);
    let run = verify(&url).ends_with(1).judges("kept", "broken", "").judges("sealed", "broken", "is 100");
    run.judges("nothing_later", "holds", "").judges("still", "holds", "");
    drop(earlier);

    // It went too far: what was committed after the target is there.
    let (later, url, paused) = restored(&server, &backup, ("later", "5435"), &late, "archive");
    assert!(paused);
    let run = verify(&url).ends_with(1).judges("nothing_later", "broken", "").judges("newest", "broken", "");
    run.judges("not_past", "broken", "").judges("near", "broken", "").judges("kept", "holds", "");
    drop(later);

    // WAL is missing, and the server ends before its target: nothing can be looked at.
    run_as_server(Command::new("mkdir").arg(server.cluster.folder().join("empty"))).status().unwrap();
    let (_ended, url, paused) = restored(&server, &backup, ("ended", "5436"), &target, "empty");
    assert!(!paused);
    verify(&url).ends_with(3);

    // The server it came from is neither paused nor in recovery, and knows too much.
    let run = verify(&server.cluster.url("copy")).ends_with(1).judges("paused", "broken", "");
    run.judges("still", "unproven", "NULL").judges("not_past", "unproven", "NULL");
}
