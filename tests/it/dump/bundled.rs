//! The archives that are shipped: what the SQL beside them makes, and judged where they lie as their README says.

use std::path::{Path, PathBuf};

use holdtrue::probe::dump::Archive;

use super::sample::{archive_rows, pg_dump, server_rows};
use crate::support::{Run, Tala, program, tala};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

const BUNDLED: [(&str, Tala); 2] = [
    ("policies/tala/data/tala_clean.dump", Tala::Clean),
    ("policies/tala/data/tala_faults.dump", Tala::Faults),
];

#[test]
fn the_bundled_archives_are_what_their_sql_makes() {
    for (path, variant) in BUNDLED {
        let archive = Archive::open(&root().join(path)).unwrap();
        let (mut held, mut made) = (archive_rows(&archive), server_rows(tala(variant)));
        // In which order rows lie is the server's business.
        held.values_mut().chain(made.values_mut()).for_each(|rows| rows.sort_unstable());
        assert!(held == made, "{path} is out of date: other rows; run policies/make-archives");
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("fresh.dump");
        pg_dump(tala(variant), Some(&fresh), &["-Fc"]);
        let fresh = Archive::open(&fresh).unwrap();
        assert_eq!(archive.catalogue().unwrap(), fresh.catalogue().unwrap(), "run policies/make-archives");
        assert!(Path::new(&root().join(path)).metadata().unwrap().len() < 2_000_000, "{path} is large");
    }
}

/// Without a server, and nothing in the environment that leads to one.
fn backup(path: &str, arguments: &[&str]) -> Run {
    let mut command = program();
    command.current_dir(root()).args(["verify", "policies/tala/tala.hold", "--gate", "backup"]);
    command.args(["--format", "json", "--source", &format!("backup=dump:{path}")]).args(arguments);
    Run::of(&mut command)
}

#[test]
fn the_gate_for_backups_opens_on_the_sound_archive_and_closes_on_the_faulted() {
    let [(sound, _), (faulted, _)] = BUNDLED;
    let age = ["--set", "max_age=36500d"];
    backup(sound, &age).ends_with(0);
    let run = backup(faulted, &age).ends_with(1);
    for id in ["backup_audit", "backup_balanced", "backup_running", "backup_tenants", "backup_isolated"] {
        assert_eq!(run.check(id)["verdict"], "broken", "{id}");
        assert!(!run.findings(id).is_empty(), "{id} is broken and lists nothing");
    }
    assert_eq!(run.json()["sources"][0]["kind"], "dump");
    // Too old, too small, and not there at all.
    backup(sound, &["--set", "max_age=1s"]).ends_with(1).judges("backup_age", "broken", "backup.age");
    backup(sound, &["--set", "min_size=1GB", age[0], age[1]]).ends_with(1).judges(
        "backup_size",
        "broken",
        "",
    );
    backup("nowhere.dump", &age).ends_with(3).judges("backup_balanced", "unproven", "nowhere.dump");
}

#[test]
fn nothing_takes_longer_than_the_run_it_was_part_of() {
    let run = backup(BUNDLED[1].0, &[]);
    let report = run.json();
    let instant = |key: &str| report["run"][key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let took = instant("finished").duration_since(instant("started")).as_millis();
    for check in report["checks"].as_array().unwrap() {
        assert!(i128::from(check["duration_ms"].as_u64().unwrap()) <= took, "{check:#}");
    }
}

#[test]
fn a_gate_for_archives_on_a_server_says_what_a_server_does_not_know() {
    let database = tala(Tala::Clean);
    let url = crate::support::shared().url_as(crate::support::shared().reader_role(database), database);
    let run = Run::of(program().current_dir(root()).args([
        "verify",
        "policies/tala/tala.hold",
        "--gate",
        "backup",
        "--format",
        "json",
        "--source",
        &format!("backup={url}"),
    ]))
    .ends_with(3);
    assert_eq!(run.json()["sources"][0]["kind"], "postgres");
    assert_eq!(run.check("backup_balanced")["verdict"], "holds");
    run.judges("backup_age", "unproven", "`age` is a fact of an archive, and this source is a server");
}
