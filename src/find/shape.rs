//! A found candidate as a recipe with places, each with all choices that fit what was seen so far.

use super::family::{Family, Frame};
use super::keyed::Seal;
use super::prior::{Cost, NO_PREDECESSOR};
use super::spell::{self, Choice};
use super::stored::{Letters, Stored};
use super::walk::Hit;
use crate::chain::spec::{JsonField, JsonItem, JsonProfile, JsonValue, Recipe};
use crate::chain::visit;

/// A place of the recipe, with what may stand in it, the likeliest first.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) choices: Vec<(Cost, Choice)>,
}

/// What stands around the inside.
#[derive(Clone, Debug)]
pub(super) struct Around {
    glue: String,
    first: bool,
    letters: Option<Letters>,
    prefix: String,
}

/// A recipe with places.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) frame: Frame,
    /// The parts, and last what stands around them, if anything does.
    pub(super) slots: Vec<Slot>,
    around: Option<Around>,
    /// A column whose text stands before an object.
    ahead: Option<usize>,
    /// Whether the values stand in an array.
    array: bool,
    /// Whether a time was taken later than it is stored: the column, and nanoseconds.
    pub(super) shift: Option<(usize, i64)>,
    /// For people.
    pub(super) name: &'static str,
}

/// One choice for each place, and a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pick {
    pub(super) profile: usize,
    pub(super) slots: Vec<usize>,
}

/// The predecessor in all ways of treating one that is NULL.
fn no_predecessor(choices: &[Choice]) -> Slot {
    let mut list = Vec::new();
    for choice in choices {
        match choice {
            Choice::Part(recipe) => {
                list.push((0, choice.clone()));
                list.push((6, Choice::Part(Recipe::Omit(Box::new(recipe.clone())))));
                let zeros = [64, 32, 128, 16, 8].map(|n| "0".repeat(n));
                for word in NO_PREDECESSOR.iter().copied().chain(zeros.iter().map(String::as_str)) {
                    let cost = if word.is_empty() { 4 } else { 20 };
                    list.push((cost, Choice::Part(or(recipe, word))));
                }
            }
            Choice::Member(field) => {
                list.extend(
                    spell::null_members(0, field).into_iter().map(|(cost, f)| (cost, Choice::Member(f))),
                );
                let crate::chain::spec::JsonValue::String(text) = &field.value else { continue };
                let zeros = "0".repeat(64);
                for word in NO_PREDECESSOR.iter().copied().chain([zeros.as_str()]) {
                    let value = crate::chain::spec::JsonValue::String(or(text, word));
                    list.push((30, Choice::Member(JsonField { value, ..field.clone() })));
                }
            }
        }
    }
    list.sort_by_key(|(cost, _)| *cost);
    Slot { choices: list }
}

fn or(recipe: &Recipe, word: &str) -> Recipe {
    match recipe {
        Recipe::Sized(frame, unit, inner) => Recipe::Sized(frame.clone(), *unit, Box::new(or(inner, word))),
        other => Recipe::Coalesce(Box::new(other.clone()), Box::new(Recipe::Text(word.to_owned()))),
    }
}

/// Choices in all ways of treating NULL.
pub(super) fn slot(choices: impl IntoIterator<Item = (Cost, Choice)>) -> Slot {
    let mut list: Vec<(Cost, Choice)> = Vec::new();
    for (n, (extra, choice)) in choices.into_iter().enumerate() {
        let extra = extra + Cost::try_from(n).unwrap_or(Cost::MAX / 2);
        match &choice {
            // One that already says what becomes of NULL.
            Choice::Part(Recipe::Coalesce(..)) => list.push((extra, choice)),
            Choice::Part(recipe) => list.extend(
                spell::null_parts(extra, recipe)
                    .into_iter()
                    .map(|(cost, recipe)| (cost * 8 + extra, Choice::Part(recipe))),
            ),
            Choice::Member(field) if field.null == crate::chain::spec::JsonNull::Undeclared => list.extend(
                spell::null_members(extra, field)
                    .into_iter()
                    .map(|(cost, field)| (cost * 8 + extra, Choice::Member(field))),
            ),
            Choice::Member(_) => list.push((extra, choice)),
        }
    }
    list.sort_by_key(|(cost, _)| *cost);
    Slot { choices: list }
}

impl Shape {
    /// What a hit in a family comes to.
    pub(super) fn of(family: &Family, hit: &Hit) -> Option<Self> {
        let mut slots = Vec::new();
        let mut shift = None;
        for (n, v) in &hit.path {
            let item = family.items.get(*n)?;
            let variant = item.variants.get(*v)?;
            if let (Some(column), true) = (item.column, variant.shift != 0) {
                shift = Some((column, variant.shift));
            }
            if item.column.is_none() {
                slots.push(no_predecessor(&variant.choices));
                continue;
            }
            let own = variant.choices.iter().map(|choice| (0, choice.clone()));
            // Another column that has the same value in this row may be the one that is meant.
            let others = family
                .items
                .iter()
                .enumerate()
                .filter(|(m, other)| other.column.is_some() && !hit.path.iter().any(|(used, _)| used == m))
                .flat_map(|(_, other)| &other.variants)
                .filter(|other| {
                    other.bytes == variant.bytes
                        && other.shift == 0
                        && !matches!(family.frame, Frame::Json(_))
                })
                .flat_map(|other| &other.choices)
                .map(|choice| (60, choice.clone()));
            slots.push(slot(own.chain(others)));
        }
        if let Some((first, choices)) = &family.prev {
            let place = if *first { 0 } else { slots.len() };
            slots.insert(place, no_predecessor(choices));
        }
        let outer = match hit.outer {
            Some(n) => Some(family.outers.get(n)?),
            None => family.around.as_ref(),
        };
        let around = outer.map(|outer| Around {
            glue: outer.glue.clone(),
            first: outer.first,
            letters: outer.letters,
            prefix: outer.prefix.clone(),
        });
        slots.extend(outer.map(|outer| no_predecessor(&outer.prev)));
        let (ahead, array) = (family.ahead, family.array);
        Some(Self { frame: family.frame.clone(), slots, around, ahead, array, shift, name: family.name })
    }

    pub(super) fn has_around(&self) -> bool {
        self.around.is_some()
    }

    /// The profiles that fit, of an object.
    pub(super) fn profiles(&self) -> &[JsonProfile] {
        match &self.frame {
            Frame::Json(profiles) => profiles,
            _ => &[],
        }
    }

    /// Keeps of the profiles those that are marked.
    pub(super) fn keep_profiles(&mut self, keep: impl Fn(usize) -> bool) {
        if let Frame::Json(profiles) = &mut self.frame {
            let mut n = 0;
            profiles.retain(|_| {
                n += 1;
                keep(n - 1)
            });
        }
    }

    /// The likeliest choice everywhere.
    pub(super) fn first_pick(&self) -> Pick {
        Pick { profile: 0, slots: vec![0; self.slots.len()] }
    }

    /// The picks that spell one time in another way than the likeliest.
    pub(super) fn other_times(&self) -> Vec<Pick> {
        let time = |choice: &Choice| match choice {
            Choice::Part(recipe) => visit::times(recipe).first().copied(),
            Choice::Member(field) => match &field.value {
                JsonValue::String(recipe) | JsonValue::Raw(recipe) => visit::times(recipe).first().copied(),
                _ => None,
            },
        };
        let mut found = Vec::new();
        for (n, slot) in self.slots.iter().enumerate() {
            let mut seen: Vec<_> = slot.choices.first().map(|(_, choice)| time(choice)).into_iter().collect();
            for (m, (_, choice)) in slot.choices.iter().enumerate() {
                let spelt = time(choice);
                if spelt.is_some() && !seen.contains(&spelt) {
                    seen.push(spelt);
                    let mut pick = self.first_pick();
                    if let Some(place) = pick.slots.get_mut(n) {
                        *place = m;
                    }
                    found.push(pick);
                }
            }
        }
        found
    }

    fn choice(&self, slot: usize, pick: &Pick) -> Option<&Choice> {
        let n = pick.slots.get(slot)?;
        self.slots.get(slot)?.choices.get(*n).map(|(_, choice)| choice)
    }

    /// What is hashed on the inside.
    pub(super) fn inside(&self, pick: &Pick) -> Option<Recipe> {
        let count = self.slots.len() - usize::from(self.has_around());
        let chosen: Option<Vec<&Choice>> = (0..count).map(|slot| self.choice(slot, pick)).collect();
        let parts = |lead: Option<&String>| {
            let lead = lead.map(|word| Recipe::Text(word.clone()));
            lead.into_iter()
                .chain(chosen.iter().flatten().filter_map(|choice| match choice {
                    Choice::Part(recipe) => Some(recipe.clone()),
                    Choice::Member(_) => None,
                }))
                .collect::<Vec<_>>()
        };
        Some(match &self.frame {
            Frame::Cat => together("", parts(None)),
            Frame::Join { separator, lead } => together(separator, parts(lead.as_ref())),
            Frame::Json(profiles) => {
                let fields = chosen.iter().flatten().filter_map(|choice| match choice {
                    Choice::Member(field) => Some(field.clone()),
                    Choice::Part(_) => None,
                });
                let profile = *profiles.get(pick.profile)?;
                let text = if self.array {
                    let item = |field: JsonField| JsonItem { null: field.null, value: field.value };
                    Recipe::JsonArray(profile, fields.map(item).collect())
                } else {
                    Recipe::Json(profile, fields.collect())
                };
                match self.ahead {
                    Some(column) => Recipe::Cat(vec![Recipe::Column(column), text]),
                    None => text,
                }
            }
        })
    }

    /// All that is hashed, with the predecessor.
    pub(super) fn hashed(&self, pick: &Pick, stored: &Stored) -> Option<Recipe> {
        let inside = self.inside(pick)?;
        let Some(around) = &self.around else { return Some(inside) };
        let inside = match around.letters {
            None => inside,
            Some(letters) => digest(stored, letters, &around.prefix, inside),
        };
        let Choice::Part(prev) = self.choice(self.slots.len() - 1, pick)? else { return None };
        let (a, b) = if around.first { (prev.clone(), inside) } else { (inside, prev.clone()) };
        Some(together(&around.glue, vec![a, b]))
    }

    /// The digest of the inside, where there is one.
    pub(super) fn inner_digest(&self, pick: &Pick, stored: &Stored) -> Option<Recipe> {
        let around = self.around.as_ref()?;
        Some(digest(stored, around.letters?, &around.prefix, self.inside(pick)?))
    }
}

fn digest(stored: &Stored, letters: Letters, prefix: &str, inside: Recipe) -> Recipe {
    let seal = stored.seal.and_then(Seal::inside);
    Stored { prefix: prefix.to_owned(), letters, digest: stored.digest, seal }.around(inside)
}

/// Parts one after another, with or without a separator; one alone stands as it is.
fn together(separator: &str, mut parts: Vec<Recipe>) -> Recipe {
    if parts.len() == 1 && !matches!(parts.first(), Some(Recipe::Omit(_))) {
        return parts.remove(0);
    }
    if separator.is_empty() { Recipe::Cat(parts) } else { Recipe::Join(separator.to_owned(), parts) }
}
