//! The lists of a run, read before everything that looks for their subjects.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::archive;
use super::options::ObserveOptions;
use super::postgres::adjust::{Like, Setting};
use super::reach::{Reached, Server, Told};
use super::worker;
use crate::chain::given::Outside;
use crate::erasure::{Form, Gather, Lists, Subjects, lines};
use crate::facts::{Failure, Observation, Observed};
use crate::failure::FailureKind;
use crate::plan::{Listed, Listing, Plan, Statement, Work};
use crate::stream::{self, erased};

/// Reads every list of a plan. What was observed of each is how many subjects it names.
pub(super) async fn read(
    plan: &Plan,
    sources: &BTreeMap<String, Reached>,
    options: &ObserveOptions,
) -> (Lists, Vec<(String, Observation)>) {
    let (mut lists, mut seen) = (Lists::default(), Vec::new());
    for statement in &plan.statements {
        let Work::List { key, listing } = &statement.work else { continue };
        let started = Instant::now();
        let forms = forms(plan, key);
        let read = match sources.get(&statement.source) {
            None => Err(other(format!("source `{}` was not read", statement.source))),
            Some(Reached::Told(told)) => told_by(told, &forms, options.memory).await,
            Some(Reached::Server(server)) => served(server, (statement, listing), &forms, options).await,
            Some(Reached::Archive(opened)) => held(opened, listing, &forms, options).await,
        };
        let counted = match &read {
            Ok(subjects) => Ok(Observed::Cell(Some(subjects.count().to_string()))),
            Err(failure) => Err(failure.clone()),
        };
        lists.add(key, read.map_err(|failure| failure.message));
        seen.push((key.clone(), Observation::since(started, counted)));
    }
    (lists, seen)
}

/// The forms of the columns in which a list is looked for.
fn forms(plan: &Plan, list: &str) -> Vec<Form> {
    let of = |statement: &Statement| match &statement.work {
        Work::Erased { erased, .. } if erased.list == list => Some(erased.form),
        _ => None,
    };
    let mut forms: Vec<Form> = plan.statements.iter().filter_map(of).collect();
    forms.sort_unstable();
    forms.dedup();
    forms
}

async fn told_by(told: &Told, forms: &[Form], memory: u64) -> Result<Subjects, Failure> {
    let (told, forms) = (Arc::clone(&told.0), forms.to_vec());
    let read = tokio::task::spawn_blocking(move || {
        let named = told.listing()?;
        let mut gather = Gather::new(&forms, named.pepper.map(<[u8]>::to_vec), true, memory);
        let read = lines::read(named.bytes, |number, entry| gather.add(number, entry));
        read.and_then(|()| gather.finish()).map_err(other)
    });
    read.await.unwrap_or_else(|_| Err(other("reading it broke off")))
}

async fn served(
    server: &Server,
    (statement, listing): (&Statement, &Listing),
    forms: &[Form],
    options: &ObserveOptions,
) -> Result<Subjects, Failure> {
    let session = &server.session;
    // A table that may not be locked may not be read either, and the statement that reads it will say so.
    if let Some((schema, table)) = statement.relation.split_once('.') {
        let _denied = session.hold(&[(schema, table)]).await;
    }
    let like = match &listing.listed {
        Listed::Query { .. } => Like::Raw(options.schema.clone()),
        _ => Like::Plain,
    };
    let setting = Setting { limit: worker::limit(statement, options), like };
    session.adjust(&setting).await.map_err(|e| Failure::from(&e))?;
    let (sql, arguments) = match &listing.listed {
        Listed::Lines => return Err(other("it is no list of lines")),
        Listed::Column { .. } => (listing.sql(), &Vec::new()),
        Listed::Query { sql, arguments } => {
            let asked = session.columns_of(sql, arguments.len()).await.map_err(|e| Failure::from(&e))?;
            if asked.len() != 1 {
                let message = format!("it answers {} columns, and one names the subjects", asked.len());
                return Err(other(message));
            }
            (format!("SELECT q.subject::text FROM (\n{sql}\n) AS q (subject)"), arguments)
        }
    };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut gather = Gather::new(forms, None, false, options.memory);
    let (mut number, mut stopped) = (0, None);
    let streamed = session
        .stream(&sql, &arguments, |cells| {
            number += 1;
            match erased::take(&mut gather, number, cells.first().copied().flatten()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(why) => {
                    stopped = Some(why);
                    ControlFlow::Break(())
                }
            }
        })
        .await;
    if let Some(why) = stopped {
        return Err(other(why));
    }
    if !streamed.map_err(|e| Failure::from(&e))?.complete {
        return Err(other("it was not read to the last row"));
    }
    gather.finish().map_err(other)
}

async fn held(
    opened: &Arc<archive::Opened>,
    listing: &Listing,
    forms: &[Form],
    options: &ObserveOptions,
) -> Result<Subjects, Failure> {
    let Listed::Column { rows, column } = &listing.listed else {
        return Err(other(
            "raw SQL needs a server, and this source is none: name a table and a column of it",
        ));
    };
    let (opened, rows, column) = (Arc::clone(opened), rows.clone(), column.clone());
    let gather = Gather::new(forms, None, false, options.memory);
    let limits = stream::Limits {
        memory: options.memory,
        jobs: 1,
        seed: options.seed,
        outside: Arc::new(Outside::default()),
        lists: Arc::new(Lists::default()),
    };
    let read = tokio::task::spawn_blocking(move || {
        archive::named(&opened, (&rows, &column), &limits, gather)?.finish().map_err(other)
    });
    read.await.unwrap_or_else(|_| Err(other("reading it broke off")))
}

fn other(message: impl Into<String>) -> Failure {
    Failure { kind: FailureKind::Other, message: message.into() }
}
