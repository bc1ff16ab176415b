//! Archives in object storage, read in place from a small server of the tests' own, which can be told to misbehave as
//! the real ones do only sometimes.

mod backups;
mod drills;
mod found;
mod pinned;
mod refused;
mod server;
mod sets;

use std::path::{Path, PathBuf};
use std::process::Command;

use server::{Fault, Server};

use crate::support::{Run, program};

/// What no run may show.
const SECRET: &str = "wJalrXUtnFEMI-not-a-real-one";
const TOKEN: &str = "FwoGZXIvYXdzE-not-a-real-one";

fn bundled(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/tala/data").join(name)).unwrap()
}

/// A folder with a policy, and a server with a bucket.
struct Stand {
    folder: tempfile::TempDir,
    server: Server,
}

const POLICY: &str = r#"
policy p { language 1; owner "@t" }
param max_age: duration = 36500d
source dump backup from "s3://backups/tala/tala_*.dump" newest
ledger books on JournalDetail {
  entry journalEntryId of JournalEntry
  debit debit
  credit credit
  balance per journalEntryId, per tenantId, overall
  totals JournalEntry.totalDebit, JournalEntry.totalCredit
}
gate g on backup {
  check young { require backup.age <= $max_age }
  check size { require backup.size >= 1MB }
  check books { require books is balanced }
  check keys { require every foreign_key is valid }
}
"#;

impl Stand {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p.hold"), POLICY).unwrap();
        Self { folder, server: Server::start() }
    }

    /// With the sound archive under a key.
    fn with(key: &str) -> Self {
        let stand = Self::new();
        stand.server.put(key, bundled("tala_clean.dump"));
        stand
    }

    /// The program, with credentials for the server and nothing else that leads anywhere.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        for (name, _) in std::env::vars() {
            let low = name.to_ascii_lowercase();
            if ["aws_", "google_", "azure_"].iter().any(|p| low.starts_with(p)) || low.ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        command.current_dir(self.folder.path()).arg("verify").args(arguments);
        command.args(["--format", "json", "-vv"]);
        command.env("AWS_ENDPOINT_URL", self.server.url());
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.env("AWS_SESSION_TOKEN", TOKEN).env("AWS_REGION", "eu-central-1");
        command
    }

    /// Runs it; no secret may be shown anywhere.
    #[track_caller]
    fn verify(&self, arguments: &[&str]) -> Run {
        let kept = self.folder.path().join("facts.json");
        let mut command = self.command(arguments);
        let run = Run::of(command.arg("--save-facts").arg(&kept));
        let all = run.said() + &std::fs::read_to_string(&kept).unwrap_or_default();
        for secret in [SECRET, TOKEN] {
            assert!(!all.contains(secret), "a secret is shown\n{all}");
        }
        run
    }

    fn source(&self, key: &str) -> Run {
        self.verify(&["p.hold", "--source", &format!("backup=dump:s3://backups/{key}")])
    }
}

/// Files of a folder that `pg_dump -Fd` wrote.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
}
