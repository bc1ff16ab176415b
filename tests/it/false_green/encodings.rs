//! Databases whose text is not what it claims to be.

use crate::support::{Scratch, shared};

/// A database that takes any bytes, with one row in Latin-1 among rows in ASCII.
fn ascii(name: &str, sql: &str) -> Scratch {
    shared().psql("postgres", &format!("create database {name} template template0 encoding 'SQL_ASCII'"));
    let scratch = Scratch::around(name);
    scratch.sql(sql);
    shared().reader_role(name);
    scratch
}

#[test]
fn bytes_that_are_no_text_are_named_and_prove_nothing() {
    let s = ascii(
        "fg_bytes",
        "create table t (id int primary key, name text not null, n int not null, hash text);
         insert into t values (1, 'plain', 1), (2, convert_from('\\x4d65e974', 'SQL_ASCII'), 1), (3, 'plain', 2);
         create view v as select id, name::int as number from t;
         create view u as select id, name, (name collate \"C\") as again from t;",
    );
    let because = "it holds text that is not valid UTF-8";
    s.unproven("", "on t; require max(name) = min(name)", because);
    s.unproven("", "on t; require rows = 2 per name", because);
    s.unproven("", "require sql returns no rows $$ select name from t $$", because);
    s.unproven("chain c on t { order by id; link hash genesis null; hash hash = hex(sha256(cat(prev ?? \"\", name))) }",
        "require c is intact", because);
    s.on_server(|s| s.unproven("", "on v; require number > 0", "invalid input syntax"));
    // What needs none of those bytes is judged.
    s.holds("", "on t; require n > 0 and id in (1, 2, 3)");
    s.on_server(|s| s.broken("", "on t; require name = \"plain\"", "1 case"));
}

#[test]
fn a_name_that_is_no_text_is_an_unread_catalogue() {
    let s = ascii(
        "fg_byte_names",
        "create table t (id int primary key); insert into t values (1);
         do $$ begin execute format('create table %I (id int)', convert_from('\\x4d65e974', 'SQL_ASCII')); end $$;",
    );
    s.unproven("", "on t; require id > 0", "not valid UTF-8");
}
