//! What a drill is for: which source is restored, which gates are judged, and what its phases are compared with.

use super::Args;
use super::judged::gates_of;
use crate::cli::shared::{Ready, Selected, needed_sources};
use crate::cli::terminal::Talk;
use crate::diagnostic::suggest;
use crate::policy::SourceKind;
use crate::policy::procedure::Procedure;
use crate::verdict::ExitStatus;

/// What is drilled for, as the policy says it.
pub(super) struct Aim {
    pub(super) ready: Ready,
    pub(super) selected: Selected,
    pub(super) bound: String,
    pub(super) procedure: Option<Procedure>,
    pub(super) notes: Vec<String>,
}

impl Args {
    /// Which source is restored, which gates are judged, and what phases are compared with.
    pub(super) fn aim(&self, talk: &Talk) -> Result<Aim, ExitStatus> {
        let (ready, mut selected) = self.run.ready(talk)?;
        let policy = &ready.policy;
        let servers: Vec<&str> = policy
            .sources
            .iter()
            .filter(|s| s.kind == SourceKind::Postgres)
            .map(|s| s.name.as_str())
            .collect();
        let bound = match (&self.bound, servers.as_slice()) {
            (Some(name), _) if servers.contains(&name.as_str()) => name.clone(),
            (Some(name), _) => {
                return Err(
                    talk.stop(&format!("the policy has no source `postgres {name}`{}", near(name, &servers)))
                );
            }
            (None, [one]) => (*one).to_owned(),
            (None, []) => {
                return Err(talk.stop(
                    "the policy has no source `postgres`, so nothing in it would look at what is restored",
                ));
            }
            (None, _) => {
                let all = suggest::listing(&servers);
                return Err(talk.stop(&format!("the policy has several servers, {all}; say which stands for what is restored with `--as NAME`")));
            }
        };
        if selected.rebound.contains_key(&bound) {
            return Err(talk
                .stop(&format!("`{bound}` is what is restored, so `--source {bound}=...` cannot be given")));
        }
        let procedures: Vec<&str> = policy.procedures.iter().map(|p| p.name.as_str()).collect();
        let procedure = match (&self.procedure, policy.procedures.as_slice()) {
            (Some(name), all) => match all.iter().find(|p| p.name == *name) {
                Some(one) => Some(one.clone()),
                None => {
                    return Err(talk
                        .stop(&format!("the policy has no procedure `{name}`{}", near(name, &procedures))));
                }
            },
            (None, [one]) => Some(one.clone()),
            (None, _) => None,
        };
        let mut notes = Vec::new();
        if procedure.is_none() && procedures.len() > 1 {
            notes.push(format!(
                "phases were compared with no procedure; name one with `--procedure`: {}",
                procedures.join(", ")
            ));
        }
        let looks = |check: &crate::policy::Check| {
            check.source.as_ref() == Some(&bound)
                || crate::policy::fact_sources(policy, check).contains(&bound)
        };
        if !self.run.chooses() {
            selected.gates = self.usual(&ready, &bound, procedure.as_ref());
            selected
                .checks
                .retain(|id| policy.checks.iter().any(|c| c.id == *id && selected.gates.contains(&c.gate)));
        }
        if !policy.checks.iter().any(|check| selected.checks.contains(&check.id) && looks(check)) {
            return Err(talk.stop(&format!("no selected check looks at `{bound}`, so the drill would prove nothing; name a gate with `--gate`")));
        }
        Ok(Aim { selected, bound, procedure, notes, ready })
    }

    /// The gates that a drill judges where none is named: those of the procedure that come after its data, as far as they look at
    /// what is restored and at nothing else; without such, all gates that do.
    fn usual(&self, ready: &Ready, bound: &str, procedure: Option<&Procedure>) -> Vec<String> {
        let policy = &ready.policy;
        let only = |gate: &str| {
            let checks: Vec<String> =
                policy.checks.iter().filter(|c| c.gate == gate).map(|c| c.id.clone()).collect();
            needed_sources(policy, &checks).iter().all(|source| source == bound)
        };
        let own: Vec<String> = policy.gates.iter().map(|g| g.id.clone()).filter(|gate| only(gate)).collect();
        let planned = procedure.map(gates_of).unwrap_or_default();
        let both: Vec<String> = own.iter().filter(|gate| planned.contains(&gate.as_str())).cloned().collect();
        if both.is_empty() { own } else { both }
    }
}

/// A hint at the name that may have been meant.
fn near(name: &str, legal: &[&str]) -> String {
    match suggest::nearest(name, legal) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if legal.is_empty() => String::new(),
        None => format!("; it has {}", suggest::listing(legal)),
    }
}
