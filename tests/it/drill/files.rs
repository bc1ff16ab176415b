//! Base backups with their WAL, and repositories of pgBackRest and Barman.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Bench, programs_of};
use crate::backups::archived::{copy, story};
use crate::backups::{barman::barman, pgbackrest::gzip};
use crate::support::Run;

/// A copy of a folder that whoever runs the server may read.
fn readable(from: &Path) -> tempfile::TempDir {
    let folder = copy(from);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn a_base_backup_is_restored_to_a_target() {
    let bench = Bench::new();
    let story = story();
    bench.drill(&story.backup, &["--set", "n=1"]).ends_with(0).judges("rows", "holds", "");
    // The archive goes on to another timeline, after the place.
    let wal = ["--wal", story.archive.to_str().unwrap()];
    let at = |target: &str, n: &str| {
        bench.drill(&story.backup, &[&wal[..], &["--target", target, "--set", n]].concat())
    };
    let run =
        at("name:here", "n=20001").ends_with(0).judges("rows", "holds", "").judges("promoted", "holds", "");
    run.says("recovery stopping at restore point");
    at(&format!("time:{}", story.between), "n=20001").ends_with(0);
    at("immediate", "n=1").ends_with(0);
    at("name:nowhere", "n=1").ends_with(1).judges("drill.restored", "broken", "the target was never reached");
    // A backup of another version than the programs.
    let mut other = bench.command(&story.backup, &[]);
    Run::of(other.env("PG_BINDIR", programs_of(&bench, "14.9")))
        .ends_with(3)
        .says("postgresql-15")
        .says("14 in");
    bench.drill(&story.backup, &["--target", "name:here"]).ends_with(3).says("--wal");
    bench.drill(&story.backup, &["--ignore-error", "x"]).ends_with(3).says("does not take");
}

#[test]
fn what_is_missing_or_damaged_does_not_restore() {
    let bench = Bench::new();
    let story = story();
    let archive = readable(&story.archive);
    let mut segments: Vec<_> = fs::read_dir(archive.path())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_none() && path.to_str().unwrap().contains("/00000001"))
        .collect();
    segments.sort();
    // Only the timeline of the backup, without the segment before its last.
    for file in fs::read_dir(archive.path()).unwrap().map(|file| file.unwrap().path()) {
        if file.to_str().unwrap().contains("/00000002") {
            fs::remove_file(file).unwrap();
        }
    }
    let gone = &segments[segments.len() - 2];
    let bytes = fs::read(gone).unwrap();
    fs::remove_file(gone).unwrap();
    let wal = ["--wal", archive.path().to_str().unwrap()];
    bench.drill(&story.backup, &wal).ends_with(1).judges("drill.restored", "broken", "is missing");
    let far = [&wal[..], &["--target", "time:2100-01-01T00:00:00Z"]].concat();
    bench.drill(&story.backup, &far).ends_with(1).judges("drill.restored", "broken", "though later ones are");
    // One whose contents are another's looks like the end of WAL, and is not.
    fs::write(gone, vec![7; bytes.len()]).unwrap();
    bench.drill(&story.backup, &wal).ends_with(1).judges(
        "drill.restored",
        "broken",
        "though the archive goes on",
    );
    let backup = readable(&story.backup);
    let control = backup.path().join("base/1/PG_VERSION");
    fs::write(control, "16\n").unwrap();
    bench.drill(backup.path(), &[]).ends_with(1).judges("drill.restored", "broken", "base/1/PG_VERSION");
    assert!(
        bench.recorded().iter().all(|drill| drill["verdict"] == "broken" && drill["restore_ms"].is_null())
    );
}

#[test]
fn repositories_are_restored_by_their_own_programs() {
    let bench = Bench::new();
    let repository = gzip().repository();
    bench.drill(&repository, &["--set", "n=5000"]).ends_with(0).judges("rows", "holds", "");
    bench.drill(&repository, &["--stanza", "other"]).ends_with(3);
    let home = barman().home();
    let before = listing(&home);
    bench.drill(&home, &["--set", "n=1000"]).ends_with(0).judges("rows", "holds", "");
    assert_eq!(listing(&home), before, "the catalogue is as it was");
}

/// Every file of a folder.
fn listing(folder: &Path) -> String {
    let output =
        std::process::Command::new("find").arg(folder).args(["-printf", "%p %s %T@\n"]).output().unwrap();
    let mut lines: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines.join("\n")
}
