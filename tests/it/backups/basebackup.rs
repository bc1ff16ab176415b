//! Base backups of pg_basebackup, in folders and tar files, sound and damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdtrue::probe::basebackup::{Backup, Options};
use holdtrue::probe::damage::{Damage, DamageKind};
use holdtrue::probe::tree::Local;

use super::archived::{Archived, copy, story};
use crate::support::postgres_program;

fn read_with(folder: &Path, archive: Option<&Path>, identifier: Option<u64>) -> Backup {
    let tree = Local::new(folder).unwrap().with_tablespaces();
    let archive = archive.map(|archive| Local::new(archive).unwrap());
    let wal = archive.as_ref().map(|archive| archive as _);
    Backup::read(&tree, &Options { wal, system_identifier: identifier }).unwrap()
}

fn read(folder: &Path) -> Backup {
    read_with(folder, None, None)
}

/// The one thing that is wrong.
#[track_caller]
fn only(backup: &Backup) -> &Damage {
    assert_eq!(backup.damages.len(), 1, "{:#?}", backup.damages);
    &backup.damages[0]
}

/// What pg_verifybackup thinks of it.
fn verified(folder: &Path) -> bool {
    let output = Command::new(postgres_program("pg_verifybackup")).arg(folder).output().unwrap();
    output.status.success()
}

/// Some file of a table, by its size.
fn largest(folder: &Path) -> PathBuf {
    let tables = fs::read_dir(folder.join("base/5")).unwrap().map(|file| file.unwrap().path());
    tables.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}

#[test]
fn a_sound_backup() {
    let story = story();
    let backup = read(&story.backup);
    assert_eq!(backup.damages, []);
    assert!(verified(&story.backup));
    assert_eq!(backup.system_identifier, Some(story.identifier));
    assert!(!backup.tar && backup.files > 900 && backup.bytes > 20_000_000, "{}", backup.files);
    assert!(backup.started.unwrap() <= backup.finished.unwrap() && backup.finished.unwrap() < story.between);
    let control = backup.control.unwrap();
    assert_eq!((control.version, control.segment_bytes, control.timeline), (1300, 16 << 20, 1));
    let label = backup.label.unwrap();
    assert_eq!((label.timeline, label.from_standby, label.incremental_from), (1, false, None));
    assert_eq!(backup.manifest.unwrap().wal[0].start, label.start);
    let wrong = read_with(&story.backup, None, Some(1));
    assert_eq!(only(&wrong).kind, DamageKind::Foreign);
    // What is written before a restore is no damage.
    let folder = copy(&story.backup);
    fs::write(folder.path().join("recovery.signal"), "").unwrap();
    fs::write(folder.path().join("postgresql.auto.conf"), "restore_command = 'false'").unwrap();
    assert_eq!(read(folder.path()).damages, []);
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let story = story();
    let folder = copy(&story.backup);
    let path = largest(folder.path());
    let name = path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
    let bytes = fs::read(&path).unwrap();
    let found = |kind: DamageKind| {
        let backup = read(folder.path());
        let damage = only(&backup);
        assert_eq!((damage.kind, damage.file.as_str()), (kind, name.as_str()), "{damage}");
        assert!(!verified(folder.path()));
        damage.clone()
    };
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 4;
    fs::write(&path, flipped).unwrap();
    assert!(found(DamageKind::Checksum).message.contains("CRC32C"));
    fs::write(&path, &bytes[..8192]).unwrap();
    assert_eq!(found(DamageKind::Truncated).at, Some(8192));
    fs::write(&path, [&bytes[..], b"x"].concat()).unwrap();
    assert_eq!(found(DamageKind::Size).at, Some(bytes.len() as u64));
    fs::remove_file(&path).unwrap();
    found(DamageKind::Missing);
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("table"), &bytes).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("table"), &path).unwrap();
    let backup = read(folder.path());
    assert_eq!((only(&backup).kind, &only(&backup).file), (DamageKind::Corrupt, &name));
    fs::remove_file(&path).unwrap();
    fs::write(&path, &bytes).unwrap();

    fs::write(folder.path().join("base/5/99999"), "").unwrap();
    let backup = read(folder.path());
    assert_eq!((only(&backup).kind, only(&backup).file.as_str()), (DamageKind::Extra, "base/5/99999"));
    fs::remove_file(folder.path().join("base/5/99999")).unwrap();

    let control = folder.path().join("global/pg_control");
    let bytes = fs::read(&control).unwrap();
    let mut other = bytes.clone();
    other[0] ^= 1;
    fs::write(&control, &other).unwrap();
    let kinds: Vec<_> =
        read(folder.path()).damages.iter().map(|damage| (damage.file.clone(), damage.kind)).collect();
    assert!(
        kinds.iter().all(|one| *one == ("global/pg_control".to_owned(), DamageKind::Checksum)),
        "{kinds:?}"
    );
    fs::write(&control, bytes).unwrap();

    fs::remove_file(folder.path().join("backup_label")).unwrap();
    assert_eq!(only(&read(folder.path())).kind, DamageKind::Missing);
}

#[test]
fn a_manifest_vouches_for_itself() {
    let story = story();
    let folder = copy(&story.backup);
    let path = folder.path().join("backup_manifest");
    let text = fs::read(&path).unwrap();
    let found = || {
        let backup = read(folder.path());
        assert!(backup.manifest.is_none());
        only(&backup).clone()
    };
    for cut in [0, 1, 2, 100, text.len() / 2, text.len() - 80, text.len() - 1] {
        fs::write(&path, &text[..cut]).unwrap();
        assert_eq!(found().kind, DamageKind::Truncated, "{cut}");
    }
    for at in [30, 500, text.len() - 120] {
        let mut other = text.clone();
        other[at] ^= 1;
        fs::write(&path, other).unwrap();
        assert_eq!(found().kind, DamageKind::Checksum, "{at}");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(found().kind, DamageKind::Missing);
    fs::write(folder.path().join("backup_manifest.tmp"), &text[..3000]).unwrap();
    assert!(read(folder.path()).damages.iter().any(|damage| damage.kind == DamageKind::Unfinished));
}

#[test]
fn the_wal_it_needs() {
    let story = story();
    let folder = copy(&story.backup);
    let needed = read(&story.backup).manifest.unwrap().wal[0];
    let name = format!("00000001{:08X}{:08X}", needed.start.0 >> 32, (needed.start.0 & 0xffff_ffff) >> 24);
    let path = folder.path().join("pg_wal").join(&name);
    let bytes = fs::read(&path).unwrap();
    let mut other = bytes.clone();
    let at = usize::try_from(needed.start.0 & 0xff_ffff).unwrap() + 30;
    other[at] ^= 16;
    fs::write(&path, other).unwrap();
    let backup = read(folder.path());
    assert_eq!((only(&backup).kind, &only(&backup).file), (DamageKind::Checksum, &name));
    assert!(only(&backup).message.contains("which a restore of the backup needs"), "{}", only(&backup));
    // The archive has the same segment, sound.
    let archive = copy(&story.archive);
    assert_eq!(read_with(folder.path(), Some(archive.path()), None).damages, []);
    fs::remove_file(&path).unwrap();
    assert_eq!(only(&read(folder.path())).kind, DamageKind::Missing);
    assert_eq!(read_with(folder.path(), Some(archive.path()), None).damages, []);
    fs::remove_file(archive.path().join(&name)).unwrap();
    assert_eq!(only(&read_with(folder.path(), Some(archive.path()), None)).kind, DamageKind::Missing);
}

#[test]
fn tar_files() {
    // A server of its own: while it has a tablespace, nobody else can take a plain backup of it.
    let server = Archived::start(&[]);
    let identifier: u64 = server.sql("select system_identifier from pg_control_system()").parse().unwrap();
    let space = server.cluster.folder().join("space");
    fs::create_dir(&space).unwrap();
    let owner = fs::metadata(server.cluster.folder().join("data")).unwrap();
    std::os::unix::fs::chown(&space, Some(std::os::unix::fs::MetadataExt::uid(&owner)), None).unwrap();
    server.sql(&format!("create tablespace elsewhere location '{}'", space.display()));
    server.sql("create table s tablespace elsewhere as select generate_series(1, 1000) as i");
    let mapping = format!("{}={}-copy", space.display(), space.display());
    let plain = server.backup("plain", &["-T", &mapping, "--manifest-checksums=SHA224"]);
    assert_eq!(read(&plain).damages, []);
    let none =
        server.backup("none", &["-T", &mapping.replace("-copy", "-none"), "--manifest-checksums=NONE"]);
    assert!(only(&read(&none)).is_unread());
    for (name, arguments) in [
        ("tar", &["-Ft", "--manifest-checksums=SHA512"][..]),
        ("fetch", &["-Ft", "-X", "fetch"]),
        ("gzip", &["-Ft", "-z"]),
        ("lz4", &["-Ft", "--compress=server-lz4"]),
        ("zstd", &["-Ft", "--compress=server-zstd", "-X", "fetch"]),
    ] {
        let made = server.backup(name, arguments);
        let backup = read(&made);
        assert_eq!(backup.damages, [], "{name}");
        assert!(backup.tar && backup.files > 900, "{name}");
        assert_eq!(backup.system_identifier, Some(identifier));
        let folder = copy(&made);
        let base = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let base = base
            .into_iter()
            .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("base.tar"))
            .unwrap();
        let bytes = fs::read(&base).unwrap();
        let lengths = [bytes.len() / 512 / 2 * 512, bytes.len() - 1024, 0, 100, 512, bytes.len() - 1];
        for length in lengths.into_iter().take(if name == "tar" { 6 } else { 2 }) {
            fs::write(&base, &bytes[..length]).unwrap();
            let backup = read(folder.path());
            assert!(!backup.damages.is_empty(), "{name} cut to {length}");
        }
        // Without a checksum of its own, a stream may have another byte and the same contents.
        let checked = ["tar", "gzip"].contains(&name);
        for at in (0..bytes.len()).step_by(bytes.len() / 5).skip(1).filter(|_| checked) {
            let mut other = bytes.clone();
            other[at] ^= 1 << (at % 8);
            fs::write(&base, other).unwrap();
            // In the free space between members a tar file has nothing that is restored.
            let padding = name == "tar" && bytes[at] == 0;
            assert!(padding || !read(folder.path()).damages.is_empty(), "{name} at {at}");
        }
        if name == "tar" {
            fs::write(&base, [&bytes[..], &bytes[..]].concat()).unwrap();
            assert!(!read(folder.path()).damages.is_empty(), "{name} twice");
        }
        fs::write(&base, &bytes).unwrap();
        let others = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        for other in others.filter(|other| *other != base && name != "lz4") {
            let kept = fs::read(&other).unwrap();
            fs::remove_file(&other).unwrap();
            assert!(!read(folder.path()).damages.is_empty(), "{name} without {}", other.display());
            fs::write(&other, kept).unwrap();
        }
        fs::write(folder.path().join("base.tar.old"), "").unwrap();
        assert_eq!(only(&read(folder.path())).kind, DamageKind::Extra);
    }
}
