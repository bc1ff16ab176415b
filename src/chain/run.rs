//! What a run over a whole relation gathers. Nothing is called tampering before the run is over, because only the
//! whole tells a wrong declaration from a wrong row.

use std::collections::BTreeMap;

use super::era::{Era, Eras};
use super::eval::EvalIssue;
use super::identity::{self, Id, Sample};
use super::report::{Anomaly, AnomalyKind, Levels};
use super::rows::Cause;
use crate::finding::KeyPart;

/// Most unknown predecessors remembered for looking them up in other splits.
const UNKNOWN: usize = 1 << 16;

/// Rows of one kind: how many, and the keys of some.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) samples: Vec<Vec<KeyPart>>,
}

impl Tally {
    /// Counts rows and keeps a key while there is room.
    pub(crate) fn add(&mut self, rows: u64, limit: usize, key: impl FnOnce() -> Vec<KeyPart>) {
        self.rows += rows;
        if self.samples.len() < limit {
            self.samples.push(key());
        }
    }
}

/// An anomaly that is held back until the run is judged.
#[derive(Debug)]
pub(crate) struct Found {
    /// Place in the order of arrival.
    pub(crate) at: u64,
    pub(crate) anomaly: Anomaly,
    /// The hash it names, where that is unknown in its split.
    pub(crate) names: Option<u64>,
    /// What is left to say when the recipe turns out to be wrong: what the links alone show.
    pub(crate) by_links: Option<Box<Found>>,
}

/// Anomalies of one origin: how many, and the first ones.
#[derive(Debug, Default)]
pub(crate) struct Pen {
    pub(crate) total: u64,
    pub(crate) by_links: u64,
    pub(crate) kept: Vec<Found>,
}

impl Pen {
    /// Takes in another pen; those with a structural reading go before mere samples.
    pub(crate) fn merge(&mut self, other: Self, samples: usize) {
        self.total += other.total;
        self.by_links += other.by_links;
        self.kept.extend(other.kept);
        let mut structural: Vec<Found> = self.kept.extract_if(.., |found| found.by_links.is_some()).collect();
        for kept in [&mut structural, &mut self.kept] {
            kept.sort_by_key(|found| found.at);
            kept.truncate(samples);
        }
        self.kept.append(&mut structural);
    }
}

/// Why a row that does not recompute is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Unexplained,
    Untried,
    OrderLost,
    Shift(usize),
    Variant(usize),
}

impl Class {
    pub(crate) fn of(cause: Cause) -> Self {
        match cause {
            Cause::Unexplained => Self::Unexplained,
            Cause::Untried => Self::Untried,
            Cause::OrderLost => Self::OrderLost,
            Cause::Shift { column, .. } => Self::Shift(column),
            Cause::Variant(n) => Self::Variant(n),
        }
    }
}

/// What tells one failing row from another: what its cells are like, and where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sort {
    pub(crate) marks: u32,
    pub(crate) era: Era,
    pub(crate) carried: u64,
}

/// Which hypothesis could take an anomaly away.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// None: the row itself proves it.
    Sure,
    /// The recipe may be wrong: why, whether the links show something too, and the sort of row.
    Content(Cause, bool, Sort),
    /// The split may be too fine.
    Links,
    /// The split may be too coarse.
    Strands,
    /// The order may be another.
    Moved,
    /// What a column is bound to may be wrong.
    Bound,
}

/// Everything a run gathers.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) samples: usize,
    pub(crate) rows: u64,
    pub(crate) splits: u64,
    pub(crate) levels: Levels,
    /// Rows with a hash.
    pub(crate) hashed: u64,
    /// Rows of which a column is bound, and those where one is not what it is bound to.
    pub(crate) bindable: u64,
    pub(crate) unlike: u64,
    /// Rows whose recipe could be evaluated.
    pub(crate) evaluated: u64,
    pub(crate) verified: u64,
    pub(crate) by_search: u64,
    /// Rows that the policy accepts as linked only.
    pub(crate) links_only: u64,
    /// Rows that recompute, by way of hashing.
    pub(crate) by_way: Vec<u64>,
    /// Bound columns that were compared in no row.
    pub(crate) never_bound: Vec<usize>,
    /// Most candidates that the search had for a row.
    pub(crate) search_most: u64,
    pub(crate) search_beyond: u64,
    /// Rows that anchors know and that are gone.
    pub(crate) lost: u64,
    pub(crate) linked: u64,
    /// Rows that rest on a lost JSON order and do not recompute.
    pub(crate) order_lost: u64,
    pub(crate) issues: BTreeMap<EvalIssue, Tally>,
    pub(crate) before_chain: Tally,
    pub(crate) too_large: Tally,
    pub(crate) tied: Tally,
    pub(crate) unnumbered: Tally,
    /// Whether some chain fails for long at its start, and at its end.
    pub(crate) long_eras: (bool, bool),
    /// Rows of splits whose order is numbers stored as text.
    pub(crate) by_text: Tally,
    pub(crate) several: Tally,
    pub(crate) content: BTreeMap<(Class, Sort), Pen>,
    pub(crate) sure: Pen,
    pub(crate) links: Pen,
    pub(crate) strands: Pen,
    pub(crate) moved: Pen,
    pub(crate) bound: Pen,
    pub(crate) hashes: Sample,
    pub(crate) unknown: Vec<u64>,
    pub(crate) unknown_total: u64,
    /// Splits of two rows or more that are one chain, and columns constant in all of them.
    pub(crate) single: u64,
    pub(crate) single_constant: u64,
    /// Splits that look like several chains, how many chains they hold, columns constant in each of these, and
    /// columns that tell some of these apart.
    pub(crate) suspects: u64,
    pub(crate) suspect_strands: u64,
    pub(crate) suspect_constant: u64,
    pub(crate) suspect_varying: u64,
}

impl Run {
    pub(crate) fn new(samples: usize) -> Self {
        Self { samples, single_constant: u64::MAX, suspect_constant: u64::MAX, ..Self::default() }
    }

    /// Holds an anomaly back; it is only built while there is room for samples.
    pub(crate) fn hold(&mut self, place: Place, found: impl FnOnce() -> Found) {
        let samples = self.samples;
        let pen = match place {
            Place::Sure => &mut self.sure,
            Place::Links => &mut self.links,
            Place::Strands => &mut self.strands,
            Place::Moved => &mut self.moved,
            Place::Bound => &mut self.bound,
            Place::Content(cause, by_links, sort) => {
                let pen = self.content.entry((Class::of(cause), sort)).or_default();
                pen.by_links += u64::from(by_links);
                // One with a structural reading is worth more than a sample of the same.
                if by_links && pen.total >= samples as u64 && pen.kept.len() < 2 * samples {
                    pen.kept.push(found());
                    pen.total += 1;
                    return;
                }
                pen
            }
        };
        pen.total += 1;
        if pen.kept.len() < samples {
            pen.kept.push(found());
        }
    }

    /// Takes note of a chain in which rows at one end fail.
    pub(crate) fn eras(&mut self, eras: &Eras) {
        let (early, late) = eras.long();
        self.long_eras = (self.long_eras.0 || early, self.long_eras.1 || late);
    }

    /// Remembers a predecessor that is unknown in its split.
    pub(crate) fn unknown(&mut self, id: Option<&Id>) {
        self.unknown_total += 1;
        if let Some(id) = id
            && self.unknown.len() < UNKNOWN
        {
            self.unknown.push(identity::short(id));
        }
    }

    /// Of the unknown predecessors that can be looked up: how many there are, and how many are in the relation.
    pub(crate) fn elsewhere(&self) -> (u64, u64) {
        let answers = self.unknown.iter().filter_map(|short| self.hashes.knows(*short));
        answers.fold((0, 0), |(asked, known), answer| (asked + 1, known + u64::from(answer)))
    }
}

/// Builds an anomaly.
pub(crate) fn found(
    at: u64,
    kind: AnomalyKind,
    message: String,
    key: Vec<KeyPart>,
    split: Vec<KeyPart>,
) -> Found {
    Found { at, anomaly: Anomaly { kind, message, key, split }, names: None, by_links: None }
}
