//! `chain find`: from the rows of an audit log to the `chain` block that verifies them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args as ClapArgs, Subcommand};

use super::chain_joins;
use super::chain_keys::{self, Keys};
use super::chain_report;
use super::run::{cores, runtime, stop_on_interrupt};
use super::terminal::Talk;
use crate::catalogue::{Catalogue, Relation};
use crate::chain::spec::ChainColumn;
use crate::check::{Given, check, json_profiles};
use crate::diagnostic::{Diagnostic, suggest};
use crate::find::{self, Finding, Settings, Sheet, State};
use crate::plan::{self, Work};
use crate::policy::Policy;
use crate::probe::postgres::{Canceller, ProcessEnvironment, SessionOptions};
use crate::probe::reach::{ReachOptions, reach};
use crate::probe::sample::{Sample, sample};
use crate::source_text::SourceSet;
use crate::syntax::parse;
use crate::verdict::ExitStatus;

/// Options of `chain`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find the recipe of a table's hashes and print the `chain` block that verifies them
    Find(Find),
}

/// Options of `chain find`.
#[derive(Debug, ClapArgs)]
struct Find {
    /// The table, as `Table` or `schema.Table`
    #[arg(value_name = "TABLE")]
    table: String,
    /// Where it is: `postgres://...` or `dump:PATH`
    #[arg(long, value_name = "ADDRESS", conflicts_with = "from_env")]
    source: Option<String>,
    /// The environment variable that holds the address [default: DATABASE_URL]
    #[arg(long, value_name = "VARIABLE")]
    from_env: Option<String>,
    #[command(flatten)]
    keys: chain_keys::Args,
    /// Rows that are read and held against what is found
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    rows: u64,
    /// Longest the search may take, in seconds; what is known by then is printed
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    time_limit: u64,
    /// Begin no further round of the search after so many candidates [default: no limit]
    #[arg(long, value_name = "N")]
    candidates: Option<u64>,
    /// Threads that search [default: one for each core of this machine, at most 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=64))]
    jobs: Option<u64>,
    /// Keep how far the search has come in a file, and go on from there if it exists
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Go on although the role could change data
    #[arg(long)]
    allow_privileged_role: bool,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let Command::Find(find) = &args.command;
    match find.run(talk) {
        Ok(status) | Err(status) => status,
    }
}

/// A policy around a chain block, or around nothing, with the one source `db`.
fn policy(variable: Option<&str>, block: &str, name: &str) -> Result<Policy, Vec<Diagnostic>> {
    let from = variable.map(|variable| format!(" from env {variable}")).unwrap_or_default();
    let require = if block.is_empty() { "rows(t) > 0".to_owned() } else { format!("{name} is intact") };
    let text = format!(
        "policy found {{ language 1 }}\nsource postgres db{from}\n{block}\ngate g on db {{ check c {{ require {require} }} }}\n"
    );
    let mut texts = SourceSet::default();
    let id = texts.add("found.hold", &text);
    let (ast, mut found) = parse(id, &text);
    let given = Given {
        parameters: BTreeMap::new(),
        lenient: false,
        today: jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date(),
        no_raw_sql: true,
    };
    let (policy, more) = check(&texts, &[ast], &given);
    found.extend(more);
    policy.ok_or(found)
}

/// A table, its sample, and where it was read.
struct Read {
    relation: Relation,
    sheet: Sheet,
    /// What it points to and could not be read, in words.
    apart: Vec<String>,
    catalogue: Catalogue,
    address: String,
}

impl Find {
    fn run(&self, talk: &Talk) -> Result<ExitStatus, ExitStatus> {
        let keys = self.keys.read(talk)?;
        let canceller = Canceller::new();
        let runtime = runtime(talk)?;
        let read = runtime.block_on(async {
            stop_on_interrupt(&canceller);
            self.read(&canceller, talk).await
        })?;
        let begin = self.begin(&read.sheet, &keys, talk)?;
        let finding = self.search(&read.sheet, begin, &keys, &canceller, talk);
        if let Some(path) = &self.state {
            keep(path, &finding.state, talk)?;
        }
        if canceller.is_cancelled() {
            talk.say("interrupted: this is what was found until then");
        }
        let confirmed = confirm(&read, &finding, &keys, talk)?;
        let report = chain_report::Report {
            sheet: &read.sheet,
            address: &read.address,
            keys: keys.places(),
            apart: &read.apart,
            finding: &finding,
            confirmed,
        };
        let status = report.status();
        match talk.print(&report.text()) {
            ExitStatus::Open => Ok(status),
            _ => Err(ExitStatus::Unproven),
        }
    }

    /// Reaches the source and reads the sample, in one read-only snapshot that ends with this.
    async fn read(&self, canceller: &Canceller, talk: &Talk) -> Result<Read, ExitStatus> {
        let variable = self.from_env.as_deref().unwrap_or("DATABASE_URL");
        if !variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') || variable.is_empty() {
            return Err(talk.stop("`--from-env` wants the name of an environment variable"));
        }
        let policy = policy(Some(variable), "", "").map_err(|_| {
            talk.say("error: the policy around the search cannot be read; please report this as a bug");
            ExitStatus::Internal
        })?;
        let mut rebound = BTreeMap::new();
        if let Some(address) = &self.source {
            let address =
                address.strip_prefix("postgres:").filter(|rest| !rest.starts_with("//")).unwrap_or(address);
            rebound.insert("db".to_owned(), address.to_owned());
        }
        let options = ReachOptions {
            rebound,
            session: SessionOptions { canceller: canceller.clone(), ..SessionOptions::default() },
            allow_privileged_role: self.allow_privileged_role,
        };
        let Some(source) = policy.sources.first() else { return Err(ExitStatus::Internal) };
        let outcome = reach(&policy, source, &options, &ProcessEnvironment).await;
        if let Some(refusal) = &outcome.refusal {
            talk.say(&format!("error: {refusal}"));
            return Err(talk.stop(
                "a search reads with a role that can only read; connect as one, or say `--allow-privileged-role`",
            ));
        }
        let Some(reached) = outcome.reached else {
            let why =
                outcome.facts.failure.map_or_else(|| "it could not be reached".to_owned(), |f| f.message);
            talk.say(&format!("error: {why}"));
            return Err(ExitStatus::Unproven);
        };
        let catalogue = outcome.facts.catalogue;
        let relation = self.relation(&catalogue, talk)?.clone();
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let sample = sample(&reached, &relation, rows).await.map_err(|failure| {
            talk.say(&format!("error: {} cannot be read: {}", relation.name, failure.message));
            ExitStatus::Unproven
        })?;
        let mut sheet = sheet(&relation, sample);
        let apart = chain_joins::add(&mut sheet, &reached, &relation, &catalogue).await;
        Ok(Read { relation, sheet, apart, catalogue, address: outcome.facts.address })
    }

    fn relation<'c>(&self, catalogue: &'c Catalogue, talk: &Talk) -> Result<&'c Relation, ExitStatus> {
        let exact = |schema: &str, name: &str| {
            catalogue.relations.iter().find(|r| r.name.schema == schema && r.name.name == name)
        };
        let qualified = self.table.split_once('.').and_then(|(schema, name)| exact(schema, name));
        let mut elsewhere = catalogue.relations.iter().filter(|r| r.name.name == self.table);
        let only = match (elsewhere.next(), elsewhere.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        };
        if let Some(found) = exact("public", &self.table).or(qualified).or(only) {
            return Ok(found);
        }
        let names: Vec<String> =
            catalogue.relations.iter().flat_map(|r| [r.name.name.clone(), r.name.to_string()]).collect();
        let legal: Vec<&str> = names.iter().map(String::as_str).collect();
        let hint = suggest::nearest(&self.table, &legal).map(|near| format!("; did you mean `{near}`?"));
        Err(talk.stop(&format!("there is no table `{}`{}", self.table, hint.unwrap_or_default())))
    }

    /// Where the search begins: at a kept state, or at the beginning.
    fn begin(&self, sheet: &Sheet, keys: &Keys, talk: &Talk) -> Result<State, ExitStatus> {
        let begin = State::begin(sheet).keyed(&keys.keys);
        let Some(path) = self.state.as_ref().filter(|path| path.exists()) else { return Ok(begin) };
        let shown = path.display();
        let kept = std::fs::read_to_string(path)
            .map_err(|error| talk.stop(&format!("`{shown}` cannot be read: {error}")))?;
        let kept: State = serde_json::from_str(&kept)
            .map_err(|error| talk.stop(&format!("`{shown}` is no kept search: {error}")))?;
        if kept.continues(&begin) {
            return Ok(kept);
        }
        Err(talk.stop(&format!(
            "`{shown}` is of a search in other rows, with other keys, or of another version; name another file, or remove it"
        )))
    }

    fn search(
        &self,
        sheet: &Sheet,
        begin: State,
        keys: &Keys,
        canceller: &Canceller,
        talk: &Talk,
    ) -> Finding {
        let bar = talk.progress().then(|| {
            let bar = indicatif::ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let end = Instant::now() + Duration::from_secs(self.time_limit);
        let stop = || Instant::now() >= end || canceller.is_cancelled();
        let progress = |tried: u64, bits: u32| {
            if let Some(bar) = &bar {
                bar.set_message(format!("{} million candidates, round {bits}", tried / 1_000_000));
            }
        };
        let profiles = json_profiles();
        let settings = Settings {
            profiles: &profiles,
            keys: &keys.keys,
            threads: usize::try_from(self.jobs.unwrap_or_else(cores)).unwrap_or(1),
            candidates: self.candidates.unwrap_or(u64::MAX),
            stop: &stop,
            progress: &progress,
        };
        let finding = find::find(sheet, &settings, begin);
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        finding
    }
}

fn keep(path: &Path, state: &State, talk: &Talk) -> Result<(), ExitStatus> {
    let text = serde_json::to_string_pretty(state)
        .map_err(|error| talk.stop(&format!("the state cannot be written: {error}")))?;
    std::fs::write(path, text + "\n")
        .map_err(|error| talk.stop(&format!("`{}` cannot be written: {error}", path.display())))
}

/// The sample with what the catalogue says of its columns.
fn sheet(relation: &Relation, sample: Sample) -> Sheet {
    let columns = sample.columns.iter().filter_map(|name| relation.column(name)).map(|column| ChainColumn {
        nullable: column.nullable,
        ..ChainColumn::own(&column.name, column.kind.cell())
    });
    Sheet {
        schema: relation.name.schema.clone(),
        table: relation.name.name.clone(),
        columns: columns.collect(),
        key: relation.primary_key.clone(),
        rows: sample.rows,
        runs: sample.runs,
        whole: sample.whole,
        joins: Vec::new(),
    }
}

/// What the block means, read back from its text and bound to the table's columns, and which rows it recomputes.
fn confirm(
    read: &Read,
    finding: &Finding,
    keys: &Keys,
    talk: &Talk,
) -> Result<Option<chain_report::Proven>, ExitStatus> {
    let Some(found) = &finding.found else { return Ok(None) };
    let bug = |why: &str| {
        talk.say(&format!(
            "error: what was found cannot be declared: {why}; please report this as a bug\n{}",
            found.block
        ));
        ExitStatus::Internal
    };
    let policy = policy(None, &found.block, &found.name)
        .map_err(|found| bug(found.first().map_or("it is no chain", |first| &first.message)))?;
    let catalogues = [("db".to_owned(), Ok(read.catalogue.clone()))].into_iter().collect();
    let options = plan::Options {
        selected: policy.checks.iter().map(|check| check.id.clone()).collect(),
        tenant: None,
        now: jiff::Timestamp::now(),
        samples: 1,
        exact: false,
    };
    let (plan, _) = plan::plan(&policy, &catalogues, &options);
    let spec = plan.statements.iter().find_map(|statement| match &statement.work {
        Work::Chain { chained, .. } => Some(chained.spec.clone()),
        _ => None,
    });
    let Some(spec) = spec else { return Err(bug(&format!("it does not fit {}", read.relation.name))) };
    let Some(link) = finding.links.get(found.link) else { return Err(bug("it has no hash")) };
    let mut rows = [found.fits.as_slice(), &found.misfits].concat();
    rows.sort_unstable();
    let given = keys.of(&spec).map_err(|why| bug(&why))?;
    let rows =
        find::confirm(&read.sheet, link, &rows, &spec, &given).map_err(|issue| bug(&issue.to_string()))?;
    Ok(Some(chain_report::Proven { spec, rows }))
}
