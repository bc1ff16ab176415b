//! A further recipe as an application in Rust might have it, with serde_json 1 and blake3 1, printed as more_rust.sql.
//! The comment of the table lists what its hash covers. ROWS=200 makes so many rows.

use serde::Serialize;
use std::collections::HashMap;

#[derive(Serialize)]
struct Block {
    chain: String,
    height: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    body: serde_json::Value,
    weight: f64,
    at: String,
}

fn quote(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n"))
}

fn main() {
    let odd = ["plain", "O'Neil \"x\" \\ y", "é<>&\u{2028}😀", "a|b", "", "tab\tnew\nline", "mark"];
    let rows: usize = std::env::var("ROWS").map_or(14, |rows| rows.parse().unwrap());
    let words = ["login", "logout", "doc.read", "doc.update", "grant", "export", "revoke", "retry"];
    // What most rows have, after those that were written out; one in twenty is odd again.
    let odd = |n: usize| {
        if n < 7 {
            odd[n].to_owned()
        } else if n % 20 == 0 {
            odd[n / 20 % 7].to_owned()
        } else {
            format!("{} {n}", words[n % 8])
        }
    };
    // What chrono prints of an instant: no, three or six digits.
    let seconds = ["00", "05.678901", "00.678", "05.100", "00", "05.000001", "00.999999"];
    println!("create table blocks (chain text, height bigint, author text, body jsonb, weight double precision, at timestamptz, parent text, hash text, primary key (chain, height));");
    println!("comment on table blocks is 'chain height author body weight at parent hash';");
    for chain in ["main", "side"] {
        let mut parent = String::new();
        for n in 0..rows.div_ceil(2) {
            let mut inner = HashMap::new();
            inner.insert("only", odd(n));
            let body = serde_json::json!({ "zeta": 1, "a": [1.5, null, inner], "mark": "mark" });
            let block = Block {
                chain: chain.into(),
                height: n as i64,
                author: (n % 2 == 1).then(|| odd(n)),
                body,
                weight: *[0.1, 100.0, 1e-7, 2.5, 1e15, -3.0, 7.25].get(n).unwrap_or(&(n as f64 / 8.0)),
                at: format!(
                    "2026-01-02T{:02}:{:02}:{}+00:00",
                    3 + n / 60,
                    n % 60,
                    seconds.get(n).map_or_else(|| format!("05.{:05}1", n * 337 % 100_000), ToString::to_string)
                ),
            };
            let text = serde_json::to_string(&block).unwrap();
            let hash = blake3::hash(format!("{parent}{text}").as_bytes()).to_hex().to_string();
            println!(
                "insert into blocks values ('{chain}', {n}, {}, {}, {:?}, '{}', '{parent}', '{hash}');",
                block.author.as_deref().map_or("NULL".into(), quote),
                quote(&block.body.to_string()),
                block.weight,
                block.at
            );
            parent = hash;
        }
    }
}
