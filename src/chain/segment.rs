//! Chains read in the order in which their rows lie, all splits mixed, without sorting anything.
//!
//! An audit table is appended to, so its rows mostly lie in the order in which they were written. Then a row's predecessor
//! is the row of its split that was read last, and all that has to be kept is one hash for each split. Parts of a table
//! can be read apart and put together afterwards, since each row states its own predecessor: what joins two parts is that
//! the first row of a split in the later one names the last of the earlier.
//!
//! Only rows in perfect order are settled here. At the first row that is not, the segment gives up, and the rows are sorted
//! and looked at by [`super::verify`], which alone accuses anybody.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};

use super::check::{Checked, Checker};
use super::identity::Id;
use super::judge;
use super::marks::Marked;
use super::program::SpecIssue;
use super::report::ChainReport;
use super::run::Run;
use super::spec::{CellKind, ChainSpec};
use super::strands::Attached;
use super::time;
use super::verify::{Limits, watched};

/// A part of a table's rows.
#[derive(Debug)]
pub struct Segment {
    spec: ChainSpec,
    samples: usize,
    checker: Checker,
    /// Two independent hashes make a key; both are drawn anew for each segment's origin.
    states: [RandomState; 2],
    splits: HashMap<u128, Ends>,
    /// The place of the row at hand.
    place: Place,
    rows: u64,
    by_search: u64,
    plain: bool,
}

/// Where a split begins and ends in a segment.
#[derive(Clone, Debug)]
struct Ends {
    /// What its first row names: a hash, or the genesis.
    names: Option<Id>,
    first: Place,
    last_hash: Id,
    last: Place,
    /// The last hash as it is stored, where rows do not state their predecessors.
    stored: Vec<u8>,
}

/// A row's place in the declared order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Number(i128),
    Text(String),
}

type Place = Vec<Step>;

impl Segment {
    /// Prepares a segment. Segments of one relation must all be made by [`Segment::beside`] of one of them.
    ///
    /// # Errors
    ///
    /// When the declaration contradicts itself or its columns.
    pub fn new(spec: &ChainSpec, limits: Limits) -> Result<Self, SpecIssue> {
        Ok(Self {
            spec: spec.clone(),
            samples: limits.samples,
            checker: Checker::new(spec, limits.probes)?,
            states: [RandomState::new(), RandomState::new()],
            splits: HashMap::new(),
            place: Place::new(),
            rows: 0,
            by_search: 0,
            plain: true,
        })
    }

    /// An empty segment for another part of the same rows; `None` where rows do not state their predecessors, so that
    /// parts cannot be read apart.
    #[must_use]
    pub fn beside(&self) -> Option<Self> {
        self.spec.previous?;
        let limits = Limits { samples: self.samples, ..Limits::default() };
        let mut beside = Self::new(&self.spec, limits).ok()?;
        beside.states = self.states.clone();
        Some(beside)
    }

    /// Observes the next row; false when the segment has given up.
    pub fn push(&mut self, row: &[Option<&str>]) -> bool {
        self.plain = self.plain && self.settle(row).is_some();
        self.plain
    }

    /// About how many bytes it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.splits.len() * (size_of::<Ends>() + 120)
    }

    /// `None` for a row that is not in perfect order.
    fn settle(&mut self, row: &[Option<&str>]) -> Option<()> {
        if row.len() != self.spec.columns.len() {
            return None;
        }
        self.place.clear();
        for index in &self.spec.order {
            self.place.push(step(&self.spec, row, *index)?);
        }
        let key = self.key(row);
        if !self.checker.read_hash(row) {
            return None;
        }
        let hash = self.checker.hash_id();
        let implicit = self.spec.previous.is_none();
        let known = self.splits.get_mut(&key);
        if known.is_none() && self.checker.begin_split(row).is_some() {
            return None;
        }
        let before: &[u8] = known.as_ref().map_or(&[], |ends| ends.stored.as_slice());
        let names = match self.checker.read_link(row, !implicit || known.is_none(), before) {
            Attached::Genesis => None,
            Attached::Elsewhere(id) => Some(id),
            Attached::Before => known.as_ref().map(|ends| ends.last_hash),
            Attached::Nothing => return None,
        };
        match self.checker.check(row) {
            Checked::AsStored => {}
            Checked::BySearch => self.by_search += 1,
            Checked::Issue(_) | Checked::Failed { .. } => return None,
        }
        let stored: &[u8] = if implicit { self.checker.hash() } else { &[] };
        match known {
            Some(ends) => {
                if names != Some(ends.last_hash) || !follows(&self.spec, &ends.last, &self.place) {
                    return None;
                }
                ends.last_hash = hash;
                // What was there becomes room for the next row.
                std::mem::swap(&mut ends.last, &mut self.place);
                ends.stored.clear();
                ends.stored.extend_from_slice(stored);
            }
            None => {
                let (first, stored) = (self.place.clone(), stored.to_vec());
                let ends = Ends { names, last: first.clone(), first, last_hash: hash, stored };
                self.splits.insert(key, ends);
            }
        }
        self.rows += 1;
        Some(())
    }

    fn key(&self, row: &[Option<&str>]) -> u128 {
        let [a, b] = self.states.each_ref().map(|state| {
            let mut hasher = state.build_hasher();
            for index in &self.spec.split {
                row.get(*index).copied().flatten().hash(&mut hasher);
            }
            u128::from(hasher.finish())
        });
        a << 64 | b
    }

    /// Both parts as one, the other one after this one. What does not join gives up.
    #[must_use]
    pub fn followed_by(mut self, next: Self) -> Self {
        self.follow(next);
        self
    }

    /// Adds the part that comes after this one. What does not join gives up.
    pub fn follow(&mut self, next: Self) {
        self.plain &= next.plain;
        self.rows += next.rows;
        self.by_search += next.by_search;
        for (key, ends) in next.splits {
            match self.splits.get_mut(&key) {
                None => {
                    self.splits.insert(key, ends);
                }
                Some(known) => {
                    self.plain &=
                        ends.names == Some(known.last_hash) && follows(&self.spec, &known.last, &ends.first);
                    (known.last_hash, known.last, known.stored) = (ends.last_hash, ends.last, ends.stored);
                }
            }
        }
    }

    /// The report, if every row was in perfect order and every split begins with the genesis; else the rows must be
    /// sorted.
    #[must_use]
    pub fn finish(self) -> Option<ChainReport> {
        let begins = |ends: &Ends| {
            ends.names.is_none()
                && self.spec.dense_from.is_none_or(|from| ends.first == [Step::Number(i128::from(from))])
        };
        if !self.plain || !self.splits.values().all(begins) {
            return None;
        }
        let run = Run {
            rows: self.rows,
            splits: u64::try_from(self.splits.len()).unwrap_or(u64::MAX),
            hashed: self.rows,
            evaluated: self.rows,
            verified: self.rows - self.by_search,
            by_search: self.by_search,
            linked: self.rows,
            ..Run::new(self.samples)
        };
        let marked = Marked::new(&self.spec);
        Some(judge::judge(&self.spec, run, self.checker.prober(), &marked, &watched(&self.spec)))
    }
}

/// Whether a place comes next: later, and without a gap where there may be none.
fn follows(spec: &ChainSpec, before: &Place, place: &Place) -> bool {
    match (spec.dense_from, before.as_slice(), place.as_slice()) {
        (Some(_), [Step::Number(before)], [Step::Number(place)]) => before.checked_add(1) == Some(*place),
        (Some(_), ..) => false,
        _ => before < place,
    }
}

/// A cell of the order, where it can be compared without a server; others give up.
fn step(spec: &ChainSpec, row: &[Option<&str>], index: usize) -> Option<Step> {
    let text = row.get(index).copied().flatten()?;
    match spec.columns.get(index)?.kind {
        CellKind::Integer => text.parse().ok().map(Step::Number),
        CellKind::Text if spec.numeric.contains(&index) => text.parse().ok().map(Step::Number),
        CellKind::Timestamp | CellKind::TimestampTz | CellKind::Date => {
            time::parse(text).map(|at| Step::Number(i128::from(at.micros_since_epoch())))
        }
        CellKind::Text | CellKind::Uuid => Some(Step::Text(text.to_owned())),
        _ => None,
    }
}
