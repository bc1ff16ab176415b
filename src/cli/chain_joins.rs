//! Rows of other tables that the sampled ones point to, for a search among what may have been hashed.

use std::collections::HashSet;

use crate::catalogue::{Catalogue, Column, ColumnKind, Relation, RelationKind};
use crate::chain::program::is_time;
use crate::chain::spec::ChainColumn;
use crate::find::{Joined, Sheet, chain_name};
use crate::probe::reach::Reached;
use crate::probe::sample::pointed;

/// Most columns that are taken of one other table, and of all together: each makes a search longer.
const MOST: usize = 5;
const MOST_OF_ALL: usize = 12;
/// The same where the table has hardly anything of its own that could be hashed.
const MOST_OF_BARE: usize = 16;
/// Most other tables that are asked because of their name alone.
const MOST_BY_NAME: usize = 4;

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
    let bare = is_bare(sheet);
    let (most, most_of_all) = if bare { (MOST_OF_BARE, MOST_OF_BARE) } else { (MOST, MOST_OF_ALL) };
    let declared = keys(sheet, relation, catalogue);
    let named = by_name(sheet, relation, catalogue, &declared);
    let guessed = |n: usize| n >= declared.len();
    for (n, (by, to, parent)) in declared.iter().chain(&named).copied().enumerate() {
        let taken = sheet.joins.iter().map(|join| join.columns.len()).sum::<usize>();
        let mut columns = worth(parent, to, bare);
        columns.truncate(most_of_all.saturating_sub(taken).min(most));
        let cells = sheet.rows.iter().filter_map(|row| row.get(by).cloned().flatten());
        let values: HashSet<String> = cells.collect();
        if columns.is_empty() || values.is_empty() {
            continue;
        }
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let by_name = relation_column(sheet, by);
        let wanted = values.len();
        let rows = match pointed(reached, parent, to, &names, values).await {
            // What a name alone says must hold for every row.
            Ok(rows) if guessed(n) && rows.len() < wanted => continue,
            Ok(rows) => rows,
            Err(_) if guessed(n) => continue,
            Err(failure) => {
                let by = by_name;
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
        let alias = alias(&by_name, &sheet.joins);
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
            bare,
        });
    }
    apart
}

/// A column's place, the column that it points to, and the table of that.
type Pointed<'c> = (usize, &'c str, &'c Relation);

fn relation_column(sheet: &Sheet, column: usize) -> String {
    sheet.columns.get(column).map_or_else(String::new, |column| column.name.clone())
}

/// Whether a table has at most two columns that could be hashed: what its hashes are of may well stand elsewhere.
fn is_bare(sheet: &Sheet) -> bool {
    let beside = ["hash", "checksum", "digest", "signature", "prev", "seq", "position", "index"];
    let own = sheet.columns.iter().filter(|column| {
        let name = column.name.to_ascii_lowercase();
        !sheet.key.contains(&column.name)
            && !is_time(column.kind)
            && !name.ends_with("id")
            && !beside.iter().any(|word| name.contains(word))
    });
    own.count() <= 2
}

/// Tables with a key of one column that other columns are named after, without a foreign key that says so.
fn by_name<'c>(
    sheet: &Sheet,
    relation: &Relation,
    catalogue: &'c Catalogue,
    declared: &[Pointed<'c>],
) -> Vec<Pointed<'c>> {
    let mut found: Vec<Pointed<'c>> = Vec::new();
    for (place, column) in sheet.columns.iter().enumerate() {
        let lower = column.name.to_ascii_lowercase();
        let stem = lower.strip_suffix("_id").or_else(|| lower.strip_suffix("id")).unwrap_or(&lower);
        let stem = stem.trim_end_matches('_');
        if stem.len() < 3 || declared.iter().any(|(known, ..)| *known == place) || column.joined {
            continue;
        }
        let own = relation.column(&column.name).map(|column| column.kind);
        let plural = [stem.to_owned(), format!("{stem}s"), format!("{stem}es")];
        for parent in &catalogue.relations {
            let [to] = parent.primary_key.as_slice() else { continue };
            let name = parent.name.name.to_ascii_lowercase();
            let called = plural.iter().any(|word| {
                name.strip_suffix(word.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
            });
            let kind = parent.column(to).map(|column| column.kind);
            let plain = kind.is_some_and(|kind| PLAIN.contains(&kind)) && kind == own;
            let near =
                matches!(parent.kind, RelationKind::Table | RelationKind::Partitioned) && !parent.foreign;
            if called
                && plain
                && near
                && parent.name != relation.name
                && parent.name.schema == relation.name.schema
            {
                found.push((place, to.as_str(), parent));
                break;
            }
        }
    }
    found.truncate(MOST_BY_NAME);
    found
}

/// Kinds of columns that point to rows.
const PLAIN: [ColumnKind; 3] = [ColumnKind::Text, ColumnKind::Integer, ColumnKind::Uuid];

/// Foreign keys of one column to another table, with that column's place, the column pointed to, and the other table.
fn keys<'c>(sheet: &Sheet, relation: &Relation, catalogue: &'c Catalogue) -> Vec<Pointed<'c>> {
    let mut found: Vec<Pointed<'c>> = Vec::new();
    for key in catalogue.foreign_keys.iter().filter(|key| key.child == relation.name) {
        let ([by], [to]) = (key.child_columns.as_slice(), key.parent_columns.as_slice()) else { continue };
        let place = sheet.columns.iter().position(|column| column.name == *by && !column.joined);
        let parent = catalogue.relations.iter().find(|parent| parent.name == key.parent);
        let (Some(place), Some(parent)) = (place, parent) else { continue };
        // Of a view there is no key, and rows of other servers take their time.
        let near = matches!(parent.kind, RelationKind::Table | RelationKind::Partitioned) && !parent.foreign;
        let kind = |relation: &Relation, name: &str| relation.column(name).map(|column| column.kind);
        let same = kind(parent, to).filter(|kind| PLAIN.contains(kind)) == kind(relation, by);
        if near && same && parent.name != relation.name && !found.iter().any(|(known, ..)| *known == place) {
            found.push((place, to.as_str(), parent));
        }
    }
    found
}

/// The columns of another table that a row may be hashed with, the likeliest first. For a table that has hardly any of its
/// own, all but secrets, in their order.
fn worth<'r>(parent: &'r Relation, to: &str, bare: bool) -> Vec<&'r Column> {
    let secret = ["password", "secret", "token", "salt", "updated", "deleted", "avatar"];
    // A hash without another word may be that of a password.
    let opaque = |name: &str| if bare { name == "hash" } else { name.contains("hash") };
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
        column.name != to
            && (bare || kinds.contains(&column.kind))
            && !secret.iter().any(|word| name.contains(word))
            && !opaque(&name)
    };
    let mut columns: Vec<&Column> = parent.columns.iter().filter(fits).collect();
    let rank = |column: &&Column| {
        let name = lower(column);
        CALLED.iter().position(|word| name.contains(word)).unwrap_or(CALLED.len())
    };
    if !bare {
        columns.sort_by_key(rank);
    }
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
