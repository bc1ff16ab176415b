//! Keys of keyed digests. They come from outside, are never shown, and are kept apart from everything that is stored.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};

use super::hex;
use super::spec::KeyEncoding;

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

/// A key's bytes, which are never shown.
#[derive(Clone)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    /// Reads a key as it is spelt where it is kept.
    pub(crate) fn decode(text: &[u8], encoding: KeyEncoding) -> Result<Self, String> {
        let bytes = decode(text, encoding)?;
        if bytes.is_empty() { Err("it is empty".to_owned()) } else { Ok(Self(bytes)) }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not shown")
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
