//! One gate before a restore over everything that it needs, made by the real tools: it opens, and each fault closes it with a
//! sentence that says which and where.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use crate::backups::archived::Archived;
use crate::backups::{barman::barman, pgbackrest::gzip};
use crate::gate::Place;
use crate::gate::service::Service;
use crate::support::{Run, pg_dump};

/// What no output may show.
const SECRET: &str = "hunter2-not-a-real-secret";

const SOURCES: &str = r#"
param target: time
param volume: text
param needed: size = 1B
source files dumps from "dumps/shop_*.dump" { every 1d; checksums "dumps/SHA256SUMS" }
source dump newest_dump from "dumps/shop_*.dump" newest
source basebackup base from "base"
source wal archive from "archive"
source pgbackrest nightly from "repository#demo"
source barman catalogue from "catalogue/demo"
source postgres db from env DB
source host here
source attestation said from "said.toml"
source http api from env API { header "Authorization" from env TOKEN }"#;

const CHECKS: &str = r#"
  check dumps_fresh "RPO of the dumps" { require dumps.age <= 26h }
  check dumps_usual { require dumps.size_vs_previous >= 50% }
  check dumps_sound { require dumps is verified }
  check dump_whole { require newest_dump.tables_without_rows = 0 }
  check base_whole { require base is verified }
  check base_fresh { require base.age <= 24h }
  check wal_way { require archive is continuous from base until $target }
  check nightly_whole { require nightly is verified }
  check nightly_fresh { require nightly.age <= 24h }
  check catalogue_whole { require catalogue is verified }
  check archiving { require db.archive_failing = false }
  check isolated { require db.sessions of "tenant_app" = 0 }
  check space { require here.free($volume) >= $needed }
  check told { require attested by "@support" within 24h }
  check health { require api GET "/health" returns 200 with json "/status" = "healthy" within 10s }"#;

struct Stand {
    place: Place,
    server: Archived,
    target: String,
    volume: PathBuf,
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn made(path: &Path, hours: u64) {
    let at = SystemTime::now() - Duration::from_secs(hours * 3600 + 60);
    fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

impl Stand {
    fn new(service: &Service) -> Self {
        let server = Archived::start(&[]);
        server.sql("create table customer (id int primary key, name text)");
        server.sql("insert into customer select g, md5(g::text) from generate_series(1, 2000) as g");
        server.sql("create role tenant_app login");
        let backup = server.backup("base", &[]);
        server.sql("insert into customer select g, 'later' from generate_series(2001, 3000) as g");
        let clock =
            "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
        let target = server.sql(clock);
        server.switch();
        server.sql("insert into customer values (3001, 'after the target')");
        server.switch();
        let database = server.cluster.url("postgres").replace("postgres@", &format!("postgres:{SECRET}@"));
        let place = Place::new(SOURCES, CHECKS)
            .with("DB", &database)
            .with("API", &service.url())
            .with("TOKEN", &format!("Bearer {SECRET}"));
        let stand = Self { volume: place.path().to_owned(), place, server, target };
        for (from, to) in [
            (&backup, "base"),
            (&stand.server.archive(), "archive"),
            (&gzip().repository(), "repository"),
            (&barman().home(), "catalogue"),
        ] {
            let copied = Command::new("cp").arg("-a").arg(from).arg(stand.path(to)).status().unwrap();
            assert!(copied.success(), "{to}");
        }
        stand.dumps();
        stand.said("");
        stand
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Four nights of dumps, with a list of their checksums.
    fn dumps(&self) {
        fs::create_dir(self.path("dumps")).unwrap();
        for night in 0..4_u64 {
            let path = self.path(&format!("dumps/shop_{}.dump", 4 - night));
            pg_dump(&self.server.cluster.url("postgres"), Some(&path), &["-Fc"]);
            made(&path, night * 24);
        }
        let mut list = Command::new("sh");
        list.args(["-c", "sha256sum shop_*.dump > SHA256SUMS"]);
        assert!(list.current_dir(self.path("dumps")).status().unwrap().success());
    }

    fn said(&self, more: &str) {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(90);
        let text = format!("[[statement]]\ncheck = \"told\"\nby = \"@support\"\nat = {at}\n{more}\n");
        self.place.file("said.toml", text);
    }

    /// Judges everything, from the sources and from what was kept, and looks for what must not be shown.
    #[track_caller]
    fn run(&self, more: &[&str]) -> Run {
        let (target, volume) =
            (format!("target={}", self.target), format!("volume={}", self.volume.display()));
        let arguments = ["--allow-privileged-role", "-v", "--set", &target, "--set", &volume];
        let run = self.place.run(&[&arguments, more].concat());
        let kept = fs::read_to_string(self.path("kept.json")).unwrap();
        assert!(!run.said().contains(SECRET) && !kept.contains(SECRET), "{}", run.said());
        run
    }

    /// The gate is closed by these checks and no others, the first with a sentence that holds some pieces.
    #[track_caller]
    fn closed(&self, fault: &str, verdict: &str, checks: &[&str], pieces: &[&str]) {
        self.closed_with(&[], (fault, verdict), checks, pieces);
    }

    #[track_caller]
    fn closed_with(&self, more: &[&str], (fault, verdict): (&str, &str), checks: &[&str], pieces: &[&str]) {
        let run = self.run(more);
        let report = run.json();
        let all = report["checks"].as_array().unwrap();
        let open: Vec<&str> =
            all.iter().filter(|c| c["verdict"] != "holds").map(|c| c["id"].as_str().unwrap()).collect();
        let mut expected = checks.to_vec();
        expected.sort_by_key(|id| all.iter().position(|c| c["id"] == *id));
        assert_eq!(open, expected, "{fault}\n{}", run.said());
        assert_ne!(report["gates"][0]["verdict"], "holds", "{fault}");
        let mut run = run.ends_with(if verdict == "broken" { 1 } else { 3 });
        for piece in pieces {
            run = run.judges(checks[0], verdict, piece);
        }
    }

    /// Waits for the statistics of the archiver.
    fn archiver(&self, command: &str, failing: bool) {
        self.server.sql(&format!("alter system set archive_command = '{command}'"));
        self.server.sql("select pg_reload_conf()");
        self.server.sql(
            "insert into customer select coalesce(max(id), 0) + 1, 'x' from customer; select pg_switch_wal()",
        );
        let sql = "select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) from pg_stat_archiver";
        let begun = Instant::now();
        while (self.server.sql(sql) == "t") != failing {
            assert!(begun.elapsed() < Duration::from_secs(60), "the archiver does not {command}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A file system of one megabyte, where this machine lets one be mounted.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|answer| answer.status.success());
        mounted.then(|| Self(folder))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn it_opens_and_each_fault_closes_it() {
    let service = Service::start();
    let mut stand = Stand::new(&service);
    stand.run(&[]).ends_with(0).judges("wal_way", "holds", "");

    // A flipped byte, in each of the artifacts.
    let table = stand.path("base/base/5/1255");
    flip(&table, 9000);
    stand.closed("a flipped byte", "broken", &["base_whole"], &["base/5/1255", "CRC32C"]);
    flip(&table, 9000);
    let backups = stand.path("repository/backup/demo");
    let full = fs::read_dir(backups).unwrap().map(|entry| entry.unwrap().path());
    let full = full
        .into_iter()
        .find(|path| path.join("backup.manifest").is_file() && path.display().to_string().ends_with('F'));
    let packed = full.unwrap().join("pg_data/base/5/1255.gz");
    flip(&packed, 5000);
    stand.closed("a flipped byte", "broken", &["nightly_whole"], &["pg_data/base/5/1255.gz"]);
    flip(&packed, 5000);
    let old = stand.path("dumps/shop_1.dump");
    flip(&old, 3000);
    made(&old, 72);
    stand.closed("a flipped byte", "broken", &["dumps_sound"], &["shop_1.dump"]);
    flip(&old, 3000);
    made(&old, 72);

    // A missing file.
    let aside = stand.path("aside");
    fs::rename(&table, &aside).unwrap();
    stand.closed("a missing file", "broken", &["base_whole"], &["base/5/1255"]);
    fs::rename(&aside, &table).unwrap();

    // A missing WAL segment.
    let mut segments: Vec<PathBuf> =
        fs::read_dir(stand.path("archive")).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.retain(|path| path.file_name().unwrap().len() == 24);
    segments.sort();
    let segment = segments[segments.len() - 2].clone();
    fs::rename(&segment, &aside).unwrap();
    let name = segment.file_name().unwrap().to_str().unwrap().to_owned();
    stand.closed("a missing WAL segment", "broken", &["wal_way"], &[&name, "archive"]);
    fs::rename(&aside, &segment).unwrap();

    // Dumps older than the RPO.
    for night in 0..4 {
        made(&stand.path(&format!("dumps/shop_{}.dump", 4 - night)), night * 24 + 30);
    }
    stand.closed("an old backup", "broken", &["dumps_fresh"], &["shop_4.dump", "1d2h"]);
    for night in 0..4 {
        made(&stand.path(&format!("dumps/shop_{}.dump", 4 - night)), night * 24);
    }

    // An interrupted base backup has its manifest under another name, and vouches for nothing.
    let manifest = stand.path("base/backup_manifest");
    let text = fs::read(&manifest).unwrap();
    fs::remove_file(&manifest).unwrap();
    fs::write(stand.path("base/backup_manifest.tmp"), &text[..3000]).unwrap();
    stand.closed(
        "an interrupted backup",
        "broken",
        &["base_whole", "wal_way"],
        &["backup_manifest", "interrupted"],
    );
    fs::remove_file(stand.path("base/backup_manifest.tmp")).unwrap();
    fs::write(&manifest, text).unwrap();

    // A dump that is a real one, of too little.
    let newest = stand.path("dumps/shop_4.dump");
    fs::rename(&newest, &aside).unwrap();
    pg_dump(&stand.server.cluster.url("postgres"), Some(&newest), &["-Fc", "--schema-only"]);
    stand.closed(
        "a too small dump",
        "broken",
        &["dumps_usual", "dumps_sound", "dump_whole"],
        &["shop_4.dump", "50%"],
    );
    fs::rename(&aside, &newest).unwrap();

    // A full disk; where none can be mounted, one that is smaller than what is needed.
    let small = Small::mount();
    let (volume, needed) = match &small {
        Some(small) => (small.0.path().to_owned(), "needed=1GB"),
        None => (stand.volume.clone(), "needed=1000000TB"),
    };
    let before = std::mem::replace(&mut stand.volume, volume);
    let where_ = stand.volume.display().to_string();
    stand.closed_with(&["--set", needed], ("a full disk", "broken"), &["space"], &[&where_]);
    stand.volume = before;
    drop(small);

    // A stopped archiver.
    stand.archiver("false", true);
    stand.closed("a stopped archiver", "broken", &["archiving"], &["db.archive_failing is true"]);
    stand.archiver("true", false);

    // A tenant still connected.
    let url = stand.server.cluster.url_as("tenant_app", "postgres");
    let mut psql = Command::new(crate::support::postgres_program("psql"));
    let mut tenant = psql.args(["-X", "-q", "-d", &url, "-c", "select pg_sleep(600)"]).spawn().unwrap();
    let begun = Instant::now();
    while stand.server.sql("select count(*) from pg_stat_activity where usename = 'tenant_app'") == "0" {
        assert!(begun.elapsed() < Duration::from_secs(30), "the tenant did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
    stand.closed(
        "a tenant still connected",
        "broken",
        &["isolated"],
        &["db.sessions of \"tenant_app\" is 1"],
    );
    stand.server.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tenant_app'");
    let _ = tenant.wait();

    // An expired attestation.
    let expired = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(1);
    stand.said(&format!("expires = {expired}"));
    stand.closed("an expired attestation", "broken", &["told"], &["@support", "expired at"]);
    stand.said("");

    // A repository that cannot be read.
    let info = stand.path("repository/backup/demo/backup.info");
    let copied = stand.path("repository/backup/demo/backup.info.copy");
    let kept = [fs::read(&info).unwrap(), fs::read(&copied).unwrap()];
    fs::write(&info, "encrypted").unwrap();
    fs::write(&copied, "encrypted").unwrap();
    stand.closed(
        "an unreadable repository",
        "unproven",
        &["nightly_whole", "nightly_fresh"],
        &["nightly", "backup.info"],
    );
    fs::write(&info, &kept[0]).unwrap();
    fs::write(&copied, &kept[1]).unwrap();

    // What the application answers.
    let asked = |path: &str| CHECKS.replace("/health", path);
    stand.place.policy(SOURCES, &asked("/down"));
    stand.closed("an HTTP 500", "broken", &["health"], &["GET /down", "status 500"]);
    stand.place.policy(SOURCES, &asked("/slow").replace("within 10s", "within 500ms"));
    stand.closed("a slow answer", "broken", &["health"], &["GET /slow", "not answered within 500ms"]);
    stand.place.policy(SOURCES, CHECKS);

    // All of it was put back, and nothing else had closed the gate.
    stand.run(&[]).ends_with(0);
}
