//! Folds: one number about the rows of a set. Any number of them ride in one scan.

use crate::measure::TallySql;
use crate::measure::rows::{RowSet, sorting};
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
        }
    }
}

/// Rows for which a condition is not true: where it can be NULL, first the rows for which it is false, since samples are
/// named by their place.
#[derive(Clone, Debug)]
pub struct Show {
    /// The rows.
    pub rows: RowSet,
    /// What is not true for them.
    pub condition: Condition,
    /// Whether it can be NULL.
    pub may_be_null: bool,
    /// Columns shown beside the key.
    pub shown: Vec<String>,
}

impl Show {
    /// Its statement; there is none that counts.
    #[must_use]
    pub fn sql(&self) -> TallySql {
        let sql = self.rows.sql("r");
        let condition = sql.condition(&self.condition);
        let doubt = if self.may_be_null { format!("{condition} IS NULL, ") } else { String::new() };
        let (mut items, mut columns) = self.rows.key_items("r");
        for name in self.shown.iter().filter(|name| !columns.contains(name)).cloned().collect::<Vec<_>>() {
            items.push(sql.text(&name));
            columns.push(name);
        }
        let from = self.rows.from("r", &[format!("{condition} IS NOT TRUE")]);
        TallySql {
            count: String::new(),
            show: format!(
                "SELECT {} {from} ORDER BY {doubt}{}",
                items.join(", "),
                sorting(&self.rows.relation, &columns, &items)
            ),
            columns,
        }
    }
}
