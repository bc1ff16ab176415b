//! The record as an audit chain: the recipe by which [`crate::chain`] recomputes it.

use super::entry::{Entry, GENESIS};
use crate::chain::spec::{
    CellKind, ChainColumn, ChainSpec, Digest, Genesis, Hashing, JsonField, JsonNull, JsonProfile, JsonValue,
    Recipe,
};

/// Name of the chain, which anchors state.
pub(super) const CHAIN: &str = "record";

/// Name of the column that counts.
pub(super) const SEQUENCE: &str = "sequence";

/// Columns of the chain, in the order of the cells. `line` is where an entry stands and no part of it.
const COLUMNS: [(&str, CellKind, bool); 9] = [
    ("line", CellKind::Integer, false),
    (SEQUENCE, CellKind::Integer, false),
    ("body", CellKind::Json, false),
    ("format", CellKind::Text, false),
    ("key", CellKind::Text, true),
    ("kind", CellKind::Text, false),
    ("time", CellKind::Text, false),
    ("previous", CellKind::Text, false),
    ("hash", CellKind::Text, false),
];

/// `hash = hex(sha256(json(jcs, { body, format, key ?? null, kind, previous: prev, sequence, time })))`.
pub(super) fn spec() -> ChainSpec {
    let at = |name: &str| COLUMNS.iter().position(|(column, ..)| *column == name).unwrap_or_default();
    let member =
        |name: &str, null: JsonNull, value: JsonValue| JsonField { key: name.to_owned(), null, value };
    let column = |name: &str| member(name, JsonNull::Undeclared, JsonValue::Column(at(name)));
    let members = vec![
        column("body"),
        column("format"),
        member("key", JsonNull::Null, JsonValue::Column(at("key"))),
        column("kind"),
        member("previous", JsonNull::Undeclared, JsonValue::String(Recipe::Prev)),
        column(SEQUENCE),
        column("time"),
    ];
    let preimage = Recipe::Json(JsonProfile::Jcs, members);
    ChainSpec {
        name: CHAIN.to_owned(),
        relation: "the record".to_owned(),
        columns: COLUMNS
            .iter()
            .map(|(name, kind, nullable)| ChainColumn {
                nullable: *nullable,
                ..ChainColumn::own(name, *kind)
            })
            .collect(),
        key: vec![at("line"), at(SEQUENCE)],
        split: Vec::new(),
        order: vec![at(SEQUENCE)],
        numeric: Vec::new(),
        dense_from: Some(1),
        hash: at("hash"),
        previous: Some(at("previous")),
        genesis: Genesis::Text(GENESIS.to_owned()),
        hashings: vec![Hashing::always(Recipe::Hex(Box::new(Recipe::Digest(
            Digest::Sha256,
            Box::new(preimage),
        ))))],
        conditions: 0,
        keys: Vec::new(),
        binds: Vec::new(),
        anchors: None,
        narrowed: None,
        pruned_first: false,
        unhashed_first: false,
        searches: Vec::new(),
        uncovered: Vec::new(),
    }
}

/// The cells of an entry, in the order of [`COLUMNS`].
pub(super) fn cells(line: u64, entry: &Entry) -> [Option<String>; 9] {
    [
        Some(line.to_string()),
        Some(entry.sequence.to_string()),
        Some(entry.body.to_string()),
        Some(entry.format.clone()),
        entry.key.clone(),
        Some(entry.kind.clone()),
        Some(entry.time.clone()),
        Some(entry.previous.clone()),
        Some(entry.hash.clone()),
    ]
}
