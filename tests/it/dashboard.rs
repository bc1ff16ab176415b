//! The page over a record, and facts about a long time, on records that are dated as if they had been kept for a year.

use std::path::Path;

use holdtrue::record::{
    CheckRun, Drill, DrillBegun, DrillPhase, Event, Figure, GateRun, GateState, ObjectiveRun, Opened,
    SourceRead, WaiverUsed,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::Run;

/// A record whose entries are dated by whoever writes them.
struct Kept {
    folder: tempfile::TempDir,
    lines: Vec<String>,
    previous: String,
}

fn ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(days * 24)
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Self { folder, lines: Vec::new(), previous: "0".repeat(64) };
        let opened = Opened { record: "ab".repeat(16), version: "0.1.0".to_owned(), public_key: None };
        kept.add(ago(800), &Event::Opened(opened));
        kept
    }

    fn add(&mut self, at: Timestamp, event: &Event) {
        let said = serde_json::to_value(event).unwrap();
        let mut entry = json!({
            "body": said["body"], "format": "holdtrue.record/1", "key": null, "kind": said["kind"],
            "previous": self.previous, "sequence": self.lines.len() + 1, "time": at.to_string(),
        });
        let hash = Sha256::digest(canonical(&entry));
        self.previous = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        entry["hash"] = json!(self.previous);
        entry["signature"] = Value::Null;
        self.lines.push(canonical(&entry));
    }

    /// A run of a gate with one required check, and a waiver that it used.
    fn gate(&mut self, at: Timestamp, (policy, gate, verdict): (&str, &str, &str)) {
        let of = |verdict: &str| if verdict == "holds" { "holds" } else { "broken" };
        let check = |id: &str, level: &str, verdict: &str| CheckRun {
            id: id.to_owned(),
            gate: gate.to_owned(),
            level: level.to_owned(),
            verdict: verdict.to_owned(),
            rows_examined: 10,
            findings: 7,
            keys: Vec::new(),
        };
        let run = GateRun {
            run: format!("run{}", self.lines.len()),
            restore: None,
            policy: policy.to_owned(),
            policy_digest: "sha256:0".to_owned(),
            replayed: false,
            tenant: None,
            out_of_order: None,
            started: at.to_string(),
            finished: at.to_string(),
            version: "0.1.0".to_owned(),
            verdict: verdict.to_owned(),
            sources: vec![SourceRead {
                name: "dump".to_owned(),
                kind: "dump".to_owned(),
                address: "backups/<shop>.dump".to_owned(),
                reached: true,
                identity: vec![Figure { name: "format".to_owned(), value: Some("custom".to_owned()) }],
            }],
            gates: vec![GateState { id: gate.to_owned(), verdict: verdict.to_owned() }],
            checks: vec![
                check("balanced", "require", of(verdict)),
                check("load", "require", "waived"),
                check("counts", "recommend", "broken"),
            ],
            objectives: vec![ObjectiveRun {
                name: "rto".to_owned(),
                target: "4h".to_owned(),
                measures: "a to b".to_owned(),
                actual: "2h".to_owned(),
                verdict: "holds".to_owned(),
            }],
        };
        let used = WaiverUsed {
            run: run.run.clone(),
            check: "load".to_owned(),
            until: "2026-12-31".to_owned(),
            owner: "@infra".to_owned(),
            reason: "<script>alert(1)</script>".to_owned(),
        };
        self.add(at, &Event::GateRun(run));
        self.add(at, &Event::WaiverUsed(used));
    }

    fn drill(&mut self, at: Timestamp, (policy, verdict, minutes): (&str, &str, u64)) {
        let phase =
            |name: &str, share: u64| DrillPhase { name: name.to_owned(), took_ms: minutes * 600 * share };
        let drill = Drill {
            drill: "d".to_owned(),
            policy: policy.to_owned(),
            policy_digest: "sha256:0".to_owned(),
            backup: "dump:backups/shop.dump".to_owned(),
            identity: vec![Figure { name: "bytes".to_owned(), value: Some("1048576".to_owned()) }],
            run: None,
            verdict: verdict.to_owned(),
            exit_code: u8::from(verdict != "holds"),
            interrupted: false,
            restore_ms: Some(minutes * 54_000),
            restored_bytes: Some(minutes << 20),
            phases: vec![phase("restore_data", 90), phase("verify", 10)],
            findings: Vec::new(),
        };
        self.add(at, &Event::Drill(drill));
    }

    /// A year of drills every 30 days that take so many minutes, and a gate of today.
    fn year(minutes: impl Fn(u64) -> u64) -> Self {
        let mut kept = Self::new();
        for n in 0..12 {
            kept.drill(ago(340 - 30 * i64::try_from(n).unwrap()), ("shop", "holds", minutes(n)));
        }
        kept.gate(ago(0), ("shop", "daily", "holds"));
        kept
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self) {
        std::fs::create_dir_all(self.path().join("rec")).unwrap();
        std::fs::write(self.path().join("rec/record.jsonl"), self.lines.join("\n") + "\n").unwrap();
    }

    fn dashboard(&self, more: &[&str]) -> Run {
        self.write();
        Run::with(self.path(), &[&["record", "dashboard", "rec"], more].concat())
    }

    /// Judges one statement about the record.
    fn judged(&self, assertion: &str) -> Run {
        self.write();
        let policy = format!(
            "policy p {{ language 1; owner \"@o\" }}\nsource record history from \"rec\"\n\
             objective drilled 90% of history.drills over 400d\nobjective restored 90% of history.restores over 400d\n\
             objective ahead 4h from now to now + history.drill_duration_in(180d)\n\
             gate g {{ check c {{ require {assertion} }}\n check d {{ recommend history.entries >= 1 }} }}\n"
        );
        std::fs::write(self.path().join("p.hold"), policy).unwrap();
        Run::with(self.path(), &["verify", "p.hold", "--format", "json"])
    }
}

fn canonical(value: &Value) -> String {
    serde_json_canonicalizer::to_string(value).unwrap()
}

/// Four hours are exceeded when 130 minutes have grown by 5 every 30 days for long enough.
#[test]
fn growth_is_told_and_judged() {
    let growing = Kept::year(|n| 120 + 5 * n);
    growing.judged("history.drill_growth(400d) <= 5%").ends_with(0);
    growing.judged("history.drill_growth(400d) <= 3%").ends_with(1).judges(
        "c",
        "broken",
        "grows 3.34% in 30d, by 12 proven drills over 330d",
    );
    growing.judged("history.drill_size_growth(400d) <= 3%").ends_with(1).judges(
        "c",
        "broken",
        "the size of drills",
    );
    growing.judged("history.drill_duration_in(180d) <= 4h").ends_with(0);
    growing.judged("history.drill_duration_in(180d) <= 200min").ends_with(1).judges("c", "broken", "3h2");
    growing.judged("history.drill_duration_in(331d) <= 9h").ends_with(3).judges(
        "c",
        "unproven",
        "reach back 330d",
    );
    growing.judged("history.drill_size_in(180d) <= 1MiB").ends_with(1);
    growing.judged("history.drill_within(4h) >= 180d").ends_with(0);
    growing.judged("history.drill_within(190min) >= 180d").ends_with(1).judges(
        "c",
        "broken",
        "will exceed 3h10min about 20",
    );
    growing.judged("history.drill_within(1h) >= 1d").ends_with(1).judges("c", "broken", "exceeds 1h now");
    growing.judged("ahead is met").ends_with(0).says("3h2").says("grows 3.34%");
    growing.judged("history.drill_phase(\"verify\") <= 18min").ends_with(0).says("trend");
    growing.judged("history.drill_phase(\"fetch\") <= 18min").ends_with(3).judges(
        "c",
        "unproven",
        "no phase `fetch`",
    );
    growing.judged("history.drill_backup_size = 1MiB").ends_with(0);
    growing.judged("history.drill_duration = 175min").ends_with(0);
    growing.judged("history.failed_drills(400d) = 0").ends_with(0);
    growing.judged("drilled is met").ends_with(0).says("100% (12 of 12 drills)");
    let page = growing.dashboard(&[]).ends_with(0).stdout;
    assert!(
        page.contains("grows 3.34% in 30d, by 12 runs over 330d; by its trend it will exceed 4h about 20"),
        "{page}"
    );
    assert!(page.contains("IN ORDER") && page.contains("<svg class=\"chart\""));
    // What does not grow stays for as long as drills reach back, and no longer.
    let steady = Kept::year(|_| 120);
    steady.judged("history.drill_within(4h) >= 300d").ends_with(0);
    steady.judged("history.drill_within(4h) >= 340d").ends_with(1).judges("c", "broken", "does not grow");
}

#[test]
fn one_point_is_no_verdict() {
    let mut few = Kept::new();
    few.judged("history.drill_success_rate(400d) >= 50%").ends_with(3).judges("c", "unproven", "no drill");
    few.judged("history.failed_drills(400d) = 0").ends_with(3).judges("c", "unproven", "no drill");
    few.drill(ago(90), ("shop", "holds", 10));
    few.drill(ago(60), ("shop", "holds", 10));
    few.judged("history.drill_success_rate(400d) >= 50%").ends_with(3).judges(
        "c",
        "unproven",
        "a share needs 3 drills of the last 400d, has 2",
    );
    few.judged("drilled is met").ends_with(3).judges("c", "unproven", "has 2");
    few.judged("restored is met").ends_with(3).judges("c", "unproven", "no restore");
    few.judged("history.drill_growth(400d) <= 50%").ends_with(3).judges(
        "c",
        "unproven",
        "needs 5 proven drills, has 2",
    );
    few.judged("history.drill_within(4h) >= 1d").ends_with(3);
    few.drill(ago(30), ("shop", "broken", 0));
    few.judged("history.drill_success_rate(400d) >= 50%").ends_with(0);
    few.judged("drilled is met").ends_with(1).judges("c", "broken", "66.66% (2 of 3 drills)");
    // A drill that failed does not hide in the future.
    few.drill(ago(-3), ("shop", "broken", 0));
    few.judged("history.drill_success_rate(400d) >= 50%").ends_with(3).judges(
        "c",
        "unproven",
        "in the future",
    );
    few.judged("history.last_drill_run < now").ends_with(3);
}

#[test]
fn the_page_is_green_only_over_what_is_in_order() {
    let sound = || Kept::year(|_| 100);
    let word = |kept: &Kept, status: i32, word: &str, why: &str| {
        let page = kept.dashboard(&[]).ends_with(status).stdout;
        let (_, top) = page.split_once("<p class=\"word\">").unwrap();
        assert!(top.starts_with(&format!("{word}</p>")), "`{word}` is not at the top");
        assert!(page.contains(why), "`{why}` is not on the page");
        assert_eq!(page.contains("class=\"standing open\""), status == 0);
    };
    word(&sound(), 0, "IN ORDER", "&lt;script&gt;alert(1)");
    let mut kept = sound();
    kept.gate(ago(0), ("shop", "daily", "broken"));
    word(&kept, 1, "ATTENTION", "gate daily of shop was closed");
    let mut kept = sound();
    kept.gate(ago(0), ("shop", "daily", "grand"));
    word(&kept, 1 + 2, "ATTENTION", "gate daily of shop was closed");
    // Another policy's runs and drills cover nothing.
    let mut kept = Kept::new();
    kept.drill(ago(200), ("old", "holds", 1));
    kept.gate(ago(90), ("old", "weekly", "holds"));
    kept.drill(ago(1), ("shop", "holds", 1));
    kept.gate(ago(0), ("shop", "daily", "holds"));
    word(&kept, 3, "ATTENTION", "the last proven drill of old was");
    word(&kept, 3, "ATTENTION", "the last look at gate weekly of old was");
    let mut kept = sound();
    kept.drill(ago(0), ("shop", "unproven", 1));
    word(&kept, 3, "ATTENTION", "was not proven");
    // One that was killed leaves no end, and nobody may take the one before it for the last.
    let mut kept = sound();
    kept.add(
        ago(0),
        &Event::DrillBegun(DrillBegun {
            drill: "d9".to_owned(),
            policy: "shop".to_owned(),
            policy_digest: "sha256:0".to_owned(),
            backup: "shop.dump".to_owned(),
        }),
    );
    word(&kept, 3, "ATTENTION", "no end of it is recorded");
    let mut kept = sound();
    kept.gate(ago(-9), ("shop", "daily", "holds"));
    word(&kept, 3, "ATTENTION", "in the future");
    word(&Kept::year(|n| 100 + 20 * n), 1, "ATTENTION", "exceeds 4h now");
    word(&Kept::year(|n| 100 + 11 * n), 3, "ATTENTION", "will exceed 4h about");
    let mut kept = Kept::new();
    kept.gate(ago(0), ("shop", "daily", "holds"));
    word(&kept, 3, "ATTENTION", "no drill is on record");
    word(&Kept::new(), 3, "ATTENTION", "no gate was ever judged");
    // A record that was changed shows nothing, wherever that was.
    let mut kept = sound();
    let last = kept.lines.len() - 1;
    for at in [1, 6, last] {
        let before = kept.lines[at].clone();
        kept.lines[at] = before.replacen("shop", "shup", 1).replacen("@infra", "@infro", 1);
        word(&kept, 1, "RECORD CHANGED", "nothing in it counts");
        assert!(!kept.dashboard(&[]).stdout.contains("Latest gates"));
        kept.lines[at] = before;
    }
    kept.lines.remove(5);
    word(&kept, 1, "RECORD CHANGED", "nothing in it counts");
}

#[test]
fn a_page_of_better_days_does_not_stay() {
    let kept = Kept::year(|_| 100);
    kept.dashboard(&["-o", "page.html"]).ends_with(0);
    let page = || std::fs::read_to_string(kept.path().join("page.html")).unwrap();
    assert!(page().contains("IN ORDER"));
    let head = Run::with(kept.path(), &["record", "head", "rec"]).stdout;
    std::fs::write(kept.path().join("rec/record.jsonl"), "").unwrap();
    Run::with(kept.path(), &["record", "dashboard", "rec", "-o", "page.html"]).ends_with(3);
    assert!(page().contains("NO RECORD") && !page().contains("IN ORDER"));
    std::fs::remove_dir_all(kept.path().join("rec")).unwrap();
    Run::with(kept.path(), &["record", "dashboard", "rec", "--output", "page.html"])
        .ends_with(3)
        .says("cannot be read");
    assert!(page().contains("NO RECORD"));
    // What was cut from the end shows against a noted head.
    let mut short = Kept::year(|_| 100);
    short.lines.truncate(short.lines.len() - 1);
    short.dashboard(&["--head", head.trim()]).ends_with(1).says("RECORD CHANGED");
    kept.dashboard(&["-o", "none/page.html"]).ends_with(3).says("cannot be written");
    kept.dashboard(&["--run-age", "15m"]).ends_with(2).says("90d");
}
