//! Keys that are not the primary key, sequences that were set, accounts without an order, and secrets in odd places.

use crate::support::{Run, Scratch, program};

const TENANTS: &str = "
    create table tenant (id text primary key); insert into tenant values ('A'), ('B');
    create table doc (id text primary key, no text unique not null, tenant_id text not null);
    insert into doc select 'd' || g, 'N' || g, case when g % 2 = 0 then 'A' else 'B' end from generate_series(1, 100) g;
    create table cust (id int primary key, tenant_id text not null); insert into cust values (1, 'A'), (2, 'B');
    create table item (id int primary key, doc_no text not null references doc (no), cust_id int not null references cust);
    insert into item select g, 'N' || g, case when g % 2 = 0 then 1 else 2 end from generate_series(1, 100) g;
    update item set cust_id = 2 where id = 10;
    create table entry (id int primary key, no int unique not null); insert into entry select g, 1000 + g from generate_series(1, 9) g;
    create table line (id int primary key, no int not null references entry (no), amt int not null);
    insert into line select g, 1000 + g, g from generate_series(1, 9) g union all select g + 9, 1000 + g, -g from generate_series(1, 9) g";

#[test]
fn a_foreign_key_says_which_key_is_meant() {
    let s = Scratch::new("fg_other_key", TENANTS);
    let tenancy = "tenancy tenant.id by tenant_id { reached item through doc_no of doc; global entry, line because \"x\" }";
    s.policy(tenancy, "check c { require tenancy is isolated }");
    for narrowed in [&[][..], &["--tenant", "A"]] {
        s.run(narrowed).ends_with(1).judges("c", "broken", "cust_id");
    }
    let ledger = "ledger l on line { entry no of entry; amount amt; balance per no, overall }";
    s.holds(ledger, "require l is balanced");
}

#[test]
fn a_row_that_inherits_its_tenant_from_what_it_points_to_proves_nothing() {
    let s = Scratch::new(
        "fg_inherited",
        "create table tenant (id int primary key); insert into tenant values (1), (2);
         create table doc (id int primary key, tenant_id int not null); insert into doc values (1, 1), (2, 2);
         create table item (id int primary key, doc_id int not null references doc); insert into item values (1, 1)",
    );
    let tenancy = "tenancy tenant.id by tenant_id { reached item through doc_id of doc }";
    s.unproven(tenancy, "require tenancy is isolated", "nothing shows isolation");
}

#[test]
fn an_account_without_an_order_is_undecided() {
    let s = Scratch::new(
        "fg_no_order",
        "create table gl (id int primary key, acct int, at date, amt numeric not null, bal numeric not null);
         insert into gl values (1, 1, '2026-01-01', 10, 10), (2, 1, '2026-01-02', 5, 15), (3, 1, null, 5, 20)",
    );
    let ledger = "ledger l on gl { amount amt; running bal per acct order by at }";
    s.unproven(ledger, "require l is balanced", "3 cases");
}

#[test]
fn a_sequence_is_judged_by_what_it_hands_out_next() {
    let s = Scratch::new(
        "fg_sequences",
        "create table sq (id serial primary key, n int); insert into sq (n) select g from generate_series(1, 50) g;
         alter sequence sq_id_seq restart with 1000;
         create table z (id int primary key); create sequence zs minvalue 0 start 0 owned by z.id;
         alter table z alter id set default nextval('zs'); insert into z values (0);
         grant select on all sequences in schema public to public",
    );
    s.holds("", "on sq; require every sequence is ahead");
    s.broken("", "on z; require every sequence is ahead", "public.zs");
}

#[test]
fn a_timeout_below_the_servers_resolution_is_still_a_timeout() {
    let s = Scratch::new("fg_tiny_timeout", "create table t (id int); insert into t values (1)");
    let sql = "require sql returns no rows $$ select 1 from t, generate_series(1, 20000000) g where g < 0 $$";
    s.unproven("", &format!("{sql}; timeout 999us"), "");
}

#[test]
fn a_mistyped_address_does_not_show_its_password() {
    let s = Scratch::new("fg_secrets", "create table t (id int); insert into t values (1)");
    s.policy("", "check c { require rows(t) > 0 }");
    for address in ["postgres:/reader:SECRETpw@localhost:1/s", "postgresql//reader:SECRETpw@localhost:1/s"] {
        let run = Run::of(s.command(&[]).env("DATABASE_URL", address)).ends_with(3);
        assert!(!run.said().contains("SECRETpw"), "{}", run.said());
    }
    let run = s.run(&["--source", "postgres://reader:SECRETpw@h/s"]).ends_with(2);
    assert!(!run.said().contains("SECRETpw"), "{}", run.said());
    let text = "policy p { language 1 }\nsource postgres db from \"postgres://u:SECRETpw@h/s\"\n";
    let run = Run::of(program().arg("lint").arg(s.file("secret.hold", text))).ends_with(2).says("HT0216");
    assert!(!run.said().contains("SECRETpw"), "{}", run.said());
}
