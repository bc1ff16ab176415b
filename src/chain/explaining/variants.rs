//! Other recipes a writer may really have used: another spelling of a time, another text for NULL.

use super::spec::{ChainSpec, JsonField, JsonNull, JsonValue, Recipe, TimePreset};
use super::visit::{columns, keys_of, visit};

/// Every spelling of an instant, with the word a policy writes for it.
pub(crate) const PRESETS: [(TimePreset, &str); 31] = [
    (TimePreset::Js, "js"),
    (TimePreset::Py, "py"),
    (TimePreset::PyZ, "py_z"),
    (TimePreset::PyNaive, "py_naive"),
    (TimePreset::PyStr, "py_str"),
    (TimePreset::PyStrTz, "py_str_tz"),
    (TimePreset::PyEpoch, "py_epoch"),
    (TimePreset::Java, "java"),
    (TimePreset::JavaLocal, "java_local"),
    (TimePreset::JavaOffset, "java_offset"),
    (TimePreset::JavaTimestamp, "java_timestamp"),
    (TimePreset::Chrono, "chrono"),
    (TimePreset::ChronoStr, "chrono_str"),
    (TimePreset::ChronoNaive, "chrono_naive"),
    (TimePreset::Go, "go"),
    (TimePreset::GoStr, "go_str"),
    (TimePreset::Dotnet, "dotnet"),
    (TimePreset::DotnetOffset, "dotnet_offset"),
    (TimePreset::IsoSeconds, "iso_s_z"),
    (TimePreset::IsoMillis, "iso_ms_z"),
    (TimePreset::IsoMicros, "iso_us_z"),
    (TimePreset::Laravel, "laravel"),
    (TimePreset::Pg, "pg"),
    (TimePreset::PgTz, "pgtz"),
    (TimePreset::PgJson, "pg_json"),
    (TimePreset::EpochSeconds, "epoch_s"),
    (TimePreset::EpochMillis, "epoch_ms"),
    (TimePreset::EpochMicros, "epoch_us"),
    (TimePreset::EpochNanos, "epoch_ns"),
    (TimePreset::EpochSecondsRound, "epoch_s_round"),
    (TimePreset::EpochTicks, "epoch_ticks"),
];

/// What writers have been seen to put in the place of NULL.
pub(crate) const NULL_WORDS: [&str; 7] = ["", "null", "NULL", "None", "<nil>", "undefined", "{}"];

/// Edits every expression, the innermost first, so that what is put in a place is not edited again.
pub(crate) fn change(
    recipe: &mut Recipe,
    edit: &mut dyn FnMut(&mut Recipe),
    edit_field: &mut dyn FnMut(&mut JsonField),
) {
    match recipe {
        Recipe::Cat(parts) | Recipe::Join(_, parts) => {
            parts.iter_mut().for_each(|part| change(part, edit, edit_field));
        }
        Recipe::Coalesce(inner, instead) => {
            change(inner, edit, edit_field);
            change(instead, edit, edit_field);
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
        | Recipe::ByteaCast(inner) => change(inner, edit, edit_field),
        Recipe::Json(_, fields) => change_fields(fields, edit, edit_field),
        Recipe::JsonArray(_, items) => {
            items.iter_mut().for_each(|item| change_value(&mut item.value, edit, edit_field));
        }
        _ => {}
    }
    edit(recipe);
}

fn change_fields(
    fields: &mut [JsonField],
    edit: &mut dyn FnMut(&mut Recipe),
    edit_field: &mut dyn FnMut(&mut JsonField),
) {
    for field in fields {
        edit_field(field);
        change_value(&mut field.value, edit, edit_field);
    }
}

fn change_value(
    value: &mut JsonValue,
    edit: &mut dyn FnMut(&mut Recipe),
    edit_field: &mut dyn FnMut(&mut JsonField),
) {
    match value {
        JsonValue::String(inner) | JsonValue::Raw(inner) => change(inner, edit, edit_field),
        JsonValue::Object(inner) => change_fields(inner, edit, edit_field),
        JsonValue::Array(items) => {
            items.iter_mut().for_each(|item| change_value(&mut item.value, edit, edit_field));
        }
        JsonValue::Each(_, item) => change_value(&mut item.value, edit, edit_field),
        _ => {}
    }
}

/// The recipe with every `ts(column, ...)` spelt otherwise.
pub(crate) fn with_preset(recipe: &Recipe, column: usize, preset: TimePreset) -> Recipe {
    with_time(recipe, column, &Recipe::Time(column, preset))
}

/// The recipe with something else in the place of every `ts(column, ...)`.
pub(in crate::chain) fn with_time(recipe: &Recipe, column: usize, time: &Recipe) -> Recipe {
    let mut changed = recipe.clone();
    change(
        &mut changed,
        &mut |part| {
            if let Recipe::Time(at, _) | Recipe::TimeAs(at, _) = part
                && *at == column
            {
                *part = time.clone();
            }
        },
        &mut |_| {},
    );
    changed
}

/// Recipes that treat NULL otherwise, each with what a policy would have to say.
pub(crate) fn null_policies(recipe: &Recipe) -> Vec<(String, Recipe)> {
    let mut found = Vec::new();
    let mut count = 0usize;
    visit(recipe, &mut |part| count += usize::from(matches!(part, Recipe::Coalesce(..))));
    for place in 0..count.min(16) {
        for word in NULL_WORDS {
            let mut changed = recipe.clone();
            let mut at = 0usize;
            let mut differs = false;
            change(
                &mut changed,
                &mut |part| {
                    if let Recipe::Coalesce(_, instead) = part {
                        let text = Recipe::Text(word.to_owned());
                        if at == place && **instead != text {
                            **instead = text;
                            differs = true;
                        }
                        at += 1;
                    }
                },
                &mut |_| {},
            );
            if differs {
                found.push((
                    format!("`?? \"{word}\"` at the {} place where NULL is provided for", ordinal(place)),
                    changed,
                ));
            }
        }
    }
    for (from, to, word) in [
        (JsonNull::Null, JsonNull::Omit, "`?? omit`"),
        (JsonNull::Omit, JsonNull::Null, "`?? null`"),
        (JsonNull::Omit, JsonNull::OmitEmpty, "`?? omit_empty`"),
        (JsonNull::OmitEmpty, JsonNull::Omit, "`?? omit`"),
    ] {
        let mut changed = recipe.clone();
        change(&mut changed, &mut |_| {}, &mut |field| {
            if field.null == from {
                field.null = to;
            }
        });
        if changed != *recipe {
            found.push((format!("{word} for the members of the JSON object"), changed));
        }
    }
    found
}

/// The recipe under each other key that the chain declares.
pub(crate) fn other_keys(recipe: &Recipe, spec: &ChainSpec) -> Vec<(String, Recipe)> {
    let used = keys_of(recipe);
    let [first, ..] = used.as_slice() else { return Vec::new() };
    let others = spec.keys.iter().enumerate().filter(|(n, _)| n != first);
    others
        .map(|(n, key)| {
            let mut changed = recipe.clone();
            change(
                &mut changed,
                &mut |part| {
                    if let Recipe::Hmac(_, used, _) = part
                        && used == first
                    {
                        *used = n;
                    }
                },
                &mut |_| {},
            );
            (format!("the key `{}`", key.name), changed)
        })
        .collect()
}

/// The recipe for one row whose writer leaves NULLs out of what it joins, with their separators; `None` where this
/// row has no such NULL.
pub(crate) fn without_nulls(recipe: &Recipe, row: &[Option<&str>], prev: Option<&[u8]>) -> Option<Recipe> {
    let is_null = |part: &Recipe| {
        let Recipe::Coalesce(inner, _) = part else { return false };
        let null = |column: &usize| row.get(*column).copied().flatten().is_none();
        (**inner == Recipe::Prev && prev.is_none()) || columns(inner).iter().any(null)
    };
    let mut changed = recipe.clone();
    let mut left_out = false;
    change(
        &mut changed,
        &mut |part| {
            if let Recipe::Cat(parts) | Recipe::Join(_, parts) = part {
                let before = parts.len();
                parts.retain(|part| !is_null(part));
                left_out |= parts.len() < before;
            }
        },
        &mut |_| {},
    );
    left_out.then_some(changed)
}

fn ordinal(place: usize) -> String {
    match place {
        0 => "first".to_owned(),
        1 => "second".to_owned(),
        2 => "third".to_owned(),
        n => format!("{}th", n + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_change_only_what_they_name() {
        let recipe = Recipe::Cat(vec![
            Recipe::Time(1, TimePreset::Js),
            super::super::fixture::or(Recipe::Column(2), ""),
            Recipe::Time(3, TimePreset::Js),
        ]);
        assert_eq!(
            super::super::visit::times(&recipe),
            [(1, Some(TimePreset::Js)), (3, Some(TimePreset::Js))]
        );
        let Recipe::Cat(parts) = with_preset(&recipe, 3, TimePreset::Go) else { panic!("a cat") };
        assert_eq!(parts[0], Recipe::Time(1, TimePreset::Js));
        assert_eq!(parts[2], Recipe::Time(3, TimePreset::Go));
        let left_out = without_nulls(&recipe, &[Some("a"), Some("b"), None, Some("c")], None);
        let expected = vec![Recipe::Time(1, TimePreset::Js), Recipe::Time(3, TimePreset::Js)];
        assert_eq!(left_out, Some(Recipe::Cat(expected)));
        assert_eq!(without_nulls(&recipe, &[Some("a"); 4], None), None);
        let policies = null_policies(&recipe);
        assert_eq!(policies.len(), NULL_WORDS.len() - 1);
        assert!(policies.iter().all(|(_, changed)| *changed != recipe));
    }

    #[test]
    fn every_spelling_is_listed_once() {
        let words: std::collections::HashSet<_> = PRESETS.iter().map(|(_, word)| word).collect();
        let presets: Vec<_> = PRESETS.iter().map(|(preset, _)| preset).collect();
        assert_eq!(words.len(), PRESETS.len());
        assert!(presets.iter().enumerate().all(|(n, preset)| !presets[..n].contains(preset)));
    }
}
