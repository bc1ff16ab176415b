//! Flags that are hashed as they were at first, whatever the row has now. Whoever alters a flag leaves the same trace, so
//! few such rows are no reason to think that it was hashed so.

use super::naming::Naming;
use super::sheet::Sheet;
use crate::chain::spec::{CellKind, JsonField, JsonValue, Recipe};
use crate::chain::variants::change;

/// The fewest rows that tell such a flag from some that were altered: so many, and one in so many of the sample.
const FEWEST: usize = 3;
const ONE_IN: usize = 10;

/// The column that a member is named after, where it has a constant in its place.
fn flag(sheet: &Sheet, field: &JsonField) -> Option<(usize, bool)> {
    let JsonValue::Bool(value) = field.value else { return None };
    let named = |column: &usize| Naming::ALL.iter().any(|naming| naming.key(sheet, *column) == field.key);
    let mut columns = (0..sheet.own()).filter(|column| sheet.kind(*column) == CellKind::Bool);
    columns.find(named).map(|column| (column, value))
}

/// Whether a row has something else there.
fn unlike(sheet: &Sheet, row: usize, (column, value): (usize, bool)) -> bool {
    let held = sheet.cell(row, column).map(|cell| matches!(cell, "t" | "true"));
    held.is_some_and(|held| held != value)
}

/// The flags that a recipe has constants for, each with how many rows have something else.
pub(super) fn constants(sheet: &Sheet, recipe: &Recipe, rows: &[usize]) -> Vec<(usize, bool, usize)> {
    let mut found = Vec::new();
    change(&mut recipe.clone(), &mut |_| {}, &mut |field| {
        if let Some(flag) = flag(sheet, field) {
            let others = rows.iter().filter(|row| unlike(sheet, **row, flag)).count();
            found.push((flag.0, flag.1, others));
        }
    });
    found
}

/// Puts the columns back where only few rows speak for constants. Those rows are then explained no more.
pub(super) fn believed(sheet: &Sheet, recipe: &mut Recipe, fits: &mut Vec<usize>) {
    let enough = FEWEST.max(sheet.rows.len() / ONE_IN);
    for (column, value, others) in constants(sheet, recipe, fits) {
        if others >= enough {
            continue;
        }
        change(recipe, &mut |_| {}, &mut |field| {
            if flag(sheet, field) == Some((column, value)) {
                field.value = JsonValue::Column(column);
            }
        });
        fits.retain(|row| !unlike(sheet, *row, (column, value)));
    }
}
