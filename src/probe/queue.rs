//! The order of statements on several connections: each as soon as what it needs has been answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

use crate::plan::Statement;

/// Statements of one source, shared by its connections.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    /// Not started, in the plan's order.
    waiting: Vec<Arc<Statement>>,
    /// What started statements will observe.
    running: BTreeSet<String>,
    /// Whether somebody else may hand in more.
    open: bool,
}

impl Queue {
    /// These statements; and those that somebody else hands in with [`Queue::rest`] once he has observed these keys, or not.
    pub(super) fn new(statements: Vec<Arc<Statement>>, elsewhere: BTreeSet<String>) -> Self {
        let open = !elsewhere.is_empty();
        let state = State { waiting: statements, running: elsewhere, open };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// The first statement that needs nothing which is still to come; waits for one, and is `None` when all have been
    /// handed out.
    pub(super) async fn next(&self) -> Option<Arc<Statement>> {
        loop {
            let changed = self.changed.notified();
            {
                let mut state = self.state.lock().await;
                if state.waiting.is_empty() && !state.open {
                    return None;
                }
                if let Some(at) = state.ready() {
                    let statement = state.waiting.remove(at);
                    state.running.extend(statement.work.keys().into_iter().map(str::to_owned));
                    return Some(statement);
                }
            }
            changed.await;
        }
    }

    /// Notes that a statement has been answered, or spared.
    pub(super) async fn finished(&self, statement: &Statement) {
        let mut state = self.state.lock().await;
        for key in statement.work.keys() {
            state.running.remove(key);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// What was observed elsewhere is here, and this is what is left of it.
    pub(super) async fn rest(&self, observed: &BTreeSet<String>, left: Vec<Arc<Statement>>) {
        let mut state = self.state.lock().await;
        state.running.retain(|key| !observed.contains(key));
        state.waiting.extend(left);
        state.open = false;
        drop(state);
        self.changed.notify_waiters();
    }
}

impl State {
    fn ready(&self) -> Option<usize> {
        let waiting = self.waiting.iter().flat_map(|s| s.work.keys());
        let to_come: BTreeSet<&str> = waiting.chain(self.running.iter().map(String::as_str)).collect();
        let own = |statement: &Statement, key: &str| statement.work.keys().contains(&key);
        let free = |statement: &Arc<Statement>| {
            statement.needs().into_iter().all(|key| !to_come.contains(key) || own(statement, key))
        };
        // Statements that need one another would wait for ever; none are planned, and they would run all the same.
        self.waiting
            .iter()
            .position(free)
            .or_else(|| (self.running.is_empty() && !self.open && !self.waiting.is_empty()).then_some(0))
    }
}
