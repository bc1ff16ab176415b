//! The report for a tired reader: what is closed and why comes first, what was done by whom comes last.
//!
//! ```text
//! CLOSED  tala: TALA disaster recovery
//!         broken, exit status 1: something required is broken; do not proceed
//!
//! BROKEN: looked at, and it is not so
//!
//!   balanced (broken)  Debits equal credits in every entry
//!     why      2 of 2,000,000 entries do not balance
//! ```

mod check;
mod context;
mod page;

use super::model::Report;
use super::section::{Section, tally};
use super::standing::{Standing, gate_word};
use super::style::{Paint, Style};
use crate::verdict::Verdict;
use page::Page;

/// Renders the report as text, wrapped at the style's width.
#[must_use]
pub fn render(report: &Report, style: &Style) -> String {
    let standing = Standing::of(report);
    let mut page = Page::new(style);
    headline(&mut page, report, &standing);
    gates(&mut page, report);
    gaps(&mut page, &standing);
    to_be_done(&mut page, report, Section::Broken, "BROKEN: looked at, and it is not so");
    to_be_done(
        &mut page,
        report,
        Section::Unproven,
        "UNPROVEN: it could not be established, which is not a pass",
    );
    to_be_done(&mut page, report, Section::Waived, "WAIVED: broken, and a waiver covers it");
    context::waivers(&mut page, report);
    to_be_done(&mut page, report, Section::Recommended, "RECOMMENDED, not holding: closes no gate");
    in_brief(&mut page, report, Section::Holds, "HOLDS: looked at completely, and it is so");
    in_brief(&mut page, report, Section::Skipped, "SKIPPED: the condition does not apply here");
    context::limits(&mut page, report);
    context::objectives(&mut page, report);
    context::drill(&mut page, report);
    context::controls(&mut page, report);
    context::sources(&mut page, report);
    context::run(&mut page, report);
    page.blank();
    last_line(&mut page, report, &standing);
    page.finish()
}

/// The colour a verdict has everywhere on the page.
fn paint(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Holds => Paint::Good,
        Verdict::Skipped => Paint::Aside,
        Verdict::Waived | Verdict::Unproven => Paint::Doubt,
        Verdict::Broken => Paint::Bad,
    }
}

fn headline(page: &mut Page<'_>, report: &Report, standing: &Standing) {
    let policy = &report.policy;
    let title = if policy.title.is_empty() {
        policy.name.clone()
    } else {
        format!("{}: {}", policy.name, policy.title)
    };
    page.hang(0, paint(standing.verdict), standing.word(), 8, &title);
    page.hang(8, Paint::Strong, "", 8, &standing.conclusion(report));
    page.hang(8, Paint::Plain, "", 8, &tally(report));
    if report.run.replayed {
        page.hang(
            0,
            Paint::Doubt,
            "REPLAY",
            8,
            "facts were read from a file; nothing was looked at in this run",
        );
    }
}

fn gates(page: &mut Page<'_>, report: &Report) {
    if report.gates.is_empty() {
        return;
    }
    page.heading(Paint::Strong, "GATES");
    let id_width = report.gates.iter().map(|gate| gate.id.chars().count()).max().unwrap_or(0);
    for gate in &report.gates {
        let word = gate_word(gate.verdict);
        let word = if gate.verdict.opens() { word.to_lowercase() } else { word.to_string() };
        let lead = format!("{word:<6}  {:<8}", gate.verdict.word());
        let title = if gate.title.is_empty() {
            gate.id.clone()
        } else {
            format!("{:<id_width$}  {}", gate.id, gate.title)
        };
        page.hang(2, paint(gate.verdict), &lead, 20, &title);
        if !gate.reason.is_empty() {
            page.hang(20, Paint::Plain, "", 20, &gate.reason);
        }
    }
}

fn gaps(page: &mut Page<'_>, standing: &Standing) {
    if standing.gaps.is_empty() {
        return;
    }
    page.heading(Paint::Bad, "CLOSED for a reason that no check shows");
    for gap in &standing.gaps {
        page.hang(
            2,
            paint(gap.verdict),
            &format!("{} ({})", gap.subject(), gap.verdict.word()),
            6,
            &gap.reason,
        );
    }
}

fn to_be_done(page: &mut Page<'_>, report: &Report, section: Section, title: &str) {
    let checks = section.checks(report);
    let Some(first) = checks.first() else { return };
    // What closes no gate must not shout like what does.
    let colour = |verdict| if section == Section::Recommended { Paint::Doubt } else { paint(verdict) };
    page.heading(colour(first.verdict), &format!("{title} ({})", checks.len()));
    for group in check::for_one_reason(&checks) {
        match group.as_slice() {
            [one] => check::in_full(page, colour(one.verdict), one),
            several => {
                check::together(page, several.first().map_or(Paint::Plain, |c| colour(c.verdict)), several)
            }
        }
    }
}

fn in_brief(page: &mut Page<'_>, report: &Report, section: Section, title: &str) {
    let checks = section.checks(report);
    let Some(first) = checks.first() else { return };
    page.heading(paint(first.verdict), &format!("{title} ({})", checks.len()));
    check::in_brief(page, paint(first.verdict), &checks);
}

fn last_line(page: &mut Page<'_>, report: &Report, standing: &Standing) {
    page.hang(0, paint(standing.verdict), standing.word(), 8, &standing.conclusion(report));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    /// The page as people see it, with what it must say in this order.
    fn assert_order(text: &str, parts: &[&str]) {
        let mut rest = text;
        for part in parts {
            let found = rest.split_once(part);
            rest = found.unwrap_or_else(|| panic!("`{part}` is missing or out of order")).1;
        }
    }

    #[test]
    fn what_is_closed_comes_first_and_last() {
        let text = render(&fixture::rich(), &Style::default());
        assert!(text.starts_with("CLOSED  tala: TALA disaster recovery\n"));
        let last = "CLOSED  broken, exit status 1: something required is broken; do not proceed\n";
        assert!(text.ends_with(last));
        assert_order(
            &text,
            &[
                "GATES",
                "CLOSED  unproven",
                "before_restore",
                "CLOSED  broken",
                "open    holds",
                "daily",
                "gate after_deploy (unproven)",
                "BROKEN:",
                "  balanced (broken)",
                "1,204 findings, 2 listed here",
                "journalEntryId='je_000417', tenantId='t_9'",
                "see it",
                "runbook",
                "UNPROVEN:",
                "wal_gapless",
                "audit_ok",
                "WAIVED:",
                "load",
                "WAIVERS",
                "expired",
                "RECOMMENDED",
                "counts",
                "HOLDS:",
                "9,120,044 examined",
                "SKIPPED:",
                "told",
                "LIMITS",
                "OBJECTIVES",
                "target 15min, actual 22min 4s",
                "CONTROLS",
                "SOURCES",
                "NOT REACHED",
                "RUN",
            ],
        );
    }

    #[test]
    fn the_place_in_the_policy_is_the_one_the_check_has() {
        let text = render(&fixture::rich(), &Style::default());
        assert!(
            text.contains(
                "policy    policies/tala dr.hold:61, gate after_restore: require books is balanced\n"
            )
        );
    }

    #[test]
    fn without_colour_and_unicode_the_page_is_plain_printable_ascii() {
        let text = render(&fixture::rich(), &Style::default());
        assert!(
            text.chars()
                .all(|character| character == '\n' || character == ' ' || character.is_ascii_graphic())
        );
        assert!(text.contains("Pe\\u00F1a \\u8A66\\u9A13"));
        let unicode = render(&fixture::rich(), &Style { unicode: true, ..Style::default() });
        assert!(unicode.contains("Peña 試験 \\u202Etxet"));
    }

    #[test]
    fn colour_says_nothing_that_words_do_not() {
        for report in [fixture::rich(), fixture::clean(), fixture::empty()] {
            let plain = render(&report, &Style::default());
            let painted = render(&report, &Style { colour: true, ..Style::default() });
            assert_ne!(plain, painted);
            assert_eq!(anstream::adapter::strip_str(&painted).to_string(), plain);
        }
    }

    #[test]
    fn sentences_fit_the_width() {
        for width in [60, 80, 100] {
            let text = render(&fixture::clean(), &Style { width, ..Style::default() });
            let longest =
                text.lines().filter(|line| !line.contains("sha256:")).map(|line| line.chars().count()).max();
            assert!(longest.unwrap() <= width, "a line of {longest:?} at width {width}");
        }
    }

    #[test]
    fn controls_are_told_by_what_became_of_their_checks() {
        let text = render(&fixture::rich(), &Style { width: 200, ..Style::default() });
        assert_order(
            &text,
            &["CONTROLS", "does not certify it", "bir:RR9-2009: broken balanced", "soc2:CC7.2: "],
        );
        assert!(text.contains("  nothing claimed   "), "{text}");
        let held = render(&fixture::clean(), &Style::default());
        assert!(held.contains(
            "\n  held              sox:404 by 1 check\n  nothing claimed   1 check names no control\n"
        ));
        let mut none = fixture::clean();
        none.controls.clear();
        assert!(!render(&none, &Style::default()).contains("CONTROLS"));
    }

    #[test]
    fn what_keeps_several_checks_from_being_looked_at_is_said_once() {
        let mut report = fixture::rich();
        let like = report.checks.iter().find(|check| check.id == "audit_ok").unwrap().clone();
        let unread = |id: &str, line| {
            let mut check = like.clone();
            check.id = id.to_owned();
            check.title = format!("what {id} means");
            check.reason = "source `db` could not be read".to_owned();
            (check.rows_examined, check.findings, check.findings_total) = (0, Vec::new(), 0);
            check.location.line = line;
            check
        };
        report.checks.extend([unread("one", 3), unread("two", 3)]);
        let said = |report: &Report| {
            let text = render(report, &Style::default());
            (text.matches("why       source `db` could not be read").count(), text)
        };
        // Two are read as quickly as a list of two.
        assert_eq!(said(&report).0, 2);
        report.checks.push(unread("three", 7));
        let (times, text) = said(&report);
        assert_eq!(times, 1);
        assert_order(
            &text,
            &["3 checks (unproven)", "one    what one means", "two ", "three ", ":3, gate", ":7, gate"],
        );
        // What was looked at, or has a page of its own to turn to, stands alone.
        report.checks.last_mut().unwrap().runbook = Some("elsewhere".to_owned());
        assert_eq!(said(&report).0, 3);
    }

    #[test]
    fn a_replayed_run_says_so_at_the_top() {
        let mut report = fixture::clean();
        assert!(!render(&report, &Style::default()).contains("REPLAY"));
        report.run.replayed = true;
        let text = render(&report, &Style::default());
        assert!(text.lines().take(4).any(|line| line.starts_with("REPLAY")));
    }

    #[test]
    fn a_report_without_checks_is_closed_and_says_why() {
        let text = render(&fixture::empty(), &Style::default());
        assert!(text.starts_with("CLOSED"));
        assert!(text.contains("no check was judged, so nothing is proven"));
    }
}
