//! Declared sources.

use super::kind::SourceKind;
use crate::source_text::Span;

/// Where a source's address, or a secret, comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceAddress {
    /// Nothing declared: the environment of the client library's conventions.
    Default,
    /// The value of an environment variable.
    Env(String),
    /// The content of a file, trimmed.
    File(String),
    /// As written; carries no password.
    Literal(String),
}

/// A declared source.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Where it is.
    pub address: SourceAddress,
    /// What its block says.
    pub options: SourceOptions,
    /// Where it is declared.
    pub span: Span,
}

/// What the block of a source says; each kind allows some of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// Of the files that match, only the newest counts.
    pub newest: bool,
    /// How file names are made, with `strftime` conversions, and the time zone of the times in them.
    pub named: Option<Named>,
    /// How often there should be a file, in microseconds.
    pub every: Option<i64>,
    /// Checksum lists, by path.
    pub checksums: Vec<String>,
    /// Headers of every request, whose values come from elsewhere.
    pub headers: Vec<(String, SourceAddress)>,
    /// Whether answers that lead elsewhere are followed.
    pub redirects: bool,
    /// Whether names may lead to private addresses.
    pub private: bool,
    /// Whether a list may name nobody.
    pub empty: bool,
    /// What digests of a list are made under.
    pub pepper: Option<SourceAddress>,
    /// Most bytes of an answer.
    pub max_body: Option<u64>,
}

impl SourceOptions {
    /// Whether one of the words that may stand once stands there.
    #[must_use]
    pub fn says(&self, word: &str) -> bool {
        match word {
            "named" => self.named.is_some(),
            "every" => self.every.is_some(),
            "checksums" => !self.checksums.is_empty(),
            "pepper" => self.pepper.is_some(),
            "max_body" => self.max_body.is_some(),
            _ => false,
        }
    }
}

/// How file names are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// With `strftime` conversions.
    pub pattern: String,
    /// The time zone of the times in names; UTC where none is named.
    pub zone: Option<String>,
}
