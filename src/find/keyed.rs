//! Keys to search with, and where in a recipe they are taken.

use hmac::digest::Output;
use hmac::digest::block_api::BlockSizeUser;
use hmac::{KeyInit, Mac, SimpleHmac};
use sha2::{Digest, Sha256};

use super::block::chain_name;
use super::print::ident;
use super::prior::Cost;
use super::stored::Letters;
use crate::chain::keys::{Keys, Secret};
use crate::chain::spec::{KeyEncoding, KeyOrigin, KeyRef};

/// A key to search with: where it is kept, how its bytes are read there, and the bytes, which are never shown.
#[derive(Clone, Debug)]
pub struct Key {
    pub(super) place: KeyRef,
    secret: Secret,
    pub(super) cost: Cost,
}

impl Key {
    /// Every key that a text may be: its own bytes, and what its hex digits or its base64 decode to, where it is such. The
    /// first is always the text itself: most programs hand over what the variable holds, whatever it looks like.
    ///
    /// # Errors
    ///
    /// The text is empty.
    pub fn readings(origin: &KeyOrigin, text: &[u8]) -> Result<Vec<Self>, String> {
        let long = text.len() >= 32;
        let mixed = text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase);
        let padded = text.len().is_multiple_of(4) && (mixed || text.ends_with(b"="));
        let list = [
            (KeyEncoding::Text, 0),
            (KeyEncoding::Hex, if long { 5 } else { 20 }),
            (KeyEncoding::Base64, if long || padded { 10 } else { 25 }),
        ];
        let read = |(encoding, cost)| -> Result<Self, String> {
            let secret = Secret::decode(text, encoding)?;
            let place = KeyRef { name: name(origin), origin: origin.clone(), encoding };
            Ok(Self { place, secret, cost })
        };
        let [plain, hex, base64] = list.map(read);
        Ok([plain?].into_iter().chain(hex).chain(base64).collect())
    }

    /// Whether both are the same bytes, wherever they are kept.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.secret.bytes() == other.secret.bytes()
    }

    /// Where it is kept, for people and for a kept state.
    pub(super) fn from(&self) -> String {
        match &self.place.origin {
            KeyOrigin::Env(variable) => format!("env {variable}"),
            KeyOrigin::File(path) => format!("file {path}"),
        }
    }

    /// For people.
    pub(super) fn describe(&self) -> String {
        let read = match self.place.encoding {
            KeyEncoding::Text => "as it stands",
            KeyEncoding::Hex => "decoded from hex digits",
            KeyEncoding::Base64 => "decoded from base64",
        };
        match &self.place.origin {
            KeyOrigin::Env(variable) => format!("of the variable `{variable}`, {read}"),
            KeyOrigin::File(path) => format!("of the file `{path}`, {read}"),
        }
    }

    /// Tells another key that is kept in the same place, and no more: 16 bits, so that whoever guesses keys finds one of
    /// 65 536 wrong guesses confirmed.
    pub(super) fn check(&self, salt: &str) -> String {
        let Ok(mut mac) = SimpleHmac::<Sha256>::new_from_slice(self.secret.bytes()) else {
            return String::new();
        };
        mac.update(b"holdtrue.find ");
        mac.update(salt.as_bytes());
        mac.finalize().into_bytes().iter().take(2).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The keys as recipes take them, by number.
pub(super) fn secrets(keys: &[Key]) -> Keys {
    Keys::from(keys.iter().map(|key| key.secret.bytes().to_vec()).collect::<Vec<_>>())
}

/// Keys that are kept in another place than that of a seal: one text is read in one way.
pub(super) fn elsewhere(keys: &[Key], seal: Option<Seal>) -> Vec<usize> {
    let Some(own) = seal.and_then(|seal| keys.get(seal.key)) else { return Vec::new() };
    let other = |(number, key): (usize, &Key)| (key.place.origin != own.place.origin).then_some(number);
    keys.iter().enumerate().filter_map(other).collect()
}

/// A name for a key after where it is kept.
fn name(origin: &KeyOrigin) -> String {
    let name = match origin {
        KeyOrigin::Env(variable) => chain_name(variable),
        KeyOrigin::File(path) => {
            let stem = std::path::Path::new(path).file_stem().and_then(|stem| stem.to_str());
            chain_name(stem.filter(|stem| !stem.is_empty()).unwrap_or("key"))
        }
    };
    if ident(&name) == name { name } else { format!("key_{name}") }
}

/// The names of some keys in a block, each different.
pub(super) fn names(keys: &[Key], used: &[usize]) -> Vec<(usize, KeyRef)> {
    let mut named: Vec<(usize, KeyRef)> = Vec::new();
    for (number, key) in used.iter().filter_map(|number| Some((*number, keys.get(*number)?))) {
        let taken = |name: &str| named.iter().any(|(_, known)| known.name == name);
        let mut place = key.place.clone();
        let mut more = 2;
        while taken(&place.name) {
            place.name = format!("{}_{more}", key.place.name);
            more += 1;
        }
        named.push((number, place));
    }
    named
}

/// Where a key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// For all that is hashed. A digest inside of it takes none.
    Whole,
    /// For a digest, written in these letters, of all that is hashed.
    Over(Letters),
    /// For the digest inside alone.
    Inside,
    /// For all that is hashed, and for the digest inside.
    Both,
}

/// The key that a recipe takes, by number, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Which of the keys.
    pub key: usize,
    /// Where.
    pub place: Place,
}

impl Seal {
    /// The seal of a digest that stands inside.
    pub(super) fn inside(self) -> Option<Self> {
        let keyed = matches!(self.place, Place::Inside | Place::Both);
        keyed.then_some(Self { place: Place::Whole, ..self })
    }
}

/// What to search under, with what each costs: with every key first, and without any.
pub(super) fn seals(keys: &[Key], two_levels: bool) -> Vec<(Cost, Option<Seal>)> {
    let places: &[(Cost, Place)] = if two_levels {
        &[(0, Place::Whole), (12, Place::Both), (40, Place::Inside)]
    } else {
        &[(0, Place::Whole), (25, Place::Over(Letters::Hex)), (40, Place::Over(Letters::Raw))]
    };
    let mut list: Vec<(Cost, Option<Seal>)> = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        let sealed =
            |(cost, place): &(Cost, Place)| (key.cost + cost, Some(Seal { key: number, place: *place }));
        list.extend(places.iter().map(sealed));
    }
    list.push((if keys.is_empty() { 0 } else { 15 }, None));
    list
}

/// How a digest begins and ends. That of an HMAC (RFC 2104) begins after the key's first block, and ends with another
/// digest that began after its second one.
#[derive(Clone)]
pub(super) struct Ends<D: Digest> {
    begun: D,
    end: Option<D>,
}

impl<D: Digest + BlockSizeUser + Clone> Ends<D> {
    pub(super) fn new(key: Option<&[u8]>) -> Self {
        let Some(key) = key else { return Self { begun: D::new(), end: None } };
        let mut block = if key.len() > D::block_size() { D::digest(key).to_vec() } else { key.to_vec() };
        block.resize(D::block_size(), 0);
        let begun = |pad: u8| D::new_with_prefix(block.iter().map(|byte| byte ^ pad).collect::<Vec<_>>());
        Self { begun: begun(0x36), end: Some(begun(0x5c)) }
    }

    pub(super) fn begin(&self) -> D {
        self.begun.clone()
    }

    pub(super) fn finish(&self, state: D) -> Output<D> {
        let digest = state.finalize();
        match &self.end {
            None => digest,
            Some(end) => end.clone().chain_update(digest).finalize(),
        }
    }
}

/// How the digests of a walk begin and end.
pub(super) struct Sealing<D: Digest> {
    /// That of the columns.
    pub(super) inside: Ends<D>,
    /// That around a digest of the columns, where there is one.
    pub(super) outside: Ends<D>,
    /// The last one, around a digest that is written so.
    pub(super) over: Option<(Letters, Ends<D>)>,
}

impl<D: Digest + BlockSizeUser + Clone> Sealing<D> {
    pub(super) fn new(seal: Option<Seal>, keys: &Keys, two_levels: bool) -> Self {
        let (plain, place) = (Ends::new(None), seal.map(|seal| seal.place));
        let keyed = Ends::new(seal.and_then(|seal| keys.get(seal.key)));
        let either = |under: bool| if under { keyed.clone() } else { plain.clone() };
        let whole = matches!(place, Some(Place::Whole | Place::Both));
        let within = matches!(place, Some(Place::Inside | Place::Both));
        let over = match place {
            Some(Place::Over(letters)) => Some((letters, keyed.clone())),
            _ => None,
        };
        Self { inside: either(if two_levels { within } else { whole }), outside: either(whole), over }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(text: &str) -> Vec<(KeyEncoding, Vec<u8>)> {
        let origin = KeyOrigin::Env("AUDIT_KEY".to_owned());
        let keys = Key::readings(&origin, text.as_bytes()).unwrap();
        keys.into_iter().map(|key| (key.place.encoding, key.secret.bytes().to_vec())).collect()
    }

    #[test]
    fn a_text_is_every_key_that_it_may_spell() {
        let text = |text: &str| (KeyEncoding::Text, text.as_bytes().to_vec());
        assert_eq!(readings("a secret!"), [text("a secret!")]);
        let (hex, base64) =
            ((KeyEncoding::Hex, vec![0xca, 0xfe]), (KeyEncoding::Base64, vec![113, 167, 222]));
        assert_eq!(readings("cafe"), [text("cafe"), hex, base64]);
        assert_eq!(readings("/+8=")[1..], [(KeyEncoding::Base64, vec![255, 239])]);
        let empty = Key::readings(&KeyOrigin::Env("K".to_owned()), b"").unwrap_err();
        assert_eq!(empty, "it is empty");
    }

    #[test]
    fn no_key_is_shown_and_names_are_those_of_the_language() {
        let read = |origin| Key::readings(&origin, b"top secret").unwrap().remove(0);
        let key = read(KeyOrigin::File("/etc/shop/2024 audit.key".to_owned()));
        assert!(!format!("{key:?} {:?}", secrets(std::slice::from_ref(&key))).contains("top"));
        assert_eq!(key.place.name, "t2024_audit");
        let reserved = read(KeyOrigin::Env("NULL".to_owned()));
        assert_eq!(reserved.place.name, "key_null");
        let named = names(&[key.clone(), key.clone()], &[0, 1]);
        assert_eq!(
            named.iter().map(|(_, key)| key.name.as_str()).collect::<Vec<_>>(),
            ["t2024_audit", "t2024_audit_2"]
        );
        assert_eq!(key.check("a").len(), 4);
        assert_ne!(key.check("a"), key.check("b"));
    }

    #[test]
    fn keyed_digests_are_those_of_rfc_2104() {
        fn check<D: Digest + BlockSizeUser + Clone>(key: &[u8]) {
            let ends = Ends::<D>::new(Some(key));
            let mut mac = SimpleHmac::<D>::new_from_slice(key).unwrap();
            mac.update(b"a message in two parts");
            let state = ends.begin().chain_update(b"a message ").chain_update(b"in two parts");
            assert_eq!(ends.finish(state).as_slice(), mac.finalize().into_bytes().as_slice());
        }
        for length in [1, 20, 63, 64, 65, 128, 129, 200] {
            let key: Vec<u8> = (0..length).collect();
            check::<md5::Md5>(&key);
            check::<sha1::Sha1>(&key);
            check::<Sha256>(&key);
            check::<sha2::Sha384>(&key);
            check::<sha2::Sha512>(&key);
        }
    }
}
