//! Forks: several rows that follow one row, each of them hashed properly.

use std::collections::{BTreeMap, HashSet};

use super::case::Case;
use super::graph::{Defect, Graph, Parent};
use super::report::AnomalyKind as Kind;
use super::run::{Place, Run};
use super::time;

/// Writers that race do so within seconds.
const RACE: i64 = 5_000_000;
/// The branch that loses a race is seldom longer.
const SHORT: u64 = 2;

/// The number of rows that follow each row, itself included.
pub(crate) fn sizes(graph: &Graph) -> Vec<u64> {
    let mut sizes = vec![1u64; graph.parents.len()];
    for row in graph.sequence.iter().rev().copied() {
        let size = sizes.get(row).copied().unwrap_or(0);
        if let Parent::Row(parent) = graph.parent(row)
            && graph.defect(row) != Defect::Inserted
            && graph.place(parent) < graph.place(row)
            && let Some(slot) = sizes.get_mut(parent)
        {
            *slot = slot.saturating_add(size);
        }
    }
    sizes
}

/// Reports one fork per shared predecessor, about the shortest branch.
pub(crate) fn forks(case: &Case<'_>, graph: &Graph, run: &mut Run, settled: &mut HashSet<usize>) {
    let mut shared: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for row in graph.sequence.iter().copied() {
        if let Parent::Row(parent) = graph.parent(row)
            && graph.children.get(parent).is_some_and(|children| *children > 1)
            && graph.defect(row) != Defect::Inserted
        {
            shared.entry(parent).or_default().push(row);
        }
    }
    if shared.is_empty() {
        return;
    }
    let sizes = sizes(graph);
    let size = |row: usize| sizes.get(row).copied().unwrap_or(1);
    for (parent, heads) in shared {
        settled.extend(heads.iter().copied());
        // The branch that was abandoned; of equal ones the later.
        let Some(accused) =
            heads.iter().copied().min_by_key(|row| (size(*row), std::cmp::Reverse(graph.place(*row))))
        else {
            continue;
        };
        case.hold(run, Place::Sure, accused, Kind::Fork, |case| {
            let branches: Vec<String> = heads
                .iter()
                .map(|row| {
                    let at = case.order(*row).map(|at| format!(", at {at}")).unwrap_or_default();
                    format!("{} ({} row(s){at})", case.name(*row), size(*row))
                })
                .collect();
            let proved = if heads.iter().all(|row| case.rows.has(*row, super::rows::flag::OK)) {
                "each recomputes"
            } else {
                "not all of them recompute"
            };
            format!(
                "{} rows follow {}: {}; {proved}; {}",
                heads.len(),
                case.name(parent),
                branches.join(" and "),
                judgement(case, &heads, size(accused))
            )
        });
    }
}

fn judgement(case: &Case<'_>, heads: &[usize], shortest: u64) -> &'static str {
    let instants: Option<Vec<i64>> = heads
        .iter()
        .map(|row| case.order(*row).and_then(|at| time::parse(&at)).map(time::Civil::micros_since_epoch))
        .collect();
    let distance = instants.and_then(|at| Some(at.iter().max()?.saturating_sub(*at.iter().min()?)));
    match distance {
        Some(distance) if distance <= RACE && shortest <= SHORT => {
            "a short branch so close in time is probably two writers that read the same head"
        }
        Some(distance) if distance > RACE => {
            "the branches begin too far apart for two writers racing; find out who wrote the shorter one"
        }
        None if shortest <= SHORT => {
            "a short branch may be two writers that read the same head, or a row added later; the order cannot tell"
        }
        _ => "two writers may have raced, but the shorter branch went on; find out who wrote it",
    }
}
