//! Policy, plan and facts to verdicts. Pure: no clock, no files, no server.

mod erased;
mod gates;
mod large;
mod objectives;
mod proofs;
mod sealed;
mod sources;
mod values;
mod ways;

pub use gates::{Before, Selection, gates};

use self::proofs::Outcome;
use std::collections::VecDeque;

use crate::facts::Facts;
use crate::finding::Finding;
use crate::plan::{Applies, CheckPlan, Obligation, Plan, Proof, WhenPlan};
use crate::policy::{Check, Policy, Waiver};
use crate::report::model::{CheckInfo, ControlInfo, ObjectiveInfo, WaiverInfo, WaiverState};
use crate::source_text::SourceSet;
use crate::verdict::Verdict;

/// Everything judged, ready for a report.
#[derive(Debug)]
pub struct Judged {
    /// One per selected check, in policy order.
    pub checks: Vec<CheckInfo>,
    /// Objectives that selected checks require.
    pub objectives: Vec<ObjectiveInfo>,
    /// Controls with the checks behind them.
    pub controls: Vec<ControlInfo>,
    /// Every waiver with its state.
    pub waivers: Vec<WaiverInfo>,
}

/// Judges every planned check.
#[must_use]
pub fn judge(policy: &Policy, plan: &Plan, facts: &Facts, texts: &SourceSet, samples: usize) -> Judged {
    let today = facts.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut checks = Vec::new();
    let mut objectives: Vec<ObjectiveInfo> = Vec::new();
    for planned in &plan.checks {
        let Some(check) = policy.checks.iter().find(|c| c.id == planned.id) else { continue };
        let mut judged = one(check, planned, facts, texts, samples);
        judged.info.duration_ms = duration(plan, facts, &check.id);
        let waiver = policy.waivers.iter().find(|w| w.check == check.id);
        if judged.info.verdict == Verdict::Broken
            && let Some(waiver) = waiver.filter(|w| w.until >= today && check.waivable)
        {
            let waived = format!("waived until {} by {}: {}", waiver.until, waiver.owner, waiver.reason);
            // A waiver is about what was found; what could not be looked at may be anything.
            (judged.info.verdict, judged.info.reason) = match judged.doubt {
                Some(doubt) => {
                    let broken = judged.broken.unwrap_or_default();
                    (
                        Verdict::Unproven,
                        format!("{doubt}. What is broken is waived, and not this: {broken} ({waived})"),
                    )
                }
                None => (Verdict::Waived, format!("{} ({waived})", judged.info.reason)),
            };
        }
        for figure in judged.figures {
            // Two checks may measure one objective on two sources. What differs is shown twice rather than not at all.
            let same = |o: &ObjectiveInfo| {
                (&o.name, o.verdict, &o.actual, &o.reason)
                    == (&figure.name, figure.verdict, &figure.actual, &figure.reason)
            };
            if !objectives.iter().any(same) {
                objectives.push(figure);
            }
        }
        checks.push(judged.info);
    }
    let controls = controls(&checks);
    let waivers = policy.waivers.iter().map(|w| waiver(w, &checks, today)).collect();
    Judged { checks, objectives, controls, waivers }
}

struct One {
    info: CheckInfo,
    figures: Vec<ObjectiveInfo>,
    /// What is broken, and what could not be established.
    broken: Option<String>,
    doubt: Option<String>,
}

impl One {
    /// A check whose condition does not apply, or is not known. Its objective is shown all the same.
    fn undecided(info: CheckInfo, planned: &CheckPlan) -> Self {
        let unmeasured = |o: &Obligation| objectives::unmeasured(&o.proof, info.verdict, &info.reason);
        let figures = planned.obligations.iter().filter_map(unmeasured).collect();
        Self { info, figures, broken: None, doubt: None }
    }
}

fn one(check: &Check, planned: &CheckPlan, facts: &Facts, texts: &SourceSet, samples: usize) -> One {
    let mut info = CheckInfo {
        id: check.id.clone(),
        gate: check.gate.clone(),
        title: check.title.clone(),
        level: check.level,
        verdict: Verdict::Holds,
        reason: String::new(),
        assertion: check.written.clone(),
        rows_examined: 0,
        findings: Vec::new(),
        findings_total: 0,
        controls: check.controls.clone(),
        location: texts.location(check.span),
        duration_ms: 0,
        notes: planned.notes.clone(),
        runbook: check.runbook.clone(),
    };
    if let Some(WhenPlan { test: Applies::LeftOut(why), .. }) = &planned.when {
        info.verdict = Verdict::Skipped;
        info.reason = format!("not looked at: {why}");
        return One::undecided(info, planned);
    }
    if let Some(when) = &planned.when {
        match applies(when, facts) {
            Ok(true) => {}
            Ok(false) => {
                info.verdict = Verdict::Skipped;
                info.reason = format!("its condition does not apply: when {}", when.written);
                return One::undecided(info, planned);
            }
            Err(why) => {
                info.verdict = Verdict::Unproven;
                info.reason = format!("whether it applies is not known: when {}: {why}", when.written);
                return One::undecided(info, planned);
            }
        }
    }
    let mut all = Outcome::default();
    let mut figures = Vec::new();
    for obligation in &planned.obligations {
        let outcome = proofs::judge(obligation, &facts.observations);
        all.examined = all.examined.saturating_add(outcome.examined);
        all.total = all.total.saturating_add(outcome.total);
        all.findings.extend(outcome.findings);
        all.reasons.extend(outcome.reasons);
        all.notes.extend(outcome.notes);
        all.empty.extend(outcome.empty);
        all.empty_by_pattern.extend(outcome.empty_by_pattern);
        all.nothing.extend(outcome.nothing);
        all.rows |= outcome.rows;
        all.read.extend(outcome.read);
        figures.extend(outcome.objective);
    }
    emptiness(check, &mut all, planned);
    let verdict = all.reasons.iter().fold(Verdict::Holds, |worst, (verdict, _)| worst.worst(*verdict));
    info.verdict = verdict;
    info.reason = reason(verdict, &all);
    let (broken, doubt) = (sentences(Verdict::Broken, &all), sentences(Verdict::Unproven, &all));
    info.rows_examined = all.examined;
    info.findings_total = all.total;
    info.findings = fair(all.findings, samples);
    info.notes.extend(all.notes);
    info.notes.dedup();
    One { info, figures, broken, doubt }
}

/// As many findings as asked for, broken ones first, and of each kind in each relation in turn, so that a
/// thousand orphans do not hide the one forged row.
fn fair(findings: Vec<Finding>, samples: usize) -> Vec<Finding> {
    let mut groups: Vec<(bool, String, String, VecDeque<Finding>)> = Vec::new();
    for finding in findings {
        let doubt = finding.verdict != Verdict::Broken;
        match groups.iter_mut().find(|g| g.0 == doubt && g.1 == finding.relation && g.2 == finding.kind) {
            Some(group) => group.3.push_back(finding),
            None => groups.push((
                doubt,
                finding.relation.clone(),
                finding.kind.clone(),
                VecDeque::from([finding]),
            )),
        }
    }
    groups.sort_by_key(|g| g.0);
    let mut quota = vec![0usize; groups.len()];
    let mut left = samples;
    while left > 0 {
        let before = left;
        for (taken, group) in quota.iter_mut().zip(&groups) {
            if left > 0 && *taken < group.3.len() {
                *taken += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    groups.into_iter().zip(quota).flat_map(|(group, taken)| group.3.into_iter().take(taken)).collect()
}

/// Looking at nothing proves nothing, unless the policy says that there may be nothing.
fn emptiness(check: &Check, all: &mut Outcome, planned: &CheckPlan) {
    let (mut named, mut others) = (std::mem::take(&mut all.empty), std::mem::take(&mut all.empty_by_pattern));
    for list in [&mut named, &mut others] {
        list.sort();
        list.dedup();
    }
    // Too few rows are what is broken there; that there are none need not be said again.
    let broken = |relation: &String| {
        all.findings.iter().any(|f| f.verdict == Verdict::Broken && f.relation == *relation)
    };
    named.retain(|relation| !broken(relation));
    if !check.allow_empty && all.reasons.is_empty() {
        all.reasons.extend(std::mem::take(&mut all.nothing).into_iter().map(|why| (Verdict::Unproven, why)));
    }
    if check.allow_empty {
        if all.examined == 0 && all.read.is_empty() {
            all.notes.push("there was nothing to look at, which the policy allows".to_owned());
        }
        return;
    }
    if !named.is_empty() {
        let sentence = format!(
            "{} {}; write `allow empty` if that may be",
            named.join(", "),
            match named.len() {
                1 => "holds no rows to look at",
                _ => "hold no rows to look at",
            }
        );
        all.reasons.push((Verdict::Unproven, sentence));
    } else if all.reasons.is_empty()
        && all.read.is_empty()
        && !only_objective(planned)
        // Tenants without data, or keys between tables without rows, are no evidence about rows.
        && (all.examined == 0 || (!all.rows && !others.is_empty()))
    {
        let place = if others.is_empty() { String::new() } else { format!(" in {}", listed(&others)) };
        all.reasons.push((
            Verdict::Unproven,
            format!("there was nothing to look at{place}; write `allow empty` if that may be"),
        ));
    }
    if !others.is_empty() && all.examined > 0 {
        all.notes.push(format!("without rows: {}", listed(&others)));
    }
}

fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
    let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// An objective between fixed instants examines no rows of its own.
fn only_objective(planned: &CheckPlan) -> bool {
    !planned.obligations.is_empty()
        && planned
            .obligations
            .iter()
            .all(|o| matches!(o.proof, Proof::Span { .. } | Proof::Share { .. } | Proof::Tenant { .. }))
}

fn reason(verdict: Verdict, all: &Outcome) -> String {
    match (sentences(verdict, all), all.examined) {
        (Some(worst), _) if verdict == Verdict::Broken => match sentences(Verdict::Unproven, all) {
            // What is broken may be all that is seen of rows that could not be judged.
            Some(doubt) => format!("{worst}. Beyond that, unproven: {doubt}"),
            None => worst,
        },
        (Some(worst), _) => worst,
        (None, 0) if !all.read.is_empty() => format!("SQL over {} says so", listed(&all.read)),
        (None, 0) => "it is so".to_owned(),
        (None, 1) => "1 looked at, and it is so".to_owned(),
        (None, n) => format!("{n} looked at, and it is so"),
    }
}

/// The first reasons that led to a verdict, if any did.
fn sentences(verdict: Verdict, all: &Outcome) -> Option<String> {
    let mut sentences: Vec<&str> = Vec::new();
    for (_, sentence) in all.reasons.iter().filter(|(v, _)| *v == verdict) {
        // Several measurements of one relation fail for one cause, some without naming the relation.
        let known = |known: &&str| *known == sentence || known.ends_with(&format!(": {sentence}"));
        if !sentences.iter().any(known) {
            sentences.push(sentence);
        }
    }
    let more = sentences.len().saturating_sub(3);
    sentences.truncate(3);
    let listed = sentences.join("; ");
    match more {
        _ if sentences.is_empty() => None,
        0 => Some(listed),
        more => Some(format!("{listed}; and {more} more")),
    }
}

fn applies(when: &WhenPlan, facts: &Facts) -> Result<bool, String> {
    match &when.test {
        Applies::Known(known) => Ok(*known),
        Applies::LeftOut(_) => Ok(false),
        Applies::Compare { left, op, right } => {
            let left = values::value(left, &facts.observations)?;
            let right = values::value(right, &facts.observations)?;
            Ok(op.accepts(values::compare(&left, &right)?))
        }
    }
}

/// Milliseconds of the statements a check used; a shared one counts for each.
fn duration(plan: &Plan, facts: &Facts, check: &str) -> u64 {
    let mut micros = 0u64;
    for statement in plan.statements.iter().filter(|s| s.checks.iter().any(|c| c == check)) {
        let keys = statement.work.keys();
        let key = keys.first();
        micros += key.and_then(|k| facts.observations.get(*k)).map_or(0, |o| o.micros);
    }
    micros / 1000
}

fn controls(checks: &[CheckInfo]) -> Vec<ControlInfo> {
    let mut controls: Vec<ControlInfo> = Vec::new();
    for check in checks {
        for id in &check.controls {
            match controls.iter_mut().find(|c| c.id == *id) {
                Some(control) => {
                    control.verdict = control.verdict.worst(check.verdict);
                    control.checks.push(check.id.clone());
                }
                None => controls.push(ControlInfo {
                    id: id.clone(),
                    verdict: check.verdict,
                    checks: vec![check.id.clone()],
                }),
            }
        }
    }
    controls.sort_by(|a, b| a.id.cmp(&b.id));
    controls
}

fn waiver(waiver: &Waiver, checks: &[CheckInfo], today: jiff::civil::Date) -> WaiverInfo {
    let state = match checks.iter().find(|c| c.id == waiver.check).map(|c| c.verdict) {
        _ if waiver.until < today => WaiverState::Expired,
        None => WaiverState::NotSelected,
        Some(Verdict::Waived) => WaiverState::Used,
        Some(Verdict::Unproven) => WaiverState::NotApplicable,
        Some(Verdict::Holds | Verdict::Skipped | Verdict::Broken) => WaiverState::Needless,
    };
    WaiverInfo {
        check: waiver.check.clone(),
        until: waiver.until.to_string(),
        owner: waiver.owner.clone(),
        reason: waiver.reason.clone(),
        state,
    }
}
