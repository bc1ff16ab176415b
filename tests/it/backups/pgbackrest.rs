//! Repositories that pgBackRest really made, sound and damaged in ways that it does not notice itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use holdtrue::probe::damage::{Damage, DamageKind};
use holdtrue::probe::pgbackrest::{BackupType, Repository, Verified, info};
use holdtrue::probe::tree::Local;

use super::archived::copy;
use crate::support::{Cluster, Options, fail, run_as_server};

/// Where the program is; tests/setup installs it.
fn program() -> Command {
    let mut command = Command::new("pgbackrest");
    let found = command.arg("version").output();
    if !found.is_ok_and(|answer| answer.status.success()) {
        fail("pgbackrest is not installed; run tests/setup");
    }
    Command::new("pgbackrest")
}

/// A cluster with a repository of a full, a differential and an incremental backup.
pub(crate) struct Backed {
    pub(crate) cluster: Cluster,
    identifier: u64,
}

impl Backed {
    fn make(compression: &str, bundle: bool, more: &str) -> Self {
        let command =
            r#"pgbackrest --config="$(dirname "$PWD")/pgbackrest.conf" --stanza=demo archive-push %p"#;
        let settings = [("wal_level", "replica"), ("archive_mode", "on"), ("archive_command", command)];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let cluster = Cluster::start(&Options { tcp: false, settings });
        let folder = cluster.folder().display().to_string();
        let bundle = if bundle { "y" } else { "n" };
        let conf = format!(
            "[global]\nrepo1-path={folder}/repo\nlog-path={folder}\nlock-path={folder}\nspool-path={folder}\n\
             start-fast=y\narchive-timeout=20\nrepo1-bundle={bundle}\ncompress-type={compression}\n\
             {}\n[demo]\npg1-path={folder}/data\npg1-socket-path={folder}\npg1-user=postgres\n",
            more.replace("FOLDER", &folder)
        );
        fs::write(cluster.folder().join("pgbackrest.conf"), conf).unwrap();
        let identifier = cluster.psql("postgres", "select system_identifier from pg_control_system()");
        let backed = Self { cluster, identifier: identifier.parse().unwrap() };
        let run = |arguments: &[&str]| {
            let output = backed.run(arguments);
            let said = [output.stdout, output.stderr].concat();
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
        };
        run(&["stanza-create"]);
        let sql = |sql: &str| backed.cluster.psql("postgres", sql);
        sql("create table t as select g, md5(g::text) as m from generate_series(1, 5000) as g");
        run(&["--type=full", "backup"]);
        sql("update t set m = 'x' where g < 100");
        run(&["--type=diff", "backup"]);
        sql("create table u as select g from generate_series(1, 100) as g");
        run(&["--type=incr", "backup"]);
        backed
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = program();
        let conf = self.cluster.folder().join("pgbackrest.conf");
        command.arg(format!("--config={}", conf.display())).arg("--stanza=demo").args(arguments);
        run_as_server(&mut command).output().unwrap()
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.cluster.folder().join("repo")
    }
}

pub(crate) fn gzip() -> &'static Backed {
    static BACKED: OnceLock<Backed> = OnceLock::new();
    BACKED.get_or_init(|| Backed::make("gz", false, ""))
}

fn bundled() -> &'static Backed {
    static BACKED: OnceLock<Backed> = OnceLock::new();
    BACKED.get_or_init(|| Backed::make("zst", true, ""))
}

fn read(folder: &Path) -> (Local, Repository) {
    let tree = Local::new(folder).unwrap();
    let repository = Repository::read(&tree, "demo").unwrap();
    (tree, repository)
}

/// The newest backup.
fn verify(folder: &Path) -> Verified {
    let (tree, repository) = read(folder);
    repository.verify(&tree, &repository.newest().unwrap().label).unwrap()
}

#[track_caller]
fn only(damages: &[Damage]) -> &Damage {
    assert_eq!(damages.len(), 1, "{damages:#?}");
    &damages[0]
}

/// Files under a folder whose path has a text in it.
fn files(folder: &Path, with: &str) -> Vec<PathBuf> {
    let output = Command::new("find").arg(folder).args(["-type", "f"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found: Vec<PathBuf> =
        text.lines().filter(|line| line.contains(with)).map(PathBuf::from).collect();
    found.sort();
    found
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn sound_repositories() {
    for (backed, bundles) in [(gzip(), false), (bundled(), true)] {
        let (tree, repository) = read(&backed.repository());
        assert_eq!(repository.damages, []);
        assert_eq!(repository.unfinished, [""; 0]);
        let kinds: Vec<BackupType> = repository.backups.iter().map(|backup| backup.kind).collect();
        assert_eq!(kinds, [BackupType::Full, BackupType::Diff, BackupType::Incr]);
        assert_eq!(repository.clusters[&1].system_identifier, backed.identifier);
        for backup in &repository.backups {
            let verified = repository.verify(&tree, &backup.label).unwrap();
            assert_eq!(verified.damages, []);
            let manifest = verified.manifest.unwrap();
            assert_eq!((manifest.bundles, manifest.system_identifier), (bundles, backed.identifier));
            assert_eq!(verified.files, manifest.files.len() as u64);
            assert_eq!(verified.bytes, backup.bytes);
            assert!(verified.wal.unwrap().seen.records > 0);
        }
        // What the program prints is the same.
        let printed = backed.run(&["info", "--output=json"]).stdout;
        let printed = info("info", &printed).unwrap();
        assert_eq!((printed.len(), printed[0].status), (1, 0));
        assert_eq!(printed[0].backups, repository.backups);
        assert_eq!(printed[0].clusters, [(1, "15".to_owned(), backed.identifier)]);
    }
    let tree = Local::new(&gzip().repository()).unwrap();
    let missing = Repository::read(&tree, "other").unwrap_err();
    assert!(missing.kind == DamageKind::Missing && missing.message.contains("`demo`"), "{missing}");
    assert!(Repository::read(&tree, "../demo").is_err());
}

#[test]
fn what_pgbackrest_does_not_say() {
    let backed = gzip();
    let folder = copy(&backed.repository());
    let verdict = |arguments: &[&str]| {
        let mut command = program();
        let conf = backed.cluster.folder().join("pgbackrest.conf");
        command.arg(format!("--config={}", conf.display())).arg("--stanza=demo");
        command.arg(format!("--repo1-path={}", folder.path().display())).args(arguments).output().unwrap()
    };
    // A file of the full backup, which the others have as well.
    let table = files(folder.path(), "F/pg_data/base/5/1255.gz").pop().unwrap();
    let bytes = fs::read(&table).unwrap();
    flip(&table, bytes.len() / 2);
    let name = table.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
    let damages = verify(folder.path()).damages;
    assert_eq!(only(&damages).file, name);
    assert!(matches!(
        only(&damages).kind,
        DamageKind::Corrupt | DamageKind::Checksum | DamageKind::Size | DamageKind::Truncated
    ));
    assert!(
        verdict(&["verify"]).status.success(),
        "this version of pgbackrest ends with an error, which it should"
    );
    fs::write(&table, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(only(&verify(folder.path()).damages).kind, DamageKind::Truncated);
    fs::remove_file(&table).unwrap();
    assert_eq!(
        (only(&verify(folder.path()).damages).kind, &only(&verify(folder.path()).damages).file),
        (DamageKind::Missing, &name)
    );
    fs::write(&table, &bytes).unwrap();

    // A segment that the newest backup needs.
    let (_, repository) = read(folder.path());
    let newest = repository.newest().unwrap();
    let segment = newest.wal.unwrap().0.to_string();
    let path = files(folder.path(), &format!("{segment}-")).pop().unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let damages = verify(folder.path()).damages;
    assert_eq!(only(&damages).kind, DamageKind::Missing);
    assert!(only(&damages).file.contains(&segment));
    let said = info("info", &verdict(&["info", "--output=json"]).stdout).unwrap();
    assert_eq!((said[0].status, said[0].message.as_str()), (0, "ok"));
    flip_to(&path, &bytes, bytes.len() / 2);
    let damages = verify(folder.path()).damages;
    assert!(only(&damages).file.contains(&segment), "{damages:#?}");
    fs::write(&path, &bytes).unwrap();
    assert_eq!(verify(folder.path()).damages, []);
}

fn flip_to(path: &Path, bytes: &[u8], at: usize) {
    fs::write(path, bytes).unwrap();
    flip(path, at);
}

#[test]
fn its_own_files_vouch_for_themselves() {
    let folder = copy(&gzip().repository());
    for (name, both) in [("backup.info", true), ("archive.info", false), ("backup.manifest", true)] {
        let path = files(folder.path(), name).into_iter().rfind(|path| path.ends_with(name)).unwrap();
        let bytes = fs::read(&path).unwrap();
        let copy = path.with_file_name(format!("{name}.copy"));
        let found = || {
            let (tree, repository) = read(folder.path());
            let label = repository.newest().unwrap().label.clone();
            let mut damages = repository.verify(&tree, &label).unwrap().damages;
            damages.extend(repository.damages);
            damages
        };
        for cut in [0, 10, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&path, &bytes[..cut]).unwrap();
            assert!(
                matches!(only(&found()).kind, DamageKind::Truncated | DamageKind::Corrupt),
                "{name} {cut}"
            );
        }
        flip_to(&path, &bytes, bytes.len() / 2);
        assert!(matches!(only(&found()).kind, DamageKind::Checksum | DamageKind::Corrupt), "{name}");
        if both {
            flip(&copy, 40);
            let tree = Local::new(folder.path()).unwrap();
            let whole = Repository::read(&tree, "demo").map(|repository| {
                let label = repository.newest().unwrap().label.clone();
                repository.verify(&tree, &label).unwrap().manifest.is_none()
            });
            assert!(whole.unwrap_or(true), "{name}");
            flip(&copy, 40);
        }
        fs::write(&path, &bytes).unwrap();
    }
}

#[test]
fn a_backup_is_no_better_than_what_it_builds_on() {
    let folder = copy(&gzip().repository());
    let (_, repository) = read(folder.path());
    let full = repository.backups[0].label.clone();
    let newest = repository.newest().unwrap().label.clone();
    fs::remove_dir_all(folder.path().join("backup/demo").join(&full)).unwrap();
    let damages = verify(folder.path()).damages;
    assert!(damages.len() > 100 && damages.iter().all(|damage| damage.file.contains(&full)));
    // Begun, and never finished: only the copy of its manifest is there, and nobody lists it.
    let folder = copy(&gzip().repository());
    let begun = "20300101-000000F";
    fs::create_dir(folder.path().join("backup/demo").join(begun)).unwrap();
    let from = folder.path().join("backup/demo").join(&newest).join("backup.manifest.copy");
    fs::copy(from, folder.path().join("backup/demo").join(begun).join("backup.manifest.copy")).unwrap();
    let (tree, repository) = read(folder.path());
    assert_eq!(repository.unfinished, [begun]);
    assert_eq!(repository.verify(&tree, begun).unwrap_err().kind, DamageKind::Unfinished);
    assert_eq!(repository.verify(&tree, "20300101-000001F").unwrap_err().kind, DamageKind::Missing);
    // The manifest of another backup in its place.
    let other = folder.path().join("backup/demo").join(&full).join("backup.manifest");
    fs::copy(other, folder.path().join("backup/demo").join(&newest).join("backup.manifest")).unwrap();
    let damages = verify(folder.path()).damages;
    assert!(damages.iter().any(|damage| damage.kind == DamageKind::Foreign), "{damages:#?}");
}

#[test]
fn bundles() {
    let folder = copy(&bundled().repository());
    let bundle = files(folder.path(), "F/bundle/1").pop().unwrap();
    let bytes = fs::read(&bundle).unwrap();
    for at in [bytes.len() / 3, bytes.len() - 20] {
        flip_to(&bundle, &bytes, at);
        let (tree, repository) = read(folder.path());
        let damages = repository.verify(&tree, &repository.backups[0].label).unwrap().damages;
        assert!(only(&damages).file.contains("/bundle/1, in which pg_data/"), "{damages:#?}");
        assert!(only(&damages).at.is_some());
    }
    fs::write(&bundle, &bytes[..bytes.len() / 2]).unwrap();
    let (tree, repository) = read(folder.path());
    let damages = repository.verify(&tree, &repository.backups[0].label).unwrap().damages;
    assert!(damages.iter().all(|damage| damage.kind == DamageKind::Truncated) && damages.len() > 10);
    fs::remove_file(&bundle).unwrap();
    let damages = repository.verify(&tree, &repository.backups[0].label).unwrap().damages;
    assert_eq!(only(&damages).kind, DamageKind::Missing);
}

#[test]
fn as_a_source() {
    let folder = copy(&gzip().repository());
    let sources = format!("source pgbackrest b from \"{}#demo\"", folder.path().display());
    let checks = format!(
        "check whole {{ require b is verified }}
        check some {{ require b.backups = 3 }}
        check fresh {{ require b.age <= 1h }}
        check same {{ require b.system_identifier = \"{}\" }}",
        gzip().identifier
    );
    let run = super::gated::gate(&sources, &checks);
    assert_eq!(run.status, Some(0), "{}", run.said());
    flip(&files(folder.path(), "F/pg_data/base/5/1255.gz").pop().unwrap(), 5000);
    let run = super::gated::gate(&sources, &checks);
    assert_eq!(run.status, Some(1), "{}", run.said());
    assert!(run.stdout.contains("pg_data/base/5/1255.gz"), "{}", run.stdout);
}

/// What cannot be looked into is not called sound, nor damaged.
#[test]
fn what_is_packed_otherwise_is_unproven() {
    let second = "repo2-path=FOLDER/secret\nrepo2-cipher-type=aes-256-cbc\nrepo2-cipher-pass=hunter2-not-a-real-secret";
    let backed = Backed::make("bz2", false, second);
    assert!(backed.run(&["--type=full", "--repo=2", "backup"]).status.success());
    let checks = "check whole { require one is verified }
        check young { require one.age <= 1h }";
    let source = |folder: &str| {
        format!("source pgbackrest one from \"{}#demo\"", backed.cluster.folder().join(folder).display())
    };
    let run = super::gated::gate(&source("repo"), checks);
    assert!(run.status == Some(3) && run.stdout.contains("bzip2"), "{}", run.stdout);
    let run = super::gated::gate(&source("secret"), checks);
    assert!(run.status == Some(3) && run.stdout.contains("encrypted"), "{}", run.stdout);
    // WAL of both kinds, as an archive.
    for folder in ["repo", "secret"] {
        let path = backed.cluster.folder().join(folder).join("archive/demo");
        let source = format!("source wal one from \"{}\"", path.display());
        let run = super::gated::gate(&source, "check way { require one is continuous }");
        assert_eq!(run.status, Some(3), "{folder}\n{}", run.stdout);
    }
}
