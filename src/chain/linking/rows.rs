//! The rows of one split, kept compactly until the split's end in case they have to be diagnosed.

use std::collections::HashMap;

use super::identity::Id;

/// What a row states as its predecessor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stated {
    /// The genesis value.
    Genesis,
    /// NULL although the genesis is not.
    Nothing,
    /// A hash.
    Hash(Id),
}

/// Why a row that does not recompute may not be altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cause {
    /// Every probe was tried in vain.
    Unexplained,
    /// Not every probe was tried.
    Untried,
    /// It rests on the member order of a `jsonb` value.
    OrderLost,
    /// It recomputes with a time that many microseconds later than stored.
    Shift {
        /// Index of the time column.
        column: usize,
        /// Hashed minus stored time.
        micros: i64,
    },
    /// It recomputes with another spelling, by number.
    Variant(usize),
}

/// Facts about a row, as bits.
pub(crate) mod flag {
    /// The row recomputes as declared, or by the declared search.
    pub(crate) const OK: u8 = 1;
    /// Its link names the row before it, or the genesis in a first row.
    pub(crate) const LINKED: u8 = 2;
    /// It could not be evaluated.
    pub(crate) const ISSUE: u8 = 4;
    /// Its order values equal those of the row before it.
    pub(crate) const TIE: u8 = 8;
    /// It does not recompute as it stands, but does with the hash of the row before it.
    pub(crate) const FITS_BEFORE: u8 = 16;
    /// (Implicit links) It recomputes with the hash of the row before the one before it.
    pub(crate) const FITS_SKIPPING: u8 = 32;
    /// (Implicit links) It recomputes with what the row before it should have had as hash.
    pub(crate) const FITS_RESTORED: u8 = 64;
    /// It is the first row that was left when those before an anchor were pruned.
    pub(crate) const PRUNED: u8 = 128;
}

/// What is kept only about rows that stand out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Odd {
    /// Its stated predecessor.
    pub(crate) stated: Stated,
    /// The hash its content yields, when that is not the stored one.
    pub(crate) computed: Option<Id>,
    /// Why it may not recompute.
    pub(crate) cause: Cause,
    /// What it has that rows that recompute do not have.
    pub(crate) marks: u32,
    /// What it carries of rows that it points to, as a number; 0 for nothing.
    pub(crate) carried: u64,
}

/// The rows of a split in the order in which they arrived.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    hashes: Vec<Id>,
    flags: Vec<u8>,
    odd: HashMap<usize, Odd>,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

impl Rows {
    pub(crate) fn clear(&mut self) {
        self.hashes.clear();
        self.flags.clear();
        self.odd.clear();
        self.cells.clear();
        self.ends.clear();
    }

    /// Gives the memory back.
    pub(crate) fn release(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Approximate bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.cells.len()
            + self.hashes.len() * (size_of::<Id>() + size_of::<u8>() + size_of::<usize>())
            + self.odd.len() * (size_of::<Odd>() + 16)
    }

    pub(crate) fn push<'c>(
        &mut self,
        hash: Id,
        flags: u8,
        odd: Option<Odd>,
        cells: impl Iterator<Item = Option<&'c str>>,
    ) {
        if let Some(odd) = odd {
            self.odd.insert(self.hashes.len(), odd);
        }
        self.hashes.push(hash);
        self.flags.push(flags);
        for cell in cells {
            match cell {
                // A length of all ones is NULL; a cell cannot be that long.
                None => self.cells.extend_from_slice(&u32::MAX.to_le_bytes()),
                Some(text) => {
                    let length = u32::try_from(text.len()).unwrap_or(u32::MAX - 1);
                    self.cells.extend_from_slice(&length.to_le_bytes());
                    self.cells.extend_from_slice(text.as_bytes());
                }
            }
        }
        self.ends.push(self.cells.len());
    }

    pub(crate) fn hash(&self, row: usize) -> Id {
        self.hashes.get(row).copied().unwrap_or_default()
    }

    pub(crate) fn has(&self, row: usize, flag: u8) -> bool {
        self.flags.get(row).is_some_and(|flags| flags & flag != 0)
    }

    pub(crate) fn odd(&self, row: usize) -> Option<&Odd> {
        self.odd.get(&row)
    }

    /// Records the hash a row's content yields, once it is known.
    pub(crate) fn restore(&mut self, row: usize, computed: Id) {
        if let Some(odd) = self.odd.get_mut(&row) {
            odd.computed = Some(computed);
        }
    }

    /// What the row states as its predecessor.
    pub(crate) fn stated(&self, row: usize) -> Stated {
        if self.has(row, flag::LINKED) {
            return match row.checked_sub(1) {
                Some(before) => Stated::Hash(self.hash(before)),
                None => Stated::Genesis,
            };
        }
        self.odd.get(&row).map_or(Stated::Nothing, |odd| odd.stated)
    }

    /// The kept cells of a row: its key columns, then its order columns.
    pub(crate) fn cells(&self, row: usize) -> Vec<Option<String>> {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(row).copied().unwrap_or(start);
        let mut rest = self.cells.get(start..end).unwrap_or_default();
        let mut cells = Vec::new();
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length);
            if length == u32::MAX {
                cells.push(None);
                rest = tail;
                continue;
            }
            let Some((text, tail)) = tail.split_at_checked(usize::try_from(length).unwrap_or(usize::MAX))
            else {
                break;
            };
            cells.push(Some(String::from_utf8_lossy(text).into_owned()));
            rest = tail;
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_went_in() {
        let mut rows = Rows::default();
        rows.push([1; 32], flag::OK | flag::LINKED, None, [Some("k1"), None, Some("")].into_iter());
        rows.push([2; 32], flag::OK | flag::LINKED, None, [Some("é")].into_iter());
        let odd = Odd {
            stated: Stated::Hash([9; 32]),
            computed: None,
            cause: Cause::Unexplained,
            marks: 0,
            carried: 0,
        };
        rows.push([3; 32], 0, Some(odd), std::iter::empty());
        assert_eq!(rows.cells(0), [Some("k1".to_owned()), None, Some(String::new())]);
        assert_eq!(rows.cells(1), [Some("é".to_owned())]);
        assert_eq!(rows.cells(2), []);
        assert_eq!(rows.stated(0), Stated::Genesis);
        assert_eq!(rows.stated(1), Stated::Hash([1; 32]));
        assert_eq!(rows.stated(2), Stated::Hash([9; 32]));
        rows.restore(2, [7; 32]);
        assert_eq!(rows.odd(2).unwrap().computed, Some([7; 32]));
        assert!(rows.bytes() > 100);
    }
}
