//! What stands around the checks: waivers, limits of the proof, objectives, controls, sources, the run.

use super::page::Page;
use super::paint;
use crate::report::controls::{self, Claim};
use crate::report::drilled;
use crate::report::limits;
use crate::report::model::{Report, SourceInfo, WaiverState};
use crate::report::style::Paint;
use crate::report::words::{self, waiver_state};

/// Where text starts beside a name of ordinary length.
const COLUMN: usize = 20;

/// Every waiver of the policy and what became of it.
pub(super) fn waivers(page: &mut Page<'_>, report: &Report) {
    if report.waivers.is_empty() {
        return;
    }
    page.heading(Paint::Strong, "WAIVERS");
    for waiver in &report.waivers {
        let (state, advice) = waiver_state(waiver.state);
        let paint = match waiver.state {
            WaiverState::Used | WaiverState::Expired => Paint::Doubt,
            WaiverState::Needless | WaiverState::NotApplicable | WaiverState::NotSelected => Paint::Plain,
        };
        let text = format!(
            "{}, until {}, {}: {} ({advice})",
            waiver.check, waiver.until, waiver.owner, waiver.reason
        );
        page.hang(2, paint, state, COLUMN, &text);
    }
}

/// What was not looked at, and what the proofs do not reach.
pub(super) fn limits(page: &mut Page<'_>, report: &Report) {
    let limits = limits::limits(report);
    if limits.is_empty() {
        return;
    }
    page.heading(Paint::Strong, "LIMITS of what was proven");
    let mut last: Option<Vec<&str>> = None;
    for limit in limits {
        let (lead, others) = match limit.about.split_first() {
            // The names stand once, beside the first note.
            _ if last.as_ref() == Some(&limit.about) => ("-", ""),
            None => ("this run", ""),
            Some((first, [])) => (*first, ""),
            Some((first, others)) => (*first, &*format!(" (also: {})", others.join(", "))),
        };
        page.hang(2, Paint::Plain, lead, COLUMN, &format!("{}{others}", limit.note));
        last = Some(limit.about);
    }
}

/// Targets beside actual figures.
pub(super) fn objectives(page: &mut Page<'_>, report: &Report) {
    if report.objectives.is_empty() {
        return;
    }
    page.heading(Paint::Strong, "OBJECTIVES");
    for objective in &report.objectives {
        let actual = if objective.actual.is_empty() { "not measured" } else { objective.actual.as_str() };
        let text = format!(
            "{:<8}  target {}, actual {actual} ({}): {}",
            objective.verdict.word(),
            objective.target,
            objective.measures,
            objective.reason
        );
        page.hang(2, paint(objective.verdict), &objective.name, COLUMN, &text);
        for figure in &objective.beside {
            page.hang(COLUMN, Paint::Plain, "", COLUMN, &words::beside(figure));
        }
    }
}

/// The restore that was rehearsed, with the times of its phases.
pub(super) fn drill(page: &mut Page<'_>, report: &Report) {
    let Some(drill) = &report.drill else { return };
    page.heading(Paint::Strong, "DRILL");
    for phase in &drill.phases {
        page.hang(2, Paint::Plain, &phase.name, COLUMN, &drilled::phase(phase.took_ms, &phase.expected));
    }
    for (name, value) in drilled::facts(drill) {
        page.hang(2, Paint::Plain, name, COLUMN, &value);
    }
}

/// Controls by how the checks behind each ended. Of those that are held the number of checks says enough, so that a report
/// that is read at night stays short.
pub(super) fn controls(page: &mut Page<'_>, report: &Report) {
    let matrix = controls::matrix(report);
    if matrix.is_empty() {
        return;
    }
    page.heading(Paint::Strong, "CONTROLS");
    page.hang(2, Paint::Plain, "", 2, controls::SUPPORTS);
    for row in matrix.iter().filter(|row| row.claim != Claim::Held) {
        let paint = if row.claim == Claim::Broken { Paint::Bad } else { Paint::Doubt };
        let parts = [("broken", &row.broken), ("not tested", &row.untested), ("held", &row.held)];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, checks)| !checks.is_empty())
            .map(|(word, checks)| format!("{word} {}", checks.join(", ")))
            .collect();
        page.hang(2, paint, row.claim.word(), COLUMN, &format!("{}: {}", row.control, parts.join("; ")));
    }
    let held: Vec<String> = matrix
        .iter()
        .filter(|row| row.claim == Claim::Held)
        .map(|row| format!("{} by {}", row.control, words::count(words::len(row.held.len()), "check")))
        .collect();
    if !held.is_empty() {
        page.hang(2, Paint::Good, Claim::Held.word(), COLUMN, &held.join(", "));
    }
    let rest = words::len(controls::unclaimed(report).len());
    if rest > 0 {
        let verb = if rest == 1 { "names" } else { "name" };
        let text = format!("{} {verb} no control", words::count(rest, "check"));
        page.hang(2, Paint::Plain, "nothing claimed", COLUMN, &text);
    }
}

/// What was looked at, as it presented itself.
pub(super) fn sources(page: &mut Page<'_>, report: &Report) {
    if report.sources.is_empty() {
        return;
    }
    page.heading(Paint::Strong, "SOURCES");
    for source in &report.sources {
        one_source(page, source);
    }
}

fn one_source(page: &mut Page<'_>, source: &SourceInfo) {
    let (paint, reached) = if source.reached { (Paint::Plain, "") } else { (Paint::Bad, "NOT REACHED  ") };
    page.hang(2, paint, &source.name, COLUMN, &format!("{reached}{}  {}", source.kind, source.address));
    let facts: Vec<String> =
        source.facts.iter().map(|fact| format!("{} {}", fact.name, fact.value)).collect();
    if !facts.is_empty() {
        page.hang(COLUMN, Paint::Plain, "", COLUMN, &facts.join("; "));
    }
}

/// When, by what, and on which policy text.
pub(super) fn run(page: &mut Page<'_>, report: &Report) {
    page.heading(Paint::Strong, "RUN");
    let run = &report.run;
    let mut lines = vec![
        ("id", run.id.clone()),
        ("started", run.started.clone()),
        ("finished", run.finished.clone()),
        ("now", run.now.clone()),
        ("holdtrue", run.version.clone()),
        ("policy digest", report.policy.digest.clone()),
        ("policy owner", report.policy.owner.clone()),
    ];
    lines.extend(
        run.parameters
            .iter()
            .map(|parameter| ("parameter", format!("${} = {}", parameter.name, parameter.value))),
    );
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        page.hang(2, Paint::Plain, name, COLUMN, value);
    }
}
