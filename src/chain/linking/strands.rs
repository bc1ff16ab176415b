//! Follows the chains inside a declared split: more than one of them, interleaved, means the split is wrong.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::identity::Id;

/// Most chains followed in one split.
const MOST: usize = 1 << 16;

/// The chains of one split. Columns are watched for being constant inside each: such a column is what the writer
/// really splits by.
#[derive(Debug)]
pub(crate) struct Strands {
    /// Column indexes watched, at most 64.
    watch: Vec<usize>,
    /// One fingerprint per watched column and strand.
    prints: Vec<u64>,
    strands: Vec<Strand>,
    /// Heads of the strands that the last row did not belong to.
    heads: HashMap<Id, usize>,
    current: Option<usize>,
    /// Whether an earlier strand was taken up again.
    interleaved: bool,
    /// Rows that belong to none.
    strays: u64,
    rows: u64,
}

#[derive(Clone, Copy, Debug)]
struct Strand {
    /// One bit per watched column that never changed.
    constant: u64,
    rows: u64,
}

/// How a row is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attached {
    /// To the row before it.
    Before,
    /// To the genesis.
    Genesis,
    /// To the row with this hash, wherever it is.
    Elsewhere(Id),
    /// To nothing.
    Nothing,
}

impl Strands {
    pub(crate) fn new(watch: Vec<usize>) -> Self {
        Self {
            watch,
            prints: Vec::new(),
            strands: Vec::new(),
            heads: HashMap::new(),
            current: None,
            interleaved: false,
            strays: 0,
            rows: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.prints.clear();
        self.strands.clear();
        self.heads.clear();
        self.current = None;
        self.interleaved = false;
        self.strays = 0;
        self.rows = 0;
    }

    /// Adds a row; `before` is the hash of the row before it.
    pub(crate) fn add(&mut self, row: &[Option<&str>], attached: Attached, before: Option<&Id>) {
        self.rows += 1;
        if attached != Attached::Before {
            if let (Some(current), Some(before)) = (self.current, before) {
                self.heads.insert(*before, current);
            }
            self.current = match attached {
                Attached::Genesis if self.strands.len() < MOST => Some(self.open(row)),
                Attached::Elsewhere(head) => {
                    let found = self.heads.remove(&head);
                    self.interleaved |= found.is_some();
                    found
                }
                _ => None,
            };
        }
        let Some(strand) = self.current.and_then(|current| self.strands.get_mut(current)) else {
            self.strays += 1;
            return;
        };
        strand.rows += 1;
        if strand.constant == 0 || strand.rows == 1 {
            return;
        }
        let base = self.current.unwrap_or(0) * self.watch.len();
        for (n, column) in self.watch.iter().enumerate() {
            if strand.constant & (1 << n) != 0 && self.prints.get(base + n) != Some(&print(row, *column)) {
                strand.constant &= !(1 << n);
            }
        }
    }

    fn open(&mut self, row: &[Option<&str>]) -> usize {
        self.prints.extend(self.watch.iter().map(|column| print(row, *column)));
        let constant = if self.watch.len() == 64 { u64::MAX } else { (1 << self.watch.len()) - 1 };
        self.strands.push(Strand { constant, rows: 0 });
        self.strands.len() - 1
    }

    /// Watched columns that never changed inside any strand, as bits.
    pub(crate) fn constant(&self) -> u64 {
        self.strands.iter().fold(u64::MAX, |all, strand| all & strand.constant)
    }

    /// Watched columns that differ between strands, as bits.
    pub(crate) fn varying(&self) -> u64 {
        let width = self.watch.len().max(1);
        let mut strands = self.prints.chunks(width);
        let first = strands.next().unwrap_or_default();
        let differs = |prints: &[u64], n: usize| prints.get(n) != first.get(n);
        strands.fold(0, |mask, prints| {
            (0..self.watch.len()).filter(|n| differs(prints, *n)).fold(mask, |mask, n| mask | 1 << n)
        })
    }

    /// Whether the split looks like several chains of one writer each, rather than one chain with defects.
    pub(crate) fn looks_like_several(&self) -> bool {
        let long = self.strands.iter().filter(|strand| strand.rows >= 2).count();
        self.strands.len() >= 2
            && self.strays * 10 <= self.rows
            && ((self.interleaved && long >= 2) || (long >= 1 && self.tells_apart(self.constant())))
    }

    pub(crate) fn count(&self) -> usize {
        self.strands.len()
    }

    /// Whether the columns of the mask together have another value in every strand.
    fn tells_apart(&self, mask: u64) -> bool {
        let width = self.watch.len();
        if width == 0 || mask.trailing_zeros() as usize >= width {
            return false;
        }
        let mut seen = std::collections::HashSet::new();
        self.prints.chunks(width).all(|prints| {
            let chosen: Vec<u64> = prints
                .iter()
                .enumerate()
                .filter(|(n, _)| mask & (1 << n) != 0)
                .map(|(_, print)| *print)
                .collect();
            seen.insert(chosen)
        })
    }
}

/// The watched columns a mask stands for.
pub(crate) fn columns(watch: &[usize], mask: u64) -> Vec<usize> {
    watch.iter().enumerate().filter(|(n, _)| mask & (1 << n) != 0).map(|(_, column)| *column).collect()
}

fn print(row: &[Option<&str>], column: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.get(column).copied().flatten().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaved_chains_are_told_by_their_column() {
        let mut strands = Strands::new(vec![0, 1]);
        strands.add(&[Some("a"), Some("1")], Attached::Genesis, None);
        strands.add(&[Some("b"), Some("2")], Attached::Genesis, Some(&[1; 32]));
        assert!(!strands.looks_like_several());
        strands.add(&[Some("a"), Some("3")], Attached::Elsewhere([1; 32]), Some(&[2; 32]));
        strands.add(&[Some("b"), Some("4")], Attached::Elsewhere([2; 32]), Some(&[3; 32]));
        assert!(strands.looks_like_several());
        assert_eq!(columns(&[0, 1], strands.constant()), [0]);
        assert_eq!(strands.count(), 2);
    }

    #[test]
    fn a_second_genesis_in_one_chain_is_not_several_chains() {
        let mut strands = Strands::new(vec![0]);
        strands.add(&[Some("a")], Attached::Genesis, None);
        strands.add(&[Some("b")], Attached::Before, Some(&[1; 32]));
        strands.add(&[Some("c")], Attached::Genesis, Some(&[2; 32]));
        strands.add(&[Some("a")], Attached::Before, Some(&[3; 32]));
        assert!(!strands.looks_like_several());
    }
}
