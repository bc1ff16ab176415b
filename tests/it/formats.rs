//! All formats of one faulted run tell the same story.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Run, Scratch, Tala, formats, tala};

const WORDS: &str = "tenancy Tenant.id by tenantId { global Permission because \"shared\"; reached RolePermission through roleId of Role
       reached RefreshToken through userId of User; reached ConsentRecord through userId of User }
     ledger books on JournalDetail { entry journalEntryId of JournalEntry; debit debit; credit credit
       balance per journalEntryId, per tenantId; totals JournalEntry.totalDebit, JournalEntry.totalCredit }
     chain audit on AuditLog { split by tenantId, entityType, entityId; order by createdAt; link previousHash genesis null
       hash dataHash = hex(sha256(cat(prev ?? \"\", entityType, entityId, action, ts(createdAt, js), userId))) }
     param who: text = all";
const CHECKS: &str =
    "check books \"Debits <equal> & \\\"credits\\\" | `all`\" { require books is balanced; evidence sox:404 }
     check complete { require tenancy is complete }
     check isolated { recommend tenancy is isolated }
     check audit { require audit is intact }
     check gone { on Gone; require rows > 0 }
     check statuses { on JournalEntry; require status in (\"draft\", \"posted\", \"voided\") }
     check numbers { on JournalEntry; require unique tenantId, journalNumber }
     check mine { on JournalEntry; when $who != all; require rows > 0 }";

fn validator(path: &str) -> jsonschema::Validator {
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    // The official SARIF text has one bracket too many in its pattern for a language, which is no regular expression.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn faulted() -> (Scratch, Run, BTreeMap<&'static str, String>) {
    let s = Scratch::around(tala(Tala::Faults));
    s.policy(WORDS, CHECKS);
    let outputs: Vec<String> =
        formats().iter().flat_map(|f| ["--output".to_owned(), format!("{f}={f}.out")]).collect();
    let arguments: Vec<&str> = outputs.iter().map(String::as_str).chain(["--samples", "1000"]).collect();
    let run = s.run(&arguments).ends_with(1);
    let read = |f: &&'static str| (*f, std::fs::read_to_string(s.folder().join(format!("{f}.out"))).unwrap());
    let all = formats().iter().map(read).collect();
    (s, run, all)
}

#[test]
fn every_format_has_every_verdict_and_every_finding() {
    let (_s, run, all) = faulted();
    let report: Value = run.json();
    assert_eq!(all["json"], run.stdout);
    let errors: Vec<String> =
        validator("docs/report.schema.json").iter_errors(&report).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let sarif: Value = serde_json::from_str(&all["sarif"]).unwrap();
    let errors: Vec<String> =
        validator("tests/data/sarif-schema-2.1.0.json").iter_errors(&sarif).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());

    let checks = report["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 8);
    let verdicts: Vec<&str> = checks.iter().map(|c| c["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["broken", "broken", "broken", "broken", "unproven", "holds", "holds", "skipped"]);
    for check in checks {
        let (id, verdict) = (check["id"].as_str().unwrap(), check["verdict"].as_str().unwrap());
        for format in formats() {
            assert!(all[format].contains(id), "{format} does not name check `{id}`");
            if verdict != "holds" {
                assert!(all[format].contains(verdict), "{format} has no verdict `{verdict}`");
            }
        }
        // Keys are hexadecimal or cuids, which no format has to escape.
        for finding in check["findings"].as_array().unwrap() {
            for part in finding["key"].as_array().unwrap() {
                let Some(value) = part["value"].as_str() else { continue };
                for format in formats() {
                    assert!(all[format].contains(value), "{format} lacks `{value}` of {id}");
                }
            }
        }
    }
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let of_check = |id: &str| {
        results.iter().filter(|r| r["ruleId"].as_str().is_some_and(|rule| rule.contains(id))).count()
    };
    for check in checks.iter().filter(|c| c["verdict"] == "broken") {
        let findings = check["findings"].as_array().unwrap().len();
        assert!(of_check(check["id"].as_str().unwrap()) >= findings, "{}", check["id"]);
    }
    assert_eq!(sarif["runs"][0]["invocations"][0]["exitCode"], 1);
    let failing = |line: &&str| line.starts_with("not ok ") && !line.contains("# TODO");
    assert_eq!(all["tap"].lines().filter(failing).count(), 4, "{}", all["tap"]);
    let failures = all["junit"].matches("<failure").count() + all["junit"].matches("<error").count();
    assert!(failures >= 4, "{}", all["junit"]);
}

#[test]
fn the_exit_status_is_the_same_in_every_format() {
    let (s, _, _) = faulted();
    for format in formats() {
        let mut command = crate::support::program();
        command
            .current_dir(s.folder())
            .env("DATABASE_URL", s.url())
            .args(["verify", "p.hold", "--format", format]);
        // A plugin's 1 is a mere warning; broken is 2 there.
        let expected = if format == "nagios" { 2 } else { 1 };
        assert_eq!(Run::of(&mut command).status, Some(expected), "{format}");
    }
}

#[test]
fn a_plugin_ends_with_the_status_that_its_line_says() {
    let s = Scratch::around(tala(Tala::Clean));
    let plugin = |check: &str, more: &[&str]| {
        s.policy("", check);
        let mut command = crate::support::program();
        command.current_dir(s.folder()).env("DATABASE_URL", s.url());
        Run::of(command.args(["verify", "p.hold", "--format", "nagios"]).args(more))
    };
    let good = "check c { on Tenant; require rows > 0 }";
    for (check, more, word, status) in [
        (good, &[][..], "OK", 0),
        (
            "check c { on Tenant; require rows > 0 }\ncheck d { on Tenant; recommend rows = 0 }",
            &[],
            "WARNING",
            1,
        ),
        ("check c { on Tenant; require rows = 0 }", &[], "CRITICAL", 2),
        ("check c { on Gone; require rows > 0 }", &[], "UNKNOWN", 3),
        ("check c { on Tenant; requite rows > 0 }", &[], "UNKNOWN", 3),
        (good, &["--gate", "none"], "UNKNOWN", 3),
        (good, &["--output", "junit=/nonexistent/r.xml"], "UNKNOWN", 3),
        (good, &["--save-facts", "facts.json"], "OK", 0),
        // Kept facts stay green for ever.
        (good, &["--facts", "facts.json"], "WARNING", 1),
    ] {
        let run = plugin(check, more);
        assert!(run.stdout.starts_with(&format!("HOLDTRUE {word} - ")), "{more:?}\n{}", run.said());
        assert_eq!(run.status, Some(status), "{more:?}\n{}", run.said());
    }
    // In a file the format changes nothing, and a profile may ask for it as well.
    s.policy("", "check c { on Tenant; require rows = 0 }");
    s.run(&["--output", "nagios=state"]).ends_with(1);
    s.file("holdtrue.toml", "default_profile = \"m\"\n[profiles.m.output]\nformat = \"nagios\"\n");
    let mut command = crate::support::program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url()).args(["verify", "p.hold"]);
    assert_eq!(Run::of(&mut command).status, Some(2));
}

#[test]
fn a_report_that_cannot_be_written_leaves_no_green_exit() {
    let s = Scratch::around(tala(Tala::Clean));
    s.policy("", "check c { on Tenant; require rows > 0 }");
    s.run(&[]).ends_with(0);
    s.run(&["--output", "junit=/nonexistent/r.xml"]).ends_with(3).says("cannot be written");
    s.run(&["--save-facts", "/nonexistent/f.json"]).ends_with(2).says("cannot be written");
    let mut full = s.command(&[]);
    if let Ok(device) = std::fs::OpenOptions::new().write(true).open("/dev/full") {
        full.stdout(device);
        assert_eq!(full.status().unwrap().code(), Some(3));
    }
}

/// Perl, which PostgreSQL's own packages bring along, has a consumer of TAP.
#[test]
fn a_consumer_of_tap_sees_the_same_run() {
    let (s, _, _) = faulted();
    let script = "my $p = TAP::Parser->new({exec => [@ARGV]}); $p->run;
        print join ' ', map { scalar $p->$_ } qw(version tests_planned passed failed todo skipped parse_errors exit)";
    let mut perl = std::process::Command::new("perl");
    perl.current_dir(s.folder()).env("DATABASE_URL", s.url()).args(["-MTAP::Parser", "-e", script]);
    perl.arg(env!("CARGO_BIN_EXE_holdtrue")).args(["verify", "p.hold", "--format", "tap"]);
    match perl.output() {
        Ok(done) if done.status.success() => {
            let seen = String::from_utf8(done.stdout).unwrap();
            assert_eq!(seen, "13 8 4 4 1 1 0 1", "{}", String::from_utf8_lossy(&done.stderr));
        }
        // Where there is no Perl, or one without its modules, nobody looks.
        other => eprintln!("not looked at: {other:?}"),
    }
}
