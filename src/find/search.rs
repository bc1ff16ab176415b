//! The search: families level by level, on several threads, until a candidate fits or somebody has had enough.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use hmac::digest::block_api::BlockSizeUser;
use sha2::{Sha256, Sha384, Sha512};

use super::family::{Builder, Family, Profiles};
use super::keyed::{self, Key, Seal, Sealing};
use super::kin;
use super::learn::{Learner, Learnt};
use super::links::Link;
use super::prior::Cost;
use super::shape::Shape;
use super::sheet::Sheet;
use super::state::State;
use super::walk::{Hit, Walk};
use crate::chain::keys::Keys;
use crate::chain::program::is_time;
use crate::chain::spec::{CellKind, Digest, JsonProfile};

/// Tenths of a bit from one level to the next.
const STEP: Cost = 20;
/// Rows on which the same is tried, what the second of them costs, and by how much each further one is dearer; and what
/// a second way to read the table as a chain costs.
const ANCHORS: usize = 4;
const OTHER_ROW: Cost = 40;
const FURTHER_ROW: Cost = 10;
const OTHER_LINK: Cost = 20;
/// What a digest costs that is as long as the usual one.
const OTHER_DIGEST: Cost = 60;
/// How far a search goes on that has found a recipe of most rows.
pub(super) const FURTHER: Cost = 20;
/// No candidate can cost so much and be reached.
pub(super) const END: Cost = 700;

/// How a search is done.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// How JSON may be spelt.
    pub profiles: &'a Profiles,
    /// Keys that the hashes may take, each in every reading of what was found in its place.
    pub keys: &'a [Key],
    /// Threads.
    pub threads: usize,
    /// Candidates after which no further level is begun.
    pub candidates: u64,
    /// Whether to stop at once.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Told how many candidates were tried, and up to how many bits.
    pub progress: &'a (dyn Fn(u64, u32) + Sync),
}

impl std::fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// What a search came to.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) links: Vec<Link>,
    /// The best candidate, and which of the links it is about.
    pub(super) best: Option<(usize, Learnt)>,
    pub(super) state: State,
    /// Names of the families that were gone through, up to the last whole level.
    pub(super) families: Vec<&'static str>,
}

/// What a search is after.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal<'a> {
    /// The rows to search on; all of them where `None`.
    pub(super) rows: Option<&'a [usize]>,
    /// Whether a recipe of some rows, two at least, ends the search.
    pub(super) some: bool,
    /// No level that begins behind this is begun.
    pub(super) until: Cost,
    /// The recipe to stay near to; any where `None`.
    pub(super) near: Option<&'a Shape>,
}

struct Task<'a> {
    link: usize,
    row: usize,
    target: &'a [u8],
    family: &'a Family,
    digest: Digest,
    seal: Option<Seal>,
    /// What is added to its candidates' costs.
    later: Cost,
}

impl Task<'_> {
    fn walk<D: sha2::Digest + BlockSizeUser + Clone>(
        &self,
        bounds: (Cost, Cost),
        keys: &Keys,
        stop: &dyn Fn(u64) -> bool,
    ) -> Option<Hit> {
        let sealing = Sealing::<D>::new(self.seal, keys, !self.family.outers.is_empty());
        Walk::new(self.family, self.target, bounds, stop, sealing).run().0
    }
}

/// A row to search on, with its families.
struct Anchor {
    link: usize,
    row: usize,
    target: Vec<u8>,
    families: Vec<Family>,
    later: Cost,
}

/// Searches a sample.
pub(super) fn search(
    sheet: &Sheet,
    mut links: Vec<Link>,
    settings: &Settings<'_>,
    from: State,
    goal: Goal<'_>,
) -> Searched {
    let anchors = anchors(sheet, &links, settings, goal);
    let mut tasks: Vec<Task<'_>> = Vec::new();
    for anchor in &anchors {
        let Some(link) = links.get(anchor.link) else { continue };
        let usual = (link.stored.digest, 0);
        let others = alike(link.stored.digest).iter().map(|digest| (*digest, OTHER_DIGEST));
        let others = others.filter(|_| goal.near.is_none());
        let digests: Vec<(Digest, Cost)> = std::iter::once(usual).chain(others).collect();
        for family in &anchor.families {
            let seals = keyed::seals(settings.keys, !family.outers.is_empty());
            let ways = digests.iter().flat_map(|digest| seals.iter().map(move |seal| (*digest, *seal)));
            let ways = ways.filter(|((digest, _), (_, seal))| seal.is_none() || digest.has_hmac());
            tasks.extend(ways.map(|((digest, dearer), (cost, seal))| Task {
                link: anchor.link,
                row: anchor.row,
                target: &anchor.target,
                family,
                digest,
                seal,
                later: anchor.later + dearer + cost,
            }));
        }
    }
    tasks.sort_by_key(|task| task.family.cost + task.later);
    let profiles: Vec<JsonProfile> = settings.profiles.iter().map(|(_, profile)| *profile).collect();
    let keys = keyed::secrets(settings.keys);
    let mut state = from;
    let mut best: Option<(usize, Learnt, Digest)> = None;
    let tried = AtomicU64::new(state.tried);
    let (mut last, mut found_at) = (goal.until, END);
    'levels: while !tasks.is_empty() && state.low() < last && state.tried < settings.candidates {
        let bounds = (state.low(), state.low() + STEP);
        let mut from = 0;
        loop {
            let level = Level {
                tasks: &tasks,
                bounds,
                settings,
                keys: &keys,
                tried: &tried,
                next: AtomicUsize::new(from),
            };
            let (hit, stopped) = level.run();
            let Some((n, hit)) = hit else {
                state.tried = tried.load(Ordering::Relaxed);
                if stopped {
                    state.tenths_of_bits = state.tenths_of_bits.min(found_at);
                    break 'levels;
                }
                break;
            };
            from = n + 1;
            let Some(task) = tasks.get(n) else { continue };
            let (Some(mut link), Some(shape)) = (links.get(task.link).cloned(), Shape::of(task.family, &hit))
            else {
                continue;
            };
            link.stored.digest = task.digest;
            link.stored.seal = task.seal;
            let others = keyed::elsewhere(settings.keys, task.seal);
            let (keys, others) = (&keys, others.as_slice());
            let learner = Learner {
                sheet,
                link: &link,
                found_on: task.row,
                profiles: &profiles,
                keys,
                others,
                stop: settings.stop,
            };
            let learnt = learner.learn(shape);
            let complete = learnt.misfits.is_empty();
            let enough = complete || goal.some && learnt.fits.len() > 1;
            let most = learnt.fits.len() > learnt.misfits.len() && learnt.fits.len() > 1;
            if best.as_ref().is_none_or(|(_, known, _)| learnt.fits.len() > known.fits.len()) {
                best = Some((task.link, learnt, task.digest));
                found_at = bounds.0;
            }
            if enough {
                state.tried = tried.load(Ordering::Relaxed);
                break 'levels;
            }
            if most {
                // Another recipe may explain more, which is worth a few rounds, and no long search.
                last = last.min(bounds.1 + FURTHER);
            }
        }
        state.tenths_of_bits = bounds.1;
    }
    // Whoever goes on from here is to find it again.
    state.tenths_of_bits = state.tenths_of_bits.min(found_at);
    let mut families: Vec<&'static str> = Vec::new();
    for task in tasks.iter().filter(|task| task.family.cost + task.later < state.tenths_of_bits) {
        if !families.contains(&task.family.name) {
            families.push(task.family.name);
        }
    }
    let best = best.map(|(n, learnt, digest)| {
        if let Some(link) = links.get_mut(n) {
            link.stored.digest = digest;
            link.stored.seal = learnt.seal;
        }
        (n, learnt)
    });
    Searched { links, best, state, families }
}

/// Digests that are as long as one.
fn alike(digest: Digest) -> &'static [Digest] {
    match digest {
        Digest::Sha256 => &[Digest::Sha3_256, Digest::Blake2s256, Digest::Blake2b256],
        Digest::Sha384 => &[Digest::Sha3_384],
        Digest::Sha512 => &[Digest::Sha3_512, Digest::Blake2b512],
        _ => &[],
    }
}

/// The tasks of one level.
struct Level<'a> {
    tasks: &'a [Task<'a>],
    bounds: (Cost, Cost),
    settings: &'a Settings<'a>,
    keys: &'a Keys,
    tried: &'a AtomicU64,
    next: AtomicUsize,
}

impl Level<'_> {
    /// The hit of the first task that has one, whichever thread is the quickest; and whether everything was stopped.
    fn run(&self) -> (Option<(usize, Hit)>, bool) {
        let first = AtomicUsize::new(usize::MAX);
        let stopped = AtomicBool::new(false);
        let hits: Mutex<Vec<(usize, Hit)>> = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..self.settings.threads.max(1) {
                scope.spawn(|| {
                    loop {
                        let n = self.next.fetch_add(1, Ordering::Relaxed);
                        let Some(task) = self.tasks.get(n) else { break };
                        if n > first.load(Ordering::Relaxed) || stopped.load(Ordering::Relaxed) {
                            break;
                        }
                        let (low, high) = self.bounds;
                        let Some(high) = high.checked_sub(task.later) else { continue };
                        let stop = |tried: u64| {
                            let all = self.tried.fetch_add(tried, Ordering::Relaxed) + tried;
                            (self.settings.progress)(all, self.bounds.1 / 10);
                            if (self.settings.stop)() {
                                stopped.store(true, Ordering::Relaxed);
                            }
                            stopped.load(Ordering::Relaxed) || n > first.load(Ordering::Relaxed)
                        };
                        let bounds = (low.saturating_sub(task.later), high);
                        let hit = match task.digest {
                            Digest::Sha256 => task.walk::<Sha256>(bounds, self.keys, &stop),
                            Digest::Sha384 => task.walk::<Sha384>(bounds, self.keys, &stop),
                            Digest::Sha512 => task.walk::<Sha512>(bounds, self.keys, &stop),
                            Digest::Sha1 => task.walk::<sha1::Sha1>(bounds, self.keys, &stop),
                            Digest::Md5 => task.walk::<md5::Md5>(bounds, self.keys, &stop),
                            Digest::Sha3_256 => task.walk::<sha3::Sha3_256>(bounds, self.keys, &stop),
                            Digest::Sha3_384 => task.walk::<sha3::Sha3_384>(bounds, self.keys, &stop),
                            Digest::Sha3_512 => task.walk::<sha3::Sha3_512>(bounds, self.keys, &stop),
                            Digest::Blake2b256 => task.walk::<blake2::Blake2b256>(bounds, self.keys, &stop),
                            Digest::Blake2b512 => task.walk::<blake2::Blake2b512>(bounds, self.keys, &stop),
                            Digest::Blake2s256 => task.walk::<blake2::Blake2s256>(bounds, self.keys, &stop),
                            // Its crate has another interface.
                            Digest::Blake3 => continue,
                        };
                        if let Some(hit) = hit {
                            first.fetch_min(n, Ordering::Relaxed);
                            hits.lock().unwrap_or_else(PoisonError::into_inner).push((n, hit));
                        }
                    }
                });
            }
        });
        let mut hits = hits.into_inner().unwrap_or_else(PoisonError::into_inner);
        hits.sort_by_key(|(n, _)| *n);
        (hits.into_iter().next(), stopped.load(Ordering::Relaxed))
    }
}

/// The rows to search on: those that leave the fewest questions open.
fn anchors(sheet: &Sheet, links: &[Link], settings: &Settings<'_>, goal: Goal<'_>) -> Vec<Anchor> {
    let only = goal.rows;
    let mut found = Vec::new();
    for (n, link) in links.iter().enumerate() {
        let mut rows: Vec<usize> = (0..sheet.rows.len())
            .filter(|row| link.usable(sheet, *row) && only.is_none_or(|only| only.contains(row)))
            .filter(|row| {
                let follows = link.prev(*row).is_some_and(|prev| !prev.is_empty());
                link.content || (follows && !link.first.get(*row).copied().unwrap_or(true))
            })
            .collect();
        rows.sort_by_key(|row| (openness(sheet, link, *row), *row));
        let mut chosen: Vec<usize> = Vec::new();
        // Each from elsewhere: a recipe may have changed, a row may have been altered, or have lost what was hashed.
        for row in &rows {
            if chosen.len() < ANCHORS
                && chosen.iter().all(|other| other.abs_diff(*row) * 5 > sheet.rows.len())
            {
                chosen.push(*row);
            }
        }
        if chosen.len() < 2 {
            chosen.extend(rows.get(1));
        }
        for (m, row) in chosen.into_iter().enumerate() {
            let Some(target) = link.digest(sheet, row) else { continue };
            let families = match goal.near {
                Some(shape) => kin::families(sheet, link, row, shape),
                None => Builder { sheet, link, row, profiles: settings.profiles }.families(),
            };
            let (links, rows) = (Cost::try_from(n).unwrap_or(0), Cost::try_from(m).unwrap_or(0));
            let later = OTHER_LINK * links + if m == 0 { 0 } else { OTHER_ROW + FURTHER_ROW * (rows - 1) };
            found.push(Anchor { link: n, row, target, families, later });
        }
    }
    found
}

/// How much a row leaves open: NULLs, empty texts, the same value twice, documents whose members could be in any order.
fn openness(sheet: &Sheet, link: &Link, row: usize) -> usize {
    let columns: Vec<usize> =
        (0..sheet.own()).filter(|column| *column != link.hash && Some(*column) != link.previous).collect();
    let mut open = 0;
    for (n, column) in columns.iter().enumerate() {
        let kind = sheet.kind(*column);
        open += match sheet.cell(row, *column) {
            // A column that is always NULL leaves the same open everywhere.
            None => 25,
            Some("") => 25,
            Some(cell) => {
                let twice = columns.iter().take(n).any(|other| sheet.cell(row, *other) == Some(cell));
                let members = match kind {
                    CellKind::Jsonb => cell.matches("\": ").count().saturating_sub(1).min(10) * 6,
                    CellKind::Json => cell.matches(':').count().saturating_sub(1).min(10) * 2,
                    _ => 0,
                };
                let odd = if cell.is_ascii() { 0 } else { 6 };
                let escaped = cell.bytes().filter(|b| b"\"\\\n\t/<>&".contains(b)).count().min(3) * 2;
                let whole = if is_time(kind) && !cell.contains('.') { 2 } else { 0 };
                usize::from(twice) * 15 + members + odd + escaped + whole + cell.len() / 200
            }
        };
    }
    open
}
