//! Answers about tables that changed under the run's snapshot are no answers.

use std::collections::BTreeMap;

use super::postgres::Session;
use super::postgres::changes::Changed;
use crate::facts::{Failure, Observation};
use crate::failure::FailureKind;
use crate::plan::Statement;

/// Takes back what was observed of relations that have changed by now, `before` being those of an earlier look.
pub(super) async fn look_again(
    session: &Session,
    before: &[Changed],
    statements: &[&Statement],
    observed: &mut BTreeMap<String, Observation>,
) {
    match session.changed().await {
        Ok(changed) => take_back(observed, statements, &changed),
        // Nothing more is asked after an interrupt, and what was held until then stands.
        Err(error) if error.kind == FailureKind::Cancelled => take_back(observed, statements, before),
        Err(error) => take_all_back(observed, statements, &Failure::from(&error)),
    }
}

/// Takes back what was observed by statements that read one of these relations.
fn take_back(observed: &mut BTreeMap<String, Observation>, statements: &[&Statement], changed: &[Changed]) {
    for statement in statements {
        let Some(relation) = changed.iter().find(|relation| reads(statement, relation)) else { continue };
        let message = format!(
            "`{}` was changed during the run: truncated, rewritten or replaced, or a partition of it came or went; what \
             was read of it is not what the snapshot held, so run again",
            relation.name
        );
        fail(observed, statement, &Failure { kind: FailureKind::SnapshotConflict, message });
    }
}

/// Takes back what was observed by all of them, since nobody could say what changed.
fn take_all_back(observed: &mut BTreeMap<String, Observation>, statements: &[&Statement], why: &Failure) {
    let message = format!("it could not be asked whether tables changed during the run: {}", why.message);
    for statement in statements {
        fail(observed, statement, &Failure { kind: why.kind, message: message.clone() });
    }
}

/// An observation that failed already keeps its own reason.
fn fail(observed: &mut BTreeMap<String, Observation>, statement: &Statement, failure: &Failure) {
    for key in statement.work.keys() {
        if let Some(observation) = observed.get_mut(key).filter(|o| o.result.is_ok()) {
            observation.result = Err(failure.clone());
        }
    }
}

fn reads(statement: &Statement, relation: &Changed) -> bool {
    statement.relation == relation.name || statement.work.sql().contains(&relation.quoted)
}
