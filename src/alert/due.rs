//! What is to be sent after a run.

use jiff::Timestamp;

use super::route::{Route, Shape};
use super::state::{Name, Said, State, Subject};
use super::{Alert, Status};
use crate::report::model::{CheckInfo, Report};
use crate::verdict::{Level, Verdict};

/// Keys of findings that an alert holds at most.
const KEYS: usize = 3;

/// What a run was of, beside its report.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The profile with the routes.
    pub profile: &'a str,
    /// The tenant that everything was narrowed to.
    pub tenant: Option<&'a str>,
    /// When it is.
    pub now: Timestamp,
}

/// What one route is to be told.
#[derive(Clone, Debug)]
pub struct Due<'r> {
    /// The route.
    pub route: &'r Route,
    /// At least one alert.
    pub alerts: Vec<Alert>,
    /// What is kept once they were delivered.
    pub told: Vec<Told>,
}

/// That a route was told of a subject.
#[derive(Clone, Debug)]
pub struct Told {
    of: Name,
    route: String,
    verdict: Verdict,
}

/// Something that was judged.
struct Judged<'r> {
    gate: &'r str,
    check: Option<&'r CheckInfo>,
    level: Level,
    verdict: Verdict,
}

/// Works out what is to be sent, and notes in the state what does not hold from now on. What was delivered is noted with
/// [`State::delivered`], and nothing else is: what did not arrive is sent again by the next run.
#[must_use]
pub fn due<'r>(report: &Report, routes: &'r [Route], state: &mut State, at: Situation<'_>) -> Vec<Due<'r>> {
    let mut all: Vec<Due<'r>> =
        routes.iter().map(|route| Due { route, alerts: Vec::new(), told: Vec::new() }).collect();
    for judged in judged(report) {
        let name = judged.name(report, at);
        if !judged.is_well() && state.of(&name).is_none() {
            state.subjects.push(Subject { of: name.clone(), since: at.now, told: Vec::new() });
        }
        let Some(subject) = state.of(&name) else { continue };
        for due in &mut all {
            if let Some(status) = status(due.route, &judged, subject, at.now) {
                due.alerts.push(judged.alert(status, due.route, subject));
                due.told.push(Told {
                    of: name.clone(),
                    route: due.route.name.clone(),
                    verdict: judged.verdict,
                });
            }
        }
        // What nobody waits to be told of is forgotten when it holds.
        if judged.verdict == Verdict::Holds {
            state.subjects.retain(|subject| subject.of != name || !subject.told.is_empty());
        }
    }
    all.retain(|due| !due.alerts.is_empty());
    all
}

impl State {
    /// Notes what was delivered.
    pub fn delivered(&mut self, told: Vec<Told>, now: Timestamp) {
        for Told { of, route, verdict } in told {
            let Some(subject) = self.of_mut(&of) else { continue };
            subject.told.retain(|said| said.route != route);
            if verdict != Verdict::Holds {
                subject.told.push(Said { route, verdict, at: now });
            } else if subject.told.is_empty() {
                self.subjects.retain(|subject| subject.of != of);
            } else {
                // It is over, even while others are still to be told so: what comes next begins anew.
                subject.since = now;
            }
        }
    }
}

/// Whether a route is to be told of something now, and as what.
fn status(route: &Route, judged: &Judged<'_>, subject: &Subject, now: Timestamp) -> Option<Status> {
    let said = subject.told.iter().find(|said| said.route == route.name);
    let mine = route.is_for(judged.gate, judged.check.map(|check| check.id.as_str()), judged.level);
    if judged.verdict == Verdict::Holds {
        return said.map(|_| Status::Resolved);
    }
    if !(mine && route.verdicts.contains(&judged.verdict)) {
        // Told once that it is not what it was; never that it is well.
        let quiet = if judged.is_well() { Status::Quiet } else { Status::Firing };
        return said.filter(|said| said.verdict != judged.verdict).map(|_| quiet);
    }
    let long = |since: Timestamp, least: jiff::SignedDuration| now.duration_since(since) >= least;
    // A state from a clock that was ahead keeps nobody from being told.
    let ripe = route.after.is_none_or(|after| long(subject.since, after) || subject.since > now);
    let Some(said) = said else { return ripe.then_some(Status::Firing) };
    let changed = said.verdict != judged.verdict;
    let again = route.repeat.is_some_and(|repeat| long(said.at, repeat)) || said.at > now;
    // It tells repeated alerts from new ones by itself, and forgets what is not repeated, as if it were well.
    let forgets = route.shape == Shape::Alertmanager;
    (changed || again || forgets).then_some(Status::Firing)
}

/// Everything that a run judged: each check, and each gate that is closed although no check shows why.
fn judged(report: &Report) -> Vec<Judged<'_>> {
    let mut all: Vec<Judged<'_>> = report
        .checks
        .iter()
        .map(|check| Judged {
            gate: &check.gate,
            check: Some(check),
            level: check.level,
            verdict: check.verdict,
        })
        .collect();
    for gate in &report.gates {
        let shows = |check: &CheckInfo| {
            check.gate == gate.id
                && check.level == Level::Require
                && matches!(check.verdict, Verdict::Broken | Verdict::Unproven)
        };
        // While a check shows it, the check alone is told of; that is not the gate's being well.
        if gate.verdict.opens() || !report.checks.iter().any(shows) {
            all.push(Judged { gate: &gate.id, check: None, level: Level::Require, verdict: gate.verdict });
        }
    }
    all
}

/// Checks that do not hold and that no route would ever tell anybody of.
#[must_use]
pub fn unrouted(report: &Report, routes: &[Route]) -> usize {
    let lost = |one: &&Judged<'_>| {
        let check = one.check.map(|check| check.id.as_str());
        matches!(one.verdict, Verdict::Broken | Verdict::Unproven)
            && !routes
                .iter()
                .any(|r| r.verdicts.contains(&one.verdict) && r.is_for(one.gate, check, one.level))
    };
    judged(report).iter().filter(lost).count()
}

impl Judged<'_> {
    /// Whether there is nothing to tell: what is waived or does not apply closes no gate.
    fn is_well(&self) -> bool {
        matches!(self.verdict, Verdict::Holds | Verdict::Waived | Verdict::Skipped)
    }

    fn name(&self, report: &Report, at: Situation<'_>) -> Name {
        Name {
            policy: report.policy.name.clone(),
            profile: at.profile.to_owned(),
            tenant: at.tenant.map(str::to_owned),
            gate: self.gate.to_owned(),
            check: self.check.map(|check| check.id.clone()),
        }
    }

    fn alert(&self, status: Status, route: &Route, subject: &Subject) -> Alert {
        let findings = self.check.map(|check| check.findings.as_slice()).unwrap_or_default();
        let keys = findings.iter().filter(|finding| !finding.key.is_empty()).take(KEYS);
        Alert {
            status,
            severity: route.severity(self.level),
            gate: self.gate.to_owned(),
            check: self.check.map(|check| check.id.clone()),
            title: self.check.map(|check| check.title.clone()).unwrap_or_default(),
            level: self.level,
            verdict: self.verdict,
            since: subject.since.to_string(),
            findings: self.check.map(|check| check.findings_total).unwrap_or_default(),
            keys: keys.map(|finding| finding.key.clone()).collect(),
            runbook: self.check.and_then(|check| check.runbook.clone()),
        }
    }
}
