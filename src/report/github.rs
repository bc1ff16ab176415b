//! Workflow commands for the log of a GitHub Actions step.
//!
//! ```text
//! ::error file=dr.hold,line=61,col=3,title=balanced is broken::2 of 9 entries do not balance%0A...
//! ```
//!
//! The runner shows ten annotations of a kind per step and drops the rest without a word. So at most ten of each
//! are written, the log says how many more there are, and the whole report follows in a group.

use std::fmt::Write as _;

use super::escape;
use super::model::{CheckInfo, Report};
use super::section::Section;
use super::standing::Standing;
use super::style::Style;
use super::text;
use super::words;

/// Annotations of one kind that a step may have.
const SHOWN: usize = 10;

/// Renders the report as workflow commands, followed by the whole of it as text in a group.
#[must_use]
pub fn render(report: &Report) -> String {
    let standing = Standing::of(report);
    let mut errors: Vec<String> =
        Section::Broken.checks(report).into_iter().map(|check| annotation("error", check)).collect();
    errors.extend(standing.gaps.iter().map(|gap| {
        let title = property(&format!("{} is {}", gap.subject(), gap.verdict.word()));
        format!("::error title={title}::{}", data(&gap.reason))
    }));
    errors.extend(Section::Unproven.checks(report).into_iter().map(|check| annotation("error", check)));
    let of = |section: Section, command| {
        section.checks(report).into_iter().map(|check| annotation(command, check)).collect::<Vec<_>>()
    };
    let mut out = String::new();
    push(&mut out, "error", &errors);
    push(&mut out, "warning", &of(Section::Recommended, "warning"));
    push(&mut out, "notice", &of(Section::Waived, "notice"));
    out.push_str("::group::holdtrue: the whole report\n");
    let style = Style { colour: false, unicode: true, ..Style::default() };
    for line in text::render(report, &style).lines() {
        out.push_str(&plain(line));
        out.push('\n');
    }
    out.push_str("::endgroup::\n");
    let last = format!("{}  {}", standing.word(), standing.conclusion(report));
    out.push_str(&plain(&last));
    out.push('\n');
    out
}

fn push(out: &mut String, command: &str, annotations: &[String]) {
    for line in annotations.iter().take(SHOWN) {
        out.push_str(line);
        out.push('\n');
    }
    let more = annotations.len().saturating_sub(SHOWN);
    if more > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{} more in the report below", words::count(words::len(more), command));
    }
}

fn annotation(command: &str, check: &CheckInfo) -> String {
    let place = &check.location;
    let title = property(&format!("{} is {}", check.id, check.verdict.word()));
    let at = format!(
        "file={},line={},col={}",
        property(&place.file.replace('\\', "/")),
        place.line.max(1),
        place.column.max(1)
    );
    format!("::{command} {at},title={title}::{}", message(check))
}

fn message(check: &CheckInfo) -> String {
    let mut lines = Vec::new();
    if !check.title.is_empty() {
        lines.push(check.title.clone());
    }
    lines.push(check.reason.clone());
    let said = words::findings(check.findings.len(), check.findings_total);
    if !said.is_empty() {
        lines.push(said);
    }
    for finding in &check.findings {
        let parts = [&finding.kind, &finding.relation, &escape::key(&finding.key, true), &finding.message];
        lines.push(parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("  "));
    }
    lines.extend(check.runbook.iter().map(|runbook| format!("runbook: {runbook}")));
    // Each line is made safe by itself; only the breaks between them become %0A.
    lines.iter().map(|line| data(line)).collect::<Vec<_>>().join("%0A")
}

/// The message of a command: hidden characters escaped, and what the runner decodes.
fn data(text: &str) -> String {
    escape::visible(text, true).replace('%', "%25")
}

/// A property of a command, which also ends at `,` and `:`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A line of the log that the runner cannot take for a command: `::` at its start (SQL may begin a line with a
/// cast) or the old form `##[...]` anywhere in it.
fn plain(line: &str) -> String {
    let start = line.trim_start();
    let line = match start.strip_prefix("::") {
        Some(rest) => {
            let indent = line.strip_suffix(start).unwrap_or_default();
            format!("{indent}\\u003A:{rest}")
        }
        None => line.to_string(),
    };
    line.replace("##[", "#\\u0023[")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::verdict::Verdict;

    /// What the runner shows: commands decoded, everything else with its escapes read.
    pub(in crate::report) fn shown(log: &str) -> String {
        let decode = |line: &str| {
            if line.starts_with("::") {
                line.replace("%3A", ":").replace("%2C", ",").replace("%0A", "\n").replace("%25", "%")
            } else {
                line.replace("#\\u0023[", "##[")
            }
        };
        log.lines().map(decode).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn only_our_own_commands_are_commands() {
        let text = render(&fixture::rich());
        let commands: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("::")).collect();
        let kinds: Vec<&str> = commands
            .iter()
            .map(|line| line.trim_start_matches(':').split([' ', ':']).next().unwrap())
            .collect();
        let expected = [
            "error", "error", "error", "error", "error", "warning", "warning", "notice", "group", "endgroup",
        ];
        assert_eq!(kinds, expected);
        assert!(
            text.contains("\\u003A:numeric <> sum(credit)"),
            "a cast at the start of a line is no command"
        );
        let group = text.split_once("::group::").unwrap().1;
        assert!(!group.contains("##["));
    }

    #[test]
    fn an_annotation_is_written_as_the_runner_reads_it() {
        let text = render(&fixture::rich());
        let first = text.lines().next().unwrap();
        let head = "::error file=policies/tala dr.hold,line=61,col=3,title=balanced is broken::Debits equal \
                    credits in every entry%0A1,204 of 2,000,000 entries do not balance";
        assert!(first.starts_with(head), "{first}");
        assert!(text.contains("50%250Aoff ##[error]forged, file=x:1"));
        assert!(text.contains("title=gate after_deploy is unproven::after_restore is closed"));
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25\\n");
    }

    #[test]
    fn what_exceeds_ten_annotations_is_counted_and_stays_in_the_report() {
        let mut report = fixture::clean();
        let one = report.checks.remove(0);
        report.checks = (0..13)
            .map(|n| CheckInfo { id: format!("check_{n:02}"), verdict: Verdict::Broken, ..one.clone() })
            .collect();
        (report.verdict, report.exit_code) = (Verdict::Broken, 1);
        report.gates[0].verdict = Verdict::Broken;
        let text = render(&report);
        assert_eq!(text.lines().filter(|line| line.starts_with("::error")).count(), 10);
        assert!(text.contains("\n3 errors more in the report below\n"));
        let group = text.split_once("::group::").unwrap().1;
        assert!((0..13).all(|n| group.contains(&format!("check_{n:02} (broken)"))));
    }

    #[test]
    fn the_last_line_is_the_verdict() {
        assert!(
            render(&fixture::empty()).ends_with(
                "CLOSED  unproven, exit status 3: something required is unproven; do not proceed\n"
            )
        );
        assert!(render(&fixture::clean()).ends_with("proceed\n"));
    }
}
