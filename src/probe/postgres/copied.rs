//! Rows as `COPY ... TO STDOUT (FORMAT binary)` sends them, to the text that `COPY` in text format would have sent.
//!
//! The format is that of PostgreSQL's documentation of `COPY`, "Binary Format"; values are spelt as the output functions
//! of their types do under a session's pinned settings. Types that are not spelt here travel as text already.

use std::ops::ControlFlow;

use super::{spelling, words};
use crate::catalogue::{Column, ColumnKind};
use crate::stream::Filler;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// How a column travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// As its own text.
    Text,
    /// As a two's complement integer of two, four or eight bytes.
    Integer,
    /// In groups of four decimal digits.
    Numeric,
    /// As a byte.
    Bool,
    /// As microseconds since 2000.
    Timestamp,
    /// The same, of an instant.
    TimestampTz,
    /// As days since 2000.
    Date,
    /// As sixteen bytes.
    Uuid,
    /// As bytes.
    Bytea,
    /// As text behind a version.
    Jsonb,
}

impl Wire {
    /// How a column is fetched: how it travels, and whether it is cast to text for that.
    #[must_use]
    pub fn of(column: &Column) -> (Self, bool) {
        let plain = |names: &[&str]| {
            let name = column.type_name.split('(').next().unwrap_or_default();
            names.contains(&name)
        };
        match column.kind {
            // What a domain stands for is not told by its name.
            ColumnKind::Text if plain(&["text", "character varying", "name", "citext"]) => {
                (Self::Text, false)
            }
            ColumnKind::PaddedText | ColumnKind::Enum | ColumnKind::Json => (Self::Text, false),
            ColumnKind::Integer if plain(&["smallint", "integer", "bigint"]) => (Self::Integer, false),
            ColumnKind::Numeric => (Self::Numeric, false),
            ColumnKind::Bool => (Self::Bool, false),
            ColumnKind::Timestamp => (Self::Timestamp, false),
            ColumnKind::TimestampTz => (Self::TimestampTz, false),
            ColumnKind::Date => (Self::Date, false),
            ColumnKind::Uuid => (Self::Uuid, false),
            ColumnKind::Bytea => (Self::Bytea, false),
            ColumnKind::Jsonb => (Self::Jsonb, false),
            _ => (Self::Text, true),
        }
    }

    /// Bytes of a value on the wire with its length before it, about; of text, `text` bytes.
    #[must_use]
    pub fn bytes(self, text: u64) -> u64 {
        4 + match self {
            Self::Text | Self::Bytea | Self::Jsonb => text,
            Self::Integer | Self::Timestamp | Self::TimestampTz => 8,
            Self::Numeric => 14,
            Self::Bool => 1,
            Self::Date => 4,
            Self::Uuid => 16,
        }
    }

    /// Nanoseconds that a server spends less on a value in text format than in binary, about: by `COPY` of millions of rows to
    /// `/dev/null` with PostgreSQL 15, which spells a `jsonb` in both.
    #[must_use]
    pub fn saved_by_text(self) -> i32 {
        match self {
            Self::Numeric => 15,
            Self::Text | Self::Jsonb | Self::Integer | Self::Bool => 0,
            Self::Date | Self::Timestamp | Self::TimestampTz => -50,
            Self::Uuid | Self::Bytea => -80,
        }
    }

    /// Whether its values are machine words, nearly always.
    fn has_words(self) -> bool {
        matches!(self, Self::Integer | Self::Numeric | Self::Timestamp | Self::TimestampTz | Self::Date)
    }

    /// Whether its text is that of a number.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Numeric)
    }

    /// A value as digits and how many of them are after the point, or as microseconds since 1970; `None` for what is no such
    /// word, if it is a value at all.
    fn word(self, value: &[u8]) -> Option<(i64, u32)> {
        match self {
            Self::Integer => Some((words::integer(value)?, 0)),
            Self::Numeric => words::numeric(value),
            Self::Timestamp | Self::TimestampTz => Some((words::timestamp(value)?, 0)),
            Self::Date => Some((words::date(value)?, 0)),
            _ => None,
        }
    }

    fn spell(self, value: &[u8], out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Text => out.extend_from_slice(value),
            Self::Integer => spelling::integer(value, out)?,
            Self::Numeric => spelling::numeric(value, out)?,
            Self::Bool => out.push(match value {
                [0] => b'f',
                [1] => b't',
                _ => return None,
            }),
            Self::Timestamp => spelling::timestamp(value, false, out)?,
            Self::TimestampTz => spelling::timestamp(value, true, out)?,
            Self::Date => spelling::date(value, out)?,
            Self::Uuid => spelling::uuid(value, out)?,
            Self::Bytea => spelling::bytea(value, out),
            Self::Jsonb => match value.split_first() {
                Some((1, text)) => out.extend_from_slice(text),
                _ => return None,
            },
        }
        Some(())
    }
}

/// What is wrong with what the server sent.
pub type Damage = &'static str;

/// Reads what a server sends, piece by piece.
#[derive(Debug)]
pub struct Copied<'a> {
    wires: &'a [Wire],
    /// Which of them are taken in words, once that was asked.
    in_words: Option<Vec<bool>>,
    state: State,
    /// The beginning of a row whose end is still to come.
    rest: Vec<u8>,
    /// Bytes that came.
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    Rows,
    Ended,
}

impl<'a> Copied<'a> {
    /// Rows of these columns.
    #[must_use]
    pub fn new(wires: &'a [Wire]) -> Self {
        Self { wires, in_words: None, state: State::Header, rest: Vec::new(), bytes: 0 }
    }

    /// Whether the end of the rows has come, with nothing behind it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.state == State::Ended && self.rest.is_empty()
    }

    /// Bytes that came so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Hands on the rows of the next piece.
    ///
    /// # Errors
    ///
    /// What does not read as rows of these columns.
    pub fn feed(&mut self, piece: &[u8], to: &mut Filler<'_>) -> Result<ControlFlow<()>, Damage> {
        self.bytes += piece.len() as u64;
        // Nearly always a piece is a row.
        if self.rest.is_empty() {
            let (used, flow) = self.read(piece, to)?;
            self.rest.extend_from_slice(piece.get(used..).unwrap_or_default());
            return Ok(flow);
        }
        let mut whole = std::mem::take(&mut self.rest);
        whole.extend_from_slice(piece);
        let (used, flow) = self.read(&whole, to)?;
        whole.drain(..used);
        self.rest = whole;
        Ok(flow)
    }

    /// Reads as far as rows are whole; how far that was.
    fn read(&mut self, bytes: &[u8], to: &mut Filler<'_>) -> Result<(usize, ControlFlow<()>), Damage> {
        let has = || self.wires.iter().map(|wire| wire.has_words()).collect::<Vec<bool>>();
        let in_words = self.in_words.get_or_insert_with(|| to.in_words(&has()));
        let mut at = 0;
        if self.state == State::Header {
            match header(bytes)? {
                None => return Ok((0, ControlFlow::Continue(()))),
                Some(length) => at = length,
            }
            self.state = State::Rows;
        }
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.state == State::Ended {
                return Err("something comes after the end of the rows");
            }
            let Some((count, cells)) = split_i16(rest) else { break };
            if count == -1 {
                self.state = State::Ended;
                at += 2;
                continue;
            }
            if usize::try_from(count).ok() != Some(self.wires.len()) {
                return Err("a row has another number of columns than was asked for");
            }
            let Some(length) = whole(self.wires.len(), cells)? else { break };
            Self::row(self.wires, in_words, cells, to)?;
            at += 2 + length;
            if to.end_row().is_break() {
                return Ok((at, ControlFlow::Break(())));
            }
        }
        Ok((at, ControlFlow::Continue(())))
    }

    fn row(wires: &[Wire], in_words: &[bool], mut cells: &[u8], to: &mut Filler<'_>) -> Result<(), Damage> {
        for (wire, in_words) in wires.iter().zip(in_words) {
            let Some((length, rest)) = split_i32(cells) else { return Err("a row ends too early") };
            let Ok(length) = usize::try_from(length) else {
                to.null();
                cells = rest;
                continue;
            };
            let Some((value, rest)) = rest.split_at_checked(length) else {
                return Err("a row ends too early");
            };
            cells = rest;
            if *wire == Wire::Text {
                to.cell(value);
                continue;
            }
            if *in_words && let Some((digits, scale)) = wire.word(value) {
                to.word(digits, scale);
                continue;
            }
            let mut spelt = Some(());
            to.written(|out| spelt = wire.spell(value, out));
            spelt.ok_or("a value is not of its column's type")?;
        }
        Ok(())
    }
}

/// How many bytes the cells of a row take; `None` while they have not all come.
fn whole(columns: usize, cells: &[u8]) -> Result<Option<usize>, Damage> {
    let mut at = 0;
    for _ in 0..columns {
        let Some((length, _)) = cells.get(at..).and_then(split_i32) else { return Ok(None) };
        at += 4;
        match usize::try_from(length) {
            Ok(length) => at += length,
            Err(_) if length == -1 => {}
            Err(_) => return Err("a value has a length below zero"),
        }
    }
    Ok((at <= cells.len()).then_some(at))
}

/// The length of the header; `None` while it has not all come.
fn header(bytes: &[u8]) -> Result<Option<usize>, Damage> {
    let known = bytes.len().min(SIGNATURE.len());
    if bytes.get(..known) != SIGNATURE.get(..known) {
        return Err("it does not begin as rows in binary format do");
    }
    let Some((flags, rest)) = bytes.get(SIGNATURE.len()..).and_then(split_i32) else { return Ok(None) };
    // Bits from 16 on must be understood.
    if flags >> 16 != 0 {
        return Err("its format has features that are not known");
    }
    let Some((length, rest)) = split_i32(rest) else { return Ok(None) };
    let length = usize::try_from(length).map_err(|_| "its header has a length below zero")?;
    Ok((rest.len() >= length).then_some(SIGNATURE.len() + 8 + length))
}

fn split_i16(bytes: &[u8]) -> Option<(i16, &[u8])> {
    bytes.split_first_chunk().map(|(head, rest)| (i16::from_be_bytes(*head), rest))
}

fn split_i32(bytes: &[u8]) -> Option<(i32, &[u8])> {
    bytes.split_first_chunk().map(|(head, rest)| (i32::from_be_bytes(*head), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Cells = Vec<Option<Vec<u8>>>;

    fn message(rows: &[Cells]) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        out.extend([0; 8]);
        for row in rows {
            out.extend(i16::try_from(row.len()).unwrap().to_be_bytes());
            for cell in row {
                match cell {
                    None => out.extend((-1i32).to_be_bytes()),
                    Some(cell) => {
                        out.extend(i32::try_from(cell.len()).unwrap().to_be_bytes());
                        out.extend(cell);
                    }
                }
            }
        }
        out.extend((-1i16).to_be_bytes());
        out
    }

    fn read(wires: &[Wire], pieces: &[&[u8]]) -> Result<(Vec<Cells>, bool), Damage> {
        let mut rows = Vec::new();
        let mut copied = Copied::new(wires);
        crate::stream::collect(wires.len(), &mut rows, |filler| {
            for piece in pieces {
                let _on = copied.feed(piece, filler)?;
            }
            Ok::<(), Damage>(())
        })?;
        Ok((rows, copied.is_whole()))
    }

    proptest! {
        #[test]
        fn rows_come_out_whole_however_they_are_cut(
            rows in proptest::collection::vec(proptest::collection::vec(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)), 2), 0..9),
            cuts in proptest::collection::vec(0usize..200, 0..6),
        ) {
            let bytes = message(&rows);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(read(&[Wire::Text, Wire::Text], &pieces).unwrap(), (rows, true));
        }

        #[test]
        fn a_cut_end_is_never_whole_and_nothing_panics(
            rows in proptest::collection::vec(proptest::collection::vec(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)), 2), 0..5),
            cut in 1usize..40,
            flip in any::<(usize, u8)>(),
        ) {
            let mut bytes = message(&rows);
            let short = bytes.len().saturating_sub(cut);
            if let Ok((_, whole)) = read(&[Wire::Text, Wire::Text], &[&bytes[..short]]) {
                prop_assert!(!whole);
            }
            let at = flip.0 % bytes.len();
            bytes[at] ^= flip.1;
            for wire in [Wire::Text, Wire::Numeric, Wire::Timestamp, Wire::Jsonb, Wire::Uuid, Wire::Integer] {
                let _any_answer = read(&[wire, wire], &[&bytes]);
            }
        }
    }

    #[test]
    fn what_is_not_rows_is_named() {
        for (bytes, why) in [
            (b"PGCOPY\n\xff\r\r\0".to_vec(), "does not begin"),
            ([SIGNATURE, &[0, 1, 0, 0, 0, 0, 0, 0]].concat(), "not known"),
            ([&message(&[]), b"x".as_slice()].concat(), "after the end"),
            (message(&[vec![None]]), "number of columns"),
        ] {
            assert!(read(&[Wire::Text, Wire::Text], &[&bytes]).unwrap_err().contains(why), "{why}");
        }
        assert!(read(&[Wire::Bool], &[&message(&[vec![Some(vec![2])]])]).unwrap_err().contains("type"));
    }
}
