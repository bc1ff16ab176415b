//! How old a row is, by a column whose values grow: what a cut-off compares.

use crate::catalogue::ColumnKind;
use crate::chain::time;

/// The order of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Whole numbers, as a sequence gives them out.
    Number,
    /// Times and dates.
    Time,
}

/// Said of a value that has no place in that order.
pub const NO_AGE: &str =
    "a value of the column of a cut-off is outside years 1 to 9999, or is no time and no whole number";

impl Age {
    /// That of a kind of column; `None` where its values do not grow with time.
    #[must_use]
    pub fn of(kind: ColumnKind) -> Option<Self> {
        match kind {
            ColumnKind::Integer => Some(Self::Number),
            ColumnKind::Timestamp | ColumnKind::TimestampTz | ColumnKind::Date => Some(Self::Time),
            _ => None,
        }
    }

    /// Where a value stands: the number, or microseconds since 1970. `None` for what has no place.
    #[must_use]
    pub fn rank(self, text: &[u8]) -> Option<i128> {
        let text = std::str::from_utf8(text).ok()?;
        match (self, text) {
            (Self::Number, text) => text.parse::<i64>().ok().map(i128::from),
            (Self::Time, "infinity") => Some(i128::MAX),
            (Self::Time, "-infinity") => Some(i128::MIN),
            (Self::Time, text) => time::parse(text).map(|at| i128::from(at.micros_since_epoch())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_they_belong() {
        let rank = |age: Age, text: &str| age.rank(text.as_bytes());
        assert!(
            rank(Age::Number, "-1") < rank(Age::Number, "9")
                && rank(Age::Number, "9") < rank(Age::Number, "10")
        );
        assert_eq!(rank(Age::Number, "1.5"), None);
        assert_eq!(rank(Age::Number, ""), None);
        let times = [
            "-infinity",
            "2026-01-02 03:04:05.5+01",
            "2026-01-02 02:04:05.500001+00",
            "2026-01-03",
            "infinity",
        ];
        for pair in times.windows(2) {
            assert!(rank(Age::Time, pair[0]) < rank(Age::Time, pair[1]), "{pair:?}");
        }
        assert_eq!(rank(Age::Time, "2026-01-02 03:04:05+01"), rank(Age::Time, "2026-01-02 02:04:05+00"));
        for odd in ["0044-03-15 00:00:00 BC", "12026-01-01", "yesterday", ""] {
            assert_eq!(rank(Age::Time, odd), None, "{odd}");
        }
        assert_eq!(Age::of(ColumnKind::Text), None);
    }
}
