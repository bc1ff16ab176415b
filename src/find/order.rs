//! The order of writing, as far as links and values tell.

use super::sheet::Sheet;
use crate::chain::spec::CellKind;
use crate::chain::time;

/// A declared order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Columns, the first one first.
    pub columns: Vec<usize>,
    /// Whether the first one is text that holds numbers.
    pub numeric: bool,
    /// Where it counts from, if it counts without gaps.
    pub dense_from: Option<i64>,
    /// Links along which the order does not grow.
    pub against: usize,
}

/// A value that rows can be sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Null,
    Number(i128),
    Text(String),
}

fn key(sheet: &Sheet, row: usize, column: usize, numeric: bool) -> Key {
    let Some(cell) = sheet.cell(row, column) else { return Key::Null };
    let number = match sheet.kind(column) {
        CellKind::Integer => cell.parse().ok(),
        CellKind::Text if numeric => cell.parse().ok(),
        CellKind::Timestamp | CellKind::TimestampTz | CellKind::Date => {
            time::parse(cell).map(|at| i128::from(at.micros_since_epoch()))
        }
        _ => None,
    };
    number.map_or_else(|| Key::Text(cell.to_owned()), Key::Number)
}

impl Order {
    pub(super) fn key(&self, sheet: &Sheet, row: usize) -> Vec<Key> {
        let keys = self.columns.iter().enumerate();
        keys.map(|(n, column)| key(sheet, row, *column, self.numeric && n == 0)).collect()
    }

    /// The same, with what it counts from.
    pub(super) fn started(self, sheet: &Sheet, parents: &[Option<usize>], first: &[bool]) -> Self {
        let number = |row: usize| match self.key(sheet, row).first() {
            Some(Key::Number(n)) => i64::try_from(*n).ok(),
            _ => None,
        };
        let time = self.columns.first().is_some_and(|c| {
            matches!(sheet.kind(*c), CellKind::Timestamp | CellKind::TimestampTz | CellKind::Date)
        });
        if self.columns.len() != 1 || time {
            return self;
        }
        let mut links =
            parents.iter().enumerate().filter_map(|(row, parent)| Some((row, (*parent)?))).peekable();
        let dense = links.peek().is_some()
            && links.all(|(row, parent)| {
                number(row).zip(number(parent)).is_some_and(|(a, b)| a == b.wrapping_add(1))
            });
        let mut starts = first.iter().enumerate().filter(|(_, first)| **first).map(|(row, _)| number(row));
        let start = starts.next().flatten();
        let dense_from = start.filter(|start| dense && starts.all(|other| other == Some(*start)));
        Self { dense_from, ..self }
    }
}

/// Columns that rows could be ordered by, each alone.
fn candidates(sheet: &Sheet, without: &[usize]) -> Vec<Order> {
    let mut found = Vec::new();
    for column in (0..sheet.own()).filter(|column| !without.contains(column)) {
        let cells: Vec<&str> = (0..sheet.rows.len()).filter_map(|row| sheet.cell(row, column)).collect();
        if cells.len() < sheet.rows.len() || cells.is_empty() {
            continue;
        }
        let numbers = cells.iter().all(|cell| cell.len() < 19 && cell.parse::<i64>().is_ok());
        let fits = match sheet.kind(column) {
            CellKind::Integer | CellKind::Timestamp | CellKind::TimestampTz => true,
            // Texts that sort in the order of writing: ULIDs and the like, and times from the year on.
            CellKind::Text | CellKind::Uuid => {
                numbers || sheet.is_key(column) || cells.iter().all(|cell| spells_time(cell))
            }
            _ => false,
        };
        if fits {
            let numeric = numbers && sheet.kind(column) == CellKind::Text;
            found.push(Order { columns: vec![column], numeric, dense_from: None, against: 0 });
        }
    }
    found
}

/// Whether a text begins like `2026-01-02T03:04:05`. Such texts of one writer sort as the times do.
fn spells_time(cell: &str) -> bool {
    let form = b"dddd-dd-dd?dd:dd:dd";
    cell.len() >= form.len()
        && cell.bytes().zip(form).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            b'?' => byte == b'T' || byte == b' ',
            other => byte == *other,
        })
}

/// Links along which an order falls, and those along which it stays.
fn opposed(sheet: &Sheet, order: &Order, parents: &[Option<usize>]) -> (usize, usize) {
    let (mut against, mut ties) = (0, 0);
    for (row, parent) in parents.iter().enumerate().filter_map(|(row, parent)| Some((row, (*parent)?))) {
        match order.key(sheet, parent).cmp(&order.key(sheet, row)) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => ties += 1,
            std::cmp::Ordering::Greater => against += 1,
        }
    }
    (against, ties)
}

/// An order that leaves rows beside each other, with the columns that tell them apart: those of the key, or else the one
/// along which most links run.
fn completed(sheet: &Sheet, order: &Order, alone: &[Order], parents: &[Option<usize>]) -> (usize, Order) {
    let with = |more: &[usize]| {
        let open = more.iter().copied().filter(|column| !order.columns.contains(column));
        Order { columns: order.columns.iter().copied().chain(open).collect(), ..order.clone() }
    };
    let key: Vec<usize> = (0..sheet.own()).filter(|column| sheet.is_key(*column)).collect();
    // A text of numbers is ordered by its letters anywhere but in the first place.
    let others = alone.iter().filter(|other| !other.numeric).map(|other| with(&other.columns));
    let judged = std::iter::once(with(&key)).chain(others).map(|order| {
        let (against, ties) = opposed(sheet, &order, parents);
        ((against + ties, against), order)
    });
    let best = judged.min_by_key(|(rank, _)| *rank);
    best.map_or_else(|| (order.against, order.clone()), |((rank, _), order)| (rank, order))
}

fn named(name: &str) -> u32 {
    let name = name.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if any(&["seq", "position", "index", "height", "number"]) {
        2
    } else {
        u32::from(
            any(&["created", "timestamp", "occurred", "recorded", "logged"]) || name == "id" || name == "ts",
        )
    }
}

/// The order along which all links run, or most of them.
pub(super) fn order(sheet: &Sheet, parents: &[Option<usize>], first: &[bool], without: &[usize]) -> Order {
    let mut best: Option<((usize, usize, u32, u32), Order)> = None;
    let alone = candidates(sheet, without);
    for order in &alone {
        let (against, ties) = opposed(sheet, order, parents);
        let (against, order) = match ties {
            0 => (against, order.clone()),
            _ => completed(sheet, order, &alone, parents),
        };
        let order = Order { against, ..order }.started(sheet, parents, first);
        let Some(column) = order.columns.first() else { continue };
        let kind = match sheet.kind(*column) {
            _ if order.dense_from.is_some() => 4,
            CellKind::Integer => 3,
            CellKind::Timestamp | CellKind::TimestampTz => 2,
            _ => 1,
        };
        let name = named(sheet.name(*column));
        let rank = (usize::MAX - against, usize::MAX - ties, kind, name);
        if best.as_ref().is_none_or(|(known, _)| rank > *known) {
            best = Some((rank, order));
        }
    }
    best.map_or_else(Order::default, |(_, order)| order)
}

/// Orders in which the table may have been written, where no link says so.
pub(super) fn guesses(sheet: &Sheet, end: usize) -> Vec<Order> {
    let mut ranked: Vec<((usize, usize, u32), Order)> = candidates(sheet, &[])
        .into_iter()
        .map(|mut order| {
            let keys: Vec<_> = (0..end).map(|row| order.key(sheet, row)).collect();
            let pairs = || keys.iter().zip(keys.iter().skip(1));
            let against = pairs().filter(|(a, b)| a > b).count();
            let ties = pairs().filter(|(a, b)| a == b).count();
            if ties > 0 {
                let own = order.columns.clone();
                order.columns.extend((0..sheet.own()).filter(|c| sheet.is_key(*c) && !own.contains(c)));
            }
            let name = order.columns.first().map_or(0, |column| named(sheet.name(*column)));
            ((against, ties, 2 - name), order)
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, order)| order).take(3).collect()
}
