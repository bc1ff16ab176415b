//! The report as a page: one file that needs no network and no script, for a browser, a mail or a printer.
//!
//! The verdict comes first, then the gates, what was checked and what was not, every check with its findings, and what
//! stands around them. The page forbids itself, by a content security policy, to load or run anything; all it allows is
//! its own style, by the style's digest. So a value that got through unescaped would still do nothing.

mod check;
mod context;
pub(super) mod markup;
pub(super) mod page;

use super::model::{Level, Report};
use super::section::{Section, tally};
use super::standing::Standing;
use super::words;
use crate::verdict::Verdict;
use markup::{Markup, code, element, fixed, simple, table, text};

/// Renders the report as a page of HTML.
#[must_use]
pub fn render(report: &Report) -> String {
    let standing = Standing::of(report);
    let title = format!("{}: {} - holdtrue report", standing.word(), report.policy.name);
    let last = format!("{}: {}", standing.word(), standing.conclusion(report));
    page::page(&title, headline(report, &standing), sections(report, &standing), &last)
}

fn sections(report: &Report, standing: &Standing) -> Vec<page::Part> {
    let mut all = vec![
        ("gates", "Gates", context::gates(report)),
        ("gaps", "Closed for a reason that no check shows", context::gaps(standing)),
        ("checked", "What was checked", checked(report)),
        ("not-checked", "What was not checked or not proven, and why", context::not_checked(report)),
    ];
    for (section, id, title) in [
        (Section::Broken, "broken", "Broken: looked at, and it is not so"),
        (Section::Unproven, "unproven", "Unproven: it could not be established, which is not a pass"),
        (Section::Waived, "waived", "Waived: broken, and a waiver covers it"),
        (Section::Recommended, "recommended", "Recommended, not holding: closes no gate"),
    ] {
        all.push((id, title, in_full(report, section)));
    }
    all.extend([
        ("objectives", "Objectives", context::objectives(report)),
        ("drill", "Drill", context::drill(report)),
        ("controls", "Controls", context::controls(report)),
        ("waivers", "Waivers", context::waivers(report)),
        ("holds", "Holds: looked at completely, and it is so", in_full(report, Section::Holds)),
        ("skipped", "Skipped: the condition does not apply here", in_full(report, Section::Skipped)),
        ("sources", "Sources", context::sources(report)),
        ("again", "Check it again", context::again(report)),
        ("run", "Run", context::run(report)),
    ]);
    all
}

fn headline(report: &Report, standing: &Standing) -> Markup {
    let policy = &report.policy;
    let name = if policy.title.is_empty() {
        policy.name.clone()
    } else {
        format!("{}: {}", policy.name, policy.title)
    };
    let mut inside =
        element("p", &[], simple("strong", &standing.conclusion(report))).and(simple("p", &tally(report)));
    if report.run.replayed {
        let lead = fixed("<strong class=\"doubt\">Replay:</strong> ");
        let said = text("facts were read from a file; nothing was looked at in this run");
        inside = inside.and(element("p", &[], lead.and(said)));
    }
    let when = format!("{} to {}, holdtrue {}", report.run.started, report.run.finished, report.run.version);
    let inside = inside.and(element("p", &[("class", "soft")], text(&when)));
    simple("h1", &name).and(page::standing(standing.is_open(), standing.word(), inside))
}

fn checked(report: &Report) -> Markup {
    let rows = Section::ALL.into_iter().flat_map(|section| section.checks(report)).map(|check| {
        let what = if check.title.is_empty() { &check.assertion } else { &check.title };
        let found = check.findings_total.max(words::len(check.findings.len()));
        vec![
            check::link_to(&check.id),
            verdict(check.verdict),
            text(what),
            code(&check.gate),
            text(level(check.level)),
            text(&words::grouped(check.rows_examined)),
            text(&words::grouped(found)),
            text(&words::spent(check.duration_ms)),
        ]
    });
    let head = ["check", "verdict", "what", "gate", "level", "examined", "found", "time"];
    table("Every selected check", &head, rows.collect())
}

fn in_full(report: &Report, section: Section) -> Markup {
    section.checks(report).into_iter().map(|one| check::in_full(report, one)).collect()
}

/// A verdict as a sign and a word, so that its colour says nothing that they do not.
pub(super) fn verdict(verdict: Verdict) -> Markup {
    let (class, mark) = match verdict {
        Verdict::Holds => ("v holds", "✓ "),
        Verdict::Broken => ("v broken", "✗ "),
        Verdict::Unproven => ("v unproven", "? "),
        Verdict::Waived => ("v waived", "~ "),
        Verdict::Skipped => ("v skipped", "– "),
    };
    let mark = element("span", &[("aria-hidden", "true")], text(mark));
    element("strong", &[("class", class)], mark.and(text(verdict.word())))
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Require => "required",
        Level::Recommend => "recommended",
    }
}

/// An address to click on, or plain text where it is none.
fn link(address: &str) -> Markup {
    let safe = address.starts_with("https://") || address.starts_with("http://");
    if safe && address.chars().all(|character| character.is_ascii_graphic()) {
        element("a", &[("href", address), ("rel", "noopener noreferrer")], text(address))
    } else {
        text(address)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};

    use super::page::STYLE;
    use super::*;
    use crate::report::fixture;

    /// What a reader sees: no tags, and entities read.
    pub(in crate::report) fn shown(html: &str) -> String {
        let mut out = String::new();
        for piece in html.split('<').skip(1) {
            out.push_str(piece.split_once('>').unwrap().1);
        }
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
        entities.iter().fold(out, |text, (entity, plain)| text.replace(entity, plain))
    }

    /// Names of the tags of a page in their order, and how they nest.
    pub(in crate::report) fn tags(html: &str) -> Vec<&str> {
        let mut open: Vec<&str> = Vec::new();
        let mut all = Vec::new();
        for piece in html.split('<').skip(2) {
            let tag = piece.split_once('>').unwrap().0;
            let name = tag.split(' ').next().unwrap();
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "</{name}> closes something else");
            } else {
                all.push(name);
                if name != "meta" {
                    open.push(name);
                }
            }
        }
        assert_eq!(open, Vec::<&str>::new());
        all
    }

    #[test]
    fn values_make_no_tag_and_no_script() {
        let mut report = fixture::rich();
        let evil = "\"><script>alert('x')</script><img src=x onerror=alert(1)> ' onload='x \x1b[2J";
        report.policy.title = evil.into();
        report.policy.name = evil.into();
        report.checks[3].title = evil.into();
        report.checks[3].reason = evil.into();
        report.checks[3].runbook = Some("javascript:alert(1)".into());
        report.checks[4].runbook = Some(format!("https://x/{evil}"));
        report.checks[3].findings[0].sql = evil.into();
        report.checks[3].findings[0].message = evil.into();
        report.waivers[0].reason = evil.into();
        report.sources[0].facts[0].value = evil.into();
        report.run.parameters[0].value = evil.into();
        report.controls[0].id = evil.into();
        let html = render(&report);
        let known = [
            "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "article",
            "footer", "h1", "h2", "h3", "p", "div", "ul", "li", "dl", "dt", "dd", "table", "caption",
            "thead", "tbody", "tr", "th", "td", "a", "strong", "span", "code", "pre",
        ];
        let used = tags(&html);
        assert!(used.iter().all(|tag| known.contains(tag)), "{used:?}");
        assert!(!html.contains("href=\"javascript") && !html.contains('\x1b'));
        let known = "aria-hidden aria-label aria-labelledby charset class content href http-equiv id lang name rel role scope tabindex";
        for piece in html.split('<').skip(2) {
            let tag = piece.split_once('>').unwrap().0;
            // What stands outside of quotes: the name of the tag, and those of its attributes.
            let outside: String = tag.split('"').step_by(2).collect();
            for attribute in outside.split_whitespace().skip(1) {
                let name = attribute.trim_end_matches('=');
                assert!(known.split(' ').any(|one| one == name), "{tag}");
            }
        }
    }

    #[test]
    fn the_page_is_one_file_that_loads_nothing() {
        let html = render(&fixture::rich());
        for word in ["src=", "url(", "@import", "<link", "<script", "<iframe", "style=\""] {
            assert!(!html.contains(word), "{word}");
        }
        let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        assert!(html.contains(&format!("default-src 'none'; style-src 'sha256-{digest}'")));
        assert!(html.contains(&format!("<style>{STYLE}</style>")), "the digest is of what stands there");
    }

    #[test]
    fn headings_are_in_order_and_links_lead_somewhere() {
        for report in [fixture::rich(), fixture::clean(), fixture::empty()] {
            let html = render(&report);
            let mut last = 0;
            for level in tags(&html).iter().filter_map(|tag| tag.strip_prefix('h')?.parse::<u8>().ok()) {
                assert!(level <= last + 1, "h{level} under h{last}");
                last = level;
            }
            assert_eq!(html.matches("<h1>").count(), 1);
            let targets: Vec<&str> =
                html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
            for target in targets {
                assert_eq!(html.matches(&format!(" id=\"{target}\"")).count(), 1, "#{target}");
            }
            assert_eq!(html.matches("<th>").count(), 0, "every header cell says what it is a header of");
        }
    }

    #[test]
    fn the_verdict_is_the_first_thing() {
        let text = shown(&render(&fixture::rich()).split_once("<body>").unwrap().1.replacen("", "<x>", 1));
        let start: String = text.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
        assert!(start.starts_with("tala: TALA disaster recovery CLOSED broken, exit status 1"), "{start}");
        assert!(render(&fixture::clean()).contains("class=\"standing open\""));
        assert!(render(&fixture::empty()).contains("class=\"standing closed\""));
    }

    /// Luminance as WCAG 2 defines it.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(colour.get(at..at + 2).unwrap(), 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    #[test]
    fn every_colour_can_be_read_on_both_grounds() {
        let themes: Vec<&str> =
            STYLE.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        assert_eq!(themes.len(), 3, "light, dark, print");
        for theme in themes {
            let colour =
                |name: &str| theme.split_once(&format!("--{name}: ")).unwrap().1.split(';').next().unwrap();
            for ground in ["paper", "panel"] {
                for ink in ["ink", "soft", "good", "bad", "doubt", "link"] {
                    let (a, b) = (luminance(colour(ground)), luminance(colour(ink)));
                    let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                    assert!(contrast >= 4.5, "{ink} on {ground} has {contrast:.2} in {theme}");
                }
            }
        }
    }
}
