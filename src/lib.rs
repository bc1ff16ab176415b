//! holdtrue: does this database, this backup, this restore still hold true?
//!
//! The program is one journey, and each step is one module:
//!
//! ```text
//! text -> Ast -> Policy -> Plan -> Facts -> Verdicts -> Report -> exit status
//!     syntax  check    plan    probe   judge       report     cli
//! ```

pub mod alert;
pub mod baseline;
pub mod catalogue;
pub mod chain;
pub mod check;
pub mod cli;
pub mod diagnostic;
pub mod drill;
pub mod erasure;
pub mod facts;
pub mod failure;
pub mod find;
pub mod finding;
pub mod judge;
pub mod measure;
pub mod plan;
pub mod policy;
pub mod probe;
pub mod record;
pub mod report;
pub mod source_text;
pub mod stream;
pub mod syntax;
pub mod value;
pub mod verdict;
