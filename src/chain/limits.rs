//! What a verification may use, and how the rows must not arrive.

use crate::finding::KeyPart;

/// What a verification may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Anomalies and keys shown per kind; all of them are counted.
    pub samples: usize,
    /// Rows of one split that are kept for diagnosis.
    pub split_rows: usize,
    /// Bytes of one split that are kept for diagnosis.
    pub split_bytes: usize,
    /// Evaluations spent on finding out why rows do not recompute.
    pub probes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { samples: 100, split_rows: 5_000_000, split_bytes: 1 << 30, probes: 20_000_000 }
    }
}

/// The rows did not arrive as agreed: a bug of the caller, never a verdict about the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamIssue {
    /// Another number of cells than the chain has columns and conditions.
    Width {
        /// Cells that the chain reads.
        expected: usize,
        /// Cells that arrived.
        got: usize,
    },
    /// A split came back after another one: the rows are not grouped.
    SplitReturned {
        /// The split, as column and value.
        split: Vec<KeyPart>,
    },
}

impl std::fmt::Display for StreamIssue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Width { expected, got } => {
                write!(f, "a row has {got} cells where the chain reads {expected}")
            }
            Self::SplitReturned { split } => {
                let parts: Vec<String> = split
                    .iter()
                    .map(|part| format!("{} {}", part.column, part.value.as_deref().unwrap_or("NULL")))
                    .collect();
                write!(f, "the rows are not grouped: split {} came back after another one", parts.join(", "))
            }
        }
    }
}

impl std::error::Error for StreamIssue {}
