//! What is found in an archive, however many threads look and however little memory they may use.

use std::path::Path;

use crate::support::{Run, Scratch};

/// So many entries of two lines each.
fn sql(entries: u32) -> String {
    format!(
        "create table tenant (id text primary key);
    create table entry (id text primary key, tenant text not null);
    create table line (id int primary key, entry text, tenant text not null, debit numeric, credit numeric);
    insert into tenant select 't' || n from generate_series(0, 4) n;
    insert into entry select 'e' || n, 't' || n % 5 from generate_series(1, {entries}) n;
    insert into line select n, 'e' || n / 2, 't' || n / 2 % 5, n % 2 * 7.50, (1 - n % 2) * 7.5
      from generate_series(2, {entries} * 2 + 1) n;"
    )
}

const FAULTS: &str = "update line set debit = 7.51 where id = 4001;
    update line set credit = 0.01 where id in (5000, 5002) ;
    update line set entry = 'gone' where id in (77, 78);
    update line set tenant = 't0' where id = 10003;
    update line set entry = null where id = 11001;";

const LEDGER: &str = "ledger books on line { debit debit; credit credit; balance per entry\n\
    without one_sided because \"not asked\"; without non_negative because \"not asked\" }";

const CHECKS: &str = "check balanced { require books is balanced }
    check known { require line.entry in entry.id }
    check whose { require (line.entry, line.tenant) in (entry.id, entry.tenant) }
    check tenants { require entry.tenant in tenant.id }
    check sums { on line; require sum(debit) = sum(credit) per tenant }
    check unique { on line; require unique (tenant, debit, entry) or null }
    check many { require rows(line) > 1000 }";

fn dumped(s: &Scratch) -> String {
    let path = s.folder().join("archive.dump");
    super::sample::pg_dump(&s.name, Some(&path), &["-Fc", "-Z1"]);
    format!("db=dump:{}", Path::new(&path).display())
}

fn told(run: &Run) -> Vec<(String, String, u64, Vec<String>)> {
    let report = run.json();
    let checks = report["checks"].as_array().unwrap().iter();
    checks
        .map(|check| {
            let id = check["id"].as_str().unwrap().to_owned();
            let found = run.findings(&id);
            (id, check["verdict"].to_string(), check["findings_total"].as_u64().unwrap(), found)
        })
        .collect()
}

#[test]
fn any_number_of_threads_finds_what_the_server_finds() {
    let s = Scratch::new("dump_threads", &sql(6000));
    for (faults, status) in [("", 0), (FAULTS, 1)] {
        s.sql(faults);
        s.policy(LEDGER, CHECKS);
        let server = told(&s.run(&[]).ends_with(status));
        let source = dumped(&s);
        for jobs in ["1", "2", "5"] {
            let run = s.run(&["--source", &source, "--jobs", jobs]).ends_with(status);
            assert_eq!(told(&run), server, "{jobs} threads");
        }
    }
}

#[test]
fn what_needs_more_memory_than_it_may_use_is_unproven() {
    let s = Scratch::new("dump_memory", &sql(120_000));
    s.policy(LEDGER, CHECKS);
    let source = dumped(&s);
    s.run(&["--source", &source, "--memory", "1MiB"])
        .ends_with(3)
        .judges("known", "unproven", "more than the 1 MiB of memory that it may use")
        .judges("tenants", "holds", "")
        .judges("balanced", "holds", "")
        .judges("many", "holds", "");
    s.run(&["--source", &source, "--memory", "64"]).ends_with(2).says("64MiB");
}
