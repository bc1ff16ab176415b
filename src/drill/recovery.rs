//! Replay of WAL in a restored cluster: where it is to end, where WAL comes from, and whether it came to that.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::cluster::{Ended, lines};
use super::complaints;
use super::phases::REPLAY_WAL;
use super::trouble::Trouble;
use super::{Drill, Restored};
use crate::probe::wal::{Lsn, SegmentName};

/// Where replay is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An instant.
    Time(jiff::Timestamp),
    /// A place in WAL.
    Lsn(String),
    /// A named restore point.
    Name(String),
    /// As soon as the cluster is consistent.
    Immediate,
}

impl Target {
    /// Reads `immediate`, `time:...`, `lsn:...` or `name:...`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "immediate" => Ok(Self::Immediate),
            Some(("time", at)) => at
                .parse()
                .map(Self::Time)
                .map_err(|_| format!("`{at}` is no time such as `2026-01-14T14:30:00Z`")),
            Some(("lsn", at)) if at.parse::<Lsn>().is_ok() => Ok(Self::Lsn(at.to_owned())),
            // The server takes no longer ones, and a control character would steer a terminal.
            Some(("name", name))
                if !name.is_empty() && name.len() < 64 && !name.contains(char::is_control) =>
            {
                Ok(Self::Name(name.to_owned()))
            }
            _ => {
                Err("write `time:2026-01-14T14:30:00Z`, `lsn:0/3000060`, `name:POINT` or `immediate`"
                    .to_owned())
            }
        }
    }

    /// The server's setting for it.
    fn setting(&self) -> (String, String) {
        let (name, value) = match self {
            // The server takes no `Z`, since it has not read its time zones yet.
            Self::Time(at) => ("recovery_target_time", at.strftime("%Y-%m-%d %H:%M:%S%.f+00").to_string()),
            Self::Lsn(at) => ("recovery_target_lsn", at.clone()),
            Self::Name(name) => ("recovery_target_name", name.clone()),
            Self::Immediate => ("recovery_target", "immediate".to_owned()),
        };
        (name.to_owned(), value)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Time(at) => write!(f, "time {at}"),
            Self::Lsn(at) => write!(f, "LSN {at}"),
            Self::Name(name) => write!(f, "restore point `{name}`"),
            Self::Immediate => f.write_str("immediate"),
        }
    }
}

/// What comes when the target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The cluster goes on, and takes writes.
    Promote,
    /// It stays there, and can be read.
    Pause,
}

/// Where WAL comes from.
#[derive(Clone, Debug)]
pub(super) enum WalFrom {
    /// What the backup has itself.
    Backup,
    /// A folder with segments, perhaps compressed one by one.
    Folder(PathBuf),
    /// A command with `$1` and `$2` in it, which ends with 1 when a file is not there; and the folder it looks into.
    Command(String, PathBuf),
}

/// Fetches a file of WAL. What is not there is told by status 1; anything else that goes wrong must end the replay, or it
/// would look like the end of WAL. So does one that cannot be noted, since it is asked later what was not there.
const SCRIPT: &str = r#"#!/bin/sh
log() { echo "$1 $2" >>"$(dirname "$0")/wal.log"; }
fetch() {
FETCH
}
fetch "$1" "$2"
case $? in
0) log "$1" found || exit 200 ;;
1) log "$1" missing || exit 200; exit 1 ;;
*) log "$1" failed; exit 200 ;;
esac
"#;

const FROM_FOLDER: &str = r#"
    for folder in "$archive" "$archive/$(printf '%.16s' "$1")"; do
        file=$folder/$1
        [ ! -e "$file" ] || { cp "$file" "$2" || return 2; return 0; }
        [ ! -e "$file.gz" ] || { gzip -dc "$file.gz" >"$2" || return 2; return 0; }
        [ ! -e "$file.zst" ] || { zstd -qdc "$file.zst" >"$2" || return 2; return 0; }
        [ ! -e "$file.lz4" ] || { lz4 -qdc "$file.lz4" >"$2" || return 2; return 0; }
        [ ! -e "$file.bz2" ] || { bzip2 -dc "$file.bz2" >"$2" || return 2; return 0; }
        [ ! -e "$file.xz" ] || { xz -dc "$file.xz" >"$2" || return 2; return 0; }
    done
    return 1
"#;

/// A text as a shell reads it.
pub(super) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Where a cluster stood in WAL before its replay.
#[derive(Clone, Copy, Debug)]
struct Control {
    redo: Option<Lsn>,
    segment_bytes: Option<u64>,
    timeline: Option<u32>,
}

/// `max_connections setting:                 100` of pg_controldata, and the setting that may not be less.
const LEAST: [(&str, &str); 5] = [
    ("max_connections setting", "max_connections"),
    ("max_worker_processes setting", "max_worker_processes"),
    ("max_wal_senders setting", "max_wal_senders"),
    ("max_prepared_xacts setting", "max_prepared_transactions"),
    ("max_locks_per_xact setting", "max_locks_per_transaction"),
];

impl Drill<'_> {
    /// Starts the restored cluster and waits until replay has ended.
    pub(super) fn replay(&mut self, from: &WalFrom) -> Result<Restored, Trouble> {
        self.clock(REPLAY_WAL);
        let (mut settings, before) = self.control()?;
        let set = |settings: &mut Vec<(String, String)>, name: &str, value: String| {
            settings.push((name.to_owned(), value))
        };
        set(&mut settings, "wal_level", "replica".to_owned());
        let standby = self.request.target.is_some() && self.request.action == Action::Pause;
        // Otherwise it would call itself ready while it replays.
        set(&mut settings, "hot_standby", if standby { "on" } else { "off" }.to_owned());
        set(&mut settings, "max_wal_size", "256MB".to_owned());
        let target = self.request.target.clone();
        let archived = !matches!(from, WalFrom::Backup) || target.is_some();
        if archived {
            let command = self.fetching(from)?;
            set(&mut settings, "restore_command", command);
            set(&mut settings, "recovery_target_timeline", "latest".to_owned());
            if let Some(target) = &target {
                settings.push(target.setting());
                let action = if self.request.action == Action::Pause { "pause" } else { "promote" };
                set(&mut settings, "recovery_target_action", action.to_owned());
            }
            let signal = self.here()?.data().join("recovery.signal");
            self.file(&signal, "")?;
        }
        let cluster =
            self.cluster.as_mut().ok_or_else(|| Trouble::unproven("there is no scratch cluster"))?;
        cluster.start(&settings)?;
        match cluster.await_ready() {
            Ok(()) => {}
            Err(Ended::Drill(why)) => return Err(why),
            Err(Ended::Server(log)) => return Err(self.ended(&log, from)),
        }
        if standby {
            self.paused(from)?;
        }
        let log = self.here()?.log();
        for (name, before) in [
            ("redo_done_at", "redo done at "),
            ("last_transaction", "last completed transaction was at log time "),
        ] {
            if let Some(rest) = log.lines().filter_map(|line| line.split_once(before)).next_back() {
                let value = rest.1.split(" system usage").next().unwrap_or(rest.1).trim();
                self.told(name, value);
            }
        }
        if let Some(line) = log.lines().find(|line| line.contains("recovery stopping ")) {
            let line = line.trim_start_matches("LOG:").trim().to_owned();
            self.told("stopped", line);
        }
        self.followed(&log, &before)?;
        if target.is_none() {
            self.whole(&log, from, &before)?;
        }
        self.clock.end();
        let database = self.one_database()?;
        Ok(Restored { database })
    }

    /// What the control file says: settings that may not be less than where the backup was made, and where WAL is.
    fn control(&self) -> Result<(Vec<(String, String)>, Control), Trouble> {
        let cluster = self.here()?;
        let said = self.runner.run(cluster.call("pg_controldata").arg("-D").arg(cluster.data()))?;
        if !said.status.success() {
            return Err(Trouble::broken(format!(
                "the control file of the backup cannot be read: {}",
                said.last()
            )));
        }
        let value = |name: &str| {
            let line =
                said.out.lines().find_map(|line| line.split_once(':').filter(|(left, _)| *left == name))?;
            Some(line.1.trim())
        };
        let number = |name: &str| value(name)?.parse::<u32>().ok();
        let all = LEAST
            .iter()
            .filter_map(|(name, setting)| Some(((*setting).to_owned(), number(name)?.to_string())));
        let control = Control {
            redo: value("Latest checkpoint's REDO location").and_then(|text| text.parse().ok()),
            timeline: number("Latest checkpoint's TimeLineID"),
            segment_bytes: number("Bytes per WAL segment").map(u64::from).filter(|bytes| *bytes > 0),
        };
        Ok((all.collect(), control))
    }

    /// Writes a file that belongs to whoever runs the server.
    pub(super) fn file(&self, path: &Path, text: &str) -> Result<(), Trouble> {
        let written = fs::write(path, text).and_then(|()| match &self.user {
            Some(user) => chown(path, Some(user.id), Some(user.group)),
            None => Ok(()),
        });
        written.map_err(|why| Trouble::unproven(format!("`{}` cannot be written: {why}", path.display())))
    }

    /// The command that fetches WAL.
    fn fetching(&self, from: &WalFrom) -> Result<String, Trouble> {
        if let (WalFrom::Folder(folder), Some(user)) = (from, &self.user) {
            let call = self
                .here()?
                .call("/bin/sh")
                .args(["-c", "test -r \"$1\" && test -x \"$1\"", "sh"])
                .arg(folder);
            if !self.runner.run(call)?.status.success() {
                return Err(Trouble::unproven(format!(
                    "`{}` cannot be read by `{}`, whom the scratch server runs as",
                    folder.display(),
                    user.name
                )));
            }
        }
        let fetch = match from {
            WalFrom::Backup => "    return 1".to_owned(),
            WalFrom::Folder(folder) => {
                format!("    archive={}{FROM_FOLDER}", shell(&folder.display().to_string()))
            }
            WalFrom::Command(command, _) => format!("    {command}"),
        };
        let script = self.scratch.server().join("get-wal");
        self.file(&script, &SCRIPT.replace("FETCH", &fetch))?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o500)).map_err(|why| {
            Trouble::unproven(format!("`{}` cannot be made a program: {why}", script.display()))
        })?;
        let script = shell(&script.display().to_string()).replace('%', "%%");
        Ok(format!("/bin/sh {script} \"%f\" \"%p\""))
    }

    /// What was asked for and was not there, in its order.
    fn missing(&self) -> Vec<String> {
        let log = fs::read_to_string(self.scratch.server().join("wal.log")).unwrap_or_default();
        let lines = log.lines().filter_map(|line| line.strip_suffix(" missing"));
        lines.filter(|name| segment(name).is_some()).map(str::to_owned).collect()
    }

    /// Why replay ended otherwise than it should.
    fn ended(&self, log: &str, from: &WalFrom) -> Trouble {
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
    fn followed(&self, log: &str, before: &Control) -> Result<(), Trouble> {
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
    fn whole(&self, log: &str, from: &WalFrom, before: &Control) -> Result<(), Trouble> {
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

    /// The segment that was asked for last.
    fn asked(&self) -> Option<String> {
        let log = fs::read_to_string(self.scratch.server().join("wal.log")).unwrap_or_default();
        log.lines().rev().find_map(|line| segment(line.split(' ').next()?).map(str::to_owned))
    }

    /// A segment of the archive that comes after another of its timeline.
    fn beyond(&self, from: &WalFrom, name: &str) -> Option<String> {
        let (WalFrom::Folder(folder) | WalFrom::Command(_, folder)) = from else { return None };
        let mut open = vec![folder.clone()];
        let mut last: Option<String> = None;
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    open.push(entry.path());
                }
                let found = entry.file_name().to_string_lossy().into_owned();
                let Some(found) = segment(&found) else { continue };
                if found.get(..8) == name.get(..8)
                    && found > name
                    && last.as_deref().is_none_or(|last| found > last)
                {
                    last = Some(found.to_owned());
                }
            }
        }
        last
    }

    /// Waits until replay has paused at the target.
    fn paused(&mut self, from: &WalFrom) -> Result<(), Trouble> {
        let asked = if self.here()?.programs.major >= 14 {
            "select pg_catalog.pg_get_wal_replay_pause_state() = 'paused'"
        } else {
            "select pg_catalog.pg_is_wal_replay_paused()"
        };
        loop {
            let answer = self.here()?.sql("postgres", asked);
            if let Some(log) = self.cluster.as_mut().and_then(super::cluster::Cluster::ended) {
                return Err(self.ended(&log, from));
            }
            if answer? == "t" {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    /// The database of a cluster that is looked into.
    fn one_database(&self) -> Result<String, Trouble> {
        let all = self.here()?.sql(
            "postgres",
            "select datname from pg_catalog.pg_database where datallowconn and not datistemplate order by 1",
        );
        let all = all.map_err(|why| {
            Trouble::unproven(format!(
                "the restored server takes no connection as `{}`: {why}; name a superuser of it with `--superuser`",
                self.request.superuser
            ))
        })?;
        let names: Vec<&str> = all.lines().collect();
        let own: Vec<&str> = names.iter().copied().filter(|name| *name != "postgres").collect();
        match (&self.request.database, own.as_slice()) {
            (Some(name), _) if names.contains(&name.as_str()) => Ok(name.clone()),
            (Some(name), _) => Err(Trouble::unproven(format!(
                "the restored cluster has no database `{name}`; it has {}",
                names.join(", ")
            ))),
            (None, [one]) => Ok((*one).to_owned()),
            (None, []) => Ok("postgres".to_owned()),
            (None, _) => Err(Trouble::unproven(format!(
                "the restored cluster has several databases: {}; name one with `--database`",
                names.join(", ")
            ))),
        }
    }
}

/// The name of a segment at the beginning of a file's name.
pub(super) fn segment(name: &str) -> Option<&str> {
    let (start, rest) = name.split_at_checked(24)?;
    let digits = start.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    (digits && !rest.starts_with(".partial") && !rest.contains(".backup")).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        assert!(matches!(Target::parse("time:2026-01-14T14:30:00Z"), Ok(Target::Time(_))));
        assert_eq!(Target::parse("lsn:0/3000060"), Ok(Target::Lsn("0/3000060".to_owned())));
        assert_eq!(Target::parse("name:here"), Ok(Target::Name("here".to_owned())));
        assert_eq!(Target::parse("immediate"), Ok(Target::Immediate));
        for wrong in ["", "time:", "time:today", "lsn:x", "name:", "xid:5", "2026-01-14T14:30:00Z"] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn segments_are_known_by_their_names() {
        assert_eq!(segment("000000010000000000000003.gz"), Some("000000010000000000000003"));
        assert_eq!(segment("000000010000000000000003-0a1b.zst"), Some("000000010000000000000003"));
        assert_eq!(segment("000000010000000000000003.00000028.backup"), None);
        assert_eq!(segment("000000010000000000000003.partial"), None);
        assert_eq!(segment("00000002.history"), None);
        assert_eq!(shell("it's"), r"'it'\''s'");
    }
}
