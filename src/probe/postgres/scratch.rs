//! A throw-away server for the tests, from the binaries of this machine. Where there are none, the tests that need
//! one are skipped and say so.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};

use super::environment::fake::FakeEnvironment;
use super::{Address, Session, SessionOptions};

const HBA: &str = "\
local all refused reject
local all secretive scram-sha-256
local replication all trust
local all all trust
hostssl all all 127.0.0.1/32 trust
hostnossl all plain 127.0.0.1/32 trust
";

pub(super) struct Scratch {
    pub(super) dir: tempfile::TempDir,
    pub(super) port: u16,
    data: PathBuf,
    bin: PathBuf,
    owner: Option<(u32, u32)>,
}

/// The directory named in `HOLDTRUE_TEST_PGBIN`, else the newest server binaries of the packages.
fn binaries() -> Option<PathBuf> {
    let named = std::env::var_os("HOLDTRUE_TEST_PGBIN").map(PathBuf::from);
    let packaged = || {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        versions
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|bin| bin.join("initdb").exists())
            .max()
    };
    named.or_else(packaged)
}

/// A server refuses to run as root: then it runs as `postgres` or `nobody`.
fn owner() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let fields: Vec<_> = line.split(':').collect();
        Some((fields[2].parse().ok()?, fields[3].parse().ok()?))
    })
}

impl Scratch {
    /// The server all tests that run at the same time share; it stops when the last of them lets go.
    pub(super) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Scratch>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Some(running);
        }
        let fresh = Arc::new(Self::start("listen_addresses = ''\n")?);
        *shared = Arc::downgrade(&fresh);
        Some(fresh)
    }

    /// A server of its own.
    pub(super) fn start(settings: &str) -> Option<Self> {
        let scratch = Self::empty()?;
        let data = scratch.data.to_str().unwrap().to_owned();
        scratch
            .run("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]);
        scratch.write("data/pg_hba.conf", HBA);
        scratch.configure(settings);
        scratch.launch();
        Some(scratch)
    }

    /// A streaming standby of this server.
    pub(super) fn standby(&self) -> Self {
        let standby = Self::empty().unwrap();
        let data = standby.data.to_str().unwrap();
        let (socket, port) = (self.dir.path().to_str().unwrap(), self.port.to_string());
        standby.run(
            "pg_basebackup",
            &["-D", data, "-R", "-c", "fast", "-X", "stream", "-h", socket, "-p", &port, "-U", "postgres"],
        );
        standby.configure("listen_addresses = ''\nhot_standby = on\nmax_standby_streaming_delay = 0\nhot_standby_feedback = off\n");
        standby.launch();
        standby
    }

    fn empty() -> Option<Self> {
        let Some(bin) = binaries() else {
            eprintln!("skipped: there are no server binaries on this machine");
            return None;
        };
        let dir = tempfile::Builder::new().prefix("ht").tempdir().unwrap();
        let owner = owner();
        if let Some((uid, gid)) = owner {
            chown(dir.path(), Some(uid), Some(gid)).unwrap();
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Some(Self { data: dir.path().join("data"), dir, port, bin, owner })
    }

    fn configure(&self, settings: &str) {
        let socket = self.dir.path().display();
        let common = format!(
            "unix_socket_directories = '{socket}'\nport = {}\nfsync = off\nshared_buffers = '16MB'\n\
             max_connections = 60\nwal_level = replica\n",
            self.port
        );
        self.write("data/postgresql.auto.conf", &{
            // pg_basebackup -R has put the primary's address there.
            let before = fs::read_to_string(self.data.join("postgresql.auto.conf")).unwrap_or_default();
            format!("{before}{common}{settings}")
        });
    }

    /// Writes a file that only the server's owner can read.
    pub(super) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, content).unwrap();
        self.give(&path);
        path
    }

    pub(super) fn give(&self, path: &Path) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = self.owner {
            chown(path, Some(uid), Some(gid)).unwrap();
        }
    }

    fn launch(&self) {
        let log = self.dir.path().join("log");
        let data = self.data.to_str().unwrap();
        self.run("pg_ctl", &["-D", data, "-l", log.to_str().unwrap(), "-w", "-t", "60", "start"]);
    }

    pub(super) fn run(&self, program: &str, args: &[&str]) -> String {
        let mut command = Command::new(self.bin.join(program));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C");
        if let Some((uid, gid)) = self.owner {
            command.uid(uid).gid(gid);
        }
        // Not a pipe: a server started by pg_ctl would keep it open.
        let out = tempfile::tempfile().unwrap();
        command.stdout(out.try_clone().unwrap()).stderr(out.try_clone().unwrap());
        let status = command.status().unwrap();
        let mut text = String::new();
        let mut out = out;
        std::io::Seek::rewind(&mut out).unwrap();
        std::io::Read::read_to_string(&mut out, &mut text).unwrap();
        assert!(status.success(), "{program} {args:?}: {text}");
        text
    }

    /// Runs statements as the superuser, each line of the answer as text.
    pub(super) fn sql(&self, sql: &str) -> String {
        let (socket, port) = (self.dir.path().to_str().unwrap(), self.port.to_string());
        let args =
            ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket, "-p", &port, "-U", "postgres"];
        let args: Vec<_> = args.into_iter().chain(["-d", "postgres", "-c", sql]).collect();
        self.run("psql", &args).trim().to_owned()
    }

    pub(super) fn address(&self, more: &str) -> Address {
        let text = format!(
            "host={} port={} user=postgres dbname=postgres {more}",
            self.dir.path().display(),
            self.port
        );
        Address::parse(&text, &FakeEnvironment::new()).unwrap()
    }

    pub(super) async fn open(&self, more: &str) -> Session {
        Session::open(&self.address(more), &SessionOptions::default()).await.unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut command = Command::new(self.bin.join("pg_ctl"));
        command.args(["-D", self.data.to_str().unwrap(), "-m", "immediate", "-w", "stop"]);
        command.current_dir("/").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        if let Some((uid, gid)) = self.owner {
            command.uid(uid).gid(gid);
        }
        let _already_down = command.status();
    }
}
