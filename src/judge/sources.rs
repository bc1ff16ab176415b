//! Sources that hold no rows: what was counted, looked at one by one, said, or run.

use bigdecimal::BigDecimal;
use jiff::Timestamp;

use super::proofs::{Outcome, found};
use super::values::{self, Seen};
use crate::facts::{Inspected, Observed};
use crate::plan::Scalar;
use crate::report::model::ObjectiveInfo;
use crate::value::{Value, duration_text, plain};
use crate::verdict::Verdict;

/// A count of what a source stands for: none of it is nothing to look at.
pub(super) fn counted(subject: &str, key: &str, seen: &Seen) -> Result<Outcome, String> {
    let mut outcome = Outcome { examined: 1, ..Outcome::default() };
    if values::count(key, seen)? == 0 {
        let sentence =
            format!("{subject} is 0: there is nothing to look at; write `allow empty` if that may be");
        outcome.nothing.push(sentence);
    }
    Ok(outcome)
}

fn observed<'a>(key: &str, seen: &'a Seen) -> Result<&'a Inspected, String> {
    match seen.get(key).map(|o| &o.result) {
        Some(Ok(Observed::Inspected(inspected))) => Ok(inspected),
        Some(Ok(_)) => Err("the observation is not a look at things".to_owned()),
        Some(Err(failure)) => Err(failure.message.clone()),
        None => Err("it was not looked at".to_owned()),
    }
}

/// Things that were looked at one by one.
pub(super) fn inspected(subject: &str, key: &str, seen: &Seen) -> Result<Outcome, String> {
    let inspected = observed(key, seen)?;
    let mut outcome = Outcome {
        examined: inspected.examined,
        total: inspected.broken + inspected.unknown,
        notes: inspected.notes.clone(),
        ..Outcome::default()
    };
    for finding in &inspected.findings {
        let relation =
            if finding.relation.is_empty() { subject.to_owned() } else { finding.relation.clone() };
        outcome.findings.push(crate::finding::Finding { relation, ..finding.clone() });
    }
    for (verdict, count) in [(Verdict::Broken, inspected.broken), (Verdict::Unproven, inspected.unknown)] {
        if count == 0 {
            continue;
        }
        let first = inspected.findings.iter().find(|f| f.verdict == verdict);
        let first = first.map_or("", |f| f.message.as_str());
        let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
        outcome.reasons.push((verdict, format!("{subject}: {first}{more}")));
    }
    if inspected.examined == 0 && outcome.reasons.is_empty() {
        let sentence = format!(
            "{subject}: there are no {} to look at; write `allow empty` if that may be",
            inspected.things
        );
        outcome.nothing.push(sentence);
    }
    Ok(outcome)
}

/// The target of an objective that is a share.
pub(super) fn least_over(least: &BigDecimal, over: i64) -> String {
    format!("{} over {}", Value::Percent(least.clone()), duration_text(over))
}

/// An objective that is a share of what should have happened.
pub(super) fn share(
    (name, measures): (&str, &str),
    (least, over): (&BigDecimal, i64),
    key: &str,
    seen: &Seen,
) -> Outcome {
    let target = least_over(least, over);
    let (verdict, actual, reason) = match observed(key, seen) {
        Err(why) => (Verdict::Unproven, String::new(), why),
        Ok(runs) if runs.examined == 0 => {
            (Verdict::Unproven, String::new(), format!("no {} were expected in this time", runs.things))
        }
        Ok(runs) => {
            let there = runs.examined.saturating_sub(runs.broken);
            let share = BigDecimal::from(there) / BigDecimal::from(runs.examined);
            let shown = plain(
                &(share.clone() * BigDecimal::from(100)).with_scale_round(2, bigdecimal::RoundingMode::Down),
            );
            let actual = format!("{shown}% ({there} of {} {})", runs.examined, runs.things);
            if share >= *least {
                (Verdict::Holds, actual.clone(), format!("{actual} is at least {target}"))
            } else {
                let first = runs.findings.first().map_or("", |f| f.message.as_str());
                let more =
                    if runs.broken > 1 { format!(", and {} more", runs.broken - 1) } else { String::new() };
                (Verdict::Broken, actual.clone(), format!("{actual} is less than {target}: {first}{more}"))
            }
        }
    };
    let mut outcome = match verdict {
        Verdict::Holds => Outcome::default(),
        Verdict::Unproven => Outcome::unproven(format!("{name}: {reason}")),
        _ => found(name, Verdict::Broken, "objective", &reason),
    };
    if let Ok(runs) = observed(key, seen) {
        outcome.examined = runs.examined;
        if verdict == Verdict::Broken {
            outcome.findings.extend(runs.findings.iter().cloned());
            outcome.total += runs.broken;
        }
    }
    for finding in &mut outcome.findings {
        finding.relation = String::new();
    }
    outcome.objective = Some(ObjectiveInfo {
        name: name.to_owned(),
        target,
        measures: measures.to_owned(),
        actual,
        verdict,
        reason,
        beside: Vec::new(),
    });
    outcome
}

/// One statement of a person.
struct Statement<'a> {
    by: &'a str,
    at: Timestamp,
    expires: Option<Timestamp>,
    text: &'a str,
}

fn statement(row: &[Option<String>]) -> Result<Statement<'_>, String> {
    let [by, at, expires, text] = row else { return Err("the observation is not a statement".to_owned()) };
    let instant = |text: &str| text.parse::<Timestamp>().map_err(|_| format!("`{text}` is not an instant"));
    Ok(Statement {
        by: by.as_deref().unwrap_or_default(),
        at: instant(at.as_deref().unwrap_or_default())?,
        expires: expires.as_deref().map(instant).transpose()?,
        text: text.as_deref().unwrap_or_default(),
    })
}

/// Whether somebody said so, and it still counts.
pub(super) fn attested(
    key: &str,
    (check, by): (&str, &str),
    limits: [Option<&Scalar>; 2],
    now: Timestamp,
    seen: &Seen,
) -> Result<Outcome, String> {
    let rows = match seen.get(key).map(|o| &o.result) {
        Some(Ok(Observed::Table { rows, .. })) => rows,
        Some(Ok(_)) => return Err("the observation is not a list of statements".to_owned()),
        Some(Err(failure)) => return Err(failure.message.clone()),
        None => return Err("it was not looked at".to_owned()),
    };
    let mut instants = [None, None];
    for (scalar, instant) in limits.into_iter().zip(&mut instants) {
        *instant = match scalar.map(|s| values::value(s, seen)).transpose()? {
            None => None,
            Some(Value::Time(at)) => Some(at),
            Some(other) => return Err(format!("{other} is not an instant")),
        };
    }
    let [from, to] = instants;
    let mut all = rows.iter().map(|row| statement(row)).collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|s| std::cmp::Reverse(s.at));
    let Some(latest) = all.iter().find(|s| s.by == by) else {
        let Some(other) = all.first() else {
            return Err(format!("nobody has made a statement about `{check}`"));
        };
        return Err(format!("`{check}` is attested by `{}`, and it takes `{by}`", other.by));
    };
    let said = format!("`{by}` said so at {}", latest.at);
    if latest.at > now {
        return Err(format!("{said}, which is in the future of this run ({now})"));
    }
    if let Some(expires) = latest.expires.filter(|expires| *expires <= now) {
        return Ok(found("", Verdict::Broken, "expired", &format!("{said}, and that expired at {expires}")));
    }
    if let Some(from) = from.filter(|from| latest.at < *from) {
        return Ok(found(
            "",
            Verdict::Broken,
            "too_early",
            &format!("{said}, and only what was said from {from} on counts"),
        ));
    }
    if let Some(to) = to.filter(|to| latest.at > *to) {
        return Ok(found("", Verdict::Broken, "too_late", &format!("{said}, which was due by {to}")));
    }
    let text = if latest.text.is_empty() { String::new() } else { format!(": {}", latest.text) };
    Ok(Outcome { examined: 1, notes: vec![format!("{said}{text}")], ..Outcome::default() })
}
