//! `verify`: look, judge, report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use sha2::{Digest as _, Sha256};

use super::alerting::{Alerting, Alerts};
use super::heads;
use super::recording::{self, KeyArgs, Part};
use super::replay::replay;
use super::run::{RunArgs, runtime};
use super::settings::Profile;
use super::shared::{Ready, Selected};
use super::terminal::Talk;
use crate::facts::Facts;
use crate::judge::{self, Selection};
use crate::plan::Plan;
use crate::policy::SourceKind;
use crate::probe::archive;
use crate::record::{Paused, Record, RecordError, Sealed};
use crate::report::model::{
    self, FactInfo, GateInfo, ParameterInfo, PolicyInfo, Report, RunInfo, SourceInfo,
};
use crate::report::words::exit_meaning;
use crate::report::{Format, nagios, redact, render};
use crate::verdict::{ExitStatus, Verdict};

/// Options of `verify`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Format of the report on standard output [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write the report to a file as well; may be given several times
    #[arg(long, value_name = "FORMAT=PATH", value_parser = output)]
    output: Vec<(Format, PathBuf)>,
    /// Let a gate open although the gate it comes after was not judged in this run; with `--record` with a reason, which is
    /// recorded
    #[arg(long, value_name = "REASON", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    out_of_order: Option<String>,
    /// Judge the facts in a file instead of looking; every report says so
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "save_facts"])]
    facts: Option<PathBuf>,
    /// Keep what was observed in a file, to be judged again without any source
    #[arg(long, value_name = "FILE")]
    save_facts: Option<PathBuf>,
    /// Add the last row of each chain that holds to a file of anchors, to be compared by `anchor from "FILE"` later
    #[arg(long, value_name = "FILE", conflicts_with = "facts")]
    heads: Option<PathBuf>,
    /// Add what was judged to the restore record in a folder; without that, no gate opens
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
    /// Tell whom the routes of the profile name of what does not hold, or show what would be sent; changes no verdict
    #[arg(long, value_enum, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "send")]
    alert: Option<Alerting>,
}

/// `FORMAT=PATH`.
pub(super) fn output(text: &str) -> Result<(Format, PathBuf), String> {
    let (word, path) = text.split_once('=').ok_or("write FORMAT=PATH, such as `junit=report.xml`")?;
    Ok((format(word)?, PathBuf::from(path)))
}

/// A format by its word.
pub(super) fn format(word: &str) -> Result<Format, String> {
    <Format as clap::ValueEnum>::from_str(word, false).map_err(|_| {
        format!("`{word}` is not a format; there are {}", Format::ALL.map(Format::word).join(", "))
    })
}

pub(super) fn run(args: &Args, talk: &Talk) -> u8 {
    ended(verify(args, talk), args.format, talk)
}

/// The exit status of a run, with a line for monitors where there is no report.
pub(super) fn ended(run: Result<u8, ExitStatus>, format: Option<Format>, talk: &Talk) -> u8 {
    match run {
        Ok(code) => code,
        // A monitor wants a line to show, and its own numbers, also where there is no report.
        Err(status) if format == Some(Format::Nagios) => {
            let state = nagios::State::without_report(status);
            let why = format!("exit status {}, {}", status.code(), exit_meaning(status.code()));
            let _seen =
                talk.print(&nagios::line(state, &format!("no report: {why}; standard error says more")));
            state.code()
        }
        Err(status) => status.code(),
    }
}

/// The exit status of a run whose report was delivered, or why there is none.
fn verify(args: &Args, talk: &Talk) -> Result<u8, ExitStatus> {
    let paused = args.recording(talk)?;
    let (ready, selected) = args.run.ready(talk)?;
    let alerts = Alerts::prepare(args.alert, &ready, args.record.as_deref(), talk)?;
    let started = jiff::Timestamp::now();
    let digest = ready.digest();
    let (plan, facts, replayed) = match &args.facts {
        Some(path) => {
            let (plan, facts) = replay(path, (&ready, &selected), &args.run, &digest, talk)?;
            (plan, facts, true)
        }
        None => {
            let (plan, facts) = runtime(talk)?.block_on(async {
                let mut prepared = args.run.prepare(&ready, &selected, talk).await?;
                prepared.observing.heads = args.heads.is_some();
                Ok::<_, ExitStatus>(prepared.observe(digest.clone(), talk).await)
            })?;
            (plan, facts, false)
        }
    };
    let hidden = ready.profile.as_ref().map(|p| p.redact.clone()).unwrap_or_default();
    if let Some(path) = &args.save_facts {
        if !hidden.is_empty() {
            // They have to be judged again as they are.
            talk.say(&format!(
                "note: `{}` holds values as they were read; nothing in it is redacted",
                path.display()
            ));
        }
        let text = serde_json::to_string_pretty(&facts)
            .map_err(|error| talk.stop(&format!("the facts cannot be written: {error}")))?;
        std::fs::write(path, text)
            .map_err(|error| talk.stop(&format!("`{}` cannot be written: {error}", path.display())))?;
    }
    if let Some(path) = &args.heads {
        let said = heads::keep(path, &facts).map_err(|error| talk.stop(&error))?;
        talk.say(&said);
    }
    let samples = usize::try_from(args.run.read.samples).unwrap_or(usize::MAX);
    let judged = judge::judge(&ready.policy, &plan, &facts, &ready.loaded.texts, samples);
    // From here until the entry is on the disk nobody else adds to the record, so that what it says of earlier gates stays.
    let mut record = paused.map(Paused::resume).transpose();
    let part = Part {
        restore: None,
        tenant: args.run.tenant(),
        out_of_order: args.out_of_order.as_deref().filter(|reason| !reason.is_empty()),
    };
    let earlier = match &record {
        Ok(Some(record)) if !replayed => {
            let addresses =
                facts.sources.iter().map(|(name, source)| (name.as_str(), source.address.as_str()));
            recording::earlier(record, (&ready.policy.name, &digest, part.tenant), &addresses.collect())
        }
        _ => BTreeMap::new(),
    };
    let selection =
        Selection { gates: selected.gates.clone(), out_of_order: args.out_of_order.is_some(), earlier };
    let gates = judge::gates(&ready.policy, &judged.checks, &selection);
    let mut report =
        compose((&ready, &selected, &args.run), (&plan, &facts, started, replayed), (judged, gates));
    if let Some(folder) = &args.record {
        let recorded = match &mut record {
            Ok(Some(record)) => keep(record, &report, &part, (folder, talk)),
            Ok(None) => Ok(Vec::new()),
            Err(why) => Err(why.clone()),
        };
        match recorded {
            Ok(sealed) => report.notes.push(recording::place(&sealed, folder)),
            Err(why) => {
                talk.say(&format!("error: {why}"));
                recording::close(&mut report, &why);
            }
        }
    }
    drop(record);
    if let Some(alerts) = &alerts {
        let runtime = runtime(talk)?;
        report.notes.extend(alerts.tell(&report, args.run.tenant(), &runtime, talk));
        // A name that is still being looked up holds up nothing.
        runtime.shutdown_background();
    } else if ready.profile.as_ref().is_some_and(|profile| !profile.routes.is_empty()) && !replayed {
        report
            .notes
            .push("nobody was alerted: the profile has routes, and `--alert` was not given".to_owned());
    }
    let shown = deliver((args.format, &args.output), ready.profile.as_ref(), &report, talk)?;
    let status = ExitStatus::of(report.verdict);
    Ok(if shown == Format::Nagios { nagios::State::of(&report).code() } else { status.code() })
}

/// The report of what was looked at and judged, with what the profile hides taken out.
pub(super) fn compose(
    (ready, selected, run): (&Ready, &Selected, &RunArgs),
    (plan, facts, started, replayed): (&Plan, &Facts, jiff::Timestamp, bool),
    (judged, gates): (judge::Judged, Vec<GateInfo>),
) -> Report {
    let verdict = gates.iter().fold(Verdict::Holds, |worst, gate| worst.worst(gate.verdict));
    let status = ExitStatus::of(verdict);
    let (parameters, digest) = (ready.parameters(), ready.digest());
    let hidden = ready.profile.as_ref().map(|p| p.redact.clone()).unwrap_or_default();
    let mut notes = Vec::new();
    if replayed {
        notes
            .push("these verdicts were judged from kept facts; nothing was looked at in this run".to_owned());
    }
    if let Some(profile) = &ready.profile {
        notes.push(profile.note(!replayed));
        notes.extend(unknown_columns(&hidden, facts));
    }
    if let Some(tenant) = run.tenant() {
        notes
            .push(format!("every check was narrowed to tenant `{tenant}`; other tenants were not looked at"));
    }
    let all: usize = ready.policy.checks.len();
    if selected.checks.len() < all {
        notes.push(format!(
            "{} of the policy's {all} checks were selected; the others were not looked at",
            selected.checks.len()
        ));
    }
    if let (Some(bits), Some(seed)) = (plan.hash_bits(&facts.observations), &facts.seed) {
        notes.push(format!(
            "groups were compared by sums weighted with the server's hash, seed {seed}, drawn for this run: a \
             difference goes unseen with a chance of about 1 in 2^{bits}; `--exact` looks at each group"
        ));
    }
    if let (Some(bits), Some(seed)) = (facts.fingerprint_bits, &facts.seed) {
        notes.push(format!(
            "keys and groups were compared by fingerprints, seed {seed}, drawn for this run: a difference goes unseen \
             with a chance of about 1 in 2^{bits} or less; `--exact` looks at each group, and at each key of a server"
        ));
    }
    let mut report = Report {
        schema: model::SCHEMA.to_owned(),
        verdict,
        exit_code: status.code(),
        policy: PolicyInfo {
            name: ready.policy.name.clone(),
            title: ready.policy.title.clone(),
            digest: digest.clone(),
            owner: ready.policy.owner.clone(),
        },
        run: RunInfo {
            id: run_id(&digest, started),
            started: started.to_string(),
            finished: jiff::Timestamp::now().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            replayed,
            now: facts.now.to_string(),
            seed: facts.seed.clone(),
            parameters: parameters.into_iter().map(|(name, value)| ParameterInfo { name, value }).collect(),
        },
        sources: sources(ready, facts),
        gates,
        checks: judged.checks,
        objectives: judged.objectives,
        controls: judged.controls,
        waivers: judged.waivers,
        drill: None,
        notes,
    };
    if !hidden.is_empty() {
        redact(&mut report, &hidden);
    }
    report
}

/// Adds what a run found to the record. Kept facts tell of another time, and are no part of a restore that is going on.
fn keep(
    record: &mut Record,
    report: &Report,
    part: &Part<'_>,
    (folder, talk): (&Path, &Talk),
) -> Result<Vec<Sealed>, RecordError> {
    let open =
        record.history().open().filter(|open| open.plan.policy == report.policy.name && !report.run.replayed);
    let restore = open.map(|open| open.plan.restore.clone());
    let part = Part { restore: restore.as_deref(), ..*part };
    recording::add(record, &recording::events(report, &part), folder, talk)
}

impl Args {
    /// The record, where there is to be one, verified and let go while sources are looked at. That nothing can be recorded is
    /// said before that.
    fn recording(&self, talk: &Talk) -> Result<Option<Paused>, ExitStatus> {
        let Some(folder) = &self.record else {
            return match self.key.is_given() {
                true => Err(talk.stop("`--record-key` needs `--record FOLDER`")),
                false => Ok(None),
            };
        };
        if self.out_of_order.as_deref() == Some("") {
            return Err(talk.stop("in a run that is recorded, write `--out-of-order=\"REASON\"`"));
        }
        let failed = |why: RecordError| recording::unrecorded(&why, talk);
        let at_hand = self.key.signer().map_err(failed)?;
        Record::open(folder, at_hand).and_then(Record::pause).map(Some).map_err(failed)
    }
}

/// Writes the report everywhere it was asked for, and returns the format on standard output. A report that cannot be
/// delivered leaves no green exit.
pub(super) fn deliver(
    (chosen, output): (Option<Format>, &[(Format, PathBuf)]),
    profile: Option<&Profile>,
    report: &Report,
    talk: &Talk,
) -> Result<Format, ExitStatus> {
    let outputs = profile.filter(|_| output.is_empty()).map_or(output, |profile| &profile.outputs);
    let style = talk.style();
    for (format, path) in outputs {
        let plain = crate::report::Style { colour: false, ..style };
        let text = render(*format, report, &plain).map_err(|error| bug(talk, &error.to_string()))?;
        super::outfile::write(path, &text).map_err(|error| {
            talk.say(&format!("error: report `{}` cannot be written: {error}", path.display()));
            worse(report)
        })?;
    }
    // Who keeps the report in a file may do without the one on standard output.
    let format = chosen.or(profile.and_then(|p| p.format)).unwrap_or(Format::Text);
    if !outputs.is_empty() && super::terminal::stdout_is_closed() {
        return Ok(format);
    }
    let text = render(format, report, &style).map_err(|error| bug(talk, &error.to_string()))?;
    match talk.print(&text) {
        ExitStatus::Open => Ok(format),
        _ => Err(worse(report)),
    }
}

/// Columns to redact that nothing that was read has, since a misspelt one hides nothing.
fn unknown_columns(hidden: &[String], facts: &Facts) -> Option<String> {
    let relations = || facts.sources.values().flat_map(|source| &source.catalogue.relations);
    let known = |name: &&String| {
        let last = name.rsplit('.').next().unwrap_or(name);
        relations().flat_map(|r| &r.columns).any(|column| column.name.eq_ignore_ascii_case(last))
    };
    let lost: Vec<String> =
        hidden.iter().filter(|name| !known(name)).map(|name| format!("`{name}`")).collect();
    (relations().next().is_some() && !lost.is_empty())
        .then(|| format!("nothing that was read has a column {} to redact", lost.join(" or ")))
}

/// The status when a report could not be delivered: never open.
fn worse(report: &Report) -> ExitStatus {
    ExitStatus::of(report.verdict.worst(Verdict::Unproven))
}

fn bug(talk: &Talk, what: &str) -> ExitStatus {
    talk.say(&format!("error: the report cannot be rendered: {what}; please report this as a bug"));
    ExitStatus::Internal
}

fn sources(ready: &Ready, facts: &Facts) -> Vec<SourceInfo> {
    facts
        .sources
        .iter()
        .map(|(name, source)| SourceInfo {
            name: name.clone(),
            kind: kind(ready, name, &source.address).map_or("", SourceKind::word).to_owned(),
            address: source.address.clone(),
            reached: source.failure.is_none(),
            facts: source
                .identity
                .iter()
                // What does not apply to this server is not worth a word.
                .filter(|(_, value)| value != "none")
                .map(|(name, value)| FactInfo { name: name.clone(), value: value.clone() })
                .collect(),
            notes: source
                .notes
                .iter()
                .cloned()
                .chain(source.failure.iter().map(|f| f.message.clone()))
                .collect(),
        })
        .collect()
}

/// What was read, which `--source` may have made another kind than the declared one.
fn kind(ready: &Ready, name: &str, address: &str) -> Option<SourceKind> {
    let declared = ready.policy.sources.iter().find(|s| s.name == name).map(|s| s.kind)?;
    if !declared.describe().relations {
        return Some(declared);
    }
    Some(match (address.is_empty(), address.starts_with(archive::SCHEME)) {
        (true, _) => declared,
        (false, true) => SourceKind::Dump,
        (false, false) => SourceKind::Postgres,
    })
}

/// Unique per run on any machine that tells processes and nanoseconds apart.
pub(super) fn run_id(digest: &str, started: jiff::Timestamp) -> String {
    let seed = format!("{digest} {} {}", started.as_nanosecond(), std::process::id());
    Sha256::digest(seed.as_bytes()).iter().take(12).map(|b| format!("{b:02x}")).collect()
}
