//! A list of subjects: a file of lines, of which nothing but digests is kept beyond a run.

use std::io::Read as _;

use bigdecimal::BigDecimal;
use jiff::Timestamp;
use sha2::Digest as _;

use super::archive::newest;
use super::objects;
use super::tells::{Tells, Told, age, other, unread};
use crate::erasure::{Gather, lines};
use crate::facts::Failure;
use crate::policy::facts::Fact;
use crate::value::Value;

/// Most bytes of a list: several millions of subjects.
const MOST: u64 = 512 << 20;

/// A list that was read, not yet line by line.
pub(super) struct List {
    path: String,
    bytes: Vec<u8>,
    digest: String,
    changed: Timestamp,
    pepper: Option<Vec<u8>>,
}

/// What it holds, and its pepper, are shown nowhere.
impl std::fmt::Debug for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("List").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// What names subjects, and what digests of them are made under.
pub(super) struct Named<'l> {
    /// The bytes of the file.
    pub(super) bytes: &'l [u8],
    /// The pepper, if one is declared.
    pub(super) pepper: Option<&'l [u8]>,
}

impl List {
    /// Reads a file, or the newest of those that a pattern matches.
    ///
    /// # Errors
    /// It is not there, not a file, cannot be read, or is too long.
    pub(super) fn open(address: &str, pepper: Option<Vec<u8>>, shown: &mut String) -> Result<Self, Failure> {
        if objects::is_address(address) {
            return Err(other("a list is a file of this machine, and is not read from a store"));
        }
        let path = newest(address).map_err(other)?;
        let path = path.display().to_string();
        *shown = format!("list:{path}");
        let name = format!("`{}`", path.escape_debug());
        let meta = std::fs::metadata(&path).map_err(|e| unread(&name, &e))?;
        if !meta.is_file() {
            return Err(other(format!("{name} is not a file")));
        }
        let file = std::fs::File::open(&path).map_err(|e| unread(&name, &e))?;
        let mut bytes = Vec::new();
        // Not every file that is there is as long as it says.
        file.take(MOST + 1).read_to_end(&mut bytes).map_err(|e| unread(&name, &e))?;
        if bytes.len() as u64 > MOST {
            return Err(other(format!("{name} is larger than a list is read, which is {} MiB", MOST >> 20)));
        }
        let changed = meta.modified().map_err(|e| unread(&name, &e))?;
        let changed = Timestamp::try_from(changed)
            .map_err(|e| other(format!("{name}: its time of change is none: {e}")))?;
        let digest = sha2::Sha256::digest(&bytes);
        let digest = digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        Ok(Self { path, bytes, digest, changed, pepper })
    }

    fn count(&self) -> Result<u64, Failure> {
        let mut gather = Gather::new(&[], self.pepper.clone(), true, u64::MAX);
        let read = lines::read(&self.bytes, |number, entry| gather.add(number, entry));
        let read = read.and_then(|()| gather.finish());
        let subjects = read.map_err(|why| other(format!("`{}`: {why}", self.path.escape_debug())))?;
        Ok(subjects.count())
    }
}

impl Tells for List {
    fn fact(&self, fact: &Fact, _argument: Option<&str>) -> Result<Told, Failure> {
        Ok(Told::plain(match fact.name {
            "count" => Value::Number(BigDecimal::from(self.count()?)),
            "age" => Value::Duration(age(self.changed, &format!("`{}`", self.path))?),
            "size" => Value::Size(BigDecimal::from(self.bytes.len() as u64)),
            "digest" => Value::Text(self.digest.clone()),
            name => return Err(other(format!("`{name}` is no fact of a list"))),
        }))
    }

    fn identity(&self) -> Vec<(String, String)> {
        vec![("digest".to_owned(), self.digest.clone()), ("changed".to_owned(), self.changed.to_string())]
    }

    fn listing(&self) -> Result<Named<'_>, Failure> {
        Ok(Named { bytes: &self.bytes, pepper: self.pepper.as_deref() })
    }
}
