//! The snapshot a run reads in: started by one session, joined by the others.

use tokio::sync::MutexGuard;

use super::failure::QueryError;
use super::pins;
use super::session::Session;
use super::turn::{SAVEPOINT, Transaction, cancelled};
use crate::failure::FailureKind;

const BEGIN: &str = "begin transaction isolation level repeatable read read only not deferrable";

/// What a run reads in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// Its id, with which other sessions can [`Session::join`].
    Shared(String),
    /// The server would not export it, for this reason: the run has to do with one session.
    Single(QueryError),
}

impl Snapshot {
    /// The id, where there is one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Shared(id) => Some(id),
            Self::Single(_) => None,
        }
    }
}

impl Session {
    /// Starts the run's transaction, `REPEATABLE READ READ ONLY`, and exports its snapshot. Works on a standby.
    ///
    /// # Errors
    /// A transaction is already open, the connection is lost, or a pooler between us and the server loses
    /// settings. A server that merely cannot export gives [`Snapshot::Single`].
    pub async fn begin(&self) -> Result<Snapshot, QueryError> {
        let mut transaction = self.fresh().await?;
        self.command(BEGIN).await?;
        let exported = match self.one("select pg_catalog.pg_export_snapshot()").await {
            Ok(cells) => match cells.into_iter().next().flatten() {
                Some(id) => Snapshot::Shared(id),
                None => {
                    Snapshot::Single(QueryError::new(FailureKind::Other, "the server exported no snapshot"))
                }
            },
            Err(error) if error.is_final() => return Err(error),
            Err(error) => {
                self.command("rollback").await?;
                self.command(BEGIN).await?;
                Snapshot::Single(error)
            }
        };
        self.settle(&mut transaction).await?;
        Ok(exported)
    }

    /// Starts a worker's transaction in the snapshot another session exported, which must still be open.
    ///
    /// # Errors
    /// As [`Session::begin`]; `SnapshotConflict` if the snapshot is not there any more.
    pub async fn join(&self, snapshot_id: &str) -> Result<(), QueryError> {
        if snapshot_id.is_empty() || !snapshot_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(QueryError::new(FailureKind::SnapshotConflict, "that is not the id of a snapshot"));
        }
        let mut transaction = self.fresh().await?;
        self.command(BEGIN).await?;
        if let Err(mut error) = self.command(&format!("set transaction snapshot '{snapshot_id}'")).await {
            if !error.is_final() {
                self.command("rollback").await?;
                *transaction = Transaction::None;
                error.kind = FailureKind::SnapshotConflict;
                error.hint = Some("the session that exported the snapshot must stay open".to_owned());
            }
            return Err(error);
        }
        self.settle(&mut transaction).await
    }

    /// Locks relations, each a schema and a name, in ACCESS SHARE mode until the transaction ends. A snapshot does
    /// not protect from TRUNCATE and from rewriting ALTER TABLE: a truncated table would read as an empty one.
    ///
    /// # Errors
    /// A relation does not exist, may not be read, or is locked by somebody else for longer than `lock_timeout`;
    /// then none of them is locked.
    pub async fn hold(&self, relations: &[(&str, &str)]) -> Result<(), QueryError> {
        if relations.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = relations
            .iter()
            .map(|(schema, name)| format!("{}.{}", identifier(schema), identifier(name)))
            .collect();
        let turn = self.turn().await?;
        let locked = self.command(&format!("lock table {} in access share mode", names.join(", "))).await;
        if locked.is_ok() {
            // The locks belong to the savepoint and would go with it; released, it leaves them to the transaction.
            turn.keep().await?;
        } else {
            turn.back().await?;
        }
        locked
    }

    /// Ends the transaction, if there is one.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn end(&self) -> Result<(), QueryError> {
        let mut transaction = self.transaction.lock().await;
        if !matches!(*transaction, Transaction::None) {
            self.command("rollback").await?;
            *transaction = Transaction::None;
        }
        Ok(())
    }

    /// The state for a new transaction; an error if one is open.
    async fn fresh(&self) -> Result<MutexGuard<'_, Transaction>, QueryError> {
        let mut transaction = self.transaction.lock().await;
        match &*transaction {
            Transaction::None => {}
            Transaction::Spoilt(why) => return Err(why.clone()),
            Transaction::Open { .. } => {
                return Err(QueryError::new(
                    FailureKind::Other,
                    "a transaction is already open in this session",
                ));
            }
        }
        if self.canceller.is_cancelled() {
            return Err(cancelled());
        }
        let why = "starting the transaction was interrupted";
        *transaction = Transaction::Spoilt(QueryError::new(FailureKind::Other, why));
        Ok(transaction)
    }

    /// Checks the pins from inside the transaction, where a pooler can no longer change the server under us, and
    /// sets the savepoint. Until this has succeeded nothing can be asked.
    async fn settle(&self, transaction: &mut Transaction) -> Result<(), QueryError> {
        let cells = self.one(&pins::read_back()).await?;
        let cells: Vec<_> = cells.iter().map(Option::as_deref).collect();
        if let Some(mismatch) = pins::mismatch(&cells) {
            let error = QueryError::new(
                FailureKind::Other,
                format!("the session is not fit to be believed: {mismatch}"),
            )
            .hint(
                "connect to the server itself, not through a transaction pooler, and turn such settings off",
            );
            *transaction = Transaction::Spoilt(error.clone());
            return Err(error);
        }
        self.command(&format!("savepoint {SAVEPOINT}")).await?;
        *transaction = Transaction::Open { dirty: false };
        Ok(())
    }
}

/// An identifier in double quotes, so that it is taken exactly as written.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
