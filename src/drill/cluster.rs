//! The scratch server: a private socket, no network, no jobs, no archive, and nothing of the caller's environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::guard::{Call, Runner, Running};
use super::needs::identifier;
use super::programs::Programs;
use super::trouble::Trouble;
use super::user::User;

/// Everything that could reach out, or start by itself, is off. Set on the command line, which goes before every file of
/// the backup.
const FIXED: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("port", "5432"),
    ("unix_socket_permissions", "0700"),
    ("ssl", "off"),
    ("archive_mode", "off"),
    ("archive_command", ""),
    ("archive_cleanup_command", ""),
    ("recovery_end_command", ""),
    ("primary_conninfo", ""),
    ("primary_slot_name", ""),
    ("shared_preload_libraries", ""),
    ("session_preload_libraries", ""),
    ("local_preload_libraries", ""),
    ("max_logical_replication_workers", "0"),
    ("synchronous_standby_names", ""),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("log_min_messages", "log"),
    ("log_min_error_statement", "panic"),
    ("log_statement", "none"),
    ("log_line_prefix", ""),
    ("lc_messages", "C"),
    ("log_timezone", "UTC"),
    ("timezone", "UTC"),
    ("restart_after_crash", "off"),
];

/// What the server may be asked for by name since a version.
const SINCE: &[(u32, &str, &str)] =
    &[(15, "archive_library", ""), (17, "event_triggers", "off"), (17, "sync_replication_slots", "off")];

/// A cluster in the folder of a drill.
#[derive(Debug)]
pub(super) struct Cluster {
    server: Option<Running>,
    runner: Runner,
    /// The programs it runs with.
    pub(super) programs: Programs,
    /// Whom it runs as, if that is somebody else.
    pub(super) user: Option<User>,
    folder: PathBuf,
    superuser: String,
}

impl Cluster {
    /// A cluster that is not there yet.
    #[must_use]
    pub(super) fn new(
        runner: &Runner,
        programs: Programs,
        user: Option<User>,
        folder: &Path,
        superuser: &str,
    ) -> Self {
        let folder = folder.to_owned();
        Self { server: None, runner: runner.clone(), programs, user, folder, superuser: superuser.to_owned() }
    }

    /// Its data folder.
    #[must_use]
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// One of its programs, as whoever runs it.
    #[must_use]
    pub(super) fn call(&self, program: &str) -> Call {
        Call::new(self.programs.program(program), &self.folder).by(self.user.as_ref())
    }

    /// Makes an empty one.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn init(&self) -> Result<(), Trouble> {
        let call = self.call("initdb").arg("-D").arg(self.data());
        let call = call.args(["-U", &self.superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let said = self.runner.run(call)?;
        if said.status.success() {
            return Ok(());
        }
        Err(Trouble::unproven(format!("no scratch cluster could be made: {}", said.last()))
            .with(lines(&said.err)))
    }

    /// Starts it. Whether it is ready is told by [`Cluster::await_ready`].
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn start(&mut self, settings: &[(String, String)]) -> Result<(), Trouble> {
        let own =
            [("conf", String::new()), ("hba", "local all all trust\n".to_owned()), ("ident", String::new())];
        for (name, text) in own {
            let path = self.folder.join(name);
            fs::write(&path, text)
                .and_then(|()| match &self.user {
                    Some(user) => std::os::unix::fs::chown(&path, Some(user.id), Some(user.group)),
                    None => Ok(()),
                })
                .map_err(|why| Trouble::unproven(format!("`{}` cannot be written: {why}", path.display())))?;
        }
        let mut call = self.call("postgres").arg("-D").arg(self.data());
        let place = |name: &str| self.folder.join(name).display().to_string();
        let places = [
            ("config_file", place("conf")),
            ("hba_file", place("hba")),
            ("ident_file", place("ident")),
            ("data_directory", self.data().display().to_string()),
            ("unix_socket_directories", format!("\"{}\"", self.folder.display())),
        ];
        let since = SINCE.iter().filter(|(major, ..)| self.programs.major >= *major);
        let fixed = FIXED.iter().copied().chain(since.map(|(_, name, value)| (*name, *value)));
        let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
        let settings = settings.iter().map(|(name, value)| (name.as_str(), value.clone()));
        for (name, value) in fixed.chain(places).chain(settings) {
            call = call.arg("-c").arg(format!("{name}={value}"));
        }
        self.server = Some(self.runner.start(call, "QUIT")?);
        Ok(())
    }

    /// What the server said, if it has ended.
    pub(super) fn ended(&mut self) -> Option<String> {
        let said = self.server.as_mut()?.ended()?;
        self.server = None;
        Some(said.err)
    }

    /// Waits until it accepts connections. One that replays, and may be asked while it does, is ready as well.
    ///
    /// # Errors
    /// The server ended, with what it said; or the drill is to end.
    pub(super) fn await_ready(&mut self) -> Result<(), Ended> {
        let pid_file = self.data().join("postmaster.pid");
        loop {
            if let Some(said) = self.ended() {
                return Err(Ended::Server(said));
            }
            self.runner.go_on().map_err(Ended::Drill)?;
            // The server's own word: the eighth line says `ready`.
            let text = fs::read_to_string(&pid_file).unwrap_or_default();
            match text.lines().nth(7).map(str::trim) {
                Some("ready") => return Ok(()),
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// What the server has said so far.
    #[must_use]
    pub(super) fn log(&self) -> String {
        self.server.as_ref().map(Running::so_far).unwrap_or_default()
    }

    /// Runs SQL as its superuser, each statement by itself, and returns what `psql -At` prints.
    ///
    /// # Errors
    /// The server refuses it, or the drill is to end.
    pub(super) fn sql(&self, database: &str, sql: &str) -> Result<String, Trouble> {
        self.sql_as(&self.superuser, database, sql)
    }

    /// The same as a role.
    ///
    /// # Errors
    /// The same.
    pub(super) fn sql_as(&self, role: &str, database: &str, sql: &str) -> Result<String, Trouble> {
        let call = self.client("psql", role, database).args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
        ]);
        let said = self.runner.run(call)?;
        if said.status.success() {
            return Ok(said.out.trim_end().to_owned());
        }
        let why = super::complaints::errors(&said.err);
        let why = why.first().map_or_else(|| said.last(), super::complaints::Complaint::without_values);
        Err(Trouble::unproven(format!("the scratch server refuses a statement of the drill: {why}")))
    }

    /// A client program, connected to a database.
    #[must_use]
    pub(super) fn client(&self, program: &str, role: &str, database: &str) -> Call {
        let quote = |value: &str| value.replace('\\', "\\\\").replace('\'', "\\'");
        let place = quote(&self.folder.display().to_string());
        let text = format!(
            "host='{place}' port=5432 user='{}' dbname='{}' connect_timeout=10",
            quote(role),
            quote(database)
        );
        self.call(program).args(["-w", "-d", &text])
    }

    /// Who it is asked as for what needs every right.
    #[must_use]
    pub(super) fn superuser(&self) -> &str {
        &self.superuser
    }

    /// Makes a role that may read everything and write nothing, and returns its name.
    ///
    /// # Errors
    /// The server refuses.
    pub(super) fn reader(&self, database: &str) -> Result<String, Trouble> {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(|why| Trouble::unproven(format!("no random numbers: {why}")))?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let role = format!("holdtrue_drill_{digits}");
        // Rows that a policy would hide are there all the same.
        self.sql("postgres", &format!("create role {role} login inherit bypassrls; grant pg_monitor to {role}; grant connect on database {} to {role}", identifier(database)))?;
        if self.programs.major >= 14 {
            self.sql("postgres", &format!("grant pg_read_all_data to {role}"))?;
        } else {
            self.sql(
                database,
                &format!(
                    "do $$ declare s name; begin for s in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop \
                     execute format('grant usage on schema %I to {role}', s); execute format('grant select on all tables in schema %I to {role}', s); \
                     execute format('grant select on all sequences in schema %I to {role}', s); end loop; end $$"
                ),
            )?;
        }
        Ok(role)
    }

    /// An address for a role.
    #[must_use]
    pub(super) fn address(&self, role: &str, database: &str) -> String {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let place = encode(&self.folder.display().to_string());
        format!("postgresql://{}@/{}?host={place}&port=5432", encode(role), encode(database))
    }

    /// Stops it in order, so that its files can be used again.
    pub(super) fn stop(&mut self) {
        let call = self.call("pg_ctl").args(["stop", "-s", "-w", "-m", "fast", "-D"]).arg(self.data());
        // What does not stop in order is ended all the same.
        let _ = self.runner.run(call);
        drop(self.server.take());
    }
}

/// Why a server is not ready.
#[derive(Debug)]
pub(super) enum Ended {
    /// It ended, and said this.
    Server(String),
    /// The drill is to end.
    Drill(Trouble),
}

/// The last lines of a text that say something, for details.
#[must_use]
pub(super) fn lines(text: &str) -> Vec<String> {
    let mut last: Vec<String> = text
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(5)
        .map(|line| line.trim().to_owned())
        .collect();
    last.reverse();
    last
}
