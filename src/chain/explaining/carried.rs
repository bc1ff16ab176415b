//! Rows that fail because of a row they point to. Whoever changes a person's name changes what every row hashed with that
//! name yields: none of them recomputes any more, though nobody touched one.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::misfit::Sorted;
use super::run::Pen;
use super::spec::{CellKind, ChainSpec};

/// Most values that are told apart.
const MOST: usize = 1 << 16;

/// Most values of failing rows that are told apart.
const MOST_FAILING: usize = 1 << 12;

/// What rows that recompute carry of the rows they point to.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// The columns of joined rows, of which each row has one at most.
    columns: Vec<usize>,
    recompute: HashSet<u64>,
    fail: HashSet<u64>,
    full: bool,
}

impl Carried {
    pub(crate) fn new(spec: &ChainSpec) -> Self {
        let of_several: HashSet<usize> = spec
            .columns
            .iter()
            .filter_map(|c| c.rows.as_ref())
            .flat_map(|rows| rows.columns.clone())
            .collect();
        let single = |(at, column): (usize, &super::spec::ChainColumn)| {
            (column.joined && column.kind != CellKind::Rows && !of_several.contains(&at)).then_some(at)
        };
        Self { columns: spec.columns.iter().enumerate().filter_map(single).collect(), ..Self::default() }
    }

    /// What a row carries, as a number; 0 where that is nothing.
    fn of(&self, row: &[Option<&str>]) -> u64 {
        let cells = || self.columns.iter().map(|at| row.get(*at).copied().flatten());
        if cells().all(|cell| cell.is_none()) {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        for cell in cells() {
            cell.hash(&mut hasher);
        }
        hasher.finish().max(1)
    }

    /// Takes in a row that fails: what it carries, as a number.
    pub(crate) fn fails(&mut self, row: &[Option<&str>]) -> u64 {
        if self.columns.is_empty() {
            return 0;
        }
        let carried = self.of(row);
        if self.fail.len() >= MOST_FAILING && !self.fail.contains(&carried) {
            return 0;
        }
        self.fail.insert(carried);
        carried
    }

    /// Takes in a row that recomputes.
    pub(crate) fn recomputes(&mut self, row: &[Option<&str>]) {
        if self.columns.is_empty() || self.full {
            return;
        }
        if self.recompute.len() >= MOST {
            // What is no longer told apart explains nothing.
            self.full = true;
            return;
        }
        let carried = self.of(row);
        self.recompute.insert(carried);
    }

    /// Takes those failing rows out that carry what no row that recomputes carries, two at least the same. One alone may as
    /// well be the only one that points there.
    pub(crate) fn sift(&self, failing: &mut Vec<Sorted>, samples: usize) -> Pen {
        let mut changed = Pen::default();
        if self.columns.is_empty() || self.full || self.recompute.is_empty() {
            return changed;
        }
        let mut rows: HashMap<u64, u64> = HashMap::new();
        for sorted in failing.iter() {
            *rows.entry(sorted.sort.carried).or_default() += sorted.pen.total;
        }
        let apart = |sorted: &mut Sorted| {
            let carried = sorted.sort.carried;
            carried != 0
                && !self.recompute.contains(&carried)
                && rows.get(&carried).is_some_and(|total| *total >= 2)
        };
        for sorted in failing.extract_if(.., apart) {
            changed.merge(sorted.pen, samples);
        }
        changed
    }

    /// What was seen and what to try.
    pub(crate) fn words(&self, spec: &ChainSpec, rows: u64) -> String {
        let names: Vec<String> = self
            .columns
            .iter()
            .filter_map(|at| spec.columns.get(*at))
            .map(|column| format!("`{}`", column.name))
            .collect();
        format!(
            "{rows} rows do not recompute, and no row that points where they do recomputes, while others do: what they were \
             hashed with in {} was changed since. Whether the application lets it change, or somebody did, these rows cannot \
             tell; compare it with a backup from before",
            names.join(", ")
        )
    }
}
