//! One profile: what it gives, and what it says of itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::SignedDuration;

use crate::alert::Route;
use crate::policy::SourceAddress;
use crate::report::Format;

/// What a profile gives. It has no word for leaving a check out, so it cannot.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Profile {
    /// Its name.
    pub(in crate::cli) name: String,
    /// The file it is from, as it was found.
    pub(in crate::cli) file: String,
    /// Where declared sources are.
    pub(in crate::cli) sources: BTreeMap<String, SourceAddress>,
    /// Values of parameters.
    pub(in crate::cli) parameters: BTreeMap<String, String>,
    /// Limits of the run.
    pub(in crate::cli) limits: Limits,
    /// Format of the report on standard output.
    pub(in crate::cli) format: Option<Format>,
    /// Reports in files.
    pub(in crate::cli) outputs: Vec<(Format, PathBuf)>,
    /// What is tightened.
    pub(in crate::cli) tighter: Tighter,
    /// Columns whose values no report shows.
    pub(in crate::cli) redact: Vec<String>,
    /// Who is told of what does not hold, when a run is asked to tell.
    pub(in crate::cli) routes: Vec<Channel>,
    /// File that keeps what was told.
    pub(in crate::cli) alert_state: Option<PathBuf>,
}

/// A route, and how it is gone.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Channel {
    pub(in crate::cli) route: Route,
    pub(in crate::cli) target: Target,
    /// Attempts in all.
    pub(in crate::cli) attempts: u32,
    /// The wait before the second; twice as long before each further one.
    pub(in crate::cli) wait: SignedDuration,
}

/// What a route ends at.
#[derive(Clone, Debug)]
pub(in crate::cli) enum Target {
    /// A service, and the headers that it wants.
    Webhook { url: SourceAddress, headers: Vec<(String, SourceAddress)>, private: bool },
    /// A program and its arguments.
    Command(Vec<String>),
}

/// Limits of a run, as the options of the same names.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Limits {
    pub(in crate::cli) jobs: Option<u64>,
    pub(in crate::cli) memory: Option<u64>,
    pub(in crate::cli) statement_timeout: Option<u64>,
    pub(in crate::cli) max_transfer: Option<u64>,
}

/// Switches that ask for more than the policy does, as the options of the same names.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cli) struct Tighter {
    pub(in crate::cli) strict: bool,
    pub(in crate::cli) exact: bool,
    pub(in crate::cli) no_raw_sql: bool,
}

impl Limits {
    fn with(&self, other: &Self, pick: impl Fn(Option<u64>, Option<u64>) -> Option<u64>) -> Self {
        Self {
            jobs: pick(self.jobs, other.jobs),
            memory: pick(self.memory, other.memory),
            statement_timeout: pick(self.statement_timeout, other.statement_timeout),
            max_transfer: pick(self.max_transfer, other.max_transfer),
        }
    }

    /// These, and others where these say nothing.
    pub(in crate::cli) fn or(&self, other: &Self) -> Self {
        self.with(other, Option::or)
    }

    /// Those of these that others say nothing of.
    pub(in crate::cli) fn but_for(&self, other: &Self) -> Self {
        self.with(other, |own, theirs| own.filter(|_| theirs.is_none()))
    }
}

impl Profile {
    /// One sentence for a report: which profile, and what of it is in force.
    pub(in crate::cli) fn note(&self, with_sources: bool) -> String {
        let mut parts = Vec::new();
        for (name, address) in self.sources.iter().filter(|_| with_sources) {
            parts.push(match address {
                SourceAddress::Env(variable) => format!("source `{name}` from env {variable}"),
                SourceAddress::File(path) => format!("source `{name}` from file \"{path}\""),
                SourceAddress::Default | SourceAddress::Literal(_) => {
                    format!("the address of source `{name}`")
                }
            });
        }
        parts.extend(self.parameters.keys().map(|name| format!("the value of `${name}`")));
        let limits = [
            ("jobs", self.limits.jobs),
            ("memory", self.limits.memory),
            ("statement_timeout", self.limits.statement_timeout),
            ("max_transfer", self.limits.max_transfer),
        ];
        parts
            .extend(limits.into_iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.to_owned()));
        let switches = [
            ("strict", self.tighter.strict),
            ("exact", self.tighter.exact),
            ("no_raw_sql", self.tighter.no_raw_sql),
        ];
        parts.extend(switches.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()));
        if !self.redact.is_empty() {
            let columns: Vec<String> = self.redact.iter().map(|column| format!("`{column}`")).collect();
            parts.push(format!("redaction of {}", columns.join(", ")));
        }
        let gave = if parts.is_empty() { String::new() } else { format!("; it gave {}", parts.join(", ")) };
        format!("profile `{}` of `{}` was used{gave}", self.name, self.file)
    }
}
