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
    /// The column that carries the tenant in other relations; empty where tenants have schemas of their own.
    pub column: String,
    /// The schemas of tenants, where each has one of its own.
    pub schemas: Option<TenantSchemas>,
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

/// Schemas of tenants: what stands between a beginning and an end is the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSchemas {
    /// How their names begin.
    pub before: String,
    /// How they end.
    pub after: String,
}

impl TenantSchemas {
    /// The tenant of a schema.
    #[must_use]
    pub fn tenant<'s>(&self, schema: &'s str) -> Option<&'s str> {
        let tenant = schema.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        (!tenant.is_empty()).then_some(tenant)
    }
}

impl Tenancy {
    /// Why nobody knows whose the rows of a relation are, and what to write.
    #[must_use]
    pub fn lacking(&self) -> String {
        match &self.schemas {
            None => format!(
                "it has no column `{}`; declare it `reached ... through ...` or `global ... because ...`",
                self.column
            ),
            Some(TenantSchemas { before, after }) => {
                format!("it is in no schema `{before}*{after}`; declare it `global ... because ...`")
            }
        }
    }
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
