//! One pinned, read-only conversation with a server, and the snapshot it reads in.
//!
//! A session reads only inside a transaction, which [`Session::begin`] or [`Session::join`] starts. That transaction
//! holds one standing savepoint, and after every query, whatever came of it, the session rolls back to it. So a
//! query that fails costs neither the transaction nor the snapshot, and a query that changes a setting changes
//! it for nobody else. The first answer the server gives that does not fit this picture ends the session's use.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use super::address::Address;
use super::cancel::{Canceller, Running};
use super::connect::{self, LastWords};
use super::failure::{self, Moment, QueryError};
use super::pins::{self, Limits};
use crate::facts_failure::FailureKind;

const OLDEST: u32 = 130_000;
const SAVEPOINT: &str = "holdtrue";
const BEGIN: &str = "begin transaction isolation level repeatable read read only not deferrable";

/// The limits of a session. A duration of zero means no limit.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// `statement_timeout`: the longest one query may take.
    pub statement_timeout: Duration,
    /// `lock_timeout`: the longest wait for one lock.
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout`. The session that exported the snapshot is idle while others work:
    /// this must be longer than the run.
    pub idle_in_transaction_timeout: Duration,
    /// The longest one host may take to let us in; a `connect_timeout` in the address goes first.
    pub connect_timeout: Duration,
    /// `application_name`, unless the address gives one.
    pub application_name: String,
    /// What can stop this session's queries.
    pub canceller: Canceller,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            statement_timeout: Duration::from_secs(300),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(3600),
            connect_timeout: Duration::from_secs(10),
            application_name: "holdtrue".to_owned(),
            canceller: Canceller::default(),
        }
    }
}

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

#[derive(Debug)]
enum Transaction {
    None,
    Open {
        /// Whether something may have been asked since the last return to the savepoint: also true when a caller
        /// dropped a query half-way.
        dirty: bool,
    },
    /// It is gone or cannot be trusted, for this reason.
    Spoilt(QueryError),
}

/// One conversation. Its queries run one after another; several sessions run beside each other.
pub struct Session {
    client: Client,
    task: JoinHandle<()>,
    last_words: LastWords,
    pub(super) running: Arc<Running>,
    canceller: Canceller,
    statement_timeout: Duration,
    transaction: Mutex<Transaction>,
    place: String,
    encrypted: bool,
    version: u32,
    notes: Vec<String>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("place", &self.place)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
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
    /// Connects and pins the session.
    ///
    /// # Errors
    /// No host will do, the server is older than 13, or a setting cannot be pinned: also when the server is
    /// configured to read damaged pages as empty ones.
    pub async fn open(address: &Address, options: &SessionOptions) -> Result<Self, QueryError> {
        if options.canceller.is_cancelled() {
            return Err(cancelled());
        }
        let made = connect::connect(address, &options.application_name, options.connect_timeout).await?;
        let running = Arc::new(Running::new(made.client.cancel_token(), made.tls));
        options.canceller.register(&running);
        let mut session = Self {
            client: made.client,
            task: made.task,
            last_words: made.last_words,
            running,
            canceller: options.canceller.clone(),
            statement_timeout: options.statement_timeout,
            transaction: Mutex::new(Transaction::None),
            place: made.place,
            encrypted: made.encrypted,
            version: 0,
            notes: address.notes().iter().cloned().chain(made.notes).collect(),
        };
        session.version = session.ask_version().await?;
        let limits = Limits {
            statement: options.statement_timeout,
            lock: options.lock_timeout,
            idle_in_transaction: options.idle_in_transaction_timeout,
        };
        session.command(&pins::statements(limits)).await?;
        Ok(session)
    }

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

    /// Ends the transaction and the connection, and waits for the goodbye to be sent.
    pub async fn close(self) {
        drop(self.client);
        // The task ends when the server hangs up; a server that never does must not keep us.
        let abort = self.task.abort_handle();
        if tokio::time::timeout(Duration::from_secs(2), self.task).await.is_err() {
            abort.abort();
        }
    }

    /// Host and port as dialled, without user and password.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether the connection is encrypted by TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// `server_version_num`, such as 150004.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What was set aside while connecting, one sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    async fn ask_version(&self) -> Result<u32, QueryError> {
        let cells = self.one("select pg_catalog.current_setting('server_version_num')").await?;
        let text = cells.into_iter().next().flatten().unwrap_or_default();
        match text.parse() {
            Ok(version) if version >= OLDEST => Ok(version),
            Ok(version) => Err(QueryError::new(
                FailureKind::Other,
                format!("the server is PostgreSQL {}, and only 13 and later are read", version / 10_000),
            )),
            Err(_) => Err(QueryError::new(FailureKind::Other, "the server does not say its version")),
        }
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

    /// A command of our own, with no rows to read.
    async fn command(&self, sql: &str) -> Result<(), QueryError> {
        let started = Instant::now();
        match self.client.batch_execute(sql).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.explain(&error, started).await),
        }
    }

    /// A query of our own, with one row.
    async fn one(&self, sql: &str) -> Result<Vec<Option<String>>, QueryError> {
        let started = Instant::now();
        let messages = match self.client.simple_query(sql).await {
            Ok(messages) => messages,
            Err(error) => return Err(self.explain(&error, started).await),
        };
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let cells = |row: &tokio_postgres::SimpleQueryRow| -> Vec<Option<String>> {
            (0..row.len()).map(|at| row.try_get(at).ok().flatten().map(str::to_owned)).collect()
        };
        row.map(cells).ok_or_else(|| QueryError::new(FailureKind::Other, "the server answered with no row"))
    }

    /// Names an error; one about the connection with the server's last words, if it said any.
    pub(super) async fn explain(&self, error: &Error, started: Instant) -> QueryError {
        let moment = Moment {
            elapsed: started.elapsed(),
            statement_timeout: self.statement_timeout,
            cancelled: self.canceller.is_cancelled(),
        };
        let named = failure::of_query(error, moment);
        if named.kind != FailureKind::ConnectionLost || named.sqlstate.is_some() {
            return named;
        }
        // The query learns of the end a moment before the connection's own task has noted the reason.
        for _ in 0..20 {
            if let Some(said) = self.last_words.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                return said;
            }
            if self.task.is_finished() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        named
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
    async fn keep(mut self) -> Result<(), QueryError> {
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

fn cancelled() -> QueryError {
    QueryError::new(FailureKind::Cancelled, "the run was cancelled")
}

/// An identifier in double quotes, so that it is taken exactly as written.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
