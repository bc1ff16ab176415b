//! The fingerprints of one key in a batch. Rows of one key mostly lie together, so there is one for each run of them.

use std::ops::Range;

use super::batch::Batch;
use super::chunk::{Column, Values};
use super::keyed::{Printed, Printer, Seed};
use crate::catalogue::ColumnKind;

/// All of two ascending lists, each once.
pub(super) fn merged(one: &[usize], other: &[usize]) -> Vec<usize> {
    let (mut all, mut other) = (Vec::with_capacity(one.len().max(other.len())), other.iter().peekable());
    for at in one {
        while let Some(before) = other.next_if(|other| *other < at) {
            all.push(*before);
        }
        all.push(*at);
        let _same = other.next_if_eq(&at);
    }
    all.extend(other);
    all
}

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
    /// Those of a column.
    #[must_use]
    pub(super) fn of_column(batch: &Batch, values: &Values<'_>, place: usize, seed: Seed) -> Self {
        let mut printer = Printer::new(seed);
        let starts = batch.starts(place);
        // As most keys are.
        let plain = matches!(values.column(place), Some(Column::Text(Some(ColumnKind::Text))));
        let print = |at: &usize| match batch.row(*at).get(place).filter(|_| plain) {
            Some(text) => printer.text(text),
            None => printer.cell(&values.cell(place, *at)),
        };
        let runs = starts.iter().map(print).collect();
        Self::new(batch, starts, runs)
    }

    /// Those of a key, out of those of its columns.
    #[must_use]
    pub(super) fn of_key(batch: &Batch, columns: &[&Self], seed: Seed) -> Self {
        let mut printer = Printer::new(seed);
        let mut lists = columns.iter().map(|column| column.starts.as_slice());
        // A key without columns is that of all rows.
        let first = lists.next().unwrap_or(&[0]).to_vec();
        let starts = lists.fold(first, |known, more| merged(&known, more));
        let print = |at: &usize| printer.several(columns.iter().filter_map(|column| column.get(*at)));
        let runs = starts.iter().map(print).collect();
        Self::new(batch, starts, runs)
    }

    fn new(batch: &Batch, starts: Vec<usize>, runs: Vec<Printed>) -> Self {
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
