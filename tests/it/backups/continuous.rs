//! `ARCHIVE is continuous from BACKUP until TIME`: whether the WAL leads a restore where it is to end.

use std::fs;
use std::path::{Path, PathBuf};

use super::archived::{copy, story};
use super::{barman::barman, pgbackrest::gzip};
use crate::gate::Place;

fn place(archive: &Path, backup: &str, state: &str) -> Place {
    let sources =
        format!("param target: time\nsource wal archive from \"{}\"\nsource {backup}", archive.display());
    Place::new(&sources, &format!("check way {{ require archive is {state} }}"))
}

/// Whole segments of a timeline, oldest first.
fn segments(archive: &Path, timeline: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(archive).unwrap().map(|file| file.unwrap().path()).collect();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.retain(|path| name(path).len() == 24 && name(path).starts_with(timeline));
    paths.sort();
    paths
}

fn named(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn from_a_backup_to_a_time() {
    let story = story();
    let archive = copy(&story.archive);
    let base = format!("basebackup base from \"{}\"", story.backup.display());
    let run = |state: &str, target: &str| {
        place(archive.path(), &base, state).run(&["--set", &format!("target={target}")])
    };
    let way = "continuous from base until $target";
    let (between, after) = (story.between.to_string(), story.after.to_string());
    run(way, &between).ends_with(0).says("leads to");
    run(way, &after).ends_with(0);
    run("continuous from base", &after).ends_with(0);
    run("continuous until $target - 1ms", &after).ends_with(0);
    run("continuous until archive.reaches - 1ms", &after).ends_with(0);
    // Whatever ended last, nothing ended after it.
    run("continuous until archive.reaches", &after).ends_with(1).judges("way", "broken", "not after");
    let late = run(way, "2999-01-01T00:00:00Z").ends_with(1);
    let last = segments(archive.path(), "00000002").pop().unwrap();
    late.judges("way", "broken", "not after 2999-01-01T00:00:00Z").judges("way", "broken", named(&last));
    let early = run(way, "2020-01-01T00:00:00Z").ends_with(1);
    early.judges("way", "broken", "cannot be restored to 2020-01-01T00:00:00Z");

    // On the first timeline alone the way goes on over two more segments.
    let archive = copy(&story.archive);
    let first = segments(archive.path(), "00000001");
    for path in segments(archive.path(), "00000002") {
        fs::remove_file(path).unwrap();
    }
    fs::remove_file(archive.path().join("00000002.history")).unwrap();
    let run = |state: &str, target: &str| {
        place(archive.path(), &base, state).run(&["--set", &format!("target={target}")])
    };
    run(way, &between).ends_with(0);
    run(way, &after).ends_with(1).judges("way", "broken", "not after");
    let hole = &first[2];
    let kept = fs::read(hole).unwrap();
    fs::remove_file(hole).unwrap();
    for state in [way, "continuous from base", "continuous until $target"] {
        run(state, &between).ends_with(1).judges("way", "broken", named(hole));
    }
    // What is missing behind an instant is not needed to get there.
    run("continuous until $target", "2020-01-01T00:00:00Z").ends_with(0);
    let mut other = kept.clone();
    other[1000] ^= 1;
    fs::write(hole, other).unwrap();
    run(way, &between).ends_with(1).judges("way", "broken", named(hole));
    fs::write(hole, kept).unwrap();
    run(way, &between).ends_with(0);
    // What was kept begins after the backup.
    for path in &first[..2] {
        fs::remove_file(path).unwrap();
    }
    run(way, &between).ends_with(1).judges("way", "broken", named(&first[1]));
    // The history tells which timeline a restore goes on to.
    let archive = copy(&story.archive);
    let history = archive.path().join("00000002.history");
    let text = fs::read_to_string(&history).unwrap();
    let switch = text.split('\t').nth(1).unwrap();
    fs::write(&history, text.replace(switch, "0/1000028")).unwrap();
    let place = place(archive.path(), &base, way);
    let run = place.run(&["--set", &format!("target={after}")]).ends_with(1);
    run.judges("way", "broken", "left timeline 1 at 0/1000028");
}

#[test]
fn what_cannot_be_read_proves_nothing() {
    let story = story();
    let way = "continuous from base until $target";
    let target = format!("target={}", story.after);
    let none = "basebackup base from \"no/such/folder\"";
    place(&story.archive, none, way).run(&["--set", &target]).ends_with(3).judges("way", "unproven", "base");
    let base = format!("basebackup base from \"{}\"", story.backup.display());
    let nowhere = place(Path::new("no/such/archive"), &base, way).run(&["--set", &target]);
    nowhere.ends_with(3).judges("way", "unproven", "archive");
    let backup = copy(&story.backup);
    fs::rename(backup.path().join("backup_manifest"), backup.path().join("backup_manifest.tmp")).unwrap();
    let base = format!("basebackup base from \"{}\"", backup.path().display());
    let run = place(&story.archive, &base, way).run(&["--set", &target]);
    run.ends_with(3).judges("way", "unproven", "interrupted");
}

#[test]
fn from_what_other_tools_made() {
    let target = |server: &crate::support::Cluster| {
        let sql = "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
        format!("target={}", server.psql("postgres", sql))
    };
    let (backrest, barman) = (gzip(), barman());
    let way = "continuous from base until $target";
    let repository = copy(&backrest.repository());
    let base = format!("pgbackrest base from \"{}#demo\"", repository.path().display());
    let stanza = repository.path().join("archive/demo");
    let archive = fs::read_dir(stanza).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let archive = archive.unwrap();
    let last = target(&backrest.cluster);
    place(&archive, &base, "continuous from base").run(&["--set", &last]).ends_with(0);
    // One that is named: the oldest, and one that is not there.
    let labels = fs::read_dir(repository.path().join("backup/demo")).unwrap().map(|e| e.unwrap().file_name());
    let mut labels: Vec<String> = labels.map(|label| label.into_string().unwrap()).collect();
    labels.retain(|label| label.ends_with('F'));
    let named = |label: &str| {
        place(&archive, &base, &format!("continuous from base \"{label}\"")).run(&["--set", &last])
    };
    named(&labels[0]).ends_with(0).says(&labels[0]);
    named("20200101-000000F").ends_with(3).judges("way", "unproven", "no finished backup `20200101-000000F`");
    let late = place(&archive, &base, way).run(&["--set", &last]).ends_with(1);
    late.judges("way", "broken", "backup `");
    let home = barman.home();
    let base = format!("barman base from \"{}\"", home.join("demo").display());
    let wals = home.join("demo/wals");
    place(&wals, &base, "continuous from base").run(&["--set", &last]).ends_with(0);
    // Another cluster's WAL leads nowhere.
    let run = place(&archive, &base, "continuous from base").run(&["--set", &last]).ends_with(1);
    run.judges("way", "broken", "it is of the cluster with system identifier");
}

#[test]
fn what_is_said_wrongly_is_refused() {
    let archive = Path::new("archive");
    let base =
        "basebackup base from \"base\"\nsource files dumps from \"*.dump\"\nsource redis cache from \"r\"";
    for (state, why) in [
        ("continuous from bsae", "did you mean `base`"),
        ("continuous from dumps", "of kind `files`"),
        ("continuous until 5min", "not an instant"),
        ("continuous until archive.segments", "not an instant"),
        ("continuous until newest(Log.at)", ""),
        ("continuous from base until $target or so", "cannot follow"),
        ("continuous until $target from base", "cannot follow"),
        ("continuous from", "cannot follow"),
        ("continuous from base \"a\"", "has no labels"),
        ("continuous from base until \"a\"", ""),
        ("verified from base", "nothing can follow"),
        ("verified until $target", "nothing can follow"),
    ] {
        let run = place(archive, base, state).run(&["--set", "target=2026-01-01T00:00:00Z"]);
        run.ends_with(2).says(why);
    }
    let sources = format!("param target: time\nsource {base}");
    for state in
        ["cache is verified from base", "dumps is verified until $target", "base is continuous from base"]
    {
        let place = Place::new(&sources, &format!("check c {{ require {state} }}"));
        place.run(&["--set", "target=2026-01-01T00:00:00Z"]).ends_with(2);
    }
}
