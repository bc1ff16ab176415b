//! How a hash is stored: digest, letters, and a word before it.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use super::keyed::{Place, Seal};
use super::sheet::Sheet;
use crate::chain::hex;
use crate::chain::spec::{Base64Form, CellKind, Digest, Recipe};

/// The letters a digest is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// Lower-case hex.
    Hex,
    /// Upper-case hex.
    HexUpper,
    /// Base64 with padding.
    Base64,
    /// Base64 for addresses (RFC 4648, section 5), without padding.
    Base64Url,
    /// None: the bytes of a `bytea`.
    Raw,
}

impl Letters {
    /// Bytes in these letters.
    fn write(self, bytes: Recipe) -> Recipe {
        match self {
            Self::Raw => bytes,
            Self::Hex => Recipe::Hex(Box::new(bytes)),
            Self::HexUpper => Recipe::HexUpper(Box::new(bytes)),
            Self::Base64 => Recipe::Base64(Box::new(bytes)),
            Self::Base64Url => Recipe::Base64As(Base64Form::Url, Box::new(bytes)),
        }
    }
}

/// How the hashes of a column are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// What stands before the digest, such as `sha256:`.
    pub prefix: String,
    /// How it is written.
    pub letters: Letters,
    /// The algorithm, as far as its length tells.
    pub digest: Digest,
    /// The key it takes, where that is known.
    pub(super) seal: Option<Seal>,
}

/// Digests by length in bytes.
const DIGESTS: [(usize, Digest); 5] =
    [(32, Digest::Sha256), (48, Digest::Sha384), (64, Digest::Sha512), (20, Digest::Sha1), (16, Digest::Md5)];

impl Stored {
    /// What all hashes of a column have in common; `None` where it does not hold hashes of one kind.
    pub(super) fn of(sheet: &Sheet, column: usize) -> Option<Self> {
        if !matches!(sheet.kind(column), CellKind::Text | CellKind::Bytea) {
            return None;
        }
        let mut cells: Vec<&str> = (0..sheet.rows.len())
            .filter_map(|row| sheet.cell(row, column))
            .filter(|cell| !cell.is_empty())
            .collect();
        let rows = cells.len();
        let different = cells.iter().collect::<HashSet<_>>().len();
        // A column of hashes has a value for each row; a value twice is a fork, a copy, or of chains that begin alike.
        if rows == 0 || different * 10 < rows * 4 {
            return None;
        }
        cells.truncate(64);
        Self::of_most(&cells, sheet.kind(column))
    }

    /// The form that half of the cells have at least, where nearly all hold a digest. Some rows may be of an older form.
    pub(super) fn of_most(cells: &[&str], kind: CellKind) -> Option<Self> {
        let forms: Vec<Self> = cells.iter().filter_map(|cell| Self::of_cell(cell, kind)).collect();
        let count = |form: &Self| forms.iter().filter(|other| *other == form).count();
        let usual = forms.iter().max_by_key(|form| count(form))?;
        let digests = forms.len() * 10 >= cells.len() * 9;
        (digests && count(usual) * 2 >= cells.len()).then(|| usual.clone())
    }

    fn of_cell(cell: &str, kind: CellKind) -> Option<Self> {
        if kind == CellKind::Bytea {
            let mut bytes = Vec::new();
            hex::decode_bytea(cell, &mut bytes)?;
            let (prefix, letters) = (String::new(), Letters::Raw);
            return Some(Self { prefix, letters, digest: digest(bytes.len())?, seal: None });
        }
        let cell = cell.trim_end_matches(' ');
        let (prefix, rest) = match cell.rfind([':', '$']) {
            Some(at) if at < 20 => cell.split_at_checked(at + 1)?,
            _ => cell.split_at_checked(named_prefix(cell)).unwrap_or(("", cell)),
        };
        let form = |letters, bytes| {
            Some(Self { prefix: prefix.to_owned(), letters, digest: digest(bytes)?, seal: None })
        };
        if rest.len() % 2 == 0 && rest.bytes().all(|b| b.is_ascii_hexdigit()) {
            let upper = rest.bytes().any(|b| b.is_ascii_uppercase());
            let lower = rest.bytes().any(|b| b.is_ascii_lowercase());
            if !(upper && lower) {
                return form(if upper { Letters::HexUpper } else { Letters::Hex }, rest.len() / 2);
            }
        }
        if let Ok(bytes) = BASE64_STANDARD.decode(rest) {
            return form(Letters::Base64, bytes.len());
        }
        form(Letters::Base64Url, BASE64_URL_SAFE_NO_PAD.decode(rest).ok()?.len())
    }

    /// The digest's bytes out of a cell.
    pub(super) fn bytes(&self, cell: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        match self.letters {
            Letters::Raw => hex::decode_bytea(cell, &mut bytes)?,
            Letters::Hex | Letters::HexUpper => {
                hex::decode_into(
                    cell.trim_end_matches(' ').strip_prefix(&self.prefix)?.as_bytes(),
                    &mut bytes,
                )?;
            }
            Letters::Base64 => {
                let rest = cell.trim_end_matches(' ').strip_prefix(&self.prefix)?;
                bytes = BASE64_STANDARD.decode(rest).ok()?;
            }
            Letters::Base64Url => {
                let rest = cell.trim_end_matches(' ').strip_prefix(&self.prefix)?;
                bytes = BASE64_URL_SAFE_NO_PAD.decode(rest).ok()?;
            }
        }
        Some(bytes)
    }

    /// The whole recipe around what is hashed.
    pub(super) fn around(&self, hashed: Recipe) -> Recipe {
        let written = self.letters.write(self.digested(hashed));
        if self.letters == Letters::Raw {
            return written;
        }
        if self.prefix.is_empty() {
            written
        } else {
            Recipe::Cat(vec![Recipe::Text(self.prefix.clone()), written])
        }
    }

    /// The digest of what is hashed, as bytes.
    pub(super) fn digested(&self, hashed: Recipe) -> Recipe {
        let plain = |hashed: Recipe| Recipe::Digest(self.digest, Box::new(hashed));
        let keyed = |key: usize, hashed: Recipe| Recipe::Hmac(self.digest, key, Box::new(hashed));
        match self.seal {
            None | Some(Seal { place: Place::Inside, .. }) => plain(hashed),
            Some(Seal { key, place: Place::Whole | Place::Both }) => keyed(key, hashed),
            Some(Seal { key, place: Place::Over(letters) }) => keyed(key, letters.write(plain(hashed))),
        }
    }

    /// For people.
    #[must_use]
    pub fn describe(&self) -> String {
        let letters = match self.letters {
            Letters::Hex => "lower-case hex",
            Letters::HexUpper => "upper-case hex",
            Letters::Base64 => "base64",
            Letters::Base64Url => "base64 for addresses",
            Letters::Raw => "bytes",
        };
        let bytes = DIGESTS.iter().find(|(_, digest)| *digest == self.digest).map_or(0, |(bytes, _)| *bytes);
        let prefix = if self.prefix.is_empty() { String::new() } else { format!(" after `{}`", self.prefix) };
        format!("{letters} of {bytes} bytes{prefix}")
    }
}

/// The length of a word before a digest that ends in another mark and names an algorithm or a version, such as `sha256-`:
/// the marks are letters of base64 for addresses as well.
fn named_prefix(cell: &str) -> usize {
    let Some(at) = cell.find(['-', '=', '.', '_', '}']).filter(|at| *at < 12) else { return 0 };
    let word = cell.get(..at).unwrap_or_default().trim_start_matches('{').to_ascii_lowercase();
    let names = ["sha1", "sha256", "sha384", "sha512", "sha3", "md5", "blake2", "blake3", "hmac"];
    let version =
        word.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    if version || names.contains(&word.as_str()) { at + 1 } else { 0 }
}

fn digest(bytes: usize) -> Option<Digest> {
    DIGESTS.iter().find(|(length, _)| *length == bytes).map(|(_, digest)| *digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_length_and_prefix_are_told_apart() {
        let of = |cell: &str| Stored::of_cell(cell, CellKind::Text);
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(of(hex).map(|s| (s.letters, s.digest)), Some((Letters::Hex, Digest::Sha256)));
        assert_eq!(of(&hex.to_uppercase()).map(|s| s.letters), Some(Letters::HexUpper));
        assert_eq!(of(&format!("sha256:{hex}")).map(|s| s.prefix), Some("sha256:".to_owned()));
        assert_eq!(
            of("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").map(|s| s.letters),
            Some(Letters::Base64)
        );
        assert_eq!(
            of("x73YipktwLDSfIoy3Pbz_r4VD6s3uupvrNFsSFB3Ons").map(|s| (s.letters, s.digest)),
            Some((Letters::Base64Url, Digest::Sha256))
        );
        assert_eq!(of(&hex.repeat(2)).map(|s| s.digest), Some(Digest::Sha512));
        assert_eq!(
            Stored::of_cell(&format!("\\x{hex}"), CellKind::Bytea).map(|s| s.letters),
            Some(Letters::Raw)
        );
        assert_eq!(of(&format!("sha256-{hex}")).map(|s| s.prefix), Some("sha256-".to_owned()));
        assert_eq!(of("d41d8cd98f00b204e9800998ecf8427e").map(|s| s.digest), Some(Digest::Md5));
        for other in ["", "hello", "d41d8cd98f00b204e9800998ecf8427"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
