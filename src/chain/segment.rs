//! Chains read in the order in which their rows lie, all splits mixed, without sorting anything.
//!
//! An audit table is appended to, so its rows mostly lie in the order in which they were written. Then a row's predecessor
//! is the row of its split that was read last, and all that has to be kept is one hash for each split. Parts of a table
//! can be read apart and put together afterwards, since each row states its own predecessor: what joins two parts is that
//! the first row of a split in the later one names the last of the earlier.
//!
//! Only rows in perfect order are settled here. At the first row that is not, the segment gives up, and the rows are sorted
//! and looked at by [`super::verify`], which alone accuses anybody.

use super::anchor::Watch;
use super::carried::Carried;
use super::check::{Checked, Checker};
use super::given::Given;
use super::judge;
use super::marks::Marked;
use super::place::Place;
use super::program::SpecIssue;
use super::report::{ChainReport, Levels};
use super::run::Run;
use super::spec::ChainSpec;
use super::split_key::{BySplit, SplitKeys};
use super::strands::Attached;
use super::verify::{Limits, watched};

/// A part of a table's rows.
#[derive(Debug)]
pub struct Segment {
    spec: ChainSpec,
    samples: usize,
    checker: Checker,
    given: Given,
    watch: Watch,
    /// The secret is drawn anew for each segment's origin.
    keys: SplitKeys,
    splits: BySplit<Ends>,
    /// The place of the row at hand.
    place: Place,
    rows: u64,
    by_search: u64,
    links_only: u64,
    by_way: Vec<u64>,
    /// Rows in which each bound column was compared, in the parts that follow.
    by_bind: Vec<u64>,
    /// Most candidates that the search had for a row.
    most: u64,
    plain: bool,
}

/// Where a split begins and ends in a segment.
#[derive(Clone, Debug)]
struct Ends {
    /// What its first row names: a hash, or the genesis.
    names: Option<Vec<u8>>,
    first: Place,
    /// The hash of its last row. What rows name is compared with it as it is stored, so that no row's hash need be decoded.
    hash: Vec<u8>,
    last: Place,
    /// Whether rows of it recompute only by the search, or are only linked.
    searched: bool,
    links_only: bool,
}

impl Segment {
    /// Prepares a segment. Segments of one relation must all be made by [`Segment::beside`] of one of them.
    ///
    /// # Errors
    ///
    /// When the declaration contradicts itself or its columns.
    pub fn new(spec: &ChainSpec, given: &Given, limits: Limits) -> Result<Self, SpecIssue> {
        Ok(Self {
            spec: spec.clone(),
            samples: limits.samples,
            checker: Checker::new(spec, given, limits.probes)?,
            given: given.clone(),
            watch: Watch::new(spec, &given.anchors, given.heads),
            keys: SplitKeys::fresh(),
            splits: BySplit::default(),
            place: Place::default(),
            rows: 0,
            by_search: 0,
            links_only: 0,
            by_way: vec![0; spec.hashings.len()],
            by_bind: vec![0; spec.binds.len()],
            most: 0,
            plain: true,
        })
    }

    /// An empty segment for another part of the same rows; `None` where rows do not state their predecessors, so that
    /// parts cannot be read apart.
    #[must_use]
    pub fn beside(&self) -> Option<Self> {
        self.spec.previous?;
        let limits = Limits { samples: self.samples, ..Limits::default() };
        let mut beside = Self::new(&self.spec, &self.given, limits).ok()?;
        beside.watch = self.watch.beside();
        beside.keys = self.keys.clone();
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
        self.splits.len() * (size_of::<Ends>() + 240) + self.watch.bytes()
    }

    /// `None` for a row that is not in perfect order.
    fn settle(&mut self, row: &[Option<&str>]) -> Option<()> {
        if row.len() != self.spec.width() {
            return None;
        }
        self.place.take(&self.spec, row)?;
        if !self.checker.read_hash(row) {
            return None;
        }
        let key = self.keys.of(row, &self.spec.split);
        let known = self.splits.get_mut(&key);
        if known.is_none() && self.checker.begin_split(row).is_some() {
            return None;
        }
        let last = known.as_ref().map_or(&[][..], |ends| ends.hash.as_slice());
        let names = match (self.checker.read_link(row, known.is_none(), last), &known) {
            (Attached::Before, Some(_)) => None,
            (Attached::Genesis, None) => None,
            (Attached::Elsewhere(_), None) => self.checker.named().map(<[u8]>::to_vec),
            _ => return None,
        };
        let checked = self.checker.check(row);
        let (searched, links_only) = (checked == Checked::BySearch, checked == Checked::LinksOnly);
        match checked {
            Checked::AsStored => {}
            Checked::BySearch => self.by_search += 1,
            Checked::LinksOnly => self.links_only += 1,
            Checked::Issue(_) | Checked::Failed { .. } => return None,
        }
        if !self.spec.binds.is_empty() && !self.checker.unbound(row).is_empty() {
            return None;
        }
        if known.is_none() && self.checker.names_boundary(row) {
            // How many rows a dense order lacks then is for the sorted look.
            self.spec.dense_from.is_none().then_some(())?;
            self.watch.pruned(&self.spec, row);
        }
        if !self.watch.is_idle() {
            self.watch.row(&self.spec, row);
        }
        match known {
            Some(ends) => {
                if !self.place.follows(&ends.last, &self.spec) {
                    return None;
                }
                // What was there becomes room for the next row.
                std::mem::swap(&mut ends.last, &mut self.place);
                ends.searched |= searched;
                ends.links_only |= links_only;
                ends.hash.clear();
                ends.hash.extend_from_slice(self.checker.hash());
            }
            None => {
                let (first, hash) = (self.place.clone(), self.checker.hash().to_vec());
                self.splits
                    .insert(key, Ends { names, last: first.clone(), first, hash, searched, links_only });
            }
        }
        self.rows += 1;
        Some(())
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
        self.links_only += next.links_only;
        self.watch.follow(next.watch);
        self.most = self.most.max(next.most).max(next.checker.seeker().most());
        for ((mine, theirs), (_, own)) in
            self.by_bind.iter_mut().zip(next.by_bind).zip(next.checker.by_bind())
        {
            *mine += theirs + own;
        }
        for ((mine, theirs), own) in self.by_way.iter_mut().zip(next.by_way).zip(next.checker.by_way()) {
            *mine += theirs + own;
        }
        for (key, ends) in next.splits {
            match self.splits.get_mut(&key) {
                None => {
                    self.splits.insert(key, ends);
                }
                Some(known) => {
                    self.plain &= ends.names.as_ref() == Some(&known.hash)
                        && ends.first.follows(&known.last, &self.spec);
                    (known.hash, known.last) = (ends.hash, ends.last);
                    known.searched |= ends.searched;
                    known.links_only |= ends.links_only;
                }
            }
        }
    }

    /// The report, if every row was in perfect order and every split begins with the genesis; else the rows must be
    /// sorted.
    #[must_use]
    pub fn finish(self) -> Option<ChainReport> {
        let begins =
            |ends: &Ends| ends.names.is_none() && self.spec.dense_from.is_none_or(|from| ends.first.is(from));
        if !self.plain || !self.splits.values().all(begins) || !self.watch.is_kept() {
            return None;
        }
        // What was compared nowhere is for the sorted look to say.
        if self.by_bind.iter().zip(self.checker.by_bind()).any(|(a, (_, b))| a + b == 0) {
            return None;
        }
        let anchors_found = self.watch.found();
        let by_way = self.by_way.iter().zip(self.checker.by_way()).map(|(a, b)| a + b).collect();
        let mut levels = Levels::default();
        self.splits.values().for_each(|ends| levels.count(false, ends.links_only, ends.searched));
        let run = Run {
            levels,
            rows: self.rows,
            splits: u64::try_from(self.splits.len()).unwrap_or(u64::MAX),
            hashed: self.rows,
            evaluated: self.rows - self.links_only,
            verified: self.rows - self.by_search - self.links_only,
            by_search: self.by_search,
            links_only: self.links_only,
            by_way,
            search_most: self.most.max(self.checker.seeker().most()),
            linked: self.rows,
            ..Run::new(self.samples)
        };
        let marked = Marked::new(&self.spec);
        let mut report = judge::judge(
            &self.spec,
            run,
            self.checker.prober(),
            (&marked, &Carried::default()),
            &watched(&self.spec),
        );
        report.anchors_found = anchors_found;
        report.heads = self.watch.into_heads();
        Some(report)
    }
}
