//! The hash of a large object, made of pieces as they come, so that no object has to be in memory.

use sha2::{Digest as _, Sha256};

/// What the bytes of every object begin with, so that no row and no other text hashes like one.
const BEGIN: &[u8; 4] = b"HTL1";

/// One object while it is read.
#[derive(Clone, Debug)]
pub struct ObjectHasher {
    oid: u32,
    bytes: u64,
    digest: Sha256,
}

impl ObjectHasher {
    /// Begins an object.
    #[must_use]
    pub fn new(oid: u32) -> Self {
        let mut digest = Sha256::new();
        digest.update(BEGIN);
        digest.update(oid.to_be_bytes());
        Self { oid, bytes: 0, digest }
    }

    /// Its next bytes.
    pub fn feed(&mut self, piece: &[u8]) {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        self.digest.update(piece);
    }

    /// Its number.
    #[must_use]
    pub fn oid(&self) -> u32 {
        self.oid
    }

    /// Bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The hash of what came so far.
    #[must_use]
    pub fn hash(&self) -> u128 {
        let digest = self.digest.clone().finalize();
        digest.first_chunk::<16>().map_or(0, |head| u128::from_be_bytes(*head))
    }
}

#[cfg(test)]
mod tests {
    use super::super::LargeObjects;
    use super::*;
    use proptest::prelude::*;

    fn object(oid: u32, pieces: &[&[u8]]) -> ObjectHasher {
        let mut object = ObjectHasher::new(oid);
        pieces.iter().for_each(|piece| object.feed(piece));
        object
    }

    fn sealed<'a>(objects: impl IntoIterator<Item = &'a ObjectHasher>) -> LargeObjects {
        let mut sealed = LargeObjects::default();
        objects.into_iter().for_each(|object| sealed.add(object));
        sealed
    }

    /// These stand in `docs/fingerprint.md`.
    #[test]
    fn the_documented_vectors_hold() {
        let text = include_str!("../../../docs/fingerprint.md");
        let hole = [vec![0; 2048], b"x".to_vec()].concat();
        let objects = [
            object(16400, &[]),
            object(16401, &[b"abc"]),
            object(4_000_000_000, &[&[0, 255]]),
            object(16402, &[&hole]),
        ];
        let vectors: Vec<String> = objects.iter().map(|object| format!("{:032x}", object.hash())).collect();
        for (n, vector) in vectors.iter().enumerate() {
            assert!(text.contains(vector.as_str()), "vector {n}: {vector}");
            assert!(!vectors[..n].contains(vector));
        }
        let all = sealed(&objects);
        let sum = format!("{:032x}", all.sum);
        assert!(text.contains(&sum), "{sum}");
        assert_eq!((all.objects, all.bytes), (4, 2054));
    }

    #[test]
    fn what_does_not_add_up_is_seen() {
        let sound = sealed(&[object(1, &[b"a"]), object(2, &[b""])]);
        assert!(sound.adds_up() && LargeObjects::default().adds_up());
        let each = sound.each.clone().map(|mut each| each.pop_first().map(|_| each).unwrap_or_default());
        for odd in [
            LargeObjects { objects: 3, ..sound.clone() },
            LargeObjects { bytes: 2, ..sound.clone() },
            LargeObjects { sum: sound.sum ^ 1, ..sound.clone() },
            LargeObjects { each, ..sound.clone() },
            LargeObjects { each: None, ..sound },
        ] {
            assert!(!odd.adds_up(), "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_and_order_do_not_matter(
            mut objects in proptest::collection::btree_map(1u32..u32::MAX, proptest::collection::vec(any::<u8>(), 0..50), 0..20),
            cut in 0usize..50, piece in 1usize..9,
        ) {
            let whole: Vec<ObjectHasher> = objects.iter().map(|(oid, bytes)| object(*oid, &[bytes])).collect();
            let parts: Vec<ObjectHasher> = objects
                .iter()
                .rev()
                .map(|(oid, bytes)| object(*oid, &bytes.chunks(piece).collect::<Vec<_>>()))
                .collect();
            let sum = sealed(&whole);
            prop_assert_eq!(&sum, &sealed(&parts));
            // One byte more, one byte other, or another number is another sum.
            if let Some((oid, mut bytes)) = objects.pop_first() {
                let rest = objects.iter().map(|(oid, bytes)| object(*oid, &[bytes])).collect::<Vec<_>>();
                let with = |changed: ObjectHasher| sealed(rest.iter().chain([&changed])).sum;
                prop_assert_ne!(sum.sum, with(object(oid, &[&bytes, &[0]])));
                prop_assert_ne!(sum.sum, with(object(oid ^ 1, &[&bytes])));
                if let Some(byte) = bytes.get_mut(cut) {
                    *byte ^= 1;
                    prop_assert_ne!(sum.sum, with(object(oid, &[&bytes])));
                }
            }
        }
    }
}
