//! Mistakes in how a recipe spells cells: what is underlined and what is said instead. Nothing that is not implemented exactly
//! is taken.

use super::{Given, check};
use crate::diagnostic::Diagnostic;
use crate::source_text::SourceSet;
use crate::syntax::parse;

fn read(recipe: &str) -> (SourceSet, Vec<Diagnostic>, bool) {
    let text = format!(
        "policy p {{ language 1 }}\nsource postgres db from env DATABASE_URL\n\
         chain c on Log {{ order by id; link prev genesis null; hash h = hex(sha256({recipe})) }}\n\
         gate g on db {{ check ok {{ require c is intact }} }}\n"
    );
    let mut texts = SourceSet::default();
    let file = texts.add("p.hold", &text);
    let (ast, mut found) = parse(file, &text);
    let today = jiff::civil::date(2026, 10, 1);
    let given = Given { parameters: Default::default(), lenient: true, today, no_raw_sql: false };
    let (policy, more) = check(&texts, &[ast], &given);
    found.extend(more);
    (texts, found, policy.is_some())
}

#[test]
fn spellings_that_are_not_known_are_refused() {
    for (recipe, code, underlined, part) in [
        ("ts(at, \"%Y-%q\")", "HT0214", "\"%Y-%q\"", "%1f to %9f"),
        ("ts(at, \"%c\")", "HT0214", "\"%c\"", "`%c` is not known"),
        ("ts(at, \"YYYY-MM-DD\")", "HT0214", "\"YYYY-MM-DD\"", "no part of a time"),
        ("ts(at, pgtz, \"America/NewYork\")", "HT0214", "\"America/NewYork\"", "America/New_York"),
        ("ts(at, pgtz, \"Nowhere at all\")", "HT0214", "\"Nowhere at all\"", "IANA"),
        ("ts(at, pgtz, utc)", "HT0214", "utc", "a name in quotes"),
        ("ts(at, js, \"Asia/Tokyo\")", "HT0214", "\"Asia/Tokyo\"", "the same in every time zone"),
        ("ts(at, epoch_ms, \"Asia/Tokyo\")", "HT0214", "\"Asia/Tokyo\"", "leave the zone out"),
        ("ts(at, py, \"UTC\", a)", "HT0205", "ts(at, py, \"UTC\", a)", "ts(column, format)"),
        ("enum(a, {})", "HT0214", "{}", "no value is listed"),
        ("enum(a, { x: 1 })", "HT0214", "x", "write `x: \"...\"`"),
        ("enum(a, { x })", "HT0214", "x", "becomes a text"),
        ("enum(a, { x: \"1\", x: \"2\" })", "HT0202", "x", "stands twice"),
        ("enum(a, b)", "HT0205", "enum(a, b)", "enum(column"),
        ("nullif(a)", "HT0205", "nullif(a)", "nullif(x, \"\")"),
        ("strip(a, \"x\")", "HT0205", "strip(a, \"x\")", "strip(\"sha256:\", x)"),
        ("bytea_cast(a, b)", "HT0205", "bytea_cast(a, b)", "bytea_cast(x)"),
        ("host(cat(a))", "HT0214", "cat(a)", "bare column name"),
        ("json(go, [a ?? 1])", "HT0214", "1", "`?? omit`"),
        ("json(js, { a ?? omit_empty })", "HT0214", "omit_empty", "nullif(x, \"\") ?? omit"),
        ("json(js, { l: [a ?? omit_empty] })", "HT0214", "omit_empty", "only Go"),
        ("cat(a ?? omit_empty)", "HT0214", "omit_empty", "NULL becomes a text"),
        ("json(pg(build, row), { a })", "HT0214", "row", "remove one"),
        ("json(serde(sorted, unsorted), { a })", "HT0214", "unsorted", "remove one"),
        ("json(rails(sorted), { a })", "HT0214", "sorted", "write `rails`"),
        ("json(stj(relax), { a })", "HT0214", "relax", "`relaxed`"),
        ("[a, b]", "HT0214", "[a, b]", "cannot stand in a recipe"),
        ("json(js, [raw(a, b)])", "HT0205", "raw(a, b)", "raw(x)"),
    ] {
        let (texts, found, policy) = read(recipe);
        let errors: Vec<_> = found.iter().filter(|d| d.is_error()).collect();
        let [one] = errors.as_slice() else { panic!("{recipe}: {found:#?}") };
        let help = one.help.clone().unwrap_or_default();
        assert!(!policy, "{recipe}");
        assert_eq!(one.code.id(), code, "{recipe}: {one:#?}");
        assert_eq!(texts.text(one.labels[0].span), underlined, "{recipe}");
        assert!(one.message.contains(part) || help.contains(part), "{recipe}: {one:#?}");
    }
}

#[test]
fn spellings_that_are_known_are_taken() {
    for recipe in [
        "ts(at, \"%Y-%m-%dT%H:%M:%S.%6fZ\")",
        "ts(at, \"%F %T %Z\", \"Europe/Berlin\")",
        "ts(at, dotnet, \"America/Argentina/Buenos_Aires\")",
        "json(go, [a, prev, raw(int(n)), null, true, -1, [], [b ?? null], { c ?? omit_empty, d: [e ?? \"\"] }])",
        "json(pg(row), { a, list: [] })",
        "cat(enum(a, { create: \"1\", \"no op\": \"\" }), nullif(b, \"\") ?? omit, strip(\"v1:\", prev), host(ip))",
        "bytea_cast(join(\"|\", a, json(js, n)))",
        "json(pydantic, { k: strip(\"x\", a) ?? \"\" })",
    ] {
        let (_, found, policy) = read(recipe);
        assert!(policy && found.iter().all(|d| !d.is_error()), "{recipe}: {found:#?}");
    }
}
