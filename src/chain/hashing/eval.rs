//! Evaluates a recipe for one row. Everything is built in one buffer, so a plain row allocates nothing.

use super::digest;
use super::hex;
use super::keys::Keys;
use super::number::NumberIssue;
use super::program::Program;
use super::spec::{CellKind, ChainColumn, Members, Recipe, TimePreset, TimeSpelling, takes_zone};
use super::time::{self, Civil};

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
    /// `unbase64` of text that is not base64.
    NotBase64,
    /// JSON names that the hashing runtime sorts by a rule that cannot be followed.
    NoOrder,
    /// A number or a length that does not fit into the declared bytes.
    TooWide,
    /// A nested JSON value inside `each`.
    Nested,
    /// The condition of no `hash` clause holds.
    NoRecipe,
    /// Versions of the hashing runtime spell the value in more than one way, or none does.
    NoSpelling,
    /// A value that the recipe's `enum` does not list.
    NotListed,
    /// A value without the prefix that the recipe takes off.
    NoPrefix,
    /// A text that PostgreSQL does not cast to `bytea`.
    NotBytea,
    /// Joined rows that differ and have the same place in their order.
    Tied,
}

impl EvalIssue {
    /// A sentence part that names the column and what to do.
    #[must_use]
    pub fn describe(&self, columns: &[ChainColumn]) -> String {
        let what = match self.column.and_then(|index| columns.get(index)) {
            Some(column) => format!("column `{}`", column.name),
            None => "the predecessor's hash, or a value computed from it,".to_owned(),
        };
        let joined = self.column.and_then(|index| columns.get(index)).is_some_and(|column| column.joined);
        match self.kind {
            EvalIssueKind::UndeclaredNull if joined => {
                format!(
                    "{what} is NULL, or the row that holds it is gone: what was hashed is not there. Where the application \
                     hashed a NULL, declare it with `??`"
                )
            }
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
            EvalIssueKind::NoOrder => {
                format!(
                    "{what} has names that look like numbers, and PHP's `ksort` of those cannot be followed"
                )
            }
            EvalIssueKind::TooWide => {
                format!("{what} does not fit into the bytes that the recipe gives it")
            }
            EvalIssueKind::Nested => {
                format!("{what} holds a nested JSON value where `each` needs texts, numbers or booleans")
            }
            EvalIssueKind::NoRecipe => {
                "the condition of no `hash` clause holds for such rows; add the clause by which they were hashed"
                    .to_owned()
            }
            EvalIssueKind::NoSpelling => {
                format!("{what} has a value whose spelling by the declared runtime is not certain")
            }
            EvalIssueKind::NotListed => {
                format!("{what} has a value that the recipe's `enum` does not list; add it there")
            }
            EvalIssueKind::NoPrefix => {
                format!("{what} does not begin with what the recipe's `strip` takes off")
            }
            EvalIssueKind::NotBytea => {
                format!("{what} has a backslash that PostgreSQL's cast to bytea does not take")
            }
            EvalIssueKind::Tied => {
                format!("of {what} some differ and have the same place; order them by what tells them apart")
            }
            EvalIssueKind::NotHex => format!("{what} is not hex text, but the recipe decodes it"),
            EvalIssueKind::NotBase64 => format!("{what} is not base64 text, but the recipe decodes it"),
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
    /// Time columns taken so many nanoseconds later than they are stored, for searches.
    pub shifts: &'r [(usize, i64)],
    /// JSON columns whose members are taken in the order of that number, for searches.
    pub orders: &'r [(usize, u64)],
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
    let Program { kinds, rows, keys, zoned, .. } = program;
    let mut eval = Eval { inputs, kinds, rows, keys, zoned, out, order_lost: false, entry: None };
    let null = !eval.emit(&program.recipe)?;
    Ok(Outcome { null, order_lost: eval.order_lost })
}

/// A quarter of an hour, in nanoseconds.
const QUARTER: i64 = 900_000_000_000;

pub(in crate::chain) struct Eval<'a> {
    pub(in crate::chain) inputs: &'a Inputs<'a>,
    pub(in crate::chain) kinds: &'a [CellKind],
    pub(in crate::chain) rows: &'a [(usize, Members)],
    pub(in crate::chain) out: &'a mut Vec<u8>,
    pub(in crate::chain) order_lost: bool,
    pub(in crate::chain) keys: &'a Keys,
    pub(in crate::chain) zoned: &'a [usize],
    /// The member at hand inside `each`.
    pub(in crate::chain) entry: Option<Entry>,
}

/// A member of a JSON object, or an item of a JSON array, inside `each`.
pub(in crate::chain) struct Entry {
    pub(in crate::chain) name: String,
    pub(in crate::chain) value: Option<String>,
}

impl<'a> Eval<'a> {
    pub(in crate::chain) fn kind(&self, index: usize) -> CellKind {
        self.kinds.get(index).copied().unwrap_or(CellKind::Other)
    }

    pub(in crate::chain) fn cell(&self, index: usize) -> Option<&'a str> {
        self.inputs.row.get(index).copied().flatten()
    }

    /// Appends the value; false, with nothing appended, when it is NULL. What most recipes are made of stands here, and little
    /// else, so that it stays quick to enter.
    pub(in crate::chain) fn emit(&mut self, recipe: &Recipe) -> Result<bool, EvalIssue> {
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
            Recipe::Coalesce(inner, instead) => match self.emit(inner) {
                Ok(true) => {}
                // A NULL inside what is provided for is provided for.
                Ok(false) | Err(EvalIssue { kind: EvalIssueKind::UndeclaredNull, .. }) => {
                    self.out.truncate(start);
                    return self.emit(instead);
                }
                Err(issue) => return Err(issue),
            },
            Recipe::Digest(algorithm, inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                digest::digest(*algorithm, self.out, start);
            }
            Recipe::Hex(inner) | Recipe::HexUpper(inner) => {
                if !self.emit(inner)? {
                    return Ok(false);
                }
                hex::encode_tail(self.out, start, matches!(recipe, Recipe::HexUpper(_)));
            }
            Recipe::Time(index, preset) => return self.time(*index, *preset),
            other => return self.emit_other(other),
        }
        Ok(true)
    }

    #[inline]
    pub(in crate::chain) fn column(&mut self, index: usize) -> Result<bool, EvalIssue> {
        let Some(cell) = self.cell(index) else { return Ok(false) };
        match self.kind(index) {
            CellKind::Bytea => hex::decode_bytea(cell, self.out).ok_or_else(|| unreadable(index))?,
            CellKind::Inet => {
                self.out.extend_from_slice(cell.as_bytes());
                self.out.extend_from_slice(whole_mask(cell));
            }
            _ => self.out.extend_from_slice(cell.as_bytes()),
        }
        Ok(true)
    }

    #[inline]
    fn time(&mut self, index: usize, preset: TimePreset) -> Result<bool, EvalIssue> {
        let Some(cell) = self.cell(index) else { return Ok(false) };
        let at = self.instant(index, cell)?;
        match self.zone(index) {
            Some(offset) if takes_zone(preset) => {
                let spelling = TimeSpelling::Preset(preset);
                spelling.write_at(at, offset, self.out).ok_or_else(|| unreadable(index))?;
            }
            _ => at.write(preset, self.out),
        }
        Ok(true)
    }

    /// How many seconds east of UTC the clocks were that a search for the zone supposes.
    #[inline]
    pub(super) fn zone(&self, index: usize) -> Option<i32> {
        if !self.zoned.contains(&index) {
            return None;
        }
        let (_, nanos) = self.inputs.shifts.iter().find(|(column, _)| *column == index)?;
        // Other searches, such as those for an explanation, try times nearby.
        let quarters = (nanos % QUARTER == 0 && *nanos != 0).then(|| nanos / QUARTER)?;
        i32::try_from(quarters * 900).ok()
    }

    /// A time as it is stored, or as a search takes it.
    #[inline]
    pub(in crate::chain) fn instant(&self, index: usize, cell: &str) -> Result<Civil, EvalIssue> {
        let mut at = time::parse(cell).ok_or_else(|| unreadable(index))?;
        for (column, nanos) in self.inputs.shifts {
            if *column == index && *nanos != 0 {
                at = at.shifted_nanos(*nanos).ok_or_else(|| unreadable(index))?;
            }
        }
        Ok(at)
    }

    fn parts(&mut self, separator: &str, parts: &[Recipe]) -> Result<(), EvalIssue> {
        let mut first = true;
        for part in parts {
            let start = self.out.len();
            if !first {
                self.out.extend_from_slice(separator.as_bytes());
            }
            // Most parts are columns, for which there is no need to go deeper.
            let there = match part {
                Recipe::Column(index) => self.column(*index)?,
                Recipe::Omit(inner) => match self.emit(inner) {
                    Err(EvalIssue { kind: EvalIssueKind::UndeclaredNull, .. }) => false,
                    other => other?,
                },
                other => self.emit(other)?,
            };
            match (!there, part) {
                (false, _) => first = false,
                (true, Recipe::Omit(_)) => self.out.truncate(start),
                (true, _) => {
                    return Err(EvalIssue { column: only_column(part), kind: EvalIssueKind::UndeclaredNull });
                }
            }
        }
        Ok(())
    }
}

/// What a cast of an `inet` to text puts behind an address without a mask, which archives hold it without.
fn whole_mask(cell: &str) -> &'static [u8] {
    match (cell.contains('/'), cell.contains(':')) {
        (true, _) => b"",
        (false, true) => b"/128",
        (false, false) => b"/32",
    }
}

pub(in crate::chain) fn truth(cell: &str) -> Option<bool> {
    match cell {
        "t" | "true" => Some(true),
        "f" | "false" => Some(false),
        _ => None,
    }
}

pub(in crate::chain) fn unreadable(column: usize) -> EvalIssue {
    EvalIssue { column: Some(column), kind: EvalIssueKind::Unreadable }
}

pub(in crate::chain) fn numeric(column: usize, issue: NumberIssue) -> EvalIssue {
    let kind = match issue {
        NumberIssue::Unreadable => EvalIssueKind::Unreadable,
        NumberIssue::NotFinite => EvalIssueKind::NotFinite,
        NumberIssue::Inexact => EvalIssueKind::Inexact,
        NumberIssue::NoOrder => EvalIssueKind::NoOrder,
        NumberIssue::NoSpelling => EvalIssueKind::NoSpelling,
    };
    EvalIssue { column: Some(column), kind }
}

/// The column an expression passes on, for naming it in an issue.
pub(in crate::chain) fn only_column(recipe: &Recipe) -> Option<usize> {
    match recipe {
        Recipe::Column(index)
        | Recipe::Time(index, _)
        | Recipe::TimeAs(index, _)
        | Recipe::Enum(index, _)
        | Recipe::Host(index)
        | Recipe::Decimal(index, _)
        | Recipe::Integer(index)
        | Recipe::UuidDigits(index)
        | Recipe::UuidBytes(index)
        | Recipe::Each(index, _, _)
        | Recipe::Count(index)
        | Recipe::JsonColumn(_, index)
        | Recipe::Bool(index, _, _) => Some(*index),
        Recipe::Digest(_, inner)
        | Recipe::Hmac(_, _, inner)
        | Recipe::Omit(inner)
        | Recipe::Binary(_, inner)
        | Recipe::Sized(_, _, inner)
        | Recipe::Coalesce(inner, _)
        | Recipe::NullIf(inner, _)
        | Recipe::Strip(_, inner)
        | Recipe::ByteaCast(inner)
        | Recipe::Hex(inner)
        | Recipe::HexUpper(inner)
        | Recipe::Base64(inner)
        | Recipe::Base64As(_, inner)
        | Recipe::Unbase64(inner)
        | Recipe::Unhex(inner)
        | Recipe::Lower(inner)
        | Recipe::Upper(inner) => only_column(inner),
        _ => None,
    }
}
