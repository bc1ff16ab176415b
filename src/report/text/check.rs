//! One check on the page: in full when something is to be done about it, in a line or two when not.

use super::page::Page;
use crate::finding::Finding;
use crate::report::escape;
use crate::report::model::{CheckInfo, Level};
use crate::report::style::Paint;
use crate::report::words;
use crate::verdict::Verdict;

/// Where the words `why`, `found`, `policy` stand, and where what follows them starts.
const LABEL: usize = 4;
const BODY: usize = 14;

/// Everything about one check.
pub(super) fn in_full(page: &mut Page<'_>, paint: Paint, check: &CheckInfo) {
    let word = check.verdict.word();
    page.blank();
    page.hang(2, paint, &format!("{} ({word})", check.id), BODY, &check.title);
    page.hang(LABEL, Paint::Plain, "why", BODY, &check.reason);
    if check.rows_examined > 0 {
        // Rows, groups or keys: the reason says which, so no noun is claimed here.
        let examined =
            format!("{} in {}", words::grouped(check.rows_examined), words::spent(check.duration_ms));
        page.hang(LABEL, Paint::Plain, "examined", BODY, &examined);
    }
    findings(page, check);
    if let Some(runbook) = &check.runbook {
        page.hang(LABEL, Paint::Plain, "runbook", BODY, runbook);
    }
    if !check.controls.is_empty() {
        page.hang(LABEL, Paint::Plain, "controls", BODY, &check.controls.join(", "));
    }
    page.hang(LABEL, Paint::Plain, "policy", BODY, &place(check));
}

/// From how many checks on it is shorter to list them under what they have in common.
const SEVERAL: usize = 3;

/// The checks in their order, those together of which nothing was looked at for one and the same reason: a server that cannot be
/// reached would otherwise say so once for every check.
pub(super) fn for_one_reason<'a>(checks: &[&'a CheckInfo]) -> Vec<Vec<&'a CheckInfo>> {
    let bare = |check: &CheckInfo| check.rows_examined == 0 && check.findings_total == 0;
    let alike = |one: &CheckInfo, other: &CheckInfo| {
        bare(one)
            && bare(other)
            && (one.verdict, &one.reason, &one.runbook) == (other.verdict, &other.reason, &other.runbook)
    };
    let mut groups: Vec<Vec<&CheckInfo>> = Vec::new();
    for check in checks {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| alike(first, check))) {
            Some(group) => group.push(check),
            None => groups.push(vec![check]),
        }
    }
    let few = |group: Vec<&'a CheckInfo>| {
        if group.len() < SEVERAL { group.into_iter().map(|check| vec![check]).collect() } else { vec![group] }
    };
    groups.into_iter().flat_map(few).collect()
}

/// Several checks of which one thing is to be said.
pub(super) fn together(page: &mut Page<'_>, paint: Paint, checks: &[&CheckInfo]) {
    let Some(first) = checks.first() else { return };
    page.blank();
    page.hang(2, paint, &format!("{} checks ({})", checks.len(), first.verdict.word()), BODY, "");
    page.hang(LABEL, Paint::Plain, "why", BODY, &first.reason);
    let width = checks.iter().map(|check| check.id.chars().count()).max().unwrap_or(0).min(32);
    for (at, check) in checks.iter().enumerate() {
        let lead = if at == 0 { format!("{:<10}", "checks") } else { " ".repeat(10) };
        let what = if check.title.is_empty() { &check.assertion } else { &check.title };
        let body = BODY + width + 2;
        page.hang(LABEL, Paint::Plain, &format!("{lead}{:<width$}", check.id), body, what);
    }
    if let Some(runbook) = &first.runbook {
        page.hang(LABEL, Paint::Plain, "runbook", BODY, runbook);
    }
    let controls = once(checks.iter().flat_map(|check| check.controls.clone()));
    if !controls.is_empty() {
        page.hang(LABEL, Paint::Plain, "controls", BODY, &controls.join(", "));
    }
    for (at, place) in once(checks.iter().map(|check| gate_of(check))).iter().enumerate() {
        let (indent, lead) = if at == 0 { (LABEL, "policy") } else { (BODY, "") };
        page.hang(indent, Paint::Plain, lead, BODY, place);
    }
}

/// Each of them once, in the order in which they come first.
fn once(all: impl Iterator<Item = String>) -> Vec<String> {
    all.fold(Vec::new(), |mut known, one| {
        if !known.contains(&one) {
            known.push(one);
        }
        known
    })
}

/// `file:line, gate NAME`.
fn gate_of(check: &CheckInfo) -> String {
    let place = &check.location;
    format!("{}:{}, gate {}", place.file, place.line.max(1), check.gate)
}

/// `file:line in gate: assertion`.
fn place(check: &CheckInfo) -> String {
    let at = gate_of(check);
    if check.assertion.is_empty() { at } else { format!("{at}: {}", check.assertion) }
}

/// The findings of a check, and how many more there are than listed.
pub(super) fn findings(page: &mut Page<'_>, check: &CheckInfo) {
    let said = words::findings(check.findings.len(), check.findings_total);
    if said.is_empty() {
        return;
    }
    // Many findings often differ in their keys alone; what they share is then written once.
    let same_message = match check.findings.split_first() {
        Some((first, rest))
            if !rest.is_empty() && rest.iter().all(|other| other.message == first.message) =>
        {
            Some(first.message.as_str())
        }
        _ => None,
    };
    let said = match same_message {
        Some(message) if !check.reason.contains(message) => format!("{said}, each: {message}"),
        _ => said,
    };
    page.hang(LABEL, Paint::Plain, "found", BODY, &said);
    // One statement usually shows every finding of a check; it is then written once, after them.
    let shared = match check.findings.split_first() {
        Some((first, rest)) if !first.sql.is_empty() && rest.iter().all(|other| other.sql == first.sql) => {
            Some(first.sql.as_str())
        }
        _ => None,
    };
    // Where statements differ, each is written with the last finding that it shows.
    for (at, finding) in check.findings.iter().enumerate() {
        let again = check.findings.get(at + 1).is_some_and(|next| next.sql == finding.sql);
        one(page, at + 1, finding, same_message.is_none(), shared.is_none() && !again);
    }
    if let Some(sql) = shared {
        page.verbatim(LABEL, "see it", BODY, sql);
    }
}

fn one(page: &mut Page<'_>, number: usize, finding: &Finding, with_message: bool, with_sql: bool) {
    let key = escape::brief_key(&finding.key, page.unicode());
    let kind = format!("{} ({})", finding.kind, finding.verdict.word());
    let head = if finding.relation.is_empty() { kind } else { format!("{kind} in {}", finding.relation) };
    let lead = format!("{number:>7}.");
    if key.is_empty() || !page.fits(BODY, &[&head, &key]) {
        page.hang(LABEL, Paint::Plain, &lead, BODY, &head);
        page.whole(BODY, &key);
    } else {
        page.whole(LABEL, &format!("{lead}  {head}  {key}"));
    }
    if with_message {
        page.hang(BODY, Paint::Plain, "", BODY, &finding.message);
    }
    if with_sql && !finding.sql.is_empty() {
        page.verbatim(BODY, "", BODY, &finding.sql);
    }
}

/// Checks that need no action, in columns: id, how much was examined, what holds and why.
pub(super) fn in_brief(page: &mut Page<'_>, paint: Paint, checks: &[&CheckInfo]) {
    let id_width = checks.iter().map(|check| check.id.chars().count()).max().unwrap_or(0).min(24);
    let rows: Vec<String> = checks.iter().map(|check| rows_of(check)).collect();
    let rows_width = rows.iter().map(String::len).max().unwrap_or(0);
    for (check, rows) in checks.iter().zip(&rows) {
        let gap = if rows_width == 0 { "" } else { "  " };
        let lead = format!("{:<id_width$}{gap}{rows:>rows_width$}", check.id);
        let recommended = match check.level {
            Level::Require => "",
            Level::Recommend => " (recommended)",
        };
        let what = [check.title.as_str(), check.assertion.as_str()].into_iter().find(|text| !text.is_empty());
        let why = if check.verdict == Verdict::Holds { String::new() } else { format!(": {}", check.reason) };
        let text = format!("{}{recommended}{why}", what.unwrap_or("it is so"));
        page.hang(2, paint, &lead, 4 + id_width + gap.len() + rows_width, &text);
        findings(page, check);
    }
}

fn rows_of(check: &CheckInfo) -> String {
    if check.rows_examined == 0 {
        String::new()
    } else {
        format!("{} examined", words::grouped(check.rows_examined))
    }
}
