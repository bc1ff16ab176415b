//! Columns that must agree with what is computed from others: a stored preimage with the columns it was made of, a digest
//! of a content with the content. A hash over the stored preimage alone does not see that its neighbours were edited.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;

use super::eval::{self, EvalIssue, EvalIssueKind, Inputs};
use super::hex;
use super::json_read::{self, Tree};
use super::keys::Keys;
use super::program::{self, Form, Program, SpecIssue};
use super::spec::{Bind, CellKind, ChainSpec, Recipe};

/// A bound column, ready to be compared.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) column: usize,
    /// Rows in which it was bound.
    pub(crate) rows: u64,
    when: Option<usize>,
    program: Program,
    kind: CellKind,
    /// Whether both are JSON and compared by value.
    json: bool,
}

impl Bound {
    pub(crate) fn new(bind: &Bind, spec: &ChainSpec, keys: &Keys) -> Result<Self, SpecIssue> {
        let kind = |index: usize| spec.columns.get(index).map(|column| column.kind);
        let Some(bound) = kind(bind.column) else {
            return program::issue(format!("the bound column is number {}, which is not read", bind.column));
        };
        let link = kind(spec.hash).map_or(Form::Text, program::cell_form);
        let program = Program::new(&bind.value, &spec.columns, link)?.keyed(keys).sought(&spec.searches);
        let json = matches!(bind.value, Recipe::Json(..) | Recipe::JsonColumn(..));
        if !json && program.form() != program::cell_form(bound) {
            return program::issue(
                "the bound column and what it is bound to are not both text or both bytea; use `hex(...)` or `unhex(...)`"
                    .to_owned(),
            );
        }
        Ok(Self { column: bind.column, rows: 0, when: bind.when, program, kind: bound, json })
    }

    /// Whether it is bound in this row, in which cells of conditions stand behind those of so many columns.
    pub(crate) fn applies(&self, row: &[Option<&str>], columns: usize) -> bool {
        self.when.is_none_or(|n| row.get(columns + n).copied().flatten() == Some("t"))
    }

    /// Whether the column agrees. NULL agrees with NULL alone.
    pub(crate) fn agrees(&self, inputs: &Inputs<'_>, out: &mut Vec<u8>) -> Result<bool, EvalIssue> {
        let outcome = eval::evaluate(&self.program, inputs, out)?;
        let Some(cell) = inputs.row.get(self.column).copied().flatten() else { return Ok(outcome.null) };
        if outcome.null {
            return Ok(false);
        }
        let unreadable = EvalIssue { column: Some(self.column), kind: EvalIssueKind::Unreadable };
        if self.json {
            let computed = std::str::from_utf8(out).map_err(|_| unreadable)?;
            // What is no JSON text at all is not the one that was expected.
            let Some(stored) = json_read::read(cell) else { return Ok(false) };
            return Ok(same(&stored, &json_read::read(computed).ok_or(unreadable)?));
        }
        if self.kind == CellKind::Bytea {
            let mut stored = Vec::new();
            hex::decode_bytea(cell, &mut stored).ok_or(unreadable)?;
            return Ok(stored == *out);
        }
        Ok(cell.as_bytes() == out.as_slice())
    }
}

/// Whether two JSON values are equal: members in any order, numbers by value.
fn same(a: &Tree<'_>, b: &Tree<'_>) -> bool {
    match (a, b) {
        (Tree::Number(a), Tree::Number(b)) => {
            a == b
                || match (a.parse::<BigDecimal>(), b.parse::<BigDecimal>()) {
                    // By digits and exponent: aligning an exponent beyond reason would fill the memory.
                    (Ok(a), Ok(b)) => {
                        a.normalized().into_bigint_and_exponent() == b.normalized().into_bigint_and_exponent()
                    }
                    _ => false,
                }
        }
        (Tree::Array(a), Tree::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Tree::Object(a), Tree::Object(b)) => {
            let b: BTreeMap<&str, &Tree<'_>> = b.iter().map(|(name, value)| (name.as_str(), value)).collect();
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.get(name.as_str()).is_some_and(|other| same(value, other)))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_values_are_equal_by_value() {
        let equal = |a: &str, b: &str| same(&json_read::read(a).unwrap(), &json_read::read(b).unwrap());
        assert!(equal(r#"{"a": 1.0, "b": [true, null]}"#, r#"{"b":[true,null],"a":1e0}"#));
        assert!(equal("\"\\u00e9\"", "\"é\""));
        for (a, b) in [
            ("{\"a\": 1}", "{\"a\": 2}"),
            ("{\"a\": 1}", "{\"a\": 1, \"b\": null}"),
            ("[1, 2]", "[2, 1]"),
            ("1", "\"1\""),
            ("null", "false"),
        ] {
            assert!(!equal(a, b), "{a} {b}");
        }
    }
}
