//! The order of statements on several connections: each as soon as what it needs has been answered.

use std::collections::BTreeSet;

use tokio::sync::{Mutex, Notify};

use crate::plan::Statement;

/// Statements of one source, shared by its connections.
pub(super) struct Queue<'p> {
    state: Mutex<State<'p>>,
    changed: Notify,
}

struct State<'p> {
    /// Not started, in the plan's order.
    waiting: Vec<&'p Statement>,
    /// What started statements will observe.
    running: BTreeSet<&'p str>,
}

impl<'p> Queue<'p> {
    pub(super) fn new(statements: &[&'p Statement]) -> Self {
        let state = State { waiting: statements.to_vec(), running: BTreeSet::new() };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// The first statement that needs nothing which is still to come; waits for one, and is `None` when all have been
    /// handed out.
    pub(super) async fn next(&self) -> Option<&'p Statement> {
        loop {
            let changed = self.changed.notified();
            {
                let mut state = self.state.lock().await;
                if state.waiting.is_empty() {
                    return None;
                }
                if let Some(at) = state.ready() {
                    let statement = state.waiting.remove(at);
                    state.running.extend(statement.work.keys());
                    return Some(statement);
                }
            }
            changed.await;
        }
    }

    /// Notes that a statement has been answered, or spared.
    pub(super) async fn finished(&self, statement: &'p Statement) {
        let mut state = self.state.lock().await;
        for key in statement.work.keys() {
            state.running.remove(key);
        }
        drop(state);
        self.changed.notify_waiters();
    }
}

impl State<'_> {
    fn ready(&self) -> Option<usize> {
        let to_come: BTreeSet<&str> =
            self.waiting.iter().flat_map(|s| s.work.keys()).chain(self.running.iter().copied()).collect();
        let own = |statement: &Statement, key: &str| statement.work.keys().contains(&key);
        let free = |statement: &&Statement| {
            statement.needs().into_iter().all(|key| !to_come.contains(key) || own(statement, key))
        };
        // Statements that need one another would wait for ever; none are planned, and they would run all the same.
        self.waiting.iter().position(free).or_else(|| (self.running.is_empty()).then_some(0))
    }
}
