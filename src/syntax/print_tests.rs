//! What formatting promises: same tree, same comments, and nothing left to do the second time.

use proptest::prelude::*;

use super::{format, parse};
use crate::source_text::FileId;

const FILE: FileId = FileId(0);

/// A tree as text without its places.
pub(crate) fn tree(text: &str) -> String {
    let (ast, found) = parse(FILE, text);
    assert!(found.is_empty(), "does not parse: {found:?}\n{text}");
    let written = format!("{ast:?}");
    let mut bare = String::with_capacity(written.len());
    let mut rest = written.as_str();
    while let Some((before, after)) = rest.split_once("Span {") {
        bare.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    bare + rest
}

/// The comments of a text in order, found without the parser.
fn comments(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '$' if rest.starts_with("$$") => {
                rest.match_indices("$$").nth(1).map_or(rest.len(), |(at, _)| at + 2)
            }
            '"' | '`' => {
                let mut escaped = false;
                let end = rest.char_indices().skip(1).find(|(_, c)| {
                    let closes = !escaped && *c == first;
                    escaped = first == '"' && !escaped && *c == '\\';
                    closes
                });
                end.map_or(rest.len(), |(at, _)| at + 1)
            }
            c => c.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        if first == '#' {
            found.push(piece.trim_end().to_owned());
        }
        rest = after;
    }
    found
}

/// Formats and checks every promise.
pub(crate) fn promised(text: &str) -> String {
    let once = format(text, FILE).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
    assert_eq!(tree(&once), tree(text), "another tree\n{text}\n---\n{once}");
    assert_eq!(comments(&once), comments(text), "other comments\n{text}\n---\n{once}");
    assert_eq!(format(&once, FILE).as_deref(), Ok(once.as_str()), "not stable\n{text}");
    assert!(once.is_empty() || once.ends_with('\n') && !once.ends_with("\n\n"), "{once:?}");
    once
}

#[test]
fn a_policy_is_laid_out() {
    let untidy = "\n\n# head\npolicy  p\"Title\"{language 1;owner \"@a\" # who\n schema   public;max_waiver 90d}\n\n\n\
        param tenant :text=all # one\nparam limit: duration = -5min\n\
        source postgres a from env  DATABASE_URL\n\
        ledger books on JournalDetail where status in(\"posted\",\"x\")and not(a is null) {\n\n\
        entry journalEntryId of JournalEntry\namount -amount side kind debit(\"D\") credit (\"C\")\n\
        balance per(a,b),overall\n\n}\n\
        chain audit on AuditLog { order by a,b; link prev genesis zeros( 64 )\n\
        hash h=hex( sha256(json(js,{id,at:ts(at,js)??null,\"k\":1,})))\n search at window - 50ms .. 5ms step 1ms }\n\
        gate g\"G\"on a{check one{require rows(T where a>=1+2*3)-1<=99.9% of rows( T );evidence bir:RR9-2009,soc2:CC7.2}\n\
        check two use known(A.b,C.d) { }\ncheck three { on Journal*,ledger.* where x=-1\nrequire\tunique(a ,b) or  null\n # last\n}\n}\n";
    let tidy = r#"# head
policy p "Title" {
  language 1
  owner "@a"  # who
  schema public
  max_waiver 90d
}

param tenant: text = all  # one
param limit: duration = -5min
source postgres a from env DATABASE_URL
ledger books on JournalDetail where status in ("posted", "x") and not (a is null) {
  entry journalEntryId of JournalEntry
  amount -amount side kind debit ("D") credit ("C")
  balance per (a, b), overall
}
chain audit on AuditLog {
  order by a, b
  link prev genesis zeros(64)
  hash h = hex(sha256(json(js, { id, at: ts(at, js) ?? null, "k": 1 })))
  search at window -50ms..5ms step 1ms
}
gate g "G" on a {
  check one {
    require rows(T where a >= 1 + 2 * 3) - 1 <= 99.9% of rows(T)
    evidence bir:RR9-2009, soc2:CC7.2
  }
  check two use known(A.b, C.d) {}
  check three {
    on Journal*, ledger.* where x = -1
    require unique (a, b) or null
    # last
  }
}
"#;
    assert_eq!(promised(untidy), tidy);
}

#[test]
fn arrays_have_no_blanks_inside() {
    let untidy =
        "chain c on T {\n hash h = hex(json(go,[ a ,-1,[ ], [b??null],{c:[true]},\nraw( int(n) ) ]))\n}\n";
    let tidy = "chain c on T {\n  hash h = hex(json(go, [a, -1, [], [b ?? null], { c: [true] },\n    raw(int(n))]))\n}\n";
    assert_eq!(promised(untidy), tidy);
}

#[test]
fn short_blocks_stay_on_their_line_and_long_ones_do_not() {
    let short = "waive load { until 2026-12-31; owner \"@infra\"; reason \"OPS-4412\" }\n";
    assert_eq!(promised(short), short);
    let long = promised(&short.replace("OPS-4412", &"x".repeat(80)));
    assert_eq!(long.lines().count(), 5, "{long}");
    let many = "gate g { check a { on T; require rows = 1; timeout 5s; unwaivable; allow empty } }";
    assert_eq!(promised(many).lines().count(), 9);
}

#[test]
fn lines_go_on_where_the_author_broke_them_and_comments_stay() {
    let text = "chain c on T {  # why\n  # own\n  hash h = hex(sha256(json(js, {  # object\n      # first\n  id, a,  # second\n\n   b\n})))\n}  # end\n\
                gate g { check x { evidence a:b, # one\n # two\n     c:d\nrequire T.a =\nT.b } }\n# last";
    let tidy = "chain c on T {  # why\n  # own\n  hash h = hex(sha256(json(js, {  # object\n    # first\n    id, a,  # second\n    b\n  })))\n}  # end\n\
                gate g {\n  check x {\n    evidence a:b,  # one\n      # two\n      c:d\n    require T.a =\n      T.b\n  }\n}\n# last\n";
    assert_eq!(promised(text), tidy);
}

#[test]
fn raw_sql_and_texts_are_kept_to_the_byte() {
    let sql = "$$ select  1 # no comment\n\n   from \"T\"   \n $$";
    let text =
        format!("gate g {{\n  check x \"a  \\\" # b\" {{\n    require sql returns no rows {sql}\n  }}\n}}\n");
    assert_eq!(promised(&text), text);
}

#[test]
fn odd_files_are_formatted() {
    assert_eq!(promised(""), "");
    assert_eq!(promised(" ;;\n\n"), "");
    assert_eq!(promised("\n\n\n# only"), "# only\n");
    assert_eq!(
        promised("param a: text\r\n\r\n\r\nparam b: text # c\r\n"),
        "param a: text\n\nparam b: text  # c\n"
    );
    assert_eq!(promised("waive a { # x\n}"), "waive a {  # x\n}\n");
}

#[test]
fn what_does_not_parse_is_refused() {
    let found = format("gate g { check a { requier rows = 1 } }", FILE).unwrap_err();
    assert_eq!(found[0].code.id(), "HT0105");
}

/// Blanks, line ends and comments between statements.
fn between() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "\n",
        ";",
        "\n\n\n",
        " ; \n",
        "  # note: \"x\" {\n",
        "\n# own line\n\n",
        "\r\n",
    ])
    .prop_map(str::to_owned)
}

/// Blanks where a statement may not end.
fn blank() -> impl Strategy<Value = String> {
    prop::sample::select(vec![" ", "  ", "\t"]).prop_map(str::to_owned)
}

/// Blanks after a comma, where a statement goes on over the line end.
fn after_comma() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", " ", "\n   ", "  # why\n", "\n# own\n\n  "]).prop_map(str::to_owned)
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "tenantId", "`odd name`", "in", "per", "é"]).prop_map(str::to_owned)
}

/// Tokens, which are spaced at random later.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        word(),
        prop::sample::select(vec![
            "1",
            "99.9% of 4",
            "1h30min",
            "64MiB",
            "\"te  xt\"",
            "$p",
            "now",
            "T.a",
            "2026-01-14T14:30:00+08:00",
            "src.sessions of \"x\"",
            "- 5",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), blank(), prop::sample::select(vec!["+", "-", "*", "/"]), inner.clone())
                .prop_map(|(a, s, op, b)| format!("({a}{s}{op}{s}{b})")),
            (inner.clone(), after_comma(), inner.clone()).prop_map(|(a, s, b)| format!("f( {a} ,{s}{b})")),
            (inner.clone(), after_comma()).prop_map(|(a, s)| format!("json(js,{{{s}x :{a},y??null ,{s}}})")),
            (inner.clone(), blank()).prop_map(|(a, s)| format!("sum({s}a  where b>={a}{s})")),
            inner.prop_map(|a| format!("(\n{a}# in\n)")),
        ]
    })
}

fn assertion() -> impl Strategy<Value = String> {
    prop_oneof![
        (value(), value()).prop_map(|(a, b)| format!("{a}<={b}")),
        (value(), value(), after_comma())
            .prop_map(|(a, b, s)| format!("{a} between 1 and {b} per (x,{s}y)or null")),
        (word(), after_comma()).prop_map(|(a, s)| format!("unique {a},{s}b")),
        Just("sql returns no rows $$ select 1 -- {\n  \n $$".to_owned()),
        Just("(a,b)in (T.c ,T.d)".to_owned()),
        Just("not(x is null or y not in(1,-2))and z between 1 and 2".to_owned()),
        Just("books is balanced".to_owned()),
    ]
}

fn check_block() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        assertion().prop_map(|a| format!("require {a}")),
        after_comma().prop_map(|s| format!("evidence bir:RR9-2009,{s}soc2:CC7.2")),
        (after_comma(), blank()).prop_map(|(s, b)| format!("on{b}Journal*,{s}`T x`{b}where a>1")),
        Just("timeout   30s".to_owned()),
        (value(), blank()).prop_map(|(v, s)| format!("when $tenant{s}!={s}{v}")),
    ];
    (prop::collection::vec((line, between()), 0..5), blank()).prop_map(|(lines, s)| {
        let body: String = lines.into_iter().map(|(line, end)| line + &end).collect();
        format!("check x{s}\"t # x\"{{{s}{body}}}")
    })
}

fn policy() -> impl Strategy<Value = String> {
    let top = prop_oneof![
        (prop::collection::vec((check_block(), between()), 0..3), between()).prop_map(|(checks, s)| {
            let body: String = checks.into_iter().map(|(check, end)| check + &end).collect();
            format!("gate g{{{s}{body}}}")
        }),
        value().prop_map(|v| format!(
            "chain c on T{{hash h={v};order by int(a) dense from 1\nlink p genesis null}}"
        )),
        (value(), after_comma())
            .prop_map(|(v, s)| format!("ledger l on T {{debit {v};balance per a,{s}overall}}")),
        Just("param  p :time".to_owned()),
        Just("waive x{until 2026-12-31;owner \"o\"}".to_owned()),
        Just("tenancy T.id by t".to_owned()),
    ];
    (between(), prop::collection::vec((top, between()), 0..5)).prop_map(|(start, list)| {
        let mut text = start;
        list.into_iter().for_each(|(statement, end)| text += &(statement + &end));
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_policy_keeps_its_tree_and_its_comments(text in policy()) {
        promised(&text);
    }
}
