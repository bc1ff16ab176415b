//! Tables whose rows are kept by other servers: judged as if they were here, added up where they are.

use crate::support::{Cluster, Options, Run, Scratch, program};

/// Rows of tenants 1 to 3, made the same wherever they are made.
const FILL: &str = "
    insert into entry select t * 1000 + g, t, g from generate_series(1, 40) as g, generate_series(1, 3) as t where TENANTS;
    insert into line select (t * 1000 + g) * 10 + side, t, t * 1000 + g, g * side, g * (1 - side), timestamptz '2026-01-01' + g * interval '1 hour'
      from generate_series(1, 40) as g, generate_series(0, 1) as side, generate_series(1, 3) as t where TENANTS;
    with recursive log as (
      select t, 1 as g, null::text as prev, encode(sha256(convert_to('event 1', 'UTF8')), 'hex') as hash from generate_series(1, 3) as t where TENANTS
      union all
      select t, g + 1, hash, encode(sha256(convert_to(hash || 'event ' || g + 1, 'UTF8')), 'hex') from log where g < 30)
    insert into audit select t * 1000 + g, t, 'event ' || g, prev, hash from log";

const TABLES: &[(&str, &str)] = &[
    ("entry", "id bigint, tenant_id int, total numeric(14, 2)"),
    (
        "line",
        "id bigint, tenant_id int, entry_id bigint, debit numeric(14, 2), credit numeric(14, 2), at timestamptz",
    ),
    ("audit", "id bigint, tenant_id int, body text, prev text, hash text"),
];

const TENANTS: &str = "create table tenant (id int primary key); insert into tenant values (1), (2), (3);";

const WORDS: &str = "
    tenancy tenant.id by tenant_id { link line.entry_id to entry.id }
    ledger books on line { debit debit; credit credit; balance per entry_id, per tenant_id, overall }
    chain log on audit { split by tenant_id; order by id; link prev genesis null; hash hash = hex(sha256(cat(prev ?? \"\", body))) }";

const CHECKS: &[(&str, &str)] = &[
    ("books", "require books is balanced"),
    ("sums", "on line; require sum(debit) = sum(credit) per entry_id"),
    ("lines", "on line; require rows = 240"),
    ("of_one", "on entry where tenant_id = 1; require rows = 40"),
    ("total", "on line; require sum(debit) = 2460"),
    ("newest", "on line; require newest(at) = 2026-01-02T16:00:00Z"),
    ("least", "on line; require min(debit) >= 0"),
    ("signs", "on line; require debit >= 0 and credit < 99"),
    ("present", "on line; require not null entry_id"),
    ("known", "require line.entry_id in entry.id"),
    ("single", "on entry; require unique (tenant_id, id)"),
    ("complete", "require tenancy is complete"),
    ("isolated", "require tenancy is isolated"),
    ("log", "require log is intact"),
    ("tenants", "on tenant; require rows = 3"),
];

/// What is done, on the second server and to the plain tables alike, and a check that sees it.
const FAULTS: &[(&str, &str)] = &[
    ("update line set debit = debit + 0.01 where id = 20051", "books"),
    (
        "update line set debit = debit + case id when 20051 then 1 else -1 end where id in (20051, 20061)",
        "sums",
    ),
    ("delete from line where id = 20050", "lines"),
    ("update line set debit = 'NaN' where id = 20051", "least"),
    // Declared NOT NULL in the partitioned table, and held to it by nobody. Both lines of an entry, so that the rest
    // balances.
    ("update line set entry_id = null where entry_id = 2005", "sums"),
    ("update line set debit = null where id = 20050", "total"),
    ("update line set at = '-infinity' where id = 20050", "newest"),
    ("update line set at = 'infinity' where id = 20050", "newest"),
    ("update line set entry_id = 7 where entry_id = 2005", "known"),
    ("update line set at = at + interval '1 month' where id = 20050", "newest"),
    // Rows of the first tenant where the second one's are to be.
    ("insert into entry values (1005, 1, 5)", "single"),
    ("insert into entry values (1041, 1, 0)", "of_one"),
    ("update line set entry_id = 1005 where entry_id = 2005", "isolated"),
    ("update audit set body = 'another' where id = 2010", "log"),
    ("delete from audit where id = 2010", "log"),
];

/// A server for one tenant, with the tables and the rows of it.
fn server(tenant: u32) -> Cluster {
    let settings = [("shared_buffers", "16MB"), ("max_connections", "30")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let cluster = Cluster::start(&Options { tcp: false, settings });
    cluster.create_database("rows", None);
    let tables: String =
        TABLES.iter().map(|(name, columns)| format!("create table {name} ({columns});")).collect();
    cluster.psql("rows", &format!("{tables} {}", FILL.replace("TENANTS", &format!("t = {tenant}"))));
    cluster.reader_role("rows");
    cluster
}

/// A database in which two tenants' rows are kept by the servers, and the third one's by itself.
fn sharded(name: &str, servers: &[(u32, &Cluster)]) -> Scratch {
    let mut sql = format!("create extension postgres_fdw; {TENANTS}");
    for (tenant, server) in servers {
        sql.push_str(&format!(
            "create server s{tenant} foreign data wrapper postgres_fdw options (host '{}', port '5432', dbname 'rows',
               async_capable 'true', options '-c row_security=off -c default_transaction_read_only=on');
             create user mapping for public server s{tenant} options (user 'holdtrue_reader', password_required 'false');",
            server.folder().display()
        ));
    }
    for (table, columns) in TABLES {
        let columns = columns
            .replace("entry_id bigint", "entry_id bigint not null")
            .replace("debit numeric(14, 2)", "debit numeric(14, 2) not null");
        sql.push_str(&format!(
            "create table {table} ({columns}) partition by list (tenant_id);
             create table {table}_3 partition of {table} for values in (3);"
        ));
        for (tenant, _) in servers {
            sql.push_str(&format!(
                "create foreign table {table}_{tenant} partition of {table} for values in ({tenant}) server s{tenant} options (table_name '{table}');"
            ));
        }
    }
    // What a server's owner may have set must not have a partition taken for all there is of its keys.
    sql.push_str(&format!(
        "alter database {name} set enable_partitionwise_aggregate = on; alter database {name} set enable_partitionwise_join = on;"
    ));
    sql.push_str(&FILL.replace("TENANTS", "t = 3"));
    // An archive holds no rows of other servers.
    Scratch::new(name, &sql).server_only()
}

fn checks() -> String {
    CHECKS.iter().map(|(id, body)| format!("check {id} {{ {body} }}\n")).collect()
}

fn same(plain: &Run, sharded: &Run, what: &str) {
    assert_eq!(plain.status, sharded.status, "{what}\n{}\n{}", plain.said(), sharded.said());
    for (id, _) in CHECKS {
        let (one, other) = (plain.check(id), sharded.check(id));
        for key in ["verdict", "rows_examined", "findings_total"] {
            assert_eq!(one[key], other[key], "{what}: {id}: {key}\n{one:#}\n{other:#}");
        }
        assert_eq!(plain.findings(id), sharded.findings(id), "{what}: {id}");
    }
}

#[test]
fn rows_on_three_servers_are_judged_as_rows_on_one() {
    let here = Scratch::new("foreign_none", "").server_only();
    if here.sql("select count(*) from pg_available_extensions where name = 'postgres_fdw'") == "0" {
        eprintln!("not shown: this PostgreSQL comes without the extension postgres_fdw");
        return;
    }
    let (first, second) = (server(1), server(2));
    let there = sharded("foreign_shards", &[(1, &first), (2, &second)]);
    let tables: String =
        TABLES.iter().map(|(name, columns)| format!("create table {name} ({columns});")).collect();
    here.sql(&format!(
        "{TENANTS} {tables} {} ; grant select on all tables in schema public to public",
        FILL.replace("TENANTS", "true")
    ));
    for scratch in [&here, &there] {
        scratch.policy(WORDS, &checks());
    }
    let (plain, remote) =
        (here.run(&[]).ends_with(0), there.run(&["--save-facts", "facts.json"]).ends_with(0));
    same(&plain, &remote, "clean");
    // Or they would be judged alike for having been grouped alike: the balances were settled by sums of the parts.
    let facts = std::fs::read_to_string(there.folder().join("facts.json")).unwrap();
    assert!(facts.contains("\"settled\""), "{facts}");
    remote.says("other servers keep rows of `public.audit`, `public.entry`, `public.line`");

    adds_up_where_the_rows_are(&there);

    let again = |tenants: &str| {
        let empty: String = TABLES.iter().map(|(name, _)| format!("delete from {name};")).collect();
        format!("{empty} {}", FILL.replace("TENANTS", tenants))
    };
    for (fault, seen_by) in FAULTS {
        here.sql(fault);
        second.psql("rows", fault);
        let (plain, remote) = (here.run(&[]), there.run(&[]));
        same(&plain, &remote, fault);
        assert_ne!(remote.check(seen_by)["verdict"], "holds", "{fault}\n{}", remote.said());
        here.sql(&again("true"));
        second.psql("rows", &again("t = 2"));
    }
    same(&here.run(&[]).ends_with(0), &there.run(&[]).ends_with(0), "clean again");

    // A declared precision binds the other server no more than NOT NULL does.
    second.psql(
        "rows",
        "alter table line alter debit type numeric; update line set debit = 'Infinity' where id = 20051",
    );
    let run = there.run(&["--engine", "server"]).ends_with(3).judges("least", "unproven", "Infinity");
    let _ = run.judges("signs", "unproven", "");

    drop(second);
    let run = there.run(&[]).ends_with(3).judges("tenants", "holds", "");
    for (id, _) in CHECKS.iter().filter(|(id, _)| *id != "tenants") {
        assert_eq!(run.check(id)["verdict"], "unproven", "{id}\n{}", run.said());
    }
    let _ = run.judges("books", "unproven", "could not connect to server \"s2\"").judges(
        "log",
        "unproven",
        "could not connect to server \"s2\"",
    );
}

/// Every scan's aggregates are asked of the servers, one row each, and not one row of a table is.
fn adds_up_where_the_rows_are(there: &Scratch) {
    let mut command = program();
    command.current_dir(there.folder()).env("DATABASE_URL", there.url());
    let plan = Run::of(command.args(["plan", "p.hold"])).ends_with(0);
    let scans: Vec<&str> = plan
        .stdout
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("SELECT") && line.contains(" UNION ALL "))
        .collect();
    assert!(scans.len() >= 2, "{}", plan.said());
    for scan in scans {
        let scan = scan.replace("$1", "'-4611686018427387904'::text");
        let explained = there.sql(&format!("explain (verbose, costs off) {scan}"));
        let asked = explained.lines().filter(|line| line.contains("Remote SQL:")).count();
        let aggregated = explained.lines().filter(|line| line.contains("Relations: Aggregate on ")).count();
        assert_eq!((asked, aggregated), (2, 2), "{scan}\n{explained}");
    }
}
