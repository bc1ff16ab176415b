//! Where chains begin: rows that start from the genesis, and rows whose predecessor is not there.

use std::collections::HashSet;

use super::case::Case;
use super::graph::{self, Defect, Graph, Parent};
use super::report::AnomalyKind as Kind;
use super::rows::{Stated, flag};
use super::run::{Found, Place, Run};
use super::{branches, genesis, identity};

/// A first row that does not recompute does not yield its genesis either, where that is computed from it: one cause,
/// to be named once. Returns the row.
pub(in crate::chain) fn uproot(case: &Case<'_>, graph: &mut Graph) -> Option<usize> {
    let row = graph.sequence.first().copied()?;
    let failed = !graph::stands(case.rows, row) && graph.parent(row) == Parent::Unknown;
    if !failed || !genesis::by_row(case.spec) {
        return None;
    }
    if let Some(parent) = graph.parents.get_mut(row) {
        *parent = Parent::Genesis;
    }
    Some(row)
}

pub(in crate::chain) fn broken(case: &Case<'_>, row: usize, before: &str) -> Found {
    let mut found = case.found(
        row,
        Kind::BrokenLink,
        format!(
            "{} names a hash that no row of its chain has; rows between it and {before} were removed, or {before} was \
             rewritten: the data cannot tell",
            case.name(row)
        ),
    );
    found.names = names(case, row);
    found
}

fn names(case: &Case<'_>, row: usize) -> Option<u64> {
    match case.rows.stated(row) {
        Stated::Hash(id) => Some(identity::short(&id)),
        _ => None,
    }
}

/// Rows that start a chain, or that follow a row that is not there.
pub(in crate::chain) fn roots(
    case: &Case<'_>,
    graph: &mut Graph,
    run: &mut Run,
    settled: &mut HashSet<usize>,
) {
    let sizes = branches::sizes(graph);
    let size = |row: usize| sizes.get(row).copied().unwrap_or(0);
    let beginnings: Vec<usize> =
        graph.sequence.iter().copied().filter(|row| graph.parent(*row) == Parent::Genesis).collect();
    // A row that recomputes from the genesis is a start; of those that do not, the first.
    let main = beginnings.iter().copied().max_by_key(|row| {
        let proven = case.rows.has(*row, flag::OK);
        (proven, if proven { size(*row) } else { 0 }, std::cmp::Reverse(graph.place(*row)))
    });
    for row in beginnings.iter().copied().filter(|row| Some(*row) != main) {
        if graph.defect(row) == Defect::Inserted {
            continue;
        }
        settled.insert(row);
        let place = if case.several { Place::Strands } else { Place::Sure };
        case.hold(run, place, row, Kind::SeveralGenesis, |case| {
            format!(
                "{} starts a chain of its own ({} rows), but its split already has one; the writer lost sight of the \
                 head, or the rows from here on were written apart",
                case.name(row),
                size(row)
            )
        });
    }
    let mut headless = beginnings.is_empty();
    for place in 0..graph.sequence.len() {
        let Some(row) = graph.sequence.get(place).copied() else { continue };
        if graph.parent(row) != Parent::Unknown || graph.defect(row) == Defect::Inserted {
            continue;
        }
        settled.insert(row);
        if std::mem::take(&mut headless) {
            missing_genesis(case, run, row);
            continue;
        }
        follower(case, graph, run, settled, place, row);
    }
}

fn missing_genesis(case: &Case<'_>, run: &mut Run, row: usize) {
    match case.rows.stated(row) {
        Stated::Hash(id) => run.unknown(Some(&id)),
        _ => run.unknown(None),
    }
    run.hold(Place::Links, || headless(case, row));
}

pub(in crate::chain) fn headless(case: &Case<'_>, row: usize) -> Found {
    let lost = match (case.number(row), case.spec.dense_from) {
        (Some(number), Some(from)) if number > from => {
            format!("; numbers {from} to {} are missing", number - 1)
        }
        _ => String::new(),
    };
    let or = if genesis::by_row(case.spec) {
        ", or a column that the genesis is computed from was changed"
    } else {
        ""
    };
    let mut found = case.found(
        row,
        Kind::MissingGenesis,
        format!(
            "the chain starts at {}, which does not start from the genesis: the rows before it are gone{or}{lost}",
            case.name(row)
        ),
    );
    found.names = names(case, row);
    found
}

/// A row in the middle whose predecessor is not there.
fn follower(
    case: &Case<'_>,
    graph: &mut Graph,
    run: &mut Run,
    settled: &mut HashSet<usize>,
    place: usize,
    row: usize,
) {
    let before = match graph.before(place) {
        Parent::Row(before) => Some(before),
        _ => None,
    };
    let step = before.and_then(|before| case.number(row)?.checked_sub(case.number(before)?));
    let dense = case.spec.dense_from.is_some();
    match (before, step) {
        (Some(before), Some(step)) if dense && step > 1 => {
            case.hold(run, Place::Links, row, Kind::MissingRows, |case| {
                let first = case.number(before).unwrap_or(0) + 1;
                let missing = match step {
                    2 => format!("no row with a hash has number {first}"),
                    _ => format!("no rows with a hash have numbers {first} to {}", first + step - 2),
                };
                format!(
                    "{} row(s) were removed before {}, or lost their hash: {missing}, and it names a hash that is gone",
                    step - 1,
                    case.name(row)
                )
            });
        }
        (Some(before), Some(1)) if graph.leaf(before) && graph::stands(case.rows, before) => {
            settled.insert(before);
            if let Some(parent) = graph.parents.get_mut(row) {
                *parent = Parent::Row(before);
            }
            case.hold(run, Place::Links, before, Kind::RehashedRow, |case| {
                format!(
                    "{} was changed and hashed again: the next row, {}, still names the hash it had before",
                    case.name(before),
                    case.name(row)
                )
            });
        }
        _ => {
            match case.rows.stated(row) {
                Stated::Hash(id) => run.unknown(Some(&id)),
                _ => run.unknown(None),
            }
            run.hold(Place::Links, || match (before, case.rows.stated(row)) {
                (_, Stated::Nothing) => case.found(
                    row,
                    Kind::BrokenLink,
                    format!("{} has no link although a chain precedes it", case.name(row)),
                ),
                (Some(before), _) => broken(case, row, &case.name(before)),
                (None, _) => {
                    let mut found = case.found(
                        row,
                        Kind::BrokenLink,
                        format!(
                            "{} stands before the first row and names a hash that no row has",
                            case.name(row)
                        ),
                    );
                    found.names = names(case, row);
                    found
                }
            });
        }
    }
}
