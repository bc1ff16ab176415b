//! One check with everything it found.

use super::markup::{Markup, code, element, fixed, lines, pairs, simple, table, text};
use super::{level, link, verdict};
use crate::finding::Finding;
use crate::report::escape;
use crate::report::model::{CheckInfo, Report};
use crate::report::section::covering;
use crate::report::words;

/// The anchor of a check on the page.
pub(super) fn anchor(id: &str) -> String {
    format!("check-{id}")
}

/// A link to where a check stands on the page.
pub(super) fn link_to(id: &str) -> Markup {
    element("a", &[("href", &format!("#{}", anchor(id)))], code(id))
}

/// Everything about one check.
pub(super) fn in_full(report: &Report, check: &CheckInfo) -> Markup {
    let heading = code(&check.id).and(text(" ")).and(verdict(check.verdict));
    let heading =
        if check.title.is_empty() { heading } else { heading.and(text(&format!(" {}", check.title))) };
    let place = format!("{}:{}", check.location.file, check.location.line.max(1));
    let mut all = vec![
        ("why", text(&check.reason)),
        ("asked", code(&check.assertion)),
        ("gate", code(&check.gate).and(text(&format!(", {}", level(check.level))))),
        ("policy", code(&place)),
    ];
    if check.rows_examined > 0 {
        let examined =
            format!("{} in {}", words::grouped(check.rows_examined), words::spent(check.duration_ms));
        all.push(("examined", text(&examined)));
    }
    if !check.controls.is_empty() {
        all.push(("controls", text(&check.controls.join(", "))));
    }
    for waiver in covering(report, check) {
        let by = format!("until {}, {}: {}", waiver.until, waiver.owner, waiver.reason);
        all.push(("waiver", text(&by)));
    }
    all.extend(check.runbook.iter().map(|runbook| ("runbook", link(runbook))));
    all.extend(check.notes.iter().map(|note| ("limit", text(note))));
    let class = format!("is-{}", check.verdict.word());
    let inside = element("h3", &[], heading).and(pairs(all)).and(findings(check));
    element("article", &[("class", &class), ("id", &anchor(&check.id))], inside)
}

fn findings(check: &CheckInfo) -> Markup {
    let said = words::findings(check.findings.len(), check.findings_total);
    if said.is_empty() {
        return Markup::default();
    }
    let rows = check.findings.iter().enumerate().map(|(at, finding)| row(at + 1, finding)).collect();
    let caption = format!("{}: {said}", check.id);
    let head = ["#", "finding", "key", "relation", "what was seen"];
    // The same statement usually shows every finding of a check.
    let mut statements: Vec<&str> = Vec::new();
    for finding in check.findings.iter().filter(|finding| !finding.sql.is_empty()) {
        if !statements.contains(&finding.sql.as_str()) {
            statements.push(&finding.sql);
        }
    }
    let see = statements.into_iter().map(|sql| {
        fixed("<p class=\"soft\">To see it:</p>\n").and(element("pre", &[], element("code", &[], lines(sql))))
    });
    let list = table(&caption, &head, rows);
    let list = if list.is_empty() { simple("p", &said) } else { list };
    list.and(see.collect())
}

fn row(number: usize, finding: &Finding) -> Vec<Markup> {
    vec![
        text(&number.to_string()),
        text(&format!("{} ", finding.kind)).and(verdict(finding.verdict)),
        element("code", &[("class", "key")], text(&escape::key(&finding.key, true))),
        text(&finding.relation),
        text(&finding.message),
    ]
}
