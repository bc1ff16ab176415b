//! Facts that were kept are judged again without a server, and say so.

use crate::support::{AccuBooks, Run, Scratch, Tala, accubooks, program, tala};

/// The parts of a report that a replay must repeat.
fn verdicts(run: &Run) -> Vec<(String, String, String, u64)> {
    let report = run.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let one = |c: &serde_json::Value| {
        (
            text(&c["id"]),
            text(&c["verdict"]),
            c["findings"].to_string(),
            c["findings_total"].as_u64().unwrap(),
        )
    };
    report["checks"].as_array().unwrap().iter().map(one).collect()
}

fn replayed(s: &Scratch, arguments: &[&str]) -> Run {
    let mut command = program();
    command.current_dir(s.folder()).args(["verify", "p.hold", "--format", "json", "--facts", "facts.json"]);
    Run::of(command.args(arguments))
}

const BOOKS: &str = "ledger books on JournalDetail { entry journalEntryId of JournalEntry; debit debit; credit credit; balance per journalEntryId, overall }
     tenancy Tenant.id by tenantId { global Permission because \"shared\"; reached RolePermission through roleId of Role
       reached RefreshToken through userId of User; reached ConsentRecord through userId of User }
     chain audit on AuditLog { split by tenantId, entityType, entityId; order by createdAt; link previousHash genesis null
       hash dataHash = hex(sha256(cat(prev ?? \"\", entityType, entityId, action, ts(createdAt, js), userId))) }";
const CHECKS: &str = "check books { require books is balanced }
     check tenants { require tenancy is complete }
     check isolated { require tenancy is isolated }
     check audit { require audit is intact }
     check keys { require every foreign_key is valid }
     check sql { require sql returns no rows $$ select id from \"JournalEntry\" where \"totalDebit\" < 0 $$ }
     check fresh { require newest(AuditLog.createdAt) within 3650d before now }
     check quiet { require db.sessions of \"nobody\" = 0 }";

#[test]
fn kept_facts_give_the_same_verdicts_without_a_server() {
    for variant in [Tala::Clean, Tala::Faults, Tala::AppClock] {
        let s = Scratch::around(tala(variant));
        s.policy(BOOKS, CHECKS);
        let live = s.run(&["--save-facts", "facts.json"]);
        let again = replayed(&s, &[]);
        assert_eq!(live.status, again.status, "{variant:?}\n{}", again.said());
        assert_eq!(verdicts(&live), verdicts(&again), "{variant:?}");
        assert_eq!(live.json()["run"]["replayed"], false);
        assert_eq!(again.json()["run"]["replayed"], true);
        assert_eq!(live.json()["run"]["now"], again.json()["run"]["now"]);
        for format in crate::support::formats() {
            let mut command = program();
            command.current_dir(s.folder()).args([
                "verify",
                "p.hold",
                "--facts",
                "facts.json",
                "--format",
                format,
            ]);
            let run = Run::of(&mut command);
            // What a plugin says of kept facts is never that all is well.
            let expected = match live.status {
                Some(status @ 0..=1) if format == "nagios" => Some(status + 1),
                status => status,
            };
            assert_eq!(run.status, expected, "{format}");
            assert!(
                run.stdout.contains("kept facts") || run.stdout.contains("replay"),
                "{format}\n{}",
                run.said()
            );
        }
    }
}

#[test]
fn what_was_not_looked_at_then_is_unproven_now() {
    let s = Scratch::around(accubooks(AccuBooks::Clean));
    s.policy("", "check a { on journal_lines; require amount >= 0 }");
    s.run(&["--save-facts", "facts.json"]).ends_with(0);
    s.policy("", "check a { on journal_lines; require amount >= 0 }\ncheck b { on journal_lines; require amount >= 1 }\ncheck d { require sum(journal_lines.amount) > 0 }");
    replayed(&s, &[])
        .ends_with(3)
        .judges("a", "holds", "")
        .judges("b", "unproven", "not looked at")
        .judges("d", "unproven", "not looked at")
        .says("the facts were taken for another text");
    s.policy("param n: number = 0", "check a { on journal_lines; require amount >= $n }");
    replayed(&s, &["--set", "n=0"]).ends_with(0);
    replayed(&s, &["--set", "n=5"]).ends_with(3).judges("a", "unproven", "not looked at");
}

#[test]
fn files_that_are_no_facts_are_refused() {
    let s = Scratch::around(accubooks(AccuBooks::Clean));
    s.policy("", "check a { on journal_lines; require amount >= 0 }");
    for (text, piece) in [
        ("", "facts file"),
        ("{}", "facts file"),
        ("[1]", "facts file"),
        (r#"{"schema":"holdtrue.facts/9","version":"0","observed":[]}"#, "holdtrue.facts/9"),
    ] {
        s.file("facts.json", text);
        let run = replayed(&s, &[]).ends_with(2).says(piece);
        assert!(run.stdout.is_empty());
    }
    s.file("facts.json", r#"{"schema":"holdtrue.facts/1","version":"0","policy_digest":"","now":"2026-01-01T00:00:00Z","sources":{},"observations":{}}"#);
    replayed(&s, &[]).ends_with(3).judges("a", "unproven", "was not looked at");
    replayed(&s, &["--source", "db=postgres://x"]).ends_with(2);
    std::fs::remove_file(s.folder().join("facts.json")).unwrap();
    replayed(&s, &[]).ends_with(2).says("cannot be read");
}
