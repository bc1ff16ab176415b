//! Gates from the verdicts of their checks, in their declared order.

use std::collections::BTreeMap;

use crate::policy::Policy;
use crate::report::model::{CheckInfo, GateInfo};
use crate::verdict::{Level, Verdict};

/// Which gates a run is about.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Gates, in policy order.
    pub gates: Vec<String>,
    /// Whether a gate may open although the one it comes after was not judged in this run.
    pub out_of_order: bool,
    /// What is known of gates that were judged before this run, in the same restore.
    pub earlier: BTreeMap<String, Before>,
}

/// What is known of a gate that was judged before this run, as a sentence.
#[derive(Clone, Debug)]
pub enum Before {
    /// It was open, and nothing speaks against counting that.
    Open(String),
    /// It was closed, or its being open does not count here.
    Closed(String),
}

/// One line per selected gate.
#[must_use]
pub fn gates(policy: &Policy, checks: &[CheckInfo], selection: &Selection) -> Vec<GateInfo> {
    let mut judged: Vec<GateInfo> = Vec::new();
    for gate in policy.gates.iter().filter(|g| selection.gates.contains(&g.id)) {
        let mine: Vec<&CheckInfo> = checks.iter().filter(|c| c.gate == gate.id).collect();
        let required: Vec<&CheckInfo> = mine.iter().filter(|c| c.level == Level::Require).copied().collect();
        let mut verdict = required.iter().fold(Verdict::Holds, |worst, c| worst.worst(c.verdict));
        let mut reason = summary(&required, mine.len());
        if mine.is_empty() {
            verdict = Verdict::Unproven;
            reason = "none of its checks was judged".to_owned();
        }
        let missing =
            policy.checks.iter().filter(|c| c.gate == gate.id && !mine.iter().any(|m| m.id == c.id)).count();
        if missing > 0 && !mine.is_empty() {
            verdict = verdict.worst(Verdict::Unproven);
            reason = format!(
                "{missing} of its {} checks were not selected, so it stays closed; {reason}",
                missing + mine.len()
            );
        }
        if let Some(after) = &gate.after {
            match judged.iter().find(|g| g.id == *after) {
                Some(before) if before.verdict.opens() => {}
                Some(_) => {
                    verdict = verdict.worst(Verdict::Unproven);
                    reason = format!("it comes after `{after}`, which is closed; {reason}");
                }
                None if let Some(Before::Open(said)) = selection.earlier.get(after) => {
                    reason = format!("{reason}; {said}");
                }
                None if selection.out_of_order => {
                    let said = match selection.earlier.get(after) {
                        Some(Before::Closed(said)) => said.clone(),
                        _ => format!("`{after}`, which comes first, was not judged"),
                    };
                    reason = format!("{reason}; {said}, and `--out-of-order` allows that");
                }
                None if let Some(Before::Closed(said)) = selection.earlier.get(after) => {
                    verdict = verdict.worst(Verdict::Unproven);
                    reason = format!("it comes after `{after}`, and {said}; {reason}");
                }
                None => {
                    verdict = verdict.worst(Verdict::Unproven);
                    reason = format!(
                        "it comes after `{after}`, which was not judged in this run; judge both, or say `--out-of-order`; {reason}"
                    );
                }
            }
        }
        // A gate is open or closed; how its checks got there is theirs to say.
        if verdict.opens() {
            verdict = Verdict::Holds;
        }
        judged.push(GateInfo { id: gate.id.clone(), title: gate.title.clone(), verdict, reason });
    }
    // One gate without a condition that applies is open; a run in which nothing was looked at is no evidence.
    let required = || checks.iter().filter(|c| c.level == Level::Require);
    if required().next().is_some() && required().all(|c| c.verdict == Verdict::Skipped) {
        for gate in &mut judged {
            gate.verdict = Verdict::Unproven;
            gate.reason =
                format!("{}; everything required was skipped, so nothing was looked at", gate.reason);
        }
    }
    judged
}

fn summary(required: &[&CheckInfo], all: usize) -> String {
    let mut parts = Vec::new();
    for verdict in [Verdict::Broken, Verdict::Unproven, Verdict::Waived, Verdict::Skipped, Verdict::Holds] {
        let n = required.iter().filter(|c| c.verdict == verdict).count();
        if n > 0 {
            parts.push(format!("{n} {}", verdict.word()));
        }
    }
    if parts.is_empty() {
        return format!("nothing is required, {all} recommended");
    }
    format!("{} of {} required", parts.join(", "), required.len())
}
