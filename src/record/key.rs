//! Keys that entries are signed with: Ed25519 (RFC 8032), kept as PEM that other tools read as well.

use std::path::Path;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _,
};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::entry::{hex, unhex};
use super::error::RecordError;

/// A key that signs. Its debug form shows the id only.
pub struct Signer {
    key: SigningKey,
    id: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.id)
    }
}

impl Signer {
    /// A new key from the system's randomness.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub fn generate() -> Result<Self, RecordError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| RecordError::new(format!("the system gives no random bytes: {error}")))?;
        Self::of(SigningKey::from_bytes(&seed))
    }

    /// Reads a private key from a file: PKCS#8 in PEM, as [`Signer::pem`] and `openssl genpkey -algorithm ed25519` write it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or holds something else.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            RecordError::new(format!("the key `{}` cannot be read: {error}", path.display()))
        })?;
        // The decoder's own words could quote the file.
        let key = SigningKey::from_pkcs8_pem(&text).map_err(|_| {
            RecordError::new(format!(
                "`{}` is no Ed25519 private key in PKCS#8 PEM; make one with `holdtrue record keygen`",
                path.display()
            ))
        })?;
        Self::of(key)
    }

    fn of(key: SigningKey) -> Result<Self, RecordError> {
        let id = PublicKey(key.verifying_key()).id()?;
        Ok(Self { key, id })
    }

    /// The id of the key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The private key as PKCS#8 in PEM. A secret.
    ///
    /// # Errors
    ///
    /// When it cannot be encoded, which its type rules out.
    pub fn pem(&self) -> Result<String, RecordError> {
        let pem = self.key.to_pkcs8_pem(LineEnding::LF);
        pem.map(|pem| pem.to_string()).map_err(|_| RecordError::new("the key cannot be encoded"))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.key.verifying_key())
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

/// A key that signatures are verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a public key: SubjectPublicKeyInfo in PEM.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn read(text: &str) -> Result<Self, RecordError> {
        VerifyingKey::from_public_key_pem(text)
            .map(Self)
            .map_err(|_| RecordError::new("this is no Ed25519 public key in PEM"))
    }

    /// The key as SubjectPublicKeyInfo in PEM.
    ///
    /// # Errors
    ///
    /// When it cannot be encoded, which its type rules out.
    pub fn pem(&self) -> Result<String, RecordError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|_| RecordError::new("the key cannot be encoded"))
    }

    /// `sha256:` and the SHA-256 of the key's DER (SubjectPublicKeyInfo) in hex.
    ///
    /// # Errors
    ///
    /// When it cannot be encoded, which its type rules out.
    pub fn id(&self) -> Result<String, RecordError> {
        let der = self.0.to_public_key_der().map_err(|_| RecordError::new("the key cannot be encoded"))?;
        Ok(format!("sha256:{}", hex(&Sha256::digest(der.as_bytes()))))
    }

    /// Whether a signature, in hex, is this key's over a message. Only the one canonical signature counts.
    pub(super) fn signed(&self, message: &[u8], signature: &str) -> bool {
        let Some(bytes) = unhex::<64>(signature) else { return false };
        self.0.verify_strict(message, &Signature::from_bytes(&bytes)).is_ok()
    }
}
