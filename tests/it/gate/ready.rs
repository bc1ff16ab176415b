//! The shipped policies that gate a restore, on a folder where everything is as it should be, and then is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use super::service::Service;
use crate::backups::archived::{Archived, story};
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
    [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
    "ReplicationConfiguration": {"Rules": [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::elsewhere"}}]}}"#;

/// A snapshot that says it was saved so long ago; its checksum fits.
fn snapshot(ago: i64) -> Vec<u8> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/backup/redis.rdb");
    let mut bytes = fs::read(sample).unwrap();
    let at = bytes.windows(6).position(|w| w == b"ctime\xc2").unwrap() + 6;
    let saved = i32::try_from(jiff::Timestamp::now().as_second() - ago).unwrap();
    bytes[at..at + 4].copy_from_slice(&saved.to_le_bytes());
    let end = bytes.len() - 8;
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Redis, &bytes[..end]);
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// When a file says it was changed.
fn changed(path: &Path, minutes: u64) {
    let at = SystemTime::now() - Duration::from_secs(minutes * 60);
    fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

impl Stand {
    fn new() -> Self {
        let stand = Self { folder: tempfile::tempdir().unwrap(), service: Service::start() };
        let mut list = String::new();
        for days in 0..92 {
            let name = stand.dump(days, "x");
            list.push_str(&format!("9dd4e461268c8034f5c8564e155c67a6  {name}\n"));
        }
        stand.file("backups/checksums.md5", list);
        stand.file("evidence/backup_role.json", BACKUP_ROLE);
        stand.file("evidence/restore_role.json", RESTORE_ROLE);
        stand.file("evidence/bucket.json", BUCKET);
        stand.file("evidence/key.json", r#"{"KeyRotationEnabled": true}"#);
        stand.file("backups/redis_latest.rdb", snapshot(600));
        stand.file("backups/attachments_1.tar", "x");
        stand.file("backups/attachments_1.tar.md5", "9dd4e461268c8034f5c8564e155c67a6");
        stand.said(&[
            ("commander", "@devops-lead", ago(0, 5)),
            ("drilled", "@devops-lead", ago(40, 0)),
            ("recovery_started", "@devops-lead", ago(0, 4)),
            ("told_engineering", "@devops-lead", ago(0, 4)),
            ("told_admins", "@support", ago(0, 4)),
            ("service_restored", "@devops-lead", ago(0, 1)),
            ("told_tenants", "@support", ago(0, 1)),
            ("bir_duties", "@compliance", ago(0, 0)),
        ]);
        stand
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// A real archive of WAL, whose oldest segment is of a month ago, and the base backup that it leads on from.
    fn archive(&self) {
        for (from, to) in [(&story().archive, "wal"), (&story().backup, "base")] {
            let copied = Command::new("cp").arg("-a").arg(from).arg(self.path(to)).status().unwrap();
            assert!(copied.success(), "{to}");
        }
        changed(&self.segments()[0], 30 * 24 * 60);
    }

    /// Segments in the archive, oldest first.
    fn segments(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(self.path("wal")).unwrap().map(|file| file.unwrap().path()).collect();
        paths.retain(|path| path.file_name().unwrap().len() == 24);
        paths.sort();
        paths
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
        self.file("attestations.toml", list.iter().map(one).collect::<String>());
    }

    fn command(&self, gates: &[&str]) -> Command {
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/tala/ready.hold");
        let mut command = program();
        command.current_dir(self.folder.path()).arg("verify").arg(policy).args(["--format", "json"]);
        command.env("TALA_BACKUPS", "backups/tala_db_*.backup").env("TALA_TOKEN", "Bearer secret");
        command.env("TALA_API", self.service.url());
        command.args(["--source", "uploaded=files:backups/tala_db_*.backup"]);
        command.args(["--source", "segments=files:wal/????????????????????????"]);
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
    stand.file("evidence/backup_role.json", BACKUP_ROLE.replace("AES256", "none"));
    only("a role without encryption", "put_encrypted broken");
    stand.file("evidence/backup_role.json", BACKUP_ROLE.replace("s3:PutObjectAcl", "s3:*"));
    only("a role that can do more", "put_only broken");
    stand.file("evidence/backup_role.json", BACKUP_ROLE);
    stand.file("evidence/restore_role.json", RESTORE_ROLE.replace("\"true\"", "\"false\""));
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
    only("nobody of compliance", "bir_duties unproven");
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

#[test]
fn what_pg_restore_said_and_which_release_runs_close_their_gates() {
    let stand = Stand::new();
    let words = |words: &str| {
        stand.file("evidence/pg_restore.json", words);
        stand.closed_by(&["restored"])
    };
    assert_eq!(words(r#"{"exit_status": 0, "errors": 0}"#), Vec::<String>::new());
    for (said, check) in [
        (r#"{"exit_status": 1, "errors": 0}"#, "restore_ended broken"),
        (r#"{"exit_status": 0, "errors": 2}"#, "restore_quiet broken"),
        (r#"{"exit_status": "0", "errors": 0}"#, "restore_ended unproven"),
        (r#"{"exit_status": 0}"#, "restore_quiet unproven"),
        ("", "restore_ended unproven"),
    ] {
        let closed = words(said);
        assert!(closed.iter().any(|c| c.starts_with(check)), "{said} should give {check}: {closed:?}");
    }
    words(r#"{"exit_status": 0, "errors": 0}"#);
    changed(&stand.path("evidence/pg_restore.json"), 25 * 60);
    assert!(
        stand.closed_by(&["restored"])[0].starts_with("restore_recent broken"),
        "the words of an earlier one"
    );

    stand.said(&[("staged", "@devops-lead", ago(0, 1))]);
    let release =
        |release: &str| Run::of(stand.command(&["release"]).args(["--set", &format!("release={release}")]));
    release("1.0.0").ends_with(0).judges("old_release", "holds", "").judges("staged", "holds", "");
    release("1.0.1").ends_with(1).judges("old_release", "broken", "/version");
}

#[test]
fn the_replica_lies_in_another_region() {
    let stand = Stand::new();
    let run = |home: &str, replica: &str| {
        stand.file("evidence/bucket_location.json", format!("{{\"LocationConstraint\": {home}}}"));
        stand.file("evidence/replica_location.json", format!("{{\"LocationConstraint\": {replica}}}"));
        Run::of(&mut stand.command(&["access"]))
    };
    run("\"eu-west-1\"", "\"eu-central-1\"").judges("replica_elsewhere", "holds", "");
    run("\"eu-west-1\"", "\"eu-west-1\"").judges("replica_elsewhere", "broken", "");
    // The store says null of its oldest region.
    run("null", "\"eu-west-1\"").judges("replica_elsewhere", "unproven", "");
}

#[test]
fn copies_of_the_cache_and_of_attachments_are_whole_and_young() {
    let stand = Stand::new();
    let run = || Run::of(&mut stand.command(&["ready", "access"]));
    let new = ["snapshot_young", "snapshot_whole", "attachments_fresh", "attachments_whole"];
    let mut sound = run();
    for check in new.iter().chain(&["bucket_replicated", "key_rotates"]) {
        sound = sound.judges(check, "holds", "");
    }
    // The file is new, and what it holds is not.
    stand.file("backups/redis_latest.rdb", snapshot(3 * 3600));
    run().judges("snapshot_young", "broken", "").judges("snapshot_whole", "holds", "");
    let mut other = snapshot(600);
    other[110] ^= 1;
    stand.file("backups/redis_latest.rdb", other);
    run().judges("snapshot_whole", "broken", "").judges("snapshot_young", "holds", "");
    stand.file("backups/attachments_1.tar", "y");
    changed(&stand.path("backups/attachments_1.tar"), 27 * 60);
    run().judges("attachments_whole", "broken", "").judges("attachments_fresh", "broken", "");
    for name in ["redis_latest.rdb", "attachments_1.tar"] {
        fs::remove_file(stand.path("backups").join(name)).unwrap();
    }
    stand.file("evidence/bucket.json", BUCKET.replace("Enabled", "Disabled"));
    stand.file("evidence/key.json", r#"{"KeyRotationEnabled": false}"#);
    let mut run = run();
    for check in &new[..3] {
        run = run.judges(check, "unproven", "");
    }
    run.judges("bucket_replicated", "broken", "").judges("key_rotates", "broken", "");
}

#[test]
fn wal_leads_to_the_target_or_closes_the_gate() {
    let stand = Stand::new();
    stand.archive();
    let run = |target: &str| {
        let mut command = stand.command(&["archived", "point_in_time"]);
        // How long ago other tests made the archive does not matter here.
        Run::of(command.args(["--set", "max_loss=1d", "--set", &format!("target_time={target}")]))
    };
    let target = story().between.to_string();
    let segments = stand.segments();
    changed(segments.last().unwrap(), 1);
    let mut sound = run(&target).ends_with(0);
    let all =
        ["wal_gapless", "wal_fresh", "wal_kept", "wal_removed", "wal_recent", "base_whole", "wal_leads"];
    for check in all {
        sound = sound.judges(check, "holds", "");
    }
    let mut lost = stand.command(&["archived"]);
    Run::of(lost.args(["--set", "max_loss=1ms"])).ends_with(0).judges("wal_recent", "broken", "");
    run("2999-01-01T00:00:00Z").ends_with(1).judges("wal_leads", "broken", "not after");
    // Before the backup, the whole archive leads nowhere.
    let early = run("2020-01-01T00:00:00Z").ends_with(1);
    early.judges("wal_leads", "broken", "cannot be restored").judges("wal_gapless", "holds", "");
    // The archiver stands still.
    for path in &segments[1..] {
        changed(path, 11);
    }
    run(&target).ends_with(1).judges("wal_fresh", "broken", "");
    changed(segments.last().unwrap(), 1);
    // What has only a history left of its month was not kept for one.
    changed(&segments[0], 28 * 24 * 60);
    changed(&stand.path("wal/00000002.history"), 31 * 24 * 60);
    run(&target).ends_with(1).judges("wal_kept", "broken", "");
    changed(&segments[0], 36 * 24 * 60);
    run(&target).ends_with(0).judges("wal_removed", "broken", "");
    // A flipped byte of WAL, then a hole.
    let hole = &segments[1];
    let kept = fs::read(hole).unwrap();
    let mut other = kept.clone();
    other[1000] ^= 1;
    fs::write(hole, other).unwrap();
    let name = hole.file_name().unwrap().to_str().unwrap();
    run(&target).ends_with(1).judges("wal_gapless", "broken", name).judges("wal_leads", "broken", name);
    fs::remove_file(hole).unwrap();
    run(&target).ends_with(1).judges("wal_gapless", "broken", name).judges("wal_leads", "broken", name);
    fs::write(hole, kept).unwrap();
    run(&target).ends_with(0);
    let table = stand.path("base/base/5/1255");
    let mut bytes = fs::read(&table).unwrap();
    bytes[100] ^= 1;
    fs::write(&table, bytes).unwrap();
    run(&target).ends_with(1).judges("base_whole", "broken", "base/5/1255");
    // A dump alone is no beginning for WAL.
    fs::remove_dir_all(stand.path("base")).unwrap();
    let run = run(&target).ends_with(3);
    run.judges("base_whole", "unproven", "").judges("wal_leads", "unproven", "base");
}

#[test]
fn a_standby_is_seen_and_missed() {
    let stand = Stand::new();
    let server = Archived::start(&[]);
    let run = || {
        let mut command = stand.command(&["archiving"]);
        command.env("PRODUCTION_URL", server.cluster.url("postgres")).arg("--allow-privileged-role");
        Run::of(&mut command)
    };
    server.sql("create table t (i int)");
    server.switch();
    run().judges("archived", "holds", "").judges("standby", "broken", "").judges(
        "standby_near",
        "unproven",
        "",
    );
    let _standby = server.standby();
    let begun = Instant::now();
    loop {
        // Where nothing is written, no lag is measured.
        server.sql("insert into t values (1)");
        let run = run();
        if run.check("standby_near")["verdict"] == "holds" || begun.elapsed() > Duration::from_secs(60) {
            run.judges("standby", "holds", "").judges("standby_near", "holds", "");
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn accubooks_archives_are_encrypted_where_they_lie_and_on_their_way() {
    let folder = tempfile::tempdir().unwrap();
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/accubooks/ready.hold");
    let run = |algorithm: &str, secure: &str, effect: &str| {
        let evidence = folder.path().join("evidence");
        fs::create_dir_all(&evidence).unwrap();
        let store = BUCKET.replace("AES256", algorithm);
        fs::write(evidence.join("store.json"), store).unwrap();
        let statement = format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "arn:aws:iam::1:role/Backup"}}, "Action": "s3:PutObject"}},
            {{"Effect": "{effect}", "Principal": "*", "Action": "s3:*", "Condition": {{"Bool": {{"aws:SecureTransport": "{secure}"}}}}}}]}}"#
        );
        fs::write(evidence.join("store_policy.json"), statement).unwrap();
        let mut command = program();
        command.current_dir(folder.path()).arg("verify").arg(&policy);
        Run::of(command.args(["--format", "json", "--gate", "ready"]))
    };
    run("aws:kms", "false", "Deny").judges("stored_encrypted", "holds", "").judges(
        "moved_encrypted",
        "holds",
        "",
    );
    run("none", "false", "Deny").judges("stored_encrypted", "broken", "").judges(
        "moved_encrypted",
        "holds",
        "",
    );
    run("AES256", "true", "Deny").judges("moved_encrypted", "broken", "");
    run("AES256", "false", "Allow").judges("moved_encrypted", "broken", "");
}

#[test]
fn accubooks_serves_others_and_queues_for_one_that_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start();
    let said = format!(
        "[[statement]]\ncheck = \"prepared_environment\"\nby = \"@restore-team\"\nat = {}\n",
        jiff::Timestamp::now()
    );
    fs::write(folder.path().join("attestations.toml"), said).unwrap();
    let run = |tenant: &str, other: &str| {
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/accubooks/ready.hold");
        let mut command = program();
        command.current_dir(folder.path()).arg("verify").arg(policy).args(["--format", "json"]);
        command.env("ACCUBOOKS_API", service.url());
        command.env("ACCUBOOKS_TOKEN", format!("Bearer {tenant}"));
        command.env("ACCUBOOKS_OTHER_TOKEN", format!("Bearer {other}"));
        Run::of(command.args(["--gate", "isolated"]))
    };
    run("restored", "other").ends_with(0).judges("queueing", "holds", "").judges("unreachable", "holds", "");
    run("other", "other").ends_with(1).judges("unreachable", "broken", "200");
    run("restored", "restored").ends_with(1).judges("others_served", "broken", "503");
}

#[test]
fn accubooks_disks_are_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("evidence")).unwrap();
    let run = |volumes: &str| {
        fs::write(folder.path().join("evidence/volumes.json"), format!("{{\"Volumes\": [{volumes}]}}"))
            .unwrap();
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/accubooks/ready.hold");
        let mut command = program();
        command.current_dir(folder.path()).arg("verify").arg(policy).args(["--format", "json"]);
        command.env("DATABASE_URL", crate::support::shared().url("postgres")).arg("--allow-privileged-role");
        Run::of(command.args(["--gate", "encrypted"]))
    };
    // The server of the tests takes no encrypted connections.
    let sound = run(r#"{"Encrypted": true}, {"Encrypted": true}"#);
    sound.judges("disks_encrypted", "holds", "").judges("connections_encrypted", "broken", "");
    run(r#"{"Encrypted": true}, {"Encrypted": false}"#).judges("disks_encrypted", "broken", "");
    run("").judges("disks_encrypted", "unproven", "");
}
