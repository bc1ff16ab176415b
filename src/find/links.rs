//! Which column holds the hash, which the predecessor's, and what follows what.

use std::collections::{BTreeSet, HashMap};

use super::order::{self, Order};
use super::sheet::Sheet;
use super::split;
use super::stored::Stored;
use crate::chain::hex;
use crate::chain::program::Form;
use crate::chain::spec::CellKind;

/// What a row has as its predecessor's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Prev {
    /// It is not known: the row before is not in the sample.
    Unknown,
    /// In its stored form; `None` is NULL, or no predecessor.
    Known(Option<Vec<u8>>),
}

/// A way to read a table as a chain.
#[derive(Clone, Debug)]
pub struct Link {
    /// The column of the hash.
    pub hash: usize,
    /// How it is stored.
    pub stored: Stored,
    /// The column of the predecessor's hash; `None` where the row before counts.
    pub previous: Option<usize>,
    /// Columns that split the rows into chains.
    pub split: Vec<usize>,
    /// Further columns that never change along a chain and could be split by as well.
    pub companions: Vec<usize>,
    /// The order of writing.
    pub order: Order,
    /// Rows with a hash.
    pub hashed: usize,
    /// Rows whose predecessor is in the sample.
    pub linked: usize,
    pub(super) prevs: Vec<Prev>,
    /// Rows that follow no other row.
    pub(super) first: Vec<bool>,
    /// Whether this is no chain, but a digest of each row's own content.
    pub(super) content: bool,
    /// Columns that take no part.
    pub(super) apart: Vec<usize>,
}

impl Link {
    /// A column that holds a digest of something in its own row, in a chain that is known.
    pub(super) fn content(sheet: &Sheet, column: usize, chain: &Self) -> Option<Self> {
        let rows = sheet.rows.len();
        Some(Self {
            hash: column,
            stored: Stored::of(sheet, column)?,
            previous: None,
            split: Vec::new(),
            companions: Vec::new(),
            order: Order::default(),
            hashed: rows,
            linked: 0,
            prevs: vec![Prev::Known(None); rows],
            first: vec![false; rows],
            content: true,
            apart: std::iter::once(chain.hash).chain(chain.previous).collect(),
        })
    }

    pub(super) fn form(&self, sheet: &Sheet) -> Form {
        if sheet.kind(self.hash) == CellKind::Bytea { Form::Bytes } else { Form::Text }
    }

    /// The digest's bytes that a row stores.
    pub(super) fn digest(&self, sheet: &Sheet, row: usize) -> Option<Vec<u8>> {
        self.stored.bytes(sheet.cell(row, self.hash)?)
    }

    /// Whether a row has a hash, in whatever form, and its predecessor is known.
    pub(super) fn hashed_row(&self, sheet: &Sheet, row: usize) -> bool {
        self.prevs.get(row).is_some_and(|prev| *prev != Prev::Unknown)
            && sheet.cell(row, self.hash).is_some_and(|cell| !cell.is_empty())
    }

    /// Whether both the row and its predecessor are known.
    pub(super) fn usable(&self, sheet: &Sheet, row: usize) -> bool {
        self.prevs.get(row).is_some_and(|prev| *prev != Prev::Unknown) && self.digest(sheet, row).is_some()
    }

    pub(super) fn prev(&self, row: usize) -> Option<&[u8]> {
        match self.prevs.get(row) {
            Some(Prev::Known(prev)) => prev.as_deref(),
            _ => None,
        }
    }
}

/// A cell's bytes as the recipes' `prev` has them.
pub(super) fn bytes(cell: &str, kind: CellKind) -> Vec<u8> {
    let mut out = Vec::new();
    if kind == CellKind::Bytea && hex::decode_bytea(cell, &mut out).is_some() {
        return out;
    }
    cell.as_bytes().to_vec()
}

/// Whether a column is named after a predecessor.
fn named_previous(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["prev", "parent", "prior", "last_"].iter().any(|word| name.contains(word))
}

fn named_hash(name: &str) -> u32 {
    let name = name.to_ascii_lowercase();
    let words = ["hash", "checksum", "digest", "signature", "hmac"];
    let word = words.iter().position(|word| name.contains(word));
    let of_content = ["payload", "content", "receipt", "body", "data", "file", "token", "password"];
    match word {
        Some(_) if of_content.iter().any(|word| name.contains(word)) && !name.contains("prev") => 1,
        Some(_) => 2,
        None => 0,
    }
}

/// The rows that each row may follow: those whose hash it names, the last one before it first.
fn candidates(sheet: &Sheet, hash: usize, previous: usize) -> Vec<Vec<usize>> {
    let mut by_hash: HashMap<&str, Vec<usize>> = HashMap::new();
    for row in 0..sheet.rows.len() {
        if let Some(cell) = sheet.cell(row, hash).filter(|cell| !cell.is_empty()) {
            by_hash.entry(cell).or_default().push(row);
        }
    }
    (0..sheet.rows.len())
        .map(|row| {
            let named = sheet.cell(row, previous).and_then(|cell| by_hash.get(cell));
            let mut rows = named.cloned().unwrap_or_default();
            rows.sort_by_key(|parent| (*parent >= row, row.abs_diff(*parent)));
            rows
        })
        .collect()
}

/// Columns of a hash and of the predecessor's.
struct Pair {
    /// Whether they are named so, links to rows before, all links, and how the hash is named.
    rank: (bool, usize, usize, u32),
    hash: usize,
    previous: usize,
    stored: Stored,
}

/// Every way to read the table as a chain, the likeliest first.
pub(super) fn links(sheet: &Sheet) -> Vec<Link> {
    let hashes: Vec<(usize, Stored)> =
        (0..sheet.own()).filter_map(|column| Some((column, Stored::of(sheet, column)?))).collect();
    let mut pairs: Vec<Pair> = Vec::new();
    for (hash, stored) in &hashes {
        for previous in (0..sheet.own()).filter(|p| p != hash) {
            if (sheet.kind(previous) == CellKind::Bytea) != (sheet.kind(*hash) == CellKind::Bytea)
                || !matches!(sheet.kind(previous), CellKind::Text | CellKind::Bytea)
            {
                continue;
            }
            let parents: Vec<Option<usize>> =
                candidates(sheet, *hash, previous).iter().map(|rows| rows.first().copied()).collect();
            let known = parents.iter().flatten().count();
            let forward = parents.iter().enumerate().filter(|(row, p)| p.is_some_and(|p| p < *row)).count();
            let itself = parents.iter().enumerate().any(|(row, p)| *p == Some(row));
            if known == 0 || itself {
                continue;
            }
            let named = named_previous(sheet.name(previous)) && !named_previous(sheet.name(*hash));
            let rank = (named, forward, known, named_hash(sheet.name(*hash)));
            pairs.push(Pair { rank, hash: *hash, previous, stored: stored.clone() });
        }
    }
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.rank));
    let mut found: Vec<Link> = pairs
        .into_iter()
        .take(2)
        .map(|pair| stored_link(sheet, pair.hash, pair.previous, pair.stored))
        .collect();
    if found.is_empty() {
        let mut alone = hashes;
        alone.sort_by_key(|(column, _)| std::cmp::Reverse(named_hash(sheet.name(*column))));
        let named: Vec<_> =
            alone.iter().filter(|(column, _)| named_hash(sheet.name(*column)) > 0).take(3).collect();
        for (hash, stored) in named {
            found.extend(implied(sheet, *hash, stored));
        }
    }
    found
}

/// Rows that follow no other row: those with NULL or a word in the place of a hash, wherever they lie; and only where there
/// are none, those at the beginning of the table whose predecessor is not in it. Anywhere else, and beside such, a hash that
/// is not here may be that of a row which was not read.
fn beginnings(
    sheet: &Sheet,
    parents: &[Option<usize>],
    hash: usize,
    previous: usize,
    stored: &Stored,
) -> Vec<bool> {
    let alone = |row: usize| {
        parents.get(row).is_some_and(Option::is_none)
            && sheet.cell(row, hash).is_some_and(|cell| !cell.is_empty())
    };
    let word = |row: usize| {
        sheet
            .cell(row, previous)
            .and_then(|cell| stored.bytes(cell))
            .is_none_or(|b| b.iter().all(|b| *b == 0))
    };
    let rows = 0..sheet.rows.len();
    let words: Vec<bool> = rows.clone().map(|row| alone(row) && word(row)).collect();
    if words.contains(&true) {
        return words;
    }
    let second = sheet.runs.get(1).copied().unwrap_or(sheet.rows.len());
    rows.map(|row| alone(row) && row < second).collect()
}

fn stored_link(sheet: &Sheet, hash: usize, previous: usize, stored: Stored) -> Link {
    let candidates = candidates(sheet, hash, previous);
    let mut parents: Vec<Option<usize>> = candidates.iter().map(|rows| rows.first().copied()).collect();
    let kind = sheet.kind(previous);
    let prevs =
        (0..sheet.rows.len()).map(|row| Prev::Known(sheet.cell(row, previous).map(|cell| bytes(cell, kind))));
    let first = beginnings(sheet, &parents, hash, previous, &stored);
    let (split, companions) = split::split(sheet, &candidates, &first, &[hash, previous]);
    // Where chains have the same hashes, each row follows the one of its own chain.
    for (row, rows) in candidates.iter().enumerate() {
        let own = |parent: &usize| split.iter().all(|c| sheet.cell(row, *c) == sheet.cell(*parent, *c));
        if let (Some(own), Some(parent)) = (rows.iter().find(|parent| own(parent)), parents.get_mut(row)) {
            *parent = Some(*own);
        }
    }
    Link {
        hash,
        stored,
        previous: Some(previous),
        order: order::order(sheet, &parents, &first, &[hash, previous]),
        split,
        companions,
        hashed: (0..sheet.rows.len())
            .filter(|row| sheet.cell(*row, hash).is_some_and(|c| !c.is_empty()))
            .count(),
        linked: parents.iter().flatten().count(),
        prevs: prevs.collect(),
        first,
        content: false,
        apart: Vec::new(),
    }
}

/// Ways to take the row before as the predecessor.
fn implied(sheet: &Sheet, hash: usize, stored: &Stored) -> Vec<Link> {
    let end = sheet.runs.get(1).copied().unwrap_or(sheet.rows.len());
    let mut found: Vec<Link> = Vec::new();
    let mut seen = BTreeSet::new();
    for split in split::guesses(sheet, hash, end) {
        for order in order::guesses(sheet, end) {
            let mut rows: Vec<usize> = (0..end).filter(|row| sheet.cell(*row, hash).is_some()).collect();
            rows.sort_by_cached_key(|row| order.key(sheet, *row));
            let mut last: HashMap<Vec<Option<&str>>, usize> = HashMap::new();
            let mut parents = vec![None; sheet.rows.len()];
            let mut first = vec![false; sheet.rows.len()];
            let mut prevs = vec![Prev::Unknown; sheet.rows.len()];
            for row in rows {
                let group: Vec<_> = split.iter().map(|column| sheet.cell(row, *column)).collect();
                let parent = last.insert(group, row);
                if let (Some(parents), Some(first), Some(prev)) =
                    (parents.get_mut(row), first.get_mut(row), prevs.get_mut(row))
                {
                    *parents = parent;
                    *first = parent.is_none();
                    let cell = parent.and_then(|parent| sheet.cell(parent, hash));
                    *prev = Prev::Known(cell.map(|cell| bytes(cell, sheet.kind(hash))));
                }
            }
            if !seen.insert(parents.clone()) {
                continue;
            }
            let hashed = first.iter().filter(|f| **f).count() + parents.iter().flatten().count();
            let linked = parents.iter().flatten().count();
            let order = order.started(sheet, &parents, &first);
            found.push(Link {
                hash,
                stored: stored.clone(),
                previous: None,
                split: split.clone(),
                companions: Vec::new(),
                order,
                hashed,
                linked,
                prevs,
                first,
                content: false,
                apart: Vec::new(),
            });
        }
    }
    found.truncate(6);
    found
}
