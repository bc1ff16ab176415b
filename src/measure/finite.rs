//! Values that are none: `NaN`, infinite numbers, and the instants before and after all others.
//!
//! SQL compares them like any other value: `NaN` equals `NaN` and is greater than everything, `-infinity` is earlier
//! than every date. So a damaged value would satisfy what it should fail, and everything here is about telling.

use crate::catalogue::ColumnKind;
use crate::measure::sql::{Sql, ident};
use crate::policy::operand::{Operand, columns_of};

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
                // With a declared precision there is no infinity.
                ColumnKind::Numeric if column.type_name.starts_with("numeric(") => {
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

    /// Whether a row has such a value in the operands; `None` when no column can hold one.
    pub(super) fn has_odd(&self, operands: &[&Operand]) -> Option<String> {
        let tests: Vec<String> = self.odd(operands).into_iter().map(|(test, _)| test).collect();
        (!tests.is_empty()).then(|| tests.join(" OR "))
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
