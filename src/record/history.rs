//! What the entries of a record tell together: restores with their phases and gates, runs, drills, statements.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::entry::Entry;
use super::event::{
    Attested, Drill, DrillBegun, Event, GateRun, Outcome, PhaseBegun, PlannedPhase, RestoreBegun,
    RestoreEnded, SourceRead,
};

/// Everything that is told, in the order of the entries.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Restores.
    pub restores: Vec<Restore>,
    /// Drills with when they were recorded.
    pub drills: Vec<(Timestamp, Drill)>,
    /// Drills that began and of which no end is recorded, with when they began: they are going on, or were killed.
    pub unended: Vec<(Timestamp, DrillBegun)>,
    /// The drill that began last.
    pub(super) last_drill: Option<String>,
    /// Statements with when they were made.
    pub attested: Vec<(Timestamp, Attested)>,
    /// The last run that looked at something, and the last of them that was proven.
    pub last_run: Option<Timestamp>,
    /// The last of them in which everything required holds.
    pub last_proven: Option<Timestamp>,
    /// Runs that looked at something.
    pub runs: u64,
    /// Of each gate, the last run that found it open, whichever restore that belongs to.
    pub opened: BTreeMap<String, Timestamp>,
    /// All entries.
    pub entries: u64,
    /// Files beside the record that hold lines which were not written to their end, as entries name them.
    pub set_aside: BTreeSet<String>,
}

/// A gate that was judged.
#[derive(Clone, Debug)]
pub struct Pass {
    /// When.
    pub at: Timestamp,
    /// Whether it was open.
    pub open: bool,
    /// The run.
    pub run: String,
    /// The policy that said so.
    pub policy_digest: String,
    /// The tenant it was narrowed to.
    pub tenant: Option<String>,
    /// What was looked at.
    pub sources: Vec<SourceRead>,
}

/// How long a phase took.
#[derive(Clone, Debug)]
pub struct PhaseTime {
    /// Its name.
    pub name: String,
    /// Whether it is one of the rollback.
    pub rollback: bool,
    /// When it began.
    pub begun: Timestamp,
    /// When it was over.
    pub ended: Option<Timestamp>,
    /// Why it began although it was not its turn.
    pub out_of_order: Option<String>,
}

/// One restore.
#[derive(Clone, Debug)]
pub struct Restore {
    /// What it began with.
    pub plan: RestoreBegun,
    /// When.
    pub begun: Timestamp,
    /// Its phases so far.
    pub phases: Vec<PhaseTime>,
    /// When it turned to its rollback, and why.
    pub rolled_back: Option<(Timestamp, String)>,
    /// When it ended, and how.
    pub ended: Option<(Timestamp, RestoreEnded)>,
    /// The latest judgement of each gate that belongs to it.
    pub gates: BTreeMap<String, Pass>,
    /// How often each gate was found open, and how often it was judged, from the beginning to the end of the restore, by any
    /// policy: what watches the application meanwhile need not be the policy of the restore.
    pub judged: BTreeMap<String, (u64, u64)>,
    /// Gates that were let open out of order, with the reason.
    pub out_of_order: Vec<String>,
}

impl History {
    /// Drills that never ended, and were followed by another: they were killed. Of the last one nobody knows yet.
    pub fn lost(&self) -> impl Iterator<Item = &(Timestamp, DrillBegun)> {
        let last = self.last_drill.as_ref();
        self.unended.iter().filter(move |(_, drill)| Some(&drill.drill) != last)
    }

    /// The restore that has begun and not ended.
    #[must_use]
    pub fn open(&self) -> Option<&Restore> {
        self.restores.last().filter(|restore| restore.ended.is_none())
    }

    /// Takes in the next entry.
    pub fn add(&mut self, entry: &Entry, event: &Event) {
        self.entries += 1;
        let Some(at) = entry.at() else { return };
        match event {
            Event::GateRun(run) => self.run(at, run),
            Event::RestoreBegun(plan) => self.restores.push(Restore::new(at, plan)),
            Event::PhaseBegun(phase) => self.of(&phase.restore, |restore| restore.begin(at, phase)),
            Event::PhaseEnded(phase) => self.of(&phase.restore, |restore| {
                if let Some(last) = restore.phases.last_mut() {
                    last.ended = last.ended.or(Some(at));
                }
            }),
            Event::RolledBack(back) => self.of(&back.restore, |restore| {
                restore.rolled_back = Some((at, back.reason.clone()));
                // What was found before speaks of a state that is being taken back.
                restore.gates.clear();
            }),
            Event::RestoreEnded(end) => {
                self.of(&end.restore, |restore| restore.ended = Some((at, end.clone())))
            }
            Event::DrillBegun(drill) => {
                self.last_drill = Some(drill.drill.clone());
                self.unended.push((at, drill.clone()));
            }
            Event::Drill(drill) => {
                self.unended.retain(|(_, begun)| begun.drill != drill.drill);
                self.drills.push((at, drill.clone()));
            }
            Event::Attested(said) => self.attested.push((at, said.clone())),
            Event::Opened(_) | Event::WaiverUsed(_) | Event::Corrected(_) | Event::KeyRotated(_) => {}
            Event::Recovered(recovered) => self.set_aside.extend(recovered.kept.clone()),
        }
    }

    /// The restore that is open, if it is the one that is meant.
    fn of(&mut self, restore: &str, change: impl FnOnce(&mut Restore)) {
        if let Some(open) =
            self.restores.last_mut().filter(|r| r.ended.is_none() && r.plan.restore == restore)
        {
            change(open);
        }
    }

    fn run(&mut self, at: Timestamp, run: &GateRun) {
        // Kept facts tell of another time.
        if run.replayed {
            return;
        }
        self.runs += 1;
        self.last_run = Some(at);
        if run.verdict == "holds" {
            self.last_proven = Some(at);
        }
        for gate in &run.gates {
            let open = gate.verdict == "holds";
            if open {
                self.opened.insert(gate.id.clone(), at);
            }
            if let Some(going_on) = self.restores.last_mut().filter(|restore| restore.ended.is_none()) {
                let (found, all) = going_on.judged.entry(gate.id.clone()).or_default();
                (*found, *all) = (*found + u64::from(open), *all + 1);
            }
            let Some(restore) = &run.restore else { continue };
            let pass = Pass {
                at,
                open,
                run: run.run.clone(),
                policy_digest: run.policy_digest.clone(),
                tenant: run.tenant.clone(),
                sources: run.sources.clone(),
            };
            self.of(restore, |restore| {
                restore.gates.insert(gate.id.clone(), pass);
            });
        }
        if let (Some(restore), Some(reason)) = (&run.restore, &run.out_of_order) {
            self.of(restore, |restore| restore.out_of_order.push(reason.clone()));
        }
    }
}

impl Restore {
    fn new(begun: Timestamp, plan: &RestoreBegun) -> Self {
        Self {
            plan: plan.clone(),
            begun,
            phases: Vec::new(),
            rolled_back: None,
            ended: None,
            gates: BTreeMap::new(),
            judged: BTreeMap::new(),
            out_of_order: Vec::new(),
        }
    }

    fn begin(&mut self, at: Timestamp, phase: &PhaseBegun) {
        self.phases.push(PhaseTime {
            name: phase.phase.clone(),
            rollback: phase.rollback,
            begun: at,
            ended: None,
            out_of_order: phase.out_of_order.clone(),
        });
    }

    /// The phases that are planned now: those of the rollback once it was turned to.
    #[must_use]
    pub fn planned(&self) -> &[PlannedPhase] {
        if self.rolled_back.is_some() { &self.plan.rollback } else { &self.plan.phases }
    }

    /// The phase that has begun and is not over.
    #[must_use]
    pub fn current(&self) -> Option<&PhaseTime> {
        self.phases.last().filter(|phase| phase.ended.is_none())
    }

    /// Why it is not a phase's turn; `None` when it is.
    #[must_use]
    pub fn not_its_turn(&self, name: &str) -> Option<String> {
        let planned = self.planned();
        let rollback = self.rolled_back.is_some();
        let last = self.phases.iter().rfind(|phase| phase.rollback == rollback);
        let next = match last {
            None => planned.first(),
            Some(last) => {
                let at = planned.iter().position(|phase| phase.name == last.name);
                at.and_then(|at| planned.get(at + 1))
            }
        };
        match next {
            Some(next) if next.name == name => self.shut(),
            Some(next) => Some(format!("`{}` comes next, not `{name}`", next.name)),
            None => Some(format!("every phase was begun, `{name}` again is out of order")),
        }
    }

    /// The gate that must be open before the phase at hand is over, if it is not.
    #[must_use]
    pub fn shut(&self) -> Option<String> {
        let current = self.phases.last().filter(|phase| phase.rollback == self.rolled_back.is_some())?;
        let gate = self.planned().iter().find(|phase| phase.name == current.name)?.gate.as_ref()?;
        self.passed(gate).err().map(|why| format!("phase `{}` is not over: {why}", current.name))
    }

    /// The latest judgement of a gate in this restore, if the gate was open by the policy, the parameters and the tenant
    /// that the restore began with.
    ///
    /// # Errors
    ///
    /// Why it does not count as open.
    pub fn passed(&self, gate: &str) -> Result<&Pass, String> {
        let Some(pass) = self.gates.get(gate) else {
            return Err(format!("gate `{gate}` was not judged in this restore"));
        };
        if !pass.open {
            return Err(format!(
                "gate `{gate}` was closed when it was last judged in this restore, at {}",
                pass.at
            ));
        }
        if pass.policy_digest != self.plan.policy_digest {
            return Err(format!(
                "gate `{gate}` was open at {} under another text of the policy, or other parameters, than the restore began with",
                pass.at
            ));
        }
        if pass.tenant != self.plan.tenant {
            return Err(format!(
                "gate `{gate}` was open at {} for another tenant than the restore began with",
                pass.at
            ));
        }
        Ok(pass)
    }

    /// Phases that were never begun and gates that are not open, of what is planned now.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let rollback = self.rolled_back.is_some();
        let mine = || self.phases.iter().filter(|phase| phase.rollback == rollback);
        for planned in self.planned() {
            if !mine().any(|phase| phase.name == planned.name) {
                missing.push(format!("phase `{}` was never begun", planned.name));
            } else if let Some(gate) = &planned.gate
                && let Err(why) = self.passed(gate)
            {
                missing.push(format!("phase `{}` is not over: {why}", planned.name));
            }
        }
        missing
    }

    /// How it would end, and what there is to say of it, at an instant.
    #[must_use]
    pub fn result(&self, at: Timestamp) -> (Outcome, Vec<String>) {
        let mut missing = self.missing();
        for phase in &self.phases {
            if let Some(reason) = &phase.out_of_order {
                missing.push(format!("phase `{}` was begun out of order: {reason}", phase.name));
            }
        }
        missing
            .extend(self.out_of_order.iter().map(|why| format!("gates were let open out of order: {why}")));
        let outcome = match (self.rolled_back.is_some(), missing.is_empty()) {
            (true, _) => Outcome::RolledBack,
            (false, true) => Outcome::Completed,
            (false, false) => Outcome::Incomplete,
        };
        missing.extend(self.overruns(at));
        (outcome, missing)
    }

    /// Phases, and the whole, that did not take as long as expected.
    #[must_use]
    pub fn overruns(&self, at: Timestamp) -> Vec<String> {
        let mut found = Vec::new();
        for phase in &self.phases {
            let planned = if phase.rollback { &self.plan.rollback } else { &self.plan.phases };
            let Some(expected) = planned.iter().find(|p| p.name == phase.name).and_then(|p| p.expected)
            else {
                continue;
            };
            let took = phase.ended.unwrap_or(at).as_millisecond() - phase.begun.as_millisecond();
            found.extend(beside(
                &format!("phase `{}`", phase.name),
                took,
                (expected.from_ms, expected.to_ms),
            ));
        }
        if let Some(expected) = self.plan.expected {
            let took = at.as_millisecond() - self.begun.as_millisecond();
            found.extend(beside("the restore", took, (expected.from_ms, expected.to_ms)));
        }
        found
    }
}

/// What there is to say of a time beside what was expected.
fn beside(what: &str, took: i64, (from, to): (i64, i64)) -> Option<String> {
    let text = |ms: i64| crate::value::duration_text(ms.saturating_mul(1000));
    if took < 0 {
        Some(format!("{what} ended before it began by the writer's clock, so how long it took is not known"))
    } else if took > to {
        Some(format!("{what} took {}, longer than the expected {} at most", text(took), text(to)))
    } else if took < from {
        Some(format!("{what} took {}, shorter than the expected {} at least", text(took), text(from)))
    } else {
        None
    }
}
