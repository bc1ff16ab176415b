//! SHA-256 of what stands at the end of a buffer, in its place.
//!
//! What is hashed stands in one piece, so it is padded where it stands and goes into the hash function in one go. A hasher
//! that takes parts would copy the end of every row into a block of its own.

use sha2::block_api::compress256;

/// The fractional parts of the square roots of the first eight primes (FIPS 180-4, 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Replaces the bytes from `start` on by their digest.
pub(in crate::chain) fn sha256_tail(out: &mut Vec<u8>, start: usize) {
    let length = out.len().saturating_sub(start);
    let bits = (length as u64).wrapping_mul(8);
    // A bit that ends the text, and the text's length at the end of a block.
    let padded = (length + 9).next_multiple_of(64);
    out.push(0x80);
    out.resize(start + padded - 8, 0);
    out.extend_from_slice(&bits.to_be_bytes());
    let mut state = START;
    let (blocks, _) = out.get(start..).unwrap_or_default().as_chunks::<64>();
    compress256(&mut state, blocks);
    out.truncate(start);
    out.extend_from_slice(state.map(u32::to_be_bytes).as_flattened());
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn digests_are_those_of_the_library() {
        let text: Vec<u8> = (0..600u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        for start in [0, 1, 7, 64, 100] {
            for length in 0..=300 {
                let mut out = text[..start + length].to_vec();
                sha256_tail(&mut out, start);
                let mut expected = text[..start].to_vec();
                expected.extend_from_slice(&Sha256::digest(&text[start..start + length]));
                assert_eq!(out, expected, "{length} bytes after {start}");
            }
        }
    }

    #[test]
    fn a_long_text_is_hashed_whole() {
        let text = vec![b'a'; 1_000_000];
        let mut out = text.clone();
        sha256_tail(&mut out, 0);
        assert_eq!(out, Sha256::digest(&text).as_slice());
    }
}
