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
    /// Makes them, where it is known which rows are the first of a run.
    #[must_use]
    pub(super) fn of(
        batch: &Batch,
        values: &Values<'_>,
        places: &[usize],
        starts: Vec<usize>,
        seed: Seed,
    ) -> Self {
        let mut printer = Printer::new(seed);
        let plain =
            |place: &usize| matches!(values.column(*place), Some(Column::Text(Some(ColumnKind::Text))));
        let runs = match places {
            // As most keys are.
            [place] if plain(place) => {
                let print = |at: &usize| match batch.row(*at).get(*place) {
                    Some(text) => printer.text(text),
                    None => printer.print([values.cell(*place, *at)]),
                };
                starts.iter().map(print).collect()
            }
            _ => {
                let cells = |at: usize| places.iter().map(move |place| values.cell(*place, at));
                starts.iter().map(|at| printer.print(cells(*at))).collect()
            }
        };
        // A batch has far fewer rows than this holds.
        let numbers = (0u32..).zip(starts.iter().skip(1).copied().chain([batch.rows()]));
        let mut which = Vec::with_capacity(batch.rows());
        numbers.for_each(|(run, end)| which.resize(end, run));
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

    /// Where each run begins.
    pub(super) fn starts(&self) -> &[usize] {
        &self.starts
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
