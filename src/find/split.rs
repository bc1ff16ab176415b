//! Within which columns the links make single chains.

use std::collections::{BTreeMap, BTreeSet};

use super::sheet::Sheet;
use crate::chain::program::is_time;
use crate::chain::spec::CellKind;

/// Words in the names of columns that say whose a row is.
const OWNERS: [&str; 6] = ["tenant", "organisation", "organization", "org_id", "orgid", "workspace"];
/// Most columns of a split.
const MOST: usize = 3;

fn suits(sheet: &Sheet, column: usize) -> bool {
    let kind = sheet.kind(column);
    !is_time(kind) && !matches!(kind, CellKind::Json | CellKind::Jsonb | CellKind::Bytea | CellKind::Float)
}

/// The fewest columns whose values are the same along every link, and different between chains; and the columns that
/// could be added without any difference in this sample.
pub(super) fn split(
    sheet: &Sheet,
    parents: &[Vec<usize>],
    first: &[bool],
    without: &[usize],
) -> (Vec<usize>, Vec<usize>) {
    let starts: Vec<usize> = first.iter().enumerate().filter(|(_, f)| **f).map(|(row, _)| row).collect();
    let along = |column: usize| {
        parents.iter().enumerate().all(|(row, parents)| {
            let same = |parent: &usize| sheet.cell(row, column) == sheet.cell(*parent, column);
            parents.is_empty() || parents.iter().any(same)
        })
    };
    if starts.len() < 2 {
        // One beginning only; but a chain of all tenants would hardly keep to one of them from row to row.
        let links = parents.iter().filter(|parents| !parents.is_empty()).count();
        let values = |column: usize| (0..sheet.rows.len()).map(move |row| sheet.cell(row, column));
        let owner = |column: &usize| {
            let name = sheet.name(*column).to_ascii_lowercase();
            OWNERS.iter().any(|word| name.contains(word))
                && suits(sheet, *column)
                && !without.contains(column)
        };
        let found = (0..sheet.own())
            .filter(owner)
            .filter(|column| values(*column).collect::<BTreeSet<_>>().len() > 1 && along(*column));
        return (if links < 8 { Vec::new() } else { found.take(2).collect() }, Vec::new());
    }
    let varies =
        |column: usize| starts.iter().map(|row| sheet.cell(*row, column)).collect::<BTreeSet<_>>().len() > 1;
    let steady: Vec<usize> = (0..sheet.own())
        .filter(|column| !without.contains(column) && suits(sheet, *column) && along(*column))
        .collect();
    // A column that tells rows apart where nothing is linked yet is no split, but a key.
    let linked = parents.iter().any(|parents| !parents.is_empty());
    let usable: Vec<usize> =
        steady.iter().copied().filter(|c| linked && varies(*c) && !sheet.is_key(*c)).collect();
    let keys = steady.iter().copied().filter(|c| linked && varies(*c) && sheet.is_key(*c));
    let usable: Vec<usize> = usable.into_iter().chain(keys).collect();
    let apart = |columns: &[usize]| {
        let values =
            starts.iter().map(|row| columns.iter().map(|c| sheet.cell(*row, *c)).collect::<Vec<_>>());
        values.collect::<BTreeSet<_>>().len() == starts.len()
    };
    let mut found = Vec::new();
    'sizes: for size in 1..=MOST {
        for columns in subsets(&usable, size) {
            if apart(&columns) {
                found = columns;
                break 'sizes;
            }
        }
    }
    if found.is_empty() {
        return (found, Vec::new());
    }
    let companions: Vec<usize> =
        steady.into_iter().filter(|c| !found.contains(c) && !sheet.is_key(*c)).collect();
    // Who splits by an identifier splits by what it belongs to as well: a tenant, a type of things.
    let belongs = |column: &usize| {
        let name = sheet.name(*column).to_ascii_lowercase();
        let of = |id: &usize| {
            let id = sheet.name(*id).to_ascii_lowercase();
            id.strip_suffix("id").is_some_and(|stem| !stem.is_empty() && name == format!("{stem}type"))
        };
        OWNERS.iter().any(|word| name.contains(word)) || found.iter().any(of)
    };
    let (added, rest): (Vec<usize>, Vec<usize>) = companions.into_iter().partition(|c| belongs(c));
    found.extend(added);
    found.sort_unstable();
    (found, rest.into_iter().filter(|column| varies(*column)).collect())
}

fn subsets(of: &[usize], size: usize) -> Vec<Vec<usize>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for (n, first) in of.iter().enumerate() {
        for mut rest in subsets(of.get(n + 1..).unwrap_or_default(), size - 1) {
            rest.insert(0, *first);
            found.push(rest);
        }
        if found.len() > 5_000 {
            break;
        }
    }
    found
}

/// Splits to try where no link says anything: none, and by what tables are usually split by.
pub(super) fn guesses(sheet: &Sheet, hash: usize, end: usize) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    let words = [
        "tenant",
        "org",
        "workspace",
        "stream",
        "chain",
        "scope",
        "partition",
        "entity_id",
        "entityid",
        "user_id",
    ];
    for column in (0..sheet.own()).filter(|column| *column != hash && suits(sheet, *column)) {
        let mut rows: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        (0..end).for_each(|row| *rows.entry(sheet.cell(row, column)).or_default() += 1);
        let name = sheet.name(column).to_ascii_lowercase();
        if rows.len() > 1
            && rows.values().any(|count| *count > 1)
            && words.iter().any(|word| name.contains(word))
        {
            found.push(vec![column]);
        }
    }
    found.truncate(3);
    found
}
