//! Backups and WAL in a store are judged as they are in a folder: sound, damaged, and not to be read.

use std::path::Path;

use super::{Fault, Stand};
use crate::backups::archived::story;
use crate::backups::{barman::barman, pgbackrest::gzip};
use crate::support::Run;

const CHECKS: &str = "
  check base_whole { require base is verified }
  check base_size { require base.restored_size >= 10MB }
  check gapless { require archive is continuous }
  check archive_sound { require archive is verified }
  check way { require archive is continuous from base }
  check nightly_whole { require nightly is verified }
  check nightly_count { require nightly.backups >= 1 }
  check catalogue_whole { require catalogue is verified }
  check cache_whole { require cache is verified }";

fn policy(place: impl Fn(&str) -> String) -> String {
    let source =
        |kind: &str, name: &str, end: &str| format!("source {kind} {name} from \"{}{end}\"\n", place(name));
    [
        "policy t { language 1; owner \"@t\" }\n".to_owned(),
        source("basebackup", "base", ""),
        source("wal", "archive", ""),
        source("pgbackrest", "nightly", "#demo"),
        source("barman", "catalogue", "/demo"),
        source("redis", "cache", "/dump.rdb"),
        format!("gate g {{ {CHECKS} }}\n"),
    ]
    .concat()
}

/// The same artifacts here and there.
fn stand() -> (Stand, [(&'static str, std::path::PathBuf); 5]) {
    let stand = Stand::new();
    let cache = stand.folder.path().join("cache");
    std::fs::create_dir(&cache).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/backup/redis.rdb");
    std::fs::copy(sample, cache.join("dump.rdb")).unwrap();
    let places = [
        ("base", story().backup.clone()),
        ("archive", story().archive.clone()),
        ("nightly", gzip().repository()),
        ("catalogue", barman().home()),
        ("cache", cache),
    ];
    for (name, path) in &places {
        stand.server.put_all(&format!("dr/{name}"), path);
    }
    (stand, places)
}

fn there(stand: &Stand) -> Run {
    std::fs::write(stand.folder.path().join("p.hold"), policy(|name| format!("s3://backups/dr/{name}")))
        .unwrap();
    stand.verify(&["p.hold"])
}

fn verdicts(run: &Run) -> Vec<(String, String)> {
    let text = |check: &serde_json::Value, key: &str| check[key].as_str().unwrap().to_owned();
    let report = run.json();
    report["checks"].as_array().unwrap().iter().map(|c| (text(c, "id"), text(c, "verdict"))).collect()
}

/// Checks that do not hold.
fn closed(run: &Run) -> Vec<(String, String)> {
    verdicts(run).into_iter().filter(|(_, verdict)| verdict != "holds").collect()
}

const KINDS: [(&str, &str); 5] = [
    ("wal", "dr/archive"),
    ("basebackup", "dr/base"),
    ("pgbackrest", "dr/nightly#demo"),
    ("barman", "dr/catalogue/demo"),
    ("redis", "dr/cache/dump.rdb"),
];

/// One source alone.
#[track_caller]
fn only(stand: &Stand, (kind, address): (&str, &str), state: &str) -> Run {
    let text = format!(
        "policy t {{ language 1; owner \"@t\" }}\nsource {kind} one from \"s3://backups/{address}\"\n\
         gate g {{ check c {{ require one is {state} }} }}\n"
    );
    std::fs::write(stand.folder.path().join("p.hold"), text).unwrap();
    stand.verify(&["p.hold"])
}

#[test]
fn sound_and_damaged_alike() {
    let (stand, places) = stand();
    let at = |name: &str| places.iter().find(|(n, _)| *n == name).unwrap().1.display().to_string();
    std::fs::write(stand.folder.path().join("p.hold"), policy(at)).unwrap();
    let here = stand.verify(&["p.hold"]);
    let run = there(&stand);
    assert_eq!(verdicts(&run), verdicts(&here), "{}\n{}", run.said(), here.said());
    assert_eq!(closed(&run), [], "{}", run.said());
    run.ends_with(0);

    let server = &stand.server;
    let judged = |(kind, address): (&str, &str), state: &str, piece: &str| {
        only(&stand, (kind, address), state).ends_with(1).judges("c", "broken", piece);
    };
    let table = "dr/base/base/5/1255";
    server.flip(table, 9000);
    judged(KINDS[1], "verified", "base/5/1255");
    server.take(table);
    judged(KINDS[1], "verified", "base/5/1255");
    let packed = server.ending("pg_data/base/5/1255.gz").into_iter().find(|key| key.contains("F/")).unwrap();
    server.flip(&packed, 5000);
    judged(KINDS[2], "verified", "base/5/1255.gz");
    let mut segments = server.ending("");
    segments.retain(|key| key.starts_with("dr/archive/00000001") && !key.contains('.'));
    let segment = segments[1].clone();
    let name = segment.rsplit('/').next().unwrap();
    let kept = server.take(&segment);
    judged(KINDS[0], "continuous", name);
    server.put(&segment, kept[..100_000].to_vec());
    judged(KINDS[0], "continuous", name);
    server.put(&segment, kept);
    server.flip(&segment, 1000);
    judged(KINDS[0], "continuous", name);
    server.flip("dr/cache/dump.rdb", 110);
    judged(KINDS[4], "verified", "CRC-64");
}

#[test]
fn what_cannot_be_read_proves_nothing() {
    let (stand, _) = stand();
    let all_unproven = |run: Run| {
        let run = run.ends_with(3);
        assert!(verdicts(&run).iter().all(|(_, verdict)| verdict == "unproven"), "{}", run.said());
    };
    for (kind, state) in KINDS.into_iter().zip(["continuous", "verified", "verified", "verified", "verified"])
    {
        let (begin, _) = stand.server.served();
        only(&stand, kind, state).ends_with(0);
        let (end, _) = stand.server.served();
        let mut faults = vec![Fault::Refuse(403, "AccessDenied", "no")];
        if kind.0 == "wal" {
            faults.extend([Fault::OtherLength, Fault::NoTag]);
        }
        // The last request of a run: all before it went well.
        let last = end - begin - 1;
        for fault in faults {
            stand.server.fails_once(stand.server.served().0 + last, fault);
            only(&stand, kind, state).ends_with(3).judges("c", "unproven", "");
        }
        stand.server.replaces_at(stand.server.served().0 + last);
        only(&stand, kind, state).ends_with(3).judges("c", "unproven", "replaced");
    }
    let only = |kind: &str, address: &str, state: &str| only(&stand, (kind, address), state);
    all_unproven(only("wal", "dr/none", "continuous"));
    all_unproven(only("basebackup", "dr/none/deeper", "verified"));
    all_unproven(only("pgbackrest", "dr/nightly", "verified"));
    all_unproven(only("redis", "dr/cache/none.rdb", "verified"));
    // Nothing of an address with a credential is shown, wherever it stands in it.
    for address in ["dr/cache/dump.rdb?X-Amz-Signature=", "dr/nightly#demo?X-Amz-Signature="] {
        let kind = if address.contains('#') { "pgbackrest" } else { "redis" };
        let text = format!(
            "policy t {{ language 1; owner \"@t\" }}\nsource {kind} one from env ONE\ngate g {{ check c {{ require one is verified }} }}\n"
        );
        std::fs::write(stand.folder.path().join("p.hold"), text).unwrap();
        let mut command = stand.command(&["p.hold"]);
        let run =
            Run::of(command.env("ONE", format!("s3://backups/{address}{}", super::SECRET))).ends_with(3);
        assert!(!run.said().contains(super::SECRET), "{}", run.said());
    }
    stand.server.denies_listing();
    all_unproven(there(&stand));
}
