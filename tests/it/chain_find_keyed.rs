//! `chain find` with keys: what takes one is found with it and verifies, and no key is ever shown.

use std::process::Command;

use crate::support::{Run, Scratch, program};

/// Tables that PostgreSQL's own `hmac` wrote.
const TABLES: &str = include_str!("chain_find_keyed.sql");
/// Those of a studied application, in Python: four of its rows are from before details were hashed.
const PYTHON: &str = include_str!("../data/chains/python.sql");

const KEYS: [(&str, &str); 7] = [
    ("FIRST_KEY", "the first one, 2023"),
    ("SECOND_KEY", "the second one, 2025"),
    ("BYTES", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
    ("LOOKS_ENCODED", "dG9wIHNlY3JldA"),
    ("ENCODED", "dG9wIHNlY3JldA=="),
    ("PLAIN", "top secret"),
    ("AGENT_BOM", "key of agent-bom"),
];

fn command(s: &Scratch, table: &str, more: &[&str]) -> Command {
    let mut command = program();
    command.env("DATABASE_URL", s.url()).envs(KEYS).current_dir(s.folder());
    command.args(["chain", "find", table, "--time-limit", "900", "--jobs", "2"]).args(more);
    command
}

#[track_caller]
fn find(s: &Scratch, table: &str, more: &[&str]) -> Run {
    let run = Run::of(&mut command(s, table, more));
    keeps_secrets(&run.said());
    run
}

/// No key stands anywhere in a text, however it is spelt.
#[track_caller]
fn keeps_secrets(text: &str) {
    let hex = |key: &str| key.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    let spelt = KEYS.iter().flat_map(|(_, key)| [(*key).to_owned(), hex(key), hex(key).to_uppercase()]);
    // The base64 of those that are text, and the bytes of those that are not as a list.
    let more = [
        "dGhlIGZpcnN0IG9uZSwgMjAyMw",
        "dGhlIHNlY29uZCBvbmUsIDIwMjU",
        "a2V5IG9mIGFnZW50LWJvbQ",
        "0, 1, 2, 3, 4, 5",
    ];
    for secret in spelt.chain(more.map(str::to_owned)) {
        assert!(!text.contains(&secret), "`{secret}` should not be said\n{text}");
    }
}

fn block(run: &Run) -> String {
    let lines: Vec<&str> = run.stdout.lines().take_while(|line| !line.is_empty()).collect();
    if run.stdout.starts_with("chain ") { lines.join("\n") } else { String::new() }
}

#[test]
fn what_takes_a_key_is_found_with_it_and_verifies() {
    let s =
        Scratch::new("chain_find_keyed", &format!("{TABLES}{PYTHON}")).server_only().with_environment(&KEYS);
    s.file("audit.key", "top secret\n");
    for (table, options, pieces) in [
        (
            "rotated",
            &["--key-env", "FIRST_KEY", "--key-env", "SECOND_KEY"][..],
            &[
                "key first_key from env FIRST_KEY key second_key from env SECOND_KEY",
                "hex(hmac(sha256, first_key, join(\"|\", prev, actor, action, target ?? \"null\", ts(at, js))))",
                "hmac(sha256, second_key, join(",
            ][..],
        ),
        (
            "stream",
            &["--key-env", "BYTES"],
            &["split by tenant", "key bytes from env BYTES as hex", "base64(hmac(sha512, bytes, join(\":\""],
        ),
        (
            "wrapped",
            &["--key-env", "LOOKS_ENCODED"],
            &[
                "key looks_encoded from env LOOKS_ENCODED hash",
                "looks_encoded, hex(sha256(join(\"|\", prev ?? \"0\"",
            ],
        ),
        (
            "levels",
            &["--key-file", "audit.key"],
            &[
                "key audit from file \"audit.key\" hash",
                "hmac(sha256, audit, cat(prev ?? \"\", hex(sha256(cat(",
            ],
        ),
        (
            "twice",
            &["--key-env", "ENCODED", "--key-env", "FIRST_KEY"],
            &[
                "key encoded from env ENCODED as base64 hash",
                "join(\"|\", prev ?? \"\", hex(hmac(sha256, encoded",
            ],
        ),
        (
            "within",
            &["--key-env", "PLAIN"],
            &["hex(sha256(cat(prev ?? \"\", hex(hmac(sha256, plain, join(\":\", who, what, note))))))"],
        ),
        (
            "sealed",
            &["--key-env", "PLAIN"],
            &["hex(sha256(join(\"|\"", "bind signature = hex(hmac(sha256, plain, hash))"],
        ),
        (
            "plain",
            &["--key-env", "PLAIN"],
            &["hash hash = hex(sha256(join(\"|\", prev ?? \"\", who, what, note)))"],
        ),
    ] {
        let run = find(&s, table, options).ends_with(0);
        let flat = block(&run).split_whitespace().collect::<Vec<_>>().join(" ");
        for piece in pieces {
            assert!(flat.contains(piece), "{table}: `{piece}` should be in\n{}", run.said());
        }
        s.verify(&block(&run), &format!("check c {{ require {table} is intact }}"))
            .ends_with(0)
            .judges("c", "holds", "");
    }
    find(&s, "plain", &["--key-env", "PLAIN"]).says("none of those given: the recipe takes no key");
    // A signature that was changed, or is not there, is seen.
    s.sql("update sealed set signature = md5(signature) || md5(signature) where id = 7");
    s.sql("update sealed set signature = null where id = 11");
    let run = find(&s, "sealed", &["--key-env", "PLAIN", "--candidates", "20000"]).ends_with(3);
    assert!(block(&run).contains("bind signature"), "{}", run.said());
    run.says("22 of 24 recompute").says("such as id=\"7\"; id=\"11\"");
    find(&s, "stream", &["--key-env", "BYTES"]).says("of the variable `BYTES`, decoded from hex digits");
    // The rows of an older recipe are explained by a second one.
    let run = find(&s, "agent_bom", &["--key-env", "AGENT_BOM", "--candidates", "100000"]).ends_with(0);
    s.verify(&block(&run), "check c { require agent_bom is intact }").ends_with(0).judges("c", "holds", "");
    run.says("16 of 16 recompute")
        .says("hmac(sha256, agent_bom, join(\"|\", prev, entry_id, timestamp, action,");
}

#[test]
fn with_a_wrong_key_or_none_nothing_is_claimed() {
    let s = Scratch::new("chain_find_wrong_key", TABLES).server_only();
    let few = ["--candidates", "20000"];
    let nothing = |run: Run| {
        assert!(block(&run).is_empty() && !run.stdout.contains("EVIDENCE"), "{}", run.said());
        run
    };
    let wrong = find(&s, "rotated", &[&["--key-env", "PLAIN"], &few[..]].concat()).ends_with(3);
    nothing(wrong).says("another key than the one the rows were written with");
    let none = find(&s, "rotated", &few).ends_with(3);
    nothing(none).says("`--key-env VARIABLE` or `--key-file FILE`");
    // One of two keys explains its rows and no others.
    let half = find(&s, "rotated", &[&["--key-env", "SECOND_KEY"], &few[..]].concat()).ends_with(3);
    half.says("16 of 24 recompute").says("8 rows of the sample do not recompute, such as id=\"1\"");
}

#[test]
fn a_key_that_cannot_be_read_is_said_and_not_shown() {
    let s =
        Scratch::new("chain_find_no_key", "create table log (id int primary key, hash text)").server_only();
    let asked = |options: &[&str]| find(&s, "log", options);
    asked(&["--key-env", "NOT_SET"]).ends_with(3).says("the environment variable `NOT_SET` is not set");
    let empty = Run::of(command(&s, "log", &["--key-env", "EMPTY"]).env("EMPTY", ""));
    empty.ends_with(3).says("the environment variable `EMPTY` holds no key: it is empty");
    s.file("empty.key", "\n");
    asked(&["--key-file", "empty.key"]).ends_with(3).says("the file `empty.key` holds no key: it is empty");
    asked(&["--key-file", "."]).ends_with(3).says("the file `.` cannot be read");
    // Whoever gives the key itself does not read it again.
    for options in
        [["--key-env", "top secret"], ["--key-env", "dG9wIHNlY3JldA"], ["--key-env", "dG9wIHNlY3JldA=="]]
    {
        assert!(asked(&options).stderr.contains("environment variable"));
    }
    asked(&["--key-env", "top secret"])
        .ends_with(2)
        .says("wants the name of an environment variable, not the key");
    asked(&["--key-file", "top secret"]).ends_with(3).says("the file that `--key-file` names cannot be read");
}

#[test]
fn a_kept_search_tells_another_key_and_keeps_none() {
    let s = Scratch::new("chain_find_key_state", TABLES).server_only();
    let state = s.folder().join("state.json");
    let searched = |key: &str, candidates: &str| {
        let options = ["--key-env", "AUDIT", "--state", "state.json", "--candidates", candidates];
        let run = Run::of(command(&s, "wrapped", &options).env("AUDIT", key));
        let kept = std::fs::read_to_string(&state).unwrap();
        keeps_secrets(&format!("{}{kept}", run.said()));
        (run, kept)
    };
    let (run, kept) = searched("top secret", "1");
    run.ends_with(3);
    let read: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(read["keys"][0]["from"], "env AUDIT");
    assert_eq!(read["keys"][0]["check"].as_str().map(str::len), Some(4));
    // What was tried under one key says nothing about another.
    let (run, unchanged) = searched("dG9wIHNlY3JldA", "200000");
    run.ends_with(2).says("with other keys");
    assert_eq!(kept, unchanged);
    let without = find(&s, "wrapped", &["--state", "state.json"]);
    without.ends_with(2).says("with other keys");
    std::fs::remove_file(&state).unwrap();
    let (begun, _) = searched("dG9wIHNlY3JldA", "1");
    begun.ends_with(3);
    let (found, _) = searched("dG9wIHNlY3JldA", "2000000");
    assert!(block(&found.ends_with(0)).contains("key audit from env AUDIT\n"));
}
