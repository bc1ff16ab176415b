//! Groups: a comparison that must hold for every value of some columns.

use crate::measure::TallySql;
use crate::measure::fold::ordinals;
use crate::measure::rows::RowSet;
use crate::measure::sql::{Sql, comparator};
use crate::policy::assertion::Comparison;
use crate::policy::operand::{Function, Operand};

/// Counts groups in which a comparison does not hold.
///
/// A group whose key is NULL in part is a violation unless `or_null`; a group whose sums skipped a NULL, in which
/// `where` is NULL for a row or a value is `NaN` or infinite, or in which the comparison is NULL, cannot be told.
#[must_use]
pub fn comparisons(rows: &RowSet, keys: &[String], or_null: bool, list: &[Comparison]) -> TallySql {
    let sql = rows.sql("r");
    let conditions: Vec<String> = list
        .iter()
        .map(|c| format!("({} {} {})", sql.operand(&c.left), comparator(c.op), sql.operand(&c.right)))
        .collect();
    let mut skipped = Vec::new();
    let mut shown = Vec::new();
    for side in list.iter().flat_map(|c| [&c.left, &c.right]) {
        side.walk(&mut |operand| {
            if let Operand::Aggregate(aggregate) = operand {
                let text = sql.operand(operand);
                if !shown.contains(&text) {
                    shown.push(text);
                }
                if let Some(filter) = &aggregate.filter {
                    skipped.push(format!("count(*) FILTER (WHERE {} IS NULL) > 0", sql.condition(filter)));
                }
                let Some(argument) = &aggregate.argument else { return };
                let filter =
                    aggregate.filter.as_ref().map_or(String::new(), |f| format!(" AND {}", sql.condition(f)));
                let mut doubt =
                    |rows: String| skipped.push(format!("count(*) FILTER (WHERE {rows}{filter}) > 0"));
                if aggregate.function == Function::Sum {
                    doubt(format!("{} IS NULL", sql.operand(argument)));
                }
                // The least value of a group hides `NaN`, and the newest hides an instant before all others.
                if aggregate.function != Function::Count
                    && let Some(odd) = sql.has_odd(&[argument])
                {
                    doubt(format!("({odd})"));
                }
            }
        });
    }
    let condition = conditions.join(" AND ");
    let ok = if skipped.is_empty() {
        condition
    } else {
        format!("CASE WHEN {} THEN NULL ELSE {condition} END", skipped.join(" OR "))
    };
    grouped(&sql, rows, keys, or_null, (&ok, true), &shown)
}

/// Counts groups in which `ok`, SQL over the alias `r` with aggregates, is not true; said with it is whether it can be
/// NULL.
#[must_use]
pub fn grouped(
    sql: &Sql<'_>,
    rows: &RowSet,
    keys: &[String],
    or_null: bool,
    (ok, may_be_null): (&str, bool),
    shown: &[String],
) -> TallySql {
    let columns: Vec<String> = keys.iter().map(|k| sql.column(k)).collect();
    // A column that the catalogue declares NOT NULL needs no question; a view's columns are all nullable.
    let null_key: Vec<String> = keys
        .iter()
        .zip(&columns)
        .filter(|(key, _)| rows.relation.column(key).is_none_or(|c| c.nullable))
        .map(|(_, column)| format!("{column} IS NULL"))
        .collect();
    let no_key = !or_null && !null_key.is_empty();
    let null_key = if no_key { format!("({})", null_key.join(" OR ")) } else { "false".to_owned() };
    let wrong =
        if no_key { format!("{null_key} OR ({ok}) IS NOT TRUE") } else { format!("({ok}) IS NOT TRUE") };
    let group = columns.join(", ");
    let from = rows.from("r", &[]);
    let inner = format!("SELECT {null_key} AS no_key, {ok} AS ok {from} GROUP BY {group} HAVING {wrong}");
    let count = format!(
        "SELECT count(*) FILTER (WHERE no_key OR ok IS FALSE)::text, count(*) FILTER (WHERE NOT no_key AND ok IS NULL)::text FROM ({inner}) AS groups"
    );
    let mut items: Vec<String> = keys.iter().map(|k| sql.text(k)).collect();
    let mut names: Vec<String> = keys.to_vec();
    for (n, expression) in shown.iter().enumerate() {
        items.push(format!("({expression})::text"));
        names.push(label(expression, n));
    }
    // Violations first, since samples are named by their place.
    let doubt = match (may_be_null, no_key) {
        (false, _) => String::new(),
        (true, false) => format!("({ok}) IS NULL, "),
        (true, true) => format!("NOT {null_key} AND ({ok}) IS NULL, "),
    };
    let show = format!(
        "SELECT {} {from} GROUP BY {group} HAVING {wrong} ORDER BY {doubt}{}",
        items.join(", "),
        ordinals(keys.len())
    );
    TallySql { count, show, columns: names }
}

/// A short name for a shown expression.
fn label(expression: &str, n: usize) -> String {
    let text: String = expression.replace("r.", "").replace('"', "").chars().take(40).collect();
    if text.is_empty() { format!("value_{}", n + 1) } else { text }
}
