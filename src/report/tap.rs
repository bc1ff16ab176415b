//! The Test Anything Protocol: one test point per check.
//!
//! | verdict    | required                                        | recommended                          |
//! |------------|-------------------------------------------------|--------------------------------------|
//! | `holds`    | `ok`                                            | `ok`                                 |
//! | `broken`   | `not ok`                                        | `not ok ... # TODO recommended, ...` |
//! | `unproven` | `not ok`                                        | `not ok ... # TODO recommended, ...` |
//! | `waived`   | `not ok ... # TODO waived: ...`                 | the same                             |
//! | `skipped`  | `ok ... # SKIP` and the reason                  | the same                             |
//!
//! A consumer lets a `not ok` with TODO pass and shows it. There are no subtests: older consumers skip indented
//! lines, and with them they would skip every check. A closed gate that no check explains is a test point of its own.
//! The diagnostics under a point are the check as JSON reports have it; the rest of the report follows in comments.
//!
//! The document says version 13, since it needs nothing of 14 and `prove` fails whatever says more than 13; what it holds means
//! the same to readers of 14.
//!
//! Source: the specification of TAP 14 (directives, escaping of `#` and `\`, YAML diagnostics, `Bail out!`, version 13 as a
//! part of it), and what Perl's `TAP::Parser` 3.44 does.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::escape;
use super::format::{Format, RenderError};
use super::model::{CheckInfo, Level, Report};
use super::section::{covering, tally};
use super::standing::{Gap, Standing, gate_word};
use super::yaml;
use crate::verdict::Verdict;

/// Renders the report as TAP.
///
/// # Errors
/// When the model cannot be serialised, which its types rule out.
pub fn render(report: &Report) -> Result<String, RenderError> {
    build(report).map_err(|error| RenderError::new(Format::Tap, &error))
}

fn build(report: &Report) -> serde_json::Result<String> {
    let standing = Standing::of(report);
    let mut out = format!("TAP version 13\n1..{}\n", report.checks.len() + standing.gaps.len());
    let policy = &report.policy;
    comment(&mut out, &format!("policy {}: {}", policy.name, policy.title));
    comment(&mut out, &format!("{}: {}; {}", standing.word(), standing.conclusion(report), tally(report)));
    if report.run.replayed {
        comment(&mut out, "REPLAY: facts were read from a file; nothing was looked at in this run");
    }
    let mut number = 0;
    let mut gate = "";
    for check in &report.checks {
        if check.gate != gate {
            gate = &check.gate;
            gate_comment(&mut out, report, gate);
        }
        number += 1;
        point(&mut out, number, report, check)?;
    }
    for gap in &standing.gaps {
        number += 1;
        gap_point(&mut out, number, gap);
    }
    context(&mut out, report)?;
    for gap in standing.gaps.iter().filter(|gap| gap.gate.is_none()) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "Bail out! {}", escape::visible(&gap.reason, true));
    }
    Ok(out)
}

/// A comment, which no text can leave.
fn comment(out: &mut String, text: &str) {
    let _ = writeln!(out, "# {}", escape::visible(text, true));
}

fn gate_comment(out: &mut String, report: &Report, id: &str) {
    for gate in report.gates.iter().filter(|gate| gate.id == id) {
        let word = gate_word(gate.verdict);
        comment(out, &format!("gate {id}: {word} ({}): {}", gate.verdict.word(), gate.reason));
    }
}

/// Text of a directive or a description, in which `#` and `\` have a meaning.
fn plain(text: &str) -> String {
    escape::visible(text, true).replace('\\', "\\\\").replace('#', "\\#")
}

fn point(out: &mut String, number: usize, report: &Report, check: &CheckInfo) -> serde_json::Result<()> {
    let word = check.verdict.word();
    let (result, directive) = match (check.verdict, check.level) {
        (Verdict::Holds, _) => ("ok", String::new()),
        (Verdict::Skipped, _) => ("ok", format!(" # SKIP {}", plain(&check.reason))),
        (Verdict::Waived, _) => {
            let by: String = covering(report, check)
                .map(|waiver| format!(" (until {}, {}: {})", waiver.until, waiver.owner, waiver.reason))
                .collect();
            ("not ok", format!(" # TODO {word}: {}", plain(&(check.reason.clone() + &by))))
        }
        (Verdict::Broken | Verdict::Unproven, Level::Recommend) => {
            ("not ok", format!(" # TODO recommended, {word}: {}", plain(&check.reason)))
        }
        (Verdict::Broken | Verdict::Unproven, Level::Require) => ("not ok", String::new()),
    };
    // Consumers that do not know the escape of `#` would take a title with `# TODO` in it for a directive, and a broken
    // check for a passed one. Such a title stands in the diagnostics alone.
    let title = match check.title.as_str() {
        "" => String::new(),
        title if title.contains('#') => String::new(),
        title => format!(": {}", plain(title)),
    };
    let _ =
        writeln!(out, "{result} {number} - {}: {}{title}{directive}", plain(&check.gate), plain(&check.id));
    diagnostics(out, &serde_json::to_value(check)?);
    Ok(())
}

fn gap_point(out: &mut String, number: usize, gap: &Gap) {
    let _ = writeln!(out, "not ok {number} - {}", plain(&gap.subject()));
    diagnostics(out, &json!({"verdict": gap.verdict.word(), "reason": gap.reason}));
}

fn diagnostics(out: &mut String, value: &Value) {
    out.push_str("  ---\n");
    yaml::block(out, value, 2);
    out.push_str("  ...\n");
}

/// What stands around the checks, as comments.
fn context(out: &mut String, report: &Report) -> serde_json::Result<()> {
    let mut value = serde_json::to_value(report)?;
    if let Some(map) = value.as_object_mut() {
        map.shift_remove("checks");
    }
    let mut text = String::new();
    yaml::block(&mut text, &value, 0);
    for line in text.lines() {
        let _ = writeln!(out, "# {line}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    /// The test points, as a consumer sees them.
    fn points(text: &str) -> Vec<&str> {
        text.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok ")).collect()
    }

    /// Whether a consumer takes the whole for failed, by the rules of TAP.
    fn fails(text: &str) -> bool {
        let failing = |line: &&str| line.starts_with("not ok") && !line.contains(" # TODO ");
        text.contains("\nBail out!") || points(text).iter().any(failing)
    }

    #[test]
    fn each_verdict_has_its_form() {
        let text = render(&fixture::rich()).unwrap();
        let all = points(&text);
        assert_eq!(all.len(), 12, "11 checks and one closed gate that no check explains");
        assert!(text.starts_with("TAP version 13\n1..12\n"));
        let forms = [
            "not ok 1 - before_restore: load: The host has headroom # TODO waived: here.load is 83%, not below 60% (until \
             2026-12-31, @infra: OPS-4412: shared DR host)",
            "not ok 2 - before_restore: wal_gapless: No WAL is missing up to the target",
            "ok 3 - before_restore: told: Tenant administrators were told # SKIP tenant is all, and the condition is that one \
             tenant is restored",
            "not ok 4 - after_restore: balanced: Debits equal credits in every entry",
            "not ok 5 - after_restore: tenants: Every entry has a <known> tenant | no `orphan`",
            "not ok 6 - after_restore: audit_ok: The audit chain is intact",
            "not ok 7 - after_restore: counts: No table shrank # TODO recommended, broken: 1 of 41 tables has fewer rows than \
             allowed",
            "ok 8 - after_restore: isolation: Nothing points across tenants",
            "not ok 9 - after_restore: cache_fresh # TODO recommended, unproven: no file matches snapshots/*.rdb",
            "ok 10 - after_restore: catalog: PostgreSQL itself is healthy",
            "ok 11 - daily: backup_fresh",
            "not ok 12 - gate after_deploy",
        ];
        assert_eq!(all, forms);
    }

    #[test]
    fn a_run_of_which_nothing_was_judged_bails_out() {
        let text = render(&fixture::empty()).unwrap();
        assert!(text.starts_with("TAP version 13\n1..1\n"));
        assert!(text.ends_with("\nBail out! no check was judged, so nothing is proven\n"));
        assert!(fails(&text) && !fails(&render(&fixture::clean()).unwrap()));
    }

    #[test]
    fn no_title_is_a_directive() {
        for title in
            ["x # TODO later", "x #skip", "x \\# TODO y", "x \\\\# TODO", "a\nok 9\nBail out! now", "# TODO"]
        {
            let mut report = fixture::rich();
            let balanced = report.checks.iter_mut().find(|check| check.id == "balanced").unwrap();
            balanced.title = title.to_owned();
            let text = render(&report).unwrap();
            let line = points(&text)[3];
            assert!(line.starts_with("not ok 4 - after_restore: balanced"), "{line}");
            assert!(!line.contains('#'), "{line}");
            assert!(!text.contains("\nBail out!") && points(&text).len() == 12);
        }
    }

    #[test]
    fn a_closed_run_fails_and_an_open_one_passes() {
        let mut report = fixture::clean();
        for verdict in [Verdict::Broken, Verdict::Unproven, Verdict::Waived, Verdict::Skipped, Verdict::Holds]
        {
            for level in [Level::Require, Level::Recommend] {
                (report.checks[0].verdict, report.checks[0].level) = (verdict, level);
                let text = render(&report).unwrap();
                assert_eq!(fails(&text), !Standing::of(&report).is_open(), "{verdict:?} {level:?}\n{text}");
            }
        }
    }
}
