//! Drills whose machine runs out of room while they restore: that says nothing of the backup.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Bench;
use crate::support::{Run, Scratch, pg_dump, postgres_program, program, shared};

/// A small file system of its own, as long as this lives; none where none can be mounted.
pub(super) struct Mounted(PathBuf);

impl Mounted {
    pub(super) fn new(folder: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size},mode=0755"), "tmpfs"]).arg(&folder);
        let done = mount.output().is_ok_and(|output| output.status.success());
        if !done {
            let said =
                "skipped: no file system can be mounted here, so that one is too small was not tried\n";
            std::io::stderr().write_all(said.as_bytes()).unwrap();
        }
        done.then_some(Self(folder))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // What is left mounted is merely left.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The programs of this machine, of which one is a script instead.
pub(crate) fn programs_but(folder: &Path, name: &str, script: &str) -> PathBuf {
    let folder = folder.join("programs");
    fs::create_dir(&folder).unwrap();
    for one in fs::read_dir(postgres_program("initdb").parent().unwrap()).unwrap() {
        let path = one.unwrap().path();
        if path.file_name() != Some(name.as_ref()) {
            symlink(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::write(folder.join(name), script).unwrap();
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn a_disk_that_is_full_is_no_fault_of_the_backup() {
    let bench = Bench::new();
    let scratch = Scratch::new("drill_room", "create table t as select generate_series(1, 3) as id");
    let path = bench.file("t.dump");
    pg_dump(&shared().url(&scratch.name), Some(&path), &["-Fc"]);
    let said = "could not extend file \"base/16384/16390\": No space left on device";
    let script =
        format!("#!/bin/sh\necho 'pg_restore: error: could not execute query: ERROR:  {said}' >&2\nexit 1\n");
    let folder = programs_but(bench.path(), "pg_restore", &script);
    // No pattern ignores it, either.
    for more in [&[][..], &["--ignore-error", "could not extend*"]] {
        let run = Run::of(bench.command(&path, more).env("PG_BINDIR", &folder)).ends_with(3);
        run.judges("drill.restored", "unproven", "too little room or memory").says("No space left");
        bench.is_clean();
    }
    let recorded = bench.recorded();
    assert!(recorded.len() == 2 && recorded.iter().all(|drill| drill["verdict"] == "unproven"));
}

#[test]
fn a_disk_that_gets_full_ends_the_drill() {
    let bench = Bench::new();
    let Some(_mounted) = Mounted::new(bench.file("small"), "232m") else { return };
    // Rows that pack far better than the estimate knows of.
    let scratch = Scratch::new(
        "drill_filled",
        "create table t as select repeat('0123456789abcdef', 20) as text from generate_series(1, 400000)",
    );
    let path = bench.file("t.dump");
    pg_dump(&shared().url(&scratch.name), Some(&path), &["-Fc", "-Z6"]);
    let mut command = program();
    command.current_dir(bench.path()).args(["drill", "p.hold", "--format", "json", "--scratch", "small"]);
    let run = Run::of(command.args(["--record", "rec", "--backup"]).arg(&path)).ends_with(3);
    let run = run.judges("drill.restored", "unproven", "too little room or memory");
    // The second where a part of a block found room.
    assert!(["No space left", "wrote only"].iter().any(|words| run.said().contains(words)), "{}", run.said());
    assert_eq!(fs::read_dir(bench.file("small")).unwrap().count(), 0, "something is left");
    Run::with(bench.path(), &["record", "verify", "rec"]).ends_with(0);
    assert_eq!(bench.recorded()[0]["exit_code"], 3);
}

/// A drill that needs more than there is begins no restore.
#[test]
fn too_little_room_is_said_before() {
    let bench = Bench::new();
    let Some(_mounted) = Mounted::new(bench.file("small"), "64m") else { return };
    let scratch = Scratch::new("drill_small", "create table t as select generate_series(1, 3) as id");
    pg_dump(&shared().url(&scratch.name), Some(&bench.file("t.sql")), &["-Fp"]);
    let mut command = program();
    command.current_dir(bench.path()).args(["drill", "p.hold", "--backup", "t.sql", "--scratch", "small"]);
    let run = Run::of(&mut command);
    run.ends_with(3).says("the restore needs about").says("free in `small`");
}
