//! What was hashed and is not stored: digits of a second, a time zone, the order of members. Rows that a recipe leaves
//! unexplained are tried under each such loss, as `search` clauses of the language have them.

use super::links::{Link, bytes};
use super::sheet::Sheet;
use crate::chain::eval::{self, Inputs};
use crate::chain::keys::Keys;
use crate::chain::program::Program;
use crate::chain::search::Seeker;
use crate::chain::spec::{CellKind, Recipe, Search, Sought};
use crate::chain::visit;

/// Most rows on which a loss is tried before it is believed or not.
const TRIED: usize = 24;
/// Most candidates that a row is tried under.
const PER_ROW: u64 = 50_000;
/// Most candidates that one loss is tried under, on all rows together.
const IN_ALL: u64 = 3_000_000;

/// Candidates that may still be tried.
pub(super) struct Budget(pub(super) u64);

/// Which of the rows recompute under a recipe when so much is searched. What the budget does not reach does not count as
/// recomputed.
pub(super) fn explained(
    sheet: &Sheet,
    link: &Link,
    (recipe, keys): (&Recipe, &Keys),
    searches: &[Search],
    rows: &[usize],
    budget: &mut Budget,
) -> Vec<usize> {
    let Ok(program) = Program::new(recipe, &sheet.columns, link.form(sheet)) else { return Vec::new() };
    let program = program.keyed(keys).sought(searches);
    let mut seeker = Seeker::new(searches, &sheet.columns);
    let mut out = Vec::new();
    let mut found = Vec::new();
    for at in rows {
        let row = sheet.row(*at);
        let Some(stored) = sheet.cell(*at, link.hash).map(|cell| bytes(cell, sheet.kind(link.hash))) else {
            continue;
        };
        let inputs = Inputs { row: &row, prev: link.prev(*at), shifts: &[], orders: &[] };
        let (mut hit, mut left) = (false, PER_ROW.min(budget.0));
        let before = left;
        // To say that it fits is how to end a search.
        seeker.seek(&inputs, |inputs| {
            if left == 0 {
                return true;
            }
            left -= 1;
            let computed = eval::evaluate(&program, inputs, &mut out);
            hit = computed.is_ok_and(|outcome| !outcome.null) && out == stored;
            hit
        });
        budget.0 -= before - left;
        if hit {
            found.push(*at);
        }
    }
    found
}

/// Each loss that a recipe may have suffered.
fn candidates(sheet: &Sheet, recipe: &Recipe, without: &[Search]) -> Vec<Search> {
    let mut found = Vec::new();
    let mut columns = visit::columns(recipe);
    columns.sort_unstable();
    columns.dedup();
    columns.retain(|column| !without.iter().any(|search| search.column == *column));
    let times = visit::times(recipe);
    for column in columns {
        if sheet.kind(column) == CellKind::Jsonb {
            found.push(Search { column, sought: Sought::Members });
        } else if times.iter().any(|(time, _)| *time == column) {
            let digits = |digits, rounded| Sought::Digits { digits, rounded };
            let all = [digits(9, false), digits(7, false), Sought::Zones, digits(9, true), digits(7, true)];
            found.extend(all.map(|sought| Search { column, sought }));
        }
    }
    found
}

/// The losses that explain rows which do not recompute otherwise, and the rows they explain. What is searched already is
/// searched together with each.
pub(super) fn lost(
    sheet: &Sheet,
    link: &Link,
    (recipe, keys): (&Recipe, &Keys),
    misfits: &[usize],
    already: &[Search],
    stop: &dyn Fn() -> bool,
) -> (Vec<Search>, Vec<usize>) {
    let all = candidates(sheet, recipe, already);
    let mut known: Vec<Search> = already.to_vec();
    let mut left: Vec<usize> = misfits.to_vec();
    loop {
        let sample: Vec<usize> = spread(&left, TRIED);
        let open = |search: &&Search| !known.iter().any(|one: &Search| one.column == search.column);
        let singles = all.iter().filter(open).map(|search| vec![*search]);
        // Where a row has lost two things, neither alone explains it.
        let pairs = all.iter().filter(open).enumerate().flat_map(|(n, a)| {
            let others = all.iter().filter(open).skip(n + 1).filter(|b| b.column != a.column);
            others.map(|b| vec![*a, *b])
        });
        let mut best: Option<(usize, Vec<Search>)> = None;
        for more in singles.chain(pairs) {
            if stop() || best.as_ref().is_some_and(|(rows, found)| more.len() > found.len() && *rows > 0) {
                break;
            }
            let searches = [known.as_slice(), &more].concat();
            let rows = explained(sheet, link, (recipe, keys), &searches, &sample, &mut Budget(IN_ALL)).len();
            if rows > best.as_ref().map_or(0, |(rows, _)| *rows) {
                best = Some((rows, more));
            }
        }
        let Some((_, more)) = best else { break };
        known.extend(more);
        let rows = explained(sheet, link, (recipe, keys), &known, &left, &mut Budget(IN_ALL * 10));
        left.retain(|row| !rows.contains(row));
        if left.is_empty() || rows.is_empty() {
            break;
        }
    }
    let found = misfits.iter().copied().filter(|row| !left.contains(row)).collect();
    known.drain(..already.len());
    (known, found)
}

/// So many rows at most, from everywhere.
fn spread(rows: &[usize], most: usize) -> Vec<usize> {
    let step = rows.len().div_ceil(most).max(1);
    rows.iter().step_by(step).copied().collect()
}
