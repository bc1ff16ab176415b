//! The one value that a column has in all rows that recompute. A row that fails because the application itself changed such
//! a column after it was hashed, a state that goes on from `open`, recomputes with the value the column had at first.

/// So many rows have to agree before their value is the first one of a state.
const ENOUGH: u64 = 3;

/// The values of the columns that a recipe reads, in rows that recompute.
#[derive(Debug)]
pub(crate) struct Usual {
    columns: Vec<(usize, First)>,
}

#[derive(Debug)]
enum First {
    Unseen,
    /// The value and in how many rows it was seen.
    One(Option<String>, u64),
    /// Rows recompute with several values, so none is the first one.
    Several,
}

impl Usual {
    pub(crate) fn new(columns: Vec<usize>) -> Self {
        Self { columns: columns.into_iter().map(|column| (column, First::Unseen)).collect() }
    }

    /// Takes in a row that recomputes.
    pub(crate) fn recomputes(&mut self, row: &[Option<&str>]) {
        for (column, first) in &mut self.columns {
            let cell = row.get(*column).copied().flatten();
            match first {
                First::Several => {}
                First::One(value, rows) if value.as_deref() == cell => *rows += 1,
                First::One(..) => *first = First::Several,
                First::Unseen => *first = First::One(cell.map(str::to_owned), 1),
            }
        }
    }

    /// The one value of a column, where it has one and the row another.
    pub(crate) fn other(&self, column: usize, row: &[Option<&str>]) -> Option<Option<&str>> {
        let (_, first) = self.columns.iter().find(|(known, _)| *known == column)?;
        match first {
            First::One(value, rows) if *rows >= ENOUGH => {
                (value.as_deref() != row.get(column).copied().flatten()).then_some(value.as_deref())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_state_is_known_and_free_text_has_none() {
        let mut usual = Usual::new(vec![0, 1]);
        for n in 0..50 {
            assert_eq!(usual.other(0, &[Some("paid")]).is_some(), n >= 3);
            usual.recomputes(&[Some("open"), Some(&n.to_string())]);
        }
        assert_eq!(usual.other(0, &[Some("paid"), Some("x")]), Some(Some("open")));
        assert_eq!(usual.other(0, &[None, None]), Some(Some("open")));
        assert_eq!(usual.other(0, &[Some("open"), None]), None);
        assert_eq!(usual.other(1, &[Some("paid"), Some("x")]), None);
        assert_eq!(usual.other(2, &[]), None);
    }
}
