//! The three forms in which alerts are sent.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::route::{Route, Shape};
use super::{Alert, Status};
use crate::finding::KeyPart;
use crate::report::model::Report;

/// Alerts that a message to people lists.
const LISTED: usize = 20;

/// What is sent to a route.
#[must_use]
pub fn payload(
    route: &Route,
    report: &Report,
    tenant: Option<&str>,
    alerts: &[Alert],
    now: Timestamp,
) -> Value {
    match route.shape {
        Shape::Json => plain(route, report, tenant, alerts, now),
        Shape::Slack => json!({ "text": slack(report, tenant, alerts) }),
        Shape::Alertmanager => {
            alerts.iter().map(|alert| alertmanager(route, report, tenant, alert, now)).collect()
        }
    }
}

fn plain(route: &Route, report: &Report, tenant: Option<&str>, alerts: &[Alert], now: Timestamp) -> Value {
    json!({
        "format": "holdtrue.alert/1",
        "route": route.name,
        "sent": now.to_string(),
        "policy": report.policy.name,
        "policy_digest": report.policy.digest,
        "owner": report.policy.owner,
        "tenant": tenant,
        "run": report.run.id,
        "finished": report.run.finished,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "alerts": alerts,
    })
}

/// Its control characters (`&`, `<`, `>`) are escaped as Slack asks, so that no value calls a channel or makes a link.
fn slack(report: &Report, tenant: Option<&str>, alerts: &[Alert]) -> String {
    let escaped = |text: &str| {
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    };
    // What stands in between cannot end it.
    let code = |text: &str| format!("`{}`", escaped(text).replace('`', "'"));
    let narrowed = tenant.map(|tenant| format!(", tenant {}", code(tenant))).unwrap_or_default();
    let mut text = format!(
        "holdtrue {}{narrowed}: {}, exit status {}",
        code(&report.policy.name),
        report.verdict.word(),
        report.exit_code
    );
    for alert in alerts.iter().take(LISTED) {
        let what = match &alert.check {
            Some(check) => format!("check {} of gate {}", code(check), code(&alert.gate)),
            None => format!("gate {}", code(&alert.gate)),
        };
        text.push_str(&format!(
            "\n{} [{}] {what} is {}",
            alert.status.word(),
            escaped(&alert.severity),
            alert.verdict.word()
        ));
        if alert.status != Status::Resolved {
            text.push_str(&format!(", not holding since {}", alert.since));
        }
        if alert.findings > 0 {
            text.push_str(&format!(", {} findings", alert.findings));
        }
        for key in &alert.keys {
            text.push_str(&format!(" {}", code(&key_text(key))));
        }
        if let Some(runbook) = &alert.runbook {
            text.push_str(&format!(", runbook {}", escaped(runbook)));
        }
    }
    if alerts.len() > LISTED {
        text.push_str(&format!("\nand {} more", alerts.len() - LISTED));
    }
    text
}

fn key_text(key: &[KeyPart]) -> String {
    let parts: Vec<String> = key
        .iter()
        .map(|part| format!("{}={}", part.column, part.value.as_deref().unwrap_or("NULL")))
        .collect();
    parts.join(", ")
}

/// Labels tell one alert from another, so they hold nothing that changes while it lasts.
fn alertmanager(
    route: &Route,
    report: &Report,
    tenant: Option<&str>,
    alert: &Alert,
    now: Timestamp,
) -> Value {
    let mut labels = Map::new();
    let kind = if alert.check.is_some() { "HoldtrueCheck" } else { "HoldtrueGate" };
    for (name, value) in [
        ("alertname", Some(kind)),
        ("policy", Some(report.policy.name.as_str())),
        ("gate", Some(&alert.gate)),
        ("severity", Some(&alert.severity)),
        ("check", alert.check.as_deref()),
        ("tenant", tenant),
    ] {
        labels.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    let what = alert.check.as_ref().map_or("gate".to_owned(), |check| format!("check {check} of gate"));
    let keys: Vec<String> = alert.keys.iter().map(|key| key_text(key)).collect();
    let mut annotations = Map::new();
    for (name, value) in [
        ("summary", Some(format!("{what} {} is {}", alert.gate, alert.verdict.word()))),
        ("verdict", Some(alert.verdict.word().to_owned())),
        ("findings", Some(alert.findings.to_string())),
        ("run", Some(report.run.id.clone())),
        ("description", Some(alert.title.clone()).filter(|title| !title.is_empty())),
        ("runbook", alert.runbook.clone()),
        ("keys", Some(keys.join("; ")).filter(|keys| !keys.is_empty())),
    ] {
        annotations.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    // Only what holds is over. Without an end, it would be over for Alertmanager after a few minutes.
    let ends = match alert.status {
        Status::Resolved => now,
        Status::Firing | Status::Quiet => now.checked_add(route.keep).unwrap_or(Timestamp::MAX),
    };
    json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": alert.since,
        "endsAt": ends.to_string(),
    })
}
