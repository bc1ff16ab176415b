//! Large objects against what was sealed earlier, or what another source holds.

use super::proofs::Outcome;
use super::sealed::{observed, sealed};
use super::values::Seen;
use crate::baseline::large::{LargeChange, LargeSeal, compare};
use crate::baseline::sides::Sides;
use crate::facts::Observed;
use crate::finding::{Finding, KeyPart};
use crate::verdict::Verdict;

/// Where a finding about a large object is.
const RELATION: &str = "pg_catalog.pg_largeobject";

/// Judges large objects. `before` is the key of a baseline, or of the large objects of another source.
pub(super) fn unchanged(
    (before, other): (&str, Option<&str>),
    subject: &str,
    key: &str,
    seen: &Seen,
) -> Result<Outcome, String> {
    let now = large(key, seen)?;
    let (was, sides) = match other {
        None => (sealed(before, seen)?.large_objects.as_ref(), Sides::Times),
        Some(other) => {
            let was = large(before, seen).map_err(|why| format!("in `{other}`: {why}"))?;
            (Some(was), Sides::Sources(other))
        }
    };
    let difference = compare(was, Some(now), sides)?;
    let mut outcome = Outcome {
        examined: difference.examined,
        rows: difference.examined > 0,
        total: difference.objects,
        ..Outcome::default()
    };
    if difference.examined == 0 {
        outcome.empty_by_pattern.push(subject.to_owned());
    }
    for change in difference.changes {
        outcome.reasons.push((Verdict::Broken, change.message.clone()));
        outcome.findings.push(finding(change));
    }
    Ok(outcome)
}

fn large<'a>(key: &str, seen: &'a Seen) -> Result<&'a LargeSeal, String> {
    match observed(key, seen)? {
        Observed::LargeObjects(seal) => Ok(seal),
        _ => Err("the observation is not of large objects".to_owned()),
    }
}

fn finding(change: LargeChange) -> Finding {
    let key = change.oid.map(|oid| KeyPart { column: "loid".to_owned(), value: Some(oid.to_string()) });
    Finding {
        verdict: Verdict::Broken,
        kind: change.kind.to_owned(),
        message: change.message,
        relation: RELATION.to_owned(),
        key: key.into_iter().collect(),
        sql: String::new(),
    }
}
