//! Causes, not symptoms: what happened in a split whose rows state their predecessors.

use std::collections::HashSet;

use super::case::Case;
use super::graph::{self, Defect, Graph, Parent};
use super::moved;
use super::report::AnomalyKind as Kind;
use super::rows::{Cause, Stated, flag};
use super::run::{Place, Run};
use super::{branches, roots, textual};

/// Diagnoses one split. Returns the number of rows whose link names the row before them.
pub(crate) fn diagnose(case: &Case<'_>, run: &mut Run) -> u64 {
    let mut arranged = graph::arrange(case.rows);
    if let Some(by_number) = textual::by_number(case, &arranged) {
        arranged = by_number;
        run.by_text.add(case.rows.len() as u64, run.samples, || case.key(0));
    }
    let mut graph = Graph::new(case.rows, &arranged);
    let linked = graph.linked;
    run.eras(&graph.eras);
    let uprooted = roots::uproot(case, &mut graph);
    let mut settled: HashSet<usize> = HashSet::new();
    duplicates(case, &graph, run);
    failed(case, &graph, run, &mut settled, uprooted);
    roots::roots(case, &mut graph, run, &mut settled);
    branches::forks(case, &graph, run, &mut settled);
    moved::moved(case, &graph, run, &mut settled);
    gaps(case, &graph, run, &settled);
    linked
}

fn duplicates(case: &Case<'_>, graph: &Graph, run: &mut Run) {
    for (row, defect) in graph.defects.iter().enumerate() {
        if let Defect::Duplicate(other) = defect {
            case.hold(run, Place::Sure, row, Kind::Duplicate, |case| {
                format!(
                    "{} has the same hash, predecessor and hashed content as {}; columns outside the hash may differ",
                    case.name(row),
                    case.name(*other)
                )
            });
        }
    }
}

/// Rows that do not recompute.
fn failed(
    case: &Case<'_>,
    graph: &Graph,
    run: &mut Run,
    settled: &mut HashSet<usize>,
    uprooted: Option<usize>,
) {
    for (place, row) in graph.sequence.iter().copied().enumerate() {
        let cause = case.rows.odd(row).map_or(Cause::Unexplained, |odd| odd.cause);
        match graph.defect(row) {
            Defect::None if cause != Cause::Unexplained => content(case, graph, run, place, cause, uprooted),
            Defect::None | Defect::Duplicate(_) => {}
            Defect::HashEdited => {
                settled.insert(row);
                case.hold(run, Place::Sure, row, Kind::HashEdited, |case| {
                    format!(
                        "the stored hash of {} was changed: its content yields another hash, and a later row still \
                         names that one",
                        case.name(row)
                    )
                });
            }
            Defect::LinkEdited => {
                settled.insert(row);
                case.hold(run, Place::Sure, row, Kind::LinkEdited, |case| {
                    format!(
                        "only the link of {} was changed: it recomputes with the hash of the row before it, not with \
                         the one it names",
                        case.name(row)
                    )
                });
            }
            Defect::Unlinked => {
                settled.insert(row);
                unlinked(case, graph, run, place, cause);
            }
            Defect::Inserted => {
                settled.insert(row);
                inserted(case, graph, run, place, row);
            }
            Defect::Failed if misplaced(graph, place, row) => {
                settled.insert(row);
                case.hold(run, Place::Moved, row, Kind::Reordered, |case| {
                    format!(
                        "{} stands elsewhere in the declared order than its links say and does not recompute there: a \
                         column that is hashed and gives the order was changed",
                        case.name(row)
                    )
                });
            }
            Defect::HashLost | Defect::Failed => content(case, graph, run, place, cause, uprooted),
        }
    }
}

/// Whether the row follows another row than the one before it, and is the only one to do so.
fn misplaced(graph: &Graph, place: usize, row: usize) -> bool {
    match graph.parent(row) {
        Parent::Row(parent) => {
            graph.before(place) != Parent::Row(parent)
                && graph.children.get(parent).is_some_and(|children| *children == 1)
        }
        _ => false,
    }
}

fn inserted(case: &Case<'_>, graph: &Graph, run: &mut Run, place: usize, row: usize) {
    let last = place + 1 == graph.sequence.len();
    let sort = case.sort(row, graph.eras.at(place));
    run.hold(Place::Content(Cause::Unexplained, true, sort), || {
        let mut found = case.found(
            row,
            Kind::InsertedRow,
            if last {
                format!(
                    "{} does not recompute and names no row; it was inserted at the end, or its link and its content \
                     were both changed",
                    case.name(row)
                )
            } else {
                format!(
                    "{} does not recompute and the row after it links past it: it was inserted between two linked rows",
                    case.name(row)
                )
            },
        );
        let sibling = graph.parent(row) == graph.before(place);
        let (kind, message) = if sibling {
            (Kind::Fork, "and the row after it follow the same row; the links cannot tell which one belongs there")
        } else {
            (Kind::BrokenLink, "names a hash that is not the row before it, and nothing follows it")
        };
        found.by_links = Some(Box::new(case.found(row, kind, format!("{} {message}", case.name(row)))));
        found
    });
}

/// A row in the middle that names no row and does not recompute with the row before it either.
fn unlinked(case: &Case<'_>, graph: &Graph, run: &mut Run, place: usize, cause: Cause) {
    let Some(row) = graph.sequence.get(place).copied() else { return };
    let sort = case.sort(row, graph.eras.at(place));
    let place = if case.several { Place::Strands } else { Place::Content(cause, true, sort) };
    run.hold(place, || {
        let name = case.name(row);
        let (kind, by_links) = match case.rows.stated(row) {
            Stated::Genesis => (Kind::SeveralGenesis, "starts from the genesis, although a chain precedes it"),
            _ => (Kind::BrokenLink, "has no link, although a chain precedes it"),
        };
        let by_links = case.found(row, kind, format!("{name} {by_links}"));
        if case.several {
            return by_links;
        }
        let mut found = case.found(
            row,
            Kind::LinkEdited,
            format!(
                "the link of {name} was taken away: it names no row, no row follows the one before it, and it \
                 recomputes neither as the start of a chain nor after that row, so its content was changed as well"
            ),
        );
        found.by_links = Some(Box::new(by_links));
        found
    });
}

/// A row whose content is not what was hashed, unless the run shows that the recipe is not what was used.
fn content(
    case: &Case<'_>,
    graph: &Graph,
    run: &mut Run,
    place: usize,
    cause: Cause,
    uprooted: Option<usize>,
) {
    let Some(row) = graph.sequence.get(place).copied() else { return };
    let next = graph.sequence.get(place + 1).copied();
    let rooted = graph.parent(row) != Parent::Unknown;
    // By the links alone, a lost hash shows in the next row; an unknown predecessor is reported as such anyway.
    let lost = (graph.defect(row) == Defect::HashLost).then_some(next).flatten();
    let sort = case.sort(row, graph.eras.at(place));
    let uprooted = uprooted == Some(row);
    run.hold(Place::Content(cause, lost.is_some() || uprooted, sort), || {
        let name = case.name(row);
        let message = match (next, lost.is_some()) {
            _ if uprooted => format!(
                "{name} was altered: its content yields neither its stored hash nor the genesis that it names, which is \
                 computed from it"
            ),
            _ if !rooted => format!("{name} does not recompute, and the hash it names is not in the chain either"),
            (_, true) => format!("{name} was altered, and so was its stored hash: the next row names another one"),
            (Some(_), _) => format!(
                "{name} was altered: its content does not yield its stored hash, while the links on both sides of it hold"
            ),
            (None, _) => format!(
                "{name} was altered: its content does not yield its stored hash; it is the last row, so nothing tells \
                 whether its content or its hash was changed"
            ),
        };
        let mut found = case.found(row, Kind::AlteredRow, message);
        found.by_links = match lost {
            Some(next) => Some(Box::new(roots::broken(case, next, &name))),
            None => uprooted.then(|| Box::new(roots::headless(case, row))),
        };
        found
    });
}

/// Numbers that are missing, or used twice, although the links hold.
fn gaps(case: &Case<'_>, graph: &Graph, run: &mut Run, settled: &HashSet<usize>) {
    let Some(from) = case.spec.dense_from else { return };
    if case.several {
        return;
    }
    // A row whose number was changed says nothing about the number of the row after it.
    let renumbered: HashSet<usize> = graph
        .sequence
        .iter()
        .enumerate()
        .filter(|(place, row)| graph.defect(**row) == Defect::Failed && misplaced(graph, *place, **row))
        .map(|(_, row)| *row)
        .collect();
    for row in graph.sequence.iter().copied() {
        if settled.contains(&row) {
            continue;
        }
        let Some(number) = case.number(row) else {
            run.unnumbered.add(1, run.samples, || case.key(row));
            continue;
        };
        let expected = match graph.parent(row) {
            Parent::Genesis if case.rows.has(row, flag::PRUNED) => None,
            Parent::Genesis => Some(from),
            Parent::Row(parent) if renumbered.contains(&parent) => None,
            Parent::Row(parent) if !settled.contains(&parent) || graph.defect(parent) != Defect::None => {
                case.number(parent).map(|number| number.saturating_add(1))
            }
            _ => None,
        };
        if let Some(expected) = expected
            && expected != number
        {
            case.hold(run, Place::Sure, row, Kind::SequenceGap, |case| {
                format!(
                    "{} has number {number} where {expected} was expected, although the links hold: the number was \
                     never used, or the rows were renumbered",
                    case.name(row)
                )
            });
        }
    }
}
