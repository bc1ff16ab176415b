//! Who follows whom in a split, by the links, after the plain defects are explained.

use std::collections::{HashMap, HashSet, VecDeque};

use super::era::Eras;
use super::identity::Id;
use super::rows::{Cause, Rows, Stated, flag};

/// The row a row follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    Genesis,
    Row(usize),
    Unknown,
}

/// A defect of the row itself, which also explains its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    None,
    /// The same as that row.
    Duplicate(usize),
    /// A later row names the hash its content yields.
    HashEdited,
    /// It recomputes with the hash of the row before it, which it does not name.
    LinkEdited,
    /// It does not recompute, nothing follows it, and the next row links past it.
    Inserted,
    /// It does not recompute and names no row, and nothing follows the row before it.
    Unlinked,
    /// It does not recompute, and the next row names a hash that is gone.
    HashLost,
    /// It does not recompute.
    Failed,
}

/// Rows in their settled order, with parents and defects by row.
#[derive(Debug)]
pub(crate) struct Graph {
    /// Rows without duplicates, in declared order, ties put as the links have them.
    pub(crate) sequence: Vec<usize>,
    pub(crate) parents: Vec<Parent>,
    pub(crate) defects: Vec<Defect>,
    /// Number of rows that follow, inserted ones not counted.
    pub(crate) children: Vec<u32>,
    /// Place in the sequence.
    pub(crate) places: Vec<usize>,
    /// Rows whose stated link names the row before them.
    pub(crate) linked: u64,
    /// Which rows recompute.
    pub(crate) eras: Eras,
}

/// Whether a row's content is not known to be wrong.
pub(crate) fn stands(rows: &Rows, row: usize) -> bool {
    rows.has(row, flag::OK | flag::ISSUE) || rows.odd(row).is_some_and(|odd| odd.cause != Cause::Unexplained)
}

impl Graph {
    /// Of rows in an order that [`arrange`] gave, or another.
    pub(crate) fn new(rows: &Rows, arranged: &[usize]) -> Self {
        let mut graph = Self {
            sequence: Vec::with_capacity(arranged.len()),
            parents: vec![Parent::Unknown; rows.len()],
            defects: vec![Defect::None; rows.len()],
            children: vec![0; rows.len()],
            places: vec![0; rows.len()],
            linked: 0,
            eras: Eras::default(),
        };
        let by_hash = graph.without_duplicates(rows, arranged);
        for (place, row) in graph.sequence.iter().enumerate() {
            set(&mut graph.places, *row, place);
        }
        graph.eras = Eras::new(rows, graph.sequence.iter().copied());
        graph.link(rows, &by_hash);
        graph.explain(rows);
        graph
    }

    pub(crate) fn parent(&self, row: usize) -> Parent {
        self.parents.get(row).copied().unwrap_or(Parent::Unknown)
    }

    pub(crate) fn defect(&self, row: usize) -> Defect {
        self.defects.get(row).copied().unwrap_or(Defect::None)
    }

    pub(crate) fn place(&self, row: usize) -> usize {
        self.places.get(row).copied().unwrap_or(0)
    }

    pub(crate) fn leaf(&self, row: usize) -> bool {
        self.children.get(row).is_none_or(|children| *children == 0)
    }

    /// The row at a place, seen as a predecessor: before the first stands the genesis.
    pub(crate) fn before(&self, place: usize) -> Parent {
        match place.checked_sub(1) {
            None => Parent::Genesis,
            Some(before) => self.sequence.get(before).map_or(Parent::Unknown, |row| Parent::Row(*row)),
        }
    }

    fn without_duplicates(&mut self, rows: &Rows, arranged: &[usize]) -> HashMap<Id, usize> {
        let mut by_hash: HashMap<Id, usize> = HashMap::with_capacity(arranged.len());
        for row in arranged {
            let hash = rows.hash(*row);
            match by_hash.get(&hash).copied() {
                Some(other)
                    if stands(rows, *row)
                        && stands(rows, other)
                        && rows.stated(*row) == rows.stated(other) =>
                {
                    set(&mut self.defects, *row, Defect::Duplicate(other));
                    continue;
                }
                Some(other) if stands(rows, other) || !stands(rows, *row) => {}
                _ => {
                    by_hash.insert(hash, *row);
                }
            }
            self.sequence.push(*row);
        }
        by_hash
    }

    fn link(&mut self, rows: &Rows, by_hash: &HashMap<Id, usize>) {
        let mut restored: HashMap<Id, usize> = HashMap::new();
        for row in &self.sequence {
            if let Some(computed) = rows.odd(*row).and_then(|odd| odd.computed)
                && !stands(rows, *row)
            {
                restored.insert(computed, *row);
            }
        }
        for place in 0..self.sequence.len() {
            let Some(row) = self.sequence.get(place).copied() else { continue };
            let stated = match rows.stated(row) {
                Stated::Genesis => Parent::Genesis,
                Stated::Nothing => Parent::Unknown,
                Stated::Hash(id) => match (by_hash.get(&id), restored.get(&id)) {
                    (Some(parent), _) if *parent != row => Parent::Row(*parent),
                    (_, Some(parent)) if *parent != row => {
                        set(&mut self.defects, *parent, Defect::HashEdited);
                        Parent::Row(*parent)
                    }
                    _ => Parent::Unknown,
                },
            };
            let before = self.before(place);
            self.linked += u64::from(stated == before && stated != Parent::Unknown);
            let parent = if rows.has(row, flag::FITS_BEFORE) {
                set(&mut self.defects, row, Defect::LinkEdited);
                row.checked_sub(1).map_or(Parent::Genesis, Parent::Row)
            } else {
                stated
            };
            self.adopt(row, parent);
        }
    }

    fn adopt(&mut self, row: usize, parent: Parent) {
        if let Parent::Row(parent) = parent
            && let Some(children) = self.children.get_mut(parent)
        {
            *children += 1;
        }
        set(&mut self.parents, row, parent);
    }

    /// Settles the rows that fail, so that what follows from them is not reported again.
    fn explain(&mut self, rows: &Rows) {
        for place in 0..self.sequence.len() {
            let Some(row) = self.sequence.get(place).copied() else { continue };
            if stands(rows, row) || self.defect(row) != Defect::None {
                continue;
            }
            let before = self.before(place);
            let next = self.sequence.get(place + 1).copied();
            let leaf = self.leaf(row);
            let defect = match next {
                // Of two starts that do not recompute, the first is as good as the second.
                Some(next) if leaf && self.parent(next) == before && (place > 0 || stands(rows, next)) => {
                    Defect::Inserted
                }
                None if leaf && self.parent(row) == Parent::Unknown && place > 0 => Defect::Inserted,
                Some(next) if leaf && self.parent(row) == before && self.parent(next) == Parent::Unknown => {
                    self.adopt(next, Parent::Row(row));
                    Defect::HashLost
                }
                _ if self.unlinked(rows, row, before) => {
                    self.adopt(row, before);
                    Defect::Unlinked
                }
                _ => Defect::Failed,
            };
            if defect == Defect::Inserted
                && let Parent::Row(parent) = self.parent(row)
                && let Some(children) = self.children.get_mut(parent)
            {
                *children = children.saturating_sub(1);
            }
            set(&mut self.defects, row, defect);
        }
    }
}

impl Graph {
    /// Whether a row that names no row stands where the row before it has no successor.
    fn unlinked(&self, rows: &Rows, row: usize, before: Parent) -> bool {
        matches!(rows.stated(row), Stated::Genesis | Stated::Nothing)
            && matches!(before, Parent::Row(before) if self.leaf(before))
    }
}

fn set<T>(values: &mut [T], index: usize, value: T) {
    if let Some(slot) = values.get_mut(index) {
        *slot = value;
    }
}

/// The rows in declared order; rows with equal order values as their links have them.
pub(crate) fn arrange(rows: &Rows) -> Vec<usize> {
    let mut arranged: Vec<usize> = Vec::with_capacity(rows.len());
    let mut start = 0;
    while start < rows.len() {
        let mut end = start + 1;
        while end < rows.len() && rows.has(end, flag::TIE) {
            end += 1;
        }
        if end - start == 1 || (start..end).all(|row| rows.has(row, flag::LINKED)) {
            arranged.extend(start..end);
        } else {
            let tail = arranged.last().map_or(Stated::Genesis, |row| Stated::Hash(rows.hash(*row)));
            follow(rows, start..end, tail, &mut arranged);
        }
        start = end;
    }
    arranged
}

fn follow(rows: &Rows, group: std::ops::Range<usize>, tail: Stated, arranged: &mut Vec<usize>) {
    let mut waiting: HashMap<Stated, VecDeque<usize>> = HashMap::new();
    for row in group.clone() {
        waiting.entry(rows.stated(row)).or_default().push_back(row);
    }
    let inside: HashSet<Id> = group.clone().map(|row| rows.hash(row)).collect();
    // Where the links lead nowhere, go on with a row that follows nothing of this group, else with any.
    let starts = |row: &usize| !matches!(rows.stated(*row), Stated::Hash(id) if inside.contains(&id));
    let mut others: VecDeque<usize> = group.clone().filter(starts).collect();
    others.extend(group.clone().filter(|row| !starts(row)));
    let mut used = HashSet::new();
    let mut tail = tail;
    while used.len() < group.len() {
        let next = waiting.get_mut(&tail).and_then(|rows| {
            while let Some(row) = rows.pop_front() {
                if !used.contains(&row) {
                    return Some(row);
                }
            }
            None
        });
        let Some(row) = next.or_else(|| {
            while let Some(row) = others.pop_front() {
                if !used.contains(&row) {
                    return Some(row);
                }
            }
            None
        }) else {
            break;
        };
        used.insert(row);
        arranged.push(row);
        tail = Stated::Hash(rows.hash(row));
    }
}
