//! `tenancy of TENANT equals SOURCE`: the restored tenant is the one of the backup it came from, in both directions.

use std::process::Command;

use crate::support::{Dump, Run, Scratch, program, shared};

const SHOP: &str = "
    create table tenant (id text primary key, name text);
    create table entry (id int primary key, tenant_id text references tenant(id), at timestamptz not null, amount numeric, note text);
    create table line (id int primary key, entry_id int references entry(id), debit numeric);
    create table country (code text primary key, name text);
    create table note (id int primary key, tenant_id text);
    insert into tenant select 't' || g, 'tenant ' || g from generate_series(1, 3) g;
    insert into entry select g, 't' || (g % 3 + 1), timestamptz '2026-01-01 00:00+00' + g * interval '7 min', g / 100.0, null from generate_series(1, 300) g;
    insert into line select g, g, 1.0 from generate_series(1, 300) g;
    insert into country values ('de', 'Germany');";

const TENANCY: &str = "param tenant: text = \"t1\"
     tenancy tenant.id by tenant_id { global country because \"shared\"; reached line through entry_id of entry }";

const EQUALS: &str = "require tenancy of $tenant equals backup";

/// The database, its archive and its baseline, and the words of both.
fn shop(name: &str) -> (Scratch, Dump, String, String) {
    let s = Scratch::new(name, SHOP);
    let dump = Dump::of(&shared().url(name), &["-Fc"]);
    let sealed = format!("{TENANCY}\nsource baseline backup from \"before.json\"");
    let words = format!("{TENANCY}\nsource dump backup from \"{}\"", dump.path().display());
    s.policy(&sealed, "check c { require rows(entry) > 0 }");
    let mut record: Command = program();
    record.current_dir(s.folder()).env("DATABASE_URL", s.url());
    Run::of(record.args(["baseline", "record", "p.hold", "-o", "before.json"])).ends_with(0);
    (s, dump, words, sealed)
}

#[test]
fn the_restored_tenant_is_that_of_its_backup() {
    let (s, _dump, dumped, sealed) = shop("equals_tenant");
    for words in [&dumped, &sealed] {
        s.holds(words, EQUALS);
        s.holds(words, "require tenancy of \"t3\" equals backup");
        s.holds(words, "require entry equals backup");
        s.holds(words, "require entry of $tenant equals backup");
        s.holds(words, "require country equals backup");
    }
    // Others go on working, and shared tables are not the tenant's.
    s.sql(
        "update entry set note = 'x' where tenant_id = 't2'; delete from country;
           insert into entry values (900, 't3', now(), 1, null); insert into line values (900, 900, 7)",
    );
    s.holds(&dumped, EQUALS);
    s.holds(&sealed, EQUALS);
    s.broken(&dumped, "require entry equals backup", "tenant `t2`: rows differ from those in `backup`");
    s.broken(&dumped, "require country equals backup", "country: a row of `backup` is missing: code = de");
    for (sql, back, said) in [
        (
            "update entry set amount = amount + 1 where id = 3",
            "update entry set amount = amount - 1 where id = 3",
            "public.entry: tenant `t1`: a row is not as in `backup`: id = 3",
        ),
        (
            "delete from line where id = 6",
            "insert into line values (6, 6, 1.0)",
            "public.line: tenant `t1`: a row of `backup` is missing: id = 6",
        ),
        (
            "insert into entry values (901, 't1', '2026-01-01 00:00+00', 1, null)",
            "delete from entry where id = 901",
            "public.entry: tenant `t1`: a row is not in `backup`: id = 901",
        ),
        (
            "update entry set tenant_id = 't2' where id = 3",
            "update entry set tenant_id = 't1' where id = 3",
            "public.line: tenant `t1`: a row of `backup` is missing; its key is tenant `t2`'s: id = 3",
        ),
        (
            "update tenant set name = null where id = 't1'",
            "update tenant set name = 'tenant 1' where id = 't1'",
            "public.tenant: tenant `t1`: a row is not as in `backup`: id = t1",
        ),
    ] {
        s.sql(sql);
        s.broken(&dumped, EQUALS, said);
        s.broken(&sealed, EQUALS, "tenant `t1`: a row");
        s.sql(back);
        s.holds(&dumped, EQUALS);
    }
}

#[test]
fn nothing_on_both_sides_equals_nothing() {
    let (s, dump, dumped, sealed) = shop("equals_nothing");
    for words in [&dumped, &sealed] {
        s.unproven(words, "require tenancy of \"t9\" equals backup", "nothing to look at");
        s.unproven(
            words,
            "require tenancy of \"t9\" equals backup; allow empty",
            "neither side knows a tenant `t9`",
        );
        s.unproven(words, "require tenancy of \"T1\" equals backup", "nothing to look at");
        s.unproven(words, "require note equals backup", "nothing to look at");
        s.unproven(words, "require country of $tenant equals backup", "its rows belong to no tenant");
        s.unproven(
            words,
            "require tenancy of $tenant equals backup except misspelt",
            "neither source has it",
        );
        // A table of which nobody says whose its rows are may hold the tenant's.
        let unsaid = words.replace("reached line through entry_id of entry", "");
        s.unproven(&unsaid, EQUALS, "nobody says whose the rows are");
        s.holds(&unsaid, "require tenancy of $tenant equals backup except line");
        s.unproven(&words.replace("= \"t1\"", "= all"), EQUALS, "tenant");
    }
    // The rows of the tenant are gone on one side, or the table is.
    s.sql("delete from line where entry_id % 3 = 0; delete from entry where tenant_id = 't1'; delete from tenant where id = 't1'");
    s.broken(&dumped, EQUALS, "rows differ from those in `backup`");
    s.sql("drop table note");
    s.broken(&dumped, "require tenancy of \"t2\" equals backup", "the table is missing; `backup` has it");
    s.broken(&sealed, "require tenancy of \"t2\" equals backup", "the table is missing; `backup` has it");
    // A backup that cannot be read, or not to its end.
    let bytes = std::fs::read(dump.path()).unwrap();
    s.file("cut.dump", "");
    std::fs::write(s.folder().join("cut.dump"), bytes.get(..bytes.len() - 400).unwrap()).unwrap();
    let cut = format!("{TENANCY}\nsource dump backup from \"cut.dump\"");
    s.sql("create table note (id int primary key, tenant_id text); grant select on note to public");
    s.unproven(&cut, "require tenancy of \"t2\" equals backup", "");
    let missing = format!("{TENANCY}\nsource dump backup from \"absent.dump\"");
    s.unproven(&missing, "require tenancy of \"t2\" equals backup", "absent.dump");
    // An archive of definitions alone holds no rows, and says nothing of any.
    let empty = Dump::of(&shared().url("equals_nothing"), &["-Fc", "--schema-only"]);
    let words = format!("{TENANCY}\nsource dump backup from \"{}\"", empty.path().display());
    s.unproven(&words, "require tenancy of \"t2\" equals backup", "");
}

#[test]
fn wrong_words_are_refused() {
    let (s, _dump, words, _) = shop("equals_words");
    for (body, said) in [
        ("require tenancy equals backup", "the rows of which tenant?"),
        ("require tenancy of $tenant equals db", "of kind `postgres`"),
        ("require tenancy of $tenant equals backups", "did you mean `backup`?"),
        ("require tenancy of $nobody equals backup", "nobody"),
        ("require tenancy of t1 equals backup", ""),
        ("require entry equals backup except line", "a table cannot be excepted here"),
        ("on backup; require entry equals backup", "both sides are the same"),
    ] {
        s.refused(&words, body, said);
    }
    s.refused(
        "param tenant: text = \"t1\"\nsource baseline backup from \"before.json\"",
        "require tenancy of $tenant equals backup",
        "the policy declares no tenancy",
    );
}
