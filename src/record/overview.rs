//! The state that a record shows last: of each gate, each objective, each source and each waiver what was found when it was
//! last looked at.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::entry::Entry;
use super::event::{Event, GateRun, ObjectiveRun, SourceRead, WaiverUsed};

/// Whose state it is: gates of one policy are apart for each tenant, and what a drill finds is found in another place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whose {
    /// The policy.
    pub policy: String,
    /// The tenant that all was narrowed to.
    pub tenant: Option<String>,
    /// Whether it was found in a drill.
    pub drill: bool,
}

/// A gate when it was last judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// When.
    pub at: Timestamp,
    /// Its verdict; `holds` is open.
    pub verdict: String,
    /// Since when it has not changed between open and closed.
    pub since: Timestamp,
    /// Its checks that are broken or unproven.
    pub failing: Vec<Failing>,
    /// Its checks in all.
    pub checks: usize,
    /// The run.
    pub run: String,
    /// Whether it was judged in a restore that people carried out, and so is not judged every day.
    pub in_restore: bool,
}

/// A check that does not hold.
#[derive(Clone, Debug)]
pub struct Failing {
    /// Its id.
    pub check: String,
    /// `require` or `recommend`.
    pub level: String,
    /// Its verdict.
    pub verdict: String,
    /// How much was found.
    pub findings: u64,
    /// Since when it has not held in any run.
    pub since: Timestamp,
}

/// The state that a record shows last. Runs on kept facts show none.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Gates.
    pub gates: BTreeMap<(Whose, String), Judged>,
    /// Objectives, with when each was last measured.
    pub objectives: BTreeMap<(Whose, String), (Timestamp, ObjectiveRun)>,
    /// Sources, with when each was last read.
    pub sources: BTreeMap<(Whose, String), (Timestamp, SourceRead)>,
    /// Waivers that let a broken check pass, with when that was last and in which run.
    pub waivers: BTreeMap<(String, String, String), (Timestamp, WaiverUsed)>,
    failing: BTreeMap<(Whose, String), Timestamp>,
}

impl Overview {
    /// Takes in the next entry.
    pub fn add(&mut self, entry: &Entry, event: &Event) {
        let Some(at) = entry.at() else { return };
        match event {
            Event::GateRun(run) if !run.replayed => self.run(at, run),
            Event::WaiverUsed(used) => {
                let key = (used.check.clone(), used.until.clone(), used.owner.clone());
                self.waivers.insert(key, (at, used.clone()));
            }
            _ => {}
        }
    }

    /// Whether a run is the last of some gate.
    #[must_use]
    pub fn is_last(&self, run: &str) -> bool {
        self.gates.values().any(|gate| gate.run == run)
    }

    fn run(&mut self, at: Timestamp, run: &GateRun) {
        // The gate of a drill itself has a point in its name, which no name of a policy has.
        let drill = run.gates.iter().any(|gate| gate.id.contains('.'));
        let whose = Whose { policy: run.policy.clone(), tenant: run.tenant.clone(), drill };
        for gate in &run.gates {
            let mine = || run.checks.iter().filter(|check| check.gate == gate.id);
            let mut failing = Vec::new();
            for check in mine() {
                let key = (whose.clone(), check.id.clone());
                if ["holds", "waived", "skipped"].contains(&check.verdict.as_str()) {
                    self.failing.remove(&key);
                    continue;
                }
                failing.push(Failing {
                    check: check.id.clone(),
                    level: check.level.clone(),
                    verdict: check.verdict.clone(),
                    findings: check.findings,
                    since: *self.failing.entry(key).or_insert(at),
                });
            }
            let key = (whose.clone(), gate.id.clone());
            let open = |verdict: &str| verdict == "holds";
            let before = self.gates.get(&key).filter(|last| open(&last.verdict) == open(&gate.verdict));
            let since = before.map_or(at, |last| last.since);
            let (checks, verdict) = (mine().count(), gate.verdict.clone());
            let (run_id, in_restore) = (run.run.clone(), run.restore.is_some());
            self.gates.insert(key, Judged { at, verdict, since, failing, checks, run: run_id, in_restore });
        }
        for objective in &run.objectives {
            self.objectives.insert((whose.clone(), objective.name.clone()), (at, objective.clone()));
        }
        for source in &run.sources {
            self.sources.insert((whose.clone(), source.name.clone()), (at, source.clone()));
        }
    }
}
