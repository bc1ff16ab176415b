//! Drills and restores, and how their times and sizes change.

use jiff::{SignedDuration, Timestamp};

use super::super::record_show::unended;
use super::told::{day, instant, millis, span, verdict};
use crate::record::{Drill, History, Measure, Outcome, Overview, Point, Restore, Trend, Window};
use crate::report::dashboard::{Chart, ChartPoint, Concern, Dashboard, DrillLine, RestoreLine};
use crate::value::Value;
use crate::verdict::Verdict;

/// How many drills and restores are listed, and how many points a chart has.
const LISTED: usize = 24;
const POINTS: usize = 120;

/// The time that is looked back for a trend: two years, as facts of a record do.
const BACK: SignedDuration = SignedDuration::from_hours(730 * 24);

/// A limit that will be exceeded so soon is of concern.
const SOON: SignedDuration = SignedDuration::from_hours(180 * 24);

/// Adds what is known of drills and restores.
pub(super) fn add(
    board: &mut Dashboard,
    (history, overview): (&History, &Overview),
    now: Timestamp,
    concerns: &mut Vec<Concern>,
) {
    board.drills = history.drills.iter().rev().take(LISTED).map(|(at, one)| drill(*at, one)).collect();
    board.drills_total = history.drills.len();
    board.restores = history.restores.iter().rev().take(LISTED).map(|one| restore(one, now)).collect();
    board.restores_total = history.restores.len();
    if let Some((at, last)) = history.drills.last().filter(|(_, last)| !last.proven()) {
        let worst =
            if verdict(&last.verdict) == Verdict::Broken { Verdict::Broken } else { Verdict::Unproven };
        let text = format!("the last drill, {}, was not proven: {}", instant(*at), last.verdict);
        concerns.push(Concern { verdict: worst, text });
    }
    // What was killed says nothing itself; the last drill that ended may be an old one.
    let since = history.drills.last().map(|(at, _)| *at);
    for (at, begun) in history.unended.iter().filter(|(at, _)| Some(*at) >= since) {
        let text = format!("a drill by {} {}", begun.policy, unended(*at, &begun.backup));
        concerns.push(Concern { verdict: Verdict::Unproven, text });
    }
    if let Some(last) = history.restores.last() {
        match (&last.ended, &last.rolled_back) {
            (Some((at, end)), _) if end.outcome != Outcome::Completed => {
                let text = format!("the last restore, {}, ended {}", instant(*at), end.outcome.words());
                concerns.push(Concern { verdict: Verdict::Broken, text });
            }
            (None, _) => {
                let text = format!("a restore is going on since {}", instant(last.begun));
                concerns.push(Concern { verdict: Verdict::Unproven, text });
            }
            _ => {}
        }
    }
    let from = now.checked_sub(BACK).unwrap_or(Timestamp::MIN);
    let window = Window { from, to: now.checked_add(SignedDuration::from_mins(1)).unwrap_or(now) };
    match history.series(window) {
        Ok(all) => {
            for series in all {
                let limit = limit(overview, series.drills.last().map(|(_, drill)| drill));
                for measure in [Measure::Duration, Measure::Size] {
                    let limit = limit.clone().filter(|_| measure == Measure::Duration);
                    let trend = series.trend(measure);
                    let of = ("Drills of", series.of.as_str(), measure);
                    board.charts.extend(chart(of, &series.points(measure), (trend, limit), now, concerns));
                }
            }
        }
        Err(why) => {
            concerns.push(Concern { verdict: Verdict::Unproven, text: format!("no trend is known: {why}") })
        }
    }
    let completed: Vec<Point> =
        history.restores.iter().filter_map(|one| Some((one.begun, took(one)?))).collect();
    let trend = Trend::of(&completed, ("completed restore", "completed restores"));
    let of = ("Restores by", "people", Measure::Duration);
    board.charts.extend(chart(of, &completed, (trend, None), now, concerns));
}

/// The limit that drills like this one are held against: the objective that the drill was judged by, else that of its policy.
fn limit(overview: &Overview, drill: Option<&Drill>) -> Option<(u64, String)> {
    let policy = &drill?.policy;
    let of = |name: &str| {
        overview
            .objectives
            .iter()
            .find(|((whose, own), _)| whose.policy == *policy && own == name)
            .map(|(_, told)| &told.1)
    };
    let target = &of("drill.rto").or_else(|| of("rto"))?.target;
    let span =
        target.parse::<jiff::Span>().ok()?.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    Some((u64::try_from(span.as_millis()).ok()?, target.clone()))
}

/// How long a completed restore took, in milliseconds.
fn took(restore: &Restore) -> Option<u64> {
    let (at, end) = restore.ended.as_ref()?;
    let took = at.duration_since(restore.begun).as_millis();
    u64::try_from(took).ok().filter(|_| end.outcome == Outcome::Completed)
}

fn size(bytes: u64) -> String {
    Value::Size(bytes.into()).to_string()
}

fn chart(
    (what, of, measure): (&str, &str, Measure),
    points: &[Point],
    (trend, limit): (Result<Trend, String>, Option<(u64, String)>),
    now: Timestamp,
    concerns: &mut Vec<Concern>,
) -> Option<Chart> {
    let mut points: Vec<Point> = points.to_vec();
    points.sort_unstable();
    let (first, last) = (points.first()?.0, points.last()?.0);
    let (name, many) = match measure {
        Measure::Duration => ("duration", "runs"),
        Measure::Size => ("size of what was restored", "runs"),
    };
    let title = format!("{what} {of}: {name}");
    let words = match &trend {
        Ok(trend) => {
            let verge = limit.as_ref().map(|(limit, shown)| {
                let verge = trend.verge(*limit, shown, now);
                if trend.stays(*limit, now) < SOON.min(trend.span()) {
                    let verdict = if trend.at(now) > *limit { Verdict::Broken } else { Verdict::Unproven };
                    concerns.push(Concern { verdict, text: format!("{what} {of}: {verge}") });
                }
                format!("; {verge}")
            });
            format!("It {}{}.", trend.words(many), verge.unwrap_or_default())
        }
        Err(why) => format!("No trend is known: {why}."),
    };
    let shown = |value: u64| match measure {
        Measure::Duration => millis(value),
        Measure::Size => size(value),
    };
    let step = points.len().div_ceil(POINTS);
    let mut kept: Vec<ChartPoint> = points
        .iter()
        .rev()
        .step_by(step)
        .map(|(at, value)| ChartPoint {
            day: day(*at),
            second: at.as_second(),
            value: *value,
            shown: shown(*value),
        })
        .collect();
    kept.reverse();
    let trend = trend.ok().map(|trend| (trend.at(first), trend.at(last)));
    Some(Chart { title, points: kept, limit, trend, words })
}

fn drill(at: Timestamp, drill: &Drill) -> DrillLine {
    let interrupted = drill.interrupted.then(|| "somebody broke it off".to_owned());
    DrillLine {
        at: instant(at),
        of: drill.policy.clone(),
        backup: drill.backup.clone(),
        verdict: verdict(&drill.verdict),
        duration: drill.duration_ms().map(millis).unwrap_or_default(),
        backup_size: drill.backup_bytes().map(size).unwrap_or_default(),
        size: drill.restored_bytes.map(size).unwrap_or_default(),
        phases: drill.phases.iter().map(|phase| (phase.name.clone(), millis(phase.took_ms))).collect(),
        findings: interrupted.into_iter().chain(drill.findings.iter().cloned()).collect(),
    }
}

fn restore(restore: &Restore, now: Timestamp) -> RestoreLine {
    let end = restore.ended.as_ref().map_or(now, |(at, _)| *at);
    let (completed, state) = match (&restore.ended, &restore.rolled_back) {
        (Some((_, end)), _) => (Some(end.outcome == Outcome::Completed), end.outcome.words().to_owned()),
        (None, Some(_)) => (Some(false), "being rolled back".to_owned()),
        (None, None) => (None, "going on".to_owned()),
    };
    let phases = restore.phases.iter().map(|phase| {
        let name = format!("{}{}", if phase.rollback { "rollback " } else { "" }, phase.name);
        (name, span(phase.ended.unwrap_or(end).duration_since(phase.begun)))
    });
    RestoreLine {
        at: instant(restore.begun),
        of: format!("{}, {}", restore.plan.policy, restore.plan.procedure),
        completed,
        state,
        duration: span(end.duration_since(restore.begun)),
        phases: phases.collect(),
        findings: restore
            .ended
            .as_ref()
            .map_or_else(|| restore.overruns(now), |(_, end)| end.findings.clone()),
    }
}
