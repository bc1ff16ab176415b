use super::*;
use crate::report::fixture::HOSTILE;
use crate::report::html::tests::tags;

fn board() -> Dashboard {
    let evil = format!("\"><script>alert('x')</script> onload='x {}", HOSTILE.join(" "));
    let point = |n: i64, value: u64| ChartPoint { day: evil.clone(), second: n, value, shown: evil.clone() };
    Dashboard {
        record: RecordState {
            folder: evil.clone(),
            entries: Some(1),
            id: evil.clone(),
            head: evil.clone(),
            signed: evil.clone(),
            notes: vec![evil.clone()],
            ..RecordState::default()
        },
        made: evil.clone(),
        version: "1".to_owned(),
        concerns: vec![Concern { verdict: Verdict::Unproven, text: evil.clone() }],
        gates: vec![GateLine {
            of: evil.clone(),
            gate: evil.clone(),
            verdict: Verdict::Holds,
            at: evil.clone(),
            ago: evil.clone(),
            since: evil.clone(),
            checks: evil.clone(),
        }],
        charts: vec![Chart {
            title: evil.clone(),
            points: vec![point(0, 0), point(i64::MAX, u64::MAX), point(i64::MIN, 7)],
            limit: Some((u64::MAX, evil.clone())),
            trend: Some((0, u64::MAX)),
            words: evil.clone(),
        }],
        drills: vec![DrillLine {
            at: evil.clone(),
            of: evil.clone(),
            backup: evil.clone(),
            verdict: Verdict::Broken,
            duration: evil.clone(),
            backup_size: evil.clone(),
            size: evil.clone(),
            phases: vec![(evil.clone(), evil.clone())],
            findings: vec![evil.clone()],
        }],
        drills_total: 9,
        waivers: vec![WaiverLine {
            check: evil.clone(),
            until: evil.clone(),
            over: true,
            owner: evil.clone(),
            reason: evil.clone(),
            at: evil,
        }],
        ..Dashboard::default()
    }
}

#[test]
fn values_make_no_tag_and_no_script() {
    let page = render(&board());
    let known = [
        "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "article",
        "footer", "h1", "h2", "h3", "p", "div", "ul", "li", "dl", "dt", "dd", "table", "caption", "thead",
        "tbody", "tr", "th", "td", "a", "strong", "span", "code", "svg", "desc", "line", "polyline",
        "circle", "text",
    ];
    let used = tags(&page);
    assert!(used.iter().all(|tag| known.contains(tag)), "{used:?}");
    assert!(!page.contains('\x1b') && !page.contains("style=\"") && !page.contains("url("));
    assert!(page.contains("The latest 1 of 9 drills"));
}

#[test]
fn only_a_sound_record_without_a_concern_is_green() {
    let state = |change: &dyn Fn(&mut Dashboard)| {
        let mut board = board();
        change(&mut board);
        let page = render(&board);
        assert_eq!(page.contains("class=\"standing open\""), board.status() == ExitStatus::Open);
        (board.word(), board.status())
    };
    assert_eq!(state(&|board| board.concerns.clear()), ("IN ORDER", ExitStatus::Open));
    assert_eq!(state(&|_| ()), ("ATTENTION", ExitStatus::Unproven));
    assert_eq!(
        state(&|board| board.concerns[0].verdict = Verdict::Broken),
        ("ATTENTION", ExitStatus::Broken)
    );
    for record in [
        RecordState::default(),
        RecordState { entries: Some(0), ..RecordState::default() },
        RecordState { entries: Some(3), flaws: vec!["x".to_owned()], ..RecordState::default() },
        RecordState { entries: Some(3), flaws_total: 1, ..RecordState::default() },
    ] {
        let bare = |board: &mut Dashboard| {
            board.concerns.clear();
            board.record = record.clone();
        };
        assert_eq!(state(&bare), ("NO RECORD", ExitStatus::Unproven));
    }
    let changed = |board: &mut Dashboard| board.record.changed = true;
    assert_eq!(state(&changed), ("RECORD CHANGED", ExitStatus::Broken));
}
