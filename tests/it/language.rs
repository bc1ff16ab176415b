//! What the language promises beyond one statement, on a server.

use crate::support::Scratch;

#[test]
fn a_parameter_gives_a_quantity_its_value() {
    let s = Scratch::new(
        "lang_quantity",
        "create table t (id int primary key, at timestamptz not null); create table u (id int primary key);
         insert into t select n, '2026-01-01T10:00:00Z' from generate_series(1, 95) n;
         insert into u select n from generate_series(1, 100) n",
    );
    s.policy(
        "param slack: duration = 15min\nparam share: percent = 90%\nparam target: time = 2026-01-01T10:10:00Z",
        "check c { require newest(t.at) within $slack before $target; timeout $slack }
         check d { require rows(t) >= $share of rows(u) }",
    );
    s.run(&[]).ends_with(0);
    s.run(&["--set", "slack=5min"]).ends_with(1).judges("c", "broken", "").judges("d", "holds", "");
    s.run(&["--set", "share=96%"]).ends_with(1).judges("c", "holds", "").judges("d", "broken", "96");
    s.run(&["--set", "slack=0s"]).ends_with(2).says("a duration of zero");
    s.run(&["--set", "share=-5%"]).ends_with(2).says("less than nothing");
}

#[test]
fn a_word_without_quotes_beside_a_text_column_is_asked_about() {
    let s =
        Scratch::new("lang_quotes", "create table t (id int primary key, status text not null, paid text)");
    for (body, help) in [
        ("on t; require status = posted", "if the text is meant, write `\"posted\"`"),
        ("require rows(t where posted != status) > 0", "if the text is meant, write `\"posted\"`"),
        ("on t; require status = paied", "did you mean `paid`? if the text is meant, write `\"paied\"`"),
    ] {
        s.refused("", body, help);
    }
    let run = s.refused("", "on t; require id = posted", "has no column `posted`");
    assert!(!run.said().contains("the text is meant"), "{}", run.said());
}

#[test]
fn a_tenant_that_cannot_be_is_said_once() {
    let s = Scratch::new(
        "lang_tenant",
        "create table tenant (id int primary key); insert into tenant values (1);
         create table t (id int primary key, tenant_id int not null references tenant); insert into t values (1, 1);
         create table firm (id uuid primary key); create table u (id int primary key, firm_id uuid)",
    );
    let checks = "check a { on t; require rows > 0 }\ncheck b { require tenancy is complete }\ncheck c { require rows(t) > 0 }";
    s.policy("tenancy tenant.id by tenant_id { global firm, u because \"test\" }", checks);
    s.run(&["--tenant", "1"]).ends_with(0);
    let run = s.run(&["--tenant", "abc"]).ends_with(2).says("there can be no tenant `abc`");
    run.says("1 error; nothing was run").says("`public.tenant.id` is `integer`");
    s.policy("tenancy firm.id by firm_id { global tenant, t because \"test\" }", checks);
    s.run(&["--tenant", "abc"]).ends_with(2).says("1 error; nothing was run");
    s.run(&["--tenant", "{00000000-0000-0000-0000-00000000000A}"]).says("there is no tenant");
}

#[test]
fn a_setting_is_compared_as_what_it_is() {
    let s = Scratch::new("lang_settings", "");
    for body in [
        "require db.setting(\"checkpoint_timeout\") = 5min",
        "require db.setting(\"checkpoint_timeout\") between 1min and 10min",
        "require db.setting(\"Checkpoint_Timeout\") < 1h",
        "require db.setting(\"wal_segment_size\") = 16MiB",
        "require db.setting(\"shared_buffers\") = 32MiB",
        "require db.setting(\"max_connections\") >= 60",
        "require db.setting(\"fsync\") = false",
        "require db.setting(\"checkpoint_timeout\") = \"5min\"",
        "require db.setting(\"fsync\") != \"on\"",
    ] {
        s.holds("", body);
    }
    s.broken("", "require db.setting(\"wal_segment_size\") > 1GiB", "16MiB");
    s.broken("", "require db.setting(\"checkpoint_timeout\") > 1h", "5min");
    for (body, why) in [
        ("require db.setting(\"archive_timeout\") <= 5min", "0 (off or without limit)"),
        ("require db.setting(\"temp_file_limit\") <= 1GiB", "-1 (off or without limit)"),
        ("require db.setting(\"shared_buffers\") > 100", "4096 8kB"),
        ("require db.setting(\"max_connections\") > 1min", "not a duration"),
        ("require db.setting(\"fsync\") > 1MiB", "`off`"),
        ("require db.setting(\"gone.setting\") > 1", "NULL"),
    ] {
        s.unproven("", body, why);
    }
    s.refused("", "require db.setting(\"max_wal_size\") >= \"1GB\"", "no order that means anything");
    s.refused(
        "",
        "require db.setting(\"max_wal_size\") between \"1GB\" and \"2GB\"",
        "no order that means anything",
    );
    s.refused(
        "",
        "require rows(t) > 0; when db.setting(\"max_wal_size\") > \"1GB\"",
        "no order that means anything",
    );
}

#[test]
fn a_decimal_beside_a_real_column_is_warned_about() {
    let s = Scratch::new(
        "lang_real",
        "create table t (id int primary key, r real not null, d float8 not null); insert into t values (1, 0.1, 0.1)",
    );
    let why = "`r` is `real`, which cannot hold 0.1 exactly";
    s.broken("", "on t; require r = 0.1", "").says(why).says("r between 0.0999999 and 0.1000001");
    s.holds("", "on t; require r between 0.0999999 and 0.1000001");
    for body in [
        "on t where r < 0.1; require rows = 0",
        "require rows(t where r in (0.1)) = 0",
        "on t; require r >= 0.1",
    ] {
        s.verify("", &format!("check c {{ {body}; allow empty }}")).says(why);
    }
    for body in ["on t; require r < 0.5", "on t; require d = 0.1", "on t; require r > 0"] {
        let run = s.holds("", body);
        assert!(!run.said().contains("exactly"), "{}", run.said());
    }
}

#[test]
fn a_missing_entry_table_is_said_once_whatever_needs_it() {
    let s = Scratch::new("lang_entry", "create table l (id int primary key, e int, d numeric, c numeric)");
    let words =
        "ledger books on l { entry e of gone; debit d; credit c; balance per e; totals gone.a, gone.b }";
    let run = s.unproven(words, "require books is balanced", "has no table `public.gone`");
    assert_eq!(run.stderr.matches("public.gone").count(), 1, "{}", run.said());
    assert_eq!(
        run.check("c")["reason"].as_str().unwrap().matches("public.gone").count(),
        1,
        "{}",
        run.said()
    );
}
