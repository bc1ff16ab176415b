//! How the rows of a split hang together, and what happened where they do not.

pub(in crate::chain) mod branches;
pub(in crate::chain) mod case;
pub(in crate::chain) mod diagnose;
pub(in crate::chain) mod graph;
pub(in crate::chain) mod identity;
pub(in crate::chain) mod implicit;
pub(in crate::chain) mod moved;
pub(in crate::chain) mod place;
pub(in crate::chain) mod roots;
pub(in crate::chain) mod rows;
pub(in crate::chain) mod split_key;
pub(in crate::chain) mod strands;
pub(in crate::chain) mod textual;

use super::{era, genesis, hex, program, report, run, spec, time};
