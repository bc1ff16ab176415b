//! The declared search for what was hashed but not stored exactly: which candidates are tried, and in which order.

use std::collections::HashMap;

use super::eval::Inputs;
use super::json_read;
use super::orders_of;
use super::spec::{ChainColumn, Search};

/// Most candidates a declared search may have per row.
pub const MOST_CANDIDATES: u64 = 1_000_000;

/// Most candidates that a run tries where their number depends on the rows, so that nobody has foreseen it: some minutes.
const MOST_IN_ALL: u64 = 300_000_000;

/// What a declared search tries.
#[derive(Debug, Default)]
pub(crate) struct Seeker {
    /// Time columns with their offsets in nanoseconds, zero first.
    times: Vec<(usize, Vec<i64>)>,
    /// Columns whose members are tried in every order.
    orders: Vec<usize>,
    /// Orders that were found, by column and names: one piece of code writes them all alike.
    learnt: HashMap<(usize, String), Vec<u64>>,
    /// Most candidates that any row had.
    most: u64,
    /// Rows that had more than may be tried.
    beyond: u64,
    /// Candidates tried for orders of members.
    spent: u64,
}

impl Seeker {
    pub(crate) fn new(searches: &[Search], columns: &[ChainColumn]) -> Self {
        let mut seeker = Self::default();
        for search in searches {
            let stored = columns.get(search.column).and_then(|column| column.digits).unwrap_or(6);
            match search.window(stored) {
                Some(window) => seeker.times.push((search.column, offsets(window))),
                None => seeker.orders.push(search.column),
            }
        }
        seeker.most = seeker.times.iter().map(|(_, offsets)| offsets.len() as u64).product();
        seeker
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty() && self.orders.is_empty()
    }

    /// Most candidates that any row had so far.
    pub(crate) fn most(&self) -> u64 {
        self.most
    }

    /// Rows so far that had more candidates than may be tried.
    pub(crate) fn beyond(&self) -> u64 {
        self.beyond
    }

    /// The columns whose orders are tried, each in the order in which it is stored.
    pub(crate) fn stored_orders(&self) -> Vec<(usize, u64)> {
        self.orders.iter().map(|column| (*column, 0)).collect()
    }

    /// Tries candidates until one fits; whether one did.
    pub(crate) fn seek(&mut self, inputs: &Inputs<'_>, mut fits: impl FnMut(&Inputs<'_>) -> bool) -> bool {
        if self.is_empty() {
            return false;
        }
        let of_times: u64 = self.times.iter().map(|(_, offsets)| offsets.len() as u64).product();
        let known = self.known(inputs);
        // Orders that are known come first: mostly there is nothing left to search.
        let learnt: Vec<Vec<u64>> = known.iter().map(|(at, shape, _)| self.learnt_of(*at, shape)).collect();
        if !known.is_empty() && learnt.iter().all(|orders| !orders.is_empty()) {
            let counts: Vec<u64> = learnt.iter().map(|orders| orders.len() as u64).collect();
            let hit = self.walk(inputs, &known, &counts, |n, at| learnt.get(n)?.get(at).copied(), &mut fits);
            if hit.is_some() {
                return true;
            }
        }
        let counts: Vec<u64> = known.iter().map(|(_, _, count)| *count).collect();
        let all = counts.iter().try_fold(of_times, |all, count| all.checked_mul(*count));
        let Some(all) = all.filter(|all| *all <= MOST_CANDIDATES) else {
            self.beyond += 1;
            return false;
        };
        if !known.is_empty() {
            self.spent = self.spent.saturating_add(all);
            if self.spent > MOST_IN_ALL {
                self.beyond += 1;
                return false;
            }
        }
        self.most = self.most.max(all);
        let hit = self.walk(inputs, &known, &counts, |_, at| u64::try_from(at).ok(), &mut fits);
        let Some(orders) = hit else { return false };
        for ((at, shape, _), order) in known.into_iter().zip(orders) {
            let found = self.learnt.entry((at, shape)).or_default();
            if !found.contains(&order) && found.len() < 8 {
                found.push(order);
            }
        }
        true
    }

    /// The columns of orders that this row has, with their names and how many orders there are.
    fn known(&self, inputs: &Inputs<'_>) -> Vec<(usize, String, u64)> {
        let of = |column: &usize| {
            let tree = json_read::read(inputs.row.get(*column).copied().flatten()?)?;
            let mut shape = String::new();
            orders_of::shape(&tree, &mut shape);
            Some((*column, shape, orders_of::count(&tree).unwrap_or(u64::MAX)))
        };
        self.orders.iter().filter_map(of).collect()
    }

    fn learnt_of(&self, column: usize, shape: &str) -> Vec<u64> {
        self.learnt.get(&(column, shape.to_owned())).cloned().unwrap_or_default()
    }

    /// Goes through all combinations, the times changing fastest. The orders of the one that fits.
    fn walk(
        &self,
        inputs: &Inputs<'_>,
        known: &[(usize, String, u64)],
        counts: &[u64],
        order: impl Fn(usize, usize) -> Option<u64>,
        fits: &mut impl FnMut(&Inputs<'_>) -> bool,
    ) -> Option<Vec<u64>> {
        let mut at_order = vec![0usize; counts.len()];
        let mut at_time = vec![0usize; self.times.len()];
        loop {
            let chosen: Vec<(usize, u64)> = known
                .iter()
                .zip(&at_order)
                .enumerate()
                .filter_map(|(n, ((column, _, _), at))| Some((*column, order(n, *at)?)))
                .collect();
            loop {
                let shifts: Vec<(usize, i64)> = self
                    .times
                    .iter()
                    .zip(&at_time)
                    .filter_map(|((column, offsets), at)| Some((*column, *offsets.get(*at)?)))
                    .collect();
                if fits(&Inputs { shifts: &shifts, orders: &chosen, ..*inputs }) {
                    return Some(chosen.into_iter().map(|(_, order)| order).collect());
                }
                if !step(&mut at_time, |n| self.times.get(n).map_or(0, |(_, offsets)| offsets.len())) {
                    break;
                }
            }
            if !step(&mut at_order, |n| counts.get(n).map_or(0, |count| usize::try_from(*count).unwrap_or(0)))
            {
                return None;
            }
        }
    }
}

/// The next combination; false after the last, when all stand at zero again.
fn step(at: &mut [usize], count: impl Fn(usize) -> usize) -> bool {
    for (n, digit) in at.iter_mut().enumerate() {
        *digit += 1;
        if *digit < count(n) {
            return true;
        }
        *digit = 0;
    }
    false
}

/// Offsets in nanoseconds: zero, the stored value itself, then the nearest to it first.
fn offsets((from, to, step): (i64, i64, i64)) -> Vec<i64> {
    let mut offsets: Vec<i64> = vec![0];
    let mut at = from;
    while at <= to {
        if at != 0 {
            offsets.push(at);
        }
        let Some(next) = at.checked_add(step) else { break };
        at = next;
    }
    offsets.sort_by_key(|offset| (offset.unsigned_abs(), *offset > 0));
    offsets
}

/// What one row of such a search costs: log2 of the candidates, rounded up.
pub(crate) fn bits(candidates: u64) -> u32 {
    if candidates <= 1 { 0 } else { u64::BITS - (candidates - 1).leading_zeros() }
}

#[cfg(test)]
mod tests {
    use super::super::spec::Sought;
    use super::*;

    const WINDOW: Sought = Sought::Time { from_nanos: -3_000, to_nanos: 2_000, step_nanos: 1_000 };

    #[test]
    fn the_nearest_comes_first() {
        let search = Search { column: 0, sought: WINDOW };
        assert_eq!(offsets(search.window(6).unwrap()), [0, -1000, 1000, -2000, 2000, -3000]);
        assert_eq!(search.candidates(&[]), 6);
    }

    #[test]
    fn lost_digits_and_zones_are_windows() {
        let of = |sought, stored| {
            let search = Search { column: 0, sought };
            (search.window(stored).unwrap(), offsets(search.window(stored).unwrap()).len())
        };
        assert_eq!(of(Sought::Digits { digits: 9, rounded: false }, 6), ((0, 999, 1), 1000));
        assert_eq!(of(Sought::Digits { digits: 9, rounded: true }, 6), ((-500, 500, 1), 1001));
        assert_eq!(of(Sought::Digits { digits: 7, rounded: false }, 6), ((0, 900, 100), 10));
        assert_eq!(of(Sought::Digits { digits: 6, rounded: false }, 3), ((0, 999_000, 1000), 1000));
        assert_eq!(of(Sought::Digits { digits: 3, rounded: false }, 6), ((0, 0, 1000), 1));
        assert_eq!(of(Sought::Zones, 6).1, 105);
    }

    #[test]
    fn bits_round_up() {
        assert_eq!([1, 2, 3, 4, 5, 56, 1000, 1024, 1025].map(bits), [0, 1, 2, 2, 3, 6, 10, 10, 11]);
    }

    fn inputs<'r>(row: &'r [Option<&'r str>]) -> Inputs<'r> {
        Inputs { row, prev: None, shifts: &[], orders: &[] }
    }

    #[test]
    fn every_combination_is_tried_once() {
        let times = |column| Search { column, sought: WINDOW };
        let members = Search { column: 2, sought: Sought::Members };
        let mut seeker = Seeker::new(&[times(0), times(1), members], &[]);
        let row = [Some("x"), Some("y"), Some(r#"{"a": 1, "b": 2}"#)];
        let mut seen = std::collections::HashSet::new();
        let found = seeker.seek(&inputs(&row), |tried| {
            assert!(seen.insert((tried.shifts.to_vec(), tried.orders.to_vec())));
            false
        });
        assert!(!found);
        assert_eq!((seen.len(), seeker.most(), seeker.beyond()), (6 * 6 * 2, 72, 0));
    }

    #[test]
    fn an_order_is_searched_once_for_all_values_of_its_names() {
        let mut seeker = Seeker::new(&[Search { column: 0, sought: Sought::Members }], &[]);
        let mut tried = 0;
        let mut find = |seeker: &mut Seeker, text: &str, order: u64| {
            tried = 0;
            let row = [Some(text)];
            let found = seeker.seek(&inputs(&row), |inputs| {
                tried += 1;
                inputs.orders == [(0, order)]
            });
            (found, tried)
        };
        assert_eq!(find(&mut seeker, r#"{"a": 1, "b": 2, "c": 3}"#, 4), (true, 5));
        assert_eq!(find(&mut seeker, r#"{"a": 9, "b": 8, "c": 7}"#, 4), (true, 1));
        // Another piece of code writes the same names otherwise.
        assert_eq!(find(&mut seeker, r#"{"a": 9, "b": 8, "c": 7}"#, 2), (true, 1 + 3));
        assert_eq!(find(&mut seeker, r#"{"a": 1, "b": 8, "c": 7}"#, 2), (true, 2));
        let members: Vec<String> = (0..12).map(|n| format!("\"m{n}\": {n}")).collect();
        assert_eq!(find(&mut seeker, &format!("{{{}}}", members.join(",")), 1), (false, 0));
        assert_eq!(seeker.beyond(), 1);
        // Names that were seen before are still known where the budget is used up; others are said not to be.
        seeker.spent = MOST_IN_ALL;
        assert_eq!(find(&mut seeker, r#"{"a": 9, "b": 8, "c": 7}"#, 2), (true, 2));
        assert_eq!(find(&mut seeker, r#"{"d": 9, "e": 8}"#, 1), (false, 0));
        assert_eq!(seeker.beyond(), 2);
    }
}
