//! Tables whose rows other servers keep, in baselines: sealed where a check names them, and never called unchanged otherwise.

use std::process::Command;

use serde_json::Value;

use crate::support::{Run, Scratch, program, shared};

const WORDS: &str = "source baseline before from \"before.json\"";
const NAMED: &str = "require far is unchanged since before";

#[track_caller]
fn record(s: &Scratch, checks: &str, status: i32) -> Value {
    s.policy(WORDS, checks);
    let path = s.folder().join("before.json");
    let _earlier = std::fs::remove_file(&path);
    let mut command: Command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url());
    Run::of(command.args(["baseline", "record", "p.hold", "-o", "before.json"])).ends_with(status);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_foreign_table_is_sealed_where_a_check_names_it() {
    let rows = "create table far (id int primary key, at timestamptz, note text);
         insert into far select g, timestamptz '2026-01-01 00:00+00' + g * interval '1 h', 'note ' || g from generate_series(1, 50) g";
    let there = Scratch::new("foreign_there", rows).server_only();
    let here =
        Scratch::new("foreign_here", "create table near (id int primary key); insert into near values (1)")
            .server_only();
    if here.sql("select count(*) from pg_available_extensions where name = 'postgres_fdw'").trim() == "0" {
        eprintln!("not shown: this PostgreSQL comes without the extension postgres_fdw");
        return;
    }
    here.sql(&format!(
        "create extension postgres_fdw;
         create server s foreign data wrapper postgres_fdw options (host '{}', port '5432', dbname 'foreign_there',
           options '-c row_security=off -c default_transaction_read_only=on');
         create user mapping for public server s options (user 'holdtrue_reader', password_required 'false');
         create foreign table far (id int, at timestamptz, note text) server s;
         grant select on far to holdtrue_reader",
        shared().folder().display()
    ));
    // Not by itself: it is listed, with the reason, and nothing is said of it.
    let other = "check c { require near is unchanged since before }";
    let sealed = record(&here, other, 3);
    let far = |sealed: &Value| {
        sealed["relations"].as_array().unwrap().iter().find(|r| r["name"]["name"] == "far").unwrap().clone()
    };
    assert!(far(&sealed)["unsealed"].as_str().unwrap().contains("other servers keep its rows"), "{sealed:#}");
    here.holds(WORDS, "require near is unchanged since before");
    here.unproven(
        WORDS,
        NAMED,
        "its rows were not sealed when the baseline was taken: other servers keep its rows",
    );
    here.unproven(WORDS, &format!("{NAMED}; allow empty"), "were not sealed when");
    // Named.
    let sealed = record(&here, &format!("check c {{ {NAMED} }}"), 0);
    assert_eq!(far(&sealed)["seal"]["whole"]["rows"], 50, "{sealed:#}");
    assert_eq!(here.holds(WORDS, NAMED).check("c")["rows_examined"], 50);
    for (sql, back) in [
        ("update far set note = '' where id = 7", "update far set note = 'note 7' where id = 7"),
        (
            "delete from far where id = 50",
            "insert into far select 50, timestamptz '2026-01-01 00:00+00' + 50 * interval '1 h', 'note 50'",
        ),
        ("insert into far values (51, now(), '')", "delete from far where id = 51"),
    ] {
        there.sql(sql);
        here.broken(WORDS, NAMED, "public.far");
        there.sql(back);
        here.holds(WORDS, NAMED);
    }
    // The same rows in a table of its own are the same.
    there.sql("alter database foreign_there set timezone = 'Asia/Kolkata'");
    here.holds(WORDS, NAMED);
    // What cannot be reached is not unchanged.
    there.sql("revoke select on far from holdtrue_reader");
    here.unproven(WORDS, NAMED, "permission denied");
}
