//! Choices of a run that change how it looks, not what for.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::postgres::SessionOptions;

/// Choices that change how statements are run, not what they say.
#[derive(Clone, Debug)]
pub struct ObserveOptions {
    /// Connections per server, and threads that compute at once per archive; at least one.
    pub jobs: usize,
    /// Bytes of memory for tables of keys and the like, of a source whose rows are read here.
    pub memory: u64,
    /// Limits of every session; its statement timeout is the default for statements without their own.
    pub session: SessionOptions,
    /// Schema that raw SQL may leave unnamed.
    pub schema: String,
    /// Bytes of rows that may be fetched from a server.
    pub transfer: Arc<AtomicU64>,
    /// The seed of keyed sums, which nobody who can write to a source may know beforehand.
    pub seed: i64,
    /// Whether the last row of every chain is to be reported.
    pub heads: bool,
}
