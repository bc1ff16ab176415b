//! `chain find` where values of the rows that foreign keys point to were hashed.

use crate::support::{Dump, Run, Scratch, program};

const TABLES: &str = r#"
create table "Customer" (id uuid primary key, name text, email varchar(80), password_hash text);
create table site (id int primary key, code text unique not null, city text);
create table shut (id int primary key, name text);
insert into "Customer" select md5('c' || n)::uuid, 'Name ' || n, 'c' || n || '@example.org', md5('p' || n) from generate_series(1, 6) n;
insert into site select n, 'S-' || n, 'City ' || n % 3 from generate_series(1, 4) n;
insert into shut values (1, 'hidden');
create table visit (id int primary key, "customerId" uuid references "Customer", site_code text references site (code),
  shut_id int references shut, action text, prev_hash text, hash text);
create table listed (id int primary key, "customerId" uuid references "Customer", action text, prev_hash text, hash text);
create table plain (id int primary key, "customerId" uuid references "Customer", email text, action text, prev_hash text, hash text);
create function sha(x text) returns text language sql as $$ select encode(sha256(convert_to(x, 'UTF8')), 'hex') $$;
do $$ declare v text; l text; p text; next text; c "Customer"; city text; action text; begin
  for n in 1..24 loop
    select * into c from "Customer" where id = md5('c' || 1 + n % 6)::uuid;
    select s.city into city from site s where code = 'S-' || 1 + n % 4;
    action := (array['in', 'out', 'moved'])[1 + n % 3];
    next := sha(concat_ws('|', coalesce(v, 'GENESIS'), c.email, city, action));
    insert into visit values (n, c.id, 'S-' || 1 + n % 4, 1, action, v, next);
    v := next;
    next := sha('{"name":' || to_json(c.name) || ',"action":' || to_json(action) || ',"prevHash":' || coalesce(to_json(l)::text, 'null') || '}');
    insert into listed values (n, c.id, action, l, next);
    l := next;
    next := sha(concat_ws('|', p, c.email, action));
    insert into plain values (n, c.id, c.email, action, p, next);
    p := next;
  end loop;
end $$;"#;

fn find(s: &Scratch, table: &str, more: &[&str]) -> Run {
    let limits = ["--time-limit", "900", "--jobs", "2"];
    Run::of(program().env("DATABASE_URL", s.url()).args(["chain", "find", table]).args(limits).args(more))
}

fn block(run: &Run) -> String {
    let lines: Vec<&str> = run.stdout.lines().take_while(|line| !line.is_empty()).collect();
    if run.stdout.starts_with("chain ") { lines.join("\n") } else { String::new() }
}

#[test]
fn values_of_rows_that_are_pointed_to_are_found_and_verify() {
    let s = Scratch::new("chain_find_joined", TABLES);
    // One of the tables cannot be read; it takes no part, and the others do.
    s.sql("revoke select on shut from holdtrue_reader");
    let s = s.server_only();
    for (table, pieces) in [
        (
            "visit",
            &[
                "join Customer as customer by customerId to id join site as site_code by site_code to code order by",
                "join(\"|\", prev ?? \"GENESIS\", customer.email, site_code.city, action)",
            ][..],
        ),
        (
            "listed",
            &["join Customer as customer by customerId to id order by", "{ name: customer.name, action,"],
        ),
        // What the table has itself is no value of another one.
        ("plain", &["on plain { order by", "join(\"|\", prev ?? omit, email, action)"]),
    ] {
        let run = find(&s, table, &[]).ends_with(0);
        let flat = block(&run).split_whitespace().collect::<Vec<_>>().join(" ");
        for piece in pieces {
            assert!(flat.contains(piece), "{table}: `{piece}` should be in\n{}", run.said());
        }
        let verify = || s.verify(&block(&run), &format!("check c {{ require {table} is intact }}"));
        verify().ends_with(0).judges("c", "holds", "");
    }
    let archive = Dump::of(&crate::support::shared().url(&s.name), &["-Fc"]);
    let read = find(&s, "visit", &["--source", &format!("dump:{}", archive.path().display())]).ends_with(0);
    assert_eq!(block(&read), block(&find(&s, "visit", &[])));
    // A row that was changed is one that does not recompute, and is not explained by anything else.
    s.sql("update \"Customer\" set email = 'other@example.org' where name = 'Name 5'");
    find(&s, "visit", &["--candidates", "1000000"]).ends_with(3).says("20 of 24 recompute");
    // What was looked at is said, and what could not be.
    s.sql("update visit set hash = sha(hash || 'x'), prev_hash = sha(prev_hash || 'x')");
    let nothing = find(&s, "visit", &["--candidates", "5000"]).ends_with(3);
    assert!(block(&nothing).is_empty());
    nothing
        .says("`Customer.name`, `Customer.email`, `site.id`, `site.city` of the rows pointed to")
        .says("`shut_id` points to rows of public.shut, which could not be read: permission denied");
}
