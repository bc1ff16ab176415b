//! `drill`: restore, look, judge, record, and take everything away again.

mod aim;
mod args;
mod entry;
mod judged;
mod trend;
mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::recording;
use super::run::runtime;
use super::shared::{Ready, needed_sources};
use super::terminal::Talk;
use super::verify::{compose, deliver, ended, run_id};
use crate::catalogue::Catalogue;
use crate::drill::phases::{Timed, VERIFY};
use crate::drill::{Drill, Trouble};
use crate::facts::{self, Facts, Failure, SourceFacts};
use crate::failure::FailureKind;
use crate::judge::{self, Selection};
use crate::plan::Plan;
use crate::report::{Format, nagios};
use crate::verdict::ExitStatus;
use aim::Aim;
pub(super) use args::Args;
use entry::note_recorded;
use judged::Outcome;
use watch::{Bar, stop_on_signal, stopped};

pub(super) fn run(args: &Args, talk: &Talk) -> u8 {
    ended(drill(args, talk), args.format, talk)
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

impl Args {
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
}
