//! Checks one row against its predecessor, and looks closer at a row that does not recompute.

use std::collections::HashSet;

use super::anchor;
use super::bound::Bound;
use super::eval::{self, EvalIssue, EvalIssueKind, Inputs};
use super::genesis::{Source, genesis};
use super::given::Given;
use super::hex;
use super::identity::{self, Id};
use super::probe::Prober;
use super::program::{self, Form, Program, SpecIssue};
use super::rows::{Cause, flag};
use super::search::Seeker;
use super::spec::{ChainSpec, Hashing, How};
use super::strands::Attached;
use super::ways::{Hit, Way, fitting, searchable, seek, yields};

/// What came of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It recomputes from what is stored.
    AsStored,
    /// It recomputes with what the declared search found.
    BySearch,
    /// The policy accepts that it cannot be recomputed.
    LinksOnly,
    /// It cannot be evaluated.
    Issue(EvalIssue),
    /// It does not recompute; its content yields another hash.
    Failed { computed: Id, order_lost: bool },
}

/// The hashes around a row that failed; empty where there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'h> {
    /// Of the row before it.
    pub(crate) last: &'h [u8],
    /// Of the row before that.
    pub(crate) last_but_one: &'h [u8],
    /// What the content of the row before it yields, if that row failed (implicit links).
    pub(crate) restored: &'h [u8],
}

/// A failed row, kept until the next one tells whether its hash was edited.
#[derive(Debug, Default)]
struct Failed {
    there: bool,
    cells: Vec<Option<String>>,
    prev: Option<Vec<u8>>,
    computed: Vec<u8>,
}

/// Holds the recipes, the row's hash and link, and the buffers.
#[derive(Debug)]
pub(crate) struct Checker {
    ways: Vec<Way>,
    /// Cells of the columns, after which those of the conditions stand.
    columns: usize,
    /// The ways that apply to the row at hand, the one that fitted last first.
    applying: Vec<usize>,
    /// The way by which the last row recomputed.
    used: usize,
    /// With what the last row recomputed, if the search found it: a column that is bound was computed from the same.
    sought: Hit,
    binds: Vec<Bound>,
    form: Form,
    hash_column: usize,
    link_column: Option<usize>,
    source: Source,
    /// `None` while the genesis value could not be derived.
    genesis: Option<Option<Vec<u8>>>,
    seeker: Seeker,
    /// Hashes that a first row may name, because an anchor knows them: what stood before was pruned.
    boundaries: HashSet<(String, String)>,
    split: Vec<usize>,
    hash: Vec<u8>,
    prev: Option<Vec<u8>>,
    spare: Vec<u8>,
    out: Vec<u8>,
    failed: Failed,
    prober: Prober,
}

impl Checker {
    pub(crate) fn new(spec: &ChainSpec, given: &Given, budget: u64) -> Result<Self, SpecIssue> {
        let keys = &given.keys;
        let kind = |index: usize, what: &str| match spec.columns.get(index) {
            Some(column) => Ok(program::cell_form(column.kind)),
            None => program::issue(format!("the {what} is column number {index}, which is not read")),
        };
        let form = kind(spec.hash, "hash")?;
        for index in spec.key.iter().chain(&spec.split).chain(&spec.order) {
            kind(*index, "key, split or order column")?;
        }
        if spec.order.is_empty() {
            return program::issue("a chain needs an order; declare `order by`".to_owned());
        }
        if let Some(link) = spec.previous
            && kind(link, "link")? != form
        {
            return program::issue(
                "the hash and the link are not both text or both bytea, so they can never be equal"
                    .to_owned(),
            );
        }
        let mut ways = Vec::new();
        for Hashing { how, when } in &spec.hashings {
            let program = match how {
                How::Recipe(recipe) => Some(fitting(recipe, spec, form)?.keyed(keys).sought(&spec.searches)),
                How::LinksOnly => None,
            };
            ways.push(Way { program, when: *when, rows: 0 });
        }
        if ways.is_empty() {
            return program::issue("a chain needs a `hash` clause".to_owned());
        }
        let binds = spec.binds.iter().map(|bind| Bound::new(bind, spec, keys)).collect::<Result<_, _>>()?;
        let source = genesis(spec, form, keys)?;
        searchable(spec)?;
        Ok(Self {
            ways,
            columns: spec.columns.len(),
            applying: Vec::new(),
            used: 0,
            sought: Hit::default(),
            binds,
            form,
            hash_column: spec.hash,
            link_column: spec.previous,
            genesis: match &source {
                Source::Fixed(value) => Some(value.clone()),
                Source::Derived { .. } => None,
            },
            source,
            seeker: Seeker::new(&spec.searches, &spec.columns),
            boundaries: match spec.pruned_first {
                true => anchor::boundaries(spec, &given.anchors),
                false => HashSet::new(),
            },
            split: spec.split.clone(),
            hash: Vec::new(),
            prev: None,
            spare: Vec::new(),
            out: Vec::new(),
            failed: Failed::default(),
            prober: Prober::new(spec, budget),
        })
    }

    pub(crate) fn prober(&self) -> &Prober {
        &self.prober
    }

    /// Takes in a row that recomputes, to tell what others may have been.
    pub(crate) fn recomputes(&mut self, row: &[Option<&str>]) {
        self.prober.recomputes(row);
    }

    pub(crate) fn seeker(&self) -> &Seeker {
        &self.seeker
    }

    /// Rows that recompute, by way.
    pub(crate) fn by_way(&self) -> Vec<u64> {
        self.ways.iter().map(|way| way.rows).collect()
    }

    /// Whether any column of the row is bound.
    pub(crate) fn is_bound(&self, row: &[Option<&str>]) -> bool {
        self.binds.iter().any(|bound| bound.applies(row, self.columns))
    }

    /// Which bound columns of the row disagree with what they are bound to.
    pub(crate) fn unbound(&mut self, row: &[Option<&str>]) -> Vec<(usize, Result<(), EvalIssue>)> {
        let Hit { shifts, orders, .. } = &self.sought;
        let inputs = Inputs { row, prev: self.prev.as_deref(), shifts, orders };
        let (out, columns) = (&mut self.out, self.columns);
        self.binds
            .iter_mut()
            .filter(|bound| bound.applies(row, columns))
            .filter_map(|bound| {
                bound.rows += 1;
                match bound.agrees(&inputs, out) {
                    Ok(true) => None,
                    Ok(false) => Some((bound.column, Ok(()))),
                    Err(issue) => Some((bound.column, Err(issue))),
                }
            })
            .collect()
    }

    /// Bound columns, with the number of rows in which each was compared.
    pub(crate) fn by_bind(&self) -> Vec<(usize, u64)> {
        self.binds.iter().map(|bound| (bound.column, bound.rows)).collect()
    }

    /// Derives the genesis value for a new split; fails when the row does not allow it.
    pub(crate) fn begin_split(&mut self, row: &[Option<&str>]) -> Option<EvalIssue> {
        self.failed.there = false;
        self.derive(row)
    }

    /// The genesis value as the row has it.
    fn derive(&mut self, row: &[Option<&str>]) -> Option<EvalIssue> {
        let Source::Derived { program, .. } = &self.source else { return None };
        let inputs = Inputs { row, prev: None, shifts: &[], orders: &[] };
        match eval::evaluate(program, &inputs, &mut self.out) {
            Ok(outcome) => {
                self.genesis = Some((!outcome.null).then(|| self.out.clone()));
                None
            }
            Err(issue) => {
                self.genesis = None;
                Some(issue)
            }
        }
    }

    /// Takes in the row's hash; false when there is none.
    pub(crate) fn read_hash(&mut self, row: &[Option<&str>]) -> bool {
        self.hash.clear();
        match row.get(self.hash_column).copied().flatten() {
            None => false,
            Some(cell) => {
                decode(cell, self.form, &mut self.hash);
                !self.hash.is_empty()
            }
        }
    }

    pub(crate) fn hash(&self) -> &[u8] {
        &self.hash
    }

    pub(crate) fn hash_id(&self) -> Id {
        identity::identify(&self.hash, self.form)
    }

    /// Takes in the row's predecessor; `last` is the hash of the row before it.
    pub(crate) fn read_link(&mut self, row: &[Option<&str>], first: bool, last: &[u8]) -> Attached {
        let mut buffer = self.prev.take().unwrap_or_else(|| std::mem::take(&mut self.spare));
        buffer.clear();
        let Some(column) = self.link_column else {
            let value =
                if first { self.genesis.iter().flatten().next().map(Vec::as_slice) } else { Some(last) };
            match value {
                Some(value) => {
                    buffer.extend_from_slice(value);
                    self.prev = Some(buffer);
                }
                None => self.spare = buffer,
            }
            return if first { Attached::Genesis } else { Attached::Before };
        };
        let Some(cell) = row.get(column).copied().flatten() else {
            self.spare = buffer;
            let null_genesis = matches!(self.genesis, Some(None)) || (first && self.genesis.is_none());
            return if null_genesis { Attached::Genesis } else { Attached::Nothing };
        };
        decode(cell, self.form, &mut buffer);
        if !first && buffer != last && matches!(self.source, Source::Derived { by_row: true, .. }) {
            // What it cannot be derived from is no first row.
            let known = self.genesis.take();
            if self.derive(row).is_some() {
                self.genesis = known;
            }
        }
        let attached = if !first && buffer == last {
            Attached::Before
        } else {
            match &self.genesis {
                Some(Some(genesis)) if *genesis == buffer => Attached::Genesis,
                _ if first && self.is_boundary(cell, row) => Attached::Genesis,
                // An underivable genesis was reported; what the first row names is then taken on trust, not judged.
                None if first => Attached::Genesis,
                _ => Attached::Elsewhere(identity::identify(&buffer, self.form)),
            }
        };
        self.prev = Some(buffer);
        attached
    }

    /// Whether the row names a hash that an anchor knows, and what stood before that may be gone.
    pub(crate) fn names_boundary(&self, row: &[Option<&str>]) -> bool {
        self.link_column
            .and_then(|column| row.get(column).copied().flatten())
            .is_some_and(|cell| self.is_boundary(cell, row))
    }

    fn is_boundary(&self, named: &str, row: &[Option<&str>]) -> bool {
        !self.boundaries.is_empty()
            && self.boundaries.contains(&(anchor::split_of(&self.split, row), named.to_owned()))
    }

    /// What the row names as its predecessor's hash; `None` is NULL.
    pub(crate) fn named(&self) -> Option<&[u8]> {
        self.prev.as_deref()
    }

    /// Finds out which ways apply to the row.
    fn apply(&mut self, row: &[Option<&str>]) {
        self.applying.clear();
        for (n, way) in self.ways.iter().enumerate() {
            if way.when.is_none_or(|c| row.get(self.columns + c).copied().flatten() == Some("t")) {
                self.applying.push(n);
            }
        }
        // Where one way follows another without a mark, the next row was most likely hashed as this one.
        if let Some(at) = self.applying.iter().position(|n| *n == self.used) {
            let links_only = |n: &usize| self.ways.get(*n).is_some_and(|way| way.program.is_none());
            if at > 0 && !self.applying.iter().take(at + 1).any(links_only) {
                self.applying.swap(0, at);
            }
        }
    }

    /// Recomputes the row with its stated predecessor, by the declared search if need be.
    pub(crate) fn check(&mut self, row: &[Option<&str>]) -> Checked {
        self.apply(row);
        self.sought = Hit::default();
        let inputs = Inputs { row, prev: self.prev.as_deref(), shifts: &[], orders: &[] };
        let (mut issue, mut order_lost) = (None, None);
        for n in &self.applying {
            let Some(way) = self.ways.get_mut(*n) else { continue };
            let Some(program) = &way.program else {
                // What a recipe fails does not pass as merely linked.
                if order_lost.is_some() || issue.is_some() {
                    break;
                }
                return Checked::LinksOnly;
            };
            match eval::evaluate(program, &inputs, &mut self.out) {
                Err(found) => issue = issue.or(Some(found)),
                Ok(outcome) if outcome.null => {
                    let null = EvalIssue { column: None, kind: EvalIssueKind::UndeclaredNull };
                    issue = issue.or(Some(null));
                }
                Ok(_) if self.out == self.hash => {
                    way.rows += 1;
                    self.used = *n;
                    return Checked::AsStored;
                }
                Ok(outcome) => {
                    if order_lost.is_none() {
                        self.failed.computed.clear();
                        self.failed.computed.extend_from_slice(&self.out);
                    }
                    order_lost = Some(order_lost.unwrap_or(false) | outcome.order_lost);
                }
            }
        }
        let Some(mut order_lost) = order_lost else {
            let none = EvalIssue { column: None, kind: EvalIssueKind::NoRecipe };
            return Checked::Issue(issue.unwrap_or(none));
        };
        let beyond = self.seeker.beyond();
        if !self.seeker.is_empty()
            && let Some(hit) =
                seek(&mut self.seeker, &self.ways, &self.applying, &inputs, &self.hash, &mut self.out)
        {
            if let Some(way) = self.ways.get_mut(hit.way) {
                way.rows += 1;
            }
            self.used = hit.way;
            self.sought = hit;
            return Checked::BySearch;
        }
        if order_lost && self.seeker.beyond() == beyond {
            // Where all orders were tried, that the right one was not kept excuses nothing.
            let orders = self.seeker.stored_orders();
            let inputs = Inputs { orders: &orders, ..inputs };
            let lost = |n: &usize| {
                let program = self.ways.get(*n).and_then(|way| way.program.as_ref())?;
                Some(eval::evaluate(program, &inputs, &mut self.out).is_ok_and(|outcome| outcome.order_lost))
            };
            order_lost = self.applying.iter().filter_map(lost).any(|lost| lost);
        }
        Checked::Failed { computed: identity::identify(&self.failed.computed, self.form), order_lost }
    }

    /// Looks closer at a row that failed: which other predecessor it fits, and else why it may not recompute.
    pub(crate) fn examine(
        &mut self,
        row: &[Option<&str>],
        spec: &ChainSpec,
        linked: bool,
        order_lost: bool,
        around: &Around<'_>,
    ) -> (u8, Cause) {
        let genesis = self.genesis.iter().flatten().next().cloned();
        let or_genesis = |hash: &[u8]| if hash.is_empty() { genesis.clone() } else { Some(hash.to_vec()) };
        if self.link_column.is_some() {
            if !linked && self.fits(row, or_genesis(around.last).as_deref()) {
                return (flag::FITS_BEFORE, Cause::Unexplained);
            }
        } else if !around.last.is_empty() {
            if !around.restored.is_empty() && self.fits(row, Some(around.restored)) {
                return (flag::FITS_RESTORED, Cause::Unexplained);
            }
            if self.fits(row, or_genesis(around.last_but_one).as_deref()) {
                return (flag::FITS_SKIPPING, Cause::Unexplained);
            }
        }
        let inputs = Inputs { row, prev: self.prev.as_deref(), shifts: &[], orders: &[] };
        let programs: Vec<(usize, &Program)> =
            self.applying.iter().filter_map(|n| Some((*n, self.ways.get(*n)?.program.as_ref()?))).collect();
        if order_lost {
            self.prober.reorder(&programs, &inputs, &self.hash, &mut self.out);
            return (0, Cause::OrderLost);
        }
        let cause = self.prober.explain(spec, &programs, self.form, &inputs, &self.hash, &mut self.out);
        (0, cause)
    }

    /// Whether a row that cannot be evaluated with what it names recomputes with the hash of the row before it.
    pub(crate) fn follows(&mut self, row: &[Option<&str>], linked: bool, last: &[u8]) -> bool {
        self.link_column.is_some() && !linked && !last.is_empty() && self.fits(row, Some(last))
    }

    /// Whether the row recomputes with another predecessor.
    fn fits(&mut self, row: &[Option<&str>], prev: Option<&[u8]>) -> bool {
        self.apply(row);
        let inputs = Inputs { row, prev, shifts: &[], orders: &[] };
        let plain = yields(&self.ways, &self.applying, &inputs, &self.hash, &mut self.out).is_some();
        plain
            || seek(&mut self.seeker, &self.ways, &self.applying, &inputs, &self.hash, &mut self.out)
                .is_some()
    }

    /// The hash this row names, if the failed row before it yields it by the declared search.
    pub(crate) fn restored(&mut self) -> Option<Id> {
        if !self.failed.there || self.seeker.is_empty() {
            return None;
        }
        let failed = std::mem::take(&mut self.failed.cells);
        let cells: Vec<Option<&str>> = failed.iter().map(Option::as_deref).collect();
        self.apply(&cells);
        let named = self.prev.as_ref()?;
        let inputs = Inputs { row: &cells, prev: self.failed.prev.as_deref(), shifts: &[], orders: &[] };
        let found = seek(&mut self.seeker, &self.ways, &self.applying, &inputs, named, &mut self.out);
        let id = found.map(|_| identity::identify(named, self.form));
        self.failed.cells = failed;
        id
    }

    /// Keeps the row if it failed, for the next row to tell more about it.
    pub(crate) fn keep_failed(&mut self, row: &[Option<&str>], failed: bool) {
        self.failed.there = failed;
        if failed && !self.seeker.is_empty() && self.link_column.is_some() {
            self.failed.cells = row.iter().map(|cell| cell.map(str::to_owned)).collect();
            self.failed.prev.clone_from(&self.prev);
        }
    }

    /// The hash that the content of the row before this one yields, if that row failed; else empty.
    pub(crate) fn before_failed(&self) -> Vec<u8> {
        if self.failed.there && self.link_column.is_none() {
            self.failed.computed.clone()
        } else {
            Vec::new()
        }
    }
}

/// The value of a hash cell. Bytes that are not spelt as `bytea` stay as they are; they then match nothing.
fn decode(cell: &str, form: Form, out: &mut Vec<u8>) {
    if form == Form::Text || hex::decode_bytea(cell, out).is_none() {
        out.clear();
        out.extend_from_slice(cell.as_bytes());
    }
}
