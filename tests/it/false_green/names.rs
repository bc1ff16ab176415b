//! Names that a careless quoting would fold, split or read as a word of a language.

use crate::support::Scratch;

const LONG: &str = "n23456789_123456789_123456789_123456789_123456789_123456789_123";

#[test]
fn odd_names_are_found_and_their_rows_looked_at() {
    let s = Scratch::new(
        "fg_names",
        &format!(
            r#"create table "odd ""name"" é.1*%" ("2 k'ey" int primary key, "Größe; drop" int not null); insert into "odd ""name"" é.1*%" values (1, 5), (2, -5);
               create table "odd ""name"" é.1xx%" ("2 k'ey" int primary key, "Größe; drop" int not null); insert into "odd ""name"" é.1xx%" values (1, -5);
               create table "{LONG}" ("{LONG}" int primary key); insert into "{LONG}" values (1);
               create table "order" ("from" int primary key, "rows" int not null, "sum" int not null, "per" text not null, "now" timestamptz not null, "where" int, "null" int);
               insert into "order" values (1, 2, 3, 'a', '2000-01-01Z', 1, 1);"#
        ),
    );
    let run = s.broken("", "on `odd \"name\" é.1*%`; require `Größe; drop` > 0", "1 case");
    assert_eq!(run.findings("c"), ["condition public.odd \"name\" é.1*% 2 k'ey=2 Größe; drop=-5"]);
    s.broken("", "on `odd \"name\" é.1*%`; require `2 k'ey` in `odd \"name\" é.1xx%`.`2 k'ey`", "1 case");
    s.holds("", &format!("on {LONG}; require {LONG} = 1"));
    s.unproven("", &format!("on {LONG}4; require {LONG} = 1"), "has no table");
    s.holds("", "on order; require `rows` = 2");
    s.broken("", "on order; require `rows` = 1", "1 case");
    s.broken("", "on order; require `now` > 2020-01-01T00:00:00Z", "1 case");
    s.holds("", "on order; require sum(`sum`) = 3 per `per`");
    s.holds("", "on order; require unique `from`, `rows`");
    s.holds("", "on order; require `where` = 1 and `null` = 1");
    s.holds("", "require sum(order.`sum`) = 3");
    s.holds("", "on order; require `from` in order.`from`");
    s.broken(
        "",
        "require sql returns no rows $$ select \"from\" from \"order\" where \"rows\" = 2 $$",
        "1 case",
    );
}

#[test]
fn names_with_words_for_the_machine_stay_data_in_every_place() {
    let s = Scratch::new(
        "fg_inject",
        r#"create table tenant (id text primary key); insert into tenant values ('a');
           create table "x""; drop table tenant; --" (id int primary key, tenant_id text not null references tenant, "a"", b" numeric not null, k text);
           insert into "x""; drop table tenant; --" values (1, 'a', 1, E'\\''; \x01 $1 "');"#,
    );
    let words = "tenancy tenant.id by tenant_id\nledger b on `x\"; drop table tenant; --` { amount `a\", b`; balance overall }";
    s.broken(words, "require b is balanced", "overall is 1");
    s.holds(words, "require tenancy is complete");
    s.holds(words, "require every foreign_key is valid");
    s.broken(words, "on `x\"; drop table tenant; --`; require k = \"'; select 1; --\"", "1 case");
    assert_eq!(s.sql("select count(*) from tenant"), "1");
}
