//! Baselines of databases that others go on writing to: a cut-off separates what they add. Each run is repeated on the rows
//! of the server and on its archive.

use std::process::Command;

use crate::support::{Run, Scratch, program};

const SHOP: &str = "
    create table tenant (id text primary key);
    create table item (id int primary key, tenant_id text, at timestamptz, note text, changed timestamptz);
    create table day (id int primary key, tenant_id text, at date);
    create table local (id int primary key, tenant_id text, at timestamp);
    create table event (id bigint generated always as identity primary key, item_id int, what text);
    create table fixed (code text primary key, name text);
    create table fresh (id int primary key, tenant_id text, at timestamptz);
    insert into tenant select 't' || g from generate_series(1, 3) g;
    insert into item select g, 't' || (g % 3 + 1), timestamptz '2026-01-01 00:00+00' + g * interval '1 min', 'n', timestamptz '2026-01-01 00:00+00' + g * interval '1 min'
      from generate_series(1, 60) g;
    insert into day select g, 't2', date '2026-01-01' + g from generate_series(1, 9) g;
    insert into local select g, 't2', timestamp '2026-01-01' + g * interval '1 day' from generate_series(1, 9) g;
    insert into event (item_id, what) select g, 'made' from generate_series(1, 60) g;
    insert into fixed values ('a', 'b');";

const WORDS: &str = "param tenant: text = \"t1\"
     source baseline before from \"before.json\"
     tenancy tenant.id by tenant_id { global fixed because \"shared\"; reached event through item_id of item }";

const CUT: &str = "require tenancy is unchanged since before except $tenant as of at, event.id";
const UPDATES: &str =
    "require tenancy is unchanged since before except $tenant as of at, event.id with updates by changed";

fn record(s: &Scratch, body: &str) -> Run {
    s.policy(WORDS, &format!("check c {{ {body} }}"));
    let _earlier = std::fs::remove_file(s.folder().join("before.json"));
    let mut command: Command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url());
    command.args(["baseline", "record", "p.hold", "-o", "before.json"]);
    Run::of(&mut command)
}

#[test]
fn what_others_add_is_left_out_and_counted() {
    let s = Scratch::new("cutoff_added", SHOP);
    record(&s, CUT).ends_with(0);
    s.holds(WORDS, CUT);
    s.sql("insert into item select 1000 + g, 't2', timestamptz '2026-01-02 00:00+00' + g * interval '1 s' from generate_series(1, 500) g;
           insert into day values (100, 't3', '2026-06-01'), (101, 't3', 'infinity'); insert into local values (100, 't3', '2026-06-01 00:00');
           insert into event (item_id, what) select 1000 + g, 'made' from generate_series(1, 500) g");
    let run = s.holds(WORDS, CUT);
    for said in [
        "public.item: not compared, since their at is after 2026-01-01 01:00:00+00: 500 rows of all tenants",
        "public.day: not compared, since their at is after 2026-01-10: 2 rows of all tenants",
        "public.event: not compared, since their id is after 60: 500 rows of all tenants",
        "compared with all their rows, since they have no column of the cut-off: public.fixed, public.tenant",
    ] {
        assert!(run.said().contains(said), "{said}: {}", run.said());
    }
    // Without it, the same rows are changes.
    s.broken(WORDS, "require tenancy is unchanged since before except $tenant", "tenant `t2`");
    s.holds(WORDS, "require item is unchanged since before except $tenant as of at");
    s.holds(WORDS, "require item is unchanged since before as of item.at");
    s.holds(WORDS, "require event is unchanged since before as of id");
    s.broken(WORDS, "require tenancy is unchanged since before as of at", "public.event");
}

#[test]
fn what_is_changed_removed_or_dated_back_is_found() {
    let s = Scratch::new("cutoff_changed", SHOP);
    record(&s, CUT).ends_with(0);
    s.sql("insert into item select 1000 + g, 't2', timestamptz '2026-01-02 00:00+00' + g * interval '1 s' from generate_series(1, 500) g");
    for (sql, back, said) in [
        (
            "update item set note = 'x' where id = 4",
            "update item set note = 'n' where id = 4",
            "a row was altered since: id = 4",
        ),
        (
            "delete from item where id = 4",
            "insert into item values (4, 't2', '2026-01-01 00:04+00', 'n', '2026-01-01 00:04+00')",
            "a row was removed since: id = 4",
        ),
        // As new as the cut-off itself is old.
        (
            "insert into item values (900, 't2', '2026-01-01 01:00+00')",
            "delete from item where id = 900",
            "a row was added since: id = 900",
        ),
        (
            "insert into item values (900, 't2', '-infinity')",
            "delete from item where id = 900",
            "a row was added since: id = 900",
        ),
        (
            "insert into item values (900, 't2', null)",
            "delete from item where id = 900",
            "a row was added since: id = 900",
        ),
        // Dated forward, an old row is missing.
        (
            "update item set at = '2027-01-01' where id = 4",
            "update item set at = '2026-01-01 00:04+00' where id = 4",
            "a row was removed since: id = 4",
        ),
        (
            "update item set at = null where id = 4",
            "update item set at = '2026-01-01 00:04+00' where id = 4",
            "a row was altered since: id = 4",
        ),
        (
            "update item set tenant_id = 't3' where id = 4",
            "update item set tenant_id = 't2' where id = 4",
            "its key is tenant `t3`'s: id = 4",
        ),
        (
            "update fixed set name = 'c'",
            "update fixed set name = 'b'",
            "public.fixed: a row was altered since: code = a",
        ),
        (
            "insert into tenant values ('t9')",
            "delete from tenant where id = 't9'",
            "tenant `t9`: a row was added since",
        ),
    ] {
        s.sql(sql);
        s.broken(WORDS, CUT, said);
        s.sql(back);
        s.holds(WORDS, CUT);
    }
    s.sql("update item set note = 'x' where tenant_id = 't1'; delete from event where item_id = 3; delete from item where id = 3");
    s.holds(WORDS, CUT);
    s.sql("update item set at = at + interval '1 year'");
    s.broken(WORDS, CUT, "a row was removed since").says("rows were removed or altered since");
}

#[test]
fn where_nothing_tells_what_is_newer_nothing_is_proven() {
    let s = Scratch::new("cutoff_unproven", SHOP);
    // A baseline that was taken under a policy without the column.
    record(&s, "require tenancy is unchanged since before").ends_with(0);
    s.unproven(WORDS, CUT, "does not say up to which `at` its rows were sealed");
    record(&s, CUT).ends_with(0);
    // Nothing was in it, and now there is.
    s.sql("insert into fresh values (1, 't2', '2026-05-01')");
    s.unproven(WORDS, CUT, "public.fresh: rows were added, and no row of the baseline has a `at`");
    s.sql("delete from fresh");
    // Beyond the years that have a place.
    s.sql("insert into item values (900, 't2', '12026-01-01')");
    s.unproven(WORDS, CUT, "outside years 1 to 9999");
    s.sql("delete from item where id = 900");
    s.holds(WORDS, CUT);
    // Nothing is left that was sealed of the others, and what there is is newer.
    s.sql("delete from item where tenant_id <> 't1'; insert into item values (900, 't2', '2027-01-01')");
    s.broken(WORDS, CUT, "tenant `t2`");
    s.unproven(
        WORDS,
        "require item is unchanged since before as of note",
        "only times, dates and whole numbers",
    );
    s.refused(WORDS, "require item is unchanged since before as of ad", "has no column `ad`");
    s.refused(WORDS, "require tenancy is unchanged since before as of atx", "did you mean `at`?");
    s.refused(WORDS, "require tenancy is unchanged since before as of at, event.idd", "has no column `idd`");
    s.refused(WORDS, "require fixed is unchanged since before as of at", "has no column `at`");
    for (body, said) in [
        ("require schema is unchanged since before as of at", "cannot be a cut-off here"),
        ("require item is unchanged since before as of event.id", "about another table"),
        ("require tenancy is unchanged since before as of at, at", "named twice"),
        ("require tenancy is unchanged since before as of", ""),
        ("require tenancy is unchanged since before as of at with updates", ""),
        ("require tenancy is unchanged since before with updates by changed", ""),
        ("require tenancy is unchanged since before as at", ""),
    ] {
        s.refused(WORDS, body, said);
    }
}

#[test]
fn a_table_of_which_only_new_rows_are_left_to_compare_is_unproven() {
    let s = Scratch::new(
        "cutoff_all_new",
        "create table tenant (id text primary key); insert into tenant values ('t1'), ('t2');
         create table item (id int primary key, tenant_id text, at timestamptz);
         insert into item values (1, 't1', '2026-01-01');",
    );
    let words =
        WORDS.replace("{ global fixed because \"shared\"; reached event through item_id of item }", "");
    s.policy(&words, "check c { require item is unchanged since before except $tenant as of at }");
    let mut command: Command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url());
    Run::of(command.args(["baseline", "record", "p.hold", "-o", "before.json"])).ends_with(0);
    s.sql("insert into item values (2, 't2', '2026-02-01')");
    s.unproven(
        &words,
        "require item is unchanged since before except $tenant as of at",
        "all that could be compared is newer",
    );
    s.unproven(
        &words,
        "require item is unchanged since before except $tenant as of at; allow empty",
        "all that could be compared is newer",
    );
}

#[test]
fn what_others_changed_is_counted_apart_only_where_it_is_declared() {
    let s = Scratch::new("cutoff_updates", SHOP);
    record(&s, UPDATES).ends_with(0);
    s.holds(WORDS, UPDATES);
    s.sql("update item set note = 'mine', changed = '2026-03-01' where id in (4, 7)");
    let run = s.holds(WORDS, UPDATES);
    let said = "public.item: changed since by others, who set changed after 2026-01-01 01:00:00+00: 2 rows";
    assert!(run.said().contains(said), "{}", run.said());
    s.broken(WORDS, CUT, "a row was altered since: id = 4");
    // The same change without a newer mark, a row removed, one put in and dated back.
    for (sql, back, said) in [
        (
            "update item set note = 'x' where id = 10",
            "update item set note = 'n' where id = 10",
            "a row was altered since: id = 10",
        ),
        (
            "delete from item where id = 10",
            "insert into item values (10, 't2', '2026-01-01 00:10+00', 'n', '2026-01-01 00:10+00')",
            "a row was removed since: id = 10",
        ),
        (
            "insert into item values (900, 't2', '2026-01-01', 'n', '2026-03-01')",
            "delete from item where id = 900",
            "tenant `t2`: a row was added since, and changed: id = 900",
        ),
        (
            "update item set tenant_id = 't3', changed = '2026-03-01' where id = 10",
            "update item set tenant_id = 't2', changed = '2026-01-01 00:10+00' where id = 10",
            "a row was removed since",
        ),
        (
            "update item set id = 901, changed = '2026-03-01' where id = 10",
            "update item set id = 10, changed = '2026-01-01 00:10+00' where id = 901",
            "a row was removed since",
        ),
    ] {
        s.sql(sql);
        s.broken(WORDS, UPDATES, said);
        s.sql(back);
        s.holds(WORDS, UPDATES);
    }
    // More than can be told apart: not proven, and rows too few are still found.
    s.sql("insert into item select 2000 + g, 't3', timestamptz '2026-01-01 00:00+00', 'n', '2026-01-01' from generate_series(1, 200) g");
    record(&s, UPDATES).ends_with(0);
    s.sql("update item set note = 'y', changed = '2026-04-01' where id > 2000");
    s.unproven(WORDS, UPDATES, "more rows were changed since than can be told apart");
    s.sql("delete from item where id = 2001");
    s.broken(WORDS, UPDATES, "tenant `t3`: rows were removed or altered since");
    s.sql("insert into item select 3000 + g, 't3', timestamptz '2026-01-01 00:00+00', 'n', '2026-06-01' from generate_series(1, 600) g");
    s.unproven(WORDS, UPDATES, "more rows were changed since than can be told apart");
    s.refused(
        WORDS,
        "require item is unchanged since before as of at with updates by chnged",
        "has no column `chnged`",
    );
}
