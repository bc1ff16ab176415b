//! Backups that are not what they seem.

use std::time::{Duration, SystemTime};

use super::Place;

const DAY: u64 = 86_400;

fn backup(place: &Place, name: &str, bytes: usize, days: u64) {
    let path = place.file(&format!("backups/{name}"), vec![b'x'; bytes]);
    let at = SystemTime::now() - Duration::from_secs(days * DAY + 600);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

/// Ten daily backups, the newest some minutes old.
fn healthy(place: &Place) {
    for days in 0..10 {
        backup(place, &format!("db_{}.backup", 20 - days), 1000, days);
    }
}

const DECLARED: &str = "source files dumps from \"backups/db_*.backup\" { every 1d }\n\
                        objective backup_success 99.9% of dumps.runs over 8d";
const CHECKS: &str = "
  check fresh { require dumps.age <= 26h }
  check enough { require dumps.count >= 9 }
  check few { require dumps.count <= 100 }
  check regular { require dumps.largest_gap <= 25h }
  check usual { require dumps.size_vs_previous between 50% and 200% }
  check big { require dumps.size >= 900B and_nothing }
  check rate { require dumps.success_rate(8d) >= 99.9% }
  check success { require backup_success is met }";

fn place() -> Place {
    Place::new(DECLARED, &CHECKS.replace(" and_nothing", ""))
}

#[test]
fn a_healthy_row_of_backups_opens_the_gate() {
    let place = place();
    healthy(&place);
    let run = place.run(&[]).ends_with(0).judges("success", "holds", "");
    let objectives = run.json()["objectives"].clone();
    assert!(objectives[0]["actual"].as_str().unwrap().contains("100% (8 of 8 runs)"), "{objectives:#}");
}

#[test]
fn an_old_a_missing_and_a_small_backup_close_it() {
    let place = place();
    healthy(&place);
    std::fs::remove_file(place.path().join("backups/db_17.backup")).unwrap();
    let run = place.run(&[]).ends_with(1).judges("fresh", "holds", "");
    let run = run.judges("regular", "broken", "between `backups/db_16.backup` and `backups/db_18.backup`");
    run.judges("success", "broken", "87.5% (7 of 8 runs)").judges("rate", "broken", "7 of 8 runs");
    backup(&place, "db_17.backup", 1000, 3);
    backup(&place, "db_20.backup", 20, 0);
    place.run(&[]).ends_with(1).judges("usual", "broken", "db_20.backup").judges("big", "broken", "20B");
    for name in ["db_20.backup", "db_19.backup"] {
        std::fs::remove_file(place.path().join("backups").join(name)).unwrap();
    }
    place.run(&[]).ends_with(1).judges("fresh", "broken", "db_18.backup");
}

#[test]
fn nothing_to_look_at_is_not_green() {
    let place = place();
    std::fs::create_dir(place.path().join("backups")).unwrap();
    let run = place.run(&[]).judges("enough", "broken", "dumps.count is 0").judges(
        "few",
        "unproven",
        "nothing to look at",
    );
    run.ends_with(1)
        .judges("fresh", "unproven", "no file matches `backups/db_*.backup`")
        .judges("success", "unproven", "");
    // A folder that is not there, and a pattern with a slip.
    std::fs::remove_dir(place.path().join("backups")).unwrap();
    place
        .run(&[])
        .ends_with(3)
        .judges("enough", "unproven", "the folder `backups`")
        .judges("few", "unproven", "");
    healthy(&place);
    place.policy(
        "source files dumps from \"backups/bd_*.backup\"",
        "check few { require dumps.total_size <= 1TB }",
    );
    place.run(&[]).ends_with(3).judges("few", "unproven", "no file matches");
    place.policy(
        "source files dumps from \"backups/bd_*.backup\"",
        "check few { require dumps.count = 0; allow empty }",
    );
    place.run(&[]).ends_with(0);
    place.policy("source files dumps from env BACKUPS", "check few { require dumps.count > 0 }");
    place.run(&[]).ends_with(3).judges("few", "unproven", "`BACKUPS` is not set");
}

#[test]
fn a_set_can_be_read_from_elsewhere_and_not_as_something_else() {
    let place = place();
    healthy(&place);
    std::fs::rename(place.path().join("backups"), place.path().join("restore")).unwrap();
    place.run(&["--source", "dumps=files:restore/db_*.backup"]).ends_with(0);
    place.run(&["--source", "dumps=restore/db_*.backup"]).ends_with(0);
    place
        .run(&["--source", "dumps=dump:restore/db_20.backup"])
        .ends_with(2)
        .says("`dumps` is declared as `files`");
    place.run(&["--source", "dumps=postgres://localhost/x"]).ends_with(2);
}

#[test]
fn a_dump_of_the_future_is_not_fresh() {
    let place =
        Place::new("source dump backup from \"tala.dump\"", "check fresh { require backup.age <= 24h }");
    let bundled = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/tala/data/tala_clean.dump");
    let path = place.file("tala.dump", std::fs::read(bundled).unwrap());
    place.run(&[]).judges("fresh", "broken", "");
    // What it records of itself is older, and that counts.
    let at = SystemTime::now() + Duration::from_secs(DAY);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
    place.run(&[]).ends_with(1).judges("fresh", "broken", "");
}
