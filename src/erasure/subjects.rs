//! A list that was read: digests of its subjects, sorted, 36 bytes for each and form.

use std::collections::{BTreeMap, BTreeSet};

use hmac::{KeyInit as _, Mac as _, SimpleHmac};
use sha2::{Digest as _, Sha256};

use super::form::Form;
use super::lines::Entry;

/// Subjects up to which a server can be asked with the values themselves.
pub const FEW: usize = 20_000;

/// Misfits that are named by their lines.
const NAMED: usize = 3;

/// Bytes of a digest and the number of its line.
const EACH: u64 = 36;

/// Which entry of a list a value is: its line, from 1, or its place among the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub u32);

/// Digests in order.
#[derive(Clone, Debug, Default)]
struct Set(Vec<([u8; 32], u32)>);

impl Set {
    /// Puts them in order, and keeps the first of those that stand twice.
    fn sort(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by(|later, first| later.0 == first.0);
        self.0.shrink_to_fit();
    }

    fn find(&self, digest: &[u8; 32]) -> Option<Mark> {
        let at = self.0.binary_search_by(|(known, _)| known.cmp(digest)).ok()?;
        self.0.get(at).map(|(_, line)| Mark(*line))
    }
}

/// Plain values in one form.
#[derive(Clone, Debug, Default)]
struct Plain {
    set: Set,
    /// The values, as long as they are few.
    few: Option<BTreeSet<String>>,
    /// Entries that are no value of the type, the first of them by line.
    misfits: Vec<u32>,
    misfit: u64,
}

/// A list on its way in.
#[derive(Debug)]
pub struct Gather {
    plain: BTreeMap<Form, Plain>,
    /// Digests of plain values as they are written, for counting.
    written: Set,
    digests: Set,
    keyed: Set,
    pepper: Option<Vec<u8>>,
    /// Whether numbers are those of lines.
    lines: bool,
    memory: u64,
}

impl Gather {
    /// Nothing read yet. The list is looked for in columns of these forms; `lines` says whether entries are lines of a file,
    /// and `memory` how many bytes it may take, about.
    #[must_use]
    pub fn new(forms: &[Form], pepper: Option<Vec<u8>>, lines: bool, memory: u64) -> Self {
        let plain =
            forms.iter().map(|form| (*form, Plain { few: Some(BTreeSet::new()), ..Plain::default() }));
        Self {
            plain: plain.collect(),
            written: Set::default(),
            digests: Set::default(),
            keyed: Set::default(),
            pepper,
            lines,
            memory,
        }
    }

    /// Takes an entry with its number.
    ///
    /// # Errors
    ///
    /// The list is too long to be held.
    pub fn add(&mut self, number: u64, entry: Entry<'_>) -> Result<(), String> {
        let Ok(line) = u32::try_from(number) else { return Err(TOO_LONG.to_owned()) };
        match entry {
            Entry::Digest(digest) => self.digests.0.push((digest, line)),
            Entry::Keyed(digest) => self.keyed.0.push((digest, line)),
            Entry::Plain(text) => {
                self.written.0.push((Sha256::digest(text).into(), line));
                for (form, plain) in &mut self.plain {
                    plain.add(*form, text, line);
                }
            }
        }
        let held = self.digests.0.len() + self.keyed.0.len() + self.written.0.len() * (1 + self.plain.len());
        if (held as u64).saturating_mul(EACH) > self.memory {
            return Err(TOO_LONG.to_owned());
        }
        Ok(())
    }

    /// The whole list.
    ///
    /// # Errors
    ///
    /// Its digests cannot be compared: there is no pepper, or another one.
    pub fn finish(self) -> Result<Subjects, String> {
        let Self { mut plain, mut written, mut digests, mut keyed, pepper, lines, .. } = self;
        for plain in plain.values_mut() {
            plain.set.sort();
        }
        written.sort();
        digests.sort();
        let first = keyed.0.iter().map(|(_, line)| *line).min();
        keyed.sort();
        let mut count = written.0.len() + digests.0.len() + keyed.0.len();
        if let Some(line) = first {
            let place = if lines { format!("line {line}") } else { "one of its values".to_owned() };
            let Some(key) = &pepper else {
                return Err(format!(
                    "{place} is a digest under a pepper, and none is declared; write `pepper from env NAME` in the \
                     block of the list"
                ));
            };
            // Under another pepper every digest is another, and nobody would ever be found.
            let known = keyed_digest(key, b"").and_then(|nothing| keyed.find(&nothing));
            if known.is_none() {
                return Err(
                    "it does not hold the digest of an empty text under the declared pepper, by which it would be seen \
                     that this is the pepper its digests were made with"
                        .to_owned(),
                );
            }
            count -= 1;
        }
        let pepper = pepper.filter(|_| !keyed.0.is_empty());
        Ok(Subjects { plain, digests, keyed, pepper, lines, count: count as u64 })
    }
}

const TOO_LONG: &str = "it is longer than fits into the memory of this run; give more with `--memory`";

impl Plain {
    fn add(&mut self, form: Form, text: &str, line: u32) {
        let Some(value) = form.listed(text) else {
            self.misfit += 1;
            if self.misfits.len() < NAMED {
                self.misfits.push(line);
            }
            return;
        };
        self.set.0.push((Sha256::digest(value.as_bytes()).into(), line));
        if let Some(few) = &mut self.few {
            few.insert(value.into_owned());
            if few.len() > FEW {
                self.few = None;
            }
        }
    }
}

/// A list that was read to its end.
pub struct Subjects {
    plain: BTreeMap<Form, Plain>,
    digests: Set,
    keyed: Set,
    pepper: Option<Vec<u8>>,
    lines: bool,
    count: u64,
}

/// A pepper, and what identifies people, is shown nowhere.
impl std::fmt::Debug for Subjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subjects").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Subjects {
    /// A list that names nobody.
    #[must_use]
    pub fn none() -> Self {
        Self {
            plain: BTreeMap::new(),
            digests: Set::default(),
            keyed: Set::default(),
            pepper: None,
            lines: false,
            count: 0,
        }
    }

    /// How many there are; one that stands twice counts once.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether every entry can be a value of a form, or is a digest, of which nobody can tell.
    ///
    /// # Errors
    ///
    /// Which entries cannot: such a list is not one of what the column holds.
    pub fn fits(&self, form: Form) -> Result<(), String> {
        let Some(plain) = self.plain.get(&form) else {
            return Err("it was not read for a column of this type".to_owned());
        };
        if plain.misfit == 0 {
            return Ok(());
        }
        let named: Vec<String> = plain.misfits.iter().map(u32::to_string).collect();
        let more = plain.misfit.saturating_sub(named.len() as u64);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        Err(match (self.lines, plain.misfit) {
            (true, 1) => format!("line {} is no {}", named.join(", "), form.what()),
            (true, _) => format!("lines {}{more} are no {}", named.join(", "), form.what()),
            (false, 1) => format!("1 of its values is no {}", form.what()),
            (false, n) => format!("{n} of its values are no {}", form.what()),
        })
    }

    /// The values in a form, where there are no digests and not too many of them.
    #[must_use]
    pub fn few(&self, form: Form) -> Option<&BTreeSet<String>> {
        if !self.digests.0.is_empty() || !self.keyed.0.is_empty() {
            return None;
        }
        self.plain.get(&form)?.few.as_ref()
    }

    /// Which entry a value is, as PostgreSQL writes it.
    #[must_use]
    pub fn find(&self, form: Form, stored: &str) -> Option<Mark> {
        let plain = self.plain.get(&form).filter(|plain| !plain.set.0.is_empty());
        let same =
            plain.and_then(|plain| plain.set.find(&Sha256::digest(form.stored(stored)?.as_bytes()).into()));
        if same.is_some() || (self.digests.0.is_empty() && self.pepper.is_none()) {
            return same;
        }
        let mut found = None;
        form.spellings(stored, |text| {
            if found.is_none() && !self.digests.0.is_empty() {
                found = self.digests.find(&Sha256::digest(text).into());
            }
            if let (None, Some(pepper), false) = (&found, &self.pepper, text.is_empty()) {
                found = keyed_digest(pepper, text).and_then(|digest| self.keyed.find(&digest));
            }
        });
        found
    }

    /// How a subject is called in a report: by its line, or where there are none by the beginning of the digest of its value.
    #[must_use]
    pub fn called(&self, mark: Mark, form: Form, stored: &str) -> String {
        if self.lines {
            return format!("line {}", mark.0);
        }
        let value = form.stored(stored).unwrap_or(std::borrow::Cow::Borrowed(stored));
        let digest = Sha256::digest(value.as_bytes());
        digest.iter().take(8).fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}

fn keyed_digest(key: &[u8], text: &[u8]) -> Option<[u8; 32]> {
    let mut mac = SimpleHmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().into())
}
