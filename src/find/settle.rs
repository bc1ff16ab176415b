//! What only rows tell that have lost something as well: what becomes of NULL, a column that is seldom filled, a flag as it
//! was at first, the JSON profile.

use super::keyed;
use super::learn::{Learner, Learnt};
use super::links::Link;
use super::lost::{Budget, explained};
use super::search::Settings;
use super::shape::Shape;
use super::sheet::Sheet;
use crate::chain::keys::Keys;
use crate::chain::spec::{CellKind, JsonProfile, Recipe, Search};

/// Rows in a row that nothing explains before the others are left as they are.
const PATIENCE: usize = 4;
/// So many picks under each profile, and candidates, for each row and shape.
const PICKS: usize = 120;
const FOR_A_ROW: u64 = 400_000;
/// Most candidates to see whether the rows that are explained stay so, and whether others follow.
const FOR_ALL: u64 = 10_000_000;

/// A recipe with what is searched in its rows, and the rows that it explains.
pub(super) struct Settling<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) link: &'a Link,
    pub(super) settings: &'a Settings<'a>,
    pub(super) searches: &'a [Search],
    pub(super) learnt: Learnt,
    pub(super) recipe: Recipe,
    pub(super) fits: Vec<usize>,
}

impl Settling<'_> {
    /// Goes through the rows that are not explained. A change stands only if it explains more rows than before.
    pub(super) fn run(mut self) -> (Learnt, Recipe, Vec<usize>) {
        let profiles: Vec<JsonProfile> = self.settings.profiles.iter().map(|(_, profile)| *profile).collect();
        let keys = keyed::secrets(self.settings.keys);
        let found_on = self.fits.first().copied().unwrap_or(0);
        let (sheet, link, stop) = (self.sheet, self.link, self.settings.stop);
        let learner = Learner { sheet, link, found_on, profiles: &profiles, keys: &keys, others: &[], stop };
        let mut failed = 0;
        let mut rows = self.learnt.misfits.clone();
        rows.sort_by_key(|row| (members(sheet, *row), *row));
        for row in rows {
            if self.fits.contains(&row) {
                continue;
            }
            if failed == PATIENCE || stop() {
                break;
            }
            let shape = self.learnt.shape.clone();
            let wider = learner.wider(&shape, row);
            let explains =
                std::iter::once(shape).chain(wider).any(|shape| self.row(&learner, &shape, row, &keys));
            failed = if explains { 0 } else { failed + 1 };
        }
        (self.learnt, self.recipe, self.fits)
    }

    fn row(&mut self, learner: &Learner<'_>, shape: &Shape, row: usize, keys: &Keys) -> bool {
        let mut budget = Budget(FOR_A_ROW);
        for pick in learner.open_picks(shape, row, PICKS) {
            if (self.settings.stop)() || budget.0 == 0 {
                return false;
            }
            let Some(hashed) = shape.hashed(&pick, &self.link.stored) else { continue };
            let recipe = self.link.stored.around(hashed);
            let explained = |rows: &[usize], budget: &mut Budget| {
                explained(self.sheet, self.link, (&recipe, keys), self.searches, rows, budget)
            };
            if explained(&[row], &mut budget).is_empty() {
                continue;
            }
            let mut all = explained(&[self.fits.as_slice(), &[row]].concat(), &mut Budget(FOR_ALL));
            if all.len() <= self.fits.len() {
                continue;
            }
            let left: Vec<usize> =
                self.learnt.misfits.iter().copied().filter(|other| !all.contains(other)).collect();
            all.extend(explained(&left, &mut Budget(FOR_ALL)));
            all.sort_unstable();
            self.learnt.shape = learner.chosen(shape, &pick, row);
            self.learnt.pick = self.learnt.shape.first_pick();
            (self.recipe, self.fits) = (recipe, all);
            return true;
        }
        false
    }
}

/// About how many members the documents of a row have, whose orders multiply what is tried.
fn members(sheet: &Sheet, row: usize) -> usize {
    let documents = (0..sheet.own()).filter(|column| sheet.kind(*column) == CellKind::Jsonb);
    documents.filter_map(|column| sheet.cell(row, column)).map(|cell| cell.matches("\": ").count()).sum()
}
