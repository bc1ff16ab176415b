//! The fingerprints of one key in a batch. Rows of one key mostly lie together, so there is one for each run of them.

use std::ops::Range;

use super::batch::Batch;
use super::chunk::{Column, Values};
use super::keyed::{Printed, Printer, Seed};
use crate::catalogue::ColumnKind;

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
        let mut prints =
            Self { runs: Vec::new(), starts: Vec::new(), which: Vec::with_capacity(batch.rows()) };
        let mut printer = Printer::new(seed);
        let mut whole = |at: usize| printer.print(places.iter().map(|place| values.cell(*place, at)));
        let [place] = places else {
            for at in 0..batch.rows() {
                let row = batch.row(at);
                let before = at.checked_sub(1).map(|before| batch.row(before));
                let same = before.is_some_and(|before| places.iter().all(|p| before.get(*p) == row.get(*p)));
                prints.push((!same).then(|| whole(at)));
            }
            return prints;
        };
        let plain = matches!(values.column(*place), Some(Column::Text(Some(ColumnKind::Text))));
        let mut texts = Printer::new(seed);
        let mut before: Option<Option<&[u8]>> = None;
        for (at, cell) in batch.column(*place).enumerate() {
            let anew = before != Some(cell);
            before = Some(cell);
            prints.push(anew.then(|| match cell {
                Some(text) if plain => texts.text(text),
                _ => whole(at),
            }));
        }
        prints
    }

    /// One more row, with its fingerprint if it begins a run.
    fn push(&mut self, anew: Option<Printed>) {
        if let Some(printed) = anew {
            self.starts.push(self.which.len());
            self.runs.push(printed);
        }
        // A batch has far fewer rows than this holds.
        self.which.push(u32::try_from(self.runs.len().saturating_sub(1)).unwrap_or(u32::MAX));
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
