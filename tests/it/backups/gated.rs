//! The same artifacts as sources of a policy: sound ones open a gate, and damage closes it with a sentence that says where.

use std::fs;

use crate::support::{Run, program};

use super::archived::{copy, story};

/// Runs checks on sources that need no server.
pub(super) fn gate(sources: &str, checks: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.hold");
    let text = format!("policy t {{ language 1; owner \"@t\" }}\n{sources}\ngate g {{\n{checks}\n}}\n");
    fs::write(&path, text).unwrap();
    Run::of(program().arg("verify").arg(&path))
}

#[test]
fn sound_and_damaged() {
    let story = story();
    let (archive, backup) = (copy(&story.archive), copy(&story.backup));
    let sources = format!(
        "source wal archive from \"{}\"\nsource basebackup base from \"{}\"",
        archive.path().display(),
        backup.path().display()
    );
    let checks = "check there { require archive.segments >= 5 }
        check gapless { require archive is continuous }
        check sound { require archive is verified }
        check reached { require archive.reaches > 2020-01-01T00:00:00Z }
        check fresh { require archive.age <= 1h }
        check same { require archive.system_identifier = base.system_identifier }
        check young { require base.age <= 1h }
        check large { require base.restored_size >= 10MB }
        check whole { require base is verified }";
    let run = gate(&sources, checks);
    assert_eq!(run.status, Some(0), "{}{}", run.stdout, run.stderr);
    let mut names: Vec<_> = fs::read_dir(archive.path()).unwrap().map(|file| file.unwrap().path()).collect();
    names.retain(|path| path.file_name().unwrap().len() == 24);
    names.sort();
    fs::remove_file(&names[1]).unwrap();
    let table = backup.path().join("base/5/1255");
    let mut bytes = fs::read(&table).unwrap();
    bytes[100] ^= 1;
    fs::write(&table, bytes).unwrap();
    let run = gate(&sources, checks);
    assert_eq!(run.status, Some(1), "{}{}", run.stdout, run.stderr);
    let missing = names[1].file_name().unwrap().to_str().unwrap();
    assert!(run.stdout.contains(missing), "{}", run.stdout);
    assert!(run.stdout.contains("base/5/1255") && run.stdout.contains("CRC32C"), "{}", run.stdout);
    let run = gate("source wal archive from \"no/such/folder\"", "check a { require archive is continuous }");
    assert_eq!(run.status, Some(3), "{}{}", run.stdout, run.stderr);
}

#[test]
fn a_snapshot_of_redis() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.rdb");
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/backup/redis.rdb");
    let bytes = fs::read(sample).unwrap();
    let sources = format!("source redis cache from \"{}\"", path.display());
    let checks = "check sum { require cache is verified }
        check version { require cache.server_version = \"7.0.15\" }";
    fs::write(&path, &bytes).unwrap();
    assert_eq!(gate(&sources, checks).status, Some(0));
    let mut other = bytes.clone();
    other[110] ^= 1;
    fs::write(&path, other).unwrap();
    let run = gate(&sources, checks);
    assert!(run.status == Some(1) && run.stdout.contains("CRC-64"), "{}", run.stdout);
}

/// No gap and no damage among no segments is no good news.
#[test]
fn figures_of_nothing_say_nothing() {
    let empty = tempfile::tempdir().unwrap();
    let source = format!("source wal archive from \"{}\"", empty.path().display());
    for figure in ["missing = 0", "damaged = 0", "timelines <= 1", "size >= 0B", "segments >= 0"] {
        let run = gate(&source, &format!("check c {{ require archive.{figure} }}"));
        assert_eq!(run.status, Some(3), "{figure}\n{}{}", run.stdout, run.stderr);
        let flat = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("there is nothing to look at"), "{figure}\n{}", run.stdout);
    }
}
