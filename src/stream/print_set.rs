//! A set of fingerprints: eight bytes each in a flat table that is never much larger than what is in it.
//!
//! The table is cut into parts that grow one at a time and by little, so that growing needs no second table beside the
//! first. Fingerprints are random and secret, so they are their own hashes.

use super::expr::Refusal;

/// Parts of a table, as bits of a fingerprint.
const PART_BITS: u32 = 6;

/// Places of a part to begin with.
const LEAST: usize = 16;

/// Fingerprints. A place that holds 0 is free; the fingerprint 0 shares the place of 1, as one pair in 2^64 does anyway.
#[derive(Clone, Debug)]
pub(super) struct PrintSet {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Default)]
struct Part {
    places: Vec<u64>,
    held: usize,
}

impl Default for PrintSet {
    fn default() -> Self {
        Self { parts: vec![Part::default(); 1 << PART_BITS] }
    }
}

impl PrintSet {
    /// Puts a fingerprint in; false when it was there. `take` is asked for the memory, in bytes, before any is used.
    ///
    /// # Errors
    ///
    /// What `take` says.
    pub(super) fn insert(
        &mut self,
        print: u64,
        take: &dyn Fn(u64) -> Result<(), Refusal>,
    ) -> Result<bool, Refusal> {
        let print = print.max(1);
        let Some(part) = self.parts.get_mut(part_of(print)) else { return Ok(false) };
        // At most 13 of 16 places are taken, so that searches stay short.
        if (part.held + 1) * 16 > part.places.len() * 13 {
            part.grow(take)?;
        }
        Ok(part.put(print))
    }

    /// Whether a fingerprint is in it.
    #[must_use]
    pub(super) fn contains(&self, print: u64) -> bool {
        let print = print.max(1);
        self.parts.get(part_of(print)).is_some_and(|part| part.holds(print))
    }

    /// Whether each of some fingerprints is in it. Most of the time goes into waiting for memory, so all first places are
    /// fetched before the first is looked at.
    pub(super) fn contains_each<'a>(
        &'a self,
        prints: &'a [u64],
        firsts: &'a mut Vec<u64>,
    ) -> impl Iterator<Item = bool> + use<'a> {
        firsts.clear();
        firsts.extend(prints.iter().map(|print| self.first(*print)));
        prints.iter().zip(firsts.iter()).map(|(print, first)| *first == *print || self.contains(*print))
    }

    /// Fetches the places of fingerprints that are about to be put in.
    pub(super) fn fetch(&self, prints: &[u64]) {
        std::hint::black_box(prints.iter().fold(0, |all, print| all ^ self.first(*print)));
    }

    fn first(&self, print: u64) -> u64 {
        let print = print.max(1);
        let part = self.parts.get(part_of(print));
        part.and_then(|part| part.places.get(home(print, part.places.len())).copied()).unwrap_or(0)
    }

    /// Puts in many at once: each part grows once, and their places are fetched before they are needed.
    ///
    /// # Errors
    ///
    /// What `take` says.
    pub(super) fn insert_all(
        &mut self,
        prints: &[u64],
        take: &dyn Fn(u64) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut counts = [0usize; 1 << PART_BITS];
        for print in prints {
            if let Some(count) = counts.get_mut(part_of((*print).max(1))) {
                *count += 1;
            }
        }
        for (part, count) in self.parts.iter_mut().zip(counts) {
            part.make_room(count, take)?;
        }
        for some in prints.chunks(1024) {
            self.fetch(some);
            for print in some {
                self.insert(*print, take)?;
            }
        }
        Ok(())
    }

    /// Puts in all those of another set.
    ///
    /// # Errors
    ///
    /// What `take` says.
    pub(super) fn join(
        &mut self,
        other: &Self,
        take: &dyn Fn(u64) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        other.iter().try_for_each(|print| self.insert(print, take).map(|_| ()))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        self.parts.iter().flat_map(|part| &part.places).copied().filter(|print| *print != 0)
    }

    /// With this many, how surely another key is not taken for one of them: by chance in one of 2 to this power cases.
    #[must_use]
    pub(super) fn bits(&self) -> u32 {
        let held: usize = self.parts.iter().map(|part| part.held).sum();
        64 - (held.max(1) as u64).next_power_of_two().trailing_zeros()
    }

    /// Whether there is none.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| part.held == 0)
    }
}

/// The part of a fingerprint: its upper bits.
fn part_of(print: u64) -> usize {
    usize::try_from(print >> (64 - PART_BITS)).unwrap_or(0)
}

/// Where in a part of so many places a fingerprint belongs: by the bits below.
fn home(print: u64, places: usize) -> usize {
    let scaled = (u128::from(print << PART_BITS) * places as u128) >> 64;
    usize::try_from(scaled).unwrap_or(0)
}

impl Part {
    /// Room for so many more.
    fn make_room(&mut self, more: usize, take: &dyn Fn(u64) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let places = (self.held + more + 1) * 16 / 13 + 1;
        if more == 0 || places <= self.places.len() {
            Ok(())
        } else {
            self.widen(places - self.places.len(), take)
        }
    }

    fn grow(&mut self, take: &dyn Fn(u64) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.widen((self.places.len() / 4).max(LEAST), take)
    }

    fn widen(&mut self, more: usize, take: &dyn Fn(u64) -> Result<(), Refusal>) -> Result<(), Refusal> {
        take((more * size_of::<u64>()) as u64)?;
        let wider = vec![0; self.places.len() + more];
        let before = std::mem::replace(self, Self { places: wider, held: 0 });
        for print in before.places.into_iter().filter(|print| *print != 0) {
            self.put(print);
        }
        Ok(())
    }

    fn put(&mut self, print: u64) -> bool {
        let at = home(print, self.places.len());
        let (before, from) = self.places.split_at_mut_checked(at).unwrap_or_default();
        for place in from.iter_mut().chain(before) {
            match *place {
                0 => {
                    *place = print;
                    self.held += 1;
                    return true;
                }
                known if known == print => return false,
                _ => {}
            }
        }
        false
    }

    fn holds(&self, print: u64) -> bool {
        let at = home(print, self.places.len());
        let (before, from) = self.places.split_at_checked(at).unwrap_or_default();
        from.iter().chain(before).take_while(|known| **known != 0).any(|known| *known == print)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_holds_what_any_set_holds(
            few in proptest::collection::vec(0u64..40, 0..80),
            many in proptest::collection::vec(any::<u64>(), 0..2000),
            others in proptest::collection::vec(any::<u64>(), 0..80),
        ) {
            let (mut set, mut plain) = (PrintSet::default(), BTreeSet::new());
            for print in few.iter().chain(&many).map(|print| (*print).max(1)) {
                prop_assert_eq!(set.insert(print, &|_| Ok(())).unwrap(), plain.insert(print));
            }
            prop_assert_eq!(set.iter().collect::<BTreeSet<_>>(), plain.clone());
            let mut at_once = PrintSet::default();
            for part in [&few, &many, &few] {
                at_once.insert_all(part, &|_| Ok(())).unwrap();
            }
            prop_assert_eq!(at_once.iter().collect::<BTreeSet<_>>(), plain.clone());
            let asked: Vec<u64> = few.iter().chain(&others).chain(&many).copied().collect();
            let mut firsts = Vec::new();
            for (print, found) in asked.iter().zip(set.contains_each(&asked, &mut firsts)) {
                prop_assert_eq!(found, plain.contains(&(*print).max(1)));
            }
        }
    }

    #[test]
    fn it_takes_little_more_than_it_holds_and_stops_where_it_may_not_grow() {
        let taken = Cell::new(0);
        let take = |bytes: u64| {
            if taken.get() + bytes > 4 << 20 {
                return Err("no more".to_owned());
            }
            taken.set(taken.get() + bytes);
            Ok(())
        };
        let mut set = PrintSet::default();
        let mut held = 0;
        let stopped = (1u64..).find_map(|n| {
            let inserted = set.insert(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), &take);
            held += u64::from(inserted == Ok(true));
            inserted.err()
        });
        assert_eq!(stopped.as_deref(), Some("no more"));
        assert!(taken.get() / held <= 13, "{held} in {} bytes", taken.get());
    }
}
