//! Splits by fingerprint: one short number for the cells that tell a row's chain, under a secret of the segment.
//!
//! Nobody who writes rows knows the secret, so nobody can make two splits meet; and since a fingerprint is uniform as it
//! is, the table of splits need not hash it again.

use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

use siphasher::sip128::SipHasher13;

/// Makes fingerprints of splits.
#[derive(Clone)]
pub(in crate::chain) struct SplitKeys {
    secret: SipHasher13,
    /// The cells of the row at hand.
    cells: Vec<u8>,
}

/// Not shown, so that nobody can choose rows by it while a run still goes on.
impl std::fmt::Debug for SplitKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SplitKeys")
    }
}

/// Ends a text, and stands for NULL: bytes that occur in no text, so that two rows of cells never look alike.
const END: u8 = 0xff;
const NULL: u8 = 0xfe;

impl SplitKeys {
    /// Draws a secret.
    pub(in crate::chain) fn fresh() -> Self {
        let draw = || RandomState::new().hash_one(0u8);
        Self { secret: SipHasher13::new_with_keys(draw(), draw()), cells: Vec::new() }
    }

    /// The fingerprint of a row's split.
    pub(in crate::chain) fn of(&mut self, row: &[Option<&str>], split: &[usize]) -> u128 {
        self.cells.clear();
        for index in split {
            match row.get(*index).copied().flatten() {
                None => self.cells.push(NULL),
                Some(text) => {
                    self.cells.extend_from_slice(text.as_bytes());
                    self.cells.push(END);
                }
            }
        }
        self.secret.hash(&self.cells).as_u128()
    }
}

/// What is known of each split.
pub(in crate::chain) type BySplit<T> = std::collections::HashMap<u128, T, BuildHasherDefault<Uniform>>;

/// A hasher for numbers that are uniform already.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::chain) struct Uniform(u64);

impl Hasher for Uniform {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, n: u128) {
        self.0 = u64::try_from(n & u128::from(u64::MAX)).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_split_do_not_run_into_each_other() {
        let mut keys = SplitKeys::fresh();
        let rows: [&[Option<&str>]; 8] = [
            &[Some("a"), Some("b")],
            &[Some("ab"), Some("")],
            &[Some(""), Some("ab")],
            &[Some("a"), None],
            &[None, Some("a")],
            &[None, None],
            &[Some(""), None],
            &[Some(""), Some("")],
        ];
        let made: std::collections::HashSet<u128> = rows.iter().map(|row| keys.of(row, &[0, 1])).collect();
        assert_eq!(made.len(), rows.len());
        assert_eq!(keys.of(&[Some("x"), Some("y")], &[1]), keys.of(&[Some("z"), Some("y")], &[1]));
        assert_ne!(keys.of(&[Some("y")], &[0]), SplitKeys::fresh().of(&[Some("y")], &[0]));
    }

    #[test]
    fn splits_are_found_again() {
        let mut keys = SplitKeys::fresh();
        let texts: Vec<String> = (0..5000).map(|n| format!("tenant-{n}")).collect();
        let mut held = BySplit::default();
        for (n, text) in texts.iter().enumerate() {
            held.insert(keys.of(&[Some(text)], &[0]), n);
        }
        assert_eq!(held.len(), texts.len());
        for (n, text) in texts.iter().enumerate() {
            assert_eq!(held.get(&keys.of(&[Some(text)], &[0])), Some(&n));
        }
    }
}
