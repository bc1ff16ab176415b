//! The ways in which one column of one row may have been spelt.

use super::prior::{self, Cost};
use super::sheet::Sheet;
use super::spellings::{parts, values};
use crate::chain::eval::{self, Inputs};
use crate::chain::keys::Keys;
use crate::chain::program::{Form, Program, is_time};
use crate::chain::spec::{CellKind, JsonField, JsonNull, JsonProfile, JsonValue, Recipe};
use crate::chain::variants::NULL_WORDS;

/// A part of what is hashed, as a recipe has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// A part of a concatenation.
    Part(Recipe),
    /// A member of a JSON object.
    Member(JsonField),
}

/// Bytes that a column may have become in one row, and every choice that makes them.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) bytes: Vec<u8>,
    pub(super) cost: Cost,
    pub(super) choices: Vec<Choice>,
    /// Nanoseconds by which a time was taken later than it is stored.
    pub(super) shift: i64,
}

/// What a row is evaluated with.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) row: usize,
    pub(super) prev: Option<&'a [u8]>,
    /// Whether hashes are text or bytes.
    pub(super) link: Form,
    /// A time column, and by how many nanoseconds it is taken later.
    pub(super) shift: Option<(usize, i64)>,
    /// Keys that the recipe may take.
    pub(super) keys: Option<&'a Keys>,
}

impl At<'_> {
    /// What a recipe yields; `None` for NULL and where it cannot be evaluated.
    pub(super) fn eval(&self, recipe: &Recipe) -> Option<Vec<u8>> {
        let mut program = Program::new(recipe, &self.sheet.columns, self.link).ok()?;
        if let Some(keys) = self.keys {
            program = program.keyed(keys);
        }
        let row = self.sheet.row(self.row);
        let inputs = Inputs { row: &row, prev: self.prev, shifts: self.shift.as_slice(), orders: &[] };
        let mut out = Vec::new();
        let outcome = eval::evaluate(&program, &inputs, &mut out).ok()?;
        (!outcome.null).then_some(out)
    }

    /// The text of a member, name and all; nothing where it is left out.
    pub(super) fn member(&self, profile: JsonProfile, field: &JsonField) -> Option<Vec<u8>> {
        let object = self.eval(&Recipe::Json(profile, vec![field.clone()]))?;
        Some(object.strip_prefix(b"{")?.strip_suffix(b"}")?.to_vec())
    }
}

/// Groups choices by the bytes they make, the cheapest first.
pub(super) fn grouped(list: impl IntoIterator<Item = (Cost, Choice, Option<Vec<u8>>, i64)>) -> Vec<Variant> {
    let mut variants: Vec<Variant> = Vec::new();
    for (cost, choice, bytes, shift) in list {
        let Some(bytes) = bytes else { continue };
        match variants.iter_mut().find(|variant| variant.bytes == bytes) {
            // A time as it is stored goes before one that is not.
            Some(variant) if variant.shift == shift => {
                variant.cost = variant.cost.min(cost);
                variant.choices.push(choice);
            }
            Some(_) => {}
            None => variants.push(Variant { bytes, cost, choices: vec![choice], shift }),
        }
    }
    variants.sort_by_key(|variant| variant.cost);
    variants
}

/// The recipe with a word for NULL.
fn or(recipe: &Recipe, word: &str) -> Recipe {
    match recipe {
        Recipe::Sized(frame, unit, inner) => Recipe::Sized(frame.clone(), *unit, Box::new(or(inner, word))),
        other => Recipe::Coalesce(Box::new(other.clone()), Box::new(Recipe::Text(word.to_owned()))),
    }
}

/// How dear a spelling may be to be tried with rare words for NULL. Both together are nothing that anybody writes.
const DEAR: Cost = 30;

/// A part that is spelt at that cost, and what it may be with a word for NULL. The first is the part itself.
pub(super) fn null_parts(spelt: Cost, recipe: &Recipe) -> Vec<(Cost, Recipe)> {
    let usual =
        NULL_WORDS.iter().enumerate().map(|(n, word)| (if n == 0 { 8 } else { 40 }, or(recipe, word)));
    let rare = prior::NULLS.iter().map(|word| (55, or(recipe, word)));
    let words = usual.chain(rare.take(if spelt > DEAR { 0 } else { usize::MAX }));
    let omitted = (15, Recipe::Omit(Box::new(recipe.clone())));
    std::iter::once((0, recipe.clone())).chain(std::iter::once(omitted)).chain(words).collect()
}

/// A member, and what it may be where it is NULL. The first is the member itself.
pub(super) fn null_members(spelt: Cost, field: &JsonField) -> Vec<(Cost, JsonField)> {
    let with = |null| JsonField { null, ..field.clone() };
    let mut list = vec![(0, field.clone()), (5, with(JsonNull::Null)), (10, with(JsonNull::Omit))];
    let text = match &field.value {
        JsonValue::Column(column) => Some(Recipe::Column(*column)),
        JsonValue::String(recipe) => Some(recipe.clone()),
        _ => None,
    };
    let rare = prior::NULLS.iter().take(if spelt > DEAR { 0 } else { usize::MAX });
    let words = NULL_WORDS.iter().take(if spelt > DEAR { 1 } else { usize::MAX }).chain(rare);
    for word in text.iter().flat_map(|text| words.clone().map(|word| or(text, word))) {
        list.push((35, JsonField { value: JsonValue::String(word), ..field.clone() }));
    }
    list
}

/// Windows in which an application's clock may have been read before the stored one, in milliseconds.
const CLOCK: std::ops::RangeInclusive<i64> = -60..=5;

/// The variants of a column in one row, as parts of a concatenation. `wrap` is put around every spelling.
pub(super) fn part_variants(
    at: &At<'_>,
    column: usize,
    profiles: &[JsonProfile],
    wrap: &dyn Fn(Recipe) -> Recipe,
) -> Vec<Variant> {
    let spellings = parts(at.sheet, column, profiles).into_iter().map(|(cost, recipe)| (cost, wrap(recipe)));
    let null = at.sheet.cell(at.row, column).is_none();
    let mut list = Vec::new();
    let mut nulls: Vec<Option<Vec<u8>>> = Vec::new();
    for (cost, recipe) in spellings {
        if null {
            // Left out altogether is the same as not being there, which a later row tells.
            let words =
                null_parts(cost, &recipe).into_iter().filter(|(_, part)| !matches!(part, Recipe::Omit(_)));
            list.extend(words.enumerate().map(|(n, (word, part))| {
                // What stands for NULL does not depend on how the value would have been spelt.
                if nulls.len() == n {
                    nulls.push(at.eval(&Recipe::Cat(vec![part.clone()])));
                }
                let bytes = nulls.get(n).cloned().flatten();
                (cost / 8 + word, Choice::Part(part), bytes, 0)
            }));
            continue;
        }
        let bytes = at.eval(&Recipe::Cat(vec![recipe.clone()]));
        list.push((cost, Choice::Part(recipe), bytes, 0));
    }
    shifted(at, column, grouped(list), &|at, choice| match choice {
        Choice::Part(recipe) => at.eval(&Recipe::Cat(vec![recipe.clone()])),
        Choice::Member(_) => None,
    })
}

/// Variants of a time, and the same with the time taken a little earlier or later.
fn shifted(
    at: &At<'_>,
    column: usize,
    mut variants: Vec<Variant>,
    spell: &dyn Fn(&At<'_>, &Choice) -> Option<Vec<u8>>,
) -> Vec<Variant> {
    if !is_time(at.sheet.kind(column)) || at.sheet.cell(at.row, column).is_none() {
        return variants;
    }
    let stored = variants.clone();
    for variant in &stored {
        let Some(choice) = variant.choices.first() else { continue };
        let spelt = |shift: i64| spell(&At { shift: Some((column, shift)), ..*at }, choice);
        // The seventh digit, which the clocks of .NET have and no column of PostgreSQL keeps.
        let dearer = if spelt(1).is_some_and(|bytes| bytes == variant.bytes) { 30 } else { 75 };
        for shift in (1..10).map(|tenth| tenth * 100) {
            if let Some(bytes) = spelt(shift).filter(|bytes| stored.iter().all(|known| known.bytes != *bytes))
            {
                variants.push(Variant { bytes, cost: variant.cost + dearer, shift, ..variant.clone() });
            }
        }
        for shift in CLOCK.filter(|ms| *ms != 0).map(|ms| ms * 1_000_000) {
            let bytes = spelt(shift);
            // What is spelt without fractions may not change.
            let Some(bytes) = bytes.filter(|bytes| stored.iter().all(|known| known.bytes != *bytes)) else {
                continue;
            };
            variants.push(Variant { bytes, cost: variant.cost + 85, shift, ..variant.clone() });
        }
    }
    variants.sort_by_key(|variant| variant.cost);
    variants
}

/// Members that are times, as [`member_variants`] has them, and a little earlier or later.
pub(super) fn shifted_members(
    at: &At<'_>,
    column: usize,
    profile: JsonProfile,
    variants: Vec<Variant>,
) -> Vec<Variant> {
    shifted(at, column, variants, &|at, choice| match choice {
        Choice::Member(field) => at.member(profile, field),
        Choice::Part(_) => None,
    })
}

/// What became of a document in one way.
type Made<'a> = ((u8, &'a [u8]), Option<Vec<u8>>);

/// A document as each profile writes it.
pub(super) type Documents = Vec<(JsonProfile, Option<Vec<u8>>)>;

/// The document of a column in one row, which is the same in whatever object it stands.
pub(super) fn documents(at: &At<'_>, column: usize, profiles: &[JsonProfile]) -> Documents {
    if !matches!(at.sheet.kind(column), CellKind::Json | CellKind::Jsonb)
        || at.sheet.cell(at.row, column).is_none()
    {
        return Vec::new();
    }
    profiles.iter().map(|profile| (*profile, at.eval(&Recipe::JsonColumn(*profile, column)))).collect()
}

/// In which way a member is made of a document, and by which profile the document is written.
fn of_document(value: &JsonValue) -> Option<(u8, JsonProfile)> {
    match value {
        JsonValue::Raw(Recipe::JsonColumn(profile, _)) => Some((0, *profile)),
        JsonValue::String(Recipe::Cat(parts)) => match parts.as_slice() {
            [Recipe::JsonColumn(profile, _)] => Some((1, *profile)),
            _ => None,
        },
        JsonValue::String(Recipe::Base64(inner)) => match &**inner {
            Recipe::JsonColumn(profile, _) => Some((2, *profile)),
            _ => None,
        },
        JsonValue::String(Recipe::Hex(inner)) => match &**inner {
            Recipe::Digest(_, inner) => match &**inner {
                Recipe::JsonColumn(profile, _) => Some((3, *profile)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The variants of a column in one row, as members of an object.
pub(super) fn member_variants(
    at: &At<'_>,
    column: usize,
    key: &str,
    profile: JsonProfile,
    profiles: &[JsonProfile],
    documents: &Documents,
) -> Vec<Variant> {
    // Most profiles write most documents alike, and what is made of these is made once.
    let mut made: Vec<Made<'_>> = Vec::new();
    let null = at.sheet.cell(at.row, column).is_none();
    let mut list = Vec::new();
    let mut nulls: Vec<Option<Vec<u8>>> = Vec::new();
    for (cost, value) in values(at.sheet, column, profiles) {
        let field = JsonField { key: key.to_owned(), null: JsonNull::Undeclared, value };
        if null {
            let words =
                null_members(cost, &field).into_iter().filter(|(_, field)| field.null != JsonNull::Omit);
            list.extend(words.enumerate().map(|(n, (word, field))| {
                if nulls.len() == n {
                    nulls.push(at.member(profile, &field));
                }
                let bytes = nulls.get(n).cloned().flatten();
                (cost / 8 + word, Choice::Member(field), bytes, 0)
            }));
            continue;
        }
        let document = of_document(&field.value).and_then(|(way, of)| {
            let bytes =
                documents.iter().find(|(known, _)| *known == of).and_then(|(_, bytes)| bytes.as_ref())?;
            Some((way, bytes.as_slice()))
        });
        let known = document.and_then(|of| made.iter().find(|(known, _)| *known == of));
        let bytes = match known {
            Some((_, bytes)) => bytes.clone(),
            None => {
                let bytes = at.member(profile, &field);
                made.extend(document.map(|of| (of, bytes.clone())));
                bytes
            }
        };
        list.push((cost, Choice::Member(field), bytes, 0));
    }
    grouped(list)
}

/// The variants of the predecessor's hash as a part of a concatenation.
pub(super) fn prev_parts(at: &At<'_>, wrap: &dyn Fn(Recipe) -> Recipe) -> Vec<Variant> {
    let prev = || Box::new(Recipe::Prev);
    let spellings = match at.link {
        Form::Text => {
            let text = at.prev.and_then(|prev| std::str::from_utf8(prev).ok()).unwrap_or_default();
            let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
            // The digest without the word before it.
            let word = text.rfind([':', '$']).filter(|end| *end < 20).and_then(|end| text.get(..=end));
            let bytes = if hex { Recipe::Unhex(prev()) } else { Recipe::Unbase64(prev()) };
            let mut list = vec![(0, Recipe::Prev), (45, bytes)];
            list.extend(word.map(|word| (25, Recipe::Strip(word.to_owned(), prev()))));
            if hex {
                list.extend([(60, Recipe::Upper(prev())), (60, Recipe::Lower(prev()))]);
            }
            list
        }
        Form::Bytes => vec![
            (8, Recipe::Prev),
            (8, Recipe::Hex(prev())),
            (40, Recipe::Base64(prev())),
            (55, Recipe::HexUpper(prev())),
        ],
    };
    grouped(spellings.into_iter().map(|(cost, recipe)| {
        let recipe = wrap(recipe);
        let bytes = at.eval(&Recipe::Cat(vec![recipe.clone()]));
        (cost, Choice::Part(recipe), bytes, 0)
    }))
}

/// The variants of the predecessor's hash as a member.
pub(super) fn prev_members(at: &At<'_>, key: &str, profile: JsonProfile) -> Vec<Variant> {
    let prev = || Box::new(Recipe::Prev);
    let spellings = match at.link {
        Form::Text => vec![(0, Recipe::Prev)],
        Form::Bytes => vec![(0, Recipe::Hex(prev())), (35, Recipe::Base64(prev()))],
    };
    grouped(spellings.into_iter().map(|(cost, recipe)| {
        let field =
            JsonField { key: key.to_owned(), null: JsonNull::Undeclared, value: JsonValue::String(recipe) };
        (cost, Choice::Member(field.clone()), at.member(profile, &field), 0)
    }))
}
