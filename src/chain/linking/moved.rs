//! Rows that stand elsewhere than their links say.

use std::collections::HashSet;

use super::case::Case;
use super::graph::{Defect, Graph, Parent};
use super::report::AnomalyKind as Kind;
use super::run::{Place, Run};

/// Reports the fewest rows that have to be moved for order and links to agree.
pub(crate) fn moved(case: &Case<'_>, graph: &Graph, run: &mut Run, settled: &mut HashSet<usize>) {
    let backward: Vec<usize> = graph
        .sequence
        .iter()
        .copied()
        .filter(|row| matches!(graph.parent(*row), Parent::Row(parent) if graph.place(parent) > graph.place(*row)))
        .collect();
    if backward.is_empty() {
        return;
    }
    // Rows already known to stand in the wrong place must not make their neighbours look moved.
    let chain = one_chain(graph)
        .map(|chain| chain.into_iter().filter(|row| !settled.contains(row)).collect::<Vec<_>>());
    for row in chain.map_or(backward, |chain| out_of_order(graph, &chain)) {
        if settled.contains(&row) {
            continue;
        }
        settled.insert(row);
        case.hold(run, Place::Moved, row, Kind::Reordered, |case| {
            format!(
                "{} stands elsewhere in the declared order than its links say; its order column is not the order of \
                 writing, or was changed",
                case.name(row)
            )
        });
    }
}

/// All rows along the links, if they form a single chain.
fn one_chain(graph: &Graph) -> Option<Vec<usize>> {
    let mut next: Vec<Option<usize>> = vec![None; graph.parents.len()];
    let mut first = None;
    let mut expected = 0usize;
    for row in graph.sequence.iter().copied() {
        if graph.defect(row) == Defect::Inserted {
            continue;
        }
        expected += 1;
        match graph.parent(row) {
            Parent::Row(parent) => match next.get_mut(parent)? {
                Some(_) => return None,
                free => *free = Some(row),
            },
            Parent::Genesis | Parent::Unknown => match first {
                Some(_) => return None,
                None => first = Some(row),
            },
        }
    }
    let mut chain = Vec::with_capacity(expected);
    let mut at = first;
    // A chain cannot be longer than its rows; anything else is a circle.
    while let Some(row) = at
        && chain.len() <= expected
    {
        chain.push(row);
        at = next.get(row).copied().flatten();
    }
    (chain.len() == expected).then_some(chain)
}

/// The rows outside the longest run that is in order along the chain, in declared order.
fn out_of_order(graph: &Graph, chain: &[usize]) -> Vec<usize> {
    // Patience sorting: `tails` holds, by length, the chain position whose row ends the best run so far.
    let mut tails: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; chain.len()];
    let place = |at: usize| chain.get(at).map_or(0, |row| graph.place(*row));
    for at in 0..chain.len() {
        let length = tails.partition_point(|tail| place(*tail) < place(at));
        if let Some(slot) = previous.get_mut(at) {
            *slot = length.checked_sub(1).and_then(|before| tails.get(before)).copied();
        }
        match tails.get_mut(length) {
            Some(tail) => *tail = at,
            None => tails.push(at),
        }
    }
    let mut kept = HashSet::new();
    let mut at = tails.last().copied();
    while let Some(position) = at {
        kept.extend(chain.get(position).copied());
        at = previous.get(position).copied().flatten();
    }
    let mut out: Vec<usize> = chain.iter().copied().filter(|row| !kept.contains(row)).collect();
    out.sort_by_key(|row| graph.place(*row));
    out
}
