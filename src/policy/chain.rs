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
    /// Rows of other relations that belong to its rows.
    pub joins: Vec<Join>,
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

/// Rows of another relation that belong to the rows of a chain.
#[derive(Clone, Debug)]
pub struct Join {
    /// What recipes call it.
    pub alias: String,
    /// The relation.
    pub relation: RelationName,
    /// The chain's columns that point to it.
    pub by: Vec<(String, Span)>,
    /// Its columns that they point to, as many.
    pub to: Vec<(String, Span)>,
    /// Its columns that are used: their places among [`Chain::columns`], and their names.
    pub columns: Vec<(usize, String)>,
    /// What comes of several rows; `None` where there is one at most.
    pub several: Option<Several>,
    /// Where it is declared.
    pub span: Span,
}

/// Several rows that belong to one row of a chain.
#[derive(Clone, Debug)]
pub struct Several {
    /// The place among [`Chain::columns`] of the cell that holds them.
    pub cell: usize,
    /// The places of the columns that give their order.
    pub order: Vec<usize>,
}

impl Chain {
    /// The join that a column comes from; `None` for one of the chain's own relation.
    #[must_use]
    pub fn join_of(&self, place: usize) -> Option<&Join> {
        self.joins.iter().find(|join| {
            join.several.as_ref().is_some_and(|several| several.cell == place)
                || join.columns.iter().any(|(at, _)| *at == place)
        })
    }
}
