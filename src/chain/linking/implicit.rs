//! Diagnosis of a split without a link column: each row follows the row before it, and only the hashes tell.

use super::case::Case;
use super::era::{Era, Eras};
use super::graph::stands;
use super::report::AnomalyKind as Kind;
use super::rows::{Cause, flag};
use super::run::{Place, Run};
use super::textual::Displaced;

/// Diagnoses one split. Returns the number of rows that are linked: without a link column, those that recompute.
pub(crate) fn diagnose(case: &Case<'_>, run: &mut Run) -> u64 {
    let rows = case.rows;
    let displaced = Displaced::new(case);
    let eras = Eras::new(rows, 0..rows.len());
    run.eras(&eras);
    let mut linked = 0;
    for row in 0..rows.len() {
        linked += u64::from(rows.has(row, flag::OK));
        let cause = rows.odd(row).map_or(Cause::Unexplained, |odd| odd.cause);
        let gap = number_gap(case, run, row);
        if rows.has(row, flag::OK) {
            if let Some((from, to)) = gap {
                case.hold(run, Place::Sure, row, Kind::SequenceGap, |case| {
                    format!(
                        "{} has number {to} where {from} was expected, although it follows the row before it",
                        case.name(row)
                    )
                });
            }
            continue;
        }
        if rows.has(row, flag::ISSUE) {
            continue;
        }
        if cause != Cause::Unexplained {
            altered(case, run, row, cause, eras.at(row));
            continue;
        }
        if displaced.as_ref().is_some_and(|displaced| displaced.is(row)) {
            run.by_text.add(1, run.samples, || case.key(row));
            continue;
        }
        if let Some(first) = exchanged(case, row) {
            if first == row {
                out_of_turn(case, run, row);
            }
            continue;
        }
        if explained_by_neighbour(case, run, row) || will_be_explained(case, row) {
            continue;
        }
        match gap {
            Some((from, to)) if to > from => {
                let kind = if row == 0 { Kind::MissingGenesis } else { Kind::MissingRows };
                case.hold(run, Place::Sure, row, kind, |case| {
                    format!(
                        "{} row(s) were removed before {}: number {from} to {} are missing and it does not follow what is left",
                        to - from,
                        case.name(row),
                        to - 1
                    )
                });
            }
            _ if tied(case, row) => run.tied.add(1, run.samples, || case.key(row)),
            _ => altered(case, run, row, cause, eras.at(row)),
        }
    }
    linked
}

/// Whether the defect of the row before explains this one, and then reports that.
fn explained_by_neighbour(case: &Case<'_>, run: &mut Run, row: usize) -> bool {
    let Some(before) = row.checked_sub(1) else { return false };
    if case.rows.has(row, flag::FITS_RESTORED) {
        case.hold(run, Place::Sure, before, Kind::HashEdited, |case| {
            format!(
                "the stored hash of {} was changed: the row after it recomputes with the hash that its content yields",
                case.name(before)
            )
        });
        return true;
    }
    if case.rows.has(row, flag::FITS_SKIPPING) {
        let kind = if stands(case.rows, before) { Kind::Fork } else { Kind::InsertedRow };
        if kind == Kind::InsertedRow && interchangeable(case, row) {
            return false;
        }
        case.hold(run, Place::Sure, before, kind, |case| {
            let what = if kind == Kind::Fork {
                "recomputes, but so does the row after it with the same predecessor: two rows follow one"
            } else {
                "does not recompute, and the row after it recomputes without it: it was inserted"
            };
            format!("{} {what}", case.name(before))
        });
        return true;
    }
    false
}

/// Whether the next row will name the cause, so that this one is not reported twice.
fn will_be_explained(case: &Case<'_>, row: usize) -> bool {
    let next = row + 1;
    case.rows.has(next, flag::FITS_RESTORED)
        || (case.rows.has(next, flag::FITS_SKIPPING) && !interchangeable(case, next))
}

/// Whether the row belongs to two that changed places, or follows them; returns the first of the two. The second one
/// then follows what stands before both, and the row after both follows the first.
fn exchanged(case: &Case<'_>, row: usize) -> Option<usize> {
    let fails = |row: usize| !case.rows.has(row, flag::OK | flag::ISSUE) && row < case.rows.len();
    let skips = |row: usize| fails(row) && case.rows.has(row, flag::FITS_SKIPPING);
    let firsts = [Some(row), row.checked_sub(1), row.checked_sub(2)];
    firsts.into_iter().flatten().find(|first| {
        fails(*first) && !skips(*first) && skips(first + 1) && skips(first + 2) && !skips(first + 3)
    })
}

/// Two rows in the opposite order. Where only a further order column tells them apart, it may as well be that one.
fn out_of_turn(case: &Case<'_>, run: &mut Run, row: usize) {
    if case.order(row) == case.order(row + 1) {
        run.tied.add(2, run.samples, || case.key(row));
        return;
    }
    case.hold(run, Place::Moved, row, Kind::Reordered, |case| {
        format!(
            "{} and {} were hashed in the opposite order; the order column is not the order of writing, or was changed",
            case.name(row),
            case.name(row + 1)
        )
    });
}

/// Whether the row before this one, which this one does not follow, may have its place elsewhere among rows with equal
/// order values. It has none where the only other such row follows what stands before both, and is followed by what
/// stands after both.
fn interchangeable(case: &Case<'_>, row: usize) -> bool {
    let (Some(before), two_before) = (row.checked_sub(1), row.checked_sub(2)) else { return false };
    let tie = |row: usize| case.rows.has(row, flag::TIE);
    let ok = |row: usize| case.rows.has(row, flag::OK);
    match (tie(before), tie(row)) {
        (false, false) => false,
        (true, true) => true,
        (false, true) => tie(row + 1) || !ok(row + 1),
        (true, false) => !two_before.is_some_and(|first| !tie(first) && ok(first)),
    }
}

fn altered(case: &Case<'_>, run: &mut Run, row: usize, cause: Cause, era: Era) {
    let sort = case.sort(row, era);
    case.hold(run, Place::Content(cause, false, sort), row, Kind::AlteredRow, |case| {
        format!(
            "{} does not recompute: it was altered, or a row before it was removed; without a link column the data \
             cannot tell",
            case.name(row)
        )
    });
}

/// Expected and found number, where they differ.
fn number_gap(case: &Case<'_>, run: &mut Run, row: usize) -> Option<(i64, i64)> {
    let from = case.spec.dense_from?;
    let Some(number) = case.number(row) else {
        run.unnumbered.add(1, run.samples, || case.key(row));
        return None;
    };
    let expected = match row.checked_sub(1) {
        None => from,
        Some(before) => case.number(before)?.saturating_add(1),
    };
    (expected != number).then_some((expected, number))
}

/// Whether equal order values leave open which row comes first.
fn tied(case: &Case<'_>, row: usize) -> bool {
    case.rows.has(row, flag::TIE) || case.rows.has(row + 1, flag::TIE)
        // The row after a tie follows whichever of them came last.
        || row.checked_sub(1).is_some_and(|before| case.rows.has(before, flag::TIE))
}
