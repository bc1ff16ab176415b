//! Row sets: the rows of a relation that a measurement is about.

use crate::catalogue::{Catalogue, ColumnKind, Relation};
use crate::measure::sql::{Field, Sql, equal_fields, ident};
use crate::policy::RelationName;
use crate::policy::operand::Condition;

/// Rows of one relation, narrowed.
#[derive(Clone, Debug)]
pub struct RowSet {
    /// The relation.
    pub relation: Relation,
    /// Only rows for which this is true.
    pub filters: Vec<Condition>,
    /// Only rows whose key is found in another set.
    pub within: Vec<Within>,
}

/// A key that must be found in another set.
#[derive(Clone, Debug)]
pub struct Within {
    /// Columns of the narrowed relation.
    pub columns: Vec<String>,
    /// Where the key must be found.
    pub parent: Box<RowSet>,
    /// Its columns, as many.
    pub parent_columns: Vec<String>,
}

impl RowSet {
    /// All rows of a relation.
    #[must_use]
    pub fn all(relation: &Relation) -> Self {
        Self { relation: relation.clone(), filters: Vec::new(), within: Vec::new() }
    }

    /// The same rows, narrowed by a condition.
    #[must_use]
    pub fn filtered(mut self, filter: Option<&Condition>) -> Self {
        self.filters.extend(filter.cloned());
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &RelationName {
        &self.relation.name
    }

    /// Whether another server keeps some of what decides about its rows.
    #[must_use]
    pub fn foreign(&self) -> bool {
        self.relation.foreign || self.within.iter().any(|within| within.parent.foreign())
    }

    /// The relation in double quotes with its schema.
    #[must_use]
    pub fn qualified(&self) -> String {
        qualified(&self.relation.name)
    }

    /// A renderer for expressions over its rows.
    #[must_use]
    pub fn sql<'a>(&'a self, alias: &'a str) -> Sql<'a> {
        Sql { alias, relation: &self.relation, bare: false }
    }

    /// `relation AS alias`.
    #[must_use]
    pub fn item(&self, alias: &str) -> String {
        format!("{} AS {alias}", self.qualified())
    }

    /// Its narrowing as conditions on the alias, each already in parentheses.
    #[must_use]
    pub fn conditions(&self, alias: &str) -> Vec<String> {
        let mut all: Vec<String> = self.filters.iter().map(|f| self.sql(alias).condition(f)).collect();
        for (n, within) in self.within.iter().enumerate() {
            let inner = format!("{alias}_{n}");
            let mut conditions: Vec<String> = within
                .columns
                .iter()
                .zip(&within.parent_columns)
                .map(|(child, parent)| {
                    equal_fields(
                        Field { alias: &inner, relation: &within.parent.relation, column: parent },
                        Field { alias, relation: &self.relation, column: child },
                    )
                })
                .collect();
            conditions.extend(within.parent.conditions(&inner));
            all.push(format!(
                "EXISTS (SELECT 1 FROM {} WHERE {})",
                within.parent.item(&inner),
                conditions.join(" AND ")
            ));
        }
        all
    }

    /// `FROM relation AS alias WHERE ...`, with further conditions.
    #[must_use]
    pub fn from(&self, alias: &str, more: &[String]) -> String {
        let mut conditions = self.conditions(alias);
        conditions.extend(more.iter().cloned());
        let mut text = format!("FROM {}", self.item(alias));
        if !conditions.is_empty() {
            text.push_str(" WHERE ");
            text.push_str(&conditions.join(" AND "));
        }
        text
    }

    /// Select-list items that show a row's key as text, with their names.
    #[must_use]
    pub fn key_items(&self, alias: &str) -> (Vec<String>, Vec<String>) {
        let columns = self.relation.key_columns();
        let items = columns.iter().map(|c| self.sql(alias).text(c)).collect();
        (items, columns)
    }
}

/// What samples are sorted by: their first columns as text, bytewise, whatever collation the server has, so that every
/// engine shows the same ones.
#[must_use]
pub fn sorting(relation: &Relation, columns: &[String], items: &[String]) -> String {
    let by = |(n, (column, item)): (usize, (&String, &String))| match relation.column(column).map(|c| c.kind)
    {
        Some(ColumnKind::Integer | ColumnKind::Numeric | ColumnKind::Uuid | ColumnKind::Bool) => {
            (n + 1).to_string()
        }
        _ => format!("{item} COLLATE \"C\""),
    };
    columns.iter().zip(items).take(3).enumerate().map(by).collect::<Vec<_>>().join(", ")
}

/// A relation's name in double quotes with its schema.
#[must_use]
pub fn qualified(name: &RelationName) -> String {
    format!("{}.{}", ident(&name.schema), ident(&name.name))
}

/// All rows of a relation the catalogue knows.
#[must_use]
pub fn of(catalogue: &Catalogue, name: &RelationName) -> Option<RowSet> {
    catalogue.relation(name).map(RowSet::all)
}
