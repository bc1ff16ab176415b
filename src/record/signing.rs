//! Which key every entry must be signed with, and whether it is.

use super::entry::Entry;
use super::error::RecordError;
use super::event::Event;
use super::key::PublicKey;

/// Follows the keys of a record from entry to entry.
#[derive(Debug)]
pub(super) struct Signing {
    /// Keys that somebody outside the record vouches for.
    trusted: Vec<PublicKey>,
    /// The key that the next entry must be signed with, with its id.
    in_force: Option<(PublicKey, String)>,
    /// Entries that are signed as they must be.
    pub(super) signed: u64,
    /// The first entry that a trusted key has signed.
    pub(super) vouched_from: Option<u64>,
}

impl Signing {
    pub(super) fn new(trusted: &[PublicKey]) -> Self {
        Self { trusted: trusted.to_vec(), in_force: None, signed: 0, vouched_from: None }
    }

    /// Goes on in a record that is signed with a key so far, or not signed.
    ///
    /// # Errors
    ///
    /// When the key has no id.
    pub(super) fn going_on(key: Option<PublicKey>) -> Result<Self, RecordError> {
        let in_force = key.map(|key| key.id().map(|id| (key, id))).transpose()?;
        Ok(Self { in_force, ..Self::new(&[]) })
    }

    /// The id of the key that the next entry must be signed with.
    pub(super) fn in_force(&self) -> Option<&str> {
        self.in_force.as_ref().map(|(_, id)| id.as_str())
    }

    /// Looks at the next entry; a flaw as its kind and a sentence.
    pub(super) fn entry(&mut self, entry: &Entry, event: Option<&Event>) -> Option<(&'static str, String)> {
        // The first entry introduces the key that it is signed with itself.
        if let (Some(Event::Opened(opened)), None) = (event, &self.in_force)
            && let Some(pem) = &opened.public_key
            && let Err(flaw) = self.introduce(pem)
        {
            return Some(flaw);
        }
        let flaw = self.signature(entry).err();
        if let (Some(Event::KeyRotated(rotated)), None) = (event, &flaw)
            && let Err(flaw) = self.introduce(&rotated.public_key)
        {
            return Some(flaw);
        }
        flaw
    }

    fn introduce(&mut self, pem: &str) -> Result<(), (&'static str, String)> {
        let known = PublicKey::read(pem).and_then(|key| key.id().map(|id| (key, id)));
        match known {
            Ok(known) => {
                self.in_force = Some(known);
                Ok(())
            }
            Err(why) => Err(("bad_key", format!("the key it introduces cannot be used: {why}"))),
        }
    }

    fn signature(&mut self, entry: &Entry) -> Result<(), (&'static str, String)> {
        let Some((key, id)) = &self.in_force else {
            return match (&entry.key, &entry.signature) {
                (None, None) => Ok(()),
                _ => Err((
                    "unknown_key",
                    "it is signed with a key that no entry before it introduces".to_owned(),
                )),
            };
        };
        let (Some(stated), Some(signature)) = (&entry.key, &entry.signature) else {
            return Err((
                "not_signed",
                format!("it is not signed, and from its place on entries are, with {id}"),
            ));
        };
        if stated != id {
            return Err((
                "other_key",
                format!("it is signed with {stated}, and at its place {id} is in force"),
            ));
        }
        let preimage = entry.preimage().map_err(|why| ("wrong_signature", why.to_string()))?;
        if !key.signed(&preimage, signature) {
            return Err(("wrong_signature", format!("its signature is not that of {id} over what it says")));
        }
        self.signed += 1;
        if self.vouched_from.is_none() && self.trusted.contains(key) {
            self.vouched_from = Some(entry.sequence);
        }
        Ok(())
    }
}
