//! The fingerprints of one key in a batch. Rows of one key mostly lie together, so there is one for each run of them.

use std::ops::Range;

use super::batch::Batch;
use super::chunk::Values;
use super::keyed::{Printed, Printer, Seed};

/// Fingerprints of a key.
pub(super) struct Prints {
    /// One for each run of rows whose key is spelt alike.
    runs: Vec<Printed>,
    /// Where each run begins.
    starts: Vec<usize>,
    /// The run of each row.
    which: Vec<u32>,
}

impl Prints {
    /// Makes them.
    #[must_use]
    pub(super) fn of(batch: &Batch, values: &Values<'_>, places: &[usize], seed: Seed) -> Self {
        let mut starts = Vec::new();
        let mut which = Vec::with_capacity(batch.rows());
        let mut run = 0u32;
        let mut begins = |at: usize, anew: bool| {
            if anew {
                starts.push(at);
                run = u32::try_from(starts.len()).unwrap_or(u32::MAX) - 1;
            }
            which.push(run);
        };
        match places {
            [place] => {
                let mut before: Option<Option<&[u8]>> = None;
                for (at, cell) in batch.column(*place).enumerate() {
                    begins(at, before != Some(cell));
                    before = Some(cell);
                }
            }
            _ => {
                for at in 0..batch.rows() {
                    let row = batch.row(at);
                    let before = at.checked_sub(1).map(|before| batch.row(before));
                    let same =
                        before.is_some_and(|before| places.iter().all(|p| before.get(*p) == row.get(*p)));
                    begins(at, !same);
                }
            }
        }
        let mut printer = Printer::new(seed);
        let runs = starts
            .iter()
            .map(|at| printer.print(places.iter().map(|place| values.cell(*place, *at))))
            .collect();
        Self { runs, starts, which }
    }

    /// The fingerprint of a row.
    pub(super) fn get(&self, at: usize) -> Option<&Printed> {
        self.runs.get(self.run(at)? as usize)
    }

    /// The run that a row is in.
    pub(super) fn run(&self, at: usize) -> Option<u32> {
        self.which.get(at).copied()
    }

    /// Why a key has no fingerprint, if one has none.
    pub(super) fn refused(&self) -> Option<&'static str> {
        self.runs.iter().find_map(|printed| match printed {
            Printed::Refused(why) => Some(*why),
            _ => None,
        })
    }

    /// The rows of each run, with their fingerprint.
    pub(super) fn runs(&self) -> impl Iterator<Item = (Range<usize>, &Printed)> {
        let ends = self.starts.iter().skip(1).copied().chain([self.which.len()]);
        self.starts.iter().zip(ends).map(|(start, end)| *start..end).zip(&self.runs)
    }
}
