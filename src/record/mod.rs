//! The restore record: what was looked at, done and said, as lines that cannot be changed unnoticed.
//!
//! One file of JSON Lines in a folder. Each entry states the SHA-256 of the entry before it and its own, over canonical
//! JSON (RFC 8785), and with a key an Ed25519 signature (RFC 8032). It is one more audit chain: [`crate::chain`] verifies
//! it by a recipe, as it verifies an application's. `docs/record.md` describes the format to the byte.
//!
//! This room knows entries and what they say of one another. What a gate or a check is, it does not know: whoever runs
//! them says what became of them.

mod check;
mod entry;
mod error;
mod event;
mod file;
mod history;
mod key;
mod lines;
mod overview;
mod paused;
mod recipe;
mod signing;
mod torn;
mod trend;
mod window;

pub use check::{Flaw, Head, Trust, Verification, verify};
pub use entry::{Entry, FORMAT, GENESIS, Sealed};
pub use error::RecordError;
pub use event::{
    Attested, CheckRun, Corrected, Drill, DrillBegun, DrillPhase, Event, Expected, Figure, GateRun,
    GateState, KeyRotated, ObjectiveRun, Opened, Outcome, PhaseBegun, PhaseEnded, PlannedPhase, Recovered,
    RestoreBegun, RestoreEnded, RolledBack, SourceRead, WaiverUsed,
};
pub use file::{FILE, Reading, Record, each, new_id, read, read_with};
pub use history::{History, Pass, PhaseTime, Restore};
pub use key::{PublicKey, Signer};
pub use overview::{Failing, Judged, Overview, Whose};
pub use paused::{Paused, exists};
pub use torn::Torn;
pub use trend::{LEAST, Point, SPAN, Trend};
pub use window::{Measure, RATED, Series, Window};

#[cfg(test)]
mod tests;
