//! Digests and keyed digests of what stands at the end of the buffer.

use hmac::digest::block_api::BlockSizeUser;
use hmac::{KeyInit, Mac, SimpleHmac};
use sha2::Digest as _;

use super::sha;
use super::spec::Digest;

impl Digest {
    /// Every algorithm with the word a policy writes for it.
    pub(crate) const ALL: [(&'static str, Self); 12] = [
        ("sha256", Self::Sha256),
        ("sha384", Self::Sha384),
        ("sha512", Self::Sha512),
        ("sha3_256", Self::Sha3_256),
        ("sha3_384", Self::Sha3_384),
        ("sha3_512", Self::Sha3_512),
        ("blake2b_256", Self::Blake2b256),
        ("blake2b", Self::Blake2b512),
        ("blake2s", Self::Blake2s256),
        ("blake3", Self::Blake3),
        ("sha1", Self::Sha1),
        ("md5", Self::Md5),
    ];

    /// The word a policy writes for it.
    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, digest)| *digest == self).map_or("?", |(word, _)| word)
    }

    /// Its length in bits.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Self::Md5 => 128,
            Self::Sha1 => 160,
            Self::Sha256 | Self::Sha3_256 | Self::Blake2b256 | Self::Blake2s256 | Self::Blake3 => 256,
            Self::Sha384 | Self::Sha3_384 => 384,
            Self::Sha512 | Self::Sha3_512 | Self::Blake2b512 => 512,
        }
    }

    /// Whether two contents with one digest can be made at will (MD5: Wang and Yu 2005; SHA-1: Stevens et al. 2017).
    pub(crate) fn is_broken(self) -> bool {
        matches!(self, Self::Md5 | Self::Sha1)
    }

    /// Whether RFC 2104 is used with it; BLAKE2 and BLAKE3 take a key in a way of their own.
    pub(crate) fn has_hmac(self) -> bool {
        !matches!(self, Self::Blake2b256 | Self::Blake2b512 | Self::Blake2s256 | Self::Blake3)
    }
}

/// Puts the digest of what follows `start` in its place.
pub(in crate::chain) fn digest(algorithm: Digest, out: &mut Vec<u8>, start: usize) {
    match algorithm {
        Digest::Sha256 => sha::sha256_tail(out, start),
        other => rarer(other, out, start),
    }
}

/// The states of these are large, and no room for them is to be kept where SHA-256 is computed.
#[inline(never)]
fn rarer(algorithm: Digest, out: &mut Vec<u8>, start: usize) {
    match algorithm {
        Digest::Md5 => replace(out, start, |text| md5::Md5::digest(text)),
        Digest::Sha1 => replace(out, start, |text| sha1::Sha1::digest(text)),
        Digest::Sha256 => replace(out, start, |text| sha2::Sha256::digest(text)),
        Digest::Sha384 => replace(out, start, |text| sha2::Sha384::digest(text)),
        Digest::Sha512 => replace(out, start, |text| sha2::Sha512::digest(text)),
        Digest::Sha3_256 => replace(out, start, |text| sha3::Sha3_256::digest(text)),
        Digest::Sha3_384 => replace(out, start, |text| sha3::Sha3_384::digest(text)),
        Digest::Sha3_512 => replace(out, start, |text| sha3::Sha3_512::digest(text)),
        Digest::Blake2b256 => replace(out, start, |text| blake2::Blake2b256::digest(text)),
        Digest::Blake2b512 => replace(out, start, |text| blake2::Blake2b512::digest(text)),
        Digest::Blake2s256 => replace(out, start, |text| blake2::Blake2s256::digest(text)),
        Digest::Blake3 => replace(out, start, |text| *blake3::hash(text).as_bytes()),
    }
}

fn replace<D: AsRef<[u8]>>(out: &mut Vec<u8>, start: usize, digest: impl Fn(&[u8]) -> D) {
    let digest = digest(out.get(start..).unwrap_or_default());
    out.truncate(start);
    out.extend_from_slice(digest.as_ref());
}

/// Puts the HMAC of what follows `start` in its place; false, with nothing changed, where there is none for this digest.
#[inline(never)]
pub(in crate::chain) fn hmac(algorithm: Digest, key: &[u8], out: &mut Vec<u8>, start: usize) -> bool {
    match algorithm {
        Digest::Md5 => keyed::<md5::Md5>(key, out, start),
        Digest::Sha1 => keyed::<sha1::Sha1>(key, out, start),
        Digest::Sha256 => keyed::<sha2::Sha256>(key, out, start),
        Digest::Sha384 => keyed::<sha2::Sha384>(key, out, start),
        Digest::Sha512 => keyed::<sha2::Sha512>(key, out, start),
        Digest::Sha3_256 => keyed::<sha3::Sha3_256>(key, out, start),
        Digest::Sha3_384 => keyed::<sha3::Sha3_384>(key, out, start),
        Digest::Sha3_512 => keyed::<sha3::Sha3_512>(key, out, start),
        Digest::Blake2b256 | Digest::Blake2b512 | Digest::Blake2s256 | Digest::Blake3 => false,
    }
}

fn keyed<D: sha2::Digest + BlockSizeUser>(key: &[u8], out: &mut Vec<u8>, start: usize) -> bool {
    // A key of any length will do.
    let Ok(mut mac) = SimpleHmac::<D>::new_from_slice(key) else { return false };
    mac.update(out.get(start..).unwrap_or_default());
    let tag = mac.finalize().into_bytes();
    out.truncate(start);
    out.extend_from_slice(&tag);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn of(algorithm: Digest) -> String {
        let mut out = b"kept|abc".to_vec();
        digest(algorithm, &mut out, 5);
        assert!(out.starts_with(b"kept|"));
        hex(&out[5..])
    }

    #[test]
    fn digests_are_those_of_their_specifications() {
        // "abc" from RFC 1321, RFC 3174, FIPS 180-4, FIPS 202, RFC 7693 and the test vectors of BLAKE3 (prefixes).
        for (algorithm, expected) in [
            (Digest::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Digest::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Digest::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (Digest::Sha384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"),
            (Digest::Sha512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"),
            (Digest::Sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
            (Digest::Sha3_384, "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c25"),
            (Digest::Sha3_512, "b751850b1a57168a5693cd924b6b096e08f621827444f70d"),
            (Digest::Blake2b512, "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b7"),
            (Digest::Blake2b256, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
            (Digest::Blake2s256, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"),
            (Digest::Blake3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
        ] {
            let found = of(algorithm);
            assert!(found.starts_with(expected), "{}: {found}", algorithm.word());
        }
    }

    #[test]
    fn hmacs_are_those_of_their_specifications() {
        // RFC 2202 and RFC 4231, test case 2.
        for (algorithm, expected) in [
            (Digest::Md5, "750c783e6ab0b503eaa86e310a5db738"),
            (Digest::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Digest::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (Digest::Sha384, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"),
            (Digest::Sha512, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"),
        ] {
            let mut out = b"what do ya want for nothing?".to_vec();
            assert!(hmac(algorithm, b"Jefe", &mut out, 0));
            assert!(hex(&out).starts_with(expected), "{}", hex(&out));
        }
        for (_, algorithm) in Digest::ALL {
            let mut out = b"text".to_vec();
            assert_eq!(hmac(algorithm, b"key", &mut out, 0), algorithm.has_hmac());
        }
    }
}
