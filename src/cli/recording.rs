//! What commands have in common that add to a restore record: where it is, which key signs, and what a run says in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::finding::KeyPart;
use crate::judge::Before;
use crate::record::{
    CheckRun, Event, Figure, GateRun, GateState, ObjectiveRun, Record, RecordError, Recovered, Sealed,
    Signer, SourceRead, WaiverUsed,
};
use crate::report::model::{CheckInfo, ObjectiveInfo, Report, SourceInfo, WaiverState};
use crate::verdict::{ExitStatus, Level, Verdict};

use super::terminal::Talk;

/// The environment variable that names the file of the signing key.
const KEY: &str = "HOLDTRUE_RECORD_KEY";

/// The key that entries are signed with.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// File of the private key that entries are signed with [default: the file that HOLDTRUE_RECORD_KEY names, if it is set]
    #[arg(long, value_name = "FILE")]
    record_key: Option<PathBuf>,
}

impl KeyArgs {
    /// The key, if there is to be one.
    pub(super) fn signer(&self) -> Result<Option<Signer>, RecordError> {
        let named = std::env::var_os(KEY).filter(|file| !file.is_empty()).map(PathBuf::from);
        self.record_key.clone().or(named).map(|file| Signer::open(&file)).transpose()
    }

    /// Whether one was named on the command line.
    pub(super) fn is_given(&self) -> bool {
        self.record_key.is_some()
    }
}

/// Adds entries, and says what was mended on the way and that a record begins.
pub(super) fn add(
    record: &mut Record,
    events: &[Event],
    folder: &Path,
    talk: &Talk,
) -> Result<Vec<Sealed>, RecordError> {
    let sealed = record.append(events)?;
    if record.begun() {
        talk.say(&format!("note: a new record begins in `{}`", folder.display()));
    }
    for Recovered { bytes, kept, .. } in record.recovered() {
        talk.say(&match kept {
            Some(name) => format!(
                "note: the last line of the record was not written to its end; its {bytes} bytes were moved to `{}`, which is \
                 recorded",
                folder.join(name).display()
            ),
            None => "note: the last entry of the record lacked its line end, which was added and is recorded".to_owned(),
        });
    }
    Ok(sealed)
}

/// Says where an entry went.
pub(super) fn place(sealed: &[Sealed], folder: &Path) -> String {
    match sealed.last() {
        Some(last) => format!(
            "recorded in `{}` as entry {}; its head is now {}:{}",
            folder.display(),
            last.sequence,
            last.sequence,
            last.hash
        ),
        None => "nothing was recorded".to_owned(),
    }
}

/// What cannot be recorded proves nothing.
pub(super) fn unrecorded(why: &RecordError, talk: &Talk) -> ExitStatus {
    talk.say(&format!("error: {why}"));
    ExitStatus::Unproven
}

/// What a run is part of, beside what its report says.
pub(super) struct Part<'a> {
    /// The restore that is going on.
    pub(super) restore: Option<&'a str>,
    /// The tenant that everything was narrowed to.
    pub(super) tenant: Option<&'a str>,
    /// Why gates could open out of order.
    pub(super) out_of_order: Option<&'a str>,
}

/// The entries that a run makes. Of rows they hold key columns alone, as the report has them: hidden where it hides them.
pub(super) fn events(report: &Report, part: &Part<'_>) -> Vec<Event> {
    let run = GateRun {
        run: report.run.id.clone(),
        restore: part.restore.map(str::to_owned),
        policy: report.policy.name.clone(),
        policy_digest: report.policy.digest.clone(),
        replayed: report.run.replayed,
        tenant: part.tenant.map(str::to_owned),
        out_of_order: part.out_of_order.map(str::to_owned),
        started: report.run.started.clone(),
        finished: report.run.finished.clone(),
        version: report.run.version.clone(),
        verdict: report.verdict.word().to_owned(),
        sources: report.sources.iter().map(source).collect(),
        gates: report
            .gates
            .iter()
            .map(|gate| GateState { id: gate.id.clone(), verdict: gate.verdict.word().to_owned() })
            .collect(),
        checks: report.checks.iter().map(check).collect(),
        objectives: report.objectives.iter().map(objective).collect(),
    };
    let used = report.waivers.iter().filter(|waiver| waiver.state == WaiverState::Used);
    let used = used.map(|waiver| {
        Event::WaiverUsed(WaiverUsed {
            run: report.run.id.clone(),
            check: waiver.check.clone(),
            until: waiver.until.clone(),
            owner: waiver.owner.clone(),
            reason: waiver.reason.clone(),
        })
    });
    std::iter::once(Event::GateRun(run)).chain(used).collect()
}

fn source(source: &SourceInfo) -> SourceRead {
    SourceRead {
        name: source.name.clone(),
        kind: source.kind.clone(),
        address: source.address.clone(),
        reached: source.reached,
        identity: source
            .facts
            .iter()
            .map(|fact| Figure { name: fact.name.clone(), value: Some(fact.value.clone()) })
            .collect(),
    }
}

fn objective(objective: &ObjectiveInfo) -> ObjectiveRun {
    ObjectiveRun {
        name: objective.name.clone(),
        target: objective.target.clone(),
        measures: objective.measures.clone(),
        actual: objective.actual.clone(),
        verdict: objective.verdict.word().to_owned(),
    }
}

fn check(check: &CheckInfo) -> CheckRun {
    let figure = |part: &KeyPart| Figure { name: part.column.clone(), value: part.value.clone() };
    CheckRun {
        id: check.id.clone(),
        gate: check.gate.clone(),
        level: if check.level == Level::Require { "require" } else { "recommend" }.to_owned(),
        verdict: check.verdict.word().to_owned(),
        rows_examined: check.rows_examined,
        findings: check.findings_total,
        keys: check
            .findings
            .iter()
            .filter(|finding| !finding.key.is_empty())
            .map(|finding| finding.key.iter().map(figure).collect())
            .collect(),
    }
}

/// What the restore that is going on says of gates that were judged in it earlier. A pass counts only for the same text
/// and parameters of the policy, the same tenant, and the same places of the sources that both runs read.
pub(super) fn earlier(
    record: &Record,
    (policy, digest, tenant): (&str, &str, Option<&str>),
    addresses: &BTreeMap<&str, &str>,
) -> BTreeMap<String, Before> {
    let Some(restore) = record.history().open().filter(|restore| restore.plan.policy == policy) else {
        return BTreeMap::new();
    };
    let said = restore.gates.iter().map(|(gate, pass)| {
        let other = pass.sources.iter().find(|source| {
            addresses.get(source.name.as_str()).is_some_and(|address| *address != source.address)
        });
        let before = if !pass.open {
            Before::Closed(format!(
                "`{gate}` was closed when it was last judged in this restore, at {}",
                pass.at
            ))
        } else if pass.policy_digest != digest {
            Before::Closed(format!(
                "`{gate}` was open at {}, under another text of the policy or with other parameters",
                pass.at
            ))
        } else if pass.tenant.as_deref() != tenant {
            Before::Closed(format!("`{gate}` was open at {}, for another tenant", pass.at))
        } else if let Some(source) = other {
            Before::Closed(format!(
                "`{gate}` was open at {}, with `{}` read from another place, {}",
                pass.at, source.name, source.address
            ))
        } else {
            Before::Open(format!("`{gate}` was open at {}, by this restore's record", pass.at))
        };
        (gate.clone(), before)
    });
    said.collect()
}

/// A run that was to be recorded and was not opens no gate, and its report says so.
pub(super) fn close(report: &mut Report, why: &RecordError) {
    let because = format!("this run was to be recorded and was not: {why}");
    for gate in report.gates.iter_mut().filter(|gate| gate.verdict.opens()) {
        gate.verdict = Verdict::Unproven;
        gate.reason = format!("{because}; {}", gate.reason);
    }
    report.verdict = report.verdict.worst(Verdict::Unproven);
    report.exit_code = ExitStatus::of(report.verdict).code();
    report.notes.push(because);
}
