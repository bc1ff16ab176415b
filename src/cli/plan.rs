//! `plan`: every statement that would run, and which checks need it.

use std::fmt::Write as _;

use clap::Args as ClapArgs;

use super::run::{RunArgs, runtime};
use super::terminal::{Talk, counted};
use crate::plan::{Plan, Proof};
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
        runtime(talk)?
            .block_on(async { args.run.prepare(&ready, &selected, talk).await.map(|prepared| prepared.plan) })
    })();
    match planned {
        Ok(plan) => {
            let complete = !unprovable(&plan);
            let printed = talk.print(&text(&plan));
            if complete { printed } else { ExitStatus::Unproven }
        }
        Err(status) => status,
    }
}

fn unprovable(plan: &Plan) -> bool {
    plan.checks.iter().flat_map(|c| &c.obligations).any(|o| matches!(o.proof, Proof::Unprovable(_)))
}

fn text(plan: &Plan) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} for {}. Each runs once per source, in one read-only snapshot.",
        counted(plan.statements.len(), "statement"),
        counted(plan.checks.len(), "check")
    );
    for (n, statement) in plan.statements.iter().enumerate() {
        let what = &statement.why;
        let _ = writeln!(out, "\n{}. {} {}: {what}", n + 1, statement.source, statement.relation);
        let _ = writeln!(out, "   for {}", statement.checks.join(", "));
        for sql in statement.work.laid().into_iter().chain([statement.work.sql()]) {
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
