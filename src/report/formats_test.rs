//! What must be true of every format: no check, no verdict, no finding is lost, and nothing depends on chance.

use proptest::prelude::*;

use super::model::{CheckInfo, Level, Report};
use super::{Format, Style, escape, fixture, github, html, markdown, nagios, prometheus, render, yaml};
use crate::finding::{Finding, KeyPart};
use crate::verdict::Verdict;

/// What a reader of the format sees, and how the format spells a value of a key in it.
fn seen(format: Format, report: &Report) -> String {
    let style = Style { unicode: true, ..Style::default() };
    let raw = render(format, report, &style).unwrap();
    match format {
        Format::Markdown => markdown::escape::tests::shown(&raw),
        Format::Github => github::tests::shown(&raw),
        Format::Prometheus => prometheus::tests::shown(&raw),
        Format::Nagios => nagios::tests::shown(&raw),
        Format::Html => html::tests::shown(&raw),
        Format::Junit => raw
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&amp;", "&"),
        Format::Text | Format::Json | Format::Sarif | Format::Tap => raw,
    }
}

fn spelt(format: Format, part: &KeyPart) -> String {
    let literal = escape::key(std::slice::from_ref(part), true);
    match format {
        Format::Json => super::json::pretty(&part.value).unwrap().trim_end().to_string(),
        Format::Sarif => {
            let quoted = serde_json::to_string(&literal).unwrap();
            quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap().to_string()
        }
        Format::Tap => format!("value: {}", part.value.as_deref().map_or("~".to_string(), yaml::quoted)),
        Format::Text
        | Format::Junit
        | Format::Markdown
        | Format::Github
        | Format::Prometheus
        | Format::Nagios
        | Format::Html => literal,
    }
}

fn total(format: Format, number: u64) -> String {
    match format {
        Format::Json => format!("\"findings_total\": {number}"),
        Format::Sarif => format!("\"findingsTotal\": {number}"),
        Format::Tap => format!("findings_total: {number}"),
        _ => format!("{} finding", super::words::grouped(number)),
    }
}

/// Whether the format gives this very check its verdict, and not merely some check.
fn gives_verdict(format: Format, report: &Report, text: &str, check: &CheckInfo) -> bool {
    let (id, word) = (check.id.as_str(), check.verdict.word());
    match format {
        Format::Json => {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            value["checks"].as_array().unwrap().iter().any(|one| one["id"] == id && one["verdict"] == word)
        }
        Format::Sarif => {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            let checks = value["runs"][0]["properties"]["checks"].as_array().unwrap();
            checks.iter().any(|one| one["id"] == id && one["verdict"] == word)
        }
        Format::Junit => {
            let raw = render(format, report, &Style::default()).unwrap();
            let back = quick_junit::Report::deserialize_from_str(&raw).unwrap();
            let mut cases = back.test_suites.iter().flat_map(|suite| &suite.test_cases);
            let case = cases.find(|case| case.name.as_str() == id).unwrap();
            case.properties.iter().any(|one| one.name.as_str() == "verdict" && one.value.as_str() == word)
        }
        Format::Html => {
            let raw = render(format, report, &Style::default()).unwrap();
            let article = raw.split_once(&format!(" id=\"check-{id}\">")).unwrap().1;
            let heading = article.split_once("</h3>").unwrap().0;
            heading.contains(&format!("<code>{id}</code>"))
                && heading.contains(&format!("</span>{word}</strong>"))
        }
        Format::Markdown => {
            text.contains(&format!("**{id}** ({word})")) || text.contains(&format!("| {id} | {word} |"))
        }
        Format::Tap => {
            let own = |block: &&str| block.contains(&format!("\n  id: \"{id}\"\n"));
            let block = text.split("\n  ---").filter(own).collect::<Vec<_>>();
            block.len() == 1 && block[0].contains(&format!("\n  verdict: \"{word}\"\n"))
        }
        Format::Text | Format::Github | Format::Prometheus | Format::Nagios => {
            let heading = match check.verdict {
                Verdict::Holds => "HOLDS:",
                Verdict::Skipped => "SKIPPED:",
                Verdict::Broken | Verdict::Unproven | Verdict::Waived => {
                    return text.contains(&format!("\n  {id} ({word})"));
                }
            };
            let section = text.split_once(&format!("\n{heading}")).unwrap().1;
            let section = section.split_once("\n\n").unwrap().0;
            section.contains(&format!("\n  {id} "))
        }
    }
}

fn assert_complete(report: &Report) {
    for format in Format::ALL {
        let text = seen(format, report);
        for check in &report.checks {
            let given = gives_verdict(format, report, &text, check);
            assert!(given, "{format:?} drops that {} is {}", check.id, check.verdict.word());
            for part in check.findings.iter().flat_map(|finding| &finding.key) {
                let spelt = spelt(format, part);
                assert!(text.contains(&spelt), "{format:?} drops the key {spelt} of {}", check.id);
            }
            if check.findings_total > check.findings.len() as u64 {
                let total = total(format, check.findings_total);
                assert!(text.contains(&total), "{format:?} hides that {} has {total}s", check.id);
            }
        }
        for gate in &report.gates {
            assert!(text.contains(&gate.id), "{format:?} drops gate {}", gate.id);
        }
    }
}

#[test]
fn no_format_drops_anything_of_the_fixtures() {
    for report in [fixture::rich(), fixture::clean(), fixture::empty()] {
        assert_complete(&report);
    }
}

#[test]
fn every_format_shows_everything_that_stands_around_the_checks() {
    let report = fixture::rich();
    let mut words = vec!["OPS-4412", "OPS-4380", "OPS-4403", "2026-12-31", "22min 4s", "99.9%"];
    words.extend([
        "archive lag",
        "17s",
        "archive.reaches to now",
        "lost events",
        "its anchors cannot be used",
    ]);
    words.extend(["7301234567890123456", "narrowed to tenant", "outside the hash", "permission denied"]);
    words.extend(["after_restore is closed, so it was not started", "2026-11-04T02:45:00Z", "sox:404"]);
    words.extend([report.policy.digest.as_str(), report.run.id.as_str(), report.run.started.as_str()]);
    for format in Format::ALL {
        let text = seen(format, &report);
        // Markdown escapes a character that means something to it with a backslash; text wraps sentences.
        let flat = text.replace('\\', "").split_whitespace().collect::<Vec<_>>().join(" ");
        for word in &words {
            assert!(flat.contains(word), "{format:?} drops {word}");
        }
    }
}

#[test]
fn no_format_lets_a_closed_run_look_open() {
    for report in [fixture::rich(), fixture::empty()] {
        let (word, exit_code) = (report.verdict.word(), report.exit_code.to_string());
        for format in Format::ALL {
            let text = seen(format, &report);
            assert!(text.contains(word) && text.contains(&exit_code), "{format:?}");
            assert!(!text.contains("; proceed"), "{format:?}");
        }
    }
}

#[test]
fn output_is_the_same_every_time() {
    for report in [fixture::rich(), fixture::clean(), fixture::empty()] {
        for format in Format::ALL {
            let style = Style::default();
            let once = render(format, &report, &style).unwrap();
            assert_eq!(once, render(format, &report, &style).unwrap());
            assert!(once.ends_with('\n'));
        }
    }
}

#[test]
fn no_format_writes_a_hidden_character() {
    for format in Format::ALL {
        let text = render(format, &fixture::rich(), &Style::default()).unwrap();
        let hidden = text.chars().find(|character| *character != '\n' && escape::is_hidden(*character));
        assert_eq!(hidden, None, "{format:?}");
    }
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Holds),
        Just(Verdict::Broken),
        Just(Verdict::Unproven),
        Just(Verdict::Waived),
        Just(Verdict::Skipped)
    ]
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let value = prop_oneof![
        any::<Option<String>>(),
        proptest::sample::select(fixture::HOSTILE.to_vec()).prop_map(|value| Some(value.to_string())),
    ];
    (value, ".*", any::<bool>()).prop_map(|(value, message, broken)| Finding {
        verdict: if broken { Verdict::Broken } else { Verdict::Unproven },
        kind: "kind".into(),
        message,
        relation: "public.T".into(),
        key: vec![KeyPart { column: "id".into(), value }],
        sql: String::new(),
    })
}

fn any_check() -> impl Strategy<Value = (Verdict, bool, Vec<Finding>, u64)> {
    (any_verdict(), any::<bool>(), proptest::collection::vec(any_finding(), 0..4), 0..9_u64)
}

#[test]
fn every_format_tells_of_a_drill_and_its_phases() {
    let report = fixture::drilled();
    assert_complete(&report);
    for format in Format::ALL {
        let text = seen(format, &report);
        let took = match format {
            Format::Json | Format::Sarif | Format::Tap => "4211",
            Format::Prometheus => "4.211",
            _ => "4s211ms",
        };
        assert!(text.contains("restore_data") && text.contains(took), "{format:?}\n{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_format_drops_anything_of_any_report(checks in proptest::collection::vec(any_check(), 0..14)) {
        let mut report = fixture::clean();
        let model = report.checks.remove(0);
        report.checks = checks
            .into_iter()
            .enumerate()
            .map(|(at, (verdict, required, findings, more))| CheckInfo {
                id: format!("check_{at}"),
                level: if required { Level::Require } else { Level::Recommend },
                verdict,
                findings_total: findings.len() as u64 + more,
                findings,
                ..model.clone()
            })
            .collect();
        assert_complete(&report);
    }
}
