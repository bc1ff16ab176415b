//! Other spellings of values and hashes that writers are known to use: what a policy would have to say instead, each with the
//! recipe that says it. Times and NULLs are in [`super::variants`].

use super::spec::{Base64Form, CellKind, ChainSpec, JsonProfile, JsonValue, PgJson, PhpJson, PyJson, Recipe};
use super::variants::change;
use super::visit::{columns, visit};

/// The recipe with its outermost encoding, or that of the predecessor, done otherwise.
pub(crate) fn encodings(recipe: &Recipe) -> Vec<(String, Recipe)> {
    let mut found = Vec::new();
    if let Recipe::Hex(inner) | Recipe::HexUpper(inner) | Recipe::Base64(inner) | Recipe::Base64As(_, inner) =
        recipe
    {
        type Make = fn(Box<Recipe>) -> Recipe;
        let all: [(&str, Make); 5] = [
            ("hex", Recipe::Hex),
            ("HEX", Recipe::HexUpper),
            ("base64", Recipe::Base64),
            ("base64url", |inner| Recipe::Base64As(Base64Form::Url, inner)),
            ("base64_lines", |inner| Recipe::Base64As(Base64Form::Lines, inner)),
        ];
        for (word, make) in all {
            let other = make(inner.clone());
            if other != *recipe {
                found.push((format!("the hash spelt as `{word}(...)`"), other));
            }
        }
    }
    let raw = |part: &Recipe| matches!(part, Recipe::Unhex(inner) if **inner == Recipe::Prev);
    let mut is_raw = false;
    visit(recipe, &mut |part| is_raw |= raw(part));
    let mut changed = recipe.clone();
    change(
        &mut changed,
        &mut |part| {
            if is_raw && raw(part) {
                *part = Recipe::Prev;
            } else if !is_raw && *part == Recipe::Prev {
                *part = Recipe::Unhex(Box::new(Recipe::Prev));
            }
        },
        &mut |_| {},
    );
    if changed != *recipe && !has_text_prev(recipe) {
        let how = if is_raw {
            "the predecessor's hash as text (`prev`)"
        } else {
            "the predecessor's hash as bytes (`unhex(prev)`)"
        };
        found.push((how.to_owned(), changed));
    }
    found
}

/// Whether the predecessor stands where bytes cannot: in a JSON string, or under `lower` and the like.
fn has_text_prev(recipe: &Recipe) -> bool {
    let mut there = false;
    visit(recipe, &mut |part| {
        there |= matches!(part, Recipe::Json(..) | Recipe::Lower(_) | Recipe::Upper(_));
    });
    there
}

/// The recipe with the values of its columns spelt as columns of other types hold them.
pub(crate) fn coercions(recipe: &Recipe, spec: &ChainSpec) -> Vec<(String, Recipe)> {
    let mut found = Vec::new();
    let mut read = columns(recipe);
    read.sort_unstable();
    read.dedup();
    for index in read {
        let Some(column) = spec.columns.get(index) else { continue };
        let name = &column.name;
        let plain = |other: Recipe| {
            let mut changed = recipe.clone();
            change(
                &mut changed,
                &mut |part| {
                    if *part == Recipe::Column(index)
                        || matches!(part, Recipe::Decimal(at, _) if *at == index)
                    {
                        *part = other.clone();
                    }
                },
                &mut |field| {
                    if field.value == JsonValue::Column(index) {
                        field.value = JsonValue::Raw(other.clone());
                    }
                },
            );
            (changed != *recipe).then_some(changed)
        };
        match column.kind {
            CellKind::Numeric | CellKind::Float | CellKind::Integer => {
                for scale in 0..=6 {
                    if let Some(changed) = plain(Recipe::Decimal(index, scale)) {
                        found.push((
                            format!("`{name}` with {scale} digits after the point (`dec({name}, {scale})`)"),
                            changed,
                        ));
                    }
                }
            }
            CellKind::Bool => {
                for (yes, no) in [("true", "false"), ("True", "False"), ("1", "0"), ("t", "f")] {
                    if let Some(changed) = plain(Recipe::Bool(index, yes.to_owned(), no.to_owned())) {
                        found.push((format!("`{name}` as `bool({name}, \"{yes}\", \"{no}\")`"), changed));
                    }
                }
            }
            CellKind::Uuid => {
                if let Some(changed) = plain(Recipe::Upper(Box::new(Recipe::Column(index)))) {
                    found.push((format!("`{name}` in capitals (`upper({name})`)"), changed));
                }
                if let Some(changed) = plain(Recipe::UuidDigits(index)) {
                    found.push((format!("`{name}` without dashes (`uuid({name}, nodash)`)"), changed));
                }
            }
            _ => {}
        }
    }
    found
}

/// The recipe with its JSON as other runtimes write it.
pub(crate) fn profiles(recipe: &Recipe) -> Vec<(String, Recipe)> {
    const PY: PyJson = JsonProfile::PY;
    const PHP: PhpJson = PhpJson { sorted: false, slashes: false, utf8: false, zeros: false };
    let all = [
        ("js", JsonProfile::Js { sorted: false }),
        ("js(sorted)", JsonProfile::Js { sorted: true }),
        ("jcs", JsonProfile::Jcs),
        ("py", JsonProfile::Py(PY)),
        ("py(compact)", JsonProfile::Py(PyJson { compact: true, ..PY })),
        ("py(utf8)", JsonProfile::Py(PyJson { utf8: true, ..PY })),
        ("py(compact, utf8)", JsonProfile::Py(PyJson { compact: true, utf8: true, ..PY })),
        ("py(unsorted)", JsonProfile::Py(PyJson { sorted: false, ..PY })),
        ("py(unsorted, compact)", JsonProfile::Py(PyJson { sorted: false, compact: true, ..PY })),
        ("go", JsonProfile::Go { sorted: false, unescaped: false }),
        ("go(unescaped)", JsonProfile::Go { sorted: false, unescaped: true }),
        ("go(sorted)", JsonProfile::Go { sorted: true, unescaped: false }),
        ("rails", JsonProfile::Rails {}),
        ("serde", JsonProfile::Serde { sorted: false, insertion: false }),
        ("serde(sorted)", JsonProfile::Serde { sorted: true, insertion: false }),
        ("pydantic", JsonProfile::Serde { sorted: false, insertion: true }),
        ("stj", JsonProfile::Stj { relaxed: false }),
        ("stj(relaxed)", JsonProfile::Stj { relaxed: true }),
        ("jackson", JsonProfile::Jackson { sorted: false, jdk19: false }),
        ("pg", JsonProfile::Pg(PgJson::Jsonb)),
        ("php", JsonProfile::Php(PHP)),
        ("php(slashes)", JsonProfile::Php(PhpJson { slashes: true, ..PHP })),
        ("php(slashes, utf8)", JsonProfile::Php(PhpJson { slashes: true, utf8: true, ..PHP })),
    ];
    let mut found = Vec::new();
    for (word, profile) in all {
        let mut changed = recipe.clone();
        change(
            &mut changed,
            &mut |part| {
                if let Recipe::Json(used, _) | Recipe::JsonColumn(used, _) = part {
                    *used = profile;
                }
            },
            &mut |_| {},
        );
        if changed != *recipe {
            found.push((format!("JSON as `{word}` writes it"), changed));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::spec::{JsonField, JsonNull};
    use super::*;

    fn words(found: &[(String, Recipe)]) -> Vec<&str> {
        found.iter().map(|(word, _)| word.as_str()).collect()
    }

    #[test]
    fn every_variant_differs_and_says_what_to_write() {
        let found = encodings(recipe_of(&tala()));
        assert_eq!(
            words(&found),
            [
                "the hash spelt as `HEX(...)`",
                "the hash spelt as `base64(...)`",
                "the hash spelt as `base64url(...)`",
                "the hash spelt as `base64_lines(...)`",
                "the predecessor's hash as bytes (`unhex(prev)`)"
            ]
        );
        let mut spec = tala();
        spec.columns[USER].kind = CellKind::Bool;
        spec.columns[ENTITY].kind = CellKind::Numeric;
        let found = coercions(recipe_of(&spec), &spec);
        assert_eq!(found.len(), 7 + 4);
        assert!(found.iter().all(|(_, recipe)| recipe != recipe_of(&spec)));
        let member = JsonField { key: "a".to_owned(), null: JsonNull::Null, value: JsonValue::Column(USER) };
        let object = Recipe::Json(JsonProfile::Jcs, vec![member]);
        assert_eq!(profiles(&object).len(), 22);
        assert!(profiles(recipe_of(&tala())).is_empty());
    }
}
