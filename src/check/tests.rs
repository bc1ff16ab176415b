//! One mistake each: the code, the text that is underlined, and what the help says to write instead.

use super::{Given, check};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source_text::SourceSet;
use crate::syntax::parse;

/// A policy without mistakes that every case is added to.
const BASE: &str = r#"policy p { language 1; owner "@a"; max_waiver 90d }
param target: time
param tenant: text = all
param flag: bool = false
source postgres db from env DATABASE_URL
tenancy Tenant.id by tenantId
ledger books on Line { debit debit; credit credit; balance per entryId }
chain audit on Log { order by id; link prev genesis null; hash h = hex(sha256(cat(prev ?? "", a))) }
objective rpo 15min from newest(Log.at) to $target
template known(child: column, parent: column) { require $child in $parent }
source files dumps from "backups/*.dump"
source files runs from "backups/*.log" { every 1d }
source host here
source http api from "http://localhost:3001"
source document iam from "iam.json"
source attestation said from "said.toml"
gate base on db { check ok { require rows(Line) > 0 }; check firm { require rows(Log) > 0; unwaivable } }
"#;

fn read(text: &str) -> (SourceSet, Vec<Diagnostic>, bool) {
    let mut texts = SourceSet::default();
    let file = texts.add("p.hold", text);
    let (ast, mut found) = parse(file, text);
    let today = jiff::civil::date(2026, 10, 1);
    let given = Given { parameters: Default::default(), lenient: true, today, no_raw_sql: false };
    let (policy, more) = check(&texts, &[ast], &given);
    found.extend(more);
    (texts, found, policy.is_some())
}

/// The one error of a text as code, underlined text and help.
fn mistake(text: &str) -> (String, String, String) {
    let (texts, found, policy) = read(text);
    let errors: Vec<_> = found.into_iter().filter(Diagnostic::is_error).collect();
    assert!(!policy, "a policy with a mistake: {text}");
    let [one] = errors.as_slice() else { panic!("{} errors in\n{text}\n{errors:#?}", errors.len()) };
    assert!(
        !one.message.ends_with('.')
            && (!one.message.starts_with(char::is_uppercase) || one.message.starts_with("NULL")),
        "{}",
        one.message
    );
    let place = one.labels.first().map(|label| texts.text(label.span).to_owned()).unwrap_or_default();
    (one.code.id().to_owned(), place, one.help.clone().unwrap_or_default())
}

/// Mistakes at the top level: text, code, underlined text, part of the help.
const TOP: &[(&str, &str, &str, &str)] = &[
    ("gaet g { }", "HT0105", "gaet", "`gate`"),
    ("require rows = 1", "HT0105", "require", "belongs in `check`"),
    ("baseline x { }", "HT0108", "baseline", "leave it out"),
    ("procedure x { }", "HT0206", "procedure x", "add `phase"),
    ("procedure x { phase a; phase a }", "HT0202", "a", "another name"),
    ("procedure x { phase a gate nowhere }", "HT0201", "nowhere", ""),
    ("procedure x { phase a expect 10min..5min }", "HT0208", "10min..5min", "shorter"),
    ("procedure x { phase a expect 5..10min }", "HT0203", "5", "`5min`"),
    ("procedure x { phase a expect 0s..10min }", "HT0208", "0s", "above zero"),
    ("procedure x { phase a expect 1us..10min }", "HT0208", "1us..10min", "milliseconds"),
    ("procedure x { phase a expect 5min }", "HT0106", "", "`..`"),
    ("procedure x { phase a; rollback { } }", "HT0206", "rollback", "add `phase"),
    ("procedure x { phase a; rollback { phase b }; rollback { phase c } }", "HT0202", "rollback", "remove"),
    ("procedure x { expect 1min..2min; phase a expect 3min..4min }", "HT0208", "procedure x", "correct"),
    ("procedure x { phase a; pahse b }", "HT0105", "pahse", "`phase`"),
    ("procedure x { phase a }\nprocedure x { phase a }", "HT0202", "x", "another name"),
    ("procedure x { phase a; gate g }", "HT0105", "gate", "at the top level"),
    ("param a: tme", "HT0201", "tme", "`time`"),
    ("param a time", "HT0106", "time", "`:`"),
    ("param a: duration = 15", "HT0203", "15", "`15min`"),
    ("param a: duration = 15m", "HT0203", "15m", "`min`"),
    ("param a: size = 64G", "HT0203", "64G", "`GiB`"),
    ("param a: size = 5min", "HT0203", "5min", "`5MiB`"),
    ("param a: time = 2026-01-14T14:30:00", "HT0208", "2026-01-14T14:30:00", "2026-01-14T14:30:00Z"),
    ("param a: time = 2026-01-14", "HT0208", "2026-01-14", "2026-01-14T00:00:00Z"),
    ("param a: number = all", "HT0204", "all", "`text`"),
    ("param a: number = \"1\"", "HT0204", "\"1\"", "`100`"),
    ("param a: bool = 1", "HT0204", "1", "`true`"),
    ("param a: text = $tenant", "HT0208", "$tenant", "the value itself"),
    ("param tenant: text", "HT0202", "tenant", "another name"),
    ("source backup d from \"x\"", "HT0108", "backup", "leave the source"),
    ("source dump d", "HT0205", "d", "newest"),
    ("source files d", "HT0205", "d", "backups/*.backup"),
    ("source host d from \"x\"", "HT0205", "d", "remove"),
    ("source document d from \"*.json\" newest", "HT0205", "newest", "remove"),
    ("source files d from \"x\" { evry 1d }", "HT0105", "evry", "`every`"),
    (
        "source files d from \"x\" { header \"A\" from env B }",
        "HT0213",
        "header \"A\" from env B",
        "`checksums`",
    ),
    ("source files d from \"x\" { every 1d; every 2d }", "HT0202", "every 2d", "remove"),
    ("source files d from \"x\" { every 1 }", "HT0203", "1", "`1min`"),
    ("source files d from \"x\" { named \"db_latest\" }", "HT0208", "\"db_latest\"", "%Y%m%d"),
    ("source files d from \"x\" { named \"%Y%m%d%s\" }", "HT0208", "\"%Y%m%d%s\"", "%Y%m%d"),
    (
        "source http d from \"https://h\" { header \"Host\" from env B }",
        "HT0208",
        "\"Host\"",
        "Authorization",
    ),
    ("source http d from \"https://u:pw@h\"", "HT0216", "\"https://u:pw@h\"", "`from env NAME`"),
    ("source http d from \"https://h\" { max_body 0B }", "HT0208", "0B", "`1MiB`"),
    ("objective o 99.9% of dumps.runs over 90d", "HT0206", "dumps.runs", "every 1d"),
    ("objective o 99.9% of db.runs over 90d", "HT0201", "db.runs", "SOURCE.runs"),
    ("objective o 100.1% of dumps.runs over 90d", "HT0208", "100.1%", "`99.9%`"),
    ("source dump d from \"*.dump\"", "HT0205", "\"*.dump\"", "write `newest`"),
    ("source postgres d from \"host=x\" newest", "HT0205", "newest", "remove `newest`"),
    ("source postgre d", "HT0201", "postgre", "`postgres`"),
    ("source postgres rows", "HT0202", "rows", "another name"),
    (
        "source postgres d from \"postgres://u:pw@h/x\"",
        "HT0216",
        "\"postgres://u:pw@h/x\"",
        "`from env NAME`",
    ),
    ("objective rto 4h\n from now to $target", "HT0106", "", "on the line before"),
    ("param who: text = acme", "HT0106", "acme", "`\"acme\"`"),
    ("objective rto $limit from now to $target", "HT0106", "$limit", "a parameter cannot stand here"),
    ("objective rto 4 from now to $target", "HT0203", "4", "`4min`"),
    ("objective rto 0s from now to $target", "HT0208", "0s", "above zero"),
    ("objective rto 4h from 5 to $target", "HT0204", "5", "newest("),
    ("objective rto 4h from Log.at to $target", "HT0213", "Log.at", "newest(Table.column)"),
    ("objective books 4h from now to $target", "HT0202", "books", "another name"),
    ("ledger tenancy on L { debit a; credit b; balance overall }", "HT0202", "tenancy", "another name"),
    ("tenancy T.id by t", "HT0202", "tenancy T.id by t", "remove it"),
    ("ledger l on L", "HT0107", "ledger l on L", "{ ... }"),
    ("ledger l on a.b.c { debit a; credit b; balance overall }", "HT0106", "a.b.c", "`schema.table`"),
    ("ledger l on L { debit a; balance overall }", "HT0206", "l", "`credit COLUMN`"),
    ("ledger l on L { debit a; credit b }", "HT0206", "l", "`balance per"),
    ("ledger l on L { debit a; credit b; credit b; balance overall }", "HT0202", "credit b", "remove"),
    ("ledger l on L { debit 1; credit b; balance overall }", "HT0213", "1", "name a column"),
    ("ledger l on L { debt a; credit b; balance overall }", "HT0105", "debt", "`debit`"),
    ("ledger l on L { debit a; credit b; balance perr x }", "HT0106", "perr", "`per COLUMN`"),
    ("ledger l on L { debit a; credit b; balance overall; tolerance 1% }", "HT0203", "1%", "`1`"),
    ("ledger l on L { debit a; credit b; totals E.x }", "HT0206", "l", "entry COLUMN of Table"),
    ("ledger l on L { debit a; credit b; entry e of E; totals F.x }", "HT0213", "F.x", "`E.COLUMN`"),
    (
        "ledger l on L { debit a; credit b; balance overall; without one_side because \"x\" }",
        "HT0201",
        "one_side",
        "`one_sided`",
    ),
    (
        "ledger l on L { amount a side s debit (\"D\") credit (\"D\"); balance overall }",
        "HT0202",
        "s",
        "one side only",
    ),
    ("chain c on L { link p genesis null; hash h = hex(sha256(a)) }", "HT0206", "c", "order by COLUMN"),
    ("chain c on L { order by a; hash h = hex(sha256(a)) }", "HT0206", "c", "link COLUMN genesis null"),
    ("chain c on L { order by a; link p genesis null }", "HT0206", "c", "hash COLUMN"),
    (
        "chain c on L { order by a; link p genesis null; hash h = hex(shaa256(a)) }",
        "HT0214",
        "shaa256",
        "`sha256`",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = hex(sha256()) }",
        "HT0205",
        "sha256()",
        "`sha256(x)`",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(\"x\") }",
        "HT0214",
        "sha256(\"x\")",
        "hashed",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(ts(a, jss)) }",
        "HT0214",
        "jss",
        "`js`",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(json(jc, { a })) }",
        "HT0214",
        "jc",
        "`jcs`",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(json(js, { a, a })) }",
        "HT0202",
        "a",
        "remove",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(a ?? null) }",
        "HT0214",
        "null",
        "?? \"...\"",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(a ?? omit) }",
        "HT0214",
        "omit",
        "`cat` or `join`",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(cat(raw(a))) }",
        "HT0214",
        "raw(a)",
        "leave `raw` out",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(json(js, { k: raw(a, b) })) }",
        "HT0205",
        "raw(a, b)",
        "raw(x)",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(json(js(sort), a)) }",
        "HT0214",
        "sort",
        "`sorted`",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(json(jcs(sorted), a)) }",
        "HT0214",
        "sorted",
        "write `jcs`",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(json(py(sorted, utf8, unsorted), a)) }",
        "HT0214",
        "unsorted",
        "remove one",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(json(py, cat(a))) }",
        "HT0214",
        "cat(a)",
        "json(js, column)",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(uuid(a, dashes)) }",
        "HT0214",
        "dashes",
        "`nodash`",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(uuid(a)) }",
        "HT0205",
        "uuid(a)",
        "uuid(column, nodash)",
    ),
    ("chain c on L { order by num(a); link p genesis null; hash h = sha256(a) }", "HT0106", "(", ""),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(a); search a window -1ms..1ms }",
        "HT0214",
        "a",
        "`ts(a, js)`",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(dec(a, 999)) }",
        "HT0214",
        "999",
        "dec(amount, 2)",
    ),
    ("chain c on L { order by a; link p genesis null; hash h = sha256(L.a) }", "HT0214", "L.a", "`a`"),
    (
        "chain c on L { order by a; link p genesis zeros(0); hash h = sha256(a) }",
        "HT0214",
        "zeros(0)",
        "`zeros(64)`",
    ),
    (
        "chain c on L { order by a, b dense from 1; link p genesis null; hash h = sha256(a) }",
        "HT0213",
        "1",
        "one column",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(a); search b window -1ms..1ms }",
        "HT0214",
        "b",
        "covers",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(a); search a window 5ms..1ms }",
        "HT0214",
        "5ms",
        "swap",
    ),
    (
        "chain c on L { order by a; link p genesis null; hash h = sha256(a); search a window -50..5ms }",
        "HT0203",
        "50",
        "`50min`",
    ),
    ("chain c on L { anchor x }", "HT0106", "x", "from"),
    ("template t(a: colum) { require $a in T.b }", "HT0201", "colum", "`column`"),
    ("template t(a: column, a: column) { require $a in T.b }", "HT0202", "a", "another name"),
    ("template t(a: column) { timeout 5s }", "HT0206", "t", "require"),
    ("gate g { }", "HT0212", "g", "check NAME"),
    ("gate g on dbb { check a { require rows(T) > 0 } }", "HT0201", "dbb", "`db`"),
    ("gate g after bass { check a { require rows(T) > 0 } }", "HT0201", "bass", "`base`"),
    ("gate base on db { check a { require rows(T) > 0 } }", "HT0202", "base", "another name"),
    ("gate g { require rows(T) > 0 }", "HT0105", "require", "belongs in `check`"),
    ("gate g { check ok { require rows(T) > 0 } }", "HT0202", "ok", "another name"),
    ("waive okk { until 2026-12-01; owner \"@a\"; reason \"x\" }", "HT0211", "okk", "`ok`"),
    ("waive ok { until 2026-12-01; owner \"@a\" }", "HT0211", "ok", "reason"),
    ("waive ok { until 2026-12-01; owner \"@a\"; reason \" \" }", "HT0211", "ok", "reason"),
    (
        "waive ok { until 2027-12-01; owner \"@a\"; reason \"x\" }",
        "HT0211",
        "2027-12-01",
        "a day up to 2026-12-30",
    ),
    ("waive ok { until 2026-02-30; owner \"@a\"; reason \"x\" }", "HT0208", "2026-02-30", "2026-12-31"),
    (
        "waive ok { until 2026-12-01T00:00:00Z; owner \"@a\"; reason \"x\" }",
        "HT0208",
        "2026-12-01T00:00:00Z",
        "a day",
    ),
    ("waive firm { until 2026-12-01; owner \"@a\"; reason \"x\" }", "HT0211", "firm", "remove the waiver"),
    ("gate g { check a { require rows(T) > 0 }", "HT0102", "{", "`}`"),
    (
        "gate g \"x { check a { require rows(T) > 0 } }",
        "HT0103",
        "\"x { check a { require rows(T) > 0 } }",
        "`\"`",
    ),
];

/// Mistakes in a check's block: text, code, underlined text, part of the help.
const CHECK: &[(&str, &str, &str, &str)] = &[
    ("requier rows(T) > 0", "HT0105", "requier", "`require`"),
    ("require rows(T) > 0; retry every 5s for 3min", "HT0213", "retry every 5s for 3min", "leave it out"),
    (
        "require api GET \"/\" returns 200; retry every 5min for 3min",
        "HT0208",
        "retry every 5min for 3min",
        "for 3min",
    ),
    ("require api GET \"/\" returns 200; retry every 5s", "HT0106", "", "for"),
    ("timeout 30s", "HT0206", "x", "require"),
    ("require rows(T) > 0; timeout 30", "HT0203", "30", "`30min`"),
    ("require rows(T) > 0; timeout 30 s", "HT0106", "s", "the end of the statement"),
    ("require rows(T) > 0; timeout 5s; timeout 6s", "HT0202", "timeout 6s", "remove"),
    ("require rows(T) > 0; require rows(T) < 9", "HT0202", "require rows(T) < 9", "a check of its own"),
    ("require rows(T) > 0 { timeout 5s }", "HT0107", "{", "end the statement"),
    ("require rows == 1; on T", "HT0106", "==", "`=`"),
    ("require rows <> 1; on T", "HT0106", "<>", "`!=`"),
    ("require rows > 0", "HT0210", "rows", "rows(Table)"),
    ("require sum() = 0", "HT0205", "sum()", "sum(Table.column)"),
    ("require sun(T.a) = 0", "HT0201", "sun", "`sum`"),
    ("require sum(a) = 0", "HT0210", "a", "T"),
    ("require sum(T.a + U.b) = 0", "HT0213", "U.b", "one table"),
    ("require sum(1) = 0", "HT0213", "1", "sum(Table.column)"),
    ("require rows(1) = 0", "HT0213", "1", "rows(Table)"),
    ("require newest(T.at) > 5min", "HT0204", "5min", "2026-01-14T14:30:00Z"),
    ("require now - newest(T.at) < 15", "HT0204", "15", "`15min`"),
    ("require db.size < 500", "HT0204", "500", "`64MiB`"),
    ("require db.sizes < 500MB", "HT0201", "db.sizes", "`size`"),
    ("require db.sessions = 0", "HT0205", "db.sessions", "of \"...\""),
    ("require db.size of \"x\" > 1MB", "HT0205", "db.size", "`db.size`"),
    ("require backup.age < 60min", "HT0201", "backup", "declare the source"),
    ("require rows(T) >= $n", "HT0201", "$n", "`target`"),
    ("require now + now > $target", "HT0204", "now + now", "subtract"),
    ("require db.size + 5s > 1MB", "HT0204", "db.size + 5s", "same unit"),
    ("require 1 = 2", "HT0213", "1 = 2", "observed"),
    ("require rows(T) = rows( T )", "HT0213", "rows(T) = rows( T )", "something else"),
    ("require T.a in T.a", "HT0213", "T.a in T.a", "something else"),
    ("require T.a = max(T.b)", "HT0213", "T.a = max(T.b)", "max(column)"),
    ("require T.a > 0 per b", "HT0213", "per b", "sum(column)"),
    ("require sum(T.a) = sum(U.b) per k", "HT0213", "per k", "`on Table`"),
    ("require T.a = U.b", "HT0213", "U.b", "A.x in B.y"),
    ("require (T.a, T.b) in (U.c)", "HT0205", "U.c", "(A.x, A.y) in (B.x, B.y)"),
    ("require (T.a, U.b) in (V.c, V.d)", "HT0213", "U.b", "one table"),
    ("require a in T.b", "HT0210", "a", "`Table.a`"),
    ("require unique a", "HT0210", "unique a", "`on Table`"),
    ("require not null a", "HT0210", "not null a", "`on Table`"),
    ("require book is balanced", "HT0201", "book", "`books`"),
    ("require books is balance", "HT0213", "balance", "`balanced`"),
    ("require books is intact", "HT0213", "intact", "`balanced`"),
    ("require audit is verified", "HT0213", "verified", "`intact`"),
    ("require dumps is intact", "HT0213", "intact", "`verified`"),
    ("require dumps is named", "HT0206", "named", "%Y%m%d"),
    ("require iam is verified", "HT0213", "verified", "holdtrue facts"),
    ("require dumps is verified today", "HT0106", "today", "end the statement"),
    ("require dumps.age <= 15", "HT0204", "15", "`15min`"),
    ("require dumps.aeg <= 15h", "HT0201", "dumps.aeg", "`age`"),
    ("require dumps.misnamed = 0", "HT0206", "dumps.misnamed", "named"),
    ("require dumps.runs(90d) > 3", "HT0206", "dumps.runs", "every 1d"),
    ("require runs.runs > 3", "HT0205", "runs.runs", "runs.runs("),
    ("require runs.runs(\"90d\") > 3", "HT0205", "\"90d\"", "`90d`"),
    ("require runs.runs(0s) > 3", "HT0205", "0s", "`90d`"),
    ("require here.load(2min) < 60%", "HT0205", "2min", "`1min`"),
    ("require here.load < 60", "HT0204", "60", "`99.9%`"),
    ("require here.has_postgres(\"15\") = true", "HT0205", "\"15\"", "`15`"),
    ("require here.free > 1GB", "HT0205", "here.free", "here.free"),
    ("require api POST \"/\" returns 200", "HT0213", "POST", "`GET`"),
    ("require api GET \"health\" returns 200", "HT0208", "\"health\"", "first slash"),
    ("require api GET \"/\" returns 700", "HT0208", "700", "`200`"),
    ("require api HEAD \"/\" returns 200 with json \"/a\" = 1", "HT0213", "HEAD", "`GET`"),
    ("require api GET \"/\" returns 200 with json \"a\" = 1", "HT0208", "\"a\"", "/Statement"),
    ("require api GET \"/\" returns 200 with json \"/a\" > \"x\"", "HT0204", ">", "plain numbers"),
    ("require api GET \"/\" returns 200 with json \"/a\" = 5min", "HT0204", "=", "plain numbers"),
    ("require api GET \"/\" returns 200; timeout 5s", "HT0213", "timeout 5s", "within"),
    ("require app GET \"/\" returns 200", "HT0201", "app", "`api`"),
    ("require dumps GET \"/\" returns 200", "HT0213", "dumps", "source http"),
    ("require attested by \" \"", "HT0208", "\" \"", "who"),
    ("require attested by \"@a\" within 5", "HT0203", "5", "`5min`"),
    ("require attested by \"@a\" within 5min after 3", "HT0204", "3", "recovery_started"),
    ("require every \"/S\" of iam where a = 1", "HT0206", "every", "has"),
    ("require no \"/S\" of iam", "HT0206", "no", "has"),
    ("require every \"S\" of iam has a = 1", "HT0208", "\"S\"", "/Statement"),
    ("require every \"/S\" of iam has a = b", "HT0213", "b", "double quotes"),
    ("require every \"/S\" of dumps has a = 1", "HT0213", "dumps", "document"),
    ("on dumps; require rows(T) > 0", "HT0213", "x", "on SOURCE"),
    ("require standard is intact", "HT0213", "intact", "`healthy`"),
    ("require standard is healthy today", "HT0106", "today", "end the statement"),
    ("require standard.indxes is healthy", "HT0201", "indxes", "`indexes`"),
    ("require standard.indexes.all is healthy", "HT0106", "standard.indexes.all", "`standard.MEMBER`"),
    ("require standard is healthy; without indxes because \"x\"", "HT0201", "indxes", "`indexes`"),
    ("require standard is healthy; without indexes because \" \"", "HT0206", "\" \"", "auditor"),
    (
        "require standard is healthy; without indexes because \"x\"; without indexes because \"y\"",
        "HT0202",
        "indexes",
        "remove one",
    ),
    ("require standard is healthy; without indexes \"\" because \"x\"", "HT0206", "\"\"", "findings"),
    ("require standard.indexes is healthy; without indexes because \"x\"", "HT0212", "indexes", "object"),
    ("require standard.indexes is healthy; without rules because \"x\"", "HT0213", "rules", "standard.rules"),
    (
        "require rows(T) > 0; without rules because \"x\"",
        "HT0213",
        "without rules because \"x\"",
        "standard is healthy",
    ),
    ("require tenancy is isolated strictly", "HT0106", "strictly", "end the statement"),
    ("require every indx is valid", "HT0201", "indx", "`index`"),
    ("require every index is enabled", "HT0213", "enabled", "`every index is valid`"),
    ("require rpo is meet", "HT0213", "meet", "`met`"),
    ("require newest(T.at) within 15 before $target", "HT0203", "15", "`15min`"),
    ("require rows(T) within 15min of $target", "HT0204", "$target", "`100`"),
    ("require sql returns no rows $$ delete from t $$", "HT0215", "$$ delete from t $$", "SELECT"),
    ("require sql returns no rows $$ select now() $$", "HT0215", "$$ select now() $$", "a `time` parameter"),
    ("require sql returns no rows $$ select $x $$", "HT0201", "$$ select $x $$", "legal here"),
    ("require sql returns rows $$ select 1 $$", "HT0106", "rows", "`no`"),
    ("require T.at > 2026-01-14T14:30:00", "HT0208", "2026-01-14T14:30:00", "2026-01-14T14:30:00Z"),
    ("require T.a ?? null > 0", "HT0213", "null", "after `??`"),
    ("require 99.9% of 99% of rows(T) > 0", "HT0106", "of", "parentheses"),
    ("on T; on U; require rows > 0", "HT0202", "U", "commas"),
    ("require rows(T) > 0; when 1 = 2", "HT0213", "when 1 = 2", "$tenant"),
    ("require rows(T) > 0; when rows(U) > 0", "HT0213", "when rows(U) > 0", "`when db.in_recovery = false`"),
    ("require rows(T) > 0; when $tenant = true", "HT0204", "true", "\"text\""),
    ("require rows(T) > 0; when $target = all", "HT0204", "all", "text parameter"),
    ("require rows(T) > 0; evidence soc2", "HT0106", "soc2", "soc2:A1.2"),
    ("require rows(T) > 0; runbook x", "HT0106", "x", "double quotes"),
    ("require rows(T) > 0; runbook \"a\\qb\"", "HT0208", "\\q", "`\\\\`"),
    ("require T.s = 'posted'", "HT0106", "'posted'", "`\"posted\"`"),
    ("require T.s in ('posted', \"x\")", "HT0106", "'posted'", "`\"posted\"`"),
    ("require T.s in (posted)", "HT0210", "posted", "`\"posted\"` if a text is meant"),
    (
        "require sum(T.a) = sum(T.b) and sum(T.c) = sum(T.d) per e",
        "HT0106",
        "per",
        "a check of its own for each",
    ),
    ("require sum(T.a)\n = sum(T.b)", "HT0106", "", "on the line before"),
    ("require newest(T.at)\n within 15min before $target", "HT0106", "", "on the line before"),
    ("require T.a > 0\n and T.b > 0", "HT0106", "and", "on the line before"),
    ("on T\n where a = 1; require b = 1", "HT0106", "where", "on the line before"),
    ("require T.a = null", "HT0213", "null", "`is null`"),
    (
        "require newest(T.at) within $flag before $target",
        "HT0204",
        "$flag",
        "`duration`, or write for example `15min`",
    ),
    ("require newest(T.at) within $gone before $target", "HT0201", "$gone", "legal here"),
    ("require rows(T) >= $target of rows(U)", "HT0204", "$target", "`percent`"),
    ("require rows(T) >= 99% of newest(T.at)", "HT0204", "99% of newest(T.at)", "99.9% of rows(Table)"),
    ("require rows(T) > 0; timeout $flag", "HT0204", "$flag", "`duration`"),
    ("require rows(T) = true", "HT0204", "true", "`100`"),
    ("require db.in_recovery = 5", "HT0204", "5", "`true`"),
    ("require rows(T) > 0; allow nothing", "HT0106", "nothing", "`empty`"),
];

fn verify(cases: &[(&str, &str, &str, &str)], wrap: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for (text, code, underlined, help) in cases {
        let policy = wrap(text);
        match std::panic::catch_unwind(|| mistake(&policy)) {
            Ok((c, u, h)) if c == *code && u == *underlined && h.contains(help) => {}
            Ok(seen) => wrong.push(format!("{text}\n  wanted {code} `{underlined}` {help}\n  got {seen:?}")),
            Err(_) => wrong.push(format!("{text}\n  not one error")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_base_has_no_mistake() {
    let (_, found, policy) = read(BASE);
    assert!(policy && found.iter().all(|d| !d.is_error()), "{found:?}");
}

#[test]
fn mistakes_at_the_top_level() {
    verify(TOP, |text| format!("{BASE}{text}\n"));
}

#[test]
fn mistakes_in_a_check() {
    verify(CHECK, |text| format!("{BASE}gate g {{ check x {{ {text} }} }}\n"));
}

#[test]
fn mistakes_in_the_use_of_a_template() {
    let cases = [
        ("knwon(T.a, U.b)", "HT0201", "knwon", "`known`"),
        ("known(T.a)", "HT0205", "known", "known(child, parent)"),
        ("known(a, U.b)", "HT0204", "a", "`Table.column`"),
        ("known(T.a, 5)", "HT0204", "5", "`Table.column`"),
    ];
    verify(&cases, |text| format!("{BASE}gate g {{ check x use {text} }}\n"));
}

#[test]
fn mistakes_in_the_head() {
    let head = |text: &str| BASE.replacen("policy p { language 1; owner \"@a\"; max_waiver 90d }", text, 1);
    let cases = [
        ("policy p { language 2 }", "HT0108", "2", "`language 1`"),
        ("policy p { max_waiver 90 }", "HT0203", "90", "`90min`"),
        ("policy p { max_waiver $days }", "HT0106", "$days", "a parameter cannot stand here"),
        ("policy p { oner \"@a\" }", "HT0105", "oner", "`owner`"),
        ("", "HT0206", "param target: time", "policy NAME"),
        ("policy p { gate g { } }", "HT0105", "gate", "belongs at the top level"),
    ];
    verify(&cases, head);
}

#[test]
fn ten_mistakes_give_ten_diagnostics() {
    let text = r#"
policy p { langauge 1 }
param a: tme
source postgre db
objective rpo 15 from now to now
ledger l on L { debt a; credit b; balance overall }
chain c on L { order by a; link p genesis null; hash h = hex(sha25(a)) }
gaet early { check q { require rows(T) > 0 } }
gate g on db after early {
  check x { requier l is balanced }
  check y { require rows(T) > 1 per b; when $a = 5; timeout 15m }
  check z { require T.at = 2026-01-14T14:30:00 }
}
waive q { until 2026-12-01; owner "@a"; reason "x" }
"#;
    let (_, found, policy) = read(text);
    let codes: Vec<_> = found.iter().filter(|d| d.is_error()).map(|d| d.code.id()).collect();
    assert!(!policy);
    let wanted =
        ["HT0105", "HT0105", "HT0105", "HT0105", "HT0201", "HT0201", "HT0203", "HT0214", "HT0203", "HT0208"];
    assert_eq!(codes, wanted, "{found:#?}");
}

#[test]
fn loose_constructs_are_warned_about() {
    let cases = [
        (
            "ledger l on L { debit a; credit b; balance overall; without one_sided because \"\" }\ngate g { check x { require l is balanced } }",
            "HT0503",
            "\"\"",
        ),
        ("gate g { check x { recommend rows(T) > 0 } }", "HT0503", "g"),
        ("gate g { check x { require books is balanced; allow empty } }", "HT0503", "x"),
        ("gate g { check x { require audit is intact; allow empty } }", "HT0503", "x"),
        ("gate g { check x { require rows(T) >= 0 } }", "HT0503", "rows(T) >= 0"),
        ("gate g { check y { require rows(T) > 0 }; check x { recommend rpo is met } }", "HT0503", "rpo"),
        ("waive ok { until 2026-09-30; owner \"@a\"; reason \"x\" }", "HT0211", "2026-09-30"),
        (
            "chain c on L { order by a; link p genesis null; hash h = sha256(json(js, { k: json(js, a) ?? null })) }",
            "HT0504",
            "json(js, a)",
        ),
    ];
    for (text, code, underlined) in cases {
        let (texts, found, policy) = read(&format!("{BASE}{text}\n"));
        assert!(policy, "{text}: {found:#?}");
        let seen = found.iter().filter(|d| d.severity == Severity::Warning && d.code.id() == code);
        let places: Vec<_> = seen.map(|d| texts.text(d.labels[0].span)).collect();
        assert_eq!(places, [underlined], "{text}");
    }
}

#[test]
fn json_in_a_string_is_not_warned_about_when_it_is_meant() {
    for member in
        ["raw(json(js(sorted), a)) ?? null", "cat(json(js, { b }))", "raw(ts(a, epoch_s))", "raw(a)"]
    {
        let hash = format!("hash h = sha256(json(py(unsorted, utf8), {{ k: {member}, prev }}))");
        let (_, found, policy) =
            read(&format!("{BASE}chain c on L {{ order by int(a), b; link p genesis null; {hash} }}\n"));
        assert!(policy && found.iter().all(|d| d.code.id() != "HT0504"), "{member}: {found:#?}");
    }
}

#[test]
fn an_objective_that_is_required_and_a_last_day_are_not_warned_about() {
    let text = "gate g { check x { require rpo is met } }\nwaive ok { until 2026-10-01; owner \"@a\"; reason \"x\" }";
    let (_, found, policy) = read(&format!("{BASE}{text}\n"));
    assert!(policy && found.iter().all(|d| d.code.id() == "HT0502"), "{found:#?}");
}

#[test]
fn a_parameter_stands_where_a_quantity_stands() {
    let text = r#"
param slack: duration = 15min
param share: percent = 99.9%
param unset: duration
template late(limit: duration) { require newest(T.at) within $limit before $target; timeout $limit }
gate g {
  check a { require newest(T.at) within $slack before $target; timeout $slack }
  check b { require rows(T) >= $share of rows(U) }
  check c use late(5min)
  check d use late($slack)
  check e { require newest(T.at) within $unset of now; timeout $unset }
}
"#;
    let (_, found, policy) = read(&format!("{BASE}{text}"));
    assert!(policy && found.iter().all(|d| d.code.id() == "HT0502"), "{found:#?}");
    let negative = text.replace("= 15min", "= 0s").replace("99.9%", "-1%");
    let (_, found, _) = read(&format!("{BASE}{negative}"));
    let codes: Vec<_> = found.iter().filter(|d| d.is_error()).map(|d| d.code.id()).collect();
    assert_eq!(codes, ["HT0208", "HT0208", "HT0207"], "{found:#?}");
}

#[test]
fn a_parameter_stands_where_a_document_is_compared() {
    let text = r#"
param release: text
param known: text = "a"
param least: number
gate g {
  check a { require api GET "/v" returns 200 with json "/version" = $release, "/n" >= $least }
  check b { require every "/S" of iam has Action in ("b", $known) }
  check c { require every "/S" of iam has n <= $least }
}
"#;
    let (_, found, policy) = read(&format!("{BASE}{text}"));
    assert!(policy && found.iter().all(|d| d.code.id() == "HT0502"), "{found:#?}");
    // What has no single value is no value, and units are none of a document's.
    for (from, to) in [("release: text", "release: text = all"), ("least: number", "least: size")] {
        let (_, found, policy) = read(&format!("{BASE}{}", text.replace(from, to)));
        assert!(!policy && found.iter().any(Diagnostic::is_error), "{to}: {found:#?}");
    }
}
