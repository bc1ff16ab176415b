//! Backups in a store are drilled as those on a disk are: fetched first, and what could not be fetched proves nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Fault, SECRET, Stand, TOKEN, bundled, files};
use crate::backups::archived::story;
use crate::backups::{barman::barman, pgbackrest::gzip};
use crate::drill::chains::{STAND_IN, builds_on, placed};
use crate::drill::room::programs_but;
use crate::support::{Run, Scratch, pg_dump, shared};

const POLICY: &str = r#"
policy p "a drill" { language 1; owner "@o" }
param n: number = 3
source postgres restored from env DATABASE_URL
gate after_restore "It holds true" on restored { check rows { require rows(t) = $n } }
procedure full { phase fetch expect 1ms..1h; phase restore_data; phase verify gate after_restore }
"#;

/// A stand with room for drills.
fn bench() -> Stand {
    let stand = Stand::new();
    let folder = stand.folder.path();
    fs::create_dir(folder.join("scratch")).unwrap();
    for path in [folder.to_owned(), folder.join("scratch")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(folder.join("p.hold"), POLICY).unwrap();
    stand
}

/// A drill with credentials for the stand's server.
fn command(stand: &Stand, backup: &str, more: &[&str]) -> Command {
    let mut command = crate::support::program();
    for (name, value) in stand.command(&[]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(stand.folder.path());
    command.args(["drill", "p.hold", "--format", "json", "--scratch", "scratch", "--record", "rec"]);
    command.args(["--backup", backup]).args(more);
    command
}

/// Drills; nothing may be left and no secret be shown, and the record verifies.
#[track_caller]
fn drill(stand: &Stand, backup: &str, more: &[&str]) -> Run {
    let run = Run::of(&mut command(stand, backup, more));
    let folder = stand.folder.path();
    assert_eq!(fs::read_dir(folder.join("scratch")).unwrap().count(), 0, "something is left");
    Run::with(folder, &["record", "verify", "rec"]).ends_with(0);
    let all = run.said() + &fs::read_to_string(folder.join("rec/record.jsonl")).unwrap();
    for secret in [SECRET, TOKEN] {
        assert!(!all.contains(secret), "a secret is shown\n{all}");
    }
    run
}

#[test]
fn archives_are_fetched() {
    let stand = bench();
    let scratch = Scratch::new("drill_away", "create table t as select generate_series(1, 3) as id");
    let (file, folder) = (stand.folder.path().join("t.dump"), stand.folder.path().join("t.dir"));
    pg_dump(&shared().url(&scratch.name), Some(&file), &["-Fc"]);
    pg_dump(&shared().url(&scratch.name), Some(&folder), &["-Fd"]);
    stand.server.put("a/t_1.dump", bundled("tala_faults.dump"));
    stand.server.put("a/t_2.dump", fs::read(&file).unwrap());
    for (name, bytes) in files(&folder) {
        stand.server.put(&format!("a/dir/{name}"), bytes);
    }
    for backup in ["s3://backups/a/t_2.dump", "dump:s3://backups/a/t_*.dump", "s3://backups/a/dir"] {
        let run = drill(&stand, backup, &[]).ends_with(0).judges("rows", "holds", "");
        let run = run.judges("drill.in_range", "holds", "");
        let report = run.json();
        let phases = report["drill"]["phases"].as_array().unwrap();
        let names: Vec<&str> = phases.iter().map(|phase| phase["name"].as_str().unwrap()).collect();
        assert_eq!(
            names,
            ["check_backup", "fetch", "prepare", "restore_data", "build", "first_query", "verify"]
        );
        assert!(report["drill"]["backup"].as_str().unwrap().starts_with("s3://backups/a/"), "{}", run.said());
        assert!(!run.stdout.contains("/fetched"), "{}", run.stdout);
    }
    drill(&stand, "s3://backups/a/t_2.dump", &["--target", "immediate"]).ends_with(3).says("does not take");
    for (backup, because) in [
        ("s3://backups/none.dump", "there is no object"),
        ("s3://elsewhere/none.dump", "there is no bucket"),
        ("s3://backups/a", "is a backup that is known"),
        ("ftp://host/x", "`ftp://` cannot be read"),
    ] {
        drill(&stand, backup, &[]).ends_with(3).judges("drill.restored", "unproven", because);
    }
    let run = drill(&stand, &format!("dump:s3://u:{SECRET}@backups/x"), &[]).ends_with(3);
    run.judges("drill.restored", "unproven", "carries a credential");
}

#[test]
fn what_does_not_come_whole_is_named() {
    let stand = bench();
    let whole = bundled("tala_clean.dump");
    let broken = |run: Run, piece: &str| {
        run.ends_with(1).judges("drill.restored", "broken", piece).judges("rows", "unproven", "");
    };
    // What lies there is damaged.
    stand.server.put("cut.dump", whole[..whole.len() / 2].to_vec());
    broken(drill(&stand, "s3://backups/cut.dump", &[]), "");
    stand.server.put("flipped.dump", whole.clone());
    stand.server.flip("flipped.dump", whole.len() / 2);
    broken(drill(&stand, "s3://backups/flipped.dump", &[]), "");
    // What lies there is not what comes.
    stand.server.put("t.dump", whole);
    let unproven = |piece: &str| {
        let run = drill(&stand, "s3://backups/t.dump", &[]).ends_with(3);
        run.judges("drill.restored", "unproven", piece).says("s3://backups/t.dump");
    };
    for (fault, piece) in [
        (Fault::Short, "was not fetched"),
        (Fault::OtherLength, ""),
        (Fault::Refuse(403, "AccessDenied", SECRET), "access denied"),
    ] {
        stand.server.fails_once(stand.server.served().0 + 1, fault);
        unproven(piece);
    }
    stand.server.replaces_at(stand.server.served().0 + 1);
    unproven("was replaced while it was being read");
    stand.server.fails_once(stand.server.served().0, Fault::NoTag);
    unproven("has no ETag");
}

/// How many rows there are by now.
fn now(story: &crate::backups::archived::Story) -> String {
    format!("n={}", story.server.sql("select count(*) from t"))
}

#[test]
fn a_chain_is_fetched() {
    let stand = bench();
    let server = &story().server;
    let kept = |name: &str, letter: &str| {
        let backup = server.backup(name, &["--manifest-checksums=SHA256"]);
        placed(stand.folder.path(), &backup, letter)
    };
    let (full, middle, last) = (kept("away_full", "a"), kept("away_middle", "b"), kept("away_last", "c"));
    let n = now(story());
    builds_on(&middle, &full);
    builds_on(&last, &middle);
    for (backup, name) in [(&full, "a"), (&middle, "b"), (&last, "c")] {
        stand.server.put_all(&format!("chain/{name}"), backup);
    }
    let programs = programs_but(stand.folder.path(), "pg_combinebackup", STAND_IN);
    let run = || Run::of(command(&stand, "s3://backups/chain/c", &["--set", &n]).env("PG_BINDIR", &programs));
    run().ends_with(0).judges("rows", "holds", "").says("s3://backups/chain/a");
    stand.server.take("chain/a/backup_label");
    run().ends_with(1).judges("drill.restored", "broken", "which is not here");
}

#[test]
fn base_backups_and_repositories_are_fetched() {
    let stand = bench();
    let story = story();
    stand.server.put_all("base", &story.backup);
    stand.server.put_all("wal", &story.archive);
    stand.server.put_all("nightly", &gzip().repository());
    stand.server.put_all("catalogue", &barman().home());
    let to_here = ["--wal", "s3://backups/wal", "--target", "name:here", "--set", "n=20001"];
    drill(&stand, "s3://backups/base", &to_here).ends_with(0).judges("rows", "holds", "");
    drill(&stand, "s3://backups/base/", &["--set", "n=1"]).ends_with(0);
    drill(&stand, "s3://backups/nightly", &["--set", "n=5000"]).ends_with(0).judges("rows", "holds", "");
    drill(&stand, "s3://backups/catalogue", &["--set", "n=1000"]).ends_with(0).judges("rows", "holds", "");
    let far = ["--wal", "s3://backups/wal", "--target", "time:2100-01-01T00:00:00Z"];
    drill(&stand, "s3://backups/base", &far).ends_with(1).judges(
        "drill.restored",
        "broken",
        "the target was never reached",
    );
    drill(&stand, "s3://backups/base", &["--wal", "s3://backups/none"]).ends_with(3);
    // Tar files, of which one may be named.
    stand.server.put_all("tar", &story.server.backup("drilled_tar", &["-Ft", "-z"]));
    drill(&stand, "s3://backups/tar/base.tar.gz", &["--set", &now(story)]).ends_with(0);
    // Without the WAL of the newest timeline, the server would go on along the one that was left.
    let last =
        stand.server.ending("").into_iter().rfind(|key| key.starts_with("wal/00000002") && key.len() == 28);
    let last = last.unwrap();
    let bytes = stand.server.take(&last);
    stand.server.put(&format!("{last}.odd"), bytes);
    let run = drill(&stand, "s3://backups/base", &["--wal", "s3://backups/wal"]).ends_with(1);
    run.judges("drill.restored", "broken", "replay went on along timeline 1");
    stand.server.flip("base/base/5/1255", 9000);
    let run = drill(&stand, "s3://backups/base", &["--set", "n=1"]).ends_with(1);
    run.judges("drill.restored", "broken", "base/5/1255");
    let kept = stand.server.take("base/base/1/PG_VERSION");
    assert!(!kept.is_empty());
    drill(&stand, "s3://backups/base", &[]).ends_with(1).judges("drill.restored", "broken", "");
}

#[test]
fn a_store_that_says_nothing_is_not_waited_for() {
    let stand = bench();
    stand.server.put("t.dump", bundled("tala_clean.dump"));
    stand.server.fails_from(stand.server.served().0 + 1, Fault::Silence);
    let mut started = command(&stand, "s3://backups/t.dump", &[]);
    let child = started.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while stand.server.served().0 < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing was asked for");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("the drill was interrupted"), "{said}");
    assert_eq!(fs::read_dir(stand.folder.path().join("scratch")).unwrap().count(), 0, "something is left");
}
