//! Mistakes of a policy, a command line or a parameter: exit status 2, and nothing was run.

use crate::support::{Run, Scratch};

fn scratch(name: &str) -> Scratch {
    Scratch::new(
        name,
        "create table t (id int primary key, at timestamptz not null); insert into t values (1, now())",
    )
}

#[test]
fn policies_that_prove_nothing_are_refused() {
    let s = scratch("fg_policies");
    let head =
        "policy t { language 1; owner \"@t\"; schema public }\nsource postgres db from env DATABASE_URL\n";
    for (text, piece) in [
        (head.to_owned(), "check"),
        (format!("{head}gate g on db {{ }}\n"), "check"),
        (format!("{head}gate g on db {{ check c {{ on t; require rows > 0 }} }}\ngate h on db {{ }}\n"), "h"),
        (format!("{head}gate g on db {{ check c {{ }} }}\n"), "require"),
        (format!("{head}gate g on db {{ check c {{ on t; requir rows > 0 }} }}\n"), "did you mean `require`"),
        (format!("{head}gate g on db {{ check c {{ on t; require rows > 0; require rows > 1 }} }}\n"), ""),
        (
            format!(
                "{head}gate g on db {{ check c {{ on t; require rows > 0 }}\ncheck c {{ on t; require rows > 1 }} }}\n"
            ),
            "c",
        ),
        (format!("{head}gate g on dbb {{ check c {{ on t; require rows > 0 }} }}\n"), "dbb"),
        (format!("{head}gate g on db after h {{ check c {{ on t; require rows > 0 }} }}\n"), "h"),
        (format!("{head}gate g on db {{ check c {{ on t; require at within 15 before now }} }}\n"), ""),
        (
            format!(
                "{head}gate g on db {{ check c {{ on t; require newest(t.at) within 15m before now }} }}\n"
            ),
            "15m",
        ),
        (
            format!(
                "{head}gate g on db {{ check c {{ on t; require newest(t.at) within 15mins before now }} }}\n"
            ),
            "mins",
        ),
        (
            format!(
                "{head}gate g on db {{ check c {{ on t; require newest(t.at) within 15 before now }} }}\n"
            ),
            "unit",
        ),
        (format!("{head}gate g on db {{ check c {{ on t; require rows > $n }} }}\n"), "$n"),
        (format!("{head}gate g on db {{ check c {{ require books is balanced }} }}\n"), "books"),
        (format!("{head}gate g on db {{ check c {{ require every indx is valid }} }}\n"), "indx"),
        (format!("{head}gate g on db {{ check c {{ require db.sessionz of \"x\" = 0 }} }}\n"), "sessionz"),
        (
            format!(
                "{head}gate g on db {{ check c {{ on t; require rows > 0 }} }}\nwaive d {{ until 2099-01-01; owner \"@a\"; reason \"b\" }}\n"
            ),
            "d",
        ),
        (format!("{head}gate g on db {{ check c {{ on t; require rows > 0 }} \n"), ""),
        (format!("{head}gate g on db {{ check c {{ on t; require rows > 0 }} }} garbage\n"), ""),
        (
            format!(
                "{}gate g on db {{ check c {{ on t; require rows > 0 }} }}\n",
                head.replace("language 1", "language 2")
            ),
            "language",
        ),
        (
            format!(
                "{}gate g on db {{ check c {{ on t; require rows > 0 }} }}\n",
                head.replace("postgres db", "postgrs db")
            ),
            "postgrs",
        ),
        (
            format!(
                "{head}template k(a: column) {{ require $a in t.id }}\ngate g on db {{ check c use k(t.id, t.id) }}\n"
            ),
            "",
        ),
        (String::new(), ""),
        ("\u{feff}\u{0}".to_owned(), ""),
        (format!("{}1{}", "(".repeat(5000), ")".repeat(5000)), ""),
        (
            format!(
                "{head}gate g on db {{ check c {{ on t; require {}id > 0{} }} }}\n",
                "(".repeat(3000),
                ")".repeat(3000)
            ),
            "",
        ),
    ] {
        s.file("p.hold", &text);
        let run = s.run(&[]).ends_with(2).says(piece);
        assert!(run.stdout.is_empty(), "{text}\n{}", run.said());
        assert!(!run.stderr.is_empty(), "{text}");
    }
}

#[test]
fn selections_and_parameters_must_be_known() {
    let s = scratch("fg_select");
    s.policy(
        "param n: number = 1\nparam at: time",
        "check c { on t; require rows >= $n }\ncheck d { on t; require at <= $at }",
    );
    let at = ["--set", "at=2099-01-01T00:00:00Z"];
    s.run(&at).ends_with(0);
    for (arguments, piece) in [
        (&["--gate", "h"][..], "no gate `h`"),
        (&["--check", "e"], "no check `e`"),
        (&["--gate", "g", "--check", ""], "no check ``"),
        (&["--source", "dbb=x"], "did you mean `db`"),
        (&["--source", "db"], "NAME=VALUE"),
        (&["--source", "db=baseline:x"], "no place of tables"),
        (&["--source", "db=record:x"], "no place of tables"),
        (&["--source", "db=backup:x"], "not available"),
        (&["--source", "db=wal:x"], "kind"),
        (&["--set", "m=1"], "m"),
        (&["--set", "n=one"], "n"),
        (&["--set", "n=1", "--set", "n=2"], "given twice"),
        (&["--params", "absent.toml"], "absent.toml"),
        (&["--tenant", "a"], "tenancy"),
        (&["--samples", "0"], "0"),
        (&["--output", "xml=a"], "xml"),
        (&["--frobnicate"], "--frobnicate"),
    ] {
        let all: Vec<&str> = at.iter().chain(arguments).copied().collect();
        let run = s.run(&all).ends_with(2).says(piece);
        assert!(run.stdout.is_empty(), "{arguments:?}\n{}", run.said());
    }
    s.run(&[]).ends_with(2).says("parameter `at` has no value");
    s.run(&["--set", "at=2026-01-01T00:00:00"]).ends_with(2).says("at");
    let run = Run::with(s.folder(), &["verify", "absent.hold"]).ends_with(2);
    assert!(run.says("absent.hold").stdout.is_empty());
}

#[test]
fn an_on_that_nothing_uses_is_not_passed_over() {
    let s = scratch("fg_unused_on");
    s.sql("create table empty (id int); grant select on empty to holdtrue_reader");
    let run = s.verify("", "check c { on empty; require sum(t.id) = 1 }");
    assert!(matches!(run.status, Some(2 | 3)), "{}", run.said());
    let run = s.verify("", "check c { on empty where id = 5; require t.id in t.id }");
    assert!(matches!(run.status, Some(2 | 3)), "{}", run.said());
}
