//! `baseline record`: everything that is sealed, in the one snapshot of a run.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use clap::Args as ClapArgs;

use crate::baseline::file;
use crate::baseline::large::LargeSeal;
use crate::baseline::model::{Baseline, PolicyRef, SCHEMA, Sealed, SourceRef, columns_of};
use crate::catalogue::Relation;
use crate::chain::anchor::Anchor;
use crate::chain::spec::AnchorRef;
use crate::cli::run::{RunArgs, catalogues, runtime};
use crate::cli::shared::{Ready, Selected};
use crate::cli::terminal::{Talk, counted};
use crate::diagnostic::Diagnostic;
use crate::facts::{Facts, Observed, SourceFacts};
use crate::plan::{Plan, Sealing, Seals, Work, inventory_key, large_objects_key, sealed_key, seals};
use crate::policy::assertion::{Assertion, State};
use crate::probe::archive;
use crate::verdict::ExitStatus;

/// Options of `baseline record`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// The source that is sealed [default: the only one that holds tables]
    #[arg(long = "of", value_name = "NAME")]
    of: Option<String>,
    /// The new file; one that is there is never written over
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn record(args: &Args, talk: &Talk) -> Result<ExitStatus, ExitStatus> {
    if args.run.is_narrowed() {
        let what = "a baseline is of the whole policy: leave out `--tenant`, `--gate` and `--check`";
        return Err(talk.stop(what));
    }
    let (ready, mut selected) = args.run.ready(talk)?;
    let source = chosen(args, &ready, talk)?;
    // What was seen of a chain is worth keeping only if all of it was verified.
    let intact = |check: &&crate::policy::Check| {
        matches!(check.assertion, Assertion::State(State::Intact(_)))
            && check.source.as_deref() == Some(&source)
    };
    selected.checks = ready.policy.checks.iter().filter(intact).map(|check| check.id.clone()).collect();
    if args.output.exists() {
        let shown = args.output.display();
        return Err(talk.stop(&format!("`{shown}` is there already, and a baseline is never written over")));
    }
    let digest = ready.loaded.digest(
        ready
            .policy
            .params
            .iter()
            .map(|p| (p.name.as_str(), p.value.as_ref().map(ToString::to_string).unwrap_or_default())),
    );
    let planned: Mutex<Option<Seals>> = Mutex::new(None);
    let plan = |sources: &BTreeMap<String, SourceFacts>, now| {
        let options = args.run.planning((&ready, &selected), now);
        let mut made = seals(&ready.policy, &catalogues(sources), &options, &source);
        talk.diagnostics(&made.found, &ready.loaded.texts);
        if made.found.iter().any(Diagnostic::is_error) {
            return Err(ExitStatus::Usage);
        }
        let mut plan = std::mem::take(&mut made.plan);
        first(&mut plan, talk);
        if let Ok(mut planned) = planned.lock() {
            *planned = Some(made);
        }
        Ok(plan)
    };
    let (facts, cancelled) = runtime(talk)?.block_on(async {
        let names = vec![source.clone()];
        let mut prepared = args.run.prepare_as(&ready, &selected, (&names, &plan), talk).await?;
        prepared.observing.heads = true;
        let canceller = prepared.canceller.clone();
        let (_, facts) = prepared.observe(digest.clone(), talk).await;
        Ok::<_, ExitStatus>((facts, canceller.is_cancelled()))
    })?;
    if cancelled {
        return Err(unproven(talk, "it was interrupted, so nothing was kept"));
    }
    let planned = planned.into_inner().ok().flatten().ok_or(ExitStatus::Internal)?;
    let (baseline, doubts) = sealed((&ready, &selected), &source, &planned, &facts, talk)?;
    let (text, digest) =
        file::write(&baseline).map_err(|why| unproven(talk, &format!("it cannot be kept: {why}")))?;
    keep(&args.output, &text).map_err(|why| talk.stop(&why))?;
    let rows: u64 = baseline.relations.iter().filter_map(|r| r.seal.as_ref()).map(|s| s.whole.rows).sum();
    let large = match &baseline.large_objects {
        Some(LargeSeal::Sealed(sealed)) if sealed.objects > 0 => {
            format!(" and {}", counted(usize::try_from(sealed.objects).unwrap_or(usize::MAX), "large object"))
        }
        _ => String::new(),
    };
    talk.say(&format!(
        "{} with {rows} rows{large} were sealed in `{}`, sha256 {digest}; keep it where the database's writers cannot reach it",
        counted(baseline.relations.len(), "table"),
        args.output.display()
    ));
    for doubt in &doubts {
        talk.say(&format!("unproven: {doubt}"));
    }
    Ok(if doubts.is_empty() { ExitStatus::Open } else { ExitStatus::Unproven })
}

/// The first baseline of a chain has none before it.
fn first(plan: &mut Plan, talk: &Talk) {
    for statement in &mut plan.statements {
        let Work::Chain { chained, .. } = &mut statement.work else { continue };
        if let Some(AnchorRef::Path(path)) = &chained.spec.anchors
            && !Path::new(path).exists()
        {
            talk.say(&format!(
                "note: chain `{}`: there is no `{path}` to compare it with yet",
                chained.spec.name
            ));
            chained.spec.anchors = None;
        }
    }
}

fn unproven(talk: &Talk, what: &str) -> ExitStatus {
    talk.say(&format!("error: {what}"));
    ExitStatus::Unproven
}

/// The source that is sealed.
fn chosen(args: &Args, ready: &Ready, talk: &Talk) -> Result<String, ExitStatus> {
    let holding: Vec<&str> = ready
        .policy
        .sources
        .iter()
        .filter(|source| source.kind.describe().relations)
        .map(|source| source.name.as_str())
        .collect();
    let legal = || crate::diagnostic::suggest::listing(&holding);
    match (&args.of, holding.as_slice()) {
        (_, []) => Err(talk.stop("the policy has no source that holds tables")),
        (Some(name), _) if holding.contains(&name.as_str()) => Ok(name.clone()),
        (Some(name), _) => {
            Err(talk
                .stop(&format!("the policy has no source `{name}` that holds tables; it has {}", legal())))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => Err(talk.stop(&format!("which source? Write `--of NAME`, one of {}", legal()))),
    }
}

/// What was observed as a baseline, and what of it is in doubt.
fn sealed(
    (ready, selected): (&Ready, &Selected),
    source: &str,
    planned: &Seals,
    facts: &Facts,
    talk: &Talk,
) -> Result<(Baseline, Vec<String>), ExitStatus> {
    let Some(of) = facts.sources.get(source) else { return Err(ExitStatus::Internal) };
    if let Some(failure) = &of.failure {
        return Err(unproven(talk, &format!("source `{source}` could not be read: {}", failure.message)));
    }
    let mut doubts = Vec::new();
    let mut relations: Vec<Sealed> =
        planned.relations.iter().map(|(r, how)| relation(source, r, how, facts, &mut doubts)).collect();
    relations.sort_by(|a, b| a.name.cmp(&b.name));
    if !relations.iter().any(|r| r.seal.is_some()) {
        let why = doubts.first().map_or("it holds no tables".to_owned(), Clone::clone);
        return Err(unproven(talk, &format!("nothing of source `{source}` could be sealed: {why}")));
    }
    let inventory = match facts.observations.get(&inventory_key(source)).map(|o| &o.result) {
        Some(Ok(Observed::Inventory(inventory))) => (**inventory).clone(),
        Some(Err(failure)) => {
            return Err(unproven(talk, &format!("the objects could not be listed: {}", failure.message)));
        }
        _ => return Err(unproven(talk, "the objects could not be listed")),
    };
    let cell = |key: &String| match facts.observations.get(key).map(|o| &o.result) {
        Some(Ok(Observed::Cell(cell))) => cell.clone(),
        _ => None,
    };
    let sums = planned.sums.iter().filter_map(|(name, key)| Some((name.clone(), cell(key)?))).collect();
    let sequences = of.catalogue.sequences.iter().filter(|s| s.readable);
    let baseline = Baseline {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        taken: facts.now,
        policy: PolicyRef { name: ready.policy.name.clone(), digest: facts.policy_digest.clone() },
        source: SourceRef {
            name: source.to_owned(),
            kind: if of.address.starts_with(archive::SCHEME) { "dump" } else { "postgres" }.to_owned(),
            identity: of.identity.iter().filter(|(_, value)| value != "none").cloned().collect(),
        },
        relations,
        inventory,
        large_objects: Some(large(source, facts, &mut doubts)),
        sequences: sequences.map(|s| (s.name.to_string(), s.last_value.clone())).collect(),
        sums,
        heads: heads(source, facts, selected, &mut doubts),
    };
    Ok((baseline, doubts))
}

fn relation(
    source: &str,
    relation: &Relation,
    how: &Result<Sealing, String>,
    facts: &Facts,
    doubts: &mut Vec<String>,
) -> Sealed {
    let (tenant_by, found) = match how {
        Err(why) => (String::new(), Err(why.clone())),
        Ok(sealing) => {
            let key = sealed_key(source, &relation.name, &sealing.tenant_by, None);
            let found = match facts.observations.get(&key).map(|o| &o.result) {
                Some(Ok(Observed::Sealed(seal))) => Ok((**seal).clone()),
                Some(Err(failure)) => Err(failure.message.clone()),
                _ => Err("it was not looked at".to_owned()),
            };
            (sealing.tenant_by.clone(), found)
        }
    };
    if let Err(why) = &found {
        doubts.push(format!("{}: its rows could not be sealed: {why}", relation.name));
    }
    let unsealed = found.as_ref().err().cloned();
    Sealed {
        name: relation.name.clone(),
        columns: columns_of(relation),
        key: relation.primary_key.clone(),
        tenant_by,
        seal: found.ok(),
        unsealed,
    }
}

/// The large objects. That an archive lists none is no doubt about what it holds.
fn large(source: &str, facts: &Facts, doubts: &mut Vec<String>) -> LargeSeal {
    let why = match facts.observations.get(&large_objects_key(source)).map(|o| &o.result) {
        Some(Ok(Observed::LargeObjects(sealed))) => return (**sealed).clone(),
        Some(Err(failure)) => failure.message.clone(),
        _ => "they were not looked at".to_owned(),
    };
    doubts.push(format!("the large objects could not be sealed: {why}"));
    LargeSeal::Unsealed(why)
}

/// The last rows of chains in which nothing is amiss.
fn heads(source: &str, facts: &Facts, selected: &Selected, doubts: &mut Vec<String>) -> Vec<Anchor> {
    let (mut heads, mut amiss, mut seen) = (Vec::new(), 0usize, 0usize);
    let chain = format!("{source}: chain ");
    for (key, observation) in &facts.observations {
        match &observation.result {
            Ok(Observed::Chain(report)) => {
                seen += 1;
                if report.anomalies.is_empty() && report.undetermined.is_empty() && report.rows > 0 {
                    heads.extend(report.heads.iter().cloned());
                } else {
                    amiss += 1;
                }
            }
            Err(failure) if key.starts_with(&chain) => {
                seen += 1;
                doubts.push(format!("a chain could not be verified: {}", failure.message));
            }
            _ => {}
        }
    }
    // Several checks may be about one chain.
    if seen == 0 && !selected.checks.is_empty() {
        doubts.push("no chain could be read, so no last rows were kept".to_owned());
    }
    if amiss > 0 {
        doubts.push(format!(
            "in {} something is amiss, so their last rows were not kept",
            counted(amiss, "chain")
        ));
    }
    heads
}

/// Writes a new file, whole or not at all.
fn keep(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("`{}` cannot be written: {error}", path.display());
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a baseline is none.
        let _gone = std::fs::remove_file(path);
    }
    written.map_err(failed)
}
