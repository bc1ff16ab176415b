//! The trend of a figure over time, by whole numbers alone.
//!
//! The slope is the median of the slopes of all pairs (Theil and Sen), the level the median of what each point says with that
//! slope. One outlier among five points moves neither. Of two middle values the greater counts, so that a trend that cannot be
//! told exactly is told as growing more, and never less.

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;
use jiff::{SignedDuration, Timestamp};

use crate::value::duration_text;

/// Points that a trend needs: of fewer, a single one could carry it.
pub const LEAST: usize = 5;

/// The time that points must span, in milliseconds: of a shorter one, nothing follows for a month.
pub const SPAN: i64 = MONTH;

/// What growth is told for, in milliseconds: 30 days.
const MONTH: i64 = 30 * 86_400_000;

/// Points that are looked at most, evenly chosen: pairs are looked at, which are many.
const MOST: usize = 400;

/// A figure at an instant.
pub type Point = (Timestamp, u64);

/// How a figure changes with time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trend {
    /// Points it is told of.
    pub points: usize,
    /// The first of them.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
    /// The figure changes by so much ...
    rise: i128,
    /// ... in so many milliseconds, of which there is one at least.
    run: i128,
    /// The figure at `from`, times `run`.
    level: i128,
    /// The figure in the middle.
    median: i128,
}

impl Trend {
    /// The trend of points in any order.
    ///
    /// # Errors
    ///
    /// What is missing for one, as `needs 5 drills, has 2`, with the word for a point and its plural.
    pub fn of(points: &[Point], (one, many): (&str, &str)) -> Result<Self, String> {
        let mut points: Vec<(i128, i128)> = points
            .iter()
            .map(|(at, figure)| (i128::from(at.as_millisecond()), i128::from((*figure).min(1 << 53))))
            .collect();
        points.sort_unstable();
        let count = points.len();
        if count < LEAST {
            let has = if count == 1 { format!("1 {one}") } else { format!("{count} {many}") };
            return Err(format!("a trend needs {LEAST} {many}, has {has}"));
        }
        let step = count.div_ceil(MOST);
        // The latest stays in any case.
        let points: Vec<(i128, i128)> = points.into_iter().rev().step_by(step).collect();
        let (Some((last, _)), Some((first, _))) = (points.first().copied(), points.last().copied()) else {
            return Err(format!("there are no {many}"));
        };
        if last - first < i128::from(SPAN) {
            let span = i64::try_from(last - first).unwrap_or(i64::MAX);
            return Err(format!(
                "a trend needs {many} over {} or more, and they span {}",
                duration_text(SPAN * 1000),
                duration_text(span.saturating_mul(1000))
            ));
        }
        let mut slopes = Vec::new();
        for (at, (later, high)) in points.iter().enumerate() {
            slopes.extend(
                points
                    .iter()
                    .skip(at + 1)
                    .filter(|(earlier, _)| earlier < later)
                    .map(|(earlier, low)| (high - low, later - earlier)),
            );
        }
        slopes.sort_unstable_by(|(a, b), (c, d)| (a * d).cmp(&(c * b)));
        let (rise, run) = upper(&slopes).ok_or_else(|| format!("all {many} are of one instant"))?;
        let mut levels: Vec<i128> =
            points.iter().map(|(at, figure)| figure * run - rise * (at - first)).collect();
        levels.sort_unstable();
        let mut figures: Vec<i128> = points.iter().map(|(_, figure)| *figure).collect();
        figures.sort_unstable();
        let (Some(level), Some(median)) = (upper(&levels), upper(&figures)) else {
            return Err(format!("there are no {many}"));
        };
        let instant = |ms: i128| i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let (Some(from), Some(to)) = (instant(first), instant(last)) else {
            return Err(format!("the {many} are dated beyond what can be reckoned with"));
        };
        Ok(Self { points: count, from, to, rise, run, level, median })
    }

    /// The time from the first point to the last.
    #[must_use]
    pub fn span(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }

    /// Whether the figure grows.
    #[must_use]
    pub fn grows(&self) -> bool {
        self.rise > 0
    }

    /// Growth in 30 days as a share of the figure in the middle, to a hundredth of a percent, rounded up. `None` where that
    /// figure is zero.
    #[must_use]
    pub fn growth(&self) -> Option<BigDecimal> {
        let (whole, part) = (self.run * self.median, self.rise * i128::from(MONTH) * 10_000);
        (whole > 0).then(|| BigDecimal::new(BigInt::from(ceiling(part, whole)), 4))
    }

    /// The figure at an instant, rounded up; never below zero.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> u64 {
        let since = i128::from(at.as_millisecond()) - i128::from(self.from.as_millisecond());
        u64::try_from(ceiling(self.level + self.rise * since, self.run).max(0)).unwrap_or(u64::MAX)
    }

    /// When the figure comes to be more than a limit. `None` where it does not grow, or not so far in any time that can be told.
    #[must_use]
    pub fn reaches(&self, limit: u64) -> Option<Timestamp> {
        if !self.grows() {
            return None;
        }
        let missing = i128::from(limit.min(1 << 53)) * self.run - self.level;
        let since = missing.div_euclid(self.rise);
        let at = i64::try_from(i128::from(self.from.as_millisecond()) + since).ok()?;
        Timestamp::from_millisecond(at).ok()
    }

    /// How much longer the figure stays within a limit, looked at no further ahead than points reach back; zero when it does not.
    #[must_use]
    pub fn stays(&self, limit: u64, now: Timestamp) -> SignedDuration {
        let far = self.span();
        if self.at(now) > limit {
            return SignedDuration::ZERO;
        }
        let Some(reached) = self.reaches(limit) else { return far };
        reached.duration_since(now).clamp(SignedDuration::ZERO, far)
    }

    /// In words: `grows 5.13% in 30d, by 9 drills over 240d`.
    #[must_use]
    pub fn words(&self, many: &str) -> String {
        let how = match self.growth() {
            None => "has no growth to tell".to_owned(),
            Some(_) if self.rise == 0 => "does not grow".to_owned(),
            Some(share) if self.rise < 0 => {
                format!("shrinks {}% in 30d", crate::value::plain(&(-share * BigDecimal::from(100))))
            }
            Some(share) => format!("grows {}% in 30d", crate::value::plain(&(share * BigDecimal::from(100)))),
        };
        let days = self.span().as_secs() / 86_400;
        format!("{how}, by {} {many} over {days}d", self.points)
    }

    /// What it says of a limit: `exceeds it about 2027-08`; nothing where it does not grow.
    #[must_use]
    pub fn verge(&self, limit: u64, shown: &str, now: Timestamp) -> String {
        if self.at(now) > limit {
            return format!("by its trend it exceeds {shown} now");
        }
        match self.reaches(limit) {
            None if self.grows() => {
                format!("by its trend it stays within {shown} for as long as can be told")
            }
            None => format!("by its trend it stays within {shown}"),
            Some(at) => format!("by its trend it will exceed {shown} about {}", month(at)),
        }
    }
}

/// The month of an instant, `2027-08`, in UTC.
fn month(at: Timestamp) -> String {
    let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    format!("{:04}-{:02}", date.year(), date.month())
}

/// The middle one, and of two the later.
fn upper<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len() / 2).copied()
}

/// A quotient rounded up; what it is divided by is above zero.
fn ceiling(part: i128, whole: i128) -> i128 {
    -(-part).div_euclid(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400_000;
    const DRILLS: (&str, &str) = ("drill", "drills");

    fn day(n: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + n * DAY).unwrap()
    }

    #[test]
    fn steady_growth_is_told_to_the_day() {
        // 100 minutes and 5 more every 30 days.
        let points: Vec<Point> =
            (0..12).map(|n| (day(30 * n), 6_000_000 + 300_000 * n.unsigned_abs())).collect();
        let trend = Trend::of(&points, DRILLS).unwrap();
        assert_eq!(trend.at(day(0)), 6_000_000);
        assert_eq!(trend.at(day(330)), 9_300_000);
        assert_eq!(trend.at(day(360)), 9_600_000);
        // 5 of 130 minutes in the middle.
        assert_eq!(trend.words("drills"), "grows 3.85% in 30d, by 12 drills over 330d");
        assert_eq!(trend.reaches(14_400_000), Some(day(840)));
        assert_eq!(trend.verge(14_400_000, "4h", day(330)), "by its trend it will exceed 4h about 2026-03");
        assert_eq!(
            trend.stays(14_400_000, day(330)),
            SignedDuration::from_hours(330 * 24),
            "no further than it reaches back"
        );
        assert_eq!(trend.stays(9_600_000, day(330)), SignedDuration::from_hours(30 * 24));
        assert_eq!(trend.stays(9_000_000, day(330)), SignedDuration::ZERO);
    }

    #[test]
    fn one_outlier_among_five_carries_nothing() {
        for (odd, value) in [(0, 1), (1, 90_000_000), (2, 1), (4, 90_000_000)] {
            let mut points: Vec<Point> = (0..5).map(|n| (day(30 * n), 1_000_000)).collect();
            points[odd].1 = value;
            let trend = Trend::of(&points, DRILLS).unwrap();
            assert_eq!(trend.growth(), Some(BigDecimal::from(0)), "{odd}");
            assert_eq!(trend.at(day(400)), 1_000_000);
        }
    }

    #[test]
    fn too_little_is_said_to_be_too_little() {
        let few = |n: i64, every: i64| {
            let points: Vec<Point> = (0..n).map(|n| (day(every * n), 1)).collect();
            Trend::of(&points, DRILLS).unwrap_err()
        };
        assert_eq!(few(0, 30), "a trend needs 5 drills, has 0 drills");
        assert!(few(1, 30).ends_with("has 1 drill") && few(3, 300).ends_with("has 3 drills"));
        assert_eq!(few(5, 7), "a trend needs drills over 30d or more, and they span 28d");
        assert!(few(9, 0).contains("they span 0s"));
    }

    proptest! {
        #[test]
        fn nothing_overflows_and_a_line_is_found(
            points in proptest::collection::vec((-1_000_000_000_i64..253_402_207_200, 0_u64..1 << 53), 0..30),
            limit in any::<u64>(),
            first in 0_u64..1 << 40,
            slope in 0_u64..1 << 20,
        ) {
            let all: Vec<Point> = points.iter().map(|(s, v)| (Timestamp::from_second(*s).unwrap(), *v)).collect();
            if let Ok(trend) = Trend::of(&all, DRILLS) {
                let now = trend.to;
                let _shown = (trend.growth(), trend.at(now), trend.reaches(limit), trend.stays(limit, now), trend.words("drills"));
                prop_assert!(trend.at(trend.to) >= trend.at(trend.from) || !trend.grows());
            }
            let line: Vec<Point> = (0..9).map(|n| (day(n * 10), first + slope * n.unsigned_abs())).collect();
            let trend = Trend::of(&line, DRILLS).unwrap();
            prop_assert_eq!(trend.at(day(200)), first + slope * 20);
        }
    }
}
