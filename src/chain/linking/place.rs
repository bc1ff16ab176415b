//! A row's place in the declared order, as far as it can be compared without a server.

use super::spec::{CellKind, ChainSpec};
use super::time;

/// A place: a step for each column of the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::chain) struct Place(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Number(i128),
    Text(String),
}

impl Place {
    /// Takes in the place of a row, in the room of the one that was there. `None` where only a server knows it; what is
    /// here then means nothing.
    pub(in crate::chain) fn take(&mut self, spec: &ChainSpec, row: &[Option<&str>]) -> Option<()> {
        self.0.resize(spec.order.len(), Step::Number(0));
        for (step, index) in self.0.iter_mut().zip(&spec.order) {
            let text = row.get(*index).copied().flatten()?;
            let number = match spec.columns.get(*index)?.kind {
                CellKind::Integer => integer(text)?,
                CellKind::Text if spec.numeric.contains(index) => integer(text)?,
                CellKind::Timestamp | CellKind::TimestampTz | CellKind::Date => {
                    i128::from(time::parse(text)?.micros_since_epoch())
                }
                CellKind::Text | CellKind::Uuid => {
                    step.write(text);
                    continue;
                }
                _ => return None,
            };
            *step = Step::Number(number);
        }
        Some(())
    }

    /// Whether this place comes next: later, and without a gap where there may be none.
    pub(in crate::chain) fn follows(&self, before: &Self, spec: &ChainSpec) -> bool {
        match (spec.dense_from, before.0.as_slice(), self.0.as_slice()) {
            (Some(_), [Step::Number(before)], [Step::Number(place)]) => before.checked_add(1) == Some(*place),
            (Some(_), ..) => false,
            _ => before < self,
        }
    }

    /// Whether it is that number and nothing else.
    pub(in crate::chain) fn is(&self, number: i64) -> bool {
        self.0 == [Step::Number(i128::from(number))]
    }
}

impl Step {
    /// Becomes a text, in the room of the one that was there.
    fn write(&mut self, text: &str) {
        match self {
            Self::Text(held) => {
                held.clear();
                held.push_str(text);
            }
            Self::Number(_) => *self = Self::Text(text.to_owned()),
        }
    }
}

/// As `i128` is read, which checks every digit for overflow; up to 18 digits need no such check.
fn integer(text: &str) -> Option<i128> {
    if !(1..=18).contains(&text.len()) {
        return text.parse().ok();
    }
    let mut value = 0u64;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return text.parse().ok();
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    Some(i128::from(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chain::fixture;

    proptest! {
        #[test]
        fn integers_are_read_as_the_library_reads_them(
            text in prop_oneof!["[+-]?[0-9]{0,45}", "[0-9]{17,20}", "[0-9 ._+x-]{0,20}", ".{0,4}"],
        ) {
            prop_assert_eq!(integer(&text), text.parse::<i128>().ok());
        }
    }

    #[test]
    fn a_place_leaves_nothing_of_the_one_before() {
        let mut spec = fixture::tala();
        spec.order = vec![fixture::ACTION, fixture::USER];
        let mut row: Vec<Option<&str>> = vec![None; spec.columns.len()];
        let (mut reused, mut other) = (Place::default(), Place::default());
        for (action, user) in [("a longer text", "b"), ("a", "b"), ("", "bb"), ("a", "")] {
            row[fixture::ACTION] = Some(action);
            row[fixture::USER] = Some(user);
            let mut fresh = Place::default();
            assert_eq!(reused.take(&spec, &row), Some(()));
            assert_eq!(fresh.take(&spec, &row), Some(()));
            assert_eq!(reused, fresh);
            std::mem::swap(&mut reused, &mut other);
        }
        row[fixture::USER] = None;
        assert_eq!(reused.take(&spec, &row), None);
    }
}
