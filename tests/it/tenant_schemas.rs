//! Tenants that have schemas, or databases, of their own. Each run is repeated on the rows of the server and on its archive.

use std::process::Command;

use crate::support::{Run, Scratch, program, shared};

/// Three tenants of two tables each, and a table of nobody's.
const SHOP: &str = "
    create table tenant (id int primary key, name text);
    create table country (code text primary key);
    insert into country values ('de'), ('fr');
    do $$ begin for n in 1..3 loop
      insert into tenant values (n, 'tenant ' || n);
      execute format('create schema tenant_%s', n);
      execute format('create table tenant_%s.entry (id int primary key, note text, at timestamptz)', n);
      execute format('create table tenant_%s.line (id int primary key, entry_id int references tenant_%s.entry)', n, n);
      execute format('insert into tenant_%s.entry select g, ''n'', timestamptz ''2026-01-01 00:00+00'' + g * interval ''1 min'' from generate_series(1, 20) g', n);
      execute format('insert into tenant_%s.line select g, g from generate_series(1, 20) g', n);
    end loop; end $$;";

const WORDS: &str = "param tenant: text = \"1\"
     source baseline before from \"before.json\"
     tenancy tenant.id by schema \"tenant_*\" { global country because \"shared\" }";

const OTHERS: &str = "require tenancy is unchanged since before except $tenant";

fn baseline(s: &Scratch, arguments: &[&str]) -> Run {
    let mut command: Command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url()).arg("baseline").args(arguments);
    Run::of(&mut command)
}

fn shop(name: &str) -> Scratch {
    let s = Scratch::new(name, SHOP);
    s.sql("do $$ begin for n in 1..3 loop execute format('grant usage on schema tenant_%s to public', n); execute format('grant select on all tables in schema tenant_%s to public', n); end loop; end $$");
    s.policy(WORDS, &format!("check c {{ {OTHERS} as of at }}"));
    baseline(&s, &["record", "p.hold", "-o", "before.json"]).ends_with(0);
    s
}

#[test]
fn the_schema_of_the_restored_tenant_may_change_and_no_other() {
    let s = shop("schemas_unchanged");
    s.holds(WORDS, OTHERS);
    s.sql("truncate tenant_1.line; delete from tenant_1.entry where id > 5; create table tenant_1.extra (id int); drop table tenant_1.line");
    s.sql("grant select on tenant_1.extra to public");
    let run = s.holds(WORDS, OTHERS);
    assert!(run.said().contains("every table of schema tenant_1"), "{}", run.said());
    s.broken(WORDS, "require tenancy is unchanged since before", "tenant_1");
    s.broken(WORDS, "require tenancy is unchanged since before except \"tenant_1\"", "tenant_1");
    s.broken(WORDS, "require tenancy is unchanged since before except \"2\", \"3\"", "tenant_1");
    for (sql, back, said) in [
        (
            "update tenant_2.entry set note = 'x' where id = 4",
            "update tenant_2.entry set note = 'n' where id = 4",
            "tenant_2.entry: a row was altered since: id = 4",
        ),
        (
            "delete from tenant_3.line where id = 4",
            "insert into tenant_3.line values (4, 4)",
            "tenant_3.line: a row was removed since: id = 4",
        ),
        (
            "update tenant set name = 'x' where id = 2",
            "update tenant set name = 'tenant 2' where id = 2",
            "tenant `2`: a row was altered since",
        ),
        (
            "delete from country where code = 'fr'",
            "insert into country values ('fr')",
            "public.country: a row was removed since",
        ),
    ] {
        s.sql(sql);
        s.broken(WORDS, OTHERS, said);
        s.sql(back);
    }
    s.sql("update tenant set name = 'x' where id = 1");
    s.holds(WORDS, OTHERS);
    s.sql("insert into tenant_2.entry values (100, 'n', '2026-06-01')");
    s.holds(WORDS, &format!("{OTHERS} as of at"));
    s.broken(WORDS, OTHERS, "tenant_2.entry: a row was added since");
    s.unproven(WORDS, "require tenant_1.entry is unchanged since before except $tenant", "which is excepted");
    s.broken(
        WORDS,
        "require tenant_2.entry is unchanged since before except $tenant",
        "a row was added since",
    );
    s.sql("alter schema tenant_3 rename to tenant_03");
    s.broken(WORDS, OTHERS, "tenant_03.entry: the table was not there").says("the table is missing");
    // No schema is like that.
    s.unproven(&WORDS.replace("tenant_*", "tennant_*"), OTHERS, "has a table in a schema `tennant_*`");
}

#[test]
fn a_tenant_is_as_in_its_backup() {
    let s = shop("schemas_equal");
    let of = "require tenancy of $tenant equals before";
    s.holds(WORDS, of);
    s.sql("update tenant_2.entry set note = 'x'");
    s.holds(WORDS, of);
    s.holds(WORDS, "require tenant_1.entry of $tenant equals before");
    s.unproven(WORDS, "require tenant_2.entry of $tenant equals before", "its rows are those of tenant `2`");
    s.unproven(WORDS, "require country of $tenant equals before", "belong to no tenant");
    s.unproven(WORDS, "require tenancy of \"9\" equals before", "in a schema of tenant `9`");
    s.unproven(WORDS, "require tenancy of \"tenant_1\" equals before", "in a schema of tenant `tenant_1`");
    s.sql("update tenant_1.entry set note = 'x' where id = 7");
    s.broken(WORDS, of, "tenant_1.entry: a row was altered since: id = 7");
    s.sql("update tenant_1.entry set note = 'n' where id = 7; create table tenant_1.extra (id int); grant select on tenant_1.extra to public");
    s.broken(WORDS, of, "`before` has no such table");
    s.holds(WORDS, "require tenancy of $tenant equals before except tenant_1.extra");
    s.sql("drop schema tenant_1 cascade");
    s.broken(WORDS, of, "the table is missing; `before` has it");
}

#[test]
fn every_schema_has_its_tenant_and_none_leads_to_another() {
    let s = shop("schemas_whole");
    s.holds(WORDS, "require tenancy is complete");
    s.holds(WORDS, "require tenancy is isolated");
    for (sql, back, said) in [
        (
            "delete from tenant where id = 3",
            "insert into tenant values (3, '')",
            "no tenant `3`, whose schema this is",
        ),
        (
            "insert into tenant values (4, '')",
            "delete from tenant where id = 4",
            "the tenant has no schema with a table",
        ),
        (
            "create schema tenant_03; create table tenant_03.t (id int); grant usage on schema tenant_03 to public; grant select on tenant_03.t to public",
            "drop schema tenant_03 cascade",
            "can have no tenant `03`",
        ),
        (
            "create table loose (id int); grant select on loose to public",
            "drop table loose",
            "it is in no schema `tenant_*`",
        ),
    ] {
        s.sql(sql);
        s.broken(WORDS, "require tenancy is complete", said);
        s.sql(back);
        s.holds(WORDS, "require tenancy is complete");
    }
    s.sql("alter table tenant_2.line add foreign key (entry_id) references tenant_3.entry");
    s.broken(WORDS, "require tenancy is isolated", "which is of tenant `3`");
    s.broken(
        &WORDS.replace("tenant_*", "tennant_*"),
        "require tenancy is complete",
        "it is in no schema `tennant_*`",
    );
    s.sql("alter table tenant_1.line drop constraint line_entry_id_fkey; alter table tenant_2.line drop constraint line_entry_id_fkey, drop constraint line_entry_id_fkey1; alter table tenant_3.line drop constraint line_entry_id_fkey");
    s.unproven(WORDS, "require tenancy is isolated", "no foreign key between tables of tenants' schemas");
    s.policy(WORDS, "check c { require tenancy is complete }");
    s.run(&["--tenant", "1"]).ends_with(2).says("narrows by a column");
    for (declared, said) in [
        ("tenancy tenant.id by schema \"tenant\"", "does not say where in it the tenant stands"),
        ("tenancy tenant.id by schema \"*_*\"", "does not say where in it the tenant stands"),
        (
            "tenancy tenant.id by schema \"tenant_*\" { reached country through code of tenant }",
            "reached and linked",
        ),
        ("tenancy tenant.id by schema tenant_1", ""),
    ] {
        s.refused(declared, "require tenancy is complete", said);
    }
    // A column may be called `schema`.
    let own = Scratch::new(
        "schemas_column",
        "create table tenant (id int primary key); create table t (id int primary key, schema int references tenant); insert into tenant values (1); insert into t values (1, 1)",
    );
    own.holds("tenancy tenant.id by schema", "require tenancy is complete");
}

#[test]
fn a_database_of_each_tenant_is_compared_with_its_own_baseline() {
    let words = "source baseline before from \"before.json\"
         tenancy tenant.id by tenant_id { global * because \"each tenant has a database of its own\" }";
    let body = "require tenancy is unchanged since before";
    let shop = "create table entry (id int primary key, note text); insert into entry select g, 'n' from generate_series(1, 9) g;";
    let s = Scratch::new("database_of_one", shop);
    let other = Scratch::new("database_of_two", shop);
    other.sql("update entry set note = 'two' where id = 3");
    s.policy(words, &format!("check c {{ {body} }}"));
    let two = shared().url_as("holdtrue_reader", "database_of_two");
    let of_two = format!("db={two}");
    baseline(&s, &["record", "p.hold", "-o", "before.json"]).ends_with(0);
    baseline(&s, &["record", "p.hold", "--source", &of_two, "-o", "two.json"]).ends_with(0);
    s.run(&[]).ends_with(0);
    s.run(&["--source", &of_two, "--source", "before=baseline:two.json"]).ends_with(0);
    s.run(&["--source", &of_two]).ends_with(1).says("a row was altered since: id = 3");
    other.sql("delete from entry where id = 3");
    s.run(&["--source", &of_two, "--source", "before=baseline:two.json"])
        .ends_with(1)
        .says("a row was removed since: id = 3");
}
