//! Drills of real backups, through the program: what is proven, what is not, and that nothing stays behind.

mod archives;
pub(crate) mod chains;
mod ended;
mod files;
pub(crate) mod room;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Run, program};

const POLICY: &str = r#"
policy p "a drill" { language 1; owner "@o" }
param n: number = 3
source postgres restored from env DATABASE_URL
gate after_restore "It holds true" on restored {
  check rows { require rows(t) = $n }
  check promoted { require restored.in_recovery = false }
}
procedure full { phase fetch; phase restore_data expect 1ms..1h; phase verify gate after_restore }
"#;

/// A folder with a policy, a record, and a place for scratch folders.
struct Bench(tempfile::TempDir);

impl Bench {
    #[track_caller]
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Whoever runs the scratch server comes through.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(folder.path().join("scratch")).unwrap();
        fs::set_permissions(folder.path().join("scratch"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("p.hold"), POLICY).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn command(&self, backup: &Path, more: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.path()).args([
            "drill",
            "p.hold",
            "--format",
            "json",
            "--scratch",
            "scratch",
        ]);
        command.args(["--record", "rec", "--restore-jobs", "2", "--backup"]).arg(backup).args(more);
        command
    }

    /// Drills, and demands that nothing is left and that the record verifies.
    #[track_caller]
    fn drill(&self, backup: &Path, more: &[&str]) -> Run {
        let run = Run::of(&mut self.command(backup, more));
        self.is_clean();
        Run::with(self.path(), &["record", "verify", "rec"]).ends_with(0);
        run
    }

    #[track_caller]
    fn is_clean(&self) {
        let left: Vec<_> =
            fs::read_dir(self.file("scratch")).unwrap().map(|one| one.unwrap().path()).collect();
        assert!(left.is_empty(), "{left:?} is left");
    }

    /// The drills that are recorded.
    fn recorded(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.file("rec/record.jsonl")).unwrap_or_default();
        let entries = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        entries.filter(|entry| entry["kind"] == "drill").map(|entry| entry["body"].clone()).collect()
    }
}

/// A folder of programs that call themselves another version.
fn programs_of(bench: &Bench, version: &str) -> PathBuf {
    let folder = bench.file("bin");
    fs::create_dir_all(&folder).unwrap();
    for name in ["postgres", "initdb"] {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}
