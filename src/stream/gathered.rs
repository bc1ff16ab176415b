//! Fingerprints on their way into a set. Putting them in one by one means to wait for memory and to grow often, so they are
//! put in many at once.

use super::expr::Refusal;
use super::print_set::PrintSet;

/// Fingerprints that wait, at most: 32 MiB of them.
const WAITING: usize = 1 << 22;

/// Fingerprints that wait for memory to be asked for.
const STEP: usize = 1 << 16;

/// A set, and what is still to be put in.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    set: PrintSet,
    waiting: Vec<u64>,
    /// Room for waiting ones that memory was asked for.
    asked: usize,
}

impl Gathered {
    /// Adds some. `take` is asked for the memory, in bytes, before any is used.
    ///
    /// # Errors
    ///
    /// What `take` says.
    pub(super) fn add(
        &mut self,
        prints: &[u64],
        take: &dyn Fn(u64) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if self.waiting.len() + prints.len() > self.asked {
            let more = prints.len().max(STEP);
            take((more * size_of::<u64>()) as u64)?;
            self.asked += more;
        }
        self.waiting.extend_from_slice(prints);
        if self.waiting.len() < WAITING { Ok(()) } else { self.settle(take) }
    }

    fn settle(&mut self, take: &dyn Fn(u64) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.set.insert_all(&self.waiting, take)?;
        self.waiting.clear();
        Ok(())
    }

    /// Adds all of another one.
    ///
    /// # Errors
    ///
    /// What `take` says.
    pub(super) fn join(
        &mut self,
        other: &Self,
        take: &dyn Fn(u64) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.add(&other.waiting, take)?;
        self.set.join(&other.set, take)
    }

    /// The set of all.
    ///
    /// # Errors
    ///
    /// What `take` says.
    pub(super) fn finish(mut self, take: &dyn Fn(u64) -> Result<(), Refusal>) -> Result<PrintSet, Refusal> {
        self.settle(take)?;
        Ok(self.set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::collections::BTreeSet;

    #[test]
    fn all_arrive_in_the_set_however_they_came() {
        let prints: Vec<u64> =
            (1..50_000u64).map(|n| (n % 30_000).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let take = |_| Ok(());
        let (mut one, mut other) = (Gathered::default(), Gathered::default());
        for (n, some) in prints.chunks(777).enumerate() {
            if n % 2 == 0 { &mut one } else { &mut other }.add(some, &take).unwrap();
        }
        one.join(&other, &take).unwrap();
        let set: BTreeSet<u64> = one.finish(&take).unwrap().iter().collect();
        assert_eq!(set, prints.into_iter().map(|print| print.max(1)).collect());
    }

    #[test]
    fn memory_is_asked_for_before_it_is_used() {
        let left = Cell::new(3 << 20);
        let take = |bytes: u64| match left.get() >= bytes {
            true => {
                left.set(left.get() - bytes);
                Ok(())
            }
            false => Err("no more".to_owned()),
        };
        let mut gathered = Gathered::default();
        let stopped = (0u64..1000).find_map(|n| gathered.add(&vec![n; 1000], &take).err());
        assert_eq!(stopped.as_deref(), Some("no more"));
        assert!(gathered.waiting.len() * 8 <= 3 << 20);
    }
}
