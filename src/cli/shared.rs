//! Options and steps that several commands share: reading a policy, choosing gates.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::load::{Loaded, load};
use super::terminal::Talk;
use crate::check::{Given, check};
use crate::diagnostic::{Diagnostic, suggest};
use crate::policy::kind::LATER;
use crate::policy::{Policy, SourceKind};
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
        let mut parameters = self.parameters(talk)?;
        let mut loaded = load(&self.policy);
        let mut found = std::mem::take(&mut loaded.found);
        let syntax_failed = !found.is_empty();
        // `--tenant` also is the value of a parameter of that name, so that a policy can speak of it.
        let declares_tenant = loaded.files.iter().flat_map(|f| &f.statements).any(
            |s| matches!(&s.clause, crate::syntax::ast::Clause::Param { name, .. } if name.node == "tenant"),
        );
        if let (Some(tenant), true) = (tenant, declares_tenant) {
            parameters.entry("tenant".to_owned()).or_insert_with(|| tenant.to_owned());
        }
        let given = Given {
            parameters,
            lenient,
            today: jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date(),
            no_raw_sql: self.no_raw_sql,
        };
        let (policy, more) = check(&loaded.texts, &loaded.files, &given);
        found.extend(more);
        let texts = loaded.texts.clone();
        let policy = policy.filter(|_| !syntax_failed);
        Ok((policy.map(|policy| Ready { loaded, policy }), found, texts))
    }

    fn parameters(&self, talk: &Talk) -> Result<BTreeMap<String, String>, ExitStatus> {
        let mut all = BTreeMap::new();
        if let Some(path) = &self.params {
            let text = std::fs::read_to_string(path).map_err(|error| {
                talk.stop(&format!("parameter file `{}` cannot be read: {error}", path.display()))
            })?;
            let table: toml::Table = text
                .parse()
                .map_err(|error| talk.stop(&format!("parameter file `{}`: {error}", path.display())))?;
            for (name, value) in table {
                let value = match value {
                    toml::Value::String(text) => text,
                    toml::Value::Integer(n) => n.to_string(),
                    toml::Value::Boolean(b) => b.to_string(),
                    toml::Value::Datetime(at) => at.to_string(),
                    other => {
                        let message = format!(
                            "parameter file `{}`: `{name}` is a {}; write it as a text",
                            path.display(),
                            other.type_str()
                        );
                        return Err(talk.stop(&message));
                    }
                };
                all.insert(name, value);
            }
        }
        let mut seen = Vec::new();
        for (name, value) in &self.set {
            if seen.contains(name) {
                return Err(talk.stop(&format!("`--set {name}=...` is given twice")));
            }
            seen.push(name.clone());
            all.insert(name.clone(), value.clone());
        }
        Ok(all)
    }
}

impl SelectArgs {
    /// Resolves names against the policy; on failure everything has been said. `--strict` changes the policy.
    pub(super) fn select(&self, policy: &mut Policy, talk: &Talk) -> Result<Selected, ExitStatus> {
        if self.strict {
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
            known("check", check, &legal, talk)?;
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
            let address =
                address.strip_prefix("postgres:").filter(|rest| !rest.starts_with("//")).unwrap_or(address);
            if let Some(declared) = policy.sources.iter().find(|s| s.name == *name).map(|s| s.kind) {
                rebinds(declared, (name, address)).map_err(|why| talk.stop(&why))?;
            }
            if rebound.insert(name.clone(), address.to_owned()).is_some() {
                return Err(talk.stop(&format!("`--source {name}=...` is given twice")));
            }
        }
        let checks: Vec<String> = policy
            .checks
            .iter()
            .filter(|c| self.gate.is_empty() || self.gate.contains(&c.gate))
            .filter(|c| self.check.is_empty() || self.check.contains(&c.id))
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
        Ok(Selected { gates, checks, rebound })
    }
}

/// Whether a declared source can be read from an address: one that holds tables from a server or an archive, any other
/// from a place of its own kind.
fn rebinds(declared: SourceKind, (name, address): (&str, &str)) -> Result<(), String> {
    let Some((word, rest)) = address.split_once(':') else { return Ok(()) };
    if LATER.contains(&word) {
        return Err(format!(
            "`--source {name}={word}:...`: sources of kind `{word}` are not available in this version"
        ));
    }
    if declared.describe().relations {
        let instead = match word {
            "http" | "https" => {
                "; for an archive in object storage, write `s3://BUCKET/KEY` and set AWS_ENDPOINT_URL to its \
                 server's address"
            }
            _ => "",
        };
        let without_tables = SourceKind::ALL.into_iter().any(|k| k.word() == word && !k.describe().relations);
        return if without_tables || word == "https" {
            Err(format!(
                "`--source {name}={word}:...`: `{name}` is of kind `{}`, and that is no place of tables{instead}",
                declared.word()
            ))
        } else {
            Ok(())
        };
    }
    let other = SourceKind::ALL.into_iter().any(|k| k.word() == word && k != declared);
    if other && !(declared == SourceKind::Http && rest.starts_with("//")) {
        return Err(format!("`--source {name}={word}:...`: `{name}` is declared as `{}`", declared.word()));
    }
    Ok(())
}

fn known(kind: &str, name: &str, legal: &[&str], talk: &Talk) -> Result<(), ExitStatus> {
    if legal.contains(&name) {
        return Ok(());
    }
    let hint = match suggest::nearest(name, legal) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if legal.is_empty() => String::new(),
        None => format!("; the policy has {}", suggest::listing(legal)),
    };
    Err(talk.stop(&format!("the policy has no {kind} `{name}`{hint}")))
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
