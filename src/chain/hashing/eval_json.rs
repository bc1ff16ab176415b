//! The JSON part of an evaluation: objects, members, and columns as JSON values.

use super::eval::{Eval, EvalIssue, EvalIssueKind, numeric, only_column, truth, unreadable};
use super::json_profile::PgJson;
use super::number::NumberIssue;
use super::spec::{CellKind, JsonField, JsonItem, JsonNull, JsonProfile, JsonValue, TimePreset};
use super::{json_number, json_read, json_write, orders_of, time};

const NULL: &[u8] = b"null";

impl Eval<'_> {
    /// Appends an object; its members stand in the order in which they are written.
    pub(in crate::chain) fn object(
        &mut self,
        profile: JsonProfile,
        fields: &[JsonField],
    ) -> Result<(), EvalIssue> {
        self.out.push(b'{');
        let mut first = true;
        for field in fields {
            let start = self.out.len();
            if !first {
                self.out.extend_from_slice(profile.comma());
            }
            json_write::string(profile, &field.key, self.out).map_err(|issue| computed(None, issue))?;
            self.out.extend_from_slice(profile.colon());
            if self.kept(profile, &field.value, field.null)? {
                first = false;
            } else {
                self.out.truncate(start);
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Appends an array.
    pub(in crate::chain) fn array(
        &mut self,
        profile: JsonProfile,
        items: &[JsonItem],
    ) -> Result<(), EvalIssue> {
        self.out.push(b'[');
        let mut first = true;
        for item in items {
            let start = self.out.len();
            if !first {
                self.out.extend_from_slice(profile.comma());
            }
            if self.kept(profile, &item.value, item.null)? {
                first = false;
            } else {
                self.out.truncate(start);
            }
        }
        self.out.push(b']');
        Ok(())
    }

    /// Appends a member's or an item's value, or what stands for NULL; false when it is to be left out.
    fn kept(&mut self, profile: JsonProfile, value: &JsonValue, null: JsonNull) -> Result<bool, EvalIssue> {
        let start = self.out.len();
        let there = match self.value(profile, value) {
            // A NULL inside a member that NULL is provided for is provided for.
            Err(EvalIssue { kind: EvalIssueKind::UndeclaredNull, .. }) if null != JsonNull::Undeclared => {
                self.out.truncate(start);
                false
            }
            other => other?,
        };
        if there {
            // A declared object is a struct, which is never empty.
            let may_be_empty = null == JsonNull::OmitEmpty && !matches!(value, JsonValue::Object(_));
            return Ok(!(may_be_empty && is_empty(self.out.get(start..).unwrap_or_default())));
        }
        match null {
            JsonNull::Null => {
                self.out.extend_from_slice(NULL);
                Ok(true)
            }
            JsonNull::Omit | JsonNull::OmitEmpty => Ok(false),
            JsonNull::Undeclared => {
                let column = column_of(value);
                Err(EvalIssue { column, kind: EvalIssueKind::UndeclaredNull })
            }
        }
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
                json_write::escape_tail(profile, start + 1, self.out)
                    .map_err(|issue| computed(column_of(value), issue))?;
                self.out.push(b'"');
            }
            JsonValue::Raw(recipe) => return self.emit(recipe),
            JsonValue::Number(text) => self.out.extend_from_slice(text.as_bytes()),
            JsonValue::Bool(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            JsonValue::Null => self.out.extend_from_slice(NULL),
            JsonValue::Object(fields) => self.object(profile, fields)?,
            JsonValue::Array(items) => self.array(profile, items)?,
            JsonValue::Each(index, item) => {
                self.out.push(b'[');
                self.each_row(*index, profile.comma(), |eval| {
                    match eval.kept(profile, &item.value, item.null) {
                        Ok(false) => Err(EvalIssue { column: None, kind: EvalIssueKind::UndeclaredNull }),
                        other => other.map(|_| ()),
                    }
                })?;
                self.out.push(b']');
            }
        }
        Ok(true)
    }

    /// Appends a column as a JSON value of its own type; false, with nothing appended, when it is NULL.
    pub(in crate::chain) fn json_column(
        &mut self,
        profile: JsonProfile,
        index: usize,
    ) -> Result<bool, EvalIssue> {
        let Some(cell) = self.cell(index) else { return Ok(false) };
        let kind = self.kind(index);
        let issue = |issue| numeric(index, issue);
        match kind {
            CellKind::Integer => json_number::integer(profile, cell, self.out).map_err(issue)?,
            CellKind::Numeric => json_number::numeric(profile, cell, self.out).map_err(issue)?,
            CellKind::Float => json_number::float(profile, cell, self.out).map_err(issue)?,
            CellKind::Bool => {
                let value = truth(cell).ok_or_else(|| unreadable(index))?;
                self.out.extend_from_slice(if value { b"true" } else { b"false" });
            }
            // PostgreSQL puts the text of a value into an object that it makes as text.
            CellKind::Json | CellKind::Jsonb
                if matches!(profile, JsonProfile::Pg(PgJson::Build | PgJson::Row)) =>
            {
                self.out.extend_from_slice(cell.as_bytes());
            }
            CellKind::Json | CellKind::Jsonb => {
                let mut tree = json_read::read(cell).ok_or_else(|| unreadable(index))?;
                match self.inputs.orders.iter().find(|(column, _)| *column == index) {
                    Some((_, number)) => orders_of::arrange(&mut tree, *number),
                    None => {
                        self.order_lost |=
                            kind == CellKind::Jsonb && profile.keeps_order() && tree.has_order();
                    }
                }
                json_write::write(profile, &tree, self.out).map_err(issue)?;
            }
            CellKind::Timestamp | CellKind::TimestampTz if matches!(profile, JsonProfile::Pg(_)) => {
                let at = time::parse(cell).ok_or_else(|| unreadable(index))?;
                self.out.push(b'"');
                at.clock(TimePreset::PgJson, self.out);
                if kind == CellKind::TimestampTz {
                    self.out.extend_from_slice(b"+00:00");
                }
                self.out.push(b'"');
            }
            CellKind::Inet => {
                self.out.push(b'"');
                if matches!(profile, JsonProfile::Pg(_)) {
                    // PostgreSQL writes it into JSON as it prints it, without the mask of a whole address.
                    let whole = if cell.contains(':') { "/128" } else { "/32" };
                    self.out.extend_from_slice(cell.strip_suffix(whole).unwrap_or(cell).as_bytes());
                } else {
                    self.column(index)?;
                }
                self.out.push(b'"');
            }
            _ => json_write::string(profile, cell, self.out).map_err(issue)?,
        }
        Ok(true)
    }
}

/// The column whose value a member or an item is.
fn column_of(value: &JsonValue) -> Option<usize> {
    match value {
        JsonValue::Column(index) => Some(*index),
        JsonValue::String(inner) | JsonValue::Raw(inner) => only_column(inner),
        _ => None,
    }
}

/// An issue with a text that is no column's alone.
fn computed(column: Option<usize>, issue: NumberIssue) -> EvalIssue {
    EvalIssue { column, ..numeric(0, issue) }
}

/// What Go's `omitempty` leaves out: `false`, 0, a nil pointer, and texts, arrays and maps without content.
fn is_empty(json: &[u8]) -> bool {
    let zero =
        |text: &[u8]| text.contains(&b'0') && text.iter().all(|byte| matches!(byte, b'0' | b'.' | b'-'));
    matches!(json, b"\"\"" | b"false" | b"null" | b"[]" | b"{}") || zero(json)
}
