//! `plan`: every statement that would run, and which checks need it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args as ClapArgs;

use super::run::{RunArgs, runtime};
use super::terminal::{Talk, counted};
use crate::facts::SourceFacts;
use crate::plan::{Engine, Plan, Proof, Reading, Statement};
use crate::policy::procedure::{Expected, Procedure};
use crate::probe::served::Fetch;
use crate::value::duration_text;
use crate::verdict::ExitStatus;

/// Options of `plan`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunArgs,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let planned = (|| {
        let (ready, selected) = args.run.ready(talk)?;
        if let Some(profile) = &ready.profile {
            talk.say(&format!("note: {}", profile.note(true)));
        }
        runtime(talk)?.block_on(async {
            // The sessions end in here, where they can still say goodbye.
            let prepared = args.run.prepare(&ready, &selected, talk).await?;
            let procedures = procedures(&ready.policy.procedures);
            Ok((prepared.plan, prepared.sources, procedures))
        })
    })();
    match planned {
        Ok((plan, sources, procedures)) => {
            let complete = !unprovable(&plan);
            let printed = talk.print(&(text(&plan, &sources) + &procedures));
            if complete { printed } else { ExitStatus::Unproven }
        }
        Err(status) => status,
    }
}

fn unprovable(plan: &Plan) -> bool {
    plan.checks.iter().flat_map(|c| &c.obligations).any(|o| matches!(o.proof, Proof::Unprovable(_)))
}

/// The statement that fetches a relation's rows.
fn copy(reading: &Reading, sources: &BTreeMap<String, SourceFacts>) -> Option<String> {
    let relations = &sources.get(&reading.source)?.catalogue.relations;
    let relation = relations.iter().find(|r| r.name.to_string() == reading.relation)?;
    Some(Fetch::new(relation, reading.fetched.as_ref()?, None).sql())
}

/// The phases of each procedure, which people carry out.
fn procedures(procedures: &[Procedure]) -> String {
    let mut out = String::new();
    for procedure in procedures {
        let whole = expected(procedure.expected);
        let _ = writeln!(
            out,
            "\nProcedure {}, for people to carry out and `restore` to record{whole}:",
            procedure.name
        );
        let parts = [("", &procedure.phases), ("rollback ", &procedure.rollback)];
        for (part, phase) in
            parts.into_iter().flat_map(|(part, list)| list.iter().map(move |phase| (part, phase)))
        {
            let gate =
                phase.gate.as_ref().map(|gate| format!(", until gate {gate} is open")).unwrap_or_default();
            let _ = writeln!(out, "   {part}{}{}{gate}", phase.name, expected(phase.expected));
        }
    }
    out
}

fn expected(expected: Option<Expected>) -> String {
    expected
        .map(|e| format!(", expected {}..{}", duration_text(e.from), duration_text(e.to)))
        .unwrap_or_default()
}

/// The source of a statement, and the relation if there is one.
fn place_of(statement: &Statement) -> String {
    format!("{} {}", statement.source, statement.relation).trim_end().to_owned()
}

fn text(plan: &Plan, sources: &BTreeMap<String, SourceFacts>) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} for {}. Each runs once per source, in one read-only snapshot.",
        counted(plan.statements.len(), "statement"),
        counted(plan.checks.len(), "check")
    );
    if !plan.readings.is_empty() {
        let _ = writeln!(out, "\nHow relations are read:");
    }
    for reading in &plan.readings {
        let _ = writeln!(out, "   {} {}: {}", reading.source, reading.relation, reading.why);
        if let Some(sql) = copy(reading, sources) {
            let _ = writeln!(out, "      {sql}");
        }
    }
    for (n, statement) in plan.statements.iter().enumerate() {
        let what = &statement.why;
        let place = match statement.engine {
            Engine::Stream => "on the rows; asked of the server only for what that leaves open: ",
            Engine::Archive => "on the archive's rows: ",
            Engine::Server => "",
        };
        let _ = writeln!(out, "\n{}. {}: {place}{what}", n + 1, place_of(statement));
        let _ = writeln!(out, "   for {}", statement.checks.join(", "));
        let work = &statement.work;
        for sql in work.laid().into_iter().chain([work.sql()]).chain(work.row_by_row()) {
            for line in sql.lines() {
                let _ = writeln!(out, "   {line}");
            }
        }
    }
    for check in &plan.checks {
        for obligation in &check.obligations {
            if let Proof::Unprovable(why) = &obligation.proof {
                let _ = writeln!(out, "\n{} cannot be proven here: {why}", check.id);
            }
        }
    }
    out
}
