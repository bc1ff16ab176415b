//! What a drill leaves in a record: that it began, and how it ended.

use super::{Args, trend};
use crate::cli::record_show::unended;
use crate::cli::recording::{self, Part};
use crate::cli::terminal::Talk;
use crate::drill::{Trouble, shown};
use crate::record::{self, DrillBegun, DrillPhase, Event, Figure, Record, RecordError, Sealed, Signer};
use crate::report::model::{DrillInfo, Report};
use crate::verdict::{ExitStatus, Verdict};

/// Says where the drill was recorded, or closes what it would have opened.
pub(super) fn note_recorded(
    report: &mut Report,
    added: Result<Vec<Sealed>, RecordError>,
    folder: &std::path::Path,
    talk: &Talk,
) {
    match added {
        Ok(sealed) => report.notes.push(recording::place(&sealed, folder)),
        Err(why) => {
            talk.say(&format!("error: {why}"));
            recording::close(report, &why);
        }
    }
}

impl Args {
    /// The key for the record.
    pub(super) fn recording(&self, talk: &Talk) -> Result<Option<Signer>, ExitStatus> {
        if self.record.is_none() {
            return match self.key.is_given() {
                true => Err(talk.stop("`--record-key` needs `--record FOLDER`")),
                false => Ok(None),
            };
        }
        self.key.signer().map_err(|why| recording::unrecorded(&why, talk))
    }

    /// Records that the drill begins; where that cannot be, nothing is restored. Returns what there is to say of drills before it that never ended.
    pub(super) fn begun(
        &self,
        (id, digest, policy): (&str, &str, &str),
        talk: &Talk,
    ) -> Result<Vec<String>, ExitStatus> {
        let Some(folder) = &self.record else { return Ok(Vec::new()) };
        let begun = Event::DrillBegun(DrillBegun {
            drill: id.to_owned(),
            policy: policy.to_owned(),
            policy_digest: digest.to_owned(),
            backup: shown(&self.restore.backup),
        });
        let add = || {
            let mut record = Record::open(folder, self.key.signer()?)?;
            // Said once: after the next drill that ends, only the record says it.
            let since = record.history().drills.last().map(|(at, _)| *at);
            let lost = record.history().unended.iter().filter(|(at, _)| Some(*at) >= since);
            let lost = lost
                .map(|(at, drill)| format!("drill {} {}", drill.drill, unended(*at, &drill.backup)))
                .collect();
            recording::add(&mut record, &[begun], folder, talk)?;
            Ok(lost)
        };
        add().map_err(|why: RecordError| recording::unrecorded(&why, talk))
    }

    /// The record, and what goes into it: the run of the gates, and the drill.
    pub(super) fn keep_record(
        &self,
        signer: Option<Signer>,
        (report, limit): (&mut Report, Option<i64>),
        failed: Option<&Trouble>,
    ) -> Result<(Record, Vec<Event>), RecordError> {
        let folder = self.record.clone().unwrap_or_default();
        let record = Record::open(&folder, signer)?;
        let drilled = report.drill.as_ref().map(|info| entry(report, info, failed));
        if let (Some(limit), Some(drilled)) = (limit, &drilled) {
            let Report { objectives, checks, .. } = report;
            let now = jiff::Timestamp::now();
            trend::beside(objectives, checks, (record.history(), drilled), (limit, now));
        }
        let part =
            Part { restore: None, tenant: self.run.tenant(), out_of_order: self.out_of_order.as_deref() };
        let mut events = recording::events(report, &part);
        events.extend(drilled.map(Event::Drill));
        Ok((record, events))
    }
}

/// The entry of a drill.
fn entry(report: &Report, info: &DrillInfo, failed: Option<&Trouble>) -> record::Drill {
    let closed = report.gates.iter().filter(|gate| !gate.verdict.opens());
    let closed = closed.map(|gate| format!("gate `{}` is {}", gate.id, gate.verdict.word()));
    let times =
        report.checks.iter().filter(|check| check.id == "drill.in_range").flat_map(|check| &check.findings);
    let said =
        failed.map(|why| why.message.clone()).into_iter().chain(times.map(|finding| finding.message.clone()));
    // A check that does not apply takes nothing from what was proven. One that a waiver let pass does.
    let verdict = if report.verdict == Verdict::Skipped { Verdict::Holds } else { report.verdict };
    record::Drill {
        drill: info.id.clone(),
        policy: report.policy.name.clone(),
        policy_digest: report.policy.digest.clone(),
        backup: if info.kind.is_empty() {
            info.backup.clone()
        } else {
            format!("{}:{}", info.kind, info.backup)
        },
        identity: info
            .facts
            .iter()
            .map(|fact| Figure { name: fact.name.clone(), value: Some(fact.value.clone()) })
            .collect(),
        run: Some(report.run.id.clone()),
        verdict: verdict.word().to_owned(),
        exit_code: report.exit_code,
        interrupted: failed.is_some_and(|why| why.interrupted),
        restore_ms: info.restore_ms,
        restored_bytes: info.restored_bytes,
        phases: info
            .phases
            .iter()
            .map(|phase| DrillPhase { name: phase.name.clone(), took_ms: phase.took_ms })
            .collect(),
        findings: said.chain(closed).collect(),
    }
}
