//! Keys as fingerprints under a secret of the run, so that nobody who writes rows can make two keys meet.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use sha2::{Digest as _, Sha256};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::cell::Cell;
use super::expr::UNREADABLE;

/// The run's secret.
#[derive(Clone, Copy)]
pub struct Seed([u64; 2]);

impl Seed {
    /// That of a run whose seed this is.
    #[must_use]
    pub fn of(run: i64) -> Self {
        // Apart from whatever else is made with the run's seed.
        let digest =
            Sha256::new().chain_update(b"holdtrue fingerprints").chain_update(run.to_be_bytes()).finalize();
        let [a, b] = [0, 8]
            .map(|at| digest.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes));
        Self([a, b])
    }

    /// A fixed one, for tests.
    #[cfg(test)]
    pub(crate) fn fixed(n: u64) -> Self {
        Self([n, !n])
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

    /// The fingerprint of a key's cells.
    pub fn print<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Printed {
        self.buffer.clear();
        let mut part = false;
        for cell in cells {
            part |= matches!(cell, Cell::Null);
            if let Err(why) = absorb(&mut self.buffer, &cell) {
                return Printed::Refused(why);
            }
        }
        let print = self.hash();
        if part { Printed::Part(print) } else { Printed::Whole(print) }
    }

    /// The fingerprint of a key that is one cell of text, as most are: the same as of that cell.
    pub fn text(&mut self, text: &[u8]) -> Printed {
        self.buffer.clear();
        put_text(&mut self.buffer, text);
        Printed::Whole(self.hash())
    }

    fn hash(&self) -> Print {
        SipHasher13::new_with_keys(self.seed.0[0], self.seed.0[1]).hash(&self.buffer).as_u128()
    }
}

/// The fingerprint of a key together with its tenant's.
#[must_use]
pub fn paired(seed: Seed, key: Print, tenant: Print) -> Print {
    let mut hasher = SipHasher13::new_with_keys(seed.0[1], seed.0[0]);
    hasher.write_u128(key);
    hasher.write_u128(tenant);
    hasher.finish128().as_u128()
}

fn put_text(to: &mut Vec<u8>, text: &[u8]) {
    // Its length, so that no text runs into what comes after it.
    let [a, b, c, d, e, f, g, h] = text.len().to_le_bytes();
    to.extend_from_slice(&[1, a, b, c, d, e, f, g, h]);
    to.extend_from_slice(text);
}

/// Values that are equal to a server enter alike, whatever their type or scale.
fn absorb(to: &mut Vec<u8>, cell: &Cell<'_>) -> Result<(), &'static str> {
    let mut put = |kind: u8, value: &[u8]| {
        to.push(kind);
        to.extend_from_slice(value);
    };
    match cell {
        Cell::Null => put(0, &[]),
        Cell::Text(text) => put_text(to, text),
        Cell::Number(number) => {
            let (digits, scale, large) = number.canonical();
            put(2, &digits.to_le_bytes());
            to.extend_from_slice(&scale.to_le_bytes());
            // Its length, so that no number runs into what comes after it.
            let large = large.unwrap_or_default();
            to.extend_from_slice(&large.len().to_le_bytes());
            to.extend_from_slice(large.as_bytes());
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
        printer.print([Cell::Text(b"of another key")]);
        printer.print(cells.iter().cloned())
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
            let mut printer = Printer::new(Seed::fixed(7));
            assert_eq!(printer.text(text.as_bytes()), of(ColumnKind::Text, text.as_bytes()));
        }
    }

    #[test]
    fn cells_do_not_run_into_each_other() {
        let cells = |a: &'static [u8], b: &'static [u8]| print(7, &[Cell::Text(a), Cell::Text(b)]);
        assert_ne!(cells(b"ab", b"c"), cells(b"a", b"bc"));
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
