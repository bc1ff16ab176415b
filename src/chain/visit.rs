//! Walks through a recipe: its expressions, and the columns they read.

use super::spec::{ChainSpec, JsonField, JsonValue, Recipe, TimePreset};

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
        | Recipe::Unhex(inner)
        | Recipe::Lower(inner)
        | Recipe::Upper(inner) => visit(inner, see),
        Recipe::Json(_, fields) => visit_fields(fields, see),
        _ => {}
    }
}

fn visit_fields<'r>(fields: &'r [JsonField], see: &mut dyn FnMut(&'r Recipe)) {
    for field in fields {
        match &field.value {
            JsonValue::String(inner) | JsonValue::Raw(inner) => visit(inner, see),
            JsonValue::Object(inner) => visit_fields(inner, see),
            _ => {}
        }
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
pub(crate) fn all_times(spec: &ChainSpec) -> Vec<(usize, TimePreset)> {
    let mut found: Vec<(usize, TimePreset)> = Vec::new();
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

/// Time columns the recipe spells, each once, with the spelling.
pub(crate) fn times(recipe: &Recipe) -> Vec<(usize, TimePreset)> {
    let mut times: Vec<(usize, TimePreset)> = Vec::new();
    visit(recipe, &mut |part| {
        if let Recipe::Time(column, preset) = part
            && !times.iter().any(|(seen, _)| seen == column)
        {
            times.push((*column, *preset));
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
        | Recipe::Decimal(index, _)
        | Recipe::Integer(index)
        | Recipe::UuidDigits(index)
        | Recipe::UuidBytes(index)
        | Recipe::Each(index, _, _)
        | Recipe::Count(index)
        | Recipe::JsonColumn(_, index)
        | Recipe::Bool(index, _, _) => columns.push(*index),
        Recipe::Json(_, fields) => {
            let mut rest: Vec<_> = fields.iter().collect();
            while let Some(field) = rest.pop() {
                match &field.value {
                    JsonValue::Column(index) => columns.push(*index),
                    JsonValue::Object(inner) => rest.extend(inner),
                    _ => {}
                }
            }
        }
        _ => {}
    });
    columns
}
