//! A server of Redis: a real one where one is installed, and one that answers as it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Place;
use crate::support::Run;

const SECRET: &str = "hunter2-not-a-real-secret";

const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nserver_time_usec:1700000100000000\r\nuptime_in_seconds:90\r\n\r\n\
    # Memory\r\nused_memory:1048576\r\nmaxmemory:0\r\n\r\n# Persistence\r\nloading:0\r\nrdb_changes_since_last_save:0\r\n\
    rdb_last_save_time:1700000050\r\nrdb_last_bgsave_status:ok\r\naof_enabled:1\r\naof_last_bgrewrite_status:ok\r\n\
    aof_last_write_status:ok\r\n\r\n# Replication\r\nrole:slave\r\nmaster_link_status:up\r\n\
    master_last_io_seconds_ago:3\r\nconnected_slaves:0\r\n\r\n# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\n";

const CHECKS: &str = "
    check age { require cache.age <= 1min }
    check saved { require cache.save_ok = true }
    check role { require cache.role = \"slave\" }
    check linked { require cache.replication_linked = true }
    check lag { require cache.replication_lag <= 5s }
    check aof { require cache.aof = true }
    check aof_ok { require cache.aof_ok = true }
    check keys { require cache.keys = 3 }
    check memory { require cache.memory <= 2MiB }
    check version { require cache.server_version = \"7.0.15\" }
    check changes { require cache.changes = 0 }
    check loaded { require cache.loading = false }
    check replicas { require cache.replicas = 0 }";

/// A server that gives the same answers to everybody, one for each command, and closes then.
fn fake(answers: &[Vec<u8>]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = answers.to_vec();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            for answer in &answers {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
                let words: usize = line.trim().strip_prefix('*').unwrap().parse().unwrap();
                for _ in 0..words {
                    let mut length = String::new();
                    reader.read_line(&mut length).unwrap();
                    let length: usize = length.trim().strip_prefix('$').unwrap().parse().unwrap();
                    let mut word = vec![0; length + 2];
                    reader.read_exact(&mut word).unwrap();
                }
                if stream.write_all(answer).is_err() {
                    break;
                }
            }
        }
    });
    format!("127.0.0.1:{port}")
}

fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

fn asked(address: &str, checks: &str) -> Run {
    let run = Place::new("source redis cache from env CACHE", checks).with("CACHE", address).run(&[]);
    assert!(!run.said().contains(SECRET), "{}", run.said());
    run
}

#[test]
fn what_a_server_says_is_judged() {
    let pong = b"+PONG\r\n".to_vec();
    let says = |info: &str| fake(&[pong.clone(), bulk(info)]);
    let good = format!("redis://{}", says(INFO));
    asked(&good, CHECKS).ends_with(0);
    for (from, to, check, verdict, piece) in [
        ("rdb_last_save_time:1700000050", "rdb_last_save_time:1700000020", "age", "broken", "1min"),
        (
            "rdb_last_save_time:1700000050",
            "rdb_last_save_time:1700000010",
            "age",
            "unproven",
            "since it was started",
        ),
        (
            "rdb_last_save_time:1700000050",
            "rdb_last_save_time:1700000010",
            "saved",
            "unproven",
            "since it was started",
        ),
        ("rdb_last_bgsave_status:ok", "rdb_last_bgsave_status:err", "saved", "broken", ""),
        ("rdb_last_bgsave_status:ok", "rdb_last_bgsave_status:fine", "saved", "unproven", "neither"),
        ("master_link_status:up", "master_link_status:down", "linked", "broken", ""),
        ("master_link_status:up", "master_link_status:down", "lag", "unproven", "not connected"),
        ("role:slave", "role:master", "linked", "unproven", "no replica"),
        ("aof_enabled:1", "aof_enabled:0", "aof_ok", "unproven", "no append-only file"),
        ("aof_last_write_status:ok", "aof_last_write_status:err", "aof_ok", "broken", ""),
        ("keys=3", "keys=2", "keys", "broken", ""),
        ("keys=3,", "", "keys", "unproven", "no number of keys"),
        ("# Keyspace\r\n", "", "keys", "unproven", "how many keys"),
        ("used_memory:1048576", "used_memory:-1", "memory", "unproven", "no number"),
        ("loading:0\r\n", "", "loaded", "unproven", "does not say `loading`"),
    ] {
        let info = INFO.replace(from, to);
        assert_ne!(info, INFO);
        let run = asked(&format!("redis://{}", says(&info)), CHECKS);
        assert_ne!(run.status, Some(0), "{from} {to}");
        run.judges(check, verdict, piece);
    }
    // None of what it has is nothing to look at.
    let empty = says(INFO.split("db0:").next().unwrap());
    let run = asked(&format!("redis://{empty}"), "check keys { require cache.keys <= 5 }").ends_with(3);
    run.judges("keys", "unproven", "nothing to look at");
    let limit = "check limit { require cache.memory_limit >= 1MB }";
    asked(&good, limit).ends_with(3).judges("limit", "unproven", "no limit of memory");
    asked(&good, "check c { require cache is verified }").ends_with(3).judges("c", "unproven", "snapshot");
    asked(&good, "check c { require cache.size >= 1B }").ends_with(3).judges("c", "unproven", "snapshot");
}

#[test]
fn what_is_no_answer_proves_nothing() {
    let (pong, ok) = (b"+PONG\r\n".to_vec(), b"+OK\r\n".to_vec());
    let cut = {
        let whole = bulk(INFO);
        whole[..whole.len() / 2].to_vec()
    };
    for (answers, piece) in [
        (vec![], "the server"),
        (vec![b"-NOAUTH Authentication required.\r\n".to_vec()], "from env NAME"),
        (vec![b"-LOADING Redis is loading the dataset in memory\r\n".to_vec()], "LOADING"),
        (vec![b"+PONK\r\n".to_vec()], "PONK"),
        (vec![b":1\r\n".to_vec()], "another type"),
        (vec![b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()], "protocol"),
        (vec![pong.clone(), cut], "bytes that it announced"),
        (vec![pong.clone(), b"$99999999999\r\n".to_vec()], "longer than"),
        (vec![pong.clone(), b"$-1\r\n".to_vec()], "nothing"),
        (vec![pong.clone(), b"*2\r\n+a\r\n+b\r\n".to_vec()], "another type"),
        (vec![pong.clone(), b"+fine\r\n".to_vec()], "fine"),
        (vec![pong.clone(), b"-NOPERM no permissions to run the 'info' command\r\n".to_vec()], "NOPERM"),
        (vec![pong.clone(), bulk("keys=3")], "no field"),
        (vec![pong.clone(), bulk(&format!("{INFO}role:master\r\n"))], "twice"),
        (vec![pong.clone(), bulk("")], "does not say `role`"),
    ] {
        let run =
            asked(&format!("redis://{}", fake(&answers)), "check role { require cache.role = \"slave\" }");
        let flat = run.said();
        assert!(run.status == Some(3) && flat.contains(piece), "{piece}\n{flat}");
    }
    // What a server repeats of what it was sent is not shown.
    let echo = format!("-ERR unknown command `AUTH`, with args beginning with: `{SECRET}`\r\n").into_bytes();
    let run = asked(
        &format!("redis://:{SECRET}@{}", fake(&[echo])),
        "check role { require cache.role = \"slave\" }",
    );
    assert!(run.status == Some(3) && run.said().contains("***"), "{}", run.said());
    let known = format!("redis://me:{SECRET}@{}", fake(&[ok, pong, bulk(INFO)]));
    asked(&known, CHECKS).ends_with(0);
    // Where it goes.
    for (address, piece) in [
        ("redis://169.254.169.254:1", "private address"),
        ("redis://127.0.0.1:1", "cannot be reached"),
        ("rediss://127.0.0.1:1", "not encrypted"),
        ("redis://127.0.0.1/x", "write `redis://HOST:PORT`"),
        ("redis://", "names no host"),
    ] {
        let run = asked(address, "check role { require cache.role = \"slave\" }").ends_with(3);
        assert!(run.said().contains(piece), "{address}: {}", run.said());
    }
    let block = |block: &str| {
        let source = format!("source redis cache from \"redis://127.0.0.1:1\" {{ {block} }}");
        Place::new(&source, "check c { require cache.keys > 0 }").run(&[])
    };
    block("allow private").ends_with(3);
    assert!(block("allow redirects").ends_with(2).said().contains("nothing redirects"));
    let literal =
        Place::new("source redis cache from \"redis://:pw@h\"", "check c { require cache.keys > 0 }");
    assert!(literal.run(&[]).ends_with(2).said().contains("HT0216"));
}

/// A real server, where there is one.
struct Real {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Real {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Command::new("redis-server");
        server.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--requirepass",
            SECRET,
        ]);
        server.arg("--dir").arg(folder.path()).stdout(Stdio::null());
        let real = Self { child: server.spawn().ok()?, folder, port };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "redis-server does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(real)
    }

    fn tell(&self, words: &[&str]) {
        let mut client = Command::new("redis-cli");
        client.args(["-p", &self.port.to_string(), "-a", SECRET, "--no-auth-warning"]).args(words);
        assert!(client.stdout(Stdio::null()).status().unwrap().success());
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_real_server() {
    let Some(real) = Real::start() else { return };
    let checks = "check age { require cache.age <= 1h }
        check saved { require cache.save_ok = true }
        check role { require cache.role = \"master\" }
        check keys { require cache.keys >= 1 }
        check loaded { require cache.loading = false }
        check changes { require cache.changes = 0 }";
    let address = format!("redis://:{SECRET}@127.0.0.1:{}", real.port);
    // It says `ok` and names an instant, and has saved nothing.
    real.tell(&["set", "a", "b"]);
    let run = asked(&address, checks).ends_with(1).judges("age", "unproven", "since it was started");
    run.judges("saved", "unproven", "since it was started").judges("changes", "broken", "");
    let begun = Instant::now();
    loop {
        real.tell(&["save"]);
        if asked(&address, checks).status == Some(0) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", asked(&address, checks).said());
        std::thread::sleep(Duration::from_millis(300));
    }
    assert!(real.folder.path().join("dump.rdb").exists());
    let none = asked(&format!("redis://127.0.0.1:{}", real.port), checks).ends_with(3);
    assert!(none.said().contains("NOAUTH"), "{}", none.said());
    let wrong = asked(&format!("redis://:x{SECRET}@127.0.0.1:{}", real.port), checks).ends_with(3);
    assert!(wrong.said().contains("WRONGPASS"), "{}", wrong.said());
}
