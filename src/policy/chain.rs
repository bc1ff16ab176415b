//! Audit chains as declared, before their columns are bound to types.

use super::RelationName;
use super::operand::Condition;
use crate::chain::spec::{Genesis, Recipe, Search};
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
    /// How it was computed.
    pub recipe: Recipe,
    /// Columns that enter the recipe.
    pub covered: Vec<usize>,
    /// Bounded search, if declared.
    pub search: Option<Search>,
    /// Where it is declared.
    pub span: Span,
}
