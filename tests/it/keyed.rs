//! Keyed sums say what the groups themselves say, whatever the keys are made of, and never more.

use crate::support::{Run, Scratch, program};

/// Columns of every type a key can have, with an expression for the group's number `n`.
const KEYS: &[(&str, &str, &str)] = &[
    ("k_text", "text", "'k' || n"),
    ("k_folded", "text collate folded", "case id % 2 when 0 then 'key ' else 'KEY ' end || n"),
    ("k_varchar", "varchar(20)", "'k' || n"),
    ("k_char", "char(8)", "'k' || n"),
    ("k_name", "name", "'k' || n"),
    ("k_enum", "size", "(array['s', 'm', 'l'])[1 + n % 3]::size"),
    ("k_small", "smallint", "n"),
    ("k_int", "integer", "n - 20"),
    ("k_big", "bigint", "n * 4294967296 + n % 3"),
    ("k_own", "own_number", "n"),
    ("k_numeric", "numeric", "case id % 2 when 0 then n else n * 1.00 end * 10000 ^ (n % 4)"),
    ("k_fixed", "numeric(12, 2)", "n"),
    ("k_float", "double precision", "n / 7.0"),
    ("k_real", "real", "n / 7.0"),
    ("k_money", "money", "n::money"),
    ("k_bool", "boolean", "n % 2 = 0"),
    ("k_uuid", "uuid", "md5(n::text)::uuid"),
    ("k_date", "date", "date '2026-01-01' + n"),
    ("k_stamp", "timestamp", "timestamp '2026-01-01' + n * interval '1 second'"),
    ("k_zoned", "timestamptz", "timestamptz '2026-01-01' + n * interval '1 day'"),
    ("k_bytes", "bytea", "decode(md5(n::text), 'hex')"),
    ("k_span", "interval", "n * case id % 2 when 0 then interval '24 hours' else interval '1 day' end"),
    ("k_jsonb", "jsonb", "jsonb_build_object('n', case id % 2 when 0 then n::numeric else n * 1.0 end)"),
    ("k_list", "int[]", "array[n, n % 5]"),
    ("k_citext", "citext", "case id % 2 when 0 then 'key ' else 'KEY ' end || n"),
];

const PREPARE: &str = "
    create extension if not exists citext;
    create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create type size as enum ('s', 'm', 'l');
    create domain own_number as int;";

/// What is done to a copy in which every group is in balance.
const FAULTS: &[(&str, &str)] = &[
    ("nothing", ""),
    ("a cent more", "update t set a = a + 0.01 where id = 17"),
    (
        "a cent moved to another group",
        "update t set a = a + case id when 17 then 0.01 else -0.01 end where id in (17, 23)",
    ),
    ("one amount lost", "delete from t where id = 101"),
    ("an amount that is NULL", "update t set a = null where id = 17"),
    ("an amount that is not a number", "update t set a = 'NaN' where id = 17"),
    ("two amounts that are not numbers", "update t set a = 'NaN', b = 'NaN' where id = 17"),
    ("nothing left", "delete from t"),
];

fn outcome(run: &Run, check: &str) -> (String, u64, u64, Vec<String>) {
    let found = run.check(check);
    let count = |key: &str| found[key].as_u64().unwrap();
    let verdict = found["verdict"].as_str().unwrap().to_owned();
    (verdict, count("findings_total"), count("rows_examined"), run.findings(check))
}

#[test]
fn they_agree_with_the_groups_on_keys_of_every_type() {
    let columns: Vec<String> = KEYS.iter().map(|(name, ty, _)| format!("{name} {ty}")).collect();
    let values: Vec<String> = KEYS
        .iter()
        .map(|(_, ty, value)| format!("({value})::{}", ty.split(" collate").next().unwrap()))
        .collect();
    let s = Scratch::new(
        "keyed_types",
        &format!(
            "{PREPARE}
             create table t (id int primary key, n int not null, {columns}, a numeric, b numeric(14, 4));
             insert into t select id, n, {values}, case side when 0 then amount end, case side when 1 then amount end
               from (select row_number() over (order by n, part, side)::int as id, n, side,
                            (abs(hashint8(n * 10 + part)::bigint) % 1000000) / 100.0 as amount
                       from generate_series(1, 40) as n, generate_series(1, 2) as part, generate_series(0, 1) as side) as rows;
             update t set a = coalesce(a, 0), b = coalesce(b, 0);
             create table kept as select * from t;",
            columns = columns.join(", "),
            values = values.join(", ")
        ),
    )
    // Equal keys have several texts here, and which of them is shown is anybody's choice.
    .server_only();
    let mut checks = String::new();
    for (name, _, _) in KEYS {
        checks.push_str(&format!(
            "check {name} {{ on t; require sum(a) = sum(b) per {name} }}
             check {name}_and_n {{ on t; require sum(a) - sum(b) = 0 per ({name}, n) or null }}\n"
        ));
    }
    checks.push_str("check filtered { on t where n < 30; require sum(a) = sum(b) per k_int }\n");
    checks.push_str("check books { require books is balanced }\n");
    s.policy(
        "ledger books on t { debit a; credit b; balance per k_text, per (k_int, k_uuid), per k_numeric, overall; without one_sided because \"not the point\" }",
        &checks,
    );
    let grouped = || KEYS.iter().flat_map(|(name, _, _)| [(*name).to_owned(), format!("{name}_and_n")]);
    let ids = || grouped().chain(["filtered".to_owned(), "books".to_owned()]);
    for (fault, sql) in FAULTS {
        s.sql(&format!("delete from t; insert into t select * from kept; {sql}"));
        let keyed = s.run(&["--samples", "100", "--engine", "server", "--save-facts", "facts.json"]);
        let exact = s.run(&["--samples", "100", "--exact"]);
        assert_eq!(keyed.status, exact.status, "{fault}\n{}", keyed.said());
        for id in ids() {
            assert_eq!(outcome(&keyed, &id), outcome(&exact, &id), "{fault}: {id}");
        }
        if sql.is_empty() {
            // Or the two would agree for having done the same: all but the four types without a sum are settled by it.
            let facts = std::fs::read_to_string(s.folder().join("facts.json")).unwrap();
            let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
            let by_sums = |o: &&serde_json::Value| {
                o["result"]["Ok"]["settled"]
                    .as_array()
                    .is_some_and(|by| by.iter().any(|k| k.as_str().unwrap().contains("$1")))
            };
            let settled = facts["observations"].as_object().unwrap().values().filter(by_sums).count();
            assert_eq!(settled, 2 * (KEYS.len() - 4) + 1 + 4);
        }
        assert!(exact.json()["run"].get("seed").is_none() && keyed.json()["run"].get("seed").is_some());
    }
    for (name, _, _) in KEYS.iter().step_by(5) {
        s.sql(&format!(
            "delete from t; insert into t select * from kept; update t set {name} = null where id = 17"
        ));
        let (keyed, exact) = (s.run(&[]), s.run(&["--exact"]));
        for id in ids() {
            assert_eq!(outcome(&keyed, &id), outcome(&exact, &id), "NULL as {name}: {id}");
        }
    }
}

#[test]
fn they_agree_with_the_groups_on_random_data() {
    let s = Scratch::new("keyed_random", "create table t (id int, k int, l text, a numeric, b numeric)");
    s.policy(
        "ledger books on t { debit a; credit b; balance per k, per (k, l), overall; without one_sided because \"random\"; without non_negative because \"random\" }",
        "check books { require books is balanced }
         check each { on t; require sum(a) = sum(b) per l or null }
         check twice { on t; require 2 * sum(a) - sum(b) = sum(a) per k }",
    );
    let mut verdicts = std::collections::BTreeSet::new();
    for round in 0..12 {
        // Pairs that balance, in groups of which some share a name; now and then a fault, a NULL, or an amount of its own.
        s.sql(&format!(
            "delete from t; select setseed({round} / 12.0);
             insert into t
             select n, k, case when random() < {nulls} then null else chr(97 + l) end, side * amount, (1 - side) * amount
               from (select n, (random() * 5)::int as k, (random() * 3)::int as l, (random() * 999)::int / 100.0 as amount
                       from generate_series(1, 40) as n offset 0) as pairs, generate_series(0, 1) as side;
             update t set a = a + 0.01 where id <= {faults} and a > 0;
             update t set b = b + 0.01 where id > 40 - {faults} and b > 0;",
            nulls = if round % 4 == 3 { 0.1 } else { 0.0 },
            faults = round % 3,
        ));
        let (keyed, exact) = (s.run(&[]), s.run(&["--exact"]));
        for id in ["books", "each", "twice"] {
            assert_eq!(outcome(&keyed, id), outcome(&exact, id), "round {round}: {id}");
            verdicts.insert(outcome(&keyed, id).0);
        }
    }
    assert!(verdicts.contains("holds") && verdicts.contains("broken"), "{verdicts:?}");
}

/// Keys that the server's own hash of their type would weigh alike, or nearly, under every seed.
#[test]
fn errors_do_not_make_up_for_each_other_in_groups_with_related_keys() {
    let s = Scratch::new(
        "keyed_related",
        "create table big (id int primary key, k bigint not null, a numeric not null, b numeric not null);
         insert into big values (1, 1, 1, 0), (2, 4294967296, 0, 1);
         create table scaled (id int primary key, k numeric not null, a numeric not null, b numeric not null);
         insert into scaled values (1, 1, 1, 0), (2, 10000, 0, 1), (3, 2, 0, 1), (4, 20000, 1, 0);
         create table two (id int primary key, x int not null, y int not null, a numeric not null, b numeric not null);
         insert into two values (1, 5, 6, 1, 0), (2, 6, 5, 0, 1), (3, 7, 5, 1, 0), (4, 7, 6, 0, 1);
         create table spelt (id int primary key, x text not null, y text not null, a numeric not null, b numeric not null);
         insert into spelt values (1, 'ab', 'c', 1, 0), (2, 'a', 'bc', 0, 1);",
    );
    for _ in 0..4 {
        s.broken("", "on big; require sum(a) = sum(b) per k", "2 cases");
        s.broken("", "on scaled; require sum(a) = sum(b) per k", "4 cases");
        s.broken("", "on spelt; require sum(a) = sum(b) per (x, y)", "2 cases");
        // Group 5 of one grouping is not group 5 of the other.
        s.policy(
            "ledger books on two { debit a; credit b; balance per x, per y, overall }",
            "check books { require books is balanced }",
        );
        s.run(&[]).judges("books", "broken", "2 cases");
    }
}

#[test]
fn header_totals_do_not_make_up_for_each_other() {
    let s = Scratch::new(
        "keyed_totals",
        "create table entry (id int primary key, total numeric(12, 2));
         create table line (id int primary key, entry_id bigint, debit numeric not null, credit numeric not null);
         insert into entry values (1, 10), (2, 20), (3, 0);
         insert into line values (1, 1, 10, 0), (2, 1, 0, 10), (3, 2, 20.00, 0), (4, 2, 0, 20.00);
         create table loose (id int not null, total numeric not null);
         insert into loose values (1, 4), (1, 6), (2, 20);",
    );
    let books = |entry: &str| {
        format!(
            "ledger books on line {{ entry entry_id of {entry}; debit debit; credit credit; totals {entry}.total;
               without empty_entries because \"entry 3\" }}"
        )
    };
    let body = "require books is balanced";
    s.holds(&books("entry"), body);
    for (sql, undo, because) in [
        (
            "update entry set total = 30 - total where id < 3",
            "update entry set total = 30 - total where id < 3",
            "2 cases",
        ),
        ("update entry set total = null where id = 3", "update entry set total = 0 where id = 3", "1 case"),
        ("update line set entry_id = 4 where id < 3", "update line set entry_id = 1 where id < 3", "1 case"),
    ] {
        s.sql(sql);
        s.broken(&books("entry"), body, because);
        s.sql(undo);
    }
    s.holds(&books("entry"), body);
    // A primary key says nothing of the rows of heirs: 4 and 6 of the same entry are 10, and each for itself is wrong.
    s.sql("create table heir () inherits (entry); update entry set total = 4 where id = 1; insert into heir values (1, 6)");
    s.sql("grant select on heir to public");
    s.broken(&books("entry"), body, "2 cases");
    s.sql("delete from heir; update entry set total = 10 where id = 1");
    s.holds(&books("entry"), body);
    // Without a key two entries share their lines, and 4 + 6 are 10; each for itself is wrong.
    let keyed = s.verify(&books("loose"), &format!("check c {{ {body} }}"));
    assert_ne!(keyed.status, Some(0), "{}", keyed.said());
}

#[test]
fn the_run_says_how_it_was_proven_and_exact_is_exact() {
    let s = Scratch::new(
        "keyed_words",
        "create table t (id int primary key, k text not null, l int[] not null, a numeric not null, b numeric not null);
         insert into t values (1, 'x', '{1}', 5, 0), (2, 'x', '{1}', 0, 5);",
    );
    let body = "on t; require sum(a) = sum(b) per k";
    let run = s.holds("", body).says("a difference goes unseen with a chance of about 1 in 2^64");
    let seed = run.json()["run"]["seed"].as_str().unwrap().to_owned();
    let again = s.holds("", body).json()["run"]["seed"].as_str().unwrap().to_owned();
    assert!(seed != again && seed.len() == 18, "{seed} {again}");
    let exact = |declarations: &str, body: &str| {
        let run = s.holds(declarations, body);
        assert!(run.json()["run"].get("seed").is_none() && !run.said().contains("2^"), "{}", run.said());
    };
    exact("", "on t; require sum(a) = sum(b) per k exact");
    exact("", "on t; require sum(a) = sum(b) per k or null exact");
    exact("ledger books on t { debit a; credit b; balance per k; exact }", "require books is balanced");
    // A type whose equal values have several texts is compared as the server compares it, and the check says so.
    s.holds("", "on t; require sum(a) = sum(b) per l").says("compared one by one, because `l` is integer[]");
    s.file(
        "whole.hold",
        "policy p { language 1; exact }
         source postgres db from env DATABASE_URL
         gate g on db { check c { on t; require sum(a) = sum(b) per k } }",
    );
    let mut command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url());
    let run = Run::of(command.args(["verify", "whole.hold", "--format", "json"])).ends_with(0);
    assert!(!run.stdout.contains("seed"));
}
