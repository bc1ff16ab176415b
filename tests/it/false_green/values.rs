//! Values that make a comparison true, or silent, without anything being right.

use crate::support::Scratch;

#[test]
fn null_in_a_key_is_a_violation_unless_allowed() {
    let s = Scratch::new(
        "fg_null_key",
        "create table parent (a int, b int, primary key (a, b)); insert into parent values (1, 1);
         create table child (id int primary key, a int, b int); insert into child values (1, 1, 1), (2, null, 1), (3, 9, null);
         create table doc (id int primary key, no text); insert into doc values (1, 'x'), (2, null), (3, null);",
    );
    let run = s.broken("", "on child; require (a, b) in (parent.a, parent.b)", "2 cases");
    assert_eq!(
        run.findings("c"),
        ["null_key public.child id=2 a=null b=1", "null_key public.child id=3 a=9 b=null"]
    );
    s.holds("", "on child; require (a, b) in (parent.a, parent.b) or null");
    s.broken("", "on doc; require unique no", "2 cases");
    s.holds("", "on doc; require unique no or null");
    s.broken("", "on doc; require rows >= 1 per no", "1 case");
    s.broken("", "on doc; require not null no", "2 cases");
}

#[test]
fn a_full_match_with_half_a_key_is_a_violation() {
    let s = Scratch::new(
        "fg_match_full",
        "create table parent (a int, b int, primary key (a, b)); insert into parent values (1, 1);
         create table child (id int primary key, a int, b int, foreign key (a, b) references parent match full);
         insert into child values (1, 1, 1), (3, null, null);
         set session_replication_role = replica; insert into child values (2, 1, null);",
    );
    let run = s.broken("", "require every foreign_key is valid", "1 case");
    assert_eq!(run.findings("c"), ["foreign_key public.child id=2 a=1 b=null"]);
}

#[test]
fn null_amounts_are_never_skipped_in_silence() {
    let s = Scratch::new(
        "fg_null_amount",
        "create table line (id int primary key, e int not null, debit numeric, credit numeric, side text);
         insert into line values (1, 1, 5, null, 'd'), (2, 1, null, 5, 'c'), (3, 2, null, null, null);",
    );
    s.unproven("", "on line; require debit >= 0", "NULL");
    s.unproven("", "on line; require not (debit < 0)", "NULL");
    s.unproven("", "on line; require debit != credit", "NULL");
    s.unproven("", "on line; require sum(debit) = sum(credit)", "NULL");
    s.unproven("", "require sum(line.debit) >= 0", "NULL");
    s.unproven("", "on line; require sum(debit) = sum(credit) per e", "NULL");
    s.unproven("", "on line; require count(id where debit < 0) = 0", "NULL");
    s.unproven("", "on line; require count(id where debit < 0) = 0 per e", "NULL");
    s.unproven("", "on line where debit < 100; require id > 0", "NULL");
    let books = "ledger books on line { debit debit; credit credit; balance overall; without one_sided because \"test\" }";
    s.broken(books, "require books is balanced", "no amount");
    let signed = "ledger books on line { amount debit; balance overall }";
    s.broken(signed, "require books is balanced", "no amount");
    let sided =
        "ledger books on line { amount debit side side debit (\"d\") credit (\"c\"); balance overall }";
    s.broken(sided, "require books is balanced", "neither debit nor credit");
}

#[test]
fn not_a_number_equals_only_itself_in_sql_and_nothing_here() {
    let s = Scratch::new(
        "fg_nan",
        "create table line (id int primary key, e int not null, debit numeric not null, credit numeric not null, f float8 not null);
         insert into line values (1, 1, 'NaN', 'NaN', 'NaN'), (2, 2, 1, 1, 1);",
    );
    s.unproven("", "on line; require debit = credit", "not a number");
    s.unproven("", "on line; require debit >= 0", "not a number");
    s.unproven("", "on line; require f >= 0", "not a number");
    s.unproven("", "on line; require debit ?? 0 >= 0", "not a number");
    s.unproven("", "on line; require debit between 0 and 5 or id = 99", "not a number");
    s.unproven("", "on line; require sum(debit) = sum(credit)", "NaN");
    s.unproven("", "on line; require min(debit) >= 0", "NaN");
    s.unproven("", "on line; require min(f) >= 0", "NaN");
    s.unproven("", "on line; require max(debit) = max(credit)", "NaN");
    s.unproven("", "on line; require sum(debit) = sum(credit) per e", "not a number");
    s.unproven("", "on line; require max(debit) = max(credit) per e", "not a number");
    s.unproven("", "on line; require count(id where debit < 0) = 0", "not a number");
    // A server tells two sums apart that are no numbers; an archive does not call them anything.
    let run = s.on_server(|s| {
        s.verify(
            "ledger books on line { debit debit; credit credit; balance per e, overall; without one_sided because \"test\" }",
            "check c { require books is balanced }",
        )
    });
    assert!(matches!(run.status, Some(1 | 3)), "{}", run.said());
}

#[test]
fn a_clock_that_runs_ahead_is_not_fresh() {
    let s = Scratch::new(
        "fg_future",
        "create table log (id int primary key, at timestamptz not null); insert into log values (1, now() + interval '2 days');",
    );
    s.broken("", "require newest(log.at) within 1h before now", "");
    s.broken("objective rpo 15min from newest(log.at) to now", "require rpo is met", "backwards");
}

#[test]
fn arithmetic_that_fails_proves_nothing() {
    let s = Scratch::new(
        "fg_arithmetic",
        "create table t (id int primary key, a int not null, b int not null, big bigint not null, n numeric(1000,0) not null);
         insert into t values (1, 2147483647, 0, 9223372036854775807, 1);",
    );
    s.unproven("", "on t; require a + a > 0", "out of range");
    s.unproven("", "on t; require a / b > 0", "division by zero");
    s.unproven("", "on t; require sum(a) / sum(b) > 0", "division by zero");
    s.unproven("", "on t; require sum(a) / sum(b) > 0 per id", "division by zero");
    s.unproven("", "require sql returns no rows $$ select 1 from t where a / b > 1 $$", "division by zero");
}

#[test]
fn one_failing_expression_accuses_no_other_check() {
    let s = Scratch::new(
        "fg_neighbour",
        "create table t (id int primary key, a int not null, b int not null); insert into t values (1, 5, 0);",
    );
    s.verify("", "check bad { on t; require a / b > 0 }\ncheck good { on t; require a = 5 }")
        .ends_with(3)
        .judges("bad", "unproven", "division by zero")
        .judges("good", "holds", "");
}

#[test]
fn very_large_numbers_stay_exact() {
    let nines = "9".repeat(1000);
    let s = Scratch::new(
        "fg_large",
        &format!(
            "create table t (id int primary key, n numeric(1000,0) not null, m numeric(1000,0) not null);
                  insert into t values (1, {nines}, {nines}), (2, 1, 0);"
        ),
    );
    s.broken("", "on t; require sum(n) = sum(m)", "");
    s.broken("", "on t where id = 2; require n = m", "1 case");
    s.holds("", "on t where id = 1; require sum(n) = sum(m)");
}

#[test]
fn unknown_comparisons_and_broken_ones_keep_their_names() {
    let s = Scratch::new(
        "fg_labels",
        "create table t (k text primary key, a numeric, b numeric not null);
         insert into t values ('a-unknown', null, 1), ('z-broken', 2, 1);",
    );
    for body in ["on t; require a = b", "on t; require sum(a) = sum(b) per k"] {
        let run = s.verify("", &format!("check c {{ {body} }}")).ends_with(1);
        let check = run.check("c");
        for finding in check["findings"].as_array().unwrap() {
            let expected = if finding["key"][0]["value"] == "z-broken" { "broken" } else { "unproven" };
            assert_eq!(finding["verdict"], expected, "{body}: {finding:#}");
        }
    }
}
