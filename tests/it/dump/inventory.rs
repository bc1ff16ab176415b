//! Facts that take stock of an archive, beside what `pg_restore --list` counts.

use std::path::Path;
use std::process::Command;

use super::sample::{DATABASE, pg_dump};
use crate::support::{Run, postgres_program, program};

/// Lines of the list of an archive's entries that are of these kinds.
fn listed(archive: &Path, kinds: &[&str]) -> usize {
    let list = Command::new(postgres_program("pg_restore")).arg("--list").arg(archive).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    // Number, two identifiers, kind: `215; 1259 16390 TABLE public account postgres`.
    let entries = list.lines().filter(|line| !line.starts_with(';'));
    let kind = |line: &str| line.splitn(4, ' ').nth(3).unwrap_or_default().to_owned();
    let others = ["SEQUENCE OWNED BY ", "SEQUENCE SET ", "INDEX ATTACH "];
    let is = |rest: &String| kinds.iter().any(|kind| rest.starts_with(&format!("{kind} ")));
    entries.map(kind).filter(|rest| is(rest) && !others.iter().any(|other| rest.starts_with(other))).count()
}

/// Demands these values of facts.
fn demand(folder: &Path, archive: &str, facts: &[(&str, String)]) {
    let checks: Vec<String> = facts
        .iter()
        .map(|(fact, value)| format!("check {fact} {{ require backup.{fact} = {value} }}"))
        .collect();
    let policy = format!(
        "policy p {{ language 1; owner \"@t\" }}\nsource dump backup from \"{archive}\"\ngate g on backup {{\n{}\n}}\n",
        checks.join("\n")
    );
    std::fs::write(folder.join("p.hold"), policy).unwrap();
    Run::of(program().current_dir(folder).args(["verify", "p.hold"])).ends_with(0);
}

#[test]
fn stock_is_taken_alike_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    pg_dump(DATABASE, Some(&at("a.dump")), &["-Fc"]);
    let counted: Vec<(&str, String)> = [
        ("schemas", &["SCHEMA"][..]),
        ("extensions", &["EXTENSION"]),
        ("sequences", &["SEQUENCE"]),
        ("indexes", &["INDEX"]),
        ("constraints", &["CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT"]),
        ("functions", &["FUNCTION", "PROCEDURE", "AGGREGATE"]),
        ("triggers", &["TRIGGER"]),
        ("large_objects", &["BLOB"]),
    ]
    .into_iter()
    .map(|(fact, kinds)| (fact, listed(&at("a.dump"), kinds).to_string()))
    .collect();
    let some = counted.iter().filter(|(_, value)| value != "0").count();
    assert!(some >= 6, "the sample has little of what is counted: {counted:?}");
    for (name, arguments, compression) in [
        ("a.dump", &["-Fc"][..], "gzip"),
        ("b.dump", &["-Fc", "-Z0"], "none"),
        ("a.dir", &["-Fd"], "gzip"),
        ("a.tar", &["-Ft"], "none"),
        ("a.sql", &["-Fp"], "none"),
        ("a.sql.gz", &["-Fp", "-Z6"], "gzip"),
    ] {
        if !at(name).exists() {
            pg_dump(DATABASE, Some(&at(name)), arguments);
        }
        let mut facts = counted.clone();
        facts.push(("compression", format!("\"{compression}\"")));
        facts.push(("large_objects_without_contents", "0".to_owned()));
        demand(folder.path(), name, &facts);
    }
}

#[test]
fn large_objects_without_their_contents_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.dump");
    pg_dump(DATABASE, Some(&path), &["-Fc", "--section=pre-data"]);
    let many = listed(&path, &["BLOB"]);
    assert!(many > 0);
    let facts = ["large_objects", "large_objects_without_contents"].map(|fact| (fact, many.to_string()));
    demand(folder.path(), "a.dump", &facts);
}
