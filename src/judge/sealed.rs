//! What was sealed earlier against what is there.

use super::proofs::Outcome;
use super::values::Seen;
use crate::baseline::compare::{Change, Sides, Whose, contents, schema};
use crate::baseline::{Baseline, Seal};
use crate::facts::Observed;
use crate::finding::{Finding, KeyPart};
use crate::plan::{Before, Proof};
use crate::policy::RelationName;
use crate::verdict::Verdict;

/// Judges a comparison with a baseline.
pub(super) fn judge(proof: &Proof, subject: &str, seen: &Seen) -> Result<Outcome, String> {
    match proof {
        Proof::Unchanged { before, relation, columns, tenant_by, key, whose, needed } => {
            unchanged(before, relation, (columns, tenant_by, key), (whose, *needed), seen)
        }
        Proof::SameObjects { baseline, key } => same_objects(sealed(baseline, seen)?, subject, key, seen),
        _ => Err("this is no comparison with a baseline".to_owned()),
    }
}

fn observed<'a>(key: &str, seen: &'a Seen) -> Result<&'a Observed, String> {
    match seen.get(key).map(|o| &o.result) {
        Some(Ok(observed)) => Ok(observed),
        Some(Err(failure)) => Err(failure.message.clone()),
        None => Err("it was not looked at".to_owned()),
    }
}

fn sealed<'a>(key: &str, seen: &'a Seen) -> Result<&'a Baseline, String> {
    match observed(key, seen)? {
        Observed::Baseline(baseline) => Ok(baseline),
        _ => Err("the observation is not a baseline".to_owned()),
    }
}

/// The sealed contents of a relation.
fn contents_of<'a>(key: &str, seen: &'a Seen) -> Result<&'a Seal, String> {
    match observed(key, seen)? {
        Observed::Sealed(seal) => Ok(seal),
        _ => Err("the observation is not the contents of a table".to_owned()),
    }
}

fn unchanged(
    before: &Before,
    name: &RelationName,
    (columns, tenant_by, key): (&[String], &str, &str),
    (whose, needed): (&Whose, bool),
    seen: &Seen,
) -> Result<Outcome, String> {
    let now = contents_of(key, seen)?;
    let (was, was_by, was_key, sides) = match before {
        Before::Other { source, key, tenant_by, columns } => {
            let was = contents_of(key, seen).map_err(|why| format!("in `{source}`: {why}"))?;
            (was, tenant_by, columns, Sides::Sources(source))
        }
        Before::Baseline(key) => {
            let Some(before) = sealed(key, seen)?.relation(name) else {
                return Err("the baseline holds nothing of it".to_owned());
            };
            let Some(was) = &before.seal else {
                let why = before.unsealed.as_deref().unwrap_or_default();
                return Err(format!("its rows were not sealed when the baseline was taken: {why}"));
            };
            (was, &before.tenant_by, &before.key, Sides::Times)
        }
    };
    if was_key != columns {
        let then = match sides {
            Sides::Times => "was ({}) when the baseline was taken".to_owned(),
            Sides::Sources(other) => format!("is ({{}}) in `{other}`"),
        };
        let then = then.replacen("{}", &was_key.join(", "), 1);
        return Err(format!("its primary key is ({}) and {then}", columns.join(", ")));
    }
    let difference = contents((was, was_by), (now, tenant_by), columns, whose, sides);
    if let Some(gap) = difference.gap {
        return Err(gap);
    }
    if let (Whose::Only(tenant), true, 0) = (whose, needed, difference.examined) {
        return Err(format!("there is nothing to look at: neither side knows a tenant `{tenant}`"));
    }
    let subject = name.to_string();
    let mut outcome = Outcome {
        examined: difference.examined,
        rows: difference.examined > 0,
        total: difference.rows,
        ..Outcome::default()
    };
    if difference.examined == 0 {
        outcome.empty_by_pattern.push(subject.clone());
    }
    for change in &difference.changes {
        outcome.reasons.push((Verdict::Broken, format!("{subject}: {}", sentence(change))));
        outcome.findings.push(finding(change, &subject));
    }
    Ok(outcome)
}

/// A change with the key of its row.
fn sentence(change: &Change) -> String {
    let value = |(column, value): &(String, Option<String>)| {
        format!("{column} = {}", value.as_deref().unwrap_or("NULL"))
    };
    match change.key.as_slice() {
        [] => change.message.clone(),
        key => format!("{}: {}", change.message, key.iter().map(value).collect::<Vec<_>>().join(", ")),
    }
}

fn finding(change: &Change, subject: &str) -> Finding {
    let part =
        |(column, value): &(String, Option<String>)| KeyPart { column: column.clone(), value: value.clone() };
    let tenant = change
        .tenant
        .iter()
        .map(|tenant| KeyPart { column: "tenant".to_owned(), value: Some(tenant.clone()) });
    Finding {
        verdict: Verdict::Broken,
        kind: change.kind.to_owned(),
        message: change.message.clone(),
        relation: subject.to_owned(),
        key: tenant.chain(change.key.iter().map(part)).collect(),
        sql: String::new(),
    }
}

fn same_objects(baseline: &Baseline, subject: &str, key: &str, seen: &Seen) -> Result<Outcome, String> {
    let now = match observed(key, seen)? {
        Observed::Inventory(inventory) => inventory,
        _ => return Err("the observation is not a list of objects".to_owned()),
    };
    let found = schema(&baseline.inventory, now);
    let mut outcome = Outcome {
        examined: found.examined,
        total: found.changes.len() as u64,
        notes: found.notes,
        ..Outcome::default()
    };
    if found.examined == 0 {
        return Err(format!("{subject}: there are no objects of a kind that both tell of"));
    }
    for (kind, object, message) in found.changes {
        outcome.reasons.push((Verdict::Broken, message.clone()));
        outcome.findings.push(Finding {
            verdict: Verdict::Broken,
            kind: kind.to_owned(),
            message,
            relation: object.name,
            key: Vec::new(),
            sql: String::new(),
        });
    }
    Ok(outcome)
}
