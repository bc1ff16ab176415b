//! A PostgreSQL cluster for one test process: private folder, private socket, gone afterwards.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::watchdog::{Watchdog, without_pg_variables};
use super::{binaries, fail};

/// The role of [`Cluster::reader_role`].
pub(crate) const READER: &str = "holdtrue_reader";

/// Creating and starting takes about two seconds; a busy machine gets more.
const PATIENCE: Duration = Duration::from_secs(90);

/// How a cluster is to be started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Listen on 127.0.0.1 with a free port as well, not only on the socket in the cluster's folder.
    pub(crate) tcp: bool,
    /// Further lines of postgresql.conf, as name and value; the value is quoted.
    pub(crate) settings: Vec<(String, String)>,
}

/// A running server. Dropping it stops the server and removes its files; so does the end of the process.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
    tcp: bool,
    psql: PathBuf,
    /// Held for its `Drop`.
    _watchdog: Watchdog,
}

impl Cluster {
    /// Creates and starts a cluster, or fails the test with the end of the server's log.
    #[track_caller]
    pub(crate) fn start(options: &Options) -> Self {
        Self::try_start(options)
            .unwrap_or_else(|reason| fail(&format!("cannot start a scratch PostgreSQL: {reason}")))
    }

    fn try_start(options: &Options) -> Result<Self, String> {
        let programs = binaries::server_folder()?;
        let owner = binaries::unprivileged()?;
        let port = if options.tcp { free_port()? } else { 5432 };
        // A socket's path is limited to 107 bytes, so the name stays short.
        let folder = tempfile::Builder::new().prefix("holdtrue-").tempdir().map_err(|error| {
            format!("cannot create a folder in {}: {error}", std::env::temp_dir().display())
        })?;
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group)).map_err(|error| {
                format!("cannot give {} to user {user}: {error}", folder.path().display())
            })?;
        }
        let mut watchdog =
            Watchdog::start(folder.path(), &programs, &settings(folder.path(), port, options), owner)?;
        // From here on removing it is the watchdog's work.
        let folder = folder.keep();
        wait_until_ready(&folder, &mut watchdog)?;
        Ok(Self { folder, port, tcp: options.tcp, psql: binaries::psql(&programs), _watchdog: watchdog })
    }

    /// The folder that holds the data, the socket and `server.log`.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A connection URL for the superuser.
    pub(crate) fn url(&self, database: &str) -> String {
        self.url_as("postgres", database)
    }

    /// A connection URL for a role; nobody needs a password.
    pub(crate) fn url_as(&self, role: &str, database: &str) -> String {
        if self.tcp {
            return format!("postgresql://{role}@127.0.0.1:{}/{database}", self.port);
        }
        let host = self.host().replace('%', "%25").replace('/', "%2F");
        format!("postgresql://{role}@/{database}?host={host}&port={}", self.port)
    }

    /// A keyword/value connection string for the superuser.
    pub(crate) fn keyword(&self, database: &str) -> String {
        let quote = |value: &str| value.replace('\\', "\\\\").replace('\'', "\\'");
        format!(
            "host='{}' port={} user=postgres dbname='{}'",
            quote(&self.host()),
            self.port,
            quote(database)
        )
    }

    /// Runs SQL in one transaction and returns what `psql -At` prints.
    #[track_caller]
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        // What one argument of a program cannot hold goes through a file.
        if sql.len() < 100_000 {
            return self.run_psql(&self.url(database), &["-c", sql]);
        }
        let file = tempfile::NamedTempFile::new()
            .and_then(|file| std::fs::write(file.path(), sql).map(|()| file))
            .unwrap_or_else(|error| fail(&format!("cannot write a file of SQL: {error}")));
        let arguments = [OsStr::new("--single-transaction"), OsStr::new("-f"), file.path().as_os_str()];
        self.run_psql(&self.url(database), &arguments)
    }

    /// Starts SQL in a session of its own, for the caller to end.
    #[track_caller]
    pub(crate) fn background(&self, database: &str, sql: &str) -> Child {
        let mut command = Command::new(&self.psql);
        without_pg_variables(&mut command);
        command
            .args(["-X", "-q", "-d", &self.url(database), "-c", sql])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap_or_else(|error| fail(&format!("cannot run {}: {error}", self.psql.display())))
    }

    /// Runs a file of SQL and returns what `psql -At` prints.
    #[track_caller]
    pub(crate) fn psql_file(&self, database: &str, file: &Path) -> String {
        self.run_psql(&self.url(database), &[OsStr::new("-f"), file.as_os_str()])
    }

    /// Creates a database, as a copy if a template is named; nobody may be connected to that one.
    #[track_caller]
    pub(crate) fn create_database(&self, name: &str, template: Option<&str>) {
        let template = template.unwrap_or("template0");
        self.psql(
            "postgres",
            &format!("create database {} template {}", identifier(name), identifier(template)),
        );
    }

    /// Makes sure that a role exists which may log in and read the tables of this database and nothing else, and
    /// returns its name. Plain grants, since `pg_read_all_data` is missing in PostgreSQL 13.
    #[track_caller]
    pub(crate) fn reader_role(&self, database: &str) -> &'static str {
        self.psql(
            database,
            &format!(
                "do $$ begin create role {READER} login; exception when duplicate_object or unique_violation then null; end $$;
                 grant usage on schema public to {READER};
                 grant select on all tables in schema public to {READER}"
            ),
        );
        READER
    }

    fn host(&self) -> String {
        if self.tcp { "127.0.0.1".to_owned() } else { self.folder.display().to_string() }
    }

    #[track_caller]
    fn run_psql(&self, url: &str, arguments: &[impl AsRef<OsStr>]) -> String {
        let mut command = Command::new(&self.psql);
        without_pg_variables(&mut command);
        command.env("PGCLIENTENCODING", "UTF8").args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            url,
        ]);
        command.args(arguments);
        let answer = command.output().unwrap_or_else(|error| {
            fail(&format!("cannot run {}: {error}; run tests/setup", self.psql.display()))
        });
        if !answer.status.success() {
            let said = String::from_utf8_lossy(&answer.stderr);
            fail(&format!("psql on {url} ended with {}: {}", answer.status, said.trim()));
        }
        String::from_utf8_lossy(&answer.stdout).trim_end().to_owned()
    }
}

/// Durability is of no use to a cluster that never survives its process.
fn settings(folder: &Path, port: u16, options: &Options) -> String {
    let folder = folder.display().to_string();
    let listen = if options.tcp { "127.0.0.1" } else { "" };
    let fixed = [
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("shared_buffers", "32MB"),
        ("max_connections", "60"),
        ("listen_addresses", listen),
        ("unix_socket_directories", folder.as_str()),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("lc_messages", "C"),
    ];
    let further = options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    fixed
        .into_iter()
        .chain(further)
        .map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''")))
        .chain([format!("port = {port}\n")])
        .collect()
}

/// The server's own word: the eighth line of postmaster.pid says `ready` once connections are accepted.
fn wait_until_ready(folder: &Path, watchdog: &mut Watchdog) -> Result<(), String> {
    let started = Instant::now();
    let pid_file = folder.join("data/postmaster.pid");
    while started.elapsed() < PATIENCE {
        if let Some((status, log)) = watchdog.ended() {
            return Err(format!("the server ended with {status}; the end of its log:\n{}", log.trim_end()));
        }
        if fs::read_to_string(&pid_file)
            .is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
        {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
    Err(format!("not ready after {} s; its log:\n{}", PATIENCE.as_secs(), log.trim_end()))
}

/// A port that was free a moment ago; the server says so readably if somebody was faster.
fn free_port() -> Result<u16, String> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no free port on 127.0.0.1: {error}"))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
