//! Keys as fingerprints under a secret of the run, so that nobody who writes rows can make two keys meet.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use sha2::{Digest as _, Sha256};
use siphasher::sip128::SipHasher13;

use super::cell::Cell;
use super::expr::UNREADABLE;

/// The run's secret: a key for each kind of thing that is hashed, so that they are never taken for each other.
#[derive(Clone, Copy)]
pub struct Seed([[u64; 2]; 3]);

impl Seed {
    /// That of a run whose seed this is.
    #[must_use]
    pub fn of(run: i64) -> Self {
        Self([0, 1, 2].map(|of: u8| {
            // Apart from whatever else is made with the run's seed.
            let label = Sha256::new().chain_update(b"holdtrue fingerprints").chain_update([of]);
            let digest = label.chain_update(run.to_be_bytes()).finalize();
            [0, 8].map(|at| {
                digest.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
            })
        }))
    }

    /// A fixed one, for tests.
    #[cfg(test)]
    pub(crate) fn fixed(n: u64) -> Self {
        Self([0, 1, 2].map(|of| [n ^ of, !n]))
    }
}

/// Not shown, so that nobody can choose rows by it while a run still goes on.
impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

/// A key's fingerprint: SipHash-1-3 with 128 bits of output. Equal keys have equal ones; two different keys share all
/// 128 bits with a probability of 2^-128, and 64 of them with 2^-64.
pub type Print = u128;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Printed {
    /// Its fingerprint, in which NULL is a value like any other.
    Whole(Print),
    /// The same, and part of it is NULL.
    Part(Print),
    /// A cell has no value that could be compared.
    Refused(&'static str),
}

/// Makes fingerprints. The buffer is kept from key to key.
pub struct Printer {
    seed: Seed,
    buffer: Vec<u8>,
}

impl Printer {
    /// Under a secret.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self { seed, buffer: Vec::new() }
    }

    /// The fingerprint of a key that is one cell.
    pub fn cell(&mut self, cell: &Cell<'_>) -> Printed {
        if let Cell::Text(text) = cell {
            return self.text(text);
        }
        self.buffer.clear();
        match absorb(&mut self.buffer, cell) {
            Err(why) => Printed::Refused(why),
            Ok(()) if matches!(cell, Cell::Null) => Printed::Part(self.hash(Of::Value, &self.buffer)),
            Ok(()) => Printed::Whole(self.hash(Of::Value, &self.buffer)),
        }
    }

    /// The fingerprint of a key that is one cell of text, as most are: the same as of that cell.
    #[must_use]
    pub fn text(&self, text: &[u8]) -> Printed {
        Printed::Whole(self.hash(Of::Text, text))
    }

    /// The fingerprint of a key of several cells, out of theirs.
    pub fn several<'a>(&mut self, cells: impl IntoIterator<Item = &'a Printed>) -> Printed {
        self.buffer.clear();
        let mut part = false;
        for cell in cells {
            let (Printed::Whole(print) | Printed::Part(print)) = cell else { return *cell };
            part |= matches!(cell, Printed::Part(_));
            self.buffer.extend_from_slice(&print.to_le_bytes());
        }
        let print = self.hash(Of::Several, &self.buffer);
        if part { Printed::Part(print) } else { Printed::Whole(print) }
    }

    fn hash(&self, of: Of, bytes: &[u8]) -> Print {
        let [values, texts, several] = self.seed.0;
        let [a, b] = match of {
            Of::Value => values,
            Of::Text => texts,
            Of::Several => several,
        };
        SipHasher13::new_with_keys(a, b).hash(bytes).as_u128()
    }
}

/// What a fingerprint is made of.
#[derive(Clone, Copy)]
enum Of {
    /// A value that is no text.
    Value,
    /// A text.
    Text,
    /// Fingerprints.
    Several,
}

/// The fingerprint of a key together with its tenant's: each half of one with the other half of the other. Two different
/// pairs share 64 bits of it with a probability of 2^-64, since the halves of a fingerprint know nothing of each other.
#[must_use]
pub fn paired(key: Print, tenant: Print) -> Print {
    key ^ tenant.rotate_left(64)
}

/// Values that are equal to a server enter alike, whatever their type or scale.
fn absorb(to: &mut Vec<u8>, cell: &Cell<'_>) -> Result<(), &'static str> {
    let mut put = |kind: u8, value: &[u8]| {
        to.push(kind);
        to.extend_from_slice(value);
    };
    match cell {
        Cell::Null => put(0, &[]),
        Cell::Text(text) => put(1, text),
        Cell::Number(number) => {
            let (digits, scale, large) = number.canonical();
            put(2, &digits.to_le_bytes());
            to.extend_from_slice(&scale.to_le_bytes());
            to.extend_from_slice(large.unwrap_or_default().as_bytes());
        }
        // Zero has two spellings.
        Cell::Float(n) => put(3, &(n + 0.0).to_bits().to_le_bytes()),
        Cell::Odd(odd) => put(4 + odd.rank(), &[]),
        Cell::Time(micros) => put(7, &micros.to_le_bytes()),
        Cell::Span(micros) => put(8, &micros.to_le_bytes()),
        Cell::Bool(b) => put(9 + u8::from(*b), &[]),
        Cell::Opaque => return Err("keys of this type are compared by a server only"),
        Cell::Unreadable => return Err(UNREADABLE),
    }
    Ok(())
}

/// Fingerprints are random already.
#[derive(Default)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let head = bytes.first_chunk::<8>().map_or(0, |head| u64::from_le_bytes(*head));
        self.0 ^= head;
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }

    fn write_u128(&mut self, n: u128) {
        self.0 = low(n);
    }
}

/// The lower half, which is what sets keep.
#[must_use]
pub fn low(print: Print) -> u64 {
    (print & u128::from(u64::MAX)) as u64
}

/// The upper half.
#[must_use]
pub fn high(print: Print) -> u64 {
    (print >> 64) as u64
}

/// Something for each fingerprint.
pub type PrintMap<V> = HashMap<Print, V, BuildHasherDefault<AsIs>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::ColumnKind;

    fn print(seed: u64, cells: &[Cell<'_>]) -> Printed {
        let mut printer = Printer::new(Seed::fixed(seed));
        printer.cell(&Cell::Bool(true));
        let each: Vec<Printed> = cells.iter().map(|cell| printer.cell(cell)).collect();
        match each.as_slice() {
            [one] => *one,
            several => printer.several(several),
        }
    }

    fn of(kind: ColumnKind, text: &[u8]) -> Printed {
        print(7, &[Cell::read(kind, Some(text))])
    }

    #[test]
    fn equal_keys_of_different_types_have_one_fingerprint() {
        assert_eq!(of(ColumnKind::Integer, b"100"), of(ColumnKind::Numeric, b"100.000"));
        assert_eq!(of(ColumnKind::PaddedText, b"a  "), of(ColumnKind::Text, b"a"));
        assert_eq!(
            of(ColumnKind::Date, b"2026-01-01"),
            of(ColumnKind::TimestampTz, b"2026-01-01 02:00:00+02")
        );
        assert_ne!(of(ColumnKind::Text, b"a"), of(ColumnKind::Text, b"b"));
    }

    #[test]
    fn a_text_alone_is_a_key_of_one_cell() {
        for text in ["", "a", "twenty-four bytes of text"] {
            let printer = Printer::new(Seed::fixed(7));
            assert_eq!(printer.text(text.as_bytes()), of(ColumnKind::Text, text.as_bytes()));
        }
    }

    #[test]
    fn cells_do_not_run_into_each_other() {
        let cells = |a: &'static [u8], b: &'static [u8]| print(7, &[Cell::Text(a), Cell::Text(b)]);
        assert_ne!(cells(b"ab", b"c"), cells(b"a", b"bc"));
        assert_ne!(cells(b"a", b"b"), cells(b"b", b"a"));
        assert_ne!(cells(b"a", b"a"), cells(b"b", b"b"));
    }

    #[test]
    fn what_is_made_of_different_things_differs() {
        let mut printer = Printer::new(Seed::fixed(7));
        // The same bytes are hashed.
        let Printed::Whole(print) = printer.cell(&Cell::Bool(true)) else { panic!() };
        let bytes = print.to_le_bytes();
        assert_ne!(printer.several([&Printed::Whole(print)]), printer.text(&bytes));
        assert_ne!(printer.text(&[10]), printer.cell(&Cell::Bool(true)));
    }

    #[test]
    fn a_null_is_told_apart_wherever_it_is() {
        assert!(matches!(print(1, &[Cell::Null]), Printed::Part(_)));
        assert!(matches!(print(1, &[Cell::Bool(true), Cell::Null]), Printed::Part(_)));
        assert!(matches!(print(1, &[Cell::Bool(true), Cell::Bool(true)]), Printed::Whole(_)));
        assert!(matches!(print(1, &[Cell::Unreadable, Cell::Null]), Printed::Refused(_)));
    }

    #[test]
    fn another_run_has_other_fingerprints() {
        let [a, b] = [1, 2].map(|n| print(n, &[Cell::Text(b"x")]));
        assert_ne!(a, b);
    }
}
