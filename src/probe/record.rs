//! A restore record as a source: what happened earlier, if nobody changed it since.

mod during;
mod history;

use std::path::Path;

use jiff::Timestamp;

use super::tells::{Tells, Told, age, other};
use crate::facts::{Failure, Inspected, Observed};
use crate::failure::FailureKind;
use crate::plan::Inspection;
use crate::policy::facts::Fact;
use crate::record::{Attested, Drill, History, PhaseTime, Reading, Restore, Trust, read};
use crate::value::Value;
use crate::verdict::Verdict;

/// A record that was read.
#[derive(Debug)]
pub(super) struct Kept(Reading);

impl Kept {
    /// Reads and verifies the record in a folder.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub(super) fn open(address: &str) -> Result<Self, Failure> {
        if address.contains("://") {
            return Err(other(format!(
                "`{address}` is not a folder of this machine, and others cannot be read"
            )));
        }
        read(Path::new(address), &Trust::default()).map(Self).map_err(|error| other(error.to_string()))
    }

    /// What the record tells, if it is as it was written.
    fn history(&self) -> Result<&History, Failure> {
        match self.0.verification.flaws.first() {
            None if self.0.verification.holds() => Ok(&self.0.history),
            flaw => {
                let flaw = flaw.map(ToString::to_string).unwrap_or_default();
                Err(other(format!("the record was changed, so nothing in it counts: {flaw}")))
            }
        }
    }

    fn latest(&self) -> Result<&Restore, Failure> {
        self.history()?.restores.last().ok_or_else(|| missing("the record holds no restore"))
    }
}

/// The last drill that was proven.
fn proven(history: &History) -> Result<&(Timestamp, Drill), Failure> {
    let last = history.drills.iter().rfind(|(_, drill)| drill.proven());
    last.ok_or_else(|| missing("the record holds no drill that was proven"))
}

/// Something that is not in the record.
fn missing(message: impl Into<String>) -> Failure {
    Failure { kind: FailureKind::MissingObject, message: message.into() }
}

/// The time between two entries.
fn between(from: Timestamp, to: Timestamp, what: &str) -> Result<Value, Failure> {
    let micros = to.as_microsecond().saturating_sub(from.as_microsecond());
    if micros < 0 {
        return Err(other(format!("{what} ended before it began: the writer's clock was set back")));
    }
    Ok(Value::Duration(micros))
}

/// When something was, which must not lie ahead.
fn past(at: Timestamp, what: &str) -> Result<Timestamp, Failure> {
    age(at, what).map(|_| at)
}

impl Tells for Kept {
    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure> {
        let history = self.history()?;
        match argument {
            None => self.whole(fact, history),
            Some(argument) => self.about(fact, history, argument),
        }
    }

    fn identity(&self) -> Vec<(String, String)> {
        let found = &self.0.verification;
        let mut identity = vec![("entries".to_owned(), found.entries.to_string())];
        identity.extend(found.record.iter().map(|id| ("record".to_owned(), id.clone())));
        identity.extend(found.head.iter().map(|h| ("head".to_owned(), format!("{}:{}", h.sequence, h.hash))));
        let key = found.key.clone().unwrap_or_else(|| "not signed".to_owned());
        identity.push(("key".to_owned(), key));
        // What a record that was changed tells counts for nothing.
        identity.extend(self.history().map(history::told).unwrap_or_default());
        identity
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        match inspection {
            Inspection::Runs { counted, over } => {
                history::counted(self.history()?, counted, *over).map(Observed::Inspected)
            }
            Inspection::State("verified") => Ok(Observed::Inspected(self.inspected())),
            Inspection::Statements(check) => {
                let rows = self.history()?.attested.iter().filter(|(_, said)| said.check == *check);
                let rows = rows.map(|(at, said)| {
                    vec![
                        Some(said.by.clone()),
                        Some(at.to_string()),
                        said.expires.clone(),
                        Some(said.text.clone()),
                    ]
                });
                let columns = ["by", "at", "expires", "text"].map(str::to_owned).to_vec();
                Ok(Observed::Table { rows: rows.collect(), columns, more: false })
            }
            _ => Err(other("a record cannot be asked for this")),
        }
    }
}

impl Kept {
    /// Facts that need no argument.
    fn whole(&self, fact: &Fact, history: &History) -> Result<Told, Failure> {
        let known = |at: Option<Timestamp>, what: &str, none: &str| match at {
            Some(at) => past(at, what),
            None => Err(missing(none)),
        };
        let proven = || proven(history);
        Ok(Told::plain(match fact.name {
            "entries" => Value::Number(history.entries.into()),
            "started" => Value::Time(past(self.latest()?.begun, "the latest restore")?),
            "ended" => {
                let ended = self.latest()?.ended.as_ref().map(|(at, _)| *at);
                Value::Time(known(ended, "its end", "the latest restore has not ended")?)
            }
            "ended_or_now" => Value::Time(ended_or_now(self.latest()?)),
            "duration" => {
                let latest = self.latest()?;
                between(latest.begun, ended_or_now(latest), "the restore")?
            }
            "last_run" => Value::Time(known(history.last_run, "the last run", "the record holds no run")?),
            "last_proven" => Value::Time(known(
                history.last_proven,
                "the last run",
                "the record holds no run that was proven",
            )?),
            "last_drill_run" => {
                let last = history.drills.last().map(|(at, _)| *at);
                Value::Time(known(last, "the last drill", "the record holds no drill")?)
            }
            "last_drill" => Value::Time(past(proven()?.0, "the last drill")?),
            "drill_age" => Value::Duration(age(proven()?.0, "the last drill")?),
            "drill_time" => {
                let took = proven()?.1.restore_ms;
                let took = took.ok_or_else(|| missing("how long the drill took was not recorded"))?;
                Value::Duration(history::micros(took))
            }
            "drill_duration" => {
                let took = proven()?.1.duration_ms();
                let took = took.ok_or_else(|| missing("the phases of the drill were not recorded"))?;
                Value::Duration(history::micros(took))
            }
            "drill_size" => {
                let size = proven()?.1.restored_bytes.ok_or_else(|| missing("its size was not recorded"))?;
                Value::Size(size.into())
            }
            "drill_backup_size" => {
                let size = proven()?.1.backup_bytes();
                Value::Size(size.ok_or_else(|| missing("the size of its backup was not recorded"))?.into())
            }
            name => return Err(other(format!("`{name}` is no fact of a record"))),
        }))
    }

    /// Facts about something that is named.
    fn about(&self, fact: &Fact, history: &History, argument: &str) -> Result<Told, Failure> {
        match fact.name {
            "phase" => self.phase(argument).map(Told::plain),
            "passed" => {
                let pass = self.latest()?.passed(argument).map_err(missing)?;
                Ok(Told::of(Value::Time(past(pass.at, "the gate")?), format!("run {}", pass.run)))
            }
            "attested" => {
                let now = Timestamp::now();
                let counts = |said: &Attested| {
                    let expires = said.expires.as_ref().map(|at| at.parse::<Timestamp>());
                    said.check == argument && expires.is_none_or(|at| at.is_ok_and(|at| at > now))
                };
                let said = history.attested.iter().filter(|(_, said)| counts(said)).max_by_key(|(at, _)| *at);
                let (at, said) = said.ok_or_else(|| {
                    missing(format!("the record holds no statement about `{argument}` that counts"))
                })?;
                Ok(Told::of(Value::Time(past(*at, "the statement")?), format!("by {}", said.by)))
            }
            "availability" => during::availability(self.latest()?, argument),
            "silence" => during::silence(history, self.latest()?, argument),
            "drill_phase" => {
                let drill = &proven(history)?.1;
                let mine = drill.phases.iter().filter(|phase| phase.name == argument);
                let all = mine.map(|phase| phase.took_ms).reduce(u64::saturating_add);
                let took =
                    all.ok_or_else(|| missing(format!("the last proven drill has no phase `{argument}`")))?;
                Ok(Told::plain(Value::Duration(history::micros(took))))
            }
            name => history::fact(history, name, argument)
                .unwrap_or_else(|| Err(other(format!("`{name}` is no fact of a record")))),
        }
    }

    /// How long a phase of the latest restore took in all.
    fn phase(&self, name: &str) -> Result<Value, Failure> {
        let latest = self.latest()?;
        let mine: Vec<&PhaseTime> = latest.phases.iter().filter(|phase| phase.name == name).collect();
        if mine.is_empty() {
            return Err(missing(format!("the latest restore has no phase `{name}`")));
        }
        let mut all = 0i64;
        for phase in mine {
            let ended = phase.ended.ok_or_else(|| missing(format!("phase `{name}` is going on")))?;
            if let Value::Duration(micros) = between(phase.begun, ended, &format!("phase `{name}`"))? {
                all = all.saturating_add(micros);
            }
        }
        Ok(Value::Duration(all))
    }

    /// Whether every entry is as it was written.
    fn inspected(&self) -> Inspected {
        let found = &self.0.verification;
        let mut seen = Inspected::of("entries");
        seen.examined = found.entries;
        for flaw in &found.flaws {
            // Where there is no entry, there is nothing that could be broken.
            let verdict = if flaw.kind == "empty" { Verdict::Unproven } else { Verdict::Broken };
            seen.add(verdict, &flaw.kind, flaw.to_string());
        }
        if found.key.is_none() {
            seen.notes
                .push("the record is not signed: whoever may write it can write all of it anew".to_owned());
        }
        seen.notes.extend(found.torn.iter().map(crate::record::Torn::note));
        seen
    }
}

/// When a restore ended, and now while it is going on.
fn ended_or_now(restore: &Restore) -> Timestamp {
    restore.ended.as_ref().map_or_else(Timestamp::now, |(at, _)| *at)
}
