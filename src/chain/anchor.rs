//! What was seen of a chain earlier and kept elsewhere. A chain cannot see that its own tail is gone, or that it was
//! written anew from some row on; compared with an anchor, both show.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::spec::ChainSpec;
use crate::finding::KeyPart;

/// A place in a chain: in which split, at which row, with which hash, and how many rows it had up to there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The chain's name in the policy.
    pub chain: String,
    /// Columns of the split with their values.
    pub split: BTreeMap<String, Option<String>>,
    /// Columns of the order with their values at that row.
    pub order: BTreeMap<String, Option<String>>,
    /// The row's hash as it was stored: text, or `\x` and hex digits for bytes.
    pub hash: String,
    /// Rows of the split up to and including that row.
    pub rows: u64,
}

/// Anchors of one chain, found by the rows of a relation.
#[derive(Debug)]
pub(crate) struct Watch {
    anchors: Vec<Anchor>,
    states: Vec<State>,
    /// Splits that have anchors.
    splits: HashMap<String, Split>,
    /// The split and the place of the row at hand.
    split: String,
    place: String,
    /// The last row of every split, where that is wanted.
    heads: Option<HashMap<String, Anchor>>,
}

/// A split that has anchors.
#[derive(Clone, Debug, Default)]
struct Split {
    /// Rows so far.
    rows: u64,
    /// Anchors by hash, and by order.
    by_hash: HashMap<String, Vec<usize>>,
    by_order: HashMap<String, Vec<usize>>,
    anchors: Vec<usize>,
}

/// What became of an anchor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    /// Rows of its split up to the one with its hash.
    found: Option<u64>,
    /// A row stands in its place with another hash.
    other: bool,
    /// The rows up to it were pruned, and the first that is left names it.
    pruned: bool,
}

/// What anchors tell that the chain itself does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// The first anchor that is not kept.
    pub(crate) anchor: Anchor,
    /// The last before it that is.
    pub(crate) kept: Option<Anchor>,
    /// Rows of the split that are there.
    pub(crate) rows: u64,
    /// Whether another row stands in its place.
    pub(crate) replaced: bool,
}

impl Watch {
    /// Anchors are those of this chain.
    pub(crate) fn new(spec: &ChainSpec, anchors: &[Anchor], heads: bool) -> Self {
        let name = |at: &usize| spec.columns.get(*at).map(|c| c.name.as_str()).unwrap_or_default();
        let mut watch = Self {
            anchors: anchors.to_vec(),
            states: vec![State::default(); anchors.len()],
            splits: HashMap::new(),
            split: String::new(),
            place: String::new(),
            heads: heads.then(HashMap::new),
        };
        for (n, anchor) in anchors.iter().enumerate() {
            let value =
                |of: &BTreeMap<String, Option<String>>, at: &usize| of.get(name(at)).cloned().flatten();
            let (mut split, mut place) = (String::new(), String::new());
            spec.split.iter().for_each(|at| cell(&mut split, value(&anchor.split, at).as_deref()));
            spec.order.iter().for_each(|at| cell(&mut place, value(&anchor.order, at).as_deref()));
            let of = watch.splits.entry(split).or_default();
            of.by_order.entry(place).or_default().push(n);
            of.by_hash.entry(anchor.hash.clone()).or_default().push(n);
            of.anchors.push(n);
        }
        watch
    }

    /// Whether there is anything to look for.
    pub(crate) fn is_idle(&self) -> bool {
        self.anchors.is_empty() && self.heads.is_none()
    }

    /// About how many bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.heads.as_ref().map_or(0, |heads| heads.len() * 400) + self.anchors.len() * 800
    }

    /// The same, with nothing seen, for another part of the same rows.
    pub(crate) fn beside(&self) -> Self {
        let unseen = |split: &Split| Split { rows: 0, ..split.clone() };
        Self {
            anchors: self.anchors.clone(),
            states: vec![State::default(); self.anchors.len()],
            splits: self.splits.iter().map(|(key, split)| (key.clone(), unseen(split))).collect(),
            split: String::new(),
            place: String::new(),
            heads: self.heads.as_ref().map(|_| HashMap::new()),
        }
    }

    /// Takes note that the rows up to an anchor were pruned, whose hash this row names.
    pub(crate) fn pruned(&mut self, spec: &ChainSpec, row: &[Option<&str>]) {
        let value = |at: &usize| row.get(*at).copied().flatten();
        let Some(named) = spec.previous.as_ref().and_then(value) else { return };
        self.split.clear();
        spec.split.iter().for_each(|at| cell(&mut self.split, value(at)));
        let Some(split) = self.splits.get_mut(&self.split) else { return };
        let boundary = split.by_hash.get(named).and_then(|ns| ns.first()).and_then(|n| self.anchors.get(*n));
        let Some(rows) = boundary.map(|anchor| anchor.rows) else { return };
        for n in &split.anchors {
            if let (Some(anchor), Some(state)) = (self.anchors.get(*n), self.states.get_mut(*n)) {
                state.pruned |= anchor.rows <= rows;
            }
        }
        // The rows that are gone still count, so that later anchors can be told from earlier ones.
        split.rows += rows;
    }

    /// Observes a row with a hash. Rows of one split come in their order.
    pub(crate) fn row(&mut self, spec: &ChainSpec, row: &[Option<&str>]) {
        let value = |at: &usize| row.get(*at).copied().flatten();
        let hash = value(&spec.hash).unwrap_or_default();
        self.split.clear();
        spec.split.iter().for_each(|at| cell(&mut self.split, value(at)));
        let mut counted = None;
        if let Some(split) = self.splits.get_mut(&self.split) {
            split.rows += 1;
            counted = Some(split.rows);
            for n in split.by_hash.get(hash).into_iter().flatten() {
                if let Some(state) = self.states.get_mut(*n) {
                    state.found = state.found.or(counted);
                }
            }
            self.place.clear();
            spec.order.iter().for_each(|at| cell(&mut self.place, value(at)));
            for n in split.by_order.get(&self.place).into_iter().flatten() {
                if let (Some(state), Some(anchor)) = (self.states.get_mut(*n), self.anchors.get(*n)) {
                    state.other |= anchor.hash != hash;
                }
            }
        }
        if let Some(heads) = &mut self.heads {
            let named = |ats: &[usize]| {
                let of = |at: &usize| {
                    let name = spec.columns.get(*at).map(|c| c.name.clone()).unwrap_or_default();
                    (name, value(at).map(str::to_owned))
                };
                ats.iter().map(of).collect::<BTreeMap<_, _>>()
            };
            match heads.get_mut(&self.split) {
                Some(head) => {
                    head.order = named(&spec.order);
                    hash.clone_into(&mut head.hash);
                    head.rows = counted.unwrap_or(head.rows + 1);
                }
                None => {
                    let head = Anchor {
                        chain: spec.name.clone(),
                        split: named(&spec.split),
                        order: named(&spec.order),
                        hash: hash.to_owned(),
                        rows: counted.unwrap_or(1),
                    };
                    heads.insert(self.split.clone(), head);
                }
            }
        }
    }

    /// Adds what was seen of the rows that come after these.
    pub(crate) fn follow(&mut self, next: Self) {
        for (key, later) in &next.splits {
            let Some(split) = self.splits.get_mut(key) else { continue };
            for n in &split.anchors {
                if let (Some(state), Some(later)) = (self.states.get_mut(*n), next.states.get(*n)) {
                    state.found = state.found.or(later.found.map(|rows| split.rows + rows));
                    state.other |= later.other;
                    state.pruned |= later.pruned;
                }
            }
            split.rows += later.rows;
        }
        if let (Some(heads), Some(later)) = (&mut self.heads, next.heads) {
            for (split, mut head) in later {
                head.rows += heads.get(&split).map_or(0, |known| known.rows);
                heads.insert(split, head);
            }
        }
    }

    /// Whether every anchor was found, or lies where rows were pruned.
    pub(crate) fn is_kept(&self) -> bool {
        self.states.iter().all(|state| state.found.is_some() || state.pruned)
    }

    /// How many anchors were found.
    pub(crate) fn found(&self) -> u64 {
        self.states.iter().filter(|state| state.found.is_some() || state.pruned).count() as u64
    }

    /// What the anchors tell, one entry for each split that is not as it was.
    pub(crate) fn losses(&self) -> Vec<Loss> {
        let mut losses = Vec::new();
        for split in self.splits.values() {
            let mut ns = split.anchors.clone();
            ns.sort_by_key(|n| self.anchors.get(*n).map(|anchor| anchor.rows));
            let kept = |n: &usize| self.states.get(*n).is_some_and(|s| s.found.is_some() || s.pruned);
            let Some(lost) = ns.iter().find(|n| !kept(n)) else { continue };
            let (Some(anchor), Some(state)) = (self.anchors.get(*lost), self.states.get(*lost)) else {
                continue;
            };
            let before = ns.iter().take_while(|n| *n != lost).last();
            losses.push(Loss {
                anchor: anchor.clone(),
                kept: before.and_then(|n| self.anchors.get(*n)).cloned(),
                rows: split.rows,
                replaced: state.other,
            });
        }
        losses.sort_by(|a, b| a.anchor.split.cmp(&b.anchor.split));
        losses
    }

    /// The last row of every split, where that was wanted, by split.
    pub(crate) fn into_heads(self) -> Vec<Anchor> {
        let mut heads: Vec<Anchor> = self.heads.unwrap_or_default().into_values().collect();
        heads.sort_by(|a, b| a.split.cmp(&b.split));
        heads
    }
}

impl Loss {
    /// Whether rows are missing at the end, rather than written anew.
    pub(crate) fn is_tail(&self) -> bool {
        !self.replaced && self.rows < self.anchor.rows
    }

    /// A sentence: what happened, as far as the anchors tell.
    pub(crate) fn message(&self) -> String {
        let since = match &self.kept {
            Some(kept) => format!("after the anchor at {}, which still holds", at(&kept.order)),
            None => "from its beginning on, for all that anchors tell".to_owned(),
        };
        if self.is_tail() {
            let lost = self.anchor.rows - self.rows;
            let left =
                if self.rows == 0 { "none is left".to_owned() } else { format!("{} are left", self.rows) };
            return format!(
                "{lost} rows are missing at the end of this chain: it had {} when the anchor at {} was taken, and {left}; \
                 rows were cut off, or this is a state from before",
                self.anchor.rows,
                at(&self.anchor.order)
            );
        }
        format!(
            "this chain is not the one that the anchor at {} was taken of: no row has the hash it had there; rows were \
             written anew {since}",
            at(&self.anchor.order)
        )
    }

    /// The place the anchor was taken at.
    pub(crate) fn key(&self) -> Vec<KeyPart> {
        parts(&self.anchor.order)
    }

    /// The split it was taken of.
    pub(crate) fn split(&self) -> Vec<KeyPart> {
        parts(&self.anchor.split)
    }
}

fn parts(of: &BTreeMap<String, Option<String>>) -> Vec<KeyPart> {
    of.iter().map(|(column, value)| KeyPart { column: column.clone(), value: value.clone() }).collect()
}

fn at(order: &BTreeMap<String, Option<String>>) -> String {
    let parts: Vec<String> = order
        .iter()
        .map(|(column, value)| format!("{column} {}", value.as_deref().unwrap_or("NULL")))
        .collect();
    parts.join(", ")
}

/// The hashes that a first row may name, with the split each belongs to, where the rows before an anchor may be gone.
pub(crate) fn boundaries(spec: &ChainSpec, anchors: &[Anchor]) -> HashSet<(String, String)> {
    let name = |at: &usize| spec.columns.get(*at).map(|c| c.name.as_str()).unwrap_or_default();
    let split = |anchor: &Anchor| {
        let mut key = String::new();
        spec.split
            .iter()
            .for_each(|at| cell(&mut key, anchor.split.get(name(at)).and_then(|value| value.as_deref())));
        key
    };
    anchors.iter().map(|anchor| (split(anchor), anchor.hash.clone())).collect()
}

/// The split of a row, as [`boundaries`] has it.
pub(crate) fn split_of(columns: &[usize], row: &[Option<&str>]) -> String {
    let mut key = String::new();
    columns.iter().for_each(|at| cell(&mut key, row.get(*at).copied().flatten()));
    key
}

/// Adds a cell so that no two lists of cells become one text: its length stands before it.
fn cell(into: &mut String, value: Option<&str>) {
    match value {
        None => into.push_str("-,"),
        Some(text) => {
            into.push_str(&text.len().to_string());
            into.push(':');
            into.push_str(text);
            into.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::at;
    use super::super::fixture::*;
    use super::super::given::Given;
    use super::super::report::{AnomalyKind as Kind, ChainReport};
    use super::super::segment::Segment;
    use super::super::verify::{ChainFold, Limits};
    use super::*;

    fn given(spec: &ChainSpec, anchors: &[Anchor], rows: &[Row]) -> ChainReport {
        let given = Given { anchors: anchors.into(), heads: true, ..Given::default() };
        let mut fold = ChainFold::new(spec, &given, Limits::default()).unwrap();
        let first = Segment::new(spec, &given, Limits::default()).unwrap();
        let mut parts = [first.beside().unwrap(), first.beside().unwrap(), first.beside().unwrap()];
        for (n, row) in rows.iter().enumerate() {
            let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
            fold.push(&cells).unwrap();
            parts[n * 3 / rows.len()].push(&cells);
        }
        let report = fold.finish();
        // In parts that are put together it comes out alike, or does not come out.
        if let Some(settled) = parts.into_iter().reduce(Segment::followed_by).unwrap().finish() {
            assert_eq!(settled, report);
        } else {
            assert!(!report.anomalies.is_empty() || spec.pruned_first, "{report:#?}");
        }
        report
    }

    fn heads(rows: &[Row]) -> Vec<Anchor> {
        given(&tala(), &[], rows).heads
    }

    /// Three chains, and anchors taken of them when they were shorter and as they are.
    fn anchored() -> (Vec<Row>, Vec<Anchor>) {
        let rows = relation(&[20, 5, 9]);
        let early: Vec<Row> =
            rows.iter().filter(|row| row[TENANT].as_deref() != Some("tenant-2")).take(12).cloned().collect();
        let mut anchors = heads(&early);
        anchors.extend(heads(&rows));
        (rows, anchors)
    }

    #[test]
    fn a_chain_that_only_grew_keeps_its_anchors() {
        let (rows, anchors) = anchored();
        assert_eq!(anchors.iter().map(|a| a.rows).collect::<Vec<_>>(), [12, 20, 5, 9]);
        let report = given(&tala(), &anchors, &rows);
        assert_eq!((report.anomalies_total, report.anchors_found), (0, 4), "{report:#?}");
        let longer = relation(&[25, 5, 9]);
        let report = given(&tala(), &anchors, &longer);
        assert_eq!((report.anomalies_total, report.anchors_found, report.heads[0].rows), (0, 4, 25));
    }

    #[test]
    fn a_lost_tail_is_found_and_counted() {
        let (rows, anchors) = anchored();
        let cut: Vec<Row> =
            rows.iter().enumerate().filter(|(n, _)| !(17..20).contains(n)).map(|(_, r)| r.clone()).collect();
        let report = given(&tala(), &anchors, &cut);
        assert_eq!((report.anomalies_total, report.lost, report.anchors_found), (1, 3, 3), "{report:#?}");
        let found = &report.anomalies[0];
        assert_eq!((found.kind, found.split[0].value.as_deref()), (Kind::TruncatedTail, Some("tenant-0")));
        assert!(found.message.starts_with("3 rows are missing at the end"), "{}", found.message);
        // A whole chain.
        let gone: Vec<Row> =
            rows.iter().filter(|row| row[TENANT].as_deref() != Some("tenant-1")).cloned().collect();
        let report = given(&tala(), &anchors, &gone);
        assert_eq!((report.anomalies_total, report.lost), (1, 5), "{report:#?}");
        assert!(report.anomalies[0].message.contains("none is left"));
    }

    #[test]
    fn a_chain_written_anew_is_found() {
        let (mut rows, anchors) = anchored();
        // From the sixteenth row on, with hashes that all fit.
        let mut previous = rows[14][HASH].clone();
        for (n, row) in rows.iter_mut().enumerate().take(20).skip(15) {
            row[ACTION] = Some("forged".to_owned());
            seal(row, previous.as_deref(), &at(n as u64));
            previous.clone_from(&row[HASH]);
        }
        assert_eq!(verify(&tala(), &rows).anomalies_total, 0);
        let report = given(&tala(), &anchors, &rows);
        assert_eq!(report.anomalies.iter().map(|a| a.kind).collect::<Vec<_>>(), [Kind::RewrittenSuffix]);
        assert!(report.anomalies[0].message.contains("after the anchor at createdAt"), "{report:#?}");
        // The whole of it.
        let mut previous = None;
        for (n, row) in rows.iter_mut().enumerate().take(20) {
            row[ACTION] = Some("forged".to_owned());
            seal(row, previous.as_deref(), &at(n as u64));
            previous.clone_from(&row[HASH]);
        }
        let report = given(&tala(), &anchors, &rows);
        assert_eq!(report.anomalies.iter().map(|a| a.kind).collect::<Vec<_>>(), [Kind::RewrittenSuffix]);
        assert!(report.anomalies[0].message.contains("from its beginning on"), "{report:#?}");
        // The last row alone, changed and hashed again.
        let (mut rows, anchors) = anchored();
        rows[19][ACTION] = Some("forged".to_owned());
        let previous = rows[18][HASH].clone();
        seal(&mut rows[19], previous.as_deref(), &at(19));
        let report = given(&tala(), &anchors, &rows);
        assert_eq!(report.anomalies.iter().map(|a| a.kind).collect::<Vec<_>>(), [Kind::RewrittenSuffix]);
    }

    #[test]
    fn pruned_rows_need_an_anchor_at_their_boundary() {
        let (rows, anchors) = anchored();
        let pruned: Vec<Row> = rows.iter().skip(12).cloned().collect();
        let report = given(&tala(), &anchors, &pruned);
        assert!(accused(&report).contains(&(Kind::MissingGenesis, "t0-12".to_owned())), "{report:#?}");
        let spec = ChainSpec { pruned_first: true, ..tala() };
        let report = given(&spec, &anchors, &pruned);
        assert_eq!((report.anomalies_total, report.anchors_found), (0, 4), "{report:#?}");
        assert_eq!(report.heads[0].rows, 20, "pruned rows still count");
        let numbered = ChainSpec { pruned_first: true, ..dense() };
        let report = given(&numbered, &[], &pruned);
        assert!(report.anomalies_total > 0);
        // Of another boundary nothing is known.
        let more: Vec<Row> = rows.iter().skip(13).cloned().collect();
        let report = given(&spec, &anchors, &more);
        assert!(accused(&report).contains(&(Kind::MissingGenesis, "t0-13".to_owned())), "{report:#?}");
    }

    #[test]
    fn cells_do_not_run_into_each_other() {
        let text = |cells: &[Option<&str>]| {
            let mut text = String::new();
            cells.iter().for_each(|value| cell(&mut text, *value));
            text
        };
        let all = [
            text(&[Some("a"), Some("b")]),
            text(&[Some("ab"), Some("")]),
            text(&[Some(""), Some("ab")]),
            text(&[None, Some("ab")]),
            text(&[Some("-,2:ab")]),
            text(&[Some("a#b"), Some("")]),
            text(&[Some("a\u{1}b"), Some("")]),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(!all[..n].contains(one));
        }
    }
}
