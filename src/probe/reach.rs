//! Reaching the sources: addresses, sessions, the one snapshot, and what each source says of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::archive::{self, Opened};
use super::objects::Finder;
use super::postgres::role::write_powers;
use super::postgres::{
    Address, Environment, QueryError, Session, SessionOptions, Snapshot, catalogue, identity,
};
use super::skew;
use super::tells::{self, Means, Tells};
use crate::catalogue::{Catalogue, Relation};
use crate::facts::{Failure, SourceFacts};
use crate::failure::FailureKind;
use crate::policy::assertion::{Assertion, Listing};
use crate::policy::{Policy, Source, SourceAddress, SourceKind};

/// How sources are reached.
#[derive(Clone, Debug)]
pub struct ReachOptions {
    /// Addresses that replace the declared ones, by source.
    pub rebound: BTreeMap<String, String>,
    /// Limits of every session.
    pub session: SessionOptions,
    /// Whether a role that can write is let through, and recorded.
    pub allow_privileged_role: bool,
}

/// A source that was reached.
#[derive(Debug)]
pub enum Reached {
    /// A server, with its transaction open.
    Server(Box<Server>),
    /// An archive, with its table of contents read.
    Archive(Arc<Opened>),
    /// A source that publishes facts and holds no rows.
    Told(Told),
}

/// A source that publishes facts and holds no rows.
#[derive(Clone, Debug)]
pub struct Told(pub(super) Arc<dyn Tells>);

/// A server that was reached.
#[derive(Debug)]
pub struct Server {
    pub(super) session: Arc<Session>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) snapshot: Snapshot,
    pub(super) address: Address,
}

impl Server {
    /// Whether it runs on this machine.
    #[must_use]
    pub fn is_near(&self) -> bool {
        let place = self.session.place();
        ["/", "localhost", "127.", "[::1]", "::1"].iter().any(|near| place.starts_with(near))
    }
}

/// What reaching a source came to.
#[derive(Debug)]
pub struct Outcome {
    /// The open source, if it was reached.
    pub reached: Option<Reached>,
    /// What it says of itself, or why it could not be read.
    pub facts: SourceFacts,
    /// Why the run must not go on although the source was reached: its role can write.
    pub refusal: Option<String>,
}

/// Reaches one source.
pub async fn reach(
    policy: &Policy,
    source: &Source,
    options: &ReachOptions,
    environment: &dyn Environment,
) -> Outcome {
    let mut facts = SourceFacts {
        address: String::new(),
        failure: None,
        identity: Vec::new(),
        notes: Vec::new(),
        catalogue: Catalogue::default(),
    };
    if options.rebound.contains_key(&source.name) {
        facts.notes.push("the declared address was replaced by `--source`".to_owned());
    }
    let text = match text(source, options, environment) {
        Ok(text) => text,
        Err(message) => {
            facts.failure = Some(Failure { kind: FailureKind::Unreachable, message });
            return Outcome { reached: None, facts, refusal: None };
        }
    };
    if !source.kind.describe().relations {
        return told(source, tells::bare(source, &text).to_owned(), (facts, options), environment).await;
    }
    if let Some(path) = archived(source, &text) {
        return archive(path.to_owned(), facts, options).await;
    }
    let address = match address(&text, environment) {
        Ok(address) => address,
        Err(message) => {
            facts.failure = Some(Failure { kind: FailureKind::Unreachable, message });
            return Outcome { reached: None, facts, refusal: None };
        }
    };
    facts.address = address.redacted();
    facts.notes.extend(address.notes().iter().cloned());
    match open(policy, source, options, &address, &mut facts).await {
        Ok((session, snapshot, refusal)) => {
            let (session, catalogue) = (Arc::new(session), Arc::new(facts.catalogue.clone()));
            let server = Server { session, catalogue, snapshot, address };
            Outcome { reached: Some(Reached::Server(Box::new(server))), facts, refusal }
        }
        Err(error) => {
            facts.failure = Some(Failure::from(&error));
            Outcome { reached: None, facts, refusal: None }
        }
    }
}

/// Opens a source that holds no rows, on a thread that may wait for a disk or a network.
async fn told(
    source: &Source,
    address: String,
    (mut facts, options): (SourceFacts, &ReachOptions),
    environment: &dyn Environment,
) -> Outcome {
    facts.address = format!("{}:", source.kind.word());
    let mut headers = Vec::new();
    for (name, from) in &source.options.headers {
        match resolve(from, environment) {
            Ok(value) => headers.push((name.clone(), value)),
            Err(why) => {
                let message = format!("header `{name}`: {why}");
                facts.failure = Some(Failure { kind: FailureKind::Unreachable, message });
                return Outcome { reached: None, facts, refusal: None };
            }
        }
    }
    let mut pepper = None;
    if let Some(from) = &source.options.pepper {
        match resolve(from, environment) {
            Ok(value) => pepper = Some(value.into_bytes()),
            Err(why) => {
                let message = format!("the pepper: {why}");
                facts.failure = Some(Failure { kind: FailureKind::Unreachable, message });
                return Outcome { reached: None, facts, refusal: None };
            }
        }
    }
    let canceller = options.session.canceller.clone();
    let means = Means { finder: Finder::here(&canceller), canceller, headers, pepper };
    let (kind, declared, mut shown) = (source.kind, source.options.clone(), facts.address.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let opened = tells::open((kind, &declared), &address, means, &mut shown);
        (opened, shown)
    });
    match opened.await {
        Ok((opened, shown)) => {
            facts.address = shown;
            match opened {
                Ok(told) => {
                    facts.identity = told.identity();
                    facts.catalogue = told.catalogue();
                    Outcome { reached: Some(Reached::Told(Told(told))), facts, refusal: None }
                }
                Err(failure) => {
                    facts.failure = Some(failure);
                    Outcome { reached: None, facts, refusal: None }
                }
            }
        }
        Err(_) => {
            facts.failure = Some(tells::other("opening it broke off"));
            Outcome { reached: None, facts, refusal: None }
        }
    }
}

/// The address of an archive, without the scheme of archives, if it is one.
fn archived<'a>(source: &Source, text: &'a str) -> Option<&'a str> {
    let server = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    let bare = archive::is_object(text) || (source.kind == SourceKind::Dump && !server);
    text.strip_prefix(archive::SCHEME).or(bare.then_some(text))
}

/// Opens an archive, on a thread that may wait for a disk or a network.
async fn archive(path: String, mut facts: SourceFacts, options: &ReachOptions) -> Outcome {
    let finder = Finder::here(&options.session.canceller);
    let mut lost = facts.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let opened = archive::open(&path, finder, &mut facts);
        (opened, facts)
    });
    match opened.await {
        Ok((Ok(opened), facts)) => {
            Outcome { reached: Some(Reached::Archive(Arc::new(opened))), facts, refusal: None }
        }
        Ok((Err(failure), mut facts)) => {
            facts.failure = Some(failure);
            Outcome { reached: None, facts, refusal: None }
        }
        Err(_) => {
            let message = "opening the archive broke off".to_owned();
            lost.failure = Some(Failure { kind: FailureKind::Other, message });
            Outcome { reached: None, facts: lost, refusal: None }
        }
    }
}

async fn open(
    policy: &Policy,
    source: &Source,
    options: &ReachOptions,
    address: &Address,
    facts: &mut SourceFacts,
) -> Result<(Session, Snapshot, Option<String>), QueryError> {
    let session = Session::open(address, &options.session).await?;
    for note in session.notes() {
        if !facts.notes.contains(note) {
            facts.notes.push(note.clone());
        }
    }
    let snapshot = session.begin().await?;
    if let Snapshot::Single(why) = &snapshot {
        facts.notes.push(format!(
            "its snapshot could not be shared, so one connection reads everything: {}",
            why.message
        ));
    }
    let powers = write_powers(&session).await?;
    let mut refusal = None;
    if !powers.reasons.is_empty() {
        let reasons = powers.reasons.join("; ");
        if options.allow_privileged_role {
            facts.notes.push(format!("a role that can write was allowed: {reasons}"));
        } else {
            refusal = Some(format!(
                "source `{}`: the role `{}` can change data: {reasons}",
                source.name,
                address.user()
            ));
        }
    }
    let before = jiff::Timestamp::now();
    facts.identity = identity::identity(&session).await?;
    facts.notes.extend(skew::skew(&facts.identity, before, jiff::Timestamp::now()));
    facts.catalogue = catalogue::read(&session, &functions(policy)).await?;
    facts.notes.extend(elsewhere(&facts.catalogue));
    Ok((session, snapshot, refusal))
}

/// What a snapshot here does not cover.
fn elsewhere(catalogue: &Catalogue) -> Option<String> {
    let stores = |r: &&Relation| r.foreign && r.kind.stores();
    let mut names = catalogue.relations.iter().filter(stores).map(|r| format!("`{}`", r.name));
    let shown: Vec<String> = names.by_ref().take(3).collect();
    let more = if names.next().is_some() { ", ..." } else { "" };
    (!shown.is_empty()).then(|| {
        format!(
            "other servers keep rows of {}{more}: each is read in a snapshot of its own and by its own row-level security",
            shown.join(", ")
        )
    })
}

/// Names of the functions that raw SQL anywhere in the policy calls.
fn functions(policy: &Policy) -> Vec<String> {
    let mut names: Vec<String> = policy
        .checks
        .iter()
        .filter_map(|check| match &check.assertion {
            Assertion::Sql(_, sql) => Some(&sql.functions),
            Assertion::Absent(absent) => match &absent.listing {
                Listing::Sql(_, sql) => Some(&sql.functions),
                _ => None,
            },
            _ => None,
        })
        .flatten()
        .map(|(_, name)| name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The address of a source as it is written, wherever that is.
fn text(source: &Source, options: &ReachOptions, environment: &dyn Environment) -> Result<String, String> {
    if let Some(rebound) = options.rebound.get(&source.name) {
        return Ok(rebound.clone());
    }
    resolve(&source.address, environment).map_err(|why| match &source.address {
        SourceAddress::Env(_) => format!("{why}; set it, or give `--source {}=ADDRESS`", source.name),
        _ => format!("address file {why}"),
    })
}

/// What is written in the policy or where it points to.
fn resolve(address: &SourceAddress, environment: &dyn Environment) -> Result<String, String> {
    match address {
        SourceAddress::Default => Ok(String::new()),
        SourceAddress::Literal(text) => Ok(text.clone()),
        SourceAddress::Env(name) => match environment.var(name) {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(format!("environment variable `{name}` is not set")),
        },
        SourceAddress::File(path) => match environment.read(std::path::Path::new(path)) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).trim().to_owned()),
            Err(error) => Err(format!("`{path}` cannot be read: {error}")),
        },
    }
}

fn address(text: &str, environment: &dyn Environment) -> Result<Address, String> {
    Address::parse(text, environment).map_err(|error| {
        if error.help.is_empty() { error.message } else { format!("{}; {}", error.message, error.help) }
    })
}
