//! Running the program as its users do, and what came of it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::fail;
use super::watchdog::without_pg_variables;

/// The program, with nothing of the caller's environment that could lead it anywhere.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdtrue"));
    without_pg_variables(&mut command);
    for name in ["DATABASE_URL", "HOLDTRUE_LOG", "COLUMNS", "CI", "NO_COLOR"] {
        command.env_remove(name);
    }
    // No service file and no .pgpass of whoever runs the tests.
    command.env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// Exit status; `None` when a signal ended it.
    pub(crate) status: Option<i32>,
    /// The report.
    pub(crate) stdout: String,
    /// The talk.
    pub(crate) stderr: String,
}

impl Run {
    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn of(command: &mut Command) -> Self {
        let answer = command.output().unwrap_or_else(|error| fail(&format!("cannot run holdtrue: {error}")));
        Self {
            status: answer.status.code(),
            stdout: String::from_utf8_lossy(&answer.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&answer.stderr).into_owned(),
        }
    }

    /// Runs the program with arguments in a directory.
    #[track_caller]
    pub(crate) fn with(directory: &Path, arguments: &[impl AsRef<OsStr>]) -> Self {
        Self::of(program().current_dir(directory).args(arguments))
    }

    /// Everything that was said, for messages and for looking for what must not be there.
    pub(crate) fn said(&self) -> String {
        format!("status {:?}\n--- stdout\n{}\n--- stderr\n{}", self.status, self.stdout, self.stderr)
    }

    /// Demands an exit status.
    #[track_caller]
    pub(crate) fn ends_with(self, status: i32) -> Self {
        if self.status != Some(status) {
            fail(&format!("the run should end with {status}\n{}", self.said()));
        }
        self
    }

    /// Demands that some piece of text was said.
    #[track_caller]
    pub(crate) fn says(self, piece: &str) -> Self {
        // A narrow terminal's line breaks are not part of what is said.
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !flat(&self.said()).contains(&flat(piece)) {
            fail(&format!("`{piece}` should be said\n{}", self.said()));
        }
        self
    }

    /// The report, if it was asked for as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| fail(&format!("the report is not JSON: {error}\n{}", self.said())))
    }

    /// One check of a JSON report.
    #[track_caller]
    pub(crate) fn check(&self, id: &str) -> Value {
        let report = self.json();
        let found = report["checks"].as_array().into_iter().flatten().find(|check| check["id"] == id);
        found.cloned().unwrap_or_else(|| fail(&format!("there is no check `{id}`\n{}", self.said())))
    }

    /// Demands a verdict of one check, with a reason that holds a piece of text.
    #[track_caller]
    pub(crate) fn judges(self, id: &str, verdict: &str, because: &str) -> Self {
        let check = self.check(id);
        let reason = check["reason"].as_str().unwrap_or_default();
        if check["verdict"] != verdict || !reason.contains(because) {
            fail(&format!("`{id}` should be {verdict} because of `{because}`, and is {check:#}"));
        }
        self
    }

    /// Findings of one check of a JSON report, each as its kind and its keys.
    #[track_caller]
    pub(crate) fn findings(&self, id: &str) -> Vec<String> {
        let check = self.check(id);
        let one = |finding: &Value| {
            let keys: Vec<String> = finding["key"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|part| format!("{}={}", word(&part["column"]), word(&part["value"])))
                .collect();
            format!("{} {} {}", word(&finding["kind"]), word(&finding["relation"]), keys.join(" "))
        };
        check["findings"].as_array().into_iter().flatten().map(one).collect()
    }
}

/// A JSON text without its quotes; anything else as JSON.
fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
