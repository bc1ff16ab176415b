//! `drill`: restore, look, judge, record, and take everything away again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::{Args as ClapArgs, ValueEnum};

use super::drill_judged::{Outcome, gates_of};
use super::drill_trend;
use super::drill_watch::{Bar, stop_on_signal, stopped};
use super::record_show::unended;
use super::recording::{self, KeyArgs, Part};
use super::run::{RunArgs, cores, runtime};
use super::shared::{Ready, Selected, needed_sources};
use super::terminal::Talk;
use super::verify::{compose, deliver, ended, output, run_id};
use crate::catalogue::Catalogue;
use crate::diagnostic::suggest;
use crate::drill::phases::{Timed, VERIFY};
use crate::drill::{Action, Drill, Request, Target, Trouble, shown};
use crate::facts::{self, Facts, Failure, SourceFacts};
use crate::failure::FailureKind;
use crate::judge::{self, Selection};
use crate::plan::Plan;
use crate::policy::SourceKind;
use crate::policy::procedure::Procedure;
use crate::probe::stores::Stores;
use crate::record::{self, DrillBegun, DrillPhase, Event, Figure, Record, RecordError, Sealed, Signer};
use crate::report::model::{DrillInfo, Report};
use crate::report::{Format, nagios};
use crate::verdict::{ExitStatus, Verdict};

/// Options of `drill`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    restore: RestoreArgs,
    /// The source of the policy that stands for the restored database, where the policy has several servers
    #[arg(long = "as", value_name = "NAME")]
    bound: Option<String>,
    /// The procedure that phases are compared with, where the policy has several
    #[arg(long, value_name = "NAME")]
    procedure: Option<String>,
    /// Leave the restored files where they are, with the server stopped
    #[arg(long)]
    keep: bool,
    /// Format of the report on standard output [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write the report to a file as well; may be given several times
    #[arg(long, value_name = "FORMAT=PATH", value_parser = output)]
    output: Vec<(Format, PathBuf)>,
    /// Let a gate open although the gate it comes after was not judged in this drill, for this reason, which is recorded
    #[arg(long, value_name = "REASON", value_parser = super::attest::filled)]
    out_of_order: Option<String>,
    /// Add the drill to the restore record in a folder; without that, no gate opens
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
}

/// What is restored, and how.
#[derive(Debug, ClapArgs)]
struct RestoreArgs {
    /// The backup: an archive of pg_dump, a base backup, a repository of pgBackRest or a catalogue of Barman, here or in object
    /// storage (`s3://`, `gs://`, `az://`); of several that a pattern matches, the newest
    #[arg(long, value_name = "PATH")]
    backup: String,
    /// Folder with the archived WAL of a base backup, here or in object storage
    #[arg(long, value_name = "FOLDER")]
    wal: Option<String>,
    /// Where replay ends: `time:2026-01-14T14:30:00Z`, `lsn:0/3000060`, `name:POINT` or `immediate` [default: the end of the WAL]
    #[arg(long, value_name = "TARGET", value_parser = Target::parse)]
    target: Option<Target>,
    /// What comes when the target is reached
    #[arg(long, value_enum, default_value = "promote", value_name = "ACTION", requires = "target")]
    target_action: TargetAction,
    /// Stanza of pgBackRest or server of Barman, where there are several
    #[arg(long, value_name = "NAME")]
    stanza: Option<String>,
    /// One backup of a repository, by its label or id [default: the newest]
    #[arg(long, value_name = "ID")]
    backup_id: Option<String>,
    /// Database to look into, of a restored cluster that has several
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// A superuser of a restored cluster
    #[arg(long, default_value = "postgres", value_name = "ROLE")]
    superuser: String,
    /// Let errors of pg_restore pass that hold this text, in which `*` stands for anything; each must meet one. May be given
    /// several times
    #[arg(long, value_name = "PATTERN", value_parser = super::attest::filled)]
    ignore_error: Vec<String>,
    /// Connections that restore at once [default: one for each core of this machine, at most 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=64))]
    restore_jobs: Option<u64>,
    /// Folder in which the scratch folder is made [default: the system's folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
}

/// What comes when the target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TargetAction {
    /// The cluster goes on and takes writes
    Promote,
    /// It stays in recovery, and is asked as its superuser, which needs `--allow-privileged-role`
    Pause,
}

impl RestoreArgs {
    fn request(&self, stores: Stores) -> Request {
        Request {
            backup: self.backup.clone(),
            stores,
            wal: self.wal.clone(),
            target: self.target.clone(),
            action: if self.target_action == TargetAction::Pause { Action::Pause } else { Action::Promote },
            stanza: self.stanza.clone(),
            set: self.backup_id.clone(),
            database: self.database.clone(),
            superuser: self.superuser.clone(),
            ignore: self.ignore_error.clone(),
            jobs: self.restore_jobs.unwrap_or_else(cores),
            scratch: self.scratch.clone().unwrap_or_else(std::env::temp_dir),
        }
    }
}

pub(super) fn run(args: &Args, talk: &Talk) -> u8 {
    ended(drill(args, talk), args.format, talk)
}

/// What is drilled for, as the policy says it.
struct Aim {
    ready: Ready,
    selected: Selected,
    bound: String,
    procedure: Option<Procedure>,
    notes: Vec<String>,
}

fn drill(args: &Args, talk: &Talk) -> Result<u8, ExitStatus> {
    let signer = args.recording(talk)?;
    let mut aim = args.aim(talk)?;
    let started = jiff::Timestamp::now();
    let digest = aim.ready.digest();
    let id = run_id(&format!("drill {digest}"), started);
    // A drill that is killed leaves this, and nothing else.
    let earlier = args.begun((&id, &digest, &aim.ready.policy.name), talk)?;
    aim.notes.extend(earlier);
    let runtime = runtime(talk)?;
    let (bar, (stop, stores)) = (Bar::new(talk), runtime.block_on(async { stop_on_signal() }));
    let request = args.restore.request(stores);
    let mut drill = Drill::begin(&request, stop.clone(), &bar);
    let restored = match &mut drill {
        Ok(drill) => drill.restore(),
        Err(why) => Err(why.clone()),
    };
    bar.clear();
    let mut phases: Vec<Timed> = drill.as_ref().map(|drill| drill.phases().to_vec()).unwrap_or_default();
    let looked = restored.and_then(|ready| {
        aim.selected.rebound.insert(aim.bound.clone(), ready.address);
        let begun = Instant::now();
        let looked = runtime.block_on(args.look(&aim, (&digest, &stop), talk));
        // How long looking took counts as well where it was broken off.
        phases.push(Timed { name: VERIFY, took: begun.elapsed() });
        looked.map(|(plan, facts)| (plan, facts, ready.bytes))
    });
    let (plan, facts, restored) = match looked {
        Ok((plan, facts, bytes)) => (plan, facts, Ok(bytes)),
        Err(why) => {
            let (plan, facts) = args.nothing(&aim, &digest, &why, talk)?;
            (plan, facts, Err(why))
        }
    };
    let samples = usize::try_from(args.run.read.samples).unwrap_or(usize::MAX);
    let Ready { policy, loaded, .. } = &aim.ready;
    let mut judged = judge::judge(policy, &plan, &facts, &loaded.texts, samples);
    let selection = Selection {
        gates: aim.selected.gates.clone(),
        out_of_order: args.out_of_order.is_some(),
        earlier: BTreeMap::new(),
    };
    let mut gates = judge::gates(policy, &judged.checks, &selection);
    let outcome = Outcome {
        policy,
        texts: &loaded.texts,
        procedure: aim.procedure.as_ref(),
        phases: &phases,
        restored: restored.as_ref().map(|bytes| *bytes),
    };
    outcome.add(&mut judged, &mut gates);
    let limit = outcome.limit();
    let unmeasured = outcome.unmeasured();
    let mut info = outcome.info(drill.as_ref().ok(), (&id, &args.restore.backup));
    if let (true, Ok(drill)) = (args.keep, &mut drill) {
        match drill.keep() {
            Ok((folder, command)) => {
                info.kept = Some(format!("{}; start its server with: {command}", folder.display()))
            }
            Err(why) => talk.say(&format!("error: {why}")),
        }
    }
    let mut report =
        compose((&aim.ready, &aim.selected, &args.run), (&plan, &facts, started, false), (judged, gates));
    report.notes.extend(aim.notes.iter().cloned().chain(unmeasured));
    report.notes.extend(drill.as_ref().map(Drill::notes).unwrap_or_default().iter().cloned());
    // Everything is over before it is told, and before it is recorded.
    drop(drill);
    report.drill = Some(info);
    if let Some(folder) = &args.record {
        match args.keep_record(signer, (&mut report, limit), restored.as_ref().err()) {
            Ok((mut record, events)) => {
                let added = recording::add(&mut record, &events, folder, talk);
                note_recorded(&mut report, added, folder, talk);
            }
            Err(why) => note_recorded(&mut report, Err(why), folder, talk),
        }
    }
    let shown = deliver((args.format, &args.output), aim.ready.profile.as_ref(), &report, talk)?;
    let status = ExitStatus::of(report.verdict);
    Ok(if shown == Format::Nagios { nagios::State::of(&report).code() } else { status.code() })
}

/// Says where the drill was recorded, or closes what it would have opened.
fn note_recorded(
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
    fn recording(&self, talk: &Talk) -> Result<Option<Signer>, ExitStatus> {
        if self.record.is_none() {
            return match self.key.is_given() {
                true => Err(talk.stop("`--record-key` needs `--record FOLDER`")),
                false => Ok(None),
            };
        }
        self.key.signer().map_err(|why| recording::unrecorded(&why, talk))
    }

    /// Records that the drill begins; where that cannot be, nothing is restored. Returns what there is to say of drills before it that never ended.
    fn begun(
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

    /// Which source is restored, which gates are judged, and what phases are compared with.
    fn aim(&self, talk: &Talk) -> Result<Aim, ExitStatus> {
        let (ready, mut selected) = self.run.ready(talk)?;
        let policy = &ready.policy;
        let servers: Vec<&str> = policy
            .sources
            .iter()
            .filter(|s| s.kind == SourceKind::Postgres)
            .map(|s| s.name.as_str())
            .collect();
        let bound = match (&self.bound, servers.as_slice()) {
            (Some(name), _) if servers.contains(&name.as_str()) => name.clone(),
            (Some(name), _) => {
                return Err(
                    talk.stop(&format!("the policy has no source `postgres {name}`{}", near(name, &servers)))
                );
            }
            (None, [one]) => (*one).to_owned(),
            (None, []) => {
                return Err(talk.stop(
                    "the policy has no source `postgres`, so nothing in it would look at what is restored",
                ));
            }
            (None, _) => {
                let all = suggest::listing(&servers);
                return Err(talk.stop(&format!("the policy has several servers, {all}; say which stands for what is restored with `--as NAME`")));
            }
        };
        if selected.rebound.contains_key(&bound) {
            return Err(talk
                .stop(&format!("`{bound}` is what is restored, so `--source {bound}=...` cannot be given")));
        }
        let procedures: Vec<&str> = policy.procedures.iter().map(|p| p.name.as_str()).collect();
        let procedure = match (&self.procedure, policy.procedures.as_slice()) {
            (Some(name), all) => match all.iter().find(|p| p.name == *name) {
                Some(one) => Some(one.clone()),
                None => {
                    return Err(talk
                        .stop(&format!("the policy has no procedure `{name}`{}", near(name, &procedures))));
                }
            },
            (None, [one]) => Some(one.clone()),
            (None, _) => None,
        };
        let mut notes = Vec::new();
        if procedure.is_none() && procedures.len() > 1 {
            notes.push(format!(
                "phases were compared with no procedure; name one with `--procedure`: {}",
                procedures.join(", ")
            ));
        }
        let looks = |check: &crate::policy::Check| {
            check.source.as_ref() == Some(&bound)
                || crate::policy::fact_sources(policy, check).contains(&bound)
        };
        if !self.run.chooses() {
            selected.gates = self.usual(&ready, &bound, procedure.as_ref());
            selected
                .checks
                .retain(|id| policy.checks.iter().any(|c| c.id == *id && selected.gates.contains(&c.gate)));
        }
        if !policy.checks.iter().any(|check| selected.checks.contains(&check.id) && looks(check)) {
            return Err(talk.stop(&format!("no selected check looks at `{bound}`, so the drill would prove nothing; name a gate with `--gate`")));
        }
        Ok(Aim { selected, bound, procedure, notes, ready })
    }

    /// The gates that a drill judges where none is named: those of the procedure that come after its data, as far as they look at
    /// what is restored and at nothing else; without such, all gates that do.
    fn usual(&self, ready: &Ready, bound: &str, procedure: Option<&Procedure>) -> Vec<String> {
        let policy = &ready.policy;
        let only = |gate: &str| {
            let checks: Vec<String> =
                policy.checks.iter().filter(|c| c.gate == gate).map(|c| c.id.clone()).collect();
            needed_sources(policy, &checks).iter().all(|source| source == bound)
        };
        let own: Vec<String> = policy.gates.iter().map(|g| g.id.clone()).filter(|gate| only(gate)).collect();
        let planned = procedure.map(gates_of).unwrap_or_default();
        let both: Vec<String> = own.iter().filter(|gate| planned.contains(&gate.as_str())).cloned().collect();
        if both.is_empty() { own } else { both }
    }

    /// Looks at what was restored, by the policy.
    async fn look(
        &self,
        aim: &Aim,
        (digest, stop): (&str, &AtomicBool),
        talk: &Talk,
    ) -> Result<(Plan, Facts), Trouble> {
        let look = async {
            let refused =
                |_| Trouble::unproven("what was restored could not be looked at; standard error says why");
            let prepared = self.run.prepare(&aim.ready, &aim.selected, talk).await.map_err(refused)?;
            let (plan, mut facts) = prepared.observe(digest.to_owned(), talk).await;
            if let Some(source) = facts.sources.get_mut(&aim.bound) {
                source.notes.retain(|note| !note.contains("`--source`"));
                source.notes.push("stands for the server that this drill restored".to_owned());
            }
            Ok((plan, facts))
        };
        tokio::select! {
            looked = look => if stop.load(std::sync::atomic::Ordering::SeqCst) { Err(Trouble::interrupted()) } else { looked },
            () = stopped(stop) => Err(Trouble::interrupted()),
        }
    }

    /// What there is to judge where nothing could be looked at: nothing, of every source.
    fn nothing(
        &self,
        aim: &Aim,
        digest: &str,
        why: &Trouble,
        talk: &Talk,
    ) -> Result<(Plan, Facts), ExitStatus> {
        let now = jiff::Timestamp::now();
        let message = format!("nothing was looked at, since the drill did not come to it: {why}");
        let source = SourceFacts {
            address: String::new(),
            failure: Some(Failure { kind: FailureKind::Unreachable, message }),
            identity: Vec::new(),
            notes: Vec::new(),
            catalogue: Catalogue::default(),
        };
        let names = needed_sources(&aim.ready.policy, &aim.selected.checks);
        let sources: BTreeMap<String, SourceFacts> =
            names.into_iter().map(|name| (name, source.clone())).collect();
        let plan = self.run.plan((&aim.ready, &aim.selected), &sources, now, talk)?;
        let facts = Facts {
            schema: facts::SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            policy_digest: digest.to_owned(),
            now,
            seed: None,
            fingerprint_bits: None,
            sources,
            observations: BTreeMap::new(),
        };
        Ok((plan, facts))
    }

    /// The record, and what goes into it: the run of the gates, and the drill.
    fn keep_record(
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
            drill_trend::beside(objectives, checks, (record.history(), drilled), (limit, now));
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

/// A hint at the name that may have been meant.
fn near(name: &str, legal: &[&str]) -> String {
    match suggest::nearest(name, legal) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if legal.is_empty() => String::new(),
        None => format!("; it has {}", suggest::listing(legal)),
    }
}
