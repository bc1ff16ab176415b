//! Gates open in their order, and only when everything they require was judged.

use crate::support::{Run, Scratch};

fn scratch(name: &str, first: &str, second: &str) -> Scratch {
    let s = Scratch::new(
        name,
        "create table t (id int primary key); insert into t values (1); create table empty (id int)",
    );
    s.file(
        "p.hold",
        &format!(
            "policy t {{ language 1; owner \"@t\"; schema public }}\nparam who: text = all\nsource postgres db from env DATABASE_URL
             gate first on db {{ {first} }}\ngate second on db after first {{ {second} }}\n"
        ),
    );
    s
}

fn gate(run: &Run, id: &str) -> (String, String) {
    let report = run.json();
    let gate =
        report["gates"].as_array().unwrap().iter().find(|g| g["id"] == id).cloned().unwrap_or_default();
    (
        gate["verdict"].as_str().unwrap_or_default().to_owned(),
        gate["reason"].as_str().unwrap_or_default().to_owned(),
    )
}

const GOOD: &str = "require id > 0 ";
const BAD: &str = "require id < 0 ";

#[test]
fn a_gate_behind_a_closed_one_stays_closed() {
    let s =
        scratch("gate_order", &format!("check a {{ on t; {BAD} }}"), &format!("check b {{ on t; {GOOD} }}"));
    let run = s.run(&[]).ends_with(1).judges("b", "holds", "");
    assert_eq!(gate(&run, "second").0, "unproven");
    assert!(gate(&run, "second").1.contains("`first`, which is closed"));
    s.run(&["--out-of-order"]).ends_with(1);
    let alone = s.run(&["--gate", "second"]).ends_with(3);
    assert!(gate(&alone, "second").1.contains("was not judged in this run"), "{}", alone.said());
    let allowed = s.run(&["--gate", "second", "--out-of-order"]).ends_with(0);
    assert!(gate(&allowed, "second").1.contains("--out-of-order"));
}

#[test]
fn a_gate_judged_in_part_is_not_open() {
    let s = scratch(
        "gate_part",
        &format!("check a {{ on t; {GOOD} }}\ncheck a2 {{ on t; {BAD} }}"),
        &format!("check b {{ on t; {GOOD} }}"),
    );
    let run = s.run(&["--check", "a", "--check", "b"]).ends_with(3);
    assert!(gate(&run, "first").1.contains("not selected"), "{}", run.said());
    assert_ne!(gate(&run, "second").0, "holds");
    assert_ne!(s.run(&["--check", "a", "--check", "b", "--out-of-order"]).status, Some(0));
}

#[test]
fn recommendations_warn_and_strict_makes_them_count() {
    let checks = format!(
        "check a {{ on t; {GOOD} }}\ncheck w {{ on t; recommend id < 0 }}\ncheck v {{ on empty; recommend id < 0 }}"
    );
    let s = scratch("gate_recommend", &checks, &format!("check b {{ on t; {GOOD} }}"));
    s.run(&[]).ends_with(0).judges("w", "broken", "").judges("v", "unproven", "");
    s.run(&["--strict"]).ends_with(1).judges("w", "broken", "");
    s.run(&["--strict", "--check", "v", "--check", "b"]).ends_with(3);
}

#[test]
fn skipped_checks_are_listed_and_do_not_make_a_run_of_their_own() {
    let s = scratch(
        "gate_skipped",
        &format!("check a {{ on t; {GOOD} }}"),
        &format!("check b {{ on t; when $who != all; {BAD} }}"),
    );
    let run = s.run(&[]).ends_with(0).judges("b", "skipped", "when $who != all");
    assert_eq!(gate(&run, "second").0, "holds");
    s.run(&["--set", "who=me"]).ends_with(1);
    let s = scratch(
        "gate_all_skipped",
        &format!("check a {{ on t; when $who != all; {GOOD} }}"),
        &format!("check b {{ on t; when $who != all; {GOOD} }}"),
    );
    s.run(&[]).ends_with(3).says("everything required was skipped, so nothing was looked at");
}

#[test]
fn a_condition_that_cannot_be_told_skips_nothing() {
    let s = scratch(
        "gate_when",
        &format!("check a {{ on t; when db.setting of \"no.such\" = \"on\"; {GOOD} }}"),
        &format!("check b {{ on t; {GOOD} }}"),
    );
    s.run(&[]).ends_with(3).judges("a", "unproven", "whether it applies is not known");
}
