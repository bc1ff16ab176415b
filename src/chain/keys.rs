//! Keys of keyed digests. They come from outside, are never shown, and are kept apart from everything that is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};

use super::hex;
use super::spec::{ChainSpec, KeyEncoding, KeyRef};

/// The keys of one chain, by number.
#[derive(Clone, Default)]
pub struct Keys(Arc<[Vec<u8>]>);

impl Keys {
    /// The key of a number.
    pub(crate) fn get(&self, number: usize) -> Option<&[u8]> {
        self.0.get(number).map(Vec::as_slice)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({} not shown)", self.0.len())
    }
}

impl From<Vec<Vec<u8>>> for Keys {
    fn from(keys: Vec<Vec<u8>>) -> Self {
        Self(keys.into())
    }
}

/// The keys of a run: what each was found to be, or why it was not.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    found: BTreeMap<KeyRef, Result<Secret, String>>,
}

#[derive(Clone)]
struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not shown")
    }
}

impl Keyring {
    /// Takes in what was read for a key, as it was spelt; or why it could not be read.
    pub fn add(&mut self, key: &KeyRef, read: Result<Vec<u8>, String>) {
        let secret =
            read.and_then(|text| decode(&text, key.encoding)).and_then(|bytes| match bytes.is_empty() {
                true => Err("it is empty".to_owned()),
                false => Ok(Secret(bytes)),
            });
        self.found.insert(key.clone(), secret);
    }

    /// The keys of a chain.
    ///
    /// # Errors
    ///
    /// A sentence that names the first key that is not there, and why.
    pub fn of(&self, spec: &ChainSpec) -> Result<Keys, String> {
        let found: Result<Vec<Vec<u8>>, String> = spec
            .keys
            .iter()
            .map(|key| match self.found.get(key) {
                Some(Ok(Secret(bytes))) => Ok(bytes.clone()),
                Some(Err(why)) => Err(format!("the key `{}` cannot be used: {why}", key.name)),
                None => Err(format!("the key `{}` was not read", key.name)),
            })
            .collect();
        found.map(Keys::from)
    }
}

fn decode(text: &[u8], encoding: KeyEncoding) -> Result<Vec<u8>, String> {
    match encoding {
        KeyEncoding::Text => Ok(text.to_vec()),
        KeyEncoding::Hex => {
            let mut bytes = Vec::new();
            hex::decode_into(text.trim_ascii(), &mut bytes)
                .ok_or("it is not hex digits, as `as hex` says")?;
            Ok(bytes)
        }
        KeyEncoding::Base64 => {
            let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
            GeneralPurpose::new(&base64::alphabet::STANDARD, config)
                .decode(text.trim_ascii())
                .or_else(|_| general_purpose::URL_SAFE_NO_PAD.decode(text.trim_ascii()))
                .map_err(|_| "it is not base64, as `as base64` says".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::tala;
    use super::super::spec::KeyOrigin;
    use super::*;

    fn key(encoding: KeyEncoding) -> KeyRef {
        KeyRef { name: "audit".to_owned(), origin: KeyOrigin::Env("AUDIT_KEY".to_owned()), encoding }
    }

    fn kept(encoding: KeyEncoding, text: &str) -> Result<Keys, String> {
        let mut ring = Keyring::default();
        ring.add(&key(encoding), Ok(text.as_bytes().to_vec()));
        ring.of(&ChainSpec { keys: vec![key(encoding)], ..tala() })
    }

    #[test]
    fn keys_are_read_as_they_are_spelt() {
        assert_eq!(kept(KeyEncoding::Text, "se cret").unwrap().get(0), Some(&b"se cret"[..]));
        assert_eq!(kept(KeyEncoding::Hex, "00ff\n").unwrap().get(0), Some(&[0, 255][..]));
        assert_eq!(kept(KeyEncoding::Base64, "/+8=").unwrap().get(0), Some(&[255, 239][..]));
        assert_eq!(kept(KeyEncoding::Base64, "/+8").unwrap().get(0), Some(&[255, 239][..]));
        assert_eq!(kept(KeyEncoding::Base64, "_-8").unwrap().get(0), Some(&[255, 239][..]));
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named_and_not_shown() {
        let said = kept(KeyEncoding::Hex, "top secret").unwrap_err();
        assert_eq!(said, "the key `audit` cannot be used: it is not hex digits, as `as hex` says");
        assert!(kept(KeyEncoding::Text, "").unwrap_err().contains("it is empty"));
        assert!(kept(KeyEncoding::Base64, "?").is_err());
        assert!(Keyring::default().of(&ChainSpec { keys: vec![key(KeyEncoding::Hex)], ..tala() }).is_err());
        let shown = format!("{:?}", kept(KeyEncoding::Text, "top secret").unwrap());
        assert_eq!(shown, "Keys(1 not shown)");
    }
}
