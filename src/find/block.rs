//! The `chain` block of what was found.

use super::links::Link;
use super::print::{Printer, ident, wrapped};
use crate::chain::spec::{Genesis, Recipe, Search, Sought};
use crate::chain::visit;

/// A condition that tells rows that recompute from those that do not.
pub(super) struct Narrowed {
    pub(super) column: usize,
    /// What follows the column, such as `= "v1"`.
    pub(super) test: String,
}

/// A name for the chain after its table.
#[must_use]
pub fn chain_name(table: &str) -> String {
    let name: String =
        table.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("t{name}") } else { name }
}

/// A table as the language names it.
fn named(schema: &str, table: &str) -> String {
    if schema == "public" { ident(table) } else { format!("{}.{}", ident(schema), ident(table)) }
}

/// The block.
pub(super) fn block(
    printer: &Printer<'_>,
    link: &Link,
    name: &str,
    genesis: &Genesis,
    (recipes, binds): (&[Recipe], &[(usize, Recipe)]),
    searches: &[Search],
    narrowed: Option<&Narrowed>,
) -> String {
    let sheet = printer.sheet;
    let list = |columns: &[usize]| columns.iter().map(|c| printer.column(*c)).collect::<Vec<_>>().join(", ");
    let mut out = format!("chain {name} on {}", named(&sheet.schema, &sheet.table));
    if let Some(narrowed) = narrowed {
        out.push_str(&format!(" where {} {}", printer.column(narrowed.column), narrowed.test));
    }
    out.push_str(" {\n");
    let mut read: Vec<usize> =
        recipes.iter().chain(binds.iter().map(|(_, recipe)| recipe)).flat_map(visit::columns).collect();
    read.sort_unstable();
    for join in &sheet.joins {
        if read.iter().any(|column| sheet.joined(*column).is_some_and(|(known, _)| known.first == join.first))
        {
            let other = named(&join.schema, &join.table);
            let (by, to) = (printer.column(join.by), ident(&join.to));
            out.push_str(&format!("  join {other} as {} by {by} to {to}\n", ident(&join.alias)));
        }
    }
    if !link.split.is_empty() {
        out.push_str(&format!("  split by {}\n", list(&link.split)));
    }
    let order = match (link.order.columns.as_slice(), link.order.numeric) {
        ([first], true) => format!("int({})", printer.column(*first)),
        ([first, rest @ ..], true) => format!("int({}), {}", printer.column(*first), list(rest)),
        (columns, _) => list(columns),
    };
    let dense = link.order.dense_from.map(|n| format!(" dense from {n}")).unwrap_or_default();
    out.push_str(&format!("  order by {order}{dense}\n"));
    let previous = link.previous.map_or_else(|| "implicit".to_owned(), |column| printer.column(column));
    out.push_str(&format!("  link {previous} genesis {}\n", printer.genesis(genesis)));
    for (_, key) in &printer.keys {
        out.push_str(&format!("  {}\n", printer.key(key)));
    }
    for recipe in recipes {
        let hash = format!("  hash {} = {}\n", printer.column(link.hash), printer.recipe(recipe));
        out.push_str(&wrapped(&hash));
    }
    for (column, recipe) in binds {
        let bind = format!("  bind {} = {}\n", printer.column(*column), printer.recipe(recipe));
        out.push_str(&wrapped(&bind));
    }
    for search in searches {
        out.push_str(&format!("  {}\n", printer.search(search)));
    }
    out.push_str("}\n");
    out
}

/// The narrowest round window around what was seen, in nanoseconds; or the digits that are too small to be stored.
pub(super) fn window(column: usize, low: i64, high: i64) -> Search {
    if low >= 0 && (1..1_000).contains(&high) {
        return Search { column, sought: Sought::Digits { digits: 7, rounded: false } };
    }
    let (low, high) = (low / 1_000, high / 1_000);
    const ROUND: [i64; 8] = [0, 5_000, 10_000, 20_000, 50_000, 100_000, 150_000, 200_000];
    let around = |micros: i64| ROUND.into_iter().find(|round| *round >= micros).unwrap_or(200_000);
    let sought = Sought::Time {
        from_nanos: -around((-low).max(0)) * 1_000,
        to_nanos: around(high.max(0)) * 1_000,
        step_nanos: 1_000_000,
    };
    Search { column, sought }
}
