//! All recipes of a table: what the first one found leaves unexplained was hashed with losses, by another recipe, or altered.

use std::sync::atomic::{AtomicU64, Ordering};

use super::block::window;
use super::flags::believed;
use super::keyed::{self, Seal};
use super::kin;
use super::learn::Learnt;
use super::links::Link;
use super::lost::lost;
use super::prior::Cost;
use super::search::{END, FURTHER, Goal, Settings, search};
use super::settle::Settling;
use super::sheet::Sheet;
use super::state::State;
use super::stored::Stored;
use super::vet::{FEW, Lesser};
use crate::chain::keys::Keys;
use crate::chain::search::MOST_CANDIDATES;
use crate::chain::spec::{Recipe, Search};

/// Most recipes of one table.
const MOST: usize = 4;
/// Formats of a time that are tried together with what was lost of it.
const TIMES: usize = 12;
/// Most candidates that are tried to explain what is left.
const FOR_THE_REST: u64 = 40_000_000;

/// What is known of a table's recipes.
#[derive(Debug)]
pub(super) struct Known {
    /// The recipes, that of most rows at the top.
    pub(super) recipes: Vec<Recipe>,
    /// How the one at the top was learnt.
    pub(super) learnt: Learnt,
    /// What is searched since it was hashed and not kept.
    pub(super) searches: Vec<Search>,
    /// Rows that recompute under one of them.
    pub(super) fits: Vec<usize>,
    /// Rows with a hash and a known predecessor that do not.
    pub(super) misfits: Vec<usize>,
    /// What is to be said of recipes that few rows follow, as sentences.
    pub(super) notes: Vec<String>,
}

/// One recipe with its losses, and the rows that it explains.
struct One {
    learnt: Learnt,
    recipe: Recipe,
    /// The same under further keys, which other rows take.
    rekeyed: Vec<Recipe>,
    searches: Vec<Search>,
    fits: Vec<usize>,
}

impl One {
    fn of(sheet: &Sheet, link: &Link, learnt: Learnt, settings: &Settings<'_>) -> Option<Self> {
        let all = learnt.fits.len() + learnt.misfits.len();
        let mut best = Self::picked(sheet, link, learnt.clone(), settings)?;
        let mut settled = false;
        if best.fits.len() * 3 > all {
            (best, settled) = (best.settled(sheet, link, settings), true);
        }
        // Formats of a time that come out alike on what is stored differ in what was lost.
        for pick in learnt.shape.other_times().into_iter().take(TIMES) {
            if best.fits.len() == all || (settings.stop)() {
                break;
            }
            let other = Self::picked(sheet, link, Learnt { pick, ..learnt.clone() }, settings)?;
            if other.fits.len() > best.fits.len() {
                (best, settled) = (other, false);
            }
        }
        let mut best = if settled { best } else { best.settled(sheet, link, settings) };
        best.rekeyed.iter_mut().for_each(|recipe| believed(sheet, recipe, &mut best.fits.clone()));
        believed(sheet, &mut best.recipe, &mut best.fits);
        Some(best)
    }

    fn picked(sheet: &Sheet, link: &Link, learnt: Learnt, settings: &Settings<'_>) -> Option<Self> {
        let under = |seal: Option<Seal>| {
            let stored = Stored { seal, ..link.stored.clone() };
            Some(stored.around(learnt.shape.hashed(&learnt.pick, &stored)?))
        };
        let recipe = under(learnt.seal)?;
        let others = learnt.keys.iter().map(|key| under(learnt.seal.map(|seal| Seal { key: *key, ..seal })));
        let rekeyed = others.collect::<Option<Vec<_>>>()?;
        let keys = keyed::secrets(settings.keys);
        let mut searches: Vec<Search> = match (learnt.shape.shift, learnt.window) {
            (Some((column, _)), Some((low, high))) => vec![window(column, low, high)],
            _ => Vec::new(),
        };
        let (more, found) = lost(sheet, link, (&recipe, &keys), &learnt.misfits, &searches, settings.stop);
        searches.extend(more);
        let mut fits = [learnt.fits.as_slice(), &found].concat();
        fits.sort_unstable();
        Some(Self { learnt, recipe, rekeyed, searches, fits })
    }

    fn settled(self, sheet: &Sheet, link: &Link, settings: &Settings<'_>) -> Self {
        if self.searches.is_empty() || !self.rekeyed.is_empty() {
            return self;
        }
        let Self { learnt, recipe, rekeyed, searches, fits } = self;
        let settling = Settling { sheet, link, settings, searches: &searches, learnt, recipe, fits };
        let (learnt, recipe, fits) = settling.run();
        Self { learnt, recipe, rekeyed, searches, fits }
    }
}

/// The link with the form in which these rows store their hashes, which may be another one than that of most rows.
fn stored_as(sheet: &Sheet, link: &Link, rows: &[usize]) -> Link {
    let cells: Vec<&str> = rows.iter().filter_map(|row| sheet.cell(*row, link.hash)).collect();
    let stored = Stored::of_most(&cells, sheet.kind(link.hash)).filter(|stored| {
        let form = |stored: &Stored| (stored.letters, stored.prefix.clone(), stored.digest.bits());
        form(stored) != form(&link.stored)
    });
    Link { stored: stored.unwrap_or_else(|| link.stored.clone()), ..link.clone() }
}

/// A recipe near a known one that explains at least two of the rows that are left.
fn nearby(sheet: &Sheet, link: &Link, known: &[One], left: &[usize], settings: &Settings<'_>) -> Option<One> {
    let link = stored_as(sheet, link, left);
    known.iter().find_map(|one| {
        let tried = AtomicU64::new(0);
        let limited = Settings {
            stop: &|| (settings.stop)() || tried.load(Ordering::Relaxed) > kin::MOST,
            progress: &|all, bits| {
                tried.store(all, Ordering::Relaxed);
                (settings.progress)(all, bits);
            },
            ..*settings
        };
        let goal = Goal { rows: Some(left), some: true, until: kin::NEAR, near: Some(&one.learnt.shape) };
        let found = search(sheet, vec![link.clone()], &limited, State::begin(sheet), goal);
        let link = found.links.first()?;
        let one = One::of(sheet, link, found.best?.1, settings)?;
        (one.fits.iter().filter(|row| left.contains(row)).count() > 1).then_some(one)
    })
}

/// A row by its key.
fn called(sheet: &Sheet, row: usize) -> String {
    let keys = (0..sheet.own()).filter(|column| sheet.is_key(*column));
    let cell = |column| format!("{}={:?}", sheet.name(column), sheet.cell(row, column).unwrap_or("NULL"));
    let named: Vec<String> = keys.map(cell).collect();
    if named.is_empty() { format!("the {}. one", row + 1) } else { named.join(" ") }
}

/// The recipes without those that may only explain altered rows, and what is to be said of those of few rows.
fn vetted(sheet: &Sheet, link: &Link, known: Vec<One>, keys: &Keys) -> (Vec<One>, Vec<String>) {
    let (mut kept, mut notes): (Vec<One>, Vec<String>) = (Vec::new(), Vec::new());
    for one in known {
        let explained = |row: &usize| kept.iter().any(|other: &One| other.fits.contains(row));
        let rows: Vec<usize> = one.fits.iter().copied().filter(|row| !explained(row)).collect();
        if kept.is_empty() {
            kept.push(one);
            continue;
        }
        if rows.is_empty() {
            continue;
        }
        let named: Vec<String> = rows.iter().take(4).map(|row| called(sheet, *row)).collect();
        let named = format!("{}{}", named.join("; "), if rows.len() > 4 { "; ..." } else { "" });
        let lesser = Lesser { learnt: &one.learnt, recipe: &one.recipe, rows: &rows };
        let altered = |main: &One| lesser.may_be_altered(sheet, link, keys, (&main.learnt, &main.recipe));
        if kept.iter().any(altered) {
            notes.push(format!(
                "{named}: recomputes with a column left out or in another place, which an alteration looks like as well; no \
                 `hash` line was made of so few rows"
            ));
            continue;
        }
        if rows.len() < FEW {
            let line = 1 + kept.iter().map(|one| 1 + one.rekeyed.len()).sum::<usize>();
            notes.push(format!(
                "`hash` line {line} was learnt from {} rows alone ({named}): look up in the code that there is such a recipe",
                rows.len()
            ));
        }
        kept.push(one);
    }
    (kept, notes)
}

/// Goes on from a first recipe, found on a level of that cost, to all of them.
pub(super) fn recipes(
    sheet: &Sheet,
    link: &Link,
    first: Learnt,
    settings: &Settings<'_>,
    level: Cost,
) -> Option<Known> {
    let rows: Vec<usize> = (0..sheet.rows.len()).filter(|row| link.hashed_row(sheet, *row)).collect();
    let mut known = vec![One::of(sheet, link, first, settings)?];
    loop {
        let explained = |row: &usize| known.iter().any(|one| one.fits.contains(row));
        let left: Vec<usize> = rows.iter().copied().filter(|row| !explained(row)).collect();
        if left.is_empty() || known.len() == MOST || (settings.stop)() {
            break;
        }
        if let Some(one) = nearby(sheet, link, &known, &left, settings) {
            known.push(one);
            continue;
        }
        let most = left.len() * 2 < rows.len();
        let goal = Goal {
            rows: Some(&left),
            some: true,
            until: if most { level.saturating_add(FURTHER * 2) } else { END },
            near: None,
        };
        let limited = Settings { candidates: settings.candidates.min(FOR_THE_REST), ..*settings };
        let found = search(sheet, vec![stored_as(sheet, link, &left)], &limited, State::begin(sheet), goal);
        let link = found.links.first()?;
        let Some(one) = found.best.and_then(|(_, learnt)| One::of(sheet, link, learnt, settings)) else {
            break;
        };
        let more = one.fits.iter().filter(|row| left.contains(row)).count();
        // What explains all that another does takes its place. A recipe of a single row says nothing of a chain.
        let before = known.len();
        known.retain(|other| !other.fits.iter().all(|row| one.fits.contains(row)));
        if more < 2 && known.len() == before {
            break;
        }
        known.push(one);
    }
    known.sort_by_key(|one| std::cmp::Reverse(one.fits.len()));
    let (known, notes) = vetted(sheet, link, known, &keyed::secrets(settings.keys));
    let mut searches: Vec<Search> = Vec::new();
    for search in known.iter().flat_map(|one| &one.searches) {
        let all = |searches: &[Search]| {
            let counts = searches.iter().map(|search| search.candidates(&sheet.columns));
            counts.fold(1u64, u64::saturating_mul)
        };
        if !searches.iter().any(|other| other.column == search.column)
            && all(&[searches.as_slice(), &[*search]].concat()) <= MOST_CANDIDATES
        {
            searches.push(*search);
        }
    }
    let explained = |row: &usize| known.iter().any(|one| one.fits.contains(row));
    let (fits, misfits) = rows.into_iter().partition(|row| explained(row));
    let recipes =
        known.iter().flat_map(|one| std::iter::once(&one.recipe).chain(&one.rekeyed)).cloned().collect();
    let learnt = known.into_iter().next()?.learnt;
    Some(Known { recipes, learnt, searches, fits, misfits, notes })
}
