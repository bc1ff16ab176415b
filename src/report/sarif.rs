//! SARIF 2.1.0 (OASIS) for code scanning and SARIF viewers.
//!
//! | finding of a check that is | `kind` | `level`                                  |
//! |----------------------------|--------|------------------------------------------|
//! | `broken`                   | `fail` | `error`, or `warning` where recommended  |
//! | `waived`                   | `fail` | the same, with an accepted suppression   |
//! | `unproven`                 | `open` | `none`, the only level the standard allows for it; a notification of the |
//! |                            |        | invocation, which is then unsuccessful, carries the level |
//!
//! Checks that hold or do not apply give no result: GitHub shows every result as an alert, whatever its kind says.
//! Their verdicts are with all others in `run.properties` and in the properties of their rule.
//!
//! Code scanning refuses a whole file for one result without a place or with line 0, so every result has one.

mod invocation;
mod place;
mod result;
mod rule;

use serde_json::{Value, json};

use super::format::{Format, RenderError};
use super::json::pretty;
use super::model::{Level, Report};
use super::standing::Standing;

/// Renders the report as one SARIF run.
///
/// # Errors
/// When the JSON cannot be written, which in memory does not happen.
pub fn render(report: &Report) -> Result<String, RenderError> {
    let failed = |error: serde_json::Error| RenderError::new(Format::Sarif, &error);
    pretty(&build(report).map_err(failed)?).map_err(failed)
}

fn build(report: &Report) -> serde_json::Result<Value> {
    let standing = Standing::of(report);
    let mut results = Vec::new();
    for (index, check) in report.checks.iter().enumerate() {
        results.extend(result::of_check(report, index, check));
    }
    results.extend(standing.gaps.iter().map(|gap| result::of_gap(report, gap)));
    Ok(json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "holdtrue",
                "version": report.run.version,
                "rules": rule::all(report, &standing),
            }},
            "automationDetails": { "id": format!("holdtrue/{}/{}", report.policy.name, report.run.id) },
            "invocations": [invocation::of(report, &standing)],
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": properties(report, &standing)?,
        }],
    }))
}

/// Everything SARIF has no place for, and the verdict of every check, whether it has a result or not.
fn properties(report: &Report, standing: &Standing) -> serde_json::Result<Value> {
    let checks: Vec<Value> = report
        .checks
        .iter()
        .map(|check| {
            json!({
                "id": check.id,
                "gate": check.gate,
                "level": if check.level == Level::Require { "require" } else { "recommend" },
                "verdict": check.verdict.word(),
                "reason": check.reason,
                "rowsExamined": check.rows_examined,
                "findingsTotal": check.findings_total,
                "notes": check.notes,
            })
        })
        .collect();
    Ok(json!({
        "verdict": standing.verdict.word(),
        "exitCode": report.exit_code,
        "policy": serde_json::to_value(&report.policy)?,
        "run": serde_json::to_value(&report.run)?,
        "gates": serde_json::to_value(&report.gates)?,
        "checks": checks,
        "drill": serde_json::to_value(&report.drill)?,
        "objectives": serde_json::to_value(&report.objectives)?,
        "controls": serde_json::to_value(&report.controls)?,
        "waivers": serde_json::to_value(&report.waivers)?,
        "sources": serde_json::to_value(&report.sources)?,
        "notes": report.notes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::verdict::Verdict;

    fn sarif(report: &Report) -> Value {
        serde_json::from_str(&render(report).unwrap()).unwrap()
    }

    fn results<'a>(value: &'a Value, rule: &str) -> Vec<&'a Value> {
        let all = value["runs"][0]["results"].as_array().unwrap();
        all.iter().filter(|result| result["ruleId"] == rule).collect()
    }

    #[test]
    fn every_fixture_fits_the_official_schema() {
        // The official text has one bracket too many in its pattern for a language, which is no regular expression.
        let official = include_str!("../../tests/data/sarif-schema-2.1.0.json");
        let schema: Value =
            serde_json::from_str(&official.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$")).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        for report in [fixture::rich(), fixture::clean(), fixture::empty()] {
            let value = sarif(&report);
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{} {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new());
        }
        let mut wrong = sarif(&fixture::rich());
        wrong["runs"][0]["results"][0]["kind"] = json!("perhaps");
        assert!(!validator.is_valid(&wrong), "the schema must be able to refuse");
    }

    #[test]
    fn every_result_has_a_place_a_rule_and_its_own_fingerprint() {
        let value = sarif(&fixture::rich());
        let rules = value["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        let mut prints = std::collections::BTreeSet::new();
        let all = value["runs"][0]["results"].as_array().unwrap();
        for result in all {
            let region = &result["locations"][0]["physicalLocation"]["region"];
            assert!(region["startLine"].as_u64().unwrap() >= 1);
            assert!(region["startColumn"].as_u64().unwrap() >= 1);
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert_eq!(result["kind"] != "fail", result["level"] == "none", "{result}");
            assert!(prints.insert(result["partialFingerprints"].to_string()), "{result}");
        }
        let balanced = results(&value, "balanced");
        assert_eq!(balanced.len(), 2);
        assert_eq!(balanced[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 61);
        assert_eq!(
            balanced[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "policies/tala%20dr.hold"
        );
    }

    #[test]
    fn verdicts_have_their_kinds_and_levels() {
        let value = sarif(&fixture::rich());
        let form = |rule: &str| {
            let found = results(&value, rule);
            let first = found.first().map(|result| (result["kind"].as_str(), result["level"].as_str()));
            (found.len(), first)
        };
        assert_eq!(form("balanced"), (2, Some((Some("fail"), Some("error")))));
        assert_eq!(form("counts"), (1, Some((Some("fail"), Some("warning")))));
        assert_eq!(form("wal_gapless"), (1, Some((Some("open"), Some("none")))));
        assert_eq!(form(rule::GAP), (1, Some((Some("open"), Some("none")))));
        assert_eq!((form("isolation"), form("told")), ((0, None), (0, None)));
        let load = results(&value, "load");
        assert_eq!(
            load[0]["suppressions"][0]["justification"],
            "waived until 2026-12-31 by @infra: OPS-4412: shared DR host"
        );
        assert!(results(&value, "balanced")[0].get("suppressions").is_none());
    }

    #[test]
    fn what_was_not_seen_makes_the_invocation_unsuccessful() {
        let success =
            |report: &Report| sarif(report)["runs"][0]["invocations"][0]["executionSuccessful"].clone();
        assert_eq!(success(&fixture::rich()), false);
        assert_eq!(success(&fixture::empty()), false);
        assert_eq!(success(&fixture::clean()), true);
        let mut broken = fixture::clean();
        broken.checks[0].verdict = Verdict::Broken;
        broken.gates[0].verdict = Verdict::Broken;
        (broken.verdict, broken.exit_code) = (Verdict::Broken, 1);
        assert_eq!(success(&broken), true, "it was looked at, and it is not so");
        let notes = &sarif(&fixture::rich())["runs"][0]["invocations"][0]["toolExecutionNotifications"];
        let levels: Vec<&str> =
            notes.as_array().unwrap().iter().filter_map(|note| note["level"].as_str()).collect();
        assert_eq!(levels, ["error", "error", "warning", "error"]);
    }

    #[test]
    fn a_broken_check_whose_findings_are_all_unproven_still_fails() {
        let mut report = fixture::rich();
        let audit = report.checks.iter_mut().find(|check| check.id == "audit_ok").unwrap();
        audit.verdict = Verdict::Broken;
        let value = sarif(&report);
        let kinds: Vec<&str> =
            results(&value, "audit_ok").iter().filter_map(|result| result["kind"].as_str()).collect();
        assert_eq!(kinds, ["open", "fail"]);
    }
}
