//! What was found, in the shape every later step passes on unchanged.

use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

/// One thing that is not so, or could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `broken` or `unproven`.
    pub verdict: Verdict,
    /// A stable word for the kind of finding, such as `unbalanced`, `orphan`, `altered_row`.
    pub kind: String,
    /// One sentence for people.
    pub message: String,
    /// Relation it was found in, as `schema.name`; empty where there is none.
    pub relation: String,
    /// Key columns and their values as text; `None` is SQL NULL.
    pub key: Vec<KeyPart>,
    /// A statement to run to see it; empty where there is none.
    pub sql: String,
}

/// One column of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPart {
    /// Column name.
    pub column: String,
    /// Value as text; `None` is SQL NULL.
    pub value: Option<String>,
}
