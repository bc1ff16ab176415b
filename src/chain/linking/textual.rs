//! Numbers that are stored as text sort by their bytes, `10` before `9`. A chain that follows the numbers then looks
//! reordered, although only the declared order is wrong.

use super::case::Case;
use super::rows::Stated;
use super::spec::CellKind;

/// The numbers of a split's rows, where its first order column is text that holds nothing but numbers, and these do
/// not ascend in the declared order.
fn numbers(case: &Case<'_>) -> Option<Vec<i128>> {
    if !matches!(case.order_kind(), Some(CellKind::Text | CellKind::Other)) {
        return None;
    }
    let numbers: Option<Vec<i128>> =
        (0..case.rows.len()).map(|row| case.order(row)?.trim().parse().ok()).collect();
    numbers.filter(|numbers| !numbers.is_sorted())
}

/// The rows by their numbers, if the links agree with that better than with the declared order.
pub(crate) fn by_number(case: &Case<'_>, declared: &[usize]) -> Option<Vec<usize>> {
    let numbers = numbers(case)?;
    let mut sorted = declared.to_vec();
    sorted.sort_by_key(|row| numbers.get(*row).copied().unwrap_or(i128::MAX));
    (linked(case, &sorted) > linked(case, declared)).then_some(sorted)
}

/// Without links: rows that stand after another row than by their numbers.
#[derive(Debug)]
pub(crate) struct Displaced {
    by_row: Vec<i128>,
    sorted: Vec<i128>,
}

impl Displaced {
    pub(crate) fn new(case: &Case<'_>) -> Option<Self> {
        let by_row = numbers(case)?;
        let mut sorted = by_row.clone();
        sorted.sort_unstable();
        Some(Self { by_row, sorted })
    }

    /// Whether another row than the one before it has the next smaller number.
    pub(crate) fn is(&self, row: usize) -> bool {
        let before = row.checked_sub(1).and_then(|before| self.by_row.get(before)).copied();
        let smaller =
            self.by_row.get(row).map_or(0, |own| self.sorted.partition_point(|number| number < own));
        let next_smaller = smaller.checked_sub(1).and_then(|at| self.sorted.get(at)).copied();
        next_smaller != before
    }
}

fn linked(case: &Case<'_>, arranged: &[usize]) -> usize {
    let pairs = arranged.iter().zip(arranged.iter().skip(1));
    pairs.filter(|(before, row)| case.rows.stated(**row) == Stated::Hash(case.rows.hash(**before))).count()
}
