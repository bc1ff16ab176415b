//! `restore`: the record of a restore that people carry out by a procedure of the policy.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::record_show::restored;
use super::recording::{KeyArgs, add, place, unrecorded};
use super::shared::PolicyArgs;
use super::terminal::Talk;
use crate::diagnostic::suggest;
use crate::policy::procedure::{Expected, Phase, Procedure};
use crate::record::{
    self, Event, Outcome, PhaseBegun, PhaseEnded, PlannedPhase, Record, RecordError, Restore, RestoreBegun,
    RestoreEnded, RolledBack,
};
use crate::verdict::ExitStatus;

/// Options of `restore`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A restore by a procedure of a policy begins
    Begin(Begin),
    /// The next phase begins, and with that the one before is over
    Phase(PhaseArgs),
    /// The restore is taken back: from here on the phases of the rollback count
    Rollback(Rollback),
    /// The restore is over
    End(End),
}

/// Where the record is.
#[derive(Debug, ClapArgs)]
struct RecordIn {
    /// Folder of the record
    #[arg(long, value_name = "FOLDER")]
    record: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, ClapArgs)]
struct Begin {
    #[command(flatten)]
    policy: PolicyArgs,
    /// Procedure of the policy
    #[arg(long, value_name = "PROCEDURE")]
    procedure: String,
    /// Tenant that every gate of it is narrowed to, as by `verify --tenant`
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Who carries it out
    #[arg(long, value_name = "WHO", value_parser = super::attest::filled)]
    by: Option<String>,
    #[command(flatten)]
    into: RecordIn,
}

#[derive(Debug, ClapArgs)]
struct PhaseArgs {
    /// The phase
    #[arg(value_name = "NAME")]
    name: String,
    /// Begin it although it is not its turn, for this reason, which is recorded
    #[arg(long, value_name = "REASON", value_parser = super::attest::filled)]
    out_of_order: Option<String>,
    #[command(flatten)]
    into: RecordIn,
}

#[derive(Debug, ClapArgs)]
struct Rollback {
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = super::attest::filled)]
    reason: String,
    #[command(flatten)]
    into: RecordIn,
}

#[derive(Debug, ClapArgs)]
struct End {
    /// End it although phases or gates are missing, for this reason, which is recorded
    #[arg(long, value_name = "REASON", value_parser = super::attest::filled)]
    out_of_order: Option<String>,
    #[command(flatten)]
    into: RecordIn,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    match &args.command {
        Command::Begin(args) => begin(args, talk),
        Command::Phase(args) => args.into.change(talk, |record| phase(args, record, talk)),
        Command::Rollback(args) => args.into.change(talk, |record| rollback(args, record, talk)),
        Command::End(args) => args.into.change(talk, |record| end(args, record, talk)),
    }
}

impl RecordIn {
    /// Opens the record, changes it, and says what cannot be recorded.
    fn change(
        &self,
        talk: &Talk,
        change: impl FnOnce(&mut Record) -> Result<ExitStatus, RecordError>,
    ) -> ExitStatus {
        let changed = self
            .key
            .signer()
            .and_then(|signer| Record::open(&self.record, signer))
            .and_then(|mut record| change(&mut record));
        changed.unwrap_or_else(|why| unrecorded(&why, talk))
    }
}

fn begin(args: &Begin, talk: &Talk) -> ExitStatus {
    let ready = match args.policy.ready(talk, false, args.tenant.as_deref()) {
        Ok(ready) => ready,
        Err(status) => return status,
    };
    let Some(procedure) = ready.policy.procedures.iter().find(|p| p.name == args.procedure) else {
        let legal: Vec<&str> = ready.policy.procedures.iter().map(|p| p.name.as_str()).collect();
        let hint = match suggest::nearest(&args.procedure, &legal) {
            Some(near) => format!("; did you mean `{near}`?"),
            None if legal.is_empty() => String::new(),
            None => format!("; the policy has {}", suggest::listing(&legal)),
        };
        return talk.stop(&format!("the policy has no procedure `{}`{hint}", args.procedure));
    };
    args.into.change(talk, |record| {
        if let Some(open) = record.history().open() {
            return Ok(talk.stop(&format!(
                "restore {} by `{}` is going on; end it with `holdtrue restore end` before another begins",
                open.plan.restore, open.plan.procedure
            )));
        }
        let plan = RestoreBegun {
            restore: record::new_id()?,
            policy: ready.policy.name.clone(),
            policy_digest: ready.digest(),
            tenant: args.tenant.clone(),
            procedure: procedure.name.clone(),
            expected: procedure.expected.map(milliseconds),
            phases: procedure.phases.iter().map(planned).collect(),
            rollback: procedure.rollback.iter().map(planned).collect(),
            by: args.by.clone(),
        };
        let id = plan.restore.clone();
        let sealed = add(record, &[Event::RestoreBegun(plan)], &args.into.record, talk)?;
        Ok(talk.print(&format!(
            "Restore {id} begins; {}\n{}",
            place(&sealed, &args.into.record),
            ahead(procedure)
        )))
    })
}

fn planned(phase: &Phase) -> PlannedPhase {
    PlannedPhase {
        name: phase.name.clone(),
        expected: phase.expected.map(milliseconds),
        gate: phase.gate.clone(),
    }
}

fn milliseconds(expected: Expected) -> record::Expected {
    record::Expected { from_ms: expected.from / 1000, to_ms: expected.to / 1000 }
}

/// What comes, for people.
fn ahead(procedure: &Procedure) -> String {
    let names: Vec<&str> = procedure.phases.iter().map(|phase| phase.name.as_str()).collect();
    format!("Its phases: {}\n", names.join(", "))
}

/// The restore that is going on.
fn open(record: &Record) -> Result<&Restore, String> {
    record.history().open().ok_or_else(|| {
        "no restore is going on in this record; begin one with `holdtrue restore begin`".to_owned()
    })
}

/// The end of the phase that is going on, if one is.
fn over(restore: &Restore) -> Option<Event> {
    let phase = restore.current()?;
    Some(Event::PhaseEnded(PhaseEnded {
        restore: restore.plan.restore.clone(),
        phase: phase.name.clone(),
        rollback: phase.rollback,
    }))
}

fn phase(args: &PhaseArgs, record: &mut Record, talk: &Talk) -> Result<ExitStatus, RecordError> {
    let restore = match open(record) {
        Ok(restore) => restore,
        Err(why) => return Ok(talk.stop(&why)),
    };
    let legal: Vec<&str> = restore.planned().iter().map(|phase| phase.name.as_str()).collect();
    if !legal.contains(&args.name.as_str()) {
        let part = if restore.rolled_back.is_some() { "the rollback" } else { "the procedure" };
        let hint = match suggest::nearest(&args.name, &legal) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", suggest::listing(&legal)),
        };
        return Ok(talk.stop(&format!("{part} has no phase `{}`; {hint}", args.name)));
    }
    let not_now = restore.not_its_turn(&args.name);
    if let (Some(why), None) = (&not_now, &args.out_of_order) {
        talk.say(&format!(
            "error: {why}; if it has to be, say why with `--out-of-order \"REASON\"`, which is recorded"
        ));
        return Ok(ExitStatus::Unproven);
    }
    let begun = Event::PhaseBegun(PhaseBegun {
        restore: restore.plan.restore.clone(),
        phase: args.name.clone(),
        rollback: restore.rolled_back.is_some(),
        // Where it is its turn, nothing is out of order.
        out_of_order: args.out_of_order.clone().filter(|_| not_now.is_some()),
    });
    let events: Vec<Event> = over(restore).into_iter().chain([begun]).collect();
    let sealed = add(record, &events, &args.into.record, talk)?;
    Ok(talk.print(&format!("Phase {} begins; {}\n", args.name, place(&sealed, &args.into.record))))
}

fn rollback(args: &Rollback, record: &mut Record, talk: &Talk) -> Result<ExitStatus, RecordError> {
    let restore = match open(record) {
        Ok(restore) => restore,
        Err(why) => return Ok(talk.stop(&why)),
    };
    if restore.rolled_back.is_some() {
        return Ok(talk.stop("this restore is being rolled back already"));
    }
    let back =
        Event::RolledBack(RolledBack { restore: restore.plan.restore.clone(), reason: args.reason.clone() });
    let phases: Vec<&str> = restore.plan.rollback.iter().map(|phase| phase.name.as_str()).collect();
    let phases = match phases.as_slice() {
        [] => "The procedure names no phases for it.\n".to_owned(),
        list => format!("Its phases: {}\n", list.join(", ")),
    };
    let events: Vec<Event> = over(restore).into_iter().chain([back]).collect();
    let sealed = add(record, &events, &args.into.record, talk)?;
    Ok(talk.print(&format!("The rollback begins; {}\n{phases}", place(&sealed, &args.into.record))))
}

fn end(args: &End, record: &mut Record, talk: &Talk) -> Result<ExitStatus, RecordError> {
    let restore = match open(record) {
        Ok(restore) => restore,
        Err(why) => return Ok(talk.stop(&why)),
    };
    let now = jiff::Timestamp::now();
    let missing = restore.missing();
    if let (false, None) = (missing.is_empty(), &args.out_of_order) {
        for what in &missing {
            talk.say(&format!("error: {what}"));
        }
        talk.say("the restore cannot be called complete; to end it all the same, say why with `--out-of-order \"REASON\"`");
        return Ok(ExitStatus::Unproven);
    }
    let (outcome, findings) = restore.result(now);
    let over = over(restore);
    let ended = Event::RestoreEnded(RestoreEnded {
        restore: restore.plan.restore.clone(),
        outcome,
        findings,
        reason: args.out_of_order.clone().filter(|_| !missing.is_empty()),
    });
    let events: Vec<Event> = over.into_iter().chain([ended]).collect();
    let sealed = add(record, &events, &args.into.record, talk)?;
    let shown = record.history().restores.last().map(restored).unwrap_or_default();
    let printed = talk.print(&format!("{shown}{}\n", place(&sealed, &args.into.record)));
    let status = match outcome {
        Outcome::Completed => ExitStatus::Open,
        Outcome::RolledBack => ExitStatus::Broken,
        Outcome::Incomplete => ExitStatus::Unproven,
    };
    Ok(if status == ExitStatus::Open { printed } else { status })
}
