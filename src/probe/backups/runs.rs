//! Backups of a catalogue as runs that were due at a cadence.

use jiff::{SignedDuration, Timestamp};

use super::other;
use crate::facts::{Failure, Inspected};
use crate::probe::files::figures::of_runs;
use crate::probe::files::runs::runs;
use crate::probe::tells::Told;
use crate::value::duration_text;
use crate::verdict::Verdict;

/// When backups were begun that came to a good end, and how often there should be one.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) times: Vec<Timestamp>,
    pub(super) every: Option<i64>,
}

impl Due {
    /// Which of the runs of a time before now there are. What a catalogue has expired is missing in it like what never was.
    ///
    /// # Errors
    /// There is no backup that could tell when they are due.
    pub(super) fn looked(&self, over: i64) -> Result<Inspected, Failure> {
        let every = self.every.ok_or_else(|| other("how often there should be a backup is not said"))?;
        if self.times.is_empty() {
            return Err(other("there is no finished backup whose time could tell when runs are due"));
        }
        let found = runs(&self.times, every, over, Timestamp::now()).map_err(other)?;
        let mut seen = Inspected::of("runs");
        seen.examined = found.expected;
        for at in found.missing {
            let message = format!("no backup of about {at}, and one was due each {}", duration_text(every));
            seen.add(Verdict::Broken, "missing_run", message);
        }
        Ok(seen)
    }

    /// A fact about runs of a time before now.
    ///
    /// # Errors
    /// As of [`Due::looked`].
    pub(super) fn fact(&self, name: &str, argument: &str) -> Result<Told, Failure> {
        let span: Option<SignedDuration> = argument
            .parse::<jiff::Span>()
            .ok()
            .and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
        let micros = span.and_then(|span| i64::try_from(span.as_micros()).ok());
        let over = micros.ok_or_else(|| other(format!("`{argument}` is no time that can be looked back")))?;
        of_runs(name, &self.looked(over)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_in_a_catalogue_is_a_run_that_failed() {
        let day = |n: i64| Timestamp::now() - SignedDuration::from_hours(24 * n + 1);
        let mut due = Due { times: (0..40).map(day).collect(), every: Some(86_400_000_000) };
        let over = 30 * 86_400_000_000;
        assert_eq!(due.looked(over).unwrap().broken, 0);
        due.times.remove(4);
        let seen = due.looked(over).unwrap();
        assert_eq!((seen.broken, seen.examined >= 29), (1, true));
        assert!(due.fact("success_rate", "30d").is_ok() && due.fact("success_rate", "soon").is_err());
        due.times.clear();
        assert!(due.looked(over).is_err());
    }
}
