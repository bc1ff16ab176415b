//! The phases of a drill and how long each took.

use std::time::{Duration, Instant};

/// The backup is read, and what it is of is found out.
pub const CHECK_BACKUP: &str = "check_backup";
/// A cluster is made for it.
pub const PREPARE: &str = "prepare";
/// Files are fetched and unpacked.
pub const FETCH: &str = "fetch";
/// Definitions and rows are restored.
pub const RESTORE_DATA: &str = "restore_data";
/// WAL is replayed, until the server accepts connections.
pub const REPLAY_WAL: &str = "replay_wal";
/// Indexes and constraints are built.
pub const BUILD: &str = "build";
/// The first query is answered.
pub const FIRST_QUERY: &str = "first_query";
/// Gates are judged.
pub const VERIFY: &str = "verify";

/// All of them.
pub const ALL: [&str; 8] =
    [CHECK_BACKUP, PREPARE, FETCH, RESTORE_DATA, REPLAY_WAL, BUILD, FIRST_QUERY, VERIFY];

/// Those that move data: the gates of a procedure that come after them are what a drill is for.
pub const MOVING: [&str; 4] = [FETCH, RESTORE_DATA, REPLAY_WAL, BUILD];

/// A phase that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// Its name.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
}

/// Whoever watches a drill.
pub trait Watch {
    /// A phase begins.
    fn begins(&self, phase: &'static str);
    /// So many bytes of about so many are there.
    fn moved(&self, done: u64, of: u64);
    /// Whether anybody looks at that.
    fn looks(&self) -> bool;
}

/// Takes the times.
#[derive(Debug, Default)]
pub struct Clock {
    over: Vec<Timed>,
    now: Option<(&'static str, Instant)>,
}

impl Clock {
    /// The next phase begins, and with that the one before is over.
    pub fn begin(&mut self, phase: &'static str) {
        self.end();
        self.now = Some((phase, Instant::now()));
    }

    /// The phase is over.
    pub fn end(&mut self) {
        if let Some((name, since)) = self.now.take() {
            // What is gone back to, such as fetching one thing after another, is one phase.
            match self.over.iter_mut().find(|phase| phase.name == name) {
                Some(phase) => phase.took += since.elapsed(),
                None => self.over.push(Timed { name, took: since.elapsed() }),
            }
        }
    }

    /// The phase that is going on.
    #[must_use]
    pub fn current(&self) -> Option<&'static str> {
        self.now.map(|(name, _)| name)
    }

    /// Phases that are over.
    #[must_use]
    pub fn over(&self) -> &[Timed] {
        &self.over
    }
}
