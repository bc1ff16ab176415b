//! Chains whose rows are hashed together with rows of other tables: one that is pointed to, and several that belong to it.
//! Every verdict is the same from the server, from its rows, and from an archive.

use crate::support::Scratch;

/// Entries with their lines and the user who made them, hashed by PostgreSQL in two ways; and seals kept beside them.
const BOOKS: &str = r#"
  create table person (id uuid primary key, email text, seen timestamptz not null);
  create table entry (id bigint primary key, tenant text not null, person uuid references person on delete set null,
                      note text not null, prev text, hash text, as_json text);
  create table line (entry bigint references entry, no int, account text not null, amount numeric(12, 2) not null, memo text);
  create table seal (entry bigint primary key references entry, prev text, hash text not null);
  create function sha(x text) returns text language sql as $$ select encode(sha256(convert_to(x, 'UTF8')), 'hex') $$;
  insert into person select md5('p' || n)::uuid, 'p' || n || '@example.org', '2026-01-01 00:00:00+00'::timestamptz + n * interval '1 day'
    from generate_series(1, 3) n;
  insert into entry select n, 't' || n % 2, md5('p' || 1 + n % 3)::uuid, 'note "' || n || '"' from generate_series(1, 24) n;
  insert into line select n, k, 'a' || k, n + k / 4.0, case when k % 2 = 0 then 'memo | ' || k end
    from generate_series(1, 24) n, lateral generate_series(1, n % 12) k order by md5(n || '.' || k);
  do $$
  declare e record; last text; sealed jsonb := '{}'; own text; p person; h text; lines text; listed text;
  begin
    for e in select * from entry order by id loop
      select * into p from person where id = e.person;
      select coalesce(string_agg(no || ':' || account || ':' || amount || ':' || coalesce(memo, '-'), ';' order by no), '') into lines
        from line where entry = e.id;
      own := sha(coalesce(last, '') || '|' || e.id || '|' || p.email || '|' || to_char(p.seen at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
                 || '|' || (select count(*) from line where entry = e.id) || '|' || lines);
      select coalesce(string_agg('{"no":' || no || ',"amount":' || amount || ',"memo":' || coalesce(to_json(memo)::text, 'null') || '}', ','
                                 order by no), '') into listed from line where entry = e.id;
      update entry set prev = last, hash = own,
        as_json = sha('{"note":' || to_json(e.note) || ',"by":' || to_json(p.email) || ',"lines":[' || listed || ']}') where id = e.id;
      last := own;
      h := sha(coalesce(sealed ->> e.tenant, 'GENESIS') || e.tenant || e.note);
      insert into seal values (e.id, coalesce(sealed ->> e.tenant, 'GENESIS'), h);
      sealed := sealed || jsonb_build_object(e.tenant, h);
    end loop;
  end $$;"#;

const CHAINS: &str = r#"
chain audit on entry {
  join person as p by person to id
  join each line by id to entry order by no
  order by id
  link prev genesis null
  hash hash = hex(sha256(join("|", prev ?? "", id, p.email, ts(p.seen, "%Y-%m-%d %H:%M"), count(line),
                              each(line, ";", join(":", line.no, line.account, line.amount, line.memo ?? "-")))))
}
chain listed on entry {
  join person by person to id
  join each line as l by id to entry order by no
  order by id
  link implicit genesis null
  hash as_json = hex(sha256(json(js, {
    note, by: person.email, lines: each(l, { no: l.no, amount: raw(l.amount), memo: l.memo ?? null }) })))
}
chain seals on seal {
  join entry as e by entry to id
  split by e.tenant
  order by e.id
  link prev genesis "GENESIS"
  hash hash = hex(sha256(cat(prev, e.tenant, e.note)))
}
"#;

const CHECKS: &str = "
check audit { require audit is intact }
check listed { require listed is intact }
check seals { require seals is intact }";

#[test]
fn rows_that_belong_to_a_row_are_hashed_with_it() {
    let s = Scratch::new("joins", BOOKS);
    let run = s.verify(CHAINS, CHECKS).ends_with(0);
    for chain in ["audit", "listed", "seals"] {
        assert_eq!(run.check(chain)["rows_examined"], 24, "{chain}");
    }
}

#[test]
fn a_change_in_any_of_them_is_seen() {
    // What is done, and what each chain then is.
    let faults: [(&str, [&str; 3]); 9] = [
        (
            "update line set amount = amount + 0.01 where entry = 23 and no = 11",
            ["broken", "broken", "holds"],
        ),
        ("update line set memo = '' where entry = 19 and no = 1", ["broken", "broken", "holds"]),
        ("update line set account = 'a9' where entry = 5 and no = 2", ["broken", "holds", "holds"]),
        ("delete from line where entry = 22 and no = 10", ["broken", "broken", "holds"]),
        ("insert into line values (12, 1, 'a1', 1, null)", ["broken", "broken", "holds"]),
        ("update line set entry = 13 where entry = 1", ["broken", "broken", "holds"]),
        ("update entry set note = 'other' where id = 7", ["holds", "broken", "broken"]),
        ("update seal set hash = sha('x') where entry = 9", ["holds", "holds", "broken"]),
        ("update entry set tenant = 't7' where id = 24", ["holds", "holds", "broken"]),
    ];
    for (n, (fault, verdicts)) in faults.into_iter().enumerate() {
        let s = Scratch::new(&format!("joins_fault_{n}"), BOOKS);
        s.sql(fault);
        let run = s.verify(CHAINS, CHECKS).ends_with(1);
        for (chain, verdict) in ["audit", "listed", "seals"].into_iter().zip(verdicts) {
            assert_eq!(run.check(chain)["verdict"], verdict, "{fault}: {:#}", run.check(chain));
        }
    }
}

#[test]
fn what_is_gone_or_in_no_order_proves_nothing_and_accuses_nobody() {
    let gone = Scratch::new("joins_gone", BOOKS);
    gone.sql("delete from person where email like 'p2%'");
    let run = gone.verify(CHAINS, CHECKS).ends_with(3);
    run.judges("audit", "unproven", "`p.email` is NULL, or the row that holds it is gone").judges(
        "listed",
        "unproven",
        "`person.email` is NULL",
    );

    let renamed = Scratch::new("joins_renamed", BOOKS);
    renamed.sql("update person set email = 'renamed@example.org' where email like 'p2%'");
    let run = renamed.verify(CHAINS, CHECKS).ends_with(3);
    run.judges("audit", "unproven", "was changed since").judges("listed", "unproven", "was changed since");

    let tied = Scratch::new("joins_tied", BOOKS);
    tied.sql("update line set no = 2 where entry = 5 and no = 3");
    let run = tied.verify(CHAINS, CHECKS).ends_with(3);
    run.judges("audit", "unproven", "have the same place").judges(
        "listed",
        "unproven",
        "have the same place",
    );

    let empty = Scratch::new("joins_empty", BOOKS);
    empty.sql("truncate line");
    empty
        .verify(CHAINS, CHECKS)
        .ends_with(3)
        .judges("audit", "unproven", "")
        .judges("listed", "unproven", "");
}

#[test]
fn what_cannot_be_joined_is_refused_by_name() {
    let s = Scratch::new("joins_refused", BOOKS);
    let chain = |join: &str, recipe: &str| {
        format!(
            "chain c on entry {{ {join}; order by id; link prev genesis null; hash hash = hex(sha256({recipe})) }}"
        )
    };
    let intact = "require c is intact";
    let person = "join person as p by person to id";
    let lines = "join each line by id to entry order by no";
    let absent = chain("join persons as p by person to id", "cat(p.email)");
    s.unproven(&absent, intact, "did you mean `person`");
    for (join, recipe, why) in [
        (person, "cat(q.email)", "no joined table of this name"),
        (person, "cat(p.mail)", "has no column `mail`"),
        ("join person as p by person to email", "cat(p.email)", "can never equal"),
        ("join person as p by person, id to id", "cat(p.email)", "not as many"),
        ("join line as l by id to entry", "cat(l.account)", "write `join each`"),
        ("join each line as l by id to entry", "each(l, \"\", l.account)", "add `order by COLUMN`"),
        ("join person as p by person to id order by id", "cat(p.email)", "one row has no order"),
        ("join person as p by person to id; join entry as p by id to id", "cat(p.email)", "joined twice"),
        (lines, "cat(line.account)", "of which row?"),
        (lines, "cat(line)", "has no column `line`"),
        (lines, "each(line, \";\", note)", "nothing of the rows is hashed"),
        (lines, "each(line, \";\", each(line, \",\", line.no))", "rows within rows"),
        (lines, "json(js, { lines: each(line, line.memo ?? omit) })", "is not left out"),
        (
            "join each line by id to entry order by amount",
            "each(line, \";\", line.no)",
            "cannot be put in order",
        ),
        ("", "cat(person.email)", "`join person by COLUMN to COLUMN`"),
    ] {
        println!("{join}; {recipe}");
        s.refused(&chain(join, recipe), intact, why);
    }
}

#[test]
fn a_column_named_as_a_joined_one_is_shown_is_not_it() {
    let s = Scratch::new("joins_named", BOOKS);
    s.sql("alter table entry add column \"p.email\" text; update entry set \"p.email\" = 'own'");
    let chain = |value: &str| {
        format!(
            "chain c on entry {{ join person as p by person to id; order by id; link implicit genesis null
             hash as_json = hex(sha256(cat(p.email, {value}))) }}"
        )
    };
    // What is hashed of both are two columns; one taken for the other would hash the same text twice.
    s.sql(
        "update entry set as_json = sha((select email from person where id = entry.person) || \"p.email\")",
    );
    s.holds(&chain("`p.email`"), "require c is intact");
    s.unproven(&chain("p.email"), "require c is intact", "recompute");
}
