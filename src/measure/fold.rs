//! Folds: one number about the rows of a set. Any number of them ride in one scan.

use crate::measure::TallySql;
use crate::measure::rows::RowSet;
use crate::policy::operand::{Aggregate, Condition};

/// One mergeable number about rows.
#[derive(Clone, Debug)]
pub enum Fold {
    /// Number of rows.
    Count,
    /// Number of rows for which a condition is false.
    Failing(Condition),
    /// Number of rows for which a condition is neither true nor false.
    Unknown(Condition),
    /// Number of rows that have NULL in any of these columns.
    AnyNull(Vec<String>),
    /// Number of rows for which an aggregate's argument is NULL, within the aggregate's own filter.
    SkippedNulls(Aggregate),
    /// The text of a value in an aggregate's argument that is `NaN` or infinite, within the aggregate's own filter; NULL
    /// when there is none.
    Odd(Aggregate),
    /// An aggregate.
    Aggregate(Aggregate),
    /// An exact sum of an expression the measurement itself composed, as SQL over the alias `r`.
    SumOf(String),
    /// Number of rows for which SQL over the alias `r` is false.
    FailingSql(String),
    /// Number of rows for which SQL over the alias `r` is NULL.
    UnknownSql(String),
}

impl Fold {
    /// Its expression in the select list of a scan of `rows AS r`.
    #[must_use]
    pub fn expression(&self, rows: &RowSet) -> String {
        let sql = rows.sql("r");
        match self {
            Self::Count => "count(*)::text".to_owned(),
            Self::Failing(condition) => {
                format!("count(*) FILTER (WHERE {} IS FALSE)::text", sql.condition(condition))
            }
            Self::Unknown(condition) => {
                format!("count(*) FILTER (WHERE {} IS NULL)::text", sql.condition(condition))
            }
            Self::AnyNull(columns) => {
                let any: Vec<String> = columns.iter().map(|c| format!("{} IS NULL", sql.column(c))).collect();
                format!("count(*) FILTER (WHERE {})::text", any.join(" OR "))
            }
            Self::SkippedNulls(aggregate) => {
                let argument = aggregate.argument.as_ref().map_or("1".to_owned(), |a| sql.operand(a));
                let filter =
                    aggregate.filter.as_ref().map_or(String::new(), |f| format!(" AND {}", sql.condition(f)));
                format!("count(*) FILTER (WHERE {argument} IS NULL{filter})::text")
            }
            Self::Odd(aggregate) => {
                let odd = aggregate.argument.as_ref().and_then(|a| sql.odd_text(a));
                let odd = odd.unwrap_or_else(|| "NULL::text".to_owned());
                match &aggregate.filter {
                    None => format!("min({odd})"),
                    Some(filter) => format!("min({odd}) FILTER (WHERE {})", sql.condition(filter)),
                }
            }
            Self::Aggregate(aggregate) => format!("({})::text", sql.aggregate(aggregate)),
            Self::SumOf(expression) => format!("sum({expression})::text"),
            Self::FailingSql(expression) => format!("count(*) FILTER (WHERE ({expression}) IS FALSE)::text"),
            Self::UnknownSql(expression) => format!("count(*) FILTER (WHERE ({expression}) IS NULL)::text"),
        }
    }
}

/// The statement that shows rows for which a condition is not true: where it can be NULL, first the rows for which it is
/// false, since samples are named by their place.
#[must_use]
pub fn rows_not(
    rows: &RowSet,
    condition_sql: &str,
    may_be_null: bool,
    extra: &[(String, String)],
) -> TallySql {
    let doubt = if may_be_null { format!("({condition_sql}) IS NULL, ") } else { String::new() };
    let (mut items, mut columns) = rows.key_items("r");
    for (item, name) in extra {
        items.push(item.clone());
        columns.push(name.clone());
    }
    let from = rows.from("r", &[format!("({condition_sql}) IS NOT TRUE")]);
    TallySql {
        count: String::new(),
        show: format!(
            "SELECT {} {from} ORDER BY {doubt}{}",
            items.join(", "),
            ordinals(columns.len().min(3))
        ),
        columns,
    }
}

/// `1, 2, 3`.
#[must_use]
pub fn ordinals(n: usize) -> String {
    (1..=n).map(|n| n.to_string()).collect::<Vec<_>>().join(", ")
}
