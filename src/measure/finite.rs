//! Values that are none: `NaN`, infinite numbers, and the instants before and after all others.
//!
//! SQL compares them like any other value: `NaN` equals `NaN` and is greater than everything, `-infinity` is earlier
//! than every date. So a damaged value would satisfy what it should fail, and everything here is about telling.

use crate::catalogue::{Column, ColumnKind};
use crate::measure::bounds::bound;
use crate::measure::parts::Merge;
use crate::measure::sql::{Sql, ident};
use crate::policy::operand::{Condition, Operand, columns_of};
use crate::value::Value;

/// A column such values of which are at an end of its order, so that its least and greatest value show them. Both are
/// cheap, and an equal aggregate that stands beside them costs nothing more.
#[derive(Debug)]
pub(super) enum Ends {
    /// Instants: there is one before and one after all others.
    Times(String),
    /// Numbers with a declared precision: `NaN` is above all others.
    Numbers(String),
}

impl Ends {
    /// The least text of such a value, NULL when there is none, of aggregates that `call` is given.
    pub(super) fn odd_text(&self, mut call: impl FnMut(Merge, String) -> String) -> String {
        match self {
            Self::Times(field) => {
                // In the order of instants as in that of texts, the one before all others comes first.
                let least = call(Merge::Min, format!("min({field})"));
                let greatest = call(Merge::Max, format!("max({field})"));
                let when = |end: &str| format!("WHEN NOT isfinite({end}) THEN {end}::text");
                format!("CASE {} {} END", when(&least), when(&greatest))
            }
            Self::Numbers(field) => {
                let greatest = call(Merge::Max, format!("max({field})"));
                format!("CASE WHEN {greatest} = 'NaN'::numeric THEN {greatest}::text END")
            }
        }
    }
}

impl Sql<'_> {
    /// For each column in the operands whose type has such values, a test for them and the column.
    pub(super) fn odd(&self, operands: &[&Operand]) -> Vec<(String, String)> {
        let mut odd: Vec<(String, String)> = Vec::new();
        for name in operands.iter().flat_map(|operand| columns_of(operand)) {
            let Some(column) = self.relation.column(&name).filter(|c| c.kind.may_be_infinite()) else {
                continue;
            };
            let field = format!("{}.{}", self.alias, ident(&name));
            let test = match column.kind {
                ColumnKind::Numeric if self.has_no_infinity(column) => {
                    format!("{field} = 'NaN'::numeric")
                }
                // Not written as constants, since PostgreSQL 13 knows no infinite `numeric`.
                ColumnKind::Numeric | ColumnKind::Float => format!("{field} - {field} <> 0"),
                _ => format!("NOT isfinite({field})"),
            };
            let found = (test, field);
            if !odd.contains(&found) {
                odd.push(found);
            }
        }
        odd
    }

    /// Whether a column's numbers have a declared precision, and so no infinity among them. Another server may have
    /// declared the column in another way.
    pub(super) fn has_no_infinity(&self, column: &Column) -> bool {
        column.type_name.starts_with("numeric(") && !self.relation.foreign
    }

    /// The aggregates of a plain column that tell whether it holds such a value, where two of them do.
    pub(super) fn ends(&self, operand: &Operand) -> Option<Ends> {
        let Operand::Column { name, .. } = operand else { return None };
        let column = self.relation.column(name)?;
        let field = format!("{}.{}", self.alias, ident(name));
        match column.kind {
            ColumnKind::Timestamp | ColumnKind::TimestampTz | ColumnKind::Date => Some(Ends::Times(field)),
            ColumnKind::Numeric if self.has_no_infinity(column) => Some(Ends::Numbers(field)),
            _ => None,
        }
    }

    /// The greatest value of a column, and what it must be for all rows to keep an upper bound, where nothing else could
    /// fail: there is no NULL, and `NaN` is above all numbers. That is cheaper than to compare each row with the bound, and
    /// costs nothing where the greatest value is asked for anyway.
    pub(super) fn kept_by_greatest(&self, condition: &Condition) -> Option<(String, String)> {
        let bound = bound(condition).filter(|b| b.upper && matches!(b.value, Value::Number(_)))?;
        let column = self.relation.column(bound.column)?;
        let fits = column.kind == ColumnKind::Numeric && self.has_no_infinity(column) && !column.nullable;
        let limit = self.compared(&Operand::Literal(bound.value.clone()));
        let limit = format!("{} {limit}", if bound.strict { "<" } else { "<=" });
        fits.then(|| (format!("max({}.{})", self.alias, ident(bound.column)), limit))
    }

    /// Whether a row has such a value in the operands; `None` when no column can hold one.
    pub(super) fn has_odd(&self, operands: &[&Operand]) -> Option<String> {
        let tests: Vec<String> = self.odd(operands).into_iter().map(|(test, _)| test).collect();
        (!tests.is_empty()).then(|| tests.join(" OR "))
    }

    /// Whether what comes of the operand's values, as SQL, is no number; `None` when no column can hold such a value.
    pub(super) fn no_number(&self, operand: &Operand, value: &str) -> Option<String> {
        let columns = columns_of(operand);
        let mut odd = columns
            .iter()
            .filter_map(|name| self.relation.column(name))
            .filter(|column| column.kind.may_be_infinite())
            .peekable();
        odd.peek()?;
        let plain = odd.all(|column| column.kind == ColumnKind::Numeric && self.has_no_infinity(column));
        Some(if plain { format!("{value} = 'NaN'::numeric") } else { format!("{value} - {value} <> 0") })
    }

    /// The text of such a value in the operand, NULL for a row without; `None` when no column can hold one.
    pub(super) fn odd_text(&self, operand: &Operand) -> Option<String> {
        let cases: Vec<String> = self
            .odd(&[operand])
            .into_iter()
            .map(|(test, field)| format!("WHEN {test} THEN {field}::text"))
            .collect();
        (!cases.is_empty()).then(|| format!("CASE {} END", cases.join(" ")))
    }

    /// A comparison that is NULL where a value in it is none.
    pub(super) fn guarded(&self, operands: &[&Operand], comparison: &str) -> String {
        match self.has_odd(operands) {
            _ if self.bare => comparison.to_owned(),
            Some(odd) => format!("(CASE WHEN {odd} THEN NULL ELSE {comparison} END)"),
            None => comparison.to_owned(),
        }
    }
}
