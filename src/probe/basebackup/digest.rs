//! The checksums a backup manifest may have: `pg_checksum_type` in `common/checksum_helper.h`.

use std::io::Read;

use crc_fast::CrcAlgorithm;
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::probe::tree::hex;

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// No checksum.
    None,
    /// CRC-32C, which finds accidents and no intent.
    Crc32c,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// By the name in a manifest.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::None, Self::Crc32c, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];
        all.into_iter().find(|one| one.word().eq_ignore_ascii_case(name))
    }

    /// The name in a manifest.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Crc32c => "CRC32C",
            Self::Sha224 => "SHA224",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }

    /// Digits a checksum has.
    pub(super) fn digits(self) -> usize {
        match self {
            Self::None => 0,
            Self::Crc32c => 8,
            Self::Sha224 => 56,
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }
}

enum State {
    None,
    Crc(Box<crc_fast::Digest>),
    Sha(Box<dyn DynDigest>),
}

/// Reads to the end; how many bytes that were, and their checksum in the digits of a manifest.
pub(super) fn of(bytes: &mut dyn Read, algorithm: Algorithm) -> std::io::Result<(u64, String)> {
    let mut state = match algorithm {
        Algorithm::None => State::None,
        Algorithm::Crc32c => State::Crc(Box::new(crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi))),
        Algorithm::Sha224 => State::Sha(Box::new(Sha224::default())),
        Algorithm::Sha256 => State::Sha(Box::new(Sha256::default())),
        Algorithm::Sha384 => State::Sha(Box::new(Sha384::default())),
        Algorithm::Sha512 => State::Sha(Box::new(Sha512::default())),
    };
    let mut room = vec![0; 128 * 1024];
    let mut total = 0;
    loop {
        let read = match bytes.read(&mut room) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let read = room.get(..read).unwrap_or_default();
        total += read.len() as u64;
        match &mut state {
            State::None => {}
            State::Crc(digest) => digest.update(read),
            State::Sha(digest) => digest.update(read),
        }
    }
    Ok((
        total,
        match state {
            State::None => String::new(),
            // As the four bytes lie in the memory of the server that computed it.
            State::Crc(digest) => hex(&u32::try_from(digest.finalize()).unwrap_or_default().to_le_bytes()),
            State::Sha(digest) => hex(&digest.finalize()),
        },
    ))
}
