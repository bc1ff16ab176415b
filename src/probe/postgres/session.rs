//! One pinned, read-only conversation with a server.
//!
//! A session reads only inside a transaction, which [`Session::begin`] or [`Session::join`] starts; what surrounds
//! each query there is in the module of turns.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use super::address::Address;
use super::cancel::{Canceller, Running};
use super::connect::{self, LastWords};
use super::failure::{self, Moment, QueryError};
use super::goodbye::Goodbye;
use super::pins::{self, Limits};
use super::turn::{Transaction, cancelled};
use crate::failure::FailureKind;

const OLDEST: u32 = 130_000;

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
    /// Memory that the hash table of a join may take, in MB, where the server's own settings allow less.
    pub work_mem: u64,
    /// The longest one host may take to let us in; a `connect_timeout` in the address goes first.
    pub connect_timeout: Duration,
    /// `application_name`, unless the address gives one.
    pub application_name: String,
    /// What can stop this session's queries.
    pub canceller: Canceller,
    /// Whether the session lives in a thread of its own, which may be kept waiting for more rows to come.
    pub alone: bool,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            statement_timeout: Duration::from_secs(300),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(3600),
            work_mem: 256,
            connect_timeout: Duration::from_secs(10),
            application_name: "holdtrue".to_owned(),
            canceller: Canceller::default(),
            alone: false,
        }
    }
}

/// One conversation. Its queries run one after another; several sessions run beside each other.
pub struct Session {
    client: Client,
    // After the client, which has to be dropped for it to come.
    goodbye: Goodbye,
    last_words: LastWords,
    pub(super) running: Arc<Running>,
    pub(super) canceller: Canceller,
    statement_timeout: Duration,
    pub(super) work_mem: u64,
    pub(super) transaction: Mutex<Transaction>,
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
        let made = connect::connect(address, options).await?;
        let running = Arc::new(Running::new(made.client.cancel_token(), made.way));
        options.canceller.register(&running);
        let mut session = Self {
            client: made.client,
            goodbye: made.goodbye,
            last_words: made.last_words,
            running,
            canceller: options.canceller.clone(),
            statement_timeout: options.statement_timeout,
            work_mem: options.work_mem,
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

    /// Ends the transaction and the connection, and waits for the goodbye to be sent. A session that is dropped does so
    /// as well, but holds up a thread.
    pub async fn close(self) {
        drop(self.client);
        self.goodbye.said().await;
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

    /// A command of our own, with no rows to read.
    pub(super) async fn command(&self, sql: &str) -> Result<(), QueryError> {
        let started = Instant::now();
        match self.client.batch_execute(sql).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.explain(&error, started).await),
        }
    }

    /// A query of our own, with one row.
    pub(super) async fn one(&self, sql: &str) -> Result<Vec<Option<String>>, QueryError> {
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
            if self.goodbye.is_said() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        named
    }
}
