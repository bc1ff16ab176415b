//! Folds: one number about the rows of a set. Any number of them ride in one scan.

use crate::catalogue::{Column, Relation};
use crate::measure::TallySql;
use crate::measure::bounds::bound;
use crate::measure::keyed::{Keyed, bits};
use crate::measure::parts::{Calls, Merge};
use crate::measure::rows::{RowSet, sorting};
use crate::measure::sql::{Sql, may_be_null};
use crate::policy::operand::{Aggregate, Condition, Function, Operand, columns_of_condition};
use crate::source_text::Span;

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
    /// Number of rows for which any of these conditions is not true, or that hold a value which is none in a column of
    /// theirs. 0 says that each of them is true for every row; more than 0 says only that this is to be looked at.
    Unmet(Vec<Condition>),
    /// The sum of a value times a keyed hash of the row's groups.
    Keyed(Keyed),
    /// A fold over those of the rows for which all conditions are true.
    Where(Vec<Condition>, Box<Fold>),
}

impl Fold {
    /// Its expression in the select list of a scan of `rows AS r`.
    #[must_use]
    pub fn expression(&self, rows: &RowSet) -> String {
        self.of_calls(rows, &mut Calls::whole())
    }

    /// The same, its aggregates being what the calls make of them.
    pub(super) fn of_calls(&self, rows: &RowSet, calls: &mut Calls) -> String {
        self.narrowed(rows, &[], calls)
    }

    /// Whether its statement takes the run's seed as `$1`.
    #[must_use]
    pub fn needs_seed(&self) -> bool {
        self.hash_bits().is_some()
    }

    /// Whether it only spares a look at something else.
    #[must_use]
    pub fn only_spares(&self) -> bool {
        match self {
            Self::Keyed(_) | Self::Unmet(_) => true,
            Self::Where(_, inner) => inner.only_spares(),
            _ => false,
        }
    }

    /// Whether it is 0 over all rows that a server holds to what is declared of them.
    #[must_use]
    pub(super) fn is_declared_away(&self, relation: &Relation) -> bool {
        match self {
            Self::SkippedNulls(aggregate) => {
                aggregate.argument.as_ref().is_none_or(|argument| !may_be_null(argument, relation))
            }
            Self::Where(_, inner) => inner.is_declared_away(relation),
            _ => false,
        }
    }

    /// Of the weights it gives to groups, the bits; `None` if it gives none.
    #[must_use]
    pub fn hash_bits(&self) -> Option<u32> {
        match self {
            Self::Keyed(keyed) => Some(bits(keyed.groups.len())),
            Self::Where(_, inner) => inner.hash_bits(),
            _ => None,
        }
    }

    /// The same, over the rows for which all of these are true as well. A condition of the scan is a condition on what
    /// enters an aggregate, so that NULL leaves a row out in both places.
    fn narrowed(&self, rows: &RowSet, within: &[String], calls: &mut Calls) -> String {
        let sql = rows.sql("r");
        let only = |more: Option<String>| filter(within.iter().cloned().chain(more).collect());
        let mut count =
            |of: Option<String>| format!("{}::text", calls.call(Merge::Sum, format!("count(*){}", only(of))));
        match self {
            Self::Count => count(None),
            Self::Failing(condition) => count(Some(sql.is_false(&sql.condition(condition)))),
            Self::Unknown(condition) => count(Some(format!("{} IS NULL", sql.condition(condition)))),
            Self::AnyNull(columns) => {
                let any: Vec<String> = columns.iter().map(|c| format!("{} IS NULL", sql.column(c))).collect();
                let any = any.join(" OR ");
                let any = if within.is_empty() || columns.len() == 1 { any } else { format!("({any})") };
                count(Some(any))
            }
            Self::SkippedNulls(aggregate) => {
                let argument = aggregate.argument.as_ref().map_or("1".to_owned(), |a| sql.operand(a));
                let own =
                    aggregate.filter.as_ref().map_or(String::new(), |f| format!(" AND {}", sql.condition(f)));
                count(Some(format!("{argument} IS NULL{own}")))
            }
            Self::Odd(aggregate) => {
                let own = aggregate.filter.as_ref().map(|f| sql.condition(f));
                let argument = aggregate.argument.as_ref();
                if let Some(ends) = argument.and_then(|a| sql.ends(a)) {
                    let only = only(own);
                    return ends.odd_text(|merge, end| calls.call(merge, format!("{end}{only}")));
                }
                match argument.map(|a| sql.odd(&[a])).filter(|each| sql.relation.foreign && !each.is_empty())
                {
                    Some(each) => {
                        let of = |(test, field): (String, String)| {
                            let both =
                                filter(within.iter().cloned().chain(own.clone()).chain([test]).collect());
                            format!("{}::text", calls.call(Merge::Min, format!("min({field}){both}")))
                        };
                        format!("LEAST({})", each.into_iter().map(of).collect::<Vec<_>>().join(", "))
                    }
                    None => {
                        let odd = argument.and_then(|a| sql.odd_text(a));
                        let odd = odd.unwrap_or_else(|| "NULL::text".to_owned());
                        calls.call(Merge::Min, format!("min({odd}){}", only(own)))
                    }
                }
            }
            Self::Aggregate(aggregate) => {
                let own = aggregate.filter.as_ref().map(|f| sql.condition(f));
                let bare = Aggregate { filter: None, ..aggregate.clone() };
                let merge = match aggregate.function {
                    Function::Rows | Function::Count | Function::Sum => Merge::Sum,
                    Function::Min | Function::Oldest => Merge::Min,
                    Function::Max | Function::Newest => Merge::Max,
                };
                format!("({})::text", calls.call(merge, format!("{}{}", sql.aggregate(&bare), only(own))))
            }
            Self::Unmet(conditions) => {
                let (highest, others): (Vec<&Condition>, Vec<&Condition>) =
                    conditions.iter().partition(|c| sql.kept_by_greatest(c).is_some());
                let mut parts = Vec::new();
                if !others.is_empty() {
                    let unmet = only(Some(unmet(&sql, &others, conditions)));
                    parts.push(calls.call(Merge::Sum, format!("count(*){unmet}")));
                }
                if !highest.is_empty() {
                    let rows = calls.call(Merge::Sum, format!("count(*){}", only(None)));
                    let kept = highest.iter().filter_map(|c| sql.kept_by_greatest(c));
                    let kept: Vec<String> = kept
                        .map(|(greatest, limit)| {
                            let greatest = calls.call(Merge::Max, format!("{greatest}{}", only(None)));
                            format!("{greatest} {limit}")
                        })
                        .collect();
                    // Of no rows there is no greatest value, and nothing unmet.
                    let kept = kept.join(" AND ");
                    parts.push(format!("CASE WHEN {rows} = 0 OR {kept} THEN 0 ELSE 1 END"));
                }
                match parts.as_slice() {
                    [one] if highest.is_empty() => format!("{one}::text"),
                    _ => format!("({})::text", parts.join(" + ")),
                }
            }
            Self::Keyed(keyed) => keyed.expression(rows, within, calls),
            Self::Where(conditions, inner) => {
                let more = conditions.iter().map(|c| sql.condition(c));
                inner.narrowed(rows, &within.iter().cloned().chain(more).collect::<Vec<_>>(), calls)
            }
        }
    }
}

/// That a row does not meet some of all conditions, or holds a value in their columns that is none.
fn unmet(sql: &Sql<'_>, some: &[&Condition], all: &[Condition]) -> String {
    let bare = Sql { bare: true, ..*sql };
    let met: Vec<String> = some.iter().map(|c| bare.condition(c)).collect();
    let unmet = sql.is_not_true(&format!("({})", met.join(" AND ")));
    // `NaN` is greater than all numbers, so that an upper bound on such a column sees it.
    let seen = |name: &String| {
        let is = |column: &Column| sql.has_no_infinity(column);
        let above = |c: &Condition| bound(c).is_some_and(|b| b.upper && b.column == name);
        sql.relation.column(name).is_some_and(is) && all.iter().any(above)
    };
    let columns: Vec<Operand> = some
        .iter()
        .flat_map(|c| columns_of_condition(c))
        .filter(|name| !seen(name))
        .map(|name| Operand::Column { name, span: Span::NOWHERE })
        .collect();
    match sql.has_odd(&columns.iter().collect::<Vec<_>>()) {
        Some(odd) => format!("({odd} OR {unmet})"),
        None => unmet,
    }
}

/// ` FILTER (WHERE ...)`, or nothing.
pub(super) fn filter(conditions: Vec<String>) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!(" FILTER (WHERE {})", conditions.join(" AND "))
    }
}

/// Rows for which a condition is false, and behind them those for which it is NULL where that is asked, since samples are
/// named by their place.
#[derive(Clone, Debug)]
pub struct Show {
    /// The rows.
    pub rows: RowSet,
    /// What is not true for them.
    pub condition: Condition,
    /// Whether those are shown for which it is NULL; else such are told of elsewhere, or there can be none.
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
        let (wrong, doubt) = match self.may_be_null {
            true => (format!("{condition} IS NOT TRUE"), format!("{condition} IS NULL, ")),
            false => (sql.is_false(&condition), String::new()),
        };
        let (mut items, mut columns) = self.rows.key_items("r");
        for name in self.shown.iter().filter(|name| !columns.contains(name)).cloned().collect::<Vec<_>>() {
            items.push(sql.text(&name));
            columns.push(name);
        }
        let from = self.rows.from("r", &[wrong]);
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
