//! Infinite amounts and instants: greater or less than everything, and so within every open range.

use std::fmt::Write as _;

use crate::support::{Run, Scratch};

#[test]
fn infinite_amounts_balance_nothing() {
    let s = Scratch::new(
        "fg_infinity",
        "create table line (id int primary key, e int not null, debit numeric not null, credit numeric not null);
         insert into line values (1, 1, 'Infinity', 'Infinity');",
    );
    s.unproven("", "on line; require debit = credit", "not a number");
    s.unproven("", "on line; require sum(debit) = sum(credit)", "Infinity");
    s.unproven("", "on line; require max(debit) = max(credit) per e", "infinite");
}

#[test]
fn what_is_no_amount_accuses_no_ledger_and_clears_none() {
    let ledgers = ["amount n", "debit d; credit c", "amount a side s debit (\"d\") credit (\"c\")"];
    let types = [("numeric(18,2)", "NaN"), ("numeric", "-Infinity"), ("double precision", "NaN")];
    for (at, (ty, odd)) in types.into_iter().enumerate() {
        let s = Scratch::new(
            &format!("fg_no_amount_{at}"),
            &format!(
                "create table line (id int primary key, e int not null, t text not null, n {ty}, d {ty}, c {ty}, a {ty}, s text not null);
                 insert into line values (1, 1, 'a', 10, 10, 0, 10, 'd'), (2, 1, 'a', -10, 0, 10, 10, 'c'),
                                         (3, 2, 'a', '{odd}', '{odd}', 0, '{odd}', 'd'), (4, 2, 'a', -5, 0, 5, 5, 'c'),
                                         (5, 3, 'b', 7, 7, 0, 7, 'd'), (6, 3, 'b', -7, 0, 7, 7, 'c')"
            ),
        );
        for (verdict, status) in [("unproven", 3), ("broken", 1)] {
            if verdict == "broken" {
                s.sql("update line set n = 8, d = 8, a = 8 where id = 5");
            }
            for amounts in ledgers {
                // Money in binary floating point needs a tolerance.
                let exact = if ty == "double precision" { &[][..] } else { &["per e"] };
                for balance in exact.iter().chain(&["per t; tolerance 0.5"]) {
                    s.policy(
                        &format!("ledger books on line {{ {amounts}; balance {balance}; without non_negative because \"test\" }}"),
                        "check c { require books is balanced }",
                    );
                    for arguments in [&[][..], &["--exact"]] {
                        let _ = s.run(arguments).ends_with(status).judges("c", verdict, odd);
                    }
                }
            }
        }
    }
}

#[test]
fn a_line_is_not_accused_in_place_of_one_that_is_no_amount() {
    let s = Scratch::new(
        "fg_no_amount_lines",
        "create table line (id int primary key, e int not null, d numeric(18,2) not null, c numeric(18,2) not null, bal numeric(18,2) not null);
         insert into line values (1, 1, 10, 0, 10), (2, 1, 0, 10, 0), (3, 2, 'NaN', 0, 5), (4, 2, 0, 5, 0), (5, 3, 0, 0, 0), (6, 4, 7, 0, 7),
                                 (7, 4, 0, 7, 'NaN'), (8, 4, 1, 0, 3);",
    );
    s.policy(
        "ledger books on line { debit d; credit c; balance overall }",
        "check c { require books is balanced }",
    );
    let run = s.run(&[]).ends_with(1);
    assert_eq!(run.findings("c"), ["not_one_sided public.line id=5 d=0.00 c=0.00"]);
    s.policy(
        "ledger books on line { amount d - c; running bal per e order by id }",
        "check c { require books is balanced }",
    );
    let run = s.run(&[]).ends_with(1);
    assert_eq!(
        run.findings("c"),
        [
            "wrong_balance public.line id=8 bal=3.00 sum of postings=1.00",
            "wrong_balance public.line id=3 bal=5.00 sum of postings=NaN",
            "wrong_balance public.line id=4 bal=0.00 sum of postings=NaN",
            "wrong_balance public.line id=7 bal=NaN sum of postings=0.00"
        ]
    );
    let found = run.check("c");
    let verdicts: Vec<_> =
        found["findings"].as_array().into_iter().flatten().map(|f| f["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["broken", "unproven", "unproven", "unproven"]);
}

#[test]
fn the_other_end_of_a_range_does_not_hide_an_infinity() {
    let s = Scratch::new(
        "fg_infinity_hidden",
        "create table line (id int primary key, e int not null, n numeric not null, f float8 not null);
         insert into line values (1, 1, 'NaN', 'NaN'), (2, 1, 5, 5), (3, 2, 'Infinity', '-Infinity'), (4, 2, 5, 5), (5, 3, 5, 5);",
    );
    for column in ["n", "f"] {
        s.unproven("", &format!("on line; require min({column}) <= 5"), "would seem to hold");
        s.unproven("", &format!("on line; require max({column}) >= 5"), "");
        s.unproven("", &format!("on line; require min({column}) <= 5 per e"), "2 cases");
        s.unproven("", &format!("on line; require max({column}) >= 5 per e"), "2 cases");
        // Nobody is accused on the word of a value that is none.
        s.unproven("", &format!("on line; require max({column}) <= 5 per e"), "2 cases");
        s.holds("", &format!("on line; require max({column} where id = 5) = 5"));
        s.holds("", &format!("on line where id = 5; require max({column}) = 5 per e"));
    }
}

#[test]
fn bounds_that_are_looked_at_together_see_what_is_no_number() {
    let s = Scratch::new(
        "fg_nan_bounds",
        "create table line (id int primary key, n numeric(10,2) not null, f float8 not null); insert into line values (1, 5, 5), (2, 'NaN', 'NaN');",
    );
    for column in ["n", "f"] {
        let checks = format!(
            "check a {{ on line; require {column} < 100 }}\ncheck b {{ on line; require {column} < 200 }}\n\
             check c {{ on line; require {column} > 1 }}\ncheck d {{ on line; require {column} >= 2 }}"
        );
        let run = s.verify("", &checks).ends_with(3);
        let run = run.judges("a", "unproven", "").judges("b", "unproven", "");
        let _ = run.judges("c", "unproven", "").judges("d", "unproven", "");
    }
    s.sql("update line set n = 150, f = 150 where id = 2");
    let run = s
        .verify("", "check a { on line; require n < 100 }\ncheck b { on line; require n < 200 }")
        .ends_with(1);
    let _ = run.judges("a", "broken", "1 case").judges("b", "holds", "");
}

#[test]
fn infinite_times_are_no_instants() {
    let s = Scratch::new(
        "fg_infinite_time",
        "create domain moment as timestamptz;
         create table log (id int primary key, e int not null, at timestamptz not null, ts timestamp not null, d date not null, m moment not null);
         insert into log values (1, 1, 'infinity', 'infinity', 'infinity', 'infinity'), (2, 1, '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01');
         create table old (id int primary key, e int not null, at timestamptz not null, ts timestamp not null, d date not null, m moment not null);
         insert into old values (1, 1, '-infinity', '-infinity', '-infinity', '-infinity'), (2, 1, '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01');",
    );
    s.unproven("objective rpo 15min from newest(log.at) to now", "require rpo is met", "infinity");
    s.unproven("objective rpo 9999d from newest(old.at) to now", "require rpo is met", "-infinity");
    for column in ["at", "ts", "d", "m"] {
        for table in ["log", "old"] {
            for body in [
                format!("require newest({table}.{column}) <= 2026-12-01T00:00:00Z"),
                format!("require oldest({table}.{column}) >= 2020-01-01T00:00:00Z"),
                format!("require min({table}.{column}) <= max({table}.{column})"),
                format!("require newest({table}.{column}) within 9999d before 2026-12-01T00:00:00Z"),
            ] {
                s.unproven("", &body, "infinity");
            }
            for body in [
                format!("{column} <= 2026-12-01T00:00:00Z"),
                format!("{column} >= 2020-01-01T00:00:00Z"),
                format!("not ({column} > 2026-12-01T00:00:00Z)"),
                format!("{column} != 2020-01-01T00:00:00Z"),
                format!("{column} + 1d <= 2026-12-01T00:00:00Z"),
                format!("{column} within 9999d before 2026-12-01T00:00:00Z"),
                format!("newest({column}) <= 2026-12-01T00:00:00Z per e"),
                format!("oldest({column}) >= 2020-01-01T00:00:00Z per e"),
                format!("count(id where {column} > 2026-12-01T00:00:00Z) <= 1 per e"),
            ] {
                s.unproven("", &format!("on {table}; require {body}"), "infinite");
            }
            s.unproven(
                "",
                &format!("on {table} where {column} <= 2026-12-01T00:00:00Z; require id > 0"),
                "infinite",
            );
            s.holds("", &format!("on {table} where id = 2; require {column} <= 2026-12-01T00:00:00Z"));
            s.holds(
                "",
                &format!("on {table} where id = 2; require newest({column}) <= 2026-12-01T00:00:00Z per e"),
            );
        }
    }
}

#[test]
fn a_row_that_is_excused_otherwise_is_not_held_up_by_an_infinity() {
    let s = Scratch::new(
        "fg_infinite_excused",
        "create table price (id int primary key, open boolean not null, until timestamptz not null);
         insert into price values (1, true, 'infinity'), (2, false, '2026-01-01');",
    );
    s.holds("", "on price; require (open = true) or until <= 2026-12-01T00:00:00Z");
    s.broken("", "on price; require (open = true) or until <= 2020-12-01T00:00:00Z", "1 case");
}

/// What a column may hold beside ordinary values, in the order of their texts, and an ordinary one.
const ODD: [(&str, &[&str], &str); 5] = [
    ("date", &["-infinity", "infinity"], "2026-01-14"),
    ("timestamptz", &["-infinity", "infinity"], "2026-01-14 14:30:00+00"),
    ("numeric(10,2)", &["NaN"], "1.50"),
    ("numeric", &["-Infinity", "Infinity", "NaN"], "1.5"),
    ("double precision", &["-Infinity", "Infinity", "NaN"], "1.5"),
];

#[test]
fn whatever_stands_beside_it_the_same_value_is_named_everywhere() {
    let (mut sql, mut checks, mut expected) = (String::new(), String::new(), Vec::new());
    for (n, (ty, odd, plain)) in ODD.into_iter().enumerate() {
        let _ = writeln!(sql, "create table t{n} (id serial primary key, g int not null, c {ty}, d {ty});");
        // Each set of odd values, alone and beside others.
        for set in 0..1usize << odd.len() {
            let chosen: Vec<&str> =
                (0..odd.len()).filter(|at| set >> at & 1 == 1).map(|at| odd[at]).collect();
            for (beside, also) in [&[][..], &[None, Some(plain)]].into_iter().enumerate() {
                let group = set * 2 + beside;
                // The greatest first, so that an order of arrival is not mistaken for another.
                for value in chosen.iter().rev().copied().map(Some).chain(also.iter().copied()) {
                    let value = value.map_or("null".to_owned(), |value| format!("'{value}'"));
                    let _ = writeln!(sql, "insert into t{n} (g, c, d) values ({group}, {value}, '{plain}');");
                }
                let id = format!("t{n}_{group}");
                for (kind, body) in [
                    ("narrow", format!("on t{n} where g = {group}; require min(c) <= max(d)")),
                    ("own", format!("on t{n}; require max(c where g = {group}) >= min(d)")),
                ] {
                    let _ = writeln!(checks, "check {id}_{kind} {{ {body} }}");
                    expected.push((format!("{id}_{kind}"), chosen.first().copied()));
                }
            }
        }
        let _ = writeln!(checks, "check t{n}_all {{ on t{n}; require min(c) <= max(c) }}");
        expected.push((format!("t{n}_all"), odd.first().copied()));
    }
    let s = Scratch::new("fg_infinite_sets", &sql);
    let named = |run: &Run| {
        for (id, odd) in &expected {
            let (verdict, reason) = (&run.check(id)["verdict"], run.check(id)["reason"].to_string());
            match odd {
                Some(odd) => {
                    assert_eq!(verdict, "unproven", "{id}: {reason}");
                    assert!(reason.contains(&format!("a value is `{odd}`,")), "{id}: {odd} {reason}");
                }
                None => assert!(!reason.contains("a value is"), "{id}: {reason}"),
            }
        }
    };
    s.policy("", &checks);
    for engine in ["server", "stream"] {
        named(&Run::of(&mut s.command(&["--engine", engine])));
    }
    named(&s.archived(&[]));
}
