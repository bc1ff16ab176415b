//! The reports every format is tested on: one with everything in it, a clean one, and one without a check.

mod checks;

use super::model::{
    CheckInfo, ControlInfo, DrillInfo, DrillPhaseInfo, FactInfo, FigureInfo, GateInfo, Level, ObjectiveInfo,
    ParameterInfo, PolicyInfo, Report, RunInfo, SCHEMA, SourceInfo, WaiverInfo, WaiverState,
};
use crate::source_text::Location;
use crate::verdict::Verdict;

/// Values that each break some format when written raw.
pub(super) const HOSTILE: [&str; 8] = [
    "red \x1b[31malert\x07 and \u{9b}2J",
    "two\nlines\r\n::error::forged",
    "]]></failure><script>alert('x')</script> & \"quotes\"",
    "a|b `code` *bold* @everyone [link](x) <!-- --> \\",
    "Peña 試験 \u{202e}txet desrever",
    "50%0Aoff ##[error]forged, file=x:1",
    "",
    "NULL",
];

fn check(id: &str, gate: &str, line: usize, verdict: Verdict, title: &str, reason: &str) -> CheckInfo {
    CheckInfo {
        id: id.into(),
        gate: gate.into(),
        title: title.into(),
        level: Level::Require,
        verdict,
        reason: reason.into(),
        assertion: String::new(),
        rows_examined: 0,
        findings: Vec::new(),
        findings_total: 0,
        controls: Vec::new(),
        location: Location { file: "policies/tala dr.hold".into(), line, column: 3 },
        duration_ms: 12,
        notes: Vec::new(),
        runbook: None,
    }
}

fn gate(id: &str, verdict: Verdict, title: &str, reason: &str) -> GateInfo {
    GateInfo { id: id.into(), title: title.into(), verdict, reason: reason.into() }
}

fn waiver(check: &str, until: &str, state: WaiverState, reason: &str) -> WaiverInfo {
    WaiverInfo {
        check: check.into(),
        until: until.into(),
        owner: "@infra".into(),
        reason: reason.into(),
        state,
    }
}

fn header(verdict: Verdict, exit_code: u8) -> Report {
    Report {
        schema: SCHEMA.into(),
        verdict,
        exit_code,
        policy: PolicyInfo {
            name: "tala".into(),
            title: "TALA disaster recovery".into(),
            digest: format!("sha256:{}", "5e".repeat(32)),
            owner: "@infrastructure".into(),
        },
        run: RunInfo {
            id: "0199c1f0-7b1e-7c44-9d0a-52f2a1f0c111".into(),
            started: "2026-11-04T02:58:10.120Z".into(),
            finished: "2026-11-04T03:01:15.980Z".into(),
            version: "0.1.0".into(),
            replayed: false,
            now: "2026-11-04T02:58:10.120Z".into(),
            seed: None,
            parameters: vec![ParameterInfo {
                name: "target_time".into(),
                value: "2026-11-04T02:45:00Z".into(),
            }],
        },
        sources: Vec::new(),
        gates: Vec::new(),
        checks: Vec::new(),
        objectives: Vec::new(),
        controls: Vec::new(),
        waivers: Vec::new(),
        drill: None,
        notes: Vec::new(),
    }
}

/// A run of which nothing was judged.
pub(crate) fn empty() -> Report {
    header(Verdict::Unproven, 3)
}

/// A run in which everything holds.
pub(crate) fn clean() -> Report {
    let mut report = header(Verdict::Holds, 0);
    report.gates.push(gate(
        "after_restore",
        Verdict::Holds,
        "The restored database holds true",
        "all 2 required checks hold",
    ));
    let balanced = check(
        "balanced",
        "after_restore",
        61,
        Verdict::Holds,
        "Debits equal credits in every entry",
        "2,000,000 entries of 7,300,000 lines balance",
    );
    report.checks.push(CheckInfo {
        assertion: "require books is balanced".into(),
        rows_examined: 7_300_000,
        controls: vec!["sox:404".into()],
        duration_ms: 790,
        ..balanced
    });
    let fresh = check("backup_fresh", "after_restore", 52, Verdict::Holds, "", "backup.age is 3h 12min");
    report.checks.push(CheckInfo {
        assertion: "require backup.age <= 24h".into(),
        rows_examined: 1,
        ..fresh
    });
    report.controls.push(ControlInfo {
        id: "sox:404".into(),
        verdict: Verdict::Holds,
        checks: vec!["balanced".into()],
    });
    report.sources.push(restored());
    report
}

fn restored() -> SourceInfo {
    let fact = |name: &str, value: &str| FactInfo { name: name.into(), value: value.into() };
    SourceInfo {
        name: "restored".into(),
        kind: "postgres".into(),
        address: "postgres://verify@db-dr:5432/tala".into(),
        reached: true,
        facts: vec![
            fact("server version", "15.4"),
            fact("database", "tala"),
            fact("role", "verify"),
            fact("recovery", "paused in recovery at 2/5A000028"),
            fact("system identifier", "7301234567890123456"),
        ],
        notes: vec!["role verify may write to 2 relations; it was allowed with --allow-writer".into()],
    }
}

/// Every verdict, every state of a waiver, and every character that has ever forged a line of a report.
pub(crate) fn rich() -> Report {
    let mut report = header(Verdict::Broken, 1);
    report.gates = vec![
        gate(
            "before_restore",
            Verdict::Unproven,
            "Full tenant restore may start",
            "1 of 3 required checks is unproven",
        ),
        gate(
            "after_restore",
            Verdict::Broken,
            "The restored database holds true",
            "2 of 4 required checks are broken: balanced, tenants",
        ),
        gate(
            "after_deploy",
            Verdict::Unproven,
            "The application answers",
            "after_restore is closed, so it was not started",
        ),
        gate("daily", Verdict::Holds, "", "its required check holds"),
    ];
    report.checks = checks::all();
    report.checks.extend([clean().checks.remove(1)].map(|fresh| CheckInfo { gate: "daily".into(), ..fresh }));
    report.objectives = vec![
        objective(
            "rpo",
            "15min",
            "22min 4s",
            Verdict::Broken,
            "the newest restored row is 22min 4s older than the target",
        ),
        objective(
            "backup_success",
            "99.9%",
            "",
            Verdict::Unproven,
            "no run of the backup tool is recorded before 2026-10-01",
        ),
        objective("rto", "4h", "1h 52min", Verdict::Holds, "restore.started to after_deploy.passed"),
    ];
    if let Some(rpo) = report.objectives.first_mut() {
        let figure = |name: &str, measures: &str, actual: &str, verdict, reason: &str| FigureInfo {
            name: name.into(),
            measures: measures.into(),
            actual: actual.into(),
            verdict,
            reason: reason.into(),
        };
        rpo.beside = vec![
            figure("archive lag", "archive.reaches to now", "17s", Verdict::Holds, "17s is within 15min"),
            figure("lost events", "anchors of audit", "", Verdict::Unproven, "its anchors cannot be used"),
        ];
    }
    report.controls = vec![
        ControlInfo { id: "bir:RR9-2009".into(), verdict: Verdict::Broken, checks: vec!["balanced".into()] },
        ControlInfo {
            id: "soc2:CC7.2".into(),
            verdict: Verdict::Unproven,
            checks: vec!["audit_ok".into(), "backup_fresh".into()],
        },
    ];
    report.waivers = vec![
        waiver("load", "2026-12-31", WaiverState::Used, "OPS-4412: shared DR host"),
        waiver("tenants", "2026-10-31", WaiverState::Expired, "OPS-4380: importer writes tenants late"),
        waiver("backup_fresh", "2026-11-30", WaiverState::Needless, "OPS-4401: | slow `bucket`"),
        waiver("wal_gapless", "2026-11-30", WaiverState::NotApplicable, "OPS-4402: archive moved"),
        waiver("smoke", "2026-11-30", WaiverState::NotSelected, "OPS-4403: new login page"),
    ];
    report.sources = vec![
        restored(),
        SourceInfo {
            name: "archive".into(),
            kind: "wal".into(),
            address: "wal:/mnt/archive".into(),
            reached: false,
            facts: Vec::new(),
            notes: vec!["permission denied".into()],
        },
    ];
    report.notes = vec!["narrowed to tenant t_9: nothing of any other tenant was looked at".into()];
    report
}

/// The same as a drill, of a backup with a hostile name.
pub(super) fn drilled() -> Report {
    let mut report = rich();
    let phase = |name: &str, took_ms, expected: &str| DrillPhaseInfo {
        name: name.into(),
        took_ms,
        expected: expected.into(),
    };
    report.drill = Some(DrillInfo {
        id: "f03a4b0c8526f6041126dcd1".into(),
        kind: "dump".into(),
        backup: format!("/backups/{}.dump", HOSTILE.join("")),
        facts: HOSTILE
            .iter()
            .map(|value| FactInfo { name: "sha256".into(), value: (*value).into() })
            .collect(),
        phases: vec![phase("restore_data", 4_211, "30min..1h"), phase("verify", 513, "")],
        restore_ms: Some(5_558),
        restored_bytes: Some(20_331_879),
        kept: None,
    });
    report
}

fn objective(name: &str, target: &str, actual: &str, verdict: Verdict, reason: &str) -> ObjectiveInfo {
    ObjectiveInfo {
        name: name.into(),
        target: target.into(),
        measures: format!("what {name} is"),
        actual: actual.into(),
        verdict,
        reason: reason.into(),
        beside: Vec::new(),
    }
}
