//! What was sealed earlier against what is there.

use super::large;
use super::proofs::Outcome;
use super::values::Seen;
use crate::baseline::compare::{Change, Whose, contents};
use crate::baseline::schema::schema;
use crate::baseline::sides::Sides;
use crate::baseline::{Baseline, Seal};
use crate::facts::Observed;
use crate::finding::{Finding, KeyPart};
use crate::plan::{Before, Cut, CutBy, Proof};
use crate::policy::RelationName;
use crate::verdict::Verdict;

/// Judges a comparison with a baseline.
pub(super) fn judge(proof: &Proof, subject: &str, seen: &Seen) -> Result<Outcome, String> {
    match proof {
        Proof::Unchanged { before, relation, columns, tenant_by, key, whose, needed, cut } => {
            let cut = cut.as_ref();
            unchanged(before, relation, (columns, tenant_by, key), (whose, *needed, cut), seen)
        }
        Proof::SameObjects { baseline, key } => same_objects(sealed(baseline, seen)?, subject, key, seen),
        Proof::SameLargeObjects { before, other, key } => {
            large::unchanged((before, other.as_deref()), subject, key, seen)
        }
        _ => Err("this is no comparison with a baseline".to_owned()),
    }
}

pub(super) fn observed<'a>(key: &str, seen: &'a Seen) -> Result<&'a Observed, String> {
    match seen.get(key).map(|o| &o.result) {
        Some(Ok(observed)) => Ok(observed),
        Some(Err(failure)) => Err(failure.message.clone()),
        None => Err("it was not looked at".to_owned()),
    }
}

pub(super) fn sealed<'a>(key: &str, seen: &'a Seen) -> Result<&'a Baseline, String> {
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
    (whose, needed, cut): (&Whose, bool, Option<&CutBy>),
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
    if let Some(cut) = cut {
        same_cut(cut, was)?;
    }
    let difference = contents((was, was_by), (now, tenant_by), columns, whose, sides);
    if let Some(gap) = difference.gap {
        return Err(gap);
    }
    if let Some(CutBy { column, cut: None }) = cut
        && difference
            .changes
            .iter()
            .any(|change| change.kind != "row_removed" && change.kind != "row_altered")
    {
        return Err(format!(
            "rows were added, and no row of the baseline has a `{column}`, so nobody can say whether they are newer"
        ));
    }
    if difference.examined == 0 && now.aside.newer > 0 {
        return Err(format!(
            "all that could be compared is newer than the cut-off: {} rows",
            now.aside.newer
        ));
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
    if let Some(why) = difference.unsure {
        outcome.reasons.push((Verdict::Unproven, format!("{subject}: {why}")));
    }
    if let Some(CutBy { cut: Some(cut), .. }) = cut {
        outcome.notes.extend(set_aside(&subject, cut, now, difference.updated));
    }
    if difference.examined == 0 {
        outcome.empty_by_pattern.push(subject.clone());
    }
    for change in &difference.changes {
        outcome.reasons.push((Verdict::Broken, format!("{subject}: {}", sentence(change))));
        outcome.findings.push(finding(change, &subject));
    }
    Ok(outcome)
}

/// The cut-off that rows were sealed up to is that of the baseline at hand.
fn same_cut(by: &CutBy, was: &Seal) -> Result<(), String> {
    let same = |column: &str, value: Option<&String>| {
        was.greatest.get(column).is_some_and(|greatest| greatest.as_ref() == value)
    };
    let updates = by.cut.as_ref().and_then(|cut| cut.updates.as_ref());
    let holds = same(&by.column, by.cut.as_ref().map(|cut| &cut.after))
        && updates.is_none_or(|(column, after)| same(column, after.as_ref()));
    if holds { Ok(()) } else { Err("the cut-off is not that of the baseline".to_owned()) }
}

/// What a cut-off left out, and what it could not tell.
fn set_aside(subject: &str, cut: &Cut, now: &Seal, updated: u64) -> Vec<String> {
    let (column, after) = (&cut.column, &cut.after);
    let mut notes = Vec::new();
    if now.aside.newer > 0 {
        notes.push(format!(
            "{subject}: not compared, since their {column} is after {after}: {} of all tenants",
            rows(now.aside.newer)
        ));
    }
    if now.aside.undated > 0 {
        notes.push(format!(
            "{subject}: compared as if they were old, since they have no {column}: {}",
            rows(now.aside.undated)
        ));
    }
    if let (Some((column, after)), 1..) = (&cut.updates, updated) {
        let after = after.as_ref().map_or(String::new(), |after| format!(" after {after}"));
        notes.push(format!("{subject}: changed since by others, who set {column}{after}: {}", rows(updated)));
    }
    notes
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
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
