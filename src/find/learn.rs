//! Holds a found candidate against the other rows: what does not fit them is dropped, and what NULL becomes is learnt.

use super::combine::combinations;
use super::family::Frame;
use super::keyed::Seal;
use super::links::Link;
use super::shape::{Pick, Shape, Slot, slot};
use super::sheet::Sheet;
use super::spell::{self, At, Choice};
use super::stored::Stored;
use crate::chain::keys::Keys;
use crate::chain::spec::{JsonProfile, JsonValue, Recipe};
use crate::chain::visit;

/// Most combinations of choices that are tried for one row.
const COMBINATIONS: usize = 4_000;
/// Rows that are not explained before less is tried for each.
const PATIENCE: usize = 6;
/// How far a time is searched around the stored one, in milliseconds.
const REACH: std::ops::RangeInclusive<i64> = -120..=20;

/// A candidate and the rows it explains.
#[derive(Clone, Debug)]
pub(super) struct Learnt {
    pub(super) shape: Shape,
    pub(super) pick: Pick,
    /// Rows that recompute.
    pub(super) fits: Vec<usize>,
    /// Rows with a hash and a known predecessor that do not.
    pub(super) misfits: Vec<usize>,
    /// Smallest and largest difference between the hashed and the stored time, in nanoseconds.
    pub(super) window: Option<(i64, i64)>,
    /// The key that it takes, and where.
    pub(super) seal: Option<Seal>,
    /// Further keys that some rows take in its place.
    pub(super) keys: Vec<usize>,
}

pub(super) struct Learner<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) link: &'a Link,
    /// The row the candidate was found on.
    pub(super) found_on: usize,
    pub(super) profiles: &'a [JsonProfile],
    pub(super) keys: &'a Keys,
    /// Keys of other places than that of the candidate, which later or earlier rows may take.
    pub(super) others: &'a [usize],
    /// Whether to leave the rest of the rows as they are.
    pub(super) stop: &'a (dyn Fn() -> bool + Sync),
}

impl Learner<'_> {
    fn at(&self, row: usize, shift: Option<(usize, i64)>) -> At<'_> {
        let (prev, link) = (self.link.prev(row), self.link.form(self.sheet));
        At { sheet: self.sheet, row, prev, link, shift, keys: Some(self.keys) }
    }

    fn matches(&self, shape: &Shape, pick: &Pick, row: usize, shift: Option<(usize, i64)>) -> bool {
        let Some(hashed) = shape.hashed(pick, &self.link.stored) else { return false };
        let digest = self.link.stored.digested(hashed);
        let computed = self.at(row, shift).eval(&digest);
        computed.is_some() && computed == self.link.digest(self.sheet, row)
    }

    /// What a choice becomes in a row, so that choices can be compared. Left out is not the same as empty.
    fn becomes(&self, choice: &Choice, profile: Option<JsonProfile>, row: usize) -> Option<Vec<u8>> {
        let at = self.at(row, None);
        match choice {
            Choice::Part(recipe) => {
                let edge = || Recipe::Text("\u{1}".to_owned());
                at.eval(&Recipe::Join("\u{2}".to_owned(), vec![edge(), recipe.clone(), edge()]))
            }
            Choice::Member(field) => at.member(profile?, field),
        }
    }

    /// The places' choices grouped by what they become in a row; each group with its first choice.
    fn groups(&self, shape: &Shape, profile: Option<JsonProfile>, row: usize) -> Vec<Vec<(Vec<u8>, usize)>> {
        let group = |slot: &Slot| {
            let mut groups: Vec<(Vec<u8>, usize)> = Vec::new();
            for (n, (_, choice)) in slot.choices.iter().enumerate() {
                let Some(bytes) = self.becomes(choice, profile, row) else { continue };
                if !groups.iter().any(|(known, _)| *known == bytes) {
                    groups.push((bytes, n));
                }
            }
            groups
        };
        shape.slots.iter().map(group).collect()
    }

    /// The choices that make a row recompute, among so many.
    fn explain(&self, shape: &Shape, row: usize, most: usize) -> Option<(Pick, Option<i64>)> {
        for profile in 0..shape.profiles().len().max(1) {
            let groups = self.groups(shape, shape.profiles().get(profile).copied(), row);
            if groups.iter().any(Vec::is_empty) {
                continue;
            }
            let shifts: Vec<Option<(usize, i64)>> = match shape.shift {
                None => vec![None],
                Some((column, known)) if known % 1_000 != 0 => {
                    (0..10).map(|tenth| Some((column, tenth * 100))).collect()
                }
                Some((column, known)) => {
                    let mut list: Vec<i64> = REACH.map(|ms| ms * 1_000_000).collect();
                    list.sort_by_key(|shift| (shift - known).abs());
                    list.into_iter().map(|shift| Some((column, shift))).collect()
                }
            };
            let budget = most / shifts.len();
            for pick in combinations(shape, &groups, profile, budget.max(24)) {
                for shift in &shifts {
                    if self.matches(shape, &pick, row, *shift) {
                        return Some((pick, shift.map(|(_, nanos)| nanos)));
                    }
                }
            }
        }
        None
    }

    /// The likeliest picks that make a difference in a row, so many under each profile, among the choices that other rows
    /// have left.
    pub(super) fn open_picks(&self, shape: &Shape, row: usize, most: usize) -> Vec<Pick> {
        let mut ranked: Vec<(usize, Pick)> = Vec::new();
        for profile in 0..shape.profiles().len().max(1) {
            let groups = self.groups(shape, shape.profiles().get(profile).copied(), row);
            if !groups.iter().any(Vec::is_empty) {
                ranked.extend(combinations(shape, &groups, profile, most).into_iter().take(most).enumerate());
            }
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, pick)| pick).collect()
    }

    /// The shape after a row was explained by a pick: what would have become something else there is dropped, and what was
    /// picked comes first.
    pub(super) fn chosen(&self, shape: &Shape, pick: &Pick, row: usize) -> Shape {
        let mut shape = shape.clone();
        let profile = shape.profiles().get(pick.profile).copied();
        for (slot, chosen) in shape.slots.iter_mut().zip(&pick.slots) {
            let Some(picked) = slot.choices.get(*chosen).cloned() else { continue };
            let wanted = self.becomes(&picked.1, profile, row);
            slot.choices.retain(|other| *other != picked && self.becomes(&other.1, profile, row) == wanted);
            slot.choices.insert(0, picked);
        }
        if let Frame::Json(profiles) = &mut shape.frame
            && pick.profile < profiles.len()
        {
            let picked = profiles.remove(pick.profile);
            profiles.insert(0, picked);
        }
        shape
    }

    /// Drops what does not become in this row what the pick became.
    fn narrow(&self, shape: &mut Shape, pick: &Pick, row: usize) {
        let profile = shape.profiles().get(pick.profile).copied();
        let kept: Vec<usize> = (0..shape.profiles().len())
            .filter(|n| {
                *n == pick.profile
                    || shape.profiles().get(*n).is_some_and(|profile| self.fits_under(shape, *profile, row))
            })
            .collect();
        for (slot, chosen) in shape.slots.iter_mut().zip(&pick.slots) {
            let Some(wanted) = slot.choices.get(*chosen).and_then(|(_, c)| self.becomes(c, profile, row))
            else {
                continue;
            };
            slot.choices.retain(|(_, choice)| self.becomes(choice, profile, row).as_ref() == Some(&wanted));
        }
        shape.keep_profiles(|n| kept.contains(&n));
    }

    /// Goes through all rows, those with few NULLs first.
    pub(super) fn learn(&self, shape: Shape) -> Learnt {
        let mut left: Vec<usize> =
            (0..self.sheet.rows.len()).filter(|row| self.link.usable(self.sheet, *row)).collect();
        let nulls = |row: &usize| {
            (0..self.sheet.columns.len()).filter(|column| self.sheet.cell(*row, *column).is_none()).count()
        };
        left.sort_by_key(|row| (*row != self.found_on, nulls(row)));
        let mut shape = shape;
        self.other_profiles(&mut shape, &[self.found_on]);
        let mut window = self.pass(&mut shape, &mut left);
        if !left.is_empty() && shape.shift.is_none() {
            // Of a clock that is read twice, some readings are the same.
            for column in self.times(&shape) {
                let (mut other, mut still) = (shape.clone(), left.clone());
                other.shift = Some((column, 0));
                let seen = self.pass(&mut other, &mut still);
                if still.len() < left.len() {
                    window = seen.map(|(low, high)| (low.min(0), high.max(0)));
                    (shape, left) = (other, still);
                    break;
                }
            }
        }
        let keys = self.under_other_keys(&mut shape, &mut left);
        left.sort_unstable();
        let fits = (0..self.sheet.rows.len())
            .filter(|row| self.link.usable(self.sheet, *row) && !left.contains(row))
            .collect();
        let (pick, seal) = (shape.first_pick(), self.link.stored.seal);
        Learnt { pick, shape, fits, misfits: left, window, seal, keys }
    }

    /// Takes out of `left` the rows that the shape explains under other keys; returns those keys.
    fn under_other_keys(&self, shape: &mut Shape, left: &mut Vec<usize>) -> Vec<usize> {
        let Some(seal) = self.link.stored.seal else { return Vec::new() };
        let mut taken = Vec::new();
        for key in self.others.iter().copied() {
            let before = left.len();
            let stored = Stored { seal: Some(Seal { key, ..seal }), ..self.link.stored.clone() };
            let link = Link { stored, ..self.link.clone() };
            let _shift = Learner { link: &link, ..*self }.pass(shape, left);
            if left.len() < before {
                taken.push(key);
            }
        }
        taken
    }

    /// Takes out of `left` the rows that the shape explains, until no more come; returns by how much times were off.
    fn pass(&self, shape: &mut Shape, left: &mut Vec<usize>) -> Option<(i64, i64)> {
        let mut window: Option<(i64, i64)> = None;
        loop {
            let before = left.len();
            let mut failed = 0;
            left.retain(|row| {
                if (self.stop)() {
                    return true;
                }
                // Where many rows are not explained, they are of another kind, or have lost something.
                let most = if failed < PATIENCE { COMBINATIONS } else { COMBINATIONS / 40 };
                let explained = self.explain(shape, *row, most).or_else(|| {
                    if failed >= PATIENCE * 4 {
                        return None;
                    }
                    let wider = self.widened(shape, *row)?;
                    let explained = self.explain(&wider, *row, most)?;
                    *shape = wider;
                    Some(explained)
                });
                let Some((pick, shift)) = explained else {
                    failed += 1;
                    return true;
                };
                self.narrow(shape, &pick, *row);
                if let Some(shift) = shift {
                    let (low, high) = window.unwrap_or((shift, shift));
                    window = Some((low.min(shift), high.max(shift)));
                }
                false
            });
            if left.is_empty() || left.len() == before {
                return window;
            }
        }
    }

    /// Columns that the shape spells as times.
    fn times(&self, shape: &Shape) -> Vec<usize> {
        let hashed = shape.hashed(&shape.first_pick(), &self.link.stored);
        hashed.iter().flat_map(visit::times).map(|(column, _)| column).collect()
    }

    /// Adds the profiles under which rows come out the same, such as one that sorts members which stand in their order
    /// anyway.
    fn other_profiles(&self, shape: &mut Shape, rows: &[usize]) {
        let Frame::Json(known) = shape.frame.clone() else { return };
        let fits = |profile: &JsonProfile| {
            !known.contains(profile) && rows.iter().all(|row| self.fits_under(shape, *profile, *row))
        };
        let more: Vec<JsonProfile> = self.profiles.iter().copied().filter(fits).collect();
        if let Frame::Json(profiles) = &mut shape.frame {
            profiles.extend(more);
        }
    }

    /// Whether a row recomputes under another profile.
    fn fits_under(&self, shape: &Shape, profile: JsonProfile, row: usize) -> bool {
        let mut other = shape.clone();
        other.frame = Frame::Json(vec![profile]);
        self.explain(&other, row, COMBINATIONS / 10).is_some()
    }

    /// The shape with one more column, which was NULL or empty in the row it was found on and is neither here.
    fn widened(&self, shape: &Shape, row: usize) -> Option<Shape> {
        let inside = shape.slots.len() - usize::from(shape.has_around());
        for column in self.spare(shape, row) {
            for place in (0..=inside).rev() {
                for choices in self.spelt(shape, column, row) {
                    let mut wider = shape.clone();
                    wider.slots.insert(place, slot(choices));
                    let pick = wider.first_pick();
                    if self.matches(&wider, &pick, row, None) || self.explain_briefly(&wider, row) {
                        return Some(wider);
                    }
                }
            }
        }
        None
    }

    /// The shapes with one more such column, where it stands in the table.
    pub(super) fn wider(&self, shape: &Shape, row: usize) -> Vec<Shape> {
        let inside = shape.slots.len() - usize::from(shape.has_around());
        let mut found = Vec::new();
        for column in self.spare(shape, row) {
            let before = |slot: &Slot| (0..column).any(|earlier| reads(slot, earlier));
            let place = shape.slots.iter().take(inside).rposition(before).map_or(0, |place| place + 1);
            for choices in self.spelt(shape, column, row).into_iter().take(4) {
                let mut wider = shape.clone();
                wider.slots.insert(place, slot(choices));
                found.push(wider);
            }
        }
        found
    }

    /// Columns that are filled in a row, and were not in the row that the shape was found on.
    fn spare(&self, shape: &Shape, row: usize) -> Vec<usize> {
        let filled =
            |row: usize, column: usize| self.sheet.cell(row, column).is_some_and(|cell| !cell.is_empty());
        let mut spare: Vec<usize> = (0..self.sheet.own())
            .filter(|c| *c != self.link.hash && Some(*c) != self.link.previous)
            .filter(|c| filled(row, *c) && !filled(self.found_on, *c))
            .collect();
        spare.retain(|column| !shape.slots.iter().any(|slot| reads(slot, *column)));
        spare.truncate(6);
        spare
    }

    fn explain_briefly(&self, shape: &Shape, row: usize) -> bool {
        let groups = self.groups(shape, shape.profiles().first().copied(), row);
        !groups.iter().any(Vec::is_empty)
            && combinations(shape, &groups, 0, 24).iter().any(|pick| self.matches(shape, pick, row, None))
    }

    /// The spellings of a column in a row that can be told apart.
    fn spelt(&self, shape: &Shape, column: usize, row: usize) -> Vec<Vec<(u32, Choice)>> {
        let at = self.at(row, None);
        let variants = match &shape.frame {
            Frame::Cat | Frame::Join { .. } => {
                let sized =
                    shape.slots.iter().flat_map(|slot| &slot.choices).find_map(|(_, choice)| match choice {
                        Choice::Part(Recipe::Sized(frame, unit, _)) => Some((frame.clone(), *unit)),
                        _ => None,
                    });
                spell::part_variants(&at, column, self.profiles, &|recipe| match &sized {
                    Some((frame, unit)) => Recipe::Sized(frame.clone(), *unit, Box::new(recipe)),
                    None => recipe,
                })
            }
            Frame::Json(profiles) => {
                let Some(profile) = profiles.first() else { return Vec::new() };
                let key = self.sheet.name(column);
                spell::member_variants(&at, column, key, *profile, self.profiles, &spell::Documents::new())
            }
        };
        let stored = variants.into_iter().filter(|variant| variant.shift == 0);
        stored.map(|variant| variant.choices.into_iter().map(|choice| (0, choice)).collect()).collect()
    }
}

/// Whether a place may hold a column.
fn reads(slot: &Slot, column: usize) -> bool {
    slot.choices.first().is_some_and(|(_, choice)| match choice {
        Choice::Part(recipe) => visit::columns(recipe).contains(&column),
        Choice::Member(field) => match &field.value {
            JsonValue::Column(index) => *index == column,
            JsonValue::String(recipe) | JsonValue::Raw(recipe) => visit::columns(recipe).contains(&column),
            _ => false,
        },
    })
}
