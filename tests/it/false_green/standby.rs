//! A standby that follows, one whose replay is paused, and what the two may and may not be asked.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Cluster, Options, Run, Scratch, postgres_program, run_as_server};

/// A second server made of the first one's base backup, in a folder of its own.
struct Standby {
    server: Child,
    socket: PathBuf,
}

impl Standby {
    fn of(primary: &Cluster, folder: &Path) -> Self {
        let data = folder.join("data");
        let mut backup = Command::new(postgres_program("pg_basebackup"));
        backup
            .args([
                "-R",
                "-X",
                "stream",
                "--checkpoint=fast",
                "--no-sync",
                "-d",
                &primary.url("postgres"),
                "-D",
            ])
            .arg(&data);
        assert!(run_as_server(&mut backup).status().unwrap().success(), "pg_basebackup");
        let mut server = Command::new(postgres_program("postgres"));
        server.arg("-D").arg(&data).args(["-c", "hot_standby=on", "-c", "port=5433"]);
        server.args(["-c", &format!("unix_socket_directories={}", folder.display())]);
        let server = run_as_server(server.stdout(Stdio::null()).stderr(Stdio::null())).spawn().unwrap();
        Self { server, socket: folder.to_path_buf() }
    }

    fn url(&self, role: &str, database: &str) -> String {
        let host = self.socket.display().to_string().replace('/', "%2F");
        format!("postgresql://{role}@/{database}?host={host}&port=5433")
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}

#[test]
fn a_standby_is_read_as_it_stands() {
    let settings = [("wal_level", "replica"), ("max_wal_senders", "4"), ("wal_keep_size", "256MB")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let primary = Cluster::start(&Options { tcp: false, settings });
    primary.create_database("copy", None);
    primary.psql(
        "copy",
        "create table t (id serial primary key, at timestamptz not null); insert into t (at) values (now()), (now());
         create unlogged table scratchpad (id serial primary key); insert into scratchpad default values;
         grant select on all sequences in schema public to public",
    );
    let reader = primary.reader_role("copy");
    let standby = Standby::of(&primary, &primary.folder().join("standby-folder"));
    let s = Scratch::around("copy");
    let url = standby.url(reader, "copy");
    let run = || Run::of(s.command(&["--jobs", "3"]).env("DATABASE_URL", &url));
    s.policy(
        "",
        "check rows { on t; require rows >= 2 }
         check where { require db.in_recovery = true }
         check keys { on t; require every index is valid }
         check ahead { on t; require every sequence is ahead }
         check empty { on scratchpad; require rows >= 0 }
         check still { recommend standard.recovery is healthy }
         check lost { recommend standard.unlogged_tables is healthy }",
    );
    let started = Instant::now();
    let first = loop {
        let first = run();
        if first.status != Some(3)
            || first.check("rows")["verdict"] == "holds"
            || started.elapsed() > Duration::from_secs(60)
        {
            break first;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    // What is not logged is not there, and that is no emptiness: nobody can look.
    let first = first
        .ends_with(3)
        .judges("rows", "holds", "")
        .judges("where", "holds", "")
        .judges("keys", "holds", "");
    let first = first.judges("ahead", "holds", "").judges("empty", "unproven", "recovery");
    first.judges("still", "broken", "the server is in recovery").judges(
        "lost",
        "broken",
        "`scratchpad` is unlogged",
    );

    let pause = |sql: &str| {
        let mut psql = Command::new(postgres_program("psql"));
        let done = psql
            .args(["-X", "-A", "-t", "-d", &standby.url("postgres", "copy"), "-c", sql])
            .output()
            .unwrap();
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    };
    pause("select pg_wal_replay_pause()");
    while pause("select pg_get_wal_replay_pause_state()") != "paused" {
        std::thread::sleep(Duration::from_millis(50));
    }
    primary.psql("copy", "insert into t (at) values (now())");
    let paused = run().judges("rows", "holds", "").judges("where", "holds", "");
    assert_eq!(paused.check("rows")["rows_examined"], 2, "{}", paused.said());
    assert!(paused.stdout.contains("paused"), "{}", paused.said());
    paused.judges("still", "broken", "in recovery, and paused");
}
