//! What a database held at one moment, sealed so that another moment, a restore or an archive can be compared with it.
//!
//! The contents of a relation are a sum of one hash for each row, so that neither order nor the parts they were read in
//! matter, by tenant where rows have one. A sketch beside the sums names what changed, as long as that is not much. The
//! bytes are defined in `docs/fingerprint.md`.

pub mod age;
pub mod canon;
pub mod compare;
pub mod file;
pub mod hash;
pub mod large;
pub mod model;
pub mod schema;
pub mod seal;
pub mod sides;
pub mod sketch;
mod updated;

pub use model::Baseline;
pub use seal::{Aside, Count, Seal};
