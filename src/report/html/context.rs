//! What stands around the checks: gates, objectives, controls, waivers, limits, sources, the run.

use super::check::link_to;
use super::markup::{Markup, code, element, fixed, pairs, simple, table, text};
use super::verdict;
use crate::report::controls::{self, Claim};
use crate::report::drilled;
use crate::report::limits;
use crate::report::model::{Report, SourceInfo, WaiverState};
use crate::report::standing::{Standing, gate_word};
use crate::report::words;
use crate::verdict::Verdict;

pub(super) fn gates(report: &Report) -> Markup {
    let rows = report.gates.iter().map(|gate| {
        let class = if gate.verdict.opens() { "yes" } else { "no" };
        let state = element("strong", &[("class", class)], text(gate_word(gate.verdict)));
        vec![code(&gate.id), state, verdict(gate.verdict), text(&gate.title), text(&gate.reason)]
    });
    table("Selected gates", &["gate", "state", "verdict", "title", "why"], rows.collect())
}

pub(super) fn gaps(standing: &Standing) -> Markup {
    let one = |gap: &crate::report::standing::Gap| {
        let lead = simple("strong", &gap.subject()).and(text(" ")).and(verdict(gap.verdict));
        element("li", &[], lead.and(text(&format!(": {}", gap.reason))))
    };
    let all: Markup = standing.gaps.iter().map(one).collect();
    if all.is_empty() { all } else { element("ul", &[], all) }
}

/// What could not be looked at, did not apply, or lies beyond the proof.
pub(super) fn not_checked(report: &Report) -> Markup {
    let checks = report.checks.iter().filter(|c| matches!(c.verdict, Verdict::Unproven | Verdict::Skipped));
    let rows = checks.map(|check| vec![link_to(&check.id), verdict(check.verdict), text(&check.reason)]);
    let list =
        table("Checks that are unproven or did not apply", &["check", "verdict", "why"], rows.collect());
    let one = |limit: limits::Limit<'_>| {
        let about: Vec<Markup> = limit.about.iter().map(|name| code(name).and(text(" "))).collect();
        let about = if about.is_empty() { text("this run ") } else { about.into_iter().collect() };
        element("li", &[], about.and(text(limit.note)))
    };
    let limits: Markup = limits::limits(report).into_iter().map(one).collect();
    if limits.is_empty() {
        return list;
    }
    list.and(simple("h3", "Limits of what was proven")).and(element("ul", &[], limits))
}

pub(super) fn objectives(report: &Report) -> Markup {
    let measured = |actual: &str| if actual.is_empty() { text("not measured") } else { text(actual) };
    let rows = report.objectives.iter().flat_map(|objective| {
        let own = vec![
            code(&objective.name),
            text(&objective.target),
            measured(&objective.actual),
            code(&objective.measures),
            verdict(objective.verdict),
            text(&objective.reason),
        ];
        let beside = objective.beside.iter().map(|figure| {
            vec![
                code(&objective.name).and(text(", beside it: ")).and(text(&figure.name)),
                text(""),
                measured(&figure.actual),
                code(&figure.measures),
                text("decides nothing; ").and(verdict(figure.verdict)),
                text(&figure.reason),
            ]
        });
        std::iter::once(own).chain(beside).collect::<Vec<_>>()
    });
    table(
        "Targets and measured figures",
        &["objective", "target", "measured", "of", "verdict", "why"],
        rows.collect(),
    )
}

pub(super) fn drill(report: &Report) -> Markup {
    let Some(drill) = &report.drill else { return std::iter::empty::<Markup>().collect() };
    let phases = drill
        .phases
        .iter()
        .map(|phase| vec![code(&phase.name), text(&drilled::took(phase.took_ms)), text(&phase.expected)]);
    let facts = drilled::facts(drill);
    let facts = facts.iter().map(|(name, value)| (*name, text(value)));
    table("Phases of the drill", &["phase", "took", "expected"], phases.collect()).and(pairs(facts.collect()))
}

pub(super) fn controls(report: &Report) -> Markup {
    let list = |ids: &[&str]| match ids {
        [] => fixed("<span class=\"soft\">none</span>"),
        ids => ids.iter().map(|id| linked(report, id).and(text(" "))).collect(),
    };
    let rows: Vec<Vec<Markup>> = controls::matrix(report)
        .into_iter()
        .map(|row| {
            let (class, mark) = match row.claim {
                Claim::Held => ("v held", "✓ "),
                Claim::Broken => ("v broken", "✗ "),
                Claim::Waived => ("v waived", "✗ "),
                Claim::NotTested => ("v unproven", "? "),
            };
            let claim = text(mark).and(text(row.claim.word()));
            let claim = element("strong", &[("class", class)], claim);
            vec![code(row.control), claim, list(&row.held), list(&row.broken), list(&row.untested)]
        })
        .collect();
    if rows.is_empty() {
        return rows.into_iter().flatten().collect();
    }
    let head = ["control", "claim", "checks held", "checks broken", "checks not tested"];
    let matrix = simple("p", controls::SUPPORTS).and(table("Controls and their checks", &head, rows));
    let rest = controls::unclaimed(report);
    if rest.is_empty() {
        return matrix;
    }
    let ids: Vec<&str> = rest.iter().map(|check| check.id.as_str()).collect();
    let lead = fixed("<strong>Nothing claimed:</strong> these checks name no control: ");
    matrix.and(element("p", &[], lead.and(list(&ids))))
}

/// A link to a check, if the report has it.
fn linked(report: &Report, id: &str) -> Markup {
    if report.checks.iter().any(|check| check.id == id) { link_to(id) } else { code(id) }
}

pub(super) fn waivers(report: &Report) -> Markup {
    let rows = report.waivers.iter().map(|waiver| {
        let (state, advice) = words::waiver_state(waiver.state);
        let class = match waiver.state {
            WaiverState::Used | WaiverState::Expired => "doubt",
            WaiverState::Needless | WaiverState::NotApplicable | WaiverState::NotSelected => "soft",
        };
        vec![
            linked(report, &waiver.check),
            element("strong", &[("class", class)], text(state)).and(text(&format!(": {advice}"))),
            text(&format!("{}, 24:00 UTC", waiver.until)),
            text(&waiver.owner),
            text(&waiver.reason),
        ]
    });
    table("Waivers of the policy", &["check", "state", "ends", "owner", "reason"], rows.collect())
}

pub(super) fn sources(report: &Report) -> Markup {
    report.sources.iter().map(source).collect()
}

fn source(source: &SourceInfo) -> Markup {
    let (class, word) = if source.reached { ("yes", "reached") } else { ("no", "not reached") };
    let reached = element("strong", &[("class", class)], text(word));
    let mut all = vec![("state", reached), ("kind", text(&source.kind)), ("address", code(&source.address))];
    all.extend(source.facts.iter().map(|fact| (fact.name.as_str(), text(&fact.value))));
    all.extend(source.notes.iter().map(|note| ("remark", text(note))));
    element("article", &[], element("h3", &[], code(&source.name)).and(pairs(all)))
}

pub(super) fn run(report: &Report) -> Markup {
    let run = &report.run;
    let looked = if run.replayed {
        "kept facts were judged again; nothing was looked at"
    } else {
        "the sources themselves"
    };
    let mut all = vec![
        ("run", code(&run.id)),
        ("started", text(&run.started)),
        ("finished", text(&run.finished)),
        ("now meant", text(&run.now)),
        ("looked at", text(looked)),
        ("holdtrue", text(&run.version)),
        ("policy", code(&report.policy.name)),
        ("policy digest", code(&report.policy.digest)),
    ];
    if !report.policy.owner.is_empty() {
        all.push(("policy owner", text(&report.policy.owner)));
    }
    all.extend(run.seed.iter().map(|seed| ("seed", code(seed))));
    let parameters = run.parameters.iter();
    all.extend(parameters.map(|p| ("parameter", code(&format!("${} = {}", p.name, p.value)))));
    pairs(all)
}

/// How a reader comes to the same report.
pub(super) fn again(report: &Report) -> Markup {
    let mut files: Vec<&str> = report.checks.iter().map(|check| check.location.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    let policy = match files.as_slice() {
        [one] => quoted(one),
        // Which of them was named and which was included is not known here.
        _ => "POLICY".to_owned(),
    };
    let set = |p: &crate::report::model::ParameterInfo| {
        format!(" --set {}", quoted(&format!("{}={}", p.name, bare(&p.value))))
    };
    let sets: String = report.run.parameters.iter().filter(|p| !p.value.is_empty()).map(set).collect();
    let command = format!("holdtrue verify {policy}{sets} --format json");
    element("pre", &[], element("code", &[], text(&command))).and(element(
        "p",
        &[],
        fixed("Compare <code>policy.digest</code> with the digest below: with the same digest the same was asked, with the same \
               text of the policy and the same parameters. The sources are as they are then, so verdicts may differ where \
               the data did. Options that narrow a run are among the limits above.\n"),
    ))
}

/// A value as `--set` takes it: text without the quotes that the language writes around it.
fn bare(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/=:+,@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_quoted_for_a_shell() {
        assert_eq!(quoted("policies/tala.hold"), "policies/tala.hold");
        assert_eq!(quoted("who=it's $me"), "'who=it'\\''s $me'");
        assert_eq!((bare("\"it's\""), bare("4h"), bare("\"\"x\"\"")), ("it's", "4h", "\"x\""));
    }
}
