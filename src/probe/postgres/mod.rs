//! The PostgreSQL source's connection layer: from an address to sessions that can read and only read.
//!
//! - [`address`] turns a URL, a keyword string or the environment into an [`Address`], with libpq's rules.
//! - [`connect`] tries its hosts in order; [`dial`] opens the sockets, [`tls`] builds what encryption needs.
//! - [`session`] is one pinned, read-only conversation; all sessions of a run share one [`snapshot`].
//! - [`blocks`] asks how large tables are, and [`changes`] finds the tables that a snapshot does not protect.
//! - [`stream`] asks: rows as text, one by one or all at once, and COPY; [`copied`] reads what COPY sends in binary and
//!   [`lines`] what it sends as text, which [`joined`] has made few messages of.
//! - [`failure`] names what went wrong by its cause.
//! - [`role`] and [`identity`] say who is looking, and at what.
//! - [`cancel`] stops every query of a run on the server; [`goodbye`] ends each connection as the protocol wants it.

pub mod address;
mod address_error;
pub mod adjust;
pub mod blocks;
pub mod cancel;
pub mod catalogue;
pub mod changes;
mod connect;
mod conninfo;
pub mod copied;
mod dial;
pub mod environment;
pub mod failure;
mod goodbye;
pub mod identity;
mod joined;
pub mod lines;
mod parameters;
pub mod pass_file;
mod pins;
pub mod role;
pub mod service_file;
pub mod session;
mod settings;
pub mod snapshot;
mod spelling;
mod ssl_files;
pub mod stream;
mod targets;
pub mod tls;
pub(super) mod tuples;
mod turn;
mod words;

#[cfg(test)]
mod copied_tests;
#[cfg(test)]
mod scratch;
#[cfg(test)]
mod server_tests;

pub use address::{Address, AddressError};
pub use cancel::Canceller;
pub use environment::{Environment, ProcessEnvironment};
pub use failure::QueryError;
pub use session::{Session, SessionOptions};
pub use snapshot::Snapshot;
