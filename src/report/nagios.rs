//! The output of a plugin for Nagios, Icinga and others that read the same.
//!
//! ```text
//! HOLDTRUE CRITICAL - tala: broken: balanced, tenants; unproven: wal_gapless; 11 checks: ... | broken=2;;0;0;11 ...
//! ```
//!
//! | state      | status | when                                                                          |
//! |------------|--------|-------------------------------------------------------------------------------|
//! | `OK`       | 0      | every selected gate is open                                                   |
//! | `WARNING`  | 1      | the same, but something recommended does not hold, or only kept facts were judged |
//! | `CRITICAL` | 2      | something required is broken                                                  |
//! | `UNKNOWN`  | 3      | something required is unproven, or nothing was run                            |
//!
//! These numbers are not holdtrue's own, which a monitor would take for a mere warning where something is broken. So a
//! process that writes this format to standard output ends with the status of the state ([`State::code`]).
//! The whole report follows as long output.
//!
//! Source: the Monitoring Plugins Development Guidelines (status line, `UOM`, ranges, `U`) and the plugin API of Nagios
//! Core (`|` parts output from performance data, also in long output).

use std::fmt::Write as _;

use super::escape;
use super::figure::{Figure, figure};
use super::model::Report;
use super::section::{Section, tally};
use super::standing::Standing;
use super::style::Style;
use super::text;
use super::words;
use crate::verdict::{ExitStatus, Verdict};

/// Names in the status line; the others are in the long output.
const NAMED: usize = 6;

/// What a plugin says of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is amiss.
    Ok,
    /// Something is, and closes no gate.
    Warning,
    /// Something required is broken.
    Critical,
    /// It could not be established.
    Unknown,
}

impl State {
    /// The state of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let standing = Standing::of(report);
        let recommended = !Section::Recommended.checks(report).is_empty();
        match standing.verdict {
            Verdict::Broken => Self::Critical,
            Verdict::Unproven => Self::Unknown,
            // Facts stay green for ever; a service is not healthy because it once was.
            _ if recommended || report.run.replayed => Self::Warning,
            Verdict::Holds | Verdict::Waived | Verdict::Skipped => Self::Ok,
        }
    }

    /// The state of a run that has no report to show.
    #[must_use]
    pub fn without_report(status: ExitStatus) -> Self {
        if status == ExitStatus::Broken { Self::Critical } else { Self::Unknown }
    }

    /// The exit status of a plugin in this state.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    /// Its word in a status line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// A status line without figures, for a run that has no report.
#[must_use]
pub fn line(state: State, text: &str) -> String {
    format!("HOLDTRUE {} - {}\n", state.word(), plain(text))
}

/// Renders the report as a status line with performance data, followed by the whole of it as text.
#[must_use]
pub fn render(report: &Report) -> String {
    let status = line(State::of(report), &summary(report));
    let mut out = format!("{} | {}\n", status.trim_end(), performance(report).join(" "));
    let style = Style { colour: false, unicode: true, ..Style::default() };
    for line in text::render(report, &style).lines() {
        out.push_str(&line.replace('|', "\\u007C"));
        out.push('\n');
    }
    out
}

/// Text on one line, without the mark that ends it.
fn plain(text: &str) -> String {
    escape::visible(text, true).replace('|', "\\u007C")
}

fn summary(report: &Report) -> String {
    let standing = Standing::of(report);
    let mut parts = Vec::new();
    if report.run.replayed {
        parts.push(format!("REPLAY of facts of {}, nothing was looked at", report.run.now));
    }
    for (section, word) in
        [(Section::Broken, "broken"), (Section::Unproven, "unproven"), (Section::Recommended, "recommended")]
    {
        let checks = section.checks(report);
        let names: Vec<&str> = checks.iter().take(NAMED).map(|check| check.id.as_str()).collect();
        let more = checks.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        if !names.is_empty() {
            parts.push(format!("{word}: {}{more}", names.join(", ")));
        }
    }
    parts.extend(standing.gaps.iter().map(|gap| format!("{}: {}", gap.subject(), gap.reason)));
    parts.push(tally(report));
    format!("{}: {}", report.policy.name, parts.join("; "))
}

/// `'label'=value[UOM];[warn];[crit];[min];[max]` each.
fn performance(report: &Report) -> Vec<String> {
    let all = report.checks.len();
    let mut out: Vec<String> = [
        (Section::Broken, "broken", ";;0"),
        (Section::Unproven, "unproven", ";;0"),
        (Section::Recommended, "recommended", ";0;"),
        (Section::Waived, "waived", ";;"),
        (Section::Holds, "holding", ";;"),
        (Section::Skipped, "skipped", ";;"),
    ]
    .into_iter()
    .map(|(section, word, ranges)| format!("{word}={}{ranges};0;{all}", section.checks(report).len()))
    .collect();
    let found = |sum: u64, check: &super::model::CheckInfo| {
        sum.saturating_add(check.findings_total.max(words::len(check.findings.len())))
    };
    out.push(format!("findings={};;;0", report.checks.iter().fold(0, found)));
    let examined = report.checks.iter().fold(0u64, |sum, check| sum.saturating_add(check.rows_examined));
    out.push(format!("examined={examined};;;0"));
    if let (Ok(from), Ok(to)) =
        (report.run.started.parse::<jiff::Timestamp>(), report.run.finished.parse::<jiff::Timestamp>())
    {
        let took = to.as_millisecond().saturating_sub(from.as_millisecond()).max(0);
        out.push(format!("duration={}.{:03}s;;;0", took / 1000, took % 1000));
    }
    for objective in &report.objectives {
        let label = label(&objective.name);
        let share = |text: &str| text.split_once('%').map(|(share, _)| share.to_owned());
        match (figure(&objective.target), figure(&objective.actual)) {
            (Some(Figure::Seconds(most)), Some(Figure::Seconds(actual))) => {
                out.push(format!("{label}={actual}s;;{most};0"));
            }
            (Some(Figure::Seconds(most)), _) => out.push(format!("{label}=U;;{most};0")),
            (Some(Figure::Ratio(_)), actual) => {
                let least = share(&objective.target).unwrap_or_default();
                let actual = actual.and_then(|_| share(&objective.actual));
                let shown = actual.map_or("U".to_owned(), |share| format!("{share}%"));
                out.push(format!("{label}={shown};;{least}:;0;100"));
            }
            // What is no figure is in the long output.
            (None, _) => {}
        }
    }
    out
}

/// A label in quotes, without the characters that end it.
fn label(name: &str) -> String {
    let mut out = String::from("'");
    for character in plain(name).chars() {
        // Writing to a String cannot fail.
        let _ = match character {
            '\'' => write!(out, "''"),
            '=' => write!(out, "\\u003D"),
            other => write!(out, "{other}"),
        };
    }
    out.push('\'');
    out
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::model::Level;

    /// What a monitor shows.
    pub(in crate::report) fn shown(text: &str) -> String {
        text.replace("\\u007C", "|")
    }

    #[test]
    fn the_status_line_names_what_is_amiss_and_has_the_figures() {
        let text = render(&fixture::rich());
        let (status, performance) = text.lines().next().unwrap().split_once(" | ").unwrap();
        assert_eq!(
            status,
            "HOLDTRUE CRITICAL - tala: broken: balanced, tenants; unproven: wal_gapless, audit_ok; recommended: counts, \
             cache_fresh; gate after_deploy: after_restore is closed, so it was not started; 11 checks: 2 broken, 2 unproven, 1 \
             waived, 2 recommended but not holding, 3 holding, 1 skipped"
        );
        assert_eq!(
            performance,
            "broken=2;;0;0;11 unproven=2;;0;0;11 recommended=2;0;;0;11 waived=1;;;0;11 holding=3;;;0;11 skipped=1;;;0;11 \
             findings=2001214;;;0 examined=20420398;;;0 duration=185.860s;;;0 'rpo'=1324s;;900;0 \
             'backup_success'=U;;99.9:;0;100 'rto'=6720s;;14400;0"
        );
        assert_eq!(text.matches('|').count(), 1, "nothing else parts output from figures");
    }

    #[test]
    fn only_an_open_run_without_a_blemish_is_ok() {
        let clean = fixture::clean;
        assert_eq!(State::of(&clean()), State::Ok);
        assert_eq!(State::of(&fixture::rich()), State::Critical);
        assert_eq!(State::of(&fixture::empty()), State::Unknown);
        let with = |verdict, level| {
            let mut report = clean();
            (report.checks[0].verdict, report.checks[0].level) = (verdict, level);
            State::of(&report)
        };
        assert_eq!(with(Verdict::Broken, Level::Recommend), State::Warning);
        assert_eq!(with(Verdict::Unproven, Level::Recommend), State::Warning);
        assert_eq!(with(Verdict::Waived, Level::Require), State::Ok);
        // The report says it is open, and a required check is not: never OK.
        assert_eq!(with(Verdict::Broken, Level::Require), State::Critical);
        assert_eq!(with(Verdict::Unproven, Level::Require), State::Unknown);
        let mut report = clean();
        report.run.replayed = true;
        assert_eq!(State::of(&report), State::Warning);
        assert!(
            render(&report)
                .starts_with("HOLDTRUE WARNING - tala: REPLAY of facts of 2026-11-04T02:58:10.120Z")
        );
        let mut report = clean();
        report.exit_code = 70;
        assert_eq!(State::of(&report), State::Unknown);
    }

    #[test]
    fn states_have_the_numbers_of_the_plugin_api() {
        let all = [State::Ok, State::Warning, State::Critical, State::Unknown];
        assert_eq!(all.map(State::code), [0, 1, 2, 3]);
        for status in [ExitStatus::Broken, ExitStatus::Usage, ExitStatus::Unproven, ExitStatus::Internal] {
            assert!(State::without_report(status).code() > 1);
        }
    }

    #[test]
    fn no_name_ends_the_text_or_a_label() {
        assert_eq!(line(State::Unknown, "a|b\nc"), "HOLDTRUE UNKNOWN - a\\u007Cb\\nc\n");
        assert_eq!(label("it's a=b | c"), "'it''s a\\u003Db \\u007C c'");
    }
}
