//! Walks through a recipe: its expressions, and the columns they read.

use super::spec::{ChainSpec, JsonValue, Recipe, TimePreset};

/// Visits every expression of a recipe, the outermost first.
pub(crate) fn visit<'r>(recipe: &'r Recipe, see: &mut dyn FnMut(&'r Recipe)) {
    see(recipe);
    match recipe {
        Recipe::Cat(parts) | Recipe::Join(_, parts) => parts.iter().for_each(|part| visit(part, see)),
        Recipe::Coalesce(inner, instead) => {
            visit(inner, see);
            visit(instead, see);
        }
        Recipe::Omit(inner)
        | Recipe::Sized(_, _, inner)
        | Recipe::Binary(_, inner)
        | Recipe::Each(_, _, inner)
        | Recipe::Digest(_, inner)
        | Recipe::Hmac(_, _, inner)
        | Recipe::Hex(inner)
        | Recipe::HexUpper(inner)
        | Recipe::Base64(inner)
        | Recipe::Base64As(_, inner)
        | Recipe::Unbase64(inner)
        | Recipe::Unhex(inner)
        | Recipe::Lower(inner)
        | Recipe::Upper(inner)
        | Recipe::NullIf(inner, _)
        | Recipe::Strip(_, inner)
        | Recipe::ByteaCast(inner) => visit(inner, see),
        Recipe::Json(_, fields) => fields.iter().for_each(|field| visit_value(&field.value, see)),
        Recipe::JsonArray(_, items) => items.iter().for_each(|item| visit_value(&item.value, see)),
        Recipe::Text(_)
        | Recipe::Column(_)
        | Recipe::Prev
        | Recipe::Time(..)
        | Recipe::TimeAs(..)
        | Recipe::Decimal(..)
        | Recipe::Integer(_)
        | Recipe::Bool(..)
        | Recipe::JsonColumn(..)
        | Recipe::UuidDigits(_)
        | Recipe::UuidBytes(_)
        | Recipe::EachName
        | Recipe::EachValue
        | Recipe::Count(_)
        | Recipe::Enum(..)
        | Recipe::Host(_) => {}
    }
}

fn visit_value<'r>(value: &'r JsonValue, see: &mut dyn FnMut(&'r Recipe)) {
    match value {
        JsonValue::String(inner) | JsonValue::Raw(inner) => visit(inner, see),
        JsonValue::Object(fields) => fields.iter().for_each(|field| visit_value(&field.value, see)),
        JsonValue::Array(items) => items.iter().for_each(|item| visit_value(&item.value, see)),
        JsonValue::Each(_, item) => visit_value(&item.value, see),
        JsonValue::Column(_) | JsonValue::Number(_) | JsonValue::Bool(_) | JsonValue::Null => {}
    }
}

/// The keys that a recipe takes, by number, as often as it does.
pub(crate) fn keys_of(recipe: &Recipe) -> Vec<usize> {
    let mut found = Vec::new();
    visit(recipe, &mut |part| {
        if let Recipe::Hmac(_, key, _) = part {
            found.push(*key);
        }
    });
    found
}

/// Time columns that any recipe of a chain spells, each once, with the first spelling.
pub(crate) fn all_times(spec: &ChainSpec) -> Vec<(usize, Option<TimePreset>)> {
    let mut found: Vec<(usize, Option<TimePreset>)> = Vec::new();
    for (column, preset) in spec.recipes().flat_map(|(_, recipe)| times(recipe)) {
        if !found.iter().any(|(seen, _)| *seen == column) {
            found.push((column, preset));
        }
    }
    found
}

/// Every column that some recipe of a chain reads, once.
pub(crate) fn all_columns(spec: &ChainSpec) -> Vec<usize> {
    let mut found: Vec<usize> = spec.recipes().flat_map(|(_, recipe)| columns(recipe)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Time columns the recipe spells, each once, with the spelling where it is a preset in UTC.
pub(crate) fn times(recipe: &Recipe) -> Vec<(usize, Option<TimePreset>)> {
    let mut times: Vec<(usize, Option<TimePreset>)> = Vec::new();
    visit(recipe, &mut |part| {
        let (column, preset) = match part {
            Recipe::Time(column, preset) => (*column, Some(*preset)),
            Recipe::TimeAs(column, _) => (*column, None),
            _ => return,
        };
        if !times.iter().any(|(seen, _)| *seen == column) {
            times.push((column, preset));
        }
    });
    times
}

/// Every column a recipe reads, as often as it does.
pub(crate) fn columns(recipe: &Recipe) -> Vec<usize> {
    let mut columns = Vec::new();
    visit(recipe, &mut |part| match part {
        Recipe::Column(index)
        | Recipe::Time(index, _)
        | Recipe::TimeAs(index, _)
        | Recipe::Decimal(index, _)
        | Recipe::Integer(index)
        | Recipe::UuidDigits(index)
        | Recipe::UuidBytes(index)
        | Recipe::Each(index, _, _)
        | Recipe::Count(index)
        | Recipe::JsonColumn(_, index)
        | Recipe::Enum(index, _)
        | Recipe::Host(index)
        | Recipe::Bool(index, _, _) => columns.push(*index),
        Recipe::Json(_, fields) => {
            fields.iter().for_each(|field| plain_columns(&field.value, &mut columns));
        }
        Recipe::JsonArray(_, items) => {
            items.iter().for_each(|item| plain_columns(&item.value, &mut columns));
        }
        _ => {}
    });
    columns
}

/// Columns that stand in JSON by themselves; those in recipes are visited.
fn plain_columns(value: &JsonValue, columns: &mut Vec<usize>) {
    match value {
        JsonValue::Column(index) => columns.push(*index),
        JsonValue::Object(fields) => fields.iter().for_each(|field| plain_columns(&field.value, columns)),
        JsonValue::Array(items) => items.iter().for_each(|item| plain_columns(&item.value, columns)),
        JsonValue::Each(index, item) => {
            columns.push(*index);
            plain_columns(&item.value, columns);
        }
        _ => {}
    }
}
