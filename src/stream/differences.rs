//! Whether sums are zero in every group, without a table of groups.
//!
//! Each group's key has a secret factor `h`. The sum of `h * amount` over all rows is zero when every group sums to zero.
//! If one does not, it is zero only by chance. The groups are spread over a fixed number of buckets, each with a sum of
//! its own, so that a second, narrow pass has to look only at groups in buckets that are not zero: nothing is ever called
//! unbalanced on the word of a fingerprint, and memory does not grow with the number of groups.
//!
//! Two lanes are kept: modulo the prime `2^61 - 1`, and modulo `2^64`. A group that is not balanced goes unseen with a
//! probability of at most `2^-60`; where its difference is a multiple of `2^61 - 1` smallest units, which only somebody
//! who knows this program would write, the second lane still leaves at most `2^-40`.

use super::exact::{Exact, MAX_SCALE};
use super::keyed::{Print, high, low};

/// How surely a group that is not balanced is seen: unseen by chance in one of 2 to this power cases.
pub const BITS: u32 = 60;

/// Number of buckets.
const BUCKETS: usize = 1 << 16;

/// The prime of the first lane.
const PRIME: u64 = (1 << 61) - 1;

/// Amounts of more digits are looked at exactly.
const MOST: u128 = 1 << 80;

/// Sums over groups, by bucket.
#[derive(Clone, Debug)]
pub struct Differences {
    prime: Vec<u64>,
    wrapping: Vec<u64>,
    doubt: Vec<bool>,
    /// The group at hand, and what neighbouring rows of it come to so far: `digits / 10^scale`.
    run: (Print, i128, u32),
}

impl Default for Differences {
    fn default() -> Self {
        Self {
            prime: vec![0; BUCKETS],
            wrapping: vec![0; BUCKETS],
            doubt: vec![false; BUCKETS],
            run: (0, 0, 0),
        }
    }
}

/// The bucket of a group.
#[must_use]
pub fn bucket(print: Print) -> usize {
    // Mixed, so that it tells nothing about the factors (the finalizer of splitmix64).
    let mut z = high(print) ^ low(print).rotate_left(32);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((z ^ (z >> 31)) >> 48).unwrap_or(0) % BUCKETS
}

/// A number modulo the prime.
fn reduce(n: u128) -> u64 {
    let prime = u128::from(PRIME);
    let once = (n & prime) + (n >> 61);
    let twice = (once & prime) + (once >> 61);
    let rest = (twice & prime) + (twice >> 61);
    u64::try_from(if rest >= prime { rest - prime } else { rest }).unwrap_or(0)
}

impl Differences {
    /// Adds an amount to a group.
    pub fn add(&mut self, print: Print, amount: &Exact) {
        let Some((digits, scale)) = amount.small().filter(|(digits, _)| digits.unsigned_abs() < MOST) else {
            self.doubt(print);
            return;
        };
        let (group, sum, sum_scale) = self.run;
        let more = sum + digits;
        // Rows of a group mostly lie together, and mostly come to nothing together.
        if group == print && sum_scale == scale && more.unsigned_abs() < MOST {
            self.run = (print, more, scale);
            return;
        }
        self.settle(self.run);
        self.run = (print, digits, scale);
    }

    /// Adds what a group's run of rows comes to.
    fn settle(&mut self, (print, digits, scale): (Print, i128, u32)) {
        if digits == 0 {
            return;
        }
        let at = bucket(print);
        let (Some(prime), Some(wrapping)) = (self.prime.get_mut(at), self.wrapping.get_mut(at)) else {
            return;
        };
        let factor = 10u64.pow(MAX_SCALE.saturating_sub(scale));
        let scaled = u128::from(reduce(digits.unsigned_abs())) * u128::from(factor % PRIME);
        let product = reduce(u128::from(reduce(scaled)) * u128::from(reduce(u128::from(low(print)))));
        let signed = if digits < 0 && product != 0 { PRIME - product } else { product };
        *prime = reduce(u128::from(*prime) + u128::from(signed));
        // An odd factor, so that nothing but the difference itself can make the product even.
        let step = (digits as u64).wrapping_mul(factor).wrapping_mul(high(print) | 1);
        *wrapping = wrapping.wrapping_add(step);
    }

    /// Leaves a group to be looked at exactly.
    pub fn doubt(&mut self, print: Print) {
        if let Some(doubt) = self.doubt.get_mut(bucket(print)) {
            *doubt = true;
        }
    }

    /// Leaves every group to be looked at exactly.
    pub fn doubt_all(&mut self) {
        self.doubt.fill(true);
    }

    /// The sums of two parts of the rows.
    pub fn merge(&mut self, other: &Self) {
        self.settle(other.run);
        for (a, b) in self.prime.iter_mut().zip(&other.prime) {
            *a = reduce(u128::from(*a) + u128::from(*b));
        }
        for (a, b) in self.wrapping.iter_mut().zip(&other.wrapping) {
            *a = a.wrapping_add(*b);
        }
        for (a, b) in self.doubt.iter_mut().zip(&other.doubt) {
            *a |= b;
        }
    }

    /// The buckets that must be looked at; empty when every group sums to zero.
    #[must_use]
    pub fn suspects(&mut self) -> Buckets {
        let run = std::mem::take(&mut self.run);
        self.settle(run);
        let mut buckets = Buckets::none();
        let lanes = self.prime.iter().zip(&self.wrapping).zip(&self.doubt);
        for (at, ((prime, wrapping), doubt)) in lanes.enumerate() {
            if *prime != 0 || *wrapping != 0 || *doubt {
                buckets.put(at);
            }
        }
        buckets
    }
}

/// A set of buckets.
#[derive(Clone, Debug)]
pub struct Buckets {
    marked: Vec<bool>,
    any: bool,
}

impl Buckets {
    /// No bucket.
    #[must_use]
    pub fn none() -> Self {
        Self { marked: vec![false; BUCKETS], any: false }
    }

    /// Every bucket.
    #[must_use]
    pub fn all() -> Self {
        Self { marked: vec![true; BUCKETS], any: true }
    }

    fn put(&mut self, at: usize) {
        if let Some(marked) = self.marked.get_mut(at) {
            *marked = true;
            self.any = true;
        }
    }

    /// Adds the bucket of a group.
    pub fn add(&mut self, print: Print) {
        self.put(bucket(print));
    }

    /// Adds those of another set.
    pub fn join(&mut self, other: &Self) {
        for (a, b) in self.marked.iter_mut().zip(&other.marked) {
            *a |= b;
        }
        self.any |= other.any;
    }

    /// Whether a group is in one of them.
    #[must_use]
    pub fn has(&self, print: Print) -> bool {
        self.any && self.marked.get(bucket(print)).is_some_and(|m| *m)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn print(n: u64) -> Print {
        use super::super::keyed::{Printed, Printer, Seed};
        let cell = super::super::cell::Cell::Time(i64::try_from(n).unwrap());
        match Printer::new(Seed::fixed(3)).cell(&cell) {
            Printed::Whole(print) => print,
            other => panic!("{other:?}"),
        }
    }

    fn amount(digits: i128, scale: u32) -> Exact {
        Exact::Small { digits, scale }
    }

    #[test]
    fn balanced_groups_are_zero_whatever_their_scale() {
        let mut sums = Differences::default();
        sums.add(print(1), &amount(150, 2));
        sums.add(print(2), &amount(-7, 0));
        sums.add(print(1), &amount(-15, 1));
        sums.add(print(2), &amount(7_000_000, 6));
        assert!(sums.suspects().is_empty());
    }

    #[test]
    fn groups_that_balance_only_together_are_seen() {
        let mut sums = Differences::default();
        sums.add(print(1), &amount(1, 2));
        sums.add(print(2), &amount(-1, 2));
        assert!(sums.suspects().has(print(1)) && sums.suspects().has(print(2)));
    }

    #[test]
    fn a_difference_of_the_prime_itself_is_seen() {
        let mut sums = Differences::default();
        sums.add(print(1), &amount(i128::from(PRIME), 2));
        assert!(sums.suspects().has(print(1)));
    }

    #[test]
    fn what_is_too_large_is_left_to_be_looked_at() {
        let mut sums = Differences::default();
        sums.add(print(1), &amount(1 << 100, 0));
        assert!(sums.suspects().has(print(1)));
    }

    proptest! {
        #[test]
        fn any_split_and_order_of_the_rows_gives_the_same(
            rows in proptest::collection::vec((0u64..9, -1_000_000i64..1_000_000, 0u32..6), 0..60),
            cut in 0usize..60,
        ) {
            let add = |sums: &mut Differences, (key, digits, scale): &(u64, i64, u32)| {
                sums.add(print(*key), &amount(i128::from(*digits), *scale));
            };
            let mut whole = Differences::default();
            rows.iter().for_each(|row| add(&mut whole, row));
            let (mut left, mut right) = (Differences::default(), Differences::default());
            let cut = cut.min(rows.len());
            rows[..cut].iter().rev().for_each(|row| add(&mut left, row));
            rows[cut..].iter().for_each(|row| add(&mut right, row));
            right.merge(&left);
            prop_assert_eq!(whole.suspects().marked, right.suspects().marked);
            prop_assert_eq!(&whole.prime, &right.prime);
            prop_assert_eq!(&whole.wrapping, &right.wrapping);
        }

        #[test]
        fn a_group_is_suspected_exactly_when_its_sum_is_not_zero(
            rows in proptest::collection::vec((0u64..4, -3i64..4), 0..24),
        ) {
            let mut sums = Differences::default();
            let mut plain = [0i64; 4];
            for (key, digits) in &rows {
                sums.add(print(*key), &amount(i128::from(*digits), 2));
                plain[usize::try_from(*key).unwrap()] += digits;
            }
            let found = sums.suspects();
            for (key, sum) in plain.iter().enumerate() {
                // Four keys rarely share a bucket, and these do not.
                prop_assert_eq!(found.has(print(u64::try_from(key).unwrap())), *sum != 0);
            }
        }
    }
}
