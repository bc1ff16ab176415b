//! Connections of one server in the run's snapshot, lent out for one statement at a time.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::postgres::adjust::Setting;
use super::postgres::{QueryError, Session};
use crate::failure::FailureKind;

/// All connections to a server.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Vec<Seat>>,
    /// As many permits as there are seats.
    free: Semaphore,
    many: usize,
    /// Statements that may run at once, on these connections or on others of the same server.
    running: Semaphore,
}

/// A session, and what was last set in it.
#[derive(Debug)]
struct Seat {
    session: Arc<Session>,
    setting: Option<Setting>,
}

/// A session on loan.
#[derive(Debug)]
pub(super) struct Lent<'a> {
    pool: &'a Pool,
    session: Arc<Session>,
    setting: Option<Setting>,
    /// Given back after the seat.
    _permits: [SemaphorePermit<'a>; 2],
}

impl Pool {
    /// Of these sessions, for so many statements at once.
    pub(super) fn new(sessions: Vec<Arc<Session>>, running: usize) -> Self {
        let many = sessions.len();
        let seats = sessions.into_iter().map(|session| Seat { session, setting: None }).collect();
        Self { idle: Mutex::new(seats), free: Semaphore::new(many), many, running: Semaphore::new(running) }
    }

    /// How many connections there are.
    pub(super) fn many(&self) -> usize {
        self.many
    }

    /// Waits for a connection.
    ///
    /// # Errors
    ///
    /// When there is none at all.
    pub(super) async fn take(&self, setting: Setting) -> Result<Lent<'_>, QueryError> {
        let lost = || QueryError::new(FailureKind::Other, "no connection is left");
        // First a seat, since whoever waits for one must not keep others from running.
        let seat = self.free.acquire().await.map_err(|_| lost())?;
        let permits = [seat, self.running.acquire().await.map_err(|_| lost())?];
        let Seat { session, setting: before } = self.idle().pop().ok_or_else(lost)?;
        let mut lent = Lent { pool: self, session, setting: before, _permits: permits };
        if lent.setting.as_ref() != Some(&setting) {
            lent.setting = None;
            lent.session.adjust(&setting).await?;
            lent.setting = Some(setting);
        }
        Ok(lent)
    }

    /// Waits for leave to run a statement on a connection of one's own; `None` when the run is over.
    pub(super) async fn leave(&self) -> Option<SemaphorePermit<'_>> {
        self.running.acquire().await.ok()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Seat>> {
        // A list of connections is as good after a panic as before.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sessions back.
    pub(super) fn into_sessions(self) -> Vec<Arc<Session>> {
        let seats = self.idle.into_inner().unwrap_or_else(PoisonError::into_inner);
        seats.into_iter().map(|seat| seat.session).collect()
    }
}

impl std::ops::Deref for Lent<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.pool.idle().push(Seat { session: Arc::clone(&self.session), setting: self.setting.take() });
    }
}
