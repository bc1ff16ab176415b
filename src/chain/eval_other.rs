//! Expressions that few recipes have: encodings, case, and cells spelt as something else.

use base64::Engine as _;

use super::bytea_cast;
use super::decimal;
use super::eval::{Eval, EvalIssue, EvalIssueKind, numeric, only_column, truth, unreadable};
use super::hex;
use super::spec::Recipe;

impl Eval<'_> {
    /// Appends the value of an expression that [`Eval::emit`] does not know; false, with nothing appended, when it is NULL.
    #[inline(never)]
    pub(super) fn emit_other(&mut self, recipe: &Recipe) -> Result<bool, EvalIssue> {
        let start = self.out.len();
        match recipe {
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
            Recipe::Decimal(index, scale) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let scale = usize::try_from(*scale).unwrap_or(usize::MAX);
                decimal::decimal(cell, scale, self.out).map_err(|issue| numeric(*index, issue))?;
            }
            Recipe::Integer(index) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                decimal::decimal(cell, 0, self.out).map_err(|issue| numeric(*index, issue))?;
            }
            Recipe::Bool(index, yes, no) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let text = if truth(cell).ok_or_else(|| unreadable(*index))? { yes } else { no };
                self.out.extend_from_slice(text.as_bytes());
            }
            Recipe::Json(profile, fields) => self.object(*profile, fields)?,
            Recipe::JsonArray(profile, items) => self.array(*profile, items)?,
            Recipe::JsonColumn(profile, index) => return self.json_column(*profile, *index),
            // `parts` leaves it out; checked recipes have it nowhere else.
            Recipe::Omit(inner) => return self.emit(inner),
            Recipe::UuidDigits(index) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                uuid_digits(cell, self.out).ok_or_else(|| unreadable(*index))?;
            }
            Recipe::Sized(separator, inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                let value = self.out.split_off(start);
                self.out.extend_from_slice(value.len().to_string().as_bytes());
                self.out.extend_from_slice(separator.as_bytes());
                self.out.extend_from_slice(&value);
            }
            Recipe::TimeAs(index, form) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let at = self.instant(*index, cell)?;
                form.write(at, self.out).ok_or_else(|| no_spelling(*index))?;
            }
            Recipe::Enum(index, words) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let word = words.iter().find(|(stored, _)| stored == cell);
                let (_, word) =
                    word.ok_or(EvalIssue { column: Some(*index), kind: EvalIssueKind::NotListed })?;
                self.out.extend_from_slice(word.as_bytes());
            }
            Recipe::NullIf(inner, text) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                if self.out.get(start..) == Some(text.as_bytes()) {
                    self.out.truncate(start);
                    return Ok(false);
                }
            }
            Recipe::Strip(prefix, inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                let tail = self.out.get(start..).unwrap_or_default();
                if !tail.starts_with(prefix.as_bytes()) {
                    return Err(EvalIssue { column: only_column(inner), kind: EvalIssueKind::NoPrefix });
                }
                self.out.drain(start..start + prefix.len());
            }
            Recipe::ByteaCast(inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                let text = self.out.split_off(start);
                bytea_cast::cast(&text, self.out)
                    .ok_or(EvalIssue { column: only_column(inner), kind: EvalIssueKind::NotBytea })?;
            }
            Recipe::Host(index) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let host = cell.split_once('/').map_or(cell, |(host, _)| host);
                self.out.extend_from_slice(host.as_bytes());
            }
            // Not written here; they are named so that none is forgotten in both places.
            Recipe::Text(_)
            | Recipe::Column(_)
            | Recipe::Prev
            | Recipe::Cat(_)
            | Recipe::Join(..)
            | Recipe::Coalesce(..)
            | Recipe::Digest(..)
            | Recipe::Hex(_)
            | Recipe::HexUpper(_)
            | Recipe::Time(..) => return self.emit(recipe),
        }
        Ok(true)
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
}

fn no_spelling(column: usize) -> EvalIssue {
    EvalIssue { column: Some(column), kind: EvalIssueKind::NoSpelling }
}

/// The digits of a uuid in its usual form, eight, four, four, four and twelve of them, in lower case.
fn uuid_digits(cell: &str, out: &mut Vec<u8>) -> Option<()> {
    let groups: Vec<&str> = cell.split('-').collect();
    let well = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
    well.then(|| out.extend(groups.iter().flat_map(|group| group.bytes()).map(|b| b.to_ascii_lowercase())))
}
