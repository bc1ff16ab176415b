//! The ways in which runtimes spell a value of a kind, with what each costs.

use super::prior::{self, Cost};
use super::sheet::Sheet;
use super::stored::{Letters, Stored};
use crate::chain::spec::{
    CellKind, Digest, JsonProfile, JsonValue, Recipe, TimeForm, TimePattern, TimeSpelling,
};
use crate::chain::variants::PRESETS;

fn boxed(column: usize) -> Box<Recipe> {
    Box::new(Recipe::Column(column))
}

/// Of a document inside, whatever the chain's own digest is, SHA-256 is taken.
fn sha(inner: Recipe) -> Recipe {
    Recipe::Hex(Box::new(Recipe::Digest(Digest::Sha256, Box::new(inner))))
}

/// Times as languages write them that have no preset: `String(date)` and `toUTCString()` of JavaScript, `DATE_ATOM` of PHP,
/// `to_s` of Ruby, and what people write by hand.
const PATTERNS: [(&str, Cost); 8] = [
    ("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)", 45),
    ("%Y-%m-%dT%H:%M:%S+00:00", 50),
    ("%Y-%m-%d %H:%M:%S UTC", 50),
    ("%Y-%m-%d %H:%M:%S", 50),
    ("%Y-%m-%dT%H:%M:%S", 55),
    ("%a, %d %b %Y %H:%M:%S GMT", 60),
    ("%Y-%m-%d", 60),
    ("%Y%m%d%H%M%S", 65),
];

fn patterns(kind: CellKind, column: usize) -> Vec<(Cost, Recipe)> {
    let spelt = |(text, cost): (&str, Cost)| {
        let spelling = TimeSpelling::Pattern(TimePattern::new(text).ok()?);
        Some((cost, Recipe::TimeAs(column, TimeForm { spelling, zone: None })))
    };
    if kind == CellKind::Date { Vec::new() } else { PATTERNS.into_iter().filter_map(spelt).collect() }
}

/// A digest that is stored as text, as the bytes that it stands for.
fn decoded(sheet: &Sheet, column: usize) -> Option<(Cost, Recipe)> {
    let stored = Stored::of(sheet, column).filter(|stored| stored.prefix.is_empty())?;
    match stored.letters {
        Letters::Hex | Letters::HexUpper => Some((50, Recipe::Unhex(boxed(column)))),
        Letters::Base64 => Some((45, Recipe::Unbase64(boxed(column)))),
        Letters::Base64Url | Letters::Raw => None,
    }
}

/// How a value that is not NULL may be spelt in a concatenation.
pub(super) fn parts(sheet: &Sheet, column: usize, profiles: &[JsonProfile]) -> Vec<(Cost, Recipe)> {
    let kind = sheet.kind(column);
    let words = |yes: &str, no: &str| Recipe::Bool(column, yes.to_owned(), no.to_owned());
    let plain = Recipe::Column(column);
    match kind {
        CellKind::Timestamp | CellKind::TimestampTz | CellKind::Date => {
            let as_stored = (if kind == CellKind::Date { 0 } else { 45 }, plain);
            let times = PRESETS.map(|(preset, _)| (prior::preset(preset), Recipe::Time(column, preset)));
            std::iter::once(as_stored).chain(times).chain(patterns(kind, column)).collect()
        }
        CellKind::Bool => vec![
            (8, words("true", "false")),
            (20, plain),
            (30, words("True", "False")),
            (35, words("1", "0")),
            (65, words("TRUE", "FALSE")),
            (65, words("yes", "no")),
        ],
        CellKind::Integer => vec![(0, plain)],
        CellKind::Numeric | CellKind::Float => {
            let scales = [(20, 2), (40, 4), (45, 0), (50, 1), (50, 3), (55, 6), (55, 8)];
            // What runtimes make of a number that is not whole.
            let spelt = profiles
                .iter()
                .filter(|_| kind == CellKind::Float)
                .map(|profile| (25, Recipe::JsonColumn(*profile, column)));
            let decimals = scales.into_iter().map(|(cost, scale)| (cost, Recipe::Decimal(column, scale)));
            [(3, plain), (40, Recipe::Integer(column))].into_iter().chain(decimals).chain(spelt).collect()
        }
        CellKind::Uuid => vec![
            (0, plain.clone()),
            (45, Recipe::UuidDigits(column)),
            (55, Recipe::Upper(Box::new(plain))),
            (65, Recipe::Upper(Box::new(Recipe::UuidDigits(column)))),
        ],
        CellKind::Json | CellKind::Jsonb => {
            let documents = std::iter::once((15, plain.clone())).chain(
                profiles
                    .iter()
                    .enumerate()
                    .map(|(n, profile)| (if n < 3 { 22 } else { 35 }, Recipe::JsonColumn(*profile, column))),
            );
            let documents: Vec<_> = documents.collect();
            let digests = documents.iter().map(|(cost, inner)| (cost + 45, sha(inner.clone())));
            // Of a trigger that casts what it has joined.
            let cast = std::iter::once((40, Recipe::ByteaCast(boxed(column))));
            documents.iter().cloned().chain(cast).chain(digests).collect()
        }
        CellKind::Bytea => vec![
            (15, Recipe::Hex(boxed(column))),
            (20, plain),
            (35, Recipe::Base64(boxed(column))),
            (55, Recipe::HexUpper(boxed(column))),
        ],
        CellKind::Text => vec![
            (0, plain.clone()),
            (48, sha(plain)),
            (65, Recipe::Lower(boxed(column))),
            (65, Recipe::Upper(boxed(column))),
            (80, Recipe::UuidDigits(column)),
            // Of a trigger that hashes text which it has cast.
            (50, Recipe::ByteaCast(boxed(column))),
        ]
        .into_iter()
        .chain(decoded(sheet, column))
        .collect(),
        CellKind::Inet => vec![(0, plain), (20, Recipe::Host(column))],
        CellKind::Other => vec![(0, plain)],
        CellKind::Rows => Vec::new(),
    }
}

/// How a value that is not NULL may be spelt in a JSON object.
pub(super) fn values(sheet: &Sheet, column: usize, profiles: &[JsonProfile]) -> Vec<(Cost, JsonValue)> {
    let kind = sheet.kind(column);
    let string = |recipe: Recipe| JsonValue::String(recipe);
    let own = JsonValue::Column(column);
    match kind {
        CellKind::Timestamp | CellKind::TimestampTz | CellKind::Date => {
            let as_stored = (if kind == CellKind::Date { 0 } else { 45 }, own);
            let times = PRESETS.iter().flat_map(|(preset, word)| {
                let (cost, time) = (prior::preset(*preset), Recipe::Time(column, *preset));
                let number = word.starts_with("epoch");
                let raw = number.then(|| (cost, JsonValue::Raw(time.clone())));
                [Some((cost + if number { 30 } else { 0 }, JsonValue::String(time.clone()))), raw]
            });
            let patterns = patterns(kind, column).into_iter().map(|(cost, time)| (cost, string(time)));
            std::iter::once(as_stored).chain(times.flatten()).chain(patterns).collect()
        }
        CellKind::Integer | CellKind::Numeric | CellKind::Float => {
            let scales = [(35, 2), (50, 4), (50, 0)];
            let decimals = scales.into_iter().flat_map(|(cost, scale)| {
                let decimal = Recipe::Decimal(column, scale);
                [(cost, string(decimal.clone())), (cost + 10, JsonValue::Raw(decimal))]
            });
            let decimals: Vec<_> = if kind == CellKind::Integer { Vec::new() } else { decimals.collect() };
            [(0, own), (35, string(Recipe::Cat(vec![Recipe::Column(column)])))]
                .into_iter()
                .chain(decimals)
                .collect()
        }
        CellKind::Bool => {
            // A flag is often hashed as it is at first, and set later.
            let at_first = [false, true].map(|value| (50, JsonValue::Bool(value)));
            let number = JsonValue::Raw(Recipe::Bool(column, "1".to_owned(), "0".to_owned()));
            [(0, own), (45, number)].into_iter().chain(at_first).collect()
        }
        CellKind::Json | CellKind::Jsonb => {
            let raw = profiles.iter().map(|profile| {
                (
                    if profile.keeps_order() { 45 } else { 28 },
                    JsonValue::Raw(Recipe::JsonColumn(*profile, column)),
                )
            });
            let quoted = profiles
                .iter()
                .map(|profile| (48, string(Recipe::Cat(vec![Recipe::JsonColumn(*profile, column)]))));
            let digests =
                profiles.iter().map(|profile| (65, string(sha(Recipe::JsonColumn(*profile, column)))));
            // What Go makes of bytes that hold a document.
            let bytes = profiles.iter().filter(|profile| profile.keeps_order()).map(|profile| {
                let document = Recipe::JsonColumn(*profile, column);
                (58, string(Recipe::Base64(Box::new(document))))
            });
            let stored = [(0, own), (40, JsonValue::Raw(Recipe::Column(column)))];
            stored.into_iter().chain(raw).chain(quoted).chain(digests).chain(bytes).collect()
        }
        CellKind::Bytea => {
            vec![(10, string(Recipe::Hex(boxed(column)))), (25, string(Recipe::Base64(boxed(column))))]
        }
        CellKind::Text => vec![
            (0, own),
            (40, JsonValue::Raw(Recipe::Column(column))),
            (55, string(sha(Recipe::Column(column)))),
            (65, string(Recipe::Lower(boxed(column)))),
            (65, string(Recipe::Upper(boxed(column)))),
        ],
        CellKind::Uuid => vec![(0, own), (48, string(Recipe::UuidDigits(column)))],
        CellKind::Inet => vec![(0, own), (10, string(Recipe::Host(column)))],
        CellKind::Other => vec![(0, own)],
        CellKind::Rows => Vec::new(),
    }
}
