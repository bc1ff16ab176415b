//! Writers change how they hash. Where every row of a chain up to one place fails and the rows after it recompute, or
//! the other way round, the recipe fits one era of the chain only.

use super::rows::{Rows, flag};

/// Fewest failing rows at one end of a chain that are taken for an era. Fewer may as well have been changed by hand.
const LONG: usize = 10;

/// Where a row stands among those of its chain that recompute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Era {
    /// Between rows that recompute.
    #[default]
    Amid,
    /// Before all of them.
    Early,
    /// After all of them.
    Late,
    /// None recomputes.
    Whole,
}

/// The first and last place of a chain with a row that recomputes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Eras {
    recomputing: Option<(usize, usize)>,
    length: usize,
}

impl Eras {
    pub(crate) fn new(
        rows: &Rows,
        mut sequence: impl DoubleEndedIterator<Item = usize> + ExactSizeIterator,
    ) -> Self {
        let length = sequence.len();
        let ok = |row: &usize| rows.has(*row, flag::OK);
        let first = sequence.position(|row| ok(&row));
        // What is left stands after the first one.
        let last = sequence.rposition(|row| ok(&row));
        let recomputing = first.map(|first| (first, last.map_or(first, |last| first + 1 + last)));
        Self { recomputing, length }
    }

    pub(crate) fn at(&self, place: usize) -> Era {
        match self.recomputing {
            None => Era::Whole,
            Some((first, _)) if place < first => Era::Early,
            Some((_, last)) if place > last => Era::Late,
            Some(_) => Era::Amid,
        }
    }

    /// Whether the chain shows an era at its start, and at its end.
    pub(crate) fn long(&self) -> (bool, bool) {
        self.recomputing.map_or((false, false), |(first, last)| (first >= LONG, self.length - last > LONG))
    }
}
