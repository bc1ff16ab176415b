use std::time::Duration;

use super::super::environment::fake::FakeEnvironment;
use super::{Address, Endpoint, Wanted};

fn parse(text: &str) -> Address {
    Address::parse(text, &FakeEnvironment::new()).unwrap()
}

fn fails(text: &str, part: &str) -> String {
    let message = Address::parse(text, &FakeEnvironment::new()).unwrap_err().to_string();
    assert!(message.contains(part), "{message}");
    message
}

fn password(address: &Address, at: usize) -> Option<&str> {
    address.targets[at].password.as_ref().map(|secret| secret.0.as_str())
}

#[test]
fn the_empty_text_is_all_environment() {
    let env = FakeEnvironment::new()
        .with("PGHOST", "db1,db2")
        .with("PGPORT", "6000")
        .with("PGUSER", "bob")
        .with("PGPASSWORD", "pw")
        .with("PGSSLMODE", "require")
        .with("PGCONNECT_TIMEOUT", "7")
        .with("PGTARGETSESSIONATTRS", "standby")
        .with("PGAPPNAME", "drill");
    let address = Address::parse("", &env).unwrap();
    assert_eq!(address.redacted(), "postgres://bob@db1:6000,db2:6000/bob?sslmode=require");
    assert_eq!(password(&address, 1), Some("pw"));
    assert_eq!(address.connect_timeout, Some(Duration::from_secs(7)));
    assert_eq!(address.wanted, Wanted::Standby);
    assert_eq!(address.application_name.as_deref(), Some("drill"));
}

#[test]
fn without_anything_it_is_the_local_socket_and_the_own_name() {
    let address = Address::parse("", &FakeEnvironment::new().file("/var/run/postgresql", 0o755, "")).unwrap();
    assert_eq!(address.redacted(), "postgres://ann@%2Fvar%2Frun%2Fpostgresql:5432/ann?sslmode=prefer");
    assert_eq!(parse("").targets[0].endpoint, Endpoint::Unix("/tmp".into()));
}

#[test]
fn text_beats_service_beats_environment() {
    let service = "[s]\nhost=service-host\nport=1\nuser=service-user\n";
    let env = FakeEnvironment::new()
        .with("PGSERVICEFILE", "/svc")
        .with("PGHOST", "env-host")
        .with("PGUSER", "env-user")
        .with("PGDATABASE", "env-db")
        .file("/svc", 0o644, service);
    let address = Address::parse("service=s port=2", &env).unwrap();
    assert_eq!(address.redacted(), "postgres://service-user@service-host:2/env-db?sslmode=prefer");
    let message = Address::parse("service=t", &env).unwrap_err().to_string();
    assert!(message.contains("service `t` is not defined"), "{message}");
    let env = env.file("/svc", 0o644, "[s]\nhots=a\n");
    let message = Address::parse("service=s", &env).unwrap_err().to_string();
    assert_eq!(message, "`hots` in /svc line 2 is not a connection parameter; did you mean `host`?");
}

#[test]
fn an_empty_value_in_the_text_hides_the_environment() {
    let env = FakeEnvironment::new().with("PGDATABASE", "env-db");
    assert_eq!(Address::parse("host=h dbname=''", &env).unwrap().database(), "ann");
}

#[test]
fn passwords_are_found_per_host_and_never_shown() {
    let env = FakeEnvironment::new().file(
        "/home/ann/.pgpass",
        0o600,
        "db1:*:*:*:one-s3cret\ndb2:5433:*:*:two-s3cret\nlocalhost:*:*:*:local-s3cret\n",
    );
    let address = Address::parse("postgres://db1,db2:5433,db3/d", &env).unwrap();
    assert_eq!(password(&address, 0), Some("one-s3cret"));
    assert_eq!(password(&address, 1), Some("two-s3cret"));
    assert_eq!(password(&address, 2), None);
    assert_eq!(password(&Address::parse("", &env).unwrap(), 0), Some("local-s3cret"));
    for text in ["postgres://u:s3cret@h/d", "postgres://h/d?password=s3cret", "host=h password='s3cret x'"] {
        let address = Address::parse(text, &env).unwrap();
        assert!(password(&address, 0).unwrap().starts_with("s3cret"));
        assert!(!format!("{address:?} {}", address.redacted()).contains("s3cret"), "{text}");
    }
    assert!(!format!("{address:?}").contains("s3cret"));
}

#[test]
fn a_password_file_others_can_read_becomes_a_note() {
    let env = FakeEnvironment::new().file("/home/ann/.pgpass", 0o644, "*:*:*:*:s3cret\n");
    let address = Address::parse("host=h", &env).unwrap();
    assert_eq!(password(&address, 0), None);
    assert!(address.notes()[0].contains("/home/ann/.pgpass is not used"));
}

#[test]
fn sockets_in_the_query_and_numeric_addresses() {
    assert_eq!(parse("postgres:///d?host=/run/pg").targets[0].endpoint, Endpoint::Unix("/run/pg".into()));
    let address = parse("host=db hostaddr=::1");
    assert_eq!(
        address.targets[0].endpoint,
        Endpoint::Tcp { name: "db".to_owned(), address: Some("::1".parse().unwrap()) }
    );
    assert_eq!(parse("postgres://[::1]:7/d").redacted(), "postgres://ann@[::1]:7/d?sslmode=prefer");
    fails("hostaddr=1.2.3.4 sslmode=verify-full", "no host name");
    fails("hostaddr=db", "numeric IP address");
}

#[test]
fn the_redacted_text_is_an_address_again() {
    for text in
        ["postgres://a%40b@h1:1,[::1]:2/x%2Fy", "host=/tmp/a\\ b user='o\\'x' dbname=d sslmode=disable"]
    {
        let address = parse(text);
        assert_eq!(parse(&address.redacted()).redacted(), address.redacted());
    }
}

#[test]
fn unknown_and_unsupported_names_are_errors() {
    fails(
        "postgres://h/d?sslmod=require",
        "`sslmod` in the address is not a connection parameter; did you mean `sslmode`?",
    );
    fails("host=h database=x", "did you mean `dbname`?");
    fails("host=h require_auth=scram-sha-256", "not supported");
    fails("host=h gssencmode=require", "GSSAPI");
    fails("host=h sslcrl=/crl", "revocation");
    assert_eq!(parse("host=h gssencmode=disable sslcompression=0").notes(), [""; 0]);
    let env = FakeEnvironment::new().with("PGREQUIREAUTH", "scram-sha-256");
    let message = Address::parse("host=h", &env).unwrap_err().to_string();
    assert!(message.contains("`PGREQUIREAUTH` in the environment is not supported"), "{message}");
    let message = fails("postgres://h/d?password=a&s3cret=b", "follows the password");
    assert!(!message.contains("s3cret"));
}

#[test]
fn a_shared_database_url_works_with_a_note() {
    let address = parse("postgresql://u:p@h:5432/tala?schema=public&connection_limit=5");
    assert_eq!(address.notes().len(), 2);
    assert_eq!(address.redacted(), "postgres://u@h:5432/tala?sslmode=prefer");
    // In a keyword string the same word is a mistake.
    fails("host=h schema=public", "`schema`");
}

#[test]
fn encodings_other_than_utf8_are_noted() {
    assert!(parse("host=h client_encoding=UTF8").notes().is_empty());
    assert!(parse("host=h client_encoding=latin1").notes()[0].contains("reads as UTF8"));
}

#[test]
fn values_that_are_none() {
    fails("host=h port=0", "port is `0` in the address");
    fails("host=h port=70000", "between 1 and 65535");
    fails("host=a,b port=1,2,3", "3 ports for 2 servers");
    fails("host=a,b hostaddr=1.1.1.1", "host names 2 servers");
    fails("host=h sslmode=on", "`on` is not an sslmode");
    fails("host=h target_session_attrs=master", "prefer-standby");
    fails("host=h connect_timeout=soon", "a whole number");
    fails("host=@abstract", "abstract");
    assert!(parse("host=h connect_timeout=0").connect_timeout.is_none());
}
