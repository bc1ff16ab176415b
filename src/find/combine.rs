//! Which combinations of choices are worth trying for a row, and in which order.

use std::collections::BTreeMap;

use super::shape::{Pick, Shape};
use super::spell::Choice;
use crate::chain::spec::{JsonNull, JsonValue, Recipe};

/// What a choice makes of NULL.
fn policy(choice: &Choice) -> String {
    let of = |recipe: &Recipe| {
        let inner = if let Recipe::Sized(_, _, inner) = recipe { inner } else { recipe };
        match inner {
            Recipe::Coalesce(_, instead) => match &**instead {
                Recipe::Text(word) => format!("?{word}"),
                _ => "?".to_owned(),
            },
            Recipe::Omit(_) => "omit".to_owned(),
            _ => String::new(),
        }
    };
    match choice {
        Choice::Part(recipe) => of(recipe),
        Choice::Member(field) => match (&field.null, &field.value) {
            (JsonNull::Null, _) => "null".to_owned(),
            (JsonNull::Omit | JsonNull::OmitEmpty, _) => "omit".to_owned(),
            (_, JsonValue::String(recipe)) => of(recipe),
            _ => String::new(),
        },
    }
}

/// Picks to try, the likeliest first: the first groups; all NULLs treated alike; one place otherwise, two places, all.
pub(super) fn combinations(
    shape: &Shape,
    groups: &[Vec<(Vec<u8>, usize)>],
    profile: usize,
    most: usize,
) -> Vec<Pick> {
    let base: Vec<usize> = groups.iter().map(|group| group.first().map_or(0, |(_, n)| *n)).collect();
    let mut picks = vec![Pick { profile, slots: base.clone() }];
    let open: Vec<usize> =
        groups.iter().enumerate().filter(|(_, group)| group.len() > 1).map(|(slot, _)| slot).collect();
    let mut words: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
    for slot in &open {
        for (_, n) in groups.get(*slot).into_iter().flatten() {
            let word =
                shape.slots.get(*slot).and_then(|s| s.choices.get(*n)).map(|(_, choice)| policy(choice));
            words.entry(word.unwrap_or_default()).or_default().push((*slot, *n));
        }
    }
    let with = |changes: &[(usize, usize)]| {
        let mut slots = base.clone();
        for (slot, n) in changes {
            if let Some(place) = slots.get_mut(*slot) {
                *place = *n;
            }
        }
        Pick { profile, slots }
    };
    picks.extend(words.values().map(|changes| with(changes)));
    let singles: Vec<(usize, usize)> = open
        .iter()
        .flat_map(|slot| groups.get(*slot).into_iter().flatten().skip(1).map(|(_, n)| (*slot, *n)))
        .collect();
    picks.extend(singles.iter().map(|change| with(&[*change])));
    'pairs: for (n, a) in singles.iter().enumerate() {
        for b in singles.iter().skip(n + 1).filter(|b| b.0 != a.0) {
            if picks.len() >= most {
                break 'pairs;
            }
            picks.push(with(&[*a, *b]));
        }
    }
    let all: usize =
        open.iter().filter_map(|slot| groups.get(*slot)).map(Vec::len).fold(1, usize::saturating_mul);
    if open.len() > 2 && all <= most {
        let mut product = vec![Vec::new()];
        for slot in &open {
            let group: Vec<(usize, usize)> =
                groups.get(*slot).into_iter().flatten().map(|(_, n)| (*slot, *n)).collect();
            product = product
                .into_iter()
                .flat_map(|done: Vec<(usize, usize)>| {
                    group.iter().map(move |choice| done.iter().copied().chain([*choice]).collect::<Vec<_>>())
                })
                .collect();
        }
        picks.extend(product.iter().map(|changes| with(changes)));
    }
    picks
}
