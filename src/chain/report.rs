//! What verifying a chain found.

use serde::{Deserialize, Serialize};

use super::anchor::Anchor;
use crate::finding::KeyPart;

/// Kinds of anomaly, by cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyKind {
    /// Content changed, hash left alone; links intact on both sides.
    AlteredRow,
    /// The stored hash was changed; the successor remembers the right one.
    HashEdited,
    /// The row was changed and hashed again; the successor remembers the hash it had before.
    RehashedRow,
    /// Only the link column was changed.
    LinkEdited,
    /// A dense sequence jumps by k and the link names an absent row: rows were removed.
    MissingRows,
    /// The link names a hash no row has; the row itself recomputes.
    BrokenLink,
    /// A row that no later row links to stands between two linked rows and does not recompute.
    InsertedRow,
    /// Two or more rows share one predecessor and each recomputes.
    Fork,
    /// The same hash and content twice.
    Duplicate,
    /// The links give one complete chain, and the declared order disagrees.
    Reordered,
    /// A number is missing in a dense sequence although the links hold.
    SequenceGap,
    /// The first row does not start from the genesis and names no row.
    MissingGenesis,
    /// More than one row starts from the genesis.
    SeveralGenesis,
    /// A row without hash after the chain began: it bypassed the writer.
    UnchainedRow,
    /// A column differs from what the policy binds it to.
    PreimageMismatch,
    /// Rows that an anchor knows are missing at the end.
    TruncatedTail,
    /// From some row on, the chain is not the one that an anchor was taken of.
    RewrittenSuffix,
}

/// One anomaly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// One sentence: what happened, as far as the data can tell.
    pub message: String,
    /// Key columns of the row it is about.
    pub key: Vec<KeyPart>,
    /// The split it lies in, as column and value.
    pub split: Vec<KeyPart>,
}

/// Why a chain's content could not be established, although nothing says it was tampered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undetermined {
    /// A stable word: `wrong_recipe`, `wrong_split`, `time_not_stored`, `json_order_lost`, `null_policy`, `not_a_chain` ...
    pub kind: String,
    /// One or two sentences: what was seen and what to declare instead.
    pub message: String,
    /// Rows concerned.
    pub rows: u64,
    /// Sample keys.
    pub samples: Vec<Vec<KeyPart>>,
}

/// How many of the independent chains are established how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// Every row recomputes from what is stored.
    pub verified: u64,
    /// Some rows only by the declared search.
    pub by_search: u64,
    /// Some rows are only linked, which the policy accepts.
    pub links_only: u64,
    /// Something is amiss: an anomaly, or something that could not be established.
    pub doubtful: u64,
}

impl Levels {
    /// Counts a chain by the least that is true of it.
    pub(crate) fn count(&mut self, doubtful: bool, links_only: bool, by_search: bool) {
        *match (doubtful, links_only, by_search) {
            (true, _, _) => &mut self.doubtful,
            (_, true, _) => &mut self.links_only,
            (_, _, true) => &mut self.by_search,
            _ => &mut self.verified,
        } += 1;
    }
}

/// The outcome of verifying one chain over one relation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainReport {
    /// Rows read.
    pub rows: u64,
    /// Independent chains seen.
    pub splits: u64,
    /// How far each of them is established.
    #[serde(default)]
    pub levels: Levels,
    /// Rows whose hash was recomputed as declared.
    pub verified: u64,
    /// Rows whose hash was found by the declared search.
    pub by_search: u64,
    /// Rows of which the policy accepts that they are linked only.
    #[serde(default)]
    pub links_only: u64,
    /// Rows without hash before the chain began, where the policy expects them.
    #[serde(default)]
    pub unhashed: u64,
    /// Rows that recompute by each `hash` clause, in their order.
    #[serde(default)]
    pub by_way: Vec<u64>,
    /// Anchors that were found, or lie before rows that may be gone.
    #[serde(default)]
    pub anchors_found: u64,
    /// Rows that anchors know and that are gone from the ends of chains.
    #[serde(default)]
    pub lost: u64,
    /// Chains whose ends are gone, by their anchors.
    #[serde(default)]
    pub cut: u64,
    /// The last row of each chain, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<Anchor>,
    /// Bits the search cost per row: log2 of the candidates tried, rounded up.
    pub search_bits: u32,
    /// Rows whose link names the hash of the row before it (or the genesis, for a first row).
    pub linked: u64,
    /// Anomalies, up to the sample limit.
    pub anomalies: Vec<Anomaly>,
    /// Number of anomalies in all.
    pub anomalies_total: u64,
    /// Anything that could not be established.
    pub undetermined: Vec<Undetermined>,
    /// What the recipe does not protect, for the report.
    pub notes: Vec<String>,
}
