//! NOT NULL is believed of rows that a server holds to it, and of no others.

use crate::support::{Run, Scratch, pg_dump, program, shared};

const CHECKS: &str = "
    check total { on line; require sum(debit) = 15 }
    check of_some { on line; require sum(debit where id < 3) = 10 }
    check narrowed { on line where id < 3; require sum(debit) = 10 }
    check both { on line; require sum(debit + credit) = 30 }
    check count { on line; require rows = 3 }
    check rows { on line; require debit >= 0 }
    check grouped { on line; require sum(debit) = sum(credit) per e }
    check keys { on line; require rows >= 1 per e }";

const LINES: &str = "
    create table line (id int primary key, e int NOT NULL, debit numeric(10, 2) NOT NULL, credit numeric(10, 2) NOT NULL);
    insert into line values (1, 1, 5, 5), (2, 1, 5, 5), (3, 2, 5, 5);";

/// What the checks are told where a line, of no effect on any sum, has no debit, and where one has no entry.
fn sees_what_is_missing(run: &Run) {
    for id in ["total", "of_some", "narrowed", "both", "rows"] {
        assert_eq!(run.check(id)["verdict"], "unproven", "{id}\n{}", run.said());
    }
    let reason = run.check("total")["reason"].to_string();
    assert!(reason.contains("NULL"), "{reason}");
    for id in ["grouped", "keys"] {
        assert_eq!(run.check(id)["verdict"], "broken", "{id}\n{}", run.said());
    }
}

#[test]
fn a_server_is_believed_to_enforce_what_it_declares() {
    let s = Scratch::new("fg_declared", LINES);
    s.verify("", CHECKS).ends_with(0);
    let mut command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url());
    let plan = Run::of(command.args(["plan", "p.hold"])).ends_with(0);
    let scan = plan.stdout.lines().find(|line| line.contains("sum(r.\"debit\")")).unwrap();
    assert!(scan.contains("'0'") && !scan.contains("IS NULL"), "{scan}");

    // A view declares nothing, a column may be nullable, and a value may be made of one that is.
    s.sql("create table other (id int primary key, n numeric); insert into other values (1, 1), (2, null);
           create view seen as select l.id, o.n from line l left join other o using (id); grant select on seen, other to public");
    s.unproven("", "on other; require sum(n) = 1", "NULL");
    s.unproven("", "on other; require sum(n + id) = 2", "NULL");
    s.unproven("", "on other; require sum(n where id > 1) = 0", "");
    s.holds("", "on other; require sum(n ?? 0) = 1");
    s.on_server(|s| s.unproven("", "on seen; require sum(n) = 1", "NULL"));
}

#[test]
fn a_table_that_others_inherit_from_is_not() {
    let s = Scratch::new("fg_declared_heirs", LINES);
    s.policy("", &CHECKS.replace("rows = 3", "rows = 5"));
    s.sql(
        "create table heir () inherits (line);
           alter table heir alter debit drop not null, alter e drop not null;
           insert into heir values (0, 1, null, 0), (-1, null, 0, 0); grant select on heir to public",
    );
    sees_what_is_missing(&s.run(&[]));
}

#[test]
fn an_archive_is_not() {
    let s = Scratch::new(
        "fg_declared_archive",
        &format!(
            "{LINES} alter table line alter debit drop not null, alter e drop not null;
             insert into line values (0, 1, null, 0), (-1, null, 0, 0)"
        ),
    );
    s.policy("", &CHECKS.replace("rows = 3", "rows = 5"));
    sees_what_is_missing(&s.run(&[]));
    // Damaged, or made by something else than pg_dump: it holds what its own definition forbids.
    let file = s.folder().join("forbidden.sql");
    pg_dump(&shared().url(&s.name), Some(&file), &["-Fp"]);
    let text = std::fs::read_to_string(&file).unwrap();
    let forbidden = text
        .replace("e integer,", "e integer NOT NULL,")
        .replace("debit numeric(10,2),", "debit numeric(10,2) NOT NULL,");
    assert_eq!(forbidden.matches("NOT NULL").count(), text.matches("NOT NULL").count() + 2, "{text}");
    std::fs::write(&file, forbidden).unwrap();
    sees_what_is_missing(&s.run(&["--source", &format!("db=dump:{}", file.display())]));
}

#[test]
fn bounds_that_the_greatest_value_tells_are_looked_at_row_by_row_where_it_does_not() {
    let s = Scratch::new(
        "fg_declared_bounds",
        "create table t (id int primary key, g int not null, a numeric(10, 2) not null, b numeric(10, 2), c numeric not null);
         insert into t select n, n % 2, n, n, n from generate_series(1, 9) n",
    );
    let checks = "
        check a { on t; require a < 9.01 }
        check wider { on t; require 10 >= a }
        check least { on t; require a > 0 }
        check b { on t; require b < 10 }
        check c { on t; require c < 10 }
        check some { on t where g = 0; require a <= 8 }
        check none { on t where g = 7; require a < 1 }";
    let judged = |change: &str, expected: &[(&str, &str)]| {
        s.sql(&format!("begin; update t set a = id, b = id, c = id; {change}; commit"));
        let run = s.verify("", checks);
        for id in ["a", "wider", "least", "b", "c", "some"] {
            let verdict =
                expected.iter().find(|(name, _)| *name == id).map_or("holds", |(_, verdict)| verdict);
            assert_eq!(run.check(id)["verdict"], verdict, "{change}: {id}\n{}", run.said());
        }
        run.judges("none", "unproven", "no rows")
    };
    let run = judged("select 1", &[]);
    let _ = run.judges("a", "holds", "9 looked at").judges("some", "holds", "4 looked at");
    judged("update t set a = 9.01 where id = 3", &[("a", "broken")]).judges("a", "broken", "1 case");
    judged("update t set a = 10 where id = 4", &[("a", "broken"), ("some", "broken")]);
    judged("update t set a = 10.01 where id = 3", &[("a", "broken"), ("wider", "broken")]);
    let all = [("a", "unproven"), ("wider", "unproven"), ("least", "unproven")];
    judged("update t set a = 'NaN' where id = 3", &all);
    judged("update t set b = null where id = 3", &[("b", "unproven")]);
    judged("update t set c = '-Infinity' where id = 3", &[("c", "unproven")]);
    judged("update t set c = 'NaN' where id = 3", &[("c", "unproven")]);
}
