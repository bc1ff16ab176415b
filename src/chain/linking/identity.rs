//! Hash values as fixed 32 bytes, so that links compare fast and buffers stay small.

use sha2::{Digest as _, Sha256};

use super::hex;
use super::program::Form;

/// Stands for one stored hash value. Two values have the same identity exactly when they are the same text or bytes.
pub(crate) type Id = [u8; 32];

/// The identity of a stored hash: a SHA-256 in plain hex or raw is its own; anything else is digested with a label,
/// so that it cannot meet a plain one.
pub(crate) fn identify(value: &[u8], form: Form) -> Id {
    let plain = match form {
        Form::Text => hex::exact_32(value),
        Form::Bytes => value.try_into().ok(),
    };
    plain.unwrap_or_else(|| {
        let mut digest = Sha256::new();
        digest.update(b"another spelling:");
        digest.update(value);
        digest.finalize().into()
    })
}

/// The first 64 bits, for samples.
pub(crate) fn short(id: &Id) -> u64 {
    id.first_chunk().map_or(0, |head| u64::from_le_bytes(*head))
}

/// A bounded sample of identities. Whether a value is sampled depends on the value alone, so two samples taken with
/// the same mask hold the same values.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    mask: u64,
    held: std::collections::HashSet<u64>,
}

impl Sample {
    const LIMIT: usize = 1 << 16;

    /// Adds a value, thinning the sample by half when it is full.
    pub(crate) fn add(&mut self, id: &Id) {
        let short = short(id);
        if short & self.mask != 0 {
            return;
        }
        self.held.insert(short);
        if self.held.len() > Self::LIMIT {
            self.mask = self.mask << 1 | 1;
            let mask = self.mask;
            self.held.retain(|short| short & mask == 0);
        }
    }

    /// Whether the value is known; `None` when values like it are not sampled.
    pub(crate) fn knows(&self, short: u64) -> Option<bool> {
        (short & self.mask == 0).then(|| self.held.contains(&short))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_digests_stand_for_themselves() {
        assert_eq!(identify("ab".repeat(32).as_bytes(), Form::Text), [0xab; 32]);
        assert_eq!(identify(&[7; 32], Form::Bytes), [7; 32]);
        assert_ne!(identify("AB".repeat(32).as_bytes(), Form::Text), [0xab; 32]);
        assert_ne!(identify(b"x", Form::Text), identify(b"y", Form::Text));
    }

    #[test]
    fn a_thinned_sample_still_answers() {
        let mut sample = Sample::default();
        let ids: Vec<Id> = (0..200_000u32).map(|n| Sha256::digest(n.to_le_bytes()).into()).collect();
        ids.iter().for_each(|id| sample.add(id));
        let answers: Vec<bool> = ids.iter().filter_map(|id| sample.knows(short(id))).collect();
        assert!(answers.len() > 10_000 && answers.len() <= Sample::LIMIT);
        assert!(answers.iter().all(|known| *known));
        let strangers: Vec<bool> = (1_000_000..1_001_000u32)
            .filter_map(|n| sample.knows(short(&Sha256::digest(n.to_le_bytes()).into())))
            .collect();
        assert!(!strangers.is_empty() && strangers.iter().all(|known| !known));
    }
}
