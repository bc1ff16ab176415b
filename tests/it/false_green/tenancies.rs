//! References between tenants' rows that only look as if they crossed, or as if they did not.

use crate::support::Scratch;

/// A group of companies, each a tenant, and invoices within them.
const GROUP: &str = "create table tenant (id text primary key, parent_id text references tenant, follows text);
     insert into tenant values ('holding', null, null), ('north', 'holding', null), ('south', 'holding', 'north');
     create table customer (id int primary key, tenant_id text not null references tenant);
     create table invoice (id int primary key, tenant_id text not null references tenant, customer_id int not null references customer);
     insert into customer values (1, 'north'), (2, 'south');
     insert into invoice values (1, 'north', 1), (2, 'south', 2);";

#[test]
fn a_tenant_under_another_tenant_crosses_nothing() {
    let s = Scratch::new("fg_tenant_group", GROUP);
    let words = "tenancy tenant.id by tenant_id";
    s.holds(words, "require tenancy is isolated")
        .says("foreign key `parent_id` of `public.tenant` was left out");
    s.sql("update invoice set customer_id = 1 where id = 2");
    let run = s.broken(words, "require tenancy is isolated", "1 case");
    assert_eq!(
        run.findings("c"),
        ["cross_tenant public.invoice id=2 customer_id=1 its tenant=south tenant pointed to=north"]
    );
}

#[test]
fn a_declared_link_between_tenants_is_taken_at_its_word() {
    let s = Scratch::new("fg_tenant_link", GROUP);
    let words = "tenancy tenant.id by tenant_id { link tenant.follows to tenant.id }";
    let run = s.broken(words, "require tenancy is isolated", "1 case");
    assert_eq!(
        run.findings("c"),
        ["cross_tenant public.tenant id=south follows=north its tenant=south tenant pointed to=north"]
    );
    let words = "tenancy tenant.id by tenant_id { link tenant.parent_id to tenant.id }";
    s.broken(words, "require tenancy is isolated", "2 cases");
}

#[test]
fn tenants_alone_are_isolated_from_nobody() {
    let s = Scratch::new(
        "fg_tenant_alone",
        "create table tenant (id text primary key, parent_id text references tenant);
         insert into tenant values ('holding', null), ('north', 'holding');",
    );
    s.unproven("tenancy tenant.id by tenant_id", "require tenancy is isolated", "nothing shows isolation");
}

/// Numbers that every tenant counts from one, so that a number alone is no key.
const NUMBERED: &str = "create table tenant (id text primary key); insert into tenant values ('a'), ('b'), ('c');
     create table doc (id int primary key, tenant_id text not null, no text not null);
     create table note (id int primary key, tenant_id text not null, doc_no text);
     insert into doc values (1, 'a', 'N1'), (2, 'b', 'N1'), (3, 'b', 'N2'), (4, 'b', 'N2'), (5, 'a', 'N3'), (6, 'a', 'N3');
     insert into note values (1, 'a', 'N1'), (2, 'b', 'N1'), (3, 'b', 'N2'), (4, 'a', 'N3'), (5, 'a', null);";

#[test]
fn a_number_that_several_tenants_use_leads_to_ones_own() {
    let s = Scratch::new("fg_link_shared", NUMBERED);
    let words = "tenancy tenant.id by tenant_id { link note.doc_no to doc.no }";
    s.holds(words, "require tenancy is isolated");
    s.sql("insert into note values (6, 'a', 'N2'), (7, 'c', 'N1'), (8, 'a', 'N9')");
    let run = s.broken(words, "require tenancy is isolated", "3 cases");
    assert_eq!(
        run.findings("c"),
        [
            "cross_tenant public.note id=6 doc_no=N2 its tenant=a tenant pointed to=b",
            "cross_tenant public.note id=7 doc_no=N1 its tenant=c tenant pointed to=a",
            "cross_tenant public.note id=8 doc_no=N9 its tenant=a tenant pointed to=null",
        ]
    );
    for (tenant, cases) in [("a", "2 cases"), ("c", "1 case")] {
        s.run(&["--tenant", tenant]).ends_with(1).judges("c", "broken", cases);
    }
    s.run(&["--tenant", "b"]).ends_with(0).judges("c", "holds", "");
}

#[test]
fn a_shared_number_leads_to_ones_own_through_a_parent() {
    let s = Scratch::new(
        "fg_link_reached",
        "create table tenant (id text primary key); insert into tenant values ('a'), ('b');
         create table doc (id int primary key, tenant_id text not null); insert into doc values (1, 'a'), (2, 'b');
         create table page (id int primary key, doc_id int not null references doc, no text not null);
         create table note (id int primary key, tenant_id text not null, page_no text not null);
         insert into page values (1, 1, 'P1'), (2, 2, 'P1'), (3, 2, 'P2');
         insert into note values (1, 'a', 'P1'), (2, 'b', 'P1'), (3, 'b', 'P2');",
    );
    let words =
        "tenancy tenant.id by tenant_id { reached page through doc_id of doc; link note.page_no to page.no }";
    s.holds(words, "require tenancy is isolated");
    s.sql("insert into note values (4, 'a', 'P2')");
    let run = s.broken(words, "require tenancy is isolated", "1 case");
    assert_eq!(
        run.findings("c"),
        ["cross_tenant public.note id=4 page_no=P2 its tenant=a tenant pointed to=b"]
    );
}
