//! A JSON, YAML or TOML file, by JSON pointer.

mod elements;
mod read;
#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::path::Path;

use bigdecimal::BigDecimal;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::tells::{Tells, Told, age, other, unread};
use crate::facts::{Failure, Observed};
use crate::failure::FailureKind;
use crate::plan::Inspection;
use crate::policy::facts::Fact;
use crate::value::{Type, Value};

pub(super) use read::json;

/// Most bytes of a document.
const MOST: u64 = 32 << 20;

/// A document that was read.
#[derive(Debug)]
pub(super) struct Document {
    path: String,
    content: Json,
    digest: String,
    bytes: u64,
    changed: Timestamp,
}

/// The whole text of a small file, its size, and when it was changed.
///
/// # Errors
/// It is not there, not a file, too large, or no text.
pub(super) fn text(path: &str) -> Result<(String, u64, Timestamp), Failure> {
    text_of_at_most(path, MOST)
}

/// The same of a file of at most so many bytes.
///
/// # Errors
/// As above.
pub(super) fn text_of_at_most(path: &str, most: u64) -> Result<(String, u64, Timestamp), Failure> {
    let shown = format!("`{}`", path.escape_debug());
    let meta = std::fs::metadata(path).map_err(|e| unread(&shown, &e))?;
    if !meta.is_file() {
        return Err(other(format!("{shown} is not a file")));
    }
    if meta.len() > most {
        return Err(other(format!("{shown} is larger than a document is read")));
    }
    let file = std::fs::File::open(path).map_err(|e| unread(&shown, &e))?;
    let mut bytes = Vec::new();
    // Not every file that is there is as long as it says.
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| unread(&shown, &e))?;
    if bytes.len() as u64 > most {
        return Err(other(format!("{shown} is larger than a document is read")));
    }
    let changed = meta.modified().map_err(|e| unread(&shown, &e))?;
    let changed = Timestamp::try_from(changed)
        .map_err(|e| other(format!("{shown}: its time of change is none: {e}")))?;
    let size = bytes.len() as u64;
    let text = String::from_utf8(bytes).map_err(|_| other(format!("{shown} is no text in UTF-8")))?;
    Ok((text, size, changed))
}

/// Which text was read, so that a report can be held against it.
pub(super) fn digest(text: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(text.as_bytes());
    digest.iter().fold(String::from("sha256:"), |text, byte| format!("{text}{byte:02x}"))
}

impl Document {
    /// Reads a document, in the language that the ending of its name says.
    ///
    /// # Errors
    /// It cannot be read, or is not in that language.
    pub(super) fn open(path: &str) -> Result<Self, Failure> {
        let ending = Path::new(path).extension().and_then(|e| e.to_str()).unwrap_or_default();
        let (text, bytes, changed) = text(path)?;
        let content = match ending.to_ascii_lowercase().as_str() {
            "json" => read::json(&text),
            "yaml" | "yml" => read::yaml(&text),
            "toml" => read::toml(&text),
            _ => Err("its name ends in none of `.json`, `.yaml`, `.yml` and `.toml`".to_owned()),
        };
        let content =
            content.map_err(|why| other(format!("`{}` cannot be read: {why}", path.escape_debug())))?;
        let digest = digest(&text);
        Ok(Self { path: path.to_owned(), content, digest, bytes, changed })
    }

    /// What stands at a pointer.
    fn at(&self, pointer: &str) -> Result<&Json, Failure> {
        self.content.pointer(pointer).ok_or_else(|| Failure {
            kind: FailureKind::MissingObject,
            message: format!(
                "there is nothing at `{}` of `{}`",
                pointer.escape_debug(),
                self.path.escape_debug()
            ),
        })
    }
}

impl Tells for Document {
    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure> {
        let count = |n: usize| Value::Number(BigDecimal::from(n as u64));
        match (fact.name, argument) {
            ("value", Some(pointer)) => {
                let found = self.at(pointer)?;
                typed(found, fact.ty).map(Told::plain).ok_or_else(|| {
                    other(format!(
                        "at `{pointer}` of `{}` stands {}, and no {}",
                        self.path,
                        kind(found),
                        fact.ty.word()
                    ))
                })
            }
            ("exists", Some(pointer)) => {
                if !pointer.is_empty() && !pointer.starts_with('/') {
                    return Err(other(format!("`{pointer}` is not a JSON pointer; it begins with a slash")));
                }
                Ok(Told::plain(Value::Bool(self.content.pointer(pointer).is_some())))
            }
            ("count", Some(pointer)) => match self.at(pointer)? {
                Json::Array(list) => Ok(Told::plain(count(list.len()))),
                Json::Object(members) => Ok(Told::plain(count(members.len()))),
                found => Err(other(format!(
                    "at `{pointer}` of `{}` stands {}, which has no elements",
                    self.path,
                    kind(found)
                ))),
            },
            ("age", None) => {
                Ok(Told::plain(Value::Duration(age(self.changed, &format!("`{}`", self.path))?)))
            }
            ("size", None) => Ok(Told::plain(Value::Size(BigDecimal::from(self.bytes)))),
            (name, _) => Err(other(format!("`{name}` is no fact of a document"))),
        }
    }

    fn identity(&self) -> Vec<(String, String)> {
        vec![("digest".to_owned(), self.digest.clone()), ("changed".to_owned(), self.changed.to_string())]
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        match inspection {
            Inspection::Elements(elements) => {
                elements::look(self.at(&elements.pointer)?, elements).map(Observed::Inspected)
            }
            _ => Err(other("a document cannot be asked for this")),
        }
    }
}

/// A scalar as a value of a type, if it is one.
pub(super) fn typed(found: &Json, ty: Type) -> Option<Value> {
    match (ty, found) {
        (Type::Text, Json::String(text)) => Some(Value::Text(text.clone())),
        (Type::Bool, Json::Bool(b)) => Some(Value::Bool(*b)),
        (Type::Number, Json::Number(n)) => n.to_string().parse().ok().map(Value::Number),
        (Type::Time, Json::String(text)) => text.parse().ok().map(Value::Time),
        _ => None,
    }
}

/// What a value is, for people.
pub(super) fn kind(found: &Json) -> &'static str {
    match found {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
