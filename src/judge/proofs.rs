//! One obligation at a time: what the observations say about it.

use super::sources;
use super::values::{self, Seen};
use crate::chain::report::ChainReport;
use crate::facts::{Observed, Tallied};
use crate::finding::{Finding, KeyPart};
use crate::plan::{Obligation, Proof};
use crate::policy::assertion::Returns;
use crate::report::model::ObjectiveInfo;
use crate::verdict::Verdict;

/// What judging one obligation came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Units looked at.
    pub(super) examined: u64,
    /// Counted findings with samples, worst first.
    pub(super) findings: Vec<Finding>,
    /// How many there are in all.
    pub(super) total: u64,
    /// Reasons, each with the verdict it leads to.
    pub(super) reasons: Vec<(Verdict, String)>,
    /// Remarks.
    pub(super) notes: Vec<String>,
    /// The measured figure of an objective, with its name, limit and verdict.
    pub(super) objective: Option<ObjectiveInfo>,
    /// Subjects that hold nothing and were named outright.
    pub(super) empty: Vec<String>,
    /// Subjects that hold nothing and came in by a pattern.
    pub(super) empty_by_pattern: Vec<String>,
    /// Whether a subject that came in by a pattern holds rows.
    pub(super) rows: bool,
    /// Sentences about sources that hold nothing.
    pub(super) nothing: Vec<String>,
    /// Relations with rows that raw SQL reads, nobody knows how many of them.
    pub(super) read: Vec<String>,
}

impl Outcome {
    pub(super) fn unproven(reason: impl Into<String>) -> Self {
        Self { reasons: vec![(Verdict::Unproven, reason.into())], ..Self::default() }
    }

    fn unless_proven(result: Result<Self, String>, subject: &str) -> Self {
        result.unwrap_or_else(|why| {
            if subject.is_empty() { Self::unproven(why) } else { Self::unproven(format!("{subject}: {why}")) }
        })
    }
}

/// Judges one obligation.
pub(super) fn judge(obligation: &Obligation, seen: &Seen) -> Outcome {
    let subject = obligation.subject.as_str();
    if main_key(&obligation.proof)
        .and_then(|key| seen.get(key))
        .is_some_and(|o| matches!(o.result, Ok(Observed::Settled(_))))
    {
        return Outcome::default();
    }
    let result = match &obligation.proof {
        Proof::Unprovable(why) => Ok(Outcome::unproven(why.clone())),
        Proof::Found { verdict, kind, message } => Ok(found(subject, *verdict, kind, message)),
        Proof::Examined { key, strict } => examined(subject, key, *strict, seen),
        Proof::Inhabited { key } => inhabited(subject, key, seen),
        Proof::Decided { key } => decided(key, seen),
        Proof::Tenant { key, tenant } => match values::count(key, seen) {
            Ok(0) => Ok(Outcome::unproven(format!("there is no tenant `{tenant}` in {subject}"))),
            Ok(_) => return Outcome::default(),
            Err(why) => Err(why),
        },
        Proof::Known { key, tenant, of } => match values::count(key, seen) {
            Ok(0) => {
                let message = format!("`{of}` has no tenant `{tenant}`, whose schema this is");
                Ok(found(subject, Verdict::Broken, "orphan_schema", &message))
            }
            Ok(_) => Ok(Outcome { examined: 1, ..Outcome::default() }),
            Err(why) => Err(why),
        },
        Proof::Looked => Ok(Outcome { examined: 1, ..Outcome::default() }),
        Proof::Read { key } => match key.as_ref().map_or(Ok(1), |key| values::count(key, seen)) {
            Ok(0) => Ok(Outcome { empty: vec![subject.to_owned()], ..Outcome::default() }),
            Ok(_) => Ok(Outcome { read: vec![subject.to_owned()], ..Outcome::default() }),
            Err(why) => Err(why),
        },
        Proof::Rows { failing, unknown, show, kind, message, see } => {
            rows(subject, failing, unknown.as_deref(), show, (kind, message, see), seen)
        }
        Proof::Tally { key, kind, message, see } => tally(subject, key, (kind, message, see), seen),
        Proof::Finite { key } => finite(key, seen),
        Proof::Counted { key } => sources::counted(subject, key, seen),
        Proof::Inspected { key } => sources::inspected(subject, key, seen),
        Proof::Attested { key, check, by, from, to, now } => {
            sources::attested(key, (check, by), [from.as_ref(), to.as_ref()], *now, seen)
        }
        Proof::Way { key, until } => super::ways::way(subject, key, until.as_ref(), seen),
        Proof::Share { name, least, over, measures, key } => {
            return sources::share((name, measures), (least, *over), key, seen);
        }
        Proof::Compare { left, op, right } => (|| {
            let (l, r) = (values::value(left, seen)?, values::value(right, seen)?);
            if op.accepts(values::compare(&l, &r)?) {
                return Ok(Outcome::default());
            }
            let because = because([left, right], seen);
            let expected = match name_of(right) {
                Some(name) => format!("{name}, which is {r}"),
                None => r.to_string(),
            };
            let message = format!(
                "{} is {l}, and it should be {} {expected}{because}",
                name_of(left).unwrap_or("the value"),
                op.symbol()
            );
            Ok(found(subject, Verdict::Broken, "comparison", &message))
        })(),
        Proof::Span { name, limit, measured, beside } => {
            return super::objectives::span(name, *limit, measured, beside, seen);
        }
        Proof::Unchanged { .. } | Proof::SameObjects { .. } | Proof::SameLargeObjects { .. } => {
            super::sealed::judge(&obligation.proof, subject, seen)
        }
        Proof::Listed { key, allowed } => super::erased::listed(subject, key, *allowed, seen),
        Proof::Absent { .. } => super::erased::absent(&obligation.proof, subject, seen),
        Proof::Chain { key } => chain(subject, key, seen),
        Proof::Returned { key, returns, see } => returned(key, returns, see, seen),
    };
    Outcome::unless_proven(result, subject)
}

/// What a proof looks at that other observations can settle.
fn main_key(proof: &Proof) -> Option<&str> {
    match proof {
        Proof::Tally { key, .. }
        | Proof::Finite { key }
        | Proof::Compare { left: crate::plan::Scalar::Observed { key, .. }, .. } => Some(key),
        _ => None,
    }
}

/// What people call a value that was observed.
fn name_of(scalar: &crate::plan::Scalar) -> Option<&str> {
    match scalar {
        crate::plan::Scalar::Observed { what, .. } => Some(what),
        crate::plan::Scalar::Coalesce(inner, _) => name_of(inner),
        _ => None,
    }
}

/// What the facts in two values were made of, where they say so, in parentheses.
pub(super) fn because(sides: [&crate::plan::Scalar; 2], seen: &Seen) -> String {
    let mut all = Vec::new();
    for side in sides {
        made_of(side, seen, &mut all);
    }
    if all.is_empty() { String::new() } else { format!(" ({})", all.join("; ")) }
}

fn made_of<'a>(scalar: &crate::plan::Scalar, seen: &'a Seen, all: &mut Vec<&'a str>) {
    use crate::plan::Scalar::{Binary, Coalesce, Literal, Negate, Observed as Fact};
    match scalar {
        Literal(_) => {}
        Negate(inner) | Coalesce(inner, _) => made_of(inner, seen, all),
        Binary(_, left, right) => {
            made_of(left, seen, all);
            made_of(right, seen, all);
        }
        Fact { key, .. } => {
            if let Some(Ok(Observed::Told { because, .. })) = seen.get(key).map(|o| &o.result)
                && !because.is_empty()
                && !all.contains(&because.as_str())
            {
                all.push(because);
            }
        }
    }
}

pub(super) fn found(subject: &str, verdict: Verdict, kind: &str, message: &str) -> Outcome {
    let finding = Finding {
        verdict,
        kind: kind.to_owned(),
        message: message.to_owned(),
        relation: subject.to_owned(),
        key: Vec::new(),
        sql: String::new(),
    };
    let reason = if subject.is_empty() || message.contains(subject) {
        message.to_owned()
    } else {
        format!("{subject}: {message}")
    };
    Outcome { findings: vec![finding], total: 1, reasons: vec![(verdict, reason)], ..Outcome::default() }
}

pub(super) fn examined(subject: &str, key: &str, strict: bool, seen: &Seen) -> Result<Outcome, String> {
    let mut outcome = Outcome { examined: values::count(key, seen)?, ..Outcome::default() };
    outcome.rows = outcome.examined > 0 && !strict;
    if outcome.examined == 0 {
        if strict {
            outcome.empty.push(subject.to_owned());
        } else {
            outcome.empty_by_pattern.push(subject.to_owned());
        }
    }
    Ok(outcome)
}

fn inhabited(subject: &str, key: &str, seen: &Seen) -> Result<Outcome, String> {
    let mut outcome = Outcome { rows: values::count(key, seen)? > 0, ..Outcome::default() };
    if !outcome.rows {
        outcome.empty_by_pattern.push(subject.to_owned());
    }
    Ok(outcome)
}

fn decided(key: &str, seen: &Seen) -> Result<Outcome, String> {
    match values::count(key, seen)? {
        0 => Ok(Outcome::default()),
        n => Err(format!(
            "whether `where` applies cannot be told for {n} {}, because a value is NULL, infinite or not a number; say in \
             the policy what counts then, such as `and COLUMN is not null`",
            if n == 1 { "row" } else { "rows" }
        )),
    }
}

type Words<'a> = (&'a str, &'a str, &'a str);

fn rows(
    subject: &str,
    failing: &str,
    unknown: Option<&str>,
    show: &str,
    words: Words<'_>,
    seen: &Seen,
) -> Result<Outcome, String> {
    let violations = values::count(failing, seen)?;
    let unknown = unknown.map_or(Ok(0), |key| values::count(key, seen))?;
    if violations + unknown == 0 {
        return Ok(Outcome::default());
    }
    let mut sampled = match seen.get(show).map(|o| &o.result) {
        Some(Ok(Observed::Tally(tally))) => tally.clone(),
        // The count stands without samples.
        _ => Tallied::default(),
    };
    sampled.violations = violations;
    sampled.unknown = unknown;
    Ok(counted(subject, &sampled, words))
}

pub(super) fn tally(subject: &str, key: &str, words: Words<'_>, seen: &Seen) -> Result<Outcome, String> {
    match seen.get(key).map(|o| &o.result) {
        Some(Ok(Observed::Tally(tally))) if tally.violations + tally.unknown == 0 => Ok(Outcome::default()),
        Some(Ok(Observed::Tally(tally))) => Ok(counted(subject, tally, words)),
        Some(Ok(_)) => Err("the observation is not a count".to_owned()),
        Some(Err(failure)) => Err(failure.message.clone()),
        None => Err("it was not looked at".to_owned()),
    }
}

/// Counted violations as findings. Samples are listed violations first, as the statements sort them.
fn counted(subject: &str, tally: &Tallied, (kind, message, see): Words<'_>) -> Outcome {
    let mut outcome = Outcome { total: tally.violations + tally.unknown, ..Outcome::default() };
    for (n, sample) in tally.samples.iter().enumerate() {
        let broken = u64::try_from(n).is_ok_and(|n| n < tally.violations);
        outcome.findings.push(Finding {
            verdict: if broken { Verdict::Broken } else { Verdict::Unproven },
            kind: kind.to_owned(),
            message: if broken {
                message.to_owned()
            } else {
                format!("cannot be told, for a NULL, an infinite value or no number, or a tie: {message}")
            },
            relation: subject.to_owned(),
            key: tally
                .columns
                .iter()
                .zip(sample)
                .map(|(column, value)| KeyPart { column: column.clone(), value: value.clone() })
                .collect(),
            sql: see.to_owned(),
        });
    }
    if tally.violations > 0 {
        let sentence = format!("{} in {subject}: {message}", times(tally.violations));
        outcome.reasons.push((Verdict::Broken, sentence));
    }
    if tally.unknown > 0 {
        let sentence = format!(
            "{} in {subject} cannot be told, because a value is NULL, infinite or not a number, or the order has ties",
            times(tally.unknown)
        );
        outcome.reasons.push((Verdict::Unproven, sentence));
    }
    outcome
}

fn times(n: u64) -> String {
    if n == 1 { "1 case".to_owned() } else { format!("{n} cases") }
}

/// NULL is a sum over no rows, or no odd value seen; that nothing was looked at is said elsewhere.
fn finite(key: &str, seen: &Seen) -> Result<Outcome, String> {
    match values::cell(key, seen)? {
        Some(text) if text.parse::<bigdecimal::BigDecimal>().is_err() => {
            Err(format!("a value is `{text}`, and comparisons with it would seem to hold"))
        }
        _ => Ok(Outcome::default()),
    }
}

fn chain(subject: &str, key: &str, seen: &Seen) -> Result<Outcome, String> {
    let report = match seen.get(key).map(|o| &o.result) {
        Some(Ok(Observed::Chain(report))) => report,
        Some(Ok(_)) => return Err("the observation is not a chain".to_owned()),
        Some(Err(failure)) => return Err(failure.message.clone()),
        None => return Err("it was not looked at".to_owned()),
    };
    let mut outcome =
        Outcome { total: report.anomalies_total, notes: report.notes.clone(), ..Outcome::default() };
    let mut kinds: Vec<(String, u64)> = Vec::new();
    for anomaly in &report.anomalies {
        let kind = word(&anomaly.kind);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, n)) => *n += 1,
            None => kinds.push((kind.clone(), 1)),
        }
        let mut key = anomaly.key.clone();
        key.extend(
            anomaly.split.iter().filter(|part| !anomaly.key.iter().any(|k| k.column == part.column)).cloned(),
        );
        outcome.findings.push(Finding {
            verdict: Verdict::Broken,
            kind,
            message: anomaly.message.clone(),
            relation: subject.to_owned(),
            key,
            sql: String::new(),
        });
    }
    if report.anomalies_total > 0 {
        let kinds: Vec<String> = kinds.iter().map(|(kind, n)| format!("{kind} ({n})")).collect();
        let listed =
            if report.anomalies.len() as u64 == report.anomalies_total { "" } else { "among the first, " };
        let sentence =
            format!("{} in {subject}: {listed}{}", times(report.anomalies_total), kinds.join(", "));
        outcome.reasons.push((Verdict::Broken, sentence));
    }
    for gap in &report.undetermined {
        outcome.reasons.push((Verdict::Unproven, format!("{subject}: {}", gap.message)));
        outcome.total += gap.rows;
        for sample in &gap.samples {
            outcome.findings.push(Finding {
                verdict: Verdict::Unproven,
                kind: gap.kind.clone(),
                message: gap.message.clone(),
                relation: subject.to_owned(),
                key: sample.clone(),
                sql: String::new(),
            });
        }
    }
    let accepted = report.links_only + report.unhashed;
    let proven = report.verified + report.by_search + accepted;
    if outcome.reasons.is_empty() && proven != report.rows {
        outcome.reasons.push((
            Verdict::Unproven,
            format!(
                "{subject}: {} of {} rows were neither recomputed nor explained",
                report.rows - proven.min(report.rows),
                report.rows
            ),
        ));
    }
    outcome.notes.extend(accepted_notes(report));
    if report.by_search > 0 {
        outcome.notes.push(format!(
            "{} of {} rows were verified by the declared search, which costs {} of the hash's bits for each",
            report.by_search, report.rows, report.search_bits
        ));
    }
    Ok(outcome)
}

/// What the policy accepts without proof, and which rows which clause stands for.
fn accepted_notes(report: &ChainReport) -> Vec<String> {
    let mut notes = Vec::new();
    let of = |rows: u64| format!("{rows} of {} rows", report.rows);
    if report.links_only > 0 {
        notes.push(format!(
            "{} are linked and were not recomputed, which the policy accepts for them",
            of(report.links_only)
        ));
    }
    if report.unhashed > 0 {
        notes.push(format!(
            "{} have no hash and stand before the first row of their chain that has one, which the policy expects: nothing \
             protects them",
            of(report.unhashed)
        ));
    }
    let levels = &report.levels;
    if report.splits > 1 && (levels.by_search + levels.links_only + levels.doubtful) > 0 {
        notes.push(format!(
            "of {} chains {} are verified, {} by search, {} only linked in part, and in {} something is amiss",
            report.splits, levels.verified, levels.by_search, levels.links_only, levels.doubtful
        ));
    }
    if report.by_way.len() > 1 {
        let ways: Vec<String> =
            report.by_way.iter().enumerate().map(|(n, rows)| format!("clause {}: {rows}", n + 1)).collect();
        notes.push(format!("rows that recompute by each `hash` clause: {}", ways.join(", ")));
    }
    notes
}

/// An anomaly's stable word, as serde writes it.
fn word(kind: &crate::chain::report::AnomalyKind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn returned(key: &str, returns: &Returns, see: &str, seen: &Seen) -> Result<Outcome, String> {
    let (rows, columns, more) = match seen.get(key).map(|o| &o.result) {
        Some(Ok(Observed::Table { rows, columns, more })) => (rows, columns, *more),
        Some(Ok(_)) => return Err("the observation is not rows".to_owned()),
        Some(Err(failure)) => return Err(failure.message.clone()),
        None => return Err("it was not looked at".to_owned()),
    };
    match returns {
        Returns::NoRows => {
            if rows.is_empty() {
                return Ok(Outcome::default());
            }
            let samples = rows.clone();
            let tally = Tallied {
                violations: u64::try_from(rows.len()).unwrap_or(u64::MAX),
                unknown: 0,
                columns: columns.clone(),
                samples,
            };
            let mut outcome = counted("SQL", &tally, ("sql_row", "the statement returned a row", see));
            if more {
                outcome
                    .notes
                    .push(format!("more than {} rows were returned; the rest was not fetched", rows.len()));
            }
            Ok(outcome)
        }
        Returns::Value(expected) => {
            let cell = match (rows.as_slice(), columns.len()) {
                ([row], 1) if !more => row.first().cloned().flatten(),
                _ => {
                    return Err(format!(
                        "the SQL must return one row with one column, and returned {}{} rows with {} columns",
                        if more { "more than " } else { "" },
                        rows.len(),
                        columns.len()
                    ));
                }
            };
            let Some(text) = cell else { return Err("the SQL returned NULL".to_owned()) };
            let actual = values::value_of(&text, expected.ty())?;
            if values::compare(&actual, expected)?.is_eq() {
                return Ok(Outcome::default());
            }
            let mut outcome = found(
                "SQL",
                Verdict::Broken,
                "sql_value",
                &format!("the SQL returned {actual}, and {expected} was expected"),
            );
            if let Some(finding) = outcome.findings.first_mut() {
                finding.sql = see.to_owned();
            }
            Ok(outcome)
        }
    }
}
