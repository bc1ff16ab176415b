//! The report for pull requests and tickets (GitHub-flavoured Markdown), safe against what values contain.

pub(super) mod escape;

use super::controls::{self, Claim};
use super::drilled;
use super::escape as value;
use super::limits;
use super::model::{CheckInfo, Report};
use super::section::{Section, tally};
use super::standing::{Standing, gate_word};
use super::words;
use crate::finding::Finding;
use escape::{code, escape, fenced, link};

/// Renders the report as Markdown.
#[must_use]
pub fn render(report: &Report) -> String {
    let standing = Standing::of(report);
    let mut out = Blocks::default();
    headline(&mut out, report, &standing);
    gates(&mut out, report);
    if !standing.gaps.is_empty() {
        let gaps = standing.gaps.iter();
        let lines = gaps.map(|gap| {
            format!("- **{}** ({}): {}", escape(&gap.subject()), gap.verdict.word(), escape(&gap.reason))
        });
        out.section("Closed for a reason that no check shows", lines.collect::<Vec<_>>().join("\n"));
    }
    in_full(&mut out, report, Section::Broken, "Broken");
    in_full(&mut out, report, Section::Unproven, "Unproven");
    in_full(&mut out, report, Section::Waived, "Waived");
    waivers(&mut out, report);
    in_full(&mut out, report, Section::Recommended, "Recommended, not holding");
    in_brief(&mut out, report, Section::Holds, "Holds");
    in_brief(&mut out, report, Section::Skipped, "Skipped");
    limits(&mut out, report);
    objectives(&mut out, report);
    drill(&mut out, report);
    claims(&mut out, report);
    sources(&mut out, report);
    run(&mut out, report);
    out.0.join("\n\n") + "\n"
}

/// Blocks of Markdown, an empty line between any two.
#[derive(Default)]
struct Blocks(Vec<String>);

impl Blocks {
    fn add(&mut self, block: impl Into<String>) {
        self.0.push(block.into());
    }

    fn section(&mut self, title: &str, body: String) {
        self.add(format!("### {title}"));
        self.add(body);
    }

    fn table(&mut self, title: &str, head: &[&str], rows: Vec<Vec<String>>) {
        if rows.is_empty() {
            return;
        }
        let mut lines =
            vec![format!("| {} |", head.join(" | ")), format!("|{}", " --- |".repeat(head.len()))];
        lines.extend(rows.iter().map(|row| format!("| {} |", row.join(" | "))));
        self.section(title, lines.join("\n"));
    }
}

fn headline(out: &mut Blocks, report: &Report, standing: &Standing) {
    let policy = &report.policy;
    let name = if policy.title.is_empty() {
        escape(&policy.name)
    } else {
        format!("{}: {}", escape(&policy.name), escape(&policy.title))
    };
    out.add(format!("## {}: {name}", standing.word()));
    out.add(format!("**{}**\n{}", escape(&standing.conclusion(report)), tally(report)));
    if report.run.replayed {
        out.add("**Replay:** facts were read from a file; nothing was looked at in this run.");
    }
}

fn gates(out: &mut Blocks, report: &Report) {
    let rows = report.gates.iter().map(|gate| {
        let word = gate_word(gate.verdict);
        let word = if gate.verdict.opens() { word.to_lowercase() } else { format!("**{word}**") };
        vec![word, code(&gate.id), gate.verdict.word().to_string(), escape(&gate.title), escape(&gate.reason)]
    });
    out.table("Gates", &["", "gate", "verdict", "title", "why"], rows.collect());
}

fn in_full(out: &mut Blocks, report: &Report, section: Section, title: &str) {
    let checks = section.checks(report);
    if checks.is_empty() {
        return;
    }
    out.add(format!("### {title} ({})", checks.len()));
    for check in checks {
        out.add(one(check));
    }
}

fn one(check: &CheckInfo) -> String {
    let mut lines =
        vec![format!("**{}** ({}) {}", code(&check.id), check.verdict.word(), escape(&check.title))];
    lines.push(format!("- why: {}", escape(&check.reason)));
    let at = format!("{}:{}", check.location.file, check.location.line.max(1));
    lines.push(format!("- policy: {}, gate {}: {}", code(&at), code(&check.gate), code(&check.assertion)));
    if check.rows_examined > 0 {
        lines.push(format!("- examined: {}", words::grouped(check.rows_examined)));
    }
    if !check.controls.is_empty() {
        lines.push(format!("- controls: {}", escape(&check.controls.join(", "))));
    }
    lines.extend(check.runbook.iter().map(|runbook| format!("- runbook: {}", link(runbook))));
    lines.extend(findings(check));
    lines.join("\n")
}

fn findings(check: &CheckInfo) -> Vec<String> {
    let said = words::findings(check.findings.len(), check.findings_total);
    let mut lines = Vec::new();
    if !said.is_empty() {
        lines.push(format!("- found: {said}"));
    }
    let mut shown = "";
    for finding in &check.findings {
        lines.push(format!("  - {}", one_finding(finding)));
        // The same statement under every finding would bury the keys.
        if !finding.sql.is_empty() && finding.sql != shown {
            shown = &finding.sql;
            lines.push(
                fenced(&finding.sql).lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"),
            );
        }
    }
    lines
}

fn one_finding(finding: &Finding) -> String {
    let key = value::key(&finding.key, true);
    let mut parts = vec![format!("{} ({})", escape(&finding.kind), finding.verdict.word())];
    parts
        .extend([&finding.relation, &key].into_iter().filter(|part| !part.is_empty()).map(|part| code(part)));
    format!("{}: {}", parts.join(" "), escape(&finding.message))
}

fn in_brief(out: &mut Blocks, report: &Report, section: Section, title: &str) {
    let checks = section.checks(report);
    let rows = checks.iter().map(|check| {
        let found: String =
            findings(check).iter().map(|line| format!(" {}", line.trim().replace('\n', " "))).collect();
        vec![
            code(&check.id),
            check.verdict.word().to_string(),
            words::grouped(check.rows_examined),
            escape(if check.title.is_empty() { &check.assertion } else { &check.title }),
            escape(&check.reason) + &found,
        ]
    });
    let title = format!("{title} ({})", checks.len());
    out.table(&title, &["check", "verdict", "examined", "what", "why"], rows.collect());
}

fn waivers(out: &mut Blocks, report: &Report) {
    let rows = report.waivers.iter().map(|waiver| {
        let (state, advice) = words::waiver_state(waiver.state);
        vec![
            state.to_string(),
            code(&waiver.check),
            waiver.until.clone(),
            escape(&waiver.owner),
            escape(&waiver.reason),
            advice.to_string(),
        ]
    });
    out.table("Waivers", &["state", "check", "until", "owner", "reason", ""], rows.collect());
}

fn limits(out: &mut Blocks, report: &Report) {
    let lines: Vec<String> = limits::limits(report)
        .into_iter()
        .map(|limit| {
            let about: Vec<String> = limit.about.iter().map(|name| code(name)).collect();
            let lead = if about.is_empty() { String::new() } else { format!("{}: ", about.join(", ")) };
            format!("- {lead}{}", escape(limit.note))
        })
        .collect();
    if !lines.is_empty() {
        out.section("Limits of what was proven", lines.join("\n"));
    }
}

fn objectives(out: &mut Blocks, report: &Report) {
    let known = |actual: &str| escape(if actual.is_empty() { "not measured" } else { actual });
    let rows = report.objectives.iter().flat_map(|objective| {
        let own = vec![
            escape(&objective.name),
            objective.verdict.word().to_string(),
            escape(&objective.target),
            known(&objective.actual),
            code(&objective.measures),
            escape(&objective.reason),
        ];
        let beside = objective.beside.iter().map(|figure| {
            vec![
                format!("{}, beside it: {}", escape(&objective.name), escape(&figure.name)),
                format!("decides nothing ({})", figure.verdict.word()),
                String::new(),
                known(&figure.actual),
                code(&figure.measures),
                escape(&figure.reason),
            ]
        });
        std::iter::once(own).chain(beside).collect::<Vec<_>>()
    });
    let head = ["objective", "verdict", "target", "actual", "of", "why"];
    out.table("Objectives", &head, rows.collect());
}

fn drill(out: &mut Blocks, report: &Report) {
    let Some(drill) = &report.drill else { return };
    let phases = drill
        .phases
        .iter()
        .map(|phase| vec![code(&phase.name), drilled::took(phase.took_ms), escape(&phase.expected)]);
    out.table("Drill", &["phase", "took", "expected"], phases.collect());
    let facts = drilled::facts(drill).into_iter().map(|(name, value)| vec![code(name), escape(&value)]);
    out.table("What was restored", &["", ""], facts.collect());
}

fn claims(out: &mut Blocks, report: &Report) {
    let list = |ids: &[&str]| ids.iter().map(|id| code(id)).collect::<Vec<_>>().join(" ");
    let rows = controls::matrix(report).into_iter().map(|row| {
        let claim = row.claim.word();
        let claim = if row.claim == Claim::Held { claim.to_owned() } else { format!("**{claim}**") };
        vec![escape(row.control), claim, list(&row.held), list(&row.broken), list(&row.untested)]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let head = ["control", "claim", "checks held", "checks broken", "checks not tested"];
    out.table("Controls", &head, rows);
    out.add(controls::SUPPORTS);
    let rest: Vec<&str> = controls::unclaimed(report).iter().map(|check| check.id.as_str()).collect();
    if !rest.is_empty() {
        out.add(format!("Nothing claimed: these checks name no control: {}", list(&rest)));
    }
}

fn sources(out: &mut Blocks, report: &Report) {
    let rows = report.sources.iter().map(|source| {
        let facts: Vec<String> =
            source.facts.iter().map(|fact| format!("{} {}", fact.name, fact.value)).collect();
        let reached = if source.reached { "reached" } else { "**not reached**" };
        vec![
            code(&source.name),
            escape(&source.kind),
            code(&source.address),
            reached.to_string(),
            escape(&facts.join("; ")),
        ]
    });
    out.table("Sources", &["source", "kind", "address", "", "facts"], rows.collect());
}

fn run(out: &mut Blocks, report: &Report) {
    let run = &report.run;
    let owner = &report.policy.owner;
    let owner = if owner.is_empty() { String::new() } else { format!(", owner {}", escape(owner)) };
    let mut line = format!(
        "run {}, {} to {}, now {}, holdtrue {}, policy {}{owner}",
        code(&run.id),
        escape(&run.started),
        escape(&run.finished),
        escape(&run.now),
        escape(&run.version),
        code(&report.policy.digest),
    );
    for parameter in &run.parameters {
        line.push_str(&format!(", {}", code(&format!("${} = {}", parameter.name, parameter.value))));
    }
    out.section("Run", line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_row_of_a_table_has_the_columns_of_its_head() {
        let text = render(&fixture::rich());
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let mut columns = 0;
        let mut tables = 0;
        for line in text.lines() {
            if !line.starts_with('|') {
                columns = 0;
            } else if columns == 0 {
                columns = cells(line);
                tables += 1;
            } else {
                assert_eq!(cells(line), columns, "{line}");
            }
        }
        assert_eq!(tables, 7, "gates, waivers, holds, skipped, objectives, controls, sources");
    }

    #[test]
    fn the_headline_is_the_verdict() {
        assert!(
            render(&fixture::rich())
                .starts_with("## CLOSED: tala: TALA disaster recovery\n\n**broken, exit status 1")
        );
        assert!(render(&fixture::clean()).starts_with("## OPEN: tala"));
        assert!(render(&fixture::empty()).starts_with("## CLOSED: tala"));
    }
}
