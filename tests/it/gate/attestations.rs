//! What people say, and when it counts.

use super::Place;

fn place(statements: &str, check: &str) -> Place {
    let place = Place::new(
        "param started: time = 2026-01-14T14:00:00Z\nsource attestation said from \"said.toml\"",
        &format!("check told {{ require {check} }}"),
    );
    place.file("said.toml", statements);
    place
}

fn said(by: &str, at: &str, more: &str) -> String {
    format!("[[statement]]\ncheck = \"told\"\nby = \"{by}\"\nat = {at}\n{more}\n")
}

#[test]
fn a_statement_of_the_right_person_in_time_holds() {
    let said = said("@support", "2026-01-14T14:10:00Z", "text = \"mailed\"");
    for check in [
        "attested by \"@support\"",
        "attested by \"@support\" within 15min after $started",
        "attested by \"@support\" within 1h of $started",
        "attested by \"@support\" within 1h before 2026-01-14T15:00:00Z",
        "said.by(\"told\") = \"@support\"",
        "said.latest(\"told\") >= $started",
    ] {
        place(&said, check).run(&[]).ends_with(0);
    }
    place(&said, "attested by \"@support\"").run(&[]).says("mailed");
}

#[test]
fn anything_else_does_not() {
    let by = |who: &str, more: &str| said(who, "2026-01-14T14:10:00Z", more);
    for (statements, check, verdict, why) in [
        ("", "attested by \"@support\"", "unproven", "nobody has made a statement about `told`"),
        (
            &by("@intern", ""),
            "attested by \"@support\"",
            "unproven",
            "attested by `@intern`, and it takes `@support`",
        ),
        (&by("@Support", ""), "attested by \"@support\"", "unproven", "`@Support`"),
        (
            &by("@support", "expires = 2026-01-14T15:00:00Z"),
            "attested by \"@support\"",
            "broken",
            "expired at",
        ),
        (&by("@support", ""), "attested by \"@support\" within 24h", "broken", "only what was said from"),
        (&by("@support", ""), "attested by \"@support\" within 5min after $started", "broken", "was due by"),
        (&by("@support", ""), "attested by \"@support\" within 5min before $started", "broken", "was due by"),
        (
            &said("@support", "2999-01-01T00:00:00Z", ""),
            "attested by \"@support\"",
            "unproven",
            "in the future",
        ),
        (&said("@support", "2026-01-14", ""), "attested by \"@support\"", "unproven", "offset"),
        (&by("@support", "expiry = 2026-01-14T15:00:00Z"), "attested by \"@support\"", "unproven", "expiry"),
        (
            &by("@support", "expires = 2026-01-14T15:00:00Z"),
            "said.age(\"told\") <= 36500d",
            "unproven",
            "expired",
        ),
        ("", "said.age(\"tolt\") <= 36500d", "unproven", "no statement about `tolt`"),
    ] {
        let status = if verdict == "broken" { 1 } else { 3 };
        place(statements, check).run(&[]).ends_with(status).judges("told", verdict, why);
    }
    let other = said("@support", "2026-01-14T14:10:00Z", "").replace("told", "another");
    place(&other, "attested by \"@support\"").run(&[]).ends_with(3);
}
