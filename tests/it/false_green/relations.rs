//! Relations that are missing, replaced, partitioned, keyless, or not what their name says.

use crate::support::{Run, Scratch};

#[test]
fn missing_and_misspelt_tables_are_unproven_with_a_hint() {
    let s = Scratch::new("fg_missing", "create table \"JournalEntry\" (id int primary key, total numeric); insert into \"JournalEntry\" values (1, 1);
         create schema other; create table other.elsewhere (id int)");
    s.unproven("", "on JournalEntri; require rows > 0", "did you mean `JournalEntry`?");
    s.unproven("", "on journalentry; require rows > 0", "did you mean `JournalEntry`?");
    s.unproven("", "on elsewhere; require rows > 0", "there is one in schema `other`");
    s.unproven("", "require sum(Gone.total) = 1", "has no table `public.Gone`");
    s.unproven("", "on JournalEntry; require id in Gone.id", "has no table `public.Gone`");
    s.unproven("", "on Jou*, Inv*; require rows > 0", "`Inv*` in schema `public` matches no table");
    s.unproven("", "on JournalEntry, Gone; require every index is valid", "has no table `public.Gone`");
    s.unproven("", "require sql returns no rows $$ select 1 from gone $$", "\"gone\" does not exist");
    s.unproven(
        "ledger b on Gone { amount a; balance overall }",
        "require b is balanced",
        "has no table `public.Gone`",
    );
    s.unproven("tenancy Gone.id by tenantId", "require tenancy is complete", "has no table `public.Gone`");
}

#[test]
fn misspelt_columns_are_mistakes_of_the_policy() {
    let s = Scratch::new(
        "fg_column",
        "create table t (id int primary key, total numeric, kind text, u uuid); insert into t values (1, 1, 'a', null);",
    );
    s.refused("", "on t; require totl > 0", "did you mean `total`?");
    s.refused("", "on t; require Total > 0", "`public.t` has no column `Total`");
    s.refused("", "require sum(t.totl) > 0", "has no column `totl`");
    s.refused("", "on t; require unique idd", "has no column `idd`");
    s.refused("", "on t; require rows > 0 per kindd", "has no column `kindd`");
    s.refused("", "on t where gone is null; require rows > 0", "has no column `gone`");
    s.refused(
        "ledger b on t { amount totl; balance per kindd }",
        "require b is balanced",
        "has no column `totl`",
    );
    s.refused("", "on t; require kind > 5", "cannot be compared");
    s.refused("", "on t; require sum(kind) > 5", "only numbers can be summed");
    s.refused("", "on t; require u in t.kind or null", "can never equal");
}

#[test]
fn an_empty_view_in_the_place_of_a_table_is_empty() {
    let s = Scratch::new(
        "fg_view",
        "create table entry (id int primary key, total numeric not null); insert into entry values (1, 5);
         create table old (id int primary key); insert into old values (1);",
    )
    .server_only();
    s.sql("alter table entry rename to entry_moved; create view entry as select * from entry_moved where false; grant select on entry to holdtrue_reader");
    s.unproven("", "on entry; require total > 0", "public.entry holds no rows");
    s.unproven(
        "",
        "require sql returns no rows $$ select 1 from entry where total < 0 $$",
        "public.entry holds no rows",
    );
    s.unproven(
        "ledger b on entry { amount total; balance overall }",
        "require b is balanced",
        "public.entry holds no rows",
    );
}

#[test]
fn a_materialized_view_that_was_never_filled_is_unproven() {
    let s = Scratch::new(
        "fg_matview",
        "create table t (id int); insert into t values (1); create materialized view m as select * from t with no data;",
    );
    s.unproven("", "on m; require rows > 0", "has not been populated");
}

#[test]
fn partitions_count_with_their_table_and_detached_ones_do_not() {
    let s = Scratch::new(
        "fg_partition",
        "create table p (id int not null, at date not null, amount numeric not null, primary key (id, at)) partition by range (at);
         create table p_25 partition of p for values from ('2025-01-01') to ('2026-01-01');
         create table p_26 partition of p for values from ('2026-01-01') to ('2027-01-01');
         create table other (id int primary key); insert into other values (1);
         insert into p values (1, '2025-05-05', 5), (2, '2025-06-06', -5);",
    );
    s.holds("", "on p; require sum(amount) = 0");
    s.broken("", "on p; require amount > 0", "1 case");
    s.unproven(
        "",
        "require sql returns no rows $$ select 1 from p_26 a, other o where a.id = o.id $$",
        "p_26 holds no rows",
    );
    s.sql("alter table p detach partition p_25; grant select on p_25 to holdtrue_reader");
    s.unproven("", "on p; require sum(amount) = 0", "public.p holds no rows");
    s.unproven("", "on p; require amount > -99", "public.p holds no rows");
}

#[test]
fn a_foreign_key_of_a_partition_is_looked_at() {
    let s = Scratch::new(
        "fg_partition_key",
        "create table parent (id int primary key); insert into parent values (1);
         create table p (id int not null, parent_id int) partition by list (id);
         create table p_1 partition of p for values in (1); create table p_2 partition of p for values in (2);
         alter table p_1 add foreign key (parent_id) references parent;
         insert into p values (1, 1), (2, 7);",
    );
    s.holds("", "require every foreign_key is valid");
    s.sql("set session_replication_role = replica; update p set parent_id = 9 where id = 1");
    s.broken("", "require every foreign_key is valid", "1 case");
}

#[test]
fn a_table_of_the_same_name_elsewhere_is_another_table() {
    let s = Scratch::new(
        "fg_path",
        "create table t (id int primary key, ok boolean not null); insert into t values (1, false);
         create schema holdtrue_reader authorization postgres; create table holdtrue_reader.t (id int primary key, ok boolean not null);
         insert into holdtrue_reader.t values (1, true); grant usage on schema holdtrue_reader to holdtrue_reader;
         grant select on all tables in schema holdtrue_reader to holdtrue_reader;
         alter database fg_path set search_path = holdtrue_reader, public;
         alter role holdtrue_reader in database fg_path set search_path = holdtrue_reader;",
    );
    s.broken("", "on t; require (ok = true)", "1 case");
    s.broken("", "require sql returns no rows $$ select 1 from t where not ok $$", "1 case");
    s.sql("drop table public.t");
    s.unproven("", "on t; require (ok = true)", "there is one in schema `holdtrue_reader`");
    s.unproven("", "require sql returns no rows $$ select 1 from t where not ok $$", "does not exist");
}

#[test]
fn shadowing_functions_and_operators_change_nothing() {
    let s = Scratch::new(
        "fg_shadow",
        "create table t (id int primary key, k varchar(9) not null, a numeric not null, b numeric not null);
         insert into t values (1, 'x', 1, 2);
         create table parent (k varchar(9) primary key); insert into parent values ('y');
         create function always(varchar, varchar) returns boolean immutable language sql as 'select true';
         create operator public.= (leftarg = varchar, rightarg = varchar, function = always);
         create function public.zero(numeric, numeric) returns numeric immutable language sql as 'select 0::numeric';
         create aggregate public.sum(numeric) (sfunc = zero, stype = numeric, initcond = '0');
         create aggregate public.count(*) (sfunc = int8inc, stype = int8, initcond = '100');
         alter database fg_shadow set search_path = public, pg_catalog;
         alter role holdtrue_reader in database fg_shadow set search_path = public, pg_catalog;",
    );
    s.broken("", "on t; require a = b", "1 case");
    s.broken("", "on t; require sum(a) = sum(b)", "");
    s.broken("", "on t; require k in parent.k", "1 case");
    // Raw SQL finds its tables by the schema's place on the path, and with them whatever else is there.
    let own = "schema `public` has operator `=`";
    s.unproven("", "require sql returns no rows $$ select 1 from t where not exists (select 1 from parent p where p.k = t.k) $$", own);
    s.unproven("", "require sql returns 0 $$ select sum(b) from t $$", "function `sum`");
    s.sql("drop operator public.= (varchar, varchar)");
    s.broken("", "require sql returns 0 $$ select pg_catalog.sum(b) from t $$", "the SQL returned 2");
}

#[test]
fn cyclic_and_self_referring_keys_are_proven_on_rows() {
    let s = Scratch::new(
        "fg_cycles",
        "create table a (id int primary key, b_id int, up int references a); create table b (id int primary key, a_id int references a);
         alter table a add foreign key (b_id) references b deferrable initially deferred;
         begin; insert into a values (1, 1, 1), (2, null, 1); insert into b values (1, 1); commit;",
    );
    s.holds("", "require every foreign_key is valid");
    s.sql("set session_replication_role = replica; delete from a where id = 1");
    let run = s.broken("", "require every foreign_key is valid", "1 case");
    assert_eq!(run.findings("c"), ["foreign_key public.a id=2 up=1", "foreign_key public.b id=1 a_id=1"]);
}

#[test]
fn relations_without_a_key_are_still_judged() {
    let s = Scratch::new(
        "fg_keyless",
        "create table t (a int, b text, c int, d int); insert into t values (1, 'x', 3, 4), (1, 'x', 3, 4), (null, null, 5, -1);
         create view v as select a, d from t; create table none (); ",
    );
    s.broken("", "on t; require d > 0", "1 case");
    s.on_server(|s| s.broken("", "on v; require d > 0", "1 case"));
    s.broken("", "on t; require unique c", "1 case");
    s.unproven("", "on none; require rows >= 0", "holds no rows");
    let words = "ledger books on t { entry c of v; amount d; balance overall }";
    s.on_server(|s| s.unproven(words, "require books is balanced", "has no primary key"));
}

#[test]
fn a_domain_over_a_type_is_that_type() {
    let s = Scratch::new(
        "fg_domain",
        "create domain key as uuid; create domain cents as numeric(18,2) check (value >= 0);
         create table parent (id uuid primary key); create table child (id int primary key, parent_id key not null, amount cents not null);
         insert into parent values ('00000000-0000-0000-0000-000000000001'); insert into child values (1, '00000000-0000-0000-0000-000000000001', 5);",
    );
    s.holds("", "on child; require parent_id in parent.id");
    s.holds("", "on child; require sum(amount) = 5");
    s.holds("", "on child; require amount > 0");
}

#[test]
fn types_of_all_kinds_are_compared_as_themselves_or_refused() {
    let s = Scratch::new(
        "fg_types",
        "create type mood as enum ('sad', 'ok'); create table k (c char(5) primary key); insert into k values ('ab');
         create table t (id int primary key, m mood not null, tags text[] not null, g int generated always as (id * 2) stored,
                         cash money not null, f float8 not null, c text not null, at timestamp not null, tz timestamptz not null,
                         j jsonb not null);
         insert into t values (1, 'ok', '{a}', default, 1.50, 0.1, 'ab', '2026-01-01 00:00', '2026-01-01 00:00+00', '{}');",
    );
    s.holds("", "on t; require m in (\"sad\", \"ok\")");
    s.broken("", "on t; require m = \"sad\"", "1 case");
    s.on_server(|s| s.unproven("", "on t; require m = \"sda\"", "invalid input value for enum"));
    s.refused("", "on t; require tags = \"a\"", "cannot be compared");
    s.refused("", "on t; require j = \"a\"", "cannot be compared");
    s.holds("", "on t; require g = id * 2");
    s.holds("", "on t; require sum(cash) = 1.5");
    s.refused("", "on t; require sum(f) = 0.1", "not exact");
    s.refused(
        "ledger b on t { amount f; balance overall }",
        "require b is balanced",
        "cannot prove a balance to the cent",
    );
    s.holds("", "on t; require c in k.c");
    s.holds("", "on t; require at = tz");
    s.sql("alter database fg_types set timezone = 'Asia/Manila'");
    s.holds("", "on t; require at = tz and at = 2026-01-01T00:00:00Z");
}

#[test]
fn text_that_ignores_case_is_matched_as_its_own_type_does() {
    let s = Scratch::new(
        "fg_citext",
        "create extension citext; create table parent (mail citext primary key); create table child (id int primary key, mail citext not null references parent);
         insert into parent values ('Ann@X.org'); insert into child values (1, 'ann@x.ORG');",
    );
    s.holds("", "require every foreign_key is valid");
    s.holds("", "on child; require mail in parent.mail");
    s.broken("", "on child; require mail != \"ANN@X.ORG\"", "1 case");
    s.holds("", "on child; require mail in (\"ANN@X.ORG\")");
}

#[test]
fn sequences_behind_their_columns_are_found() {
    let s = Scratch::new(
        "fg_sequence",
        "create table t (id serial primary key, n int generated always as identity); insert into t (id) values (7);
         create table fresh (id serial primary key); grant select, usage on all sequences in schema public to public;",
    );
    let grant = "grant select on all sequences in schema public to holdtrue_reader";
    s.sql(&format!("revoke all on all sequences in schema public from public; {grant}"));
    s.broken("", "require every sequence is ahead", "public.t_id_seq");
    s.sql("select setval('t_id_seq', 7)");
    s.holds("", "require every sequence is ahead");
    s.sql("revoke select on t_id_seq from holdtrue_reader");
    s.unproven("", "require every sequence is ahead", "may not read sequence `public.t_id_seq`");
}

#[test]
fn catalogue_objects_that_lost_their_force_are_found() {
    let s = Scratch::new(
        "fg_objects",
        "create table p (id int primary key); insert into p values (1);
         create table t (id int primary key, p_id int, a int); insert into t values (1, 1, -1);
         alter table t add constraint positive check (a > 0) not valid;
         alter table t add constraint t_p foreign key (p_id) references p not valid;
         create index broken on t (a); update pg_index set indisvalid = false where indexrelid = 'broken'::regclass;
         create function nothing() returns trigger language plpgsql as 'begin return new; end';
         create trigger guard before insert on t for each row execute function nothing(); alter table t disable trigger all;",
    );
    // A restore builds its indexes anew.
    s.on_server(|s| s.broken("", "require every index is valid", "broken"));
    s.broken("", "require every constraint is valid", "positive");
    // The triggers behind foreign keys are the server's own.
    s.on_server(|s| s.broken("", "require every trigger is enabled", "guard"));
    s.broken("", "require every foreign_key is valid", "NOT VALID");
}

#[test]
fn nobody_s_rows_pointing_at_nobody_s_rows_are_not_isolated() {
    let s = Scratch::new(
        "fg_nobody",
        "create table tenant (id text primary key); insert into tenant values ('a');
         create table p (id int primary key, tenant_id text); create table c (id int primary key, tenant_id text, p_id int references p);
         insert into p values (1, 'a'), (2, null); insert into c values (1, 'a', 1), (2, null, 2);",
    );
    let run = s.broken("tenancy tenant.id by tenant_id", "require tenancy is isolated", "1 case");
    assert!(run.findings("c")[0].starts_with("cross_tenant public.c id=2"), "{}", run.said());
}

#[test]
fn a_tenancy_in_which_everything_is_global_proves_nothing() {
    let s = Scratch::new(
        "fg_global",
        "create table tenant (id text primary key); insert into tenant values ('a'); create table x (id int); insert into x values (1);",
    );
    let words = "tenancy tenant.id by tenant_id { global x because \"test\" }";
    s.unproven(words, "require tenancy is complete", "no table belongs to a tenant");
    s.unproven(words, "require tenancy is isolated", "nothing shows isolation");
}

#[test]
fn an_undeclared_table_is_reported() {
    let s = Scratch::new(
        "fg_undeclared",
        "create table tenant (id text primary key); insert into tenant values ('a');
         create table t (id int primary key, tenant_id text not null); insert into t values (1, 'a'); create table stray (id int);",
    );
    let run = s.broken(
        "tenancy tenant.id by tenant_id",
        "require tenancy is complete",
        "nobody says whose the rows are",
    );
    assert_eq!(run.findings("c"), ["undeclared_table public.stray "]);
}

#[test]
fn a_misspelt_tenant_column_is_one_mistake_and_not_many_undeclared_tables() {
    let s = Scratch::new(
        "fg_tenant_column",
        "create table tenant (id text primary key); insert into tenant values ('a');
         create table t (id int primary key, tenant_id text not null); create table u (id int primary key, tenant_id text)",
    );
    let checks = "check c { require tenancy is complete }\ncheck d { require tenancy is isolated }";
    let run =
        s.verify("tenancy tenant.id by tennant_id", checks).ends_with(2).says("did you mean `tenant_id`?");
    let run = run.says("no table of source `db` has a column `tennant_id`").says("1 error; nothing was run");
    assert!(!run.said().contains("whose the rows are"), "{}", run.said());
    s.sql("alter table t drop tenant_id; alter table u drop tenant_id");
    let run = s.verify("tenancy tenant.id by organisation", checks).ends_with(3);
    run.judges("c", "unproven", "no table of source `db` has a column").judges(
        "d",
        "unproven",
        "has a column",
    );
}

#[test]
fn a_global_pattern_that_covers_nothing_is_warned_about() {
    let s = Scratch::new(
        "fg_global_pattern",
        "create table tenant (id text primary key); insert into tenant values ('a');
         create table t (id int primary key, tenant_id text not null); insert into t values (1, 'a'); create table shared (id int);",
    );
    let words = "tenancy tenant.id by tenant_id { global shared, shard, ref_*, gone.* because \"test\" }";
    let run = s.verify(words, "check c { require tenancy is complete }").ends_with(0);
    let run = run.says("no table `public.shard`; did you mean `shared`?");
    run.says("`ref_*` in schema `public` matches no table").says("`*` in schema `gone` matches no table");
}

#[test]
fn an_unlogged_table_on_a_primary_is_read() {
    let s = Scratch::new(
        "fg_unlogged",
        "create unlogged table t (id serial primary key); insert into t default values; grant select on all sequences in schema public to public",
    );
    let _: Run = s.holds("", "on t; require rows = 1");
}
