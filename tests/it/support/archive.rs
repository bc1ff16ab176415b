//! Archives of databases, and the demand that a run on one says what the run on the server said.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::command::Run;
use super::watchdog::without_pg_variables;
use super::{fail, postgres_program};

/// Runs pg_dump. Where `file` is given it writes there, else what it printed is returned.
#[track_caller]
pub(crate) fn pg_dump(url: &str, file: Option<&Path>, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(postgres_program("pg_dump"));
    without_pg_variables(&mut command);
    // A test that holds a lock must not make this one wait for ever.
    command.args(["--lock-wait-timeout", "20s", "-d", url]).args(arguments).stdin(Stdio::null());
    if let Some(file) = file {
        command.args([OsStr::new("-f"), file.as_os_str()]);
    }
    let output = command.output().unwrap_or_else(|error| fail(&format!("cannot run pg_dump: {error}")));
    if !output.status.success() {
        fail(&format!("pg_dump {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    output.stdout
}

/// An archive of a database in a folder of its own.
#[derive(Debug)]
pub(crate) struct Dump {
    folder: tempfile::TempDir,
}

impl Dump {
    /// Dumps a database, such as with `-Fc`.
    #[track_caller]
    pub(crate) fn of(url: &str, arguments: &[&str]) -> Self {
        let folder =
            tempfile::tempdir().unwrap_or_else(|error| fail(&format!("cannot create a folder: {error}")));
        let dump = Self { folder };
        pg_dump(url, Some(&dump.path()), arguments);
        dump
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    /// What `--source` wants, for a source of this name.
    pub(crate) fn source(&self, name: &str) -> String {
        format!("{name}=dump:{}", self.path().display())
    }
}

/// What an archive says where only a server can tell.
const SERVER_ONLY: [&str; 6] = [
    "raw SQL needs a server",
    "is a fact of a server",
    "only a server",
    "by a server only",
    "a server generates",
    "an archive holds none",
];

/// Why a server could not look, none of which keeps an archive from it.
const OBSTACLES: [&str; 7] = [
    "permission denied",
    "may not read sequence",
    "row-level security",
    "canceling statement",
    "not valid UTF-8",
    "out of range",
    "during the run",
];

/// Demands that both runs judged every check alike: verdict, rows examined, and findings with relation and key. Returns
/// how many checks only the server could judge.
#[track_caller]
pub(crate) fn alike(server: &Run, archive: &Run) -> usize {
    differences(server, archive).unwrap_or_else(|why| {
        fail(&format!("{why}\n=== server\n{}\n=== archive\n{}", server.said(), archive.said()))
    })
}

/// Demands that a run on the rows of the server judged every check as the server did: what only a server can tell is asked
/// of it, so nothing is excused but that numbers are exact here where a server's integers overflow.
#[track_caller]
pub(crate) fn same(asked: &Run, streamed: &Run) {
    let of = |run: &Run| if run.status == Some(2) { Value::Null } else { run.json() };
    let overflows = |check: &&Value| {
        check["verdict"] == "unproven" && check["reason"].to_string().contains("integer out of range")
    };
    let overflown: Vec<String> = of(asked)["checks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(overflows)
        .map(|check| check["id"].to_string())
        .collect();
    let judged = |run: &Run| -> Vec<String> {
        let mut checks = of(run)["checks"].as_array().cloned().unwrap_or_default();
        checks.retain(|check| !overflown.contains(&check["id"].to_string()));
        let one = |check: &Value| {
            let told = ["id", "verdict", "rows_examined", "findings_total"].map(|key| check[key].to_string());
            format!("{} {:#?}", told.join(" "), findings(check))
        };
        checks.iter().map(one).collect()
    };
    if (overflown.is_empty() && asked.status != streamed.status) || judged(asked) != judged(streamed) {
        fail(&format!("engines differ\n=== asked\n{}\n=== streamed\n{}", asked.said(), streamed.said()));
    }
}

fn differences(server: &Run, archive: &Run) -> Result<usize, String> {
    // Mistakes are found by both, or by none.
    if server.status == Some(2) || archive.status == Some(2) {
        return if server.status == archive.status {
            Ok(0)
        } else {
            Err("one of them was refused".to_owned())
        };
    }
    let (server, archive) = (server.json(), archive.json());
    let list = |report: &Value| report["checks"].as_array().cloned().unwrap_or_default();
    let (server, archive) = (list(&server), list(&archive));
    if server.len() != archive.len() {
        return Err("not the same checks".to_owned());
    }
    let mut server_only = 0;
    for (server, archive) in server.iter().zip(&archive) {
        let says = |check: &Value, any: &[&str]| {
            any.iter().any(|piece| check["reason"].as_str().unwrap_or_default().contains(piece))
        };
        if archive["verdict"] == "unproven" && says(archive, &SERVER_ONLY) {
            server_only += 1;
            continue;
        }
        if server["verdict"] == "unproven" && says(server, &OBSTACLES) {
            continue;
        }
        for key in ["id", "verdict", "rows_examined", "findings_total"] {
            if server[key] != archive[key] {
                return Err(format!(
                    "{}: {key} is {} on the server and {} in its archive",
                    server["id"], server[key], archive[key]
                ));
            }
        }
        let (on_server, in_archive) = (findings(server), findings(archive));
        if on_server != in_archive {
            return Err(format!("{}: findings differ\n{on_server:#?}\n{in_archive:#?}", server["id"]));
        }
    }
    Ok(server_only)
}

/// Findings as verdict, kind, relation and key, in the order of the report.
fn findings(check: &Value) -> Vec<String> {
    let one = |finding: &Value| {
        format!("{} {} {} {}", finding["verdict"], finding["kind"], finding["relation"], finding["key"])
    };
    check["findings"].as_array().into_iter().flatten().map(one).collect()
}
