//! The hash of a row: SHA-256 over its columns in the order of their names, each framed, cut to 128 bits.

use sha2::{Digest as _, Sha256};

use super::canon::Canon;

/// What every row's bytes begin with, so that no other text hashes like a row.
const BEGIN: &[u8; 4] = b"HTR1";

/// Collects the bytes of one row after another. The buffer is kept from row to row.
#[derive(Clone, Debug, Default)]
pub struct RowHasher {
    buffer: Vec<u8>,
}

impl RowHasher {
    /// Begins a row.
    pub fn begin(&mut self) {
        self.buffer.clear();
        self.buffer.extend_from_slice(BEGIN);
    }

    /// The next column, in the order of their names as bytes; `None` is NULL.
    ///
    /// # Errors
    ///
    /// Why the value has no text of its own.
    pub fn cell(&mut self, canon: Canon, text: Option<&[u8]>) -> Result<(), &'static str> {
        let Some(text) = text else {
            self.buffer.push(0);
            return Ok(());
        };
        self.buffer.push(1);
        let at = self.buffer.len();
        self.buffer.extend_from_slice(&[0; 4]);
        canon.write(text, &mut self.buffer)?;
        let length = u32::try_from(self.buffer.len() - at - 4).map_err(|_| "a value has more than 4 GB")?;
        if let Some(place) = self.buffer.get_mut(at..at + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }

    /// The hash of the row.
    #[must_use]
    pub fn finish(&self) -> u128 {
        let digest = Sha256::digest(&self.buffer);
        digest.first_chunk::<16>().map_or(0, |head| u128::from_be_bytes(*head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(cells: &[Option<&str>]) -> String {
        let mut hasher = RowHasher::default();
        hasher.begin();
        for cell in cells {
            hasher.cell(Canon::AsIs, cell.map(str::as_bytes)).unwrap();
        }
        format!("{:032x}", hasher.finish())
    }

    /// These stand in `docs/fingerprint.md`.
    #[test]
    fn the_documented_vectors_hold() {
        let text = include_str!("../../docs/fingerprint.md");
        let vectors = [
            hash(&[]),
            hash(&[None]),
            hash(&[Some("")]),
            hash(&[Some("1"), Some("a")]),
            hash(&[Some("1a"), Some("")]),
        ];
        for (n, vector) in vectors.iter().enumerate() {
            assert!(text.contains(vector.as_str()), "vector {n}: {vector}");
            assert!(!vectors[..n].contains(vector));
        }
    }
}
