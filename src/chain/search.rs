//! The declared search for a time that was hashed but not stored: which offsets are tried, and in which order.

use super::spec::Search;

/// Most candidates a declared search may have per row.
pub(crate) const MOST_CANDIDATES: u64 = 1_000_000;

/// Offsets in microseconds, nearest to the stored value first; zero is the stored value itself and is not listed.
pub(crate) fn offsets(search: &Search) -> Vec<i64> {
    let step = search.step_micros.max(1);
    let mut offsets: Vec<i64> = Vec::new();
    let mut at = search.from_micros;
    while at <= search.to_micros {
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
    use super::*;

    #[test]
    fn the_nearest_comes_first() {
        let search = Search { column: 0, from_micros: -3000, to_micros: 2000, step_micros: 1000 };
        assert_eq!(offsets(&search), [-1000, 1000, -2000, 2000, -3000]);
        assert_eq!(search.candidates(), 6);
    }

    #[test]
    fn bits_round_up() {
        assert_eq!([1, 2, 3, 4, 5, 56, 1000, 1024, 1025].map(bits), [0, 1, 2, 2, 3, 6, 10, 10, 11]);
    }
}
