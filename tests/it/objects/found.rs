//! Archives that are found, and read as if they were files.

use std::process::Command;

use super::{Fault, Stand, bundled, files};
use crate::support::{Run, postgres_program, shared, tala};
use crate::support::{Tala, program};

#[test]
fn an_object_is_read_like_a_file() {
    let stand = Stand::with("tala/tala_1.dump");
    let run = stand.verify(&["p.hold"]).ends_with(0);
    let source = &run.json()["sources"][0];
    assert_eq!(
        (source["kind"].as_str(), source["address"].as_str()),
        (Some("dump"), Some("dump:s3://backups/tala/tala_1.dump"))
    );
    let file = stand.folder.path().join("tala.dump");
    std::fs::write(&file, bundled("tala_clean.dump")).unwrap();
    let local = Run::of(program().current_dir(stand.folder.path()).args([
        "verify",
        "p.hold",
        "--format",
        "json",
        "--source",
        "backup=dump:tala.dump",
    ]));
    for (here, there) in
        local.json()["checks"].as_array().unwrap().iter().zip(run.json()["checks"].as_array().unwrap())
    {
        assert_eq!((&here["verdict"], &here["examined"]), (&there["verdict"], &there["examined"]));
    }
    // Little more than there is was asked for, and not piece by piece.
    let (requests, bytes) = stand.server.served();
    let size = bundled("tala_clean.dump").len() as u64;
    assert!(requests < 40 && bytes < 4 * size, "{requests} requests, {bytes} bytes of {size}");
}

#[test]
fn google_speaks_nearly_the_same() {
    let stand = Stand::with("tala/tala_1.dump");
    let verify = |key: &str, token: &str| {
        let source = format!("backup=gs://backups/{key}");
        let mut command = stand.command(&["p.hold", "--source", &source]);
        command.env("GOOGLE_BASE_URL", stand.server.url()).env("GOOGLE_BEARER_TOKEN", token);
        command.env_remove("AWS_ENDPOINT_URL");
        Run::of(&mut command)
    };
    let run = verify("tala/tala_*.dump", super::TOKEN).ends_with(0);
    assert_eq!(run.json()["sources"][0]["address"], "dump:gs://backups/tala/tala_1.dump");
    verify("none", super::TOKEN).ends_with(3).judges(
        "books",
        "unproven",
        "there is no object `gs://backups/none`",
    );
}

#[test]
fn faults_in_an_object_are_broken() {
    let stand = Stand::new();
    stand.server.put("tala/tala_1.dump", bundled("tala_faults.dump"));
    stand.verify(&["p.hold"]).ends_with(1).judges("books", "broken", "");
}

#[test]
fn of_those_that_match_the_one_written_last_is_read() {
    let stand = Stand::new();
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let (sound, faults) = (bundled("tala_clean.dump"), bundled("tala_faults.dump"));
    for (key, bytes, written) in [
        ("tala/tala_3.dump", &faults, "2026-01-01T00:00:00Z"),
        ("tala/tala_2.dump", &sound, "2026-01-02T00:00:00Z"),
        // Of one instant, the last key counts.
        ("tala/tala_1.dump", &faults, "2026-01-02T00:00:00Z"),
        // Not over a slash, and not by half a name.
        ("tala/tala_9/x.dump", &faults, "2026-01-03T00:00:00Z"),
        ("tala/tala_9.dump.part", &faults, "2026-01-03T00:00:00Z"),
        ("tala/other.dump", &faults, "2026-01-03T00:00:00Z"),
    ] {
        stand.server.put_at(key, bytes.clone(), at(written));
    }
    let run = stand.verify(&["p.hold", "--check", "books"]);
    assert_eq!(run.json()["sources"][0]["address"], "dump:s3://backups/tala/tala_2.dump");
    assert_eq!(run.check("books")["verdict"], "holds");
    // Its age is that of the object, and it is old.
    let run = stand.verify(&["p.hold", "--set", "max_age=1d"]).ends_with(1);
    run.judges("young", "broken", "backup.age");
    let run = stand.source("t*/tala_?/*.dump");
    assert_eq!(run.json()["sources"][0]["address"], "dump:s3://backups/tala/tala_9/x.dump");
    stand.source("tala/nothing_*.dump").ends_with(3).judges("books", "unproven", "no object matches");
    stand.source("tala/**").ends_with(3).judges("books", "unproven", "`**` is not known here");
}

/// The directory format is a prefix of keys.
#[test]
fn a_folder_is_read_as_objects_under_a_prefix() {
    let stand = Stand::new();
    let database = tala(Tala::Clean);
    let folder = stand.folder.path().join("written");
    let mut dump = Command::new(postgres_program("pg_dump"));
    dump.arg("-d").arg(shared().url(database)).args(["-Fd", "-f"]).arg(&folder);
    assert!(dump.status().unwrap().success());
    for (name, bytes) in files(&folder) {
        stand.server.put(&format!("tala/tala_1.dump/{name}"), bytes);
    }
    for key in ["tala/tala_1.dump", "tala/tala_1.dump/", "tala/tala_*.dump", "tala/tala_?.dump/"] {
        stand.source(key).ends_with(0);
    }
    // A prefix of something else is no archive.
    stand.server.put("tala/tala_2.dump/readme", b"hello".to_vec());
    stand.verify(&["p.hold"]).ends_with(0);
    stand.source("tala/tala_2.dump").ends_with(3).judges("books", "unproven", "without `toc.dat`");
    // A file of it that is missing, and one that is replaced between the listing and the reading.
    let largest = files(&folder).into_iter().max_by_key(|(_, bytes)| bytes.len()).unwrap().0;
    stand.server.put(&format!("tala/tala_1.dump/{largest}"), b"something else".to_vec());
    stand.source("tala/tala_1.dump").ends_with(3).judges("keys", "unproven", "damaged");
}

#[test]
fn every_other_format_is_read_too() {
    let stand = Stand::new();
    let database = tala(Tala::Clean);
    for (name, arguments) in [("t.tar", &["-Ft"][..]), ("t.sql", &["-Fp"]), ("t.sql.gz", &["-Fp", "-Z6"])] {
        let file = stand.folder.path().join(name);
        let mut dump = Command::new(postgres_program("pg_dump"));
        dump.arg("-d").arg(shared().url(database)).args(arguments).arg("-f").arg(&file);
        assert!(dump.status().unwrap().success());
        stand.server.put(name, std::fs::read(&file).unwrap());
        let run = stand.source(name);
        assert_eq!(run.check("books")["verdict"], "holds", "{name}: {}", run.said());
        assert_eq!(run.check("keys")["verdict"], "holds", "{name}");
    }
}

#[test]
fn what_goes_wrong_once_is_tried_again() {
    let stand = Stand::with("tala/tala_1.dump");
    stand.server.fails_once(0, Fault::Refuse(503, "SlowDown", "Please reduce your request rate."));
    stand.server.fails_once(2, Fault::HangUp);
    stand.server.fails_once(5, Fault::Refuse(500, "InternalError", "We encountered an internal error."));
    stand.verify(&["p.hold"]).ends_with(0);
}
