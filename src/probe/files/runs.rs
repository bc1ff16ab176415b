//! Runs that should have left a file each, and those that did.
//!
//! The time before now is cut into slots of one run each. Where the cuts lie is not declared, and runs are early or late, so
//! the cuts are laid halfway between runs: at that file's phase, of a sample of them, which leaves the fewest slots empty.

use jiff::{SignedDuration, Timestamp};

/// What was expected in a time, and what of it is missing.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::probe) struct Runs {
    /// Slots that lie wholly in the time.
    pub(in crate::probe) expected: u64,
    /// The middle of each slot without a file, oldest first.
    pub(in crate::probe) missing: Vec<Timestamp>,
}

/// Phases that are tried at most.
const MOST_PHASES: usize = 64;

/// Slots that are looked at most: two years of five minutes.
const MOST_SLOTS: i64 = 250_000;

/// Which runs there were in the time before `now`, all in microseconds.
///
/// # Errors
/// There are no files, or more slots than are looked at.
pub(in crate::probe) fn runs(
    times: &[Timestamp],
    every: i64,
    over: i64,
    now: Timestamp,
) -> Result<Runs, String> {
    let now = now.as_microsecond();
    let from = now.saturating_sub(over);
    if over / every > MOST_SLOTS {
        return Err(format!("more than {MOST_SLOTS} runs are not looked at"));
    }
    let times: Vec<i64> = times.iter().map(|at| at.as_microsecond()).filter(|at| *at <= now).collect();
    if times.is_empty() {
        return Err("there is no file whose time could tell when runs are due".to_owned());
    }
    let step = times.len().div_ceil(MOST_PHASES);
    let best = times
        .iter()
        .step_by(step)
        .map(|phase| missing(&times, phase.rem_euclid(every), every, (from, now)))
        .min_by_key(|(_, missing)| missing.len());
    let (expected, missing) = best.unwrap_or_default();
    let middle = |at: i64| {
        Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_micros(at)).unwrap_or(Timestamp::UNIX_EPOCH)
    };
    Ok(Runs { expected, missing: missing.into_iter().map(middle).collect() })
}

/// The slots in a time, and the middles of those without a file, for runs due at one phase.
fn missing(times: &[i64], phase: i64, every: i64, (from, now): (i64, i64)) -> (u64, Vec<i64>) {
    let half = every / 2;
    // A slot is known by its number: its middle is `number * every + phase`.
    let slot = |at: i64| (at - phase + half).div_euclid(every);
    let first = (from - phase + half + every - 1).div_euclid(every);
    // The last slot is over, or its run is there already.
    let mut last = slot(now) - 1;
    let filled: std::collections::BTreeSet<i64> = times.iter().map(|at| slot(*at)).collect();
    if filled.contains(&slot(now)) {
        last += 1;
    }
    let mut missing = Vec::new();
    let mut expected = 0;
    for number in first..=last {
        expected += 1;
        if !filled.contains(&number) {
            missing.push(number * every + phase);
        }
    }
    (expected, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Daily at about midnight, `days` of them up to 2026-01-14, without those `without`.
    fn daily(days: i64, jitter: &dyn Fn(i64) -> i64, without: &[i64]) -> Vec<Timestamp> {
        let newest = at("2026-01-14T00:00:03Z");
        let kept = (0..days).filter(|day| !without.contains(day));
        kept.map(|day| newest - SignedDuration::from_micros(day * DAY + jitter(day))).collect()
    }

    #[test]
    fn a_full_row_of_runs_is_whole() {
        let now = at("2026-01-14T09:00:00Z");
        let runs = |times: &[Timestamp]| runs(times, DAY, 90 * DAY, now).unwrap();
        assert_eq!(runs(&daily(120, &|_| 0, &[])).missing, []);
        // Around midnight in both directions, and one run six hours late.
        assert_eq!(runs(&daily(120, &|day| (day % 7 - 3) * 1_000_000, &[])).missing, []);
        assert_eq!(runs(&daily(120, &|day| if day == 5 { -DAY / 4 } else { 0 }, &[])).missing, []);
        assert!(runs(&daily(120, &|_| 0, &[])).expected >= 89);
    }

    #[test]
    fn a_missing_run_is_named() {
        let now = at("2026-01-14T09:00:00Z");
        let found = runs(&daily(120, &|_| 0, &[11]), DAY, 90 * DAY, now).unwrap();
        assert_eq!(found.missing, [at("2026-01-03T00:00:03Z")]);
        // A newest file that is days old leaves every slot since then empty.
        let found = runs(&daily(120, &|_| 0, &[0, 1, 2]), DAY, 30 * DAY, now).unwrap();
        assert!(found.missing.len() >= 2, "{found:?}");
    }

    #[test]
    fn two_files_of_one_day_are_one_run_and_a_short_history_is_not_whole() {
        let now = at("2026-01-14T09:00:00Z");
        let mut times = daily(60, &|_| 0, &[]);
        times.extend(daily(60, &|_| 600_000_000, &[]));
        let found = runs(&times, DAY, 90 * DAY, now).unwrap();
        assert!(found.missing.len() >= 29, "{}", found.missing.len());
        assert!(runs(&[], DAY, 90 * DAY, now).is_err());
        // Files of the future are no runs.
        assert!(runs(&[at("2026-02-01T00:00:00Z")], DAY, 90 * DAY, now).is_err());
        assert!(runs(&times, 1, 90 * DAY, now).is_err());
    }
}
