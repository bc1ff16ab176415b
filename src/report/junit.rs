//! JUnit XML for CI systems: one test suite per gate, one test case per check.
//!
//! | verdict    | required                      | recommended                             |
//! |------------|-------------------------------|-----------------------------------------|
//! | `holds`    | passed                        | passed                                  |
//! | `broken`   | `<failure>`                   | passed; `<system-out>` says it is broken |
//! | `unproven` | `<error>`                     | `<skipped>`: what was not seen is not a pass |
//! | `waived`   | `<skipped>` with the reason   | `<skipped>`                             |
//! | `skipped`  | `<skipped>` with the reason   | `<skipped>`                             |
//!
//! A closed gate that no check explains becomes a test case of its own, and so does a run without checks: a file
//! without a single failure must not be able to stand for a closed gate. What JUnit has no place for (policy,
//! sources, objectives, controls, waivers, notes) is in the properties of the suite named for the policy.

mod context;
mod xml;

use std::time::Duration;

use quick_junit::{
    NonSuccessKind, NonSuccessReruns, Property, Report as JunitReport, TestCase, TestCaseStatus, TestSuite,
};

use super::escape;
use super::format::{Format, RenderError};
use super::model::{CheckInfo, Level, Report};
use super::section::covering;
use super::standing::{Gap, Standing};
use super::words;
use crate::verdict::Verdict;
use xml::{attribute, property, xml};

/// Renders the report as JUnit XML.
///
/// # Errors
/// When the XML cannot be written, which in memory does not happen.
pub fn render(report: &Report) -> Result<String, RenderError> {
    build(report).to_string().map_err(|error| RenderError::new(Format::Junit, &error))
}

fn build(report: &Report) -> JunitReport {
    let standing = Standing::of(report);
    let mut out = JunitReport::new(xml(&report.policy.name));
    out.set_time(total(report.checks.iter()));
    out.add_test_suite(policy_suite(report, &standing));
    for gate in gate_names(report) {
        out.add_test_suite(gate_suite(report, gate, &standing));
    }
    out
}

/// The selected gates, then those that only checks name, so that no check is left without a suite.
fn gate_names(report: &Report) -> Vec<&str> {
    let mut names: Vec<&str> = report.gates.iter().map(|gate| gate.id.as_str()).collect();
    for check in &report.checks {
        if !names.contains(&check.gate.as_str()) {
            names.push(&check.gate);
        }
    }
    names
}

fn total<'a>(checks: impl Iterator<Item = &'a CheckInfo>) -> Duration {
    Duration::from_millis(checks.fold(0, |sum: u64, check| sum.saturating_add(check.duration_ms)))
}

fn policy_suite(report: &Report, standing: &Standing) -> TestSuite {
    let mut suite = TestSuite::new(attribute(&report.policy.name));
    for gap in standing.gaps.iter().filter(|gap| gap.gate.is_none()) {
        suite.add_test_case(gap_case(report, gap));
    }
    let run = &report.run;
    let figures = [
        ("verdict", standing.verdict.word().to_string()),
        ("exit_code", report.exit_code.to_string()),
        ("conclusion", standing.conclusion(report)),
        ("policy.title", report.policy.title.clone()),
        ("policy.digest", report.policy.digest.clone()),
        ("policy.owner", report.policy.owner.clone()),
        ("run.id", run.id.clone()),
        ("run.started", run.started.clone()),
        ("run.finished", run.finished.clone()),
        ("run.now", run.now.clone()),
        ("run.version", run.version.clone()),
        ("run.replayed", run.replayed.to_string()),
    ];
    suite.add_properties(figures.iter().map(|(name, value)| property(name, value)));
    suite.add_properties(context::properties(report));
    suite
}

fn gate_suite(report: &Report, gate: &str, standing: &Standing) -> TestSuite {
    let mut suite = TestSuite::new(attribute(gate));
    let own = || report.checks.iter().filter(|check| check.gate == gate);
    suite.set_time(total(own()));
    if report.run.started.parse::<jiff::Timestamp>().is_ok() {
        suite.extra.insert("timestamp".into(), attribute(&report.run.started));
    }
    for info in report.gates.iter().filter(|info| info.id == gate) {
        suite.add_property(property("gate.title", &info.title));
        suite.add_property(property("gate.verdict", info.verdict.word()));
        suite.add_property(property("gate.reason", &info.reason));
    }
    suite.add_test_cases(own().map(|check| check_case(report, check)));
    let gaps = standing.gaps.iter().filter(|gap| gap.gate.as_deref() == Some(gate));
    suite.add_test_cases(gaps.map(|gap| gap_case(report, gap)));
    suite
}

fn gap_case(report: &Report, gap: &Gap) -> TestCase {
    let kind = if gap.verdict == Verdict::Broken { NonSuccessKind::Failure } else { NonSuccessKind::Error };
    let mut case =
        TestCase::new(attribute(&gap.subject()), non_success(kind, gap.verdict, &gap.reason, None));
    case.set_classname(attribute(&report.policy.name));
    case
}

fn non_success(kind: NonSuccessKind, verdict: Verdict, message: &str, body: Option<&str>) -> TestCaseStatus {
    TestCaseStatus::NonSuccess {
        kind,
        message: Some(attribute(message)),
        ty: Some(verdict.word().into()),
        description: body.map(xml),
        reruns: NonSuccessReruns::default(),
    }
}

fn check_case(report: &Report, check: &CheckInfo) -> TestCase {
    let body = body(check);
    let skipped = |message: String| TestCaseStatus::Skipped {
        message: Some(attribute(&message)),
        ty: Some(check.verdict.word().into()),
        description: Some(xml(&body)),
    };
    let word = check.verdict.word();
    let status = match (check.verdict, check.level) {
        (Verdict::Broken, Level::Require) => {
            non_success(NonSuccessKind::Failure, check.verdict, &check.reason, Some(&body))
        }
        (Verdict::Unproven, Level::Require) => {
            non_success(NonSuccessKind::Error, check.verdict, &check.reason, Some(&body))
        }
        (Verdict::Unproven, Level::Recommend) => skipped(format!("recommended, {word}: {}", check.reason)),
        (Verdict::Waived, _) => skipped(format!("{word}: {}{}", check.reason, waivers_of(report, check))),
        (Verdict::Skipped, _) => skipped(format!("{word}: {}", check.reason)),
        (Verdict::Holds, _) | (Verdict::Broken, Level::Recommend) => TestCaseStatus::success(),
    };
    let passes = matches!(status, TestCaseStatus::Success { .. });
    let mut case = TestCase::new(attribute(&check.id), status);
    case.set_classname(attribute(&format!("{}.{}", report.policy.name, check.gate)));
    case.set_time(Duration::from_millis(check.duration_ms));
    case.extra.insert("file".into(), attribute(&check.location.file));
    case.extra.insert("line".into(), check.location.line.max(1).to_string().into());
    case.add_properties(facts(check));
    if passes {
        case.set_system_out(xml(&body));
    }
    case
}

fn waivers_of(report: &Report, check: &CheckInfo) -> String {
    covering(report, check)
        .map(|waiver| format!(" (until {}, {}: {})", waiver.until, waiver.owner, waiver.reason))
        .collect()
}

fn facts(check: &CheckInfo) -> Vec<Property> {
    let level = match check.level {
        Level::Require => "require",
        Level::Recommend => "recommend",
    };
    let mut out = vec![
        property("verdict", check.verdict.word()),
        property("level", level),
        property("title", &check.title),
        property("assertion", &check.assertion),
        property("rows_examined", &check.rows_examined.to_string()),
        property("findings_total", &check.findings_total.to_string()),
    ];
    out.extend(check.controls.iter().map(|control| property("control", control)));
    out.extend(check.notes.iter().map(|note| property("note", note)));
    out.extend(check.runbook.iter().map(|runbook| property("runbook", runbook)));
    out
}

/// The verdict, the reason and every listed finding, as lines.
fn body(check: &CheckInfo) -> String {
    let level = match check.level {
        Level::Require => "",
        Level::Recommend => "recommended, ",
    };
    // Values may hold line breaks of their own; only the lines made here may break.
    let flat = |text: &str| escape::visible(text, true).into_owned();
    let mut lines = vec![format!("{level}{}: {}", check.verdict.word(), flat(&check.reason))];
    let said = words::findings(check.findings.len(), check.findings_total);
    if !said.is_empty() {
        lines.push(said);
    }
    for finding in &check.findings {
        let parts = [
            format!("- {} ({})", flat(&finding.kind), finding.verdict.word()),
            flat(&finding.relation),
            escape::key(&finding.key, true),
            flat(&finding.message),
        ];
        lines.push(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  "));
        lines.extend(escape::visible_lines(&finding.sql, true).map(|line| format!("    {line}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn parsed(report: &Report) -> JunitReport {
        JunitReport::deserialize_from_str(&render(report).unwrap()).unwrap()
    }

    fn case(report: &JunitReport, name: &str) -> TestCase {
        let mut cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
        cases.find(|case| case.name.as_str() == name).unwrap().clone()
    }

    #[test]
    fn the_counts_are_those_of_the_report() {
        let back = parsed(&fixture::rich());
        // 11 checks and one closed gate that no check explains.
        assert_eq!((back.tests, back.failures, back.errors, back.skipped), (12, 2, 3, 3));
        let suites: Vec<(&str, usize)> =
            back.test_suites.iter().map(|suite| (suite.name.as_str(), suite.tests)).collect();
        let expected =
            [("tala", 0), ("before_restore", 3), ("after_restore", 7), ("after_deploy", 1), ("daily", 1)];
        assert_eq!(suites, expected);
        let clean = parsed(&fixture::clean());
        assert_eq!((clean.tests, clean.failures, clean.errors, clean.skipped), (2, 0, 0, 0));
    }

    #[test]
    fn a_run_without_checks_is_not_an_empty_green_file() {
        let back = parsed(&fixture::empty());
        assert_eq!((back.tests, back.errors), (1, 1));
    }

    #[test]
    fn each_verdict_has_its_form() {
        let back = parsed(&fixture::rich());
        let ty = |name: &str| match case(&back, name).status {
            TestCaseStatus::Success { .. } => "pass".to_string(),
            TestCaseStatus::NonSuccess { kind, ty, .. } => format!("{kind:?} {}", ty.unwrap().as_str()),
            TestCaseStatus::Skipped { ty, .. } => format!("Skipped {}", ty.unwrap().as_str()),
        };
        let forms = [
            ("balanced", "Failure broken"),
            ("wal_gapless", "Error unproven"),
            ("load", "Skipped waived"),
            ("told", "Skipped skipped"),
            ("cache_fresh", "Skipped unproven"),
            ("counts", "pass"),
            ("isolation", "pass"),
            ("gate after_deploy", "Error unproven"),
        ];
        for (name, form) in forms {
            assert_eq!(ty(name), form, "{name}");
        }
        let out = case(&back, "counts").system_out.unwrap();
        assert!(out.as_str().starts_with("recommended, broken: 1 of 41 tables"));
    }

    #[test]
    fn hostile_keys_survive_the_round_trip() {
        let back = parsed(&fixture::rich());
        let tenants = case(&back, "tenants");
        assert_eq!(tenants.classname.unwrap().as_str(), "tala.after_restore");
        assert_eq!(tenants.extra.get("line").unwrap().as_str(), "1");
        assert_eq!(case(&back, "balanced").extra.get("line").unwrap().as_str(), "61");
        let TestCaseStatus::NonSuccess { description: Some(body), .. } = tenants.status else {
            panic!("tenants is a failure with a body");
        };
        for value in fixture::HOSTILE {
            let shown = format!("id={}, tenantId=NULL", escape::literal(Some(value), true));
            assert!(body.as_str().contains(&shown), "{shown}");
        }
    }
}
