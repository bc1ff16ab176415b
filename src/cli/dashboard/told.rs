//! What a record tells, as the page shows it, and what of it is of concern.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Ages, drilled};
use crate::record::{
    Failing, History, Judged, Outcome, Overview, RATED, Reading, Verification, Whose, Window,
};
use crate::report::dashboard::{
    BackupLine, Concern, Dashboard, FailureLine, FigureLine, GateLine, ObjectiveLine, RecordState, WaiverLine,
};
use crate::value::duration_text;
use crate::verdict::Verdict;

/// Kinds of sources that are backups or archives.
const BACKUPS: [&str; 7] = ["dump", "files", "wal", "basebackup", "pgbackrest", "barman", "redis"];

/// How far a clock may be ahead of this one.
const SKEW: SignedDuration = SignedDuration::from_mins(1);

/// An instant to the second, in UTC.
pub(super) fn instant(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Its day.
pub(super) fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// A time in words: days of a long one, seconds of one that is not, and milliseconds of a short one.
pub(super) fn span(took: SignedDuration) -> String {
    let micros = i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
    let grain = match micros.unsigned_abs() {
        0..60_000_000 => 1_000,
        60_000_000..172_800_000_000 => 1_000_000,
        _ => 3_600_000_000,
    };
    duration_text(micros / grain * grain)
}

pub(super) fn millis(ms: u64) -> String {
    span(SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX)))
}

/// A word of the record as a verdict. One that is not known is no pass.
pub(super) fn verdict(word: &str) -> Verdict {
    Verdict::of_word(word).unwrap_or(Verdict::Unproven)
}

fn of(whose: &Whose) -> String {
    let tenant = whose.tenant.as_ref().map(|tenant| format!(", tenant {tenant}")).unwrap_or_default();
    format!("{}{tenant}{}", whose.policy, if whose.drill { ", in a drill" } else { "" })
}

/// The page, but for where and when.
pub(super) fn board(reading: &Reading, overview: &Overview, ages: Ages, now: Timestamp) -> Dashboard {
    let record = state(&reading.verification);
    if !record.holds() {
        return Dashboard { record, ..Dashboard::default() };
    }
    let history = &reading.history;
    let mut concerns = Vec::new();
    let mut board = Dashboard {
        record,
        gates: gates(overview, now, &mut concerns),
        failures: failures(overview),
        objectives: objectives(overview, &mut concerns),
        backups: backups(overview, now, &mut concerns),
        waivers: waivers(overview, now),
        figures: figures(history, now),
        ..Dashboard::default()
    };
    ages_of((history, overview), ages, now, &mut concerns);
    drilled::add(&mut board, (history, overview), now, &mut concerns);
    concerns.sort_by_key(|concern| std::cmp::Reverse(concern.verdict == Verdict::Broken));
    board.concerns = concerns;
    board
}

fn state(found: &Verification) -> RecordState {
    // Where there is no entry, there is nothing that could have been changed.
    let empty = found.flaws_total == 1 && found.flaws.iter().all(|flaw| flaw.kind == "empty");
    let signed = match (&found.key, found.vouched_from) {
        (None, _) => "no: whoever may write the record can write all of it anew".to_owned(),
        (Some(key), Some(from)) => {
            format!("now with {key}, vouched for from entry {from} on by the key that was given")
        }
        (Some(key), None) => format!("now with {key}, which only the record itself vouches for"),
    };
    RecordState {
        folder: String::new(),
        entries: Some(found.entries),
        id: found.record.clone().unwrap_or_default(),
        head: found.head.as_ref().map(|head| format!("{}:{}", head.sequence, head.hash)).unwrap_or_default(),
        signed,
        flaws: found.flaws.iter().map(ToString::to_string).collect(),
        flaws_total: found.flaws_total,
        changed: !found.holds() && !empty,
        notes: found.torn.iter().map(crate::record::Torn::note).chain(found.notes.iter().cloned()).collect(),
    }
}

fn gates(overview: &Overview, now: Timestamp, concerns: &mut Vec<Concern>) -> Vec<GateLine> {
    let line = |((whose, gate), judged): (&(Whose, String), &Judged)| {
        let verdict = verdict(&judged.verdict);
        if verdict != Verdict::Holds {
            // A gate opens with nothing else, whatever the record calls it.
            let worst = if verdict == Verdict::Broken { verdict } else { Verdict::Unproven };
            concerns.push(Concern {
                verdict: worst,
                text: format!(
                    "gate {gate} of {} was closed when it was last judged, {}",
                    of(whose),
                    instant(judged.at)
                ),
            });
        }
        let checks = match judged.failing.len() {
            0 => format!("{}", judged.checks),
            n => format!("{n} of {} not holding", judged.checks),
        };
        GateLine {
            of: of(whose),
            gate: gate.clone(),
            verdict,
            at: instant(judged.at),
            ago: span(now.duration_since(judged.at)),
            since: instant(judged.since),
            checks,
        }
    };
    overview.gates.iter().map(line).collect()
}

fn failures(overview: &Overview) -> Vec<FailureLine> {
    let lines = overview.gates.iter().flat_map(|((whose, gate), judged)| {
        judged.failing.iter().map(move |failing: &Failing| FailureLine {
            of: of(whose),
            gate: gate.clone(),
            check: failing.check.clone(),
            required: failing.level != "recommend",
            verdict: verdict(&failing.verdict),
            findings: failing.findings,
            since: instant(failing.since),
        })
    });
    let mut lines: Vec<FailureLine> = lines.collect();
    lines.sort_by_key(|line| (!line.required, line.verdict != Verdict::Broken));
    lines
}

fn objectives(overview: &Overview, concerns: &mut Vec<Concern>) -> Vec<ObjectiveLine> {
    let lines = overview.objectives.iter().map(|((whose, _), (at, objective))| {
        let verdict = verdict(&objective.verdict);
        if !verdict.opens() {
            let actual = if objective.actual.is_empty() { "not measured" } else { &objective.actual };
            concerns.push(Concern {
                verdict,
                text: format!(
                    "objective {} of {} is not met: target {}, measured {actual}",
                    objective.name,
                    of(whose),
                    objective.target
                ),
            });
        }
        ObjectiveLine {
            of: of(whose),
            name: objective.name.clone(),
            target: objective.target.clone(),
            actual: objective.actual.clone(),
            measures: objective.measures.clone(),
            verdict,
            at: instant(*at),
        }
    });
    lines.collect()
}

fn backups(overview: &Overview, now: Timestamp, concerns: &mut Vec<Concern>) -> Vec<BackupLine> {
    let read = overview
        .sources
        .iter()
        .filter(|((whose, _), (_, source))| BACKUPS.contains(&source.kind.as_str()) && !whose.drill);
    let lines = read.map(|((whose, _), (at, source))| {
        if !source.reached {
            concerns.push(Concern {
                verdict: Verdict::Unproven,
                text: format!("{} ({}) of {} was not reached", source.name, source.kind, of(whose)),
            });
        }
        let says =
            |figure: &crate::record::Figure| Some(format!("{} {}", figure.name, figure.value.as_ref()?));
        BackupLine {
            of: of(whose),
            name: source.name.clone(),
            kind: source.kind.clone(),
            address: source.address.clone(),
            reached: source.reached,
            facts: source.identity.iter().filter_map(says).collect::<Vec<_>>().join("; "),
            at: instant(*at),
            ago: span(now.duration_since(*at)),
        }
    });
    lines.collect()
}

/// Waivers that were used by a run that some gate was last judged in.
fn waivers(overview: &Overview, now: Timestamp) -> Vec<WaiverLine> {
    let today = day(now);
    let used = overview.waivers.values().filter(|(_, waiver)| overview.is_last(&waiver.run));
    used.map(|(at, waiver)| WaiverLine {
        check: waiver.check.clone(),
        until: waiver.until.clone(),
        // Both are written YYYY-MM-DD.
        over: waiver.until < today,
        owner: waiver.owner.clone(),
        reason: waiver.reason.clone(),
        at: instant(*at),
    })
    .collect()
}

/// Something that was never, or too long ago, or is dated after now.
fn aged(
    last: Option<Timestamp>,
    most: SignedDuration,
    now: Timestamp,
    (what, never): (&str, &str),
) -> Option<Concern> {
    let unproven = |text: String| Some(Concern { verdict: Verdict::Unproven, text });
    let Some(last) = last else { return unproven(never.to_owned()) };
    let ago = now.duration_since(last);
    if ago < -SKEW {
        return unproven(format!("{what} is dated {}, which is in the future", instant(last)));
    }
    if ago > most {
        unproven(format!("{what} was {} ago, longer than {}", span(ago), span(most)))
    } else {
        None
    }
}

/// What was not looked at for too long: each gate by itself, and drills of each policy that has some, so that none of them hides
/// behind another. Gates of a restore are judged when there is one.
fn ages_of(
    (history, overview): (&History, &Overview),
    ages: Ages,
    now: Timestamp,
    concerns: &mut Vec<Concern>,
) {
    let run = ("the last run of gates", "no gate was ever judged on what was looked at");
    concerns.extend(aged(history.last_run, ages.run, now, run));
    for ((whose, gate), judged) in overview.gates.iter().filter(|((whose, _), _)| !whose.drill) {
        let most = if judged.in_restore { SignedDuration::MAX } else { ages.run };
        let what = format!("the last look at gate {gate} of {}", of(whose));
        concerns.extend(aged(Some(judged.at), most, now, (&what, "")));
    }
    let mut proven: BTreeMap<&str, Option<Timestamp>> = BTreeMap::new();
    for (at, drill) in &history.drills {
        let last = proven.entry(&drill.policy).or_default();
        *last = if drill.proven() { Some(*at) } else { *last };
    }
    if proven.is_empty() {
        let text = "no drill is on record: whether the backups restore is not known".to_owned();
        concerns.push(Concern { verdict: Verdict::Unproven, text });
    }
    for (policy, last) in proven {
        let words =
            (format!("the last proven drill of {policy}"), format!("no drill of {policy} was ever proven"));
        concerns.extend(aged(last, ages.drill, now, (&words.0, &words.1)));
    }
}

/// Ages, and rates of a year.
fn figures(history: &History, now: Timestamp) -> Vec<FigureLine> {
    let mut all = Vec::new();
    let mut say = |name: &str, known: bool, value: String| {
        all.push(FigureLine { name: name.to_owned(), known, value });
    };
    let proven = history.drills.iter().rfind(|(_, drill)| drill.proven()).map(|(at, _)| *at);
    for (name, at) in [
        ("last run", history.last_run),
        ("last proven run", history.last_proven),
        ("last drill", history.drills.last().map(|(at, _)| *at)),
        ("last proven drill", proven),
    ] {
        match at {
            Some(at) => say(name, true, format!("{}, {} ago", instant(at), span(now.duration_since(at)))),
            None => say(name, false, "none".to_owned()),
        }
    }
    let year = now.checked_sub(SignedDuration::from_hours(365 * 24)).unwrap_or(Timestamp::MIN);
    let window = Window { from: year, to: now.checked_add(SKEW).unwrap_or(now) };
    let rate = |part: usize, of: usize, what: &str| match of {
        of if of < RATED => (false, format!("a share needs {RATED} {what}, has {of}")),
        of => {
            let permille = part * 1000 / of;
            (true, format!("{}.{}% ({part} of {of})", permille / 10, permille % 10))
        }
    };
    match history.drills_in(window) {
        Ok(drills) => {
            let part = drills.iter().filter(|(_, drill)| drill.proven()).count();
            let (known, value) = rate(part, drills.len(), "drills");
            say("drills proven, of a year", known, value);
        }
        Err(why) => say("drills proven, of a year", false, why),
    }
    match history.outcomes(window) {
        Ok(outcomes) => {
            for (name, outcome) in [
                ("restores completed, of a year", Outcome::Completed),
                ("rolled back, of a year", Outcome::RolledBack),
            ] {
                let part = outcomes.iter().filter(|one| **one == outcome).count();
                let (known, value) = rate(part, outcomes.len(), "restores");
                say(name, known, value);
            }
        }
        Err(why) => say("restores completed, of a year", false, why),
    }
    all
}
