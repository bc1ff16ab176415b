//! Goes through one family's candidates for one row: which columns, in which order, spelt how.
//!
//! Every candidate costs what the choices that make it cost, and only those within two bounds are hashed. What a beginning
//! has cost, and the least that the rest can cost, cuts off everything behind it. The state of the digest after a beginning
//! is kept, so that each candidate costs the hashing of its last part.

use hmac::digest::block_api::BlockSizeUser;
use sha2::Digest;

use super::family::{Family, Item};
use super::keyed::Sealing;
use super::prior::Cost;
use super::stored::Letters;

/// A candidate that yields the stored hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Items and their variants, in order.
    pub(super) path: Vec<(usize, usize)>,
    /// Which of the family's outers.
    pub(super) outer: Option<usize>,
    pub(super) cost: Cost,
}

/// How often it is asked whether to stop.
const ASK: u64 = 4096;

/// One walk.
pub(super) struct Walk<'f, D: Digest> {
    pub(super) family: &'f Family,
    pub(super) target: &'f [u8],
    /// Candidates that cost no more than this are left out.
    pub(super) low: Cost,
    /// Candidates that cost more than this are left out.
    pub(super) high: Cost,
    /// Whether to stop, given how many candidates were tried since the last time.
    pub(super) stop: &'f dyn Fn(u64) -> bool,
    pub(super) tried: u64,
    pub(super) stopped: bool,
    path: Vec<(usize, usize)>,
    hit: Option<Hit>,
    sealing: Sealing<D>,
}

/// Where a walk is.
#[derive(Clone, Copy)]
struct Place {
    /// Items before this one have been decided.
    cursor: usize,
    used: u64,
    cost: Cost,
    /// Columns that take part.
    taken: u32,
}

fn bit(item: usize) -> u64 {
    1u64.checked_shl(u32::try_from(item).unwrap_or(u32::MAX)).unwrap_or(0)
}

/// The least an item costs, taking part or not.
fn least(item: &Item) -> Cost {
    item.variants.first().map_or(item.skip, |variant| item.skip.min(item.take + variant.cost))
}

impl<'f, D: Digest + BlockSizeUser + Clone> Walk<'f, D> {
    pub(super) fn new(
        family: &'f Family,
        target: &'f [u8],
        (low, high): (Cost, Cost),
        stop: &'f dyn Fn(u64) -> bool,
        sealing: Sealing<D>,
    ) -> Self {
        let (path, hit) = (Vec::new(), None);
        Self { family, target, low, high, stop, tried: 0, stopped: false, path, hit, sealing }
    }

    /// The first candidate within the bounds that yields the hash.
    pub(super) fn run(mut self) -> (Option<Hit>, u64, bool) {
        if self.family.cost <= self.high {
            let mut state = self.sealing.inside.begin();
            state.update(&self.family.open);
            let place = Place { cursor: 0, used: 0, cost: self.family.cost, taken: 0 };
            self.step(&state, place);
        }
        let _ = (self.stop)(self.tried % ASK);
        (self.hit, self.tried, self.stopped)
    }

    fn over(&self) -> bool {
        self.stopped || self.hit.is_some()
    }

    fn step(&mut self, state: &D, place: Place) {
        let family = self.family;
        let items = &family.items;
        let mut tail: (Cost, Cost) = (0, 0);
        for (n, item) in items.iter().enumerate().skip(place.cursor) {
            if place.used & bit(n) == 0 && item.column.is_some() {
                tail = (tail.0 + item.skip, tail.1 + least(item));
            }
        }
        let missing = family.must.filter(|must| place.used & bit(*must) == 0);
        if missing.is_none() && place.taken > 0 {
            self.test(state, place.cost + tail.0);
        }
        if self.over() || place.cost + tail.1 > self.high {
            return;
        }
        // Forward, past what is left out.
        let (mut skipped, mut rest) = (0, tail.1);
        let mut next_free = None;
        for (n, item) in items.iter().enumerate().skip(place.cursor) {
            if place.used & bit(n) != 0 {
                continue;
            }
            if item.column.is_none() {
                if family.sorted {
                    // In its place, and never left out.
                    self.take(state, n, Place { cursor: n + 1, cost: place.cost + skipped, ..place }, rest);
                    break;
                }
                continue;
            }
            next_free.get_or_insert(n);
            rest -= least(item);
            if place.cost + skipped + item.take + rest <= self.high {
                let cost = place.cost + skipped + item.take;
                self.take(state, n, Place { cursor: n + 1, cost, ..place }, rest);
            }
            skipped += item.skip;
            if self.over() || place.cost + skipped + rest > self.high {
                break;
            }
        }
        if family.sorted || self.over() {
            return;
        }
        if let Some(must) = missing
            && let Some(item) = items.get(must)
        {
            let cost = place.cost + item.moved;
            self.take(state, must, Place { cost, ..place }, tail.1);
        }
        self.pull(state, place, tail.1, next_free);
    }

    /// Out of its place: from further on, or from what was passed over.
    fn pull(&mut self, state: &D, place: Place, least_of_rest: Cost, next_free: Option<usize>) {
        let family = self.family;
        for (n, item) in family.items.iter().enumerate() {
            if self.over() {
                return;
            }
            if place.used & bit(n) != 0 || item.column.is_none() || Some(n) == next_free {
                continue;
            }
            let mut cost = place.cost + item.moved + item.take;
            let ahead = n >= place.cursor;
            if !ahead {
                // That it is left out has been paid for.
                cost -= item.skip.min(item.moved);
                // What only two neighbours exchanged is reached from the other side.
                let between = bit(place.cursor).wrapping_sub(1) & !(bit(n + 1).wrapping_sub(1));
                if (place.used & between).count_ones() < 2 {
                    continue;
                }
            }
            let rest = if ahead { least_of_rest - least(item) } else { least_of_rest };
            if cost + rest <= self.high {
                self.take(state, n, Place { cost, ..place }, rest);
            }
        }
    }

    /// Adds an item in every spelling that the bounds allow.
    fn take(&mut self, state: &D, n: usize, place: Place, rest: Cost) {
        let family = self.family;
        let Some(item) = family.items.get(n) else { return };
        let started = place.used != 0;
        let mut before = state.clone();
        if started {
            before.update(&family.separator);
        }
        for (v, variant) in item.variants.iter().enumerate() {
            let cost = place.cost + variant.cost;
            if cost + rest > self.high || self.over() {
                break;
            }
            let mut state = before.clone();
            state.update(&variant.bytes);
            self.path.push((n, v));
            let taken = place.taken + u32::from(item.column.is_some());
            self.step(&state, Place { used: place.used | bit(n), cost, taken, ..place });
            self.path.pop();
        }
    }

    fn test(&mut self, state: &D, cost: Cost) {
        if cost > self.high {
            return;
        }
        let family = self.family;
        if family.outers.is_empty() {
            if cost <= self.low {
                return;
            }
            let mut state = state.clone();
            state.update(&family.close);
            let digest = self.sealing.inside.finish(state);
            self.compare(&digest, None, cost);
            return;
        }
        let mut inner: Option<Vec<u8>> = None;
        for (n, outer) in family.outers.iter().enumerate() {
            let cost = cost + outer.cost;
            if cost > self.high || self.over() {
                break;
            }
            if cost <= self.low {
                continue;
            }
            let raw = inner.get_or_insert_with(|| {
                let mut state = state.clone();
                state.update(&family.close);
                self.sealing.inside.finish(state).to_vec()
            });
            let mut outside = self.sealing.outside.begin();
            outside.update(&outer.before);
            outside.update(outer.prefix.as_bytes());
            match outer.letters {
                Some(Letters::Hex) => outside.update(hex(raw, false)),
                Some(Letters::HexUpper) => outside.update(hex(raw, true)),
                _ => outside.update(&*raw),
            }
            outside.update(&outer.after);
            let digest = self.sealing.outside.finish(outside);
            self.compare(&digest, Some(n), cost);
        }
    }

    fn compare(&mut self, digest: &[u8], outer: Option<usize>, cost: Cost) {
        self.tried += 1;
        let yields = match &self.sealing.over {
            None => digest == self.target,
            Some((letters, ends)) => {
                let mut state = ends.begin();
                match letters {
                    Letters::Hex => state.update(hex(digest, false)),
                    Letters::HexUpper => state.update(hex(digest, true)),
                    _ => state.update(digest),
                }
                ends.finish(state).as_slice() == self.target
            }
        };
        if yields {
            self.hit = Some(Hit { path: self.path.clone(), outer, cost });
        } else if self.tried.is_multiple_of(ASK) && (self.stop)(ASK) {
            self.stopped = true;
        }
    }
}

fn hex(bytes: &[u8], upper: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 4);
    out.extend_from_slice(bytes);
    crate::chain::hex::encode_tail(&mut out, 0, upper);
    out
}
