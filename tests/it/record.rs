//! The restore record through the program: what is recorded, what it opens, and what happens to it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Run, program};

const POLICY: &str = r#"
policy p "a restore" { language 1; owner "@o" }
param want: number = 1
source document doc from "d.json"
source record history from "rec"
gate before "It may start" { check a { require doc.value("/ok") = true } }
gate restored after before { check b { require doc.value("/n") = $want } }
gate deployed after restored { check c { require doc.exists("/n") = true } }
gate past {
  check verified { require history is verified }
  check told { require attested by "@support" }
  check in_time { require rto is met }
  check proven { require history.restores(90d) >= 1 }
}
objective rto 4h from history.started to history.passed("deployed")
procedure full "Full restore" {
  expect 1ms..2h
  phase pre expect 1ms..10min gate before
  phase data expect 5min..60min
  phase verify gate restored
  phase resume gate deployed
  rollback { phase stop; phase back }
}
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();

        std::fs::write(folder.path().join("p.hold"), POLICY).unwrap();
        std::fs::write(folder.path().join("d.json"), r#"{"ok": true, "n": 1}"#).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::with(self.path(), arguments)
    }

    /// `verify --gate GATE --record rec` and more.
    fn gate(&self, gate: &str, more: &[&str]) -> Run {
        self.run(&[&["verify", "p.hold", "--gate", gate, "--record", "rec"], more].concat())
    }

    /// `restore WORDS --record rec`.
    fn restore(&self, words: &[&str]) -> Run {
        self.run(&[&["restore"], words, &["--record", "rec"]].concat())
    }

    fn begin(&self) -> Run {
        self.restore(&["begin", "p.hold", "--procedure", "full"])
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path().join("rec/record.jsonl")).unwrap()
    }

    fn verified(&self) -> Run {
        self.run(&["record", "verify", "rec"]).ends_with(0)
    }
}

#[test]
fn a_restore_is_kept_from_its_beginning_to_its_end() {
    let f = Folder::new();
    f.restore(&["phase", "pre"]).ends_with(2).says("no restore is going on");
    f.restore(&["begin", "p.hold", "--procedure", "ful"]).ends_with(2).says("did you mean `full`?");
    f.begin().ends_with(0).says("a new record begins").says("pre, data, verify, resume");
    f.begin().ends_with(2).says("is going on");
    f.restore(&["phase", "dat"]).ends_with(2).says("did you mean `data`?");
    f.restore(&["phase", "data"]).ends_with(3).says("`pre` comes next");
    f.restore(&["phase", "pre"]).ends_with(0);
    f.restore(&["phase", "data"]).ends_with(3).says("gate `before` was not judged in this restore");
    f.gate("restored", &[]).ends_with(3).says("it comes after `before`, which was not judged");
    f.gate("before", &[]).ends_with(0).says("recorded in `rec` as entry");
    f.restore(&["phase", "data"]).ends_with(0);
    f.restore(&["phase", "verify"]).ends_with(0);
    f.gate("deployed", &[]).ends_with(3).says("`restored` was closed when").says("");
    f.gate("restored", &[]).ends_with(0).says("`before` was open at");
    f.gate("deployed", &[]).ends_with(0);
    f.restore(&["end"]).ends_with(3).says("phase `resume` was never begun");
    f.restore(&["phase", "resume"]).ends_with(0);
    f.run(&["attest", "told", "--by", "@support", "--text", "mailed", "--record", "rec"]).ends_with(0);
    // A restore that is going on has not ended, so none did.
    f.run(&["verify", "p.hold", "--gate", "past"]).ends_with(1).says("told");
    let end = f.restore(&["end"]).ends_with(0).says("completed after");
    end.says("phase `data` took").says("shorter than the expected 5min at least");
    f.run(&["verify", "p.hold", "--gate", "past"]).ends_with(0).says("mailed");
    f.verified().says("holds");
    f.run(&["record", "show", "rec"])
        .ends_with(0)
        .says("shorter than the expected 5min")
        .says("deployed OPEN");
    assert!(!f.text().contains("\"reason\":\"1 "), "reasons of checks may hold values");
}

/// Asks a record what happened while the latest restore went on.
const DURING: &str = r#"
policy during { language 1; owner "@o" }
source record history from "rec"
gate during {
  check available { require history.availability("serves") >= 60% }
  check told { require history.silence("page") <= 1s }
}
"#;

#[test]
fn what_happened_while_a_restore_went_on_is_counted() {
    let f = Folder::new();
    std::fs::write(f.path().join("during.hold"), DURING).unwrap();
    // What watches the application is another policy.
    let serves = "policy watch { language 1; owner \"@o\" }\nsource document doc from \"d.json\"\n\
                  gate serves { check up { require doc.value(\"/ok\") = true } }";
    std::fs::write(f.path().join("watch.hold"), serves).unwrap();
    let watch = || f.run(&["verify", "watch.hold", "--record", "rec"]);
    let during = || f.run(&["verify", "during.hold", "--format", "json"]);
    // What was before the restore is no part of it.
    for _ in 0..3 {
        watch().ends_with(0);
    }
    during().ends_with(3).judges("available", "unproven", "the record holds no restore");
    f.begin().ends_with(0);
    watch().ends_with(0);
    watch().ends_with(0);
    during().ends_with(3).judges("available", "unproven", "a share needs 3 judgements of gate `serves`");
    std::fs::write(f.path().join("d.json"), r#"{"ok": false, "n": 1}"#).unwrap();
    watch().ends_with(1);
    during().judges("available", "holds", "");
    std::fs::remove_file(f.path().join("d.json")).unwrap();
    // What could not be looked at was not there for anybody.
    watch().ends_with(3);
    during().judges("available", "broken", "50%");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    during().judges("told", "unproven", "nobody made a statement about `page` during the latest restore");
    f.run(&["attest", "page", "--by", "@support", "--record", "rec"]).ends_with(0);
    during().judges("told", "broken", "1 statement about `page`");
    f.restore(&["rollback", "--reason", "late"]).ends_with(0);
    f.restore(&["end", "--out-of-order", "nothing came of it"]).ends_with(1);
    std::fs::write(f.path().join("d.json"), r#"{"ok": true, "n": 1}"#).unwrap();
    for _ in 0..9 {
        watch().ends_with(0);
    }
    during().judges("available", "broken", "50%");
}

#[test]
fn a_pass_counts_only_for_what_it_was_given_for() {
    let f = Folder::new();
    f.begin().ends_with(0);
    f.restore(&["phase", "pre"]).ends_with(0);
    // Other parameters are another question.
    f.gate("before", &["--set", "want=2"]).ends_with(0);
    f.restore(&["phase", "data"]).ends_with(3).says("other parameters");
    f.gate("restored", &[]).ends_with(3).says("with other parameters");
    // So are kept facts, another file, and what was found before the rollback.
    f.run(&["verify", "p.hold", "--gate", "before", "--save-facts", "f.json"]).ends_with(0);
    f.gate("before", &["--facts", "f.json"]).ends_with(0);
    assert!(f.text().contains("\"replayed\":true"));
    f.gate("restored", &[]).ends_with(3);
    std::fs::write(f.path().join("other.json"), r#"{"ok": true, "n": 1}"#).unwrap();
    f.gate("before", &["--source", "doc=other.json"]).ends_with(0);
    f.gate("restored", &[]).ends_with(3).says("with `doc` read from another place");
    f.gate("before", &[]).ends_with(0);
    f.gate("restored", &[]).ends_with(0);
    // A gate that closed since has not passed.
    std::fs::write(f.path().join("d.json"), r#"{"ok": false, "n": 1}"#).unwrap();
    f.gate("before", &[]).ends_with(1);
    f.gate("restored", &[]).ends_with(3).says("was closed when it was last judged");
    f.gate("restored", &["--out-of-order"]).ends_with(2).says("REASON");
    f.gate("restored", &["--out-of-order=CHG-7"]).ends_with(0).says("was closed when it was last judged");
    f.run(&["record", "show", "rec"]).says("out of order: CHG-7");
    std::fs::write(f.path().join("d.json"), r#"{"ok": true, "n": 1}"#).unwrap();
    f.gate("before", &[]).ends_with(0);
    f.restore(&["rollback", "--reason", "wrong dump"]).ends_with(0).says("stop, back");
    f.gate("restored", &[]).ends_with(3).says("not judged in this run");
    f.restore(&["phase", "pre"]).ends_with(2);
    f.restore(&["phase", "stop"]).ends_with(0);
    f.restore(&["end"]).ends_with(3);
    f.restore(&["end", "--out-of-order", "nothing to put back"]).ends_with(1).says("rolled back");
    f.begin().ends_with(0);
    f.gate("restored", &[]).ends_with(3).says("not judged in this run");
    f.restore(&["end", "--out-of-order", "only a test"]).ends_with(3).says("incomplete");
    f.verified();
}

#[test]
fn what_cannot_be_recorded_opens_nothing() {
    let f = Folder::new();
    std::fs::write(f.path().join("file"), "").unwrap();
    f.run(&["verify", "p.hold", "--gate", "before", "--record", "file/rec"]).ends_with(3).says("cannot be");
    f.run(&["verify", "p.hold", "--gate", "before", "--record-key", "k"])
        .ends_with(2)
        .says("--record FOLDER");
    f.gate("before", &[]).ends_with(0);
    // A disk that is full takes a part of the line, which is taken back.
    let before = f.text();
    let line = "trap '' XFSZ; ulimit -f 4; while \"$0\" attest told --by @me --text \"$1\" --record rec; do :; done >/dev/null";
    let mut shell = Command::new("sh");
    shell.args(["-c", line, env!("CARGO_BIN_EXE_holdtrue"), &"x".repeat(300)]).current_dir(f.path());
    Run::of(&mut shell).says("cannot be written").says("nothing was added");
    assert!(f.text().starts_with(&before) && f.text().ends_with('\n'));
    f.verified();
    let line = "trap '' XFSZ; ulimit -f 4; \"$0\" verify p.hold --gate before --record rec --format json > /dev/null";
    let mut shell = Command::new("sh");
    shell.args(["-c", line, env!("CARGO_BIN_EXE_holdtrue")]).current_dir(f.path());
    Run::of(&mut shell).ends_with(3).says("nothing was added");
    // A record that was changed takes nothing, and what it says counts nowhere.
    let changed = f.text().replace("\"by\":\"@me\"", "\"by\":\"@us\"");
    std::fs::write(f.path().join("rec/record.jsonl"), changed).unwrap();
    f.gate("before", &[]).ends_with(3).says("was changed").says("line 3, entry 3");
    f.run(&["record", "verify", "rec"]).ends_with(1).says("altered_row");
    f.run(&["record", "head", "rec"]).ends_with(1);
    f.run(&["record", "show", "rec"]).ends_with(1);
    f.run(&["verify", "p.hold", "--gate", "past", "--format", "json"])
        .ends_with(1)
        .judges("verified", "broken", "")
        .judges("told", "unproven", "the record was changed");
    std::fs::write(f.path().join("rec/record.jsonl"), "").unwrap();
    f.run(&["record", "verify", "rec"]).ends_with(3).says("there is no entry");
    f.run(&["record", "verify", "none"]).ends_with(3);
}

#[test]
fn keys_are_made_used_and_changed() {
    let f = Folder::new();
    f.run(&["record", "keygen", "--out", "a.key"]).ends_with(0).says("sha256:");
    f.run(&["record", "keygen", "--out", "a.key"]).ends_with(2);
    f.run(&["record", "keygen", "--out", "b.key"]).ends_with(0);
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(f.path().join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("a.key"), 0o600);
    f.gate("before", &["--record-key", "a.key"]).ends_with(0);
    f.gate("before", &[]).ends_with(3).says("--record-key");
    f.gate("before", &["--record-key", "b.key"]).ends_with(3).says("rotate");
    f.run(&["record", "rotate", "rec", "--record-key", "a.key", "--new-key", "b.key"]).ends_with(0);
    let mut command = program();
    command.current_dir(f.path()).env("HOLDTRUE_RECORD_KEY", "b.key");
    Run::of(command.args([
        "record",
        "correct",
        "rec",
        "2",
        "--by",
        "@me",
        "--text",
        "it was the other host",
        "--record",
        "x",
    ]))
    .ends_with(2);
    let mut command = program();
    command.current_dir(f.path()).env("HOLDTRUE_RECORD_KEY", "b.key");
    Run::of(command.args([
        "record",
        "correct",
        "rec",
        "2",
        "--by",
        "@me",
        "--text",
        "it was the other host",
    ]))
    .ends_with(0);
    f.run(&["record", "verify", "rec", "--key", "a.key.pub"]).ends_with(0).says("from entry 1 on");
    f.run(&["record", "verify", "rec", "--key", "b.key.pub"]).ends_with(0).says("from entry 4 on");
    f.run(&["record", "keygen", "--out", "c.key"]).ends_with(0);
    f.run(&["record", "verify", "rec", "--key", "c.key.pub"]).ends_with(1).says("not_vouched");
    f.run(&["record", "verify", "rec", "--key", "c.key"]).ends_with(2);
    let head = f.run(&["record", "head", "rec"]).ends_with(0).stdout;
    f.gate("before", &["--record-key", "b.key"]).ends_with(0);
    f.run(&["record", "verify", "rec", "--head", head.trim()]).ends_with(0);
    let all = f.text();
    let short: Vec<&str> = all.lines().take(3).collect();
    std::fs::write(f.path().join("rec/record.jsonl"), short.join("\n") + "\n").unwrap();
    f.run(&["record", "verify", "rec"]).ends_with(0);
    f.run(&["record", "verify", "rec", "--head", head.trim()]).ends_with(1).says("truncated_tail");
    assert!(!all.contains("PRIVATE"));
}

#[test]
fn values_that_a_profile_hides_are_not_recorded() {
    let f = Folder::new();
    std::fs::write(f.path().join("d.json"), r#"{"s": [{"email": "eve@example.org"}]}"#).unwrap();
    std::fs::write(
        f.path().join("q.hold"),
        "policy q { language 1; owner \"@o\" }\nsource document doc from \"d.json\"\n\
         gate g { check c { require every \"/s\" of doc has email = \"a@example.org\" } }\n",
    )
    .unwrap();
    f.run(&["verify", "q.hold", "--record", "rec"]).ends_with(1).says("email");
    assert!(!f.text().contains("eve@"), "no value but those of keys: {}", f.text());
}

/// As an auditor without this program does it, by `docs/record.md`.
#[test]
fn a_record_is_rechecked_with_jq_and_sha256sum_alone() {
    let f = Folder::new();
    f.run(&["record", "keygen", "--out", "a.key"]).ends_with(0);
    f.gate("before", &["--record-key", "a.key"]).ends_with(0);
    let odd = "tab\t, bell \u{7}, \u{1f600}, \u{fb33}, \"quoted\", a\\b, é";
    f.run(&["attest", "told", "--by", "@me", "--text", odd, "--record", "rec", "--record-key", "a.key"])
        .ends_with(0);
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/record.md")).unwrap();
    let script = document.split("```sh recheck\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let recheck = || Run::of(Command::new("sh").args(["-c", script]).current_dir(f.path().join("rec")));
    recheck().ends_with(0).says("3 entries");
    let text = f.text();
    std::fs::write(f.path().join("rec/record.jsonl"), text.replace("quoted", "quotad")).unwrap();
    recheck().ends_with(1).says("entry 3");
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(f.path().join("rec/record.jsonl"), format!("{}\n{}\n", lines[0], lines[2])).unwrap();
    recheck().ends_with(1);
}

/// Writers that are killed at any moment lose nothing that they acknowledged. `HOLDTRUE_KILLS=1000` takes longer.
#[test]
fn an_acknowledged_entry_survives_a_killed_writer() {
    let kills: u32 = std::env::var("HOLDTRUE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(30);
    let mut random = 0x2545_f491_u32;
    let mut acknowledged = 0;
    // A record is read whole before an entry is added, so many short ones are killed more often than one long one.
    for batch in 0..kills.div_ceil(15) {
        let f = Folder::new();
        for n in 0..15.min(kills - batch * 15) {
            let mut child = writer(&f, n);
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            std::thread::sleep(std::time::Duration::from_micros(u64::from(10_000 + random % 60_000)));
            // The whole group of its own that the writer leads.
            let group = format!("-{}", child.id());
            Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status().unwrap();
            child.wait().unwrap();
        }
        f.run(&["attest", "told", "--by", "@me", "--text", "the last", "--record", "rec"]).ends_with(0);
        f.verified();
        let record = f.text();
        let said = std::fs::read_to_string(f.path().join("said")).unwrap_or_default();
        for head in said.lines().filter_map(|line| line.rsplit_once(':').map(|(_, hash)| hash.trim())) {
            if head.len() == 64 {
                acknowledged += 1;
                assert!(
                    record.contains(&format!("\"hash\":\"{head}\"")),
                    "{head} was acknowledged and is gone"
                );
            }
        }
    }
    assert!(acknowledged > 0, "no writer came to its end");
}

/// Adds entries of more than one page, so that a write may be cut, one after another until it is killed.
fn writer(f: &Folder, n: u32) -> Child {
    let text = format!("{n} {}", "x".repeat(20_000));
    let line = "while \"$0\" attest told --by @me --text \"$1\" --record rec >> said; do :; done";
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec setsid sh -c '{line}' \"$0\" \"$1\"")]);
    shell.args([env!("CARGO_BIN_EXE_holdtrue"), &text]).current_dir(f.path());
    shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The shipped policies that ask a record, on one in which all is well and on one in which it is not.
#[test]
fn the_shipped_policies_judge_a_record() {
    use holdtrue::record::{Drill, Event, Outcome, Record, RestoreBegun, RestoreEnded};
    let folder = tempfile::tempdir().unwrap();
    let restored = |outcome: Outcome| {
        let (restore, policy_digest) = ("r".to_owned(), "sha256:0".to_owned());
        let begun = RestoreBegun {
            restore: restore.clone(),
            policy: "p".to_owned(),
            policy_digest,
            tenant: None,
            procedure: "full".to_owned(),
            expected: None,
            phases: Vec::new(),
            rollback: Vec::new(),
            by: None,
        };
        let ended = RestoreEnded { restore, outcome, findings: Vec::new(), reason: None };
        [Event::RestoreBegun(begun), Event::RestoreEnded(ended)]
    };
    let drill = |verdict: &str, took: u64| {
        Event::Drill(Drill {
            drill: "d".to_owned(),
            policy: "p".to_owned(),
            policy_digest: "sha256:0".to_owned(),
            backup: "b.dump".to_owned(),
            identity: Vec::new(),
            exit_code: 0,
            interrupted: false,
            run: None,
            verdict: verdict.to_owned(),
            restore_ms: Some(took),
            restored_bytes: Some(1),
            phases: vec![holdtrue::record::DrillPhase { name: "restore_data".to_owned(), took_ms: took }],
            findings: Vec::new(),
        })
    };
    let add = |events: &[Event]| drop(Record::open(folder.path(), None).unwrap().append(events).unwrap());
    let run = |policy: &str, variable: &str| {
        let mut command = program();
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env(variable, folder.path());
        Run::of(command.args(["verify", policy, "--format", "json"]))
    };
    let accubooks = || run("policies/accubooks/record.hold", "ACCUBOOKS_RECORD");
    let tala = || run("policies/tala/record.hold", "TALA_RECORD");
    add(&[drill("unproven", 1)]);
    accubooks().ends_with(3).judges("no_failure", "unproven", "no restore").judges(
        "finished",
        "unproven",
        "no restore",
    );
    tala().ends_with(3).judges("drilled", "unproven", "no drill that was proven");
    add(&restored(Outcome::Completed));
    add(&[drill("holds", 3_600_000)]);
    accubooks().ends_with(0).judges(
        "success_rate",
        "unproven",
        "a share needs 3 restores of the last 365d, has 1",
    );
    tala().ends_with(0).judges("drills_proven", "broken", "1 of 2").judges(
        "drills_stay_in_time",
        "unproven",
        "a trend needs 5 proven drills, has 1 proven drill",
    );
    add(&restored(Outcome::RolledBack));
    accubooks().ends_with(1).judges("no_rollback", "broken", "1").judges("no_failure", "broken", "1 of 2");
    add(&restored(Outcome::Completed));
    accubooks().ends_with(1).judges("success_rate", "broken", "66.6");
    add(&[drill("holds", 5 * 3_600_000)]);
    tala().ends_with(1).judges("drill_in_time", "broken", "5h").judges(
        "drill_success",
        "broken",
        "66.66% (2 of 3 drills)",
    );
}
