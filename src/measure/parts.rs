//! Rows that lie in several relations, some of them on other servers: each relation adds up its own part, and the parts
//! are merged.
//!
//! A server that reads a partitioned table asks the servers of its foreign partitions for rows, and adds up all of them
//! by itself. Asked for one foreign table alone, it passes the aggregates on and gets one row back. So the statement
//! names the parts; it also names those whose bounds the server would believe to hold nothing of what is asked for.

use crate::catalogue::Relation;
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;

/// How the answers of an aggregate over parts become that over all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merge {
    /// Counts and sums are added.
    Sum,
    /// The least of the least.
    Min,
    /// The greatest of the greatest.
    Max,
}

/// What becomes of the aggregates in a select list.
#[derive(Debug)]
pub(super) struct Calls {
    /// The distinct aggregates that each part is asked for; `None` where they stand in the list themselves.
    asked: Option<Vec<String>>,
}

impl Calls {
    /// The aggregates stand as they are.
    pub(super) fn whole() -> Self {
        Self { asked: None }
    }

    /// What stands in the list for an aggregate.
    pub(super) fn call(&mut self, merge: Merge, aggregate: String) -> String {
        let Some(asked) = &mut self.asked else { return aggregate };
        let at = asked.iter().position(|known| *known == aggregate).unwrap_or_else(|| {
            asked.push(aggregate);
            asked.len() - 1
        });
        let function = match merge {
            Merge::Sum => "sum",
            Merge::Min => "min",
            Merge::Max => "max",
        };
        format!("{function}(p.a{at})")
    }
}

/// The statement that asks for folds over the same rows. An aggregate over no part's rows is NULL, as over no rows.
///
/// Where a server holds the rows to what it has declared, it is not asked to count the exceptions; on rows from anywhere
/// else they are counted. One aggregate stays, or the answer would not be one row.
#[must_use]
pub fn scan<'a>(rows: &RowSet, folds: impl Iterator<Item = &'a Fold>) -> String {
    if rows.relation.parts.is_empty() {
        let folds: Vec<&Fold> = folds.collect();
        let needless = |fold: &Fold| fold.is_declared_away(&rows.relation);
        let all = folds.iter().all(|fold| needless(fold));
        let item = |fold: &Fold| match !all && needless(fold) {
            true => "'0'".to_owned(),
            false => fold.expression(rows),
        };
        let items: Vec<String> = folds.into_iter().map(item).collect();
        return format!("SELECT {} {}", items.join(", "), rows.from("r", &[]));
    }
    let mut calls = Calls { asked: Some(Vec::new()) };
    let items: Vec<String> = folds.map(|fold| fold.of_calls(rows, &mut calls)).collect();
    let asked = calls.asked.unwrap_or_default();
    let asked: Vec<String> = asked.iter().enumerate().map(|(n, call)| format!("{call} AS a{n}")).collect();
    let parts: Vec<String> = rows
        .relation
        .parts
        .iter()
        .map(|name| {
            let relation = Relation { name: name.clone(), parts: Vec::new(), ..rows.relation.clone() };
            let part = RowSet { relation, ..rows.clone() };
            format!("SELECT {} {}", asked.join(", "), part.from("r", &[]))
        })
        .collect();
    format!("SELECT {} FROM ({}) AS p", items.join(", "), parts.join(" UNION ALL "))
}
