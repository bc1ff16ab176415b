//! The run as a SARIF invocation, which is unsuccessful as soon as something could not be seen.

use serde_json::{Value, json};

use super::{place, rule};
use crate::report::escape;
use crate::report::model::Report;
use crate::report::standing::Standing;
use crate::verdict::Verdict;

/// Its exit status, and a notification for everything unproven.
pub(super) fn of(report: &Report, standing: &Standing) -> Value {
    let unproven = report.checks.iter().enumerate().filter(|(_, check)| check.verdict == Verdict::Unproven);
    let mut notifications: Vec<Value> = unproven
        .map(|(index, check)| {
            json!({
                "level": rule::level(check.level),
                "message": { "text": escape::visible(&format!("{} is unproven: {}", check.id, check.reason), true) },
                "associatedRule": { "id": check.id, "index": index },
                "locations": [place::location(&check.location)],
            })
        })
        .collect();
    notifications.extend(standing.gaps.iter().map(|gap| {
        let text = format!("{} is {}: {}", gap.subject(), gap.verdict.word(), gap.reason);
        json!({ "level": "error", "message": { "text": escape::visible(&text, true) } })
    }));
    let unseen = standing.verdict == Verdict::Unproven
        || report.checks.iter().any(|check| check.verdict == Verdict::Unproven)
        || standing.gaps.iter().any(|gap| gap.verdict == Verdict::Unproven);
    let mut value = json!({
        "executionSuccessful": !unseen,
        "exitCode": report.exit_code,
        "exitCodeDescription": standing.conclusion(report),
        "toolExecutionNotifications": notifications,
    });
    if let Value::Object(map) = &mut value {
        for (name, time) in [("startTimeUtc", &report.run.started), ("endTimeUtc", &report.run.finished)] {
            if time.parse::<jiff::Timestamp>().is_ok() {
                map.insert(name.into(), json!(time));
            }
        }
    }
    value
}
