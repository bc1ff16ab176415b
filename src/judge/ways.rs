//! Whether WAL leads a restore to an instant.

use jiff::Timestamp;

use super::proofs::Outcome;
use super::values::{self, Seen};
use crate::facts::{Followed, Observed, Obstacle};
use crate::finding::Finding;
use crate::plan::Scalar;
use crate::value::Value;
use crate::verdict::Verdict;

/// Judges WAL that was followed, up to an instant or to its newest segment.
pub(super) fn way(subject: &str, key: &str, until: Option<&Scalar>, seen: &Seen) -> Result<Outcome, String> {
    let followed = match seen.get(key).map(|o| &o.result) {
        Some(Ok(Observed::Followed(followed))) => followed,
        Some(Ok(_)) => return Err("the observation is not WAL that was followed".to_owned()),
        Some(Err(failure)) => return Err(failure.message.clone()),
        None => return Err("it was not looked at".to_owned()),
    };
    let until = match until.map(|until| values::value(until, seen)).transpose()? {
        None => None,
        Some(Value::Time(until)) => Some(until),
        Some(other) => return Err(format!("{other} is not an instant")),
    };
    let mut outcome = Outcome { examined: followed.segments, ..Outcome::default() };
    let Some(obstacle) = trouble(followed, until) else {
        let newest = followed.newest.map(|at| format!("; the last transaction ended at {at}"));
        outcome.notes.push(format!(
            "the WAL from {} leads to {}{}",
            followed.from,
            followed.end,
            newest.unwrap_or_default()
        ));
        return Ok(outcome);
    };
    // What could not be followed was looked at all the same.
    outcome.examined += 1;
    outcome.total = 1;
    let Obstacle { verdict, kind, message } = obstacle;
    outcome.reasons.push((verdict, format!("{subject}: {message}")));
    outcome.findings.push(Finding {
        verdict,
        kind,
        message,
        relation: subject.to_owned(),
        key: Vec::new(),
        sql: String::new(),
    });
    Ok(outcome)
}

/// Why a restore does not get there.
fn trouble(followed: &Followed, until: Option<Timestamp>) -> Option<Obstacle> {
    if let Some(useless) = &followed.useless {
        return Some(useless.clone());
    }
    let Some(until) = until else { return followed.stopped.clone() };
    let Followed { from, end, .. } = followed;
    if let Some(begun) = followed.begun.filter(|begun| *begun > until) {
        let message =
            format!("{from} was begun at {begun}, and cannot be restored to {until}, which is before");
        return Some(broken("too_new", message));
    }
    if let Some(within) = followed.within.filter(|within| *within > until) {
        let message = format!(
            "{from} was not finished when a transaction ended at {within}, so it cannot be restored to {until}"
        );
        return Some(broken("too_new", message));
    }
    // A server that looks for an instant stops at the first transaction after it, and gives up where there is none.
    if followed.newest.is_some_and(|newest| newest > until) {
        return None;
    }
    if let Some(stopped) = &followed.stopped {
        let message = format!("{}; the WAL from {from} has to lead to {until}", stopped.message);
        return Some(Obstacle { message, ..stopped.clone() });
    }
    let newest = match followed.newest {
        Some(newest) => format!("its last transaction ended at {newest}, not after {until}"),
        None => format!("no transaction ended in it, so none after {until}"),
    };
    let last = followed.last.as_deref().map(|last| format!(" with segment {last}")).unwrap_or_default();
    Some(broken("too_short", format!("the WAL from {from} ends at {end}{last}, and {newest}")))
}

fn broken(kind: &str, message: String) -> Obstacle {
    Obstacle { verdict: Verdict::Broken, kind: kind.to_owned(), message }
}
