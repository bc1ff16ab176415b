//! What a record tells, for people.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;

use crate::record::{Drill, Entry, Event, History, RecordError, Restore, each};
use crate::value::duration_text;

/// Every entry on a line, then each restore and each drill with its phases.
pub(super) fn text(folder: &Path) -> Result<String, RecordError> {
    let mut out = String::new();
    let mut history = History::default();
    each(folder, &mut |entry, event| {
        let _ = writeln!(out, "{}", line(entry, event));
        history.add(entry, event);
    })?;
    for restore in &history.restores {
        out.push('\n');
        out.push_str(&restored(restore));
    }
    for (_, drill) in &history.drills {
        out.push('\n');
        out.push_str(&drilled(drill));
    }
    for (at, drill) in &history.unended {
        let _ = write!(out, "\nDrill {}: {}\n", drill.drill, visible(&unended(*at, &drill.backup)));
    }
    Ok(out)
}

/// A drill with its phases and what is to be said of it.
fn drilled(drill: &Drill) -> String {
    let mut out = String::new();
    let words = |ms: u64| duration_text(i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000));
    let took = match drill.restore_ms {
        Some(ms) => format!("restored in {}", words(ms)),
        None if drill.interrupted => "broken off".to_owned(),
        None => "not restored".to_owned(),
    };
    let _ = writeln!(out, "Drill {}, {}: {}, {took}", drill.drill, visible(&drill.backup), drill.verdict);
    for phase in &drill.phases {
        let _ = writeln!(out, "  {}: {}", visible(&phase.name), words(phase.took_ms));
    }
    for finding in &drill.findings {
        let _ = writeln!(out, "  ! {}", visible(finding));
    }
    out
}

/// A drill of which no end is recorded.
pub(super) fn unended(begun: Timestamp, backup: &str) -> String {
    format!("began at {begun} with {backup}, and no end of it is recorded: it is going on, or was killed")
}

/// One entry. Texts come from outside, so nothing in them may steer a terminal.
fn line(entry: &Entry, event: &Event) -> String {
    let signed = if entry.key.is_some() { "" } else { " (not signed)" };
    let what = visible(&says(event));
    format!("{:>5}  {}  {:<13}  {what}{signed}", entry.sequence, entry.time, entry.kind).trim_end().to_owned()
}

fn says(event: &Event) -> String {
    let reason = |reason: &Option<String>| match reason {
        Some(reason) => format!(", out of order: {reason}"),
        None => String::new(),
    };
    match event {
        Event::Opened(opened) => format!("record {}", opened.record),
        Event::GateRun(run) => {
            let gates: Vec<String> = run
                .gates
                .iter()
                .map(|gate| {
                    format!("{} {}", gate.id, if gate.verdict == "holds" { "OPEN" } else { "CLOSED" })
                })
                .collect();
            let replayed = if run.replayed { ", from kept facts, nothing was looked at" } else { "" };
            let tenant = run.tenant.as_ref().map(|t| format!(", tenant {t}")).unwrap_or_default();
            format!("{}: {}{tenant}{replayed}{}", run.verdict, gates.join(", "), reason(&run.out_of_order))
        }
        Event::WaiverUsed(waiver) => {
            format!("{} until {} by {}: {}", waiver.check, waiver.until, waiver.owner, waiver.reason)
        }
        Event::RestoreBegun(begun) => {
            let by = begun.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!("restore {}, {} of {}{by}", begun.restore, begun.procedure, begun.policy)
        }
        Event::PhaseBegun(phase) => {
            let back = if phase.rollback { ", rollback" } else { "" };
            format!("{}{back}{}", phase.phase, reason(&phase.out_of_order))
        }
        Event::PhaseEnded(phase) => phase.phase.clone(),
        Event::RolledBack(back) => back.reason.clone(),
        Event::RestoreEnded(end) => {
            let why = end.reason.as_ref().map(|why| format!(", {why}")).unwrap_or_default();
            format!("{}{why}", end.outcome.words())
        }
        Event::Attested(said) => {
            let until = said.expires.as_ref().map(|at| format!(" (until {at})")).unwrap_or_default();
            format!("{} by {}{until}: {}", said.check, said.by, said.text)
        }
        Event::DrillBegun(drill) => format!("drill {} of {}", drill.drill, drill.backup),
        Event::Drill(drill) => format!("{}: {}", drill.verdict, drill.backup),
        Event::Corrected(said) => format!("entry {} by {}: {}", said.sequence, said.by, said.text),
        Event::KeyRotated(_) => "entries after this one are signed with another key".to_owned(),
        Event::Recovered(piece) => match &piece.kept {
            Some(name) => format!("{} bytes of a line without end are in {name}", piece.bytes),
            None => "the entry before lacked its line end".to_owned(),
        },
    }
}

/// A restore with its phases and what is to be said of it.
pub(super) fn restored(restore: &Restore) -> String {
    let mut out = String::new();
    let now = Timestamp::now();
    let (state, at) = match &restore.ended {
        Some((at, end)) => (end.outcome.words(), *at),
        None => ("going on", now),
    };
    let took = |from: Timestamp, to: Timestamp| {
        let micros = to.as_microsecond().saturating_sub(from.as_microsecond());
        // To the second where that says enough.
        duration_text(if micros.abs() >= 60_000_000 {
            micros / 1_000_000 * 1_000_000
        } else {
            micros / 1000 * 1000
        })
    };
    let _ = writeln!(
        out,
        "Restore {}, {}: {state} after {}",
        restore.plan.restore,
        visible(&restore.plan.procedure),
        took(restore.begun, at)
    );
    for phase in &restore.phases {
        let planned = if phase.rollback { &restore.plan.rollback } else { &restore.plan.phases };
        let planned = planned.iter().find(|p| p.name == phase.name);
        let expected = planned.and_then(|p| p.expected).map(|e| {
            format!(
                ", expected {}..{}",
                duration_text(e.from_ms.saturating_mul(1000)),
                duration_text(e.to_ms.saturating_mul(1000))
            )
        });
        let running = if phase.ended.is_none() && restore.ended.is_none() { " so far" } else { "" };
        let _ = writeln!(
            out,
            "  {}{}: {}{running}{}",
            if phase.rollback { "rollback " } else { "" },
            visible(&phase.name),
            took(phase.begun, phase.ended.unwrap_or(at)),
            expected.unwrap_or_default()
        );
    }
    let findings = match &restore.ended {
        Some((_, end)) => end.findings.clone(),
        None => restore.overruns(now),
    };
    for finding in findings {
        let _ = writeln!(out, "  ! {}", visible(&finding));
    }
    out
}

/// A text without anything that steers a terminal.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}
