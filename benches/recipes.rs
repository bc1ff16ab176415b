//! What recomputing one row of a chain costs, recipe by recipe: `benches/recipes` runs this and counts instructions as well.
//!
//! The rows are made here: an audit event of six fields, one of them JSON of five members with a number, a text beyond ASCII
//! and a nested list. Arguments: the name of one recipe (all without one), and how many rows (200,000).
#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends where it cannot go on"
)]

use std::time::Instant;

use holdtrue::chain::eval::{Inputs, evaluate};
use holdtrue::chain::keys::Keys;
use holdtrue::chain::program::{Form, Program};
use holdtrue::chain::spec::{
    CellKind, ChainColumn, Digest, JsonField, JsonNull, JsonProfile, JsonValue, PhpJson, PyJson, Recipe,
    TimePreset,
};

const ID: usize = 0;
const ACTION: usize = 1;
const USER: usize = 2;
const AT: usize = 3;
const AMOUNT: usize = 4;
const PAYLOAD: usize = 5;

fn columns() -> Vec<ChainColumn> {
    [
        ("id", CellKind::Integer),
        ("action", CellKind::Text),
        ("user", CellKind::Text),
        ("at", CellKind::TimestampTz),
        ("amount", CellKind::Numeric),
        ("payload", CellKind::Jsonb),
    ]
    .map(|(name, kind)| ChainColumn { digits: Some(6), ..ChainColumn::own(name, kind) })
    .to_vec()
}

fn rows() -> Vec<Vec<String>> {
    (0..64)
        .map(|n| {
            vec![
                (1_000 + n).to_string(),
                ["create", "update", "delete"][n % 3].to_owned(),
                format!("user-{n}@example.org"),
                format!("2026-01-02 03:{:02}:05.{:06}+00", n % 60, n * 12_345 + 1),
                format!("{}.50", n * 1_001),
                format!(
                    "{{\"id\": {n}, \"name\": \"Zoë {n}\", \"tags\": [\"a\", \"b/c\"], \"price\": 12.5, \"nested\": {{\"x\": true}}}}"
                ),
            ]
        })
        .collect()
}

fn hex(recipe: Recipe) -> Recipe {
    Recipe::Hex(Box::new(recipe))
}

fn digest(algorithm: Digest, recipe: Recipe) -> Recipe {
    hex(Recipe::Digest(algorithm, Box::new(recipe)))
}

fn joined() -> Recipe {
    let fields = [Recipe::Prev, Recipe::Column(ID), Recipe::Column(ACTION), Recipe::Column(USER)];
    let mut parts = fields.to_vec();
    parts.push(Recipe::Time(AT, TimePreset::IsoMillis));
    Recipe::Join("|".to_owned(), parts)
}

fn object(profile: JsonProfile) -> Recipe {
    let member = |key: &str, value| JsonField { key: key.to_owned(), null: JsonNull::Null, value };
    let fields = vec![
        member("prev", JsonValue::String(Recipe::Prev)),
        member("id", JsonValue::Column(ID)),
        member("action", JsonValue::Column(ACTION)),
        member("user", JsonValue::Column(USER)),
        member("at", JsonValue::String(Recipe::Time(AT, TimePreset::IsoMillis))),
        member("amount", JsonValue::Column(AMOUNT)),
        member("payload", JsonValue::Column(PAYLOAD)),
    ];
    digest(Digest::Sha256, Recipe::Json(profile, fields))
}

fn recipes() -> Vec<(&'static str, Recipe)> {
    let php = PhpJson { sorted: false, slashes: false, utf8: false, zeros: false };
    let mut all = vec![
        ("join, sha256", digest(Digest::Sha256, joined())),
        ("join, hmac(sha256)", hex(Recipe::Hmac(Digest::Sha256, 0, Box::new(joined())))),
        ("join, hmac(sha512)", hex(Recipe::Hmac(Digest::Sha512, 0, Box::new(joined())))),
        ("json(js)", object(JsonProfile::Js { sorted: false })),
        ("json(js(sorted))", object(JsonProfile::Js { sorted: true })),
        ("json(jcs)", object(JsonProfile::Jcs)),
        ("json(py)", object(JsonProfile::Py(JsonProfile::PY))),
        (
            "json(py(compact, utf8))",
            object(JsonProfile::Py(PyJson { compact: true, utf8: true, ..JsonProfile::PY })),
        ),
        ("json(go)", object(JsonProfile::Go { sorted: false, unescaped: false })),
        ("json(php)", object(JsonProfile::Php(php))),
        ("json(rails)", object(JsonProfile::Rails {})),
        ("json(serde)", object(JsonProfile::Serde { sorted: false, insertion: false })),
        ("json(stj)", object(JsonProfile::Stj { relaxed: false })),
        ("json(jackson)", object(JsonProfile::Jackson { sorted: false, jdk19: false })),
    ];
    for (name, algorithm) in [
        ("join, sha384", Digest::Sha384),
        ("join, sha512", Digest::Sha512),
        ("join, sha3_256", Digest::Sha3_256),
        ("join, blake2b", Digest::Blake2b512),
        ("join, blake3", Digest::Blake3),
        ("join, sha1", Digest::Sha1),
        ("join, md5", Digest::Md5),
    ] {
        all.push((name, digest(algorithm, joined())));
    }
    all
}

fn main() {
    // `cargo bench` adds an argument of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let count: usize = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(200_000);
    let only = arguments.iter().find(|argument| argument.parse::<usize>().is_err());
    if only.is_some_and(|only| only == "names") {
        recipes().iter().for_each(|(name, _)| println!("{name}"));
        return;
    }
    let (columns, rows) = (columns(), rows());
    let cells: Vec<Vec<Option<&str>>> =
        rows.iter().map(|row| row.iter().map(|cell| Some(cell.as_str())).collect()).collect();
    let keys = Keys::from(vec![b"a key of thirty-two bytes or so..".to_vec()]);
    let prev = "0".repeat(64);
    for (name, recipe) in recipes() {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let program = Program::new(&recipe, &columns, Form::Text).unwrap().keyed(&keys);
        let mut out = Vec::new();
        let started = Instant::now();
        let mut sum = 0u64;
        for row in cells.iter().cycle().take(count) {
            let inputs = Inputs { row, prev: Some(prev.as_bytes()), shifts: &[], orders: &[] };
            let outcome = evaluate(&program, &inputs, &mut out).unwrap();
            sum += u64::from(!outcome.null) + out.len() as u64;
        }
        let nanos = started.elapsed().as_nanos() / count.max(1) as u128;
        // What nobody looks at need not be computed.
        assert!(sum > count as u64);
        println!("{name:<28} {nanos:>7} ns");
    }
}
