//! Lanes: a column of a batch, or what is computed of columns, as machine words side by side.
//!
//! Nearly every amount fits a machine word, and a loop over words costs a few instructions per row where a [`Cell`] at a
//! time costs hundreds. A lane holds nothing but NULL and ordinary values; whatever else there is in a batch (`NaN`, an
//! infinite time, a number of very many digits, damage) leaves no lane, and the batch is looked at cell by cell.

use std::ops::Range;

use super::cell::Cell;
use super::exact::{Exact, MAX_SCALE};
use super::row::Admitted;
use crate::catalogue::ColumnKind;
use crate::chain::time;

/// What the words of a lane are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Exact numbers.
    Number,
    /// Instants in microseconds since 1970.
    Time,
}

impl Unit {
    /// What the values of columns of a kind are, if they are words.
    pub(super) fn of(kind: ColumnKind) -> Option<Self> {
        match kind {
            ColumnKind::Integer | ColumnKind::Numeric => Some(Self::Number),
            ColumnKind::Timestamp | ColumnKind::TimestampTz | ColumnKind::Date => Some(Self::Time),
            _ => None,
        }
    }
}

/// Values of all rows of a batch: `digits / 10^scale`.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) unit: Unit,
    /// 0 where there is no value.
    pub(super) digits: Vec<i64>,
    /// Of all rows, so that sums and comparisons need not look.
    pub(super) scale: u32,
    /// The scale that each value is spelt with, where they differ.
    pub(super) own: Option<Vec<u8>>,
    /// Which rows are NULL, if any is.
    pub(super) nulls: Option<Vec<bool>>,
}

impl Lane {
    /// Reads a column; `None` where a cell of it does not fit.
    pub(super) fn read<'a>(
        kind: ColumnKind,
        rows: usize,
        cells: impl Iterator<Item = Option<&'a [u8]>>,
    ) -> Option<Self> {
        match Unit::of(kind)? {
            Unit::Number => Self::numbers(rows, cells),
            Unit::Time => Self::times(rows, cells),
        }
    }

    fn numbers<'a>(rows: usize, cells: impl Iterator<Item = Option<&'a [u8]>>) -> Option<Self> {
        let mut laying = Laying::with(Unit::Number, rows);
        for cell in cells {
            match cell {
                None => laying.null(),
                Some(text) => {
                    let (digits, scale) = Exact::short(text)?;
                    laying.put(digits, scale);
                }
            }
        }
        laying.finish().ok()
    }

    fn times<'a>(rows: usize, cells: impl Iterator<Item = Option<&'a [u8]>>) -> Option<Self> {
        let mut laying = Laying::with(Unit::Time, rows);
        for cell in cells {
            match cell {
                None => laying.null(),
                Some(text) => {
                    let at = time::parse(std::str::from_utf8(text).ok()?)?;
                    laying.put(at.micros_since_epoch(), 0);
                }
            }
        }
        laying.finish().ok()
    }

    /// The same value in all rows.
    pub(super) fn fixed(cell: &Cell<'_>, rows: usize) -> Option<Self> {
        let (unit, digits, scale) = match cell {
            Cell::Number(n) => {
                let (digits, scale) = n.small()?;
                (Unit::Number, i64::try_from(digits).ok()?, scale)
            }
            Cell::Time(micros) => (Unit::Time, *micros, 0),
            _ => return None,
        };
        Some(Self { unit, digits: vec![digits; rows], scale, own: None, nulls: None })
    }

    /// Whether a row is NULL.
    pub(super) fn is_null(&self, at: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.get(at).copied().unwrap_or(false))
    }

    /// The first rows of runs whose values are spelt alike.
    pub(super) fn starts(&self) -> Vec<usize> {
        let spelt = |at: usize| (self.digits.get(at), self.is_null(at), self.own_scale(at));
        (0..self.digits.len()).filter(|at| at.checked_sub(1).is_none_or(|b| spelt(b) != spelt(*at))).collect()
    }

    /// The scale that a row's value is spelt with.
    pub(super) fn own_scale(&self, at: usize) -> u32 {
        self.own.as_ref().and_then(|own| own.get(at)).map_or(self.scale, |own| u32::from(*own))
    }

    /// The value of a row, as it would have been read by itself.
    pub(super) fn cell(&self, at: usize) -> Cell<'static> {
        let Some(digits) = self.digits.get(at).filter(|_| !self.is_null(at)) else { return Cell::Null };
        match self.unit {
            Unit::Time => Cell::Time(*digits),
            Unit::Number => {
                let scale = self.own_scale(at);
                let more = power(self.scale.saturating_sub(scale)).unwrap_or(1);
                Cell::Number(Exact::Small { digits: i128::from(digits / more), scale })
            }
        }
    }

    /// The same values at a scale that is no smaller.
    pub(super) fn at_scale(&self, scale: u32) -> Option<Vec<i64>> {
        let more = power(scale.checked_sub(self.scale)?)?;
        self.digits.iter().map(|digits| digits.checked_mul(more)).collect()
    }

    /// Value by value with another lane.
    pub(super) fn with(&self, other: &Self, combine: impl Fn(i64, i64) -> Option<i64>) -> Option<Self> {
        if self.unit != Unit::Number || other.unit != Unit::Number {
            return None;
        }
        let scale = self.scale.max(other.scale);
        let both = |a: &[i64], b: &[i64]| -> Option<Vec<i64>> {
            a.iter().zip(b).map(|(a, b)| combine(*a, *b)).collect()
        };
        let digits = match (self.scale == scale, other.scale == scale) {
            (true, true) => both(&self.digits, &other.digits)?,
            (true, false) => both(&self.digits, &other.at_scale(scale)?)?,
            _ => both(&self.at_scale(scale)?, &other.digits)?,
        };
        let own = (self.own.is_some() || other.own.is_some()).then(|| {
            (0..digits.len()).map(|at| narrow(self.own_scale(at).max(other.own_scale(at)))).collect()
        });
        Some(Self { unit: Unit::Number, digits, scale, own, nulls: self.either_null(other) })
    }

    /// The products with another lane.
    pub(super) fn times_lane(&self, other: &Self) -> Option<Self> {
        let scale = self.scale + other.scale;
        let plain = self.own.is_none() && other.own.is_none() && scale <= MAX_SCALE;
        if !plain || self.unit != Unit::Number || other.unit != Unit::Number {
            return None;
        }
        let pairs = self.digits.iter().zip(&other.digits);
        let digits = pairs.map(|(a, b)| a.checked_mul(*b)).collect::<Option<_>>()?;
        Some(Self { unit: Unit::Number, digits, scale, own: None, nulls: self.either_null(other) })
    }

    /// The sum of those of some rows that count; none where none of them has a value.
    pub(super) fn sum(&self, rows: Range<usize>, admitted: &Admitted) -> Option<Exact> {
        let digits = self.digits.get(rows.clone())?;
        if let (Admitted::All, None, None) = (admitted, &self.own, &self.nulls) {
            // So few words of 64 bits do not leave 128.
            let sum = digits.iter().fold(0i128, |sum, digits| sum.wrapping_add(i128::from(*digits)));
            return (!digits.is_empty()).then_some(Exact::Small { digits: sum, scale: self.scale });
        }
        let (mut sum, mut spelt) = (0i128, None);
        for (at, digits) in rows.zip(digits) {
            if admitted.has(at) && !self.is_null(at) {
                sum = sum.wrapping_add(i128::from(*digits));
                spelt = spelt.max(Some(self.own_scale(at)));
            }
        }
        let spelt = spelt?;
        // A sum is spelt with the most digits that any of its values is.
        let more = i128::from(power(self.scale.checked_sub(spelt)?)?);
        Some(Exact::Small { digits: sum / more, scale: spelt })
    }

    /// With the other sign.
    pub(super) fn negated(&self) -> Option<Self> {
        if self.unit != Unit::Number {
            return None;
        }
        let digits = self.digits.iter().map(|digits| digits.checked_neg()).collect::<Option<_>>()?;
        Some(Self { digits, ..self.clone() })
    }

    /// With another value where there is none.
    pub(super) fn or(self, fallback: &Cell<'_>) -> Option<Self> {
        let Some(nulls) = &self.nulls else { return Some(self) };
        let fixed = Self::fixed(fallback, 1).filter(|fixed| fixed.unit == self.unit)?;
        let scale = self.scale.max(fixed.scale);
        let value = *fixed.at_scale(scale)?.first()?;
        let mut digits = self.at_scale(scale)?;
        for (digits, _) in digits.iter_mut().zip(nulls).filter(|(_, null)| **null) {
            *digits = value;
        }
        let own = (self.own.is_some() || self.scale != fixed.scale).then(|| {
            let own = |at| if self.is_null(at) { fixed.scale } else { self.own_scale(at) };
            (0..digits.len()).map(|at| narrow(own(at))).collect()
        });
        Some(Self { unit: self.unit, digits, scale, own, nulls: None })
    }

    /// Which rows are NULL in one of the two.
    pub(super) fn either_null(&self, other: &Self) -> Option<Vec<bool>> {
        match (&self.nulls, &other.nulls) {
            (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| *a || *b).collect()),
            (a, b) => a.as_ref().or(b.as_ref()).cloned(),
        }
    }
}

/// A lane to be, cell by cell.
#[derive(Debug)]
pub(super) struct Laying {
    /// Digits as they come, each at its own scale.
    lane: Lane,
    /// The scale of the first value.
    first: Option<u32>,
}

impl Laying {
    /// Of a column of this kind; `None` where its values are no words.
    pub(super) fn of(kind: ColumnKind) -> Option<Self> {
        Unit::of(kind).map(|unit| Self::with(unit, 0))
    }

    fn with(unit: Unit, rows: usize) -> Self {
        let digits = Vec::with_capacity(rows);
        Self { lane: Lane { unit, digits, scale: 0, own: None, nulls: None }, first: None }
    }

    /// The same without any cell.
    pub(super) fn empty(&self) -> Self {
        Self::with(self.lane.unit, 0)
    }

    /// A value; its scale is at most [`MAX_SCALE`].
    pub(super) fn put(&mut self, digits: i64, scale: u32) {
        if *self.first.get_or_insert(scale) != scale || self.lane.own.is_some() {
            let (first, before) = (self.first.unwrap_or(0), self.lane.digits.len());
            self.lane.own.get_or_insert_with(|| vec![narrow(first); before]).push(narrow(scale));
        }
        self.lane.digits.push(digits);
    }

    /// NULL.
    pub(super) fn null(&mut self) {
        let before = self.lane.digits.len();
        let nulls = self.lane.nulls.get_or_insert_with(|| vec![false; before]);
        nulls.resize(before, false);
        nulls.push(true);
        if let Some(own) = &mut self.lane.own {
            own.push(0);
        }
        self.lane.digits.push(0);
    }

    /// The cells so far, each as it would have been read by itself.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cell<'static>> {
        let lane = &self.lane;
        (0..lane.digits.len()).map(|at| match lane.digits.get(at).filter(|_| !lane.is_null(at)) {
            None => Cell::Null,
            Some(micros) if lane.unit == Unit::Time => Cell::Time(*micros),
            Some(digits) => {
                let own = lane.own.as_ref().and_then(|own| own.get(at)).map(|own| u32::from(*own));
                let scale = own.or(self.first).unwrap_or(0);
                Cell::Number(Exact::Small { digits: i128::from(*digits), scale })
            }
        })
    }

    /// All values at one scale.
    ///
    /// # Errors
    ///
    /// What there is, where one of them does not fit then.
    pub(super) fn finish(mut self) -> Result<Lane, Self> {
        let lane = &mut self.lane;
        // Rows behind the last NULL are none.
        if let Some(nulls) = &mut lane.nulls {
            nulls.resize(lane.digits.len(), false);
        }
        let Some(own) = &lane.own else {
            lane.scale = self.first.unwrap_or(0);
            return Ok(self.lane);
        };
        let scale = own.iter().copied().max().map_or(0, u32::from);
        let at_scale = |(digits, own): (&i64, &u8)| digits.checked_mul(power(scale - u32::from(*own))?);
        match lane.digits.iter().zip(own).map(at_scale).collect() {
            Some(digits) => {
                (lane.digits, lane.scale) = (digits, scale);
                Ok(self.lane)
            }
            None => Err(self),
        }
    }
}

/// `10^n`, if it fits.
fn power(n: u32) -> Option<i64> {
    10i64.checked_pow(n)
}

/// A scale, which is at most [`MAX_SCALE`].
fn narrow(scale: u32) -> u8 {
    u8::try_from(scale).unwrap_or(u8::MAX)
}
