//! Finding out how an audit log was hashed: a sample of rows in, a `chain` block out.
//!
//! [`find`] reads off the rows which column holds the hash, what follows what, and how chains are split and ordered. Then
//! it goes through recipes, the likeliest first, on one row whose cells leave little open, until one yields the stored hash.
//! A hit is no coincidence: a digest of 256 bits does not come out by chance. The other rows then tell what becomes of
//! NULL, and which of several spellings that look the same on one row is meant. Nothing here reads a clock or a file.

mod block;
mod combine;
mod confirm;
mod family;
mod finding;
mod flags;
mod genesis;
mod keyed;
mod kin;
mod learn;
mod links;
mod lost;
mod naming;
mod objects;
mod order;
mod print;
mod prior;
mod recipes;
mod search;
mod settle;
mod shape;
mod sheet;
mod spell;
mod spellings;
mod split;
mod state;
mod stored;
mod vet;
mod walk;

#[cfg(test)]
mod tests;

pub use block::chain_name;
pub use confirm::{Confirmed, confirm};
pub use family::Profiles;
pub use finding::{Finding, Found, find};
pub use keyed::{Key, Place, Seal};
pub use links::Link;
pub use order::Order;
pub use print::{ident, text};
pub use search::Settings;
pub use sheet::{Joined, Sheet};
pub use state::{Kept, SCHEMA, State};
pub use stored::{Letters, Stored};
