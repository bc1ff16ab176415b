//! Every spelling against what the runtime itself printed. The data and the programs that print it are in
//! `tests/data/spelling`.

use serde::Deserialize;

use super::json_read::read;
use super::json_write::write;
use super::spec::{JsonProfile, TimePreset};
use super::time;

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Json { profile: JsonProfile, text: String, spelt: String },
    Time { preset: TimePreset, at: String, spelt: String },
}

fn compare(printed: &str) -> usize {
    let mut compared = 0;
    for line in printed.lines() {
        let mut out = Vec::new();
        let (what, expected) = match serde_json::from_str(line).unwrap() {
            Line::Json { profile, text, spelt } => {
                write(profile, &read(&text).unwrap(), &mut out).unwrap();
                (format!("{profile:?} of {text}"), spelt)
            }
            Line::Time { preset, at, spelt } => {
                time::parse(&at).unwrap().write(preset, &mut out);
                (format!("{preset:?} of {at}"), spelt)
            }
        };
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{what}");
        compared += 1;
    }
    compared
}

#[test]
fn spellings_are_those_of_the_runtimes() {
    for (printed, least) in [
        (include_str!("../../../tests/data/spelling/node.jsonl"), 30),
        (include_str!("../../../tests/data/spelling/cpython.jsonl"), 130),
        (include_str!("../../../tests/data/spelling/php.jsonl"), 40),
        (include_str!("../../../tests/data/spelling/go.jsonl"), 20),
        (include_str!("../../../tests/data/spelling/java.jsonl"), 27),
        (include_str!("../../../tests/data/spelling/chrono.jsonl"), 9),
        (include_str!("../../../tests/data/spelling/postgresql.jsonl"), 54),
    ] {
        assert!(compare(printed) >= least);
    }
}
