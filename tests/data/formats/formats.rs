// How serde_json and chrono spell the inputs: in a new crate with `cargo add serde_json chrono chrono-tz`, this file as
// src/main.rs, `cargo run > rust.jsonl` where inputs.json stands; then, with `cargo add serde_json -F preserve_order`,
// `cargo run -- insertion >> rust.jsonl` (serde_json 1.0, chrono 0.4).
use chrono::NaiveDateTime;
use serde_json::{Value, json};

fn strings(value: &Value) -> Vec<String> {
    value.as_array().expect("a list").iter().map(|text| text.as_str().expect("texts").to_owned()).collect()
}

fn main() {
    let text = std::fs::read_to_string("inputs.json").expect("the inputs stand in this folder");
    let inputs: Value = serde_json::from_str(&text).expect("JSON");
    let insertion = std::env::args().nth(1).is_some();
    let profile = json!({"serde": {"sorted": false, "insertion": insertion}});
    for text in strings(&inputs["json"]) {
        let value: Value = serde_json::from_str(&text).expect("JSON");
        println!("{}", json!({"json": profile, "text": text, "spelt": value.to_string()}));
    }
    if insertion {
        return;
    }
    for cell in strings(&inputs["floats"]) {
        let value: f64 = cell.parse().expect("a number");
        let spelt = serde_json::to_string(&value).expect("JSON");
        println!("{}", json!({"json": profile, "float": cell, "spelt": spelt}));
    }
    for at in [strings(&inputs["times"]), strings(&inputs["old"])].concat() {
        let utc = NaiveDateTime::parse_from_str(&at, "%Y-%m-%d %H:%M:%S%.f").expect("a time").and_utc();
        if at.as_str() > "1950" {
            println!("{}", json!({"preset": "chrono_str", "at": at, "spelt": utc.to_string()}));
        }
        for zone in strings(&inputs["zones"]) {
            let place: chrono_tz::Tz = zone.parse().expect("a zone");
            let local = utc.with_timezone(&place);
            // With offsets of whole minutes only; of others chrono rounds.
            if at.as_str() < "1950" {
                continue;
            }
            let say = |kind: &str, word: &str, spelt: String| {
                println!("{}", json!({kind: word, "zone": zone, "at": at, "spelt": spelt}));
            };
            say("preset", "chrono", local.to_rfc3339());
            say("preset", "chrono_str", local.fixed_offset().to_string());
            say("preset", "chrono_naive", format!("{:?}", local.naive_local()));
            say("pattern", "%Y-%m-%d %H:%M:%S.%6f %:z", local.format("%Y-%m-%d %H:%M:%S%.6f %:z").to_string());
        }
    }
}
