//! Verifies a chain from a stream of rows: each row against its stated predecessor, each split by its links.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use super::anchor::Watch;
use super::carried::Carried;
use super::case::Case;
use super::check::{Around, Checked, Checker};
use super::given::Given;
use super::identity::Id;
pub use super::limits::{Limits, StreamIssue};
use super::marks::{self, Marked};
use super::program::SpecIssue;
use super::report::{AnomalyKind, ChainReport};
use super::rows::{Cause, Odd, Rows, Stated, flag};
use super::run::{self, Run};
use super::spec::ChainSpec;
use super::strands::{Attached, Strands};
use super::{diagnose, implicit, judge};
use crate::finding::KeyPart;

/// The fold. Rows arrive grouped by split and, inside a split, in the declared order.
#[derive(Debug)]
pub struct ChainFold {
    spec: ChainSpec,
    limits: Limits,
    checker: Checker,
    marked: Marked,
    carried: Carried,
    run: Run,
    /// What anchors were found of.
    anchored: Watch,
    seen: HashSet<u128>,
    split: Split,
}

/// The split that is being read.
#[derive(Debug)]
struct Split {
    open: bool,
    key: Vec<Option<String>>,
    order: Vec<Option<String>>,
    rows: Rows,
    strands: Strands,
    /// Chained rows so far.
    chained: u64,
    /// Place of the first chained row.
    first: u64,
    linked: u64,
    suspicious: bool,
    /// Whether something in it could not be evaluated, only by the search, or is only linked.
    unclear: bool,
    searched: bool,
    links_only: bool,
    overflow: bool,
    /// The hash of the last row, and of the one before it.
    last: Vec<u8>,
    last_id: Option<Id>,
    last_but_one: Vec<u8>,
    last_number: Option<i64>,
}

impl ChainFold {
    /// Prepares a verification.
    ///
    /// # Errors
    ///
    /// When the declaration contradicts itself or its columns.
    pub fn new(spec: &ChainSpec, given: &Given, limits: Limits) -> Result<Self, SpecIssue> {
        let checker = Checker::new(spec, given, limits.probes)?;
        let watch = watched(spec);
        Ok(Self {
            anchored: Watch::new(spec, &given.anchors, given.heads),
            spec: spec.clone(),
            limits,
            checker,
            marked: Marked::new(spec),
            carried: Carried::new(spec),
            run: Run::new(limits.samples),
            seen: HashSet::new(),
            split: Split {
                open: false,
                key: vec![None; spec.split.len()],
                order: vec![None; spec.order.len()],
                rows: Rows::default(),
                strands: Strands::new(watch),
                chained: 0,
                first: 0,
                linked: 0,
                suspicious: false,
                unclear: false,
                searched: false,
                links_only: false,
                overflow: false,
                last: Vec::new(),
                last_id: None,
                last_but_one: Vec::new(),
                last_number: None,
            },
        })
    }

    /// Observes the next row; cells in the order of the chain's columns, `None` is NULL.
    ///
    /// # Errors
    ///
    /// When the row has another width, or its split came before and ended. The run is then void.
    pub fn push(&mut self, row: &[Option<&str>]) -> Result<(), StreamIssue> {
        if row.len() != self.spec.width() {
            return Err(StreamIssue::Width { expected: self.spec.width(), got: row.len() });
        }
        let same = self.split.open && same(&self.split.key, &self.spec.split, row);
        if !same {
            self.end_split();
            self.begin_split(row)?;
        }
        self.run.rows += 1;
        if self.checker.read_hash(row) {
            if !self.anchored.is_idle() {
                self.anchored.row(&self.spec, row);
            }
            self.chained(row);
        } else {
            self.unchained(row);
        }
        Ok(())
    }

    /// Judges the run.
    #[must_use]
    pub fn finish(mut self) -> ChainReport {
        self.end_split();
        self.losses();
        self.run.by_way = self.checker.by_way();
        self.run.never_bound = self
            .checker
            .by_bind()
            .into_iter()
            .filter(|(_, rows)| *rows == 0)
            .map(|(column, _)| column)
            .collect();
        self.run.search_most = self.checker.seeker().most();
        self.run.search_beyond = self.checker.seeker().beyond();
        let watch = watched(&self.spec);
        let mut report =
            judge::judge(&self.spec, self.run, self.checker.prober(), (&self.marked, &self.carried), &watch);
        report.anchors_found = self.anchored.found();
        report.heads = self.anchored.into_heads();
        report
    }

    /// Accuses chains that are not what anchors were taken of.
    fn losses(&mut self) {
        let at = self.run.rows;
        for loss in self.anchored.losses() {
            let kind = match loss.is_tail() {
                true => AnomalyKind::TruncatedTail,
                false => AnomalyKind::RewrittenSuffix,
            };
            self.run.lost += if loss.is_tail() { loss.anchor.rows - loss.rows } else { 0 };
            self.run
                .hold(run::Place::Sure, || run::found(at, kind, loss.message(), loss.key(), loss.split()));
        }
    }

    fn begin_split(&mut self, row: &[Option<&str>]) -> Result<(), StreamIssue> {
        remember(&mut self.split.key, &self.spec.split, row);
        if !self.seen.insert(fingerprint(&self.split.key)) {
            return Err(StreamIssue::SplitReturned { split: self.split_parts() });
        }
        self.run.splits += 1;
        if let Some(issue) = self.checker.begin_split(row) {
            let tally = self.run.issues.entry(issue).or_default();
            tally.add(1, self.limits.samples, || Self::key(&self.spec, row));
        }
        let split = &mut self.split;
        split.open = true;
        split.rows.clear();
        split.strands.clear();
        split.chained = 0;
        split.linked = 0;
        split.suspicious = false;
        (split.unclear, split.searched, split.links_only) = (false, false, false);
        split.overflow = false;
        split.last.clear();
        split.last_id = None;
        split.last_but_one.clear();
        split.last_number = None;
        Ok(())
    }

    fn split_parts(&self) -> Vec<KeyPart> {
        let name = |index: &usize| self.spec.columns.get(*index).map(|c| c.name.clone()).unwrap_or_default();
        self.spec
            .split
            .iter()
            .zip(&self.split.key)
            .map(|(index, value)| KeyPart { column: name(index), value: value.clone() })
            .collect()
    }

    fn key(spec: &ChainSpec, row: &[Option<&str>]) -> Vec<KeyPart> {
        spec.key
            .iter()
            .map(|index| KeyPart {
                column: spec.columns.get(*index).map(|c| c.name.clone()).unwrap_or_default(),
                value: row.get(*index).copied().flatten().map(str::to_owned),
            })
            .collect()
    }

    /// A row without hash: older than the chain, or past the writer.
    fn unchained(&mut self, row: &[Option<&str>]) {
        self.split.unclear |= self.split.chained > 0 || !self.spec.unhashed_first;
        if self.split.chained == 0 {
            self.run.before_chain.add(1, self.limits.samples, || Self::key(&self.spec, row));
            return;
        }
        let (at, split) = (self.run.rows, self.split_parts());
        self.run.hold(run::Place::Sure, || {
            run::found(
                at,
                AnomalyKind::UnchainedRow,
                "a row without hash stands after the chain began: it did not come through the writer, or its hash was \
                 erased"
                    .to_owned(),
                Self::key(&self.spec, row),
                split,
            )
        });
    }

    fn chained(&mut self, row: &[Option<&str>]) {
        let split = &mut self.split;
        let first = split.chained == 0;
        if first {
            split.first = self.run.rows;
        }
        self.run.hashed += 1;
        split.chained += 1;
        let id = self.checker.hash_id();
        self.run.hashes.add(&id);

        let link = self.checker.read_link(row, first, &split.last);
        let (linked, stated) = match link {
            Attached::Before => (!first, Stated::Hash(split.last_id.unwrap_or_default())),
            Attached::Genesis => (first, Stated::Genesis),
            Attached::Elsewhere(named) => (false, Stated::Hash(named)),
            Attached::Nothing => (false, Stated::Nothing),
        };
        split.strands.add(row, link, split.last_id.as_ref());
        split.linked += u64::from(linked);

        let mut flags = if linked { flag::LINKED } else { 0 };
        if !first && same(&split.order, &self.spec.order, row) {
            flags |= flag::TIE;
        }
        if first && link == Attached::Genesis && self.checker.names_boundary(row) {
            flags |= flag::PRUNED;
            self.anchored.pruned(&self.spec, row);
        }
        let mut odd = (!linked).then_some(Odd {
            stated,
            computed: None,
            cause: Cause::Unexplained,
            marks: marks::PLAIN,
            carried: 0,
        });
        let rooted = link == Attached::Genesis;
        let before = self.checker.before_failed();
        match self.checker.check(row) {
            Checked::AsStored => {
                self.run.evaluated += 1;
                self.run.verified += 1;
                self.checker.recomputes(row);
                self.marked.recomputes(row, rooted);
                self.carried.recomputes(row);
                flags |= flag::OK;
            }
            Checked::BySearch => {
                self.run.evaluated += 1;
                self.run.by_search += 1;
                split.searched = true;
                self.marked.recomputes(row, rooted);
                self.carried.recomputes(row);
                flags |= flag::OK;
            }
            Checked::LinksOnly => {
                self.run.links_only += 1;
                split.links_only = true;
                flags |= flag::OK;
            }
            // A link that was emptied may leave nothing to evaluate.
            Checked::Issue(_) if self.checker.follows(row, linked, &split.last) => {
                self.run.evaluated += 1;
                flags |= flag::FITS_BEFORE;
                split.suspicious = true;
            }
            Checked::Issue(issue) => {
                flags |= flag::ISSUE;
                split.unclear = true;
                let tally = self.run.issues.entry(issue).or_default();
                tally.add(1, self.limits.samples, || Self::key(&self.spec, row));
            }
            Checked::Failed { computed, order_lost } => {
                self.run.evaluated += 1;
                let around =
                    Around { last: &split.last, last_but_one: &split.last_but_one, restored: &before };
                let (more, cause) = self.checker.examine(row, &self.spec, linked, order_lost, &around);
                flags |= more;
                self.run.order_lost += u64::from(cause == Cause::OrderLost);
                let (marks, carried) = (self.marked.fails(row, rooted), self.carried.fails(row));
                odd = Some(Odd { stated, computed: Some(computed), cause, marks, carried });
                split.suspicious = true;
            }
        }
        if !self.spec.binds.is_empty() {
            self.bound(row);
        }
        let split = &mut self.split;
        if self.spec.dense_from.is_none() && self.spec.numeric.iter().any(|index| !counts(row, *index)) {
            self.run.unnumbered.add(1, self.limits.samples, || Self::key(&self.spec, row));
        }
        split.suspicious |= !linked || misnumbered(&self.spec, row, &mut split.last_number);
        self.keep(row, id, flags, odd);

        let split = &mut self.split;
        if let (false, Some(named)) = (linked, self.checker.restored()) {
            // The row before does not recompute, but by the declared search it yields what this one names.
            split.rows.restore(split.rows.len().saturating_sub(2), named);
        }
        remember(&mut split.order, &self.spec.order, row);
        std::mem::swap(&mut split.last, &mut split.last_but_one);
        split.last.clear();
        split.last.extend_from_slice(self.checker.hash());
        split.last_id = Some(id);
        self.checker.keep_failed(row, flags & (flag::OK | flag::ISSUE) == 0);
    }

    /// Accuses the columns of a row that are not what the policy binds them to.
    fn bound(&mut self, row: &[Option<&str>]) {
        self.run.bindable += u64::from(self.checker.is_bound(row));
        let unbound = self.checker.unbound(row);
        self.run.unlike += u64::from(unbound.iter().any(|(_, outcome)| outcome.is_ok()));
        for (column, outcome) in unbound {
            let limit = self.limits.samples;
            if let Err(issue) = outcome {
                self.run.issues.entry(issue).or_default().add(1, limit, || Self::key(&self.spec, row));
                continue;
            }
            let (at, split) = (self.run.rows, self.split_parts());
            let name = self.spec.columns.get(column).map_or("?", |column| column.name.as_str());
            let message = format!(
                "`{name}` is not what the columns it is bound to yield: it or one of them was changed, which the hash alone \
                 does not show"
            );
            let key = Self::key(&self.spec, row);
            self.run.hold(run::Place::Bound, || {
                run::found(at, AnomalyKind::PreimageMismatch, message, key, split)
            });
        }
    }

    fn keep(&mut self, row: &[Option<&str>], id: Id, flags: u8, odd: Option<Odd>) {
        let split = &mut self.split;
        if split.overflow {
            return;
        }
        let cells = self.spec.key.iter().chain(&self.spec.order);
        split.rows.push(id, flags, odd, cells.map(|index| row.get(*index).copied().flatten()));
        if split.rows.len() > self.limits.split_rows || split.rows.bytes() > self.limits.split_bytes {
            // A clean split still verifies without its rows; any other is said to be too large.
            split.overflow = true;
            split.rows.release();
        }
    }

    fn end_split(&mut self) {
        if !std::mem::take(&mut self.split.open) {
            return;
        }
        let split = &self.split;
        self.run.levels.count(split.suspicious || split.unclear, split.links_only, split.searched);
        let several = self.spec.previous.is_some() && self.split.strands.looks_like_several();
        if several {
            self.run.suspects += 1;
            self.run.suspect_strands += self.split.strands.count() as u64;
            self.run.suspect_constant &= self.split.strands.constant();
            self.run.suspect_varying |= self.split.strands.varying();
            let parts = self.split_parts();
            self.run.several.add(self.split.chained, self.limits.samples, || parts);
        } else if self.split.chained > 1 && self.split.strands.count() == 1 {
            self.run.single += 1;
            self.run.single_constant &= self.split.strands.constant();
        }
        if !self.split.suspicious {
            self.run.linked += self.split.linked;
            return;
        }
        let parts = self.split_parts();
        if self.split.overflow {
            self.run.linked += self.split.linked;
            self.run.too_large.add(self.split.chained, self.limits.samples, || parts);
            return;
        }
        let case =
            Case { spec: &self.spec, rows: &self.split.rows, split: parts, first: self.split.first, several };
        self.run.linked += match self.spec.previous {
            Some(_) => diagnose::diagnose(&case, &mut self.run),
            None => implicit::diagnose(&case, &mut self.run),
        };
    }
}

/// Columns that may tell what the writer really splits by: up to 64 that have no other part in the chain.
pub(crate) fn watched(spec: &ChainSpec) -> Vec<usize> {
    let free = |index: &usize| {
        *index != spec.hash
            && Some(*index) != spec.previous
            && !spec.key.contains(index)
            && !spec.order.contains(index)
            && !spec.split.contains(index)
    };
    (0..spec.columns.len()).filter(free).take(64).collect()
}

/// Whether the number of a dense order is not the next one.
fn misnumbered(spec: &ChainSpec, row: &[Option<&str>], last: &mut Option<i64>) -> bool {
    let Some(from) = spec.dense_from else { return false };
    let number = spec.order.first().and_then(|index| row.get(*index).copied().flatten()?.parse::<i64>().ok());
    let expected = match *last {
        Some(last) => last.checked_add(1),
        None => Some(from),
    };
    *last = number;
    number.is_none() || number != expected
}

/// Whether a text is a number that orders: a sign or none, and up to 30 digits.
fn counts(row: &[Option<&str>], index: usize) -> bool {
    row.get(index).copied().flatten().is_some_and(|text| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        (1..=30).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

fn same(kept: &[Option<String>], columns: &[usize], row: &[Option<&str>]) -> bool {
    kept.iter().zip(columns).all(|(kept, index)| kept.as_deref() == row.get(*index).copied().flatten())
}

fn remember(kept: &mut [Option<String>], columns: &[usize], row: &[Option<&str>]) {
    for (kept, index) in kept.iter_mut().zip(columns) {
        match (row.get(*index).copied().flatten(), kept) {
            (Some(text), Some(kept)) => {
                kept.clear();
                kept.push_str(text);
            }
            (text, kept) => *kept = text.map(str::to_owned),
        }
    }
}

fn fingerprint(key: &[Option<String>]) -> u128 {
    let mut digest = Sha256::new();
    for value in key {
        match value {
            None => digest.update([0]),
            Some(text) => {
                digest.update([1]);
                digest.update((text.len() as u64).to_le_bytes());
                digest.update(text.as_bytes());
            }
        }
    }
    let digest: Id = digest.finalize().into();
    digest.first_chunk().map_or(0, |head| u128::from_le_bytes(*head))
}
