//! A catalogue that Barman really made, sound and damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use holdtrue::probe::barman::{Server, Status, Verified, printed};
use holdtrue::probe::damage::{Damage, DamageKind};
use holdtrue::probe::tree::Local;

use super::archived::copy;
use crate::support::{Cluster, Options, fail, postgres_program, run_as_server};

/// A cluster with a catalogue of one backup.
pub(crate) struct Barman {
    cluster: Cluster,
    identifier: u64,
}

impl Barman {
    fn make() -> Self {
        if !Command::new("barman").arg("--version").output().is_ok_and(|answer| answer.status.success()) {
            fail("barman is not installed; run tests/setup");
        }
        let command = "mkdir -p ../home/demo/incoming && cp %p ../home/demo/incoming/%f";
        let settings = [
            ("wal_level", "replica"),
            ("max_wal_senders", "4"),
            ("archive_mode", "on"),
            ("archive_command", command),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let cluster = Cluster::start(&Options { tcp: false, settings });
        let folder = cluster.folder().display().to_string();
        let user = run_as_server(Command::new("id").arg("-un")).output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap();
        let programs = postgres_program("pg_basebackup");
        let conf = format!(
            "[barman]\nbarman_user={}\nbarman_home={folder}/home\nbarman_lock_directory={folder}\n\
             log_file={folder}/barman.log\ncompression=gzip\n\
             [demo]\ndescription=demo\nconninfo=host={folder} user=postgres dbname=postgres\n\
             streaming_conninfo=host={folder} user=postgres\nbackup_method=postgres\narchiver=on\npath_prefix={}\n",
            user.trim(),
            programs.parent().unwrap().display()
        );
        fs::write(cluster.folder().join("barman.conf"), conf).unwrap();
        let identifier = cluster.psql("postgres", "select system_identifier from pg_control_system()");
        let barman = Self { cluster, identifier: identifier.parse().unwrap() };
        // Makes the folders; not all is well before the first WAL has arrived.
        barman.run(&["check", "demo"]);
        barman.switch();
        barman.done(&["archive-wal", "demo"]);
        barman.done(&["backup", "--immediate-checkpoint", "demo"]);
        barman.switch();
        barman.done(&["archive-wal", "demo"]);
        barman
    }

    /// Ends the segment and waits until it is archived.
    fn switch(&self) {
        let sql = |sql: &str| self.cluster.psql("postgres", sql);
        sql("drop table if exists t; create table t as select generate_series(1, 1000) as i");
        let name = sql("select pg_walfile_name(pg_switch_wal())");
        let begun = Instant::now();
        while sql(&format!("select count(*) from pg_stat_archiver where last_archived_wal >= '{name}'"))
            == "0"
        {
            assert!(begun.elapsed() < Duration::from_secs(60), "{name} was not archived");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("barman");
        command.arg("-c").arg(self.cluster.folder().join("barman.conf")).args(arguments);
        run_as_server(command.current_dir(self.cluster.folder())).output().unwrap()
    }

    fn done(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.run(arguments);
        let said = [&output.stdout[..], &output.stderr].concat();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
        output.stdout
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.cluster.folder().join("home")
    }
}

pub(crate) fn barman() -> &'static Barman {
    static BARMAN: OnceLock<Barman> = OnceLock::new();
    BARMAN.get_or_init(Barman::make)
}

fn read(folder: &Path) -> (Local, Server) {
    let tree = Local::new(folder).unwrap().with_tablespaces();
    let server = Server::read(&tree, "demo").unwrap();
    (tree, server)
}

fn verify(folder: &Path) -> Verified {
    let (tree, server) = read(folder);
    server.verify(&tree, &server.newest().unwrap().id).unwrap()
}

#[track_caller]
fn only(damages: &[Damage]) -> &Damage {
    assert_eq!(damages.len(), 1, "{damages:#?}");
    &damages[0]
}

#[test]
fn a_sound_catalogue() {
    let barman = barman();
    let (_, server) = read(&barman.home());
    assert_eq!(server.damages, []);
    assert_eq!((server.backups.len(), server.aside, server.unfinished.len()), (1, 0, 0));
    assert_eq!(server.system_identifier, Some(barman.identifier));
    let newest = server.newest().unwrap();
    assert_eq!((newest.status, newest.mode.as_deref()), (Status::Done, Some("postgres")));
    assert!(newest.started < newest.finished && newest.version.is_some());
    let verified = verify(&barman.home());
    assert_eq!(verified.damages, []);
    assert!(verified.backup.files > 900 && verified.wal.unwrap().seen.records > 0);
    let list = printed("list", &barman.done(&["-f", "json", "list-backup", "demo"])).unwrap();
    let shown = printed("show", &barman.done(&["-f", "json", "show-backup", "demo", "latest"])).unwrap();
    for one in [&list[0], &shown[0]] {
        assert_eq!(
            (one.server.as_str(), one.id.as_str(), one.status),
            ("demo", newest.id.as_str(), Status::Done)
        );
        assert_eq!(one.finished.unwrap().as_second(), newest.finished.unwrap().as_second());
    }
    let tree = Local::new(&barman.home()).unwrap();
    for wrong in ["other", "../home", "demo/base", ""] {
        assert_eq!(Server::read(&tree, wrong).unwrap_err().kind, DamageKind::Missing, "{wrong}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let folder = copy(&barman().home());
    let (_, server) = read(folder.path());
    let newest = server.newest().unwrap();
    let base = folder.path().join("demo/base").join(&newest.id);
    let table = base.join("data/base/5/1255");
    let bytes = fs::read(&table).unwrap();
    let mut other = bytes.clone();
    other[9000] ^= 1;
    fs::write(&table, other).unwrap();
    assert_eq!(
        (only(&verify(folder.path()).damages).kind, only(&verify(folder.path()).damages).file.as_str()),
        (DamageKind::Checksum, "base/5/1255")
    );
    fs::write(&table, &bytes).unwrap();

    let segment = newest.wal.unwrap().0.to_string();
    let path = folder.path().join("demo/wals").join(segment.split_at(16).0).join(&segment);
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let damages = verify(folder.path()).damages;
    assert!(
        damages.len() > 1
            && damages
                .iter()
                .all(|damage| damage.kind == DamageKind::Missing && damage.file.contains(&segment)),
        "{damages:#?}"
    );
    assert_eq!(only(&read(folder.path()).1.damages).kind, DamageKind::Missing);
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(only(&read(folder.path()).1.damages).kind, DamageKind::Truncated);
    assert!(!verify(folder.path()).damages.is_empty());
    fs::write(&path, &bytes).unwrap();

    let list = folder.path().join("demo/wals/xlog.db");
    let text = fs::read_to_string(&list).unwrap();
    let without: String = text
        .lines()
        .filter(|line| !line.starts_with(&format!("{segment}\t")))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&list, without).unwrap();
    assert_eq!(only(&read(folder.path()).1.damages).kind, DamageKind::Extra);
    fs::write(&list, text).unwrap();

    let info = base.join("backup.info");
    let text = fs::read_to_string(&info).unwrap();
    fs::write(&info, text.replace("status=DONE", "status=FAILED").replace("error=None", "error=disk full"))
        .unwrap();
    let (tree, server) = read(folder.path());
    assert!(server.newest().is_none());
    let damages = server.verify(&tree, &newest.id).unwrap().damages;
    assert_eq!(only(&damages).kind, DamageKind::Unfinished);
    assert!(only(&damages).message.contains("disk full"));
    fs::write(&info, text.replace(&format!("systemid={}", barman().identifier), "systemid=1")).unwrap();
    let damages = verify(folder.path()).damages;
    assert!(damages.iter().any(|damage| damage.kind == DamageKind::Foreign), "{damages:#?}");
    fs::remove_file(&info).unwrap();
    let (tree, server) = read(folder.path());
    assert_eq!(server.unfinished, std::slice::from_ref(&newest.id));
    assert_eq!(server.verify(&tree, &newest.id).unwrap_err().kind, DamageKind::Unfinished);
    fs::write(&info, &text).unwrap();
    // What was copied file by file has no checksums, and is as far as can be seen no more than that.
    fs::remove_file(base.join("data/backup_manifest")).unwrap();
    assert_eq!(only(&verify(folder.path()).damages).kind, DamageKind::Missing);
}

#[test]
fn as_a_source() {
    let folder = copy(&barman().home());
    let sources = format!("source barman b from \"{}\"", folder.path().join("demo").display());
    let checks = "check whole { require b is verified }
        check some { require b.backups >= 1 }
        check fresh { require b.age <= 1h }
        check none { require b.aside = 0 }";
    let run = super::gated::gate(&sources, checks);
    assert_eq!(run.status, Some(0), "{}", run.said());
    let (_, server) = read(folder.path());
    let newest = &server.newest().unwrap().id;
    fs::remove_file(folder.path().join("demo/base").join(newest).join("data/base/5/1255")).unwrap();
    let run = super::gated::gate(&sources, checks);
    assert!(run.status == Some(1) && run.stdout.contains("base/5/1255"), "{}", run.said());
}
