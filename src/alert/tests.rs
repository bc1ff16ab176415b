//! Who is told of what, and when it is said again.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::report::fixture;
use crate::report::model::Report;

fn route(name: &str) -> Route {
    Route {
        name: name.to_owned(),
        shape: Shape::Json,
        verdicts: vec![Verdict::Broken, Verdict::Unproven],
        levels: vec![Level::Require, Level::Recommend],
        gates: Vec::new(),
        checks: Vec::new(),
        severity: None,
        repeat: None,
        after: None,
        keep: SignedDuration::from_hours(25),
    }
}

/// A report of one check with a verdict.
fn report(verdict: Verdict) -> Report {
    let mut report = fixture::clean();
    report.checks.truncate(1);
    report.checks[0].verdict = verdict;
    report.gates.truncate(1);
    report.gates[0].id = report.checks[0].gate.clone();
    report.gates[0].verdict = verdict;
    report.verdict = verdict;
    report
}

/// Runs one after another, an hour apart, with everything delivered; what a route is told after each.
fn told(route: &Route, verdicts: &[Verdict]) -> Vec<Option<Status>> {
    let mut state = State::default();
    let mut now = Timestamp::UNIX_EPOCH;
    let routes = [route.clone()];
    let mut all = Vec::new();
    for verdict in verdicts {
        let at = Situation { profile: "p", tenant: None, now };
        let due = due(&report(*verdict), &routes, &mut state, at);
        assert!(due.iter().all(|due| due.alerts.len() == 1), "{due:?}");
        all.push(due.first().map(|due| due.alerts[0].status));
        for due in due {
            state.delivered(due.told, now);
        }
        state = State::read(&serde_json::to_string(&state).unwrap()).unwrap();
        now += SignedDuration::from_hours(1);
    }
    all
}

#[test]
fn a_state_is_told_once_and_every_change_of_it() {
    use Status::{Firing, Quiet, Resolved};
    use Verdict::{Broken, Holds, Skipped, Unproven, Waived};
    let plain = route("a");
    assert_eq!(told(&plain, &[Holds, Holds, Skipped, Waived]), [None, None, None, None]);
    assert_eq!(
        told(&plain, &[Broken, Broken, Unproven, Broken, Holds, Holds, Broken]),
        [Some(Firing), None, Some(Firing), Some(Firing), Some(Resolved), None, Some(Firing)]
    );
    // What is waived or does not apply is not well: nobody is told that it is over.
    assert_eq!(
        told(&plain, &[Broken, Waived, Waived, Broken, Skipped, Holds]),
        [Some(Firing), Some(Quiet), None, Some(Firing), Some(Quiet), Some(Resolved)]
    );
    // Unproven is told to somebody who waits for broken to end, and to nobody else.
    let broken = Route { verdicts: vec![Broken], ..plain.clone() };
    assert_eq!(
        told(&broken, &[Unproven, Broken, Unproven, Unproven, Holds]),
        [None, Some(Firing), Some(Firing), None, Some(Resolved)]
    );
    let repeated = Route { repeat: Some(SignedDuration::from_hours(2)), ..plain.clone() };
    assert_eq!(told(&repeated, &[Broken; 4]), [Some(Firing), None, Some(Firing), None]);
    let later = Route { after: Some(SignedDuration::from_hours(2)), ..plain.clone() };
    assert_eq!(told(&later, &[Broken, Waived, Unproven, Holds]), [None, None, Some(Firing), Some(Resolved)]);
    assert_eq!(told(&later, &[Broken, Holds, Broken, Broken]), [None; 4]);
    // It forgets what is not repeated.
    let manager = Route { shape: Shape::Alertmanager, ..plain };
    assert_eq!(
        told(&manager, &[Broken, Broken, Holds, Holds]),
        [Some(Firing), Some(Firing), Some(Resolved), None]
    );
}

#[test]
fn what_did_not_arrive_is_sent_again() {
    let mut state = State::default();
    let routes = [route("a"), route("b")];
    let at = Situation { profile: "p", tenant: None, now: Timestamp::UNIX_EPOCH };
    let mut first = due(&report(Verdict::Broken), &routes, &mut state, at);
    assert_eq!(first.len(), 2);
    state.delivered(first.remove(1).told, at.now);
    let second = due(&report(Verdict::Broken), &routes, &mut state, at);
    assert_eq!(second.iter().map(|due| due.route.name.as_str()).collect::<Vec<_>>(), ["a"]);
    // Who was never told that it broke is not told that it is well.
    let third = due(&report(Verdict::Holds), &routes, &mut state, at);
    assert_eq!(third.iter().map(|due| due.route.name.as_str()).collect::<Vec<_>>(), ["b"]);
    // Another tenant and another profile are something else.
    for at in [Situation { tenant: Some("t"), ..at }, Situation { profile: "q", ..at }] {
        assert_eq!(due(&report(Verdict::Holds), &routes, &mut state, at).len(), 0);
    }
}

#[test]
fn a_gate_that_no_check_closes_is_told_by_itself() {
    let mut report = report(Verdict::Holds);
    report.gates[0].verdict = Verdict::Unproven;
    let routes = [route("a")];
    let at = Situation { profile: "p", tenant: None, now: Timestamp::UNIX_EPOCH };
    let due = due(&report, &routes, &mut State::default(), at);
    assert_eq!((due[0].alerts.len(), &due[0].alerts[0].check), (1, &None));
    assert_eq!(unrouted(&report, &[Route { checks: vec!["x".into()], ..route("a") }]), 1);
}

#[test]
fn no_form_holds_more_of_a_row_than_its_key() {
    let mut report = fixture::rich();
    for check in &mut report.checks {
        check.reason = "a secret reason".into();
        check.notes.push("a secret note".into());
        for finding in &mut check.findings {
            finding.message = "a secret message".into();
            finding.sql = "a secret statement".into();
            for part in &mut finding.key {
                part.value = Some("<!channel> `x` & \u{1b}[2J".into());
            }
        }
    }
    for gate in &mut report.gates {
        gate.reason = "a secret reason".into();
    }
    let at = Situation { profile: "p", tenant: Some("acme"), now: Timestamp::UNIX_EPOCH };
    for shape in [Shape::Json, Shape::Slack, Shape::Alertmanager] {
        let routes = [Route { shape, ..route("a") }];
        let due = due(&report, &routes, &mut State::default(), at);
        let sent = payload(&routes[0], &report, at.tenant, &due[0].alerts, at.now);
        assert!(!sent.to_string().contains("secret"), "{sent}");
        if shape == Shape::Slack {
            let text = sent["text"].as_str().unwrap();
            assert!(
                !text.contains('<') && !text.contains('\u{1b}') && text.contains("&lt;!channel&gt; 'x'"),
                "{text}"
            );
        }
        if shape == Shape::Alertmanager {
            let one = &sent[0];
            assert_eq!(one["endsAt"], "1970-01-02T01:00:00Z");
            let strings =
                |of: &serde_json::Value| of.as_object().unwrap().values().all(serde_json::Value::is_string);
            assert!(strings(&one["labels"]) && strings(&one["annotations"]), "{one}");
        }
    }
}
