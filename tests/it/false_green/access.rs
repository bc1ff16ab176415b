//! What the role cannot see, and servers that do not let it in.

use crate::support::{Cluster, Options, Run, Scratch, program, shared};

#[test]
fn a_table_without_select_is_unproven_and_its_neighbour_is_judged() {
    let s = Scratch::new(
        "fg_denied",
        "create table open (id int primary key); insert into open values (1);
         create table shut (id int primary key, open_id int not null references open); insert into shut values (1, 1);",
    ).server_only();
    s.sql("revoke select on shut from holdtrue_reader");
    let run = s.verify(
        "ledger books on shut { amount id; balance overall }",
        "check a { on shut; require id > 0 }
         check b { on open; require id > 0 }
         check c { on open; require id in shut.id }
         check d { on *; require rows >= 1 }
         check e { require every foreign_key is valid }
         check f { require books is balanced }
         check g { require sql returns no rows $$ select 1 from shut where id < 0 $$ }",
    );
    let run = run.ends_with(3).judges("b", "holds", "");
    let run = ["a", "c", "d", "e", "f", "g"]
        .into_iter()
        .fold(run, |run, id| run.judges(id, "unproven", "permission denied for table shut"));
    run.says("grant the role USAGE and SELECT");
}

#[test]
fn a_schema_without_usage_is_unproven() {
    let s = Scratch::new(
        "fg_usage",
        "create schema hidden; create table hidden.t (id int primary key); insert into hidden.t values (1);",
    )
    .server_only();
    s.unproven("", "on hidden.t; require id > 0", "permission denied for schema hidden");
}

#[test]
fn columns_that_may_not_be_read_spoil_only_the_checks_that_need_them() {
    let s = Scratch::new(
        "fg_columns",
        "create table t (id int primary key, secret int not null); insert into t values (1, 1);",
    )
    .server_only();
    s.sql("revoke select on t from holdtrue_reader; grant select (id) on t to holdtrue_reader");
    s.verify("", "check a { on t; require id > 0 }\ncheck b { on t; require secret > 0 }")
        .ends_with(3)
        .judges("a", "holds", "")
        .judges("b", "unproven", "permission denied");
}

#[test]
fn rows_hidden_by_a_policy_are_not_absent() {
    let s = Scratch::new(
        "fg_rls",
        "create table t (id int primary key, tenant text not null, ok boolean not null);
         insert into t values (1, 'a', true), (2, 'b', false);
         alter table t enable row level security;
         create policy visible on t for select using (tenant = 'a');
         create view v with (security_invoker = false) as select * from t;
         create role fg_rls_owner; grant select on t to fg_rls_owner;
         create view w as select * from t; alter view w owner to fg_rls_owner;",
    )
    .server_only();
    for relation in ["t", "w"] {
        s.unproven("", &format!("on {relation}; require (ok = true)"), "row-level security");
        s.unproven(
            "",
            &format!("require sql returns no rows $$ select 1 from {relation} where not ok $$"),
            "row-level security",
        );
    }
    // The superuser's view sees everything, and so does whoever reads through it.
    s.broken("", "on v; require (ok = true)", "1 case");
}

#[test]
fn an_address_that_leads_nowhere_proves_nothing() {
    let s = Scratch::new("fg_nowhere", "create table t (id int primary key); insert into t values (1)")
        .server_only();
    s.policy("", "check c { on t; require id > 0 }");
    let run = |url: &str| Run::of(s.command(&[]).env("DATABASE_URL", url)).ends_with(3);
    run(&shared().url_as("holdtrue_reader", "no_such_database")).judges("c", "unproven", "no_such_database");
    run("postgresql://reader@127.0.0.1:1/x").judges("c", "unproven", "refused");
    run(&shared().url_as("nobody_at_all", "fg_nowhere")).judges("c", "unproven", "nobody_at_all");
    run("mysql://root@localhost/x").judges("c", "unproven", "");
    run("").judges("c", "unproven", "`DATABASE_URL` is not set");
    Run::of(s.command(&[]).env_remove("DATABASE_URL")).ends_with(3).judges(
        "c",
        "unproven",
        "`DATABASE_URL` is not set",
    );
}

#[test]
fn a_wrong_password_is_refused_and_shown_nowhere() {
    let cluster = Cluster::start(&Options { tcp: true, settings: Vec::new() });
    cluster.psql("postgres", "create role careful login password 'right-horse'; create table t (id int); insert into t values (1); grant select on t to careful");
    let hba = cluster.folder().join("data/pg_hba.conf");
    std::fs::write(
        &hba,
        "host all careful 127.0.0.1/32 scram-sha-256\nhost all postgres 127.0.0.1/32 trust\n",
    )
    .unwrap();
    cluster.psql("postgres", "select pg_reload_conf()");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let s = Scratch::around("postgres");
    s.policy("", "check c { on t; require id > 0 }");
    let place = cluster.url_as("careful", "postgres");
    let with = |password: &str| place.replace("careful@", &format!("careful:{password}@"));
    let run = Run::of(s.command(&[]).env("DATABASE_URL", with("wrong-horse"))).ends_with(3);
    assert!(!run.said().contains("wrong-horse"), "{}", run.said());
    run.judges("c", "unproven", "password authentication failed");
    let run = Run::of(s.command(&["-vv"]).env("DATABASE_URL", with("right-horse"))).ends_with(0);
    assert!(!run.said().contains("right-horse"), "{}", run.said());
    Run::of(s.command(&[]).env("DATABASE_URL", place)).ends_with(3).judges(
        "c",
        "unproven",
        "asks for a password",
    );
}

#[test]
fn a_role_that_can_write_is_not_believed() {
    let s = Scratch::new("fg_writer", "create table t (id int primary key); insert into t values (1)")
        .server_only();
    s.policy("", "check c { on t; require id > 0 }");
    let superuser = shared().url("fg_writer");
    Run::of(s.command(&[]).env("DATABASE_URL", &superuser))
        .ends_with(2)
        .says("it is a superuser")
        .says("Nothing was run");
    Run::of(s.command(&["--allow-privileged-role"]).env("DATABASE_URL", &superuser))
        .ends_with(0)
        .says("a role that can write was allowed");
    s.sql("grant update on t to holdtrue_reader");
    s.run(&[]).ends_with(2).says("may INSERT, UPDATE, DELETE or TRUNCATE");
}

#[test]
fn the_program_without_home_and_environment_still_names_the_cause() {
    let s = Scratch::around("postgres");
    s.file("p.hold", "policy t { language 1; owner \"@t\" }\nsource postgres db\ngate g on db { check c { on t; require rows > 0 } }\n");
    let mut command = program();
    command.env_clear().current_dir(s.folder()).args(["verify", "p.hold"]);
    Run::of(&mut command).ends_with(3);
}
