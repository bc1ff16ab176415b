//! Keys that may stand once only, and those that stand more often.

use super::columns::KeyPlace;
use super::expr::Refusal;
use super::job::{Job, fork_of};
use super::keyed::{Print, low};
use super::print_set::PrintSet;
use super::row::{Filter, Row, Shown};
use super::samples::Samples;
use super::shared::{Shared, Suspicion};
use crate::facts::{Observed, Tallied};

/// Keys that several rows share: first by fingerprint, then exactly.
pub(super) struct Repeats {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The key.
    pub(super) place: KeyPlace,
    /// Fingerprints so far.
    pub(super) once: PrintSet,
    /// Fingerprints that came again.
    pub(super) again: PrintSet,
}

impl Job for Repeats {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if self.filter.admits(row, shared)?
            && let Some(print) = row.print(self.place)?
        {
            let take = |bytes| shared.take(bytes);
            if !self.once.insert(low(print), &take)? {
                self.again.insert(low(print), &take)?;
            }
        }
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        let (once, again) = (PrintSet::default(), PrintSet::default());
        Some(Box::new(Self { key: self.key.clone(), filter: self.filter.clone(), once, again, ..*self }))
    }

    fn merge(&mut self, other: Box<dyn Job>, shared: &Shared) -> Result<(), Refusal> {
        let (other, take) = (fork_of::<Self>(other)?, |bytes| shared.take(bytes));
        for print in other.once.iter() {
            if !self.once.insert(print, &take)? {
                self.again.insert(print, &take)?;
            }
        }
        self.again.join(&other.again, &take)
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        if !self.again.is_empty() {
            shared.suspects.insert(self.key, Suspicion::Keys(self.again));
        }
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// Keys whose fingerprints came again, counted by their text.
pub(super) struct Repeated {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The key.
    pub(super) place: KeyPlace,
    /// Its columns.
    pub(super) shown: Vec<Shown>,
    /// Fingerprints to look at.
    pub(super) again: PrintSet,
    /// Rows by key.
    pub(super) counts: std::collections::HashMap<Print, (u64, Vec<Option<String>>)>,
    /// Most samples.
    pub(super) samples: Samples,
}

impl Job for Repeated {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let Some(print) = row.print(self.place)? else { return Ok(()) };
        if self.again.contains(low(print)) {
            let entry = self
                .counts
                .entry(print)
                .or_insert_with(|| (0, self.shown.iter().map(|s| row.text(s)).collect()));
            if entry.0 == 0 {
                shared.take(64 + entry.1.iter().flatten().map(|t| t.len() as u64 + 24).sum::<u64>())?;
            }
            entry.0 += 1;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, shared: &mut Shared) {
        let mut violations = 0;
        for (count, mut sample) in std::mem::take(&mut self.counts).into_values().filter(|(n, _)| *n > 1) {
            violations += 1;
            sample.push(Some(count.to_string()));
            self.samples.add(false, || sample);
        }
        let columns = self.shown.iter().map(|s| s.name.clone()).chain(["rows".to_owned()]).collect();
        let tallied = Tallied { violations, unknown: 0, columns, samples: self.samples.finish() };
        shared.found.insert(self.key, Ok(Observed::Tally(tallied)));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}
