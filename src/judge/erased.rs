//! People who must not be found again.

use super::proofs::{Outcome, examined, tally};
use super::values::{self, Seen};
use crate::plan::Proof;
use crate::verdict::Verdict;

/// A list was read to its end, and names somebody.
pub(super) fn listed(subject: &str, key: &str, allowed: bool, seen: &Seen) -> Result<Outcome, String> {
    let note = |text: String| Outcome { notes: vec![text], ..Outcome::default() };
    match values::count(key, seen)? {
        0 if allowed => Ok(note(format!("{subject} names nobody, which the policy allows"))),
        0 => Ok(Outcome::unproven(format!(
            "{subject} names nobody, so that nobody was looked for; write `allow empty` if that may be"
        ))),
        1 => Ok(note(format!("1 subject of {subject} was looked for"))),
        n => Ok(note(format!("{n} subjects of {subject} were looked for"))),
    }
}

/// No row belongs to a subject of a list.
pub(super) fn absent(proof: &Proof, subject: &str, seen: &Seen) -> Result<Outcome, String> {
    let Proof::Absent { list, key, rows, values, column, named, allowed } = proof else {
        return Err("this is no list of subjects".to_owned());
    };
    // Why there is no list is said of the list.
    if values::count(list, seen).is_err() {
        return Ok(Outcome::default());
    }
    let mut outcome = examined(subject, rows, *named, seen)?;
    let found = tally(subject, key, ("erased_subject", MESSAGE, ""), seen)?;
    outcome.findings = found.findings;
    outcome.total = found.total;
    outcome.reasons = found.reasons;
    if outcome.examined > 0 && values::count(values, seen)? == 0 && !allowed {
        if *named {
            let why =
                format!("`{subject}.{column}` is NULL in every row, so that there was nobody to compare");
            outcome.reasons.push((Verdict::Unproven, why));
        } else {
            (outcome.examined, outcome.rows) = (0, false);
            outcome.empty_by_pattern.push(subject.to_owned());
        }
    }
    Ok(outcome)
}

const MESSAGE: &str = "a row of an erased subject is there again; erase it again";
