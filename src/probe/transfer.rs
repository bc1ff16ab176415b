//! What may be fetched in a run.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why reading stops where `--max-transfer` is reached.
pub(super) const TOO_MUCH: &str = "more would have to be fetched than `--max-transfer` allows";

/// Takes bytes from what may be fetched; false when there are not so many left.
pub(super) fn spend(transfer: &AtomicU64, bytes: u64) -> bool {
    transfer.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
}
