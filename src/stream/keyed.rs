//! Keys as fingerprints under a secret of the run, so that nobody who writes rows can make two keys meet.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::cell::Cell;
use super::expr::{Refusal, UNREADABLE};

/// The run's secret: 128 bits from the operating system, drawn anew for each run.
#[derive(Clone, Copy)]
pub struct Seed([u64; 2]);

impl Seed {
    /// Draws one.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random bytes.
    pub fn fresh() -> Result<Self, String> {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes).map_err(|e| format!("the operating system gave no random bytes: {e}"))?;
        let [a, b] = [0, 8]
            .map(|at| bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes));
        Ok(Self([a, b]))
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

/// The fingerprint of some cells of a row; `None` when one of them is NULL and `or_null` is not set.
///
/// # Errors
///
/// When a cell has no value that could be compared.
pub fn print(
    seed: Seed,
    cells: &[Cell<'_>],
    places: &[usize],
    or_null: bool,
) -> Result<Option<Print>, Refusal> {
    let mut hasher = SipHasher13::new_with_keys(seed.0[0], seed.0[1]);
    for place in places {
        match cells.get(*place) {
            None | Some(Cell::Null) if !or_null => return Ok(None),
            None | Some(Cell::Null) => hasher.write_u8(0),
            Some(cell) => absorb(&mut hasher, cell)?,
        }
    }
    Ok(Some(hasher.finish128().as_u128()))
}

/// The fingerprint of a key together with its tenant's.
#[must_use]
pub fn paired(seed: Seed, key: Print, tenant: Print) -> Print {
    let mut hasher = SipHasher13::new_with_keys(seed.0[1], seed.0[0]);
    hasher.write_u128(key);
    hasher.write_u128(tenant);
    hasher.finish128().as_u128()
}

/// Values that are equal to a server enter alike, whatever their type or scale.
fn absorb(hasher: &mut SipHasher13, cell: &Cell<'_>) -> Result<(), Refusal> {
    match cell {
        Cell::Null => hasher.write_u8(0),
        Cell::Text(text) => {
            hasher.write_u8(1);
            hasher.write_u64(u64::try_from(text.len()).unwrap_or(u64::MAX));
            hasher.write(text);
        }
        Cell::Number(number) => {
            hasher.write_u8(2);
            let (digits, scale, large) = number.canonical();
            hasher.write_i128(digits);
            hasher.write_u32(scale);
            if let Some(large) = large {
                hasher.write(large.as_bytes());
            }
        }
        // Zero has two spellings.
        Cell::Float(n) => {
            hasher.write_u8(3);
            hasher.write_u64((n + 0.0).to_bits());
        }
        Cell::Odd(odd) => {
            hasher.write_u8(4);
            hasher.write(odd.word(false).as_bytes());
        }
        Cell::Time(micros) => {
            hasher.write_u8(5);
            hasher.write_i64(*micros);
        }
        Cell::Span(micros) => {
            hasher.write_u8(6);
            hasher.write_i64(*micros);
        }
        Cell::Bool(b) => hasher.write_u8(7 + u8::from(*b)),
        Cell::Opaque => return Err("keys of this type are compared by a server only".to_owned()),
        Cell::Unreadable => return Err(UNREADABLE.to_owned()),
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

/// A set of fingerprints.
pub type PrintSet = HashSet<u64, BuildHasherDefault<AsIs>>;

/// Something for each fingerprint.
pub type PrintMap<V> = HashMap<Print, V, BuildHasherDefault<AsIs>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::ColumnKind;

    fn of(kind: ColumnKind, text: &[u8]) -> Option<Print> {
        print(Seed::fixed(7), &[Cell::read(kind, Some(text))], &[0], false).unwrap()
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
    fn cells_do_not_run_into_each_other() {
        let cells = |a: &'static [u8], b: &'static [u8]| {
            print(Seed::fixed(7), &[Cell::Text(a), Cell::Text(b)], &[0, 1], false).unwrap()
        };
        assert_ne!(cells(b"ab", b"c"), cells(b"a", b"bc"));
    }

    #[test]
    fn a_null_is_no_key_unless_it_may_be_one() {
        let cells = [Cell::Null];
        assert_eq!(print(Seed::fixed(1), &cells, &[0], false), Ok(None));
        assert!(matches!(print(Seed::fixed(1), &cells, &[0], true), Ok(Some(_))));
    }

    #[test]
    fn another_run_has_other_fingerprints() {
        let cells = [Cell::Text(b"x")];
        let [a, b] = [1, 2].map(|n| print(Seed::fixed(n), &cells, &[0], false).unwrap());
        assert_ne!(a, b);
    }
}
