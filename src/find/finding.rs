//! What a search found, as a block to paste into a policy.

use super::block::{Narrowed, block, chain_name};
use super::flags::constants;
use super::genesis::genesis;
use super::keyed::{self, Key};
use super::learn::Learnt;
use super::links::{Link, links};
use super::print::{Printer, text};
use super::recipes::{Known, recipes};
use super::search::{END, Goal, Searched, Settings, search};
use super::sheet::Sheet;
use super::spell::Choice;
use super::state::State;
use super::stored::Stored;
use crate::chain::spec::{CellKind, Genesis, JsonValue, Recipe};
use crate::chain::variants::change;
use crate::chain::visit;

/// What a search came to.
#[derive(Debug)]
pub struct Finding {
    /// The ways in which the table could be read as a chain, the likeliest first. Empty where no column holds hashes.
    pub links: Vec<Link>,
    /// The best candidate.
    pub found: Option<Found>,
    /// Names of the families of recipes that were gone through.
    pub families: Vec<&'static str>,
    /// How far the search has come.
    pub state: State,
}

/// A recipe that recomputes rows.
#[derive(Debug)]
pub struct Found {
    /// Which of the links it is about.
    pub link: usize,
    /// The `chain` block.
    pub block: String,
    /// The name of the chain in it.
    pub name: String,
    /// Rows of the sample that recompute, of those the block is about.
    pub fits: Vec<usize>,
    /// Rows of the sample with a hash that do not.
    pub misfits: Vec<usize>,
    /// Rows of the sample that the block's `where` leaves out.
    pub outside: Vec<usize>,
    /// The family it belongs to.
    pub family: &'static str,
    /// The keys that it takes, where they are kept and how they are read there, in words.
    pub keys: Vec<String>,
    /// Columns that hold a digest of others, in whose place the block has what they are of.
    pub inside: Vec<String>,
    /// What fits the sample just as well, as sentences.
    pub alternatives: Vec<String>,
    /// What the sample leaves open, as sentences.
    pub open: Vec<String>,
}

/// Searches a sample, from where a kept search has come to.
#[must_use]
pub fn find(sheet: &Sheet, settings: &Settings<'_>, from: State) -> Finding {
    let goal = Goal { rows: None, some: true, until: END, near: None };
    let Searched { links, best, state, families } = search(sheet, links(sheet), settings, from, goal);
    let found = best.and_then(|(n, learnt)| {
        let link = links.get(n)?;
        written(sheet, link, n, recipes(sheet, link, learnt, settings, state.tenths_of_bits)?, settings)
    });
    Finding { links, found, families, state }
}

/// Most candidates that are tried to find out what a column is a digest of.
const CONTENT: u64 = 3_000_000;

/// The columns of a recipe that hold digests of others, and what they are of: hashing that covers the others as well.
fn contents(sheet: &Sheet, link: &Link, recipe: &Recipe, settings: &Settings<'_>) -> Vec<(usize, Recipe)> {
    let mut columns = visit::columns(recipe);
    columns.sort_unstable();
    columns.dedup();
    columns.retain(|column| *column < sheet.own() && !sheet.has_null(*column));
    let limited = Settings { candidates: settings.candidates.min(CONTENT), ..*settings };
    let content = |column: usize| {
        let link = Link::content(sheet, column, link)?;
        let goal = Goal { rows: None, some: false, until: END, near: None };
        let found = search(sheet, vec![link], &limited, State::begin(sheet), goal);
        let (_, learnt) = found.best.filter(|(_, learnt)| {
            let whole = learnt.misfits.is_empty() && learnt.fits.len() == sheet.rows.len();
            whole && learnt.window.is_none() && learnt.keys.is_empty()
        })?;
        let link = found.links.first()?;
        let stored = Stored { seal: learnt.seal, ..link.stored.clone() };
        Some((column, stored.around(learnt.shape.hashed(&learnt.pick, &stored)?)))
    };
    columns.into_iter().filter_map(content).collect()
}

/// Most candidates that are tried to find out what a column outside of the chain signs.
const SIGNED: u64 = 100_000;

/// Columns outside of the recipe that hold a keyed digest of others of their row, such as a signature of the hash.
fn signatures(sheet: &Sheet, link: &Link, recipe: &Recipe, settings: &Settings<'_>) -> Vec<(usize, Recipe)> {
    if settings.keys.is_empty() {
        return Vec::new();
    }
    let covered = visit::columns(recipe);
    let limited = Settings { candidates: settings.candidates.min(SIGNED), ..*settings };
    let signed = |column: usize| {
        // Unlike what is hashed, it may cover the hash of its row.
        let link = Link { apart: link.previous.into_iter().collect(), ..Link::content(sheet, column, link)? };
        let goal = Goal { rows: None, some: false, until: END, near: None };
        let found = search(sheet, vec![link], &limited, State::begin(sheet), goal);
        let (_, learnt) = found.best.filter(|(_, learnt)| {
            // A row without it, or with another one, is then one that does not recompute.
            let most = learnt.fits.len() * 2 > sheet.rows.len();
            most && learnt.window.is_none() && learnt.seal.is_some() && learnt.keys.is_empty()
        })?;
        let link = found.links.first()?;
        let stored = Stored { seal: learnt.seal, ..link.stored.clone() };
        Some((column, stored.around(learnt.shape.hashed(&learnt.pick, &stored)?)))
    };
    let apart =
        |column: &usize| *column != link.hash && Some(*column) != link.previous && !covered.contains(column);
    (0..sheet.own()).filter(apart).filter_map(signed).collect()
}

/// Puts what a column is a digest of in its place.
fn put(recipe: &mut Recipe, column: usize, content: &Recipe) {
    change(
        recipe,
        &mut |part| {
            if *part == Recipe::Column(column) {
                *part = content.clone();
            }
        },
        &mut |field| {
            if field.value == JsonValue::Column(column) {
                field.value = JsonValue::String(content.clone());
            }
        },
    );
}

fn written(sheet: &Sheet, link: &Link, n: usize, known: Known, settings: &Settings<'_>) -> Option<Found> {
    let Known { mut recipes, learnt, searches, fits, misfits, notes } = known;
    let contents = contents(sheet, link, recipes.first()?, settings);
    for (column, content) in &contents {
        recipes.iter_mut().for_each(|recipe| put(recipe, *column, content));
    }
    let recipe = recipes.first()?.clone();
    let inner = learnt.shape.inner_digest(&learnt.pick, &link.stored);
    let inner: Vec<Recipe> =
        inner.into_iter().chain(contents.iter().map(|(_, content)| content.clone())).collect();
    let outside = |column: &usize| !contents.iter().any(|(inside, _)| inside == column);
    let mut signatures = signatures(sheet, link, &recipe, settings);
    signatures.retain(|(column, _)| outside(column));
    let (genesis, strange) = genesis(sheet, link, &inner, &keyed::secrets(settings.keys));
    let first = match &genesis {
        Genesis::Derived(recipe) => visit::keys_of(recipe),
        _ => Vec::new(),
    };
    let mut keys: Vec<usize> = {
        let signed = signatures.iter().map(|(_, recipe)| recipe);
        recipes.iter().chain(signed).flat_map(visit::keys_of).chain(first).collect()
    };
    keys.sort_unstable();
    keys.dedup();
    let printer = Printer { sheet, profiles: settings.profiles, keys: keyed::names(settings.keys, &keys) };
    let narrowed = narrowed(sheet, &recipe, &fits, &misfits);
    let (misfits, outside) = match &narrowed {
        Some(_) => (Vec::new(), misfits),
        None => (misfits, Vec::new()),
    };
    let name = chain_name(&sheet.table);
    let block = block(&printer, link, &name, &genesis, (&recipes, &signatures), &searches, narrowed.as_ref());
    let mut open = open(sheet, &recipe);
    for (column, value, others) in constants(sheet, &recipe, &fits) {
        open.push(format!(
            "{others} of the rows that recompute have `{}` otherwise than it was hashed, as {value}: it was set after hashing, \
             by the application or by somebody else",
            sheet.name(column)
        ));
    }
    if recipes.len() > 1 + learnt.keys.len() {
        open.push(
            "rows follow one of several recipes, the one of most rows at the top; where a column says which, a `when` behind \
             each makes the chain stricter"
                .to_owned(),
        );
    }
    open.extend(notes);
    if strange > 0 {
        open.push(format!("{strange} of the first rows start from something else than the genesis above"));
    }
    if link.order.against > 0 {
        open.push(format!("{} links run against every order that a column gives", link.order.against));
    }
    if !link.companions.is_empty() && !link.split.is_empty() {
        let names: Vec<String> =
            link.companions.iter().take(4).map(|c| format!("`{}`", sheet.name(*c))).collect();
        open.push(format!(
            "in the sample, {} never change along a chain either; is the split finer?",
            names.join(", ")
        ));
    }
    Some(Found {
        link: n,
        block,
        name,
        fits,
        misfits,
        outside,
        family: learnt.shape.name,
        alternatives: alternatives(&printer, &learnt),
        keys: keys.iter().filter_map(|key| settings.keys.get(*key)).map(Key::describe).collect(),
        inside: contents.iter().map(|(column, _)| sheet.name(*column).to_owned()).collect(),
        open,
    })
}

fn narrowed(sheet: &Sheet, recipe: &Recipe, fits: &[usize], misfits: &[usize]) -> Option<Narrowed> {
    if misfits.is_empty() || fits.len() < 2 {
        return None;
    }
    let covered = visit::columns(recipe);
    let cell = |row: &usize, column| sheet.cell(*row, column);
    let columns = || (0..sheet.own()).filter(|c| sheet.kind(*c) == CellKind::Text);
    // A version, an algorithm, a codec.
    let same = columns().find_map(|column| {
        let value = cell(fits.first()?, column).filter(|value| value.len() < 40)?;
        let all = fits.iter().all(|row| cell(row, column) == Some(value));
        let none = misfits.iter().all(|row| cell(row, column) != Some(value));
        (all && none).then(|| Narrowed { column, test: format!("= {}", text(value)) })
    });
    // Rows from before what is hashed was kept.
    same.or_else(|| {
        columns().filter(|column| covered.contains(column)).find_map(|column| {
            let empty = misfits.iter().all(|row| cell(row, column) == Some(""));
            let filled = fits.iter().all(|row| cell(row, column).is_some_and(|c| !c.is_empty()));
            (empty && filled).then(|| Narrowed { column, test: "!= \"\"".to_owned() })
        })
    })
}

/// Spellings that come out the same on every row of the sample.
fn alternatives(printer: &Printer<'_>, learnt: &Learnt) -> Vec<String> {
    let shown = |choice: &Choice| match choice {
        Choice::Part(recipe) => Some(recipe.clone()),
        Choice::Member(field) => match &field.value {
            JsonValue::String(recipe) | JsonValue::Raw(recipe) => Some(recipe.clone()),
            JsonValue::Column(column) => Some(Recipe::Column(*column)),
            _ => None,
        },
    };
    fn bare(recipe: Recipe) -> Recipe {
        match recipe {
            Recipe::Coalesce(inner, _) | Recipe::Omit(inner) | Recipe::Sized(_, _, inner) => bare(*inner),
            other => other,
        }
    }
    let mut found = Vec::new();
    for slot in &learnt.shape.slots {
        let mut spellings: Vec<String> = Vec::new();
        for (_, choice) in &slot.choices {
            if let Some(recipe) = shown(choice).map(bare) {
                // Text that has no capitals, or nothing else, is no reason to think of changing it.
                if matches!(recipe, Recipe::Lower(_) | Recipe::Upper(_)) {
                    continue;
                }
                let spelt = printer.recipe(&recipe);
                if !spellings.contains(&spelt) {
                    spellings.push(spelt);
                }
            }
        }
        if let [first, others @ ..] = spellings.as_slice()
            && !others.is_empty()
        {
            let shown: Vec<String> = others.iter().take(5).map(|other| format!("`{other}`")).collect();
            let more = if others.len() > 5 { ", ..." } else { "" };
            found.push(format!("`{first}` could as well be {}{more}", shown.join(", ")));
        }
    }
    if let [first, others @ ..] = learnt.shape.profiles()
        && !others.is_empty()
    {
        let name = |profile| {
            let known = printer.profiles.iter().find(|(_, known)| known == profile);
            known.map_or_else(String::new, |(name, _)| format!("`{name}`"))
        };
        let shown: Vec<String> = others.iter().take(5).map(name).collect();
        let more = if others.len() > 5 { ", ..." } else { "" };
        found.push(format!("the JSON profile {} could as well be {}{more}", name(first), shown.join(", ")));
    }
    found
}

/// What a column becomes when it is NULL, where the sample has no NULL in it.
fn open(sheet: &Sheet, recipe: &Recipe) -> Vec<String> {
    let mut columns = visit::columns(recipe);
    columns.sort_unstable();
    columns.dedup();
    let names: Vec<String> = columns
        .into_iter()
        .filter(|column| sheet.columns.get(*column).is_some_and(|c| c.nullable) && !sheet.has_null(*column))
        .map(|column| format!("`{}`", sheet.name(column)))
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "no row of the sample has NULL in {}, so what becomes of NULL there is not known",
        names.join(", ")
    )]
}
