//! Checks one row against its predecessor, and looks closer at a row that does not recompute.

use super::eval::{self, EvalIssue, EvalIssueKind, Inputs};
use super::hex;
use super::identity::{self, Id};
use super::probe::Prober;
use super::program::{self, Form, Program, SpecIssue};
use super::rows::{Cause, flag};
use super::search;
use super::spec::{ChainSpec, Genesis};
use super::strands::Attached;
use super::visit;

/// What came of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It recomputes from what is stored.
    AsStored,
    /// It recomputes with a time inside the declared window.
    BySearch,
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

/// Where the genesis value comes from.
#[derive(Debug)]
enum Source {
    Fixed(Option<Vec<u8>>),
    /// Of each split's first row; or, where it reads more than the split, of whichever row may be a first one.
    Derived {
        program: Program,
        by_row: bool,
    },
}

/// Whether the genesis value depends on more of a row than its split.
pub(crate) fn genesis_by_row(spec: &ChainSpec) -> bool {
    match &spec.genesis {
        Genesis::Derived(recipe) => visit::columns(recipe).iter().any(|column| !spec.split.contains(column)),
        _ => false,
    }
}

/// A failed row, kept until the next one tells whether its hash was edited.
#[derive(Debug, Default)]
struct Failed {
    there: bool,
    cells: Vec<Option<String>>,
    prev: Option<Vec<u8>>,
    computed: Vec<u8>,
}

/// Holds the recipe, the row's hash and link, and the buffers.
#[derive(Debug)]
pub(crate) struct Checker {
    program: Program,
    form: Form,
    hash_column: usize,
    link_column: Option<usize>,
    source: Source,
    /// `None` while the genesis value could not be derived.
    genesis: Option<Option<Vec<u8>>>,
    search_column: usize,
    offsets: Vec<i64>,
    hash: Vec<u8>,
    prev: Option<Vec<u8>>,
    spare: Vec<u8>,
    out: Vec<u8>,
    failed: Failed,
    prober: Prober,
}

impl Checker {
    pub(crate) fn new(spec: &ChainSpec, budget: u64) -> Result<Self, SpecIssue> {
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
        let program = Program::new(&spec.recipe, &spec.columns, form)?;
        match (program.form(), form) {
            (Form::Bytes, Form::Text) => {
                return program::issue(
                    "the recipe yields bytes but the hash is stored as text; wrap it in `hex(...)` or `base64(...)`".to_owned(),
                );
            }
            (Form::Text, Form::Bytes) => {
                return program::issue(
                    "the recipe yields text but the hash is stored as bytea; leave out the outermost `hex(...)`".to_owned(),
                );
            }
            _ => {}
        }
        let source = genesis(spec, form)?;
        let (search_column, offsets) = match &spec.search {
            None => (0, Vec::new()),
            Some(declared) => {
                if !visit::times(&spec.recipe).iter().any(|(column, _)| *column == declared.column) {
                    return program::issue(
                        "the search is over a column that the recipe does not spell with `ts(...)`"
                            .to_owned(),
                    );
                }
                if declared.step_micros <= 0 || declared.candidates() > search::MOST_CANDIDATES {
                    return program::issue(format!(
                        "the search needs a step above zero and at most {} candidates; narrow its window",
                        search::MOST_CANDIDATES
                    ));
                }
                (declared.column, search::offsets(declared))
            }
        };
        Ok(Self {
            program,
            form,
            hash_column: spec.hash,
            link_column: spec.previous,
            genesis: match &source {
                Source::Fixed(value) => Some(value.clone()),
                Source::Derived { .. } => None,
            },
            source,
            search_column,
            offsets,
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

    /// Derives the genesis value for a new split; fails when the row does not allow it.
    pub(crate) fn begin_split(&mut self, row: &[Option<&str>]) -> Option<EvalIssue> {
        self.failed.there = false;
        self.derive(row)
    }

    /// The genesis value as the row has it.
    fn derive(&mut self, row: &[Option<&str>]) -> Option<EvalIssue> {
        let Source::Derived { program, .. } = &self.source else { return None };
        let inputs = Inputs { row, prev: None, shift: None };
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
                // An underivable genesis was reported; what the first row names is then taken on trust, not judged.
                None if first => Attached::Genesis,
                _ => Attached::Elsewhere(identity::identify(&buffer, self.form)),
            }
        };
        self.prev = Some(buffer);
        attached
    }

    /// What the row names as its predecessor's hash; `None` is NULL.
    pub(crate) fn named(&self) -> Option<&[u8]> {
        self.prev.as_deref()
    }

    /// Recomputes the row with its stated predecessor, by the declared search if need be.
    pub(crate) fn check(&mut self, row: &[Option<&str>]) -> Checked {
        let inputs = Inputs { row, prev: self.prev.as_deref(), shift: None };
        let order_lost = match eval::evaluate(&self.program, &inputs, &mut self.out) {
            Err(issue) => return Checked::Issue(issue),
            Ok(outcome) if outcome.null => {
                return Checked::Issue(EvalIssue { column: None, kind: EvalIssueKind::UndeclaredNull });
            }
            Ok(_) if self.out == self.hash => return Checked::AsStored,
            Ok(outcome) => outcome.order_lost,
        };
        self.failed.computed.clear();
        self.failed.computed.extend_from_slice(&self.out);
        for offset in &self.offsets {
            let shift = Some((self.search_column, *offset));
            if yields(&self.program, &Inputs { shift, ..inputs }, &self.hash, &mut self.out) {
                return Checked::BySearch;
            }
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
        if order_lost {
            return (0, Cause::OrderLost);
        }
        let inputs = Inputs { row, prev: self.prev.as_deref(), shift: None };
        let cause = self.prober.explain(spec, &self.program, self.form, &inputs, &self.hash, &mut self.out);
        (0, cause)
    }

    /// Whether a row that cannot be evaluated with what it names recomputes with the hash of the row before it.
    pub(crate) fn follows(&mut self, row: &[Option<&str>], linked: bool, last: &[u8]) -> bool {
        self.link_column.is_some() && !linked && !last.is_empty() && self.fits(row, Some(last))
    }

    /// Whether the row recomputes with another predecessor.
    fn fits(&mut self, row: &[Option<&str>], prev: Option<&[u8]>) -> bool {
        let inputs = Inputs { row, prev, shift: None };
        let column = self.search_column;
        yields(&self.program, &inputs, &self.hash, &mut self.out)
            || self.offsets.iter().any(|offset| {
                let shift = Some((column, *offset));
                yields(&self.program, &Inputs { shift, ..inputs }, &self.hash, &mut self.out)
            })
    }

    /// The hash this row names, if the failed row before it yields it somewhere in the declared window.
    pub(crate) fn restored(&mut self) -> Option<Id> {
        let named = self.prev.as_ref()?;
        if !self.failed.there || self.offsets.is_empty() {
            return None;
        }
        let cells: Vec<Option<&str>> = self.failed.cells.iter().map(Option::as_deref).collect();
        let inputs = Inputs { row: &cells, prev: self.failed.prev.as_deref(), shift: None };
        let found = self.offsets.iter().any(|offset| {
            let shift = Some((self.search_column, *offset));
            yields(&self.program, &Inputs { shift, ..inputs }, named, &mut self.out)
        });
        found.then(|| identity::identify(named, self.form))
    }

    /// Keeps the row if it failed, for the next row to tell more about it.
    pub(crate) fn keep_failed(&mut self, row: &[Option<&str>], failed: bool) {
        self.failed.there = failed;
        if failed && !self.offsets.is_empty() && self.link_column.is_some() {
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

fn yields(program: &Program, inputs: &Inputs<'_>, hash: &[u8], out: &mut Vec<u8>) -> bool {
    matches!(eval::evaluate(program, inputs, out), Ok(outcome) if !outcome.null && out.as_slice() == hash)
}

/// The value of a hash cell. Bytes that are not spelt as `bytea` stay as they are; they then match nothing.
fn decode(cell: &str, form: Form, out: &mut Vec<u8>) {
    if form == Form::Text || hex::decode_bytea(cell, out).is_none() {
        out.clear();
        out.extend_from_slice(cell.as_bytes());
    }
}

fn genesis(spec: &ChainSpec, form: Form) -> Result<Source, SpecIssue> {
    match &spec.genesis {
        Genesis::Null => Ok(Source::Fixed(None)),
        Genesis::Text(text) if form == Form::Text => Ok(Source::Fixed(Some(text.clone().into_bytes()))),
        Genesis::Bytes(bytes) if form == Form::Bytes => Ok(Source::Fixed(Some(bytes.clone()))),
        Genesis::Derived(recipe) => {
            let program = Program::new(recipe, &spec.columns, form)?;
            if program.form() == form {
                Ok(Source::Derived { program, by_row: genesis_by_row(spec) })
            } else {
                program::issue("the genesis and the hash are not both text or both bytes".to_owned())
            }
        }
        Genesis::Text(_) => {
            program::issue("the hash is bytea, so the genesis must be bytes, not text".to_owned())
        }
        Genesis::Bytes(_) => {
            program::issue("the hash is text, so the genesis must be text, not bytes".to_owned())
        }
    }
}
