//! What a drill amounts to beside the gates that it ran: a gate of its own, so that every format and the record show it like
//! any other.
//!
//! Its names hold a point, which no name of a policy does.

use std::time::Duration;

use crate::drill::phases::{ALL, MOVING, Timed, VERIFY};
use crate::drill::{Drill, Trouble, shown};
use crate::finding::Finding;
use crate::judge::Judged;
use crate::policy::operand::Operand;
use crate::policy::procedure::{Expected, Procedure};
use crate::policy::{Objective, Policy, SourceKind, Target};
use crate::report::model::{CheckInfo, DrillInfo, DrillPhaseInfo, FactInfo, GateInfo, ObjectiveInfo};
use crate::source_text::{Location, SourceSet};
use crate::value::duration_text;
use crate::verdict::{Level, Verdict};

/// The gate of the drill itself.
const GATE: &str = "drill.itself";

/// What is known when a drill is over.
pub(super) struct Outcome<'a> {
    pub(super) policy: &'a Policy,
    pub(super) texts: &'a SourceSet,
    pub(super) procedure: Option<&'a Procedure>,
    /// Every phase, verification included.
    pub(super) phases: &'a [Timed],
    /// Size of what was restored, or why nothing was.
    pub(super) restored: Result<u64, &'a Trouble>,
}

/// A time in milliseconds.
pub(super) fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

fn micros(took: Duration) -> i64 {
    i64::try_from(took.as_millis()).unwrap_or(i64::MAX).saturating_mul(1000)
}

/// A time in words, to the millisecond.
fn words(took: Duration) -> String {
    duration_text(micros(took))
}

fn range(expected: Expected) -> String {
    format!("{}..{}", duration_text(expected.from), duration_text(expected.to))
}

impl Outcome<'_> {
    /// The drill for the report.
    pub(super) fn info(&self, drill: Option<&Drill<'_>>, (id, address): (&str, &str)) -> DrillInfo {
        let (kind, path) = drill
            .map(Drill::backup)
            .filter(|(kind, _)| !kind.is_empty())
            .unwrap_or_else(|| ("", shown(address)));
        let facts = drill.map(Drill::facts).unwrap_or_default().iter();
        DrillInfo {
            id: id.to_owned(),
            kind: kind.to_owned(),
            backup: path,
            facts: facts.map(|(name, value)| FactInfo { name: name.clone(), value: value.clone() }).collect(),
            phases: self
                .phases
                .iter()
                .map(|phase| DrillPhaseInfo {
                    name: phase.name.to_owned(),
                    took_ms: millis(phase.took),
                    expected: self.expected(phase.name).map(range).unwrap_or_default(),
                })
                .collect(),
            restore_ms: self.restored.ok().and(drill).map(|drill| millis(drill.took())),
            restored_bytes: self.restored.ok(),
            kept: None,
        }
    }

    fn expected(&self, phase: &str) -> Option<Expected> {
        self.procedure?.phases.iter().find(|planned| planned.name == phase)?.expected
    }

    /// What the procedure expects of phases that a drill does not have, which people carry out or which are misspelt.
    pub(super) fn unmeasured(&self) -> Option<String> {
        let procedure = self.procedure?;
        let planned = procedure.phases.iter().filter(|phase| phase.expected.is_some());
        let others: Vec<String> = planned
            .filter(|phase| !ALL.contains(&phase.name.as_str()))
            .map(|phase| format!("`{}`", phase.name))
            .collect();
        (!others.is_empty()).then(|| {
            format!(
                "what `{}` expects of {} was compared with nothing: a drill has no such phase",
                procedure.name,
                others.join(", ")
            )
        })
    }

    fn all(&self) -> Duration {
        self.phases.iter().map(|phase| phase.took).sum()
    }

    /// The longest that the drill may take, in microseconds, by the objective that it is held against.
    pub(super) fn limit(&self) -> Option<i64> {
        let objective = self.policy.objectives.iter().find(|objective| self.measures(objective))?;
        match &objective.target {
            Target::Span { limit, .. } => Some(*limit),
            Target::Share { .. } => None,
        }
    }

    /// Adds the drill's own gate and its checks to what was judged.
    pub(super) fn add(&self, judged: &mut Judged, gates: &mut Vec<GateInfo>) {
        let mut mine = vec![self.restored()];
        mine.extend(self.in_range());
        if let Some(objective) = self.policy.objectives.iter().find(|objective| self.measures(objective)) {
            let (check, told) = self.in_time(objective);
            mine.push(check);
            judged.objectives.push(told);
        }
        let required = mine.iter().filter(|check| check.level == Level::Require);
        let verdict = required.clone().fold(Verdict::Holds, |worst, check| worst.worst(check.verdict));
        let reason =
            match required.clone().find(|check| check.verdict == verdict && verdict != Verdict::Holds) {
                Some(check) => format!("{} is {}", check.id, check.verdict.word()),
                None => format!("restored in {}", words(self.all())),
            };
        gates.insert(
            0,
            GateInfo { id: GATE.to_owned(), title: "The backup restores".to_owned(), verdict, reason },
        );
        judged.checks.splice(0..0, mine);
    }

    fn check(&self, id: &str, title: &str, (verdict, reason): (Verdict, String)) -> CheckInfo {
        let first = || self.policy.gates.first().map(|gate| gate.span);
        let span = self.procedure.map(|procedure| procedure.span).or_else(first);
        let nowhere = Location { file: String::new(), line: 0, column: 0 };
        CheckInfo {
            id: format!("drill.{id}"),
            gate: GATE.to_owned(),
            title: title.to_owned(),
            level: Level::Require,
            verdict,
            reason,
            assertion: String::new(),
            rows_examined: 0,
            findings: Vec::new(),
            findings_total: 0,
            controls: Vec::new(),
            location: span.map_or(nowhere, |span| self.texts.location(span)),
            duration_ms: 0,
            notes: Vec::new(),
            runbook: None,
        }
    }

    /// Whether it was restored at all.
    fn restored(&self) -> CheckInfo {
        let title = "The backup was restored, and the database answers";
        let took = |check: CheckInfo| CheckInfo { duration_ms: millis(self.all()), ..check };
        match self.restored {
            Ok(bytes) => took(self.check(
                "restored",
                title,
                (Verdict::Holds, format!("restored, {} on disk", crate::drill::size::text(bytes))),
            )),
            Err(why) => {
                let said = why.details.iter().map(|detail| finding(why.verdict, "restore", detail));
                let findings: Vec<Finding> = said.collect();
                let check = self.check("restored", title, (why.verdict, why.message.clone()));
                took(CheckInfo { findings_total: findings.len() as u64, findings, ..check })
            }
        }
    }

    /// Phases beside what the procedure expects of those of the same name, and the whole beside its longest time. People's
    /// work is missing in a drill, so the whole cannot be too short.
    fn in_range(&self) -> Option<CheckInfo> {
        let procedure = self.procedure?;
        let mut findings = Vec::new();
        let mut compared = 0;
        for phase in self.phases {
            let Some(expected) = self.expected(phase.name) else { continue };
            compared += 1;
            let took = micros(phase.took);
            let what = |how: &str, limit: i64| {
                format!(
                    "phase `{}` took {}, {how} than the expected {}",
                    phase.name,
                    words(phase.took),
                    duration_text(limit)
                )
            };
            if took > expected.to {
                findings.push(finding(Verdict::Broken, "overrun", &what("longer", expected.to)));
            } else if took < expected.from {
                findings.push(finding(Verdict::Broken, "underrun", &what("shorter", expected.from)));
            }
        }
        if let Some(expected) = procedure.expected {
            compared += 1;
            if micros(self.all()) > expected.to {
                let text = format!(
                    "the drill took {}, longer than the expected {}",
                    words(self.all()),
                    duration_text(expected.to)
                );
                findings.push(finding(Verdict::Broken, "overrun", &text));
            }
        }
        if compared == 0 {
            return None;
        }
        let title = format!("Phases took as long as `{}` expects", procedure.name);
        let judgement = match (findings.len(), self.restored) {
            (0, Ok(_)) => (Verdict::Holds, format!("{compared} of its times are as expected")),
            (0, Err(_)) => (Verdict::Unproven, "the restore did not come to its end".to_owned()),
            (n, _) => (Verdict::Broken, format!("{n} of {compared} times are not as expected")),
        };
        let check = self.check("in_range", &title, judgement);
        Some(CheckInfo { level: Level::Recommend, findings_total: findings.len() as u64, findings, ..check })
    }

    /// Whether an objective is about the time that a restore takes, as its record has it.
    fn measures(&self, objective: &Objective) -> bool {
        let recorded = |operand: &Operand| match operand {
            Operand::Fact(fact) => self
                .policy
                .sources
                .iter()
                .any(|source| source.name == fact.source && source.kind == SourceKind::Record),
            _ => false,
        };
        objective.name == "rto"
            && matches!(&objective.target, Target::Span { from, to, .. } if recorded(from) && recorded(to))
    }

    /// The time of this very drill beside the objective.
    fn in_time(&self, objective: &Objective) -> (CheckInfo, ObjectiveInfo) {
        let Target::Span { limit, .. } = &objective.target else {
            return (
                self.check("in_time", "", (Verdict::Unproven, String::new())),
                told(objective, "", "", Verdict::Unproven, ""),
            );
        };
        let target = duration_text(*limit);
        let actual = words(self.all());
        let (verdict, actual, reason) = match self.restored {
            Err(_) => (Verdict::Unproven, String::new(), "the restore did not come to its end".to_owned()),
            Ok(_) if !self.phases.iter().any(|phase| phase.name == VERIFY) => {
                (Verdict::Unproven, String::new(), "what was restored was not verified".to_owned())
            }
            Ok(_) if micros(self.all()) <= *limit => {
                let reason = format!("this drill took {actual}, {target} is allowed");
                (Verdict::Holds, actual, reason)
            }
            Ok(_) => {
                let reason = format!("this drill took {actual}, and only {target} is allowed");
                (Verdict::Broken, actual, reason)
            }
        };
        let mut check = self.check("in_time", "The drill was over in time", (verdict, reason.clone()));
        check.location = self.texts.location(objective.span);
        (check, told(objective, &target, &actual, verdict, &reason))
    }
}

fn told(objective: &Objective, target: &str, actual: &str, verdict: Verdict, reason: &str) -> ObjectiveInfo {
    ObjectiveInfo {
        name: format!("drill.{}", objective.name),
        target: target.to_owned(),
        measures: "all phases of the drill".to_owned(),
        actual: actual.to_owned(),
        verdict,
        reason: reason.to_owned(),
        beside: Vec::new(),
    }
}

fn finding(verdict: Verdict, kind: &str, message: &str) -> Finding {
    Finding {
        verdict,
        kind: kind.to_owned(),
        message: message.to_owned(),
        relation: String::new(),
        key: Vec::new(),
        sql: String::new(),
    }
}

/// The gates of a procedure that come after its data was moved, or all of its gates where it names no such phase.
pub(super) fn gates_of(procedure: &Procedure) -> Vec<&str> {
    let moved = procedure.phases.iter().rposition(|phase| MOVING.contains(&phase.name.as_str()));
    let after = procedure.phases.iter().skip(moved.unwrap_or(0));
    after.filter_map(|phase| phase.gate.as_deref()).collect()
}
