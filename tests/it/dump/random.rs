//! Small tables of anything, measured in every way: a server and its archive agree.

use std::fmt::Write as _;

use crate::support::{Scratch, alike};

/// What a cell may be, by type: ordinary values often, odd ones now and then.
const TYPES: [(&str, &[&str]); 8] = [
    ("int", &["0", "1", "-1", "2", "7", "2147483647"]),
    ("bigint", &["0", "3", "-3", "9223372036854775807"]),
    (
        "numeric",
        &[
            "0",
            "0.00",
            "1.5",
            "1.50",
            "-1.5",
            "1e-20",
            "123456789012345678901234567890.5",
            "NaN",
            "Infinity",
            "-Infinity",
        ],
    ),
    ("text", &["", "a", "A", "é", "a b", "NULL", "\\N", "it''s"]),
    ("uuid", &["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"]),
    ("boolean", &["t", "f"]),
    ("date", &["2026-01-14", "2025-12-31", "2024-02-29", "infinity", "-infinity"]),
    (
        "timestamptz",
        &[
            "2026-01-14 14:30:00+00",
            "2026-01-14 14:30:00.000001+00",
            "1999-12-31 23:59:59+08",
            "infinity",
            "-infinity",
        ],
    ),
];

/// A sequence of numbers that is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn cell(&mut self, values: &[&str], nulls: bool) -> String {
        if nulls && self.below(6) == 0 {
            return "null".to_owned();
        }
        // The later, the rarer.
        let most = self.below(values.len()) + 1;
        format!("'{}'", values[self.below(most)])
    }
}

/// A table `tN` of up to twelve rows: an id, a key of some type, two amounts, an instant.
fn table(dice: &mut Dice, number: usize) -> (String, &'static str) {
    let (ty, values) = TYPES[number % TYPES.len()];
    let amounts = ["0", "1.5", "1.50", "-1.5", "2", "0.001", "100000000000000000000"];
    let nulls = !number.is_multiple_of(3);
    let always = if nulls { "" } else { " not null" };
    let mut sql = format!(
        "create table t{number} (id int primary key, k {ty}, a numeric, b numeric(30,4){always}, at timestamptz{always});\n"
    );
    for id in 0..dice.below(13) {
        let odd = if dice.below(12) == 0 { "'NaN'".to_owned() } else { dice.cell(&amounts, nulls) };
        let (k, b) = (dice.cell(values, nulls), dice.cell(&amounts[..6], nulls));
        let at = dice.cell(TYPES[7].1, nulls);
        let _ = writeln!(sql, "insert into t{number} values ({id}, {k}, {odd}, {b}, {at});");
    }
    (sql, ty)
}

/// Checks that fit a table, whatever comes of them.
fn checks(number: usize, ty: &str, parent: usize) -> String {
    let t = format!("t{number}");
    let mut bodies = vec![
        format!("require rows({t}) >= 3"),
        format!("require count({t}.k) = rows({t})"),
        format!("require sum({t}.a) = sum({t}.b)"),
        format!("require sum({t}.a ?? 0) - sum({t}.b ?? 0) between -10 and 10"),
        format!("require sum({t}.b where a > 0) >= sum({t}.b where a <= 0)"),
        format!("require min({t}.a) >= -1.5"),
        format!("require max({t}.b) <= 2"),
        format!("require newest({t}.at) <= 2026-01-14T14:30:00Z"),
        format!("require oldest({t}.at) >= 2000-01-01T00:00:00Z"),
        format!("require sum({t}.a) = sum({t}.b) per k or null"),
        format!("require sum({t}.a ?? 0) >= sum({t}.b ?? 0) per k"),
        format!("require rows({t}) = 1 per k"),
        format!("require max({t}.b) = min({t}.b) per k"),
        format!("on {t}; require unique k"),
        format!("on {t}; require unique (k, b) or null"),
        format!("on {t}; require not null k, a"),
        format!("on {t}; require a = b or a is null"),
        format!("on {t}; require not (a * 2 > b + 1)"),
        format!("on {t}; require a in (0, 1.5, 2) and b >= -1.5"),
        format!("on {t}; require at < 2026-01-14T14:30:00Z"),
        format!("require {t}.k in t{parent}.k"),
        format!("require ({t}.k, {t}.b) in (t{parent}.k, t{parent}.b) or null"),
        format!("require l{number} is balanced"),
    ];
    bodies.push(match ty {
        "text" => format!("on {t}; require k in (\"a\", \"\", \"é\")"),
        "boolean" => format!("on {t}; require k = true"),
        "uuid" => format!("on {t}; require k != \"{{0000000000000000000000000000000A}}\""),
        "date" | "timestamptz" => format!("on {t}; require k >= 2025-01-01T00:00:00Z"),
        _ => format!("on {t}; require k between -1 and 3"),
    });
    let mut text = String::new();
    for (n, body) in bodies.iter().enumerate() {
        let _ = writeln!(text, "check t{number}_{n} {{ {body} }}");
    }
    text
}

#[test]
fn random_tables_are_judged_alike() {
    let mut dice = Dice(20_260_114);
    let (mut sql, mut words, mut all) = (String::new(), String::new(), String::new());
    // Each type three times; the parent of a table has a key of the same type.
    for number in 0..24 {
        let (table, ty) = table(&mut dice, number);
        sql.push_str(&table);
        let _ = writeln!(
            words,
            "ledger l{number} on t{number} where a is not null {{ amount b; balance per k, overall; tolerance 0 }}"
        );
        all.push_str(&checks(number, ty, (number + 8) % 24));
    }
    let s = Scratch::new("dump_random", &sql);
    let run = s.verify(&words, &all).ends_with(1);
    let report = run.json();
    let judged = report["checks"].as_array().unwrap();
    for verdict in ["holds", "broken", "unproven"] {
        let count = judged.iter().filter(|check| check["verdict"] == verdict).count();
        assert!(count > judged.len() / 8, "{count} of {} are {verdict}", judged.len());
    }
    // Hardly anything is left to the server.
    let left = alike(&run, &s.archived(&[]));
    assert!(left <= judged.len() / 20, "{left} of {}", judged.len());
}
