//! Sealed baselines: recorded, compared, and the proof that other tenants were left alone. Each run of `verify` is repeated
//! on the rows of the server and on its archive, which must find the same.

use std::process::Command;

use crate::support::{Dump, Run, Scratch, postgres_program, program, shared};

/// Three tenants, keyed and reached, a table of nobody's, and every type whose text depends on a session.
const SHOP: &str = "
    create table tenant (id text primary key, name text);
    create table entry (id int primary key, tenant_id text references tenant(id), at timestamptz not null, amount numeric, note text,
                        raw bytea, j jsonb, ip inet, ok boolean, spans tstzrange, tags timestamptz[], f float8, d date,
                        i interval, c char(5), m money, twice numeric generated always as (amount * 2) stored);
    create table line (id int generated always as identity primary key, entry_id int references entry(id), debit numeric, credit numeric);
    create table country (code text primary key, name text);
    create table nothing (id int primary key, tenant_id text);
    insert into tenant select 't' || g, 'tenant ' || g from generate_series(1, 3) g;
    insert into entry (id, tenant_id, at, amount, note, raw, j, ip, ok, spans, tags, f, d, i, c, m)
      select g, 't' || (g % 3 + 1), timestamptz '2026-01-01 00:00+00' + g * interval '7 min 0.5 s', g / 100.0,
             case when g % 7 = 0 then null else 'note ' || g end, decode(md5(g::text), 'hex') || '\\x5c00'::bytea,
             jsonb_build_object('b', g, 'a', 'x'), '10.0.0.1'::inet + g, g % 2 = 0,
             tstzrange('2026-01-01 00:00+00', '2026-01-02 00:00+00'), array[timestamptz '2026-05-01 00:00+00', null], g / 3.0,
             date '2026-01-01' + g, g * interval '1 h', 'a', g::money
        from generate_series(1, 300) g;
    insert into line (entry_id, debit, credit) select g, 1.0, 1.00 from generate_series(1, 300) g;
    insert into country values ('de', 'Germany'), ('fr', '');";

const WORDS: &str = "param tenant: text = \"t1\"
     source baseline before from \"before.json\"
     tenancy tenant.id by tenant_id { global country because \"shared\"; reached line through entry_id of entry }
     ledger books on line { entry entry_id of entry; debit debit; credit credit; balance overall }";

const OTHERS: &str = "require tenancy is unchanged since before except $tenant";

fn baseline(s: &Scratch, arguments: &[&str]) -> Run {
    let mut command: Command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url()).arg("baseline").args(arguments);
    Run::of(&mut command)
}

/// Seals the database as it is.
#[track_caller]
fn record(s: &Scratch, words: &str, body: &str, name: &str) {
    s.policy(words, &format!("check c {{ {body} }}"));
    let _earlier = std::fs::remove_file(s.folder().join(name));
    baseline(s, &["record", "p.hold", "-o", name]).ends_with(0).says("were sealed in");
}

fn shop(name: &str) -> Scratch {
    let s = Scratch::new(name, SHOP);
    record(&s, WORDS, OTHERS, "before.json");
    s
}

/// The archive of a database, and the place of a restore of it as one who may read.
fn restored(name: &str) -> (Dump, String) {
    let copy = format!("{name}_copy");
    shared().create_database(&copy, None);
    let dump = Dump::of(&shared().url(name), &["-Fc"]);
    let mut restore = Command::new(postgres_program("pg_restore"));
    restore.args(["-d", &shared().url(&copy)]).arg(dump.path());
    Run::of(&mut restore).ends_with(0);
    shared().reader_role(&copy);
    (dump, shared().url_as("holdtrue_reader", &copy))
}

#[test]
fn what_did_not_change_holds_wherever_it_lies() {
    let s = shop("baseline_same");
    let all = ["tenancy", "schema", "line", "country"]
        .map(|what| format!("require {what} is unchanged since before"));
    let checks: Vec<String> =
        all.iter().enumerate().map(|(n, body)| format!("check c{n} {{ {body} }}")).collect();
    s.on_server(|s| s.verify(WORDS, &checks.join("\n")).ends_with(0));
    s.archived(&[]).ends_with(0).says("objects were compared by name alone");
    // The same rows in another place, and a server with other settings.
    s.sql("update entry set note = note; delete from country; insert into country values ('fr', ''), ('de', 'Germany'); cluster entry using entry_pkey");
    s.sql("alter database baseline_same set timezone = 'Asia/Kolkata'; alter database baseline_same set bytea_output = 'escape';
           alter database baseline_same set datestyle = 'German'; alter database baseline_same set lc_monetary = 'C'");
    s.holds(WORDS, OTHERS);
    s.holds(WORDS, "on *; require rows >= 99.9% of before.rows");
    // A restore of its archive in another database.
    let (dump, copy) = restored("baseline_same");
    s.policy(WORDS, &format!("check c {{ {OTHERS} }}"));
    s.run(&["--source", &format!("db={copy}")]).ends_with(0);
    // The archive seals the same, too.
    baseline(&s, &["record", "p.hold", "--source", &dump.source("db"), "-o", "dump.json"]).ends_with(0);
    let diff = baseline(&s, &["diff", "before.json", "dump.json"]);
    assert!(
        !diff.said().contains("public.entry:") && !diff.said().contains("public.line:"),
        "{}",
        diff.said()
    );
    assert!(!diff.said().contains("was not there") && !diff.said().contains("is missing"), "{}", diff.said());
    baseline(&s, &["show", "dump.json"])
        .ends_with(0)
        .says("public.entry: 300 rows")
        .says("sum of public.line.debit: 300.0");
}

/// What the server spells is not always what it spells of a restore: `IN` over a varchar, a field of EXTRACT.
#[test]
fn objects_that_a_restore_spells_otherwise_are_unchanged() {
    let s = Scratch::new(
        "baseline_spelt",
        "create domain code as varchar(5) default 'x' check (value in ('x', 'y'));
         create table t (id int primary key, v varchar(10), c char(3), d code, m text default 'a'::varchar, a varchar[] default '{a}',
           g text generated always as (case when v in ('a', 'b') then 'x' end) stored,
           check (v in ('a', 'b')), check (c::varchar not in ('a', 'it''s')), check (v::varchar(3) in ('a', 'b')), check (v = any (a)),
           check (v like any (array['a%', 'b%'])), exclude using btree (id with =) where (v in ('a', 'b')));
         create table p (v varchar(5)) partition by list (v); create table p1 partition of p for values in ('a', 'b');
         create index on t (lower(v)) where v not in ('x', 'y');
         create view w as select id, extract('YEAR' from now()) as y from t where v in ('a', 'b') order by v in ('a', 'c');
         create materialized view mv as select id from t where v in ('a', 'b');
         create function f() returns trigger language plpgsql as $$ begin if new.v in ('a', 'b') then end if; return new; end $$;
         create trigger tr before update on t for each row when (old.v in ('a', 'b')) execute function f();
         create rule r as on insert to w where new.id in (1, 2) and new.y > extract('DOW' from now()) do instead nothing;
         create policy po on t using (v in ('a', 'b')); insert into t (id, v) values (1, 'a')",
    )
    .server_only();
    let words = "source baseline before from \"before.json\"";
    let same = "require schema is unchanged since before";
    record(&s, words, same, "before.json");
    s.holds(words, same);
    let (_dump, copy) = restored("baseline_spelt");
    s.run(&["--source", &format!("db={copy}")]).ends_with(0);
    // What means something else is found all the same.
    for (change, found) in [
        (
            "alter table t drop constraint t_v_check; alter table t add constraint t_v_check check (v in ('a', 'c'))",
            "t_v_check",
        ),
        (
            "create or replace view w as select id, extract('MONTH' from now()) as y from t where v in ('a', 'b') order by v in ('a', 'c')",
            "public.w",
        ),
        ("alter policy po on t using (v in ('a'))", "po"),
    ] {
        s.sql(change);
        s.broken(words, same, found);
    }
}

/// What is read for many tables at once takes its time once.
#[test]
fn no_check_took_longer_than_its_run() {
    let tables = (0..60).map(|n| format!("create table t{n} (tenant int); insert into t{n} values (1);"));
    let tenants = "create table tenant (id int primary key); insert into tenant values (1);";
    let s = Scratch::new("baseline_durations", &format!("{tenants} {}", tables.collect::<String>()));
    let words = "source baseline before from \"before.json\"; tenancy tenant.id by tenant {}";
    let same = "require tenancy is unchanged since before";
    record(&s, words, same, "before.json");
    let run = s.verify(words, &format!("check c {{ {same} }}")).ends_with(0);
    let at = |name: &str| run.json()["run"][name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let took = at("finished").as_millisecond() - at("started").as_millisecond();
    let check = run.check("c")["duration_ms"].as_i64().unwrap();
    assert!(check <= took, "{check} ms of a run of {took} ms");
}

#[test]
fn one_changed_cell_is_named_by_tenant_table_and_key() {
    let s = shop("baseline_cell");
    for (sql, back, said) in [
        (
            "update entry set amount = amount + 1 where id = 4",
            "update entry set amount = amount - 1 where id = 4",
            "tenant `t2`: a row was altered since: id = 4",
        ),
        (
            "update entry set note = '' where id = 7",
            "update entry set note = null where id = 7",
            "tenant `t2`: a row was altered since: id = 7",
        ),
        (
            "update entry set amount = 0.010 where id = 1",
            "update entry set amount = 1 / 100.0 where id = 1",
            "tenant `t2`: a row was altered since: id = 1",
        ),
        (
            "delete from line where entry_id = 8",
            "insert into line overriding system value values (8, 8, 1.0, 1.00)",
            "tenant `t3`: a row was removed since: id = 8",
        ),
        (
            "insert into tenant values ('t9', '')",
            "delete from tenant where id = 't9'",
            "tenant `t9`: a row was added since: id = t9",
        ),
        (
            "update entry set tenant_id = null where id = 5",
            "update entry set tenant_id = 't3' where id = 5",
            "its key is nobody's: id = 5",
        ),
        (
            "update country set name = null where code = 'fr'",
            "update country set name = '' where code = 'fr'",
            "public.country: a row was altered since: code = fr",
        ),
    ] {
        s.sql(sql);
        let run = s.broken(WORDS, OTHERS, said);
        assert!(run.findings("c").len() < 5, "{}", run.said());
        s.sql(back);
        s.holds(WORDS, OTHERS);
    }
    // Rows of two tenants change places, and nothing is as before although all rows are there.
    s.sql("update entry set tenant_id = case id when 4 then 't3' else 't2' end where id in (4, 5)");
    s.broken(WORDS, OTHERS, "its key is tenant `t3`'s: id = 4");
}

#[test]
fn the_restored_tenant_may_change_and_hides_no_other() {
    let s = shop("baseline_except");
    s.sql("delete from line where entry_id in (select id from entry where tenant_id = 't1');
           delete from entry where tenant_id = 't1';
           insert into entry (id, tenant_id, at) select 1000 + g, 't1', now() from generate_series(1, 2000) g");
    s.holds(WORDS, OTHERS);
    s.broken(
        WORDS,
        "require tenancy is unchanged since before",
        "tenant `t1`: rows were added or altered since",
    );
    s.broken(WORDS, "require tenancy is unchanged since before except \"t2\", \"t3\"", "tenant `t1`");
    s.holds(WORDS, "require tenancy is unchanged since before except entry, line");
    s.unproven(
        WORDS,
        "require tenancy is unchanged since before except $tenant, misspelt",
        "neither the source nor the baseline has it",
    );
    s.broken(WORDS, "require entry is unchanged since before", "tenant `t1`");
    s.holds(WORDS, "require entry is unchanged since before except $tenant");
    s.unproven(WORDS, "require country is unchanged since before except $tenant", "belong to no tenant");
    s.sql("update entry set note = 'x' where id = 4");
    s.broken(WORDS, OTHERS, "tenant `t2`: a row was altered since: id = 4");
}

#[test]
fn tables_and_columns_are_compared_in_both_directions() {
    let s = shop("baseline_tables");
    s.sql("create table extra (id int primary key)");
    s.sql("grant select on extra to public");
    s.broken(WORDS, OTHERS, "the table was not there when `before` was taken");
    s.unproven(
        WORDS,
        "on *; require rows >= 99.9% of before.rows",
        "the baseline holds no table `public.extra`",
    );
    // An archive does not tell of grants and owners, and compares fewer objects.
    s.on_server(|s| {
        s.broken(
            WORDS,
            "require schema is unchanged since before",
            "constraint `public.extra extra_pkey` was not there",
        )
    });
    s.sql("drop table extra; drop table country");
    let words = WORDS.replace("global country because \"shared\"; ", "");
    s.broken(&words, OTHERS, "the table is missing; it was there when `before` was taken, with 2 rows");
    s.broken(&words, "on *; require rows >= 99.9% of before.rows", "the table is missing");
    s.broken(&words, "require country is unchanged since before", "the table is missing");
    s.sql("create table country (code text primary key, name text); insert into country values ('de', 'Germany'), ('fr', '');
           grant select on country to public");
    s.holds(WORDS, OTHERS);
    s.sql("alter table line alter credit type numeric(20, 2)");
    s.broken(WORDS, OTHERS, "`credit` was numeric and is numeric(20,2)");
    s.on_server(|s| {
        s.broken(
            WORDS,
            "require schema is unchanged since before",
            "table `public.line` is defined otherwise",
        )
    });
    s.sql("alter table line alter credit type numeric; alter table line rename debit to debt");
    let words = WORDS.replace(
        "ledger books on line { entry entry_id of entry; debit debit; credit credit; balance overall }",
        "",
    );
    s.broken(&words, "require line is unchanged since before", "without `debit`; with `debt`");
}

#[test]
fn counts_are_those_of_the_baseline() {
    let s = shop("baseline_rows");
    s.holds(WORDS, "on entry; require rows = before.rows");
    s.holds(WORDS, "require rows(entry) = before.rows of \"entry\"");
    s.holds(WORDS, "require sum(line.debit) = before.sum(\"line.debit\")");
    s.sql("delete from line where entry_id = 1");
    s.broken(WORDS, "on *; require rows >= 99.9% of before.rows", "rows(public.line) is 299");
    s.broken(
        WORDS,
        "require sum(line.debit) = before.sum(\"line.debit\")",
        "is 299, and it should be = before.sum of \"public.line.debit\", which is 300",
    );
    s.holds(WORDS, "on line; require rows >= 99% of before.rows");
    s.unproven(
        WORDS,
        "on line where debit > 0; require rows <= before.rows",
        "counts all rows, and this check is about some of them",
    );
    s.unproven(
        WORDS,
        "require rows(line) <= before.rows of \"lines\"",
        "the baseline holds no table `public.lines`",
    );
    s.refused(WORDS, "require rows(line) <= before.rows", "of which table");
    // Of one tenant.
    s.policy(WORDS, "check c { on entry; require rows = before.rows }");
    s.run(&["--tenant", "t2"]).ends_with(0);
    // There is nothing in it, and there was not.
    s.unproven(WORDS, "require nothing is unchanged since before", "there was nothing to look at");
    s.holds(WORDS, "require nothing is unchanged since before; allow empty");
}

#[test]
fn a_baseline_that_is_not_as_it_was_written_proves_nothing() {
    let s = shop("baseline_damage");
    let text = std::fs::read_to_string(s.folder().join("before.json")).unwrap();
    let edits = [
        (text.replacen("\"rows\":300", "\"rows\":301", 1), "it was edited"),
        (text.get(..text.len() / 2).unwrap().to_owned(), "cut off"),
        (String::new(), "cut off"),
        (text.replacen("holdtrue.baseline/1", "holdtrue.baseline/9", 1), "this version reads"),
        ("{}\n".to_owned(), "does not name its schema"),
    ];
    for (edited, said) in edits {
        assert_ne!(edited, text);
        s.file("before.json", &edited);
        s.unproven(WORDS, OTHERS, said);
        s.unproven(WORDS, "on *; require rows >= 1% of before.rows", said);
        baseline(&s, &["show", "before.json"]).ends_with(2).says(said);
        baseline(&s, &["diff", "before.json", "before.json"]).ends_with(2);
    }
    std::fs::remove_file(s.folder().join("before.json")).unwrap();
    s.unproven(WORDS, OTHERS, "before.json");
    // Of another database, of other tenants, of no tenants.
    let other = Scratch::new(
        "baseline_damage_other",
        "create table unrelated (id int primary key); insert into unrelated values (1)",
    );
    record(&other, "", "require rows(unrelated) > 0", "other.json");
    std::fs::copy(other.folder().join("other.json"), s.folder().join("before.json")).unwrap();
    s.unproven(WORDS, OTHERS, "the baseline of another database");
    std::fs::remove_file(s.folder().join("before.json")).unwrap();
    record(&s, "", "require rows(entry) > 0", "before.json");
    s.unproven(WORDS, OTHERS, "taken without tenants of its rows");
    s.holds("source baseline before from \"before.json\"", "require entry is unchanged since before");
}

#[test]
fn what_cannot_be_read_is_not_sealed_and_not_called_unchanged() {
    let s = Scratch::new("baseline_denied", SHOP).server_only();
    s.sql("revoke select on line from public; do $$ begin execute (select 'revoke select on line from ' || string_agg(distinct grantee, ',') from information_schema.role_table_grants where table_name = 'line' and grantee <> current_user); end $$");
    s.policy(WORDS, &format!("check c {{ {OTHERS} }}"));
    baseline(&s, &["record", "p.hold", "-o", "before.json"])
        .ends_with(3)
        .says("public.line: its rows could not be sealed");
    s.unproven(WORDS, OTHERS, "permission denied for table line");
    s.unproven(WORDS, "on *; require rows >= 99.9% of before.rows", "permission denied");
    s.sql("grant select on line to public");
    s.unproven(WORDS, OTHERS, "not sealed when the baseline was taken");
    s.unproven(WORDS, "on line; require rows >= 99.9% of before.rows", "were not sealed");
    // A file that is there stays.
    baseline(&s, &["record", "p.hold", "-o", "before.json"]).ends_with(2).says("never written over");
    baseline(&s, &["record", "p.hold", "--tenant", "t1", "-o", "x.json"]).ends_with(2);
    baseline(&s, &["diff", "before.json", "before.json"]).ends_with(3).says("cannot be told");
}

#[test]
fn two_baselines_are_compared() {
    let s = shop("baseline_diff");
    s.sql("update entry set note = 'x' where id = 4; create index on entry (at); delete from country where code = 'de'");
    record(&s, WORDS, OTHERS, "after.json");
    for (from, to, said) in [("before.json", "after.json", "removed"), ("after.json", "before.json", "added")]
    {
        baseline(&s, &["diff", from, to])
            .ends_with(1)
            .says("public.entry: tenant `t2`: a row was altered since: id = 4")
            .says(&format!("public.country: a row was {said} since: code = de"))
            .says("index `public.entry_at_idx on entry`");
    }
    baseline(&s, &["diff", "before.json", "before.json"]).ends_with(0).says("the same");
}

/// Three chains of ten rows.
const LOG: &str = "
    create table log (id int primary key, t text, seq int, action text, prev text, hash text);
    do $$ declare h text; begin
      for k in 1..3 loop h := null; for n in 1..10 loop
        insert into log values (k * 100 + n, 't' || k, n, 'a' || n, h, encode(sha256(convert_to(coalesce(h, '') || '|a' || n, 'UTF8')), 'hex'));
        select hash into h from log where id = k * 100 + n;
      end loop; end loop; end $$;";

#[test]
fn a_lost_tail_shows_beside_a_baseline() {
    let s = Scratch::new("baseline_tail", LOG);
    let words = "chain audit on log { split by t; order by seq; link prev genesis null
                   hash hash = hex(sha256(join(\"|\", prev ?? \"\", action))); anchor from \"before.json\" }";
    s.unproven(words, "require audit is intact", "before.json` cannot be read");
    baseline(&s, &["record", "p.hold", "-o", "before.json"]).ends_with(0).says("to compare it with yet");
    baseline(&s, &["show", "before.json"])
        .ends_with(0)
        .says("chain audit: the last rows of 3 splits, 30 rows");
    s.holds(words, "require audit is intact");
    s.sql("delete from log where t = 't2' and seq > 7");
    s.broken(words, "require audit is intact", "truncated_tail (1)")
        .says("3 rows are missing at the end of this chain");
    baseline(&s, &["record", "p.hold", "-o", "after.json"]).ends_with(3).says("something is amiss");
    let text = std::fs::read_to_string(s.folder().join("before.json")).unwrap();
    s.file("before.json", &text.replacen("\"rows\":10", "\"rows\":7", 1));
    s.unproven(words, "require audit is intact", "it was edited");
}

#[test]
fn wrong_words_are_refused() {
    let s = shop("baseline_words");
    for (body, said) in [
        ("require tenancy is unchanged", "unchanged since when?"),
        ("require tenancy is unchanged since", ""),
        ("require tenancy is unchanged since yesterday", "no source `yesterday` of kind `baseline`"),
        ("require tenancy is unchanged since db", "of kind `postgres`"),
        ("require tenancy is complete since before", "nothing is `complete` since a baseline"),
        ("require books is unchanged since before", "cannot be `unchanged`"),
        ("require schema is unchanged since before except $tenant", "no tenant can be excepted here"),
        ("require entry is unchanged since before except line", "a table cannot be excepted here"),
        ("require tenancy is unchanged since before but $tenant", "left over"),
        ("require before is unchanged since before", "cannot be `unchanged`"),
    ] {
        s.refused(WORDS, body, said);
    }
    s.unproven(WORDS, "require entrie is unchanged since before", "entrie");
}
