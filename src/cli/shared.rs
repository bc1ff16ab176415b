//! Options and steps that several commands share: reading a policy, choosing gates.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::load::{Loaded, load};
use super::parameters;
use super::rebind::{bare, rebinds, rebound_by};
use super::settings::{Profile, SettingsArgs};
use super::terminal::Talk;
use crate::check::{Given, check};
use crate::diagnostic::{Diagnostic, suggest};
use crate::policy::Policy;
use crate::verdict::{ExitStatus, Level};

/// Which policy, with which values.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// Policy files; several are parts of one policy
    #[arg(required = true, value_name = "POLICY")]
    pub(super) policy: Vec<PathBuf>,
    /// Give a parameter its value
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Read parameter values from a TOML file of `name = "value"` lines; `--set` goes first
    #[arg(long = "params", value_name = "FILE")]
    params: Option<PathBuf>,
    /// Refuse policies with raw SQL
    #[arg(long)]
    no_raw_sql: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Which part of it, and where its sources are.
#[derive(Debug, Args)]
pub(super) struct SelectArgs {
    /// Judge only this gate; may be given several times
    #[arg(long = "gate", value_name = "GATE")]
    gate: Vec<String>,
    /// Judge only this check, to look into something; its gate stays closed. May be given several times
    #[arg(long = "check", value_name = "CHECK")]
    check: Vec<String>,
    /// Read a declared source from another address
    #[arg(long = "source", value_name = "NAME=ADDRESS")]
    source: Vec<String>,
    /// Narrow every check to one tenant
    #[arg(long, value_name = "TENANT")]
    pub(super) tenant: Option<String>,
    /// Count recommendations as requirements
    #[arg(long)]
    strict: bool,
}

/// `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// A checked policy with its texts.
pub(super) struct Ready {
    pub(super) loaded: Loaded,
    pub(super) policy: Policy,
    /// What of the settings is in force.
    pub(super) profile: Option<Profile>,
}

impl Ready {
    /// The values of its parameters, as the policy language writes them.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        let value = |p: &crate::policy::Param| p.value.as_ref().map(ToString::to_string).unwrap_or_default();
        self.policy.params.iter().map(|p| (p.name.clone(), value(p))).collect()
    }

    /// The digest over all texts and parameters.
    pub(super) fn digest(&self) -> String {
        self.loaded.digest(self.parameters().iter().map(|(name, value)| (name.as_str(), value.clone())))
    }
}

/// What is selected.
pub(super) struct Selected {
    pub(super) gates: Vec<String>,
    pub(super) checks: Vec<String>,
    pub(super) rebound: BTreeMap<String, String>,
}

impl PolicyArgs {
    /// Reads and checks the policy; on failure everything has been said.
    pub(super) fn ready(
        &self,
        talk: &Talk,
        lenient: bool,
        tenant: Option<&str>,
    ) -> Result<Ready, ExitStatus> {
        let (ready, found, texts) = self.checked(talk, lenient, tenant)?;
        let failed = ready.is_none() || found.iter().any(Diagnostic::is_error);
        match ready {
            Some(ready) if !failed => Ok(ready),
            _ => {
                talk.diagnostics(&found, &texts);
                Err(ExitStatus::Usage)
            }
        }
    }

    /// Reads and checks the policy and returns what was found as well.
    pub(super) fn checked(
        &self,
        talk: &Talk,
        lenient: bool,
        tenant: Option<&str>,
    ) -> Result<(Option<Ready>, Vec<Diagnostic>, crate::source_text::SourceSet), ExitStatus> {
        let mut profile = self.settings.profile(talk)?;
        let mut parameters = parameters::given(self.params.as_deref(), &self.set, talk)?;
        let mut loaded = load(&self.policy);
        let mut found = std::mem::take(&mut loaded.found);
        let syntax_failed = !found.is_empty();
        let declared: Vec<String> =
            loaded.files.iter().flat_map(|f| &f.statements).filter_map(parameter).collect();
        // `--tenant` also is the value of a parameter of that name, so that a policy can speak of it.
        if let (Some(tenant), true) = (tenant, declared.iter().any(|name| name == "tenant")) {
            parameters.entry("tenant".to_owned()).or_insert_with(|| tenant.to_owned());
        }
        if let Some(profile) = &mut profile {
            if !syntax_failed {
                let legal: Vec<&str> = declared.iter().map(String::as_str).collect();
                profile
                    .parameters
                    .keys()
                    .try_for_each(|name| profile.knows(("parameter", name), &legal, talk))?;
            }
            profile.parameters.retain(|name, _| !parameters.contains_key(name));
            parameters.extend(profile.parameters.clone());
            profile.tighter.no_raw_sql &= !self.no_raw_sql;
        }
        let given = Given {
            parameters,
            lenient,
            today: jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date(),
            no_raw_sql: self.no_raw_sql || profile.as_ref().is_some_and(|p| p.tighter.no_raw_sql),
        };
        let (policy, more) = check(&loaded.texts, &loaded.files, &given);
        found.extend(more);
        let texts = loaded.texts.clone();
        let Some(mut policy) = policy.filter(|_| !syntax_failed) else { return Ok((None, found, texts)) };
        if let Some(profile) = &profile {
            rebound_by(profile, &mut policy, talk)?;
        }
        Ok((Some(Ready { loaded, policy, profile }), found, texts))
    }
}

/// The name of a parameter that a statement declares.
fn parameter(statement: &crate::syntax::ast::Statement) -> Option<String> {
    match &statement.clause {
        crate::syntax::ast::Clause::Param { name, .. } => Some(name.node.clone()),
        _ => None,
    }
}

impl SelectArgs {
    /// Whether only a part of the policy is asked for.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.gate.is_empty() || !self.check.is_empty() || self.tenant.is_some()
    }

    /// Whether gates or checks are named.
    pub(super) fn chooses(&self) -> bool {
        !self.gate.is_empty() || !self.check.is_empty()
    }

    /// Resolves names against the policy; on failure everything has been said. `--strict` changes the policy.
    pub(super) fn select(&self, ready: &mut Ready, talk: &Talk) -> Result<Selected, ExitStatus> {
        let Ready { policy, profile, .. } = ready;
        if let Some(profile) = profile.as_mut() {
            // What the command line says as well is not what the profile gave.
            profile.sources.retain(|name, _| {
                !self.source.iter().any(|given| given.split_once('=').is_some_and(|(named, _)| named == name))
            });
            profile.tighter.strict &= !self.strict;
        }
        if self.strict || profile.as_ref().is_some_and(|p| p.tighter.strict) {
            for check in &mut policy.checks {
                check.level = Level::Require;
            }
        }
        for gate in &self.gate {
            let legal: Vec<&str> = policy.gates.iter().map(|g| g.id.as_str()).collect();
            known("gate", gate, &legal, talk)?;
        }
        for check in &self.check {
            let legal: Vec<&str> = policy.checks.iter().map(|c| c.id.as_str()).collect();
            if !legal.iter().any(|id| selects(check, id)) {
                known("check", check, &legal, talk)?;
            }
        }
        let mut rebound = BTreeMap::new();
        for given in &self.source {
            // Read here and not by the parser of options, which would print what it refuses, passwords and all.
            let Ok((name, address)) = pair(given).map_err(|_| ()).and_then(|(name, address)| {
                if name.contains([':', '@', '/']) { Err(()) } else { Ok((name, address)) }
            }) else {
                return Err(talk.stop(
                    "write `--source NAME=VALUE`, where NAME is a source of the policy and VALUE its address",
                ));
            };
            let (name, address) = (&name, address.as_str());
            let legal: Vec<&str> = policy.sources.iter().map(|s| s.name.as_str()).collect();
            known("source", name, &legal, talk)?;
            let address = bare(address);
            if let Some(declared) = policy.sources.iter().find(|s| s.name == *name).map(|s| s.kind) {
                rebinds(declared, (name, address)).map_err(|why| {
                    let word = address.split(':').next().unwrap_or_default();
                    talk.stop(&format!("`--source {name}={word}:...`: {why}"))
                })?;
            }
            if rebound.insert(name.clone(), address.to_owned()).is_some() {
                return Err(talk.stop(&format!("`--source {name}=...` is given twice")));
            }
        }
        let checks: Vec<String> = policy
            .checks
            .iter()
            .filter(|c| self.gate.is_empty() || self.gate.contains(&c.gate))
            .filter(|c| self.check.is_empty() || self.check.iter().any(|check| selects(check, &c.id)))
            .map(|c| c.id.clone())
            .collect();
        if checks.is_empty() {
            return Err(talk.stop("the selection matches no check, so nothing would be proven"));
        }
        let gates = policy
            .gates
            .iter()
            .filter(|g| policy.checks.iter().any(|c| c.gate == g.id && checks.contains(&c.id)))
            .map(|g| g.id.clone())
            .collect();
        if let (Some(_), None) = (&self.tenant, &policy.tenancy) {
            return Err(
                talk.stop("`--tenant` needs a `tenancy` in the policy, which says what belongs to whom")
            );
        }
        if self.tenant.is_some() && policy.tenancy.as_ref().is_some_and(|t| t.schemas.is_some()) {
            return Err(talk.stop(
                "`--tenant` narrows by a column, and this policy's tenants have schemas: write `on SCHEMA.*` for the tables of one",
            ));
        }
        Ok(Selected { gates, checks, rebound })
    }
}

/// Whether a name selects a check: its own, or that of the check it is a part of.
fn selects(name: &str, id: &str) -> bool {
    id.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn known(kind: &str, name: &str, legal: &[&str], talk: &Talk) -> Result<(), ExitStatus> {
    unknown(kind, name, legal).map_or(Ok(()), |why| Err(talk.stop(&why)))
}

/// Why a name is none of the policy's, if it is not.
fn unknown(kind: &str, name: &str, legal: &[&str]) -> Option<String> {
    if legal.contains(&name) {
        return None;
    }
    let hint = match suggest::nearest(name, legal) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if legal.is_empty() => String::new(),
        None => format!("; the policy has {}", suggest::listing(legal)),
    };
    Some(format!("the policy has no {kind} `{name}`{hint}"))
}

impl Profile {
    /// Where it is, for a message.
    pub(super) fn place(&self) -> String {
        format!("profile `{}` of `{}`", self.name, self.file)
    }

    /// Refuses a name that the policy does not have.
    pub(super) fn knows(
        &self,
        (kind, name): (&str, &str),
        legal: &[&str],
        talk: &Talk,
    ) -> Result<(), ExitStatus> {
        unknown(kind, name, legal).map_or(Ok(()), |why| Err(talk.stop(&format!("{}: {why}", self.place()))))
    }
}

/// Sources whose relations or facts the selected checks need.
pub(super) fn needed_sources(policy: &Policy, checks: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
    };
    for check in policy.checks.iter().filter(|c| checks.contains(&c.id)) {
        if let Some(source) = &check.source {
            add(source);
        }
        for fact in crate::policy::fact_sources(policy, check) {
            add(&fact);
        }
    }
    names
}
