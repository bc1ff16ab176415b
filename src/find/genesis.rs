//! What stands for the predecessor of the first row.

use std::collections::BTreeMap;

use super::keyed::{Place, Seal};
use super::links::{Link, bytes};
use super::sheet::Sheet;
use super::spell::At;
use super::stored::{Letters, Stored};
use crate::chain::keys::Keys;
use crate::chain::program::Form;
use crate::chain::spec::{Digest, Genesis, Recipe};

/// Words from which a first predecessor is derived, alone or before what splits the chain.
const LABELS: [&str; 10] = [
    "genesis",
    "GENESIS",
    "genesis:",
    "GENESIS:",
    "",
    "genesis|",
    "audit-log-genesis",
    "audit-genesis",
    "genesis-",
    "genesis_",
];

/// The genesis, and how many first rows start from something else.
pub(super) fn genesis(sheet: &Sheet, link: &Link, inner: &[Recipe], keys: &Keys) -> (Genesis, usize) {
    let Some(previous) = link.previous else { return (Genesis::Null, 0) };
    let starts: Vec<usize> = link.first.iter().enumerate().filter(|(_, f)| **f).map(|(row, _)| row).collect();
    let mut values: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for row in &starts {
        *values.entry(sheet.cell(*row, previous)).or_default() += 1;
    }
    // What looks like a hash may be that of a row which is not in the sample.
    let word = |value: &Option<&str>| value.is_none_or(|value| link.stored.bytes(value).is_none());
    let likeliest = values.iter().max_by_key(|(value, count)| (word(value), **count));
    let Some((value, count)) = likeliest else { return (Genesis::Null, 0) };
    let others = starts.len() - count;
    let Some(value) = value else { return (Genesis::Null, others) };
    // What looks like a hash may be derived, but for zeros.
    if Stored::of(&single(sheet, previous, value), 0)
        .is_some_and(|_| !value.trim_start_matches("\\x").bytes().all(|b| b == b'0'))
        && let Some(recipe) = derived(sheet, link, &starts, previous, inner, keys)
    {
        return (Genesis::Derived(Box::new(recipe)), 0);
    }
    let raw = bytes(value, sheet.kind(previous));
    if link.form(sheet) == Form::Bytes {
        return match raw.iter().all(|byte| *byte == 0) {
            true => (Genesis::Bytes(raw), others),
            false => (Genesis::Null, starts.len()),
        };
    }
    (Genesis::Text(value.trim_end_matches(' ').to_owned()), others)
}

/// The usual words, and those with the name of the table.
fn labels(table: &str) -> Vec<String> {
    let of = |name: &str| {
        let forms = [
            ("", ""),
            ("", "-genesis"),
            ("", "_genesis"),
            ("", ":genesis"),
            ("", " genesis"),
            ("", "-GENESIS"),
            ("", "_GENESIS"),
            ("", ":GENESIS"),
            ("genesis-", ""),
            ("genesis_", ""),
            ("genesis:", ""),
            ("GENESIS-", ""),
            ("GENESIS_", ""),
            ("GENESIS:", ""),
        ];
        forms.map(|(before, after)| format!("{before}{name}{after}"))
    };
    let (lower, upper) = (table.to_lowercase(), table.to_uppercase());
    let hyphens = lower.replace('_', "-");
    let mut names: Vec<&str> = Vec::new();
    for name in [table, &lower, &upper, &hyphens] {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    LABELS.iter().map(|label| (*label).to_owned()).chain(names.into_iter().flat_map(of)).collect()
}

/// One value as a table of its own.
fn single(sheet: &Sheet, column: usize, value: &str) -> Sheet {
    Sheet {
        columns: sheet.columns.get(column).cloned().into_iter().collect(),
        rows: vec![vec![Some(value.to_owned())]],
        ..Sheet::default()
    }
}

fn derived(
    sheet: &Sheet,
    link: &Link,
    starts: &[usize],
    previous: usize,
    inner: &[Recipe],
    keys: &Keys,
) -> Option<Recipe> {
    let written_by = |hashed: Recipe, digest: Digest| {
        let letters = if link.form(sheet) == Form::Bytes { Letters::Raw } else { link.stored.letters };
        let key = link.stored.seal.map(|seal| Seal { place: Place::Whole, ..seal });
        let seals = std::iter::once(None).chain(key.map(Some));
        seals.flat_map(move |seal| {
            [link.stored.prefix.clone(), String::new()]
                .map(|prefix| Stored { prefix, letters, digest, seal }.around(hashed.clone()))
        })
    };
    // A first predecessor is a word that somebody hashed by hand, which may be with another digest than the rows.
    let digests: &[Digest] = match link.stored.digest {
        Digest::Sha256 => &[Digest::Sha256],
        _ => &[link.stored.digest, Digest::Sha256],
    };
    let written = |hashed: Recipe| {
        digests.iter().flat_map(move |digest| written_by(hashed.clone(), *digest)).collect::<Vec<_>>()
    };
    let mut candidates: Vec<Recipe> = inner.to_vec();
    for label in labels(&sheet.table) {
        let label_alone = Recipe::Text(label);
        candidates.extend(written(label_alone.clone()));
        for column in &link.split {
            candidates.extend(written(Recipe::Cat(vec![label_alone.clone(), Recipe::Column(*column)])));
            candidates.extend(written(Recipe::Cat(vec![Recipe::Column(*column), label_alone.clone()])));
        }
        if link.split.len() > 1 {
            let columns = link.split.iter().map(|column| Recipe::Column(*column));
            candidates
                .extend(written(Recipe::Cat(std::iter::once(label_alone.clone()).chain(columns).collect())));
        }
    }
    candidates.into_iter().find(|recipe| {
        starts.iter().all(|row| {
            let at =
                At { sheet, row: *row, prev: None, link: link.form(sheet), shift: None, keys: Some(keys) };
            let stored = sheet.cell(*row, previous).map(|cell| bytes(cell, sheet.kind(previous)));
            stored.is_some() && at.eval(recipe) == stored
        })
    })
}
