//! Texts made to hurt: none may panic, hang or exhaust the stack, on their way through parse, check and format.

use proptest::prelude::*;

use super::{Given, check};
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::{FileId, SourceSet};
use crate::syntax::{format, parse};

/// A policy that uses most of the language, as material for mutations.
const POLICY: &str = r#"policy p "Title" { language 1; owner "@a"; schema public; max_waiver 90d }
param target: time
param tenant: text = all
source postgres db from env DATABASE_URL
objective rpo 15min from newest(Log.at) to $target
source files dumps from "backups/*.dump" newest { named "d_%Y%m%d_%H.dump" in "Asia/Manila"; every 1d; checksums "a", "b" }
source http api from "https://h" { header "X-A" from env B; allow redirects; allow private; max_body 1MiB }
source document iam from file "where"
source attestation said from "said.toml"
objective success 99.9% of dumps.runs over 90d
tenancy Tenant.id by tenantId { global A, b.* because "x"; reached C through (d, e) of F; link (A.x) to (B.y) }
ledger books on Line where status in ("a", "b") and not (x is null) {
  entry entryId of Entry where x between 1 and 2
  amount value side kind debit ("D") credit ("C")  # comment
  balance per (a, b), overall
  totals Entry.total
  running saldo per account order by id
  tolerance 0.01
  without one_sided because "reason"
}
chain audit on Log {
  split by t; order by n dense from 1; link prev genesis zeros(64)
  hash h = hex(sha256(json(js, { a, at: ts(at, js) ?? null, "k": cat(prev ?? "", dec(x, 2), -1) })))
  search at window -50ms..5ms step 1ms
}
template known(child: column, parent: column) { require $child in $parent or null; allow empty }
gate g "Gate" on db {
  check a { require books is balanced; evidence sox:404, bir:RR9-2009; unwaivable }
  check b use known(T.a, `odd T`.b)
  check c { on *, s.T* where a >= 1 + 2 * 3 - -4 / 5; require rows >= 99.9% of rows(U); when $tenant != all }
  check d { require sql returns 5 $$ select count(*) from "T" where "at" > $target $$; timeout 30s }
  check e { require sum(T.a ?? 0 where b = true) = 0 per k or null; runbook "https://example.org" }
  check f { require newest(T.at) within 1h30min before $target }
  check i { require api GET "/a?b=c" returns 200 with json "/s" = "x", "/n" != null within 2s; retry every 5s for 3min }
  check j { require attested by "@a" within 15min after said.latest("b") }
  check k { require every "/S" of iam where not (A = "b" or C.`d:e` is null) has F in ("g", "h") and I >= 2 }
  check l { require no "" of iam where a between 1 and 2; allow empty }
  check m { require dumps is verified }
  check h { recommend db.sessions of "app" = 0 }
}
gate late after g { check i { require every foreign_key is valid } }
waive a { until 2026-12-31; owner "@a"; reason "x \" \\ y"; approved "@b" }
"#;

/// Everything the program does with a text before it runs anything. Returns the codes that were found.
fn journey(text: &str) -> Vec<Code> {
    let mut texts = SourceSet::default();
    let file = texts.add("p.hold", text);
    let (ast, mut found) = parse(file, text);
    let readable = found.iter().all(|d| !d.is_error());
    let today = jiff::civil::date(2026, 1, 1);
    let given = Given { parameters: Default::default(), lenient: true, today, no_raw_sql: false };
    let (policy, more) = check(&texts, &[ast], &given);
    assert!(policy.is_none() || readable && !more.iter().any(Diagnostic::is_error), "a policy with errors");
    assert!(
        policy.is_some() || !readable || more.iter().any(Diagnostic::is_error),
        "refused without a word: {text}"
    );
    found.extend(more);
    for label in found.iter().flat_map(|d| &d.labels) {
        assert!(text.get(label.span.start..label.span.end).is_some(), "{label:?} lies outside of the text");
    }
    if let Ok(once) = format(text, FileId(0)) {
        assert!(readable);
        assert_eq!(format(&once, FileId(0)).as_deref(), Ok(once.as_str()));
    }
    found.iter().map(|d| d.code).collect()
}

fn in_check(assertion: &str) -> String {
    format!("policy p\nsource postgres s\ngate g {{ check c {{ require {assertion} }} }}\n")
}

#[test]
fn the_material_is_read_to_its_end() {
    let (_, found) = parse(FileId(0), POLICY);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn nesting_is_limited_in_every_form() {
    let deep = [
        "(".repeat(100_000),
        format!("# hidden\r{}", "(".repeat(100_000)),
        in_check(&("1+".repeat(100_000) + "rows(T) > 1")),
        in_check(&("1% of ".repeat(100_000) + "rows(T) > 1")),
        in_check(&format!("{}a > 1{}", "not (".repeat(100), ")".repeat(100))),
    ];
    for text in deep {
        let found = journey(&text);
        assert!(
            found.iter().all(|c| matches!(c, Code::TooDeep | Code::Malformed | Code::Unbalanced)),
            "{found:?}"
        );
        assert!(!found.is_empty());
    }
}

#[test]
fn nested_conditions_take_no_exponential_time() {
    let started = std::time::Instant::now();
    journey(&in_check(&format!("{}a{} > 1", "sum(a where ".repeat(60), " = 1)".repeat(60))));
    journey(&in_check(&format!("{}a{} > 1", "(sum(a where ".repeat(28), " = 1))".repeat(28))));
    journey(&in_check(&format!("{}a > 1{}", "(".repeat(60), ")".repeat(60))));
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

#[test]
fn numbers_are_limited() {
    assert!(journey(&in_check(&("1".repeat(100_000) + " < rows(T)"))).contains(&Code::BadLiteral));
}

#[test]
fn sql_is_limited() {
    let sql = |text: String| journey(&in_check(&format!("sql returns no rows $$ {text} $$")));
    for text in [
        format!("select {}true", "not ".repeat(15_000)),
        format!("select {}1{}", "1+(".repeat(12_000), ")".repeat(12_000)),
        format!("{}1{}", "select (".repeat(6_000), ")".repeat(6_000)),
        "select 1 ".repeat(10_000),
    ] {
        assert!(sql(text).contains(&Code::SqlRefused));
    }
}

/// Pieces that mean something to the language, to be put where they do not belong.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(POLICY.split_inclusive([' ', '\n', '(', ')']).collect::<Vec<_>>())
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec![
            "{", "}", "(", ")", "\"", "`", "$$", "#", ";", ",", "\n", "\r", "..", "??", "$", "-", "%", ".", "=", "é",
            "\u{0}", "\u{feff}", "0", "9999999999999999999", "2026-02-30", "m", "null", "omit", "all", "true",
        ])
        .prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        journey(&text);
    }

    #[test]
    fn any_sequence_of_pieces_is_survived(pieces in prop::collection::vec(piece(), 0..40)) {
        journey(&pieces.concat());
        journey(&in_check(&pieces.concat()));
    }

    #[test]
    fn any_mutation_of_a_policy_is_survived(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, piece()), 1..5),
    ) {
        let mut chars: Vec<char> = POLICY.chars().collect();
        for (place, removed, piece) in edits {
            let start = place.index(chars.len());
            let end = (start + removed).min(chars.len());
            chars.splice(start..end, piece.chars());
        }
        journey(&chars.into_iter().collect::<String>());
    }
}
