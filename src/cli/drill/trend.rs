//! The trend of a drill's duration beside its objective: what the record says of drills like this one, this one included.

use jiff::{SignedDuration, Timestamp};

use crate::record::{self, History, Measure, Window};
use crate::report::model::{CheckInfo, FigureInfo, ObjectiveInfo};
use crate::value::duration_text;
use crate::verdict::Verdict;

/// The time that is looked back: two years, as facts of a record do.
const BACK: SignedDuration = SignedDuration::from_hours(730 * 24);

/// Puts the trend beside the objective of the drill, where there is one. It decides nothing.
pub(super) fn beside(
    objectives: &mut [ObjectiveInfo],
    checks: &mut [CheckInfo],
    (history, drill): (&History, &record::Drill),
    (limit, now): (i64, Timestamp),
) {
    let Some(objective) = objectives.iter_mut().find(|objective| objective.name == "drill.rto") else {
        return;
    };
    let mut all = history.clone();
    all.drills.push((now, drill.clone()));
    let to = now.checked_add(SignedDuration::from_mins(1)).unwrap_or(now);
    let window = Window { from: now.checked_sub(BACK).unwrap_or(Timestamp::MIN), to };
    // That this drill was not proven takes it out of the trend, and no other drill stands for it.
    let series = match drill.proven() {
        true => all.series(window),
        false => Err("this drill was not proven".to_owned()),
    };
    let trend = series.and_then(|series| match series.first() {
        Some(latest) => latest.trend(Measure::Duration),
        None => Err("no drill was proven".to_owned()),
    });
    let limit = u64::try_from(limit / 1000).unwrap_or_default();
    let (verdict, actual, reason) = match trend {
        Err(why) => (Verdict::Unproven, String::new(), why),
        Ok(trend) => {
            let far = now.checked_add(trend.span()).unwrap_or(now);
            let verdict = if trend.at(far) > limit { Verdict::Broken } else { Verdict::Holds };
            let verge = trend.verge(
                limit,
                &duration_text(i64::try_from(limit).unwrap_or(i64::MAX).saturating_mul(1000)),
                now,
            );
            (verdict, trend.words("proven drills"), verge)
        }
    };
    if verdict == Verdict::Broken
        && let Some(check) = checks.iter_mut().find(|check| check.id == "drill.in_time")
    {
        check.notes.push(format!("its duration {actual}; {reason}"));
    }
    objective.beside.push(FigureInfo {
        name: "trend".to_owned(),
        measures: "durations of proven drills on record".to_owned(),
        actual,
        verdict,
        reason,
    });
}
