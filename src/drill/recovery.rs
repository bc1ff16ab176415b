//! Replay of WAL in a restored cluster, until the server takes connections or stands where it was to stop.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use super::cluster::Ended;
use super::fetching::WalFrom;
use super::phases::REPLAY_WAL;
use super::target::Action;
use super::trouble::Trouble;
use super::{Drill, Restored};
use crate::probe::wal::Lsn;

/// Where a cluster stood in WAL before its replay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Control {
    pub(super) redo: Option<Lsn>,
    pub(super) segment_bytes: Option<u64>,
    pub(super) timeline: Option<u32>,
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
