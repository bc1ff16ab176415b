//! Drills that are broken off.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Bench;
use crate::support::{Run, Scratch, fail, pg_dump, shared};

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > Duration::from_secs(60) {
            fail(&format!("waited in vain: {what}"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The data folders of servers that are there now.
fn servers(bench: &Bench) -> Vec<PathBuf> {
    let folders = fs::read_dir(bench.file("scratch")).unwrap().map(|one| one.unwrap().path().join("s/data"));
    folders.filter(|data| data.join("postmaster.pid").exists()).collect()
}

/// Processes that work in a folder.
fn working_in(folder: &Path) -> usize {
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter(|one| fs::read_link(one.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))).count()
}

#[test]
fn nothing_runs_on_when_a_drill_is_broken_off() {
    let bench = Bench::new();
    let scratch = Scratch::new("drill_ended", "create table t as select generate_series(1, 3) as id");
    let path = bench.file("t.dump");
    pg_dump(&shared().url(&scratch.name), Some(&path), &["-Fc"]);
    let start = || {
        let mut command = bench.command(&path, &[]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    // Asked to end, it ends in order, and says so.
    for signal in ["-INT", "-TERM"] {
        let child = start();
        until("a server", || !servers(&bench).is_empty());
        let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("the drill was interrupted"), "{said}");
        bench.is_clean();
        until("the end of every process", || working_in(&bench.file("scratch")) == 0);
    }
    let recorded = bench.recorded();
    assert!(
        recorded.len() == 2
            && recorded.iter().all(|drill| drill["interrupted"] == true && drill["exit_code"] == 3)
    );
    // Killed, its server ends by itself, and the next drill removes the files.
    let mut child = start();
    until("a server", || !servers(&bench).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    until("the end of the server", || working_in(&bench.file("scratch")) == 0);
    let left: Vec<PathBuf> =
        fs::read_dir(bench.file("scratch")).unwrap().map(|one| one.unwrap().path()).collect();
    assert_eq!(left.len(), 1);
    bench.drill(&path, &[]).ends_with(0).says("was left by a drill that was killed, and was removed");
    // What is kept stays, also when the next drill comes.
    let run = Run::of(&mut bench.command(&path, &["--keep"])).ends_with(0);
    let kept = run.json()["drill"]["kept"].as_str().unwrap().to_owned();
    let folder = PathBuf::from(kept.split(';').next().unwrap());
    assert!(folder.join("s/data/PG_VERSION").exists(), "{kept}");
    until("the end of every process", || working_in(&folder) == 0);
    Run::of(&mut bench.command(&path, &[])).ends_with(0);
    assert!(folder.exists());
    // Who cannot record is told before anything is restored.
    fs::write(bench.file("rec/record.jsonl"), "changed\n").unwrap();
    let run = Run::of(&mut bench.command(&path, &[])).ends_with(3);
    assert!(run.stdout.is_empty(), "{}", run.said());
}

#[test]
fn a_killed_drill_is_seen_in_its_record() {
    let bench = Bench::new();
    let scratch = Scratch::new("drill_killed", "create table t as select generate_series(1, 3) as id");
    let path = bench.file("t.dump");
    pg_dump(&shared().url(&scratch.name), Some(&path), &["-Fc"]);
    let at = |name: &'static str| {
        let pattern = bench.file("scratch").join("*").join(name).display().to_string();
        move || glob::glob(&pattern).unwrap().any(|found| found.is_ok())
    };
    for moment in
        ["lock", "said/*-initdb.pipe", "s/data/PG_VERSION", "s/data/postmaster.pid", "said/*-pg_restore.out"]
    {
        let mut command = bench.command(&path, &[]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until(moment, at(moment));
        child.kill().unwrap();
        child.wait().unwrap();
        until("the end of every process", || working_in(&bench.file("scratch")) == 0);
        Run::with(bench.path(), &["record", "verify", "rec"]).ends_with(0);
        Run::with(bench.path(), &["record", "show", "rec"]).ends_with(0).says("no end of it is recorded");
    }
    let run = bench.drill(&path, &[]).ends_with(0);
    run.says("was left by a drill that was killed")
        .says("no end of it is recorded: it is going on, or was killed");
    let shown = Run::with(bench.path(), &["record", "show", "rec"]).ends_with(0);
    assert_eq!(shown.stdout.matches("no end of it is recorded").count(), 5, "{}", shown.stdout);
    // It is said by the next drill alone, and counts as one that proved nothing.
    let run = bench.drill(&path, &[]).ends_with(0);
    assert!(!run.stdout.contains("no end of it"), "{}", run.stdout);
    let asked = "policy p { language 1; owner \"@o\" }\nsource record history from \"rec\"\n\
                 gate g { check all { require history.drills(1d) = 7 } check rate { require history.drill_success_rate(1d) > 28% } \
                 check low { require history.drill_success_rate(1d) < 29% } }";
    fs::write(bench.file("r.hold"), asked).unwrap();
    Run::with(bench.path(), &["verify", "r.hold"]).ends_with(0);
}
