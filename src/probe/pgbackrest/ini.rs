//! The files in which pgBackRest keeps what it knows: sections of lines `key=value`, where each value is JSON, and a
//! SHA-1 of all of it in one of them.
//!
//! `common/ini.c`, `info/info.c` (`infoLoad`: how the checksum is formed) of pgBackRest.

use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::{Tree, hex};

/// Longest file that is read, in bytes; a manifest has some 200 bytes for each file of the cluster.
const MOST: u64 = 1 << 30;

/// The format that is read. It has been the same since 2015.
const FORMAT: i64 = 5;

/// A file whose checksum fits: values by section and key, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Ini {
    lines: Vec<(String, String, Value)>,
}

impl Ini {
    /// Reads a file of the repository.
    pub(super) fn read(tree: &dyn Tree, file: &str) -> Result<Self, Damage> {
        Self::parse(file, &tree.read(file, MOST)?)
    }

    pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Self, Damage> {
        if bytes.starts_with(b"Salted__") {
            return Err(Damage::new(
                DamageKind::Unread,
                file,
                "the repository is encrypted, and cannot be looked into",
            ));
        }
        if bytes.last() != Some(&b'\n') {
            return Err(
                Damage::new(DamageKind::Truncated, file, "its last line has no end").at(bytes.len() as u64)
            );
        }
        let mut ini = Self::default();
        let mut sum = Sha1::new();
        let (mut section, mut summed) = (String::new(), None::<String>);
        let mut stated = None;
        let mut next = 0;
        sum.update("{");
        for line in bytes.split(|byte| *byte == b'\n') {
            let at = next;
            let wrong = |why: &str| Damage::new(DamageKind::Corrupt, file, why).at(at);
            let text = std::str::from_utf8(line).map_err(|_| wrong("this line is not UTF-8"))?;
            next += line.len() as u64 + 1;
            if text.is_empty() {
                continue;
            }
            if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
                && !name.contains('=')
            {
                name.clone_into(&mut section);
                continue;
            }
            let (key, raw, value) = pair(text).ok_or_else(|| wrong("this line is not a key and a value"))?;
            if section == "backrest" && key == "backrest-checksum" {
                stated = value.as_str().map(str::to_owned);
                continue;
            }
            match &summed {
                Some(last) if *last == section => sum.update(","),
                last => {
                    sum.update(if last.is_some() { "}," } else { "" });
                    sum.update(format!("\"{section}\":{{"));
                    summed = Some(section.clone());
                }
            }
            sum.update(format!("\"{key}\":"));
            sum.update(raw);
            ini.lines.push((section.clone(), key.to_owned(), value));
        }
        sum.update("}}");
        let found = hex(&sum.finalize());
        match stated {
            None => {
                return Err(Damage::new(DamageKind::Truncated, file, "it has no checksum of its own")
                    .at(bytes.len() as u64));
            }
            Some(stated) if stated != found => {
                let message = format!("it states SHA-1 {stated} for its contents, and they have {found}");
                return Err(Damage::new(DamageKind::Checksum, file, message));
            }
            Some(_) => {}
        }
        match ini.get("backrest", "backrest-format").and_then(Value::as_i64) {
            Some(FORMAT) => Ok(ini),
            other => {
                let message =
                    format!("it has format {}, and {FORMAT} can be read", other.unwrap_or_default());
                Err(Damage::new(DamageKind::Unread, file, message))
            }
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, section: &str, key: &str) -> Option<&Value> {
        let line = self.lines.iter().find(|(in_section, found, _)| in_section == section && found == key);
        line.map(|(_, _, value)| value)
    }

    /// All keys and values of a section.
    pub(super) fn section<'a>(&'a self, section: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.lines
            .iter()
            .filter(move |(found, _, _)| found == section)
            .map(|(_, key, value)| (key.as_str(), value))
    }
}

/// A key may have `=` in it, being the name of a file: the value begins behind the first one that leaves valid JSON.
fn pair(line: &str) -> Option<(&str, &str, Value)> {
    // No file of a cluster has many.
    for (at, _) in line.match_indices('=').take(64) {
        let (key, value) = line.split_at(at);
        let raw = value.strip_prefix('=')?;
        if let Ok(value) = serde_json::from_str(raw) {
            return (!key.is_empty()).then_some((key, raw, value));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealed(body: &str) -> Vec<u8> {
        let one =
            Ini::parse("f", format!("{body}[backrest]\nbackrest-checksum=\"\"\n").as_bytes()).unwrap_err();
        let found = one.message.rsplit(' ').next().unwrap().to_owned();
        format!("{body}[backrest]\nbackrest-checksum=\"{found}\"\n").into_bytes()
    }

    #[test]
    fn files() {
        let body = "[backrest]\nbackrest-format=5\n\n[a:b]\nx={\"y\":1}\nodd=name=\"v=1\"\n\n";
        let bytes = sealed(body);
        let ini = Ini::parse("f", &bytes).unwrap();
        assert_eq!(ini.get("a:b", "odd=name").and_then(Value::as_str), Some("v=1"));
        assert_eq!(ini.section("a:b").count(), 2);
        assert_eq!(ini.get("backrest", "backrest-format").and_then(Value::as_i64), Some(5));
        let kind = |bytes: &[u8]| Ini::parse("f", bytes).unwrap_err().kind;
        assert_eq!(kind(&bytes[..bytes.len() - 1]), DamageKind::Truncated);
        assert_eq!(kind(b"[backrest]\nbackrest-format=5\n"), DamageKind::Truncated);
        assert_eq!(kind(b"Salted__12345678"), DamageKind::Unread);
        assert_eq!(kind(&sealed("[backrest]\nbackrest-format=6\n")), DamageKind::Unread);
        assert_eq!(kind(b"[a]\nx={\"y\":\n"), DamageKind::Corrupt);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 2;
            assert!(Ini::parse("f", &other).is_err(), "{at}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Ini::parse("f", &bytes).is_err());
        }
    }
}
