//! What a policy makes of an archive where a server would know more: never green for want of knowledge, and no fault of
//! the policy's either.

use std::process::{Command, Stdio};

use crate::support::{Run, Scratch, fail, postgres_program, shared};

/// Dumps the scratch database and verifies `p.hold`, which must be there, on the archive.
fn archived(scratch: &Scratch, arguments: &[&str]) -> Run {
    let path = scratch.folder().join("a.dump");
    let mut command = Command::new(postgres_program("pg_dump"));
    command.args(["-Fc", "-d", &shared().url(&scratch.name), "-f"]).arg(&path).args(arguments);
    let output = command.stdin(Stdio::null()).output().unwrap();
    if !output.status.success() {
        fail(&format!("pg_dump: {}", String::from_utf8_lossy(&output.stderr)));
    }
    scratch.run(&["--source", "db=dump:a.dump"])
}

#[test]
fn text_in_another_encoding_is_not_compared_as_if_it_were_utf8() {
    let s = Scratch::new(
        "dj_latin1",
        "create table t (id int primary key, name text not null, n int not null);
         insert into t values (1, 'caf\u{e9}', 1), (2, 'tea', 2);",
    );
    s.policy(
        "",
        "check same { on t; require name in (\"caf\u{e9}\", \"tea\") }
         check other { on t; require name != \"caf\u{e9}\" }",
    );
    let run = archived(&s, &["--encoding=LATIN1"]).ends_with(3);
    let because = "`t.name` holds text beyond ASCII in encoding LATIN1, and archives are read in UTF8 only; dump again with \
                   `pg_dump --encoding=UTF8`";
    run.judges("same", "unproven", &because.replace("t.name", "public.t.name")).judges(
        "other",
        "unproven",
        &because.replace("t.name", "public.t.name"),
    );
    s.policy("", "check numbers { on t; require n > 0 }");
    archived(&s, &["--encoding=LATIN1"]).ends_with(0);
    s.policy("", "check same { on t; require name in (\"caf\u{e9}\", \"tea\") }");
    archived(&s, &[]).ends_with(0);
}

#[test]
fn a_word_that_an_enum_does_not_have_is_no_way_to_green() {
    let s = Scratch::new(
        "dj_enum",
        "create type state as enum ('open', 'booked', 'cancelled');
         create table t (id int primary key, state state not null, other state);
         insert into t values (1, 'cancelled', null), (2, 'open', 'open');",
    );
    s.policy(
        "",
        "check typo { on t; require state != \"canceled\" }
         check default { on t; require (other ?? \"open\") != \"zzzzzzzz\" }
         check listed { on t; require state in (\"open\", \"cancelled\", \"boked\") }
         check fine { on t; require state != \"booked\" }",
    );
    archived(&s, &[])
        .ends_with(3)
        .judges("typo", "unproven", "`state` is never `canceled`: enum `public.state` has only the words `open`, `booked`, `cancelled`")
        .judges("default", "unproven", "`other` is never `zzzzzzzz`")
        .judges("listed", "unproven", "`state` is never `boked`")
        .judges("fine", "holds", "");
}

#[test]
fn a_generated_column_keeps_only_those_in_the_dark_who_ask_for_it() {
    let s = Scratch::new(
        "dj_generated",
        "create table t (id int primary key, n int not null, twice int generated always as (2 * n) stored);
         insert into t (id, n) values (1, 1), (2, 2);",
    );
    s.policy(
        "",
        "check asked { on t; require twice > 0 }
         check summed { require sum(t.twice) = 6 }
         check other { on t; require n > 0 }
         check keys { on t; require unique id }",
    );
    let because = "a server generates the values of `public.t.twice`";
    let run = archived(&s, &[]).ends_with(3);
    let reason = run.check("summed")["reason"].as_str().unwrap().to_owned();
    assert_eq!(reason.matches(because).count(), 1, "one cause is said once: {reason}");
    run.judges("asked", "unproven", because)
        .judges("summed", "unproven", because)
        .judges("other", "holds", "")
        .judges("keys", "holds", "");
}

#[test]
fn a_view_in_an_archive_is_nobodys_mistake_and_no_proof() {
    let s = Scratch::new(
        "dj_view",
        "create table t (id int primary key, n int not null); insert into t values (1, 1);
         create view v as select * from t; create materialized view m as select * from t;",
    );
    s.policy("", "check view { on v; require n > 0 }\ncheck stored { require sum(m.n) > 0 }");
    s.run(&[]).ends_with(0);
    archived(&s, &[])
        .ends_with(3)
        .judges(
            "view",
            "unproven",
            "`public.v` is a view, and source `db` holds neither its columns nor its rows",
        )
        .judges("stored", "unproven", "`public.m` is a view");
}
