//! Objectives: the figure that decides, and those that are shown beside it and decide nothing.

use super::proofs::{Outcome, found};
use super::values::{self, Seen};
use crate::chain::report::{AnomalyKind, ChainReport};
use crate::facts::Observed;
use crate::plan::{Figured, Measured, Proof, Shown};
use crate::report::model::{FigureInfo, ObjectiveInfo};
use crate::value::{Value, duration_text};
use crate::verdict::Verdict;

/// A figure, and what is to be said of it.
type Told = (Verdict, String, String);

/// An objective: a span that must not be longer than a limit, nor run backwards.
pub(super) fn span(name: &str, limit: i64, measured: &Measured, beside: &[Shown], seen: &Seen) -> Outcome {
    let (verdict, _, reason) = told(limit, measured, seen);
    // What the figure needs is judged with the check as well, so it is not said twice.
    let mut outcome = match verdict {
        Verdict::Holds => Outcome::default(),
        Verdict::Unproven => Outcome::unproven(format!("{name}: {reason}")),
        _ => found(name, Verdict::Broken, "objective", &reason),
    };
    if let Some(finding) = outcome.findings.first_mut() {
        finding.relation = String::new();
    }
    let (verdict, actual, reason) = believed(limit, measured, seen);
    let beside = beside.iter().map(|shown| {
        let measured = &shown.measured;
        let (verdict, actual, reason) = believed(limit, measured, seen);
        let (name, measures) = (shown.name.clone(), measured.written.clone());
        FigureInfo { name, measures, actual, verdict, reason }
    });
    outcome.objective = Some(ObjectiveInfo {
        name: name.to_owned(),
        target: duration_text(limit),
        measures: measured.written.clone(),
        actual,
        verdict,
        reason,
        beside: beside.collect(),
    });
    outcome
}

/// The objective of a check that was not judged.
pub(super) fn unmeasured(proof: &Proof, verdict: Verdict, reason: &str) -> Option<ObjectiveInfo> {
    let info = |name: &String, target: String, measures: &String, beside: &[Shown]| ObjectiveInfo {
        name: name.clone(),
        target,
        measures: measures.clone(),
        actual: String::new(),
        verdict,
        reason: reason.to_owned(),
        beside: beside
            .iter()
            .map(|shown| FigureInfo {
                name: shown.name.clone(),
                measures: shown.measured.written.clone(),
                actual: String::new(),
                verdict,
                reason: reason.to_owned(),
            })
            .collect(),
    };
    match proof {
        Proof::Span { name, limit, measured, beside } => {
            Some(info(name, duration_text(*limit), &measured.written, beside))
        }
        Proof::Share { name, least, over, measures, .. } => {
            Some(info(name, super::sources::least_over(least, *over), measures, &[]))
        }
        _ => None,
    }
}

/// A figure, as far as what it needs lets it be believed.
fn believed(limit: i64, measured: &Measured, seen: &Seen) -> Told {
    let told = told(limit, measured, seen);
    let gap = measured.needs.iter().find_map(|need| {
        let reasons = super::proofs::judge(need, seen).reasons;
        reasons.into_iter().next().map(|(_, reason)| reason)
    });
    match gap {
        Some(why) if told.0 == Verdict::Holds => (Verdict::Unproven, String::new(), why),
        _ => told,
    }
}

fn told(limit: i64, measured: &Measured, seen: &Seen) -> Told {
    let unknown = |why: String| (Verdict::Unproven, String::new(), why);
    match &measured.figure {
        Err(why) => unknown(why.clone()),
        Ok(Figured::Span { from, to }) => {
            let span = (|| match (values::value(from, seen)?, values::value(to, seen)?) {
                (Value::Time(from), Value::Time(to)) => values::span(from, to),
                (from, to) => Err(format!("{from} to {to} is not a span of time")),
            })();
            span.map_or_else(unknown, |micros| {
                let (verdict, actual, reason) = within(micros, limit);
                (verdict, actual, reason + &super::proofs::because([from, to], seen))
            })
        }
        Ok(Figured::Lost { key }) => match seen.get(key).map(|o| &o.result) {
            Some(Ok(Observed::Chain(report))) => lost(report),
            Some(Ok(_)) => unknown("the observation is not a chain".to_owned()),
            Some(Err(failure)) => unknown(failure.message.clone()),
            None => unknown("it was not looked at".to_owned()),
        },
    }
}

fn within(micros: i64, limit: i64) -> Told {
    let (actual, most) = (duration_text(micros), duration_text(limit));
    if micros < 0 {
        let back =
            micros.checked_neg().map_or_else(|| "more than can be reckoned with".to_owned(), duration_text);
        let reason = format!("the span runs backwards by {back}: it ends before it begins");
        return (Verdict::Broken, actual, reason);
    }
    let (verdict, reason) = if micros > limit {
        (Verdict::Broken, format!("{actual} is more than {most}"))
    } else {
        (Verdict::Holds, format!("{actual} is within {most}"))
    };
    (verdict, actual, reason)
}

/// The rows that anchors know and that are gone from the ends of chains. What else is wrong with a chain makes the
/// count a lower bound, or none at all.
fn lost(report: &ChainReport) -> Told {
    let explained = report.verified + report.by_search + report.links_only + report.unhashed;
    let trouble = report.anomalies.iter().find(|a| a.kind != AnomalyKind::TruncatedTail);
    let trouble = trouble
        .map(|a| a.message.clone())
        .or_else(|| report.undetermined.first().map(|gap| gap.message.clone()))
        .or_else(|| (report.anomalies_total > report.cut).then(|| "the chain is not intact".to_owned()))
        .or_else(|| {
            (explained != report.rows).then(|| "not all rows of the chain are established".to_owned())
        });
    let rows = |n: u64| if n == 1 { "1 row".to_owned() } else { format!("{n} rows") };
    match (report.lost, trouble) {
        (0, Some(why)) => {
            (Verdict::Unproven, String::new(), format!("how many rows are lost cannot be counted: {why}"))
        }
        (0, None) if report.anchors_found == 0 => {
            (Verdict::Unproven, String::new(), "no anchor of the chain was found in it".to_owned())
        }
        (0, None) => {
            let anchors = if report.anchors_found == 1 { "the 1 anchor" } else { "its anchors" };
            let reason = format!(
                "no row is gone that {anchors} knew; what was written after the newest of them is not counted"
            );
            (Verdict::Holds, rows(0), reason.replace("the 1 anchor", "its anchor"))
        }
        (n, None) => (
            Verdict::Broken,
            rows(n),
            format!("{} that anchors know are gone from the end of the chain", rows(n)),
        ),
        (n, Some(why)) => {
            let actual = format!("at least {}", rows(n));
            (
                Verdict::Broken,
                actual.clone(),
                format!("{actual} that anchors know are gone; beyond that, {why}"),
            )
        }
    }
}
