//! The figures of a set of files.

use bigdecimal::BigDecimal;
use jiff::Timestamp;

use super::{Files, Made};
use crate::facts::{Failure, Inspected};
use crate::probe::tells::{Told, age, other};
use crate::value::{Value, duration_text};
use crate::verdict::Verdict;

/// Predecessors whose sizes are compared with, at most and at least.
const PREDECESSORS: std::ops::RangeInclusive<usize> = 3..=15;

impl Files {
    /// The value of a fact without an argument.
    ///
    /// # Errors
    /// There is no file, or its time cannot be told.
    pub(super) fn figure(&self, name: &str) -> Result<Told, Failure> {
        let count = |n: usize| Value::Number(BigDecimal::from(n as u64));
        let size = |bytes: u64| Value::Size(BigDecimal::from(bytes));
        match name {
            "count" => return Ok(Told::of(count(self.all.len()), self.address.clone())),
            "misnamed" => {
                self.some()?;
                let naming =
                    self.naming.as_ref().ok_or_else(|| other("how its files are named is not said"))?;
                let wrong: Vec<&str> = self
                    .all
                    .iter()
                    .filter(|f| naming.read(&f.name).is_none())
                    .map(|f| f.name.as_str())
                    .collect();
                let shown: Vec<String> = wrong.iter().take(3).map(|n| n.escape_debug().to_string()).collect();
                return Ok(Told::of(count(wrong.len()), shown.join(", ")));
            }
            "total_size" => {
                self.some()?;
                let total: u128 = self.all.iter().map(|f| u128::from(f.bytes)).sum();
                return Ok(Told::of(
                    Value::Size(BigDecimal::from(total)),
                    format!("{} files", self.all.len()),
                ));
            }
            "empty_files" => {
                self.some()?;
                let empty: Vec<String> =
                    self.all.iter().filter(|f| f.bytes == 0).map(|f| self.shown(f)).collect();
                let shown: Vec<&str> = empty.iter().take(3).map(String::as_str).collect();
                return Ok(Told::of(count(empty.len()), shown.join(", ")));
            }
            "checksums_verified" => {
                let seen = self.verified.get_or_init(|| self.verify()).clone()?;
                let good = seen.examined.saturating_sub(seen.broken).saturating_sub(seen.unknown);
                return Ok(Told::plain(Value::Number(BigDecimal::from(good))));
            }
            _ => {}
        }
        let made = self.made()?;
        let (Some(oldest), Some(newest)) = (made.first(), made.last()) else {
            return Err(other(format!("no file matches `{}`", self.address)));
        };
        let file = |made: &Made<'_>| self.shown(made.file);
        Ok(match name {
            "age" => {
                let value = age(newest.at, &format!("the newest file `{}`", file(newest)))?;
                // What is there and empty is no newer backup.
                if newest.file.bytes == 0 {
                    return Err(other(format!("the newest file `{}` is empty", file(newest))));
                }
                Told::of(Value::Duration(value), file(newest))
            }
            "newest" => {
                age(newest.at, &format!("the newest file `{}`", file(newest)))?;
                Told::of(Value::Time(newest.at), file(newest))
            }
            "oldest_age" => {
                let value = age(oldest.at, &format!("the oldest file `{}`", file(oldest)))?;
                Told::of(Value::Duration(value), file(oldest))
            }
            "oldest" => Told::of(Value::Time(oldest.at), file(oldest)),
            "name" => Told::plain(Value::Text(newest.file.name.clone())),
            "size" => Told::of(size(newest.file.bytes), file(newest)),
            "encryption" | "lock_mode" | "locked_until" => {
                let stated = self.folder.stated(&newest.file.place)?;
                let value = match name {
                    "encryption" => stated.encryption.map(Value::Text),
                    "lock_mode" => stated.lock.map(Value::Text),
                    _ => stated.until.map(Value::Time),
                };
                let gap = || {
                    other(format!(
                        "the store does not state the {} of `{}`",
                        name.replace('_', " "),
                        file(newest)
                    ))
                };
                Told::of(value.ok_or_else(gap)?, file(newest))
            }
            "largest_gap" => self.largest_gap(&made)?,
            "size_vs_previous" => self.size_vs_previous(&made)?,
            _ => return Err(other(format!("`{name}` is no fact of files"))),
        })
    }

    /// The longest time without a file that has bytes.
    fn largest_gap(&self, made: &[Made<'_>]) -> Result<Told, Failure> {
        let filled: Vec<&Made<'_>> = made.iter().filter(|m| m.file.bytes > 0).collect();
        let Some(last) = filled.last() else {
            return Err(other(format!("every file of `{}` is empty", self.address)));
        };
        let name = self.shown(last.file);
        let mut largest = (age(last.at, &format!("the newest file `{name}`"))?, format!("since `{name}`"));
        for pair in filled.windows(2) {
            let [before, after] = pair else { continue };
            let gap = after.at.as_microsecond() - before.at.as_microsecond();
            if gap > largest.0 {
                let between =
                    format!("between `{}` and `{}`", self.shown(before.file), self.shown(after.file));
                largest = (gap, between);
            }
        }
        Ok(Told::of(Value::Duration(largest.0), largest.1))
    }

    /// The newest file beside the median of its predecessors.
    fn size_vs_previous(&self, made: &[Made<'_>]) -> Result<Told, Failure> {
        let Some((newest, before)) = made.split_last() else {
            return Err(other(format!("no file matches `{}`", self.address)));
        };
        let mut sizes: Vec<u64> =
            before.iter().rev().take(*PREDECESSORS.end()).map(|m| m.file.bytes).collect();
        if !PREDECESSORS.contains(&sizes.len()) {
            return Err(other(format!(
                "`{}` has {} predecessors, and {} are needed to tell what is usual",
                self.shown(newest.file),
                sizes.len(),
                PREDECESSORS.start()
            )));
        }
        sizes.sort_unstable();
        let median = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
        if median == 0 {
            return Err(other("most files before the newest are empty, so nothing is usual".to_owned()));
        }
        let share = BigDecimal::from(newest.file.bytes) / BigDecimal::from(median);
        let share = share.with_scale_round(4, bigdecimal::RoundingMode::HalfEven);
        let size = |bytes| Value::Size(BigDecimal::from(bytes));
        let because = format!(
            "`{}` has {}, usual are {}",
            self.shown(newest.file),
            size(newest.file.bytes),
            size(median)
        );
        Ok(Told::of(Value::Percent(share), because))
    }

    /// The runs of a time: each that left no file is a finding.
    ///
    /// # Errors
    /// How often they should be is not said, or there is no file.
    pub(super) fn runs(&self, over: i64) -> Result<Inspected, Failure> {
        let every = self.every.ok_or_else(|| other("how often there should be a file is not said"))?;
        let made = self.made()?;
        let times: Vec<Timestamp> = made.iter().filter(|m| m.file.bytes > 0).map(|m| m.at).collect();
        let runs = super::runs::runs(&times, every, over, Timestamp::now()).map_err(other)?;
        let mut seen = Inspected::of("runs");
        seen.examined = runs.expected;
        for at in runs.missing {
            let message = format!("no file of about {at}, and one was due each {}", duration_text(every));
            seen.add(Verdict::Broken, "missing_run", message);
        }
        Ok(seen)
    }

    /// The value of a fact about a time.
    ///
    /// # Errors
    /// As of [`Files::runs`].
    pub(super) fn figure_over(&self, name: &str, over: i64) -> Result<Told, Failure> {
        of_runs(name, &self.runs(over)?)
    }
}

/// A fact about runs that were due and those of them that there were.
///
/// # Errors
/// None was due.
pub(in crate::probe) fn of_runs(name: &str, runs: &Inspected) -> Result<Told, Failure> {
    let there = runs.examined.saturating_sub(runs.broken);
    let because = format!("{there} of {} runs", runs.examined);
    let number = |n: u64| Value::Number(BigDecimal::from(n));
    Ok(match name {
        "runs" => Told::of(number(there), because),
        "expected_runs" => Told::plain(number(runs.examined)),
        _ if runs.examined == 0 => return Err(other("no run is expected in so short a time")),
        _ => {
            let share = BigDecimal::from(there) / BigDecimal::from(runs.examined);
            let share = share.with_scale_round(6, bigdecimal::RoundingMode::Down);
            Told::of(Value::Percent(share), because)
        }
    })
}
