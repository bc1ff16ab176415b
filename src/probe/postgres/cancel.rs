//! Stopping every query of a run on the server, as Ctrl-C must.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio_postgres::CancelToken;

use super::dial::Way;

/// How often a query that is still running is asked again: a request that arrives between two statements is
/// ignored by the server, so one may not be enough.
const ATTEMPTS: u32 = 10;
const BETWEEN: Duration = Duration::from_millis(100);
/// How long one request may take to be delivered.
const DELIVERY: Duration = Duration::from_secs(5);

/// Cancels all sessions that were opened with it. Clones are the same object.
#[derive(Clone, Debug, Default)]
pub struct Canceller {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    cancelled: AtomicBool,
    sessions: Mutex<Vec<Weak<Running>>>,
}

/// What came of a cancellation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cancelled {
    /// Sessions that had a query running.
    pub asked: usize,
    /// Of those, the ones whose query was still running at the end, or whose caller had let go of it, so that
    /// nobody was there to see it end.
    pub still_running: usize,
    /// Requests that could not be delivered, one line each.
    pub failures: Vec<String>,
}

/// The part of a session that a cancellation needs; it lives as long as the session.
pub(super) struct Running {
    token: CancelToken,
    way: Way,
    busy: AtomicBool,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is a secret of a kind: whoever has it can cancel.
        f.debug_struct("Running").field("busy", &self.is_busy()).finish_non_exhaustive()
    }
}

impl Running {
    pub(super) fn new(token: CancelToken, way: Way) -> Self {
        Self { token, way, busy: AtomicBool::new(false) }
    }

    pub(super) fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::SeqCst);
    }

    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::SeqCst)
    }

    /// Asks the server to stop this session's query. The request travels as the session does, under TLS or not.
    pub(super) async fn ask(&self) -> Result<(), String> {
        match tokio::time::timeout(DELIVERY, self.way.cancel(&self.token)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("cancel request failed: {error}")),
            Err(_) => Err(format!("cancel request was not delivered within {} s", DELIVERY.as_secs())),
        }
    }
}

impl Canceller {
    /// A canceller with no session yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the run has been cancelled. From then on no session asks anything more.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state.cancelled.load(Ordering::SeqCst)
    }

    pub(super) fn register(&self, session: &Arc<Running>) {
        let mut sessions = self.sessions();
        sessions.retain(|known| known.strong_count() > 0);
        sessions.push(Arc::downgrade(session));
    }

    /// Stops the running queries of all sessions on the server, and keeps later ones from starting.
    /// Returns when every query has ended, or after about a second.
    pub async fn cancel_all(&self) -> Cancelled {
        // The flag first: a session that does not see it yet is seen as busy below.
        self.state.cancelled.store(true, Ordering::SeqCst);
        let sessions: Vec<_> = self.sessions().iter().filter_map(Weak::upgrade).collect();
        let mut outcome = Cancelled::default();
        for attempt in 0..ATTEMPTS {
            let busy: Vec<_> = sessions.iter().filter(|session| session.is_busy()).collect();
            if busy.is_empty() {
                outcome.still_running = 0;
                return outcome;
            }
            if attempt == 0 {
                outcome.asked = busy.len();
            }
            outcome.still_running = busy.len();
            let answers = futures_util::future::join_all(busy.iter().map(|session| session.ask())).await;
            outcome.failures = answers.into_iter().filter_map(Result::err).collect();
            tokio::time::sleep(BETWEEN).await;
        }
        outcome.still_running = sessions.iter().filter(|session| session.is_busy()).count();
        outcome
    }

    fn sessions(&self) -> MutexGuard<'_, Vec<Weak<Running>>> {
        // A list of weak references is never half-written, so a panic elsewhere does not spoil it.
        self.state.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
