//! A cluster that archives its WAL, its base backups, and a restored copy that went on on a timeline of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::support::{Cluster, Options, fail, postgres_program, run_as_server};

/// A cluster with `archive_command` into the folder `archive` beside its data.
pub(crate) struct Archived {
    pub(crate) cluster: Cluster,
}

impl Archived {
    pub(crate) fn start(further: &[(&str, &str)]) -> Self {
        let settings = [
            ("wal_level", "replica"),
            ("max_wal_senders", "4"),
            ("archive_mode", "on"),
            ("archive_command", "mkdir -p ../archive && cp %p ../archive/%f"),
        ];
        let settings = settings.iter().chain(further);
        let settings = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { cluster: Cluster::start(&Options { tcp: false, settings }) }
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.cluster.folder().join("archive")
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.cluster.psql("postgres", sql)
    }

    /// Ends the segment and waits until it is archived.
    pub(crate) fn switch(&self) -> String {
        let name = self.sql("select pg_walfile_name(pg_switch_wal())");
        self.wait_for(&name);
        name
    }

    fn wait_for(&self, name: &str) {
        let begun = Instant::now();
        while self.sql(&format!("select count(*) from pg_stat_archiver where last_archived_wal >= '{name}'"))
            == "0"
        {
            if begun.elapsed() > Duration::from_secs(60) {
                fail(&format!("{name} was not archived"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A base backup, with further arguments of pg_basebackup, in a folder that the server may write.
    pub(crate) fn backup(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let folder = self.cluster.folder().join(name);
        let mut backup = Command::new(postgres_program("pg_basebackup"));
        backup.args(["--checkpoint=fast", "--no-sync", "-d", &self.cluster.url("postgres")]);
        backup.args(arguments).arg("-D").arg(&folder);
        let output = run_as_server(&mut backup).output().unwrap();
        assert!(output.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&output.stderr));
        folder
    }

    /// A standby that streams from it.
    pub(crate) fn standby(&self) -> Second {
        let folder = self.backup("standby", &["--write-recovery-conf"]);
        let mut server = Command::new(postgres_program("postgres"));
        server.arg("-D").arg(&folder).args(["-c", "port=5433"]);
        Second(run_as_server(server.stdout(Stdio::null()).stderr(Stdio::null())).spawn().unwrap())
    }

    /// Restores a base backup from the archive up to a named place and lets it go on from there.
    pub(crate) fn promote(&self, backup: &Path, at: &str) {
        let folder = self.cluster.folder().join("promoted");
        let copied = run_as_server(Command::new("cp").arg("-a").arg(backup).arg(&folder)).status().unwrap();
        assert!(copied.success());
        fs::write(folder.join("recovery.signal"), "").unwrap();
        let mut server = Command::new(postgres_program("postgres"));
        server.arg("-D").arg(&folder).args(["-c", "port=5433", "-c", "recovery_target_action=promote"]);
        server.args([
            "-c",
            "restore_command=cp ../archive/%f %p",
            "-c",
            &format!("recovery_target_name={at}"),
        ]);
        let mut server =
            Second(run_as_server(server.stdout(Stdio::null()).stderr(Stdio::null())).spawn().unwrap());
        let url = self.cluster.url("postgres").replace("port=5432", "port=5433");
        let mut psql = Command::new(postgres_program("psql"));
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-d",
            &url,
            "-c",
            "insert into t values (now())",
            "-c",
            "select pg_switch_wal()",
        ]);
        let begun = Instant::now();
        while !run_as_server(psql.stderr(Stdio::null()).stdout(Stdio::null())).status().unwrap().success() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the restored copy was not promoted");
            assert!(server.0.try_wait().unwrap().is_none(), "the restored copy ended");
            std::thread::sleep(Duration::from_millis(100));
        }
        let archived = || {
            fs::read_dir(self.archive()).unwrap().any(|file| {
                let name = file.unwrap().file_name();
                let name = name.to_str().unwrap();
                name.starts_with("00000002") && name.len() == 24
            })
        };
        while !archived() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the restored copy archived nothing");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A second server of a cluster, until it is dropped.
pub(crate) struct Second(Child);

impl Second {
    /// A server that was started.
    pub(crate) fn of(server: Child) -> Self {
        Self(server)
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

/// What happened on the shared cluster, in its order.
pub(crate) struct Story {
    pub(crate) server: Archived,
    /// What was in the archive then; other tests add to the server's own.
    pub(crate) archive: PathBuf,
    pub(crate) backup: PathBuf,
    pub(crate) identifier: u64,
    /// After a transaction that came after the backup, and before the next one.
    pub(crate) between: Timestamp,
    /// After the last transaction.
    pub(crate) after: Timestamp,
}

/// The cluster, its backup, and three more segments with transactions, one before and one after the place `here`.
pub(crate) fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| {
        let server = Archived::start(&[]);
        let clock = || server.sql("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')").parse().unwrap();
        server.sql("create table t (at timestamptz); insert into t values (now())");
        server.switch();
        let backup = server.backup("base", &[]);
        server.sql("insert into t select now() from generate_series(1, 20000)");
        server.sql("select pg_create_restore_point('here')");
        let between = clock();
        server.switch();
        server.sql("insert into t select now() from generate_series(1, 100000)");
        server.switch();
        let after = clock();
        let identifier = server.sql("select system_identifier from pg_control_system()").parse().unwrap();
        server.promote(&backup, "here");
        let archive = server.cluster.folder().join("frozen");
        let copied = Command::new("cp").arg("-a").arg(server.archive()).arg(&archive).status().unwrap();
        assert!(copied.success());
        Story { server, archive, backup, identifier, between, after }
    })
}

/// A copy of a folder that a test may damage.
pub(crate) fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to.path()).status().unwrap();
    assert!(copied.success());
    to
}
