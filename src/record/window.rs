//! What happened in a time before now: restores, drills, and series of drills that can be compared.
//!
//! What is dated after now has no place in any time, and whatever is left out could be what failed; so it is an error. An entry
//! that is dated before the time, though it comes after one that is in it, was written by a clock that was set back, and counts.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::event::{Drill, Outcome};
use super::history::History;
use super::trend::{Point, Trend};

/// How many there must be for a share of them to say anything.
pub const RATED: usize = 3;

/// A time before now.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// From when on.
    pub from: Timestamp,
    /// Now, and a little later where clocks differ.
    pub to: Timestamp,
}

impl Window {
    /// What of the entries lies in it.
    fn of<T>(
        self,
        all: impl Iterator<Item = (Timestamp, T)>,
        what: &str,
    ) -> Result<Vec<(Timestamp, T)>, String> {
        let mut inside = Vec::new();
        for (at, one) in all {
            if at > self.to {
                return Err(format!("a {what} is dated {at}, which is in the future"));
            }
            if at >= self.from || !inside.is_empty() {
                inside.push((at, one));
            }
        }
        Ok(inside)
    }
}

/// Drills that can be compared: of one policy, one kind of backup and one database.
#[derive(Clone, Debug)]
pub struct Series<'h> {
    /// What they have in common, for people.
    pub of: String,
    /// The proven ones, in the order of the record.
    pub drills: Vec<&'h (Timestamp, Drill)>,
}

/// What of a drill is looked at over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Its duration, all phases together.
    Duration,
    /// The size of what it restored.
    Size,
}

impl Drill {
    /// Whether the backup was restored and everything required of it holds.
    #[must_use]
    pub fn proven(&self) -> bool {
        self.verdict == "holds"
    }

    /// All its phases together, in milliseconds, if any is recorded.
    #[must_use]
    pub fn duration_ms(&self) -> Option<u64> {
        let mut all = self.phases.iter().map(|phase| phase.took_ms);
        let first = all.next()?;
        Some(all.fold(first, u64::saturating_add))
    }

    /// Size of the backup in bytes, as it says itself.
    #[must_use]
    pub fn backup_bytes(&self) -> Option<u64> {
        // One that does not know its size says 0.
        self.said("bytes")?.parse().ok().filter(|bytes| *bytes > 0)
    }

    fn said(&self, name: &str) -> Option<&str> {
        self.identity.iter().find(|figure| figure.name == name)?.value.as_deref()
    }

    /// What it has in common with drills that it can be compared with.
    fn kin(&self) -> String {
        let kind = self.backup.split_once(':').map_or("", |(kind, _)| kind);
        let of = ["database", "stanza", "server"].iter().find_map(|name| self.said(name)).unwrap_or_default();
        [kind, of, "by", &self.policy]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn figure(&self, measure: Measure) -> Option<u64> {
        match measure {
            Measure::Duration => self.duration_ms(),
            Measure::Size => self.restored_bytes,
        }
    }
}

impl Series<'_> {
    /// The points of a measure.
    #[must_use]
    pub fn points(&self, measure: Measure) -> Vec<Point> {
        self.drills.iter().filter_map(|(at, drill)| Some((*at, drill.figure(measure)?))).collect()
    }

    /// The trend of a measure.
    ///
    /// # Errors
    ///
    /// What is missing for one.
    pub fn trend(&self, measure: Measure) -> Result<Trend, String> {
        Trend::of(&self.points(measure), ("proven drill", "proven drills"))
            .map_err(|why| format!("{why} of {}", self.of))
    }
}

impl History {
    /// How restores of a time ended. One that turned to its rollback and has not ended is rolled back.
    ///
    /// # Errors
    ///
    /// Something is dated in the future.
    pub fn outcomes(&self, window: Window) -> Result<Vec<Outcome>, String> {
        let told = self.restores.iter().filter_map(|restore| match (&restore.ended, &restore.rolled_back) {
            (Some((at, end)), _) => Some((*at, end.outcome)),
            (None, Some((at, _))) => Some((*at, Outcome::RolledBack)),
            (None, None) => None,
        });
        Ok(window.of(told, "restore")?.into_iter().map(|(_, outcome)| outcome).collect())
    }

    /// The drills of a time, proven or not.
    ///
    /// # Errors
    ///
    /// Something is dated in the future.
    pub fn drills_in(&self, window: Window) -> Result<Vec<&(Timestamp, Drill)>, String> {
        let all = self.drills.iter().map(|drill| (drill.0, drill));
        Ok(window.of(all, "drill")?.into_iter().map(|(_, drill)| drill).collect())
    }

    /// The proven drills of a time in series; that of the latest comes first.
    ///
    /// # Errors
    ///
    /// Something is dated in the future.
    pub fn series(&self, window: Window) -> Result<Vec<Series<'_>>, String> {
        let mut all: BTreeMap<String, (usize, Series<'_>)> = BTreeMap::new();
        for (number, drill) in self.drills_in(window)?.into_iter().enumerate().filter(|(_, d)| d.1.proven()) {
            let of = drill.1.kin();
            let (last, series) =
                all.entry(of.clone()).or_insert_with(|| (number, Series { of, drills: Vec::new() }));
            *last = number;
            series.drills.push(drill);
        }
        let mut all: Vec<(usize, Series<'_>)> = all.into_values().collect();
        all.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
        Ok(all.into_iter().map(|(_, series)| series).collect())
    }

    /// The trends of a measure over a time. The series of the latest drill must have one; others count where they have.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn trends(&self, window: Window, measure: Measure) -> Result<Vec<(String, Trend)>, String> {
        let series = self.series(window)?;
        let Some((latest, others)) = series.split_first() else {
            return Err("the record holds no drill of this time that was proven".to_owned());
        };
        let mut trends = vec![(latest.of.clone(), latest.trend(measure)?)];
        trends.extend(others.iter().filter_map(|one| Some((one.of.clone(), one.trend(measure).ok()?))));
        Ok(trends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Figure;

    const DAY: i64 = 86_400;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + day * DAY).unwrap()
    }

    fn window(from: i64, to: i64) -> Window {
        Window { from: at(from), to: at(to) }
    }

    fn drill(backup: &str, verdict: &str, took_ms: u64) -> Drill {
        Drill {
            drill: "d".to_owned(),
            policy: "p".to_owned(),
            policy_digest: String::new(),
            backup: backup.to_owned(),
            identity: vec![Figure { name: "database".to_owned(), value: Some("shop".to_owned()) }],
            run: None,
            verdict: verdict.to_owned(),
            exit_code: 0,
            interrupted: false,
            restore_ms: Some(took_ms),
            restored_bytes: Some(took_ms),
            phases: vec![crate::record::DrillPhase { name: "restore_data".to_owned(), took_ms }],
            findings: Vec::new(),
        }
    }

    fn history(drills: &[(i64, &str, &str, u64)]) -> History {
        let drills =
            drills.iter().map(|(day, backup, verdict, took)| (at(*day), drill(backup, verdict, *took)));
        History { drills: drills.collect(), ..History::default() }
    }

    #[test]
    fn a_failure_is_not_hidden_by_a_wrong_clock() {
        let told =
            history(&[(1, "dump:a", "holds", 1), (50, "dump:b", "holds", 1), (2, "dump:c", "broken", 1)]);
        let inside: Vec<&str> =
            told.drills_in(window(40, 60)).unwrap().iter().map(|d| d.1.verdict.as_str()).collect();
        assert_eq!(inside, ["holds", "broken"], "its clock was set back");
        let ahead = history(&[(50, "dump:b", "holds", 1), (99, "dump:c", "broken", 1)]);
        assert!(ahead.drills_in(window(40, 60)).unwrap_err().contains("in the future"));
    }

    #[test]
    fn only_proven_drills_of_one_kind_make_a_trend() {
        let mut all: Vec<(i64, &str, &str, u64)> = (0..5).map(|n| (n * 30, "dump:a", "holds", 100)).collect();
        all.push((150, "dump:a", "broken", 9_999_999));
        let told = history(&all);
        let trends = told.trends(window(0, 200), Measure::Duration).unwrap();
        assert_eq!((trends.len(), trends[0].0.as_str(), trends[0].1.points), (1, "dump shop by p", 5));
        // The latest drill is of another kind, of which nothing is known yet.
        all.push((160, "pgbackrest:r", "holds", 50_000));
        let why = history(&all).trends(window(0, 200), Measure::Size).unwrap_err();
        assert_eq!(why, "a trend needs 5 proven drills, has 1 proven drill of pgbackrest shop by p");
        assert!(history(&[(1, "dump:a", "waived", 1)]).trends(window(0, 9), Measure::Size).is_err());
    }
}
