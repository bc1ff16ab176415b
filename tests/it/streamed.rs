//! Measurements on the rows of a server: in parts that are read side by side, and within what may be fetched.

use crate::support::{Run, Scratch, same};

/// A ledger with its entries, and a chain, on so many blocks that each table is read in several parts. Entries have lines
/// in different parts.
const LARGE: &str = "
  create table entry (id int primary key, tenant text not null, total numeric not null) with (fillfactor = 10);
  create table line (id int primary key, entry int not null, tenant text not null, debit numeric not null, credit numeric not null,
                     note text not null) with (fillfactor = 10);
  create table log (id int not null, body text not null, prev text, hash text not null, named text primary key) with (fillfactor = 10);
  insert into entry select n, 't' || n % 7, 10 from generate_series(1, 20000) n;
  insert into line select n, 1 + n % 20000, 't' || (1 + n % 20000) % 7, case when n <= 20000 then 10 else 0 end,
                          case when n > 20000 then 10 else 0 end, repeat('x', 60) from generate_series(1, 40000) n;
  do $$
  declare h text; p text;
  begin
    for n in 1..30000 loop
      p := h;
      h := encode(sha256(convert_to(coalesce(p, '') || 'event ' || n, 'UTF8')), 'hex');
      insert into log values (n, 'event ' || n, p, h, 'row ' || n);
    end loop;
  end $$;
  analyze;";

const DECLARED: &str = "
ledger books on line { entry entry of entry; debit debit; credit credit; balance per entry, overall; totals entry.total }
chain audit on log { order by id; link prev genesis null; hash hash = hex(sha256(cat(prev ?? \"\", body))) }";

const CHECKS: &str = "
  check books { require books is balanced }
  check known { require (line.entry, line.tenant) in (entry.id, entry.tenant) }
  check once { on line; require unique id }
  check audit { require audit is intact }
  check noted { on line; require note != \"y\" }
  check newest { require max(log.id) = 30000 }";

/// Faults, and the checks that each breaks.
const FAULTS: [(&str, &[&str]); 8] = [
    ("select 1", &[]),
    ("update line set credit = credit + 0.01 where id = 39999", &["books"]),
    ("update line set tenant = 'nobody' where id = 39998", &["known"]),
    ("update log set body = 'other' where id = 29990", &["audit"]),
    ("update log set body = 'other' where id = 15000", &["audit"]),
    ("delete from log where id = 15001", &["audit"]),
    ("alter table line drop constraint line_pkey; update line set id = 1 where id = 40000", &["once"]),
    ("update line set note = 'y' where id = 40000", &["noted"]),
];

#[test]
fn parts_are_put_together_as_one_and_say_what_the_whole_says() {
    for (n, (fault, broken)) in FAULTS.into_iter().enumerate() {
        let s = Scratch::new(&format!("streamed_parts_{n}"), LARGE);
        s.sql(fault);
        s.policy(DECLARED, CHECKS);
        let asked = Run::of(&mut s.command(&["--engine", "server"]));
        let judged = asked.json();
        let found: Vec<&str> = judged["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|c| c["verdict"] == "broken")
            .filter_map(|c| c["id"].as_str())
            .collect();
        assert_eq!(found, broken, "{fault}\n{}", asked.said());
        for jobs in ["1", "3"] {
            let mut command = s.command(&["--engine", "stream", "--jobs", jobs]);
            let streamed = Run::of(command.env("HOLDTRUE_LOG", "debug"));
            same(&asked, &streamed);
            assert_eq!(streamed.stderr.contains("of=3"), jobs == "3", "{}", streamed.stderr);
        }
    }
}

#[test]
fn no_more_is_fetched_than_is_allowed() {
    let s = Scratch::new("streamed_transfer", LARGE);
    s.policy(DECLARED, CHECKS);
    // The server does what it can; a chain it cannot.
    let run = Run::of(&mut s.command(&["--engine", "stream", "--max-transfer", "1MiB"])).ends_with(3);
    let run = run.judges("books", "holds", "").judges("known", "holds", "").judges("once", "holds", "");
    let _ = run.judges("audit", "unproven", "--max-transfer");
    let _ = Run::of(&mut s.command(&["--engine", "stream", "--max-transfer", "64MiB"])).ends_with(0);
}

#[test]
fn a_plan_says_how_relations_are_read_and_why() {
    let s = Scratch::new("streamed_plan", LARGE);
    s.policy(DECLARED, CHECKS);
    let plan = |engine: &str| {
        let mut command = crate::support::program();
        command.current_dir(s.folder()).env("DATABASE_URL", s.url());
        Run::of(command.args(["plan", "p.hold", "--engine", engine])).ends_with(0)
    };
    let _ = plan("server").says("db public.line: by the server").says("db public.log: by the server");
    let _ = plan("auto").says("db public.log: on its rows here").says("which no server can do");
    let _ = plan("stream")
        .says("db public.line: on its rows here")
        .says("COPY \"public\".\"line\"")
        .says("as `--engine stream` asks for");
}

/// Keys whose types and spellings differ on the two sides, and rows that only some roles or collations would see alike.
const KEYS: &str = "
  create table kp (i int primary key, b bigint, n numeric, c8 char(8), v varchar, u uuid, ts timestamp, tz timestamptz, d date, f float8);
  insert into kp select g, g, g::numeric / 10, 'k' || g, 'k' || g, ('00000000-0000-0000-0000-' || lpad(g::text, 12, '0'))::uuid,
    timestamp '2026-01-01' + g * interval '1 h', timestamptz '2026-01-01 00:00+00' + g * interval '1 h', date '2026-01-01' + g, g / 4.0
    from generate_series(1, 50) g;
  create table kc (id int primary key, i bigint, b smallint, n numeric(10,4), c5 char(5), v text, u uuid, ts timestamp(3), tz timestamptz,
                   d date, f float8);
  insert into kc select id, g, g, g::numeric / 10, 'k' || g, 'k' || g, ('00000000-0000-0000-0000-' || lpad(g::text, 12, '0'))::uuid,
    timestamp '2026-01-01' + g * interval '1 h', timestamptz '2026-01-01 00:00+00' + g * interval '1 h', date '2026-01-01' + g, g / 4.0
    from (select id, 1 + id % 50 as g from generate_series(1, 300) id) q;
  create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create table fc (id int primary key, v text collate folded); insert into fc values (1, 'K1');
  create table heir (id int, v text); create table heir_too () inherits (heir); insert into heir values (1, 'k1'), (2, 'k2');
  insert into heir_too values (3, 'k3');
  create table made (id int primary key, v text, w text generated always as (v || 'x') stored); insert into made (id, v) values (1, 'k1');";

const SAME: [(&str, &str); 14] = [
    ("i", "kc.i in kp.i"),
    ("b", "kc.b in kp.b"),
    ("n", "kc.n in kp.n"),
    ("c", "kc.c5 in kp.c8"),
    ("v", "kc.v in kp.v"),
    ("u", "kc.u in kp.u"),
    ("ts", "kc.ts in kp.ts"),
    ("tz", "kc.tz in kp.tz"),
    ("d", "kc.d in kp.d"),
    ("f", "kc.f in kp.f"),
    ("cv", "(kc.c5, kc.v) in (kp.c8, kp.v)"),
    ("folded", "fc.v in kp.v"),
    ("heirs", "heir.v in kp.v"),
    ("made", "made.v in kp.v"),
];

#[test]
fn keys_of_every_type_meet_or_miss_as_in_the_server() {
    let s = Scratch::new("streamed_keys", KEYS);
    let checks: Vec<String> =
        SAME.iter().map(|(id, what)| format!("check {id} {{ require {what} }}")).collect();
    // On the rows and on an archive the same must come out.
    let run = s.verify("", &checks.join("\n"));
    for (id, _) in SAME {
        assert_eq!(run.check(id)["verdict"], "holds", "{id}: {}", run.said());
    }
    s.sql(
        "update kc set n = n + 0.0001, c5 = 'kx', v = 'zz', ts = ts + interval '1 ms', tz = tz + interval '1 us', d = d + 100,
           f = f + 1e-9, u = 'ffffffff-0000-0000-0000-000000000000', i = -1, b = -1 where id = 7;
         update fc set v = 'K1x'; insert into heir_too values (4, 'nobody'); update made set v = 'nobody';",
    );
    let run = s.run(&[]);
    for (id, _) in SAME {
        assert_eq!(run.check(id)["findings_total"], 1, "{id}: {}", run.said());
    }
}
