//! The connection layer against a real server.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::environment::fake::FakeEnvironment;
use super::identity::{NONE, NOT_READABLE, identity};
use super::role::write_powers;
use super::scratch::Scratch;
use super::stream::{Format, Selection, Streamed};
use super::{Address, Canceller, Session, SessionOptions, Snapshot};
use crate::failure::FailureKind;

async fn snapshot_of(session: &Session) -> String {
    let rows = session.rows("select pg_catalog.pg_current_snapshot()::text", &[]).await.unwrap();
    rows[0][0].clone().unwrap()
}

async fn cell(session: &Session, sql: &str) -> Option<String> {
    session.rows(sql, &[]).await.unwrap()[0][0].clone()
}

#[tokio::test]
async fn a_failing_query_costs_neither_the_transaction_nor_the_snapshot() {
    let Some(server) = Scratch::shared() else { return };
    server.sql("create table keep (x int); insert into keep values (1)");
    let session = server.open("").await;
    let Snapshot::Shared(id) = session.begin().await.unwrap() else { panic!("not exported") };
    let before = snapshot_of(&session).await;
    server.sql("insert into keep values (2)");
    let error = session.rows("select x::text from public.nowhere", &[]).await.unwrap_err();
    assert_eq!((error.kind, error.sqlstate.as_deref()), (FailureKind::MissingObject, Some("42P01")));
    let error =
        session.rows("select (1/x - 1/x)::text, (1/(x-1))::text from public.keep", &[]).await.unwrap_err();
    assert_eq!(error.sqlstate.as_deref(), Some("22012"));
    assert_eq!(snapshot_of(&session).await, before);
    let count = "select pg_catalog.count(*)::text from public.keep";
    assert_eq!(cell(&session, count).await.as_deref(), Some("1"));
    // A worker sees the same moment.
    let worker = server.open("").await;
    worker.join(&id).await.unwrap();
    assert_eq!(cell(&worker, count).await.as_deref(), Some("1"));
    session.end().await.unwrap();
    let late = server.open("").await;
    assert_eq!(late.join(&id).await.unwrap_err().kind, FailureKind::SnapshotConflict);
    assert_eq!(late.join("x'; drop").await.unwrap_err().kind, FailureKind::SnapshotConflict);
    // And after a failed join the session can still begin anew.
    late.begin().await.unwrap();
    assert_eq!(cell(&late, count).await.as_deref(), Some("2"));
    late.close().await;
}

#[tokio::test]
async fn nothing_is_written_and_no_setting_stays() {
    let Some(server) = Scratch::shared() else { return };
    server.sql("create table ro (x int); insert into ro values (1)");
    let session = server.open("").await;
    assert!(session.rows("select 'x'", &[]).await.unwrap_err().message.contains("begin or join"));
    session.begin().await.unwrap();
    let insert = "insert into public.ro values (2) returning x::text";
    assert_eq!(session.rows(insert, &[]).await.unwrap_err().sqlstate.as_deref(), Some("25006"));
    for sql in [
        "commit",
        "rollback",
        "set row_security = on",
        "do $$ begin end $$",
        "insert into public.ro values (2)",
    ] {
        let error = session.rows(sql, &[]).await.unwrap_err();
        assert!(error.message.contains("not a query"), "{sql}: {error}");
    }
    let two = session.rows("select 'a'; select 'b'", &[]).await.unwrap_err();
    assert_eq!(two.sqlstate.as_deref(), Some("42601"));
    let writable = "select pg_catalog.set_config('transaction_read_only', 'off', false)";
    assert!(session.rows(writable, &[]).await.is_err());
    let changed = "select pg_catalog.set_config('row_security', 'on', false)";
    assert_eq!(cell(&session, changed).await.as_deref(), Some("on"));
    assert_eq!(
        cell(&session, "select pg_catalog.current_setting('row_security')").await.as_deref(),
        Some("off")
    );
    assert_eq!(server.sql("select count(*) from ro"), "1");
}

#[tokio::test]
async fn cells_are_text_and_parameters_are_values() {
    let Some(server) = Scratch::shared() else { return };
    let session = server.open("").await;
    session.begin().await.unwrap();
    let sql = "select $1::text, null::text, (1.10::numeric)::text, (timestamptz '2026-01-02 03:04:05+02')::text, $2";
    let rows = session.rows(sql, &["it's; --", "ü"]).await.unwrap();
    let wanted = [Some("it's; --"), None, Some("1.10"), Some("2026-01-02 01:04:05+00"), Some("ü")];
    assert_eq!(rows, [wanted.map(|cell| cell.map(str::to_owned))]);
    let error = session.rows("select 1 as n", &[]).await.unwrap_err();
    assert!(error.to_string().contains("column `n` is of type int4, not text; cast it to text"), "{error}");
    assert!(session.rows("select $1::text", &[]).await.unwrap_err().message.contains("wants 1 parameters"));
}

#[tokio::test]
async fn a_stream_can_be_left_early_and_says_so() {
    let Some(server) = Scratch::shared() else { return };
    let session = server.open("").await;
    session.begin().await.unwrap();
    let before = snapshot_of(&session).await;
    let many = "select g::text from pg_catalog.generate_series(1, 200000000) g";
    let started = Instant::now();
    let mut seen = 0;
    let taken = session
        .stream(many, &[], |cells| {
            assert_eq!(cells.len(), 1);
            seen += 1;
            if seen == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await
        .unwrap();
    assert_eq!((taken, seen), (Streamed { count: 10, complete: false }, 10));
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(snapshot_of(&session).await, before);
    let mut bytes = 0;
    let copy = session
        .copy(
            Selection::Query("select g from pg_catalog.generate_series(1, 1000) g"),
            Format::Binary,
            "",
            |chunk| {
                bytes += chunk.len();
                ControlFlow::Continue(())
            },
        )
        .await
        .unwrap();
    // Header 19, each row 2 + 4 + 4, trailer 2.
    assert_eq!((copy.complete, bytes), (true, 19 + 10_000 + 2));
    let smuggled = "select 1) to program 'true' --";
    for format in [Format::Binary, Format::Text] {
        let refused =
            session.copy(Selection::Query(smuggled), format, "", |_| ControlFlow::Continue(())).await;
        assert_eq!(refused.unwrap_err().sqlstate.as_deref(), Some("42601"));
    }
}

#[tokio::test]
async fn failures_are_named_by_their_cause() {
    let Some(server) = Scratch::shared() else { return };
    server.sql(
        "set password_encryption = 'scram-sha-256'; create role reader login; create role secretive login password 'right'; create role refused login;
         create table hidden (x int); create table filtered (x int); grant select on filtered to reader;
         alter table filtered enable row level security; create policy p on filtered using (x > 1);
         create table locked (x int)",
    );
    let reader = server.open("user=reader").await;
    reader.begin().await.unwrap();
    let kind = async |session: &Session, sql| session.rows(sql, &[]).await.unwrap_err().kind;
    assert_eq!(kind(&reader, "select x::text from public.hidden").await, FailureKind::PermissionDenied);
    assert_eq!(kind(&reader, "select x::text from public.filtered").await, FailureKind::RowSecurity);

    let quick = SessionOptions {
        statement_timeout: Duration::from_millis(100),
        lock_timeout: Duration::from_millis(50),
        ..SessionOptions::default()
    };
    let session = Session::open(&server.address(""), &quick).await.unwrap();
    session.begin().await.unwrap();
    assert_eq!(kind(&session, "select pg_catalog.pg_sleep(5)::text").await, FailureKind::Timeout);
    let (blocker, connection) = {
        let mut config = tokio_postgres::Config::new();
        config.host_path(server.dir.path()).port(server.port).user("postgres").dbname("postgres");
        config.connect(tokio_postgres::NoTls).await.unwrap()
    };
    tokio::spawn(connection);
    blocker.batch_execute("begin; lock table locked in access exclusive mode").await.unwrap();
    assert_eq!(kind(&session, "select x::text from public.locked").await, FailureKind::LockTimeout);
    assert_eq!(session.hold(&[("public", "locked")]).await.unwrap_err().kind, FailureKind::LockTimeout);
    assert_eq!(cell(&session, "select 'alive'").await.as_deref(), Some("alive"));
    blocker.batch_execute("rollback").await.unwrap();

    let open = async |more: &str| Session::open(&server.address(more), &quick).await.unwrap_err();
    assert_eq!(open("user=refused").await.kind, FailureKind::Refused);
    let no_password = open("user=secretive").await;
    assert_eq!(no_password.kind, FailureKind::Refused);
    assert!(no_password.message.contains("asks for a password"), "{no_password}");
    let wrong = open("user=secretive password=wr0ng").await;
    assert_eq!((wrong.kind, wrong.sqlstate.as_deref()), (FailureKind::Refused, Some("28P01")));
    assert!(!wrong.to_string().contains("wr0ng"));
    assert!(Session::open(&server.address("user=secretive password=right"), &quick).await.is_ok());
    assert_eq!(open("dbname=nowhere").await.kind, FailureKind::MissingObject);
    assert_eq!(open("host=/nonexistent").await.kind, FailureKind::Unreachable);
    // A host that cannot be reached does not end the search, and one that is no standby does.
    let reached = server.address(&format!("host=/nonexistent,{}", server.dir.path().display()));
    assert!(Session::open(&reached, &quick).await.is_ok());
    let standby = open("target_session_attrs=standby").await;
    assert!(standby.message.contains("is a primary"), "{standby}");
    assert!(Session::open(&server.address("target_session_attrs=prefer-standby"), &quick).await.is_ok());
}

#[tokio::test]
async fn held_relations_cannot_be_truncated() {
    let Some(server) = Scratch::shared() else { return };
    server.sql("create table \"Held \"\"it\" (x int); insert into \"Held \"\"it\" values (1)");
    let session = server.open("").await;
    session.begin().await.unwrap();
    session.hold(&[("public", "Held \"it")]).await.unwrap();
    assert!(session.rows("select 1/0::text", &[]).await.is_err());
    let held = server.sql("select count(*) from pg_locks where relation = '\"Held \"\"it\"'::regclass");
    assert_eq!(held, "1");
    session.end().await.unwrap();
    server.sql("set lock_timeout = '5s'; truncate \"Held \"\"it\"");
}

#[tokio::test]
async fn a_killed_backend_is_a_lost_connection() {
    let Some(server) = Scratch::shared() else { return };
    for while_running in [false, true] {
        let session = server.open("").await;
        session.begin().await.unwrap();
        let pid = cell(&session, "select pg_catalog.pg_backend_pid()::text").await.unwrap();
        let kill = format!("select pg_terminate_backend({pid})");
        let error = if while_running {
            let sleep = session.rows("select pg_catalog.pg_sleep(20)::text", &[]);
            let killer = async {
                tokio::time::sleep(Duration::from_millis(200)).await;
                server.sql(&kill)
            };
            tokio::join!(sleep, killer).0.unwrap_err()
        } else {
            server.sql(&kill);
            tokio::time::sleep(Duration::from_millis(200)).await;
            session.rows("select 'x'", &[]).await.unwrap_err()
        };
        assert_eq!(error.kind, FailureKind::ConnectionLost);
        assert!(error.message.contains("administrator command"), "{error}");
        // It stays lost: nothing is read in some other moment.
        assert_eq!(session.rows("select 'x'", &[]).await.unwrap_err().kind, FailureKind::ConnectionLost);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_stops_every_query_on_the_server() {
    let Some(server) = Scratch::shared() else { return };
    let canceller = Canceller::new();
    let options = SessionOptions { canceller: canceller.clone(), ..SessionOptions::default() };
    let mut running = Vec::new();
    for _ in 0..3 {
        let session = Session::open(&server.address("application_name=to_cancel"), &options).await.unwrap();
        session.begin().await.unwrap();
        running.push(tokio::spawn(async move {
            let first = session.rows("select pg_catalog.pg_sleep(60)::text", &[]).await.unwrap_err();
            (first.kind, session.rows("select 'x'", &[]).await.unwrap_err().kind)
        }));
    }
    // One more whose caller has let go of its query.
    let dropped = Session::open(&server.address("application_name=to_cancel"), &options).await.unwrap();
    dropped.begin().await.unwrap();
    let sleep = dropped.rows("select pg_catalog.pg_sleep(60)::text", &[]);
    assert!(tokio::time::timeout(Duration::from_millis(300), sleep).await.is_err());
    let outcome = canceller.cancel_all().await;
    assert_eq!((outcome.asked, outcome.failures.len()), (4, 0));
    for task in running {
        assert_eq!(task.await.unwrap(), (FailureKind::Cancelled, FailureKind::Cancelled));
    }
    let active =
        "select count(*) from pg_stat_activity where application_name = 'to_cancel' and state = 'active'";
    assert_eq!(server.sql(active), "0");
    let late = Session::open(&server.address(""), &options).await.unwrap_err();
    assert_eq!(late.kind, FailureKind::Cancelled);
}

#[tokio::test]
async fn an_abandoned_query_does_not_spoil_the_next_one() {
    let Some(server) = Scratch::shared() else { return };
    let session = server.open("").await;
    session.begin().await.unwrap();
    let before = snapshot_of(&session).await;
    let sleep = session.rows("select pg_catalog.pg_sleep(1)::text", &[]);
    assert!(tokio::time::timeout(Duration::from_millis(100), sleep).await.is_err());
    assert_eq!(snapshot_of(&session).await, before);
}

#[tokio::test]
async fn damaged_pages_read_as_empty_are_no_evidence() {
    let Some(server) = Scratch::shared() else { return };
    let session = server.open("options='-c zero_damaged_pages=on'").await;
    let error = session.begin().await.unwrap_err();
    assert!(error.message.contains("zero_damaged_pages is `on`"), "{error}");
    assert_eq!(session.rows("select 'x'", &[]).await.unwrap_err(), error);
}

#[tokio::test]
async fn writers_are_recognised() {
    let Some(server) = Scratch::shared() else { return };
    server.sql(
        "create role w_plain login; create role w_grant login; create role w_column login; create role w_owner login;
         create role w_group; create role w_member login noinherit; grant w_group to w_member;
         create role w_seq login;
         create schema w; create table w.t (x int, y int); create table w.o (x int); create sequence w.s;
         grant usage on schema w to public; grant select on w.t to w_plain; grant insert on w.t to w_grant;
         grant update (y) on w.t to w_column; alter table w.o owner to w_owner; grant delete on w.t to w_group;
         grant usage on sequence w.s to w_seq; create role w_super login; grant postgres to w_super",
    );
    let powers = async |user: &str| {
        let session = server.open(&format!("user={user}")).await;
        session.begin().await.unwrap();
        write_powers(&session).await.unwrap()
    };
    assert_eq!(powers("w_plain").await.reasons, [""; 0]);
    assert_eq!(powers("w_grant").await.reasons, ["it may INSERT, UPDATE, DELETE or TRUNCATE: 1 (w.t)"]);
    assert_eq!(powers("w_column").await.reasons, ["it may INSERT or UPDATE columns: 1 (w.t.y)"]);
    assert_eq!(powers("w_owner").await.reasons, ["it owns relations: 1 (w.o)"]);
    assert_eq!(powers("w_member").await.reasons, ["it may INSERT, UPDATE, DELETE or TRUNCATE: 1 (w.t)"]);
    let files = ["it may write files of the server: 1 (pg_write_server_files)"];
    server.sql("create role w_files login; grant pg_write_server_files to w_files");
    assert_eq!(powers("w_files").await.reasons, files);
    if server.sql("show server_version_num").parse::<u32>().unwrap() >= 140_000 {
        server.sql("create role w_all login; grant pg_write_all_data to w_all");
        assert_eq!(powers("w_all").await.reasons, ["it may write every table: 1 (pg_write_all_data)"]);
    }
    let sequence = powers("w_seq").await;
    assert!(sequence.reasons.is_empty());
    assert!(sequence.notes.contains(&"it may advance sequences: 1 (w.s)".to_owned()), "{sequence:?}");
    assert_eq!(powers("postgres").await.reasons, ["it is a superuser"]);
    assert_eq!(powers("w_super").await.reasons, ["it may become the superuser `postgres`"]);
}

fn fact<'a>(facts: &'a [(String, String)], name: &str) -> &'a str {
    &facts.iter().find(|(known, _)| known == name).unwrap().1
}

#[tokio::test]
async fn identity_says_what_is_looked_at_and_what_it_may_not_see() {
    let Some(server) = Scratch::start("listen_addresses = ''\n") else { return };
    server.sql("create role seer login; revoke execute on function pg_control_system() from public");
    let session = server.open("user=seer").await;
    session.begin().await.unwrap();
    let facts = identity(&session).await.unwrap();
    assert_eq!(fact(&facts, "role"), "seer");
    assert_eq!(fact(&facts, "in_recovery"), "false");
    assert_eq!(fact(&facts, "system_identifier"), NOT_READABLE);
    assert_eq!(fact(&facts, "timeline"), "1");
    assert_eq!(fact(&facts, "replay_lsn"), NONE);
    assert!(fact(&facts, "server_clock").ends_with('Z'));

    // Its snapshot would keep the primary from removing the rows that the standby is to lose below.
    session.close().await;

    // A standby, first replaying and then paused.
    let standby = server.standby();
    let replica = standby.open("").await;
    let Snapshot::Shared(id) = replica.begin().await.unwrap() else { panic!("a standby exports snapshots") };
    let worker = standby.open("target_session_attrs=standby").await;
    worker.join(&id).await.unwrap();
    assert!(replica.rows("select x::text from public.nowhere", &[]).await.is_err());
    let facts = identity(&replica).await.unwrap();
    assert_eq!((fact(&facts, "in_recovery"), fact(&facts, "replay_paused")), ("true", "false"));
    assert_ne!(fact(&facts, "replay_lsn"), NONE);
    let replayed = async |wanted: &str, sql: &str| {
        for _ in 0..100 {
            if standby.sql(sql) == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = std::fs::read_to_string(standby.dir.path().join("log")).unwrap_or_default();
        panic!("not replayed: {sql}\n{log}");
    };
    // Replay removes rows that a snapshot still sees: on a standby the reader loses, and it is not a plain loss.
    server.sql("create table vanishing as select g as x from generate_series(1, 1000) g");
    replayed("1", "select count(*) from pg_class where relname = 'vanishing'").await;
    let reader = standby.open("").await;
    reader.begin().await.unwrap();
    let count = "select pg_catalog.count(*)::text from public.vanishing";
    assert_eq!(cell(&reader, count).await.as_deref(), Some("1000"));
    server.sql("delete from vanishing");
    server.sql("vacuum vanishing");
    replayed("0", "select count(*) from vanishing").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let conflict = reader.rows(count, &[]).await.unwrap_err();
    assert_eq!(conflict.kind, FailureKind::SnapshotConflict, "{conflict}");

    standby.sql("select pg_wal_replay_pause()");
    let paused = standby.open("").await;
    paused.begin().await.unwrap();
    let facts = identity(&paused).await.unwrap();
    assert_eq!(fact(&facts, "replay_paused"), "true");
}

#[tokio::test]
async fn each_sslmode_means_what_it_does_in_libpq() {
    let Some(server) = Scratch::start("listen_addresses = '127.0.0.1'\n") else { return };
    let path = |name: &str| server.dir.path().join(name);
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=scratch"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-keyout"])
        .arg(path("server.key"))
        .arg("-out")
        .arg(path("server.crt"))
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("skipped: openssl is not on this machine");
        return;
    }
    server.give(&path("server.key"));
    server.give(&path("server.crt"));
    server.sql("create role plain login");
    let crt = std::fs::read_to_string(path("server.crt")).unwrap();
    let env = FakeEnvironment::new().file("/root.crt", 0o644, &crt).file("/empty.crt", 0o644, "no pem");
    let open = async |text: &str| {
        let text = format!("hostaddr=127.0.0.1 port={} dbname=postgres {text}", server.port);
        let address = Address::parse(&text, &env).unwrap();
        Session::open(&address, &SessionOptions::default()).await
    };
    // Without TLS on the server.
    let plain = open("host=localhost user=plain sslmode=prefer").await.unwrap();
    assert!(!plain.is_encrypted() && plain.notes()[0].contains("not encrypted"), "{:?}", plain.notes());
    assert_eq!(
        open("host=localhost user=plain sslmode=require").await.unwrap_err().kind,
        FailureKind::Unreachable
    );

    if server.sql("select setting from pg_settings where name = 'ssl_library'").is_empty() {
        eprintln!("skipped: this server is built without TLS");
        return;
    }
    let (key, cert) = (path("server.key").display().to_string(), path("server.crt").display().to_string());
    server.sql(&format!("alter system set ssl_key_file = '{key}'"));
    server.sql(&format!("alter system set ssl_cert_file = '{cert}'"));
    server.sql("alter system set ssl = on");
    server.sql("select pg_reload_conf()");
    tokio::time::sleep(Duration::from_millis(500)).await;

    for text in [
        "host=localhost user=postgres sslmode=require",
        "host=other user=postgres sslmode=prefer",
        "host=localhost user=postgres sslmode=allow",
        "user=postgres sslmode=require",
        "host=other user=postgres sslmode=verify-ca sslrootcert=/root.crt",
        "host=localhost user=postgres sslmode=verify-full sslrootcert=/root.crt",
        "host=localhost user=postgres sslmode=require sslrootcert=/root.crt ssl_max_protocol_version=TLSv1.2",
    ] {
        assert!(open(text).await.unwrap_or_else(|error| panic!("{text}: {error}")).is_encrypted(), "{text}");
    }
    for text in ["host=localhost user=plain sslmode=allow", "host=localhost user=plain sslmode=disable"] {
        assert!(!open(text).await.unwrap().is_encrypted(), "{text}");
    }
    let name = open("host=other user=postgres sslmode=verify-full sslrootcert=/root.crt").await.unwrap_err();
    assert_eq!(name.kind, FailureKind::Unreachable);
    assert!(name.message.contains("certificate"), "{name}");
    assert!(open("host=localhost user=postgres sslmode=verify-full sslrootcert=system").await.is_err());
    let no_root =
        open("host=localhost user=postgres sslmode=require sslrootcert=/empty.crt").await.unwrap_err();
    assert!(no_root.message.contains("/empty.crt holds no usable certificate"), "{no_root}");

    // A cancel request goes by TLS as the session does.
    let session =
        open("host=localhost user=postgres sslmode=verify-full sslrootcert=/root.crt").await.unwrap();
    session.begin().await.unwrap();
    let (asked, slept) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            session.running.ask().await
        },
        session.rows("select pg_catalog.pg_sleep(20)::text", &[]),
    );
    assert_eq!(asked, Ok(()));
    assert_eq!(slept.unwrap_err().kind, FailureKind::Cancelled);
}

#[tokio::test]
async fn sessions_of_another_role_are_seen_without_statistics_rights() {
    let Some(server) = Scratch::shared() else { return };
    server.sql("create role app login; create role watcher login");
    let facts = crate::policy::facts::published(crate::policy::SourceKind::Postgres);
    let sql = facts.iter().find(|fact| fact.name == "sessions").unwrap().sql;
    let watcher = server.open("user=watcher").await;
    watcher.begin().await.unwrap();
    let count = async |role: &str| watcher.rows(sql, &[role]).await.unwrap()[0][0].clone();
    assert_eq!(count("app").await.as_deref(), Some("0"));
    assert_eq!(count("ap").await, None);
    watcher.end().await.unwrap();
    let app = server.open("user=app application_name=app").await;
    app.begin().await.unwrap();
    watcher.begin().await.unwrap();
    let count = async |role: &str| watcher.rows(sql, &[role]).await.unwrap()[0][0].clone();
    assert_eq!(count("app").await.as_deref(), Some("1"));
    app.close().await;
}

#[tokio::test]
async fn every_fact_is_asked_in_a_way_the_server_understands() {
    let Some(server) = Scratch::shared() else { return };
    server.sql("create role onlooker login");
    let session = server.open("user=onlooker").await;
    session.begin().await.unwrap();
    for fact in crate::policy::SourceKind::Postgres.facts() {
        let arguments: &[&str] = if fact.argument.is_some() { &["archive_timeout"] } else { &[] };
        let rows = session.rows(fact.sql, arguments).await.unwrap_or_else(|e| panic!("{}: {e:?}", fact.name));
        assert_eq!((rows.len(), rows[0].len()), (1, 1), "{}", fact.name);
        // Where nothing is archived, nothing fails, and that is no good news.
        if ["archive_failing", "archive_failures", "archived_age", "replay_age", "replication_lag"]
            .contains(&fact.name)
        {
            assert_eq!(rows[0][0], None, "{}", fact.name);
        }
    }
    let long =
        crate::policy::SourceKind::Postgres.facts().iter().find(|f| f.name == "long_transaction").unwrap();
    let other = server.open("application_name=other").await;
    other.begin().await.unwrap();
    let hidden = session.rows(long.sql, &[]).await.unwrap()[0][0].clone().unwrap();
    assert!(hidden.starts_with("hidden from this role"), "{hidden}");
    other.close().await;
}
