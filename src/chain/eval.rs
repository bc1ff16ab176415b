//! Evaluates a recipe for one row. Everything is built in one buffer, so a plain row allocates nothing.

use base64::Engine as _;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::hex;
use super::json_read;
use super::json_write;
use super::number::{self, NumberIssue};
use super::program::Program;
use super::spec::{CellKind, ChainColumn, Digest, JsonField, JsonNull, JsonProfile, JsonValue, Recipe};
use super::time;

/// Why a row cannot be evaluated. It is then unproven, neither right nor wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvalIssue {
    /// Index of the column; `None` when it is about the predecessor or a computed value.
    pub column: Option<usize>,
    /// What is wrong with it.
    pub kind: EvalIssueKind,
}

/// Kinds of [`EvalIssue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvalIssueKind {
    /// NULL, and the recipe does not say what NULL becomes.
    UndeclaredNull,
    /// The cell is not what its type says, or lies outside what the runtimes can spell.
    Unreadable,
    /// The declared scale would drop digits.
    Inexact,
    /// Infinity or not-a-number where there is no spelling for it.
    NotFinite,
    /// `unhex` of text that is not hex.
    NotHex,
}

impl EvalIssue {
    /// A sentence part that names the column and what to do.
    #[must_use]
    pub fn describe(&self, columns: &[ChainColumn]) -> String {
        let what = match self.column.and_then(|index| columns.get(index)) {
            Some(column) => format!("column `{}`", column.name),
            None => "the predecessor's hash, or a value computed from it,".to_owned(),
        };
        match self.kind {
            EvalIssueKind::UndeclaredNull => {
                format!("{what} is NULL and the recipe does not say what NULL becomes; declare it with `??`")
            }
            EvalIssueKind::Unreadable => {
                format!("{what} cannot be read as its type, or is outside years 1 to 9999")
            }
            EvalIssueKind::Inexact => {
                format!("{what} has more digits than the recipe keeps; declare a larger scale")
            }
            EvalIssueKind::NotFinite => format!("{what} is infinite or not a number"),
            EvalIssueKind::NotHex => format!("{what} is not hex text, but the recipe decodes it"),
        }
    }
}

/// What one row is evaluated with.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'r> {
    /// Cells in the order of the chain's columns; `None` is NULL.
    pub row: &'r [Option<&'r str>],
    /// The predecessor's hash in its stored form: text, or the bytes of a `bytea`. `None` is NULL.
    pub prev: Option<&'r [u8]>,
    /// A time column taken so many microseconds later than it is stored, for searches.
    pub shift: Option<(usize, i64)>,
}

/// What came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the value is NULL; otherwise it stands in the buffer.
    pub null: bool,
    /// Whether the value rests on the member order of a `jsonb` value, which is not the order that was written.
    pub order_lost: bool,
}

/// Evaluates `program` into `out`, which is emptied first.
///
/// # Errors
///
/// When a value that is needed is NULL or unreadable and the recipe does not provide for it.
pub fn evaluate(program: &Program, inputs: &Inputs<'_>, out: &mut Vec<u8>) -> Result<Outcome, EvalIssue> {
    out.clear();
    let mut eval = Eval { inputs, kinds: &program.kinds, out, order_lost: false };
    let null = !eval.emit(&program.recipe)?;
    Ok(Outcome { null, order_lost: eval.order_lost })
}

struct Eval<'a> {
    inputs: &'a Inputs<'a>,
    kinds: &'a [CellKind],
    out: &'a mut Vec<u8>,
    order_lost: bool,
}

impl<'a> Eval<'a> {
    fn kind(&self, index: usize) -> CellKind {
        self.kinds.get(index).copied().unwrap_or(CellKind::Other)
    }

    fn cell(&self, index: usize) -> Option<&'a str> {
        self.inputs.row.get(index).copied().flatten()
    }

    /// Appends the value; false, with nothing appended, when it is NULL.
    fn emit(&mut self, recipe: &Recipe) -> Result<bool, EvalIssue> {
        let start = self.out.len();
        match recipe {
            Recipe::Text(text) => self.out.extend_from_slice(text.as_bytes()),
            Recipe::Column(index) => return self.column(*index),
            Recipe::Prev => match self.inputs.prev {
                Some(prev) => self.out.extend_from_slice(prev),
                None => return Ok(false),
            },
            Recipe::Cat(parts) => self.parts("", parts)?,
            Recipe::Join(separator, parts) => self.parts(separator, parts)?,
            Recipe::Coalesce(inner, text) => {
                if !self.emit(inner)? {
                    self.out.extend_from_slice(text.as_bytes());
                }
            }
            Recipe::Digest(algorithm, inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                self.digest(*algorithm, start);
            }
            Recipe::Hex(inner) | Recipe::HexUpper(inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                hex::encode_tail(self.out, start, matches!(recipe, Recipe::HexUpper(_)));
            }
            Recipe::Base64(inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                let bytes = self.out.split_off(start);
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                self.out.extend_from_slice(text.as_bytes());
            }
            Recipe::Unhex(inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                let text = self.out.split_off(start);
                hex::decode_into(&text, self.out)
                    .ok_or(EvalIssue { column: only_column(inner), kind: EvalIssueKind::NotHex })?;
            }
            Recipe::Lower(inner) | Recipe::Upper(inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                self.change_case(matches!(recipe, Recipe::Upper(_)), start);
            }
            Recipe::Time(index, preset) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let mut at = time::parse(cell).ok_or_else(|| unreadable(*index))?;
                if let Some((column, micros)) = self.inputs.shift
                    && column == *index
                    && micros != 0
                {
                    at = at.shifted(micros).ok_or_else(|| unreadable(*index))?;
                }
                at.write(*preset, self.out);
            }
            Recipe::Decimal(index, scale) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let scale = usize::try_from(*scale).unwrap_or(usize::MAX);
                number::decimal(cell, scale, self.out).map_err(|issue| numeric(*index, issue))?;
            }
            Recipe::Integer(index) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                number::decimal(cell, 0, self.out).map_err(|issue| numeric(*index, issue))?;
            }
            Recipe::Bool(index, yes, no) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let text = if truth(cell).ok_or_else(|| unreadable(*index))? { yes } else { no };
                self.out.extend_from_slice(text.as_bytes());
            }
            Recipe::Json(profile, fields) => self.object(*profile, fields)?,
        }
        Ok(true)
    }

    fn column(&mut self, index: usize) -> Result<bool, EvalIssue> {
        let Some(cell) = self.cell(index) else { return Ok(false) };
        if self.kind(index) == CellKind::Bytea {
            hex::decode_bytea(cell, self.out).ok_or_else(|| unreadable(index))?;
        } else {
            self.out.extend_from_slice(cell.as_bytes());
        }
        Ok(true)
    }

    fn parts(&mut self, separator: &str, parts: &[Recipe]) -> Result<(), EvalIssue> {
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                self.out.extend_from_slice(separator.as_bytes());
            }
            if !self.emit(part)? {
                return Err(EvalIssue { column: only_column(part), kind: EvalIssueKind::UndeclaredNull });
            }
        }
        Ok(())
    }

    fn digest(&mut self, algorithm: Digest, start: usize) {
        let preimage = self.out.get(start..).unwrap_or_default();
        match algorithm {
            Digest::Sha256 => {
                let digest = Sha256::digest(preimage);
                self.out.truncate(start);
                self.out.extend_from_slice(&digest);
            }
            Digest::Sha384 => {
                let digest = Sha384::digest(preimage);
                self.out.truncate(start);
                self.out.extend_from_slice(&digest);
            }
            Digest::Sha512 => {
                let digest = Sha512::digest(preimage);
                self.out.truncate(start);
                self.out.extend_from_slice(&digest);
            }
        }
    }

    fn change_case(&mut self, upper: bool, start: usize) {
        let ascii = self.out.get(start..).unwrap_or_default().is_ascii();
        if ascii {
            for byte in self.out.iter_mut().skip(start) {
                *byte = if upper { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
            }
        } else {
            let tail = self.out.split_off(start);
            let text = String::from_utf8_lossy(&tail);
            let changed = if upper { text.to_uppercase() } else { text.to_lowercase() };
            self.out.extend_from_slice(changed.as_bytes());
        }
    }

    fn object(&mut self, profile: JsonProfile, fields: &[JsonField]) -> Result<(), EvalIssue> {
        self.out.push(b'{');
        let mut first = true;
        for field in fields {
            let start = self.out.len();
            if !first {
                self.out.extend_from_slice(profile.comma());
            }
            json_write::string(profile, &field.key, self.out);
            self.out.extend_from_slice(profile.colon());
            if !self.value(profile, &field.value)? {
                match field.null {
                    JsonNull::Null => self.out.extend_from_slice(b"null"),
                    JsonNull::Omit => {
                        self.out.truncate(start);
                        continue;
                    }
                    JsonNull::Undeclared => {
                        let column = match &field.value {
                            JsonValue::Column(index) => Some(*index),
                            JsonValue::String(inner) => only_column(inner),
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
            JsonValue::Number(text) => self.out.extend_from_slice(text.as_bytes()),
            JsonValue::Bool(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            JsonValue::Null => self.out.extend_from_slice(b"null"),
            JsonValue::Object(fields) => self.object(profile, fields)?,
        }
        Ok(true)
    }

    fn json_column(&mut self, profile: JsonProfile, index: usize) -> Result<bool, EvalIssue> {
        let Some(cell) = self.cell(index) else { return Ok(false) };
        let kind = self.kind(index);
        match kind {
            CellKind::Integer | CellKind::Numeric => {
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
                let tree = json_read::read(cell).ok_or_else(|| unreadable(index))?;
                self.order_lost |= kind == CellKind::Jsonb && profile.keeps_order() && tree.has_order();
                json_write::write(profile, &tree, self.out).map_err(|issue| numeric(index, issue))?;
            }
            _ => json_write::string(profile, cell, self.out),
        }
        Ok(true)
    }
}

fn truth(cell: &str) -> Option<bool> {
    match cell {
        "t" | "true" => Some(true),
        "f" | "false" => Some(false),
        _ => None,
    }
}

fn unreadable(column: usize) -> EvalIssue {
    EvalIssue { column: Some(column), kind: EvalIssueKind::Unreadable }
}

fn numeric(column: usize, issue: NumberIssue) -> EvalIssue {
    let kind = match issue {
        NumberIssue::Unreadable => EvalIssueKind::Unreadable,
        NumberIssue::NotFinite => EvalIssueKind::NotFinite,
        NumberIssue::Inexact => EvalIssueKind::Inexact,
    };
    EvalIssue { column: Some(column), kind }
}

/// The column an expression passes on, for naming it in an issue.
fn only_column(recipe: &Recipe) -> Option<usize> {
    match recipe {
        Recipe::Column(index)
        | Recipe::Time(index, _)
        | Recipe::Decimal(index, _)
        | Recipe::Integer(index)
        | Recipe::Bool(index, _, _) => Some(*index),
        Recipe::Digest(_, inner)
        | Recipe::Hex(inner)
        | Recipe::HexUpper(inner)
        | Recipe::Base64(inner)
        | Recipe::Unhex(inner)
        | Recipe::Lower(inner)
        | Recipe::Upper(inner) => only_column(inner),
        _ => None,
    }
}
