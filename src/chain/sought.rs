//! What is searched because it was hashed and not stored exactly.

use serde::{Deserialize, Serialize};

use super::spec::ChainColumn;

/// A bounded search for what was hashed but not stored exactly. Several multiply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// The column whose stored value is only near the hashed one.
    pub column: usize,
    /// In which way.
    pub sought: Sought,
}

/// In which way a stored value may differ from the hashed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sought {
    /// A time that was hashed may be another one nearby.
    Time {
        /// Lower bound relative to the stored value, in nanoseconds; usually negative.
        from_nanos: i64,
        /// Upper bound relative to the stored value, in nanoseconds.
        to_nanos: i64,
        /// Step in nanoseconds, above zero.
        step_nanos: i64,
    },
    /// A time that was hashed had more digits of the second than the column keeps.
    Digits {
        /// How many, up to 9.
        digits: u8,
        /// Whether storing it rounded it, where it cut it otherwise.
        rounded: bool,
    },
    /// A time that was hashed was spelt in a time zone that was not kept: every quarter of an hour from -12 to +14 hours.
    Zones,
    /// The members of a JSON value may have been hashed in another order. How many candidates that makes depends on the
    /// row.
    Members,
}

impl Search {
    /// Where candidates lie relative to the stored value: from, to and step, in nanoseconds. `stored` is the number of
    /// digits of the second that the column keeps.
    #[must_use]
    pub(crate) fn window(&self, stored: u8) -> Option<(i64, i64, i64)> {
        match self.sought {
            Sought::Time { from_nanos, to_nanos, step_nanos } => {
                Some((from_nanos, to_nanos, step_nanos.max(1)))
            }
            Sought::Digits { digits, rounded } => {
                let unit = |digits: u8| 10i64.pow(9 - u32::from(digits.min(9)));
                let (kept, step) = (unit(stored), unit(digits).min(unit(stored)));
                Some(match rounded {
                    true => (-(kept / 2), kept / 2, step),
                    false => (0, kept - step, step),
                })
            }
            Sought::Zones => Some((-12 * HOUR, 14 * HOUR, HOUR / 4)),
            Sought::Members => None,
        }
    }

    /// Number of candidates per row, the stored value among them; 1 where it depends on the row.
    #[must_use]
    pub fn candidates(&self, columns: &[ChainColumn]) -> u64 {
        let stored = columns.get(self.column).and_then(|column| column.digits).unwrap_or(6);
        let Some((from, to, step)) = self.window(stored) else { return 1 };
        let width = to.saturating_sub(from).max(0);
        // The stored value is tried whether or not the window has it.
        let has_zero = from <= 0 && to >= 0 && from % step == 0;
        u64::try_from(width / step).unwrap_or(0).saturating_add(if has_zero { 1 } else { 2 })
    }
}

/// In nanoseconds.
const HOUR: i64 = 3_600_000_000_000;
