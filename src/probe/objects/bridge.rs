//! From readers, which block, to a runtime, which does not.

use std::future::Future;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::Trouble;
use crate::failure::FailureKind;
use crate::probe::postgres::Canceller;

/// How long an interrupt may go unnoticed by who waits.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Where futures run, and who may stop them.
#[derive(Clone, Debug)]
pub(super) struct Bridge {
    runtime: Handle,
    canceller: Canceller,
}

impl Bridge {
    /// For the runtime this is called on.
    pub(super) fn here(canceller: &Canceller) -> Self {
        Self { runtime: Handle::current(), canceller: canceller.clone() }
    }

    /// Lets a future run, without waiting for it.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T, Trouble>> + Send + 'static,
    ) -> Pending<T> {
        let (send, answer) = sync_channel(1);
        let task = self.runtime.spawn(async move {
            // Where nobody waits any more, nobody misses it.
            let _dropped = send.send(future.await);
        });
        Pending { answer, task: task.abort_handle(), canceller: self.canceller.clone() }
    }

    /// Lets a future run and waits for it.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T, Trouble>> + Send + 'static,
    ) -> Result<T, Trouble> {
        self.begin(future).wait()
    }
}

/// An answer that is on its way. Dropped, it is not asked for any more.
#[derive(Debug)]
pub(super) struct Pending<T> {
    answer: Receiver<Result<T, Trouble>>,
    task: AbortHandle,
    canceller: Canceller,
}

impl<T> Pending<T> {
    /// Waits for the answer, on any thread.
    ///
    /// # Errors
    /// The future's own, or that the run was interrupted.
    pub(super) fn wait(&self) -> Result<T, Trouble> {
        loop {
            if self.canceller.is_cancelled() {
                let message = "interrupted while an object was being read".to_owned();
                return Err(Trouble { kind: FailureKind::Cancelled, message });
            }
            match self.answer.recv_timeout(LOOK_UP) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let message = "reading an object broke off".to_owned();
                    return Err(Trouble { kind: FailureKind::Other, message });
                }
            }
        }
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}
