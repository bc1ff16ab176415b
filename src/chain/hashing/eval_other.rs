//! Expressions that few recipes have: encodings, case, and cells spelt as something else.

use base64::Engine as _;

use super::bytea_cast;
use super::decimal;
use super::digest;
use super::encodings;
use super::eval::{Entry, Eval, EvalIssue, EvalIssueKind, Inputs, numeric, only_column, truth, unreadable};
use super::framing;
use super::hex;
use super::json_read::{self, Tree};
use super::rows_cell::{self, Trouble};
use super::spec::{CellKind, Recipe};

impl Eval<'_> {
    /// Appends the value of an expression that [`Eval::emit`] does not know; false, with nothing appended, when it is NULL.
    #[inline(never)]
    pub(in crate::chain) fn emit_other(&mut self, recipe: &Recipe) -> Result<bool, EvalIssue> {
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
            Recipe::Base64As(form, inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                let bytes = self.out.split_off(start);
                encodings::base64_into(*form, &bytes, self.out);
            }
            Recipe::Unbase64(inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                let text = self.out.split_off(start);
                encodings::unbase64_into(&text, self.out)
                    .ok_or(EvalIssue { column: only_column(inner), kind: EvalIssueKind::NotBase64 })?;
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
            Recipe::Hmac(algorithm, key, inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                // Checked recipes name keys that are there, and digests that have an HMAC.
                let known =
                    self.keys.get(*key).is_some_and(|key| digest::hmac(*algorithm, key, self.out, start));
                if !known {
                    return Err(EvalIssue { column: None, kind: EvalIssueKind::NoRecipe });
                }
            }
            Recipe::UuidBytes(index) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                uuid_digits(cell, self.out).ok_or_else(|| unreadable(*index))?;
                let digits = self.out.split_off(start);
                hex::decode_into(&digits, self.out).ok_or_else(|| unreadable(*index))?;
            }
            Recipe::Sized(frame, unit, inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                framing::sized(frame, *unit, self.out, start)
                    .ok_or(EvalIssue { column: only_column(inner), kind: EvalIssueKind::TooWide })?;
            }
            Recipe::Binary(width, inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                let text = self.out.split_off(start);
                let number = std::str::from_utf8(&text).ok().and_then(|text| framing::binary(*width, text));
                let issue = EvalIssue { column: only_column(inner), kind: EvalIssueKind::TooWide };
                self.out.extend_from_slice(&number.ok_or(issue)?);
            }
            Recipe::Each(index, separator, inner) if self.kind(*index) == CellKind::Rows => {
                return self.each_row(*index, separator.as_bytes(), |eval| {
                    let there = eval.emit(inner)?;
                    let null = EvalIssue { column: only_column(inner), kind: EvalIssueKind::UndeclaredNull };
                    if there { Ok(()) } else { Err(null) }
                });
            }
            Recipe::Each(index, separator, inner) => return self.each(*index, separator, inner),
            Recipe::EachName => match &self.entry {
                Some(entry) => self.out.extend_from_slice(entry.name.as_bytes()),
                None => return Ok(false),
            },
            Recipe::EachValue => match self.entry.as_ref().and_then(|entry| entry.value.as_ref()) {
                Some(value) => self.out.extend_from_slice(value.as_bytes()),
                None => return Ok(false),
            },
            Recipe::Count(index) if self.kind(*index) == CellKind::Rows => {
                let count = match self.cell(*index) {
                    Some(cell) => rows_cell::count(cell).ok_or_else(|| unreadable(*index))?,
                    None => 0,
                };
                self.out.extend_from_slice(count.to_string().as_bytes());
            }
            Recipe::Count(index) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let count = match json_read::read(cell).ok_or_else(|| unreadable(*index))? {
                    Tree::Object(members) => members.len(),
                    Tree::Array(items) => items.len(),
                    _ => return Err(EvalIssue { column: Some(*index), kind: EvalIssueKind::Nested }),
                };
                self.out.extend_from_slice(count.to_string().as_bytes());
            }
            Recipe::TimeAs(index, form) => {
                let Some(cell) = self.cell(*index) else { return Ok(false) };
                let at = self.instant(*index, cell)?;
                match self.zone(*index) {
                    Some(offset) if form.zone.is_none() => form.spelling.write_at(at, offset, self.out),
                    _ => form.write(at, self.out),
                }
                .ok_or_else(|| no_spelling(*index))?;
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

    /// Appends x for each member or item of a JSON column.
    fn each(&mut self, index: usize, separator: &str, inner: &Recipe) -> Result<bool, EvalIssue> {
        let Some(cell) = self.cell(index) else { return Ok(false) };
        let tree = json_read::read(cell).ok_or_else(|| unreadable(index))?;
        let no_spelling = EvalIssue { column: Some(index), kind: EvalIssueKind::Nested };
        let mut entries: Vec<(String, Tree<'_>)> = match tree {
            Tree::Object(mut members) => {
                members.sort_by(|a, b| a.0.cmp(&b.0));
                members
            }
            Tree::Array(items) => items.into_iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
            _ => return Err(no_spelling),
        };
        for (n, (name, value)) in entries.drain(..).enumerate() {
            let value = match value {
                Tree::Null => None,
                Tree::Bool(value) => Some(value.to_string()),
                Tree::Number(text) => Some(text.to_owned()),
                Tree::String(text) => Some(text),
                Tree::Array(_) | Tree::Object(_) => return Err(no_spelling),
            };
            if n > 0 {
                self.out.extend_from_slice(separator.as_bytes());
            }
            self.entry = Some(Entry { name, value });
            let there = self.emit(inner);
            self.entry = None;
            if !there? {
                return Err(EvalIssue { column: Some(index), kind: EvalIssueKind::UndeclaredNull });
            }
        }
        Ok(true)
    }

    /// Appends what `emit` does for each of the rows that a cell holds; nothing where there are none, which is no NULL.
    pub(in crate::chain) fn each_row(
        &mut self,
        index: usize,
        separator: &[u8],
        emit: impl Fn(&mut Eval<'_>) -> Result<(), EvalIssue>,
    ) -> Result<bool, EvalIssue> {
        let Some(cell) = self.cell(index) else { return Ok(true) };
        let Some((_, members)) = self.rows.iter().find(|(column, _)| *column == index) else {
            return Err(unreadable(index));
        };
        let rows = rows_cell::read(cell, members, self.kinds).map_err(|trouble| match trouble {
            Trouble::Unreadable => unreadable(index),
            Trouble::Tied => EvalIssue { column: Some(index), kind: EvalIssueKind::Tied },
        })?;
        for (n, cells) in rows.iter().enumerate() {
            if n > 0 {
                self.out.extend_from_slice(separator);
            }
            let mut row = self.inputs.row.to_vec();
            for (column, value) in members.columns.iter().zip(cells) {
                if let Some(place) = row.get_mut(*column) {
                    *place = value.as_deref();
                }
            }
            let inputs = Inputs { row: &row, ..*self.inputs };
            let Self { kinds, rows, keys, zoned, .. } = *self;
            let out = &mut *self.out;
            let mut one =
                Eval { inputs: &inputs, kinds, rows, keys, zoned, out, order_lost: false, entry: None };
            emit(&mut one)?;
            self.order_lost |= one.order_lost;
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
