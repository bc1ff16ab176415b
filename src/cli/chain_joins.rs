//! Rows of other tables that the sampled ones point to, for a search among what may have been hashed.

use std::collections::HashSet;

use crate::catalogue::{Catalogue, Column, ColumnKind, ForeignKey, Relation, RelationKind};
use crate::chain::spec::ChainColumn;
use crate::find::{Joined, Sheet, chain_name};
use crate::probe::reach::Reached;
use crate::probe::sample::pointed;

/// Most columns that are taken of one other table, and of all together: each makes a search longer.
const MOST: usize = 5;
const MOST_OF_ALL: usize = 12;

/// What people and programs call a thing by.
const CALLED: [&str; 12] = [
    "email",
    "name",
    "code",
    "slug",
    "number",
    "title",
    "login",
    "reference",
    "external",
    "tenant",
    "org",
    "kind",
];

/// Adds the columns of every row that a foreign key of one column points to. What cannot be read takes no part, and is
/// returned in words.
pub(super) async fn add(
    sheet: &mut Sheet,
    reached: &Reached,
    relation: &Relation,
    catalogue: &Catalogue,
) -> Vec<String> {
    let mut apart = Vec::new();
    for (key, by, to, parent) in keys(sheet, relation, catalogue) {
        let room = MOST_OF_ALL - sheet.joins.iter().map(|join| join.columns.len()).sum::<usize>();
        let mut columns = worth(parent, to);
        columns.truncate(room.min(MOST));
        let cells = sheet.rows.iter().filter_map(|row| row.get(by).cloned().flatten());
        let values: HashSet<String> = cells.collect();
        if columns.is_empty() || values.is_empty() {
            continue;
        }
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let rows = match pointed(reached, parent, to, &names, values).await {
            Ok(rows) => rows,
            Err(failure) => {
                let by = key.child_columns.concat();
                apart.push(format!(
                    "`{by}` points to rows of {}, which could not be read: {}",
                    parent.name, failure.message
                ));
                continue;
            }
        };
        // A column without any value is nothing to search with.
        let filled = |n: usize| rows.values().any(|row| row.get(n).is_some_and(Option::is_some));
        let kept: Vec<usize> = (0..columns.len()).filter(|n| filled(*n)).collect();
        if kept.is_empty() {
            continue;
        }
        let alias = alias(&key.child_columns.concat(), &sheet.joins);
        let first = sheet.columns.len();
        for row in &mut sheet.rows {
            let other = row.get(by).and_then(Option::as_ref).and_then(|value| rows.get(value));
            let other: Vec<Option<String>> =
                kept.iter().map(|n| other.and_then(|row| row.get(*n).cloned().flatten())).collect();
            row.extend(other);
        }
        let kept: Vec<&Column> = kept.into_iter().filter_map(|n| columns.get(n).copied()).collect();
        sheet.columns.extend(kept.iter().map(|column| ChainColumn {
            joined: true,
            cleared: true,
            ..ChainColumn::own(&format!("{alias}.{}", column.name), column.kind.cell())
        }));
        sheet.joins.push(Joined {
            alias,
            schema: parent.name.schema.clone(),
            table: parent.name.name.clone(),
            by,
            to: to.to_owned(),
            first,
            columns: kept.iter().map(|column| column.name.clone()).collect(),
        });
    }
    apart
}

/// Foreign keys of one column to another table, with that column's place, the column pointed to, and the other table.
fn keys<'c>(
    sheet: &Sheet,
    relation: &Relation,
    catalogue: &'c Catalogue,
) -> Vec<(&'c ForeignKey, usize, &'c str, &'c Relation)> {
    let mut found: Vec<(&ForeignKey, usize, &str, &Relation)> = Vec::new();
    for key in catalogue.foreign_keys.iter().filter(|key| key.child == relation.name) {
        let ([by], [to]) = (key.child_columns.as_slice(), key.parent_columns.as_slice()) else { continue };
        let place = sheet.columns.iter().position(|column| column.name == *by && !column.joined);
        let parent = catalogue.relations.iter().find(|parent| parent.name == key.parent);
        let (Some(place), Some(parent)) = (place, parent) else { continue };
        // Of a view there is no key, and rows of other servers take their time.
        let near = matches!(parent.kind, RelationKind::Table | RelationKind::Partitioned) && !parent.foreign;
        let kind = |relation: &Relation, name: &str| relation.column(name).map(|column| column.kind);
        let plain = [ColumnKind::Text, ColumnKind::Integer, ColumnKind::Uuid];
        let same = kind(parent, to).filter(|kind| plain.contains(kind)) == kind(relation, by);
        if near && same && parent.name != relation.name && !found.iter().any(|(_, known, ..)| *known == place)
        {
            found.push((key, place, to.as_str(), parent));
        }
    }
    found
}

/// The columns of another table that a row may be hashed with, the likeliest first.
fn worth<'r>(parent: &'r Relation, to: &str) -> Vec<&'r Column> {
    let secret = ["password", "secret", "token", "salt", "hash", "updated", "deleted", "avatar"];
    let lower = |column: &Column| column.name.to_ascii_lowercase();
    let fits = |column: &&Column| {
        let kinds = [
            ColumnKind::Text,
            ColumnKind::PaddedText,
            ColumnKind::Enum,
            ColumnKind::Integer,
            ColumnKind::Uuid,
        ];
        let name = lower(column);
        column.name != to && kinds.contains(&column.kind) && !secret.iter().any(|word| name.contains(word))
    };
    let mut columns: Vec<&Column> = parent.columns.iter().filter(fits).collect();
    let rank = |column: &&Column| {
        let name = lower(column);
        CALLED.iter().position(|word| name.contains(word)).unwrap_or(CALLED.len())
    };
    columns.sort_by_key(rank);
    columns
}

/// A name for what a column points to: `user` for `user_id`.
fn alias(by: &str, joins: &[Joined]) -> String {
    let stems = ["_id", "_ID", "Id", "ID"].iter().find_map(|end| by.strip_suffix(end));
    let stem = chain_name(stems.unwrap_or(by));
    let base = if stem.is_empty() { "joined".to_owned() } else { stem };
    let taken = |name: &str| joins.iter().any(|join| join.alias == name);
    let mut alias = base.clone();
    let mut more = 2;
    while taken(&alias) {
        alias = format!("{base}_{more}");
        more += 1;
    }
    alias
}
