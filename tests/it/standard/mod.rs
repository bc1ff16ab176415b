//! The standard pack: each member with a real fault put into a database by itself, sound databases of many kinds, and
//! roles that may not look.

mod faults;
mod forms;
mod sound;

use std::sync::OnceLock;

use crate::support::{Cluster, Options, Run, program};

/// What no scratch cluster has, and what these have turned off so that nothing changes under a test.
const NOT_HERE: [&str; 2] = ["data_checksums", "autovacuum"];

/// A cluster of this suite's own: some faults are seen from every database of a server.
fn cluster() -> &'static Cluster {
    static OWN: OnceLock<Cluster> = OnceLock::new();
    OWN.get_or_init(|| {
        let settings = [("wal_level", "logical"), ("max_prepared_transactions", "4"), ("autovacuum", "off")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Cluster::start(&Options { tcp: false, settings })
    })
}

/// Runs one gate of checks as a superuser, or another role, and reports in JSON.
fn verify(url: &str, checks: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let policy = format!(
        "policy t \"A test\" {{ language 1; owner \"@tests\"; max_waiver 90d }}\n\
         source postgres db from env DATABASE_URL\ngate g {{\n{checks}\n}}\n"
    );
    std::fs::write(folder.path().join("p.hold"), policy).unwrap();
    let mut command = program();
    command
        .current_dir(folder.path())
        .env("DATABASE_URL", url)
        .args(["verify", "p.hold", "--format", "json"]);
    Run::of(command.arg("--allow-privileged-role").args(arguments))
}

/// The members that do not hold, each with its verdict, without those that no scratch cluster satisfies.
fn not_holding(run: &Run) -> Vec<(String, String)> {
    let report = run.json();
    let checks = report["checks"].as_array().unwrap();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    checks
        .iter()
        .filter(|check| !["holds", "skipped"].contains(&check["verdict"].as_str().unwrap()))
        .map(|check| {
            (word(&check["id"]).split('.').nth(1).unwrap_or_default().to_owned(), word(&check["verdict"]))
        })
        .filter(|(member, _)| !NOT_HERE.contains(&member.as_str()))
        .collect()
}

const PACK: &str = "check c { require standard is healthy }";
