//! Audit chains as declared, before their columns are bound to types.

use super::RelationName;
use super::operand::Condition;
use crate::chain::spec::{AnchorRef, Bind, Genesis, Hashing, KeyRef, Search};
use crate::source_text::Span;

/// A chain.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// The relation.
    pub relation: RelationName,
    /// Which rows are chained.
    pub filter: Option<Condition>,
    /// Every column used, in the order of first mention; all indexes below point here.
    pub columns: Vec<(String, Span)>,
    /// Columns that split it into independent chains.
    pub split: Vec<usize>,
    /// Columns that give the order.
    pub order: Vec<usize>,
    /// Those of them that are text and ordered as numbers.
    pub numeric: Vec<usize>,
    /// The number a dense order counts from.
    pub dense_from: Option<i64>,
    /// The link column; `None` when implicit.
    pub previous: Option<usize>,
    /// What stands for the predecessor of the first row.
    pub genesis: Genesis,
    /// The stored hash.
    pub hash: usize,
    /// How it was computed, in the order in which it is tried; never empty.
    pub hashings: Vec<Hashing>,
    /// The conditions that these and the binds name by number.
    pub conditions: Vec<Condition>,
    /// Keys, which recipes name by number.
    pub keys: Vec<KeyRef>,
    /// Columns that must agree with what is computed from others.
    pub binds: Vec<Bind>,
    /// Why rows without hash are expected before the first with one.
    pub unhashed_first: Option<String>,
    /// Why the rows before an anchor may be gone.
    pub pruned_first: Option<String>,
    /// Where what was seen of the chain earlier is kept.
    pub anchors: Option<AnchorRef>,
    /// Why some rows are accepted as linked only.
    pub links_only: Vec<String>,
    /// Columns that enter every recipe.
    pub covered: Vec<usize>,
    /// Bounded searches, which multiply.
    pub searches: Vec<Search>,
    /// Where it is declared.
    pub span: Span,
}
