//! Recipes that are near a known one: its parts in another order, some of them left out, joined by something else, behind a
//! word. A second writer into a table, and the first version of a writer, hash nearly the same.

use std::sync::Arc;

use super::family::{Family, Frame, Item};
use super::links::Link;
use super::prior::{Cost, SEPARATORS};
use super::shape::Shape;
use super::sheet::Sheet;
use super::spell::{self, At, Choice};
use crate::chain::spec::Recipe;
use crate::chain::visit;

/// What stands before the parts of a recipe: which one it is, or what it is of.
const WORDS: [&str; 14] = [
    "v1", "v2", "v3", "1", "2", "verified", "signed", "sealed", "audit", "event", "entry", "record", "log",
    "legacy",
];
/// What it costs that a part is left out, that one stands elsewhere, that a word comes first, and another separator.
const SKIPPED: Cost = 20;
const MOVED: Cost = 12;
const WORD: Cost = 25;
const OTHERWISE: Cost = 25;
/// What costs more is not near.
pub(super) const NEAR: Cost = 160;
/// Most candidates that are tried near one recipe.
pub(super) const MOST: u64 = 4_000_000;

/// Whether a recipe has the predecessor in it.
pub(super) fn has_prev(recipe: &Recipe) -> bool {
    let mut found = false;
    visit::visit(recipe, &mut |part| found |= *part == Recipe::Prev);
    found
}

/// A part without what it says of NULL.
pub(super) fn bare(recipe: &Recipe) -> Recipe {
    match recipe {
        Recipe::Coalesce(inner, _) | Recipe::Omit(inner) => bare(inner),
        Recipe::Sized(frame, unit, inner) => Recipe::Sized(frame.clone(), *unit, Box::new(bare(inner))),
        other => other.clone(),
    }
}

/// The spellings that a place has, without what they say of NULL.
fn spellings(choices: &[(Cost, Choice)]) -> Vec<Recipe> {
    let mut found: Vec<Recipe> = Vec::new();
    for (_, choice) in choices {
        let Choice::Part(recipe) = choice else { continue };
        let recipe = bare(recipe);
        if !found.contains(&recipe) {
            found.push(recipe);
        }
    }
    found
}

/// The families near a shape, for one row. None where it is no concatenation.
pub(super) fn families(sheet: &Sheet, link: &Link, row: usize, shape: &Shape) -> Vec<Family> {
    let at = At { sheet, row, prev: link.prev(row), link: link.form(sheet), shift: None, keys: None };
    let own = match &shape.frame {
        Frame::Cat => "",
        Frame::Join { separator, .. } => separator,
        Frame::Json(_) => return Vec::new(),
    };
    if shape.has_around() {
        return Vec::new();
    }
    let mut items = Vec::new();
    let mut must = None;
    for slot in &shape.slots {
        let spellings = spellings(&slot.choices);
        let Some(first) = spellings.first() else { return Vec::new() };
        let column = visit::columns(first).first().copied();
        if column.is_none() {
            must = Some(items.len());
        }
        let null = column.is_some_and(|column| sheet.cell(row, column).is_none());
        let spelt = spellings.iter().take(6).flat_map(|recipe| {
            let ways = if null { spell::null_parts(0, recipe) } else { vec![(0, recipe.clone())] };
            ways.into_iter().filter(|(_, way)| !matches!(way, Recipe::Omit(_)))
        });
        let variants = spell::grouped(spelt.map(|(cost, recipe)| {
            let bytes = at.eval(&Recipe::Cat(vec![recipe.clone()]));
            (cost / 2, Choice::Part(recipe), bytes, 0)
        }));
        items.push(Item { column, take: 0, skip: SKIPPED, moved: MOVED, variants });
    }
    if must.is_none() || items.len() > 40 {
        return Vec::new();
    }
    let items = Arc::new(items);
    let family = |separator: &str, word: Option<&str>, cost: Cost| {
        let open = word.map(|word| format!("{word}{separator}")).unwrap_or_default();
        Family {
            name: "near another recipe of the table",
            cost,
            items: Arc::clone(&items),
            frame: match (separator, word) {
                ("", _) => Frame::Cat,
                _ => Frame::Join { separator: separator.to_owned(), lead: word.map(str::to_owned) },
            },
            separator: separator.as_bytes().to_vec(),
            open: open.into_bytes(),
            close: Vec::new(),
            sorted: false,
            must,
            prev: None,
            around: None,
            outers: Vec::new(),
            ahead: None,
            array: false,
        }
    };
    let mut found = vec![family(own, None, 0)];
    let others = std::iter::once(("", 0)).chain(SEPARATORS).filter(|(separator, _)| *separator != own);
    found.extend(others.map(|(separator, cost)| family(separator, None, OTHERWISE + cost / 2)));
    if !own.is_empty() {
        let words = WORDS.iter().copied().chain([sheet.table.as_str()]);
        found.extend(words.map(|word| family(own, Some(word), WORD)));
    }
    found
}
