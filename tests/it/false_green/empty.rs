//! A failed restore often leaves every table and not one row: each kind of check over nothing.

use crate::support::Scratch;

const TABLES: &str = r#"
    create table tenant (id text primary key);
    create table entry (id int primary key, tenant_id text not null references tenant (id), total numeric not null);
    create table line (id serial primary key, entry_id int not null references entry (id),
                       tenant_id text not null references tenant (id),
                       debit numeric not null, credit numeric not null, check (debit >= 0));
    create table log (id int primary key, prev text, hash text not null, what text not null, at timestamptz not null);
    create function nothing() returns trigger language plpgsql as 'begin return new; end';
    create trigger t before insert on line for each row execute function nothing();
    alter default privileges in schema public grant select on sequences to public; grant select on sequence line_id_seq to public;"#;

const WORDS: &str = "
tenancy tenant.id by tenant_id { global log because \"the log is shared\" }
ledger books on line {
  entry entry_id of entry
  debit debit
  credit credit
  balance per entry_id, overall
  totals entry.total
}
chain audit on log {
  order by id
  link prev genesis null
  hash hash = hex(sha256(cat(prev ?? \"\", what)))
}
objective rpo 15min from newest(log.at) to now";

/// Every kind of check, as its body.
const CHECKS: &[&str] = &[
    "require books is balanced",
    "require audit is intact",
    "require tenancy is complete",
    "require tenancy is isolated",
    "require rpo is met",
    "require line.entry_id in entry.id",
    "on line; require tenant_id in tenant.id or null",
    "on line; require unique id",
    "on line; require not null debit, credit",
    "on line; require rows >= 0",
    "on *; require rows >= 0",
    "on line, entry; require debit >= 0",
    "on line; require sum(debit) = sum(credit)",
    "on line; require sum(debit) ?? 0 = sum(credit) ?? 0",
    "require sum(line.debit) ?? 0 = sum(entry.total) ?? 0",
    "require count(line.id) = 0",
    "on line; require max(debit) ?? 0 <= 1",
    "on line; require sum(debit) = sum(credit) per entry_id",
    "on line; require debit >= 0",
    "on line; require debit in (1, 2)",
    "on line where debit > 0; require credit = 0",
    "require newest(log.at) within 1d before now",
    "require sql returns no rows $$ select id from line where debit <> credit $$",
    "require sql returns 0 $$ select count(*) from line $$",
    "require sql returns no rows $$ with x as (select * from line) select 1 from x join tenant t on t.id = x.tenant_id $$",
    "require every foreign_key is valid",
    "require every index is valid",
    "require every constraint is valid",
    "require every trigger is enabled",
    "require every sequence is ahead",
    "on line; require every foreign_key is valid",
    "on *; require every index is valid",
];

/// A check whose body names a column that one of its relations lacks belongs to another test.
fn fits(body: &&&str) -> bool {
    !body.starts_with("on line, entry;")
}

#[test]
fn no_check_holds_over_nothing() {
    let scratch = Scratch::new("fg_empty", TABLES);
    let bodies: Vec<&&str> = CHECKS.iter().filter(fits).collect();
    let checks: String =
        bodies.iter().enumerate().map(|(n, body)| format!("check c{n} {{ {body} }}\n")).collect();
    let run = scratch.verify(WORDS, &checks).ends_with(3);
    let green: Vec<&str> = bodies
        .iter()
        .enumerate()
        .filter(|(n, _)| {
            let check = run.check(&format!("c{n}"));
            let reason = check["reason"].as_str().unwrap_or_default();
            let named = ["no rows to look at", "nothing to look at", "nothing to compute it from"];
            check["verdict"] != "unproven" || !named.iter().any(|piece| reason.contains(piece))
        })
        .map(|(_, body)| **body)
        .collect();
    assert!(green.is_empty(), "not unproven, or not for emptiness: {green:#?}\n{}", run.said());
}

#[test]
fn tenants_alone_prove_nothing_about_their_rows() {
    let scratch = Scratch::new("fg_tenants_alone", TABLES);
    scratch.sql("insert into tenant values ('a'), ('b')");
    scratch.unproven(WORDS, "require tenancy is complete", "nothing to look at");
    scratch.unproven(WORDS, "require tenancy is isolated", "nothing to look at");
    scratch.unproven(WORDS, "require every foreign_key is valid", "nothing to look at");
}

#[test]
fn a_ledger_with_entries_and_no_lines_is_not_balanced() {
    let scratch = Scratch::new("fg_no_lines", TABLES);
    scratch.sql("insert into tenant values ('a'); insert into entry values (1, 'a', 0)");
    let run = scratch.verify(WORDS, "check c { require books is balanced }");
    assert_eq!(run.status, Some(1), "{}", run.said());
    assert!(run.findings("c").iter().any(|f| f.starts_with("empty_entry")), "{}", run.said());
}

#[test]
fn what_may_be_empty_says_so() {
    let scratch = Scratch::new("fg_allowed", TABLES);
    scratch
        .holds(WORDS, "on line; require debit >= 0; allow empty")
        .says("nothing to look at, which the policy allows");
}

#[test]
fn named_relations_must_each_have_what_is_asked_of_every_one() {
    let scratch = Scratch::new("fg_every_named", TABLES);
    scratch.sql("insert into tenant values ('a'); insert into entry values (1, 'a', 0); insert into log values (1, null, '', '', now())");
    scratch.holds(WORDS, "on entry; require every foreign_key is valid");
    scratch.unproven(
        WORDS,
        "on entry, log; require every foreign_key is valid",
        "public.log has no foreign key",
    );
}
