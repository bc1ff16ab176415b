//! Every connection is ended with the protocol's goodbye, whatever came of the run: a server whose log fills with lost
//! connections makes its keepers look for a fault that is not there.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Cluster, Options, Run, Scratch};

/// What the server logs about a client that hung up without a word; with an open transaction also at the usual level.
const LOST: &str = "unexpected EOF on client connection";

struct Server {
    cluster: Cluster,
    scratch: Scratch,
    url: String,
}

impl Server {
    fn start() -> Self {
        let settings = vec![("log_min_messages".to_owned(), "debug1".to_owned())];
        let cluster = Cluster::start(&Options { tcp: false, settings });
        cluster.create_database("polite", None);
        cluster.psql(
            "polite",
            "create table t (id int primary key, n int not null); insert into t select g, g from generate_series(1, 100) g;
             create table u (id int primary key); insert into u values (1);
             create view slow as select id, (pg_catalog.pg_sleep(30) is null) as never from t;",
        );
        let url = cluster.url_as(cluster.reader_role("polite"), "polite");
        Self { cluster, scratch: Scratch::around("postgres"), url }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.scratch.command(arguments);
        command.env("DATABASE_URL", &self.url);
        command
    }

    /// Runs it and looks at the log once its backends are gone.
    fn run(&self, what: &str, checks: &str, arguments: &[&str]) -> Run {
        self.scratch.policy("", checks);
        let run = Run::of(&mut self.command(arguments));
        self.nobody_hung_up(what);
        run
    }

    #[track_caller]
    fn nobody_hung_up(&self, what: &str) {
        let backends = "select count(*) from pg_stat_activity where datname = 'polite'";
        let started = Instant::now();
        while self.cluster.psql("postgres", backends) != "0" {
            assert!(started.elapsed() < Duration::from_secs(40), "{what}: a backend is still there");
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.cluster.folder().join("server.log")).unwrap();
        let lost: Vec<&str> = log.lines().filter(|line| line.contains(LOST)).collect();
        assert!(lost.is_empty(), "{what}: {lost:?}");
    }
}

const SOUND: &str =
    "check a { on t; require n > 0 }\ncheck b { on t; require unique n }\ncheck c { on u; require rows = 1 }";

#[test]
fn the_server_is_left_politely_on_every_way_out() {
    let server = Server::start();
    for jobs in ["1", "4"] {
        for _ in 0..5 {
            server.run("all is well", SOUND, &["--jobs", jobs]).ends_with(0);
        }
        let failing = "check a { on t; require 1 / (n - 1) > 0 }\ncheck b { on t; require n > 50 }\ncheck c { on u; require rows = 1 }";
        server.run("a failing statement", failing, &["--jobs", jobs]).ends_with(1);
        let slow =
            "check a { on slow; require (never = false); timeout 200ms }\ncheck b { on t; require n > 0 }";
        server.run("a timeout", slow, &["--jobs", jobs]).ends_with(3);
    }
    server.run("a mistake in the policy", "check a { on t; require missing > 0 }", &[]).ends_with(2);
    server.run("a table that is not there", "check a { on missing; require id > 0 }", &[]).ends_with(3);
    server
        .run(
            "a service that suits nobody",
            SOUND,
            &["--source", &format!("db={}&target_session_attrs=standby", server.url)],
        )
        .ends_with(3);

    server.scratch.policy("", SOUND);
    let mut plan = crate::support::program();
    plan.current_dir(server.scratch.folder()).env("DATABASE_URL", &server.url).args(["plan", "p.hold"]);
    Run::of(&mut plan).ends_with(0);
    server.nobody_hung_up("a plan alone");

    server.cluster.psql("polite", "grant update on t to holdtrue_reader");
    server.run("a role that can write", SOUND, &[]).ends_with(2);
    server.cluster.psql("polite", "revoke update on t from holdtrue_reader");

    server.cluster.psql("polite", "alter role holdtrue_reader set zero_damaged_pages = on");
    server.run("a session that is not believed", SOUND, &[]).ends_with(3);
    server.cluster.psql("polite", "alter role holdtrue_reader reset zero_damaged_pages");
}

#[test]
fn an_interrupted_run_says_goodbye() {
    let server = Server::start();
    for jobs in ["1", "2"] {
        server
            .scratch
            .policy("", "check a { on slow; require (never = false) }\ncheck b { on t; require unique n }");
        let mut command = server.command(&["--jobs", jobs]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let asleep =
            "select count(*) from pg_stat_activity where datname = 'polite' and wait_event = 'PgSleep'";
        let started = Instant::now();
        while server.cluster.psql("postgres", asleep) == "0" {
            assert!(started.elapsed() < Duration::from_secs(20), "the slow statement did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
        server.nobody_hung_up("Ctrl-C");
    }
}
