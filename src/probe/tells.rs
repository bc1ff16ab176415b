//! Sources that publish facts and hold no rows. A kind is a module that implements [`Tells`], an arm of [`open`], and a
//! table in `policy::facts`.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bigdecimal::Zero as _;

use super::backups::Begin;
use super::objects::{self, Finder};
use super::options::ObserveOptions;
use super::postgres::Canceller;
use super::{attestation, backups, baseline, document, files, host, http, list, record, redis};
use crate::catalogue::Catalogue;
use crate::facts::{Failure, Observation, Observed};
use crate::failure::FailureKind;
use crate::plan::{Inspection, Statement, Work};
use crate::policy::facts::Fact;
use crate::policy::{Source, SourceKind, SourceOptions};
use crate::value::{Type, Value, plain};

/// How far another clock may be ahead of this one before what it dates counts as being of the future.
pub(super) const SKEW: i64 = 60_000_000;

/// A source that can be asked on any thread that may wait.
pub(super) trait Tells: fmt::Debug + Send + Sync {
    /// The value of a published fact.
    ///
    /// # Errors
    /// Why it cannot be had: one sentence that says of what.
    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure>;

    /// What it says of itself, for the report.
    fn identity(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// What it knows of tables, for those who plan against it.
    fn catalogue(&self) -> Catalogue {
        Catalogue::default()
    }

    /// Where a restore of its newest backup, or of the one with a label, begins in WAL.
    ///
    /// # Errors
    /// Why that cannot be had.
    fn begin(&self, _label: Option<&str>) -> Result<Begin, Failure> {
        Err(other("this source is no backup"))
    }

    /// How far its WAL leads, from a backup or from the oldest segment on.
    ///
    /// # Errors
    /// Why it cannot be followed.
    fn way(&self, _from: Option<&Begin>) -> Result<Observed, Failure> {
        Err(other("this source is no archive of WAL"))
    }

    /// The subjects that it names, and what digests of them are made under.
    ///
    /// # Errors
    /// Why it names none.
    fn listing(&self) -> Result<list::Named<'_>, Failure> {
        Err(other("this source is no list"))
    }

    /// What else it can be asked.
    ///
    /// # Errors
    /// Why it could not be looked at.
    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        Err(other(format!("this source cannot be asked for {}", inspection.about())))
    }
}

/// A value, and what it comes from, for people.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) value: Value,
    pub(super) because: String,
}

impl Told {
    /// A value that needs no explanation.
    pub(super) fn plain(value: Value) -> Self {
        Self { value, because: String::new() }
    }

    /// A value that comes from something.
    pub(super) fn of(value: Value, because: impl Into<String>) -> Self {
        Self { value, because: because.into() }
    }
}

/// A failure of no particular kind.
pub(super) fn other(message: impl Into<String>) -> Failure {
    Failure { kind: FailureKind::Other, message: message.into() }
}

/// What the system says about a file that could not be had.
pub(super) fn unread(what: &str, error: &std::io::Error) -> Failure {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => FailureKind::MissingObject,
        std::io::ErrorKind::PermissionDenied => FailureKind::PermissionDenied,
        _ => FailureKind::Other,
    };
    Failure { kind, message: format!("{what} cannot be read: {error}") }
}

/// The time since an instant, in microseconds, rounded up to whole seconds: no limit is met by rounding. What lies in the future has no age: a clock is wrong, or a name lies.
///
/// # Errors
/// It is later than now by more than clocks differ.
pub(super) fn age(at: jiff::Timestamp, what: &str) -> Result<i64, Failure> {
    let micros = jiff::Timestamp::now().as_microsecond().saturating_sub(at.as_microsecond());
    if micros < -SKEW {
        return Err(other(format!("{what} is dated {at}, which is in the future")));
    }
    Ok(micros.max(0).saturating_add(999_999) / 1_000_000 * 1_000_000)
}

/// What is needed to open a source.
pub(super) struct Means {
    /// Reads objects in stores.
    pub(super) finder: Finder,
    /// Stops what takes long.
    pub(super) canceller: Canceller,
    /// Headers of requests, with their secret values.
    pub(super) headers: Vec<(String, String)>,
    /// What digests of a list are made under.
    pub(super) pepper: Option<Vec<u8>>,
}

/// Opens a source at an address, and says how the address may be shown.
///
/// # Errors
/// Why it cannot be looked at.
pub(super) fn open(
    (kind, options): (SourceKind, &SourceOptions),
    address: &str,
    means: Means,
    shown: &mut String,
) -> Result<Arc<dyn Tells>, Failure> {
    // What is shown of an address in a store is never a credential.
    let safe = if objects::is_address(address) { objects::shown(address) } else { address.to_owned() };
    *shown = format!("{}:{safe}", kind.word());
    Ok(match kind {
        SourceKind::Files => Arc::new(files::Files::open(address, options, means)?),
        SourceKind::Host => {
            *shown = "host:".to_owned();
            Arc::new(host::Host::default())
        }
        SourceKind::Document => Arc::new(document::Document::open(address)?),
        SourceKind::Baseline => Arc::new(baseline::Sealed::open(address)?),
        SourceKind::List => Arc::new(list::List::open(address, means.pepper, shown)?),
        SourceKind::Attestation => Arc::new(attestation::Statements::open(address)?),
        SourceKind::Record => Arc::new(record::Kept::open(address)?),
        SourceKind::Http => {
            *shown = format!("http:{}", http::shown(address));
            Arc::new(http::Service::open(address, options, means)?)
        }
        SourceKind::Redis if redis::is_server(address) => {
            *shown = format!("redis:{}", http::shown(address));
            Arc::new(backups::server(address, options.private)?)
        }
        SourceKind::Wal
        | SourceKind::Basebackup
        | SourceKind::Pgbackrest
        | SourceKind::Barman
        | SourceKind::Redis => backups::open((kind, options.every), address, &means.finder)?,
        SourceKind::Postgres | SourceKind::Dump => {
            return Err(other(format!("a source of kind `{}` is opened otherwise", kind.word())));
        }
    })
}

/// The address of a source without the word of its kind, which `--source` may put before it.
pub(super) fn bare<'a>(source: &Source, address: &'a str) -> &'a str {
    let scheme = format!("{}:", source.kind.word());
    match address.strip_prefix(&scheme) {
        // `http://...` is an address by itself.
        Some(rest) if !rest.starts_with("//") => rest,
        _ => address,
    }
}

/// Finds another source of the run by its name.
pub(super) type Beside<'a> = &'a (dyn Fn(&str) -> Option<Arc<dyn Tells>> + Sync);

/// Is told of a statement that was carried out, with what was observed.
pub(super) type Done<'a> = &'a (dyn Fn(&Statement, &[(String, Observation)]) + Sync);

/// Everything that statements ask of a source, on threads that may wait.
pub(super) async fn observe(
    told: &Arc<dyn Tells>,
    statements: Vec<Statement>,
    options: &ObserveOptions,
    (beside, done): (Beside<'_>, Done<'_>),
) -> Vec<(String, Observation)> {
    use futures_util::StreamExt as _;
    let asked = statements.into_iter().map(|statement| {
        let told = Arc::clone(told);
        let other_one = backup_of(&statement).and_then(beside);
        async move {
            let asked = statement.clone();
            let started = Instant::now();
            let result = tokio::task::spawn_blocking(move || ask(&*told, &asked, other_one.as_deref())).await;
            let result = result.unwrap_or_else(|_| Err(other("looking at it broke off")));
            let found: Vec<(String, Observation)> = statement
                .work
                .keys()
                .into_iter()
                .map(|key| (key.to_owned(), Observation::since(started, result.clone())))
                .collect();
            done(&statement, &found);
            found
        }
    });
    let found: Vec<Vec<_>> = futures_util::stream::iter(asked).buffer_unordered(options.jobs).collect().await;
    found.into_iter().flatten().collect()
}

/// The source of the backup that a statement on an archive of WAL begins with.
fn backup_of(statement: &Statement) -> Option<&str> {
    match &statement.work {
        Work::Inspect { inspection, .. } => match &**inspection {
            Inspection::Way(from) => from.as_ref().map(|(source, _)| source.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a figure is zero.
fn is_none(value: &Value) -> bool {
    match value {
        Value::Number(number) | Value::Size(number) => number.is_zero(),
        _ => false,
    }
}

fn ask(told: &dyn Tells, statement: &Statement, other_one: Option<&dyn Tells>) -> Result<Observed, Failure> {
    match &statement.work {
        Work::Fact { fact, argument, .. } => {
            let named = |failure: Failure| Failure {
                message: format!("{}.{}: {}", statement.source, fact.name, failure.message),
                ..failure
            };
            let value = told.fact(fact, argument.as_deref()).map_err(named)?;
            if let Some(counted) = fact.among.filter(|_| is_none(&value.value)) {
                let count = Fact::new(counted, Type::Number, "");
                if is_none(&told.fact(&count, None).map_err(named)?.value) {
                    let why = format!("there is nothing to look at: `{}.{counted}` is 0", statement.source);
                    return Err(named(other(why)));
                }
            }
            Ok(Observed::Told { value: Some(cell(&value.value)), because: value.because })
        }
        Work::Inspect { inspection, .. } => match (&**inspection, other_one) {
            (Inspection::Way(None), _) => told.way(None),
            (Inspection::Way(Some((backup, label))), Some(other_one)) => {
                let begin = other_one.begin(label.as_deref()).map_err(|failure| Failure {
                    message: format!("{backup}: {}", failure.message),
                    ..failure
                })?;
                told.way(Some(&begin))
            }
            (Inspection::Way(Some((backup, _))), None) => {
                Err(other(format!("source `{backup}` was not read")))
            }
            (inspection, _) => told.inspect(inspection),
        },
        _ => Err(other("this source holds no rows")),
    }
}

/// A value as the text that an observation keeps.
fn cell(value: &Value) -> String {
    match value {
        Value::Number(n) | Value::Percent(n) | Value::Size(n) => plain(n),
        Value::Duration(micros) => format!("{micros} microseconds"),
        Value::Time(at) => at.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bool(b) => b.to_string(),
    }
}
