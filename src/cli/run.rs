//! The journey from a checked policy to facts: reach, plan, observe.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;

use super::settings::Limits;
use super::shared::{PolicyArgs, Ready, SelectArgs, Selected, needed_sources};
use super::terminal::Talk;
use crate::diagnostic::Diagnostic;
use crate::facts::{self, Facts};
use crate::plan::{self, Catalogues, Plan};
use crate::probe::observe::observe;
use crate::probe::options::ObserveOptions;
use crate::probe::postgres::{Canceller, ProcessEnvironment, SessionOptions};
use crate::probe::reach::{ReachOptions, Reached, reach};
use crate::stream::engine::{self, Choice, Means};
use crate::verdict::ExitStatus;

/// How sources are read.
#[derive(Debug, Args)]
pub(super) struct ReadArgs {
    /// Statements that a server works on at once, each on a connection of its own, and threads that compute at once for an archive [default: one for each core of this machine, at most 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=64))]
    jobs: Option<u64>,
    /// Memory that the hash table of a join may take, in MB, where the server's own settings allow less
    #[arg(long, default_value_t = 256, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=65_536))]
    work_mem: u64,
    /// Compare groups one by one, even where a keyed sum could tell that all are equal
    #[arg(long)]
    exact: bool,
    /// Where checks on the rows of a server are carried out
    #[arg(long, value_enum, default_value = "auto", value_name = "ENGINE")]
    engine: Engine,
    /// Most that is fetched of the rows of servers, such as `10GB`; a check that cannot do with less is unproven [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = super::size::bytes)]
    max_transfer: Option<u64>,
    /// Memory for the keys of an archive's rows, such as `64MiB`; a check that needs more is unproven [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = super::size::bytes)]
    memory: Option<u64>,
    /// Longest one statement may take, in seconds; a check's own `timeout` goes first [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    statement_timeout: Option<u64>,
    /// Longest wait for one lock, in seconds
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    lock_timeout: u64,
    /// Most samples listed under a check
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(super) samples: u64,
    /// Go on although the role could change data; the report says so
    #[arg(long)]
    allow_privileged_role: bool,
}

/// Where checks on the rows of a server are carried out.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Engine {
    /// Wherever it is estimated to be cheaper
    Auto,
    /// In the server, but for chains, which no server can verify
    Server,
    /// Here, on the rows as they pass, but for what only a server can tell
    Stream,
}

/// Which policy, which part of it, and how its sources are read.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    pub(super) read: ReadArgs,
}

/// A plan made against live catalogues, with everything needed to run it.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    pub(super) now: jiff::Timestamp,
    reached: BTreeMap<String, Reached>,
    pub(super) sources: BTreeMap<String, facts::SourceFacts>,
    pub(super) observing: ObserveOptions,
    pub(super) canceller: Canceller,
}

/// Makes a plan when the sources have said what they hold.
pub(super) type PlanOf<'a> =
    &'a dyn Fn(&BTreeMap<String, facts::SourceFacts>, jiff::Timestamp) -> Result<Plan, ExitStatus>;

/// What sources say they hold, or why they could not be read.
pub(super) fn catalogues(sources: &BTreeMap<String, facts::SourceFacts>) -> Catalogues {
    let catalogue = |facts: &facts::SourceFacts| match &facts.failure {
        Some(failure) => Err(failure.clone()),
        None => Ok(facts.catalogue.clone()),
    };
    sources.iter().map(|(name, facts)| (name.clone(), catalogue(facts))).collect()
}

/// The runtime that sources are read on.
pub(super) fn runtime(talk: &Talk) -> Result<tokio::runtime::Runtime, ExitStatus> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| {
        talk.say(&format!("error: the runtime cannot start: {error}"));
        ExitStatus::Internal
    })
}

impl ReadArgs {
    /// Limits of the command line.
    fn limits(&self) -> Limits {
        Limits {
            jobs: self.jobs,
            memory: self.memory,
            statement_timeout: self.statement_timeout,
            max_transfer: self.max_transfer,
        }
    }
}

impl RunArgs {
    /// Whether gates or checks are named.
    pub(super) fn chooses(&self) -> bool {
        self.select.chooses()
    }

    /// The tenant the run is narrowed to.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.select.tenant.as_deref()
    }

    /// The checked policy and what of it is selected; on failure everything has been said.
    pub(super) fn ready(&self, talk: &Talk) -> Result<(Ready, Selected), ExitStatus> {
        let mut ready = self.policy.ready(talk, false, self.tenant())?;
        let selected = self.select.select(&mut ready, talk)?;
        if let Some(profile) = &mut ready.profile {
            // What the command line says goes first, and is not what the profile gave.
            profile.limits = profile.limits.but_for(&self.read.limits());
            profile.tighter.exact &= !self.read.exact;
        }
        Ok((ready, selected))
    }

    /// Plans against what the sources say they hold; on failure everything has been said.
    pub(super) fn plan(
        &self,
        (ready, selected): (&Ready, &Selected),
        sources: &BTreeMap<String, facts::SourceFacts>,
        now: jiff::Timestamp,
        talk: &Talk,
    ) -> Result<Plan, ExitStatus> {
        let planning = self.planning((ready, selected), now);
        let (plan, found) = plan::plan(&ready.policy, &catalogues(sources), &planning);
        talk.diagnostics(&found, &ready.loaded.texts);
        if found.iter().any(Diagnostic::is_error) { Err(ExitStatus::Usage) } else { Ok(plan) }
    }

    /// Choices of this run that change what is measured.
    pub(super) fn planning(
        &self,
        (ready, selected): (&Ready, &Selected),
        now: jiff::Timestamp,
    ) -> plan::Options {
        plan::Options {
            selected: selected.checks.clone(),
            tenant: self.tenant().map(str::to_owned),
            now,
            samples: self.read.samples,
            exact: self.read.exact || ready.profile.as_ref().is_some_and(|p| p.tighter.exact),
        }
    }

    fn session(&self, limits: &Limits, canceller: &Canceller) -> SessionOptions {
        SessionOptions {
            statement_timeout: Duration::from_secs(limits.statement_timeout.unwrap_or(300)),
            lock_timeout: Duration::from_secs(self.read.lock_timeout),
            work_mem: self.read.work_mem,
            canceller: canceller.clone(),
            ..SessionOptions::default()
        }
    }

    /// Reaches the needed sources and plans against their catalogues.
    pub(super) async fn prepare(
        &self,
        ready: &Ready,
        selected: &Selected,
        talk: &Talk,
    ) -> Result<Prepared, ExitStatus> {
        let names = needed_sources(&ready.policy, &selected.checks);
        self.prepare_as(
            ready,
            selected,
            (&names, &|sources, now| self.plan((ready, selected), sources, now, talk)),
            talk,
        )
        .await
    }

    /// Whether only a part of the policy is asked for.
    pub(super) fn is_narrowed(&self) -> bool {
        self.select.is_narrowed()
    }

    /// Reaches sources and plans against their catalogues.
    pub(super) async fn prepare_as(
        &self,
        ready: &Ready,
        selected: &Selected,
        (names, plan): (&[String], PlanOf<'_>),
        talk: &Talk,
    ) -> Result<Prepared, ExitStatus> {
        let now = jiff::Timestamp::now();
        let theirs = ready.profile.as_ref().map(|p| p.limits.clone()).unwrap_or_default();
        let limits = self.read.limits().or(&theirs);
        let canceller = Canceller::new();
        stop_on_interrupt(&canceller);
        let options = ReachOptions {
            rebound: selected.rebound.clone(),
            session: self.session(&limits, &canceller),
            allow_privileged_role: self.read.allow_privileged_role,
        };
        let (mut reached, mut sources, mut refusals) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for name in names.iter().cloned() {
            let Some(source) = ready.policy.sources.iter().find(|s| s.name == name) else { continue };
            let outcome = reach(&ready.policy, source, &options, &ProcessEnvironment).await;
            tracing::info!(source = %name, address = %outcome.facts.address, reached = outcome.reached.is_some(), "source");
            refusals.extend(outcome.refusal);
            if let Some(open) = outcome.reached {
                reached.insert(name.clone(), open);
            }
            sources.insert(name, outcome.facts);
        }
        if !refusals.is_empty() {
            for refusal in &refusals {
                talk.say(&format!("error: {refusal}"));
            }
            talk.say(
                "A verifier reads with a role that can only read: grant SELECT to a role of its own and connect as it,\n\
                 or say `--allow-privileged-role`, which the report will show. Nothing was run.",
            );
            return Err(ExitStatus::Usage);
        }
        let mut plan = plan(&sources, now)?;
        let choice = match self.read.engine {
            Engine::Auto => Choice::Auto,
            Engine::Server => Choice::Server,
            Engine::Stream => Choice::Stream,
        };
        let transfer = limits.max_transfer.unwrap_or(u64::MAX);
        for (name, open) in &reached {
            match open {
                Reached::Server(server) => {
                    engine::assign(&mut plan, name, Means { choice, near: server.is_near(), transfer });
                }
                Reached::Archive(..) => engine::archived(&mut plan, name),
                Reached::Told(_) => {}
            }
        }
        let observing = ObserveOptions {
            jobs: usize::try_from(limits.jobs.unwrap_or_else(cores)).unwrap_or(1),
            memory: limits.memory.unwrap_or(256 << 20),
            session: options.session,
            schema: ready.policy.schema.clone(),
            transfer: Arc::new(AtomicU64::new(transfer)),
            seed: seed(talk)?,
            heads: false,
        };
        Ok(Prepared { plan, now, reached, sources, observing, canceller })
    }
}

impl Prepared {
    /// Runs the plan.
    pub(super) async fn observe(self, digest: String, talk: &Talk) -> (Plan, Facts) {
        let bar = talk.progress().then(|| {
            let bar = indicatif::ProgressBar::new(0);
            if let Ok(style) = indicatif::ProgressStyle::with_template("{bar:24} {pos}/{len} {msg} {elapsed}")
            {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let progress = |done: usize, total: usize, relation: &str| {
            if let Some(bar) = &bar {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
                bar.set_message(relation.to_owned());
            }
        };
        let measured = observe(&self.plan, &self.reached, &self.observing, &progress).await;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        if self.canceller.is_cancelled() {
            talk.say("interrupted: what was still running was cancelled");
        }
        let facts = Facts {
            schema: facts::SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            policy_digest: digest,
            now: self.now,
            seed: (self.plan.needs_seed() || measured.bits.is_some())
                .then(|| format!("{:#018x}", self.observing.seed)),
            fingerprint_bits: measured.bits,
            sources: self.sources,
            observations: measured.found,
        };
        (self.plan, facts)
    }
}

/// A number nobody can know before the run, from the operating system.
fn seed(talk: &Talk) -> Result<i64, ExitStatus> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| {
        talk.say(&format!("error: the operating system gives no random numbers: {error}"));
        ExitStatus::Internal
    })?;
    Ok(i64::from_ne_bytes(bytes))
}

/// Connections that this machine can feed.
pub(super) fn cores() -> u64 {
    std::thread::available_parallelism().map_or(2, |n| n.get() as u64).min(4)
}

/// The first Ctrl-C cancels on the server and lets the run end with what it has; the second one ends it.
pub(super) fn stop_on_interrupt(canceller: &Canceller) {
    static ASKED: AtomicBool = AtomicBool::new(false);
    let canceller = canceller.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if ASKED.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(ExitStatus::Unproven.code()));
            }
            let _report = canceller.cancel_all().await;
        }
    });
}
