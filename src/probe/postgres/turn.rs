//! Whose turn it is: one query at a time, each beginning and ending at the savepoint.
//!
//! The transaction holds one standing savepoint, and after every query, whatever came of it, the session returns to
//! it. So a query that fails costs neither the transaction nor the snapshot, and a query that changes a setting
//! changes it for nobody else. The first answer that does not fit this picture ends the session's use.

use std::time::Instant;

use tokio::sync::MutexGuard;
use tokio_postgres::Error;

use super::failure::QueryError;
use super::session::Session;
use crate::failure::FailureKind;

/// The name of the standing savepoint.
pub(super) const SAVEPOINT: &str = "holdtrue";

/// The state of a session's transaction.
#[derive(Debug)]
pub(super) enum Transaction {
    None,
    Open {
        /// Whether something may have been asked since the last return to the savepoint: also true when a caller
        /// dropped a query half-way.
        dirty: bool,
    },
    /// It is gone or cannot be trusted, for this reason.
    Spoilt(QueryError),
}

/// The right to ask, held for the length of one query. Marks the session as busy for the canceller.
pub(super) struct Turn<'a> {
    session: &'a Session,
    transaction: MutexGuard<'a, Transaction>,
    started: Instant,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // A caller that let go half-way leaves its query running, and the canceller must still find it.
        let abandoned = matches!(*self.transaction, Transaction::Open { dirty: true });
        self.session.running.set_busy(abandoned);
    }
}

impl Session {
    /// Waits for the session to be free and makes sure its transaction is fit to be asked.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, QueryError> {
        let transaction = self.transaction.lock().await;
        // Busy first, then the flag: one of the two sides sees the other.
        self.running.set_busy(true);
        let mut turn = Turn { session: self, transaction, started: Instant::now() };
        if self.canceller.is_cancelled() {
            return Err(cancelled());
        }
        match &mut *turn.transaction {
            Transaction::None => {
                return Err(QueryError::new(
                    FailureKind::Other,
                    "nothing is read outside of a snapshot: begin or join first",
                ));
            }
            Transaction::Spoilt(why) => return Err(why.clone()),
            Transaction::Open { dirty: true } => turn.return_to_savepoint().await?,
            Transaction::Open { dirty: false } => {}
        }
        *turn.transaction = Transaction::Open { dirty: true };
        turn.started = Instant::now();
        Ok(turn)
    }
}

impl Turn<'_> {
    pub(super) async fn explain(&self, error: &Error) -> QueryError {
        self.session.explain(error, self.started).await
    }

    /// Ends the turn by returning to the savepoint. An error here means that the snapshot is gone.
    pub(super) async fn back(mut self) -> Result<(), QueryError> {
        self.return_to_savepoint().await
    }

    /// Ends the turn but keeps what it did, under a new savepoint.
    pub(super) async fn keep(mut self) -> Result<(), QueryError> {
        let done =
            self.session.command(&format!("release savepoint {SAVEPOINT}; savepoint {SAVEPOINT}")).await;
        self.conclude(done)
    }

    async fn return_to_savepoint(&mut self) -> Result<(), QueryError> {
        let sql = format!("rollback to savepoint {SAVEPOINT}");
        let mut done = self.session.command(&sql).await;
        // A cancel request meant for the query before can arrive now. The transaction is then merely failed.
        for _ in 0..2 {
            match &done {
                Err(error) if error.sqlstate.as_deref() == Some("57014") => {
                    done = self.session.command(&sql).await
                }
                _ => break,
            }
        }
        self.conclude(done)
    }

    fn conclude(&mut self, done: Result<(), QueryError>) -> Result<(), QueryError> {
        *self.transaction = match &done {
            Ok(()) => Transaction::Open { dirty: false },
            Err(error) if error.is_final() => Transaction::Spoilt(error.clone()),
            Err(error) => {
                let mut why = error.clone();
                why.message = format!("the snapshot was lost: {}", why.message);
                Transaction::Spoilt(why)
            }
        };
        done
    }
}

pub(super) fn cancelled() -> QueryError {
    QueryError::new(FailureKind::Cancelled, "the run was cancelled")
}
