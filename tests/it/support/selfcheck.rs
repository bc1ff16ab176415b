//! The support code's own tests: the data is what its files promise, and nothing survives the tests.

use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{AccuBooks, Cluster, Options, Tala, accubooks, accubooks_copy, shared, tala, tala_copy};

/// Entries whose lines do not add up to zero, and lines whose tenant is not their entry's.
const TALA_BOOKS: &str = r#"
    select (select count(*) from (select from "JournalDetail" group by "journalEntryId"
                                  having sum("debit") <> sum("credit")) as unbalanced),
           (select count(*) from "JournalDetail" d join "JournalEntry" e on e."id" = d."journalEntryId"
            where d."tenantId" <> e."tenantId")"#;

/// Rows, rows that recompute from their columns, and rows linked to the row before them.
const TALA_CHAIN: &str = r#"
    select count(*),
           count(*) filter (where "dataHash" = encode(sha256(convert_to(coalesce("previousHash", '') || "entityType" || "entityId"
               || "action" || to_char("createdAt", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || "userId", 'UTF8')), 'hex')),
           count(*) filter (where "previousHash" is not distinct from before)
    from (select *, lag("dataHash") over (partition by "tenantId", "entityType", "entityId" order by "createdAt") as before
          from "AuditLog") as log"#;

/// Entries that do not balance in some currency, events not linked to the one before, and jumps in the sequence.
const ACCUBOOKS: &str = "
    select (select count(distinct entry_id) from (select entry_id from journal_lines group by entry_id, currency
            having sum(case side when 'debit' then amount else -amount end) <> 0) as unbalanced),
           count(*) filter (where previous_hash is distinct from before),
           count(*) filter (where sequence <> coalesce(number, 0) + 1)
    from (select *, lag(current_hash) over w as before, lag(sequence) over w as number from audit_events
          window w as (partition by tenant_id order by sequence, id)) as log";

#[test]
fn tala_variants_are_what_they_say() {
    let cluster = shared();
    let clean = tala(Tala::Clean);
    assert_eq!(cluster.psql(clean, r#"select count(*) from "JournalEntry""#), "3000");
    assert_eq!(cluster.psql(clean, TALA_BOOKS), "0|0");
    assert_eq!(cluster.psql(clean, TALA_CHAIN), "6546|6546|6546");
    assert_eq!(cluster.psql(tala(Tala::Faults), TALA_BOOKS), "3|1");
    assert_eq!(cluster.psql(tala(Tala::Faults), TALA_CHAIN), "6547|6543|6540");
    assert_eq!(cluster.psql(tala(Tala::AppClock), TALA_BOOKS), "0|0");
    assert_eq!(cluster.psql(tala(Tala::AppClock), TALA_CHAIN), "6546|0|6546");
}

#[test]
fn accubooks_variants_are_what_they_say() {
    let cluster = shared();
    assert_eq!(cluster.psql(accubooks(AccuBooks::Clean), ACCUBOOKS), "0|0|0");
    assert_eq!(cluster.psql(accubooks(AccuBooks::Jsonb), ACCUBOOKS), "0|0|0");
    assert_eq!(cluster.psql(accubooks(AccuBooks::Faults), ACCUBOOKS), "3|9|3");
    let kind = "select data_type from information_schema.columns where column_name = 'metadata'";
    assert_eq!(cluster.psql(accubooks(AccuBooks::Clean), kind), "json");
    assert_eq!(cluster.psql(accubooks(AccuBooks::Jsonb), kind), "jsonb");
}

#[test]
fn a_copy_is_ones_own() {
    let cluster = shared();
    tala_copy(Tala::Clean, "selfcheck_tala");
    cluster.psql("selfcheck_tala", r#"delete from "Form2307""#);
    assert_eq!(cluster.psql("selfcheck_tala", r#"select count(*) from "Form2307""#), "0");
    assert_ne!(cluster.psql(tala(Tala::Clean), r#"select count(*) from "Form2307""#), "0");
    accubooks_copy(AccuBooks::Faults, "selfcheck_accubooks");
    assert_eq!(
        cluster.psql("selfcheck_accubooks", "select status from backups where id = 'bkp_full_20260114'"),
        "failed"
    );
}

#[test]
fn the_reader_reads_and_nothing_else() {
    let cluster = shared();
    let database = accubooks(AccuBooks::Clean);
    let reader = cluster.reader_role(database);
    let may = |right: &str| {
        cluster.psql(database, &format!("select has_table_privilege('{reader}', 'audit_events', '{right}')"))
    };
    assert_eq!(may("select"), "t");
    assert_eq!(may("insert"), "f");
    assert_eq!(may("delete"), "f");
    let role = format!("select rolcanlogin, rolsuper, rolcreatedb from pg_roles where rolname = '{reader}'");
    assert_eq!(cluster.psql(database, &role), "t|f|f");
}

#[test]
fn both_spellings_of_an_address_lead_to_the_server() {
    let cluster = shared();
    let folder = tokio_postgres::config::Host::Unix(cluster.folder().to_path_buf());
    for address in [cluster.url("postgres"), cluster.keyword("postgres")] {
        let config: tokio_postgres::Config = address.parse().expect("an address the client understands");
        assert_eq!(config.get_hosts(), std::slice::from_ref(&folder), "{address}");
        assert_eq!(config.get_ports(), [5432], "{address}");
        assert_eq!(
            (config.get_user(), config.get_dbname()),
            (Some("postgres"), Some("postgres")),
            "{address}"
        );
    }
}

#[test]
fn a_dropped_cluster_leaves_nothing_behind() {
    let settings = vec![("application_name".to_owned(), "it's mine".to_owned())];
    let cluster = Cluster::start(&Options { tcp: true, settings });
    assert!(cluster.url("postgres").contains(&Ipv4Addr::LOCALHOST.to_string()));
    assert!(cluster.keyword("postgres").contains("host='127.0.0.1'"));
    cluster.create_database("odd \"name\"", None);
    let names = cluster.psql("postgres", "select count(*) from pg_database where datname = 'odd \"name\"'");
    assert_eq!(names, "1");
    let folder = cluster.folder().to_path_buf();
    drop(cluster);
    assert!(!folder.exists(), "{} is still there", folder.display());
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let settings = vec![("shared_buffers".to_owned(), "many".to_owned())];
    let outcome = std::panic::catch_unwind(|| Cluster::start(&Options { tcp: false, settings }));
    let reason = outcome.expect_err("a server with a nonsensical setting");
    let reason = reason.downcast_ref::<String>().expect("a message");
    assert!(reason.contains("shared_buffers"), "{reason}");
}

/// Not a test of its own: the process that the next test kills.
#[test]
#[ignore = "runs until it is killed, by the test below"]
fn holds_a_cluster_until_killed() {
    let cluster = Cluster::start(&Options::default());
    println!("folder={}", cluster.folder().display());
    std::thread::sleep(Duration::from_secs(120));
}

#[test]
fn a_killed_process_leaves_nothing_behind() {
    let mut process = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "support::selfcheck::holds_a_cluster_until_killed", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("this binary starts");
    let output = BufReader::new(process.stdout.take().expect("its output"));
    let folder = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("folder=").map(|(_, folder)| PathBuf::from(folder)))
        .expect("the folder of its cluster");
    assert!(folder.join("data").exists());
    process.kill().expect("it can be killed");
    process.wait().expect("it is gone");
    assert!(disappears(&folder), "{} is still there", folder.display());
}

fn disappears(folder: &Path) -> bool {
    let started = Instant::now();
    while folder.exists() && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    !folder.exists()
}
