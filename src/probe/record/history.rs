//! Facts of a record about a time: rates, and trends of drills.
//!
//! A share of one or two, and a trend of four, is no verdict: it is unproven, with how many it takes and how many there are.

use bigdecimal::BigDecimal;
use jiff::{SignedDuration, Timestamp};

use super::missing;
use crate::facts::{Failure, Inspected};
use crate::probe::tells::{SKEW, Told, other};
use crate::record::{Drill, History, Measure, Outcome, RATED, Trend, Window};
use crate::value::{Value, duration_text};
use crate::verdict::Verdict;

/// The time that is looked back for a trend where the policy says none: two years.
const BACK: SignedDuration = SignedDuration::from_hours(730 * 24);

/// A duration as facts are asked with.
fn duration(text: &str) -> Result<SignedDuration, Failure> {
    let span: Option<SignedDuration> = text
        .parse::<jiff::Span>()
        .ok()
        .and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
    span.filter(|span| *span > SignedDuration::ZERO)
        .ok_or_else(|| other(format!("`{text}` is no time before or after now")))
}

/// The time before now.
fn before(span: SignedDuration) -> Result<Window, Failure> {
    let now = Timestamp::now();
    let to = now.checked_add(SignedDuration::from_micros(SKEW)).unwrap_or(now);
    match now.checked_sub(span) {
        Ok(from) => Ok(Window { from, to }),
        Err(_) => Err(other("the time before now is longer than can be reckoned with")),
    }
}

/// How restores ended, or whether drills were proven.
struct Tally {
    /// Each with whether it came out, whether it was rolled back, and what is to be said where it did not.
    all: Vec<(bool, bool, String)>,
    what: &'static str,
    over: String,
}

impl Tally {
    fn restores(history: &History, span: SignedDuration) -> Result<Self, Failure> {
        let outcomes = history.outcomes(before(span)?).map_err(other)?;
        let told = |outcome: Outcome| {
            (
                outcome == Outcome::Completed,
                outcome == Outcome::RolledBack,
                format!("a restore was {}", outcome.words()),
            )
        };
        Ok(Self { all: outcomes.into_iter().map(told).collect(), what: "restore", over: over(span) })
    }

    fn drills(history: &History, span: SignedDuration) -> Result<Self, Failure> {
        let window = before(span)?;
        let drills = history.drills_in(window).map_err(other)?;
        let told = |(at, drill): &(Timestamp, Drill)| {
            (drill.proven(), false, format!("the drill of {at} was {}", drill.verdict))
        };
        // One that was killed proved nothing, and would be missing otherwise.
        let lost = history.lost().filter(|(at, _)| (window.from..=window.to).contains(at));
        let lost = lost.map(|(at, _)| (false, false, format!("the drill that began {at} never ended")));
        Ok(Self { all: drills.into_iter().map(told).chain(lost).collect(), what: "drill", over: over(span) })
    }

    fn count(&self) -> u64 {
        self.all.len() as u64
    }

    fn some(&self) -> Result<(), Failure> {
        match self.all.len() {
            0 => Err(missing(format!("the record holds no {} of the last {}", self.what, self.over))),
            _ => Ok(()),
        }
    }

    /// There are as many as a share needs.
    fn rated(&self) -> Result<(), Failure> {
        self.some()?;
        if self.all.len() >= RATED {
            return Ok(());
        }
        Err(missing(format!(
            "a share needs {RATED} {}s of the last {}, has {}",
            self.what,
            self.over,
            self.all.len()
        )))
    }

    /// How many are so, of some at least.
    fn number(&self, of: impl Fn(&(bool, bool, String)) -> bool) -> Result<Told, Failure> {
        self.some()?;
        let part = self.all.iter().filter(|one| of(one)).count() as u64;
        Ok(Told::of(Value::Number(part.into()), format!("{part} of {}", self.count())))
    }

    fn share(&self, of: impl Fn(&(bool, bool, String)) -> bool) -> Result<Told, Failure> {
        self.rated()?;
        let part = self.all.iter().filter(|one| of(one)).count() as u64;
        let share = BigDecimal::from(part) / BigDecimal::from(self.count());
        Ok(Told::of(Value::Percent(share), format!("{part} of {}", self.count())))
    }
}

fn over(span: SignedDuration) -> String {
    duration_text(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}

/// Which of the drills or restores of a time came out, for an objective.
pub(super) fn counted(history: &History, counted: &str, over: i64) -> Result<Inspected, Failure> {
    let span = SignedDuration::from_micros(over);
    let tally = match counted {
        "drills" => Tally::drills(history, span)?,
        "restores" => Tally::restores(history, span)?,
        _ => return Err(other(format!("a record knows no {counted}"))),
    };
    tally.rated()?;
    let mut seen = Inspected::of(if counted == "drills" { "drills" } else { "restores" });
    seen.examined = tally.count();
    for (_, _, message) in tally.all.into_iter().filter(|(came_out, ..)| !came_out) {
        seen.add(Verdict::Broken, "not_proven", message);
    }
    Ok(seen)
}

/// A fact about a time before or after now, or about a limit; `None` for any other.
pub(super) fn fact(history: &History, name: &str, argument: &str) -> Option<Result<Told, Failure>> {
    Some(match name {
        "restores" | "failed_restores" | "rolled_back_restores" | "success_rate" | "rollback_rate" => {
            duration(argument).and_then(|span| Tally::restores(history, span)).and_then(|tally| match name {
                "restores" => Ok(Told::plain(Value::Number(tally.count().into()))),
                "failed_restores" => tally.number(|(came_out, ..)| !came_out),
                "rolled_back_restores" => tally.number(|(_, rolled_back, _)| *rolled_back),
                "success_rate" => tally.share(|(came_out, ..)| *came_out),
                _ => tally.share(|(_, rolled_back, _)| *rolled_back),
            })
        }
        "drills" | "failed_drills" | "drill_success_rate" => {
            duration(argument).and_then(|span| Tally::drills(history, span)).and_then(|tally| match name {
                "drills" => Ok(Told::plain(Value::Number(tally.count().into()))),
                "failed_drills" => tally.number(|(came_out, ..)| !came_out),
                _ => tally.share(|(came_out, ..)| *came_out),
            })
        }
        "drill_growth" => growth(history, argument, Measure::Duration),
        "drill_size_growth" => growth(history, argument, Measure::Size),
        "drill_duration_in" => ahead(history, argument, Measure::Duration),
        "drill_size_in" => ahead(history, argument, Measure::Size),
        "drill_within" => within(history, argument),
        _ => return None,
    })
}

/// Growth in 30 days: the most of all series.
fn growth(history: &History, argument: &str, measure: Measure) -> Result<Told, Failure> {
    let trends = history.trends(before(duration(argument)?)?, measure).map_err(missing)?;
    let mut most: Option<(BigDecimal, &(String, Trend))> = None;
    for one in &trends {
        let share =
            one.1.growth().ok_or_else(|| missing(format!("the {} in the middle is 0", what(measure))))?;
        if most.as_ref().is_none_or(|(other, _)| share > *other) {
            most = Some((share, one));
        }
    }
    let (share, one) = most.ok_or_else(|| missing("the record holds no trend"))?;
    Ok(Told::of(Value::Percent(share), words(measure, one)))
}

fn what(measure: Measure) -> &'static str {
    match measure {
        Measure::Duration => "duration",
        Measure::Size => "size",
    }
}

fn words(measure: Measure, (of, trend): &(String, Trend)) -> String {
    format!("the {} of drills of {of} {}", what(measure), trend.words("proven drills"))
}

/// The figure at a time from now on: the greatest of all series.
fn ahead(history: &History, argument: &str, measure: Measure) -> Result<Told, Failure> {
    let span = duration(argument)?;
    let now = Timestamp::now();
    let then = now.checked_add(span).map_err(|_| other("that is further ahead than can be reckoned with"))?;
    let trends = history.trends(before(BACK)?, measure).map_err(missing)?;
    let mut most: Option<(u64, &(String, Trend))> = None;
    for one in &trends {
        if span > one.1.span() {
            return Err(missing(format!(
                "to tell of a time {} ahead, drills of {} must reach back as far; they reach back {}d",
                over(span),
                one.0,
                one.1.span().as_secs() / 86_400
            )));
        }
        let figure = one.1.at(then);
        if most.is_none_or(|(other, _)| figure > other) {
            most = Some((figure, one));
        }
    }
    let (figure, one) = most.ok_or_else(|| missing("the record holds no trend"))?;
    let value = match measure {
        Measure::Duration => Value::Duration(micros(figure)),
        Measure::Size => Value::Size(figure.into()),
    };
    Ok(Told::of(value, words(measure, one)))
}

/// How much longer drills stay within a limit: the shortest time of all series.
fn within(history: &History, argument: &str) -> Result<Told, Failure> {
    let limit = duration(argument)?;
    let millis = u64::try_from(limit.as_millis()).map_err(|_| other("the limit is too long"))?;
    let now = Timestamp::now();
    let trends = history.trends(before(BACK)?, Measure::Duration).map_err(missing)?;
    let shortest = trends.iter().map(|one| (one.1.stays(millis, now), one)).min_by_key(|(stays, _)| *stays);
    let (stays, one) = shortest.ok_or_else(|| missing("the record holds no trend"))?;
    let because = format!("{}; {}", words(Measure::Duration, one), one.1.verge(millis, &over(limit), now));
    // To whole seconds, rounded down: no limit is met by rounding.
    Ok(Told::of(Value::Duration(stays.as_secs().saturating_mul(1_000_000)), because))
}

/// A time in milliseconds as microseconds.
pub(super) fn micros(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000)
}

/// What a report says of the record beside its head: the last runs and drills apart from the last proven ones, and the trend.
pub(super) fn told(history: &History) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut say = |name: &str, value: String| all.push((name.to_owned(), value));
    let known = |at: Option<Timestamp>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
    if history.runs > 0 {
        say("last run", known(history.last_run));
        say("last proven run", known(history.last_proven));
    }
    if let Some((at, drill)) = history.drills.last() {
        say("last drill", format!("{at}, {}", drill.verdict));
        let proven = history.drills.iter().rfind(|(_, drill)| drill.proven());
        say("last proven drill", known(proven.map(|(at, _)| *at)));
        if let Some(took) = proven.and_then(|(_, drill)| drill.duration_ms()) {
            say("its duration", duration_text(micros(took)));
        }
        let trend = before(BACK).ok().map(|window| history.trends(window, Measure::Duration));
        match trend {
            Some(Ok(trends)) => {
                for one in &trends {
                    say("trend", words(Measure::Duration, one));
                }
            }
            Some(Err(why)) => say("trend", format!("not known: {why}")),
            None => {}
        }
    }
    all
}
