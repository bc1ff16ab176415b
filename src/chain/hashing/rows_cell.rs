//! Cells that hold rows: those of another relation that belong to a row of the chain, such as the lines of an entry.
//!
//! A cell is a JSON array with an array of texts and nulls for each row, in no order. They are put in order where they are
//! read, so that it does not matter who gathered them.

use std::cmp::Ordering;

use super::spec::{CellKind, Members};

/// Cells of one of the rows.
pub(crate) type Cells = Vec<Option<String>>;

/// Why the rows of a cell cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is not spelt as rows are.
    Unreadable,
    /// Different rows have the same place in the order.
    Tied,
}

/// Spells rows as a cell.
#[must_use]
pub(crate) fn spell<'c>(rows: impl Iterator<Item = &'c [Option<Box<str>>]>) -> String {
    let rows: Vec<&[Option<Box<str>>]> = rows.collect();
    // Texts, nulls and arrays of them always have a JSON spelling.
    serde_json::to_string(&rows).unwrap_or_default()
}

/// Reads the rows of a cell, in order: numbers by value, all else by its text; NULL comes last.
pub(crate) fn read(cell: &str, members: &Members, kinds: &[CellKind]) -> Result<Vec<Cells>, Trouble> {
    let mut rows: Vec<Cells> = serde_json::from_str(cell).map_err(|_| Trouble::Unreadable)?;
    if rows.iter().any(|row| row.len() != members.columns.len()) {
        return Err(Trouble::Unreadable);
    }
    let keys: Vec<(usize, bool)> = members
        .order
        .iter()
        .filter_map(|column| {
            let at = members.columns.iter().position(|c| c == column)?;
            Some((at, kinds.get(*column) == Some(&CellKind::Integer)))
        })
        .collect();
    rows.sort_by(|a, b| sequence(a, b, &keys));
    let tied = |pair: &[Cells]| match pair {
        [a, b] => sequence(a, b, &keys).is_eq() && a != b,
        _ => false,
    };
    if rows.windows(2).any(tied) { Err(Trouble::Tied) } else { Ok(rows) }
}

/// How many rows a cell holds.
pub(crate) fn count(cell: &str) -> Option<usize> {
    let rows: Vec<Cells> = serde_json::from_str(cell).ok()?;
    Some(rows.len())
}

fn sequence(a: &Cells, b: &Cells, keys: &[(usize, bool)]) -> Ordering {
    for (at, number) in keys {
        let cell = |row: &'_ Cells| row.get(*at).cloned().flatten();
        let ordering = match (cell(a), cell(b)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(x), Some(y)) => match (x.parse::<i64>(), y.parse::<i64>()) {
                (Ok(x), Ok(y)) if *number => x.cmp(&y),
                _ => x.cmp(&y),
            },
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Members {
        Members { columns: vec![3, 4], order: vec![3] }
    }

    const KINDS: [CellKind; 5] =
        [CellKind::Text, CellKind::Rows, CellKind::Text, CellKind::Integer, CellKind::Text];

    #[test]
    fn rows_come_in_order_whoever_gathered_them() {
        let rows: [[Option<Box<str>>; 2]; 3] =
            [[Some("10".into()), Some("b\"|\n".into())], [Some("9".into()), None], [None, Some("".into())]];
        let cell = spell(rows.iter().map(<[_; 2]>::as_slice));
        let read = read(&cell, &members(), &KINDS).unwrap();
        let first: Vec<Option<&str>> = read.iter().map(|row| row[0].as_deref()).collect();
        assert_eq!(first, [Some("9"), Some("10"), None]);
        assert_eq!(read[1][1].as_deref(), Some("b\"|\n"));
        // As a server spells them.
        assert_eq!(super::read("[[\"9\", null], [\"10\", \"x\"]]", &members(), &KINDS).unwrap().len(), 2);
    }

    #[test]
    fn a_tie_between_rows_that_differ_is_no_order() {
        let tied = read("[[\"1\",\"a\"],[\"1\",\"b\"]]", &members(), &KINDS);
        assert_eq!(tied, Err(Trouble::Tied));
        assert_eq!(read("[[\"1\",\"a\"],[\"1\",\"a\"]]", &members(), &KINDS).unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_spelt_so_is_not_read() {
        for cell in ["", "{}", "[1]", "[[\"1\"]]", "[[\"1\",\"a\"]", "[[1,\"a\"]]"] {
            assert_eq!(read(cell, &members(), &KINDS), Err(Trouble::Unreadable), "{cell}");
        }
    }
}
