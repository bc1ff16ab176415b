//! Whether a replay of WAL came to where it should: to its target, or to the end of all WAL, along the newest timeline.

use std::fs;

use super::Drill;
use super::cluster::lines;
use super::complaints;
use super::fetching::{WalFrom, segment};
use super::recovery::Control;
use super::target::Action;
use super::trouble::Trouble;
use crate::probe::wal::{Lsn, SegmentName};

impl Drill<'_> {
    /// Why replay ended otherwise than it should.
    pub(super) fn ended(&self, log: &str, from: &WalFrom) -> Trouble {
        let fatal = log.lines().rfind(|line| line.starts_with("FATAL:") || line.starts_with("PANIC:"));
        let fatal = fatal.map_or_else(
            || "the server says nothing".to_owned(),
            |line| line.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == ':').trim().to_owned(),
        );
        let hole = self.missing().last().map_or_else(String::new, |name| {
            let later =
                self.beyond(from, name).map(|later| format!(", though later ones are, up to `{later}`"));
            format!("; WAL segment `{name}` is not there{}", later.unwrap_or_default())
        });
        if let Some(why) = complaints::machine(log) {
            let message =
                format!("the replay was broken off, since this machine has too little room or memory: {why}");
            return Trouble::unproven(message).with(lines(log));
        }
        match &self.request.target {
            Some(target) if fatal.contains("before configured recovery target was reached") => {
                Trouble::broken(format!("the target was never reached ({target}): {fatal}{hole}"))
            }
            _ if fatal.contains("invalid value for parameter") => {
                Trouble::unproven(format!("the scratch server cannot go on: {fatal}"))
            }
            _ => Trouble::broken(format!("the restored cluster does not start: {fatal}{hole}")),
        }
        .with(lines(log))
    }

    /// Where WAL of the newest timeline is missing, the server goes on along the one that was left, past the place where it
    /// was left, and says nothing.
    pub(super) fn followed(&self, log: &str, before: &Control) -> Result<(), Trouble> {
        let asked = fs::read_to_string(self.scratch.server().join("wal.log")).unwrap_or_default();
        let found = || asked.lines().filter_map(|line| line.strip_suffix(" found"));
        let Some(newest) = found().filter_map(|name| name.strip_suffix(".history")).max() else {
            return Ok(());
        };
        let number = u32::from_str_radix(newest, 16).ok();
        if number == before.timeline
            || found().any(|name| segment(name).is_some_and(|n| n.starts_with(newest)))
        {
            return Ok(());
        }
        // `PARENT <tab> PLACE <tab> REASON`, the last line for the timeline itself (`timeline.c`).
        let file = self.here()?.data().join("pg_wal").join(format!("{newest}.history"));
        let text = fs::read_to_string(&file).unwrap_or_default();
        let left = text.lines().rev().find_map(|line| {
            let mut words = line.split_whitespace();
            let parent: u32 = words.next()?.parse().ok()?;
            Some((parent, words.next()?.parse::<Lsn>().ok()?))
        });
        let done = log.lines().filter_map(|line| line.split_once("redo done at ")).next_back();
        let done = done.and_then(|(_, rest)| rest.split(' ').next()?.parse::<Lsn>().ok());
        let done = match done {
            // Paused, it has not said where it stands. The place is the end of a record, and that above the beginning of one.
            None if self.request.action == Action::Pause => {
                let asked = "select pg_catalog.pg_last_wal_replay_lsn()";
                let end = self.here()?.sql("postgres", asked)?.parse::<Lsn>().ok();
                end.map(|end| Lsn(end.0.saturating_sub(1)))
            }
            // Nothing was replayed.
            None => before.redo,
            some => some,
        };
        match (left, done) {
            (Some((_, left)), Some(done)) if done < left => Ok(()),
            (Some((parent, left)), Some(done)) => Err(Trouble::broken(format!(
                "replay went on along timeline {parent} up to {done}, though timeline {} left it at {left}: no WAL segment of that \
                 timeline is there",
                number.unwrap_or_default()
            ))),
            (Some(_), None) => {
                Err(Trouble::unproven("where replay ended is not known, so neither is along which timeline"))
            }
            (None, _) => Err(Trouble::unproven(format!("the history of timeline {newest} cannot be read"))),
        }
    }

    /// Without a target, all of the archived WAL must have been replayed: a hole or a damaged record looks like its end.
    pub(super) fn whole(&self, log: &str, from: &WalFrom, before: &Control) -> Result<(), Trouble> {
        if let Some(line) = log.lines().find(|line| line.contains("checksum in record")) {
            return Err(Trouble::broken(format!(
                "replay ended at a damaged record: {}",
                line.trim_start_matches("LOG:").trim()
            )));
        }
        let Some(asked) = self.asked() else { return Ok(()) };
        // Of the timeline that replay ended on, whatever it was asked for last.
        let first = format!("{}{}", asked.get(..8).unwrap_or_default(), "0".repeat(16));
        let Some(last) = self.beyond(from, &first) else { return Ok(()) };
        let done = log.lines().filter_map(|line| line.split_once("redo done at ")).next_back();
        let done = done.and_then(|(_, rest)| rest.split(' ').next()?.parse::<Lsn>().ok()).or(before.redo);
        let Some((done, bytes)) = done.zip(before.segment_bytes) else {
            return Err(Trouble::unproven(
                "where replay ended is not known, so neither is whether all WAL was replayed",
            ));
        };
        let number = SegmentName::parse(&last).and_then(|name| name.number(bytes));
        if number.is_none_or(|number| number > done.0 / bytes) {
            let missing = self.missing().last().map(|name| format!(", where segment `{name}` is missing"));
            return Err(Trouble::broken(format!(
                "replay ended at {done}{}, though the archive goes on up to segment `{last}`",
                missing.unwrap_or_default()
            )));
        }
        // One that was asked for and not had is there under a name that says that it is packed in some other way.
        if self.missing().contains(&last) {
            return Err(Trouble::unproven(format!(
                "replay ended at {done}, since segment `{last}` is in the archive in a form that nothing here unpacks, or came late"
            )));
        }
        // The end of WAL is where the next segment is missing, or where the backup's own was taken for one that is.
        let after = |name: &String| {
            SegmentName::parse(name).and_then(|name| name.number(bytes)).is_some_and(|n| n >= done.0 / bytes)
        };
        if !self.missing().iter().any(after) {
            return Err(Trouble::broken(format!(
                "replay ended at {done}, within a segment that the archive holds: what follows there is damaged"
            )));
        }
        Ok(())
    }
}
