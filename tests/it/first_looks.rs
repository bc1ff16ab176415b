//! What a first look leaves out: columns that only name rows of a chain, and references that a wider one settles. Whatever is
//! amiss, everything that is reported is the same as if it had been read at once: by the server, on its rows, and on an archive.

use serde_json::Value;

use crate::support::{Run, Scratch, program, same};

/// Two chains in one table, whose key is in no hash and no order.
const LOG: &str = "
  create table log (tenant text not null, seq int not null, body text not null, prev text, hash text, id text primary key);
  create function sha(x text) returns text language sql as $$ select encode(sha256(convert_to(x, 'UTF8')), 'hex') $$;
  do $$
  declare head text; h text; t int; n int;
  begin
    for n in 1..30 loop
      for t in 1..2 loop
        select hash into head from log where tenant = 't' || t and seq = n - 1;
        insert into log values ('t' || t, n, 'event ' || n, head, sha(coalesce(head, '') || 'event ' || n), 'row-' || t || '-' || n);
      end loop;
    end loop;
  end $$;
  create table kept as select * from log order by ctid;";

fn chain(more: &str) -> String {
    format!(
        "chain audit on log {{
           split by tenant
           order by seq
           link prev genesis null
           hash hash = hex(sha256(cat(prev ?? \"\", body)))
           {more}
         }}"
    )
}

const INTACT: &str = "check c { require audit is intact }";

/// A run by the server, one on its rows in one piece and one in several, and one on an archive.
fn everywhere(s: &Scratch, arguments: &[&str]) -> [Run; 3] {
    let by = |engine: &str| Run::of(s.command(arguments).args(["--engine", engine]));
    [by("server"), by("stream"), s.archived(arguments)]
}

/// Everything that a check says, but for the time it took.
fn said(run: &Run) -> Value {
    let mut check = run.check("c");
    if let Some(fields) = check.as_object_mut() {
        fields.remove("duration_ms");
    }
    check
}

/// What is done to the log, and the kind of finding that comes of it; none where it holds.
const DONE_TO_LOG: [(&str, &str); 11] = [
    ("select 1", ""),
    ("update log set body = 'forged' where id = 'row-1-7'", "altered_row"),
    ("update log set body = 'forged' where id = 'row-2-30'", "altered_row"),
    ("update log set hash = sha('x') where id = 'row-1-7'", "hash_edited"),
    ("update log set prev = sha('x') where id = 'row-1-7'", "link_edited"),
    ("delete from log where id = 'row-2-9'", "broken_link"),
    ("delete from log where id = 'row-1-1'", "missing_genesis"),
    ("update log set hash = null where id = 'row-1-7'", "unchained_row"),
    (
        "insert into log select tenant, seq, body, prev, hash, 'copy' from log where id = 'row-1-7'",
        "duplicate",
    ),
    // The bodies of two rows, and two rows' places in the order.
    (
        "update log a set body = b.body from log b where a.tenant = 't1' and b.tenant = 't1' and (a.seq, b.seq) in ((7, 8), (8, 7))",
        "altered_row",
    ),
    (
        "update log set seq = case seq when 7 then 8 else 7 end where tenant = 't1' and seq in (7, 8)",
        "reordered",
    ),
];

#[test]
fn rows_of_a_chain_are_named_as_if_their_keys_had_been_read_at_once() {
    let s = Scratch::new("looks_chain", LOG);
    s.policy(&chain(""), INTACT);
    for (done, kind) in DONE_TO_LOG {
        s.sql(&format!("truncate log; insert into log select * from kept; {done}"));
        let [asked, streamed, archived] = everywhere(&s, &[]);
        let asked = asked.judges("c", if kind.is_empty() { "holds" } else { "broken" }, kind);
        for other in [&streamed, &archived] {
            assert_eq!(said(&asked), said(other), "{done}\n{}", other.said());
        }
        if !kind.is_empty() {
            let named = asked.findings("c");
            assert!(named.iter().all(|finding| finding.contains(" id=")), "{done}: {named:?}");
        }
    }
    // Rows that do not lie in order are sorted, and in order then.
    s.sql("truncate log; insert into log select * from kept order by id desc");
    for run in everywhere(&s, &[]) {
        let _ = run.ends_with(0).judges("c", "holds", "60 looked at");
    }
}

#[test]
fn what_is_taken_of_the_last_rows_and_compared_with_it_stays() {
    let s = Scratch::new("looks_heads", LOG);
    s.policy(&chain(""), INTACT);
    let ways: [&[&str]; 3] = [&["--engine", "server"], &["--engine", "stream"], &[]];
    let heads: Vec<String> = (0..3)
        .map(|n| {
            let file = format!("heads-{n}.jsonl");
            let arguments = [ways[n], &["--heads", &file]].concat();
            let run = if n == 2 { s.archived(&arguments) } else { Run::of(&mut s.command(&arguments)) };
            let _ = run.ends_with(0);
            std::fs::read_to_string(s.folder().join(file)).unwrap()
        })
        .collect();
    assert_eq!(heads[0].lines().count(), 2);
    assert!(heads.iter().all(|text| *text == heads[0]), "{heads:#?}");
    s.policy(&chain("anchor from \"heads-1.jsonl\""), INTACT);
    for (done, kind) in [("", ""), ("delete from log where tenant = 't2' and seq > 27", "truncated_tail")] {
        s.sql(done);
        let [asked, streamed, archived] = everywhere(&s, &[]);
        let asked = asked.judges("c", if kind.is_empty() { "holds" } else { "broken" }, kind);
        for other in [&streamed, &archived] {
            assert_eq!(said(&asked), said(other), "{done}\n{}", other.said());
        }
    }
}

#[test]
fn a_key_that_may_not_be_read_keeps_nothing_from_being_verified_and_accuses_nobody() {
    let s = Scratch::new("looks_denied", LOG).server_only();
    s.policy(&chain(""), INTACT);
    s.sql(
        "revoke select on log from public, holdtrue_reader;
         grant select (tenant, seq, body, prev, hash) on log to holdtrue_reader",
    );
    for (done, verdict, why) in [
        ("select 1", "holds", "60 looked at"),
        ("update log set body = 'forged' where seq = 7", "unproven", "permission denied"),
    ] {
        s.sql(done);
        let _ = Run::of(&mut s.command(&["--engine", "stream"])).judges("c", verdict, why);
    }
}

#[test]
fn a_plan_fetches_no_column_that_only_names_rows() {
    let s = Scratch::new("looks_plan", LOG);
    s.policy(&chain(""), INTACT);
    let mut command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url());
    let _ = Run::of(command.args(["plan", "p.hold"]))
        .ends_with(0)
        .says("COPY \"public\".\"log\" (\"tenant\", \"seq\", \"prev\", \"hash\", \"body\") TO STDOUT");
}

const BOOKS: &str = "
  create table entry (id int primary key, tenant text not null);
  insert into entry select n, 't' || n % 3 from generate_series(1, 300) n;
  create table line (id int primary key, entry int, tenant text);
  insert into line select n, 1 + n % 300, 't' || (1 + n % 300) % 3 from generate_series(1, 900) n;
  create table kept as select * from line;";

const REFERENCES: &str = "
check narrow { require line.entry in entry.id }
check loose { require line.entry in entry.id or null }
check wide { require (line.entry, line.tenant) in (entry.id, entry.tenant) }";

/// What is done to the lines, what each of `narrow`, `loose` and `wide` then is, and whether the wide one settles the others: a
/// row without an entry is one that none of them speaks of, and is counted for itself.
const DONE_TO_LINES: [(&str, [&str; 3], bool); 7] = [
    ("select 1", ["holds", "holds", "holds"], true),
    ("update line set entry = 301 where id = 7", ["broken", "broken", "broken"], false),
    ("update line set tenant = 't9' where id = 7", ["holds", "holds", "broken"], false),
    ("update line set entry = null where id = 7", ["broken", "holds", "broken"], true),
    ("update line set tenant = null where id = 7", ["holds", "holds", "broken"], false),
    ("update line set entry = 301, tenant = null where id = 7", ["broken", "broken", "broken"], false),
    (
        "update line set entry = entry + 1000, tenant = 't9' where id % 100 = 7",
        ["broken", "broken", "broken"],
        false,
    ),
];

/// What settled something, in the facts of a run.
fn settled(s: &Scratch, arguments: &[&str], archive: bool) -> (Run, bool) {
    let arguments = [arguments, &["--save-facts", "facts.json"]].concat();
    let run = if archive { s.archived(&arguments) } else { Run::of(&mut s.command(&arguments)) };
    let facts = std::fs::read_to_string(s.folder().join("facts.json")).unwrap();
    std::fs::remove_file(s.folder().join("facts.json")).unwrap();
    (run, facts.contains("\"settled\""))
}

#[test]
fn a_reference_is_looked_at_where_the_wider_one_leaves_it_open() {
    let s = Scratch::new("looks_references", BOOKS);
    s.policy("", REFERENCES);
    for (done, verdicts, spared) in DONE_TO_LINES {
        s.sql(&format!("truncate line; insert into line select * from kept; {done}"));
        let (asked, short) = settled(&s, &["--engine", "server"], false);
        assert_eq!(short, spared, "{done}");
        for (id, verdict) in ["narrow", "loose", "wide"].into_iter().zip(verdicts) {
            assert_eq!(asked.check(id)["verdict"], verdict, "{done}: {id}\n{}", asked.said());
        }
        for (run, as_short) in [settled(&s, &["--engine", "stream"], false), settled(&s, &[], true)] {
            same(&asked, &run);
            assert_eq!(as_short, spared, "{done}\n{}", run.said());
        }
    }
    // Without it, and where only some are asked for, each is looked at.
    s.sql("truncate line; insert into line select * from kept");
    for check in ["narrow", "wide"] {
        let (run, short) = settled(&s, &["--engine", "stream", "--check", check], false);
        assert!(!short);
        let _ = run.judges(check, "holds", "900 looked at");
    }
}

#[test]
fn a_reference_does_not_wait_for_what_is_not_looked_at_on_rows() {
    let s = Scratch::new("looks_elsewhere", BOOKS);
    // What has a time limit of its own is asked of the server.
    s.policy("", &REFERENCES.replace("entry.tenant) }", "entry.tenant); timeout 1min }"));
    for (done, verdicts, _) in DONE_TO_LINES {
        s.sql(&format!("truncate line; insert into line select * from kept; {done}"));
        let run = s.run(&["--engine", "stream"]);
        for (id, verdict) in ["narrow", "loose", "wide"].into_iter().zip(verdicts) {
            assert_eq!(run.check(id)["verdict"], verdict, "{done}: {id}\n{}", run.said());
        }
    }
}

#[test]
fn how_often_rows_are_read() {
    let s = Scratch::new("looks_read", BOOKS);
    s.policy("", REFERENCES);
    let read = |times: u32| {
        let mut command = s.command(&["--engine", "stream"]);
        let run = Run::of(command.env("HOLDTRUE_LOG", "debug"));
        for relation in ["line", "entry"] {
            let lines =
                run.stderr.lines().filter(|l| l.contains(&format!("fetched relation=public.{relation} ")));
            assert_eq!(lines.count() as u32, times, "{relation}: {}", run.stderr);
        }
    };
    read(1);
    s.sql("update line set tenant = 't9' where id = 7");
    read(2);
}
