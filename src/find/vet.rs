//! Whether a lesser recipe may be told from an alteration.
//!
//! Whoever fills in a column that was NULL when its row was hashed, or exchanges two values, leaves a row that recomputes
//! under a recipe without that column, or with the two in another order. Such a recipe is not learnt from a few rows.

use super::family::Frame;
use super::kin::has_prev;
use super::learn::Learnt;
use super::links::Link;
use super::shape::{Shape, Slot};
use super::sheet::Sheet;
use super::spell::{At, Choice};
use crate::chain::keys::Keys;
use crate::chain::spec::{JsonNull, JsonValue, Recipe};
use crate::chain::visit;

/// Rows from which on a recipe is learnt, whatever else may explain them.
pub(super) const FEW: usize = 8;

/// A recipe, and rows that it alone explains.
pub(super) struct Lesser<'a> {
    pub(super) learnt: &'a Learnt,
    pub(super) recipe: &'a Recipe,
    pub(super) rows: &'a [usize],
}

impl Lesser<'_> {
    /// Whether these rows may be some of the main recipe's that were altered after they were hashed.
    pub(super) fn may_be_altered(
        &self,
        sheet: &Sheet,
        link: &Link,
        keys: &Keys,
        (main, whole): (&Learnt, &Recipe),
    ) -> bool {
        if self.rows.len() >= FEW || !self.rows.iter().any(|row| self.reads_as(sheet, link, keys, *row, main))
        {
            return false;
        }
        let own = visit::columns(self.recipe);
        let mut missing = visit::columns(whole);
        missing.retain(|column| !own.contains(column));
        let filled = |column: &usize| self.rows.iter().any(|row| sheet.cell(*row, *column).is_some());
        // Nothing that was left empty later can hide in a column that is empty still.
        if !missing.is_empty() && !missing.iter().any(filled) {
            return false;
        }
        // Rows from before a column was hashed are the first ones; and what NULL becomes there must not be known.
        let before = self.rows.len() > 1 && self.first_ones(sheet, link, &main.fits);
        let known = missing.is_empty() || missing.iter().any(|column| sheet.has_null(*column));
        known || !before
    }

    /// Whether what a row hashed is what the main recipe makes of some values.
    fn reads_as(&self, sheet: &Sheet, link: &Link, keys: &Keys, row: usize, main: &Learnt) -> bool {
        let prev = link.prev(row);
        let at = At { sheet, row, prev, link: link.form(sheet), shift: None, keys: Some(keys) };
        let hashed = self.learnt.shape.hashed(&self.learnt.pick, &link.stored);
        let Some(bytes) = hashed.and_then(|hashed| at.eval(&hashed)) else { return true };
        // The same values as now, whose digest is written in another way.
        let as_now = main.shape.hashed(&main.pick, &link.stored).and_then(|hashed| at.eval(&hashed));
        if as_now.as_ref() == Some(&bytes) {
            return false;
        }
        let prev = main.shape.slots.iter().find_map(|slot| part(slot).filter(|part| has_prev(part)));
        let prev = prev.and_then(|part| at.eval(&Recipe::Cat(vec![part.clone()]))).unwrap_or_default();
        reads_as(&main.shape, &self.learnt.shape, &visit::columns(self.recipe), &bytes, &prev)
    }

    /// Whether in every chain these come before all others.
    fn first_ones(&self, sheet: &Sheet, link: &Link, others: &[usize]) -> bool {
        let chain = |row: usize| link.split.iter().map(|c| sheet.cell(row, *c)).collect::<Vec<_>>();
        let key = |row: usize| link.order.key(sheet, row);
        !link.order.columns.is_empty()
            && self.rows.iter().all(|row| {
                let mut beside = others.iter().filter(|other| !self.rows.contains(other));
                beside.all(|other| chain(*other) != chain(*row) || key(*row) < key(*other))
            })
    }
}

fn part(slot: &Slot) -> Option<&Recipe> {
    slot.choices.first().and_then(|(_, choice)| match choice {
        Choice::Part(recipe) => Some(recipe),
        Choice::Member(field) => match &field.value {
            JsonValue::String(recipe) => Some(recipe),
            _ => None,
        },
    })
}

/// Whether a place may be left out, as far as is known.
fn optional(slot: &Slot) -> bool {
    slot.choices.iter().any(|(_, choice)| match choice {
        Choice::Part(recipe) => matches!(recipe, Recipe::Omit(_)),
        Choice::Member(field) => matches!(field.null, JsonNull::Omit | JsonNull::OmitEmpty),
    })
}

fn name(slot: &Slot) -> Option<(&str, bool)> {
    slot.choices.first().and_then(|(_, choice)| match choice {
        Choice::Member(field) => Some((field.key.as_str(), optional(slot))),
        Choice::Part(_) => None,
    })
}

fn names(shape: &Shape) -> Vec<(&str, bool)> {
    shape.slots.iter().filter_map(name).collect()
}

/// Whether a text has the form that a main recipe gives to values that nobody knows. Columns of the lesser one are not NULL
/// there.
fn reads_as(main: &Shape, lesser: &Shape, own: &[usize], bytes: &[u8], prev: &[u8]) -> bool {
    if main.has_around() {
        // What stands around a digest or an object is as long as it is.
        return lesser.has_around();
    }
    match &main.frame {
        Frame::Join { separator, lead } => {
            let separator = separator.as_bytes();
            let place = main.slots.iter().position(|slot| part(slot).is_some_and(has_prev));
            let read = |slot: &Slot| {
                part(slot).is_some_and(|part| visit::columns(part).iter().any(|c| own.contains(c)))
            };
            let needed = |slot: &&Slot| !optional(slot) || part(slot).is_some_and(has_prev) || read(slot);
            let least = main.slots.iter().filter(needed);
            let least = least.count() + usize::from(lead.is_some());
            let parts = 1 + bytes.windows(separator.len().max(1)).filter(|piece| *piece == separator).count();
            let begins = [prev, separator].concat();
            let ends = [separator, prev].concat();
            let held = match (place, lead) {
                (Some(0), None) => bytes.starts_with(&begins),
                (Some(place), _) if place + 1 == main.slots.len() => bytes.ends_with(&ends),
                _ => true,
            };
            let led = lead.as_ref().is_none_or(|word| bytes.starts_with(word.as_bytes()));
            parts >= least && held && led
        }
        Frame::Cat => {
            let first = main.slots.first().and_then(part).is_some_and(has_prev);
            let last = main.slots.last().and_then(part).is_some_and(has_prev);
            (!first || bytes.starts_with(prev)) && (!last || bytes.ends_with(prev))
        }
        Frame::Json(_) => {
            let (all, mut some) = (names(main), names(lesser).into_iter().map(|(name, _)| name).peekable());
            if !matches!(lesser.frame, Frame::Json(_)) {
                return false;
            }
            // Those of the lesser one in the same order, and whatever else may be left out.
            all.iter().all(|(name, optional)| some.next_if_eq(name).is_some() || *optional)
                && some.next().is_none()
        }
    }
}
