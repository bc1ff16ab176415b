//! Metrics for the textfile collector of Prometheus' node exporter.
//!
//! Keys of rows are no labels: there may be any number of them, and each would be a series of its own. So findings are
//! counted, and the whole report follows as comments, which scrapers skip and people read.
//!
//! A verdict is five samples, of which the one that is so has the value 1. Names, labels and units are documented in
//! `docs/monitor.md`; they are part of what users build alerts on and do not change.
//!
//! Source: the text exposition format 0.0.4 (escaping, `HELP`, `TYPE`, comments, one group of lines per metric) and
//! Prometheus' practices for names (base units, `_timestamp_seconds`, `_info`).

mod family;

use std::fmt::Write as _;

use super::figure::{Figure, figure};
use super::model::{CheckInfo, Level, Report, WaiverState};
use super::standing::Standing;
use super::style::Style;
use super::text;
use super::words;
use crate::verdict::Verdict;
use family::Family;

/// Before each line of the report. Something must stand between `#` and the text, or a line that begins with `HELP`
/// or `TYPE` would be read.
const COMMENT: &str = "# |";

const VERDICTS: [Verdict; 5] =
    [Verdict::Holds, Verdict::Broken, Verdict::Unproven, Verdict::Waived, Verdict::Skipped];

/// Renders the report as metrics, followed by the whole of it as text in comments.
#[must_use]
pub fn render(report: &Report) -> String {
    let standing = Standing::of(report);
    let mut out = String::new();
    let families = [
        run(report, &standing),
        gates(report, &standing),
        checks(report),
        objectives(report),
        drill(report),
        around(report),
        times(report),
    ];
    for family in families.iter().flatten() {
        family.write(&mut out);
    }
    let style = Style { colour: false, unicode: true, ..Style::default() };
    for line in text::render(report, &style).lines() {
        // Writing to a String cannot fail.
        let _ = if line.is_empty() { writeln!(out, "{COMMENT}") } else { writeln!(out, "{COMMENT} {line}") };
    }
    out
}

/// One sample for each verdict there is.
fn states(family: &mut Family, labels: &[(&str, &str)], verdict: Verdict) {
    for each in VERDICTS {
        let mut labels = labels.to_vec();
        labels.push(("verdict", each.word()));
        family.add(&labels, u8::from(each == verdict));
    }
}

fn run(report: &Report, standing: &Standing) -> Vec<Family> {
    let name = ("policy", report.policy.name.as_str());
    let mut open = Family::new("holdtrue_open", "Whether every selected gate is open (1) or not (0).");
    open.add(&[name], u8::from(standing.is_open()));
    let mut verdict =
        Family::new("holdtrue_verdict", "The worst verdict of what is required: 1 for the one it is.");
    states(&mut verdict, &[name], standing.verdict);
    let mut status = Family::new(
        "holdtrue_exit_status",
        "Exit status of the run: 0 open, 1 broken, 3 unproven, 70 a bug.",
    );
    status.add(&[name], report.exit_code);
    let mut gaps = Family::new(
        "holdtrue_gaps",
        "What keeps a gate closed, or the report from being believed, and no check shows.",
    );
    gaps.add(&[name], standing.gaps.len());
    let mut info =
        Family::new("holdtrue_run_info", "Which policy was judged, and by which version; always 1.");
    let policy = &report.policy;
    let labels = [
        name,
        ("title", policy.title.as_str()),
        ("owner", policy.owner.as_str()),
        ("digest", policy.digest.as_str()),
        ("version", report.run.version.as_str()),
    ];
    info.add(&labels, 1);
    vec![open, verdict, status, gaps, info]
}

fn gates(report: &Report, standing: &Standing) -> Vec<Family> {
    let mut open = Family::new("holdtrue_gate_open", "Whether the gate is open (1) or not (0).");
    let mut verdict = Family::new("holdtrue_gate_verdict", "The verdict of the gate: 1 for the one it is.");
    for gate in &report.gates {
        let labels = [("policy", report.policy.name.as_str()), ("gate", gate.id.as_str())];
        // What contradicts itself is not open.
        let gap = standing.gaps.iter().find(|gap| gap.gate.as_ref() == Some(&gate.id));
        let worst = gap.map_or(gate.verdict, |gap| gate.verdict.worst(gap.verdict));
        open.add(&labels, u8::from(worst.opens()));
        states(&mut verdict, &labels, worst);
    }
    vec![open, verdict]
}

fn checks(report: &Report) -> Vec<Family> {
    let policy = ("policy", report.policy.name.as_str());
    let mut number = Family::new("holdtrue_checks", "Checks that ended in each verdict.");
    for each in VERDICTS {
        let of = report.checks.iter().filter(|check| check.verdict == each).count();
        number.add(&[policy, ("verdict", each.word())], of);
    }
    let mut verdict = Family::new("holdtrue_check_verdict", "The verdict of the check: 1 for the one it is.");
    let mut findings = Family::new("holdtrue_check_findings", "What the check found amiss, listed or not.");
    let mut rows = Family::new(
        "holdtrue_check_rows_examined",
        "Rows, groups or keys that were looked at; 0 for raw SQL, which does not say.",
    );
    let mut took = Family::new(
        "holdtrue_check_duration_seconds",
        "Time spent looking; a scan that several checks share counts for each.",
    );
    for check in &report.checks {
        let labels = [policy, ("gate", check.gate.as_str()), ("check", check.id.as_str())];
        let level = match check.level {
            Level::Require => "require",
            Level::Recommend => "recommend",
        };
        let mut with_level = labels.to_vec();
        with_level.push(("level", level));
        states(&mut verdict, &with_level, check.verdict);
        findings.add(&labels, found(check));
        rows.add(&labels, check.rows_examined);
        took.add(&labels, thousandths(i128::from(check.duration_ms)));
    }
    vec![number, verdict, findings, rows, took]
}

fn found(check: &CheckInfo) -> u64 {
    check.findings_total.max(words::len(check.findings.len()))
}

fn objectives(report: &Report) -> Vec<Family> {
    let mut verdict =
        Family::new("holdtrue_objective_verdict", "The verdict of the objective: 1 for the one it is.");
    let mut target_seconds =
        Family::new("holdtrue_objective_target_seconds", "The most that the objective allows.");
    let mut actual_seconds =
        Family::new("holdtrue_objective_actual_seconds", "What was measured; absent when nothing could be.");
    let mut target_ratio =
        Family::new("holdtrue_objective_target_ratio", "The least share that the objective allows.");
    let mut actual_ratio = Family::new(
        "holdtrue_objective_actual_ratio",
        "The share that was measured; absent when nothing could be.",
    );
    for objective in &report.objectives {
        let labels = [("policy", report.policy.name.as_str()), ("objective", objective.name.as_str())];
        states(&mut verdict, &labels, objective.verdict);
        for (text, seconds, ratio) in [
            (&objective.target, &mut target_seconds, &mut target_ratio),
            (&objective.actual, &mut actual_seconds, &mut actual_ratio),
        ] {
            match figure(text) {
                Some(Figure::Seconds(number)) => seconds.add(&labels, number),
                Some(Figure::Ratio(number)) => ratio.add(&labels, number),
                None => {}
            }
        }
    }
    vec![verdict, target_seconds, actual_seconds, target_ratio, actual_ratio]
}

/// The drill and the times of its phases.
fn drill(report: &Report) -> Vec<Family> {
    let mut phases = Family::new("holdtrue_drill_phase_seconds", "How long a phase of the drill took.");
    let mut restore = Family::new(
        "holdtrue_drill_restore_seconds",
        "Time until the restored database answered; absent when it did not.",
    );
    let mut size = Family::new("holdtrue_drill_restored_bytes", "Size of the restored database.");
    if let Some(drill) = &report.drill {
        let policy = ("policy", report.policy.name.as_str());
        for phase in &drill.phases {
            phases.add(&[policy, ("phase", &phase.name)], thousandths(i128::from(phase.took_ms)));
        }
        if let Some(ms) = drill.restore_ms {
            restore.add(&[policy], thousandths(i128::from(ms)));
        }
        if let Some(bytes) = drill.restored_bytes {
            size.add(&[policy], bytes);
        }
    }
    vec![phases, restore, size]
}

/// Controls, waivers and sources.
fn around(report: &Report) -> Vec<Family> {
    let policy = ("policy", report.policy.name.as_str());
    let mut control =
        Family::new("holdtrue_control_verdict", "The worst verdict of the checks behind a control.");
    for one in &report.controls {
        states(&mut control, &[policy, ("control", &one.id)], one.verdict);
    }
    let mut state =
        Family::new("holdtrue_waiver_info", "A waiver of the policy and what became of it; always 1.");
    let mut until = Family::new("holdtrue_waiver_expiry_timestamp_seconds", "When the waiver ends.");
    for waiver in &report.waivers {
        let word = match waiver.state {
            WaiverState::Used => "used",
            WaiverState::Needless => "needless",
            WaiverState::Expired => "expired",
            WaiverState::NotApplicable => "not_applicable",
            WaiverState::NotSelected => "not_selected",
        };
        state.add(&[policy, ("check", &waiver.check), ("owner", &waiver.owner), ("state", word)], 1);
        if let Some(end) = end_of(&waiver.until) {
            until.add(&[policy, ("check", &waiver.check)], end);
        }
    }
    let mut reached =
        Family::new("holdtrue_source_reached", "Whether the source could be read (1) or not (0).");
    for source in &report.sources {
        reached.add(&[policy, ("source", &source.name), ("kind", &source.kind)], u8::from(source.reached));
    }
    vec![control, state, until, reached]
}

/// The end of a waiver's last day, 24:00 UTC, in seconds since 1970.
fn end_of(day: &str) -> Option<i64> {
    let next = day.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
    Some(next.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

fn times(report: &Report) -> Vec<Family> {
    let policy = [("policy", report.policy.name.as_str())];
    let run = &report.run;
    let milliseconds =
        |text: &str| text.parse::<jiff::Timestamp>().ok().map(|at| i128::from(at.as_millisecond()));
    let mut started = Family::new("holdtrue_run_started_timestamp_seconds", "When the run started.");
    let mut finished = Family::new("holdtrue_run_finished_timestamp_seconds", "When the run was finished.");
    let mut observed = Family::new(
        "holdtrue_run_observed_timestamp_seconds",
        "The instant that was judged: earlier than the start of the run when kept facts were replayed.",
    );
    for (family, text) in
        [(&mut started, &run.started), (&mut finished, &run.finished), (&mut observed, &run.now)]
    {
        if let Some(at) = milliseconds(text) {
            family.add(&policy, thousandths(at));
        }
    }
    let mut took = Family::new("holdtrue_run_duration_seconds", "How long the run took.");
    if let (Some(from), Some(to)) = (milliseconds(&run.started), milliseconds(&run.finished)) {
        took.add(&policy, thousandths(to.saturating_sub(from)));
    }
    let mut replayed = Family::new(
        "holdtrue_run_replayed",
        "1 when kept facts were judged again and nothing was looked at, else 0.",
    );
    replayed.add(&policy, u8::from(run.replayed));
    vec![started, finished, observed, took, replayed]
}

/// Milliseconds as seconds.
fn thousandths(milliseconds: i128) -> String {
    let sign = if milliseconds < 0 { "-" } else { "" };
    let all = milliseconds.unsigned_abs();
    format!("{sign}{}.{:03}", all / 1000, all % 1000)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::fixture;

    /// The comments as a person reads them, behind the metrics.
    pub(in crate::report) fn shown(text: &str) -> String {
        let plain = |line: &str| {
            line.strip_prefix(COMMENT)
                .map_or(line.to_owned(), |l| l.strip_prefix(' ').unwrap_or(l).to_owned())
        };
        text.lines().map(plain).collect::<Vec<_>>().join("\n")
    }

    fn value<'t>(text: &'t str, sample: &str) -> Option<&'t str> {
        text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))
    }

    #[test]
    fn figures_are_in_base_units() {
        let text = render(&fixture::rich());
        for (sample, expected) in [
            ("holdtrue_open{policy=\"tala\"}", "0"),
            ("holdtrue_exit_status{policy=\"tala\"}", "1"),
            ("holdtrue_verdict{policy=\"tala\",verdict=\"broken\"}", "1"),
            ("holdtrue_verdict{policy=\"tala\",verdict=\"holds\"}", "0"),
            ("holdtrue_gaps{policy=\"tala\"}", "1"),
            ("holdtrue_gate_open{policy=\"tala\",gate=\"daily\"}", "1"),
            ("holdtrue_gate_open{policy=\"tala\",gate=\"after_deploy\"}", "0"),
            ("holdtrue_checks{policy=\"tala\",verdict=\"broken\"}", "3"),
            ("holdtrue_check_findings{policy=\"tala\",gate=\"after_restore\",check=\"balanced\"}", "1204"),
            (
                "holdtrue_check_rows_examined{policy=\"tala\",gate=\"after_restore\",check=\"balanced\"}",
                "7300000",
            ),
            (
                "holdtrue_check_duration_seconds{policy=\"tala\",gate=\"after_restore\",check=\"balanced\"}",
                "4.250",
            ),
            ("holdtrue_objective_target_seconds{policy=\"tala\",objective=\"rpo\"}", "900"),
            ("holdtrue_objective_actual_seconds{policy=\"tala\",objective=\"rpo\"}", "1324"),
            ("holdtrue_objective_target_ratio{policy=\"tala\",objective=\"backup_success\"}", "0.999"),
            ("holdtrue_source_reached{policy=\"tala\",source=\"archive\",kind=\"wal\"}", "0"),
            ("holdtrue_waiver_expiry_timestamp_seconds{policy=\"tala\",check=\"load\"}", "1798761600"),
            ("holdtrue_run_started_timestamp_seconds{policy=\"tala\"}", "1793761090.120"),
            ("holdtrue_run_duration_seconds{policy=\"tala\"}", "185.860"),
            ("holdtrue_run_replayed{policy=\"tala\"}", "0"),
        ] {
            assert_eq!(value(&text, sample), Some(expected), "{sample}");
        }
        let unmeasured = "holdtrue_objective_actual_ratio{policy=\"tala\",objective=\"backup_success\"}";
        assert_eq!(value(&text, unmeasured), None);
    }

    #[test]
    fn an_open_gate_over_a_broken_check_is_not_open() {
        let mut report = fixture::clean();
        report.checks[0].verdict = Verdict::Broken;
        let text = render(&report);
        assert_eq!(value(&text, "holdtrue_open{policy=\"tala\"}"), Some("0"));
        assert_eq!(value(&text, "holdtrue_gate_open{policy=\"tala\",gate=\"after_restore\"}"), Some("0"));
        let empty = render(&fixture::empty());
        assert_eq!(value(&empty, "holdtrue_open{policy=\"tala\"}"), Some("0"));
        assert_eq!(value(&render(&fixture::clean()), "holdtrue_open{policy=\"tala\"}"), Some("1"));
    }

    #[test]
    fn a_comment_is_never_a_metric_of_its_own() {
        let mut report = fixture::rich();
        report.policy.title = "TYPE holdtrue_open counter".to_owned();
        report.notes.push("HELP holdtrue_open forged\nholdtrue_open 1".to_owned());
        let text = render(&report);
        let (mut seen, mut comments) = (Vec::new(), false);
        for line in text.lines() {
            comments |= line.starts_with(COMMENT);
            if comments {
                assert!(line.starts_with(COMMENT), "{line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let name = rest.strip_suffix(" gauge").unwrap();
                assert!(!seen.contains(&name), "{name} is declared twice");
                seen.push(name);
            } else if !line.starts_with("# HELP ") {
                assert!(line.starts_with(&format!("{}{{", seen.last().unwrap())), "{line}");
            }
        }
        assert!(seen.len() > 20);
    }
}
