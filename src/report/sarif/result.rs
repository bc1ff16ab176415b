//! Findings as SARIF results, each at the place of its check in the policy.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{place, rule};
use crate::finding::Finding;
use crate::report::escape;
use crate::report::model::{CheckInfo, Report};
use crate::report::section::covering;
use crate::report::standing::Gap;
use crate::report::words;
use crate::verdict::Verdict;

/// One result per finding, and one for the check where no finding says what it ended in.
pub(super) fn of_check(report: &Report, index: usize, check: &CheckInfo) -> Vec<Value> {
    let closing = if check.verdict == Verdict::Waived { Verdict::Broken } else { check.verdict };
    let mut results: Vec<Value> =
        check.findings.iter().map(|finding| finding_result(report, index, check, finding)).collect();
    let told = check.findings.iter().any(|finding| finding.verdict == closing);
    if !told && matches!(closing, Verdict::Broken | Verdict::Unproven) {
        let print = fingerprint(&[&check.id, closing.word()]);
        results.push(result(report, index, check, closing, &check.reason, &print));
    }
    results
}

fn finding_result(report: &Report, index: usize, check: &CheckInfo, finding: &Finding) -> Value {
    let key = escape::key(&finding.key, true);
    let subject: Vec<&str> =
        [finding.relation.as_str(), key.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    let about = if subject.is_empty() { String::new() } else { format!(" in {}", subject.join(" ")) };
    let message = format!("{}{about}: {}", finding.kind, finding.message);
    let print = fingerprint(&[&check.id, &finding.kind, &finding.relation, &key]);
    let mut value = result(report, index, check, finding.verdict, &message, &print);
    if let Some(Value::Object(bag)) = value.get_mut("properties") {
        bag.insert("kind".into(), json!(finding.kind));
        bag.insert("relation".into(), json!(finding.relation));
        bag.insert("key".into(), json!(finding.key));
        bag.insert("sql".into(), json!(finding.sql));
    }
    value
}

/// One result at the place of its check in the policy.
fn result(
    report: &Report,
    index: usize,
    check: &CheckInfo,
    verdict: Verdict,
    message: &str,
    print: &str,
) -> Value {
    let (kind, level) = match verdict {
        Verdict::Unproven => ("open", "none"),
        _ => ("fail", rule::level(check.level)),
    };
    let found = words::findings(check.findings.len(), check.findings_total);
    let found = if check.findings_total > words::len(check.findings.len()) {
        format!(" ({found})")
    } else {
        String::new()
    };
    let mut value = json!({
        "ruleId": check.id,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": { "text": escape::visible(&format!("{message}{found}"), true) },
        "locations": [place::location(&check.location)],
        "partialFingerprints": { "primaryLocationLineHash": print },
        "properties": {
            "gate": check.gate,
            "verdict": check.verdict.word(),
            "reason": check.reason,
            "findingsTotal": check.findings_total,
        },
    });
    if check.verdict == Verdict::Waived
        && let Value::Object(map) = &mut value
    {
        let own: Vec<String> = covering(report, check)
            .map(|waiver| format!("waived until {} by {}: {}", waiver.until, waiver.owner, waiver.reason))
            .collect();
        let why = if own.is_empty() { "waived".to_string() } else { own.join("; ") };
        map.insert(
            "suppressions".into(),
            json!([{ "kind": "external", "status": "accepted", "justification": why }]),
        );
    }
    value
}

/// What keeps a gate closed and belongs to no check.
pub(super) fn of_gap(report: &Report, gap: &Gap) -> Value {
    let (kind, level) = if gap.verdict == Verdict::Broken { ("fail", "error") } else { ("open", "none") };
    json!({
        "ruleId": rule::GAP,
        "ruleIndex": report.checks.len(),
        "kind": kind,
        "level": level,
        "message": { "text": escape::visible(&format!("{}: {}", gap.subject(), gap.reason), true) },
        "locations": [gap_location(report, gap)],
        "partialFingerprints": { "primaryLocationLineHash": fingerprint(&[rule::GAP, &gap.subject()]) },
        "properties": { "gate": gap.gate, "verdict": gap.verdict.word() },
    })
}

/// Where the first check of the gate stands, else the first check of all, else the top of the policy.
fn gap_location(report: &Report, gap: &Gap) -> Value {
    let own = report.checks.iter().find(|check| Some(&check.gate) == gap.gate.as_ref());
    match own.or(report.checks.first()) {
        Some(check) => place::location(&check.location),
        None => place::top(&report.policy.name),
    }
}

/// Keeps findings apart that stand at one line of one file; without it code scanning folds them into one alert.
fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(words::len(part.len()).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let short: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{short}:1")
}
