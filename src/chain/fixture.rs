//! Chains for tests, written as the applications behind the policies write them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::given::Given;
use super::report::{AnomalyKind, ChainReport};
use super::spec::{
    CellKind, ChainColumn, ChainSpec, Digest, Genesis, Hashing, Recipe, Search, Sought, TimePreset,
};
use super::verify::{ChainFold, Limits};

/// A row: cells by column.
pub(crate) type Row = Vec<Option<String>>;

pub(crate) const ID: usize = 0;
pub(crate) const TENANT: usize = 1;
pub(crate) const TYPE: usize = 2;
pub(crate) const ENTITY: usize = 3;
pub(crate) const ACTION: usize = 4;
pub(crate) const USER: usize = 5;
pub(crate) const AT: usize = 6;
pub(crate) const SEQ: usize = 7;
pub(crate) const PREVIOUS: usize = 8;
pub(crate) const HASH: usize = 9;

pub(crate) fn column(name: &str, kind: CellKind) -> ChainColumn {
    ChainColumn::own(name, kind)
}

pub(crate) fn sha256_hex(text: &[u8]) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

pub(crate) fn digest(inner: Recipe) -> Recipe {
    Recipe::Hex(Box::new(Recipe::Digest(Digest::Sha256, Box::new(inner))))
}

pub(crate) fn or(inner: Recipe, text: &str) -> Recipe {
    Recipe::Coalesce(Box::new(inner), Box::new(Recipe::Text(text.to_owned())))
}

/// TALA's audit log, one chain per tenant, ordered by time.
pub(crate) fn tala() -> ChainSpec {
    ChainSpec {
        name: "audit".to_owned(),
        relation: "public.AuditLog".to_owned(),
        columns: vec![
            column("id", CellKind::Text),
            column("tenantId", CellKind::Text),
            column("entityType", CellKind::Text),
            column("entityId", CellKind::Text),
            column("action", CellKind::Text),
            column("userId", CellKind::Text),
            column("createdAt", CellKind::Timestamp),
            column("seq", CellKind::Integer),
            column("previousHash", CellKind::Text),
            column("dataHash", CellKind::Text),
        ],
        key: vec![ID],
        split: vec![TENANT],
        order: vec![AT],
        numeric: Vec::new(),
        dense_from: None,
        hash: HASH,
        previous: Some(PREVIOUS),
        genesis: Genesis::Null,
        hashings: vec![Hashing::always(digest(Recipe::Cat(vec![
            or(Recipe::Prev, ""),
            Recipe::Column(TYPE),
            Recipe::Column(ENTITY),
            Recipe::Column(ACTION),
            Recipe::Time(AT, TimePreset::Js),
            Recipe::Column(USER),
        ])))],
        conditions: 0,
        keys: Vec::new(),
        binds: Vec::new(),
        unhashed_first: false,
        anchors: None,
        narrowed: None,
        pruned_first: false,
        searches: Vec::new(),
        uncovered: vec!["changesAfter".to_owned()],
    }
}

/// The same, ordered by a number without gaps.
pub(crate) fn dense() -> ChainSpec {
    ChainSpec { order: vec![SEQ], dense_from: Some(1), ..tala() }
}

/// The window that the writer's clock needs, in nanoseconds.
pub(crate) const WINDOW: Sought =
    Sought::Time { from_nanos: -50_000_000, to_nanos: 5_000_000, step_nanos: 1_000_000 };

/// The same chain with another recipe.
pub(crate) fn hashed(spec: &ChainSpec, recipe: Recipe) -> ChainSpec {
    ChainSpec { hashings: vec![Hashing::always(recipe)], ..spec.clone() }
}

/// The recipe of a chain that has one.
pub(crate) fn recipe_of(spec: &ChainSpec) -> &Recipe {
    spec.recipes().next().unwrap().1
}

/// The same with a window for the time.
pub(crate) fn searching() -> ChainSpec {
    ChainSpec { searches: vec![Search { column: AT, sought: WINDOW }], ..tala() }
}

/// The time of the n-th row.
pub(crate) fn at(n: u64) -> String {
    format!(
        "2026-01-{:02} {:02}:{:02}:{:02}.{:03}",
        n / 8640 % 28 + 1,
        n / 360 % 24,
        n / 6 % 60,
        n * 10 % 60,
        n * 37 % 1000
    )
}

/// A time so many milliseconds later.
pub(crate) fn later(time: &str, millis: i64) -> String {
    let mut text = Vec::new();
    let moved = super::time::parse(time).unwrap().shifted(millis * 1000).unwrap();
    moved.write(TimePreset::IsoMillis, &mut text);
    String::from_utf8(text).unwrap().replace('T', " ").replace('Z', "")
}

/// A chain whose writer hashed its own clock, while the database stored one that was late.
pub(crate) fn late(tenant: u64, length: u64, delay: impl Fn(u64) -> i64) -> Vec<Row> {
    let mut rows = chain(tenant, length);
    for (n, row) in rows.iter_mut().enumerate() {
        row[AT] = Some(later(&at(n as u64), delay(n as u64)));
    }
    rows
}

/// Hashes a row the way the application does, with the time it saw.
pub(crate) fn seal(row: &mut Row, previous: Option<&str>, time: &str) {
    let cell = |index: usize| row[index].as_deref().unwrap_or_default();
    let preimage = format!(
        "{}{}{}{}{}Z{}",
        previous.unwrap_or(""),
        cell(TYPE),
        cell(ENTITY),
        cell(ACTION),
        time.replace(' ', "T"),
        cell(USER)
    );
    row[PREVIOUS] = previous.map(str::to_owned);
    row[HASH] = Some(sha256_hex(preimage.as_bytes()));
}

/// A row not yet hashed.
pub(crate) fn blank(tenant: u64, n: u64) -> Row {
    vec![
        Some(format!("t{tenant}-{n}")),
        Some(format!("tenant-{tenant}")),
        Some(["Invoice", "Vendor"][n as usize % 2].to_owned()),
        Some(format!("e{}", n % 5)),
        Some(["Created", "Posted", "Voided"][n as usize % 3].to_owned()),
        Some(format!("u{tenant}{}", n % 4)),
        Some(at(n)),
        Some((n + 1).to_string()),
        None,
        None,
    ]
}

/// A clean chain of one tenant.
pub(crate) fn chain(tenant: u64, length: u64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for n in 0..length {
        let mut row = blank(tenant, n);
        let previous = rows.last().and_then(|before| before[HASH].clone());
        seal(&mut row, previous.as_deref(), &at(n));
        rows.push(row);
    }
    rows
}

/// A clean relation of several tenants.
pub(crate) fn relation(lengths: &[u64]) -> Vec<Row> {
    lengths.iter().enumerate().flat_map(|(tenant, length)| chain(tenant as u64, *length)).collect()
}

pub(crate) fn verify(spec: &ChainSpec, rows: &[Row]) -> ChainReport {
    verify_within(spec, rows, Limits::default())
}

pub(crate) fn verify_within(spec: &ChainSpec, rows: &[Row], limits: Limits) -> ChainReport {
    let mut fold = ChainFold::new(spec, &Given::default(), limits).unwrap();
    for row in rows {
        let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
        fold.push(&cells).unwrap();
    }
    fold.finish()
}

/// What is accused: kinds and the first key value.
pub(crate) fn accused(report: &ChainReport) -> Vec<(AnomalyKind, String)> {
    assert_eq!(report.anomalies_total, report.anomalies.len() as u64);
    report
        .anomalies
        .iter()
        .map(|anomaly| (anomaly.kind, anomaly.key[0].value.clone().unwrap_or_default()))
        .collect()
}

/// The words of what could not be established.
pub(crate) fn undetermined(report: &ChainReport) -> Vec<&str> {
    report.undetermined.iter().map(|entry| entry.kind.as_str()).collect()
}
