//! The end of a connection: the server is told, also when whoever held the session merely let go of it.
//!
//! The connection's task sends the goodbye once its client is gone, if it is given the time. A run that ends takes the
//! runtime and the task with it, and the server would log a client that was lost in the middle of a transaction.

use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::JoinHandle;

/// A server that never hangs up must not keep us.
const PATIENCE: Duration = Duration::from_secs(2);

/// The task of a connection. Dropping it waits for the goodbye, so the client must have been dropped before: a struct
/// that holds both names the client first.
pub(super) struct Goodbye(JoinHandle<()>);

impl Goodbye {
    pub(super) fn of(task: JoinHandle<()>) -> Self {
        Self(task)
    }

    /// Whether the connection has ended.
    pub(super) fn is_said(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits for it.
    pub(super) async fn said(mut self) {
        self.wait().await;
    }

    async fn wait(&mut self) {
        if tokio::time::timeout(PATIENCE, &mut self.0).await.is_err() {
            self.0.abort();
        }
    }
}

impl Drop for Goodbye {
    fn drop(&mut self) {
        if self.0.is_finished() {
            return;
        }
        // Without a second thread the task could not go on while this one waits for it.
        if let Ok(runtime) = Handle::try_current()
            && runtime.runtime_flavor() == RuntimeFlavor::MultiThread
        {
            tokio::task::block_in_place(|| runtime.block_on(self.wait()));
        }
    }
}
