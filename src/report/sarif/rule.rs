//! Checks as SARIF rules, in policy order, so that the index of a check is the index of its rule.

use serde_json::{Value, json};

use crate::report::escape::visible;
use crate::report::model::{CheckInfo, Level, Report};
use crate::report::standing::Standing;

/// The rule for what no check shows. The slash keeps it apart from every check identifier.
pub(super) const GAP: &str = "holdtrue/closed";

/// The level of a check that is broken.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Require => "error",
        Level::Recommend => "warning",
    }
}

/// One rule per check, and one more if something else keeps a gate closed.
pub(super) fn all(report: &Report, standing: &Standing) -> Vec<Value> {
    let mut rules: Vec<Value> = report.checks.iter().map(rule).collect();
    if !standing.gaps.is_empty() {
        let text = "A gate is closed, or the run is, for a reason that no single check shows.";
        rules.push(json!({
            "id": GAP,
            "shortDescription": { "text": text },
            "help": { "text": "Read the reason. Do not proceed on a run that has such a result." },
            "defaultConfiguration": { "level": "error" },
        }));
    }
    rules
}

fn rule(check: &CheckInfo) -> Value {
    let title = [&check.title, &check.assertion, &check.id].into_iter().find(|text| !text.is_empty());
    let assertion = if check.assertion.is_empty() { &check.id } else { &check.assertion };
    let mut value = json!({
        "id": check.id,
        "shortDescription": { "text": visible(title.unwrap_or(&check.id), true) },
        "fullDescription": { "text": visible(assertion, true) },
        "help": { "text": help(check, assertion) },
        "defaultConfiguration": { "level": level(check.level) },
        "properties": { "tags": tags(check), "gate": check.gate, "verdict": check.verdict.word() },
    });
    let address = check.runbook.as_deref().filter(|runbook| is_address(runbook));
    if let (Some(address), Value::Object(map)) = (address, &mut value) {
        map.insert("helpUri".into(), json!(address));
    }
    value
}

/// Tags are a set in SARIF.
fn tags(check: &CheckInfo) -> Vec<&str> {
    let mut tags: Vec<&str> = Vec::new();
    for control in &check.controls {
        if !tags.contains(&control.as_str()) {
            tags.push(control);
        }
    }
    tags
}

fn is_address(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://"))
        && text.chars().all(|character| character.is_ascii_graphic() && !"<>\"{}|\\^`[]".contains(character))
}

fn help(check: &CheckInfo, assertion: &str) -> String {
    let mut lines = vec![format!("The policy says: {}", visible(assertion, true))];
    lines.push(match check.level {
        Level::Require => "It is required: unless it holds, its gate is closed.".to_string(),
        Level::Recommend => "It is recommended: it closes no gate.".to_string(),
    });
    if !check.controls.is_empty() {
        lines.push(format!("It supports {}.", visible(&check.controls.join(", "), true)));
    }
    lines.extend(check.runbook.iter().map(|runbook| format!("What to do: {}", visible(runbook, true))));
    lines.extend(check.notes.iter().map(|note| format!("Limit of the proof: {}", visible(note, true))));
    lines.join("\n")
}
