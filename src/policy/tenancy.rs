//! Tenancy: which rows belong to whom.

use super::{RelationName, RelationPattern};
use crate::source_text::Span;

/// How rows belong to tenants.
#[derive(Clone, Debug)]
pub struct Tenancy {
    /// The relation of tenants.
    pub relation: RelationName,
    /// Its key column.
    pub key: String,
    /// The column that carries the tenant in other relations.
    pub column: String,
    /// Where it is written.
    pub column_span: Span,
    /// Relations that belong to nobody, each with the reason.
    pub global: Vec<(Vec<RelationPattern>, String)>,
    /// Relations whose tenant is that of another relation they point to.
    pub reached: Vec<Reached>,
    /// References that no foreign key declares.
    pub links: Vec<Link>,
    /// Where it is declared.
    pub span: Span,
}

/// A relation that carries no tenant itself.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The relation.
    pub relation: RelationName,
    /// Its columns that point to the parent.
    pub through: Vec<(String, Span)>,
    /// The parent.
    pub parent: RelationName,
    /// Where it is declared.
    pub span: Span,
}

/// A declared reference.
#[derive(Clone, Debug)]
pub struct Link {
    /// The relation that points.
    pub child: RelationName,
    /// Its columns.
    pub child_columns: Vec<(String, Span)>,
    /// The relation pointed to.
    pub parent: RelationName,
    /// Its columns.
    pub parent_columns: Vec<(String, Span)>,
    /// Where it is declared.
    pub span: Span,
}
