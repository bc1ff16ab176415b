//! The shipped policies that gate a restore, on a folder where everything is as it should be, and then is not.

use std::path::Path;
use std::process::Command;

use super::service::Service;
use crate::support::{Run, program};

struct Stand {
    folder: tempfile::TempDir,
    service: Service,
}

fn ago(days: i64, hours: i64) -> jiff::Timestamp {
    jiff::Timestamp::now() - jiff::SignedDuration::from_hours(days * 24 + hours)
}

const BACKUP_ROLE: &str = r#"{"Statement": [{"Effect": "Allow", "Action": ["s3:PutObject", "s3:PutObjectAcl"],
    "Condition": {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}}]}"#;
const RESTORE_ROLE: &str = r#"{"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"]},
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]}"#;
const BUCKET: &str = r#"{"ServerSideEncryptionConfiguration": {"Rules":
    [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}}"#;

impl Stand {
    fn new() -> Self {
        let stand = Self { folder: tempfile::tempdir().unwrap(), service: Service::start() };
        let mut list = String::new();
        for days in 0..92 {
            let name = stand.dump(days, "x");
            list.push_str(&format!("9dd4e461268c8034f5c8564e155c67a6  {name}\n"));
        }
        stand.file("backups/checksums.md5", &list);
        stand.file("evidence/backup_role.json", BACKUP_ROLE);
        stand.file("evidence/restore_role.json", RESTORE_ROLE);
        stand.file("evidence/bucket.json", BUCKET);
        stand.said(&[
            ("commander", "@devops-lead", ago(0, 5)),
            ("drilled", "@devops-lead", ago(40, 0)),
            ("recovery_started", "@devops-lead", ago(0, 4)),
            ("told_engineering", "@devops-lead", ago(0, 4)),
            ("told_admins", "@support", ago(0, 4)),
            ("service_restored", "@devops-lead", ago(0, 1)),
            ("told_tenants", "@support", ago(0, 1)),
        ]);
        stand
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn name(days: i64) -> String {
        ago(days, 1).strftime("tala_db_%Y%m%d_%H0000.backup").to_string()
    }

    fn dump(&self, days: i64, content: &str) -> String {
        let name = Self::name(days);
        self.file(&format!("backups/{name}"), content);
        name
    }

    fn said(&self, list: &[(&str, &str, jiff::Timestamp)]) {
        let one = |(check, by, at): &(&str, &str, jiff::Timestamp)| {
            format!("[[statement]]\ncheck = \"{check}\"\nby = \"{by}\"\nat = {at}\n")
        };
        self.file("attestations.toml", &list.iter().map(one).collect::<String>());
    }

    fn command(&self, gates: &[&str]) -> Command {
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/tala/ready.hold");
        let mut command = program();
        command.current_dir(self.folder.path()).arg("verify").arg(policy).args(["--format", "json"]);
        command.env("TALA_BACKUPS", "backups/tala_db_*.backup").env("TALA_TOKEN", "Bearer secret");
        command.env("TALA_API", self.service.url());
        command.args(["--source", "uploaded=files:backups/tala_db_*.backup"]);
        command.args(["--set", "min_size=1B", "--set", "needed=1B", "--set", "data_directory=/"]);
        command.args(["--set", "max_load=1000000%"]);
        command.args(gates.iter().flat_map(|gate| ["--gate", gate]));
        command
    }

    /// Required checks that do not hold. Which servers are installed here is not this test's concern.
    fn closed_by(&self, gates: &[&str]) -> Vec<String> {
        let run = Run::of(&mut self.command(gates));
        let report = run.json();
        let checks = report["checks"].as_array().cloned().unwrap_or_default();
        checks
            .iter()
            .filter(|c| c["level"] == "require" && c["verdict"] != "holds" && c["id"] != "server")
            .map(|c| {
                format!(
                    "{} {}: {}",
                    c["id"].as_str().unwrap(),
                    c["verdict"].as_str().unwrap(),
                    c["reason"].as_str().unwrap()
                )
            })
            .collect()
    }
}

const GATES: &[&str] = &["ready", "access", "told"];

#[test]
fn tala_is_ready_and_each_fault_closes_the_gate() {
    let stand = Stand::new();
    assert_eq!(stand.closed_by(GATES), Vec::<String>::new());
    let only = |what: &str, check: &str| {
        let closed = stand.closed_by(GATES);
        assert!(closed.iter().any(|c| c.starts_with(check)), "{what} should close {check}: {closed:?}");
    };
    stand.dump(3, "y");
    only("a flipped byte", "dumps_verified broken");
    std::fs::remove_file(stand.folder.path().join("backups").join(Stand::name(3))).unwrap();
    only("a missing dump", "dumps_verified broken");
    only("a missing dump", "dumps_regular broken");
    only("a missing dump", "dumps_succeed broken");
    stand.dump(3, "x");
    stand.file("backups/tala_db_latest.backup", "x");
    only("a stray name", "dumps_named broken");
    std::fs::remove_file(stand.folder.path().join("backups/tala_db_latest.backup")).unwrap();
    stand.file("evidence/backup_role.json", &BACKUP_ROLE.replace("AES256", "none"));
    only("a role without encryption", "put_encrypted broken");
    stand.file("evidence/backup_role.json", &BACKUP_ROLE.replace("s3:PutObjectAcl", "s3:*"));
    only("a role that can do more", "put_only broken");
    stand.file("evidence/backup_role.json", BACKUP_ROLE);
    stand.file("evidence/restore_role.json", &RESTORE_ROLE.replace("\"true\"", "\"false\""));
    only("a role without a second factor", "mfa broken");
    stand.file("evidence/restore_role.json", RESTORE_ROLE);
    assert_eq!(stand.closed_by(GATES), Vec::<String>::new());
    stand.said(&[
        ("commander", "@devops-lead", ago(2, 0)),
        ("drilled", "@devops-lead", ago(140, 0)),
        ("recovery_started", "@devops-lead", ago(0, 6)),
        ("told_engineering", "@devops-lead", ago(0, 5)),
        ("told_admins", "@intern", ago(0, 6)),
        ("service_restored", "@devops-lead", ago(0, 1)),
    ]);
    only("an old statement", "commander broken");
    only("an old drill", "drilled broken");
    only("a late notification", "told_engineering broken");
    only("the wrong person", "told_admins unproven");
    only("nobody", "told_tenants unproven");
    only("five hours", "rto broken");
}

#[test]
fn the_application_is_asked_with_its_token() {
    let stand = Stand::new();
    let closed = stand.closed_by(&["deployed"]);
    // The tests' service is healthy and has no other endpoints.
    assert!(!closed.iter().any(|c| c.starts_with("health")), "{closed:?}");
    assert!(
        closed.iter().any(|c| c.starts_with("accounts broken: api: GET /api/chart-of-accounts")),
        "{closed:?}"
    );
}
