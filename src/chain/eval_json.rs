//! The JSON part of an evaluation: objects, members, and columns as JSON values.

use super::eval::{Eval, EvalIssue, EvalIssueKind, numeric, only_column, truth, unreadable};
use super::json_read;
use super::json_write;
use super::orders_of;
use super::spec::{CellKind, JsonField, JsonNull, JsonProfile, JsonValue};

impl Eval<'_> {
    /// Appends an object; its members stand in the order in which they are written.
    pub(super) fn object(&mut self, profile: JsonProfile, fields: &[JsonField]) -> Result<(), EvalIssue> {
        self.out.push(b'{');
        let mut first = true;
        for field in fields {
            let start = self.out.len();
            if !first {
                self.out.extend_from_slice(profile.comma());
            }
            json_write::string(profile, &field.key, self.out);
            self.out.extend_from_slice(profile.colon());
            let named = self.out.len();
            let there = match self.value(profile, &field.value) {
                // A NULL inside a member that NULL is provided for is provided for.
                Err(EvalIssue { kind: EvalIssueKind::UndeclaredNull, .. })
                    if field.null != JsonNull::Undeclared =>
                {
                    false
                }
                other => other?,
            };
            if !there {
                self.out.truncate(named);
                match field.null {
                    JsonNull::Null => self.out.extend_from_slice(b"null"),
                    JsonNull::Omit => {
                        self.out.truncate(start);
                        continue;
                    }
                    JsonNull::Undeclared => {
                        let column = match &field.value {
                            JsonValue::Column(index) => Some(*index),
                            JsonValue::String(inner) | JsonValue::Raw(inner) => only_column(inner),
                            _ => None,
                        };
                        return Err(EvalIssue { column, kind: EvalIssueKind::UndeclaredNull });
                    }
                }
            }
            first = false;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn value(&mut self, profile: JsonProfile, value: &JsonValue) -> Result<bool, EvalIssue> {
        match value {
            JsonValue::Column(index) => return self.json_column(profile, *index),
            JsonValue::String(recipe) => {
                let start = self.out.len();
                self.out.push(b'"');
                if !self.emit(recipe)? {
                    self.out.truncate(start);
                    return Ok(false);
                }
                json_write::escape_tail(profile, start + 1, self.out);
                self.out.push(b'"');
            }
            JsonValue::Raw(recipe) => return self.emit(recipe),
            JsonValue::Number(text) => self.out.extend_from_slice(text.as_bytes()),
            JsonValue::Bool(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            JsonValue::Null => self.out.extend_from_slice(b"null"),
            JsonValue::Object(fields) => self.object(profile, fields)?,
        }
        Ok(true)
    }

    /// Appends a column as a JSON value of its own type; false, with nothing appended, when it is NULL.
    pub(super) fn json_column(&mut self, profile: JsonProfile, index: usize) -> Result<bool, EvalIssue> {
        let Some(cell) = self.cell(index) else { return Ok(false) };
        let kind = self.kind(index);
        match kind {
            CellKind::Integer => {
                json_write::integer(profile, cell, self.out).map_err(|issue| numeric(index, issue))?;
            }
            CellKind::Numeric => {
                json_write::number(profile, cell, self.out).map_err(|issue| numeric(index, issue))?;
            }
            CellKind::Float => {
                json_write::float(profile, cell, self.out).map_err(|issue| numeric(index, issue))?;
            }
            CellKind::Bool => {
                let value = truth(cell).ok_or_else(|| unreadable(index))?;
                self.out.extend_from_slice(if value { b"true" } else { b"false" });
            }
            CellKind::Json | CellKind::Jsonb => {
                let mut tree = json_read::read(cell).ok_or_else(|| unreadable(index))?;
                if let Some((_, number)) = self.inputs.orders.iter().find(|(column, _)| *column == index) {
                    orders_of::arrange(&mut tree, *number);
                }
                self.order_lost |= kind == CellKind::Jsonb && profile.keeps_order() && tree.has_order();
                json_write::write(profile, &tree, self.out).map_err(|issue| numeric(index, issue))?;
            }
            _ => json_write::string(profile, cell, self.out),
        }
        Ok(true)
    }
}
