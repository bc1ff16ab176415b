//! Waivers cover what is broken, while they live, and nothing else.

use crate::support::{Run, Scratch};

fn scratch(name: &str) -> Scratch {
    Scratch::new(
        name,
        "create table t (id int primary key, a int); insert into t values (1, -1); create table empty (id int)",
    )
}

fn day(offset: i64) -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(jiff::SignedDuration::from_hours(24 * offset)).to_string()
}

fn waive(check: &str, until: &str) -> String {
    format!("waive {check} {{ until {until}; owner \"@ops\"; reason \"OPS-1: known\" }}")
}

fn state(run: &Run) -> String {
    run.json()["waivers"][0]["state"].as_str().unwrap_or_default().to_owned()
}

const BROKEN: &str = "check c { on t; require a >= 0 }";

#[test]
fn a_live_waiver_opens_the_gate_and_is_listed() {
    let s = scratch("waiver_live");
    for until in [day(0), day(1), day(90)] {
        let run = s.verify(&waive("c", &until), BROKEN).ends_with(0).judges("c", "waived", "OPS-1: known");
        assert_eq!(state(&run), "used");
        assert_eq!(run.check("c")["findings_total"], 1);
    }
    s.verify(&waive("c", &day(5)), &format!("{BROKEN}\ncheck d {{ on t; require id < 0 }}"))
        .ends_with(1)
        .judges("c", "waived", "")
        .judges("d", "broken", "");
}

#[test]
fn an_expired_waiver_covers_nothing() {
    let s = scratch("waiver_expired");
    let run = s.verify(&waive("c", &day(-1)), BROKEN);
    assert!(matches!(run.status, Some(1 | 2)), "{}", run.said());
    if run.status == Some(1) {
        assert_eq!(state(&run), "expired");
    }
}

#[test]
fn a_needless_waiver_is_called_so() {
    let s = scratch("waiver_needless");
    let run = s
        .verify(&waive("c", &day(5)), "check c { on t; require id > 0 }")
        .ends_with(0)
        .judges("c", "holds", "");
    assert_eq!(state(&run), "needless");
}

#[test]
fn nothing_unproven_is_ever_waived() {
    let s = scratch("waiver_unproven");
    for body in [
        "on empty; require id > 0",
        "on gone; require rows > 0",
        "on t; require a / (id - 1) > 0",
        "on t; require sum(a ?? 0) / (sum(id) - 1) > 0",
    ] {
        let run = s
            .verify(&waive("c", &day(5)), &format!("check c {{ {body} }}"))
            .ends_with(3)
            .judges("c", "unproven", "");
        assert_eq!(state(&run), "not_applicable", "{body}");
    }
}

#[test]
fn what_cannot_be_waived_and_what_reaches_too_far_is_refused() {
    let s = scratch("waiver_refused");
    s.verify(&waive("c", &day(5)), "check c { on t; require a >= 0; unwaivable }")
        .ends_with(2)
        .says("unwaivable");
    s.verify(&waive("c", &day(91)), BROKEN)
        .ends_with(2)
        .says("91 days ahead, and `max_waiver` of the policy allows 90");
    s.verify(&waive("d", &day(5)), BROKEN).ends_with(2).says("d");
    s.verify(&format!("{}\n{}", waive("c", &day(5)), waive("c", &day(6))), BROKEN).ends_with(2);
    s.verify("waive c { until 2099-01-01 }", BROKEN).ends_with(2).says("reason");
    s.verify(&format!("waive c {{ until {}; owner \"\"; reason \"\" }}", day(5)), BROKEN).ends_with(2);
    s.verify("waive c { until soon; owner \"@a\"; reason \"b\" }", BROKEN).ends_with(2);
}

#[test]
fn a_waiver_of_a_check_that_was_not_selected_says_so() {
    let s = scratch("waiver_unselected");
    s.file(
        "p.hold",
        &format!(
            "policy t {{ language 1; owner \"@t\"; schema public; max_waiver 90d }}\nsource postgres db from env DATABASE_URL\n{}
             gate g on db {{ {BROKEN} }}\ngate h on db {{ check d {{ on t; require id > 0 }} }}\n",
            waive("c", &day(5))
        ),
    );
    let run = s.run(&["--gate", "h"]).ends_with(0);
    assert_eq!(state(&run), "not_selected");
}

/// A waiver is about what was found, not about what could not be judged.
#[test]
fn what_is_unproven_beside_something_broken_is_said_and_not_waived() {
    let s = Scratch::new(
        "waiver_doubt",
        "create table t (id int primary key, a int, kind int); insert into t values (1, -1, 1), (2, 1, 1), (3, 1, null)",
    );
    let check = "check c { on t where kind = 1; require a >= 0 }";
    let run = s.verify("", check).ends_with(1).judges("c", "broken", "Beyond that, unproven: ");
    assert!(run.check("c")["reason"].to_string().contains("cannot be told for 1 row"), "{}", run.said());
    let run = s
        .verify(&waive("c", &day(5)), check)
        .ends_with(3)
        .judges("c", "unproven", "cannot be told for 1 row")
        .judges("c", "unproven", "What is broken is waived, and not this");
    assert_eq!(state(&run), "not_applicable");
}
